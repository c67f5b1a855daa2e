//! Two replicas, their Redis, and what a balancer and a bookkeeper know of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::SystemTime;

use tokio::sync::{RwLock, RwLockReadGuard};

use crate::helpers::Neighbour;
use crate::process::{Gateway, Log, Redis, free_port};
use crate::tls_front::{Certificates, Front};

/// What the gateways are told, beside their neighbours. The page budget is the sum of the timeouts: 8 s.
const VARIABLES: &[(&str, &str)] = &[
    ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
    ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "50"),
    ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "2s"),
    ("SIGNUP__UPSTREAM__TIMEOUT", "4s"),
    ("SIGNUP__UPSTREAM__CIRCUIT__OPEN_FOR", "1s"),
    ("SIGNUP__TURNSTILE__TIMEOUT", "2s"),
    ("SIGNUP__SERVER__LAME_DUCK", "1s"),
];

/// A stretch of time in which something was wrong on purpose.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub what: &'static str,
    /// The process it befell, if it was one.
    pub incarnation: Option<u32>,
    pub from: SystemTime,
    pub to: SystemTime,
}

/// A gateway process, of which a replica may have several one after the other.
pub struct Replica {
    pub port: u16,
    /// The number of its process: the first part of the path it calls the upstream under.
    pub incarnation: AtomicU32,
    /// Whether a balancer would send visitors here.
    pub takes_visitors: AtomicBool,
    pub gateway: Mutex<Option<Gateway>>,
}

/// Whether a visitor may go from one replica to the other, which is promised to be safe while Redis answers.
pub enum Passage<'a> {
    Roaming { _until: RwLockReadGuard<'a, ()> },
    Pinned { _until: RwLockReadGuard<'a, ()> },
}

pub struct World {
    pub replicas: [Replica; 2],
    pub redis: Mutex<Option<Redis>>,
    redis_url: String,
    pub studio: Neighbour,
    /// Between the gateways and the studio, where creations are to share HTTP/2 connections: it has its own word for what
    /// breaks behind it.
    pub front: Option<StudioFront>,
    pub siteverify: Neighbour,
    pub troubles: Mutex<Vec<Trouble>>,
    /// The logs of all processes by incarnation.
    pub logs: Mutex<Vec<(u32, Log)>>,
    /// Resident bytes by incarnation, in the order they were measured.
    pub resident: Mutex<Vec<(u32, u64)>>,
    incarnations: AtomicU32,
    pub posts: AtomicUsize,
    /// Written while Redis is in trouble: then nobody roams.
    pub roaming: RwLock<()>,
    /// Written while a replica goes: then nobody depends on one alone.
    pub pinned: RwLock<()>,
}

/// A TLS front, and how to find and trust it.
pub struct StudioFront {
    _process: Front,
    port: u16,
    certificates: Certificates,
}

impl StudioFront {
    async fn start(studio: &Neighbour) -> Self {
        let (certificates, port) = (Certificates::make(), free_port());
        Self { _process: Front::start(port, "h2,http/1.1", "never", &certificates, studio).await, port, certificates }
    }
}

impl World {
    pub async fn start(studio: Neighbour, siteverify: Neighbour, http2: bool) -> Self {
        let front = if http2 { Some(StudioFront::start(&studio).await) } else { None };
        let redis = Redis::start().await;
        let replica = || Replica {
            port: free_port(),
            incarnation: AtomicU32::new(0),
            takes_visitors: AtomicBool::new(false),
            gateway: Mutex::default(),
        };
        let world = Self {
            replicas: [replica(), replica()],
            redis_url: redis.url(),
            redis: Mutex::new(Some(redis)),
            studio,
            front,
            siteverify,
            troubles: Mutex::default(),
            logs: Mutex::default(),
            resident: Mutex::default(),
            incarnations: AtomicU32::new(0),
            posts: AtomicUsize::new(0),
            roaming: RwLock::default(),
            pinned: RwLock::default(),
        };
        world.bring_up(0).await;
        world.bring_up(1).await;
        world
    }

    /// Starts a process at the place of a replica that has none.
    pub async fn bring_up(&self, index: usize) {
        let replica = &self.replicas[index];
        let incarnation = self.incarnations.fetch_add(1, Ordering::Relaxed);
        let (base_url, authority) = match &self.front {
            None => (self.studio.url(&format!("/{incarnation}")), None),
            Some(front) => {
                (format!("https://localhost:{}/{incarnation}", front.port), Some(front.certificates.path("ca.pem")))
            }
        };
        let mut own = vec![
            ("SIGNUP__RATE_LIMIT__REDIS_URL", self.redis_url.as_str()),
            ("SIGNUP__UPSTREAM__BASE_URL", base_url.as_str()),
        ];
        own.extend(authority.as_deref().map(|authority| ("SSL_CERT_FILE", authority)));
        let gateway = Gateway::at(replica.port, &self.studio, &self.siteverify, &[VARIABLES, &own].concat()).await;
        self.logs.lock().unwrap().push((incarnation, gateway.log()));
        replica.incarnation.store(incarnation, Ordering::Relaxed);
        *replica.gateway.lock().unwrap() = Some(gateway);
        replica.takes_visitors.store(true, Ordering::Relaxed);
    }

    /// How a new visitor may travel now.
    pub async fn enter(&self) -> Passage<'_> {
        loop {
            if let Ok(until) = self.roaming.try_read() {
                return Passage::Roaming { _until: until };
            }
            if let Ok(until) = self.pinned.try_read() {
                return Passage::Pinned { _until: until };
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// The wanted replica, or the other while a balancer would not send visitors there.
    pub fn route(&self, wanted: usize) -> &Replica {
        let [first, second] = [&self.replicas[wanted % 2], &self.replicas[(wanted + 1) % 2]];
        if first.takes_visitors.load(Ordering::Relaxed) || !second.takes_visitors.load(Ordering::Relaxed) {
            first
        } else {
            second
        }
    }

    /// Writes down what was wrong, from a moment until now.
    pub fn trouble(&self, what: &'static str, incarnation: Option<u32>, from: SystemTime) {
        self.troubles.lock().unwrap().push(Trouble { what, incarnation, from, to: SystemTime::now() });
    }

    /// A metric of both replicas.
    pub async fn metric(&self, name: &str) -> [Option<f64>; 2] {
        let mut values = [None, None];
        for (value, replica) in values.iter_mut().zip(&self.replicas) {
            let admin = replica.gateway.lock().unwrap().as_ref().map(|gateway| gateway.admin.clone());
            if let Some(admin) = admin {
                *value = admin.metric(name).await;
            }
        }
        values
    }

    /// Measures the memory of both.
    pub fn measure(&self) {
        for replica in &self.replicas {
            if let Some(bytes) = replica.gateway.lock().unwrap().as_ref().and_then(Gateway::resident_bytes) {
                let incarnation = replica.incarnation.load(Ordering::Relaxed);
                self.resident.lock().unwrap().push((incarnation, bytes));
            }
        }
    }
}

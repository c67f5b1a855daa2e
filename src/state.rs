//! What a handler may use: what stays for the life of the process, and what is in force until the next reload.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use metrics::{Counter, Gauge};
use tokio_util::task::TaskTracker;

use crate::domain::attribution::AttributionPolicy;
use crate::domain::client::{ClientAddress, ForwardingHeader};
use crate::domain::password::PasswordPolicy;
use crate::funnel::{Ending, Funnel, Series, Stage};
use crate::guard::{Challenge, Guard};
use crate::seal::Keyring;
use crate::settings::{FlowSettings, TenantSettings};
use crate::signup::Flow;
use crate::store::Store;
use crate::upstream::Studio;
use crate::web::pages::Stencils;
use crate::web::security_headers::SecurityHeaders;
use crate::web::status::Cached;
use crate::web::words::{Catalogue, Consents};

/// Everything behind the handlers that stays for the life of the process.
pub struct AppState {
    /// The table of flows.
    pub flows: &'static [&'static Flow],
    /// The words of every language.
    pub catalogue: Catalogue,
    /// What a reload replaces as a whole. A request takes it once, and sees one consistent set to its end.
    pub in_force: ArcSwap<InForce>,
    /// State that replicas share.
    pub store: Arc<Store>,
    /// How far visitors came.
    pub funnel: Funnel,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// Starting, ready or draining.
    pub readiness: Readiness,
    /// `http_requests_in_flight`.
    pub in_flight: Gauge,
    /// Attempts that are under way.
    pub attempts: TaskTracker,
    /// Accounts that status pages have just shown.
    pub accounts: Cached,
    /// When the process started.
    pub started: Instant,
    /// The minute of the last warning about an untrusted proxy.
    pub warned_minute: AtomicU64,
}

/// The settings in force, and what is made of them. A reload makes another one; attempts in flight end with theirs.
pub struct InForce {
    /// The partners.
    pub tenants: Tenants,
    /// Decides whether a sign-up may go on.
    pub guard: Guard,
    /// Seals and signs.
    pub keyring: Arc<Keyring>,
    /// Rules for passwords.
    pub password: PasswordPolicy,
    /// What counts as attribution.
    pub attribution: AttributionPolicy,
    /// Whose forwarding header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which header that is.
    pub client_ip_header: ForwardingHeader,
}

impl AppState {
    /// Says that a forwarding header came from a peer that is not trusted: once a minute at most, because a proxy that
    /// is missing from `server.trusted_proxies` sends it with every request, and all its visitors share one budget.
    pub fn warn_untrusted_proxy(&self, peer: ClientAddress, header: ForwardingHeader) {
        let minute = self.started.elapsed().as_secs() / 60 + 1;
        if self.warned_minute.swap(minute, Ordering::Relaxed) != minute {
            tracing::warn!(
                peer = %peer.coarse(),
                header = header.name(),
                "ignored a forwarding header from a peer that is not in server.trusted_proxies"
            );
        }
    }
}

/// One partner, ready to serve.
pub struct Tenant {
    /// What it was told.
    pub settings: TenantSettings,
    /// Its studio.
    pub studio: Studio,
    /// Its challenge.
    pub challenge: Challenge,
    /// Its answers' headers.
    pub headers: SecurityHeaders,
    /// Its forms, drawn once.
    pub stencils: Stencils,
    /// What its visitors agree to.
    pub consents: Consents,
    /// `signup_form_views_total` of each flow, by slug.
    pub views: HashMap<&'static str, Counter>,
    /// Where its logo is served.
    pub logo_href: Option<String>,
    /// How long a sign-up may take in all.
    pub page_budget: Duration,
    /// How far the visitors of each flow came, by slug.
    pub funnel: HashMap<&'static str, Arc<Series>>,
}

/// All partners by host.
pub struct Tenants {
    all: Vec<Arc<Tenant>>,
    by_host: HashMap<String, usize>,
    strict: bool,
}

impl Tenants {
    /// The default tenant first.
    #[must_use]
    pub fn new(all: Vec<Arc<Tenant>>, strict: bool) -> Self {
        let hosts = |(index, tenant): (usize, &Arc<Tenant>)| {
            tenant.settings.hosts.iter().map(|host| (host.to_ascii_lowercase(), index)).collect::<Vec<_>>()
        };
        let by_host = all.iter().enumerate().flat_map(hosts).collect();
        Self { all, by_host, strict }
    }

    /// The tenant of a host without port; an unknown host is the default tenant's, or with strict hosts nobody's.
    #[must_use]
    pub fn of_host(&self, host: &str) -> Option<Arc<Tenant>> {
        match self.by_host.get(host) {
            Some(index) => self.all.get(*index).cloned(),
            None if self.strict => None,
            None => self.default_tenant(),
        }
    }

    /// The tenant without configuration of its own.
    #[must_use]
    pub fn default_tenant(&self) -> Option<Arc<Tenant>> {
        self.all.first().cloned()
    }

    /// Every tenant.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.all.iter()
    }
}

impl Tenant {
    /// What the tenant says of a flow; `None` when it is disabled.
    #[must_use]
    pub fn flow(&self, flow: &Flow) -> Option<&FlowSettings> {
        self.settings.flows.get(flow.slug).filter(|settings| settings.enabled)
    }

    /// Notes that a visitor came so far.
    pub fn reached(&self, flow: &Flow, stage: Stage) {
        if let Some(series) = self.funnel.get(flow.slug) {
            series.reached(stage);
        }
    }

    /// Notes how a posted form ended.
    pub fn ended(&self, flow: &Flow, ending: Ending) {
        if let Some(series) = self.funnel.get(flow.slug) {
            series.ended(ending);
        }
    }
}

/// Whether a balancer should send visitors.
pub struct Readiness(AtomicU8);

/// The phases of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not yet.
    Starting,
    /// Yes.
    Ready,
    /// No longer: SIGTERM came.
    Draining,
}

impl Default for Readiness {
    fn default() -> Self {
        Self(AtomicU8::new(0))
    }
}

impl Readiness {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    /// Moves on.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }
}

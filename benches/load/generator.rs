//! Visitors in numbers: requests over keep-alive connections, in a closed loop or at a fixed rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// Makes the request of a number.
pub type Request = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// How the requests come.
#[derive(Clone, Copy)]
pub enum Arrivals {
    /// Each connection asks again as soon as it is answered.
    AsFastAsPossible,
    /// So many a second over all connections, whatever the answers take.
    PerSecond(f64),
    /// So many on each connection, one after the other.
    Counted(u64),
}

/// What is asked, of whom, by how many, for how long.
#[derive(Clone)]
pub struct Load {
    /// Who is asked.
    pub target: SocketAddr,
    /// What.
    pub request: Request,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// When they come.
    pub arrivals: Arrivals,
    /// For how long.
    pub lasts: Duration,
    /// The status that counts as an answer.
    pub status: u16,
    /// The first number: no two loads of a run use the same, so that no submission is sent twice.
    pub first: u64,
}

/// What came of a load.
#[derive(Default)]
pub struct Outcome {
    /// Answers with the status that was asked for.
    pub answers: u64,
    /// Other answers and broken connections.
    pub failures: u64,
    /// The time from the moment a request was due to the end of its answer, in microseconds, ascending.
    micros: Vec<u32>,
    /// How long it took.
    pub lasted: Duration,
}

impl Outcome {
    /// The time within which a share of the answers came, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (last as f64 * share).round() as usize;
        f64::from(self.micros.get(index).copied().unwrap_or_default()) / 1_000.0
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let answers = self.answers as f64;
        answers / self.lasted.as_secs_f64()
    }
}

impl Load {
    /// Runs to its end.
    pub async fn run(&self) -> Outcome {
        let numbers = Arc::new(AtomicU64::new(self.first));
        let began = Instant::now();
        let ends = began.checked_add(self.lasts);
        let each = (0..self.connections).map(|place| {
            let visits = self.clone().visit(place, Arc::clone(&numbers), began, ends);
            match self.arrivals {
                Arrivals::PerSecond(_) => tokio::task::spawn_blocking(|| alone(visits)),
                Arrivals::AsFastAsPossible | Arrivals::Counted(_) => tokio::spawn(visits),
            }
        });
        let mut all = Outcome::default();
        for visitor in each.collect::<Vec<_>>() {
            let Ok(one) = visitor.await else { continue };
            all.answers += one.answers;
            all.failures += one.failures;
            all.micros.extend(one.micros);
        }
        all.micros.sort_unstable();
        all.lasted = began.elapsed();
        all
    }

    async fn visit(self, place: usize, numbers: Arc<AtomicU64>, began: Instant, ends: Option<Instant>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut connection = None;
        let mut due = self.first_due(place, began);
        while !self.is_over(&outcome, due.unwrap_or_else(Instant::now), ends) {
            let request = (self.request)(numbers.fetch_add(1, Ordering::Relaxed));
            let started = due.map_or_else(Instant::now, wait_for);
            match exchange(&mut connection, self.target, &request).await {
                Ok(status) if status == self.status => outcome.answers += 1,
                Ok(_) | Err(_) => outcome.failures += 1,
            }
            outcome.micros.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
            due = due.map(|due| due + self.gap());
        }
        outcome
    }

    fn is_over(&self, outcome: &Outcome, due: Instant, ends: Option<Instant>) -> bool {
        match self.arrivals {
            Arrivals::Counted(requests) => outcome.answers + outcome.failures >= requests,
            Arrivals::AsFastAsPossible | Arrivals::PerSecond(_) => ends.is_some_and(|ends| due >= ends),
        }
    }

    /// Connections of a fixed rate take turns.
    fn first_due(&self, place: usize, began: Instant) -> Option<Instant> {
        let Arrivals::PerSecond(rate) = self.arrivals else { return None };
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let turn = place as f64 / rate;
        Some(began + Duration::from_secs_f64(turn))
    }

    /// The time between two requests of one connection.
    fn gap(&self) -> Duration {
        let Arrivals::PerSecond(rate) = self.arrivals else { return Duration::ZERO };
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let connections = self.connections as f64;
        Duration::from_secs_f64(connections / rate)
    }
}

/// The moment from which a request's time counts: when it was due, if its connection was still busy then. A timer that
/// rings late is the generator's fault and does not count.
fn wait_for(due: Instant) -> Instant {
    let early = due.saturating_duration_since(Instant::now());
    if early.is_zero() {
        return due;
    }
    std::thread::sleep(early);
    Instant::now()
}

/// Runs one visitor on a thread: timers of a runtime ring once a millisecond, and would send all that is due in it at once.
fn alone(visits: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.map_or_else(|_| Outcome::default(), |runtime| runtime.block_on(visits))
}

/// A connection, and what was read beyond the last answer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Sends a request and reads its answer; a connection that breaks is left behind.
async fn exchange(connection: &mut Option<Connection>, target: SocketAddr, request: &[u8]) -> Result<u16, Failure> {
    let mut open = if let Some(open) = connection.take() {
        open
    } else {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Connection { stream, buffer: Vec::with_capacity(64 * 1024) }
    };
    open.stream.write_all(request).await?;
    let (status, keeps) = open.answer().await?;
    if keeps {
        *connection = Some(open);
    }
    Ok(status)
}

impl Connection {
    /// The status of the next answer, and whether the connection may be used again.
    async fn answer(&mut self) -> Result<(u16, bool), Failure> {
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?;
        let length: usize = field(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.buffer.len() < head_end + length {
            self.read().await?;
        }
        Ok((status, field(&head, "connection") != Some("close")))
    }

    async fn read(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the connection was closed".into());
        }
        Ok(())
    }
}

/// The value of a field of a lower-case head.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
}

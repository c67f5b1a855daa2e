//! HTTP/2 connections that creations share.
//!
//! An idle HTTP/1 connection may close while a request is on its way, and nobody can tell whether it was read. On an HTTP/2
//! one a request that finds the connection closed was not sent, and goes to another. Whatever goes wrong after it was sent
//! is an unknown outcome, as on a connection of its own, and the connection takes nobody new. That is so even where the peer
//! says that it did not process the request: proxies reset a stream with `REFUSED_STREAM` when the server behind them died
//! with the request in its hands (HAProxy does), and servers process streams above the last that their `GOAWAY` names
//! (nghttp2 does, in a narrow window).

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use thread_local::ThreadLocal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::IDLE_TIMEOUT;
use crate::causes::chain;

/// Requests at once on one connection. No peer should allow fewer (RFC 9113, 6.5.2); at one that does, those above its limit
/// wait, with their budget running.
const STREAMS: usize = 100;
/// Requests in all on one connection: servers close one after a thousand (nginx), and whose request crosses that learns
/// nothing.
const MAX_REQUESTS: usize = 500;
/// How long a connection takes new requests: a studio that moves is followed, and one that grows is used whole.
pub(super) const MAX_AGE: Duration = Duration::from_mins(1);
/// How long somebody may wait on a connection, and nobody have an answer, before it takes nobody new: it may be dead.
const QUIET: Duration = Duration::from_secs(3);

/// Makes the client of a connection.
pub(super) type Builder = Arc<dyn Fn() -> ClientBuilder + Send + Sync>;

/// How long a connection may rest and be used again. A server that closes it just then leaves an outcome unknown.
const REST: Duration = IDLE_TIMEOUT;

/// The connections to one studio, each thread's own: a connection lives on the thread that made it, as long as that
/// thread's requests, and one that ended with another worker would take ours along. A thread that begins after another has
/// ended may have its place here, and finds its connections closed.
pub struct SharedConnections {
    builder: Builder,
    of_each_thread: ThreadLocal<RefCell<Vec<SharedConnection>>>,
}

/// A client with one connection: it makes the next when this one is closed. Where the protocol is agreed upon in the TLS
/// handshake, requests that come before the first has ended each make their own, of which one is kept.
struct SharedConnection {
    client: Client,
    made_at: Instant,
    requests: usize,
    streams: Arc<Semaphore>,
    health: Arc<Health>,
}

struct Health {
    /// Takes nobody new.
    is_left: AtomicBool,
    /// When somebody was answered, or began to wait alone.
    heard_at: Mutex<Instant>,
}

/// The right to send one request on a shared connection. Dropped before [`Stream::answered`], as when time is up, it leaves
/// the connection to those who are on it already.
pub struct Stream {
    client: Client,
    health: Arc<Health>,
    is_answered: bool,
    is_echo: bool,
    _permit: OwnedSemaphorePermit,
}

impl fmt::Debug for SharedConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnections").finish_non_exhaustive()
    }
}

impl SharedConnections {
    pub(super) fn new(builder: Builder) -> Self {
        Self { builder, of_each_thread: ThreadLocal::new() }
    }

    /// A stream of a connection of this thread that takes requests, or of a new one; `None` when no client can be built.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        let mut connections = self.of_each_thread.get_or_default().borrow_mut();
        // Who is on one stays.
        connections.retain(SharedConnection::takes_requests);
        if let Some(stream) = connections.iter_mut().find_map(SharedConnection::stream) {
            return Some(stream);
        }
        let client = (self.builder)().build();
        let client = client.inspect_err(|error| tracing::error!(error = %chain(error), "no HTTP client can be built"));
        connections.push(SharedConnection::new(client.ok()?));
        connections.last_mut()?.stream()
    }
}

impl SharedConnection {
    fn new(client: Client) -> Self {
        let health = Arc::new(Health { is_left: AtomicBool::new(false), heard_at: Mutex::new(Instant::now()) });
        Self { client, made_at: Instant::now(), requests: 0, streams: Arc::new(Semaphore::new(STREAMS)), health }
    }

    fn is_idle(&self) -> bool {
        self.streams.available_permits() == STREAMS
    }

    fn takes_requests(&self) -> bool {
        let is_heard = self.health.heard().elapsed() < if self.is_idle() { REST } else { QUIET };
        let is_young = self.made_at.elapsed() < MAX_AGE && self.requests < MAX_REQUESTS;
        is_young && is_heard && !self.health.is_left.load(Ordering::Relaxed)
    }

    fn stream(&mut self) -> Option<Stream> {
        if self.is_idle() {
            self.health.hear();
        }
        let permit = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        self.requests += 1;
        let health = Arc::clone(&self.health);
        Some(Stream { client: self.client.clone(), health, is_answered: false, is_echo: false, _permit: permit })
    }
}

impl Health {
    fn heard(&self) -> Instant {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self) {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether it was left before.
    fn leave(&self) -> bool {
        self.is_left.swap(true, Ordering::Relaxed)
    }
}

impl Stream {
    /// What sends the request.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The peer answered over HTTP/2: the connection is sound.
    pub fn answered(&mut self) {
        self.is_answered = true;
        self.health.hear();
    }

    /// The connection broke under the request.
    pub fn broke(&mut self) {
        self.is_echo = self.health.leave();
    }

    /// Whether the connection broke, and another request has said so: one failure, however many it met.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.is_echo
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.is_answered {
            self.health.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> SharedConnections {
        #[expect(clippy::disallowed_methods, reason = "asks nobody")]
        SharedConnections::new(Arc::new(Client::builder))
    }

    fn count(connections: &SharedConnections) -> usize {
        connections.of_each_thread.get_or_default().borrow().len()
    }

    /// The free streams of the first connection.
    fn first(connections: &SharedConnections) -> Arc<Semaphore> {
        Arc::clone(&connections.of_each_thread.get_or_default().borrow()[0].streams)
    }

    fn answered(connections: &SharedConnections) -> Stream {
        let mut stream = connections.stream().unwrap();
        stream.answered();
        stream
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_connection_gets_another_beside_it_and_is_used_again_when_it_has_room() {
        let connections = connections();
        let mut streams: Vec<_> = (0..STREAMS).map(|_| answered(&connections)).collect();
        assert_eq!((count(&connections), first(&connections).available_permits()), (1, 0));
        let _beside = answered(&connections);
        assert_eq!(count(&connections), 2);
        streams.pop();
        let _again = answered(&connections);
        assert_eq!((count(&connections), first(&connections).available_permits()), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_a_request_went_unanswered_takes_nobody_new() {
        let connections = connections();
        let _kept = answered(&connections);
        let left = first(&connections);
        drop(connections.stream().unwrap());
        let _new = answered(&connections);
        assert_eq!((count(&connections), left.available_permits()), (1, STREAMS - 1));
        assert_eq!(first(&connections).available_permits(), STREAMS - 1, "another one");
        assert!(!Arc::ptr_eq(&left, &first(&connections)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_connection_takes_nobody_new() {
        let connections = connections();
        drop(answered(&connections));
        let old = first(&connections);
        let (born, step) = (Instant::now(), QUIET / 3);
        while born.elapsed() + step < MAX_AGE {
            tokio::time::advance(step).await;
            drop(answered(&connections));
        }
        let _kept = answered(&connections);
        assert_eq!((count(&connections), old.available_permits()), (1, STREAMS - 1));
        tokio::time::advance(step).await;
        let _new = answered(&connections);
        assert_eq!((count(&connections), old.available_permits()), (1, STREAMS - 1));
        assert!(!Arc::ptr_eq(&old, &first(&connections)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_everybody_waits_takes_nobody_new() {
        let connections = connections();
        let mut waits = connections.stream().unwrap();
        let quiet = first(&connections);
        tokio::time::advance(QUIET / 2).await;
        drop(answered(&connections));
        tokio::time::advance(QUIET / 2).await;
        drop(answered(&connections));
        tokio::time::advance(QUIET).await;
        let _new = answered(&connections);
        assert!(!Arc::ptr_eq(&quiet, &first(&connections)));
        waits.answered();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_rested_is_used_again_and_one_that_was_used_much_is_not() {
        let connections = connections();
        drop(answered(&connections));
        let used = first(&connections);
        tokio::time::advance(QUIET).await;
        for _ in 1..MAX_REQUESTS {
            drop(answered(&connections));
        }
        assert!(Arc::ptr_eq(&used, &first(&connections)));
        drop(answered(&connections));
        assert!(!Arc::ptr_eq(&used, &first(&connections)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_rested_for_long_is_not_used_again() {
        let connections = connections();
        drop(answered(&connections));
        let rested = first(&connections);
        tokio::time::advance(REST).await;
        drop(answered(&connections));
        assert!(!Arc::ptr_eq(&rested, &first(&connections)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_breaks_is_one_failure_for_all_who_share_it() {
        let connections = connections();
        let mut streams = [(); 3].map(|()| connections.stream().unwrap());
        for stream in &mut streams {
            stream.broke();
        }
        assert_eq!(streams.map(|stream| stream.is_echo()), [false, true, true]);
    }

    #[test]
    fn each_thread_has_its_own() {
        let connections = connections();
        let _here = answered(&connections);
        let there = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let _there = answered(&connections);
                count(&connections)
            });
            other.join().unwrap()
        });
        assert_eq!((count(&connections), there), (1, 1));
    }
}

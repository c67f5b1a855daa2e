//! HTTP/2 connections that creations share.
//!
//! An idle HTTP/1 connection may close while a request is on its way, and nobody can tell whether it was read. On an HTTP/2
//! one a request that finds the connection closed was not sent, and `GOAWAY` names the requests that the peer did not get to
//! (RFC 9113, 6.8): only these may be sent again. Whatever else goes wrong is an unknown outcome, as on a connection of its
//! own, and the connection takes nobody new.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use thread_local::ThreadLocal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::causes::chain;

/// Requests at once on one connection. No peer should allow fewer (RFC 9113, 6.5.2); at one that does, those above its limit
/// wait, with their budget running.
const STREAMS: usize = 100;
/// How long a connection takes new requests: a studio that moves is followed, and one that grows is used whole.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The shared connections of each thread. A connection lives on the thread that made it, as long as that thread's requests:
/// one that ended with another worker would take ours along.
pub struct SharedConnections {
    builder: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    of_each_thread: ThreadLocal<RefCell<Vec<SharedConnection>>>,
}

/// A client with one connection to each studio.
struct SharedConnection {
    client: Client,
    made_at: Instant,
    streams: Arc<Semaphore>,
    /// No request on it has gone unanswered.
    is_sound: Arc<AtomicBool>,
}

/// The right to send one request on a shared connection. Dropped before [`Stream::answered`], as when time is up, it leaves
/// the connection to those who are on it already.
pub struct Stream {
    client: Client,
    is_sound: Arc<AtomicBool>,
    is_answered: bool,
    _permit: OwnedSemaphorePermit,
}

impl fmt::Debug for SharedConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnections").finish_non_exhaustive()
    }
}

impl SharedConnections {
    pub(super) fn new(builder: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { builder: Box::new(builder), of_each_thread: ThreadLocal::new() }
    }

    /// A stream of a connection of this thread that has one free, or of a new one; `None` when no client can be built.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        let mut connections = self.of_each_thread.get_or_default().borrow_mut();
        // Who is on one stays.
        connections.retain(SharedConnection::takes_requests);
        if let Some(stream) = connections.iter().find_map(SharedConnection::stream) {
            return Some(stream);
        }
        let client = (self.builder)().build();
        let client = client.inspect_err(|error| tracing::error!(error = %chain(error), "no HTTP client can be built"));
        connections.push(SharedConnection {
            client: client.ok()?,
            made_at: Instant::now(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            is_sound: Arc::new(AtomicBool::new(true)),
        });
        connections.last()?.stream()
    }
}

impl SharedConnection {
    fn takes_requests(&self) -> bool {
        self.is_sound.load(Ordering::Relaxed) && self.made_at.elapsed() < MAX_AGE
    }

    fn stream(&self) -> Option<Stream> {
        let permit = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        let is_sound = Arc::clone(&self.is_sound);
        Some(Stream { client: self.client.clone(), is_sound, is_answered: false, _permit: permit })
    }
}

impl Stream {
    /// What sends the request.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The peer answered: the connection is sound.
    pub fn answered(&mut self) {
        self.is_answered = true;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.is_answered {
            self.is_sound.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> SharedConnections {
        #[expect(clippy::disallowed_methods, reason = "asks nobody")]
        SharedConnections::new(Client::builder)
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

    #[test]
    fn a_full_connection_gets_another_beside_it_and_is_used_again_when_it_has_room() {
        let connections = connections();
        let mut streams: Vec<_> = (0..STREAMS).map(|_| answered(&connections)).collect();
        assert_eq!((count(&connections), first(&connections).available_permits()), (1, 0));
        let _beside = answered(&connections);
        assert_eq!(count(&connections), 2);
        streams.pop();
        let _again = answered(&connections);
        assert_eq!((count(&connections), first(&connections).available_permits()), (2, 0));
    }

    #[test]
    fn a_connection_on_which_a_request_went_unanswered_takes_nobody_new() {
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
        let _kept = answered(&connections);
        let old = first(&connections);
        tokio::time::advance(MAX_AGE / 2).await;
        let _also = answered(&connections);
        assert_eq!(old.available_permits(), STREAMS - 2);
        tokio::time::advance(MAX_AGE).await;
        let _new = answered(&connections);
        assert_eq!((count(&connections), old.available_permits()), (1, STREAMS - 2));
        assert!(!Arc::ptr_eq(&old, &first(&connections)));
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

//! HTTP/2 connections that creations share.
//!
//! An idle HTTP/1 connection may close while a request is on its way, and nobody can tell whether it was read. An HTTP/2
//! peer names the requests it did not process (RFC 9113, 6.8 and 8.7: `GOAWAY` and `REFUSED_STREAM`): these, and those
//! that found their connection closed, may be sent again; any other that breaks is an unknown outcome, as on a connection
//! of its own.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use thread_local::ThreadLocal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Requests at once on one connection: no peer should allow fewer (RFC 9113, 6.5.2), and one above a peer's limit would
/// wait unseen, with its budget running.
const STREAMS: usize = 100;

/// How long a connection takes new requests: a studio that moves is followed, and one that grows is used whole.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The shared connections of each thread. A connection lives on the thread that made it, as long as that thread's requests:
/// one that ended with another worker would take ours along.
pub struct Lanes {
    builder: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    of_each_thread: ThreadLocal<RefCell<Vec<Lane>>>,
}

/// A client with one connection to each studio.
struct Lane {
    client: Client,
    made_at: Instant,
    streams: Arc<Semaphore>,
}

/// The right to send one request.
pub struct Place {
    /// Sends it.
    pub client: Client,
    _stream: OwnedSemaphorePermit,
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Lanes {
    pub(super) fn new(builder: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { builder: Box::new(builder), of_each_thread: ThreadLocal::new() }
    }

    /// A place on a connection of this thread that has one free, or on a new one; `None` when no client can be built.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let mut lanes = self.of_each_thread.get_or_default().borrow_mut();
        // Who has a place on one keeps it.
        lanes.retain(|lane| lane.made_at.elapsed() < MAX_AGE);
        if let Some(place) = lanes.iter().find_map(Lane::place) {
            return Some(place);
        }
        let client = (self.builder)().build().ok()?;
        lanes.push(Lane { client, made_at: Instant::now(), streams: Arc::new(Semaphore::new(STREAMS)) });
        lanes.last()?.place()
    }
}

impl Lane {
    fn place(&self) -> Option<Place> {
        let stream = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        Some(Place { client: self.client.clone(), _stream: stream })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> Lanes {
        #[expect(clippy::disallowed_methods, reason = "asks nobody")]
        Lanes::new(Client::builder)
    }

    fn count(lanes: &Lanes) -> usize {
        lanes.of_each_thread.get_or_default().borrow().len()
    }

    #[test]
    fn a_full_connection_gets_another_beside_it_and_is_used_again_when_it_has_room() {
        let lanes = lanes();
        let mut places: Vec<_> = (0..STREAMS).map(|_| lanes.place().unwrap()).collect();
        assert_eq!(count(&lanes), 1);
        let beside = lanes.place().unwrap();
        assert_eq!(count(&lanes), 2);
        places.pop();
        drop(beside);
        let _again = lanes.place().unwrap();
        assert_eq!((count(&lanes), places.len()), (2, STREAMS - 1));
        assert!(lanes.of_each_thread.get_or_default().borrow()[0].place().is_none(), "the first was filled up");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_connection_takes_nobody_new() {
        let lanes = lanes();
        let _kept = lanes.place().unwrap();
        tokio::time::advance(MAX_AGE / 2).await;
        let of_the_same = Arc::clone(&lanes.of_each_thread.get_or_default().borrow()[0].streams);
        let _also = lanes.place().unwrap();
        assert_eq!(of_the_same.available_permits(), STREAMS - 2);
        tokio::time::advance(MAX_AGE).await;
        let _new = lanes.place().unwrap();
        assert_eq!((count(&lanes), of_the_same.available_permits()), (1, STREAMS - 2));
    }

    #[test]
    fn each_thread_has_its_own() {
        let lanes = lanes();
        let _here = lanes.place().unwrap();
        let there = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let _there = lanes.place().unwrap();
                count(&lanes)
            });
            other.join().unwrap()
        });
        assert_eq!((count(&lanes), there), (1, 1));
    }
}

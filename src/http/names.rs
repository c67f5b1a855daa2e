//! Names of neighbours become addresses: asked of the system, remembered for a moment.
//!
//! Creations connect anew, and the system remembers nothing. Without this each sign-up would wait for a name server,
//! and none could be made while it gives no answer.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

use crate::causes::chain;

/// How long an answer is used without asking again: a neighbour that moves is soon followed.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// How long a new answer is waited for where there is an old one.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the old one is used while there is no new one, or it is that there is no such name.
const USABLE_FOR: Duration = Duration::from_mins(10);

/// What names stood for when they were last asked.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Clone)]
struct Known {
    addresses: Vec<SocketAddr>,
    answered_at: Instant,
    /// Who comes meanwhile leaves it to the one who asks.
    asked_at: Instant,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let addresses = names.addresses(name.as_str(), ask_the_system).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn ask_the_system(name: String) -> io::Result<Vec<SocketAddr>> {
    // The port is the URL's.
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

impl Names {
    /// What the process knows: names mean the same to all its clients, and a reload does not change that.
    pub(super) fn of_the_process() -> Self {
        static NAMES: LazyLock<Names> = LazyLock::new(Names::default);
        NAMES.clone()
    }

    /// The addresses of a name, in the order they came.
    ///
    /// # Errors
    /// The system's, when the name is not known yet or was last known too long ago.
    async fn addresses<Answer>(&self, name: &str, ask: impl FnOnce(String) -> Answer) -> io::Result<Vec<SocketAddr>>
    where
        Answer: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        let now = Instant::now();
        let last = self.known().get_mut(name).filter(|known| now < known.answered_at + USABLE_FOR).map(|known| {
            let is_fresh = now < known.asked_at + FRESH_FOR;
            known.asked_at = if is_fresh { known.asked_at } else { now };
            (known.addresses.clone(), is_fresh)
        });
        if let Some((addresses, true)) = last {
            return Ok(addresses);
        }
        // Apart from who asks: they may give up, and the answer is for all.
        let answer = tokio::spawn(self.clone().learn(name.to_owned(), ask(name.to_owned())));
        let answered = |answer: Result<_, _>| answer.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        let Some((last, _)) = last else { return answered(answer.await) };
        let late = |_elapsed| Err(io::ErrorKind::TimedOut.into());
        tokio::time::timeout(PATIENCE, answer).await.map_or_else(late, answered).or_else(|unresolved| {
            tracing::warn!(
                error = %chain(&unresolved),
                "a neighbour's name cannot be resolved: going on with its last addresses"
            );
            Ok(last)
        })
    }

    async fn learn(
        self,
        name: String,
        answer: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    ) -> io::Result<Vec<SocketAddr>> {
        let addresses = answer.await?;
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        let now = Instant::now();
        let known = Known { addresses: addresses.clone(), answered_at: now, asked_at: now };
        self.known().insert(name, known);
        Ok(addresses)
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const NAME: &str = "studio.example";

    fn at(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 0))
    }

    /// Asks for the name; after some time the name server says what is given. The addresses, and whether it was asked.
    async fn ask(names: &Names, after: Duration, says: Option<&[SocketAddr]>) -> (Option<Vec<SocketAddr>>, bool) {
        let asked = AtomicBool::new(false);
        let says = says.map(<[_]>::to_vec);
        let answer = names.addresses(NAME, |name| {
            assert_eq!(name, NAME);
            asked.store(true, Ordering::Relaxed);
            async move {
                tokio::time::sleep(after).await;
                says.ok_or_else(|| io::ErrorKind::TimedOut.into())
            }
        });
        (answer.await.ok(), asked.load(Ordering::Relaxed))
    }

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test(start_paused = true)]
    async fn a_name_is_asked_once_in_a_while_and_followed_when_it_moves() {
        let names = Names::default();
        let (first, second) = ([at(1), at(2)], [at(3)]);
        assert_eq!(ask(&names, AT_ONCE, Some(&first)).await, (Some(first.to_vec()), true));
        assert_eq!(ask(&names, AT_ONCE, Some(&second)).await, (Some(first.to_vec()), false));
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(ask(&names, AT_ONCE, Some(&second)).await, (Some(second.to_vec()), true));
        assert_eq!(ask(&names, AT_ONCE, Some(&first)).await, (Some(second.to_vec()), false));
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_the_last_addresses_serve_for_a_while_and_not_everybody_asks() {
        let names = Names::default();
        let known = [at(1)];
        assert_eq!(ask(&names, AT_ONCE, None).await, (None, true), "never known");
        ask(&names, AT_ONCE, Some(&known)).await;
        for no_answer in [None, Some(&[][..])] {
            tokio::time::advance(FRESH_FOR).await;
            assert_eq!(ask(&names, AT_ONCE, no_answer).await, (Some(known.to_vec()), true));
            assert_eq!(ask(&names, AT_ONCE, no_answer).await, (Some(known.to_vec()), false));
        }
        tokio::time::advance(USABLE_FOR).await;
        assert_eq!(ask(&names, AT_ONCE, None).await, (None, true), "known too long ago");
        assert_eq!(ask(&names, AT_ONCE, Some(&known)).await, (Some(known.to_vec()), true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_server_is_not_waited_for_where_a_name_is_known_and_its_late_answer_counts() {
        let names = Names::default();
        let (known, moved) = ([at(1)], [at(2)]);
        ask(&names, AT_ONCE, Some(&known)).await;
        tokio::time::advance(FRESH_FOR).await;
        let began = Instant::now();
        assert_eq!(ask(&names, PATIENCE * 4, Some(&moved)).await, (Some(known.to_vec()), true));
        assert_eq!(began.elapsed(), PATIENCE);
        assert_eq!(ask(&names, AT_ONCE, None).await, (Some(known.to_vec()), false), "meanwhile");
        tokio::time::sleep(PATIENCE * 4).await;
        assert_eq!(ask(&names, AT_ONCE, None).await, (Some(moved.to_vec()), false));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_for_a_new_name_leaves_its_answer_to_the_next() {
        let names = Names::default();
        let known = [at(1)];
        let asked = ask(&names, PATIENCE * 4, Some(&known));
        assert!(tokio::time::timeout(PATIENCE, asked).await.is_err());
        tokio::time::sleep(PATIENCE * 4).await;
        assert_eq!(ask(&names, AT_ONCE, None).await, (Some(known.to_vec()), false));
    }
}

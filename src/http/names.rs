//! Names of neighbours become addresses: asked of the system, remembered for a moment.
//!
//! Creations connect anew, and the system remembers nothing. Without this each sign-up would wait for a name server,
//! and none could be made while it gives no answer.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, Shared};
use futures_util::{FutureExt as _, TryFutureExt as _};
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
pub(super) struct Names(Arc<Mutex<HashMap<String, Entry>>>);

#[derive(Default)]
struct Entry {
    known: Option<Known>,
    /// The question under way: there is one at a time, because each keeps a thread of the system busy until it is answered.
    asking: Option<Asking>,
}

struct Known {
    addresses: Vec<SocketAddr>,
    answered_at: Instant,
    /// Who comes meanwhile leaves it to the one who asks.
    asked_at: Instant,
}

type Asking = Shared<BoxFuture<'static, Result<Vec<SocketAddr>, Arc<io::Error>>>>;

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
        let (asking, last) = match self.entries().entry(name.to_owned()).or_default() {
            Entry { known: Some(known), asking } if known.serves(asking.is_some()) => {
                return Ok(known.addresses.clone());
            }
            Entry { known, asking } => {
                known.take_if(|known| !known.is_usable());
                let last = known.as_mut().map(|known| {
                    known.asked_at = Instant::now();
                    known.addresses.clone()
                });
                (asking.get_or_insert_with(|| self.begin(name, ask)).clone(), last)
            }
        };
        let again = |unresolved: Arc<io::Error>| io::Error::new(unresolved.kind(), unresolved);
        let Some(last) = last else { return asking.await.map_err(again) };
        let late = |_elapsed| Err(Arc::new(io::ErrorKind::TimedOut.into()));
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(late).or_else(|unresolved| {
            tracing::warn!(
                error = %chain(&unresolved),
                "a neighbour's name cannot be resolved: going on with its last addresses"
            );
            Ok(last)
        })
    }

    /// Asks apart from who wants to know: they may give up, and the answer is for all.
    fn begin<Answer>(&self, name: &str, ask: impl FnOnce(String) -> Answer) -> Asking
    where
        Answer: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        let question = Question { names: self.clone(), name: name.to_owned() };
        let learnt = question.learn(ask(name.to_owned()));
        // Not begun before somebody waits for it: here the lock is held, which a question that ends at once would wait for.
        let asking = async { tokio::spawn(learnt).await.unwrap_or_else(|lost| Err(io::Error::other(lost))) };
        asking.map_err(Arc::new).boxed().shared()
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_usable(&self) -> bool {
        self.answered_at.elapsed() < USABLE_FOR
    }

    /// Whether nobody need wait for a new answer.
    fn serves(&self, is_being_asked: bool) -> bool {
        self.is_usable() && (is_being_asked || self.asked_at.elapsed() < FRESH_FOR)
    }
}

/// A question under way, until this is dropped, also by a panic or the end of its thread.
struct Question {
    names: Names,
    name: String,
}

impl Question {
    async fn learn(self, answer: impl Future<Output = io::Result<Vec<SocketAddr>>>) -> io::Result<Vec<SocketAddr>> {
        let addresses = answer.await?;
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        let now = Instant::now();
        let known = Known { addresses: addresses.clone(), answered_at: now, asked_at: now };
        self.names.entries().entry(self.name.clone()).or_default().known = Some(known);
        Ok(addresses)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if let Some(entry) = self.names.entries().get_mut(&self.name) {
            entry.asking = None;
        }
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

    #[tokio::test(start_paused = true)]
    async fn who_wants_to_know_at_the_same_time_shares_one_question_and_its_answer() {
        let names = Names::default();
        let (known, other) = ([at(1)], [at(2)]);
        for (says, shared) in [(None, None), (Some(&known[..]), Some(known.to_vec()))] {
            let crowd = tokio::join!(
                ask(&names, PATIENCE, says),
                ask(&names, AT_ONCE, Some(&other)),
                ask(&names, AT_ONCE, Some(&other))
            );
            assert_eq!(crowd, ((shared.clone(), true), (shared.clone(), false), (shared, false)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_is_silent_for_long_is_not_asked_again_meanwhile() {
        let names = Names::default();
        let (known, moved) = ([at(1)], [at(2)]);
        ask(&names, AT_ONCE, Some(&known)).await;
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(ask(&names, FRESH_FOR * 4, Some(&moved)).await, (Some(known.to_vec()), true));
        tokio::time::advance(FRESH_FOR * 2).await;
        let began = Instant::now();
        assert_eq!(ask(&names, AT_ONCE, Some(&known)).await, (Some(known.to_vec()), false));
        assert_eq!(began.elapsed(), Duration::ZERO, "nor waited for");
        tokio::time::sleep(FRESH_FOR * 3).await;
        assert_eq!(ask(&names, AT_ONCE, None).await, (Some(moved.to_vec()), true), "five seconds later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_panics_is_asked_again() {
        let names = Names::default();
        let known = [at(1)];
        let lost = names.addresses(NAME, |_| async { panic!("the resolver is broken") }).await;
        assert_eq!(lost.unwrap_err().kind(), io::ErrorKind::Other);
        assert_eq!(ask(&names, AT_ONCE, Some(&known)).await, (Some(known.to_vec()), true));
    }
}

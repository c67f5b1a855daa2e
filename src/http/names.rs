//! Names of neighbours become addresses: asked of the system, remembered for a moment.
//!
//! Every creation connects anew, and the system remembers nothing. Without this each sign-up would wait for a name server,
//! and none could be made while it is away.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

use crate::causes::chain;

/// How long an answer is used without asking again: a neighbour that moves is soon followed.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// How long the last answer is used while no name server gives another.
const USABLE_FOR: Duration = Duration::from_mins(10);

/// What names stood for when they were last asked.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Clone)]
struct Known {
    addresses: Vec<SocketAddr>,
    answered_at: Instant,
    /// Who asks meanwhile leaves it to the one who asks.
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
    /// The addresses of a name, in the order they came.
    ///
    /// # Errors
    /// The system's, when the name is not known yet or was last known too long ago.
    async fn addresses<Answer>(&self, name: &str, ask: impl FnOnce(String) -> Answer) -> io::Result<Vec<SocketAddr>>
    where
        Answer: Future<Output = io::Result<Vec<SocketAddr>>>,
    {
        let now = Instant::now();
        if let Some(known) = self.known().get_mut(name) {
            if now < known.asked_at + FRESH_FOR && now < known.answered_at + USABLE_FOR {
                return Ok(known.addresses.clone());
            }
            known.asked_at = now;
        }
        let answer = ask(name.to_owned()).await.and_then(|addresses| {
            let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            if addresses.is_empty() { Err(none()) } else { Ok(addresses) }
        });
        match answer {
            Ok(addresses) => {
                let known = Known { addresses: addresses.clone(), answered_at: now, asked_at: now };
                self.known().insert(name.to_owned(), known);
                Ok(addresses)
            }
            Err(unresolved) => {
                let last = self.known().get(name).filter(|known| now < known.answered_at + USABLE_FOR).cloned();
                let Some(last) = last else { return Err(unresolved) };
                tracing::warn!(error = %chain(&unresolved), "a neighbour's name cannot be resolved: going on with its last addresses");
                Ok(last.addresses)
            }
        }
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const NAME: &str = "studio.example";

    fn at(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 0))
    }

    /// Asks for the name; what the name server says is given. The addresses, and whether it was asked.
    async fn ask(names: &Names, says: Option<&[SocketAddr]>) -> (Option<Vec<SocketAddr>>, bool) {
        let asked = Cell::new(false);
        let answer = names.addresses(NAME, async |name| {
            assert_eq!(name, NAME);
            asked.set(true);
            says.map(<[_]>::to_vec).ok_or_else(|| io::ErrorKind::TimedOut.into())
        });
        (answer.await.ok(), asked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_asked_once_in_a_while_and_followed_when_it_moves() {
        let names = Names::default();
        let (first, second) = ([at(1), at(2)], [at(3)]);
        assert_eq!(ask(&names, Some(&first)).await, (Some(first.to_vec()), true));
        assert_eq!(ask(&names, Some(&second)).await, (Some(first.to_vec()), false));
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(ask(&names, Some(&second)).await, (Some(second.to_vec()), true));
        assert_eq!(ask(&names, Some(&first)).await, (Some(second.to_vec()), false));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_name_server_the_last_addresses_serve_for_a_while_and_it_is_not_asked_by_everybody() {
        let names = Names::default();
        let known = [at(1)];
        assert_eq!(ask(&names, None).await, (None, true), "never known");
        ask(&names, Some(&known)).await;
        for silence in [None, Some(&[][..])] {
            tokio::time::advance(FRESH_FOR).await;
            assert_eq!(ask(&names, silence).await, (Some(known.to_vec()), true));
            assert_eq!(ask(&names, silence).await, (Some(known.to_vec()), false));
        }
        tokio::time::advance(USABLE_FOR).await;
        assert_eq!(ask(&names, None).await, (None, true), "known too long ago");
        assert_eq!(ask(&names, Some(&known)).await, (Some(known.to_vec()), true));
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_asks_nobody_waits_for_a_name_that_is_known() {
        let names = Names::default();
        let known = [at(1)];
        ask(&names, Some(&known)).await;
        tokio::time::advance(FRESH_FOR).await;
        let slow = names.addresses(NAME, async |_name| {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok(vec![at(2)])
        });
        let meanwhile = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ask(&names, None).await
        };
        let (moved, meanwhile) = tokio::join!(slow, meanwhile);
        assert_eq!(meanwhile, (Some(known.to_vec()), false));
        assert_eq!(moved.unwrap(), [at(2)]);
    }
}

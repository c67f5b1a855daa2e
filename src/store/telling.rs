//! What Redis is told again: how attempts ended of which it did not hear, or whose questions it may yet do late.
//!
//! One task for all of them, so that an outage costs one question at a time, however many attempts end in it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::attempts::{AttemptKey, ClaimToken, MemoryAttempts, Phase};
use super::shared::Shared;

/// How often Redis is told again.
const PAUSE: Duration = Duration::from_millis(500);
/// For how long: as long as a lease may last. Until then its siblings take a settled form for one that is being sent.
const TELL_FOR: Duration = Duration::from_secs(30);
/// How many ends are remembered to be told, each some hundred bytes, and four thousand with a refusal that holds a pass.
/// Beyond it the oldest falls out.
const MAX_UNTOLD: usize = 10_000;

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) key: AttemptKey,
    pub(super) token: ClaimToken,
    pub(super) phase: Phase,
    pub(super) keep: Duration,
}

/// The ends that are to be told, and the task that tells them.
pub(super) struct Telling {
    untold: Mutex<Untold>,
    task: TaskTracker,
    /// Where it runs: not on a worker, which ends before the others do.
    runtime: Handle,
}

#[derive(Default)]
struct Untold {
    /// Each with the time until which it is told.
    waiting: VecDeque<(Instant, Ended)>,
    /// Whether the task runs.
    is_being_told: bool,
    /// How many fell out since the last time that all were told.
    lost: u64,
}

impl Telling {
    pub(super) fn on(runtime: Handle) -> Self {
        Self { untold: Mutex::default(), task: TaskTracker::new(), runtime }
    }

    /// Waits until everything has been told, or is told no more. For when nothing is added.
    pub(super) async fn all_told(&self) {
        self.task.close();
        self.task.wait().await;
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Tells Redis later how an attempt ended; `attempts` learns when it was told.
    pub(super) fn tell_later(self: &Arc<Self>, attempts: &Arc<MemoryAttempts>, ended: Ended) {
        let mut untold = self.telling.untold();
        untold.add(Instant::now() + TELL_FOR, ended);
        if !std::mem::replace(&mut untold.is_being_told, true) {
            self.telling.task.spawn_on(tell(Arc::clone(self), Arc::clone(attempts)), &self.telling.runtime);
        }
    }
}

impl Untold {
    fn add(&mut self, until: Instant, ended: Ended) {
        if self.waiting.len() >= MAX_UNTOLD {
            self.waiting.pop_front();
            self.lose();
        }
        self.waiting.push_back((until, ended));
    }

    /// The next that is not too old.
    fn next(&mut self, now: Instant) -> Option<(Instant, Ended)> {
        while let Some((until, ended)) = self.waiting.pop_front() {
            if until > now {
                return Some((until, ended));
            }
            self.lose();
        }
        None
    }

    /// Says so once, and in the end how many: an outage may lose thousands.
    fn lose(&mut self) {
        if self.lost == 0 {
            tracing::error!("Redis was not told how an attempt ended: its siblings take the outcome for unknown");
        }
        self.lost += 1;
    }

    /// Whether nothing is left to be told.
    fn ends(&mut self) -> bool {
        if !self.waiting.is_empty() {
            return false;
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 1 {
            tracing::error!(attempts = lost, "Redis was not told how some attempts ended");
        }
        self.is_being_told = false;
        true
    }
}

/// Tells until all are told or too old. After one that Redis did not hear the others wait too, and that one goes last.
async fn tell(shared: Arc<Shared>, attempts: Arc<MemoryAttempts>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        loop {
            let next = shared.telling.untold().next(Instant::now());
            let Some((until, ended)) = next else { break };
            let Ended { key, token, phase, keep } = &ended;
            if shared.ask(|redis| redis.finish(key, *token, phase, *keep)).await.is_none() {
                shared.telling.untold().add(until, ended);
                break;
            }
            attempts.share(key, *token);
        }
        if shared.telling.untold().ends() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(form: usize) -> Ended {
        let key = AttemptKey(format!("default:{form}").into());
        Ended { key, token: ClaimToken([1; 8]), phase: Phase::Free, keep: TELL_FOR }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_fills_a_bounded_memory_and_leaves_the_newest_to_be_told() {
        let (mut untold, now) = (Untold::default(), Instant::now());
        for form in 0..MAX_UNTOLD + 3 {
            untold.add(now + TELL_FOR, ended(form));
        }
        assert_eq!((untold.waiting.len(), untold.lost), (MAX_UNTOLD, 3));
        assert_eq!(untold.next(now).map(|(_, ended)| ended.key.0), Some("default:3".into()));
        assert!(!untold.ends());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_old_is_told_no_more() {
        let (mut untold, now) = (Untold { is_being_told: true, ..Untold::default() }, Instant::now());
        untold.add(now + TELL_FOR, ended(0));
        untold.add(now + TELL_FOR + PAUSE, ended(1));
        assert_eq!(untold.next(now + TELL_FOR).map(|(_, ended)| ended.key.0), Some("default:1".into()));
        assert!(untold.next(now + TELL_FOR).is_none());
        assert!(untold.ends() && !untold.is_being_told && untold.lost == 0);
    }
}

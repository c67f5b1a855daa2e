//! State that replicas share: how often somebody tried, and what became of each form.
//!
//! One small interface over memory and Redis (or Valkey). The memory side is always there: it alone decides when no
//! Redis is configured, and it takes over while Redis is away.

mod attempts;
mod limits;
mod redis;
mod shards;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub use self::attempts::{AttemptKey, Claim, ClaimToken, Fingerprint, Phase};
pub use self::limits::{Decision, LimitKey, Scope, Scopes};
pub use self::redis::{RedisUnavailable, examine_redis};
use self::shards::SHARDS;
use crate::causes::chain;
use crate::domain::policy::Quota;
use crate::step::{self, step};

/// After Redis failed: how long we go on alone before we ask it again.
const RETRY_REDIS_AFTER: Duration = Duration::from_secs(1);

/// How often what has expired is dropped, and how long the sweep rests after each piece.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// How often, and for how long in all, Redis is told again how an attempt ended.
const FINISH_LATER_PAUSE: Duration = Duration::from_millis(500);
const FINISH_LATER_TRIES: u32 = 60;

/// The state of one process, shared with its siblings where Redis is configured.
pub struct Store {
    limits: limits::MemoryLimits,
    attempts: Arc<attempts::MemoryAttempts>,
    shared: Option<Arc<Shared>>,
    started: Instant,
}

struct Shared {
    redis: redis::Redis,
    /// Milliseconds since start before which Redis is left alone; 0 while it answers.
    away_until: AtomicU64,
    /// Attempts that did not hear of a question: it may yet be done, and after they ended.
    unheard: Mutex<HashSet<ClaimToken>>,
    /// What Redis is told again.
    telling: TaskTracker,
    /// Where that is done: not on a worker, which ends before the others do.
    runtime: Handle,
}

impl Shared {
    // A poisoned lock only says that a thread panicked between two whole writes.
    fn unheard(&self) -> MutexGuard<'_, HashSet<ClaimToken>> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// State in this process alone.
    #[must_use]
    pub fn memory(scopes: Scopes) -> Self {
        Self {
            limits: limits::MemoryLimits::new(scopes),
            attempts: Arc::new(attempts::MemoryAttempts::with_room_for(attempts::MAX_RECORDS)),
            shared: None,
            started: Instant::now(),
        }
    }

    /// State in Redis, connected lazily: the process starts without it.
    ///
    /// # Errors
    /// [`RedisUnavailable`] when the URL cannot be read.
    pub fn redis(scopes: Scopes, url: &str) -> Result<Self, RedisUnavailable> {
        let shared = Shared {
            redis: redis::Redis::lazy(url)?,
            away_until: AtomicU64::new(0),
            unheard: Mutex::default(),
            telling: TaskTracker::new(),
            runtime: Handle::current(),
        };
        gauge!("signup_store_shared").set(1.0);
        Ok(Self { shared: Some(Arc::new(shared)), ..Self::memory(scopes) })
    }

    /// Begins what this thread asks Redis over, so that its first question does not wait for that.
    pub fn connect(&self) {
        if let Some(shared) = &self.shared {
            // What is wrong with it is told when it is asked.
            let _told_later = shared.redis.connect();
        }
    }

    /// The same state under other quotas: forms stay what they are, and who has taken three from a budget has taken three
    /// from the new one.
    #[must_use]
    pub fn under(&self, scopes: Scopes) -> Self {
        Self {
            limits: self.limits.under(scopes),
            attempts: Arc::clone(&self.attempts),
            shared: self.shared.clone(),
            started: self.started,
        }
    }

    /// Takes one from a budget: Redis decides for all replicas, this process alone while Redis is away.
    pub async fn take(&self, scope: Scope, key: LimitKey) -> Decision {
        let quota = self.limits.quota(scope);
        match self.ask(|redis| redis.take(scope, key, quota)).await {
            Some(decision) => decision,
            None => self.limits.take(scope, key),
        }
    }

    /// Gives one back: the attempt failed by our or the upstream's fault.
    pub async fn refund(&self, scope: Scope, key: LimitKey) {
        if self.ask(|redis| redis.refund(scope, key)).await.is_none() {
            self.limits.refund(scope, key);
        }
    }

    /// The quota of a scope.
    #[must_use]
    pub fn quota(&self, scope: Scope) -> Quota {
        self.limits.quota(scope)
    }

    /// Claims a form for one attempt, or says what became of it.
    ///
    /// `waited_with` is what was posted, for who has been told [`Claim::InFlight`] before: an attempt at the very same that
    /// was refused meanwhile answers for both.
    ///
    /// This process's own record comes first, so that the promise holds here whatever happens to Redis.
    pub async fn claim(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        lease: Duration,
        keep: Duration,
        waited_with: Option<Fingerprint>,
    ) -> Claim {
        let local = self.attempts.claim(key, token, lease, keep, waited_with);
        if !matches!(local, Claim::Won) {
            return local;
        }
        match self.ask(|redis| redis.claim(key, token, lease, waited_with)).await {
            None => {
                self.leave_unheard(token);
                Claim::Won
            }
            Some(Claim::Won) => Claim::Won,
            Some(elsewhere) => {
                self.attempts.finish(key, token, Phase::Free, false);
                elsewhere
            }
        }
    }

    /// Marks a claimed form as being sent, before the first byte goes upstream. `false`: the claim was lost, send nothing.
    #[must_use = "a lost claim must not be sent"]
    pub async fn begin_sending(&self, key: &AttemptKey, token: ClaimToken, lease: Duration, keep: Duration) -> bool {
        if !self.attempts.begin_sending(key, token, lease) {
            return false;
        }
        // Asked even while Redis is left alone: a hiccup must not hide from the siblings what is about to be sent.
        // Without an answer the promise holds for this replica.
        let is_ours = self.insist(|redis| redis.begin_sending(key, token, lease, keep)).await;
        is_ours.unwrap_or_else(|| {
            self.leave_unheard(token);
            true
        })
    }

    fn leave_unheard(&self, token: ClaimToken) {
        if let Some(shared) = &self.shared {
            shared.unheard().insert(token);
        }
    }

    /// Ends an attempt: settled with its answer, unknown for good, or free to be tried again.
    ///
    /// Redis is told again later where it did not hear of it, and where a question before may be done after it: what
    /// waited on a connection that was given up would hold the form for a lease.
    pub async fn finish(&self, key: &AttemptKey, token: ClaimToken, phase: Phase, keep: Duration) {
        let stored = self.insist(|redis| redis.finish(key, token, &phase, keep)).await;
        let is_unheard = self.shared.as_ref().is_some_and(|shared| shared.unheard().remove(&token) || stored.is_none());
        self.attempts.finish(key, token, phase.clone(), stored.is_some() && !is_unheard);
        if is_unheard && let Some(shared) = &self.shared {
            let attempts = Arc::clone(&self.attempts);
            let later = finish_later(Arc::clone(shared), attempts, key.clone(), token, phase, keep);
            shared.telling.spawn_on(later, &shared.runtime);
        }
    }

    /// Waits until Redis has been told how every attempt ended, or is told no more. For when no further one ends.
    pub async fn all_told(&self) {
        if let Some(shared) = &self.shared {
            shared.telling.close();
            shared.telling.wait().await;
        }
    }

    /// Drops what has expired, piece by piece: `between` is awaited after each.
    pub async fn sweep(&self, between: impl AsyncFn()) {
        for piece in 0..SHARDS {
            self.limits.sweep(piece);
            self.attempts.sweep(piece);
            between().await;
        }
    }

    /// Whether Redis is configured and does not answer.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.away_until.load(Ordering::Relaxed) > 0)
    }

    /// Milliseconds since start.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Asks Redis unless there is none or it is being left alone; `None` means this process decides.
    async fn ask<'a, T, Answer>(&'a self, question: impl FnOnce(&'a redis::Redis) -> Answer) -> Option<T>
    where
        Answer: Future<Output = Result<T, RedisUnavailable>>,
    {
        let shared = self.shared.as_ref()?;
        if self.now() < shared.away_until.load(Ordering::Relaxed) {
            return None;
        }
        self.insist(question).await
    }

    /// Asks Redis even while it is being left alone; `None` when there is none, or no answer.
    async fn insist<'a, T, Answer>(&'a self, question: impl FnOnce(&'a redis::Redis) -> Answer) -> Option<T>
    where
        Answer: Future<Output = Result<T, RedisUnavailable>>,
    {
        let shared = self.shared.as_ref()?;
        let (now, away_until) = (self.now(), shared.away_until.load(Ordering::Relaxed));
        let answered = |answer: &Result<T, RedisUnavailable>| if answer.is_ok() { "answered" } else { "unavailable" };
        let answer = step::run(step!("redis", client), question(&shared.redis), answered).await;
        match &answer {
            Ok(_) if away_until > 0 => {
                if shared.away_until.swap(0, Ordering::Relaxed) > 0 {
                    gauge!("signup_store_shared").set(1.0);
                    tracing::warn!("Redis answers again: limits and submissions are shared by all replicas");
                }
            }
            Ok(_) => {}
            Err(unavailable) => {
                let until = now + u64::try_from(RETRY_REDIS_AFTER.as_millis()).unwrap_or(u64::MAX);
                counter!("signup_store_errors_total").increment(1);
                if shared.away_until.swap(until.max(1), Ordering::Relaxed) == 0 {
                    gauge!("signup_store_shared").set(0.0);
                    tracing::error!(
                        error = %chain(unavailable),
                        "Redis does not answer: each replica limits and remembers submissions on its own until it does"
                    );
                }
            }
        }
        answer.ok()
    }
}

/// Tells Redis how an attempt ended once it answers again, for as long as a lease may last: until then its siblings
/// take a settled form for one that is being sent.
async fn finish_later(
    shared: Arc<Shared>,
    attempts: Arc<attempts::MemoryAttempts>,
    key: AttemptKey,
    token: ClaimToken,
    phase: Phase,
    keep: Duration,
) {
    for _ in 0..FINISH_LATER_TRIES {
        tokio::time::sleep(FINISH_LATER_PAUSE).await;
        if shared.redis.finish(&key, token, &phase, keep).await.is_ok() {
            attempts.share(&key);
            return;
        }
    }
    tracing::error!("Redis was not told how an attempt ended: its siblings take the outcome for unknown");
}

/// Sweeps as long as the store is used elsewhere; with pauses, in which a processor that it shares serves visitors.
pub async fn keep_swept(store: Arc<Store>) {
    let store = Arc::downgrade(&store);
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        let Some(store) = store.upgrade() else { return };
        store.sweep(|| tokio::time::sleep(SWEEP_PAUSE)).await;
    }
}

//! State that replicas share: how often somebody tried, and what became of each form.
//!
//! One small interface over memory and Redis (or Valkey). The memory side is always there: it alone decides when no
//! Redis is configured, and it takes over while Redis is away.

mod attempts;
mod limits;
mod redis;
mod shards;
mod shared;
mod telling;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use self::attempts::{AttemptKey, Claim, ClaimToken, Fingerprint, Holder, Phase, Term, Waited};
pub use self::limits::{Decision, LimitKey, Scope, Scopes};
pub use self::redis::{RedisUnavailable, examine_redis};
use self::shards::SHARDS;
use self::shared::Shared;
use self::telling::Ended;
use crate::domain::policy::{Patience, Quota};

/// How often what has expired is dropped, and how long the sweep rests after each piece.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// The state of one process, shared with its siblings where Redis is configured.
pub struct Store {
    limits: limits::MemoryLimits,
    attempts: Arc<attempts::MemoryAttempts>,
    shared: Option<Arc<Shared>>,
}

impl Store {
    /// State in this process alone.
    #[must_use]
    pub fn memory(scopes: Scopes) -> Self {
        Self {
            limits: limits::MemoryLimits::new(scopes),
            attempts: Arc::new(attempts::MemoryAttempts::with_room_for(attempts::MAX_RECORDS)),
            shared: None,
        }
    }

    /// State in Redis, connected lazily: the process starts without it.
    ///
    /// # Errors
    /// [`RedisUnavailable`] when the URL cannot be read.
    pub fn redis(scopes: Scopes, url: &str, patience: Patience) -> Result<Self, RedisUnavailable> {
        let shared = Shared::with(url, patience)?;
        Ok(Self { shared: Some(Arc::new(shared)), ..Self::memory(scopes) })
    }

    /// Begins what this thread asks Redis over, so that its first question does not wait for that.
    pub fn connect(&self) {
        if let Some(shared) = &self.shared {
            shared.redis.connect();
        }
    }

    /// The same state under other quotas: forms stay what they are, and who has taken three from a budget has taken three
    /// from the new one.
    #[must_use]
    pub fn under(&self, scopes: Scopes) -> Self {
        Self { limits: self.limits.under(scopes), attempts: Arc::clone(&self.attempts), shared: self.shared.clone() }
    }

    /// Takes one from a budget: Redis decides for all replicas, this process alone while Redis is away.
    pub async fn take(&self, scope: Scope, key: LimitKey) -> Decision {
        let quota = self.limits.quota(scope);
        let shared = match &self.shared {
            Some(shared) => shared.ask(|redis| redis.take(scope, key, quota)).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.limits.take(scope, key))
    }

    /// Gives one back: the attempt failed by our or the upstream's fault.
    pub async fn refund(&self, scope: Scope, key: LimitKey) {
        let shared = match &self.shared {
            Some(shared) => shared.ask(|redis| redis.refund(scope, key)).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.limits.refund(scope, key));
    }

    /// The quota of a scope.
    #[must_use]
    pub fn quota(&self, scope: Scope) -> Quota {
        self.limits.quota(scope)
    }

    /// Claims a form for one attempt, or says what became of it.
    ///
    /// `waited` is for who has been told [`Claim::InFlight`] before: an attempt at the very same that was refused meanwhile
    /// answers for both, and a form that a sibling had is not free for want of an answer.
    ///
    /// This process's own record comes first, so that the promise holds here whatever happens to Redis.
    pub async fn claim(&self, key: &AttemptKey, token: ClaimToken, term: Term, waited: Option<Waited>) -> Claim {
        let waited_with = waited.map(|waited| waited.with);
        let local = self.attempts.claim(key, token, term, waited_with);
        let (Claim::Won, Some(shared)) = (&local, &self.shared) else { return local };
        match shared.ask_through_hiccups(|redis| redis.claim(key, token, term.lease, waited_with)).await {
            None => {
                shared.unheard().insert(token);
                if waited.is_none_or(|waited| waited.holder == Holder::Here) {
                    return Claim::Won;
                }
                // The sibling may be sending.
                self.attempts.finish(key, token, Phase::Free, false);
                Claim::InFlight(Holder::Sibling)
            }
            Some(Claim::Won) => Claim::Won,
            Some(elsewhere) => {
                self.attempts.finish(key, token, Phase::Free, false);
                elsewhere
            }
        }
    }

    /// Gives up an attempt that was never won. A claim that Redis may yet do late does not hold the form.
    pub fn give_up(&self, key: &AttemptKey, token: ClaimToken, keep: Duration) {
        let Some(shared) = &self.shared else { return };
        if shared.unheard().remove(&token) {
            let ended = Ended { key: key.clone(), token, phase: Phase::Free, keep };
            shared.tell_later(&self.attempts, ended);
        }
    }

    /// Marks a claimed form as being sent, before the first byte goes upstream. `false`: the claim was lost, send nothing.
    #[must_use = "a lost claim must not be sent"]
    pub async fn begin_sending(&self, key: &AttemptKey, token: ClaimToken, term: Term) -> bool {
        if !self.attempts.begin_sending(key, token, term.lease) {
            return false;
        }
        let Some(shared) = &self.shared else { return true };
        // Asked even while Redis is left alone: a hiccup must not hide from the siblings what is about to be sent.
        // Without an answer the promise holds for this replica.
        let is_ours = shared.insist(|redis| redis.begin_sending(key, token, term)).await;
        is_ours.unwrap_or_else(|| {
            shared.unheard().insert(token);
            true
        })
    }

    /// Ends an attempt: settled with its answer, unknown for good, or free to be tried again.
    ///
    /// Redis is told again later where it did not hear of it, and where a question before may be done after it: what
    /// waited on a connection that was given up would hold the form for a lease.
    pub async fn finish(&self, key: &AttemptKey, token: ClaimToken, phase: Phase, keep: Duration) {
        let Some(shared) = &self.shared else {
            self.attempts.finish(key, token, phase, false);
            return;
        };
        let is_stored = shared.insist(|redis| redis.finish(key, token, &phase, keep)).await.is_some();
        let is_heard = !shared.unheard().remove(&token) && is_stored;
        self.attempts.finish(key, token, phase.clone(), is_heard);
        if !is_heard {
            shared.tell_later(&self.attempts, Ended { key: key.clone(), token, phase, keep });
        }
    }

    /// Waits until Redis has been told how every attempt ended, or is told no more. For when no further one ends.
    pub async fn all_told(&self) {
        if let Some(shared) = &self.shared {
            shared.telling.all_told().await;
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
        self.shared.as_ref().is_some_and(|shared| shared.is_away())
    }
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

/// Asks Redis from time to time whether it is there, if one is configured, as long as the store is used elsewhere.
pub async fn keep_watched(store: Arc<Store>) {
    let Some(shared) = store.shared.as_ref().map(Arc::downgrade) else { return };
    drop(store);
    shared::keep_watched(shared).await;
}

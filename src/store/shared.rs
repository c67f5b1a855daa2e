//! Asking Redis, and leaving it alone while it does not answer.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::runtime::Handle;
use tokio::time::{Instant, MissedTickBehavior};

use super::attempts::ClaimToken;
use super::redis::{Redis, RedisUnavailable};
use super::telling::Telling;
use crate::causes::chain;
use crate::domain::policy::Patience;
use crate::step::{self, step};

/// Redis as all threads of this process see it.
pub(super) struct Shared {
    pub(super) redis: Redis,
    patience: Patience,
    started: Instant,
    /// Milliseconds since start when it first did not answer; 0 while it does.
    away_since: AtomicU64,
    /// Milliseconds since start before which it is left alone.
    quiet_until: AtomicU64,
    /// Attempts that did not hear of a question: it may yet be done, and after they ended.
    unheard: Mutex<HashSet<ClaimToken>>,
    /// What Redis is told again.
    pub(super) telling: Telling,
}

impl Shared {
    /// # Errors
    /// [`RedisUnavailable`] when the URL cannot be read.
    pub(super) fn with(url: &str, patience: Patience) -> Result<Self, RedisUnavailable> {
        gauge!("signup_store_shared").set(1.0);
        Ok(Self {
            redis: Redis::lazy(url, patience)?,
            patience,
            started: Instant::now(),
            away_since: AtomicU64::new(0),
            quiet_until: AtomicU64::new(0),
            unheard: Mutex::default(),
            telling: Telling::on(Handle::current()),
        })
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    pub(super) fn unheard(&self) -> MutexGuard<'_, HashSet<ClaimToken>> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it does not answer.
    pub(super) fn is_away(&self) -> bool {
        self.away_since.load(Ordering::Relaxed) > 0
    }

    /// Asks unless Redis is being left alone; `None` means this process decides.
    pub(super) async fn ask<'a, T, Answer>(&'a self, question: impl FnOnce(&'a Redis) -> Answer) -> Option<T>
    where
        Answer: Future<Output = Result<T, RedisUnavailable>>,
    {
        if self.now() < self.quiet_until.load(Ordering::Relaxed) {
            return None;
        }
        self.insist(question).await
    }

    /// Asks during a hiccup too, and not for ever: what a sibling has settled must not be hidden by one lost connection,
    /// and yet no visitor should wait for a Redis that is really gone. By then the watch says when it is back.
    pub(super) async fn ask_through_hiccups<'a, T, Answer>(
        &'a self,
        question: impl FnOnce(&'a Redis) -> Answer,
    ) -> Option<T>
    where
        Answer: Future<Output = Result<T, RedisUnavailable>>,
    {
        let hiccup = u64::try_from(self.patience.hiccup.as_millis()).unwrap_or(u64::MAX);
        if self.now().saturating_sub(self.away_since.load(Ordering::Relaxed)) < hiccup {
            return self.insist(question).await;
        }
        self.ask(question).await
    }

    /// Asks even while Redis is being left alone; `None` when there is no answer.
    pub(super) async fn insist<'a, T, Answer>(&'a self, question: impl FnOnce(&'a Redis) -> Answer) -> Option<T>
    where
        Answer: Future<Output = Result<T, RedisUnavailable>>,
    {
        let was_away = self.is_away();
        let answered = |answer: &Result<T, RedisUnavailable>| if answer.is_ok() { "answered" } else { "unavailable" };
        let asked = Instant::now();
        let answer = step::run(step!("redis", client), question(&self.redis), answered).await;
        self.note(was_away, asked.elapsed(), answer)
    }

    /// Notes whether Redis answered. One answer ends an outage, if it was asked for within it, and came as fast as counts
    /// want it: a Redis that is too slow for them would be away again with the next.
    fn note<T>(&self, was_away: bool, took: Duration, answer: Result<T, RedisUnavailable>) -> Option<T> {
        match &answer {
            Ok(_) if was_away && took <= self.patience.count => {
                self.quiet_until.store(0, Ordering::Relaxed);
                if self.away_since.swap(0, Ordering::Relaxed) > 0 {
                    gauge!("signup_store_shared").set(1.0);
                    tracing::warn!("Redis answers again: limits and submissions are shared by all replicas");
                }
            }
            Ok(_) => {}
            Err(unavailable) => {
                let now = self.now();
                let silence = u64::try_from(self.patience.silence.as_millis()).unwrap_or(u64::MAX);
                counter!("signup_store_errors_total").increment(1);
                self.quiet_until.store(now.saturating_add(silence), Ordering::Relaxed);
                let first = self.away_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
                if first.is_ok() {
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

    /// Milliseconds since start, and never 0.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// Asks Redis from time to time whether it is there, as long as the store is used elsewhere: readiness and metrics tell
/// the truth also while nobody visits, and when it is back no visitor has to find out.
pub(super) async fn keep_watched(shared: Weak<Shared>) {
    let Some(watch) = shared.upgrade().map(|shared| shared.patience.watch) else { return };
    let mut every = tokio::time::interval(watch);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        let was_away = shared.is_away();
        let answer = shared.redis.watch().await;
        let took = answer.as_ref().copied().unwrap_or_default();
        shared.note(was_away, took, answer);
    }
}

//! Rate limits in memory: governor's GCRA over a state of our own, because governor's grows without bound and has no refund.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota as GovernorQuota, RateLimiter};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::shards::{SHARDS, Shards};
use crate::domain::policy::Quota;

/// The most keys of one scope; a key is 24 bytes, so a full scope stays under 16 MiB.
const MAX_KEYS: usize = 1 << 18;
/// How many keys are looked at to make room for one.
const EVICTION_SAMPLE: usize = 8;

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Attempts by one client.
    Client,
    /// Sign-ups with one address.
    Email,
    /// Attempts by one client while Turnstile is out.
    Outage,
    /// Pages shown to one client.
    Pages,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Client, Self::Email, Self::Outage, Self::Pages];

    /// The metric label, the settings key, the policy's name in `RateLimit` fields.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Email => "email",
            Self::Outage => "outage",
            Self::Pages => "pages",
        }
    }
}

/// The quota of each scope.
#[derive(Clone, Copy, Debug)]
pub struct Scopes {
    /// Attempts by one client.
    pub client: Quota,
    /// Sign-ups with one address.
    pub email: Quota,
    /// Attempts by one client while Turnstile is out.
    pub outage: Quota,
    /// Pages shown to one client.
    pub pages: Quota,
}

impl Scopes {
    fn of(&self, scope: Scope) -> Quota {
        match scope {
            Scope::Client => self.client,
            Scope::Email => self.email,
            Scope::Outage => self.outage,
            Scope::Pages => self.pages,
        }
    }
}

/// Whom a budget counts: a keyed hash, so that no store ever holds an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitKey(pub u64, pub u64);

/// Whether one more may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// Not before so long from now.
    Limited {
        /// The shortest wait after which one more may pass.
        retry_after: Duration,
    },
}

/// The budgets of this process.
pub(super) struct MemoryLimits {
    scopes: Scopes,
    limiters: [Limiter; Scope::ALL.len()],
}

struct Limiter {
    governor: RateLimiter<LimitKey, SharedStates, ProcessClock, StateInformationMiddleware>,
    states: Arc<States>,
}

impl MemoryLimits {
    pub(super) fn new(scopes: Scopes) -> Self {
        Self { scopes, limiters: Scope::ALL.map(|scope| Limiter::new(scopes.of(scope), Arc::default())) }
    }

    /// The same budgets under other quotas: who has taken three has taken three.
    pub(super) fn under(&self, scopes: Scopes) -> Self {
        let continued = |scope| Limiter::new(scopes.of(scope), Arc::clone(&self.limiter(scope).states));
        Self { scopes, limiters: Scope::ALL.map(continued) }
    }

    pub(super) fn quota(&self, scope: Scope) -> Quota {
        self.scopes.of(scope)
    }

    pub(super) fn take(&self, scope: Scope, key: LimitKey) -> Decision {
        let limiter = self.limiter(scope);
        match limiter.governor.check_key(&key) {
            Ok(_snapshot) => Decision::Allowed,
            Err(not_until) => {
                Decision::Limited { retry_after: not_until.wait_time_from(limiter.governor.clock().now()) }
            }
        }
    }

    pub(super) fn refund(&self, scope: Scope, key: LimitKey) {
        self.limiter(scope).states.give_back(key);
    }

    /// Forgets keys of one piece whose budget is full again.
    pub(super) fn sweep(&self, piece: usize) {
        for limiter in &self.limiters {
            limiter.states.sweep(piece);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self, scope: Scope) -> usize {
        self.limiter(scope).states.len()
    }

    fn limiter(&self, scope: Scope) -> &Limiter {
        let [client, email, outage, pages] = &self.limiters;
        match scope {
            Scope::Client => client,
            Scope::Email => email,
            Scope::Outage => outage,
            Scope::Pages => pages,
        }
    }
}

impl Limiter {
    fn new(quota: Quota, states: Arc<States>) -> Self {
        // The settings refuse a period of zero; one nanosecond is what governor itself would make of it.
        let period = quota.period.max(Duration::from_nanos(1));
        let governed = GovernorQuota::with_period(period)
            .unwrap_or(GovernorQuota::per_second(quota.burst))
            .allow_burst(quota.burst);
        // A limiter counts time from its own beginning; what is kept counts from the beginning of the states.
        let begun = Instant::now();
        let kept = SharedStates { states: Arc::clone(&states), begun: nanoseconds(begun - states.epoch) };
        let clock = ProcessClock { epoch: begun };
        let governor = RateLimiter::<_, _, _, StateInformationMiddleware>::new(governed, kept, clock);
        states.price(nanoseconds(period));
        Self { governor, states }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Time since the limiter was made. Tokio's clock, so that tests can move it.
#[derive(Clone, Debug)]
struct ProcessClock {
    epoch: Instant,
}

impl Clock for ProcessClock {
    type Instant = SinceEpoch;

    fn now(&self) -> SinceEpoch {
        SinceEpoch(nanoseconds(self.epoch.elapsed()))
    }
}

/// Nanoseconds since the limiter was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SinceEpoch(u64);

impl std::ops::Add<Nanos> for SinceEpoch {
    type Output = Self;

    fn add(self, more: Nanos) -> Self {
        Self(self.0.saturating_add(more.as_u64()))
    }
}

impl Reference for SinceEpoch {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, less: Nanos) -> Self {
        Self(self.0.saturating_sub(less.as_u64()))
    }
}

/// The theoretical arrival time of each key, in nanoseconds since `epoch`. It outlives the quotas it is read under.
struct States {
    arrivals: Shards<LimitKey, u64>,
    epoch: Instant,
    /// What one request costs, in nanoseconds; 0 before the first quota.
    increment: AtomicU64,
}

impl Default for States {
    fn default() -> Self {
        Self { arrivals: Shards::default(), epoch: Instant::now(), increment: AtomicU64::new(0) }
    }
}

/// States as one limiter sees them.
struct SharedStates {
    states: Arc<States>,
    /// When the limiter was made, in nanoseconds since the states' epoch.
    begun: u64,
}

impl States {
    fn give_back(&self, key: LimitKey) {
        if let Some(arrival) = self.arrivals.of(&key).get_mut(&key) {
            *arrival = arrival.saturating_sub(self.increment.load(Ordering::Relaxed));
        }
    }

    /// What is owed is time: a request that costs another time now is owed as a request, not as the time it was.
    fn price(&self, to: u64) {
        let from = self.increment.swap(to, Ordering::Relaxed);
        if from == to || from == 0 {
            return;
        }
        let now = nanoseconds(self.epoch.elapsed());
        for mut shard in self.arrivals.all() {
            for arrival in shard.values_mut() {
                let owed = u128::from(arrival.saturating_sub(now)) * u128::from(to) / u128::from(from);
                *arrival = now.saturating_add(u64::try_from(owed).unwrap_or(u64::MAX / 2));
            }
        }
    }

    /// Forgets keys whose budget is full again: they count as never seen.
    fn sweep(&self, piece: usize) {
        let now = nanoseconds(self.epoch.elapsed());
        self.arrivals.sweep(piece, |arrival| *arrival > now);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.arrivals.all().map(|shard| shard.len()).sum()
    }
}

impl StateStore for SharedStates {
    type Key = LimitKey;

    fn measure_and_replace<T, F, E>(&self, key: &LimitKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.states.arrivals.of(key);
        let known = shard.get(key).map(|arrival| Nanos::new(arrival.saturating_sub(self.begun)));
        let (outcome, arrival) = decide(known)?;
        if shard.len() >= MAX_KEYS / SHARDS && !shard.contains_key(key) {
            forget_one(&mut shard);
        }
        shard.insert(*key, arrival.as_u64().saturating_add(self.begun));
        Ok(outcome)
    }
}

/// Makes room: of a few keys, the one that is nearest to a full budget anyway.
fn forget_one(shard: &mut HashMap<LimitKey, u64>) {
    let oldest = shard.iter().take(EVICTION_SAMPLE).min_by_key(|(_, arrival)| **arrival).map(|(key, _)| *key);
    if let Some(key) = oldest {
        shard.remove(&key);
    }
}

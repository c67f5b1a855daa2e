//! What became of each form: the record behind "at most one account per form".

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The most forms that are remembered at once; beyond it a new one is refused, never an old one forgotten.
const MAX_RECORDS: usize = 500_000;

/// How long a refusal is there for those who waited for it: they ask many times a second.
pub(super) const REFUSAL_SHARED_FOR: Duration = Duration::from_secs(10);

/// Names a form in every store: tenant and submission id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AttemptKey(pub Box<str>);

/// Names one attempt at a form, so that only it can go on or end it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimToken(pub [u8; 8]);

/// What was posted, as a keyed hash: who waited for an attempt at the very same shares its refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The form is this attempt's.
    Won,
    /// Another attempt has it: wait and ask again.
    InFlight,
    /// No further form can be remembered, so none may be sent.
    Full,
    /// An attempt was sent and never answered: it is unknown whether an account exists.
    Unknown,
    /// The form has its answer, sealed.
    Settled(String),
    /// The attempt that was waited for was refused; the sealed refusal.
    Refused(String),
}

/// How an attempt ends.
#[derive(Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was created: the form may be tried again.
    Free,
    /// The same, with the sealed refusal for those who waited meanwhile with the very same form.
    Refused(Fingerprint, String),
    /// Something was sent, and the outcome is not known.
    Unknown,
    /// An account was created; the sealed answer.
    Settled(String),
}

#[derive(Default)]
pub(super) struct MemoryAttempts(Mutex<HashMap<AttemptKey, Record>>);

struct Record {
    state: State,
    forget_at: Instant,
}

enum State {
    /// A lease: expires to free.
    Claimed {
        token: ClaimToken,
        until: Instant,
    },
    /// Expires to unknown.
    Sending {
        token: ClaimToken,
        until: Instant,
    },
    Unknown,
    Settled(String),
    /// As good as free, but for those who waited.
    Refused {
        by: Fingerprint,
        sealed: String,
        until: Instant,
    },
}

impl MemoryAttempts {
    /// `waited_with` is what somebody posted who has been told [`Claim::InFlight`] before.
    pub(super) fn claim(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        lease: Duration,
        keep: Duration,
        waited_with: Option<Fingerprint>,
    ) -> Claim {
        let now = Instant::now();
        let mut records = self.records();
        let earlier = records.get(key).filter(|record| record.forget_at > now).map(|record| match &record.state {
            State::Claimed { until, .. } if *until <= now => Claim::Won,
            State::Sending { until, .. } if *until <= now => Claim::Unknown,
            State::Claimed { .. } | State::Sending { .. } => Claim::InFlight,
            State::Unknown => Claim::Unknown,
            State::Settled(answer) => Claim::Settled(answer.clone()),
            State::Refused { by, sealed, until } if waited_with == Some(*by) && *until > now => {
                Claim::Refused(sealed.clone())
            }
            State::Refused { .. } => Claim::Won,
        });
        match earlier {
            Some(Claim::Won) | None => {
                if earlier.is_none() && records.len() >= MAX_RECORDS {
                    return Claim::Full;
                }
                let claimed = State::Claimed { token, until: now + lease };
                records.insert(key.clone(), Record { state: claimed, forget_at: now + keep });
                Claim::Won
            }
            Some(elsewhere) => elsewhere,
        }
    }

    pub(super) fn begin_sending(&self, key: &AttemptKey, token: ClaimToken, lease: Duration) -> bool {
        let now = Instant::now();
        let mut records = self.records();
        match records.get_mut(key) {
            Some(Record { state: state @ State::Claimed { .. }, .. }) if state.is_of(token) => {
                *state = State::Sending { token, until: now + lease };
                true
            }
            _ => false,
        }
    }

    pub(super) fn finish(&self, key: &AttemptKey, token: ClaimToken, phase: Phase) {
        let mut records = self.records();
        let Some(record) = records.get_mut(key).filter(|record| record.state.is_of(token)) else { return };
        match phase {
            Phase::Free => {
                records.remove(key);
            }
            Phase::Refused(by, sealed) => {
                record.state = State::Refused { by, sealed, until: Instant::now() + REFUSAL_SHARED_FOR };
            }
            Phase::Unknown => record.state = State::Unknown,
            Phase::Settled(answer) => record.state = State::Settled(answer),
        }
    }

    pub(super) fn sweep(&self) {
        let now = Instant::now();
        self.records().retain(|_, record| match record.state {
            State::Claimed { until, .. } | State::Refused { until, .. } => until > now,
            _ => record.forget_at > now,
        });
    }

    // A poisoned lock only says that a thread panicked between two whole writes.
    fn records(&self) -> MutexGuard<'_, HashMap<AttemptKey, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_of(&self, owner: ClaimToken) -> bool {
        matches!(self, Self::Claimed { token, .. } | Self::Sending { token, .. } if *token == owner)
    }
}

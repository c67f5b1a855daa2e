//! What became of each form: the record behind "at most one account per form".

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::shards::{SHARDS, Shards};

/// The most forms that are remembered at once. Beyond it a new form takes the place of one that Redis remembers too; if
/// there is none, the new one is refused. What only this process remembers is never forgotten before its time.
pub(super) const MAX_RECORDS: usize = 500_000;
/// How many records are looked at to make room for one.
const EVICTION_SAMPLE: usize = 32;

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
    InFlight(Holder),
    /// No further form can be remembered, so none may be sent.
    Full,
    /// An attempt was sent and never answered: it is unknown whether an account exists.
    Unknown,
    /// The form has its answer, sealed.
    Settled(String),
    /// The attempt that was waited for was refused; the sealed refusal.
    Refused(String),
}

/// Who has a form that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An attempt of this process.
    Here,
    /// Another replica's, as Redis said.
    Sibling,
}

/// What somebody brings who has been told to wait.
#[derive(Clone, Copy)]
pub struct Waited {
    /// What they posted.
    pub with: Fingerprint,
    /// A sibling, once it was one.
    pub holder: Holder,
}

/// How long an attempt has, and how long its form is remembered.
#[derive(Clone, Copy)]
pub struct Term {
    /// After so long an attempt that did not end is over.
    pub lease: Duration,
    /// How long it is known how it ended.
    pub keep: Duration,
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

pub(super) struct MemoryAttempts {
    records: Shards<AttemptKey, Record>,
    /// How many of them are remembered at once.
    room: usize,
}

struct Record {
    /// The last attempt at the form.
    token: ClaimToken,
    state: State,
    forget_at: Instant,
    /// Whether Redis was told how it ended.
    is_shared: bool,
}

enum State {
    /// A lease: expires to free.
    Claimed {
        until: Instant,
    },
    /// Expires to unknown.
    Sending {
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
    pub(super) fn with_room_for(room: usize) -> Self {
        Self { records: Shards::default(), room }
    }

    /// `waited_with` is what somebody posted who has been told [`Claim::InFlight`] before.
    pub(super) fn claim(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        term: Term,
        waited_with: Option<Fingerprint>,
    ) -> Claim {
        let now = Instant::now();
        let mut records = self.records.of(key);
        let earlier = records.get(key).filter(|record| record.forget_at > now).map(|record| match &record.state {
            State::Claimed { until } if *until <= now => Claim::Won,
            State::Sending { until } if *until <= now => Claim::Unknown,
            State::Claimed { .. } | State::Sending { .. } => Claim::InFlight(Holder::Here),
            State::Unknown => Claim::Unknown,
            State::Settled(answer) => Claim::Settled(answer.clone()),
            State::Refused { by, sealed, until } if waited_with == Some(*by) && *until > now => {
                Claim::Refused(sealed.clone())
            }
            State::Refused { .. } => Claim::Won,
        });
        match earlier {
            Some(Claim::Won) | None => {
                if earlier.is_none() && records.len() >= self.room / SHARDS && !forget_one(&mut records) {
                    return Claim::Full;
                }
                let (state, forget_at) = (State::Claimed { until: now + term.lease }, now + term.keep);
                records.insert(key.clone(), Record { token, state, forget_at, is_shared: false });
                Claim::Won
            }
            Some(elsewhere) => elsewhere,
        }
    }

    pub(super) fn begin_sending(&self, key: &AttemptKey, token: ClaimToken, lease: Duration) -> bool {
        let now = Instant::now();
        let mut records = self.records.of(key);
        match records.get_mut(key).filter(|record| record.token == token) {
            Some(Record { state: state @ State::Claimed { .. }, .. }) => {
                *state = State::Sending { until: now + lease };
                true
            }
            _ => false,
        }
    }

    /// `is_shared` where Redis was told the same.
    pub(super) fn finish(&self, key: &AttemptKey, token: ClaimToken, phase: Phase, is_shared: bool) {
        let mut records = self.records.of(key);
        let is_under_way = |record: &&mut Record| record.token == token && !record.state.has_ended();
        let Some(record) = records.get_mut(key).filter(is_under_way) else { return };
        record.is_shared = is_shared;
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

    /// Notes that Redis was told how an attempt ended, if it is still the last one at its form: of a later one Redis may
    /// know nothing.
    pub(super) fn share(&self, key: &AttemptKey, token: ClaimToken) {
        let has_ended = |record: &&mut Record| record.token == token && record.state.has_ended();
        if let Some(record) = self.records.of(key).get_mut(key).filter(has_ended) {
            record.is_shared = true;
        }
    }

    /// Forgets what has expired in one piece.
    pub(super) fn sweep(&self, piece: usize) {
        let now = Instant::now();
        self.records.sweep(piece, |record| match record.state {
            State::Claimed { until } | State::Refused { until, .. } => until > now,
            _ => record.forget_at > now,
        });
    }
}

/// Makes room by a record that Redis has too, an old one if a few are shared; whether there is one.
fn forget_one(records: &mut HashMap<AttemptKey, Record>) -> bool {
    let shared = records.iter().filter(|(_, record)| record.is_shared).take(EVICTION_SAMPLE);
    let Some(key) = shared.min_by_key(|(_, record)| record.forget_at).map(|(key, _)| key.clone()) else { return false };
    records.remove(&key);
    true
}

impl State {
    fn has_ended(&self) -> bool {
        matches!(self, Self::Unknown | Self::Settled(_) | Self::Refused { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Term = Term { lease: Duration::from_secs(20), keep: Duration::from_hours(2) };

    /// How many forms in a row are claimed and settled, at most ten times as many as there is room for.
    fn settled(attempts: &MemoryAttempts, is_shared: impl Fn(usize) -> bool) -> usize {
        let token = ClaimToken([1; 8]);
        let settles = |form: &usize| {
            let key = AttemptKey(format!("default:{form}").into());
            let claim = attempts.claim(&key, token, TERM, None);
            assert!(matches!(claim, Claim::Won | Claim::Full), "{form}: {claim:?}");
            if claim == Claim::Won {
                attempts.finish(&key, token, Phase::Settled("answer".to_owned()), is_shared(*form));
            }
            claim == Claim::Won
        };
        (0..10 * attempts.room).take_while(settles).count()
    }

    #[test]
    fn refuses_a_new_form_before_it_forgets_one_that_only_it_remembers() {
        let attempts = MemoryAttempts::with_room_for(100 * SHARDS);
        let remembered = settled(&attempts, |_| false);
        assert!((50 * SHARDS..=100 * SHARDS).contains(&remembered), "{remembered}");
        for form in 0..remembered {
            let key = AttemptKey(format!("default:{form}").into());
            let claim = attempts.claim(&key, ClaimToken([2; 8]), TERM, None);
            assert_eq!(claim, Claim::Settled("answer".to_owned()), "{form}");
        }
    }

    #[test]
    fn what_redis_was_told_of_an_earlier_attempt_says_nothing_of_a_later_one() {
        let attempts = MemoryAttempts::with_room_for(100 * SHARDS);
        let (form, first, second) = (AttemptKey("default:a".into()), ClaimToken([1; 8]), ClaimToken([2; 8]));
        assert_eq!(attempts.claim(&form, first, TERM, None), Claim::Won);
        attempts.finish(&form, first, Phase::Free, false);
        assert_eq!(attempts.claim(&form, second, TERM, None), Claim::Won);
        attempts.finish(&form, second, Phase::Settled("answer".to_owned()), false);
        // Redis hears of the first only now.
        attempts.share(&form, first);
        assert!(!attempts.records.of(&form)[&form].is_shared, "nobody but this process knows of its account");
        attempts.share(&form, second);
        assert!(attempts.records.of(&form)[&form].is_shared);
    }

    #[test]
    fn a_form_that_redis_remembers_makes_room_for_a_new_one() {
        let attempts = MemoryAttempts::with_room_for(100 * SHARDS);
        assert_eq!(settled(&attempts, |_| true), 10 * attempts.room);
    }

    #[test]
    fn forms_that_only_it_remembers_do_not_keep_it_from_finding_others() {
        let attempts = MemoryAttempts::with_room_for(200 * SHARDS);
        let alone = 60 * SHARDS;
        assert_eq!(settled(&attempts, |form| form >= alone), 10 * attempts.room);
        let claim =
            |form: usize| attempts.claim(&AttemptKey(format!("default:{form}").into()), ClaimToken([2; 8]), TERM, None);
        assert!((0..alone).all(|form| claim(form) == Claim::Settled("answer".to_owned())));
    }
}

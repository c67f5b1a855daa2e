//! The memory side under a clock that tests move. The Redis side is tested in `tests/real` against a real one.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::policy::Quota;

fn quota(burst: u32, period: Duration) -> Quota {
    Quota { burst: NonZeroU32::new(burst).unwrap(), period }
}

fn store(burst: u32, period: Duration) -> Store {
    Store::memory(scopes(burst, period))
}

/// The same quota for every scope.
fn scopes(burst: u32, period: Duration) -> Scopes {
    let quota = quota(burst, period);
    Scopes { client: quota, email: quota, outage: quota, pages: quota }
}

const KEY: LimitKey = LimitKey(1, 2);
const LEASE: Duration = Duration::from_secs(20);
const KEEP: Duration = Duration::from_hours(2);
const TERM: Term = Term { lease: LEASE, keep: KEEP };

fn form(name: &str) -> AttemptKey {
    AttemptKey(name.into())
}

const FIRST: ClaimToken = ClaimToken([1; 8]);
const SECOND: ClaimToken = ClaimToken([2; 8]);

#[test]
fn a_visitor_waits_half_a_second_for_a_form_and_a_tenth_for_a_count() {
    let Patience { form, count, connect, silence, hiccup, watch } = Patience::default();
    let waits = [form, count, connect, silence, hiccup, watch].map(|wait| wait.as_millis());
    assert_eq!(waits, [500, 100, 2_000, 1_000, 5_000, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn exactly_the_burst_passes_and_the_wait_that_is_told_is_true() {
    let store = store(3, Duration::from_secs(10));
    for _ in 0..3 {
        assert_eq!(store.take(Scope::Client, KEY).await, Decision::Allowed);
    }
    let Decision::Limited { retry_after } = store.take(Scope::Client, KEY).await else { panic!("a fourth passed") };
    assert_eq!(retry_after, Duration::from_secs(10));
    tokio::time::advance(retry_after.saturating_sub(Duration::from_millis(1))).await;
    assert!(matches!(store.take(Scope::Client, KEY).await, Decision::Limited { .. }));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(store.take(Scope::Client, KEY).await, Decision::Allowed);
}

#[tokio::test(start_paused = true)]
async fn budgets_of_scopes_and_keys_are_their_own() {
    let store = store(1, Duration::from_secs(10));
    for scope in Scope::ALL {
        for key in [KEY, LimitKey(1, 3), LimitKey(2, 2)] {
            assert_eq!(store.take(scope, key).await, Decision::Allowed);
            assert!(matches!(store.take(scope, key).await, Decision::Limited { .. }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_gives_back_one_and_never_more_than_the_burst() {
    let store = store(2, Duration::from_secs(10));
    for _ in 0..2 {
        store.take(Scope::Client, KEY).await;
    }
    store.refund(Scope::Client, KEY).await;
    assert_eq!(store.take(Scope::Client, KEY).await, Decision::Allowed);
    assert!(matches!(store.take(Scope::Client, KEY).await, Decision::Limited { .. }));
    for _ in 0..10 {
        store.refund(Scope::Client, KEY).await;
    }
    for _ in 0..2 {
        assert_eq!(store.take(Scope::Client, KEY).await, Decision::Allowed);
    }
    assert!(matches!(store.take(Scope::Client, KEY).await, Decision::Limited { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_million_clients_fill_a_bounded_memory_and_the_sweep_empties_it() {
    let store = store(5, Duration::from_secs(10));
    for client in 0..1_000_000_u64 {
        store.take(Scope::Client, LimitKey(client, client)).await;
    }
    assert!(store.limits.len(Scope::Client) <= 1 << 18);
    tokio::time::advance(Duration::from_mins(1)).await;
    store.sweep(async || ()).await;
    assert_eq!(store.limits.len(Scope::Client), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In any window of `period * n` at most `burst + n` pass, whatever the timing.
    #[test]
    fn never_more_than_the_quota_passes_in_any_window(
        burst in 1_u32..6,
        pauses in proptest::collection::vec(0_u64..4_000, 1..80),
    ) {
        let period = Duration::from_secs(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let passed: Vec<u64> = runtime.block_on(async {
            let store = store(burst, period);
            let started = tokio::time::Instant::now();
            let mut passed = Vec::new();
            for pause in pauses {
                tokio::time::advance(Duration::from_millis(pause)).await;
                if store.take(Scope::Client, KEY).await == Decision::Allowed {
                    passed.push(u64::try_from(started.elapsed().as_millis()).unwrap());
                }
            }
            passed
        });
        for (index, from) in passed.iter().enumerate() {
            for (more, to) in passed[index..].iter().enumerate() {
                let allowed = u64::from(burst) + (to - from) / 1_000;
                prop_assert!((more as u64) < allowed, "{} in {} ms", more + 1, to - from);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_is_one_attempts_until_it_ends() {
    let store = store(1, LEASE);
    let form = form("a");
    assert_eq!(store.claim(&form, FIRST, TERM, None).await, Claim::Won);
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::InFlight(Holder::Here));
    assert!(store.begin_sending(&form, FIRST, TERM).await);
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::InFlight(Holder::Here));
    store.finish(&form, FIRST, Phase::Settled("answer".to_owned()), KEEP).await;
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Settled("answer".to_owned()));
    tokio::time::advance(KEEP).await;
    store.sweep(async || ()).await;
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Won);
}

#[tokio::test(start_paused = true)]
async fn a_refused_form_is_free_again() {
    let store = store(1, LEASE);
    let form = form("a");
    store.claim(&form, FIRST, TERM, None).await;
    store.finish(&form, FIRST, Phase::Free, KEEP).await;
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Won);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_dies_before_sending_expires_to_free_and_after_it_to_unknown() {
    let store = store(1, LEASE);
    let (claimed, sent) = (form("claimed"), form("sent"));
    store.claim(&claimed, FIRST, TERM, None).await;
    store.claim(&sent, FIRST, TERM, None).await;
    assert!(store.begin_sending(&sent, FIRST, TERM).await);
    tokio::time::advance(LEASE).await;
    store.sweep(async || ()).await;
    assert_eq!(store.claim(&claimed, SECOND, TERM, None).await, Claim::Won);
    assert_eq!(store.claim(&sent, SECOND, TERM, None).await, Claim::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_stays_unknown() {
    let store = store(1, LEASE);
    let form = form("a");
    store.claim(&form, FIRST, TERM, None).await;
    assert!(store.begin_sending(&form, FIRST, TERM).await);
    store.finish(&form, FIRST, Phase::Unknown, KEEP).await;
    for _ in 0..3 {
        tokio::time::advance(LEASE).await;
        store.sweep(async || ()).await;
        assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_to_send_with_a_lost_claim() {
    let store = store(1, LEASE);
    let form = form("a");
    store.claim(&form, FIRST, TERM, None).await;
    tokio::time::advance(LEASE).await;
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Won);
    assert!(!store.begin_sending(&form, FIRST, TERM).await);
    store.finish(&form, FIRST, Phase::Free, KEEP).await;
    assert!(store.begin_sending(&form, SECOND, TERM).await);
}

#[tokio::test(start_paused = true)]
async fn who_waited_with_the_same_form_shares_its_refusal_and_nobody_else_does() {
    let store = store(1, LEASE);
    let form = form("a");
    let (same, other) = (Fingerprint([1; 16]), Fingerprint([2; 16]));
    let waited = |with| Some(Waited { with, holder: Holder::Here });
    let refuse = async || {
        assert_eq!(store.claim(&form, FIRST, TERM, None).await, Claim::Won);
        store.finish(&form, FIRST, Phase::Refused(same, "no".to_owned()), KEEP).await;
    };
    refuse().await;
    assert_eq!(store.claim(&form, SECOND, TERM, waited(same)).await, Claim::Refused("no".to_owned()));
    assert_eq!(store.claim(&form, SECOND, TERM, waited(other)).await, Claim::Won, "another form waited");
    store.finish(&form, SECOND, Phase::Free, KEEP).await;
    refuse().await;
    assert_eq!(store.claim(&form, SECOND, TERM, None).await, Claim::Won, "posted again, later");
    store.finish(&form, SECOND, Phase::Free, KEEP).await;
    refuse().await;
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(store.claim(&form, SECOND, TERM, waited(same)).await, Claim::Won, "too late");
}

async fn passes(store: &Store) -> u32 {
    let mut passed = 0;
    while store.take(Scope::Client, KEY).await == Decision::Allowed {
        passed += 1;
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_stays_taken_under_another_quota() {
    let seconds = Duration::from_secs;
    // The new quota, what is left of it after three were taken, and the wait when nothing is left.
    for (burst, period, left, wait) in
        [(3, 10, 0, 10), (2, 10, 0, 20), (5, 10, 2, 10), (30, 10, 27, 10), (3, 1, 0, 1), (4, 600, 1, 600)]
    {
        let before = store(3, seconds(10));
        // A process that is old already: what it kept does not become a debt of its whole life.
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(passes(&before).await, 3);
        let after = before.under(scopes(burst, seconds(period)));
        assert_eq!(passes(&after).await, left, "{burst} every {period} s");
        let Decision::Limited { retry_after } = after.take(Scope::Client, KEY).await else { panic!("one more") };
        assert_eq!(retry_after, seconds(wait), "{burst} every {period} s");
        tokio::time::advance(retry_after).await;
        assert_eq!(passes(&after).await, 1, "{burst} every {period} s");
        tokio::time::advance(seconds(period) * burst).await;
        assert_eq!(passes(&after).await, burst, "full again after the time that the new quota names");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_under_the_old_quota_counts_in_the_same_budget() {
    let before = store(3, Duration::from_secs(10));
    let after = before.under(scopes(5, Duration::from_secs(10)));
    assert_eq!(passes(&before).await, 3);
    assert_eq!(passes(&after).await, 2);
    before.refund(Scope::Client, KEY).await;
    assert_eq!(passes(&after).await, 1);
}

#[tokio::test(start_paused = true)]
async fn forms_and_the_sweep_are_the_same_under_another_quota() {
    let before = store(1, LEASE);
    let form = form("a");
    assert_eq!(before.claim(&form, FIRST, TERM, None).await, Claim::Won);
    let after = before.under(scopes(2, LEASE));
    assert_eq!(after.claim(&form, SECOND, TERM, None).await, Claim::InFlight(Holder::Here));
    before.finish(&form, FIRST, Phase::Settled("answer".to_owned()), KEEP).await;
    assert_eq!(after.claim(&form, SECOND, TERM, None).await, Claim::Settled("answer".to_owned()));

    tokio::time::advance(Duration::from_hours(1)).await;
    let later = after.under(scopes(3, LEASE));
    assert_eq!(passes(&later).await, 3);
    before.sweep(async || ()).await;
    assert_eq!(later.limits.len(Scope::Client), 1, "still owed");
    tokio::time::advance(LEASE * 3).await;
    before.sweep(async || ()).await;
    assert_eq!(later.limits.len(Scope::Client), 0);
}

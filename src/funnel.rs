//! The way of visitors through a sign-up, as this process counted it: how many came how far, and what stopped the others.
//!
//! Counting costs one atomic addition. Once a minute the totals are noted; what happened in the last hour is the difference
//! between now and the note of an hour ago. Notes are kept for a day, and only where something had changed.

mod ending;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};

pub use self::ending::{Ending, Reason};
use crate::domain::tenant::TenantId;
use crate::signup::Flow;

/// How long notes are kept, in minutes.
const KEPT_MINUTES: u64 = 24 * 60;

/// How far a visitor came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The form was shown.
    Viewed,
    /// A form was posted.
    Submitted,
    /// Every field was valid.
    Valid,
    /// The guard let it pass: limits and challenge.
    Cleared,
    /// The studio created an account.
    Created,
    /// The visitor was sent on to the studio.
    Redirected,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 6] =
        [Self::Viewed, Self::Submitted, Self::Valid, Self::Cleared, Self::Created, Self::Redirected];

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Viewed => "viewed",
            Self::Submitted => "submitted",
            Self::Valid => "valid",
            Self::Cleared => "cleared",
            Self::Created => "created",
            Self::Redirected => "redirected",
        }
    }
}

const REASONS_AT: usize = Stage::ALL.len();
const DUPLICATES_AT: usize = REASONS_AT + Reason::ALL.len();
const COUNTS: usize = DUPLICATES_AT + 1;

type Totals = [u64; COUNTS];

/// The counts of one tenant's flow.
pub struct Series {
    counts: [AtomicU64; COUNTS],
    /// Totals at the end of a minute, oldest first; a minute in which nothing changed has none.
    notes: Mutex<VecDeque<(u64, Totals)>>,
}

/// What happened in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted(Totals);

impl Default for Series {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; COUNTS], notes: Mutex::default() }
    }
}

impl Series {
    /// A visitor came so far.
    pub fn reached(&self, stage: Stage) {
        self.add(stage as usize);
    }

    /// A posted form ended so.
    pub fn ended(&self, ending: Ending) {
        self.add(match ending {
            Ending::Created => Stage::Created as usize,
            Ending::Duplicate => DUPLICATES_AT,
            Ending::Stopped(reason) => REASONS_AT + reason as usize,
        });
    }

    fn add(&self, index: usize) {
        if let Some(count) = self.counts.get(index) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn totals(&self) -> Totals {
        std::array::from_fn(|index| self.counts.get(index).map_or(0, |count| count.load(Ordering::Relaxed)))
    }

    fn notes(&self) -> MutexGuard<'_, VecDeque<(u64, Totals)>> {
        // A poisoned lock only says that a thread panicked; the numbers are still sound.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the totals of a minute in place of what was noted in it before, and forgets what is older than a day but for
    /// the newest such note, which a day begins with.
    fn note(&self, minute: u64) {
        let totals = self.totals();
        let mut notes = self.notes();
        match notes.back_mut() {
            Some((at, last)) if *at == minute => *last = totals,
            Some((_, last)) if *last == totals => {}
            None if totals == [0; COUNTS] => {}
            _ => notes.push_back((minute, totals)),
        }
        while notes.get(1).is_some_and(|(noted, _)| *noted + KEPT_MINUTES <= minute) {
            notes.pop_front();
        }
    }

    /// What happened since the end of a minute.
    fn since(&self, minute: u64) -> Counted {
        let notes = self.notes();
        let before = notes.iter().rev().find(|(noted, _)| *noted <= minute).map_or([0; COUNTS], |(_, totals)| *totals);
        drop(notes);
        let mut totals = self.totals();
        totals.iter_mut().zip(before).for_each(|(now, before)| *now = now.saturating_sub(before));
        Counted(totals)
    }
}

impl Counted {
    /// How many came so far. A form that is posted again after its account was created is sent on again, which makes no
    /// further visitor.
    #[must_use]
    pub fn reached(&self, stage: Stage) -> u64 {
        let of = |stage: Stage| self.0.get(stage as usize).copied().unwrap_or_default();
        if stage == Stage::Redirected { of(stage).min(of(Stage::Created)) } else { of(stage) }
    }

    /// How many posted forms ended without an account, by reason, most first; reasons that did not occur are left out.
    #[must_use]
    pub fn stopped(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.iter().skip(REASONS_AT).copied();
        let reasons = Reason::ALL.into_iter().map(Reason::label);
        let mut stopped: Vec<_> = reasons.zip(counts).filter(|(_, count)| *count > 0).collect();
        stopped.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        stopped
    }

    /// How many posted forms got the answer that the same form had before: nobody was turned back by it.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.0.get(DUPLICATES_AT).copied().unwrap_or_default()
    }
}

/// The counts of all tenants and flows.
pub struct Funnel {
    started: Instant,
    series: Mutex<BTreeMap<(String, &'static str), Arc<Series>>>,
}

impl Default for Funnel {
    fn default() -> Self {
        Self { started: Instant::now(), series: Mutex::default() }
    }
}

/// One tenant's flow in the last hour and the last day.
pub struct Lately {
    /// The tenant.
    pub tenant: String,
    /// The flow's slug.
    pub flow: &'static str,
    /// The last hour.
    pub hour: Counted,
    /// The last day.
    pub day: Counted,
}

impl Funnel {
    /// The counts of a tenant's flow: the same ones after a reload.
    #[must_use]
    pub fn series(&self, tenant: &TenantId, flow: &'static Flow) -> Arc<Series> {
        Arc::clone(self.all().entry((tenant.to_string(), flow.slug)).or_default())
    }

    /// How long this process has counted.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes the totals of the minute: one note, however often it is called. Call it at least once a minute.
    pub fn note(&self) {
        let minute = self.minute();
        self.all().values().for_each(|series| series.note(minute));
    }

    /// Every series in the last hour and the last day, to the minute.
    #[must_use]
    pub fn lately(&self) -> Vec<Lately> {
        let now = self.minute();
        // Before the process there is nothing, which is what a series without a note says.
        let since = |series: &Series, minutes: u64| {
            now.checked_sub(minutes).map_or_else(|| Counted(series.totals()), |minute| series.since(minute))
        };
        let of = |((tenant, flow), series): (&(String, &'static str), &Arc<Series>)| Lately {
            tenant: tenant.clone(),
            flow,
            hour: since(series, 60),
            day: since(series, KEPT_MINUTES),
        };
        self.all().iter().map(of).collect()
    }

    fn minute(&self) -> u64 {
        self.started.elapsed().as_secs() / 60
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, &'static str), Arc<Series>>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signup::flows::FLOWS;

    const MINUTE: Duration = Duration::from_mins(1);

    fn tenant() -> TenantId {
        TenantId::default_tenant()
    }

    fn viewed(funnel: &Funnel) -> (u64, u64) {
        let lately = &funnel.lately()[0];
        (lately.hour.reached(Stage::Viewed), lately.day.reached(Stage::Viewed))
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_and_a_day_hold_what_happened_in_them() {
        let funnel = Funnel::default();
        let series = funnel.series(&tenant(), FLOWS[0]);
        // One view a minute for two days.
        for minute in 1..=2 * KEPT_MINUTES {
            series.reached(Stage::Viewed);
            assert_eq!(viewed(&funnel), (minute.min(60), minute.min(KEPT_MINUTES)), "minute {minute}");
            funnel.note();
            tokio::time::advance(MINUTE).await;
        }
        assert!(series.notes().len() as u64 <= KEPT_MINUTES + 1);
        // Nothing for a while.
        for quiet in 1..=KEPT_MINUTES {
            funnel.note();
            tokio::time::advance(MINUTE).await;
            let left = |of: u64| of.saturating_sub(quiet + 1);
            assert_eq!(viewed(&funnel), (left(60), left(KEPT_MINUTES)), "{quiet} minutes later");
        }
        assert_eq!(viewed(&funnel), (0, 0));
        assert_eq!(series.notes().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_has_one_note_however_often_it_is_noted() {
        const TIMES: u64 = 12;
        let funnel = Funnel::default();
        let series = funnel.series(&tenant(), FLOWS[0]);
        for _ in 0..(KEPT_MINUTES + 120) * TIMES {
            series.reached(Stage::Viewed);
            funnel.note();
            tokio::time::advance(MINUTE / u32::try_from(TIMES).unwrap()).await;
        }
        assert!(series.notes().len() as u64 <= KEPT_MINUTES + 1, "{} notes", series.notes().len());
        let (hour, day) = viewed(&funnel);
        let within_a_minute = |count: u64, minutes: u64| (minutes - 1) * TIMES <= count && count <= minutes * TIMES;
        assert!(within_a_minute(hour, 60) && within_a_minute(day, KEPT_MINUTES), "{hour} an hour, {day} a day");
    }

    #[tokio::test(start_paused = true)]
    async fn a_series_is_the_same_one_when_it_is_asked_for_again() {
        let funnel = Funnel::default();
        funnel.series(&tenant(), FLOWS[0]).reached(Stage::Viewed);
        funnel.series(&tenant(), FLOWS[0]).reached(Stage::Viewed);
        funnel.series(&tenant(), FLOWS[1]).reached(Stage::Viewed);
        let counts: Vec<_> = funnel.lately().iter().map(|one| (one.flow, one.day.reached(Stage::Viewed))).collect();
        assert_eq!(counts, [("pro", 2), ("trial", 1)]);
    }

    #[test]
    fn every_ending_is_counted_as_itself() {
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place, "{}", stage.label());
        }
        for reason in Reason::ALL {
            let series = Series::default();
            series.ended(Ending::Stopped(reason));
            let counted = Counted(series.totals());
            assert_eq!((counted.stopped(), counted.duplicates()), (vec![(reason.label(), 1)], 0));
        }
        let series = Series::default();
        series.ended(Ending::Created);
        series.ended(Ending::Duplicate);
        let counted = Counted(series.totals());
        assert_eq!((counted.stopped(), counted.duplicates(), counted.reached(Stage::Created)), (vec![], 1, 1));
    }

    #[test]
    fn the_most_frequent_reason_comes_first() {
        let series = Series::default();
        for reason in [Reason::Invalid, Reason::Failed, Reason::Failed] {
            series.ended(Ending::Stopped(reason));
        }
        assert_eq!(Counted(series.totals()).stopped(), [("failed", 2), ("invalid", 1)]);
    }

    #[test]
    fn who_is_sent_on_twice_is_one_visitor() {
        let series = Series::default();
        series.reached(Stage::Created);
        series.reached(Stage::Redirected);
        series.reached(Stage::Redirected);
        assert_eq!(Counted(series.totals()).reached(Stage::Redirected), 1);
    }
}

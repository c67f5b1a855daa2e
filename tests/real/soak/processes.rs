//! What the processes say of themselves: their logs, their metrics, their memory.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::books::Books;
use super::neighbours::{Call, Says};
use super::visitor::Told;
use super::world::World;

/// Error lines that the faults bring about; any other is a finding.
const EXPECTED_ERRORS: &[&str] = &[
    "Redis does not answer",
    "Turnstile could not be asked",
    "sent, and no usable answer",
    "the upstream keeps failing: circuit open",
    "the upstream returned a redirectUrl that may not be followed",
];

/// How long before a replica says that Redis does not answer it may have gone on alone: two connects and a question.
const BEFORE_IT_SAYS_SO: Duration = Duration::from_secs(1);
/// The longest that a call under way may have begun before its process stood still: the page budget.
const FROZEN_CALL: Duration = Duration::from_secs(8);
/// What a process may still grow in its second half, beside a fifth: its allocator's whims, and the records of the
/// forms that it remembers as long as they live.
const GROWTH_SLACK: u64 = 8 << 20;
const RECORD_BYTES: u64 = 1_024;

/// A stretch in which a process went on without Redis, by its own log.
pub struct Alone {
    pub from: SystemTime,
    pub to: SystemTime,
}

impl Books<'_> {
    /// Error lines nobody reckoned with, and panics on any line.
    pub fn surprising_lines(&self) -> Vec<String> {
        let mut surprises = Vec::new();
        for (incarnation, log) in self.world.logs.lock().unwrap().iter() {
            for line in log.lock().unwrap().iter() {
                let is_error =
                    line.contains("\"level\":\"ERROR\"") && !EXPECTED_ERRORS.iter().any(|known| line.contains(known));
                if is_error || line.contains("panicked") || !line.starts_with('{') {
                    surprises.push(format!("process {incarnation} wrote {line}"));
                }
            }
        }
        surprises
    }

    /// For the processes that lived to the end: every answered post is counted once, dropped ones at most, and an
    /// account is counted for every creation the upstream confirmed.
    pub fn metrics_that_disagree(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for (incarnation, metrics) in self.metrics {
            let counted = |wanted: fn(&str) -> bool| -> usize {
                let lines =
                    metrics.lines().filter(|line| line.starts_with("signup_submissions_total{") && wanted(line));
                lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
            };
            let here = || self.posts().filter(|post| post.incarnation == *incarnation);
            let answered = here().filter(|post| post.told.status().is_some()).count();
            let unanswered = here().count() - answered;
            let all = counted(|_| true);
            if !(answered..=answered + unanswered).contains(&all) {
                findings.push(format!(
                    "process {incarnation} counted {all} submissions, and gave {answered} answers (+{unanswered})"
                ));
            }
            let created = counted(|line| line.contains("outcome=\"created\""));
            let confirmed = self.confirmed(*incarnation);
            if !confirmed.contains(&created) {
                findings.push(format!("process {incarnation} counted {created} accounts, the upstream {confirmed:?}"));
            }
            // Visitors of this run do nothing that these stand for.
            for outcome in ["invalid", "expired", "used", "honeypot", "failed", "limited"] {
                if metrics.lines().any(|line| {
                    line.starts_with("signup_submissions_total{") && line.contains(&format!("\"{outcome}\""))
                }) {
                    findings.push(format!("process {incarnation} counted submissions as {outcome}"));
                }
            }
        }
        findings
    }

    /// How many accounts a process was told of. One that stood still may have found its own time over before it read
    /// the answer.
    fn confirmed(&self, incarnation: u32) -> RangeInclusive<usize> {
        let stood_still = |call: &Call| {
            self.world.troubles.lock().unwrap().iter().any(|trouble| {
                trouble.what == "a gateway frozen"
                    && trouble.incarnation == Some(incarnation)
                    && (trouble.from - FROZEN_CALL..=trouble.to).contains(&call.at)
            })
        };
        let told: HashMap<u64, &Told> = self.posts().map(|post| (post.number, &post.told)).collect();
        let was_read = |call: &Call| matches!(told.get(&call.post), Some(Told::Created { .. }));
        let calls = self.ledger.calls.iter();
        let confirmed: Vec<_> =
            calls.filter(|call| call.incarnation == incarnation && call.says == Says::Created).collect();
        let unread = confirmed.iter().filter(|call| stood_still(call) && !was_read(call)).count();
        confirmed.len() - unread..=confirmed.len()
    }

    /// The memory of each process, in the order it was measured.
    pub fn resident(&self) -> BTreeMap<u32, Vec<u64>> {
        let mut resident: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (incarnation, bytes) in self.world.resident.lock().unwrap().iter() {
            resident.entry(*incarnation).or_default().push(*bytes);
        }
        resident
    }

    /// The last quarter of a process's life against the second: the first warms up.
    pub fn memory_that_grows(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for (incarnation, _) in self.metrics {
            let resident = self.resident().remove(incarnation).unwrap_or_default();
            let quarter = resident.len() / 4;
            if quarter < 5 {
                findings.push(format!("process {incarnation} was measured {} times only", resident.len()));
                continue;
            }
            let (second, last) = (median(&resident[quarter..2 * quarter]), median(&resident[3 * quarter..]));
            let posts = self.posts().filter(|post| post.incarnation == *incarnation).count();
            let bound = second + second / 5 + GROWTH_SLACK + RECORD_BYTES * posts as u64;
            if last > bound {
                findings.push(format!("process {incarnation} grew from {second} to {last} bytes, over {bound}"));
            }
        }
        findings
    }
}

/// When processes went on without Redis.
pub fn alone(world: &World) -> Vec<Alone> {
    let mut stretches = Vec::new();
    for (_, log) in world.logs.lock().unwrap().iter() {
        let mut since = None;
        for line in log.lock().unwrap().iter() {
            if line.contains("Redis does not answer") {
                since = Some(written_at(line) - BEFORE_IT_SAYS_SO);
            } else if line.contains("Redis answers again") {
                stretches.extend(since.take().map(|from| Alone { from, to: written_at(line) }));
            }
        }
        stretches.extend(since.map(|from| Alone { from, to: SystemTime::now() }));
    }
    stretches
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// When a log line was written.
fn written_at(line: &str) -> SystemTime {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    OffsetDateTime::parse(line["timestamp"].as_str().unwrap(), &Rfc3339).unwrap().into()
}

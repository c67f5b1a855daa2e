//! The shared side: Redis or Valkey, one script call and one round trip for each decision.

mod examine;
mod lines;
mod scripts;

use std::time::Duration;

use redis::RedisError;
use tokio::time::Instant;

pub use self::examine::examine_redis;
use self::lines::{Lines, Wait};
use self::scripts::{BEGIN_SENDING, CLAIM, FINISH, REFUND, TAKE, WATCH};
use super::attempts::{AttemptKey, Claim, ClaimToken, Fingerprint, Holder, Phase, REFUSAL_SHARED_FOR, Term};
use super::limits::{Decision, LimitKey, Scope};
use crate::domain::policy::{Patience, Quota};
use crate::seal::hex;

/// The key that is written to find out whether a server can be written to, and how long it stays.
const WATCH_KEY: &str = "signup:watch";
const WATCH_KEPT: Duration = Duration::from_secs(1);

/// Redis did not answer, or not in time.
#[derive(Debug, thiserror::Error)]
#[error("Redis is unavailable")]
pub struct RedisUnavailable(#[from] RedisError);

/// A server, and how long it is waited for.
pub(super) struct Redis {
    lines: Lines,
    /// For forms. A replica that goes on without the answer keeps the promise of one account alone, so a server that is
    /// only busy is worth waiting for.
    form: Wait,
    /// For what is merely counted, and what is told again later: how an attempt ended.
    count: Wait,
}

impl Redis {
    pub(super) fn lazy(url: &str, patience: Patience) -> Result<Self, RedisUnavailable> {
        let lines = Lines::to(url, patience.connect)?;
        lines.connect();
        Ok(Self { lines, form: Wait::Full(patience.form), count: Wait::Hurried(patience.count) })
    }

    /// Begins this thread's connection, so that the first question does not wait for it.
    pub(super) fn connect(&self) {
        self.lines.connect();
    }

    /// Whether it can be written to, and how long that takes. Waits for a connection that is being made, as no visitor
    /// would.
    pub(super) async fn watch(&self) -> Result<Duration, RedisUnavailable> {
        self.lines.connected().await?;
        let asked = Instant::now();
        let _written: u64 = self.lines.ask(WATCH.key(WATCH_KEY).arg(milliseconds(WATCH_KEPT)), self.form).await?;
        Ok(asked.elapsed())
    }

    pub(super) async fn take(&self, scope: Scope, key: LimitKey, quota: Quota) -> Result<Decision, RedisUnavailable> {
        let increment = microseconds(quota.period);
        let tolerance = increment.saturating_mul(u64::from(quota.burst.get()) - 1);
        let mut question = TAKE.key(limit_name(scope, key));
        let wait: u64 = self.lines.ask(question.arg(increment).arg(tolerance), self.count).await?;
        Ok(if wait == 0 { Decision::Allowed } else { Decision::Limited { retry_after: Duration::from_micros(wait) } })
    }

    pub(super) async fn refund(&self, scope: Scope, key: LimitKey) -> Result<(), RedisUnavailable> {
        let _given: u64 = self.lines.ask(&REFUND.key(limit_name(scope, key)), self.count).await?;
        Ok(())
    }

    pub(super) async fn claim(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        lease: Duration,
        waited_with: Option<Fingerprint>,
    ) -> Result<Claim, RedisUnavailable> {
        let mut question = CLAIM.key(attempt_name(key));
        question.arg(hex(&token.0)).arg(milliseconds(lease));
        question.arg(waited_with.map(|fingerprint| hex(&fingerprint.0)).unwrap_or_default());
        let answer: String = self.lines.ask(&question, self.form).await?;
        Ok(match answer.split_at_checked(1) {
            Some(("w", _)) => Claim::Won,
            Some(("b", _)) => Claim::InFlight(Holder::Sibling),
            Some(("d", sealed)) => Claim::Settled(sealed.to_owned()),
            Some(("r", sealed)) => Claim::Refused(sealed.to_owned()),
            // A record we cannot read is one that may have created something.
            _ => Claim::Unknown,
        })
    }

    pub(super) async fn begin_sending(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        term: Term,
    ) -> Result<bool, RedisUnavailable> {
        let mut question = BEGIN_SENDING.key(attempt_name(key));
        question.arg(hex(&token.0)).arg(milliseconds(term.lease)).arg(milliseconds(term.keep));
        // Not read as a bool: null, which no script of ours answers, would be one.
        let ours: u64 = self.lines.ask(&question, self.form).await?;
        Ok(ours != 0)
    }

    pub(super) async fn finish(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        phase: &Phase,
        keep: Duration,
    ) -> Result<(), RedisUnavailable> {
        let (record, keep) = match phase {
            Phase::Free => (String::new(), keep),
            Phase::Refused(by, sealed) => (format!("r{}{sealed}", hex(&by.0)), REFUSAL_SHARED_FOR),
            Phase::Unknown => ("u".to_owned(), keep),
            Phase::Settled(sealed) => (format!("d{sealed}"), keep),
        };
        let mut question = FINISH.key(attempt_name(key));
        question.arg(hex(&token.0)).arg(record).arg(milliseconds(keep));
        let _ended: u64 = self.lines.ask(&question, self.count).await?;
        Ok(())
    }
}

fn limit_name(scope: Scope, key: LimitKey) -> String {
    format!("signup:limit:{}:{:016x}{:016x}", scope.label(), key.0, key.1)
}

fn attempt_name(key: &AttemptKey) -> String {
    format!("signup:form:{}", key.0)
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

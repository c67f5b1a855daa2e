//! The shared side: Redis or Valkey, one script call and one round trip for each decision.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};

use super::attempts::{AttemptKey, Claim, ClaimToken, Fingerprint, Phase, REFUSAL_SHARED_FOR};
use super::limits::{Decision, LimitKey, Scope};
use crate::domain::policy::Quota;
use crate::seal::hex;

/// How long a question about a form may take. A replica that goes on without the answer keeps the promise of one account
/// alone, so a server that is only busy is worth waiting for.
const FORM_TIMEOUT: Duration = Duration::from_millis(500);
/// How long may take what is merely counted, and what is told again later: how an attempt ended.
const HURRIED_TIMEOUT: Duration = Duration::from_millis(100);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(250);

/// GCRA, in microseconds of the server's own clock, so that replicas need not agree on the time.
/// KEYS: state. ARGV: increment, tolerance (increment * (burst - 1)). Answer: 0 when allowed, else the wait.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local increment, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = arrival - tolerance - now
if wait > 0 then return wait end
local next = arrival + increment
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', string.format('%.0f', math.ceil((next - now) / 1000)))
return 0
",
    )
});

/// KEYS: state. ARGV: increment.
static REFUND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local arrival = redis.call('GET', KEYS[1])
if not arrival then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local next = tonumber(arrival) - tonumber(ARGV[1])
if next <= now then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', string.format('%.0f', math.ceil((next - now) / 1000))) end
return 1
",
    )
});

/// The record of a form: `c<token>`, `s<token><deadline in ms>`, `u`, `d<answer>`, or `r<fingerprint><refusal>`.
/// KEYS: record. ARGV: token, lease in ms, fingerprint of who waited or nothing. Answer: a letter (`w`on, `b`usy,
/// `u`nknown, `d`one, `r`efused) and what is stored.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local record = redis.call('GET', KEYS[1])
local phase = record and string.sub(record, 1, 1)
if phase == 'r' and ARGV[3] ~= '' and string.sub(record, 2, 1 + #ARGV[3]) == ARGV[3] then
  return 'r' .. string.sub(record, 2 + #ARGV[3])
end
if not record or phase == 'r' then
  redis.call('SET', KEYS[1], 'c' .. ARGV[1], 'PX', ARGV[2])
  return 'w'
end
if phase == 'c' then return 'b' end
if phase == 's' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(string.sub(record, 2 + #ARGV[1])) then return 'b' end
  return 'u'
end
return record
",
    )
});

/// A record that is gone is nobody's: Redis was away when the form was claimed, or has forgotten it.
/// KEYS: record. ARGV: token, lease in ms, keep in ms. Answer: 1, or 0 when the claim was lost.
static BEGIN_SENDING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local record = redis.call('GET', KEYS[1])
if record and record ~= 'c' .. ARGV[1] then return 0 end
local time = redis.call('TIME')
local deadline = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
redis.call('SET', KEYS[1], 's' .. ARGV[1] .. string.format('%.0f', deadline), 'PX', ARGV[3])
return 1
",
    )
});

/// KEYS: record. ARGV: token, the new record or nothing, keep in ms.
static FINISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local record = redis.call('GET', KEYS[1])
if record and string.sub(record, 2, 1 + #ARGV[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
",
    )
});

/// Redis did not answer, or not in time.
#[derive(Debug, thiserror::Error)]
#[error("Redis is unavailable")]
pub struct RedisUnavailable(#[from] RedisError);

pub(super) struct Redis(ConnectionManager);

impl Redis {
    pub(super) fn lazy(url: &str) -> Result<Self, RedisUnavailable> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(FORM_TIMEOUT))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10));
        Ok(Self(ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?))
    }

    pub(super) async fn take(&self, scope: Scope, key: LimitKey, quota: Quota) -> Result<Decision, RedisUnavailable> {
        let increment = microseconds(quota.period);
        let tolerance = increment.saturating_mul(u64::from(quota.burst.get()) - 1);
        let script = &mut TAKE.key(limit_name(scope, key));
        let wait: u64 = hurried(script.arg(increment).arg(tolerance).invoke_async(&mut self.0.clone())).await?;
        Ok(if wait == 0 { Decision::Allowed } else { Decision::Limited { retry_after: Duration::from_micros(wait) } })
    }

    pub(super) async fn refund(&self, scope: Scope, key: LimitKey, quota: Quota) -> Result<(), RedisUnavailable> {
        let script = &mut REFUND.key(limit_name(scope, key));
        let _given: u64 = hurried(script.arg(microseconds(quota.period)).invoke_async(&mut self.0.clone())).await?;
        Ok(())
    }

    pub(super) async fn claim(
        &self,
        key: &AttemptKey,
        token: ClaimToken,
        lease: Duration,
        waited_with: Option<Fingerprint>,
    ) -> Result<Claim, RedisUnavailable> {
        let answer: String = CLAIM
            .key(attempt_name(key))
            .arg(hex(&token.0))
            .arg(milliseconds(lease))
            .arg(waited_with.map(|fingerprint| hex(&fingerprint.0)).unwrap_or_default())
            .invoke_async(&mut self.0.clone())
            .await?;
        Ok(match answer.split_at_checked(1) {
            Some(("w", _)) => Claim::Won,
            Some(("b", _)) => Claim::InFlight,
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
        lease: Duration,
        keep: Duration,
    ) -> Result<bool, RedisUnavailable> {
        Ok(BEGIN_SENDING
            .key(attempt_name(key))
            .arg(hex(&token.0))
            .arg(milliseconds(lease))
            .arg(milliseconds(keep))
            .invoke_async(&mut self.0.clone())
            .await?)
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
        let script = &mut FINISH.key(attempt_name(key));
        script.arg(hex(&token.0)).arg(record).arg(milliseconds(keep));
        let _ended: u64 = hurried(script.invoke_async(&mut self.0.clone())).await?;
        Ok(())
    }
}

/// An answer within [`HURRIED_TIMEOUT`].
async fn hurried<T>(answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    tokio::time::timeout(HURRIED_TIMEOUT, answer).await.unwrap_or_else(|_elapsed| Err(late().into()))
}

/// Asks a server for its version, for `check-config --live`: words for success, or for what to mend.
///
/// # Errors
/// Why it does not answer.
pub async fn ping_redis(url: &str) -> Result<String, String> {
    let started = std::time::Instant::now();
    let words = |error: RedisError| crate::error::chain(&error).to_string();
    let client = Client::open(url).map_err(words)?;
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(Duration::from_secs(5)));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(words)?;
    let server: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.map_err(words)?;
    let version = server.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("unknown");
    Ok(format!("version {}, answered in {} ms", version.trim(), started.elapsed().as_millis()))
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

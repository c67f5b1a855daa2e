//! The shared side: Redis or Valkey, one script call and one round trip for each decision.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, IntoConnectionInfo as _, RedisError, Script, ScriptInvocation};
use socket2::TcpKeepalive;
use thread_local::ThreadLocal;

use super::attempts::{AttemptKey, Claim, ClaimToken, Fingerprint, Phase, REFUSAL_SHARED_FOR};
use super::limits::{Decision, LimitKey, Scope};
use crate::domain::policy::Quota;
use crate::seal::hex;

/// How long a question about a form may take. A replica that goes on without the answer keeps the promise of one account
/// alone, so a server that is only busy is worth waiting for.
const FORM_TIMEOUT: Duration = Duration::from_millis(500);
/// How long may take what is merely counted, and what is told again later: how an attempt ended.
const HURRIED_TIMEOUT: Duration = Duration::from_millis(100);
/// How long connecting may take, greeting included. It goes on behind the questions, which wait no longer for that.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How often an idle connection is probed.
const PROBE_EVERY: Duration = Duration::from_mins(1);

/// GCRA, in microseconds of the server's own clock, so that replicas need not agree on the time.
///
/// The state is `<arrival>:<increment>`. What is owed under another increment is owed as requests, not as the time they
/// cost then: replicas with different quotas, as in a rolling change, agree on what was taken.
/// KEYS: state. ARGV: increment, tolerance (increment * (burst - 1)). Answer: 0 when allowed, else the wait.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local increment, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored, was = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):(%d+)$')
local arrival = now
if stored then arrival = now + math.ceil(math.max(stored - now, 0) * increment / was) end
local wait = arrival - tolerance - now
if wait > 0 then return wait end
local next = arrival + increment
local state = string.format('%.0f:%.0f', next, increment)
redis.call('SET', KEYS[1], state, 'PX', string.format('%.0f', math.ceil((next - now) / 1000)))
return 0
",
    )
});

/// Gives one request back, at what it costs in the state. KEYS: state.
static REFUND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local stored, was = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):(%d+)$')
if not stored then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local next = stored - was
if next <= now then redis.call('DEL', KEYS[1])
else
  local state = string.format('%.0f:%.0f', next, was)
  redis.call('SET', KEYS[1], state, 'PX', string.format('%.0f', math.ceil((next - now) / 1000)))
end
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

/// Each thread has a connection of its own, so that no question is handed from one thread to another.
pub(super) struct Redis {
    client: Client,
    lines: ThreadLocal<ArcSwap<Line>>,
    /// How often a line was lost. One begun before the last time is not trusted any more, whichever thread has it.
    losses: AtomicU64,
}

/// A connection that is made in the background: a question that does not wait for its end does not undo what is done.
struct Line {
    manager: ConnectionManager,
    /// How many lines had been lost when it was begun.
    losses: u64,
    /// Whether the first connecting is over, well or not.
    is_begun: AtomicBool,
}

impl Line {
    fn begin(client: &Client, losses: u64) -> Result<Arc<Self>, RedisError> {
        let line = Arc::new(Self { manager: connect_lazily(client)?, losses, is_begun: AtomicBool::new(false) });
        let connecting = Connecting(Arc::clone(&line));
        tokio::spawn(async move {
            let mut manager = connecting.0.manager.clone();
            // Nobody reads the answer: whoever asks next learns how it stands.
            let _pong: Result<(), RedisError> = redis::cmd("PING").query_async(&mut manager).await;
        });
        Ok(line)
    }
}

/// A line that is being begun; it is begun when this is dropped, also by the end of its thread.
struct Connecting(Arc<Line>);

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.is_begun.store(true, Ordering::Relaxed);
    }
}

impl Redis {
    pub(super) fn lazy(url: &str) -> Result<Self, RedisUnavailable> {
        let told = url.into_connection_info()?;
        // So that no firewall forgets a line that is seldom used.
        let probes = TcpKeepalive::new().with_time(PROBE_EVERY).with_interval(PROBE_EVERY);
        let settings = told.tcp_settings().clone().set_nodelay(true).set_keepalive(probes);
        let client = Client::open(told.set_tcp_settings(settings))?;
        let redis = Self { client, lines: ThreadLocal::new(), losses: AtomicU64::new(0) };
        redis.connect()?;
        Ok(redis)
    }

    /// Begins this thread's connection, so that the first question does not wait for it.
    pub(super) fn connect(&self) -> Result<(), RedisUnavailable> {
        self.line().map(|_begun| ()).map_err(RedisUnavailable)
    }

    /// This thread's connection.
    ///
    /// The manager would reconnect one that broke, but each thread would lose a question to find out. One whose other side
    /// is gone without a word it would keep until the system gives up repeating, a quarter of an hour later. So the first
    /// question that any line loses ends all of them.
    /// One that is still connecting is left to it: begun anew each time, a slow greeting would never end.
    fn line(&self) -> Result<Arc<Line>, RedisError> {
        let losses = self.losses.load(Ordering::Relaxed);
        let begin = || Line::begin(&self.client, losses);
        let lines = self.lines.get_or_try(|| begin().map(ArcSwap::new))?;
        let line = lines.load_full();
        if line.losses == losses || !line.is_begun.load(Ordering::Relaxed) {
            return Ok(line);
        }
        let fresh = begin()?;
        lines.store(Arc::clone(&fresh));
        Ok(fresh)
    }

    async fn ask<T: FromRedisValue>(
        &self,
        question: &ScriptInvocation<'_>,
        patience: Duration,
    ) -> Result<T, RedisUnavailable> {
        let line = self.line()?;
        let mut manager = line.manager.clone();
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let answer = tokio::time::timeout(patience, question.invoke_async(&mut manager)).await;
        let answer = answer.unwrap_or_else(|_elapsed| Err(late().into()));
        if answer.as_ref().is_err_and(is_lost) && line.is_begun.load(Ordering::Relaxed) {
            // Counted once for all questions that one line left without an answer; the next is begun at once.
            let (before, now) = (line.losses, line.losses + 1);
            if self.losses.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                self.connect()?;
            }
        }
        Ok(answer?)
    }

    pub(super) async fn take(&self, scope: Scope, key: LimitKey, quota: Quota) -> Result<Decision, RedisUnavailable> {
        let increment = microseconds(quota.period);
        let tolerance = increment.saturating_mul(u64::from(quota.burst.get()) - 1);
        let wait: u64 =
            self.ask(TAKE.key(limit_name(scope, key)).arg(increment).arg(tolerance), HURRIED_TIMEOUT).await?;
        Ok(if wait == 0 { Decision::Allowed } else { Decision::Limited { retry_after: Duration::from_micros(wait) } })
    }

    pub(super) async fn refund(&self, scope: Scope, key: LimitKey) -> Result<(), RedisUnavailable> {
        let _given: u64 = self.ask(&REFUND.key(limit_name(scope, key)), HURRIED_TIMEOUT).await?;
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
        let answer: String = self.ask(&question, FORM_TIMEOUT).await?;
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
        let mut question = BEGIN_SENDING.key(attempt_name(key));
        question.arg(hex(&token.0)).arg(milliseconds(lease)).arg(milliseconds(keep));
        // Not read as a bool: null, which no script of ours answers, would be one.
        let ours: u64 = self.ask(&question, FORM_TIMEOUT).await?;
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
        let _ended: u64 = self.ask(&question, HURRIED_TIMEOUT).await?;
        Ok(())
    }
}

/// Whether the line failed, and not only the question.
fn is_lost(error: &RedisError) -> bool {
    error.is_timeout() || error.is_io_error() || error.is_connection_dropped()
}

fn connect_lazily(client: &Client) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(FORM_TIMEOUT))
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(10));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// How often a server is asked to find out how long it takes.
const PINGS: usize = 10;

/// Does on a server what the store does, for `check-config --live`: words for success, or for what to mend.
///
/// # Errors
/// Why it is of no use to us.
pub async fn examine_redis(url: &str) -> Result<String, String> {
    let words = |error: RedisError| crate::causes::chain(&error).to_string();
    let client = Client::open(url).map_err(words)?;
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(Duration::from_secs(5)));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(words)?;
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(words)?;
    let mut waits = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        let asked = std::time::Instant::now();
        let () = redis::cmd("PING").query_async(&mut connection).await.map_err(words)?;
        waits.push(asked.elapsed());
    }
    waits.sort_unstable();
    let wait = |index: usize| waits.get(index).map_or(0.0, |wait| wait.as_secs_f64() * 1_000.0);
    // As the store writes: a replica that only reads, or a user without scripts, fails here.
    let script = "redis.call('TIME') redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return redis.call('GET', KEYS[1])";
    let written: Result<String, RedisError> =
        Script::new(script).key("signup:check").arg("works").invoke_async(&mut connection).await;
    written.map_err(|error| format!("scripts do not work: {}", words(error)))?;
    let line = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map_or("", str::trim);
    let version = [line("valkey_version:"), line("redis_version:")].into_iter().find(|version| !version.is_empty());
    let answer = format!(
        "version {}, scripts work, PING {:.1} ms ({:.1} to {:.1} ms)",
        version.unwrap_or("unknown"),
        wait(PINGS / 2),
        wait(0),
        wait(PINGS - 1)
    );
    let forgets = line("maxmemory:") != "0" && line("maxmemory_policy:") != "noeviction";
    Ok(if forgets {
        let policy = line("maxmemory_policy:");
        format!("{answer}; maxmemory-policy {policy} forgets forms and limits when it is full: use noeviction")
    } else {
        answer
    })
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

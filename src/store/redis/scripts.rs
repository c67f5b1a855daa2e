//! What Redis is asked: one script for each decision, so that each is whole and costs one round trip.

use std::sync::LazyLock;

use redis::Script;

/// GCRA, in microseconds of the server's own clock, so that replicas need not agree on the time.
///
/// The state is `<arrival>:<increment>`. What is owed under another increment is owed as requests, not as the time they
/// cost then: replicas with different quotas, as in a rolling change, agree on what was taken.
/// KEYS: state. ARGV: increment, tolerance (increment * (burst - 1)). Answer: 0 when allowed, else the wait.
pub(super) static TAKE: LazyLock<Script> = LazyLock::new(|| {
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
pub(super) static REFUND: LazyLock<Script> = LazyLock::new(|| {
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
///
/// An attempt's own claim is won again: one that was not heard of may have been done.
pub(super) static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local record = redis.call('GET', KEYS[1])
local phase = record and string.sub(record, 1, 1)
if phase == 'r' and ARGV[3] ~= '' and string.sub(record, 2, 1 + #ARGV[3]) == ARGV[3] then
  return 'r' .. string.sub(record, 2 + #ARGV[3])
end
if not record or phase == 'r' or record == 'c' .. ARGV[1] then
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
pub(super) static BEGIN_SENDING: LazyLock<Script> = LazyLock::new(|| {
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
pub(super) static FINISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local record = redis.call('GET', KEYS[1])
if record and string.sub(record, 2, 1 + #ARGV[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
",
    )
});

/// Writes, because a server that only reads is of no use. KEYS: a name of its own. ARGV: how long it stays, in ms.
pub(super) static WATCH: LazyLock<Script> =
    LazyLock::new(|| Script::new("redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) return 1"));

//! Whether a server is of use to us, for `check-config --live`.

use std::time::Duration;

use redis::{Client, RedisError, Script};

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

//! `check-config --live` beside a real Redis.

use signup_gateway::live::check_all;

use crate::helpers::Neighbour;
use crate::helpers::app::settings;
use crate::process::Redis;

#[tokio::test]
async fn redis_is_examined_as_the_store_uses_it() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let settings = settings(&studio, &siteverify, &variables);
    let examine = async || {
        let report = check_all(&settings).await;
        report.0.into_iter().find(|check| check.name == "redis").unwrap().outcome
    };
    let words = examine().await.unwrap();
    assert!(
        words.starts_with("version ") && words.contains("scripts work, PING ") && words.ends_with(" ms)"),
        "{words}"
    );
    assert!(!words.starts_with("version unknown"), "{words}");

    let set = async |name: &str, value: &str| {
        redis.run(&format!("CONFIG SET {name} {value}")).await;
    };
    set("maxmemory", "64mb").await;
    set("maxmemory-policy", "allkeys-lru").await;
    assert!(
        examine()
            .await
            .unwrap()
            .ends_with("maxmemory-policy allkeys-lru forgets forms and limits when it is full: use noeviction")
    );

    // As a replica that only reads, or one that fell behind, refuses.
    set("min-replicas-to-write", "3").await;
    let refused = examine().await.unwrap_err();
    assert!(refused.starts_with("scripts do not work: "), "{refused}");
}

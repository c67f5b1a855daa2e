//! Redis dies, stalls and comes back: visitors hardly notice, operators do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::helpers::app::{sample_with, token};
use crate::helpers::{FLOWS, Neighbour};
use crate::process::{Gateway, Redis, eventually};

async fn sign_up(gateway: &Gateway, visitor: usize) -> u16 {
    let page = gateway.get("/signup/pro").await;
    let email = format!("visitor-{visitor}@acme.example");
    let mut fields = sample_with(FLOWS[0], "email", &email);
    fields.push(("cf-turnstile-response", token(FLOWS[0])));
    gateway.submit(&page, &fields, &format!("203.0.113.{visitor}")).await.unwrap().status
}

#[tokio::test]
async fn sign_ups_go_on_while_redis_is_dead_and_are_shared_again_when_it_is_back() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    assert_eq!(sign_up(&gateway, 1).await, 303);
    assert_eq!(gateway.metric("signup_store_shared").await, Some(1.0));

    let port = redis.kill();
    for visitor in 2..12 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    assert_eq!(gateway.metric("signup_store_shared").await, Some(0.0));
    assert_eq!(gateway.logged("Redis does not answer"), 1);
    let (status, body) = gateway.ready().await.unwrap();
    assert!(status == 200 && body.contains("\"degraded\"") && body.contains("\"store\""), "{status} {body}");

    let _redis = Redis::at(port).await;
    let mut visitor = 20;
    eventually("Redis is used again", async || {
        visitor += 1;
        assert_eq!(sign_up(&gateway, visitor).await, 303);
        gateway.metric("signup_store_shared").await == Some(1.0)
    })
    .await;
    assert_eq!(gateway.logged("Redis answers again"), 1);
}

#[tokio::test]
async fn a_stalled_redis_costs_a_visitor_little() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    assert_eq!(sign_up(&gateway, 1).await, 303);
    redis.signal("STOP");
    let started = Instant::now();
    for visitor in 2..6 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    // Not a measurement: far below one default timeout a question.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    redis.signal("CONT");
    let mut visitor = 20;
    eventually("Redis is used again", async || {
        visitor += 1;
        assert_eq!(sign_up(&gateway, visitor).await, 303);
        gateway.metric("signup_store_shared").await == Some(1.0)
    })
    .await;
}

/// Signs up, and posts the same form again: whether both were answered alike.
async fn signs_up_once(gateway: &Gateway, visitor: usize) -> bool {
    let client = format!("203.0.{}.{}", 113 + visitor / 200, visitor % 200);
    let page = gateway.get("/signup/pro").await;
    let email = format!("visitor-{visitor}@acme.example");
    let fields = sample_with(FLOWS[0], "email", &email);
    let first = gateway.submit(&page, &fields, &client).await.unwrap();
    let again = gateway.submit(&page, &fields, &client).await.unwrap();
    (first.status, again.status) == (303, 303) && first.location() == again.location()
}

#[tokio::test]
async fn a_redis_that_forgets_keys_scripts_and_connections_mid_traffic_costs_no_sign_up_and_no_second_account() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let (turns, visitors) = (9, 6);
    for (turn, command) in (0..turns).zip(["FLUSHALL", "SCRIPT FLUSH", "CLIENT KILL TYPE normal"].iter().cycle()) {
        let crowd = join_all((0..visitors).map(|visitor| signs_up_once(&gateway, turn * visitors + visitor)));
        let disturbance = async {
            for _ in 0..5 {
                redis.run(command).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let (crowd, ()) = tokio::join!(crowd, disturbance);
        assert!(crowd.iter().all(|good| *good), "{command}: {crowd:?}");
        assert_eq!(studio.received().len(), (turn + 1) * visitors, "{command}: accounts");
    }
    let mut visitor = 1_000;
    eventually("Redis is used again", async || {
        visitor += 1;
        signs_up_once(&gateway, visitor).await && gateway.metric("signup_store_shared").await == Some(1.0)
    })
    .await;
}

#[tokio::test]
async fn connections_that_redis_closes_cost_one_question_whichever_worker_notices() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let mut visitors = 0..;
    let mut crowd = async || {
        let visits = visitors.by_ref().take(12).map(|visitor| signs_up_once(&gateway, visitor)).collect::<Vec<_>>();
        assert!(join_all(visits).await.iter().all(|good| *good));
    };
    crowd().await;
    let errors = async || gateway.metric("signup_store_errors_total").await;
    let before = errors().await;
    redis.run("CLIENT KILL TYPE normal").await;
    gateway.get("/signup/pro").await;
    let noticed = before.map(|count| count + 1.0);
    assert_eq!(errors().await, noticed);
    // Redis is left alone for a second after that.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    crowd().await;
    assert_eq!(errors().await, noticed, "by one worker for all");
    assert_eq!(gateway.metric("signup_store_shared").await, Some(1.0));
}

#[tokio::test]
async fn a_redis_that_answers_and_does_not_write_is_as_good_as_none_until_it_does() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let mut visitor = 0;
    for (name, breaks, mends) in [
        ("a replica", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        ("no memory", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    ] {
        redis.run(breaks).await;
        for _ in 0..3 {
            visitor += 1;
            assert!(signs_up_once(&gateway, visitor).await, "{name}");
        }
        assert_eq!(gateway.metric("signup_store_shared").await, Some(0.0), "{name}");
        redis.run(mends).await;
        eventually("Redis is used again", async || {
            visitor += 1;
            signs_up_once(&gateway, visitor).await && gateway.metric("signup_store_shared").await == Some(1.0)
        })
        .await;
        assert_eq!(studio.received().len(), visitor, "{name}: accounts");
    }
}

#[tokio::test]
async fn the_gateway_starts_without_redis() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let variables =
        [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1:1/")];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    assert_eq!(sign_up(&gateway, 1).await, 303);
    assert_eq!(gateway.logged("Redis does not answer"), 1);
}

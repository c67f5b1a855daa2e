//! Redis dies, stalls and comes back: visitors hardly notice, operators do.

use std::time::{Duration, Instant};

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

#[tokio::test]
async fn the_gateway_starts_without_redis() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let variables =
        [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1:1/")];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    assert_eq!(sign_up(&gateway, 1).await, 303);
    assert_eq!(gateway.logged("Redis does not answer"), 1);
}

//! Redis dies, stalls and comes back: visitors hardly notice, operators do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::helpers::app::{sample_with, token};
use crate::helpers::{FLOWS, Neighbour};
use crate::process::{Gateway, Redis, eventually, free_port, undisturbed};
use crate::tls_front::Certificates;

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
    gateway.shares().await;
    let before = gateway.logged("Redis does not answer");

    let port = redis.kill();
    for visitor in 2..12 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    assert_eq!(gateway.metric("signup_store_shared").await, Some(0.0));
    eventually("operators are told", async || gateway.logged("Redis does not answer") == before + 1).await;
    let (status, body) = gateway.ready().await.unwrap();
    assert!(status == 200 && body.contains("\"degraded\"") && body.contains("\"store\""), "{status} {body}");

    let _redis = Redis::at(port).await;
    gateway.shares().await;
    assert_eq!(sign_up(&gateway, 20).await, 303);
    eventually("operators are told", async || gateway.logged("Redis answers again") == before + 1).await;
}

#[tokio::test]
async fn readiness_and_metrics_follow_redis_while_nobody_visits() {
    let (port, studio, siteverify) = (free_port(), Neighbour::studio().await, Neighbour::siteverify().await);
    let url = format!("redis://127.0.0.1:{port}/");
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let is_degraded = async || gateway.ready().await.unwrap().1.contains("\"degraded\"");
    for _ in 0..2 {
        gateway.is_alone().await;
        assert!(is_degraded().await);
        let redis = Redis::at(port).await;
        gateway.shares().await;
        eventually("it is ready", async || !is_degraded().await).await;
        redis.kill();
    }
}

/// One account, whichever replica is asked, over TLS.
#[tokio::test]
async fn replicas_share_a_redis_that_speaks_tls_under_an_authority_of_our_own() {
    let certificates = Certificates::make();
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let redis = Redis::behind_tls(&certificates).await;
    let (url, authority) = (format!("rediss://localhost:{}/", redis.port), certificates.path("ca.pem"));
    let variables = [
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
        ("SSL_CERT_FILE", authority.as_str()),
    ];
    let [first, second] = Gateway::pair(&studio, &siteverify, &variables).await;
    let statuses = undisturbed(&[&first, &second], async |round| {
        let (page, email) = (first.get("/signup/pro").await, format!("visitor-{round}@acme.example"));
        let (fields, created) = (sample_with(FLOWS[0], "email", &email), studio.received().len());
        let mut statuses = Vec::new();
        for replica in [&first, &second] {
            statuses.push(replica.submit(&page, &fields, "203.0.113.7").await.unwrap().status);
        }
        (statuses, studio.received().len() - created)
    })
    .await;
    assert_eq!(statuses, (vec![303, 303], 1));

    let stranger = Gateway::start(&studio, &siteverify, &variables[..2]).await;
    stranger.is_alone().await;
    // The authority is known to nobody here.
    eventually("operators are told", async || stranger.logged("Redis does not answer") == 1).await;
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
    // Not a measurement: nobody waits until Redis is back.
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
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
    let errors = async || gateway.metric("signup_store_errors_total").await.unwrap();
    // Where a machine stalls, and where the watch meets the break at the same moment as a visitor, more are lost.
    let mut lost = Vec::new();
    while !lost.contains(&1.0) {
        assert!(lost.len() < 10, "questions lost each time: {lost:?}");
        crowd().await;
        gateway.shares().await;
        let before = errors().await;
        redis.run("CLIENT KILL TYPE normal").await;
        gateway.get("/signup/pro").await;
        gateway.shares().await;
        crowd().await;
        lost.push(errors().await - before);
    }
}

#[tokio::test]
async fn a_settled_form_is_answered_by_a_sibling_whose_connection_has_just_been_closed() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let [first, second] = Gateway::pair(&studio, &siteverify, &variables).await;
    for visitor in 0..5 {
        first.shares().await;
        let (page, email) = (first.get("/signup/pro").await, format!("visitor-{visitor}@acme.example"));
        let (fields, client) = (sample_with(FLOWS[0], "email", &email), format!("203.0.113.{visitor}"));
        let created = first.submit(&page, &fields, &client).await.unwrap();
        assert_eq!(created.status, 303);
        redis.run("CLIENT KILL TYPE normal").await;
        let again = second.submit(&page, &fields, &client).await.unwrap();
        assert_eq!((again.status, again.location()), (303, created.location()), "{}", again.notice_text());
        assert_eq!(studio.received().len(), visitor + 1);
    }
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
    gateway.is_alone().await;
    eventually("operators are told", async || gateway.logged("Redis does not answer") == 1).await;
}

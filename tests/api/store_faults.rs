//! A Redis that fails in every way: sign-ups go on, at most one account is created for a form, and operators are told.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::helpers::app::sample;
use crate::helpers::neighbour::{STUDIO_URL, Vacancy};
use crate::helpers::resp::{Act, Question, Redis};
use crate::helpers::{FLOWS, Page, Reply, TestApp, log, roomy};

/// What a sign-up may take: each question half a second at the most, connecting included.
const IN_TIME: Duration = Duration::from_secs(4);
/// What the gateway may take to notice that Redis is back: it is left alone for a second.
const PATIENCE: Duration = Duration::from_secs(20);

fn variables(url: &str) -> Vec<(&str, &str)> {
    roomy(&[("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url)])
}

async fn is_degraded(app: &TestApp) -> bool {
    let answer = app.get_admin("/health/ready").await;
    assert_eq!(answer.status, 200, "a failing neighbour never makes us unready");
    let checks: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    checks["checks"]["store"] == json!("degraded")
}

fn says(text: &str) -> Act {
    Act::Says(text.as_bytes().to_vec())
}

/// Every way to fail that is no answer.
fn faults() -> Vec<(&'static str, Act)> {
    let breaks = |reply| Act::Breaks(reply);
    vec![
        ("refuses connections", Act::Refuses),
        ("closes", breaks(Reply::Close)),
        ("resets", breaks(Reply::Reset)),
        ("stalls", breaks(Reply::Stall(Vec::new()))),
        ("stalls in an answer", breaks(Reply::Stall(b"$5\r\nhel".to_vec()))),
        ("drips", breaks(Reply::Drip(b"$26\r\nabcdefghijklmnopqrstuvwxyz\r\n".to_vec(), Duration::from_millis(50)))),
        ("is late", breaks(Reply::Later(Duration::from_secs(1), Box::new(Reply::Raw(b":0\r\n".to_vec()))))),
        ("closes in an answer", breaks(Reply::Raw(b"$5\r\nhel".to_vec()))),
        ("resets in an answer", breaks(Reply::ResetAfter(b"$5\r\nhel".to_vec()))),
        ("garbage", says("\x16\x03\x01\x02\x00\x01\x00\r\n")),
        ("HTTP", says("HTTP/1.1 400 Bad Request\r\n\r\n")),
        ("a length that is none", says("$x\r\n")),
        ("a negative length", says("$-7\r\n")),
        ("an array without end", says("*2147483647\r\n")),
        ("arrays in arrays", Act::Says(b"*1\r\n".repeat(10_000))),
        ("LOADING", says("-LOADING Redis is loading the dataset in memory\r\n")),
        ("READONLY", says("-READONLY You can't write against a read only replica.\r\n")),
        ("NOSCRIPT for ever", says("-NOSCRIPT No matching script. Please use EVAL.\r\n")),
        ("OOM", says("-OOM command not allowed when used memory > 'maxmemory'.\r\n")),
        ("NOAUTH", says("-NOAUTH Authentication required.\r\n")),
        ("BUSY", says("-BUSY Redis is busy running a script.\r\n")),
        ("MOVED", says("-MOVED 3999 127.0.0.1:6381\r\n")),
        ("MASTERDOWN", says("-MASTERDOWN Link with MASTER is down\r\n")),
        ("an error without a name", says("-\r\n")),
        ("an array", says("*0\r\n")),
    ]
}

/// A sign-up and the same form again: one account, two times the same answer, within the time of an answer.
async fn assert_goes_on(app: &TestApp, turn: usize, name: &str) -> Page {
    let flow = FLOWS[turn % FLOWS.len()];
    let created = app.studio.received().len();
    let started = Instant::now();
    let form = app.form(flow, "").await;
    let answers = [app.submit(&form, &sample(flow)).await, app.submit(&form, &sample(flow)).await];
    assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
    for answer in &answers {
        assert_eq!(answer.header("location"), Some(STUDIO_URL), "{name}: {} {}", answer.status, answer.outcome());
    }
    assert_eq!(app.studio.received().len() - created, 1, "{name}: accounts");
    form
}

async fn assert_recovers(app: &TestApp, redis: &Redis, name: &str) {
    redis.recover();
    let started = Instant::now();
    while is_degraded(app).await {
        assert!(started.elapsed() < PATIENCE, "{name}: never noticed that Redis is back");
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.get("/").await;
    }
}

/// One gateway through some faults, one after the other.
async fn assert_survives(faults: &[(&str, Act)]) {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::with(&variables(&url)).await;
    assert_goes_on(&app, 0, "before").await;
    assert!(!is_degraded(&app).await);
    for (turn, (name, act)) in faults.iter().enumerate() {
        redis.fail(act.clone(), &Question::ALL);
        let form = assert_goes_on(&app, turn, name).await;
        assert!(is_degraded(&app).await, "{name}");
        let events = log::of_request(form.header("x-request-id").unwrap());
        let told = events.iter().filter(|event| {
            let message = event["message"].as_str().unwrap_or_default();
            event["level"] == "ERROR" && message.starts_with("Redis does not answer")
        });
        assert_eq!(told.count(), 1, "{name}: {events:?}");
        assert_recovers(&app, &redis, name).await;
    }
    let asked = redis.asked().len();
    assert_goes_on(&app, 0, "afterwards").await;
    assert!(redis.asked().len() > asked, "Redis is not asked any more");
}

#[tokio::test]
async fn sign_ups_go_on_whatever_redis_does_and_it_is_used_again_afterwards() {
    let app = TestApp::start().await;
    let errors = app.counter("signup_store_errors_total").await;
    let faults = faults();
    // Side by side: most of the time they wait for the gateway to ask Redis again.
    join_all(faults.chunks(5).map(assert_survives)).await;
    let counted = app.counter("signup_store_errors_total").await - errors;
    assert!(counted >= faults.len() as u64, "{counted} errors counted");
}

#[tokio::test]
async fn a_redis_that_fails_at_one_question_alone_costs_no_sign_up_and_no_second_account() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::with(&variables(&url)).await;
    for question in [Question::Take, Question::Claim, Question::BeginSending, Question::Finish] {
        for (turn, (name, act)) in [
            ("closes", Act::Breaks(Reply::Close)),
            ("stalls", Act::Breaks(Reply::Stall(Vec::new()))),
            ("READONLY", says("-READONLY You can't write against a read only replica.\r\n")),
            ("garbage", says("?\r\n")),
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("{name} at {question:?}");
            redis.fail(act, &[question]);
            assert_goes_on(&app, turn, &name).await;
            assert_recovers(&app, &redis, &name).await;
        }
    }
}

/// Sees to it that Redis decides within some questions, each of which is answered without it in the meantime.
async fn assert_becomes_shared(app: &TestApp, redis: &Redis, name: &str) {
    let asked = redis.asked().len();
    for _ in 0..4 {
        let started = Instant::now();
        app.get("/").await;
        assert!(started.elapsed() < Duration::from_secs(1), "{name}: {:?}", started.elapsed());
        if redis.asked().len() > asked && !is_degraded(app).await {
            return;
        }
        // After a failure Redis is left alone for a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    panic!("{name}: never asked with success");
}

#[tokio::test]
async fn a_redis_that_takes_longer_to_greet_than_a_limit_may_wait_is_used_all_the_same() {
    let redis = Redis::start().await;
    redis.greet_after(Duration::from_millis(300));
    let url = redis.url();
    let app = TestApp::with(&variables(&url)).await;
    assert_becomes_shared(&app, &redis, "at the start").await;
    for (name, reply) in [("closes", Reply::Close), ("stalls", Reply::Stall(Vec::new()))] {
        redis.fail(Act::Breaks(reply), &Question::ALL);
        app.get("/").await;
        assert!(is_degraded(&app).await, "{name}");
        redis.recover();
        assert_becomes_shared(&app, &redis, name).await;
    }
}

/// How often Redis was told how an attempt ended.
fn told(redis: &Redis) -> usize {
    redis.asked().iter().filter(|question| **question == Question::Finish).count()
}

#[tokio::test]
async fn an_attempt_whose_claim_or_mark_may_be_written_late_is_ended_again_later() {
    for (question, times) in [(Question::Refund, 1), (Question::Claim, 2), (Question::BeginSending, 2)] {
        let redis = Redis::start().await;
        let url = redis.url();
        let app = TestApp::with(&variables(&url)).await;
        redis.fail(Act::Breaks(Reply::Stall(Vec::new())), &[question]);
        assert_eq!(app.sign_up(FLOWS[0]).await.status, 303, "{question:?}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(told(&redis), times, "{question:?}");
    }
}

#[tokio::test]
async fn a_stop_waits_until_redis_was_told_how_the_last_attempt_ended() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::with(&variables(&url)).await;
    redis.fail(Act::Breaks(Reply::Close), &[Question::Finish]);
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 303);
    let unheard = told(&redis);
    redis.recover();
    app.tell_to_stop();
    app.ended().await.unwrap();
    assert!(told(&redis) > unheard, "the sign-up is settled for this process alone");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_unknown_outcome_and_nothing_is_sent() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::with(&variables(&url)).await;
    let huge = format!("${}\r\n{}\r\n", 4 << 20, "x".repeat(4 << 20));
    for (turn, (name, record)) in [
        ("empty", "$0\r\n\r\n"),
        ("of a later version", "$3\r\nz42\r\n"),
        ("a number", ":7\r\n"),
        ("huge", huge.as_str()),
        ("sealed by nobody", "$5\r\ndhaha\r\n"),
        ("unknown", "+u\r\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let flow = FLOWS[turn % FLOWS.len()];
        redis.fail(says(record), &[Question::Claim]);
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_eq!(answer.status, 504, "{name}");
        crate::helpers::assert_kept(flow, &answer, &sample(flow), name);
    }
    assert_eq!(app.studio.received().len(), 0, "accounts");
}

#[tokio::test]
async fn limits_hold_in_memory_while_redis_is_away() {
    let vacancy = Vacancy::new();
    let refuses = vacancy.url("/").replace("http:", "redis:");
    let full = Vacancy::new();
    let swallows = full.url("/").replace("http:", "redis:");
    let _queue = full.blackhole().await;
    for (name, url) in [("nobody listens", &refuses), ("a blackhole", &swallows)] {
        let app = TestApp::with(&[
            ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
            ("SIGNUP__RATE_LIMIT__REDIS_URL", url),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "3"),
            ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h"),
        ])
        .await;
        let started = Instant::now();
        let mut statuses = Vec::new();
        for turn in 0..5 {
            statuses.push(app.sign_up(FLOWS[turn % FLOWS.len()]).await.status);
        }
        assert_eq!(statuses, [303, 303, 303, 429, 429], "{name}");
        assert!(started.elapsed() < IN_TIME * 5, "{name}: {:?}", started.elapsed());
        assert!(is_degraded(&app).await, "{name}");
    }
}

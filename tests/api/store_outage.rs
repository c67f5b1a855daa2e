//! While Redis hiccups and is away, as two replicas and an operator see it.

use std::time::{Duration, Instant};

use serde_json::Value;
use signup_gateway::domain::policy::Patience;

use crate::helpers::app::sample;
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::resp::{Act, Question, Redis, patient};
use crate::helpers::{FLOWS, Reply, TestApp, log};
use crate::store_faults::is_degraded;

/// How long anything may take on a machine that stalls.
const PATIENCE: Duration = Duration::from_mins(1);
const DAYS: Duration = Duration::from_hours(100);

/// Waits until something holds.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn closes() -> Act {
    Act::Breaks(Reply::Close)
}

#[tokio::test]
async fn a_settled_form_gets_its_answer_from_a_sibling_that_has_just_lost_its_connection() {
    for (name, hiccup, spent) in [
        ("within a hiccup the claim asks", DAYS, 0),
        // The claim is won for want of an answer, and lost when it is to be sent.
        ("in an outage the mark before the creation does", Duration::ZERO, FLOWS.len()),
    ] {
        let redis = Redis::that_remembers_forms().await;
        let patience = Patience { silence: DAYS, hiccup, ..patient() };
        let (first, second) = (redis.app(patience).await, redis.app(patience).await);
        for flow in FLOWS {
            let form = first.form(flow, "").await;
            let created = first.submit(&form, &sample(flow)).await;
            assert_eq!((created.status, created.location()), (303, STUDIO_URL), "{name}");
            redis.fail(closes(), &[Question::Take]);
            second.get("/").await;
            assert!(is_degraded(&second).await, "{name}");
            redis.recover();
            let again = second.submit(&form, &sample(flow)).await;
            assert_eq!((again.status, again.location()), (303, STUDIO_URL), "{name}: {}", again.notice_text());
            assert_eq!(again.outcome(), "duplicate", "{name}");
            assert_eq!(second.studio.received().len(), 0, "{name}");
        }
        assert_eq!(second.siteverify.received().len(), spent, "{name}");
    }
}

#[tokio::test]
async fn who_was_told_that_a_sibling_sends_does_not_send_because_redis_went_away() {
    let redis = Redis::start().await;
    let short = [
        ("SIGNUP__UPSTREAM__TIMEOUT", "1s"),
        ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "1s"),
        ("SIGNUP__TURNSTILE__TIMEOUT", "1s"),
    ];
    let app = redis.app_with(patient(), &short).await;
    let form = app.form(FLOWS[0], "").await;
    redis.fail(Act::Says(b"+b\r\n".to_vec()), &[Question::Claim]);
    let fields = sample(FLOWS[0]);
    let (answer, ()) = tokio::join!(app.submit(&form, &fields), async {
        eventually("it waits", async || redis.count(Question::Claim) > 0).await;
        redis.fail(closes(), &Question::ALL);
    });
    assert_eq!(answer.status, 504, "{}", answer.notice_text());
    assert_eq!(app.studio.received().len(), 0);
    // The claims that Redis may have done late are taken back.
    redis.recover();
    eventually("the form is free", async || redis.heard(Question::Finish) > 0).await;
    let sibling = redis.app(patient()).await;
    assert_eq!(sibling.submit(&form, &fields).await.status, 303);
}

#[tokio::test]
async fn readiness_follows_redis_while_nobody_visits() {
    let redis = Redis::start().await;
    redis.fail(Act::Refuses, &Question::ALL);
    let watched = Patience { watch: Duration::from_millis(20), ..patient() };
    let url = redis.url();
    let app = TestApp::waiting_for_redis(
        watched,
        &[("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", &url)],
    )
    .await;
    for act in [Act::Refuses, closes(), Act::Says(b"-READONLY You can't write.\r\n".to_vec())] {
        redis.fail(act, &Question::ALL);
        eventually("it is noticed that Redis is gone", async || is_degraded(&app).await).await;
        redis.recover();
        eventually("it is noticed that Redis is back", async || !is_degraded(&app).await).await;
    }
    assert_eq!(redis.asked(), [], "by nobody but the watch");
    // One connection for the process, one for each thread, and another for each time that one broke.
    let (connections, watched) = (redis.connections(), redis.heard(Question::Watch));
    eventually("it goes on", async || redis.heard(Question::Watch) > watched + 20).await;
    assert_eq!(redis.connections(), connections, "a watch that goes well connects once");
    app.tell_to_stop();
    app.ended().await.unwrap();
    let watched = redis.count(Question::Watch);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(redis.count(Question::Watch) <= watched + 1, "the watch outlives its process");
}

#[tokio::test]
async fn a_redis_that_is_too_slow_for_counts_does_not_come_and_go() {
    let redis = Redis::start().await;
    let (watch, count) = (Duration::from_millis(20), Duration::from_millis(200));
    let app = redis.app(Patience { watch, count, ..patient() }).await;
    redis.fail(Act::Hesitates(Duration::from_secs(1)), &Question::ALL);
    app.get("/").await;
    for _ in 0..3 {
        let watched = redis.heard(Question::Watch);
        eventually("it is watched", async || redis.heard(Question::Watch) > watched + 1).await;
        assert!(is_degraded(&app).await);
    }
    // What a sign-up insists on is answered, and late.
    let answer = app.sign_up(FLOWS[0]).await;
    let events = log::of_request(answer.header("x-request-id").unwrap());
    let comes_back = |event: &Value| event.to_string().contains("Redis answers again");
    assert!(answer.status == 303 && !events.is_empty() && !events.iter().any(comes_back), "{events:?}");
    redis.recover();
    eventually("it is fast again", async || !is_degraded(&app).await).await;
}

#[tokio::test]
async fn the_first_question_after_an_outage_is_answered() {
    let redis = Redis::start().await;
    let app = redis.app(Patience { silence: Duration::ZERO, ..patient() }).await;
    app.get("/").await;
    let mut answered = Vec::new();
    for _ in 0..5 {
        redis.fail(Act::Refuses, &Question::ALL);
        // The first breaks the connections that are there, and the second meets none.
        for _ in 0..2 {
            app.get("/").await;
            assert!(is_degraded(&app).await);
        }
        // What was begun meanwhile has failed by then, but on a machine that stalls.
        tokio::time::sleep(Duration::from_secs(1)).await;
        redis.recover();
        let taken = redis.heard(Question::Take);
        app.get("/").await;
        answered.push(redis.heard(Question::Take) == taken + 1 && !is_degraded(&app).await);
        eventually("Redis is used again", async || {
            app.get("/").await;
            !is_degraded(&app).await
        })
        .await;
    }
    assert!(answered.iter().filter(|answered| **answered).count() >= 3, "lost to an old error: {answered:?}");
}

#[tokio::test]
async fn a_count_that_takes_long_costs_the_connection_only_if_the_next_does_too() {
    let redis = Redis::start().await;
    let count = Duration::from_secs(3);
    let app = redis.app(Patience { count, silence: Duration::ZERO, ..patient() }).await;
    // On one worker, which has one connection.
    let page = async || app.get("/").await;
    page().await;
    let (connections, taken) = (redis.connections(), redis.heard(Question::Take));
    redis.fail(Act::Hesitates(count * 2), &[Question::Take]);
    page().await;
    assert!(is_degraded(&app).await);
    redis.recover();
    eventually("it is answered late", async || redis.heard(Question::Take) > taken).await;
    page().await;
    assert!(!is_degraded(&app).await);
    assert_eq!(redis.connections(), connections);
    redis.fail(Act::Hesitates(count * 10), &[Question::Take]);
    eventually("the connection is given up", async || {
        page().await;
        redis.connections() > connections
    })
    .await;
}

#[tokio::test]
async fn an_outage_in_which_many_attempts_end_costs_one_question_at_a_time() {
    let redis = Redis::start().await;
    let app = redis.app(Patience { silence: Duration::ZERO, ..patient() }).await;
    redis.fail(Act::Says(b"-BUSY Redis is busy running a script.\r\n".to_vec()), &[Question::Finish]);
    let (started, attempts) = (Instant::now(), 20);
    for turn in 0..attempts {
        assert_eq!(app.sign_up(FLOWS[turn % FLOWS.len()]).await.status, 303);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (asked, rounds) = (redis.count(Question::Finish), started.elapsed().as_millis() / 500);
    assert!(asked - attempts <= usize::try_from(rounds).unwrap() + 1, "{asked} in {rounds} half seconds");
    redis.recover();
    eventually("all are told", async || redis.heard(Question::Finish) == attempts).await;
}

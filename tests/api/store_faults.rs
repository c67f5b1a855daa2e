//! A Redis that fails in every way: sign-ups go on, at most one account is created for a form, and operators are told.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use signup_gateway::domain::policy::Patience;

use crate::helpers::app::sample;
use crate::helpers::neighbour::{STUDIO_URL, Vacancy, raw};
use crate::helpers::resp::{Act, Question, Redis, impatient, patient};
use crate::helpers::{FLOWS, Page, Reply, TestApp, log};

/// Nobody waits for ever; what a machine may take that stalls is not measured here.
const IN_THE_END: Duration = Duration::from_mins(2);
/// Longer than anything is waited for.
const TOO_LATE: Duration = Duration::from_secs(30);

pub async fn is_degraded(app: &TestApp) -> bool {
    let answer = app.get_admin("/health/ready").await;
    assert_eq!(answer.status, 200, "a failing neighbour never makes us unready");
    let checks: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    checks["checks"]["store"] == json!("degraded")
}

fn says(text: &str) -> Act {
    Act::Says(text.as_bytes().to_vec())
}

fn breaks(reply: Reply) -> Act {
    Act::Breaks(reply)
}

/// Every way to fail that shows at once.
fn failures() -> Vec<(&'static str, Act)> {
    vec![
        ("refuses connections", Act::Refuses),
        ("closes", breaks(Reply::Close)),
        ("resets", breaks(Reply::Reset)),
        ("closes in an answer", breaks(Reply::Raw(b"$5\r\nhel".to_vec()))),
        ("resets in an answer", breaks(Reply::ResetAfter(b"$5\r\nhel".to_vec()))),
        ("garbage", says("\x16\x03\x01\x02\x00\x01\x00\r\n")),
        ("HTTP", says("HTTP/1.1 400 Bad Request\r\n\r\n")),
        ("a length that is none", says("$x\r\n")),
        ("a negative length", says("$-7\r\n")),
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

/// Every way to fail that shows when patience ends.
fn silences() -> Vec<(&'static str, Act)> {
    vec![
        ("stalls", breaks(Reply::Stall(Vec::new()))),
        ("stalls in an answer", breaks(Reply::Stall(b"$5\r\nhel".to_vec()))),
        ("drips", breaks(Reply::Drip(b"$26\r\nabcdefghijklmnopqrstuvwxyz\r\n".to_vec(), Duration::from_secs(1)))),
        ("is late", breaks(Reply::Later(TOO_LATE, Box::new(Reply::Raw(b":0\r\n".to_vec()))))),
        ("an array without end", says("*2147483647\r\n")),
    ]
}

/// A sign-up and the same form again: one account, two times the same answer, and nobody waits for ever.
pub async fn assert_goes_on(app: &TestApp, turn: usize, name: &str) -> Page {
    let flow = FLOWS[turn % FLOWS.len()];
    let created = app.studio.received().len();
    let started = Instant::now();
    let form = app.form(flow, "").await;
    let answers = [app.submit(&form, &sample(flow)).await, app.submit(&form, &sample(flow)).await];
    assert!(started.elapsed() < IN_THE_END, "{name}: {:?}", started.elapsed());
    for answer in &answers {
        assert_eq!(answer.header("location"), Some(STUDIO_URL), "{name}: {} {}", answer.status, answer.outcome());
    }
    assert_eq!(app.studio.received().len() - created, 1, "{name}: accounts");
    form
}

/// Visits until Redis decides again, without a fault.
async fn assert_recovers(app: &TestApp, redis: &Redis, name: &str) {
    redis.recover();
    let (started, taken) = (Instant::now(), redis.heard(Question::Take));
    while is_degraded(app).await || redis.heard(Question::Take) == taken {
        assert!(started.elapsed() < IN_THE_END, "{name}: never noticed that Redis is back");
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.get("/").await;
    }
}

/// One gateway through some faults, one after the other.
async fn assert_survives(patience: Patience, faults: &[(&str, Act)]) {
    let redis = Redis::start().await;
    let app = redis.app(patience).await;
    assert_goes_on(&app, 0, "before").await;
    for (turn, (name, act)) in faults.iter().enumerate() {
        let mut told = Vec::new();
        // What Redis is told again may meet the fault first, and then no request is the one that says so.
        while told.len() < 5 && !told.contains(&1) {
            assert_recovers(&app, &redis, name).await;
            redis.fail(act.clone(), &Question::ALL);
            let form = assert_goes_on(&app, turn, name).await;
            assert!(is_degraded(&app).await, "{name}");
            let events = log::of_request(form.header("x-request-id").unwrap());
            let tells = events.iter().filter(|event| {
                let message = event["message"].as_str().unwrap_or_default();
                event["level"] == "ERROR" && message.starts_with("Redis does not answer")
            });
            told.push(tells.count());
        }
        assert!(told.contains(&1) && told.iter().all(|told| *told < 2), "{name}: {told:?}");
    }
    assert_recovers(&app, &redis, "in the end").await;
    assert_goes_on(&app, 0, "afterwards").await;
}

#[tokio::test]
async fn sign_ups_go_on_whatever_redis_does_and_it_is_used_again_afterwards() {
    let app = TestApp::start().await;
    let errors = app.counter("signup_store_errors_total").await;
    let (failures, silences) = (failures(), silences());
    // Side by side: most of the time they wait.
    let show_at_once = failures.chunks(5).map(|faults| (patient(), faults));
    let are_waited_for = silences.chunks(2).map(|faults| (impatient(), faults));
    join_all(show_at_once.chain(are_waited_for).map(|(patience, faults)| assert_survives(patience, faults))).await;
    let counted = app.counter("signup_store_errors_total").await - errors;
    assert!(counted >= (failures.len() + silences.len()) as u64, "{counted} errors counted");
}

/// Makes the gateway ask a question that no sign-up asks: an attempt that failed by the studio's fault costs nothing.
async fn fail_by_the_studios_fault(app: &TestApp, turn: usize, name: &str) {
    app.studio.reply(raw(503, "text/html", ""));
    assert_eq!(app.sign_up(FLOWS[turn % FLOWS.len()]).await.status, 503, "{name}");
    app.studio.reply(Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL })));
}

#[tokio::test]
async fn a_redis_that_fails_at_one_question_alone_costs_no_sign_up_and_no_second_account() {
    let questions = [Question::Take, Question::Refund, Question::Claim, Question::BeginSending, Question::Finish];
    let at_each = async |patience: Patience, faults: &[(&str, Act)]| {
        let redis = Redis::start().await;
        let app = redis.app(patience).await;
        for question in questions {
            for (turn, (name, act)) in faults.iter().enumerate() {
                let name = format!("{name} at {question:?}");
                assert_recovers(&app, &redis, &name).await;
                let asked = redis.count(question);
                redis.fail(act.clone(), &[question]);
                if question == Question::Refund {
                    fail_by_the_studios_fault(&app, turn, &name).await;
                }
                assert_goes_on(&app, turn, &name).await;
                assert!(redis.count(question) > asked, "{name}: nothing failed");
            }
        }
    };
    let show_at_once = [
        ("closes", breaks(Reply::Close)),
        ("READONLY", says("-READONLY You can't write against a read only replica.\r\n")),
        ("garbage", says("?\r\n")),
    ];
    let are_waited_for = [("stalls", breaks(Reply::Stall(Vec::new())))];
    // Without a silence, in which nobody is asked for a refund.
    let impatient = Patience { silence: Duration::ZERO, ..impatient() };
    tokio::join!(at_each(patient(), &show_at_once), at_each(impatient, &are_waited_for));
}

#[tokio::test]
async fn each_script_is_a_question_of_its_own() {
    let redis = Redis::start().await;
    let app = redis.app(patient()).await;
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 303);
    let (page, client, address) = (Question::Take, Question::Take, Question::Take);
    let created = [page, client, Question::Claim, address, Question::BeginSending, Question::Finish];
    assert_eq!(redis.asked(), created);
    fail_by_the_studios_fault(&app, 0, "a failure").await;
    let refunds = [Question::Refund, Question::Refund];
    assert_eq!(redis.asked(), [&created[..], &created, &refunds].concat());
    assert_eq!(redis.count(Question::Watch), 1, "at the start");
}

#[tokio::test]
async fn a_redis_that_takes_longer_to_greet_than_a_limit_may_wait_is_used_all_the_same() {
    let redis = Redis::start().await;
    redis.greet_after(Duration::from_millis(300));
    let app = redis.app(impatient()).await;
    for (name, reply) in [("closes", Reply::Close), ("stalls", Reply::Stall(Vec::new()))] {
        assert_recovers(&app, &redis, name).await;
        redis.fail(breaks(reply), &Question::ALL);
        app.get("/").await;
        assert!(is_degraded(&app).await, "{name}");
    }
    assert_recovers(&app, &redis, "in the end").await;
}

#[tokio::test]
async fn an_attempt_whose_claim_or_mark_may_be_written_late_is_ended_again_later() {
    let waits_a_moment_for_forms = Patience { form: Duration::from_millis(300), ..patient() };
    for (patience, stalled, times) in [
        (patient(), None, 1),
        (waits_a_moment_for_forms, Some(Question::Claim), 2),
        (waits_a_moment_for_forms, Some(Question::BeginSending), 2),
    ] {
        let redis = Redis::start().await;
        let app = redis.app(patience).await;
        if let Some(question) = stalled {
            redis.fail(breaks(Reply::Stall(Vec::new())), &[question]);
        }
        assert_eq!(app.sign_up(FLOWS[0]).await.status, 303, "{stalled:?}");
        // The end waits until all is told.
        app.tell_to_stop();
        app.ended().await.unwrap();
        assert_eq!(redis.heard(Question::Finish), times, "{stalled:?}");
    }
}

#[tokio::test]
async fn a_stop_waits_until_redis_was_told_how_the_last_attempt_ended() {
    let redis = Redis::start().await;
    let app = redis.app(patient()).await;
    redis.fail(breaks(Reply::Close), &[Question::Finish]);
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 303);
    assert_eq!(redis.heard(Question::Finish), 0);
    redis.recover();
    app.tell_to_stop();
    app.ended().await.unwrap();
    assert_eq!(redis.heard(Question::Finish), 1, "the sign-up is settled for this process alone");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_unknown_outcome_and_nothing_is_sent() {
    let redis = Redis::start().await;
    let app = redis.app(patient()).await;
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
        assert!(started.elapsed() < IN_THE_END, "{name}: {:?}", started.elapsed());
        assert!(is_degraded(&app).await, "{name}");
    }
}

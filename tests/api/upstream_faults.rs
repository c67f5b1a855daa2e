//! An upstream that fails below HTTP: a creation is never sent twice, and nothing that was typed is lost.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use signup_gateway::signup::Flow;

use crate::helpers::app::sample;
use crate::helpers::faults::{Ends, IN_TIME, LATE, budget, faults, slammed_doors, sound_answers};
use crate::helpers::neighbour::{Door, Gate, STUDIO_URL, Vacancy};
use crate::helpers::{FLOWS, Neighbour, Page, Reply, TestApp, assert_kept, roomy};

/// An application with the budget that a fault which ends so is to meet.
async fn app_for(ends: Ends) -> TestApp {
    let budget = budget(ends);
    TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__TIMEOUT", budget), ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", budget)])).await
}

fn answer() -> Value {
    json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL })
}

fn created() -> Reply {
    Reply::Json(200, answer())
}

/// The page of an unknown outcome: fresh id, no pass, what to look for, everything that was typed.
fn assert_unknown(flow: &'static Flow, form: &Page, answer: &Page, status: u16, name: &str) {
    assert_eq!(answer.status, status, "{name}: {}", answer.notice_text());
    assert!(
        answer.notice_text().contains("look in your mailbox") || answer.notice_text().contains("Look in your mailbox")
    );
    assert_kept(flow, answer, &sample(flow), name);
    assert_ne!(answer.id(), form.id(), "{name}: the id of an unknown outcome is spent");
    assert_eq!(answer.pass(), None, "{name}");
}

fn assert_unavailable(flow: &'static Flow, form: &Page, answer: &Page, name: &str) {
    assert_eq!(answer.status, 503, "{name}: {}", answer.notice_text());
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{name}: {wait}");
    assert_kept(flow, answer, &sample(flow), name);
    assert_eq!(answer.id(), form.id(), "{name}: nothing was sent, the form is still good");
    assert_eq!(answer.outcome(), "upstream_unavailable", "{name}");
}

#[tokio::test]
async fn a_creation_that_was_sent_and_not_answered_is_unknown_and_never_sent_again() {
    let (hasty, patient) = (app_for(Ends::Late).await, app_for(Ends::Broken).await);
    for (index, fault) in faults(&answer(), LATE).into_iter().enumerate() {
        let app = if fault.ends == Ends::Late { &hasty } else { &patient };
        let (name, flow) = (fault.name, FLOWS[index % FLOWS.len()]);
        fault.befall(&app.studio);
        let (creations, connections) = (app.studio.received().len(), app.studio.connections());
        let form = app.form(flow, "").await;
        let started = Instant::now();
        let first = app.submit(&form, &sample(flow)).await;
        assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
        let (status, outcome) = match fault.ends {
            Ends::Broken | Ends::Late => (504, "upstream_timeout"),
            Ends::Nonsense => (502, "upstream_unavailable"),
        };
        assert_unknown(flow, &form, &first, status, name);
        assert_eq!(first.outcome(), outcome, "{name}");

        app.studio.reply(created());
        let second = app.submit(&form, &sample(flow)).await;
        assert_unknown(flow, &form, &second, 504, name);
        assert_eq!(app.studio.received().len() - creations, 1, "{name}: creations");
        assert_eq!(app.studio.connections() - connections, 1, "{name}: connections");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unknown_whatever_its_status() {
    let app = app_for(Ends::Late).await;
    let statuses = [200, 201, 302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 501, 502, 503];
    for (index, status) in statuses.into_iter().enumerate() {
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"suc");
        let chunk = format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<html");
        for (how, reply) in [
            ("closed", Reply::Raw(head.clone().into_bytes())),
            ("closed in a chunk", Reply::Raw(chunk.into_bytes())),
            ("reset", Reply::ResetAfter(head.clone().into_bytes())),
            ("stalled", Reply::Stall(head.into_bytes())),
        ] {
            let (name, flow) = (format!("{status}, {how}"), FLOWS[index % FLOWS.len()]);
            app.studio.reply(reply);
            let creations = app.studio.received().len();
            let form = app.form(flow, "").await;
            let first = app.submit(&form, &sample(flow)).await;
            assert_unknown(flow, &form, &first, 504, &name);
            app.studio.reply(created());
            assert_unknown(flow, &form, &app.submit(&form, &sample(flow)).await, 504, &name);
            assert_eq!(app.studio.received().len() - creations, 1, "{name}: creations");
        }
    }
}

#[tokio::test]
async fn what_connecting_leaves_of_the_time_is_all_that_an_answer_has() {
    let app =
        TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__TIMEOUT", "1s"), ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "60s")]))
            .await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        app.studio.reply(Reply::Later(Duration::from_secs(20), Box::new(created())));
        let answer = app.submit(&form, &sample(flow)).await;
        assert_unknown(flow, &form, &answer, 504, "later than upstream.timeout, sooner than with connect_timeout");
    }
    // Patience for connecting beyond that for the whole call: it is cut, so that nothing sent is told from no answer.
    let vacancy = Vacancy::new();
    let url = vacancy.url("/v1");
    let _full = vacancy.blackhole().await;
    let patient = [
        ("SIGNUP__UPSTREAM__BASE_URL", url.as_str()),
        ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "60s"),
        ("SIGNUP__UPSTREAM__TIMEOUT", "5s"),
    ];
    let app = TestApp::with(&roomy(&patient)).await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_unavailable(flow, &form, &answer, flow.slug);
    }
}

#[tokio::test]
async fn a_door_slammed_before_the_request_was_read_is_unknown_too() {
    for fault in slammed_doors() {
        let app = app_for(fault.ends).await;
        for flow in FLOWS {
            let name = format!("{}, {}", fault.name, flow.slug);
            fault.befall(&app.studio);
            let connections = app.studio.connections();
            let form = app.form(flow, "").await;
            let started = Instant::now();
            let first = app.submit(&form, &sample(flow)).await;
            assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
            assert_unknown(flow, &form, &first, 504, &name);

            app.studio.door(Door::Open);
            let second = app.submit(&form, &sample(flow)).await;
            assert_unknown(flow, &form, &second, 504, &name);
            assert_eq!(app.studio.connections() - connections, 1, "{name}: connections");
        }
        assert_eq!(app.studio.received().len(), 0, "{}: creations", fault.name);
    }
}

#[tokio::test]
async fn odd_and_sound_answers_are_understood() {
    let app = TestApp::with(&roomy(&[])).await;
    for (index, (name, reply)) in sound_answers(&answer()).into_iter().enumerate() {
        app.studio.reply(reply);
        let answer = app.sign_up(FLOWS[index % FLOWS.len()]).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{name}");
    }
}

#[tokio::test]
async fn an_upstream_where_nothing_listens_is_a_503_and_the_form_is_good_once_it_is_up() {
    for flow in FLOWS {
        let vacancy = Vacancy::new();
        let app = TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__BASE_URL", &vacancy.url("/v1"))])).await;
        let form = app.form(flow, "").await;
        let started = Instant::now();
        let answer = app.submit(&form, &sample(flow)).await;
        assert!(started.elapsed() < IN_TIME, "{}: {:?}", flow.slug, started.elapsed());
        assert_unavailable(flow, &form, &answer, flow.slug);

        let studio = vacancy.open(|_| created());
        let answer = app.submit(&answer, &[("password", "vexing-otter-plinth")]).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}: with the pass alone", flow.slug);
        assert_eq!(studio.received().len(), 1, "{}", flow.slug);
    }
}

#[tokio::test]
async fn neighbours_are_found_by_their_names_and_a_name_that_is_none_is_a_503() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let named = |url: String| url.replace("127.0.0.1", "localhost");
    let (base, verify) = (named(studio.url("/v1")), named(siteverify.url("/siteverify")));
    let neighbours = [("SIGNUP__UPSTREAM__BASE_URL", base.as_str()), ("SIGNUP__TURNSTILE__SITEVERIFY_URL", &verify)];
    let app = TestApp::beside(studio, siteverify, &roomy(&neighbours)).await;
    for flow in FLOWS {
        let answer = app.sign_up(flow).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}", flow.slug);
    }
    // A label is too long to be asked for (RFC 1035, 2.3.4): no name server makes an address of it.
    let base = format!("http://{}.invalid/v1", "a".repeat(64));
    let app = TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__BASE_URL", &base)])).await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_unavailable(flow, &form, &answer, flow.slug);
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_a_503_within_the_budget() {
    let vacancy = Vacancy::new();
    let url = vacancy.url("/v1");
    let _full = vacancy.blackhole().await;
    let app =
        TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__BASE_URL", &url), ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "200ms")]))
            .await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let started = Instant::now();
        let answer = app.submit(&form, &sample(flow)).await;
        assert!(started.elapsed() < IN_TIME, "{}: {:?}", flow.slug, started.elapsed());
        assert_unavailable(flow, &form, &answer, flow.slug);
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_tried_exactly_once_more() {
    // A TLS handshake that is cut off: a failed connection which, unlike a refused one, can be counted.
    let studio = Neighbour::studio().await;
    studio.door(Door::Shut);
    let url = studio.url("/v1").replace("http:", "https:");
    let app = TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__BASE_URL", &url)])).await;
    for flow in FLOWS {
        let before = studio.connections();
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_unavailable(flow, &form, &answer, flow.slug);
        assert_eq!(studio.connections() - before, 2, "{}: one retry", flow.slug);
    }
}

#[tokio::test]
async fn no_creation_uses_an_idle_connection() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for _ in 0..2 {
            assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        }
    }
    app.studio.reply(Reply::Later(Duration::from_millis(50), Box::new(created())));
    let crowd = join_all(FLOWS.iter().cycle().take(6).map(|flow| app.sign_up(flow))).await;
    assert!(crowd.iter().all(|answer| answer.status == 303));
    assert_eq!(app.studio.received().len(), FLOWS.len() * 2 + 6);
    assert_eq!(app.studio.connections(), app.studio.received().len(), "connections are as many as creations");
}

#[tokio::test]
async fn after_failures_in_a_row_the_circuit_opens_and_one_probe_closes_it() {
    let app =
        TestApp::with(&[("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "3"), ("SIGNUP__UPSTREAM__CIRCUIT__OPEN_FOR", "6s")])
            .await;
    let flow = FLOWS[0];
    for (failures, status) in [(2, 504), (0, 303), (3, 504)] {
        app.studio.reply(if status == 303 { created() } else { Reply::Close });
        for _ in 0..failures.max(1) {
            assert_eq!(app.sign_up(flow).await.status, status, "an answer in between starts the count anew");
        }
    }
    let opened = Instant::now();
    app.studio.reply(created());
    let connections = app.studio.connections();
    let mut waiting = Vec::new();
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_unavailable(flow, &form, &answer, flow.slug);
        assert!(answer.notice_text().contains("No account was created"), "{}", flow.slug);
        assert_eq!(answer.event().get("upstream_duration_ms"), None, "{}: of a call that was not made", flow.slug);
        waiting.push((flow, answer));
    }
    assert_eq!(app.studio.connections(), connections, "no connection while the circuit is open");
    let ready = app.get_admin("/health/ready").await;
    assert_eq!(ready.status, 200, "a failing neighbour never makes us unready");
    assert!(ready.body.contains("degraded"), "{}", ready.body);

    tokio::time::sleep(Duration::from_millis(6_100).saturating_sub(opened.elapsed())).await;
    app.studio.reply(Reply::Close);
    assert_eq!(app.sign_up(flow).await.status, 504, "the probe");
    let failed = Instant::now();
    app.studio.reply(created());
    assert_eq!(app.sign_up(flow).await.status, 503, "a failed probe opens it again at once");

    tokio::time::sleep(Duration::from_millis(6_100).saturating_sub(failed.elapsed())).await;
    for (flow, form) in waiting {
        let answer = app.submit(&form, &[("password", "vexing-otter-plinth")]).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}: closed, by the pass", flow.slug);
    }
}

#[tokio::test]
async fn refusals_never_open_the_circuit() {
    let app = TestApp::with(&[("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "2")]).await;
    for flow in FLOWS {
        app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
        for _ in 0..3 {
            assert_eq!(app.sign_up(flow).await.status, 422, "{}", flow.slug);
        }
        app.studio.reply(created());
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
    }
}

#[tokio::test]
async fn above_the_calls_in_flight_visitors_get_503_at_once() {
    let app =
        TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", "1"), ("SIGNUP__UPSTREAM__TIMEOUT", "60s")])).await;
    for flow in FLOWS {
        let before = app.studio.received().len();
        let gate = Gate::default();
        app.studio.reply(Reply::Behind(gate.clone(), Box::new(created())));
        let form = app.form(flow, "").await;
        let crowded = async {
            while app.studio.received().len() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let answer = app.submit(&form, &sample(flow)).await;
            // Only now: it did not wait for the first.
            gate.open();
            answer
        };
        let (first, second) = tokio::join!(app.sign_up(flow), crowded);
        assert_eq!(first.status, 303, "{}", flow.slug);
        assert_unavailable(flow, &form, &second, flow.slug);
        assert_eq!(app.studio.received().len() - before, 1, "{}", flow.slug);

        app.studio.reply(created());
        let answer = app.submit(&second, &[("password", "vexing-otter-plinth")]).await;
        assert_eq!(answer.status, 303, "{}: the form is good again", flow.slug);
    }
}

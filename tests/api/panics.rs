//! Panics (contract 4): the visitor gets a page with a reference, the operator a place in the source, and the process
//! goes on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use serde_json::json;
use signup_gateway::listener::{self, Limits};
use signup_gateway::routes;
use tokio::sync::Mutex;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::resp::{Act, Question, Redis, patient};
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, log};

/// The counter is the process's: the tests that read it take turns.
static TURN: Mutex<()> = Mutex::const_new(());

const PANICS: &str = "signup_panics_total";
/// Below the page budget, and far below a lease: nobody waited for one.
const AT_ONCE: Duration = Duration::from_secs(20);
/// Stands in every panic's message, as something that a visitor typed.
const TYPED: &str = "typed-by-a-visitor";

/// The page of a failure of ours: a reference, the headers of every page, and one line in the log that tells nothing
/// about the visitor.
fn assert_our_fault(answer: &Page, name: &str) {
    assert_eq!(answer.status, 500, "{name}: {}", answer.body);
    let id = answer.header("x-request-id").unwrap();
    assert!(answer.texts("main").concat().contains(id), "{name}: {}", answer.body);
    assert!(!answer.texts("header .brand").concat().is_empty(), "{name}: nobody's page");
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{name}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
    assert!(!answer.body.contains(TYPED) && !answer.body.contains(".rs"), "{name}: the page tells why");
    assert_logged_once(id, name);
}

fn assert_logged_once(request_id: &str, name: &str) {
    let events = log::of_request(request_id);
    let panics: Vec<_> = events.iter().filter(|event| event["message"] == "panicked").collect();
    assert_eq!(panics.len(), 1, "{name}: {events:?}");
    assert_eq!(panics[0]["level"], "ERROR", "{name}");
    assert!(panics[0]["place"].as_str().unwrap().contains(".rs:"), "{name}: {panics:?}");
    assert!(!events.iter().any(|event| event.to_string().contains(TYPED)), "{name}: the log quotes the message");
}

async fn panicking() -> HttpResponse {
    panic!("{TYPED}");
}

/// The visitors' application as it is served, with one page more.
fn serve_with_a_page_that_panics(app: &TestApp) -> SocketAddr {
    let state = app.state.clone();
    let limits = Limits { drain: Duration::ZERO, body: 32 * 1_024 };
    let application = move || routes::public_app(state.clone()).route("/panics", web::to(panicking));
    let (server, address) = listener::serve(([127, 0, 0, 1], 0).into(), limits, application).unwrap();
    tokio::spawn(server);
    address
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_with_a_reference_and_its_worker_lives_on() {
    let _turn = TURN.lock().await;
    let app = TestApp::start().await;
    let address = serve_with_a_page_that_panics(&app);
    // One connection is one worker's: what it answers afterwards, the same worker answers.
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap();
    let before = app.counter(PANICS).await;
    for round in 1..=20 {
        let url = |path: &str| format!("http://{address}{path}");
        let (name, read) = (format!("round {round}"), client.get(url("/panics")));
        let request = if round % 2 == 0 { client.post(url("/panics")).body(TYPED) } else { read };
        assert_our_fault(&Page::read(request.send().await.unwrap()).await, &name);
        assert_eq!(app.counter(PANICS).await - before, round, "{name}");
        let next = Page::read(client.get(url("/signup/pro")).send().await.unwrap()).await;
        assert_eq!(next.status, 200, "{name}: the next request");
    }
}

/// A tenant whose id only this test's log lines hold; its e-mail rules make a line before anything is sent.
fn tenant(id: &str) -> Vec<(String, String)> {
    let key = |name: &str| format!("SIGNUP__TENANTS__{}__{name}", id.to_uppercase());
    vec![
        (key("HOSTS"), format!("{id}.localhost")),
        (key("BRAND__NAME"), "Panicking".to_owned()),
        (key("TURNSTILE__HOSTNAMES"), "localhost".to_owned()),
        (key("EMAIL__MODE"), "observe".to_owned()),
        (key("FLOWS__PRO__BUSINESS_EMAIL"), "true".to_owned()),
    ]
}

#[tokio::test]
async fn an_attempt_that_panics_is_answered_at_once_and_its_form_stays_honest() {
    let _turn = TURN.lock().await;
    let flow = FLOWS[0];
    let created = |origin: &str| Reply::Json(200, json!({ "success": true, "id": 7, "redirectUrl": origin }));
    // Where it panics, by a line that is logged there; what the visitor gets, and gets for the same form again.
    for (name, id, line, first, outcome, again) in [
        ("before anything is sent", "panicsearly", "would have been refused", 500, "failed", 303),
        ("after the studio's answer", "panicslate", "may not be followed", 504, "upstream_timeout", 504),
        ("when the answer is kept", "panicskeeping", "Redis does not answer", 504, "upstream_timeout", 504),
        ("when all is done", "panicslast", "\"event\":\"signup\"", 303, "created", 303),
    ] {
        let redis = Redis::start().await;
        redis.fail(Act::Says(b"-BUSY Redis is busy running a script.\r\n".to_vec()), &[Question::Finish]);
        let variables = tenant(id);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // Nothing but the end fails, however slow the machine is.
        let app = redis.app_with(patient(), &variables).await;
        app.studio.reply(created(if id == "panicslate" { "https://elsewhere.example/" } else { STUDIO_URL }));
        let host = format!("{id}.localhost");
        let host = [("host", host.as_str())];
        let form = app.get_with("/signup/pro", &host).await;
        let email = format!("{TYPED}@gmail.com");
        let typed = sample_with(flow, "email", &email);
        let before = app.counter(PANICS).await;
        log::panic_at([id, line]);

        let started = Instant::now();
        let answer = app.submit_with(&form, &typed, &host).await;
        assert!(started.elapsed() < AT_ONCE, "{name}: {:?}", started.elapsed());
        assert_eq!(app.counter(PANICS).await - before, 1, "{name}");
        assert_eq!(answer.status, first, "{name}: {}", answer.body);
        let series = format!("signup_submissions_total{{flow=\"pro\",tenant=\"{id}\",outcome=\"{outcome}\"}}");
        assert_eq!(app.counter(&series).await, 1, "{name}: counted");
        // The event that cannot be written is not.
        assert!(id == "panicslast" || answer.outcome() == outcome, "{name}: {}", answer.outcome());
        if first == 504 {
            assert!(answer.notice_text().to_lowercase().contains("look in your mailbox"), "{name}");
            assert_kept(flow, &answer, &typed, name);
            assert_logged_once(answer.header("x-request-id").unwrap(), name);
        } else if first == 500 {
            assert_our_fault(&answer, name);
        } else {
            assert_logged_once(answer.header("x-request-id").unwrap(), name);
        }

        app.studio.reply(created(STUDIO_URL));
        let started = Instant::now();
        let answer = app.submit_with(&form, &typed, &host).await;
        assert!(started.elapsed() < AT_ONCE, "{name}: {:?}", started.elapsed());
        assert_eq!(answer.status, again, "{name}: the same form again");
        assert_eq!(app.studio.received().len(), 1, "{name}: creations");
    }
}

#[tokio::test]
async fn a_form_whose_way_in_panics_is_an_event_and_a_count_like_every_other() {
    let _turn = TURN.lock().await;
    let id = "panicsentering";
    let variables = tenant(id);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let app = TestApp::with(&variables).await;
    let host = [("host", "panicsentering.localhost")];
    let form = app.get_with("/signup/pro", &host).await;
    log::panic_at([id, "\"guard\":\"honeypot\""]);
    let typed = [sample(FLOWS[0]), vec![("subject_line", TYPED)]].concat();
    let answer = app.submit_with(&form, &typed, &host).await;
    assert_our_fault(&answer, id);
    assert_eq!(answer.outcome(), "failed");
    let series = "signup_submissions_total{flow=\"pro\",tenant=\"panicsentering\",outcome=\"failed\"}";
    assert_eq!(app.counter(series).await, 1);
    assert!(app.studio.received().is_empty());
}

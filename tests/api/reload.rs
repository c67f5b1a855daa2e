//! A reload: what it puts into force, and what it leaves alone.

use std::time::Duration;

use serde_json::json;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::form::{UNLIMITED, attempt, unlimited_and};
use crate::helpers::neighbour::{Gate, STUDIO_URL};
use crate::helpers::{FLOWS, Neighbour, Page, Reply, TestApp};

/// Without a comma: older keys are a list.
const OLD: &str = "the older key that only the tests have: 32 bytes or more";
const OLD_KEY: (&str, &str) = ("SIGNUP__SERVER__SECRET_KEY", OLD);
const NEW_KEY: (&str, &str) =
    ("SIGNUP__SERVER__SECRET_KEY", "the newer key that only the tests have: 32 bytes or more");
const KEPT_KEY: (&str, &str) = ("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", OLD);

/// A form that is refused for its own fault costs the client's budget: whether one more may pass.
async fn passes(app: &TestApp, form: &Page) -> bool {
    app.submit(form, &[("username", "!")]).await.status == 422
}

#[tokio::test]
async fn rules_that_changed_hold_for_the_next_request() {
    let app = TestApp::with(UNLIMITED).await;
    let flow = FLOWS[1];
    let refused = async |name, typed| attempt(&app, flow, name, typed).await.fields_in_error() == [name];

    // Each with a value that is refused only under the variable beside it.
    for (variable, value, field, typed) in [
        ("SIGNUP__PASSWORD__MIN_LENGTH", "60", "password", "a password of a good length and more"),
        ("SIGNUP__PASSWORD__MIN_STRENGTH", "4", "password", "mondaymorning"),
        ("SIGNUP__EMAIL__BLOCKED_DOMAINS", "blocked.example", "email", "ada@blocked.example"),
    ] {
        assert!(!refused(field, typed).await, "{variable}: not yet");
        assert!(app.reload(&unlimited_and(&[(variable, value)])).is_empty());
        assert!(refused(field, typed).await, "{variable}");
        assert!(app.reload(UNLIMITED).is_empty());
        assert!(!refused(field, typed).await, "{variable}: no longer");
    }

    let trap = [sample_with(flow, "username", "trapped"), vec![("subject_line", "a robot's")]].concat();
    assert!(app.reload(&unlimited_and(&[("SIGNUP__HONEYPOT__MODE", "enforce")])).is_empty());
    assert_eq!(app.submit(&app.form(flow, "").await, &trap).await.status, 422);

    assert!(app.reload(&unlimited_and(&[("SIGNUP__FLOWS__TRIAL__ENABLED", "false")])).is_empty());
    assert_eq!(app.get("/signup/trial").await.status, 404);
}

#[tokio::test]
async fn limits_proxies_and_exempt_networks_that_changed_hold_for_the_next_request() {
    let limited = [("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"), ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h")];
    let with = |more: &[(&'static str, &'static str)]| [limited.as_slice(), more].concat();
    let app = TestApp::with(&limited).await;
    let form = app.form(FLOWS[0], "").await;
    assert!(passes(&app, &form).await);
    assert!(!passes(&app, &form).await);

    app.reload(&with(&[("SIGNUP__RATE_LIMIT__EXEMPT", "127.0.0.0/8")]));
    assert!(passes(&app, &form).await, "exempt");

    app.reload(&with(&[("SIGNUP__RATE_LIMIT__MODE", "observe")]));
    assert!(passes(&app, &form).await, "observed");

    app.reload(&with(&[("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1")]));
    let of_another = [("x-forwarded-for", "203.0.113.9")];
    assert_eq!(app.submit_with(&form, &[("username", "!")], &of_another).await.status, 422, "another client");
    assert_eq!(app.submit_with(&form, &[("username", "!")], &of_another).await.status, 429);

    app.reload(&limited);
    assert!(!passes(&app, &form).await, "the first client's budget is what it was");
}

#[tokio::test]
async fn who_has_used_a_budget_has_used_it_under_another_quota_too() {
    let client = |burst| [("SIGNUP__RATE_LIMIT__CLIENT__BURST", burst), ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h")];
    let app = TestApp::with(&client("3")).await;
    let form = app.form(FLOWS[0], "").await;
    assert!(passes(&app, &form).await && passes(&app, &form).await);
    app.reload(&client("4"));
    assert!(passes(&app, &form).await && passes(&app, &form).await);
    assert!(!passes(&app, &form).await);
    app.reload(&client("2"));
    let limited = app.submit(&form, &sample(FLOWS[0])).await;
    assert_eq!((limited.status, limited.header("ratelimit-policy")), (429, Some(r#""client";q=2;w=7200"#)));
}

#[tokio::test]
async fn an_attempt_in_flight_ends_with_the_neighbours_and_keys_it_began_with() {
    for flow in FLOWS {
        let app = TestApp::with(&unlimited_and(&[OLD_KEY])).await;
        let created = json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL });
        let gate = Gate::default();
        app.studio.reply(Reply::Behind(gate.clone(), Box::new(Reply::Json(200, created))));
        let form = app.form(flow, "").await;
        let elsewhere = Neighbour::studio().await;
        let fields = sample(flow);
        let (answer, ()) = tokio::join!(app.submit(&form, &fields), async {
            while app.studio.received().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let base = elsewhere.url("/v1");
            app.reload(&unlimited_and(&[
                NEW_KEY,
                KEPT_KEY,
                ("SIGNUP__UPSTREAM__BASE_URL", &base),
                ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://other.example"),
            ]));
            gate.open();
        });
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}", flow.slug);
        // The form is still good for that one account, its answer was sealed with the key that is now the previous one.
        let again = app.submit(&form, &fields).await;
        assert_eq!((again.status, again.location()), (303, STUDIO_URL), "{}", flow.slug);
        assert_eq!(app.studio.received().len(), 1, "{}", flow.slug);
        assert!(elsewhere.received().is_empty(), "{}", flow.slug);

        let next = app.submit(&app.form(flow, "").await, &fields).await;
        assert_eq!((next.status, next.location()), (303, "/signup/status"), "{}", flow.slug);
        assert_eq!(elsewhere.received().len(), 1, "{}", flow.slug);
    }
}

#[tokio::test]
async fn an_open_circuit_stays_open_for_the_same_studio_alone() {
    let circuit =
        unlimited_and(&[("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "2"), ("SIGNUP__UPSTREAM__CIRCUIT__OPEN_FOR", "1h")]);
    let app = TestApp::with(&circuit).await;
    app.studio.reply(Reply::Json(503, json!({})));
    for _ in 0..2 {
        assert_eq!(app.sign_up(FLOWS[0]).await.status, 503);
    }
    app.reload(&circuit);
    assert_eq!((app.sign_up(FLOWS[0]).await.status, app.studio.received().len()), (503, 2), "nobody asks");
    let elsewhere = Neighbour::studio().await;
    let base = elsewhere.url("/v1");
    app.reload(&[circuit.as_slice(), &[("SIGNUP__UPSTREAM__BASE_URL", base.as_str())]].concat());
    assert_eq!((app.sign_up(FLOWS[0]).await.status, elsewhere.received().len()), (303, 1));
}

#[tokio::test]
async fn calls_in_flight_count_after_a_reload_too() {
    let one = unlimited_and(&[("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", "1")]);
    let two = unlimited_and(&[("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", "2")]);
    for (name, variables, status) in [("the same limit", one.as_slice(), 503), ("another limit", two.as_slice(), 303)] {
        let app = TestApp::with(&one).await;
        let created = Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL }));
        let (first, flow, gate) = (std::cell::Cell::new(true), FLOWS[0], Gate::default());
        let shut = gate.clone();
        app.studio.answer(move |_| {
            if first.replace(false) { Reply::Behind(shut.clone(), Box::new(created.clone())) } else { created.clone() }
        });
        let (slow, second) = tokio::join!(app.sign_up(flow), async {
            while app.studio.received().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            app.reload(variables);
            let second = app.sign_up(flow).await;
            gate.open();
            second
        });
        assert_eq!((slow.status, second.status), (303, status), "{name}");
        assert_eq!(app.sign_up(flow).await.status, 303, "{name}: the slot is free again");
    }
}

#[tokio::test]
async fn a_key_that_is_gone_expires_the_forms_it_signed_and_one_that_is_kept_does_not() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        app.reload(&unlimited_and(&[OLD_KEY]));
        let form = app.form(flow, "").await;
        app.reload(&unlimited_and(&[NEW_KEY]));
        assert_eq!(app.submit(&form, &sample(flow)).await.status, 422, "{}", flow.slug);
        app.reload(&unlimited_and(&[NEW_KEY, KEPT_KEY]));
        assert_eq!(app.submit(&form, &sample(flow)).await.status, 303, "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_key_that_development_made_up_lives_as_long_as_the_process() {
    let variables = unlimited_and(&[("SIGNUP__SERVER__SECRET_KEY", "")]);
    let app = TestApp::with(&variables).await;
    let form = app.form(FLOWS[0], "").await;
    app.reload(&variables);
    assert_eq!(app.submit(&form, &sample(FLOWS[0])).await.status, 303);
}

#[tokio::test]
async fn what_waits_for_a_restart_is_named_and_the_rest_is_in_force() {
    let app = TestApp::with(UNLIMITED).await;
    let variables = unlimited_and(&[
        ("SIGNUP__SERVER__BIND", "127.0.0.1:1"),
        ("SIGNUP__SERVER__ADMIN_BIND", "127.0.0.1:2"),
        ("SIGNUP__SERVER__LAME_DUCK", "9s"),
        ("SIGNUP__SERVER__DRAIN_TIMEOUT", "9s"),
        ("SIGNUP__SERVER__BODY_LIMIT", "9KiB"),
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1:1"),
        ("SIGNUP__TELEMETRY__LOG_FORMAT", "json"),
        ("SIGNUP__TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("SIGNUP__SANDBOX__ENABLED", "true"),
        ("SIGNUP__BRAND__NAME", "Renamed"),
    ]);
    let waiting = app.reload(&variables);
    assert_eq!(
        waiting,
        [
            "server.bind",
            "server.admin_bind",
            "server.lame_duck",
            "server.drain_timeout",
            "server.body_limit",
            "rate_limit.backend",
            "rate_limit.redis_url",
            "telemetry.log_format",
            "telemetry.otlp_endpoint",
            "sandbox.bind",
        ]
    );
    assert!(app.get("/").await.body.contains("Renamed"));
    assert!(app.reload(UNLIMITED).is_empty(), "as it was started");
}

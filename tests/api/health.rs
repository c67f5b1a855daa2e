//! What balancers, orchestrators and Prometheus are told.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::helpers::app::sample;
use crate::helpers::form::{UNLIMITED, unlimited_and};
use crate::helpers::raw::ask;
use crate::helpers::{FLOWS, Page, Reply, TestApp};

fn status(page: &Page) -> (u16, String) {
    let body: Value = serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("not JSON: {}", page.body));
    (page.status, body["status"].as_str().unwrap().to_owned())
}

fn is(code: u16, word: &str) -> (u16, String) {
    (code, word.to_owned())
}

#[tokio::test]
async fn a_healthy_process_says_so_on_both_listeners_to_any_host() {
    let app = TestApp::with(&[("SIGNUP__SERVER__STRICT_HOSTS", "true")]).await;
    for path in ["/health/live", "/health/ready"] {
        for listener in [app.address, app.admin] {
            for host in ["Host: localhost", "Host: 10.0.0.7:8080", "Host: balancer.internal", "Host: a_b"] {
                for method in ["GET", "HEAD"] {
                    let answer = ask(listener, method, path, &[host]).await;
                    assert_eq!(answer.status, 200, "{method} {path} {host}");
                    assert_eq!(answer.header("content-type"), Some("application/json"), "{method} {path} {host}");
                }
            }
        }
        assert_eq!(status(&app.get(path).await), is(200, "ok"), "{path}");
        assert_eq!(status(&app.get_admin(path).await), is(200, "ok"), "{path}");
    }
    let public: Value = serde_json::from_str(&app.get("/health/ready").await.body).unwrap();
    assert_eq!(public, json!({ "status": "ok" }), "visitors learn no more");
    let admin: Value = serde_json::from_str(&app.get_admin("/health/ready").await.body).unwrap();
    assert!(admin["checks"]["upstream"].is_string() && admin["checks"]["store"].is_string(), "{admin}");
}

#[tokio::test]
async fn what_is_for_operators_is_not_on_the_public_listener() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/metrics").await.status, 404);
    for path in ["/", "/signup/pro", "/nowhere"] {
        assert_eq!(app.get_admin(path).await.status, 404, "{path}");
    }
    for path in ["/metrics", "/health/live", "/health/ready"] {
        assert_eq!(ask(app.admin, "POST", path, &["Host: x", "Content-Length: 0"]).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn every_answer_to_operators_has_an_id_of_its_own_and_a_failure_has_words() {
    let app = TestApp::start().await;
    let mut ids = HashSet::new();
    for (method, path, status, content_type) in [
        ("GET", "/health/live", 200, "application/json"),
        ("GET", "/metrics", 200, "text/plain; charset=utf-8"),
        ("HEAD", "/funnel", 200, "text/html; charset=utf-8"),
        ("GET", "/nowhere", 404, "text/plain; charset=utf-8"),
        ("HEAD", "/nowhere", 404, "text/plain; charset=utf-8"),
        ("DELETE", "/nowhere", 404, "text/plain; charset=utf-8"),
        ("PUT", "/metrics", 405, "text/plain; charset=utf-8"),
    ] {
        let answer = ask(app.admin, method, path, &["Host: x"]).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(content_type)), "{method} {path}");
        assert!(answer.header("content-security-policy").is_some(), "{method} {path}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}: {}", answer.body);
        assert!(ids.insert(answer.header("x-request-id").unwrap_or_default().to_owned()), "{method} {path}: {ids:?}");
    }
}

#[tokio::test]
async fn an_upstream_that_is_away_makes_us_degraded_and_never_unready() {
    for flow in FLOWS {
        let app = TestApp::with(&[("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "1")]).await;
        app.studio.reply(Reply::Json(500, json!({})));
        assert_eq!(app.sign_up(flow).await.status, 502, "{}", flow.slug);
        assert_eq!(status(&app.get("/health/ready").await), is(200, "degraded"), "{}", flow.slug);
        let admin = app.get_admin("/health/ready").await;
        assert_eq!(status(&admin), is(200, "degraded"), "{}", flow.slug);
        let checks: Value = serde_json::from_str(&admin.body).unwrap();
        assert_eq!(checks["checks"]["upstream"], "degraded", "{}", flow.slug);
        assert_eq!(status(&app.get("/health/live").await), is(200, "ok"), "{}", flow.slug);

        let answer = app.sign_up(flow).await;
        assert_eq!(answer.status, 503, "{}: at once, while the circuit is open", flow.slug);
        assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok()), "{}", flow.slug);
        assert_eq!(app.studio.received().len(), 1, "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_turnstile_that_cannot_be_asked_makes_us_degraded_until_it_answers() {
    for flow in FLOWS {
        let app = TestApp::with(&unlimited_and(&[])).await;
        let checks = async || {
            let admin = app.get_admin("/health/ready").await;
            assert_eq!(status(&admin), status(&app.get("/health/ready").await), "{}", flow.slug);
            let said: Value = serde_json::from_str(&admin.body).unwrap();
            (admin.status, said["status"].clone(), said["checks"]["turnstile"].clone())
        };
        app.siteverify.reply(Reply::Json(500, json!({})));
        assert_eq!(app.sign_up(flow).await.status, 503, "{}", flow.slug);
        assert_eq!(checks().await, (200, json!("degraded"), json!("degraded")), "{}", flow.slug);
        app.siteverify.reply(Reply::Json(200, json!({ "success": false, "error-codes": ["invalid-input-response"] })));
        assert_eq!(app.sign_up(flow).await.status, 422, "{}", flow.slug);
        assert_eq!(checks().await, (200, json!("ok"), json!("ok")), "{}: a refusal is an answer", flow.slug);
    }
}

#[tokio::test]
async fn a_store_that_is_away_makes_us_degraded_and_sign_ups_go_on() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        // Nothing listens on the lowest port.
        ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1:1"),
    ]))
    .await;
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
    }
    assert_eq!(status(&app.get("/health/ready").await), is(200, "degraded"));
    let admin: Value = serde_json::from_str(&app.get_admin("/health/ready").await.body).unwrap();
    assert_eq!(admin["checks"], json!({ "upstream": "ok", "turnstile": "ok", "store": "degraded" }));
}

#[tokio::test]
async fn while_it_drains_it_is_unready_but_serves_until_the_lame_duck_time_ends() {
    let app = TestApp::with(&[("SIGNUP__SERVER__LAME_DUCK", "60s")]).await;
    app.tell_to_stop();
    while app.get_admin("/health/ready").await.status == 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status(&app.get("/health/ready").await), is(503, "draining"));
    assert_eq!(status(&app.get_admin("/health/ready").await), is(503, "draining"));
    assert_eq!(status(&app.get("/health/live").await), is(200, "ok"));
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}: visitors on the way are still served", flow.slug);
    }
    app.tell_to_stop();
    app.ended().await.unwrap();
}

#[tokio::test]
async fn metrics_have_the_contracts_names_after_a_sign_up() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303);
        let page = app.form(flow, "").await;
        assert_eq!(app.submit(&page, &[]).await.status, 422);
        assert_eq!(app.submit(&page, &sample(flow)).await.status, 303);
        assert_eq!(app.submit(&page, &sample(flow)).await.status, 303);
    }
    let answer = app.get_admin("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    let has = |name: &str, labels: &[&str]| {
        let found = answer.body.lines().any(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']) && labels.iter().all(|label| rest.contains(label)))
        });
        assert!(found, "{name} {labels:?} in\n{}", answer.body);
    };
    for flow in FLOWS {
        let slug = format!("flow=\"{}\"", flow.slug);
        has("signup_form_views_total", &[&slug, "tenant=\"default\""]);
        for outcome in ["created", "invalid", "duplicate"] {
            has("signup_submissions_total", &[&slug, "tenant=\"default\"", &format!("outcome=\"{outcome}\"")]);
        }
        let operation = format!("operation=\"{}\"", flow.slug);
        for part in ["bucket", "sum", "count"] {
            has(&format!("signup_upstream_duration_seconds_{part}"), &[&operation, "outcome=\"created\""]);
        }
    }
    has("signup_turnstile_duration_seconds_count", &["outcome="]);
    has("signup_upstream_circuit_state", &[]);
    has("http_requests_in_flight", &[]);
    has("process_resident_memory_bytes", &[]);
    has("process_open_fds", &[]);
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        assert!(!line.contains('@') && !line.contains("127.0.0.1"), "{line}");
    }
}

#[tokio::test]
async fn limits_are_counted_by_scope() {
    let app =
        TestApp::with(&[("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"), ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h")])
            .await;
    let statuses = [app.sign_up(FLOWS[0]).await.status, app.sign_up(FLOWS[0]).await.status];
    assert_eq!(statuses, [303, 429]);
    let metrics = app.get_admin("/metrics").await.body;
    assert!(metrics.contains("signup_rate_limited_total{scope=\"client\"}"), "{metrics}");
}

#[tokio::test]
async fn a_form_is_viewed_by_get_and_not_by_head() {
    let app = TestApp::with(&[
        ("SIGNUP__TENANTS__VIEWED__HOSTS", "viewed.example"),
        ("SIGNUP__TENANTS__VIEWED__BRAND__NAME", "Viewed"),
    ])
    .await;
    let host = "Host: viewed.example";
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let series = format!("signup_form_views_total{{flow=\"{}\",tenant=\"viewed\"}}", flow.slug);
        for (method, views) in [("HEAD", 0), ("GET", 1), ("HEAD", 1)] {
            assert_eq!(ask(app.address, method, &path, &[host]).await.status, 200, "{method} {path}");
            assert_eq!(app.counter(&series).await, views, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_secret_of_a_link_that_is_dropped_is_counted() {
    let app = TestApp::start().await;
    let before = app.counter("signup_link_parameters_odd_total").await;
    assert_eq!(app.get("/signup/pro?activationCode=").await.status, 303);
    assert!(app.counter("signup_link_parameters_odd_total").await > before);
}

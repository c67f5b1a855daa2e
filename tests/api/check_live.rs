//! `check-config --live`: each kind of trouble is told from the others.

use serde_json::json;
use signup_gateway::live::{Report, check_all};

use crate::helpers::app::settings;
use crate::helpers::http2::Http2Studio;
use crate::helpers::neighbour::{Vacancy, raw};
use crate::helpers::{Neighbour, Reply};

async fn check(studio: &Neighbour, siteverify: &Neighbour, variables: &[(&str, &str)]) -> Report {
    check_all(&settings(studio, siteverify, variables)).await
}

/// What a check said, `Ok` or `Err`.
fn outcome<'a>(report: &'a Report, whose: &str, name: &str) -> Result<&'a str, &'a str> {
    let check = report.0.iter().find(|check| check.whose == whose && check.name == name);
    let check = check.unwrap_or_else(|| panic!("no check {name} of {whose}: {report}"));
    check.outcome.as_deref().map_err(String::as_str)
}

#[tokio::test]
async fn neighbours_that_answer_and_know_us_are_sound() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let report = check(&studio, &siteverify, &[]).await;
    assert!(report.is_sound(), "{report}");
    assert!(outcome(&report, "default", "upstream").unwrap().starts_with("answers (DNS "));
    assert!(outcome(&report, "default", "turnstile").unwrap().contains("a made-up token is refused, as it should be"));
    assert!(outcome(&report, "default", "redirects").unwrap().contains("https://studio.example"));
    assert_eq!(studio.received()[0].path, "/v1/api-health");
    let lines: Vec<String> = report.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.starts_with("ok      default  ")), "{report}");
}

#[tokio::test]
async fn a_studio_is_asked_in_the_protocol_that_creations_speak() {
    let (studio, siteverify, modern) =
        (Neighbour::studio().await, Neighbour::siteverify().await, Http2Studio::start().await);
    let (url, http2) = (modern.url(), ("SIGNUP__UPSTREAM__HTTP2", "prior-knowledge"));
    let at_modern = ("SIGNUP__UPSTREAM__BASE_URL", url.as_str());
    for (variables, is_sound) in [(&[at_modern, http2][..], true), (&[at_modern], false), (&[http2], false)] {
        let report = check(&studio, &siteverify, variables).await;
        assert_eq!(outcome(&report, "default", "upstream").is_ok(), is_sound, "{variables:?}: {report}");
    }
}

#[tokio::test]
async fn a_bad_secret_is_told_from_a_refused_token_and_from_trouble() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    for (reply, expected) in [
        (
            Reply::Json(200, json!({ "success": false, "error-codes": ["invalid-input-secret"] })),
            Err("turnstile.secret_key is not accepted: invalid-input-secret"),
        ),
        (
            Reply::Json(400, json!({ "success": false, "error-codes": ["invalid-input-secret"] })),
            Err("turnstile.secret_key is not accepted: invalid-input-secret"),
        ),
        (
            Reply::Json(200, json!({ "success": false, "error-codes": ["invalid-input-response"] })),
            Ok("the secret key is accepted; a made-up token is refused"),
        ),
        (Reply::Json(200, json!({ "success": true })), Ok("this is a test key")),
        (
            Reply::Json(200, json!({ "success": false, "error-codes": ["internal-error"] })),
            Err("HTTP: status 200, neither accepted nor refused: internal-error"),
        ),
        (raw(404, "text/html", "not here"), Err("HTTP: status 404 without JSON: is turnstile.siteverify_url right?")),
        (raw(200, "application/json", "{"), Err("HTTP: the answer is not JSON")),
        (Reply::Close, Err("HTTP: ")),
    ] {
        siteverify.reply(reply.clone());
        let report = check(&studio, &siteverify, &[]).await;
        let found = outcome(&report, "default", "turnstile");
        let (Ok(expected) | Err(expected)) = expected;
        let (Ok(text) | Err(text)) = found;
        assert!(text.contains(expected), "{reply:?}: {text}");
        assert_eq!(report.is_sound(), found.is_ok());
        assert!(!text.contains("127.0.0.1") && !text.contains("1x00"), "no URL, no secret: {text}");
    }
    assert!(siteverify.received().iter().all(|request| request.field("response").as_deref() == Some("check-config")));
}

#[tokio::test]
async fn name_connection_encryption_and_answer_are_told_apart() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let vacancy = Vacancy::new();
    let plain = studio.url("/v1").replace("http:", "https:");
    for (url, part) in [
        ("http://studio.invalid/v1".to_owned(), "DNS: studio.invalid cannot be resolved"),
        (vacancy.url("/v1"), "TCP: 127.0.0.1 port "),
        (plain, "TLS: "),
    ] {
        let report = check(&studio, &siteverify, &[("SIGNUP__UPSTREAM__BASE_URL", &url)]).await;
        let found = outcome(&report, "default", "upstream").unwrap_err();
        assert!(found.starts_with(part), "{url}: {found}");
        assert!(!report.is_sound());
        assert!(report.to_string().contains("FAILED  default  upstream"), "{report}");
    }
    for (status, expected) in [(404, "HTTP: status 404: is upstream.base_url right?"), (503, "HTTP: status 503")] {
        studio.reply(Reply::Json(status, json!({})));
        let report = check(&studio, &siteverify, &[]).await;
        assert_eq!(outcome(&report, "default", "upstream"), Err(expected));
    }
    studio.reply(Reply::Close);
    let report = check(&studio, &siteverify, &[]).await;
    assert!(outcome(&report, "default", "upstream").unwrap_err().starts_with("HTTP: "), "{report}");
}

#[tokio::test]
async fn each_tenant_is_checked_and_an_origin_that_may_not_return_is_named() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let report = check(
        &studio,
        &siteverify,
        &[
            ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
            ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
            ("SIGNUP__TENANTS__ACME__UPSTREAM__BASE_URL", &Vacancy::new().url("/v1")),
            ("SIGNUP__REDIRECT__ALLOWED_ORIGINS", "https://studio.example,https://eu.studio.example"),
            ("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://studio.example"),
        ],
    )
    .await;
    assert!(outcome(&report, "default", "upstream").is_ok() && outcome(&report, "acme", "upstream").is_err());
    for tenant in ["default", "acme"] {
        let lost = "https://eu.studio.example may be asked for and is not in redirect.return_origins";
        assert_eq!(outcome(&report, tenant, "redirects"), Err(lost));
    }
}

#[tokio::test]
async fn a_flow_whose_token_is_spent_elsewhere_needs_no_secret_here() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let elsewhere = ["PRO", "TRIAL", "WORKSHOP"].map(|flow| format!("SIGNUP__FLOWS__{flow}__TURNSTILE"));
    let variables: Vec<_> = elsewhere.iter().map(|name| (name.as_str(), "upstream")).collect();
    let report = check(&studio, &siteverify, &variables).await;
    assert!(report.0.iter().all(|check| check.name != "turnstile"), "{report}");
    assert!(siteverify.received().is_empty());
}

#[tokio::test]
async fn a_redis_that_is_not_there_fails_for_all() {
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let vacancy = Vacancy::new();
    let url = vacancy.url("/").replace("http:", "redis:");
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let report = check(&studio, &siteverify, &variables).await;
    assert!(outcome(&report, "all", "redis").is_err(), "{report}");
    assert!(!report.is_sound());
}

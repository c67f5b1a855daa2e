//! How often somebody may try, and a 429 that a person can use.

use std::time::Duration;

use serde_json::json;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::neighbour::raw;
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, log};

/// A refusal for the form's own fault, which costs budget and creates nothing.
const INVALID: (&str, &str) = ("username", "!");

/// So many at once, and one more in an hour.
fn burst<'a>(scope: &str, burst: &'a str) -> Vec<(String, &'a str)> {
    let variable = |key| format!("SIGNUP__RATE_LIMIT__{}__{key}", scope.to_uppercase());
    vec![(variable("BURST"), burst), (variable("PERIOD"), "1h")]
}

async fn app(limits: &[(String, &str)], more: &[(&str, &str)]) -> TestApp {
    let limits = limits.iter().map(|(name, value)| (name.as_str(), *value));
    TestApp::with(&limits.chain(more.iter().copied()).collect::<Vec<_>>()).await
}

/// Posts a form with a mistake, as a client: whether it was counted and let through to validation.
async fn passes(app: &TestApp, form: &Page, headers: &[(&str, &str)]) -> bool {
    let answer = app.submit_with(form, &[INVALID], headers).await;
    assert!(matches!(answer.status, 422 | 429), "{}", answer.status);
    answer.status == 422
}

async fn passes_for(app: &TestApp, form: &Page, client: &str) -> bool {
    passes(app, form, &[("x-forwarded-for", client)]).await
}

#[tokio::test]
async fn exactly_the_burst_passes_and_then_the_page_says_how_long_to_wait() {
    for flow in FLOWS {
        let app = app(&burst("client", "3"), &[]).await;
        let form = app.form(flow, "").await;
        for _ in 0..3 {
            assert!(passes(&app, &form, &[]).await, "{}", flow.slug);
        }
        let limited = app.submit(&form, &sample(flow)).await;
        assert_eq!((limited.status, limited.outcome().as_str()), (429, "limited"), "{}", flow.slug);
        let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
        assert!((3_590..=3_600).contains(&wait), "{wait}");
        assert_eq!(limited.header("ratelimit-policy"), Some(r#""client";q=3;w=10800"#));
        let reset = limited.header("ratelimit").unwrap().strip_prefix(r#""client";r=0;t="#).unwrap().to_owned();
        assert!(reset.parse::<u64>().unwrap() <= wait, "Retry-After is not earlier than the reset");
        assert_eq!(limited.header("cache-control"), Some("no-store"));
        assert_eq!(limited.notice(), "Too many attempts");
        assert!(limited.notice_text().contains("in 60 minutes"), "{}", limited.notice_text());
        assert_kept(flow, &limited, &sample(flow), flow.slug);
        assert_eq!(limited.id(), form.id(), "{}", flow.slug);
        assert_eq!((app.siteverify.received().len(), app.studio.received().len()), (0, 0), "{}", flow.slug);
    }
}

#[tokio::test]
async fn the_next_post_after_retry_after_is_no_429() {
    let app =
        TestApp::with(&[("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"), ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "3s")])
            .await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let mut limited = None;
        // A machine that stalls may let a period pass between two posts.
        for _ in 0..20 {
            let answer = app.submit(&form, &[INVALID]).await;
            if answer.status == 429 {
                limited = Some(answer);
                break;
            }
            assert_eq!(answer.status, 422, "{}", flow.slug);
        }
        let limited = limited.unwrap_or_else(|| panic!("{}: never limited", flow.slug));
        let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{}: {wait}", flow.slug);
        assert!(limited.notice_text().contains(&format!("in {wait} second")), "{}", limited.notice_text());
        tokio::time::sleep(Duration::from_secs(wait)).await;
        assert_eq!(app.submit(&limited, &sample(flow)).await.status, 303, "{}", flow.slug);
    }
}

#[tokio::test]
async fn all_flows_draw_on_one_budget_and_tenants_on_their_own() {
    let app = app(
        &burst("client", "3"),
        &[("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"), ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme")],
    )
    .await;
    for flow in FLOWS {
        assert!(passes(&app, &app.form(flow, "").await, &[]).await, "{}", flow.slug);
    }
    for flow in FLOWS {
        assert!(!passes(&app, &app.form(flow, "").await, &[]).await, "{}", flow.slug);
    }
    let acme = [("host", "acme.example")];
    let form = app.get_with("/signup/pro", &acme).await;
    assert!(passes(&app, &form, &acme).await, "another tenant");
}

#[tokio::test]
async fn forged_and_cross_site_posts_are_counted_where_they_cost_us_something() {
    let app = app(&burst("client", "2"), &[]).await;
    let form = app.form(FLOWS[0], "").await;
    for _ in 0..3 {
        let foreign = app.submit_with(&form, &[INVALID], &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(foreign.status, 403, "refused before it is counted");
    }
    for _ in 0..2 {
        assert_eq!(app.submit(&form, &[("submission_id", "forged")]).await.notice(), "This form has expired");
    }
    assert_eq!(app.submit(&form, &[("submission_id", "forged")]).await.status, 429);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_header_tells_clients_apart() {
    let app = app(&burst("client", "1"), &[("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1/32,10.0.0.0/8")]).await;
    let form = app.form(FLOWS[0], "").await;
    for (name, header, passes) in [
        ("a first client", "203.0.113.1", true),
        ("again", "203.0.113.1", false),
        ("another", "203.0.113.2", true),
        ("what the client itself wrote is not believed", "203.0.113.77, 203.0.113.1", false),
        ("through a second trusted proxy", "203.0.113.2, 10.1.2.3", false),
        ("in v6 clothes", "::ffff:203.0.113.1", false),
        ("a v6 network", "2001:db8:1:2::1", true),
        ("another address of it", "2001:db8:1:2:ffff::9", false),
        ("written in full", "2001:0db8:0001:0002:0000:0000:0000:0007", false),
        ("another network", "2001:db8:1:3::1", true),
        ("with a port", "203.0.113.2:4711", false),
        ("with brackets", "[2001:db8:1:2::8]:443", false),
    ] {
        assert_eq!(passes_for(&app, &form, header).await, passes, "{name}");
    }
}

#[tokio::test]
async fn a_header_from_anybody_else_counts_for_nothing_and_is_warned_about_once() {
    let app = app(&burst("client", "2"), &[]).await;
    let form = app.form(FLOWS[0], "").await;
    let before = log::text().matches("not in server.trusted_proxies").count();
    for (client, passes) in [("203.0.113.1", true), ("203.0.113.2", true), ("203.0.113.3", false)] {
        assert_eq!(passes_for(&app, &form, client).await, passes, "{client}");
    }
    assert!(log::text().matches("not in server.trusted_proxies").count() > before, "no warning");
    assert!(!passes(&app, &form, &[("forwarded", "for=203.0.113.4")]).await, "the other header");
    assert!(!passes(&app, &form, &[("x-real-ip", "203.0.113.4")]).await, "another header");
}

#[tokio::test]
async fn the_forwarded_header_is_read_where_it_is_the_configured_one() {
    let app = app(
        &burst("client", "1"),
        &[("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1"), ("SIGNUP__SERVER__CLIENT_IP_HEADER", "forwarded")],
    )
    .await;
    let form = app.form(FLOWS[0], "").await;
    for (name, header, lets_through) in [
        ("a first client", "for=203.0.113.1;proto=https", true),
        ("again", "proto=https;For=\"203.0.113.1:4711\"", false),
        ("another", "for=\"[2001:db8::1]\"", true),
    ] {
        assert_eq!(passes(&app, &form, &[("forwarded", header)]).await, lets_through, "{name}");
    }
    assert!(passes_for(&app, &form, "198.51.100.1").await, "without it the proxy is the client");
    assert!(!passes_for(&app, &form, "198.51.100.2").await, "and X-Forwarded-For is not read");
}

#[tokio::test]
async fn an_exempt_network_has_no_budget_and_shares_none() {
    let app = app(
        &burst("client", "1"),
        &[
            ("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1"),
            ("SIGNUP__RATE_LIMIT__EXEMPT", "192.0.2.0/24,2001:db8:9::/48"),
        ],
    )
    .await;
    let form = app.form(FLOWS[0], "").await;
    for client in ["192.0.2.7", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8:9:1::1", "2001:db8:9:1::1"] {
        assert!(passes_for(&app, &form, client).await, "{client}");
    }
    assert!(passes_for(&app, &form, "198.51.100.1").await);
    assert!(!passes_for(&app, &form, "198.51.100.1").await);
}

#[tokio::test]
async fn an_address_is_counted_across_its_spellings_and_only_after_the_challenge() {
    for flow in FLOWS {
        let app = app(&burst("email", "2"), &[]).await;
        let bad_token = [sample(flow), vec![("cf-turnstile-response", "bought elsewhere")]].concat();
        for _ in 0..4 {
            let answer = app.submit(&app.form(flow, "").await, &bad_token).await;
            assert_eq!(answer.outcome(), "turnstile_refused", "{}", flow.slug);
        }
        for (email, status) in [
            ("Grace@Engines.Example", 303),
            ("grace@engines.example", 303),
            ("GRACE@ENGINES.EXAMPLE", 429),
            ("ada@engines.example", 303),
        ] {
            let answer = app.submit(&app.form(flow, "").await, &sample_with(flow, "email", email)).await;
            assert_eq!(answer.status, status, "{email}, {}", flow.slug);
            if status == 429 {
                assert_eq!(answer.header("ratelimit-policy"), Some(r#""email";q=2;w=7200"#), "{}", flow.slug);
                assert!(answer.header("retry-after").is_some(), "{}", flow.slug);
                assert_kept(flow, &answer, &sample_with(flow, "email", email), flow.slug);
            }
        }
    }
}

#[tokio::test]
async fn what_failed_by_our_or_the_upstreams_fault_costs_no_budget() {
    for (name, studio, siteverify) in [
        ("500", raw(500, "text/html", ""), None),
        ("401", raw(401, "text/html", ""), None),
        ("503", raw(503, "text/html", ""), None),
        ("502", raw(502, "text/html", ""), None),
        ("closed", Reply::Close, None),
        ("nonsense", raw(200, "text/html", ""), None),
        ("Turnstile is out", Reply::Close, Some(raw(500, "text/html", ""))),
    ] {
        let limits = [burst("client", "2"), burst("email", "2")].concat();
        let app = app(&limits, &[]).await;
        let good_siteverify = siteverify.is_none();
        app.studio.reply(studio);
        if let Some(reply) = siteverify {
            app.siteverify.reply(reply);
        }
        for flow in FLOWS.iter().cycle().take(6) {
            let email = sample_with(flow, "email", "ada@engines.example");
            let form = app.form(flow, "").await;
            let answer = app.submit(&form, &email).await;
            assert!(answer.status >= 500, "{name}, {}: {}", flow.slug, answer.status);
            // The replay of an unknown outcome is nobody's fault but theirs, too.
            assert!(app.submit(&form, &email).await.status >= 500, "{name}, {}", flow.slug);
        }
        app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
        if good_siteverify {
            for status in [422, 422, 429] {
                let fields = sample_with(FLOWS[0], "email", "ada@engines.example");
                let answer = app.submit(&app.form(FLOWS[0], "").await, &fields).await;
                assert_eq!(answer.status, status, "{name}: a refusal by the upstream does cost");
            }
        }
    }
}

#[tokio::test]
async fn where_it_only_observes_everybody_passes_and_the_log_says_who_would_not() {
    let limits = [burst("client", "1"), burst("email", "1"), burst("pages", "1")].concat();
    let app = app(&limits, &[("SIGNUP__RATE_LIMIT__MODE", "observe")]).await;
    for flow in FLOWS {
        for _ in 0..2 {
            assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        }
        let answer = app.sign_up(flow).await;
        let events = log::of_request(answer.header("x-request-id").unwrap());
        for scope in ["client", "email"] {
            let said = events.iter().any(|event| event["guard"] == "rate_limit" && event["scope"] == scope);
            assert!(said, "{scope}, {}: {events:?}", flow.slug);
        }
    }
    let metrics = app.get_admin("/metrics").await.body;
    for scope in ["client", "email", "pages"] {
        let series = format!(r#"signup_observed_total{{guard="rate_limit",reason="{scope}"}}"#);
        assert!(metrics.contains(&series), "{series}");
    }
}

#[tokio::test]
async fn pages_have_a_budget_of_their_own() {
    let app = app(&burst("pages", "4"), &[("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1")]).await;
    let client = [("x-forwarded-for", "203.0.113.1")];
    let form = app.get_with("/signup/pro", &client).await;
    for path in ["/", "/signup/trial", "/signup/status"] {
        assert_eq!(app.get_with(path, &client).await.status, 200, "{path}");
    }
    for path in ["/", "/signup/pro", "/signup/trial", "/signup/status"] {
        let limited = app.get_with(path, &client).await;
        assert_eq!(limited.status, 429, "{path}");
        let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
        assert!((3_590..=3_600).contains(&wait), "{path}: {wait}");
        assert_eq!(limited.header("ratelimit-policy"), Some(r#""pages";q=4;w=14400"#), "{path}");
        assert!(limited.header("ratelimit").unwrap().starts_with(r#""pages";r=0;t="#), "{path}");
        assert_eq!(limited.texts("h1"), ["Too many requests"], "{path}");
        assert_eq!(limited.texts("p.lead"), ["You can load the page again in 60 minutes."], "{path}");
        assert_eq!(app.get_with(path, &[("x-forwarded-for", "203.0.113.2")]).await.status, 200, "{path}: another");
    }
    assert!(passes(&app, &form, &client).await, "a post is not a page");
    assert_eq!(app.get_with("/health/ready", &client).await.status, 200, "health is not a page");
}

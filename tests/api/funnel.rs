//! The funnel on the admin listener.

use serde_json::{Value, json};

use crate::helpers::app::sample;
use crate::helpers::form::{UNLIMITED, unlimited_and};
use crate::helpers::{FLOWS, Reply, TestApp};

async fn series(app: &TestApp, flow: &str) -> Value {
    let page = app.get_admin("/funnel.json").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("application/json")));
    let all: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(all["scope"], "this process");
    all["series"].as_array().unwrap().iter().find(|one| one["flow"] == flow).unwrap().clone()
}

#[tokio::test]
async fn each_stage_and_each_reason_is_counted_for_its_flow() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        // Only looked at; with a mistake; without a token; refused by the studio; created, and posted again.
        app.form(flow, "").await;
        let form = app.form(flow, "").await;
        app.submit(&form, &[("username", "!")]).await;
        app.submit(&form, &[sample(flow), vec![("cf-turnstile-response", "")]].concat()).await;
        app.studio.reply(Reply::Json(200, json!({ "success": false, "error": "Nobody may" })));
        app.submit(&form, &sample(flow)).await;
        app.studio.reply(Reply::Json(
            200,
            json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": "https://studio.example/" }),
        ));
        for _ in 0..2 {
            assert_eq!(app.submit(&form, &sample(flow)).await.status, 303, "{}", flow.slug);
        }
        let counted = json!({
            "stages": { "viewed": 2, "submitted": 5, "valid": 3, "cleared": 2, "created": 1, "redirected": 1 },
            "turned_back": { "invalid": 1, "turnstile_refused": 1, "refused_other": 1 },
            "duplicates": 1,
        });
        let expected = json!({ "tenant": "default", "flow": flow.slug, "last_hour": counted, "last_day": counted });
        assert_eq!(series(&app, flow.slug).await, expected);
    }
}

#[tokio::test]
async fn what_the_studio_refuses_is_told_apart_in_the_log_and_in_the_funnel() {
    let app = TestApp::with(UNLIMITED).await;
    let flow = FLOWS[0];
    let refusals = [
        ("Username taken", "username_taken"),
        ("This email address already exists", "email_exists"),
        ("Invalid email", "email_refused"),
        ("Password too weak", "password_refused"),
        ("Nobody may", "other"),
    ];
    for (words, reason) in refusals {
        app.studio.reply(Reply::Json(200, json!({ "success": false, "error": words })));
        let event = app.sign_up(flow).await.event();
        assert_eq!((&event["outcome"], &event["reason"]), (&json!("refused"), &json!(reason)), "{words}");
    }
    let expected: serde_json::Map<_, _> =
        refusals.iter().map(|(_, reason)| (format!("refused_{reason}"), json!(1))).collect();
    assert_eq!(series(&app, flow.slug).await["last_day"]["turned_back"], Value::Object(expected));
    let invalid = app.submit(&app.form(flow, "").await, &[("username", "!")]).await.event();
    assert_eq!((&invalid["outcome"], invalid.get("reason")), (&json!("invalid"), None));
}

#[tokio::test]
async fn a_form_that_is_posted_again_turns_nobody_back() {
    let app = TestApp::with(UNLIMITED).await;
    let form = app.form(FLOWS[0], "").await;
    for _ in 0..3 {
        assert_eq!(app.submit(&form, &sample(FLOWS[0])).await.status, 303);
    }
    let page = app.get_admin("/funnel").await;
    let posted_again = "the same form once more, answered as before 2";
    let said: Vec<_> = page.texts("figure li").iter().map(|text| text.trim().to_owned()).collect();
    assert_eq!(said, [posted_again, posted_again], "the last hour and the last day");
    assert_eq!(page.texts("figure .none").len(), 2 * FLOWS.len(), "nobody was turned back");
}

#[tokio::test]
async fn a_visitor_without_a_destination_of_the_studio_is_created_and_not_redirected() {
    let app = TestApp::with(UNLIMITED).await;
    app.studio.reply(Reply::Json(200, json!({ "success": true })));
    assert_eq!(app.sign_up(FLOWS[0]).await.location(), "/signup/status");
    let stages = &series(&app, "pro").await["last_hour"]["stages"];
    assert_eq!((&stages["created"], &stages["redirected"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn tenants_are_counted_apart_and_a_reload_forgets_nothing() {
    let variables = unlimited_and(&[
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
    ]);
    let app = TestApp::with(&variables).await;
    app.form(FLOWS[0], "").await;
    app.get_with("/signup/pro", &[("host", "acme.example")]).await;
    app.reload(&variables);
    app.get_with("/signup/pro", &[("host", "acme.example")]).await;
    let all: Value = serde_json::from_str(&app.get_admin("/funnel.json").await.body).unwrap();
    let viewed = |tenant: &str| {
        let all = all["series"].as_array().unwrap();
        let of = all.iter().find(|one| one["tenant"] == tenant && one["flow"] == "pro").unwrap();
        of["last_day"]["stages"]["viewed"].clone()
    };
    assert_eq!((viewed("default"), viewed("acme")), (json!(1), json!(2)));
}

#[tokio::test]
async fn the_page_draws_the_counts_and_holds_no_script_and_nothing_of_others() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        app.sign_up(flow).await;
    }
    let page = app.get_admin("/funnel").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.texts("h2").len(), FLOWS.len());
    let drawings = page.attributes("svg", "aria-label");
    let whole = "Last hour: 1 viewed, 1 submitted, 1 valid, 1 cleared, 1 created, 1 redirected";
    assert_eq!(drawings.iter().filter(|text| *text == whole).count(), FLOWS.len(), "{drawings:?}");
    assert!(page.attributes("rect.bar", "width").iter().all(|width| width == "240"));
    assert!(page.body.contains("this process"));
    assert!(page.texts("script").is_empty() && !page.body.contains("//"), "nothing is loaded from anywhere");
    for typed in FLOWS.iter().flat_map(|flow| flow.sample).map(|(_, typed)| typed).filter(|typed| typed.len() > 6) {
        assert!(!page.body.contains(typed), "{typed}");
    }
}

#[tokio::test]
async fn every_answer_of_the_admin_listener_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/funnel", "/funnel.json", "/metrics", "/health/live", "/health/ready", "/nowhere"] {
        let page = app.get_admin(path).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-store")]
        {
            assert_eq!(page.header(name), Some(value), "{path}");
        }
    }
    assert_eq!(app.get("/funnel").await.status, 404, "visitors do not see it");
}

#[tokio::test]
async fn the_style_of_the_page_is_the_one_its_policy_allows() {
    use base64::Engine as _;
    use sha2::Digest as _;

    let page = TestApp::start().await.get_admin("/funnel").await;
    let style = page.body.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(page.header("content-security-policy").unwrap().contains(&format!("'sha256-{hash}'")));
}

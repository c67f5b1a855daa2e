//! The pages as visitors get them, to be looked at in a review.

use serde_json::json;

use crate::helpers::app::sample;
use crate::helpers::{FLOWS, Page, Reply, TestApp};

/// Compares with the snapshot of that name, without what is new each time.
fn looks_like(name: &str, text: &str) {
    let filters = [
        (r#"nonce="[^"]+""#, r#"nonce="[nonce]""#),
        (r#"name="submission_id" value="[^"]+""#, r#"name="submission_id" value="[id]""#),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[request id]"),
        (r"/static/[0-9a-f]{16}/", "/static/[hash]/"),
        (r"(?:<option value=[A-Z]{2}(?: selected)?>[^<]*)+", "[countries]"),
    ];
    insta::with_settings!({
        filters => filters,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Status, title and what stands above the form; the form itself is in the snapshot of its flow.
fn above_the_form(page: &Page) -> String {
    let html = page.html();
    let selector = scraper::Selector::parse("main > .alert").unwrap();
    let alerts: Vec<_> = html.select(&selector).map(|alert| alert.html()).collect();
    format!("{} {}\n{}", page.status, page.title(), alerts.join("\n"))
}

#[tokio::test]
async fn the_plans() {
    let app = TestApp::start().await;
    looks_like("plans", &app.get("/?utm_source=a%20%26%20b").await.body);
}

#[tokio::test]
async fn the_form_of_each_flow() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        looks_like(&format!("form_{}", flow.slug), &app.form(flow, "utm_source=a&email=jan%40acme.example").await.body);
    }
}

#[tokio::test]
async fn a_form_in_which_everything_is_wrong() {
    let app = TestApp::start().await;
    let flow = FLOWS.iter().max_by_key(|flow| flow.fields.len()).unwrap();
    let page = app.form(flow, "").await;
    let wrong: Vec<_> = flow
        .fields
        .iter()
        .map(|field| (field.name, if field.required { "x\u{1b}" } else { "\u{1b}<i>" }))
        .filter(|(name, _)| *name != "privacyPolicy")
        .collect();
    looks_like("form_with_all_errors", &app.submit(&page, &wrong).await.body);
}

#[tokio::test]
async fn what_stands_above_a_form_that_comes_back() {
    let app = TestApp::start().await;
    let flow = FLOWS[0];
    let page = app.form(flow, "").await;
    let mut expired = sample(flow);
    expired.push(("submission_id", "too old"));
    looks_like("above_an_expired_form", &above_the_form(&app.submit(&page, &expired).await));
    app.studio.reply(Reply::Close);
    looks_like("above_an_unknown_outcome", &above_the_form(&app.submit(&page, &sample(flow)).await));
    app.studio.reply(Reply::Json(409, json!({ "success": false, "error": "This email address already exists" })));
    looks_like("above_an_address_in_use", &above_the_form(&app.sign_up(flow).await));
}

#[tokio::test]
async fn too_many_attempts_and_too_many_pages() {
    let app = TestApp::with(&[
        ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"),
        ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "2h"),
        ("SIGNUP__RATE_LIMIT__PAGES__BURST", "1"),
        ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "2h"),
    ])
    .await;
    let page = app.form(FLOWS[0], "").await;
    assert_eq!(app.submit(&page, &[]).await.status, 422);
    looks_like("above_too_many_attempts", &above_the_form(&app.submit(&page, &[]).await));
    let answer = app.get("/").await;
    assert!(answer.header("retry-after").is_some());
    looks_like("too_many_pages", &answer.body);
}

#[tokio::test]
async fn nothing_found_and_the_status_of_nobody() {
    let app = TestApp::start().await;
    looks_like("not_found", &app.get("/nowhere").await.body);
    looks_like("status", &app.get("/signup/status").await.body);
}

//! The status page: every state of an account in words, for the visitor whose cookie names it and nobody else.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::helpers::app::sample;
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Page, Received, Reply, TestApp};

const CREDENTIALS: [(&str, &str); 2] = [("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt"), ("SIGNUP__UPSTREAM__API_KEY", "key")];

/// A studio that creates user 7 and answers reads so.
async fn app_where_reads_answer(reply: Reply, variables: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(variables).await;
    app.studio.answer(move |request: &Received| match request.method.as_str() {
        "GET" => reply.clone(),
        _ => Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL })),
    });
    app
}

fn user(fields: Value) -> Value {
    let mut user =
        json!({ "success": true, "id": 7, "username": "jan", "tier": "free", "activated": true, "suspended": false });
    let Value::Object(fields) = fields else { panic!("not an object: {fields}") };
    user.as_object_mut().unwrap().extend(fields);
    user
}

/// The cookie of a sign-up, as a browser would send it back.
fn cookie(answer: &Page) -> String {
    let set = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie in a {}", answer.status));
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800"] {
        assert!(set.split("; ").any(|part| part == attribute), "{attribute} is missing: {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

async fn status(app: &TestApp, cookie: &str) -> Page {
    app.get_with("/signup/status", &[("cookie", cookie)]).await
}

fn reads(app: &TestApp) -> Vec<Received> {
    app.studio.received().into_iter().filter(|request| request.method == "GET").collect()
}

/// What the studio says of the account; the heading after a sign-up for a plan, and after one for a trial.
type Row = (&'static str, Value, &'static str, &'static str);

/// Every state of an account.
fn accounts() -> Vec<Row> {
    const CREATED: &str = "Confirm your email address";
    const UNPAID: &str = "Finish your payment";
    const ACTIVE: &str = "Your account is ready";
    const RUNNING: &str = "Your trial is running";
    const OVER: &str = "Your trial has ended";
    let running = json!({ "id": 2, "created": "2026-11-01T00:00:00Z", "expirationDate": "2099-01-05T09:00:00Z",
        "expiredDate": null, "deletedDate": null, "upgradedDate": null });
    let mut ended = running.clone();
    ended["expiredDate"] = json!("2026-11-20T00:00:00Z");
    let past = json!({ "expirationDate": "2020-01-05T09:00:00Z" });
    vec![
        ("created", user(json!({ "activated": false })), CREATED, CREATED),
        ("no trial and no plan", user(json!({})), UNPAID, RUNNING),
        ("unknown tier", user(json!({ "tier": "galactic" })), UNPAID, RUNNING),
        ("enterprise features open", user(json!({ "hasEnterpriseFeaturesAccess": true })), UNPAID, RUNNING),
        ("enterprise features closed", user(json!({ "hasEnterpriseFeaturesAccess": false })), UNPAID, OVER),
        ("professional", user(json!({ "tier": "professional" })), ACTIVE, ACTIVE),
        ("enterprise", user(json!({ "tier": "enterprise" })), ACTIVE, ACTIVE),
        ("trial", user(json!({ "activeEnterpriseTrial": running })), RUNNING, RUNNING),
        ("trial without a date", user(json!({ "activeEnterpriseTrial": {} })), RUNNING, RUNNING),
        ("newest trial", user(json!({ "trials": [ended, running] })), RUNNING, RUNNING),
        ("plan and trial", user(json!({ "tier": "professional", "activeEnterpriseTrial": running })), ACTIVE, RUNNING),
        ("ended trial", user(json!({ "trials": [ended] })), UNPAID, OVER),
        ("a trial past its date", user(json!({ "activeEnterpriseTrial": past })), UNPAID, OVER),
        ("plan after a trial", user(json!({ "tier": "enterprise", "trials": [ended] })), ACTIVE, ACTIVE),
        ("plan and a past date", user(json!({ "tier": "enterprise", "activeEnterpriseTrial": past })), ACTIVE, ACTIVE),
        ("suspended", user(json!({ "suspended": true })), "Your account is suspended", "Your account is suspended"),
        ("nothing known", json!({ "success": true, "id": 7 }), CREATED, CREATED),
    ]
}

#[tokio::test]
async fn every_state_of_an_account_has_words() {
    let mut states = String::new();
    for (row, reply, of_plan, of_trial) in accounts() {
        let app = app_where_reads_answer(Reply::Json(200, reply), &CREDENTIALS).await;
        for flow in [false, true].map(|trial| *FLOWS.iter().find(|flow| flow.trial == trial).unwrap()) {
            let heading = if flow.trial { of_trial } else { of_plan };
            let name = format!("{}, {row}", flow.slug);
            let cookie = cookie(&app.sign_up(flow).await);
            let page = status(&app, &cookie).await;
            assert_eq!((page.status, page.texts("h1").concat().as_str()), (200, heading), "{name}");
            let refreshes = ["Confirm your email address", "Finish your payment"].contains(&heading);
            assert_eq!(page.attributes("[data-refresh]", "data-refresh").len(), usize::from(refreshes), "{name}");
            assert_eq!(page.header("x-robots-tag"), Some("noindex"), "{name}");
            assert_eq!(page.header("cache-control"), Some("no-store"), "{name}");
            let parts = ["title", "main h1", "main .lead", "main .steps li", "main .go a", "main .quiet"];
            let shown: Vec<_> = parts.iter().flat_map(|part| page.texts(part)).collect();
            let _infallible = writeln!(states, "{name}: {}", shown.join(" | "));
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("status_states", states);
    });
}

#[tokio::test]
async fn an_upstream_that_does_not_say_leads_to_the_mailbox_and_never_to_an_error() {
    for (name, reply) in [
        ("refused", Reply::Json(200, json!({ "success": false, "error": "No" }))),
        ("not found", Reply::Json(404, json!({ "success": false }))),
        ("unauthorised", Reply::Json(401, json!({}))),
        ("down", Reply::Json(503, json!({}))),
        ("moved", Reply::With(302, "location: https://evil.test/\r\n", json!({}))),
        ("success as text", Reply::Json(200, json!({ "success": "yes", "id": 7 }))),
        ("a number", Reply::Json(200, json!(7))),
        ("reset", Reply::Reset),
        ("silent", Reply::Stall(Vec::new())),
        ("garbage", Reply::Raw(b"\x00\x01\x02".to_vec())),
    ] {
        let variables = [("SIGNUP__UPSTREAM__TIMEOUT", "500ms"), CREDENTIALS[0]];
        let app = app_where_reads_answer(reply, &variables).await;
        let cookie = cookie(&app.sign_up(FLOWS[0]).await);
        let page = status(&app, &cookie).await;
        let heading = page.texts("h1").concat();
        let expected = if name == "not found" { "This account has been deleted" } else { "Look in your mailbox" };
        assert_eq!((page.status, heading.as_str()), (200, expected), "{name}");
    }
}

#[tokio::test]
async fn which_operation_and_credential_reads_depends_on_the_tenant() {
    for (name, organization, path, header) in [
        ("by id", None, "/v1/api/users/7", ("x-jwt-token", "jwt")),
        ("white label", Some("31"), "/v1/api/organizations/31/whitelabel/users/7", ("x-api-key", "key")),
    ] {
        let mut variables = CREDENTIALS.to_vec();
        if let Some(organization) = organization {
            variables.extend([
                ("SIGNUP__TENANTS__ACME__HOSTS", "acme.localhost"),
                ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
                ("SIGNUP__TENANTS__ACME__TURNSTILE__HOSTNAMES", "localhost"),
                ("SIGNUP__TENANTS__ACME__ORGANIZATION_ID", organization),
            ]);
        }
        let nested =
            json!({ "success": true, "user": user(json!({})), "id": 7, "activated": true, "tier": "professional" });
        let app = app_where_reads_answer(Reply::Json(200, nested), &variables).await;
        let host = [("host", if organization.is_some() { "acme.localhost" } else { "localhost" })];
        let form = app.get_with("/signup/pro", &host).await;
        let cookie = cookie(&app.submit_with(&form, &sample(FLOWS[0]), &host).await);
        let page = app.get_with("/signup/status", &[host[0], ("cookie", &cookie)]).await;
        assert_eq!(page.status, 200, "{name}");
        let read = reads(&app).pop().unwrap();
        assert_eq!(read.path, path, "{name}");
        let sent: Vec<_> =
            ["x-jwt-token", "x-api-key"].iter().filter_map(|name| Some((*name, read.header(name)?))).collect();
        assert_eq!(sent, [header], "{name}");
    }
}

#[tokio::test]
async fn a_nervous_visitor_asks_us_and_not_the_upstream() {
    let app = app_where_reads_answer(Reply::Json(200, user(json!({ "activated": false }))), &CREDENTIALS).await;
    let cookie = cookie(&app.sign_up(FLOWS[0]).await);
    futures_util::future::join_all((0..20).map(|_| status(&app, &cookie))).await;
    assert!((1..=2).contains(&reads(&app).len()), "{} reads", reads(&app).len());
}

#[tokio::test]
async fn refuses_to_show_an_account_to_anybody_without_its_cookie() {
    let app = app_where_reads_answer(Reply::Json(200, user(json!({}))), &CREDENTIALS).await;
    let cookie = cookie(&app.sign_up(FLOWS[0]).await);
    let value = cookie.split_once('=').unwrap().1;
    for (name, path, sent) in [
        ("no cookie", "/signup/status", String::new()),
        ("a made-up one", "/signup/status", "__Host-signup=AAAA".to_owned()),
        ("another name", "/signup/status", format!("signup={value}")),
        ("tampered", "/signup/status", format!("__Host-signup={}A", &value[..value.len() - 1])),
        ("an id in the address", "/signup/status?userId=7&id=7&user=7", String::new()),
    ] {
        let page = app.get_with(path, &[("cookie", sent.as_str())]).await;
        assert_eq!((page.status, page.texts("h1").concat().as_str()), (200, "Look in your mailbox"), "{name}");
    }
    assert!(reads(&app).is_empty());
}

#[tokio::test]
async fn no_cookie_is_set_where_the_upstream_names_no_user() {
    let app = TestApp::start().await;
    app.studio.reply(Reply::Json(200, json!({ "success": true, "redirectUrl": STUDIO_URL })));
    for flow in FLOWS {
        let answer = app.sign_up(flow).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (303, None), "{}", flow.slug);
    }
}

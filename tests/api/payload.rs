//! What is sent upstream, and what never is (contract 6).

use serde_json::{Map, Value, json};
use signup_gateway::signup::Flow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::helpers::app::{sample, token};
use crate::helpers::{FLOWS, Received, Reply, TestApp, roomy};

fn last(app: &TestApp) -> Received {
    app.studio.received().pop().unwrap()
}

/// The upstream's form of a flow's sample.
fn sample_as_json(flow: &Flow) -> Map<String, Value> {
    let forwarded = |name: &str, typed: &str| match name {
        "privacyPolicy" => json!(true),
        "country" => json!("United States"),
        _ => json!(typed),
    };
    flow.sample.iter().map(|(name, typed)| ((*name).to_owned(), forwarded(name, typed))).collect()
}

#[tokio::test]
async fn the_json_of_each_flow_is_exactly_this() {
    let app = TestApp::start().await;
    let query = "utm_source=news&gclid=x%26y&redirectUrlQueryParams=plan%3Dpro&lang=en&other=1";
    for flow in FLOWS {
        let answer = app.submit(&app.form(flow, query).await, &sample(flow)).await;
        assert_eq!(answer.status, 303, "{}", flow.slug);
        let mut expected = sample_as_json(flow);
        expected.insert("redirectUrlOrigin".to_owned(), json!("https://studio.example"));
        expected.insert("redirectUrlQueryParams".to_owned(), json!("plan=pro&utm_source=news&gclid=x%26y"));
        expected.insert("utmParams".to_owned(), json!([{ "utm_source": "news" }, { "gclid": "x&y" }]));
        if let Some(field) = flow.token_field {
            expected.insert(field.to_owned(), json!(token(flow)));
        }
        assert_eq!(last(&app).json(), Value::Object(expected), "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_creation_carries_the_headers_that_tie_both_sides_logs_together() {
    let app = TestApp::with(&[("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1")]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = format!("00-{trace}-00f067aa0ba902b7-01");
    for flow in FLOWS {
        for (name, traceparent, continued) in [
            ("continued", traced.as_str(), true),
            ("malformed", "00-xyz", false),
            ("all zero", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let headers = [
                ("traceparent", traceparent),
                ("x-forwarded-for", "198.51.100.66, 203.0.113.9"),
                ("x-request-id", "the-visitors-own"),
                ("idempotency-key", "the-visitors-own"),
                ("cookie", "a=b"),
                ("authorization", "Bearer x"),
                ("user-agent", "Visitor/1.0"),
            ];
            let answer = app.submit_with(&app.form(flow, "").await, &sample(flow), &headers).await;
            assert_eq!(answer.status, 303, "{name}");
            let sent = last(&app);
            assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", &*format!("/v1{}", flow.upstream_path)));
            assert_eq!(sent.header("content-type"), Some("application/json"), "{name}");
            assert_eq!(sent.header("connection"), Some("close"), "{name}: the studio's port, not ours");
            assert_eq!(sent.header("x-request-id"), answer.header("x-request-id"), "{name}");
            assert_eq!(sent.header("x-forwarded-for"), Some("203.0.113.9"), "{name}: the visitor");
            let parent = sent.header("traceparent").unwrap();
            let parts: Vec<_> = parent.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2], "{name}: {parent}");
            assert_eq!(parts[1] == trace, continued, "{name}: {parent}");
            assert_ne!(parent, traced, "{name}: our own span is the parent");
            assert!(sent.header("idempotency-key").is_some_and(|key| !key.contains("visitors")), "{name}");
            for header in ["cookie", "authorization", "x-api-key", "x-jwt-token", "referer", "origin"] {
                assert_eq!(sent.header(header), None, "{name}: {header}");
            }
            assert_ne!(sent.header("user-agent"), Some("Visitor/1.0"), "{name}");
            assert_eq!(sent.header("accept-encoding"), None, "{name}: we read no compressed answers");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one_of_its_own() {
    let app = TestApp::start().await;
    let mut traces = std::collections::BTreeSet::new();
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        let parent = last(&app).header("traceparent").unwrap().to_owned();
        assert!(traces.insert(parent.split('-').nth(1).unwrap().to_owned()), "{}: {parent}", flow.slug);
    }
}

#[tokio::test]
async fn credentials_for_reading_never_go_with_a_creation() {
    let app =
        TestApp::with(&[("SIGNUP__UPSTREAM__API_KEY", "ei_reading"), ("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt.reading")])
            .await;
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        let sent = last(&app);
        assert!(sent.headers.iter().all(|(_, value)| !value.contains("reading")), "{}: {:?}", flow.slug, sent.headers);
    }
}

#[tokio::test]
async fn a_visitor_cannot_send_what_is_not_a_field_of_the_form() {
    let app = TestApp::start().await;
    let names = [
        "notes",
        "expirationDate",
        "isAdmin",
        "tier",
        "id",
        "userId",
        "redirectUrlOrigin",
        "redirectUrlQueryParams",
        "utmParams",
        "turnstileResponse",
        "challenge",
        "activationToken",
        "identityProvider",
        "sessionId",
        "activationCode",
        "ignoreEmailValidation",
        "__proto__",
        "name[]",
        "privacyPolicy.x",
    ];
    let query = names.iter().filter(|name| !name.starts_with("redirect")).fold(String::new(), |query, name| {
        if name.starts_with("activation") || *name == "sessionId" { query } else { format!("{query}&{name}=smuggled") }
    });
    for flow in FLOWS {
        let fields = [sample(flow), names.iter().map(|name| (*name, "smuggled")).collect()].concat();
        let answer = app.submit(&app.form(flow, query.trim_start_matches('&')).await, &fields).await;
        assert_eq!(answer.status, 303, "{}", flow.slug);
        let mut sent = last(&app).json();
        if flow.single_sign_on {
            // Which provider, the link may say; it is of no use alone.
            assert_eq!(sent.as_object_mut().unwrap().remove("identityProvider"), Some(json!("smuggled")));
        }
        assert!(!sent.to_string().contains("smuggled"), "{}: {sent}", flow.slug);
    }
}

#[tokio::test]
async fn notes_and_end_of_a_trial_are_the_operators_alone() {
    let app = TestApp::with(&roomy(&[
        ("SIGNUP__FLOWS__TRIAL__NOTES", "From the fair"),
        ("SIGNUP__FLOWS__TRIAL__TRIAL_LENGTH", "14days"),
    ]))
    .await;
    for flow in FLOWS {
        let asked = [sample(flow), vec![("notes", "mine"), ("expirationDate", "2099-01-01T00:00:00Z")]].concat();
        let before = OffsetDateTime::now_utc();
        let answer = app.submit(&app.form(flow, "notes=mine&expirationDate=2099").await, &asked).await;
        assert_eq!(answer.status, 303, "{}", flow.slug);
        let sent = last(&app).json();
        assert_eq!(sent.get("notes"), flow.trial.then(|| json!("From the fair")).as_ref(), "{}", flow.slug);
        let end =
            sent.get("expirationDate").map(|date| OffsetDateTime::parse(date.as_str().unwrap(), &Rfc3339).unwrap());
        assert_eq!(end.is_some(), flow.trial, "{}", flow.slug);
        if let Some(end) = end {
            let length = (end - before).whole_seconds();
            assert!((14 * 86_400 - 2..=14 * 86_400 + 60).contains(&length), "{length}");
        }
    }
}

#[tokio::test]
async fn single_sign_on_comes_by_the_link_and_stands_for_the_password() {
    let app = TestApp::start().await;
    let link = "activationToken=secret-token&identityProvider=Acme%20SSO&sessionId=secret-session&utm_source=a";
    for flow in FLOWS {
        let moved = app.get(&format!("/signup/{}?{link}", flow.slug)).await;
        assert_eq!(moved.status, 303, "{}", flow.slug);
        let form = app.get(moved.location()).await;
        assert_eq!(form.value("password").is_none(), flow.single_sign_on, "{}: asks for a password", flow.slug);

        let without: Vec<_> = sample(flow).into_iter().filter(|(name, _)| *name != "password").collect();
        app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
        let mut page = app.submit(&form, &without).await;
        assert_eq!(page.status, 422, "{}", flow.slug);
        if flow.single_sign_on {
            assert_eq!(page.value("password"), None, "{}: nor on the page that comes back", flow.slug);
            app.studio.reply(Reply::Json(200, json!({ "success": true, "id": 7 })));
            // Nor is one sent that somebody typed all the same.
            page = app.submit(&page, &[("password", "vexing-otter-plinth")]).await;
            assert_eq!(page.status, 303, "{}", flow.slug);
        } else {
            assert_eq!(page.fields_in_error(), ["password"], "{}", flow.slug);
            app.studio.reply(Reply::Json(200, json!({ "success": true, "userId": 7 })));
            let fields = [("password", "vexing-otter-plinth"), ("cf-turnstile-response", token(flow))];
            assert_eq!(app.submit(&page, &fields).await.status, 303, "{}", flow.slug);
        }
        let sent = last(&app).json();
        for (name, value) in
            [("activationToken", "secret-token"), ("identityProvider", "Acme SSO"), ("sessionId", "secret-session")]
        {
            assert_eq!(sent.get(name), flow.single_sign_on.then(|| json!(value)).as_ref(), "{}: {name}", flow.slug);
        }
        assert_eq!(sent.get("password").is_none(), flow.single_sign_on, "{}", flow.slug);
        assert_eq!(sent["utmParams"], json!([{ "utm_source": "a" }]), "{}", flow.slug);
    }
}

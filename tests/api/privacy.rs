//! What the log never holds: marked values go in everywhere, and none comes out.

use std::time::Duration;

use serde_json::{Value, json};
use signup_gateway::signup::{Flow, Kind};

use crate::helpers::app::{fill, token, urlencode};
use crate::helpers::form::{UNLIMITED, unlimited_and};
use crate::helpers::neighbour::{STUDIO_URL, verified};
use crate::helpers::raw::ask;
use crate::helpers::{FLOWS, Page, Reply, TestApp, log};

/// Stands in every value that must not be logged.
const MARK: &str = "zq9";
/// The visitor's whole address: cut to its network it may be logged.
const CLIENT: &str = "203.0.113.77";

const SECRETS: &[(&str, &str)] = &[
    ("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1/32"),
    ("SIGNUP__TURNSTILE__SECRET_KEY", "zq9-turnstile-secret"),
    ("SIGNUP__UPSTREAM__API_KEY", "zq9-api-key"),
    ("SIGNUP__UPSTREAM__JWT_TOKEN", "zq9-jwt"),
    ("SIGNUP__UPSTREAM__TIMEOUT", "1s"),
];

const HEADERS: &[(&str, &str)] = &[
    ("user-agent", "zq9-agent"),
    ("cookie", "__Host-signup=zq9-cookie; other=zq9-cookie"),
    ("referer", "https://zq9-referer.example/?zq9"),
    ("authorization", "Bearer zq9-bearer"),
    ("accept-language", "zq9"),
    ("x-forwarded-for", CLIENT),
    ("x-forwarded-host", "zq9-host.example"),
    ("x-request-id", "zq9-request"),
    ("traceparent", "zq9-trace"),
    ("origin-trial", "zq9"),
];

/// Three campaign fields may be logged; everything else of a link may not.
const QUERY: &str = "utm_source=zq9-source&utm_medium=zq9-medium&utm_campaign=zq9-campaign&utm_content=zq9-content\
    &utm_term=zq9-term&gclid=zq9-click&email=zq9%40prefill.example&name=zq9&companyName=zq9&lang=zq9\
    &redirectUrlOrigin=https%3A%2F%2Fzq9-origin.example&redirectUrlQueryParams=zq9%3Dzq9&foo=zq9&zq9=1\
    &identityProvider=zq9-provider&ctx=zq9-sealed";

/// Every field of a flow with a mark in it, where its rules let one in.
fn marked(flow: &'static Flow) -> Vec<(&'static str, String)> {
    let value = |(name, sample): &(&'static str, &'static str)| {
        let text = match flow.field(name).unwrap().kind {
            Kind::Consent | Kind::Choice(_) => (*sample).to_owned(),
            Kind::Email => format!("zq9-mail-{}@zq9-domain.example", flow.slug),
            Kind::Username => format!("zq9-user-{}", flow.slug),
            _ => format!("zq9-{name} value"),
        };
        (*name, text)
    };
    flow.sample.iter().map(value).collect()
}

struct Visit<'a> {
    app: &'a TestApp,
    flow: &'static Flow,
}

impl Visit<'_> {
    /// Fills a fresh form with marks and some other values.
    async fn submit(&self, but: &[(&str, &str)]) -> Page {
        let page = self.app.get_with(&format!("/signup/{}?{QUERY}", self.flow.slug), HEADERS).await;
        assert_eq!(page.status, 200);
        let values = marked(self.flow);
        let good = format!("{}.zq9-token", token(self.flow));
        let mut fields: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("cf-turnstile-response", good.as_str()), ("subject_line", "zq9-trap")]);
        fields.retain(|(name, _)| but.iter().all(|(other, _)| other != name));
        fields.extend(but);
        self.app.post_with(&page.action(), &urlencode(&fill(&page, &fields)), HEADERS).await
    }
}

/// No line holds a mark outside the three campaign fields, and none the whole address.
fn no_line_tells() {
    for line in log::text().lines() {
        if !line.to_lowercase().contains(MARK) && !line.contains(CLIENT) {
            continue;
        }
        let mut event: Value = serde_json::from_str(line).unwrap();
        let fields = event.as_object_mut().unwrap();
        for (name, allowed) in
            [("utm_source", "zq9-source"), ("utm_medium", "zq9-medium"), ("utm_campaign", "zq9-campaign")]
        {
            if fields.get(name).is_some_and(|value| value == allowed) {
                fields.remove(name);
            }
        }
        let rest = event.to_string();
        assert!(!rest.to_lowercase().contains(MARK), "a mark in the log: {line}");
        assert!(!rest.contains(CLIENT), "an address in the log: {line}");
    }
}

#[tokio::test]
async fn marked_values_never_reach_the_log_however_a_submission_ends() {
    let app = TestApp::with(&unlimited_and(SECRETS)).await;
    let created = json!({ "success": true, "id": 1, "userId": 1, "redirectUrl": STUDIO_URL });
    let foreign =
        json!({ "success": true, "id": 1, "userId": 1, "redirectUrl": "https://zq9-foreign.example/zq9?zq9" });
    let refusal = json!({ "success": false, "error": "No, zq9-user and zq9-mail@zq9-domain.example: never" });
    let reset = Reply::Raw(
        b"HTTP/1.1 200 zq9\r\nzq9: zq9\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"zq9\""
            .to_vec(),
    );
    for flow in FLOWS {
        let visit = Visit { app: &app, flow };
        for (row, reply, status, outcome) in [
            ("created", Reply::Json(200, created.clone()), 303, "created"),
            ("sent elsewhere", Reply::Json(200, foreign.clone()), 303, "created"),
            ("refused", Reply::Json(200, refusal.clone()), 422, "refused"),
            (
                "taken",
                Reply::Json(200, json!({ "success": false, "error": "Username already taken: zq9" })),
                422,
                "refused",
            ),
            (
                "in use",
                Reply::Json(409, json!({ "success": false, "error": "zq9: email already in use" })),
                422,
                "refused",
            ),
            ("garbage", Reply::Json(200, json!({ "zq9": "zq9" })), 502, "upstream_unavailable"),
            ("failed", Reply::Json(500, json!({ "error": "zq9" })), 502, "upstream_unavailable"),
            ("not ours", Reply::Json(401, json!({ "error": "zq9" })), 502, "upstream_unavailable"),
            (
                "redirected",
                Reply::With(302, "location: https://zq9.example/zq9\r\n", json!({})),
                502,
                "upstream_unavailable",
            ),
            ("overloaded", Reply::With(503, "retry-after: zq9\r\n", json!({})), 503, "upstream_unavailable"),
            ("broken off", reset.clone(), 504, "upstream_timeout"),
            ("not HTTP", Reply::Raw(b"zq9 zq9 zq9\r\n\r\n".to_vec()), 504, "upstream_timeout"),
            ("silent", Reply::Stall(Vec::new()), 504, "upstream_timeout"),
            ("closed", Reply::Close, 504, "upstream_timeout"),
        ] {
            app.studio.reply(reply);
            let answer = visit.submit(&[]).await;
            assert_eq!(answer.status, status, "{} {row}", flow.slug);
            let event = answer.event();
            assert_eq!(event["outcome"], outcome, "{} {row}", flow.slug);
            assert!(event["upstream_duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{} {row}: {event}", flow.slug);
            let consent = event["consent_sha256"].as_str().is_some_and(|hash| hash.len() == 64);
            assert_eq!(consent && event["consent_version"].is_string(), outcome == "created", "{row}: {event}");
        }
    }
    no_line_tells();
}

#[tokio::test]
async fn marked_values_never_reach_the_log_when_nothing_is_sent() {
    let app = TestApp::with(&unlimited_and(SECRETS)).await;
    for flow in FLOWS {
        let visit = Visit { app: &app, flow };
        let long = format!("zq9{}", "x".repeat(300));
        for (row, but, status, outcome) in [
            ("invalid", &[("email", "zq9-no-address")][..], 422, "invalid"),
            (
                "all invalid",
                &[("name", long.as_str()), ("username", "zq9 zq9"), ("email", "zq9@"), ("password", "zq9")],
                422,
                "invalid",
            ),
            ("no token", &[("cf-turnstile-response", "")], 422, "turnstile_refused"),
            ("a bad token", &[("cf-turnstile-response", "zq9-bad-token")], 422, "turnstile_refused"),
            ("a forged id", &[("submission_id", "zq9-id")], 422, "expired"),
            ("a forged pass", &[("pass", "zq9-pass"), ("username", "x")], 422, "invalid"),
        ] {
            let answer = visit.submit(but).await;
            assert_eq!(answer.status, status, "{} {row}", flow.slug);
            let event = answer.event();
            assert_eq!(event["outcome"], outcome, "{} {row}", flow.slug);
            assert_eq!(event.get("upstream_duration_ms"), None, "{} {row}", flow.slug);
            assert_eq!(event.get("consent_sha256"), None, "{} {row}", flow.slug);
        }
        for (row, reply, status) in [
            ("siteverify's garbage", Reply::Json(200, json!({ "zq9": "zq9" })), 422),
            ("siteverify's failure", Reply::Json(500, json!({ "zq9": "zq9" })), 503),
            ("siteverify's codes", Reply::Json(200, json!({ "success": false, "error-codes": ["zq9-code"] })), 422),
            ("another action", Reply::Json(200, verified("zq9-action")), 422),
            ("no HTTP", Reply::Raw(b"zq9\r\n\r\n".to_vec()), 503),
            ("no answer", Reply::Later(Duration::from_millis(1), Box::new(Reply::Close)), 503),
        ] {
            app.siteverify.reply(reply);
            let answer = visit.submit(&[]).await;
            assert_eq!(answer.status, status, "{} {row}", flow.slug);
            let _one = answer.event();
        }
        app.siteverify.answer(move |_| Reply::Json(200, verified(flow.slug)));
        for (row, status, answer) in others(&app, flow).await {
            assert_eq!(answer.status, status, "{} {row}", flow.slug);
        }
    }
    assert_eq!(app.studio.received().iter().filter(|request| request.path.contains("create")).count(), 0);
    no_line_tells();
}

/// Requests that are no submissions.
async fn others(app: &TestApp, flow: &Flow) -> Vec<(&'static str, u16, Page)> {
    let path = format!("/signup/{}?{QUERY}", flow.slug);
    let with = |more: &'static [(&'static str, &'static str)]| [HEADERS, more].concat();
    let secrets = format!("{path}&activationCode=zq9-code&activationToken=zq9-activation&sessionId=zq9-session");
    let large = format!("zq9={}", "zq9".repeat(20_000));
    vec![
        ("another site's", 403, app.post_with(&path, "name=zq9", &with(&[("sec-fetch-site", "cross-site")])).await),
        ("too large", 413, app.post_with(&path, &large, HEADERS).await),
        ("another type", 415, app.post_with(&path, "zq9", &with(&[("content-encoding", "zq9")])).await),
        ("no path of ours", 404, app.get_with(&format!("/zq9/zq9?{QUERY}"), HEADERS).await),
        ("no flow of ours", 404, app.get_with(&format!("/signup/zq9?{QUERY}"), HEADERS).await),
        ("no asset of ours", 404, app.get_with("/static/zq9/zq9", HEADERS).await),
        ("secrets in a link", 303, app.get_with(&secrets, HEADERS).await),
        ("the status page", 200, app.get_with(&format!("/signup/status?{QUERY}"), HEADERS).await),
        ("an unknown method", 405, ask(app.address, "ZQ9", "/?zq9", &["Host: localhost"]).await.into_page()),
        ("an unclear host", 400, ask(app.address, "GET", "/?zq9", &["Host: zq9 zq9"]).await.into_page()),
        ("an unknown host", 200, ask(app.address, "GET", "/?zq9", &["Host: zq9.example"]).await.into_page()),
        ("two hosts", 400, ask(app.address, "GET", "/", &["Host: zq9.example", "Host: zq9"]).await.into_page()),
    ]
}

#[tokio::test]
async fn the_codes_of_a_link_are_in_no_log_while_the_account_is_looked_up() {
    let app = TestApp::with(&unlimited_and(SECRETS)).await;
    for reply in [
        Reply::Json(404, json!({ "error": "zq9" })),
        Reply::Close,
        Reply::Json(200, json!({ "success": true, "zq9": 1 })),
    ] {
        app.studio.reply(reply);
        for flow in FLOWS {
            let link = format!("/signup/{}?activationCode=zq9-code&sessionId=zq9-session&{QUERY}", flow.slug);
            let clean = app.get_with(&link, HEADERS).await.location().to_owned();
            assert!(!clean.contains("zq9-code") && !clean.contains("zq9-session"), "{clean}");
            assert_eq!(app.get_with(&clean, HEADERS).await.status, 200);
        }
    }
    no_line_tells();
}

#[tokio::test]
async fn limits_and_duplicates_tell_nothing_either() {
    let variables = [
        SECRETS,
        &[
            ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "1"),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "4"),
            ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h"),
        ],
    ]
    .concat();
    for flow in FLOWS {
        let app = TestApp::with(&variables).await;
        let visit = Visit { app: &app, flow };
        let outcomes: Vec<_> = async {
            let mut outcomes = Vec::new();
            for _ in 0..5 {
                let answer = visit.submit(&[]).await;
                outcomes.push((answer.status, answer.event()["outcome"].as_str().unwrap().to_owned()));
            }
            outcomes
        }
        .await;
        let limited = (429, "limited".to_owned());
        assert_eq!(outcomes[0], (303, "created".to_owned()), "{}", flow.slug);
        assert_eq!(outcomes[1..], [limited.clone(), limited.clone(), limited.clone(), limited], "{}", flow.slug);
    }
    no_line_tells();
}

#[tokio::test]
async fn the_event_of_a_sign_up_says_flow_tenant_outcome_and_campaign() {
    let app = TestApp::with(UNLIMITED).await;
    let long = "c".repeat(101);
    for flow in FLOWS {
        let page = app.form(flow, &format!("utm_source=news&utm_medium=mail&utm_campaign={long}&utm_content=x")).await;
        let answer = app.submit(&page, &crate::helpers::app::sample(flow)).await;
        let event = answer.event();
        for (field, value) in [
            ("flow", flow.slug),
            ("tenant", "default"),
            ("outcome", "created"),
            ("utm_source", "news"),
            ("utm_medium", "mail"),
            ("utm_campaign", &long[..100]),
            ("level", "INFO"),
        ] {
            assert_eq!(event[field], value, "{}: {event}", flow.slug);
        }
        assert_eq!(event["span"]["request_id"], answer.header("x-request-id").unwrap());
        assert!(event.get("utm_content").is_none());

        let again = app.submit(&page, &crate::helpers::app::sample(flow)).await;
        assert_eq!(again.event()["outcome"], "duplicate", "{}", flow.slug);
    }
}

#[tokio::test]
async fn an_address_is_logged_cut_to_its_network_at_most() {
    // Nobody is trusted here, so the header is ignored and a warning says who sent it.
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let page = app.get_with(&format!("/signup/{}", flow.slug), &[("x-forwarded-for", CLIENT)]).await;
        assert_eq!(page.status, 200);
    }
    let text = log::text();
    assert!(text.contains("server.trusted_proxies"), "the warning is there");
    assert!(!text.contains(CLIENT));
    assert!(!text.contains("\"peer\":\"127.0.0.1\""), "the peer is cut, too");
}

#[tokio::test]
async fn posts_and_failures_are_logged_with_route_and_duration_and_pages_at_debug() {
    let app = TestApp::with(UNLIMITED).await;
    let answered = |page: &Page| -> Vec<Value> {
        let mut events = log::of_request(page.header("x-request-id").unwrap());
        events.retain(|event| event["message"] == "answered");
        events
    };
    let page = answered(&app.get("/").await).remove(0);
    assert_eq!((&page["status"], &page["level"], &page["route"]), (&json!(200), &json!("DEBUG"), &json!("/")));
    let missing = answered(&app.get("/nowhere").await).remove(0);
    assert_eq!((&missing["status"], &missing["level"]), (&json!(404), &json!("INFO")));
    for flow in FLOWS {
        assert_eq!(answered(&app.form(flow, "").await)[0]["level"], "DEBUG", "{}", flow.slug);
        let event = answered(&app.sign_up(flow).await).remove(0);
        assert_eq!((&event["status"], &event["route"]), (&json!(303), &json!("/signup/{flow}")), "{event}");
        assert_eq!(event["level"], "INFO", "{event}");
        assert!(event["duration_ms"].is_number(), "{event}");
    }
}

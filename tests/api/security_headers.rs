//! The headers of every kind of answer.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::json;
use signup_gateway::signup::Flow;

use crate::helpers::app::sample;
use crate::helpers::form::unlimited_and;
use crate::helpers::raw::{ask, exchange};
use crate::helpers::{FLOWS, Page, Reply, TestApp};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

const FIXED: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Every kind of answer there is for visitors, by name.
async fn every_kind_of_answer(app: &TestApp) -> Vec<(String, Page)> {
    let mut answers = Vec::new();
    let mut add = |name: &str, expected: u16, page: Page| {
        assert_eq!(page.status, expected, "{name}: {}", page.body);
        answers.push((name.to_owned(), page));
    };
    add("plans", 200, app.get("/").await);
    add("status", 200, app.get("/signup/status").await);
    add("live", 200, app.get("/health/live").await);
    add("ready", 200, app.get("/health/ready").await);
    let asset = app.get("/").await.attributes("link[rel=stylesheet]", "href").remove(0);
    let style = app.get(&asset).await;
    let etag = style.header("etag").unwrap().to_owned();
    add("asset", 200, style);
    add("known asset", 304, app.get_with(&asset, &[("if-none-match", &etag)]).await);
    add("no asset", 404, app.get("/static/0000000000000000/app.css").await);
    add("nothing", 404, app.get("/nowhere").await);
    add("no flow", 404, app.get("/signup/nothing").await);
    add("post to no flow", 404, app.post("/signup/nothing", "a=b").await);
    add("a link with a secret", 303, app.get("/?activationCode=welcome").await);
    let port = app.address.port();
    for (name, status, host) in
        [("malformed host", 400, "a b".to_owned()), ("well-formed host", 200, format!("localhost:{port}"))]
    {
        add(name, status, ask(app.address, "GET", "/", &[&format!("Host: {host}")]).await.into_page());
    }
    for flow in FLOWS {
        for (name, status, page) in answers_of(app, flow).await {
            add(&format!("{} {name}", flow.slug), status, page);
        }
    }
    answers
}

async fn answers_of(app: &TestApp, flow: &'static Flow) -> Vec<(&'static str, u16, Page)> {
    let path = format!("/signup/{}", flow.slug);
    let page = app.form(flow, "").await;
    let created =
        Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": "https://studio.example/" }));
    let mut answers = vec![
        ("form", 200, page.clone()),
        ("a form with errors", 422, app.submit(&page, &[]).await),
        ("another site's post", 403, app.post_with(&path, "a=b", &[("sec-fetch-site", "cross-site")]).await),
        ("too large", 413, app.post(&path, &"a".repeat(40_000)).await),
        ("another type", 415, app.post_with(&path, "{}", &[("content-encoding", "gzip")]).await),
    ];
    for (name, status, reply) in [
        ("refused", 422, Reply::Json(400, json!({ "success": false, "error": "No." }))),
        ("failed", 502, Reply::Json(500, json!({}))),
        ("overloaded", 503, Reply::Json(503, json!({}))),
        ("unanswered", 504, Reply::Close),
        ("created", 303, created.clone()),
    ] {
        app.studio.reply(reply);
        answers.push((name, status, app.sign_up(flow).await));
    }
    app.studio.reply(created);
    answers
}

/// The policy's directives, each with its sources.
fn policy(page: &Page) -> BTreeMap<String, BTreeSet<String>> {
    let header = page.header("content-security-policy").expect("a policy");
    let directive = |text: &str| {
        let mut words = text.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.collect())
    };
    header.split(';').filter(|text| !text.trim().is_empty()).map(directive).collect()
}

fn nonce(page: &Page) -> String {
    let sources = &policy(page)["script-src"];
    let nonces: Vec<_> =
        sources.iter().filter_map(|source| source.strip_prefix("'nonce-")?.strip_suffix('\'')).collect();
    assert_eq!(nonces.len(), 1, "{sources:?}");
    nonces[0].to_owned()
}

fn set(sources: &[&str]) -> BTreeSet<String> {
    sources.iter().map(|source| (*source).to_owned()).collect()
}

#[tokio::test]
async fn every_kind_of_answer_carries_every_header() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    let answers = every_kind_of_answer(&app).await;
    let (mut nonces, mut ids) = (HashSet::new(), HashSet::new());
    for (name, page) in &answers {
        for (header, value) in FIXED {
            assert_eq!(page.header(header), Some(*value), "{name}: {header}");
            assert_eq!(page.headers.get_all(*header).iter().count(), 1, "{name}: {header}");
        }
        let permissions = page.header("permissions-policy").unwrap_or_default();
        for feature in ["camera=()", "microphone=()", "geolocation=()", "payment=()"] {
            assert!(permissions.contains(feature), "{name}: {feature}");
        }
        assert_eq!(page.headers.get_all("content-security-policy").iter().count(), 1, "{name}");
        assert!(nonces.insert(nonce(page)), "{name}: a nonce is used once");
        assert!(nonce(page).len() >= 22, "{name}: 128 bits");
        let id = page.header("x-request-id").unwrap_or_else(|| panic!("{name}: no request id"));
        assert!(ids.insert(id.to_owned()), "{name}: a request id is used once");
        assert_eq!(page.header("server"), None, "{name}");
        assert_eq!(page.header("x-powered-by"), None, "{name}");
        assert_eq!(page.header("strict-transport-security"), None, "{name}: the public URL is http");
        let caching = page.header("cache-control").unwrap_or_default();
        assert_eq!(
            caching.contains("immutable"),
            name.ends_with(" asset") && name != "no asset" || name == "asset",
            "{name}"
        );
        assert_eq!(caching == "no-store", !caching.contains("immutable"), "{name}: {caching}");
        let is_created = name.ends_with("created");
        assert_eq!(page.header("set-cookie").is_some(), is_created, "{name}: a cookie only for a created account");
        if !page.body.is_empty() && !name.ends_with("asset") && !["live", "ready"].contains(&name.as_str()) {
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{name}");
        }
    }
}

#[tokio::test]
async fn error_pages_are_pages_and_name_the_request() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    for (name, page) in every_kind_of_answer(&app).await {
        if ![400, 403, 404, 413, 415].contains(&page.status) {
            continue;
        }
        let id = page.header("x-request-id").unwrap();
        assert!(page.texts("main code").contains(&id.to_owned()), "{name}: {}", page.body);
        assert_eq!(page.texts("h1").len(), 1, "{name}");
        assert!(!page.title().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn pages_that_failed_behind_us_name_the_request() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    for (name, page) in every_kind_of_answer(&app).await.into_iter().filter(|(_, page)| page.status >= 500) {
        assert!(page.texts("main").concat().contains(page.header("x-request-id").unwrap()), "{name}");
    }
}

#[tokio::test]
async fn the_policy_lists_exactly_what_the_page_uses() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__REDIRECT__ALLOWED_ORIGINS", "https://studio.example,https://eu.studio.example:8443"),
        ("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://studio.example,https://checkout.example"),
        ("SIGNUP__REDIRECT__HOP_ORIGINS", "https://login.example,https://studio.example"),
        ("SIGNUP__TURNSTILE__SCRIPT_URL", "https://challenges.example/turnstile/v0/api.js"),
    ]))
    .await;
    let targets = ["'self'", "https://studio.example", "https://checkout.example", "https://login.example"];
    for (name, page) in every_kind_of_answer(&app).await {
        let policy = policy(&page);
        let nonce = format!("'nonce-{}'", nonce(&page));
        assert_eq!(policy["default-src"], set(&["'none'"]), "{name}");
        assert_eq!(policy["script-src"], set(&["'strict-dynamic'", &nonce]), "{name}");
        assert_eq!(policy["style-src"], set(&["'self'", &nonce]), "{name}");
        assert_eq!(policy["frame-src"], set(&["https://challenges.example"]), "{name}");
        assert_eq!(policy["form-action"], set(&targets), "{name}");
        for directive in ["base-uri", "object-src", "frame-ancestors"] {
            assert_eq!(policy[directive], set(&["'none'"]), "{name}: {directive}");
        }
        assert!(!page.header("content-security-policy").unwrap().contains("unsafe"), "{name}");
    }
}

#[tokio::test]
async fn scripts_carry_the_answers_own_nonce_and_nothing_is_inline() {
    let app = TestApp::with(&unlimited_and(&[("SIGNUP__BRAND__COLOR", "#0b5fff")])).await;
    for (name, page) in every_kind_of_answer(&app).await {
        let own = nonce(&page);
        for selector in ["script", "style"] {
            let count = page.texts(selector).len();
            assert_eq!(page.attributes(selector, "nonce"), vec![own.clone(); count], "{name}: {selector}");
        }
        assert!(page.texts("script").concat().is_empty(), "{name}: no inline script");
        assert!(page.attributes("[style]", "style").is_empty(), "{name}: no inline style");
        assert!(
            !name.ends_with("form") || page.attributes("script", "src").len() == 2,
            "{name}: ours and the challenge's"
        );
    }
}

#[tokio::test]
async fn https_is_made_to_stay_where_the_public_url_has_it() {
    let app = TestApp::with(&unlimited_and(&[("SIGNUP__SERVER__PUBLIC_URL", "https://localhost:8443")])).await;
    for (name, page) in every_kind_of_answer(&app).await {
        let header = page.header("strict-transport-security").unwrap_or_default();
        let seconds = header.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds >= 31_536_000), "{name}: {header}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_with_allow_before_any_other_check() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    let asset = app.get("/").await.attributes("link[rel=stylesheet]", "href").remove(0);
    let (read, post) = ("GET, HEAD", "GET, HEAD, POST");
    let mut routes = vec![
        ("/".to_owned(), read),
        ("/signup/status".to_owned(), read),
        ("/health/live".to_owned(), read),
        ("/health/ready".to_owned(), read),
        ("/static/x/y".to_owned(), read),
        (asset, read),
        ("/signup/nothing".to_owned(), post),
    ];
    routes.extend(FLOWS.iter().map(|flow| (format!("/signup/{}?utm_source=a", flow.slug), post)));
    for (path, allow) in &routes {
        for method in ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW", "POST", "get"] {
            if allow.contains(method) {
                continue;
            }
            let headers =
                ["Host: localhost", "Sec-Fetch-Site: cross-site", "Content-Type: text/plain", "Content-Length: 0"];
            let answer = ask(app.address, method, path, &headers).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some(*allow), "{method} {path}");
            let page = answer.into_page();
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
            assert!(page.body.contains(page.header("x-request-id").unwrap()), "{method} {path}");
        }
    }
    for (method, target, status) in [
        ("OPTIONS", "*", 405),
        ("CONNECT", "localhost:80", 405),
        ("OPTIONS", "/nowhere", 404),
        ("TRACE", "/nowhere", 404),
        ("PUT", "/nowhere?utm_source=a", 404),
        ("DELETE", "/signup", 404),
        ("POST", "/nowhere", 404),
    ] {
        let answer = ask(app.address, method, target, &["Host: localhost"]).await;
        assert_eq!((answer.status, answer.header("allow").is_some()), (status, status == 405), "{method} {target}");
        assert!(answer.header("content-security-policy").is_some(), "{method} {target}");
    }
    assert_eq!(app.studio.received().len() + app.siteverify.received().len(), 0);
}

#[tokio::test]
async fn head_answers_as_get_does_but_without_a_body() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    let asset = app.get("/").await.attributes("link[rel=stylesheet]", "href").remove(0);
    let mut paths = vec![
        "/",
        "/signup/status",
        "/health/live",
        "/health/ready",
        "/?activationCode=x",
        "/nowhere",
        "/signup/x",
        &asset,
    ];
    let forms: Vec<_> = FLOWS.iter().map(|flow| format!("/signup/{}?utm_source=a", flow.slug)).collect();
    paths.extend(forms.iter().map(String::as_str));
    for path in paths {
        let get = ask(app.address, "GET", path, &["Host: localhost"]).await;
        let head = ask(app.address, "HEAD", path, &["Host: localhost"]).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        // What is new with every answer has the same length each time.
        let fresh = ["content-security-policy", "x-request-id", "date", "location"];
        let lasting = |headers: &[(String, String)]| -> BTreeMap<String, String> {
            let clean = |(name, value): &(String, String)| {
                (name.clone(), if fresh.contains(&name.as_str()) { value.len().to_string() } else { value.clone() })
            };
            headers.iter().map(clean).collect()
        };
        assert_eq!(lasting(&head.headers), lasting(&get.headers), "{path}");
    }
}

#[tokio::test]
async fn the_cookie_of_a_created_account_is_bound_to_the_host_and_hidden_from_scripts() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let cookie = app.sign_up(flow).await.header("set-cookie").unwrap().to_owned();
        let parts: Vec<_> = cookie.split("; ").collect();
        assert!(parts[0].starts_with("__Host-"), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
            assert!(parts.contains(&attribute), "{attribute}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn forwarded_hosts_change_nothing() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
        ("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1/32"),
    ]))
    .await;
    let headers = [
        ("x-forwarded-host", "acme.example"),
        ("forwarded", "host=acme.example;proto=https;for=192.0.2.1"),
        ("x-host", "acme.example"),
        ("x-original-host", "acme.example"),
        ("x-forwarded-server", "acme.example"),
        ("x-forwarded-proto", "https"),
        ("x-original-url", "/nowhere"),
        ("x-rewrite-url", "/nowhere"),
    ];
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let page = app.get_with(&path, &headers).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("acme") && !page.body.contains("Acme"), "{}", flow.slug);
        assert_eq!(page.action(), path);
        let of_another = [headers[0], headers[1], ("origin", "https://acme.example")];
        assert_eq!(app.submit_with(&page, &sample(flow), &of_another).await.status, 403, "{}", flow.slug);
        let own = format!("http://localhost:{}", app.address.port());
        let of_our_own = [headers[0], headers[1], ("origin", own.as_str())];
        assert_eq!(app.submit_with(&page, &sample(flow), &of_our_own).await.status, 303, "{}", flow.slug);
    }
}

#[tokio::test]
async fn what_the_parser_refuses_is_closed_without_a_word_about_us() {
    let app = TestApp::start().await;
    for (name, request) in [
        (
            "two lengths",
            format!(
                "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
            ),
        ),
        (
            "length and chunks",
            format!(
                "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ),
        ("a bad header name", "GET / HTTP/1.1\r\nHost: localhost\r\na b: c\r\n\r\n".to_owned()),
        ("no protocol", "GET /\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned()),
    ] {
        let answer = exchange(app.address, request.as_bytes()).await;
        assert_eq!((answer.status, answer.header("server")), (400, None), "{name}");
    }
}

//! Which tenant a request is for: its `Host` header alone, and nothing where that is unclear.

use signup_gateway::domain::tenant::TenantId;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::form::unlimited_and;
use crate::helpers::neighbour::verified;
use crate::helpers::raw::{ask, exchange};
use crate::helpers::{FLOWS, Page, Reply, TestApp};

const PARTNERS: &[(&str, &str)] = &[
    ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example,www.acme.example"),
    ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme Edge"),
    ("SIGNUP__TENANTS__ACME__FLOWS__PRO__ENABLED", "false"),
    ("SIGNUP__TENANTS__ACME__FLOWS__TRIAL__BUSINESS_EMAIL", "false"),
    ("SIGNUP__TENANTS__GLOBEX__HOSTS", "globex.example"),
    ("SIGNUP__TENANTS__GLOBEX__BRAND__NAME", "Globex"),
    ("SIGNUP__TENANTS__GLOBEX__REDIRECT__DEFAULT_ORIGIN", "https://studio.globex.example"),
];

async fn with_partners(more: &[(&str, &str)]) -> TestApp {
    TestApp::with(&unlimited_and(&[PARTNERS, more].concat())).await
}

/// The brand's name on a page.
fn brand(page: &Page) -> String {
    page.texts("header .brand").concat()
}

#[tokio::test]
async fn an_unclear_host_is_400_on_every_page() {
    let app = TestApp::start().await;
    let rows: &[(&str, &str, &[&str])] = &[
        ("missing", "/", &[]),
        ("doubled", "/", &["Host: localhost", "Host: localhost"]),
        ("two that differ", "/", &["Host: localhost", "Host: acme.example"]),
        ("empty", "/", &["Host:"]),
        ("a blank inside", "/", &["Host: a b"]),
        ("user information", "/", &["Host: x@localhost"]),
        ("a path", "/", &["Host: localhost/x"]),
        ("a port too large", "/", &["Host: localhost:99999"]),
        ("a port that is no number", "/", &["Host: localhost:80a"]),
        ("two ports", "/", &["Host: localhost:80:80"]),
        ("an empty label", "/", &["Host: acme..example"]),
        ("a list", "/", &["Host: localhost, acme.example"]),
        ("an open bracket", "/", &["Host: [::1"]),
        ("no address in brackets", "/", &["Host: [evil]"]),
        ("not ASCII", "/", &["Host: b\u{fc}cher.example"]),
        ("markup", "/", &["Host: <script>"]),
        ("a percent sign", "/", &["Host: local%68ost"]),
        ("another target", "http://acme.example/", &["Host: localhost"]),
        ("another port in the target", "http://localhost:81/", &["Host: localhost:80"]),
        ("user information in the target", "http://x@localhost/", &["Host: localhost"]),
    ];
    for flow in FLOWS {
        for (row, target, headers) in rows {
            let target = match target.strip_suffix('/') {
                Some(origin) if !origin.is_empty() => format!("{origin}/signup/{}", flow.slug),
                _ => format!("/signup/{}", flow.slug),
            };
            let answer = ask(app.address, "GET", &target, headers).await;
            assert_eq!(answer.status, 400, "{} {row}", flow.slug);
            assert!(!answer.body.contains("<script>"), "{row}");
        }
    }
}

#[tokio::test]
async fn what_any_host_may_ask_for_is_not_for_an_unclear_one() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready", "/static/0123456789abcdef/app.css"] {
        for (row, host) in
            [("a blank", "a b"), ("user information", "x@localhost"), ("a list", "a, b"), ("open", "[::1")]
        {
            let answer = ask(app.address, "GET", path, &[&format!("Host: {host}")]).await;
            assert_eq!(answer.status, 400, "{path} {row}");
        }
        let answer = ask(app.address, "GET", path, &["Host: localhost", "Host: localhost"]).await;
        assert_eq!(answer.status, 400, "{path} doubled");
        let foreign = format!("http://evil.test{path}");
        assert_eq!(ask(app.address, "GET", &foreign, &["Host: localhost"]).await.status, 400, "{path} another target");
        assert_ne!(ask(app.address, "GET", path, &["Host: nobody.example"]).await.status, 400, "{path} of nobody");
    }
}

#[tokio::test]
async fn a_post_for_an_unclear_host_sends_nothing() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let request = format!(
            "POST /signup/{} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b",
            flow.slug
        );
        assert_eq!(exchange(app.address, request.as_bytes()).await.status, 400, "{}", flow.slug);
    }
    assert_eq!(app.siteverify.received().len() + app.studio.received().len(), 0);
}

#[tokio::test]
async fn the_tenant_is_picked_by_the_host_in_any_spelling() {
    let app = with_partners(&[]).await;
    let default = brand(&app.get("/").await);
    for (host, name) in [
        ("acme.example", "Acme Edge"),
        ("ACME.Example", "Acme Edge"),
        ("acme.example:8443", "Acme Edge"),
        ("acme.example.", "Acme Edge"),
        ("www.acme.example", "Acme Edge"),
        ("globex.example", "Globex"),
        ("localhost", &default),
        ("127.0.0.1", &default),
        ("[::1]:80", &default),
        ("other.acme.example", &default),
        ("acme.example.evil.test", &default),
        ("notacme.example", &default),
        ("unknown.test", &default),
    ] {
        for target in ["/".to_owned(), format!("http://{host}/")] {
            let page = ask(app.address, "GET", &target, &[&format!("Host: {host}")]).await.into_page();
            assert_eq!((page.status, brand(&page).as_str()), (200, name), "{host} {target}");
        }
    }
    let old = exchange(app.address, b"GET / HTTP/1.0\r\n\r\n").await.into_page();
    assert_eq!((old.status, brand(&old)), (200, default), "HTTP/1.0 needs no host");
}

#[tokio::test]
async fn with_strict_hosts_an_unknown_host_is_421_and_health_answers_any() {
    let app = with_partners(&[("SIGNUP__SERVER__STRICT_HOSTS", "true")]).await;
    for (host, status) in [
        ("localhost", 200),
        ("acme.example", 200),
        ("WWW.acme.example.:443", 200),
        ("unknown.test", 421),
        ("x.acme.example", 421),
        ("192.0.2.1", 421),
        ("a b", 400),
    ] {
        let line = format!("Host: {host}");
        let page = ask(app.address, "GET", "/", &[&line]).await.into_page();
        assert_eq!(page.status, status, "{host}");
        assert!(page.header("content-security-policy").is_some(), "{host}");
        for path in ["/health/live", "/health/ready"] {
            let expected = if status == 421 { 200 } else { status };
            assert_eq!(ask(app.address, "GET", path, &[&line]).await.status, expected, "{host} {path}");
        }
    }
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        assert_eq!(app.post_with(&path, "a=b", &[("host", "unknown.test")]).await.status, 421, "{}", flow.slug);
    }
    let lost = app.get_with("/", &[("host", "unknown.test")]).await;
    assert_eq!(
        lost.attributes("main a", "href"),
        Vec::<String>::new(),
        "the plans of this address would be the same page"
    );
    for asset in lost.attributes("link[href^='/static/']", "href") {
        assert_eq!(app.get_with(&asset, &[("host", "unknown.test")]).await.status, 200, "what it looks like: {asset}");
    }
    assert_eq!(exchange(app.address, b"GET / HTTP/1.0\r\n\r\n").await.status, 421, "no host is no tenant's");
}

#[tokio::test]
async fn each_tenant_has_its_own_flows_rules_and_destinations() {
    let app = with_partners(&[]).await;
    let (acme, globex) = ([("host", "acme.example")], [("host", "globex.example")]);
    app.siteverify.answer(|request| {
        let token = request.field("response").unwrap_or_default();
        let mut answer = verified(token.trim_start_matches("pass-"));
        answer["hostname"] = "acme.example".into();
        Reply::Json(200, answer)
    });
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let offered = if flow.slug == "pro" { 404 } else { 200 };
        assert_eq!(app.get_with(&path, &acme).await.status, offered, "{}", flow.slug);
        assert_eq!(app.get_with(&path, &globex).await.status, 200, "{}", flow.slug);
        let links = app.get_with("/", &acme).await.attributes(".plan-go a", "href");
        assert_eq!(links.contains(&path), offered == 200, "{}", flow.slug);
        if offered == 404 {
            assert_eq!(app.post_with(&path, "a=b", &acme).await.status, 404, "{}", flow.slug);
            continue;
        }
        let page = app.get_with(&path, &acme).await;
        let done = app.submit_with(&page, &sample_with(flow, "email", "jan@gmail.com"), &acme).await;
        assert_eq!(done.status, 303, "{}: no business address is asked for", flow.slug);
        let page = app.get_with(&path, &globex).await;
        let refused = app.submit_with(&page, &sample(flow), &globex).await;
        assert_eq!(refused.status, 422, "{}: a challenge that was solved at another tenant's", flow.slug);
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("form-action 'self' https://studio.globex.example;"), "{policy}");
    }
    assert_eq!(TenantId::default_tenant().as_str(), "default");
}

#[tokio::test]
async fn a_method_nobody_takes_is_405_before_the_host_is_looked_at() {
    let app = TestApp::with(&[("SIGNUP__SERVER__STRICT_HOSTS", "true")]).await;
    for (row, host) in [("malformed", "Host: a b"), ("nobody's", "Host: nobody.example")] {
        for (target, allow) in [("/", "GET, HEAD"), ("/signup/pro", "GET, HEAD, POST"), ("/signup/status", "GET, HEAD")]
        {
            for method in ["OPTIONS", "PUT", "TRACE"] {
                let answer = ask(app.address, method, target, &[host]).await;
                assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{row} {method} {target}");
            }
        }
    }
}

#[tokio::test]
async fn the_example_of_two_partners_serves_both_as_it_says() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tenants.example.toml");
    let app = TestApp::with(&unlimited_and(&[("SIGNUP_CONFIG", file)])).await;
    for (host, name, color, privacy, business_address, statuses) in [
        ("acme.localhost", "Acme Edge Studio", "#b3261e", "https://acme.example/privacy", false, [404, 200]),
        ("globex.localhost", "Globex Machine Learning", "#0a6b4f", "https://globex.example/privacy", true, [200, 200]),
        (
            "www.globex.localhost",
            "Globex Machine Learning",
            "#0a6b4f",
            "https://globex.example/privacy",
            true,
            [200, 200],
        ),
    ] {
        let at = [("host", host)];
        for (flow, status) in FLOWS.iter().zip(statuses) {
            assert_eq!(
                app.get_with(&format!("/signup/{}", flow.slug), &at).await.status,
                status,
                "{host} {}",
                flow.slug
            );
        }
        let form = app.get_with("/signup/trial", &at).await;
        assert_eq!(brand(&form), name, "{host}");
        assert!(form.title().ends_with(name), "{host}: {}", form.title());
        assert!(form.body.contains(&format!("--brand:{color}")), "{host}: its colour");
        assert!(form.attributes("a", "href").iter().any(|href| href == privacy), "{host}: its privacy notice");
        let policy = form.header("content-security-policy").unwrap();
        assert!(!policy.contains("unsafe"), "{host}: {policy}");

        app.siteverify.answer(move |_| {
            let mut answer = verified("trial");
            answer["hostname"] = host.into();
            Reply::Json(200, answer)
        });
        for (address, passes) in [("jan@gmail.com", !business_address), ("jan@engines.example", true)] {
            let form = app.get_with("/signup/trial", &at).await;
            let answer = app.submit_with(&form, &sample_with(FLOWS[1], "email", address), &at).await;
            assert_eq!(answer.status, if passes { 303 } else { 422 }, "{host} {address}");
        }
    }
    let at = [("host", "globex.localhost")];
    let form = app.get_with("/signup/trial", &at).await;
    let answer = app.submit_with(&form, &sample_with(FLOWS[1], "email", "gavin@hooli.example"), &at).await;
    assert_eq!((answer.status, answer.fields_in_error()), (422, vec!["email".to_owned()]), "the rival's address");
    assert_eq!(brand(&app.get("/").await), brand(&app.get_with("/", &[("host", "initech.localhost")]).await));
}

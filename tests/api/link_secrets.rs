//! Secrets in a link are sealed before any page is shown (contract 7).

use serde_json::json;

use crate::helpers::app::{fill, sample, urlencode};
use crate::helpers::raw::ask;
use crate::helpers::{FLOWS, Page, Reply, TestApp, roomy};

const SECRETS: &str = "activationCode=marked-code&activationToken=marked-token&sessionId=marked-session";

const TENANT: &[(&str, &str)] = &[
    ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
    ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
    ("SIGNUP__TENANTS__ACME__TURNSTILE__HOSTNAMES", "localhost"),
];

/// Nothing of an answer holds a secret in the open.
fn assert_sealed(page: &Page, name: &str) {
    let headers = format!("{:?}", page.headers);
    for text in [&page.body, &headers] {
        assert!(!text.contains("marked-"), "{name}: a secret is shown");
    }
}

/// The sealed parameter of a `Location`.
fn ctx(page: &Page) -> String {
    let query = page.location().split_once('?').unwrap().1;
    form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "ctx").then(|| value.into_owned()))
        .unwrap()
}

/// Every page with a form of its own, and the plans.
fn paths() -> impl Iterator<Item = String> {
    FLOWS.iter().map(|flow| format!("/signup/{}", flow.slug)).chain(["/".to_owned()])
}

#[tokio::test]
async fn secrets_are_sealed_and_everything_else_stays() {
    let app = TestApp::start().await;
    for path in paths() {
        for (name, query, kept) in [
            ("all three", format!("utm_source=a%26b&{SECRETS}&lang=en"), "utm_source=a%26b&lang=en&ctx="),
            ("one", "activationCode=marked-code".to_owned(), "ctx="),
            ("escaped", "activation%43ode=marked-code&a=%C3%BC".to_owned(), "a=%C3%BC&ctx="),
            ("twice", "sessionId=marked-1&sessionId=marked-2".to_owned(), "ctx="),
            ("beside an older seal", "activationToken=marked-token&ctx=old".to_owned(), "ctx="),
        ] {
            let name = format!("{name}, {path}");
            let moved = app.get(&format!("{path}?{query}")).await;
            assert_eq!(moved.status, 303, "{name}");
            assert!(moved.location().starts_with(&format!("{path}?{kept}")), "{name}: {}", moved.location());
            assert!(!moved.location().contains("old"), "{name}: {}", moved.location());
            assert_eq!(moved.header("cache-control"), Some("no-store"), "{name}");
            assert_eq!(moved.header("referrer-policy"), Some("strict-origin-when-cross-origin"), "{name}");
            assert_sealed(&moved, &name);
            let page = app.get(moved.location()).await;
            assert_eq!(page.status, 200, "{name}");
            assert_sealed(&page, &name);
        }
        for (name, query, kept) in [
            ("empty", "utm_source=a&activationCode=", "?utm_source=a"),
            ("nothing else", "activationToken=", ""),
            ("a line break", "sessionId=marked%0a", ""),
        ] {
            let moved = app.get(&format!("{path}?{query}")).await;
            assert_eq!((moved.status, moved.location()), (303, &*format!("{path}{kept}")), "{name}, {path}");
        }
    }
}

#[tokio::test]
async fn the_secrets_of_the_plans_page_go_on_to_the_form() {
    let app = TestApp::start().await;
    let plans = app.get(app.get(&format!("/?{SECRETS}")).await.location()).await;
    for flow in FLOWS {
        let link = plans
            .attributes("main a", "href")
            .into_iter()
            .find(|href| href.starts_with(&format!("/signup/{}?", flow.slug)))
            .unwrap_or_else(|| panic!("no link to {}", flow.slug));
        let form = app.get(&link).await;
        assert_eq!(form.status, 200, "{}", flow.slug);
        let sealed = form.value("ctx").unwrap_or_else(|| panic!("{}: the form lost the secrets", flow.slug));
        assert!(!sealed.is_empty(), "{}", flow.slug);
        assert_sealed(&form, flow.slug);
    }
}

#[tokio::test]
async fn no_answer_to_the_form_shows_a_secret_either() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        let form = app.get(app.get(&format!("/signup/{}?{SECRETS}", flow.slug)).await.location()).await;
        for (name, reply) in [
            ("refused", Reply::Json(422, json!({ "success": false, "error": "Out of seats" }))),
            ("failed", Reply::Json(500, json!({}))),
            ("unknown", Reply::Close),
        ] {
            app.studio.reply(reply);
            let answer = app.submit(&form, &sample(flow)).await;
            assert!(answer.status >= 400, "{name}, {}", flow.slug);
            assert_sealed(&answer, &format!("{name}, {}", flow.slug));
            assert!(answer.value("ctx").is_some(), "{name}, {}: the secrets are lost", flow.slug);
        }
    }
}

/// Every page that may be shown at a link with secrets in the open, before they are sealed or instead of it.
async fn pages_at_raw_links(query: &str) -> Vec<(&'static str, u16, Page)> {
    let app = TestApp::with(&roomy(&[
        ("SIGNUP__RATE_LIMIT__PAGES__BURST", "1"),
        ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "1h"),
        ("SIGNUP__FLOWS__TRIAL__ENABLED", "false"),
        ("SIGNUP__SERVER__STRICT_HOSTS", "true"),
    ]))
    .await;
    let (plans, form, status) =
        (format!("/?{query}"), format!("/signup/pro?{query}"), format!("/signup/status?{query}"));
    let large = "a".repeat(40_000);
    let unclear = ask(app.address, "GET", &form, &["Host: a b"]).await.into_page();
    vec![
        ("status", 200, app.get(&status).await),
        ("status over the budget", 429, app.get(&status).await),
        ("plans over the budget", 429, app.get(&plans).await),
        ("form over the budget", 429, app.get(&form).await),
        ("no flow", 404, app.get(&format!("/signup/nothing?{query}")).await),
        ("a disabled flow", 404, app.get(&format!("/signup/trial?{query}")).await),
        ("nothing", 404, app.get(&format!("/nowhere?{query}")).await),
        ("another method", 405, app.post(&plans, "a=b").await),
        ("an unclear host", 400, unclear),
        ("a foreign host", 421, app.get_with(&form, &[("host", "nobody.example")]).await),
        ("another site's post", 403, app.post_with(&form, "a=b", &[("sec-fetch-site", "cross-site")]).await),
        ("too large", 413, app.post(&form, &large).await),
        ("another type", 415, app.post_with(&form, "{}", &[("content-encoding", "gzip")]).await),
        ("a form", 422, app.post(&form, "name=Ada").await),
        ("a form in another language, over the budget", 429, app.post(&form, "switch_language=unsent").await),
    ]
}

#[tokio::test]
async fn no_page_at_a_raw_link_leads_on_with_its_secrets_and_all_keep_the_rest() {
    let escaped = SECRETS.replace("Code", "%43ode");
    for secrets in [SECRETS, &escaped] {
        for (name, status, page) in pages_at_raw_links(&format!("utm_source=a%26b&{secrets}&x=%20+y")).await {
            assert_eq!(page.status, status, "{name}: {}", page.body);
            assert_sealed(&page, name);
            let others = "utm_source=a%26b&x=%20+y";
            let switch = [
                page.attributes("footer a[hreflang]", "href"),
                page.attributes("footer button[name=switch_language]", "formaction"),
            ]
            .concat();
            assert!(switch.contains(&format!("?{others}&lang=de")), "{name}: {switch:?}");
            let forms = page.attributes("main form", "action");
            assert!(forms.iter().all(|action| *action == format!("/signup/pro?{others}")), "{name}: {forms:?}");
        }
    }
}

#[tokio::test]
async fn a_form_that_is_posted_to_a_raw_link_brings_its_own_sealed_secrets() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS.iter().filter(|flow| flow.single_sign_on) {
        let path = format!("/signup/{}", flow.slug);
        let form = app.get(app.get(&format!("{path}?activationToken=marked-token")).await.location()).await;
        let fields: Vec<_> = sample(flow).into_iter().filter(|(field, _)| *field != "password").collect();
        let raw = format!("{path}?activationToken=marked-other&utm_source=a");
        let answer = app.post(&raw, &urlencode(&fill(&form, &fields))).await;
        assert_eq!(answer.status, 303, "{}: {}", flow.slug, answer.body);
        assert_eq!(app.studio.received().pop().unwrap().json()["activationToken"], "marked-token", "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_ctx_that_does_not_open_is_a_remark_above_a_form_that_works() {
    let app = TestApp::with(&roomy(TENANT)).await;
    let acme = [("host", "acme.example")];
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let own = ctx(&app.get(&format!("{path}?activationToken=marked-token")).await);
        let of_acme = ctx(&app.get_with(&format!("{path}?activationToken=marked-token"), &acme).await);
        let mut bent = own.clone();
        bent.replace_range(50..51, if bent[50..51] == *"A" { "B" } else { "A" });
        let pass = {
            app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
            app.sign_up(flow).await.pass().unwrap()
        };
        app.studio.reply(Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7 })));
        for (name, sealed) in [
            ("of another tenant", of_acme),
            ("bent", bent),
            ("cut", own[..own.len() - 4].to_owned()),
            ("noise", "noise".to_owned()),
            ("sealed for another purpose", pass),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let page = app.get(&format!("{path}?utm_source=a&ctx={sealed}")).await;
            assert_eq!(page.status, 200, "{name}");
            assert_eq!(page.notice(), "The details in your link have expired", "{name}");
            assert_eq!(page.attributes("#notice", "role"), ["note"], "{name}: a remark, not an alert");
            let answer = app.submit(&page, &sample(flow)).await;
            assert_eq!(answer.status, 303, "{name}: the form works");
            let sent = app.studio.received().pop().unwrap().json();
            assert_eq!(sent.get("activationToken"), None, "{name}");
            assert_eq!(sent["utmParams"], json!([{ "utm_source": "a" }]), "{name}");
        }
        // At its own tenant it does open.
        let page = app.get(&format!("{path}?ctx={own}")).await;
        assert_eq!(page.notice(), "", "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_form_whose_sealed_secrets_were_exchanged_is_an_ordinary_form() {
    let app = TestApp::with(&roomy(TENANT)).await;
    let acme = [("host", "acme.example")];
    for flow in FLOWS.iter().filter(|flow| flow.single_sign_on) {
        let path = format!("/signup/{}", flow.slug);
        let form = app.get(app.get(&format!("{path}?activationToken=marked-token")).await.location()).await;
        let moved = app.get_with(&format!("{path}?activationToken=marked-foreign"), &acme).await;
        let foreign = app.get_with(moved.location(), &acme).await.value("ctx").unwrap();
        for (name, sealed) in [("foreign", foreign.as_str()), ("noise", "noise"), ("none", "")] {
            let name = format!("{name}, {}", flow.slug);
            let without: Vec<_> = sample(flow).into_iter().filter(|(field, _)| *field != "password").collect();
            let fields = [without, vec![("ctx", sealed)]].concat();
            // Posted without the link, so that nothing else brings the token along.
            let answer = app.post(&path, &urlencode(&fill(&form, &fields))).await;
            assert_eq!((answer.status, answer.fields_in_error()), (422, vec!["password".to_owned()]), "{name}");
        }
    }
    assert_eq!(app.studio.received().len(), 0);
}

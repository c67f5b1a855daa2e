//! What the upstream says and what the visitor gets for it (contract 4, the second table).

use serde_json::{Value, json};
use signup_gateway::signup::Flow;

use crate::helpers::app::{sample, sample_with, token};
use crate::helpers::neighbour::{STUDIO_URL, raw};
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, roomy};

/// What a visitor gets. Each kind says status, words, metric and whether the form may be sent again.
enum Gets {
    /// 303 to here, and the cookie if the upstream named the user.
    SentTo(&'static str),
    /// The same without a cookie.
    SentToUnnamed(&'static str),
    /// 422 with an error at this field that has these words.
    ErrorAt(&'static str, &'static str),
    /// 422 with an error at the address, which asks for a business one where the flow does.
    OtherAddress,
    /// 422 with this notice above the form.
    Refusal(&'static str),
    /// 503, asked to come back after so many seconds.
    Unavailable(&'static str),
    /// 502: nothing was created.
    Failure,
    /// 502: whether something was created is unknown.
    Unknown,
}

type Row = (&'static str, Reply, Gets);

const STATUS: &str = "/signup/status";
const USERNAME: &str = "This username is taken";
const EMAIL: &str = "This email address was not accepted";
const PASSWORD: &str = "This password was not accepted";
const IN_USE: &str = "You may have an account already";

fn success(redirect_url: &Value) -> Reply {
    Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": redirect_url }))
}

fn refusal(status: u16, error: &str) -> Reply {
    Reply::Json(status, json!({ "success": false, "error": error }))
}

fn with(status: u16, headers: &'static str) -> Reply {
    Reply::With(status, headers, json!({ "success": false, "error": "busy" }))
}

/// Each row in each flow: the answer, the page, the metric, and what the same form does when it is posted again.
async fn check(variables: &[(&str, &str)], rows: Vec<Row>) {
    let app = TestApp::with(&roomy(variables)).await;
    for (name, reply, gets) in &rows {
        for flow in FLOWS {
            let name = format!("{name}, {}", flow.slug);
            app.studio.reply(reply.clone());
            let before = app.studio.received().len();
            let form = app.form(flow, "").await;
            let answer = app.submit(&form, &sample(flow)).await;
            assert_eq!(app.studio.received().len() - before, 1, "{name}: requests upstream");
            check_answer(flow, &form, &answer, gets, &name);

            app.studio.reply(success(&json!(STUDIO_URL)));
            let again = app.submit(&form, &sample(flow)).await;
            let creations = app.studio.received().len() - before;
            check_repeat(flow, &answer, &again, creations, gets, &name);
        }
    }
}

fn check_answer(flow: &'static Flow, form: &Page, answer: &Page, gets: &Gets, name: &str) {
    let (status, outcome) = match gets {
        Gets::SentTo(_) | Gets::SentToUnnamed(_) => (303, "created"),
        Gets::ErrorAt(..) | Gets::OtherAddress | Gets::Refusal(_) => (422, "refused"),
        Gets::Unavailable(_) => (503, "upstream_unavailable"),
        Gets::Failure | Gets::Unknown => (502, "upstream_unavailable"),
    };
    assert_eq!((answer.status, answer.outcome().as_str()), (status, outcome), "{name}: {}", answer.notice_text());
    if let Gets::SentTo(destination) | Gets::SentToUnnamed(destination) = gets {
        assert_eq!(answer.location(), *destination, "{name}");
        assert_eq!(answer.header("set-cookie").is_some(), matches!(gets, Gets::SentTo(_)), "{name}: cookie");
        return;
    }
    assert_kept(flow, answer, &sample(flow), name);
    assert_eq!(answer.header("set-cookie"), None, "{name}: cookie");
    assert_eq!(answer.id() == form.id(), !matches!(gets, Gets::Unknown), "{name}: the id is kept unless unknown");
    assert_eq!(answer.pass().is_some(), !matches!(gets, Gets::Unknown), "{name}: the pass");
    let retry_after = if let Gets::Unavailable(seconds) = gets { Some(*seconds) } else { None };
    assert_eq!(answer.header("retry-after"), retry_after, "{name}");
    let notice = answer.notice_text();
    match gets {
        Gets::ErrorAt(field, words) => {
            assert_eq!(answer.fields_in_error(), [*field], "{name}");
            assert!(answer.texts(&format!("#{field}-error")).concat().contains(words), "{name}: words at {field}");
        }
        Gets::OtherAddress => {
            let words = if flow.business_email { "Enter a work address" } else { EMAIL };
            assert!(answer.texts("#email-error").concat().contains(words), "{name}");
        }
        Gets::Refusal(words) => assert!(notice.contains(words), "{name}: {notice}"),
        Gets::Unavailable(_) => assert!(notice.contains("No account was created"), "{name}: {notice}"),
        Gets::Failure => assert!(notice.contains("Your account could not be created"), "{name}: {notice}"),
        Gets::Unknown => {
            assert!(notice.contains("Your account may have been created"), "{name}: {notice}");
            assert!(notice.contains("mailbox"), "{name}: {notice}");
        }
        Gets::SentTo(_) | Gets::SentToUnnamed(_) => {}
    }
}

fn check_repeat(flow: &'static Flow, first: &Page, again: &Page, creations: usize, gets: &Gets, name: &str) {
    match gets {
        Gets::SentTo(_) | Gets::SentToUnnamed(_) => {
            assert_eq!((again.status, creations), (303, 1), "{name}: again");
            assert_eq!(again.location(), first.location(), "{name}: again");
            assert_eq!(again.header("set-cookie").is_some(), first.header("set-cookie").is_some(), "{name}: again");
            assert_eq!(again.outcome(), "duplicate", "{name}: again");
        }
        Gets::Unknown => {
            assert_eq!((again.status, creations), (504, 1), "{name}: again");
            assert_eq!(again.outcome(), "upstream_timeout", "{name}: again");
            assert!(again.notice().contains("may have been created"), "{name}: again");
            assert_kept(flow, again, &sample(flow), name);
        }
        _ => assert_eq!((again.status, again.location(), creations), (303, STUDIO_URL, 2), "{name}: again"),
    }
}

#[tokio::test]
async fn a_success_sends_the_visitor_to_an_allowed_url_or_to_the_status_page() {
    let to = |url: &'static str| success(&json!(url));
    check(
        &[("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://studio.example,https://pay.example:8443")],
        vec![
            ("allowed URL", to(STUDIO_URL), Gets::SentTo(STUDIO_URL)),
            ("allowed port", to("https://pay.example:8443/c"), Gets::SentTo("https://pay.example:8443/c")),
            ("serialised", to("HTTPS://Studio.Example:443"), Gets::SentTo("https://studio.example/")),
            ("blanks", to("https://studio.example/a b?c=d e"), Gets::SentTo("https://studio.example/a%20b?c=d%20e")),
            ("201", Reply::Json(201, json!({ "success": true, "id": 1, "userId": 1 })), Gets::SentTo(STATUS)),
            (
                "suffixed JSON",
                raw(200, "application/vnd.api+json; charset=utf-8", r#"{"success":true}"#),
                Gets::SentToUnnamed(STATUS),
            ),
            ("no URL", Reply::Json(200, json!({ "success": true, "id": 1, "userId": 1 })), Gets::SentTo(STATUS)),
            ("null", success(&Value::Null), Gets::SentTo(STATUS)),
            ("empty", to(""), Gets::SentTo(STATUS)),
            ("a number", success(&json!(7)), Gets::SentTo(STATUS)),
            ("foreign origin", to("https://evil.test/"), Gets::SentTo(STATUS)),
            ("other port", to("https://studio.example:8443/"), Gets::SentTo(STATUS)),
            ("http", to("http://studio.example/"), Gets::SentTo(STATUS)),
            ("prefix", to("https://studio.example.evil.test/"), Gets::SentTo(STATUS)),
            ("suffix", to("https://notstudio.example/"), Gets::SentTo(STATUS)),
            ("javascript:", to("javascript:alert(1)//https://studio.example"), Gets::SentTo(STATUS)),
            ("data:", to("data:text/html,x"), Gets::SentTo(STATUS)),
            ("userinfo", to("https://studio.example@evil.test/"), Gets::SentTo(STATUS)),
            ("userinfo at ours", to("https://x:y@studio.example/"), Gets::SentTo(STATUS)),
            ("scheme-relative", to("//evil.test/"), Gets::SentTo(STATUS)),
            ("a path", to("/studio"), Gets::SentTo(STATUS)),
            ("a tab, which browsers drop", to("https://stu\tdio.example/a"), Gets::SentTo(STATUS)),
            ("backslashes", to("https:\\\\evil.test\\studio.example"), Gets::SentTo(STATUS)),
            ("user id missing", Reply::Json(200, json!({ "success": true })), Gets::SentToUnnamed(STATUS)),
            (
                "user id odd",
                Reply::Json(200, json!({ "success": true, "id": "x", "userId": -1 })),
                Gets::SentToUnnamed(STATUS),
            ),
            (
                "unknown fields",
                Reply::Json(200, json!({ "success": true, "id": 1, "userId": 1, "error": null, "new": [{}] })),
                Gets::SentTo(STATUS),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_refusal_is_shown_where_it_can_be_corrected() {
    let mut rows: Vec<Row> = Vec::new();
    for status in [200, 202, 400, 402, 406, 409, 410, 418, 422, 499] {
        rows.push(("any status with our JSON", refusal(status, "Out of seats"), Gets::Refusal("Out of seats")));
    }
    let username = |words| ("username", refusal(422, words), Gets::ErrorAt("username", USERNAME));
    rows.extend(["That username is already in use", "Username already exists", "USERNAME TAKEN"].map(username));
    rows.push(("username", refusal(400, "This username is not available"), Gets::ErrorAt("username", USERNAME)));
    for words in [
        "An account with this email address already exists",
        "Email already in use",
        "This email is already taken",
        "E-mail already known",
        "Ada is already registered",
        "You already have an account",
    ] {
        rows.push(("address in use", refusal(409, words), Gets::Refusal(IN_USE)));
    }
    let domain = |words| ("domain refused", refusal(422, words), Gets::OtherAddress);
    rows.extend(["This email domain is not allowed", "Please use your business email"].map(domain));
    let address = |words| ("address refused", refusal(422, words), Gets::ErrorAt("email", EMAIL));
    rows.extend(["Invalid email", "The email is not valid", "Email address is not deliverable"].map(address));
    rows.push(("password", refusal(422, "Password is too weak"), Gets::ErrorAt("password", PASSWORD)));
    rows.push((
        "the first list decides",
        refusal(422, "Username is taken, email already in use, invalid email, password too short"),
        Gets::ErrorAt("username", USERNAME),
    ));
    rows.push((
        "in this order",
        refusal(422, "Password too short; invalid email; email already in use"),
        Gets::Refusal(IN_USE),
    ));
    rows.push((
        "no words",
        Reply::Json(400, json!({ "success": false })),
        Gets::Refusal("Your account was not created"),
    ));
    rows.push((
        "words that are none",
        Reply::Json(400, json!({ "success": false, "error": { "code": 7 } })),
        Gets::Refusal("Your account was not created"),
    ));
    check(&[], rows).await;
}

#[tokio::test]
async fn who_already_has_an_account_reads_it_only_where_the_operator_says_so() {
    let words = "A user with this email address already exists";
    let row = || refusal(409, words);
    check(
        &[("SIGNUP__UPSTREAM__REVEAL_EXISTING_EMAIL", "true")],
        vec![("revealed", row(), Gets::Refusal("A user with this email address already exists"))],
    )
    .await;

    let app = TestApp::start().await;
    app.studio.reply(row());
    for flow in FLOWS {
        let page = app.sign_up(flow).await;
        assert!(!page.body.contains(words), "{}: revealed", flow.slug);
        let ways = page.attributes("#notice a", "href");
        assert_eq!(ways, ["https://studio.example"], "{}: the way to sign in", flow.slug);
    }
}

#[tokio::test]
async fn the_upstreams_words_are_escaped_and_cut() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        app.studio.reply(refusal(422, "<script>alert(1)</script> \"&'\u{0}\u{1b}[31m\u{202e}"));
        let page = app.sign_up(flow).await;
        assert!(page.notice_text().contains("<script>alert(1)</script> \"&'[31m"), "{}", page.notice_text());
        assert!(["<script>alert", "\u{202e}"].iter().all(|text| !page.body.contains(text)), "{}", flow.slug);

        app.studio.reply(refusal(422, &"ü".repeat(301)));
        let page = app.sign_up(flow).await;
        assert_eq!(page.notice_text().matches('ü').count(), 300, "{}", flow.slug);
    }
}

#[tokio::test]
async fn an_overloaded_upstream_is_asked_again_later() {
    check(
        &[],
        vec![
            ("429", with(429, ""), Gets::Unavailable("5")),
            ("429 that says when", with(429, "retry-after: 17\r\n"), Gets::Unavailable("17")),
            ("429 without JSON", raw(429, "text/html", "<h1>slow down</h1>"), Gets::Unavailable("5")),
            ("503", with(503, ""), Gets::Unavailable("5")),
            ("503 that says when", with(503, "retry-after: 120\r\n"), Gets::Unavailable("120")),
            ("503 that says nonsense", with(503, "retry-after: soon\r\n"), Gets::Unavailable("5")),
            ("503 for ever", with(503, "retry-after: 99999999999\r\n"), Gets::Unavailable("5")),
            ("503 that says success", Reply::Json(503, json!({ "success": true })), Gets::Unavailable("5")),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_failure_that_created_nothing_is_a_502_and_the_form_may_be_sent_again() {
    let ours = || json!({ "success": false, "error": "secret internals" });
    let mut rows: Vec<Row> = Vec::new();
    for status in [401, 403, 404, 405] {
        rows.push(("the operator's fault", Reply::Json(status, ours()), Gets::Failure));
        rows.push(("the operator's fault, HTML", raw(status, "text/html", "<h1>no</h1>"), Gets::Failure));
    }
    for status in [500, 501, 505, 519, 528, 599] {
        rows.push(("5xx", Reply::Json(status, ours()), Gets::Failure));
    }
    rows.push(("500 that says success", Reply::Json(500, json!({ "success": true })), Gets::Failure));
    for status in [300, 301, 302, 303, 304, 307, 308] {
        rows.push(("a redirect", Reply::With(status, "location: /elsewhere\r\n", ours()), Gets::Failure));
    }
    rows.push(("400 with HTML", raw(400, "text/html", "<h1>Bad Request</h1>"), Gets::Failure));
    rows.push(("400 with nothing", raw(400, "application/json", ""), Gets::Failure));
    rows.push(("422 with other JSON", Reply::Json(422, json!({ "detail": "x" })), Gets::Failure));
    rows.push(("413 with HTML", raw(413, "text/html", "<h1>Too large</h1>"), Gets::Failure));
    check(&[], rows).await;
}

#[tokio::test]
async fn an_answer_that_says_nothing_leaves_the_outcome_unknown() {
    let ours = r#"{"success":true,"id":7,"userId":7}"#;
    let large = format!(r#"{{"success":true,"id":7,"padding":"{}"}}"#, "x".repeat(256 * 1024));
    let deep = format!(r#"{{"success":true,"x":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let unknown = |name, reply| (name, reply, Gets::Unknown);
    let mut rows: Vec<Row> = Vec::new();
    for status in [502, 504, 520, 521, 522, 523, 524, 525, 526, 527] {
        rows.push(unknown("a proxy", raw(status, "text/html", "<h1>Bad gateway</h1>")));
    }
    rows.push(unknown("a proxy with JSON", refusal(502, "upstream")));
    rows.extend([
        unknown("HTML", raw(200, "text/html", "<h1>Welcome</h1>")),
        unknown("no type", Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"success\":true}".to_vec())),
        unknown("text/plain", raw(200, "text/plain", ours)),
        unknown("a list", raw(200, "application/json", "[]")),
        unknown("without success", Reply::Json(200, json!({ "id": 7 }))),
        unknown("success as text", Reply::Json(200, json!({ "success": "true", "id": 7 }))),
        unknown("success as a number", Reply::Json(200, json!({ "success": 1 }))),
        unknown("success as null", Reply::Json(200, json!({ "success": null }))),
        unknown("success twice", raw(200, "application/json", r#"{"success":false,"success":true}"#)),
        unknown("204", Reply::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())),
        unknown("nothing", raw(200, "application/json", "")),
        unknown("cut JSON", raw(200, "application/json", &ours[..20])),
        unknown("trailing garbage", raw(200, "application/json", format!("{ours} x"))),
        unknown("two answers", raw(200, "application/json", format!("{ours}{ours}"))),
        unknown("invalid UTF-8", raw(200, "application/json", b"{\"success\":true,\"error\":\"\xff\xfe\"}")),
        unknown("deep", raw(200, "application/json", deep)),
        unknown("too large", raw(200, "application/json", large)),
        unknown("gzip", Reply::With(200, "content-encoding: gzip\r\n", json!({ "success": true }))),
        unknown("br", Reply::With(200, "content-encoding: br\r\n", json!({ "success": true }))),
    ]);
    check(&[], rows).await;
}

#[tokio::test]
async fn after_an_unknown_outcome_the_fresh_form_is_the_visitors_own_decision() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let before = app.studio.received().len();
        app.studio.reply(raw(200, "text/html", "<h1>Welcome</h1>"));
        let unknown = app.sign_up(flow).await;
        assert_eq!(unknown.widgets(), ["cf-turnstile-response"], "{}", flow.slug);
        assert_eq!(unknown.texts("#notice li").len(), 3, "{}: what to look for first", flow.slug);
        app.studio.reply(success(&json!(STUDIO_URL)));
        let typed = [("password", "vexing-otter-plinth"), ("cf-turnstile-response", token(flow))];
        let answer = app.submit(&unknown, &typed).await;
        assert_eq!((answer.status, app.studio.received().len() - before), (303, 2), "{}", flow.slug);
    }
}

#[tokio::test]
async fn every_outcome_is_counted_under_its_own_name() {
    // A tenant of its own, so that no other test counts into the same numbers.
    let app = TestApp::with(&roomy(&[
        ("SIGNUP__TENANTS__COUNTED__HOSTS", "counted.example"),
        ("SIGNUP__TENANTS__COUNTED__BRAND__NAME", "Counted"),
        ("SIGNUP__TENANTS__COUNTED__TURNSTILE__HOSTNAMES", "localhost"),
    ]))
    .await;
    let host = &[("host", "counted.example")];
    for flow in FLOWS {
        for (reply, outcome) in [
            (success(&json!(STUDIO_URL)), "created"),
            (refusal(422, "Out of seats"), "refused"),
            (with(503, ""), "upstream_unavailable"),
            (raw(500, "text/html", "x"), "upstream_unavailable"),
            (Reply::Close, "upstream_timeout"),
        ] {
            app.studio.reply(reply);
            let form = app.get_with(&format!("/signup/{}", flow.slug), host).await;
            let answer = app.submit_with(&form, &sample(flow), host).await;
            assert_eq!(answer.outcome(), outcome, "{}: {}", flow.slug, answer.body);
        }
        let metrics = app.get_admin("/metrics").await.body;
        for (outcome, count) in [("created", 1), ("refused", 1), ("upstream_unavailable", 2), ("upstream_timeout", 1)] {
            let series = |line: &&str| {
                line.starts_with("signup_submissions_total{")
                    && [r#"tenant="counted""#, &format!(r#"flow="{}""#, flow.slug), &format!(r#"outcome="{outcome}""#)]
                        .iter()
                        .all(|label| line.contains(label))
            };
            let line = metrics.lines().find(series).unwrap_or_else(|| panic!("no count of {outcome}"));
            assert!(line.ends_with(&format!(" {count}")), "{line}");
        }
    }
}

#[tokio::test]
async fn a_refused_address_that_looks_like_a_slip_is_told_what_was_probably_meant() {
    let app = TestApp::with(&roomy(&[])).await;
    app.studio.reply(Reply::Json(200, json!({ "success": false, "error": "Invalid email" })));
    for flow in FLOWS {
        let page = app.form(flow, "").await;
        let answer = app.submit(&page, &sample_with(flow, "email", "jan@gmial.com")).await;
        assert_eq!(answer.status, 422, "{}", flow.slug);
        let error = answer.texts("#email-error").concat();
        assert_eq!(error.contains("Did you mean jan@gmail.com?"), !flow.business_email, "{}: {error}", flow.slug);
        assert_eq!(answer.value("email").as_deref(), Some("jan@gmial.com"), "{}", flow.slug);
    }
}

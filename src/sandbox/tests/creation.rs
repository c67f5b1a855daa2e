//! Creations: schema, uniqueness, magic usernames, and the page that shows what was received.

use std::time::{Duration, Instant};

use actix_web::http::{
    StatusCode,
    header::{HeaderValue, LOCATION, RETRY_AFTER},
};
use serde_json::json as value;

use super::*;
use crate::sandbox::{
    create::Operation,
    memory::Change,
    schema::{PRO, TRIAL},
};

const PRO_PATH: &str = "/v1/api-create-pro-user";
const TRIAL_PATH: &str = "/v1/api-user-create-enterprise-trial";

/// A valid pro sign-up of this username; its e-mail address follows from it.
pub(super) fn pro_body(username: &str) -> Value {
    value!({
        "username": username,
        "name": "Ada <Lovelace>",
        "email": format!("{username}@acme-instruments.com"),
        "password": "correct horse battery",
        "privacyPolicy": true,
    })
}

fn trial_body(username: &str) -> Value {
    with(pro_body(username), "turnstileResponse", value!("a token"))
}

fn body(operation: Operation, username: &str) -> Value {
    match operation {
        Operation::Pro => pro_body(username),
        Operation::Trial => trial_body(username),
    }
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
    body
}

fn without(mut body: Value, name: &str) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.shift_remove(name);
    }
    body
}

/// The path and query of an answer's `redirectUrl`.
fn welcome_of(answer: &Value) -> String {
    let url = at(answer, "/redirectUrl").as_str().unwrap_or_default();
    url.strip_prefix(ORIGIN).unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn a_missing_required_property_is_named() {
    let sandbox = sandbox().await;
    for (operation, schema) in [(Operation::Pro, PRO), (Operation::Trial, TRIAL)] {
        for property in schema.iter().filter(|property| property.required) {
            let body = without(body(operation, "ada.lovelace"), property.name);
            let (status, answer) = json(&sandbox, post(operation.path(), &body)).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(refusal_of(&answer), format!("Missing required property: {}", property.name));
        }
    }
}

#[actix_web::test]
async fn a_property_of_another_type_is_named() {
    let sandbox = sandbox().await;
    for (operation, schema) in [(Operation::Pro, PRO), (Operation::Trial, TRIAL)] {
        for property in schema {
            for wrong in [value!(null), value!(7), value!({})] {
                let body = with(body(operation, "ada.lovelace"), property.name, wrong);
                let (_, answer) = json(&sandbox, post(operation.path(), &body)).await;
                let words = format!("Property {} must be ", property.name);
                assert!(refusal_of(&answer).starts_with(&words), "{body}: {answer}");
            }
        }
    }
}

#[actix_web::test]
async fn a_value_against_the_rules_is_refused() {
    let sandbox = sandbox().await;
    let pro = || pro_body("ada.lovelace");
    let trial = || trial_body("ada.lovelace");
    let table = [
        ("blank name", PRO_PATH, with(pro(), "name", value!(" ")), "Name"),
        ("short username", PRO_PATH, with(pro(), "username", value!("ada")), "Username"),
        ("no e-mail address", PRO_PATH, with(pro(), "email", value!("ada")), "Invalid email"),
        ("no consent", PRO_PATH, with(pro(), "privacyPolicy", value!(false)), "privacy policy"),
        ("no password", PRO_PATH, without(pro(), "password"), "Password"),
        ("short password", PRO_PATH, with(pro(), "password", value!("sevenco")), "Password"),
        ("misspelt domain", PRO_PATH, with(pro(), "email", value!("ada@gmial.com")), "Invalid email"),
        ("odd origin", PRO_PATH, with(pro(), "redirectUrlOrigin", value!("javascript:0")), "redirectUrlOrigin"),
        ("no password for a trial", TRIAL_PATH, without(trial(), "password"), "Password"),
        ("free mail for a trial", TRIAL_PATH, with(trial(), "email", value!("ada@GMAIL.com")), "email domain"),
        ("odd choice", TRIAL_PATH, with(trial(), "userHasMLModelsInProduction", value!("maybe")), "one of"),
        ("odd date", TRIAL_PATH, with(trial(), "expirationDate", value!("tomorrow")), "date"),
        ("odd utm", TRIAL_PATH, with(trial(), "utmParams", value!(["a"])), "objects"),
    ];
    for (row, path, body, words) in table {
        let (status, answer) = json(&sandbox, post(path, &body)).await;
        assert_eq!(status, StatusCode::OK, "{row}");
        assert!(refusal_of(&answer).contains(words), "{row}: {answer}");
    }
    let (status, answer) = json(&sandbox, TestRequest::post().uri(PRO_PATH).set_payload("{}")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refusal_of(&answer).contains("JSON"));
}

#[actix_web::test]
async fn what_the_schema_leaves_open_is_accepted() {
    let sandbox = sandbox().await;
    let with_token = without(with(pro_body("token.holder"), "activationToken", value!("t")), "password");
    let insisting = with(pro_body("insisting"), "email", value!("invalid@acme-instruments.com"));
    let table = [
        ("a token instead of a password", PRO_PATH, with_token),
        ("an ignored e-mail verdict", PRO_PATH, with(insisting, "ignoreEmailValidation", value!(true))),
        ("free mail for pro", PRO_PATH, with(pro_body("free.mail"), "email", value!("ada@gmail.com"))),
        ("an unknown property", PRO_PATH, with(pro_body("unknown.property"), "colour", value!("red"))),
        ("a date", TRIAL_PATH, with(trial_body("with.date"), "expirationDate", value!("2030-01-01T00:00:00Z"))),
    ];
    for (row, path, body) in table {
        let (_, answer) = json(&sandbox, post(path, &body)).await;
        assert_eq!(*at(&answer, "/success"), true, "{row}: {answer}");
    }
}

#[test]
fn usernames_follow_the_pattern_without_look_around() {
    for good in ["abcd", "a.b_c-d", "-a--", "0123", "a_b.c", "abcdefghijklmnopqrstuvwxyz0123"] {
        assert!(is_username(good), "{good}");
    }
    let too_long = "abcdefghijklmnopqrstuvwxyz01234";
    for bad in
        ["", "abc", ".abc", "_abc", "abc.", "abc_", "a..b", "a__b", "a._b", "a_.b", "ab c", "abcö", too_long, "abcd\n"]
    {
        assert!(!is_username(bad), "{bad}");
    }
}

#[actix_web::test]
async fn usernames_and_addresses_are_unique_without_regard_to_case() {
    let sandbox = sandbox().await;
    let (_, first) = json(&sandbox, post(PRO_PATH, &pro_body("ada.lovelace"))).await;
    assert_eq!(*at(&first, "/success"), true);
    let same_name = with(trial_body("ADA.Lovelace"), "email", value!("other@acme-instruments.com"));
    let (_, answer) = json(&sandbox, post(TRIAL_PATH, &same_name)).await;
    assert_eq!(refusal_of(&answer), "Username is already taken");
    let same_address = with(pro_body("other.name"), "email", value!("Ada.Lovelace@ACME-instruments.com"));
    let (_, answer) = json(&sandbox, post(PRO_PATH, &same_address)).await;
    assert_eq!(refusal_of(&answer), "An account with this email address already exists");
}

#[actix_web::test]
async fn the_ids_of_a_pro_account_and_a_trial_are_told_apart() {
    let sandbox = sandbox().await;
    let (_, pro) = json(&sandbox, post(PRO_PATH, &pro_body("ada.lovelace"))).await;
    assert_eq!((at(&pro, "/id"), at(&pro, "/userId")), (&value!(100_000), &Value::Null));
    let (_, trial) = json(&sandbox, post(TRIAL_PATH, &trial_body("grace.hopper"))).await;
    assert_eq!((at(&trial, "/id"), at(&trial, "/userId")), (&value!(500_001), &value!(100_001)));
}

#[actix_web::test]
async fn the_redirect_takes_its_origin_and_query_from_the_caller() {
    let sandbox = sandbox().await;
    let (_, plain) = json(&sandbox, post(PRO_PATH, &pro_body("plain.user"))).await;
    let url = at(&plain, "/redirectUrl").as_str().unwrap_or_default();
    assert!(url.starts_with("http://127.0.0.1:8081/studio/welcome/") && !url.contains('?'), "{url}");

    let body = with(pro_body("other.origin"), "redirectUrlOrigin", value!("https://studio.example"));
    let body = with(body, "redirectUrlQueryParams", value!("utm_source=a%26b&x=1"));
    let (_, answer) = json(&sandbox, post(PRO_PATH, &body)).await;
    let url = at(&answer, "/redirectUrl").as_str().unwrap_or_default();
    assert!(url.starts_with("https://studio.example/studio/welcome/"), "{url}");
    assert!(url.ends_with("?utm_source=a%26b&x=1"), "{url}");
}

/// What each magic username answers: status, and a piece of the body.
#[rustfmt::skip] // a table
const MAGIC_ANSWERS: &[(&str, u16, &str)] = &[
    ("taken", 200, "Username is already taken"),
    ("exists", 200, "email address already"),
    ("freemail", 200, "email domain"),
    ("weakpass", 200, "Password"),
    ("refused", 200, r#""success":false"#),
    ("sluggish", 200, "/studio/welcome/"),
    ("slow", 200, "/studio/welcome/"),
    ("down", 503, r#""success":false"#),
    ("limited", 429, r#""success":false"#),
    ("broken", 500, r#""success":false"#),
    ("misconfigured", 401, r#""success":false"#),
    ("elsewhere", 302, ""),
    ("badgateway", 502, "<h1>"),
    ("garbage", 200, "<!doctype html>"),
    ("vague", 200, r#"{"status":"done"}"#),
    ("oversized", 200, "xxxx"),
    ("hangup", 200, ""),
    ("foreign", 200, "https://evil.example/"),
    ("scripted", 200, "javascript:"),
    ("noredirect", 200, r#"{"success":true,"id":100000}"#),
];

#[actix_web::test]
async fn each_magic_username_brings_about_its_answer() {
    tokio::time::pause();
    let words: Vec<_> = MAGIC_USERNAMES.iter().map(|magic| magic.word).collect();
    let rows: Vec<_> = MAGIC_ANSWERS.iter().map(|(word, ..)| *word).collect();
    assert_eq!(words, rows);
    for (word, status, piece) in MAGIC_ANSWERS {
        let sandbox = sandbox().await;
        let (answered, body) = answer(&sandbox, post(PRO_PATH, &pro_body(&word.to_uppercase()))).await;
        assert_eq!(answered.as_u16(), *status, "{word}");
        assert!(body.contains(piece), "{word}: {body}");
    }
}

#[actix_web::test]
async fn a_limited_answer_says_when_to_come_back() {
    let response = test::call_service(&sandbox().await, post(PRO_PATH, &pro_body("limited")).to_request()).await;
    assert_eq!(response.headers().get(RETRY_AFTER).map(HeaderValue::as_bytes), Some(&b"7"[..]));
}

#[actix_web::test]
async fn slow_usernames_wait_as_long_as_they_say() {
    tokio::time::pause();
    for (word, seconds) in [("sluggish", 3), ("slow", 30)] {
        let (started, wall) = (tokio::time::Instant::now(), Instant::now());
        json(&sandbox().await, post(PRO_PATH, &pro_body(word))).await;
        assert_eq!(started.elapsed().as_secs(), seconds, "{word}");
        assert!(wall.elapsed() < Duration::from_secs(25), "the clock of this test is not a real one");
    }
}

#[actix_web::test]
async fn an_account_whose_answer_is_lost_exists() {
    for word in ["garbage", "vague", "oversized", "badgateway", "hangup", "foreign"] {
        let sandbox = sandbox().await;
        answer(&sandbox, post(PRO_PATH, &pro_body(word))).await;
        let again = with(pro_body("second.try"), "email", value!(format!("{word}@acme-instruments.com")));
        let (_, answer) = json(&sandbox, post(PRO_PATH, &again)).await;
        assert_eq!(refusal_of(&answer), "An account with this email address already exists", "{word}");
    }
}

#[actix_web::test]
async fn a_failure_that_makes_no_account_leaves_the_address_free() {
    for word in ["down", "limited", "broken", "misconfigured", "elsewhere", "refused"] {
        let sandbox = sandbox().await;
        answer(&sandbox, post(PRO_PATH, &pro_body(word))).await;
        let again = with(pro_body("second.try"), "email", value!(format!("{word}@acme-instruments.com")));
        let (_, answer) = json(&sandbox, post(PRO_PATH, &again)).await;
        assert_eq!(*at(&answer, "/success"), true, "{word}");
    }
}

#[actix_web::test]
async fn a_magic_username_works_again_with_another_address() {
    let sandbox = sandbox().await;
    for address in ["one@acme-instruments.com", "two@acme-instruments.com"] {
        let body = with(pro_body("noredirect"), "email", value!(address));
        let (_, answer) = json(&sandbox, post(PRO_PATH, &body)).await;
        assert_eq!(*at(&answer, "/success"), true, "{address}");
    }
}

#[actix_web::test]
async fn the_page_shows_what_was_received_and_masks_the_password_alone() {
    let sandbox = sandbox().await;
    let body = with(trial_body("ada.lovelace"), "utmParams", value!([{"utm_source": "google"}]));
    let body = with(body, "redirectUrlQueryParams", value!("utm_source=google&note=%3Cb%3E"));
    let request = post(TRIAL_PATH, &body)
        .insert_header(("X-Request-Id", "request-1"))
        .insert_header(("Idempotency-Key", "key-1"))
        .insert_header(("X-Forwarded-For", "192.0.2.7"));
    let (_, answer_body) = json(&sandbox, request).await;
    let (status, page) = answer(&sandbox, get(&welcome_of(&answer_body))).await;
    assert_eq!(status, StatusCode::OK);
    let text = page_text(&page);
    let masked = with(body, "password", value!("••••••••"));
    let expected = serde_json::to_string_pretty(&masked).unwrap_or_default();
    assert!(text.contains(&expected), "{text}");
    for shown in ["request-1", "key-1", "192.0.2.7", "not sent", "utm_source=google&note=%3Cb%3E", "<b>", TRIAL_PATH] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!page.contains("correct horse"), "the password is on the page");
    assert!(!page.contains("<Lovelace>") && !page.contains("<b>"), "the page is not escaped");
}

/// The text a browser shows of a page.
fn page_text(page: &str) -> String {
    scraper::Html::parse_document(page).root_element().text().collect()
}

#[actix_web::test]
async fn a_refused_sign_up_is_kept_with_its_words() {
    let sandbox = sandbox().await;
    json(&sandbox, post(PRO_PATH, &pro_body("taken"))).await;
    let (_, index) = answer(&sandbox, get("/")).await;
    assert!(index.contains("refused: Username is already taken"));
}

#[actix_web::test]
async fn the_steps_of_an_account_are_taken_on_its_page() {
    let sandbox = sandbox().await;
    let table = [
        (Operation::Pro, Change::Confirm, "e-mail confirmed"),
        (Operation::Pro, Change::Pay, "professional plan active"),
        (Operation::Trial, Change::EndTrial, "trial over"),
        (Operation::Trial, Change::Suspend, "suspended"),
    ];
    for (operation, change, state) in table {
        let username = format!("user-{}", change.slug());
        let body = with(body(operation, &username), "redirectUrlQueryParams", value!("a=1&b=2"));
        let (_, created) = json(&sandbox, post(operation.path(), &body)).await;
        let welcome = welcome_of(&created);
        let (path, query) = welcome.split_once('?').unwrap_or_default();
        let action = format!("{path}/{}?{query}", change.slug());
        let (_, page) = answer(&sandbox, get(&welcome)).await;
        assert!(page.contains(&action.replace('&', "&#38;")), "{change:?}: {page}");
        assert!(!page_text(&page).contains(state), "{change:?}");

        let response = test::call_service(&sandbox, TestRequest::post().uri(&action).to_request()).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{change:?}");
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        assert_eq!(location, Some(welcome.as_str()), "{change:?}");
        let (_, page) = answer(&sandbox, get(&welcome)).await;
        assert!(page_text(&page).contains(state), "{change:?}");
        assert!(!page.contains(&action.replace('&', "&#38;")), "{change:?} can be taken twice");
    }
}

#[actix_web::test]
async fn the_way_back_leads_to_where_the_browser_came_from() {
    let sandbox = sandbox().await;
    let (_, created) = json(&sandbox, post(PRO_PATH, &pro_body("ada.lovelace"))).await;
    let welcome = welcome_of(&created);
    let table = [
        ("no referer", None, "http://localhost:8080"),
        ("no origin", Some("javascript:alert(1)"), "http://localhost:8080"),
        ("a tenant", Some("http://acme.localhost:8080/"), "http://acme.localhost:8080"),
        ("our own page, later", Some("http://127.0.0.1:8081/"), "http://acme.localhost:8080"),
    ];
    for (row, referer, gateway) in table {
        let with_referer = |request: TestRequest, referer| request.insert_header(("referer", referer));
        let request = referer.into_iter().fold(get(&welcome), with_referer);
        let (_, page) = answer(&sandbox, request).await;
        assert!(page.contains(&format!("href=\"{gateway}/signup/status\"")), "{row}");
    }
}

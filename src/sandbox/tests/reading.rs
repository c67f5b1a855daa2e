//! Reads: known users, accounts made here, activation codes, verdicts on e-mail addresses.

use actix_web::http::StatusCode;
use serde_json::json as value;

use super::*;
use crate::sandbox::MAGIC_MAILBOXES;

const CODE_PATH: &str = "/v1/api/user/by-third-party-activation-code";
const VALIDATE_PATH: &str = "/v1/api/emails/validate";

fn own(id: u64) -> TestRequest {
    get(&format!("/v1/api/users/{id}")).insert_header(("x-jwt-token", "any"))
}

fn white_label(id: u64) -> TestRequest {
    get(&format!("/v1/api/organizations/7/whitelabel/users/{id}")).insert_header(("x-api-key", "any"))
}

fn code(code: &str) -> TestRequest {
    post(CODE_PATH, &value!({ "activationCode": code })).insert_header(("x-jwt-token", "any"))
}

#[actix_web::test]
async fn reading_needs_credentials() {
    let sandbox = sandbox().await;
    let table = [
        ("own", get("/v1/api/users/3")),
        ("white-label", get("/v1/api/organizations/7/whitelabel/users/3")),
        ("code", post(CODE_PATH, &value!({ "activationCode": "welcome" }))),
        ("an empty key", get("/v1/api/users/3").insert_header(("x-api-key", ""))),
    ];
    for (row, request) in table {
        let (status, answer) = json(&sandbox, request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{row}");
        refusal_of(&answer);
    }
}

#[actix_web::test]
async fn each_known_user_answers_as_its_state_says() {
    tokio::time::pause();
    let sandbox = sandbox().await;
    // activated, suspended, tier, a running trial
    let table = [
        ("unconfirmed", false, false, "free", false),
        ("unpaid", true, false, "free", false),
        ("professional", true, false, "professional", false),
        ("trialing", true, false, "free", true),
        ("trial-over", true, false, "free", false),
        ("suspended", true, true, "free", false),
        ("unknown-tier", true, false, "galactic", false),
        ("enterprise", true, false, "enterprise", false),
        ("trial-upgraded", true, false, "enterprise", false),
        ("trial-deleted", true, false, "free", false),
        ("trial-unconfirmed", false, false, "free", true),
        ("status-slow", true, false, "professional", false),
    ];
    for (username, activated, suspended, tier, trial) in table {
        for known in USERS.iter().filter(|known| known.username == username) {
            let (_, own) = json(&sandbox, own(known.id)).await;
            assert_eq!(*at(&own, "/id"), known.id, "{username}");
            let (_, admin) = json(&sandbox, white_label(known.id)).await;
            for user in [&own, at(&admin, "/user")] {
                assert_eq!(*at(user, "/activated"), activated, "{username}");
                assert_eq!(*at(user, "/suspended"), suspended, "{username}");
                assert_eq!(*at(user, "/tier"), tier, "{username}");
            }
            assert_eq!(at(&own, "/activeEnterpriseTrial/expirationDate").is_string(), trial, "{username}");
            let trials = at(&admin, "/user/trials").as_array().map_or(0, Vec::len);
            assert_eq!(trials > 0, username.starts_with("trial"), "{username}");
        }
    }
}

#[actix_web::test]
async fn a_trial_that_is_over_says_how_it_ended() {
    let sandbox = sandbox().await;
    let table = [
        (4, value!([null, null, null])),
        (5, value!([true, null, null])),
        (9, value!([null, null, true])),
        (10, value!([true, true, null])),
    ];
    for (id, ends) in table {
        let (_, answer) = json(&sandbox, white_label(id)).await;
        let trial = at(&answer, "/user/trials/0");
        for (name, end) in
            ["expiredDate", "deletedDate", "upgradedDate"].into_iter().zip(ends.as_array().into_iter().flatten())
        {
            assert_eq!(trial.get(name).is_some_and(Value::is_string), end == &value!(true), "{id} {name}");
        }
    }
}

#[actix_web::test]
async fn reads_that_fail_fail_as_their_users_say() {
    let sandbox = sandbox().await;
    for reader in [own, white_label] {
        let (status, body) = answer(&sandbox, reader(200)).await;
        assert_eq!((status, body.starts_with('<')), (StatusCode::OK, true));
        let (status, _) = answer(&sandbox, reader(503)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        for missing in [404, 99_999] {
            let (status, answer) = json(&sandbox, reader(missing)).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(refusal_of(&answer), "User not found");
        }
    }
    let (_, sparse) = json(&sandbox, own(12)).await;
    assert_eq!((at(&sparse, "/success"), at(&sparse, "/jobTitle")), (&value!(true), &Value::Null));
}

#[actix_web::test]
async fn a_sign_up_with_a_known_username_leads_to_that_user() {
    let sandbox = sandbox().await;
    for known in USERS {
        for _ in 0..2 {
            let (_, answer) =
                json(&sandbox, post("/v1/api-create-pro-user", &creation::pro_body(known.username))).await;
            assert_eq!(*at(&answer, "/id"), known.id, "{}", known.username);
        }
    }
}

#[actix_web::test]
async fn an_account_made_here_can_be_read() {
    let sandbox = sandbox().await;
    let (_, created) = json(&sandbox, post("/v1/api-create-pro-user", &creation::pro_body("ada.lovelace"))).await;
    let id = at(&created, "/id").as_u64().unwrap_or_default();
    let (_, user) = json(&sandbox, own(id)).await;
    assert_eq!(*at(&user, "/username"), "ada.lovelace");
    assert_eq!((at(&user, "/activated"), at(&user, "/tier")), (&value!(false), &value!("free")));
}

#[actix_web::test]
async fn each_activation_code_answers_as_it_says() {
    tokio::time::pause();
    let sandbox = sandbox().await;
    let table = [
        ("welcome", 200, r#""username":"robin.meyer""#),
        ("claimed", 200, r#""username":"taken""#),
        ("bare", 200, r#""username":"bare.person""#),
        ("active", 200, r#""activated":true"#),
        ("used", 200, r#""success":false"#),
        ("expired", 200, r#""success":false"#),
        ("garbage", 200, "<!doctype html>"),
        ("down", 503, r#""success":false"#),
        ("slow", 200, r#""username":"robin.meyer""#),
        ("anything else", 200, r#""success":false"#),
    ];
    for known in ACTIVATION_CODES {
        assert!(table.iter().any(|(code, ..)| *code == known.code), "{} has no row", known.code);
    }
    for (word, status, piece) in table {
        // Twice: looking changes nothing.
        for _ in 0..2 {
            let (answered, body) = answer(&sandbox, code(word)).await;
            assert_eq!(answered.as_u16(), status, "{word}");
            assert!(body.contains(piece), "{word}: {body}");
        }
    }
    let (_, answer) = json(&sandbox, post(CODE_PATH, &value!({})).insert_header(("x-api-key", "any"))).await;
    assert_eq!(refusal_of(&answer), "Missing required property: activationCode");
}

#[actix_web::test]
async fn a_pending_user_is_told_whole_or_bare() {
    let sandbox = sandbox().await;
    let (_, whole) = json(&sandbox, code("welcome")).await;
    for name in ["name", "username", "email", "jobTitle", "companyName"] {
        assert!(whole.get(name).is_some_and(Value::is_string), "{name}");
    }
    assert_eq!(*at(&whole, "/pending"), true);
    let (_, bare) = json(&sandbox, code("bare")).await;
    assert!(bare.get("jobTitle").is_none() && bare.get("companyName").is_none());
}

#[actix_web::test]
async fn verdicts_follow_mailbox_and_domain() {
    tokio::time::pause();
    let sandbox = sandbox().await;
    let table = [
        ("ada@acme-instruments.com", "Valid", Value::Null),
        ("INVALID@acme-instruments.com", "Invalid", Value::Null),
        ("invalid@gmial.com", "Invalid", value!("gmail.com")),
        ("ada@GMIAL.com", "Invalid", value!("gmail.com")),
        ("risky@acme-instruments.com", "Risky", Value::Null),
        ("slow@acme-instruments.com", "Valid", Value::Null),
        ("nowhere", "Invalid", Value::Null),
    ];
    for (email, verdict, suggestion) in table {
        let (_, answer) = json(&sandbox, post(VALIDATE_PATH, &value!({ "email": email }))).await;
        assert_eq!((at(&answer, "/verdict"), at(&answer, "/suggestion")), (&value!(verdict), &suggestion), "{email}");
        assert_eq!(*at(&answer, "/email"), email);
        assert!(at(&answer, "/score").as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "{email}");
    }
    let (status, _) = answer(&sandbox, post(VALIDATE_PATH, &value!({ "email": "down@acme-instruments.com" }))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (_, body) = answer(&sandbox, post(VALIDATE_PATH, &value!({ "email": "garbage@acme-instruments.com" }))).await;
    assert!(body.starts_with('<'));
    assert_eq!(MAGIC_MAILBOXES.len(), 5);
}

//! Turnstile: secrets, tokens, repeats.

use actix_web::http::{StatusCode, header::CONTENT_TYPE};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json as value;
use time::OffsetDateTime;

use super::*;
use crate::sandbox::{SECRET_KEYS, SITE_KEYS, turnstile::Token};

const PASSING: &str = "1x0000000000000000000000000000000AA";
const FAILING: &str = "2x0000000000000000000000000000000AA";
const SPENT: &str = "3x0000000000000000000000000000000AA";
const SITEVERIFY: &str = "/turnstile/v0/siteverify";

/// A token minted so many seconds ago.
fn token(age_seconds: i64, nonce: &str) -> String {
    let minted = (OffsetDateTime::now_utc().unix_timestamp() - age_seconds) * 1_000;
    Token {
        action: Some("pro".to_owned()),
        cdata: None,
        hostname: "localhost".to_owned(),
        minted,
        interactive: true,
        nonce: nonce.to_owned(),
    }
    .encode()
}

/// The first error code, or `success`.
fn verdict(answer: &Value) -> &str {
    if *at(answer, "/success") == true { "success" } else { at(answer, "/error-codes/0").as_str().unwrap_or_default() }
}

#[actix_web::test]
async fn each_secret_and_token_gets_its_verdict() {
    let sandbox = sandbox().await;
    let forged = format!("SANDBOX.{}", URL_SAFE_NO_PAD.encode("{}"));
    let too_long = format!("SANDBOX.{}", "A".repeat(2_048));
    let table = [
        ("good", value!({"secret": PASSING, "response": token(0, "good")}), "success"),
        ("almost too old", value!({"secret": PASSING, "response": token(295, "old")}), "success"),
        ("the documented dummy", value!({"secret": PASSING, "response": "XXXX.DUMMY.TOKEN.XXXX"}), "success"),
        ("too old", value!({"secret": PASSING, "response": token(302, "older")}), "timeout-or-duplicate"),
        ("from the future", value!({"secret": PASSING, "response": token(-90, "early")}), "invalid-input-response"),
        ("unknown", value!({"secret": PASSING, "response": "anything"}), "invalid-input-response"),
        ("forged", value!({"secret": PASSING, "response": forged}), "invalid-input-response"),
        ("too long", value!({"secret": PASSING, "response": too_long}), "invalid-input-response"),
        ("no token", value!({"secret": PASSING}), "missing-input-response"),
        ("an empty token", value!({"secret": PASSING, "response": ""}), "missing-input-response"),
        ("failing secret", value!({"secret": FAILING, "response": token(0, "f")}), "invalid-input-response"),
        ("spent secret", value!({"secret": SPENT, "response": token(0, "s")}), "timeout-or-duplicate"),
        ("wrong secret", value!({"secret": "0x4AAA", "response": token(0, "w")}), "invalid-input-secret"),
        ("no secret", value!({"response": token(0, "n")}), "missing-input-secret"),
    ];
    for (row, body, expected) in table {
        let (status, answer) = json(&sandbox, post(SITEVERIFY, &body)).await;
        assert_eq!(status, StatusCode::OK, "{row}");
        assert_eq!(verdict(&answer), expected, "{row}");
    }
    let (_, answer) = json(&sandbox, TestRequest::post().uri(SITEVERIFY).set_payload("secret=1")).await;
    assert_eq!(verdict(&answer), "bad-request");
}

#[actix_web::test]
async fn an_accepted_token_tells_what_the_widget_was_told() {
    let sandbox = sandbox().await;
    let form = [("secret", PASSING.to_owned()), ("response", token(10, "form")), ("remoteip", "192.0.2.7".to_owned())];
    let (_, answer) = json(&sandbox, TestRequest::post().uri(SITEVERIFY).set_form(form)).await;
    assert_eq!(verdict(&answer), "success");
    assert_eq!((at(&answer, "/action"), at(&answer, "/hostname")), (&value!("pro"), &value!("localhost")));
    assert_eq!((at(&answer, "/error-codes"), at(&answer, "/metadata/interactive")), (&value!([]), &value!(true)));
    let solved = at(&answer, "/challenge_ts").as_str().unwrap_or_default();
    assert!(solved.ends_with('Z') && solved.contains('T'), "{solved}");
}

#[actix_web::test]
async fn a_token_is_redeemed_once_unless_the_attempt_is_repeated() {
    let sandbox = sandbox().await;
    let attempt = |key: Option<&str>, token: &str| {
        post(SITEVERIFY, &value!({"secret": PASSING, "response": token, "idempotency_key": key}))
    };
    let (with_key, without_key) = (token(0, "with a key"), token(0, "without a key"));
    let table = [
        ("first", Some("k1"), &with_key, "success"),
        ("repeated", Some("k1"), &with_key, "success"),
        ("another attempt", Some("k2"), &with_key, "timeout-or-duplicate"),
        ("no key", None, &with_key, "timeout-or-duplicate"),
        ("first without a key", None, &without_key, "success"),
        ("again without a key", None, &without_key, "timeout-or-duplicate"),
    ];
    for (row, key, token, expected) in table {
        let (_, answer) = json(&sandbox, attempt(key, token)).await;
        assert_eq!(verdict(&answer), expected, "{row}");
    }
}

#[actix_web::test]
async fn a_token_can_be_had_without_a_browser() {
    let sandbox = sandbox().await;
    let (_, first) = answer(&sandbox, get("/turnstile/token?action=trial&hostname=acme.localhost")).await;
    let (_, second) = answer(&sandbox, get("/turnstile/token?action=trial&hostname=acme.localhost")).await;
    assert_ne!(first, second);
    let (_, accepted) = json(&sandbox, post(SITEVERIFY, &value!({"secret": PASSING, "response": first}))).await;
    assert_eq!((at(&accepted, "/action"), at(&accepted, "/hostname")), (&value!("trial"), &value!("acme.localhost")));

    let (_, old) = answer(&sandbox, get("/turnstile/token?action=trial&age=301")).await;
    let (_, refused) = json(&sandbox, post(SITEVERIFY, &value!({"secret": PASSING, "response": old}))).await;
    assert_eq!(verdict(&refused), "timeout-or-duplicate");
}

#[actix_web::test]
async fn the_script_is_served_as_one() {
    let response = test::call_service(&sandbox().await, get("/turnstile/v0/api.js?render=explicit").to_request()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let declared = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    assert_eq!(declared, Some("text/javascript; charset=utf-8"));
}

#[test]
fn the_test_keys_are_cloudflares() {
    assert_eq!(SECRET_KEYS.iter().map(|known| known.key).collect::<Vec<_>>(), [PASSING, FAILING, SPENT]);
    assert!(SITE_KEYS.iter().all(|known| known.key.contains("x000000000000000000")));
}

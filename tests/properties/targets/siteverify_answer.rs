use std::sync::LazyLock;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::IgnoredAny;
use signup_gateway::guard::turnstile::{ChallengeError, ChallengeOutage, Siteverify};
use signup_gateway::http::Clients;
use signup_gateway::settings::Http2;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, at_once, tenant};

static SITEVERIFY: LazyLock<Siteverify> = LazyLock::new(|| {
    let settings = &tenant().turnstile;
    Siteverify::new(
        Clients::new(Duration::from_secs(1), Http2::Off).expect("a client").pooled,
        settings.siteverify_url.clone(),
        SecretString::from("secret"),
        vec!["localhost".to_owned()],
        settings.timeout,
    )
});

/// A proof only by a 200 in JSON that says success, our host, this action, and a time within five minutes; a refusal only by
/// a 200 in JSON; all else is an outage.
///
/// `@now` in the bytes stands for this moment, so that a corpus does not grow old.
pub fn siteverify_answer(bytes: &[u8]) {
    let Some(answer) = Answer::of(bytes) else { return };
    let body = match std::str::from_utf8(answer.body) {
        Ok(text) => text.replace("@now", &now()).into_bytes(),
        Err(_not_utf8) => answer.body.to_vec(),
    };
    // Bytes that are no UTF-8 in a field nobody reads harm nobody.
    let text = String::from_utf8_lossy(&body).into_owned();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let documented = answer.status == 200 && answer.says_json();
    match at_once(SITEVERIFY.read_verdict(answer.response(body), "pro")) {
        Ok(()) => {
            assert!(documented && json["success"] == true, "a proof by a {}", answer.status);
            assert!(json["hostname"].as_str().is_some_and(|host| host.eq_ignore_ascii_case("localhost")), "{json}");
            assert_eq!(json["action"], "pro");
            let solved = OffsetDateTime::parse(json["challenge_ts"].as_str().unwrap_or_default(), &Rfc3339);
            let age = OffsetDateTime::now_utc() - solved.expect("a time");
            assert!(age.whole_seconds().abs() <= 301, "solved {age} ago");
        }
        Err(ChallengeError::Refused(_)) => {
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            assert!(documented && is_json, "a refusal by a {}", answer.status);
        }
        Err(ChallengeError::Unavailable(ChallengeOutage::Nonsense)) => {}
        Err(ChallengeError::Unavailable(_)) => assert_ne!(json["success"], true, "{json}"),
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).expect("a date of today")
}

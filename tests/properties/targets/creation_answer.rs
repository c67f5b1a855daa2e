use std::sync::LazyLock;

use serde_json::Value as Json;
use signup_gateway::http::Clients;
use signup_gateway::signup::flows::FLOWS;
use signup_gateway::upstream::create::{CreateError, Created, Destination};
use signup_gateway::upstream::{Studio, StudioParts};

use super::{Answer, SETTINGS, at_once, tenant};

static STUDIO: LazyLock<Studio> = LazyLock::new(|| {
    let settings = tenant();
    Studio::new(StudioParts {
        clients: Clients::new(settings.upstream.connect_timeout, settings.upstream.http2).expect("a client"),
        upstream: settings.upstream.clone(),
        utm_format: SETTINGS.attribution.utm_format,
        redirect: settings.redirect.clone(),
        organization_id: None,
    })
});

/// An account only where the answer says so in JSON; nobody is sent to an origin that is not allowed; and what may have
/// created something is never called a failure.
pub fn creation_answer(bytes: &[u8]) {
    let Some(answer) = Answer::of(bytes) else { return };
    let success = answer.says_json().then(|| answer.json()).flatten().and_then(|json| json.get("success")?.as_bool());
    for flow in FLOWS {
        match at_once(STUDIO.read_creation(flow, answer.response(answer.body.to_vec()))) {
            Ok(created) => {
                assert!((200..300).contains(&answer.status) && success == Some(true), "created by a {}", answer.status);
                assert_follows(&created, flow.user_id_field, &answer.json().unwrap_or_default());
            }
            Err(CreateError::Refused(refusal)) => {
                assert_eq!(success, Some(false), "refused by a {}", answer.status);
                assert!(refusal.words.chars().count() <= 300 && !refusal.words.chars().any(char::is_control));
            }
            Err(error) => {
                let proxy = matches!(answer.status, 502 | 504 | 520..=527);
                let mute = (200..300).contains(&answer.status) || answer.status > 599;
                assert_eq!(error.is_unknown(), proxy || mute, "{error} after a {}", answer.status);
            }
        }
    }
}

fn assert_follows(created: &Created, user_id_field: &str, answer: &Json) {
    if let Destination::Return(url) = &created.destination {
        let sent = url.as_str();
        let allowed = ["https://studio.example/", "https://pay.example/"];
        assert!(allowed.iter().any(|origin| sent.starts_with(origin)), "sent to {sent}");
        assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent:?} in a header");
        assert!(answer["redirectUrl"].is_string(), "a destination from nowhere");
    }
    assert_eq!(created.user_id, answer[user_id_field].as_u64(), "another user");
}

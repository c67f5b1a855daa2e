//! The operations that read: accounts by id and by activation code, the verdict on an e-mail address, health.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::Serialize;

use super::{
    Studio,
    create::json_object,
    magic::{CodeAnswer, SLOW_READ, State, Verdict, code_answer, known_by_id, verdict_of},
    memory::Account,
    user::{Reader, refusal},
};

/// Headers that may carry a credential; any value will do.
const CREDENTIALS: [&str; 2] = ["x-jwt-token", "x-api-key"];

/// Domains that are misspelt often, and what was meant.
const MISSPELT: &[(&str, &str)] = &[
    ("gmial.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("outlok.com", "outlook.com"),
    ("yaho.com", "yahoo.com"),
];

#[derive(Serialize)]
struct Healthy {
    success: bool,
}

/// `GET /v1/api-health`
pub(super) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(Healthy { success: true })
}

/// `GET /v1/api/users/{user}`
pub(super) async fn by_id(request: HttpRequest, user: Path<u64>, studio: Data<Studio>) -> HttpResponse {
    read(Reader::Own, &request, *user, &studio).await
}

/// `GET /v1/api/organizations/{organization}/whitelabel/users/{user}`
pub(super) async fn of_white_label(request: HttpRequest, ids: Path<(u64, u64)>, studio: Data<Studio>) -> HttpResponse {
    read(Reader::WhiteLabel, &request, ids.1, &studio).await
}

async fn read(reader: Reader, request: &HttpRequest, id: u64, studio: &Studio) -> HttpResponse {
    if !is_authorized(request) {
        return unauthorized();
    }
    let missing = || HttpResponse::Ok().json(refusal("User not found"));
    let Some(known) = known_by_id(id) else {
        let account = studio.memory().account(id).cloned();
        return account.map_or_else(missing, |account| reader.answer(&account));
    };
    let account = Account::known(known);
    match known.state {
        State::Missing => missing(),
        State::Failing(read) => read.fault().response(),
        State::Sparse => reader.sparse_answer(&account),
        State::Late => {
            tokio::time::sleep(SLOW_READ).await;
            reader.answer(&account)
        }
        _ => reader.answer(&account),
    }
}

/// `POST /v1/api/user/by-third-party-activation-code`
pub(super) async fn by_activation_code(request: HttpRequest, body: Bytes) -> HttpResponse {
    if !is_authorized(&request) {
        return unauthorized();
    }
    let Some(code) = text_property(&request, &body, "activationCode") else {
        return HttpResponse::Ok().json(refusal("Missing required property: activationCode"));
    };
    match code_answer(&code) {
        CodeAnswer::Person(person) => Reader::Own.answer(&Account::invited(person)),
        CodeAnswer::Refuse(words) => HttpResponse::Ok().json(refusal(words)),
        CodeAnswer::Fail(fault) => fault.response(),
        CodeAnswer::Late(person) => {
            tokio::time::sleep(SLOW_READ).await;
            Reader::Own.answer(&Account::invited(person))
        }
    }
}

/// What the studio thinks of an address.
#[derive(Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EmailVerdict {
    Valid,
    Risky,
    Invalid,
}

/// The studio's judgement of an address.
#[derive(Serialize)]
pub(super) struct Judgement {
    success: bool,
    email: String,
    pub(super) verdict: EmailVerdict,
    /// Likelihood that the address is valid, 0 to 1.
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'static str>,
    local: String,
    host: String,
}

/// Judges an address by its magic mailbox and its domain.
pub(super) fn judge(email: &str) -> Judgement {
    let (local, host) = email.rsplit_once('@').unwrap_or((email, ""));
    let suggestion = MISSPELT.iter().find(|(wrong, _)| wrong.eq_ignore_ascii_case(host)).map(|(_, right)| *right);
    let (verdict, score) = match verdict_of(local) {
        Verdict::Invalid => (EmailVerdict::Invalid, 0.02),
        _ if suggestion.is_some() || host.is_empty() => (EmailVerdict::Invalid, 0.05),
        Verdict::Risky => (EmailVerdict::Risky, 0.5),
        Verdict::Valid | Verdict::Late | Verdict::Fail(_) => (EmailVerdict::Valid, 0.98),
    };
    Judgement {
        success: true,
        email: email.to_owned(),
        verdict,
        score,
        suggestion,
        local: local.to_owned(),
        host: host.to_owned(),
    }
}

/// `POST /v1/api/emails/validate`
pub(super) async fn validate_email(request: HttpRequest, body: Bytes) -> HttpResponse {
    let Some(email) = text_property(&request, &body, "email") else {
        return HttpResponse::Ok().json(refusal("Missing required property: email"));
    };
    match verdict_of(email.split('@').next().unwrap_or_default()) {
        Verdict::Fail(fault) => return fault.response(),
        Verdict::Late => tokio::time::sleep(SLOW_READ).await,
        Verdict::Valid | Verdict::Risky | Verdict::Invalid => {}
    }
    HttpResponse::Ok().json(judge(&email))
}

fn is_authorized(request: &HttpRequest) -> bool {
    CREDENTIALS.iter().any(|name| request.headers().get(*name).is_some_and(|value| !value.is_empty()))
}

fn unauthorized() -> HttpResponse {
    HttpResponse::Unauthorized().json(refusal("Not authorized: no credentials"))
}

fn text_property(request: &HttpRequest, body: &[u8], name: &str) -> Option<String> {
    json_object(request, body)?.get(name)?.as_str().map(str::to_owned)
}

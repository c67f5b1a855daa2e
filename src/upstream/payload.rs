//! The JSON of a creation (contract 6): the form's fields under their own names, then what came with the link.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value as Json, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::attribution::UtmFormat;
use crate::signup::{Link, Submission, Value};

/// Where an upstream that verifies tokens looks for one.
const DEFAULT_TOKEN_FIELD: &str = "turnstileResponse";

/// What the operator adds to a trial: never a visitor's.
#[derive(Clone, Debug, Default)]
pub struct OperatorTerms {
    /// Sent as `notes`.
    pub notes: Option<String>,
    /// Sent as `expirationDate`, counted from now.
    pub trial_length: Option<Duration>,
}

/// A creation's payload in two parts: what is the same each time this form is sent, and what is not.
pub struct Payload {
    /// The same for the same form: the idempotency key is made of it.
    stable: Map<String, Json>,
    /// Differs by the moment: token, dates.
    momentary: Map<String, Json>,
}

impl Payload {
    /// The payload of a submission.
    #[must_use]
    pub fn new(submission: &Submission, token: Option<&str>, operator: &OperatorTerms, utm: UtmFormat) -> Self {
        let flow = submission.flow();
        let mut stable: Map<String, Json> =
            submission.values().map(|(name, value)| (name.to_owned(), to_json(value))).collect();
        add_link(&mut stable, submission.link(), utm);
        if flow.single_sign_on {
            add_single_sign_on(&mut stable, submission.link());
        }
        if let Some(field) = flow.insist_on_email_field
            && submission.insists_on_email()
        {
            stable.insert(field.to_owned(), json!(true));
        }
        let mut momentary = Map::new();
        if let Some(token) = token {
            // The operator says that this upstream verifies, whatever its description says of the flow.
            let field = flow.token_field.unwrap_or(DEFAULT_TOKEN_FIELD);
            momentary.insert(field.to_owned(), json!(token));
        }
        if flow.trial {
            if let Some(notes) = &operator.notes {
                stable.insert("notes".to_owned(), json!(notes));
            }
            if let Some(date) = operator.trial_length.and_then(expiration) {
                momentary.insert("expirationDate".to_owned(), json!(date));
            }
        }
        Self { stable, momentary }
    }

    /// The bytes that an idempotency key is made of.
    #[must_use]
    pub fn stable_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.stable).unwrap_or_default()
    }

    /// The whole body.
    #[must_use]
    pub fn into_body(mut self) -> Vec<u8> {
        self.stable.append(&mut self.momentary);
        serde_json::to_vec(&self.stable).unwrap_or_default()
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text.as_str()),
        Value::Username(username) => json!(username.as_str()),
        Value::Email(email) => json!(email.as_str()),
        Value::Password(password) => json!(password.expose()),
        Value::Consent => json!(true),
    }
}

/// The part of a payload that a link decides, for `signup-gateway link`.
#[must_use]
pub fn of_link(link: &Link, single_sign_on: bool, utm: UtmFormat) -> Json {
    let mut part = Map::new();
    add_link(&mut part, link, utm);
    if single_sign_on {
        add_single_sign_on(&mut part, link);
    }
    Json::Object(part)
}

fn add_link(payload: &mut Map<String, Json>, link: &Link, utm: UtmFormat) {
    payload.insert("redirectUrlOrigin".to_owned(), json!(link.redirect_origin.as_str()));
    let redirect_query = link.redirect_query();
    if !redirect_query.is_empty() {
        payload.insert("redirectUrlQueryParams".to_owned(), json!(redirect_query));
    }
    let parameters: Vec<Json> = link
        .attribution
        .pairs()
        .map(|(name, value)| match utm {
            UtmFormat::Object => json!({ name: value }),
            UtmFormat::KeyValue => json!({ "key": name, "value": value }),
        })
        .collect();
    if !parameters.is_empty() {
        payload.insert("utmParams".to_owned(), Json::Array(parameters));
    }
}

fn add_single_sign_on(payload: &mut Map<String, Json>, link: &Link) {
    let secrets = &link.secrets;
    if let Some(token) = &secrets.activation_token {
        payload.insert("activationToken".to_owned(), json!(token.expose_secret()));
    }
    if let Some(provider) = &secrets.identity_provider {
        payload.insert("identityProvider".to_owned(), json!(provider.as_str()));
    }
    if let Some(session) = &secrets.session_id {
        payload.insert("sessionId".to_owned(), json!(session.expose_secret()));
    }
}

fn expiration(length: Duration) -> Option<String> {
    let date = OffsetDateTime::now_utc().checked_add(time::Duration::try_from(length).ok()?)?;
    date.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

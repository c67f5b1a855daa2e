//! The JSON of a creation (contract 6): the form's fields under their own names, then what came with the link.

use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::attribution::{Attribution, UtmFormat};
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
pub struct Payload<'a> {
    /// The same for the same form: the idempotency key is made of it.
    stable: Members<'a>,
    /// Differs by the moment: token, dates.
    momentary: Members<'a>,
}

/// A JSON object as it is written: each name once, in order.
#[derive(Default)]
struct Members<'a>(Vec<(&'static str, Part<'a>)>);

/// One value of a payload.
enum Part<'a> {
    Text(&'a str),
    Made(String),
    True,
    Attribution(&'a Attribution, UtmFormat),
}

impl Members<'_> {
    fn to_json(&self) -> Vec<u8> {
        // Nothing in it can fail: the names are texts, and so are the values.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Made(text) => serializer.serialize_str(text),
            Self::True => serializer.serialize_bool(true),
            Self::Attribution(attribution, UtmFormat::Object) => {
                serializer.collect_seq(attribution.pairs().map(|(name, value)| One(name, value)))
            }
            Self::Attribution(attribution, UtmFormat::KeyValue) => {
                serializer.collect_seq(attribution.pairs().map(|(key, value)| KeyValue { key, value }))
            }
        }
    }
}

/// `{"utm_source":"google"}`
struct One<'a>(&'a str, &'a str);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

/// `{"key":"utm_source","value":"google"}`
#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> Payload<'a> {
    /// The payload of a submission.
    #[must_use]
    pub fn new(
        submission: &'a Submission,
        token: Option<&'a str>,
        operator: &'a OperatorTerms,
        utm: UtmFormat,
    ) -> Self {
        let flow = submission.flow();
        let mut stable = Members(submission.values().map(|(name, value)| (name, Part::of(value))).collect());
        stable.add_link(submission.link(), utm);
        if flow.single_sign_on {
            stable.add_single_sign_on(submission.link());
        }
        if let Some(field) = flow.insist_on_email_field
            && submission.insists_on_email()
        {
            stable.0.push((field, Part::True));
        }
        let mut momentary = Members::default();
        if let Some(token) = token {
            // The operator says that this upstream verifies, whatever its description says of the flow.
            momentary.0.push((flow.token_field.unwrap_or(DEFAULT_TOKEN_FIELD), Part::Text(token)));
        }
        if flow.trial {
            if let Some(notes) = &operator.notes {
                stable.0.push(("notes", Part::Text(notes)));
            }
            if let Some(date) = operator.trial_length.and_then(expiration) {
                momentary.0.push(("expirationDate", Part::Made(date)));
            }
        }
        Self { stable, momentary }
    }

    /// The bytes that an idempotency key is made of, and the whole body.
    #[must_use]
    pub fn into_bytes(self) -> (Bytes, Bytes) {
        let Self { mut stable, momentary } = self;
        let of_key = Bytes::from(stable.to_json());
        if momentary.0.is_empty() {
            return (of_key.clone(), of_key);
        }
        stable.0.extend(momentary.0);
        (of_key, stable.to_json().into())
    }
}

impl<'a> Part<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.as_str()),
            Value::Username(username) => Self::Text(username.as_str()),
            Value::Email(email) => Self::Text(email.as_str()),
            Value::Password(password) => Self::Text(password.expose()),
            Value::Consent => Self::True,
        }
    }
}

/// The part of a payload that a link decides, for `signup-gateway link`.
#[must_use]
pub fn of_link(link: &Link, single_sign_on: bool, utm: UtmFormat) -> Json {
    let mut part = Members::default();
    part.add_link(link, utm);
    if single_sign_on {
        part.add_single_sign_on(link);
    }
    json!(part)
}

impl<'a> Members<'a> {
    fn add_link(&mut self, link: &'a Link, utm: UtmFormat) {
        self.0.push(("redirectUrlOrigin", Part::Text(link.redirect_origin.as_str())));
        let redirect_query = link.redirect_query();
        if !redirect_query.is_empty() {
            self.0.push(("redirectUrlQueryParams", Part::Made(redirect_query)));
        }
        if link.attribution.pairs().next().is_some() {
            self.0.push(("utmParams", Part::Attribution(&link.attribution, utm)));
        }
    }

    fn add_single_sign_on(&mut self, link: &'a Link) {
        let secrets = &link.secrets;
        let token = secrets.activation_token.as_ref().map(|token| ("activationToken", token.expose_secret()));
        let provider = secrets.identity_provider.as_ref().map(|provider| ("identityProvider", provider.as_str()));
        let session = secrets.session_id.as_ref().map(|session| ("sessionId", session.expose_secret()));
        self.0.extend([token, provider, session].into_iter().flatten().map(|(name, text)| (name, Part::Text(text))));
    }
}

fn expiration(length: Duration) -> Option<String> {
    let date = OffsetDateTime::now_utc().checked_add(time::Duration::try_from(length).ok()?)?;
    date.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

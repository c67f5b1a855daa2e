//! What a creation must hold, as the studio's description of its operations has it.

use serde::Deserialize;
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{
    account::{EmailVerdict, judge},
    create::Operation,
};

/// Length of a username in characters.
const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 4..=30;
/// Least length of a password in code points.
const PASSWORD_LENGTH: usize = 8;
/// Longest e-mail address in bytes (RFC 5321, 4.5.3.1.3 less the angle brackets).
const EMAIL_LENGTH: usize = 254;
/// Enough of the free mail domains to see a trial refuse one.
const FREE_DOMAINS: &[&str] = &["gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com"];

/// One property of a request body.
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// The type of a property.
pub(super) enum Kind {
    Text,
    Instant,
    Flag,
    Choice(&'static [&'static str]),
    Objects,
}

const fn required(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: false }
}

/// Body of `POST /api-create-pro-user`.
pub(super) const PRO: &[Property] = &[
    required("name", Kind::Text),
    required("username", Kind::Text),
    required("email", Kind::Text),
    required("privacyPolicy", Kind::Flag),
    optional("password", Kind::Text),
    optional("projectName", Kind::Text),
    optional("activationToken", Kind::Text),
    optional("identityProvider", Kind::Text),
    optional("jobTitle", Kind::Text),
    optional("sessionId", Kind::Text),
    optional("companyName", Kind::Text),
    optional("utmParams", Kind::Objects),
    optional("ignoreEmailValidation", Kind::Flag),
    optional("redirectUrlOrigin", Kind::Text),
    optional("redirectUrlQueryParams", Kind::Text),
];

/// Body of `POST /api-user-create-enterprise-trial`.
pub(super) const TRIAL: &[Property] = &[
    required("name", Kind::Text),
    required("username", Kind::Text),
    required("email", Kind::Text),
    required("privacyPolicy", Kind::Flag),
    required("turnstileResponse", Kind::Text),
    optional("password", Kind::Text),
    optional("jobTitle", Kind::Text),
    optional("companyName", Kind::Text),
    optional("organizationName", Kind::Text),
    optional("companySize", Kind::Text),
    optional("country", Kind::Text),
    optional("stateOrProvince", Kind::Text),
    optional("useCase", Kind::Text),
    optional("userHasMLModelsInProduction", Kind::Choice(&["yes", "no", "no, but we will soon"])),
    optional("expirationDate", Kind::Instant),
    optional("notes", Kind::Text),
    optional("utmParams", Kind::Objects),
    optional("redirectUrlOrigin", Kind::Text),
    optional("redirectUrlQueryParams", Kind::Text),
];

impl Kind {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Instant => value.as_str().is_some_and(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok()),
            Self::Flag => value.is_boolean(),
            Self::Choice(choices) => value.as_str().is_some_and(|text| choices.contains(&text)),
            Self::Objects => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Text => "a string".to_owned(),
            Self::Instant => "a date and time".to_owned(),
            Self::Flag => "a boolean".to_owned(),
            Self::Choice(choices) => format!("one of: {}", choices.join("; ")),
            Self::Objects => "an array of objects".to_owned(),
        }
    }
}

/// The part of a creation that the studio acts on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignUp {
    pub(super) name: String,
    pub(super) username: String,
    pub(super) email: String,
    privacy_policy: bool,
    password: Option<String>,
    activation_token: Option<String>,
    pub(super) job_title: Option<String>,
    pub(super) company_name: Option<String>,
    #[serde(default)]
    ignore_email_validation: bool,
    pub(super) redirect_url_origin: Option<String>,
    pub(super) redirect_url_query_params: Option<String>,
}

impl SignUp {
    /// Reads a body by the operation's schema and the studio's rules.
    ///
    /// # Errors
    ///
    /// The words of the first refusal.
    pub(super) fn read(operation: Operation, body: &Map<String, Value>) -> Result<Self, String> {
        conforms(operation.schema(), body)?;
        let sign_up: Self = serde_json::from_value(Value::Object(body.clone()))
            .map_err(|mismatch| format!("Malformed request: {mismatch}"))?;
        match sign_up.refusal(operation) {
            Some(words) => Err(words.to_owned()),
            None => Ok(sign_up),
        }
    }

    fn refusal(&self, operation: Operation) -> Option<&'static str> {
        if self.name.trim().is_empty() {
            return Some("Name is required");
        }
        if !is_username(&self.username) {
            return Some("Username needs 4 to 30 letters, digits, hyphens, single underscores or single dots");
        }
        if !is_email(&self.email) {
            return Some("Invalid email address");
        }
        if !self.privacy_policy {
            return Some("You need to accept the privacy policy");
        }
        let with_token =
            operation == Operation::Pro && self.activation_token.as_ref().is_some_and(|token| !token.is_empty());
        match &self.password {
            None if with_token => {}
            None => return Some("Password is required"),
            Some(password) if password.chars().count() < PASSWORD_LENGTH => {
                return Some("Password needs at least 8 characters");
            }
            Some(_) => {}
        }
        match operation {
            Operation::Trial if is_free(&self.email) => {
                Some("This email domain is not allowed, please use a business email address")
            }
            Operation::Pro if !self.ignore_email_validation && judge(&self.email).verdict == EmailVerdict::Invalid => {
                Some("Invalid email address, it seems that it does not exist")
            }
            _ if self.redirect_url_origin.as_deref().is_some_and(|origin| !is_web_origin(origin)) => {
                Some("redirectUrlOrigin is not an origin")
            }
            _ => None,
        }
    }
}

/// Checks presence and types. `null` is neither a string nor absence.
fn conforms(schema: &[Property], body: &Map<String, Value>) -> Result<(), String> {
    for property in schema {
        match body.get(property.name) {
            None if property.required => return Err(format!("Missing required property: {}", property.name)),
            Some(value) if !property.kind.holds(value) => {
                return Err(format!("Property {} must be {}", property.name, property.kind.wanted()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The studio's username pattern, said without look-around: the ends are letters, digits or hyphens, and no two of
/// dot and underscore meet.
pub(super) fn is_username(text: &str) -> bool {
    let separator = |byte: u8| matches!(byte, b'.' | b'_');
    USERNAME_LENGTH.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || separator(byte))
        && !text.starts_with(['.', '_'])
        && !text.ends_with(['.', '_'])
        && !text.bytes().zip(text.bytes().skip(1)).any(|(left, right)| separator(left) && separator(right))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= EMAIL_LENGTH
        && !local.is_empty()
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && !domain.contains('@')
        && !text.chars().any(|character| character.is_whitespace() || character.is_control())
}

fn is_free(email: &str) -> bool {
    let domain = email.rsplit('@').next().unwrap_or_default();
    FREE_DOMAINS.iter().any(|free| free.eq_ignore_ascii_case(domain))
}

fn is_web_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

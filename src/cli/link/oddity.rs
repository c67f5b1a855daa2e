//! What is probably not meant about a campaign link.

use std::fmt;

use serde::Serialize;

use crate::domain::attribution::{MAX_PARAMETERS, MAX_VALUE_CODE_POINTS};
use crate::domain::language::Language;
use crate::domain::text::Text;
use crate::settings::{Settings, TenantSettings};
use crate::signup::link::{MAX_REDIRECT_QUERY_BYTES, PREFILLED};
use crate::signup::{Flow, Link};

/// Something about a link that is probably not meant.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Oddity {
    /// The parameter, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What kind of oddity, for programs.
    pub problem: Problem,
    /// What follows from it, for people.
    pub message: String,
}

/// Kinds of oddities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nobody reads the parameter.
    Unknown,
    /// It stands there twice.
    Repeated,
    /// It has no value, or one that nothing can be done with.
    Unusable,
    /// Its value is not forwarded whole.
    Cut,
    /// There are more parameters than are carried.
    TooMany,
    /// It is longer than what is carried, or than programs take.
    TooLong,
    /// The origin is none of the allowed ones.
    OriginNotAllowed,
    /// It is for one person, and a campaign link is for many.
    Personal,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.parameter {
            Some(parameter) => write!(f, "{parameter} {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A link beside what was made of it.
pub(super) struct Reading<'a> {
    pub(super) settings: &'a Settings,
    pub(super) tenant: &'a TenantSettings,
    pub(super) flow: Option<&'static Flow>,
    pub(super) pairs: &'a [(String, String)],
    pub(super) link: &'a Link,
}

impl Reading<'_> {
    /// What is odd about one of the pairs.
    pub(super) fn oddity(&self, index: usize) -> Option<Oddity> {
        let (name, value) = self.pairs.get(index)?;
        let repeated = self.pairs.iter().take(index).any(|(earlier, _)| earlier == name);
        let (problem, message) = if repeated {
            Some((Problem::Repeated, "stands there before: only the first counts".to_owned()))
        } else {
            self.judge(name, value)
        }?;
        Some(Oddity { parameter: Some(name.clone()), problem, message })
    }

    fn judge(&self, name: &str, value: &str) -> Option<(Problem, String)> {
        let because = |problem, message: &str| Some((problem, message.to_owned()));
        match name {
            _ if self.settings.attribution.carries(name) => self.judge_attribution(name, value),
            "redirectUrlOrigin" if self.tenant.redirect.requested(value).is_err() => because(
                Problem::OriginNotAllowed,
                "is not in redirect.allowed_origins: the default is forwarded instead",
            ),
            "redirectUrlQueryParams" if value.len() > MAX_REDIRECT_QUERY_BYTES => {
                Some((Problem::TooLong, format!("is longer than {MAX_REDIRECT_QUERY_BYTES} bytes and is dropped")))
            }
            "redirectUrlQueryParams" if value.chars().any(char::is_control) => {
                because(Problem::Unusable, "has control characters and is dropped")
            }
            "lang" if Language::from_tag(value).is_none() => {
                because(Problem::Unusable, "names no language we speak: the browser's is used")
            }
            "activationCode" => {
                because(Problem::Personal, "names one person's account: send such a link to that person")
            }
            "activationToken" | "sessionId" => {
                because(Problem::Personal, "is a secret of one person: it is good for that person alone")
            }
            "identityProvider" if self.flow.is_some_and(|flow| !flow.single_sign_on) => {
                because(Problem::Unusable, "is not forwarded by this flow")
            }
            "ctx" => because(Problem::Unusable, "is made by the gateway, and opens for a short time only"),
            _ if PREFILLED.contains(&name) && Text::parse(value).is_err() => {
                because(Problem::Unusable, "cannot be filled into the form")
            }
            "redirectUrlOrigin" | "redirectUrlQueryParams" | "lang" | "identityProvider" => None,
            _ if PREFILLED.contains(&name) => None,
            _ => because(
                Problem::Unknown,
                "is not carried: it is neither utm_* nor in attribution.extra_params, nor a name we know",
            ),
        }
    }

    /// Compares what was given with what was kept of it.
    fn judge_attribution(&self, name: &str, value: &str) -> Option<(Problem, String)> {
        match self.link.attribution.get(name) {
            Some(kept) if kept == value => None,
            Some(kept) if kept.chars().count() == MAX_VALUE_CODE_POINTS => {
                Some((Problem::Cut, format!("is cut at {MAX_VALUE_CODE_POINTS} characters")))
            }
            Some(_) => Some((Problem::Cut, "loses its control characters".to_owned())),
            None if value.chars().all(char::is_control) => {
                Some((Problem::Unusable, "has no value and is dropped".to_owned()))
            }
            None if self.link.attribution.pairs().count() == MAX_PARAMETERS => {
                Some((Problem::TooMany, format!("is dropped: at most {MAX_PARAMETERS} parameters are carried")))
            }
            None => Some((Problem::Unusable, "has a name that is not carried".to_owned())),
        }
    }
}

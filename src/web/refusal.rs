//! Where the steps' errors meet: what a refusal means to the visitor, the metrics and the form's record.

use std::time::Duration;

use actix_web::http::StatusCode;

use super::pages::{FieldError, Notice};
use super::said::Said;
use super::words::Words;
use crate::domain::email::Email;
use crate::domain::username::Username;
use crate::error::whole_seconds;
use crate::funnel::Reason;
use crate::guard::limits::Limited;
use crate::guard::turnstile::ChallengeError;
use crate::guard::{AdmitError, ClearError, ClearReason};
use crate::signup::{FieldErrors, Flow, Prefilled};
use crate::upstream::create::{CreateError, NotCreated};
use crate::upstream::email_check::Doubted;
use crate::upstream::refusal::RefusalKind;

/// How long to wait when our own part or Turnstile is out.
const RETRY_SOON: Duration = Duration::from_secs(10);

/// Why a submission did not become an account.
pub enum Refusal {
    /// The form was not let in.
    Admit(AdmitError),
    /// Fields are wrong.
    Fields(FieldErrors),
    /// The guard stopped it.
    Clear(ClearReason),
    /// The upstream doubts the address and suggests another.
    Doubted(Option<Email>),
    /// The prepared account that filled the form exists already.
    AccountExists,
    /// The upstream did not create it.
    Create(CreateError),
}

/// A refusal with the pass of a challenge that was met before it.
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Sealed, for the form that comes back.
    pub pass: Option<String>,
}

impl From<AdmitError> for Refused {
    fn from(error: AdmitError) -> Self {
        Self { refusal: Refusal::Admit(error), pass: None }
    }
}

impl From<FieldErrors> for Refused {
    fn from(errors: FieldErrors) -> Self {
        Self { refusal: Refusal::Fields(errors), pass: None }
    }
}

impl From<ClearError> for Refused {
    fn from(error: ClearError) -> Self {
        Self { refusal: Refusal::Clear(error.reason), pass: error.pass }
    }
}

impl From<Doubted> for Refused {
    fn from(error: Doubted) -> Self {
        Self { refusal: Refusal::Doubted(error.suggestion), pass: error.pass }
    }
}

impl From<NotCreated> for Refused {
    fn from(error: NotCreated) -> Self {
        Self { refusal: Refusal::Create(error.reason), pass: error.pass }
    }
}

impl Refused {
    /// A prepared account whose own username or address is refused as taken exists already: that is what to say.
    #[must_use]
    pub fn about_prefilled(self, prefilled: Option<&Prefilled>, username: &Username, email: &Email) -> Self {
        let Some(prefilled) = prefilled else { return self };
        let unchanged = match &self.refusal {
            Refusal::Create(CreateError::Refused(refusal)) => match refusal.kind {
                RefusalKind::UsernameTaken => prefilled.username.as_deref() == Some(username.as_str()),
                RefusalKind::EmailExists => {
                    let known = prefilled.email.as_deref().and_then(|known| Email::parse(known).ok());
                    known.is_some_and(|known| known.key() == email.key())
                }
                _ => false,
            },
            _ => false,
        };
        if unchanged { Self { refusal: Refusal::AccountExists, ..self } } else { self }
    }
}

impl Refusal {
    /// The status of the page (contract 4).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Fields(_)
            | Self::Doubted(_)
            | Self::AccountExists
            | Self::Admit(AdmitError::Id(_) | AdmitError::UsedForAnother | AdmitError::Honeypot)
            | Self::Clear(ClearReason::Challenge(ChallengeError::Refused(_)))
            | Self::Create(CreateError::Refused(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Admit(AdmitError::Limited(_)) | Self::Clear(ClearReason::Limited(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Admit(AdmitError::Unknown | AdmitError::StillInFlight) | Self::Create(CreateError::Unanswered) => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::Admit(AdmitError::Seal(_) | AdmitError::Unavailable)
            | Self::Clear(ClearReason::Challenge(ChallengeError::Unavailable(_)))
            | Self::Create(CreateError::Unavailable { .. } | CreateError::ClaimLost) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Create(
                CreateError::Failed { .. } | CreateError::Misconfigured { .. } | CreateError::Unreadable(_),
            ) => StatusCode::BAD_GATEWAY,
        }
    }

    /// What it is to the operator.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Fields(_) => Reason::Invalid,
            Self::Doubted(_) => Reason::Doubted,
            Self::Admit(AdmitError::Limited(_)) | Self::Clear(ClearReason::Limited(_)) => Reason::Limited,
            Self::Admit(AdmitError::Id(_)) => Reason::Expired,
            Self::Admit(AdmitError::UsedForAnother) => Reason::Used,
            Self::Admit(AdmitError::Honeypot) => Reason::Honeypot,
            Self::Clear(ClearReason::Challenge(ChallengeError::Refused(_))) => Reason::TurnstileRefused,
            Self::Clear(ClearReason::Challenge(ChallengeError::Unavailable(_))) => Reason::TurnstileUnavailable,
            Self::AccountExists => Reason::AccountExists,
            Self::Create(CreateError::Refused(refusal)) => match refusal.kind {
                RefusalKind::UsernameTaken => Reason::UsernameTaken,
                RefusalKind::EmailExists => Reason::EmailExists,
                RefusalKind::EmailRefused => Reason::EmailRefused,
                RefusalKind::PasswordRefused => Reason::PasswordRefused,
                RefusalKind::Other => Reason::OtherRefusal,
            },
            Self::Admit(AdmitError::Seal(_) | AdmitError::Unavailable) => Reason::Failed,
            _ if self.status() == StatusCode::GATEWAY_TIMEOUT => Reason::UpstreamTimeout,
            Self::Admit(_) | Self::Create(_) => Reason::UpstreamUnavailable,
        }
    }

    /// Says what the upstream did, where it did not say no: once, and never a visitor's words.
    pub fn log(&self) {
        match self {
            Self::Create(fault @ CreateError::Misconfigured { .. }) => {
                tracing::error!(error = %fault, "nobody can sign up until upstream.base_url is right");
            }
            Self::Create(CreateError::Refused(_))
            | Self::Admit(_)
            | Self::Fields(_)
            | Self::Clear(_)
            | Self::Doubted(_)
            | Self::AccountExists => {}
            Self::Create(fault) if fault.is_unknown() => {
                tracing::warn!(error = %fault, "the upstream gave no usable answer");
            }
            Self::Create(fault) => tracing::warn!(error = %fault, "the upstream created no account, as far as we know"),
        }
    }

    /// Whether an account may exist all the same: such a form never creates again.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Create(error) => error.is_unknown(),
            Self::Admit(AdmitError::Unknown | AdmitError::StillInFlight) => true,
            _ => false,
        }
    }

    /// Whether it failed by our or a neighbour's fault, which costs the visitor no budget.
    #[must_use]
    pub fn is_our_fault(&self) -> bool {
        self.status().is_server_error()
    }

    /// Whether the page that comes back keeps the form's submission id.
    #[must_use]
    pub fn keeps_id(&self) -> bool {
        !self.is_unknown() && !matches!(self, Self::Admit(AdmitError::Id(_) | AdmitError::UsedForAnother))
    }

    /// The budget that is used up.
    #[must_use]
    pub fn limited(&self) -> Option<Limited> {
        match self {
            Self::Admit(AdmitError::Limited(limited)) | Self::Clear(ClearReason::Limited(limited)) => Some(*limited),
            _ => None,
        }
    }

    /// The value of `Retry-After`, where the status has one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Create(CreateError::Unavailable { retry_after }) => Some(*retry_after),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_SOON),
            _ => self.limited().map(|limited| limited.retry_after),
        }
    }

    /// Whether the form that comes back offers to insist on the address.
    #[must_use]
    pub fn offers_email_anyway(&self) -> bool {
        matches!(self, Self::Doubted(_))
    }

    /// What stands above the form.
    #[must_use]
    pub fn notice(&self, reveal_existing_email: bool) -> Option<Notice> {
        match self {
            Self::Create(CreateError::Refused(refusal)) => match refusal.kind {
                RefusalKind::Other => Some(Notice::Refused(refusal.words.clone())),
                RefusalKind::EmailExists if reveal_existing_email => Some(Notice::Refused(refusal.words.clone())),
                _ => Said::of(self)?.notice(),
            },
            _ => match self.limited() {
                Some(limited) => Some(Notice::Limited { wait: whole_seconds(limited.retry_after) }),
                None => Said::of(self)?.notice(),
            },
        }
    }

    /// What is wrong at which field, in page order.
    #[must_use]
    pub fn field_errors(&self, flow: &Flow, words: &Words) -> Vec<FieldError> {
        match self {
            Self::Fields(errors) => errors
                .iter()
                .filter_map(|(name, problem)| flow.field(name).map(|field| (field, problem)))
                .map(|(field, problem)| FieldError { field: field.name, text: words.problem(field, problem) })
                .collect(),
            Self::Doubted(Some(suggestion)) => {
                let arguments = [("suggestion", suggestion.as_str().into())];
                vec![FieldError { field: "email", text: words.with("error-email-doubtful-suggestion", &arguments) }]
            }
            _ => Said::of(self).and_then(|said| said.field_error(words)).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funnel::Ending;
    use crate::upstream::refusal::Refusal as UpstreamRefusal;

    #[test]
    fn the_log_names_a_refusal_of_the_upstream_by_its_kind() {
        for kind in [
            RefusalKind::UsernameTaken,
            RefusalKind::EmailExists,
            RefusalKind::EmailRefused,
            RefusalKind::PasswordRefused,
            RefusalKind::Other,
        ] {
            let refusal = Refusal::Create(CreateError::Refused(UpstreamRefusal { kind, words: String::new() }));
            let ending = Ending::Stopped(refusal.reason());
            assert_eq!((ending.outcome(), ending.refusal()), ("refused", Some(kind.label())));
        }
    }
}

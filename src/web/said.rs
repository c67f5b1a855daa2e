//! What a refusal is in our own words, by a name: the language switch carries it, and the page says it again.

use super::pages::{FieldError, LANGUAGE_SWITCH, Notice};
use super::refusal::Refusal;
use super::words::Words;
use crate::guard::turnstile::{ChallengeError, ChallengeRefusal};
use crate::guard::{AdmitError, ClearReason, TOKEN_FIELD, UPSTREAM_TOKEN_FIELD};
use crate::signup::RawForm;
use crate::upstream::create::CreateError;
use crate::upstream::refusal::RefusalKind;

/// A refusal, as far as we can say it without asking anybody again.
///
/// The name comes back from a browser, so the list is closed and no word on the page is the browser's. What is not on it
/// need not be: the parse finds wrong fields again, and who is over a budget is told so again, with the wait as it is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// An account may have been created: look first.
    Unknown,
    /// Nothing was created: try again.
    Unavailable,
    /// The upstream failed.
    UpstreamFailed,
    /// Turnstile could not be asked.
    ChallengeUnavailable,
    /// No challenge was solved.
    ChallengeMissing,
    /// No challenge of the upstream's was.
    UpstreamChallengeMissing,
    /// The challenge was not met.
    ChallengeRefused,
    /// The form was too old.
    Expired,
    /// The honeypot was filled.
    Suspicious,
    /// The form has an account under another address.
    UsedForAnother,
    /// The prepared account exists.
    AccountExists,
    /// The address has an account.
    EmailInUse,
    /// The username is somebody else's.
    UsernameTaken,
    /// The address is not welcome.
    EmailRefused,
    /// The address is not welcome because of its domain.
    EmailDomainRefused,
    /// The password is not.
    PasswordRefused,
    /// The address is doubtful.
    Doubted,
    /// The upstream said no, in words that are lost.
    Refused,
}

impl Said {
    /// Every one of them.
    pub const ALL: [Self; 18] = [
        Self::Unknown,
        Self::Unavailable,
        Self::UpstreamFailed,
        Self::ChallengeUnavailable,
        Self::ChallengeMissing,
        Self::UpstreamChallengeMissing,
        Self::ChallengeRefused,
        Self::Expired,
        Self::Suspicious,
        Self::UsedForAnother,
        Self::AccountExists,
        Self::EmailInUse,
        Self::UsernameTaken,
        Self::EmailRefused,
        Self::EmailDomainRefused,
        Self::PasswordRefused,
        Self::Doubted,
        Self::Refused,
    ];

    /// What a refusal is.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Option<Self> {
        Some(match refusal {
            _ if refusal.is_unknown() => Self::Unknown,
            _ if refusal.limited().is_some() => return None,
            Refusal::Fields(_) => return None,
            Refusal::Doubted(_) => Self::Doubted,
            Refusal::AccountExists => Self::AccountExists,
            Refusal::Admit(AdmitError::Id(_)) => Self::Expired,
            Refusal::Admit(AdmitError::UsedForAnother) => Self::UsedForAnother,
            Refusal::Admit(AdmitError::Honeypot) => Self::Suspicious,
            Refusal::Clear(ClearReason::Challenge(ChallengeError::Unavailable(_))) => Self::ChallengeUnavailable,
            Refusal::Clear(ClearReason::Challenge(ChallengeError::Refused(challenge))) => match challenge {
                ChallengeRefusal::Missing => Self::ChallengeMissing,
                ChallengeRefusal::UpstreamToken => Self::UpstreamChallengeMissing,
                _ => Self::ChallengeRefused,
            },
            Refusal::Create(CreateError::Refused(refusal)) => match refusal.kind {
                RefusalKind::UsernameTaken => Self::UsernameTaken,
                RefusalKind::EmailExists => Self::EmailInUse,
                RefusalKind::EmailRefused if is_about_domain(&refusal.words) => Self::EmailDomainRefused,
                RefusalKind::EmailRefused => Self::EmailRefused,
                RefusalKind::PasswordRefused => Self::PasswordRefused,
                RefusalKind::Other => Self::Refused,
            },
            Refusal::Create(CreateError::Failed { .. } | CreateError::Misconfigured { .. }) => Self::UpstreamFailed,
            Refusal::Admit(_) | Refusal::Clear(_) | Refusal::Create(_) => Self::Unavailable,
        })
    }

    /// What the pressed button of the language switch carries; a name that is none of ours is nothing.
    #[must_use]
    pub fn before(form: &RawForm) -> Option<Self> {
        let name = form.typed(LANGUAGE_SWITCH);
        Self::ALL.into_iter().find(|said| said.name() == name)
    }

    /// Its name in the buttons.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
            Self::UpstreamFailed => "upstream-failed",
            Self::ChallengeUnavailable => "challenge-unavailable",
            Self::ChallengeMissing => "challenge-missing",
            Self::UpstreamChallengeMissing => "upstream-challenge-missing",
            Self::ChallengeRefused => "challenge-refused",
            Self::Expired => "expired",
            Self::Suspicious => "suspicious",
            Self::UsedForAnother => "used",
            Self::AccountExists => "account-exists",
            Self::EmailInUse => "email-in-use",
            Self::UsernameTaken => "username-taken",
            Self::EmailRefused => "email-refused",
            Self::EmailDomainRefused => "email-domain-refused",
            Self::PasswordRefused => "password-refused",
            Self::Doubted => "doubted",
            Self::Refused => "refused",
        }
    }

    /// What stands above the form.
    #[must_use]
    pub fn notice(self) -> Option<Notice> {
        Some(match self {
            Self::Unknown => Notice::Unknown,
            Self::Unavailable => Notice::Unavailable,
            Self::UpstreamFailed => Notice::UpstreamFailed,
            Self::ChallengeUnavailable => Notice::ChallengeUnavailable,
            Self::Expired => Notice::Expired,
            Self::Suspicious => Notice::Suspicious,
            Self::UsedForAnother => Notice::UsedForAnother,
            Self::AccountExists => Notice::AccountExists,
            Self::EmailInUse => Notice::EmailInUse,
            Self::Refused => Notice::Refused(String::new()),
            Self::ChallengeMissing
            | Self::UpstreamChallengeMissing
            | Self::ChallengeRefused
            | Self::UsernameTaken
            | Self::EmailRefused
            | Self::EmailDomainRefused
            | Self::PasswordRefused
            | Self::Doubted => return None,
        })
    }

    /// What stands at a field.
    #[must_use]
    pub fn field_error(self, words: &Words) -> Option<FieldError> {
        let (field, key) = match self {
            Self::ChallengeMissing => (TOKEN_FIELD, "error-challenge-missing"),
            Self::UpstreamChallengeMissing => (UPSTREAM_TOKEN_FIELD, "error-challenge-missing"),
            Self::ChallengeRefused => (TOKEN_FIELD, "error-challenge-refused"),
            Self::UsernameTaken => ("username", "error-username-taken"),
            Self::EmailRefused | Self::EmailDomainRefused => ("email", "error-email-refused"),
            Self::PasswordRefused => ("password", "error-password-refused"),
            Self::Doubted => ("email", "error-email-doubtful"),
            _ => return None,
        };
        Some(FieldError { field, text: words.text(key).to_owned() })
    }
}

/// Whether an upstream that does not welcome an address means the kind of its domain, and not that there is none.
fn is_about_domain(words: &str) -> bool {
    let folded = words.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| folded.contains(part));
    says(&["domain", "business", "work email", "company email", "personal", "free email"])
        && !says(&["exist", "invalid", "not valid", "resolve", "mx record", "not found", "unknown", "typo"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::signup::flows::FLOWS;
    use crate::web::words::Catalogue;

    #[test]
    fn each_is_found_by_its_name_and_is_a_notice_or_an_error_at_a_field() {
        let catalogue = Catalogue::build(FLOWS).unwrap();
        for said in Said::ALL {
            let form = RawForm::from_pairs([(LANGUAGE_SWITCH, said.name())]);
            assert_eq!(Said::before(&form), Some(said));
            let error = said.field_error(catalogue.words(Language::English));
            assert!(said.notice().is_some() != error.is_some(), "{said:?}");
        }
    }

    #[test]
    fn a_name_that_is_none_of_ours_is_nothing() {
        for name in ["", "Unknown", "unknown ", "created", "<b>"] {
            assert_eq!(Said::before(&RawForm::from_pairs([(LANGUAGE_SWITCH, name)])), None, "{name}");
        }
    }
}

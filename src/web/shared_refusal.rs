//! A refusal on its way through the store, sealed: to those who waited with the very same form.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refusal::{Refusal, Refused};
use crate::domain::email::Email;
use crate::guard::ClearReason;
use crate::guard::limits::Limited;
use crate::upstream::create::CreateError;
use crate::upstream::refusal::{Refusal as UpstreamRefusal, RefusalKind};

#[derive(Serialize, Deserialize)]
struct Shared {
    refusal: Kind,
    pass: Option<String>,
}

/// The refusals that cost a challenge or a call; the others are found again at once.
#[derive(Serialize, Deserialize)]
enum Kind {
    Doubted(Option<String>),
    AccountExists,
    Limited(Limited),
    Refused(RefusalKind, String),
    Unavailable(Duration),
    Failed(u16),
    Misconfigured(u16),
}

impl Refused {
    /// The bytes to share; `None` where whoever waited had better try for themselves.
    #[must_use]
    pub fn to_shared(&self) -> Option<Vec<u8>> {
        let refusal = match &self.refusal {
            Refusal::Doubted(suggestion) => Kind::Doubted(suggestion.as_ref().map(|email| email.as_str().to_owned())),
            Refusal::AccountExists => Kind::AccountExists,
            Refusal::Clear(ClearReason::Limited(limited)) => Kind::Limited(*limited),
            Refusal::Create(CreateError::Refused(refusal)) => Kind::Refused(refusal.kind, refusal.words.clone()),
            Refusal::Create(CreateError::Unavailable { retry_after }) => Kind::Unavailable(*retry_after),
            Refusal::Create(CreateError::Failed { status }) => Kind::Failed(*status),
            Refusal::Create(CreateError::Misconfigured { status }) => Kind::Misconfigured(*status),
            Refusal::Create(CreateError::Unanswered | CreateError::Unreadable(_) | CreateError::ClaimLost)
            | Refusal::Admit(_)
            | Refusal::Fields(_)
            | Refusal::Clear(ClearReason::Challenge(_)) => return None,
        };
        serde_json::to_vec(&Shared { refusal, pass: self.pass.clone() }).ok()
    }

    /// What [`Refused::to_shared`] made.
    #[must_use]
    pub fn from_shared(bytes: &[u8]) -> Option<Self> {
        let Shared { refusal, pass } = serde_json::from_slice(bytes).ok()?;
        let refusal = match refusal {
            Kind::Doubted(suggestion) => {
                Refusal::Doubted(suggestion.and_then(|suggestion| Email::parse(&suggestion).ok()))
            }
            Kind::AccountExists => Refusal::AccountExists,
            Kind::Limited(limited) => Refusal::Clear(ClearReason::Limited(limited)),
            Kind::Refused(kind, words) => Refusal::Create(CreateError::Refused(UpstreamRefusal { kind, words })),
            Kind::Unavailable(retry_after) => Refusal::Create(CreateError::Unavailable { retry_after }),
            Kind::Failed(status) => Refusal::Create(CreateError::Failed { status }),
            Kind::Misconfigured(status) => Refusal::Create(CreateError::Misconfigured { status }),
        };
        Some(Self { refusal, pass })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Quota;
    use crate::store::Scope;

    #[test]
    fn every_shared_refusal_comes_back_as_it_was() {
        let quota = Quota { burst: std::num::NonZeroU32::MIN, period: Duration::from_secs(9) };
        let limited = Limited { scope: Scope::Email, retry_after: Duration::from_secs(9), quota };
        let refused = |kind| CreateError::Refused(UpstreamRefusal { kind, words: "no".to_owned() });
        for refusal in [
            Refusal::Doubted(Email::parse("jan@acme.example").ok()),
            Refusal::Doubted(None),
            Refusal::AccountExists,
            Refusal::Clear(ClearReason::Limited(limited)),
            Refusal::Create(refused(RefusalKind::UsernameTaken)),
            Refusal::Create(refused(RefusalKind::Other)),
            Refusal::Create(CreateError::Unavailable { retry_after: Duration::from_secs(7) }),
            Refusal::Create(CreateError::Failed { status: 500 }),
            Refusal::Create(CreateError::Misconfigured { status: 401 }),
        ] {
            let sent = Refused { refusal, pass: Some("pass".to_owned()) };
            let came = Refused::from_shared(&sent.to_shared().unwrap()).unwrap();
            assert_eq!(came.pass.as_deref(), Some("pass"));
            assert_eq!(came.refusal.status(), sent.refusal.status());
            assert_eq!(came.refusal.retry_after(), sent.refusal.retry_after());
            assert!(came.refusal.notice(false) == sent.refusal.notice(false));
            assert_eq!(came.to_shared(), sent.to_shared());
        }
    }

    #[test]
    fn what_may_have_created_something_is_never_shared_as_a_refusal() {
        for refusal in [Refusal::Create(CreateError::Unanswered), Refusal::Create(CreateError::ClaimLost)] {
            assert!(Refused { refusal, pass: None }.to_shared().is_none());
        }
        assert!(Refused::from_shared(b"{}").is_none());
    }
}

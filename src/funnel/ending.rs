//! How a posted form ended: the names that the funnel, the metric and the log share.

/// Why a posted form created no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Fields were wrong.
    Invalid,
    /// The upstream doubted the address.
    Doubted,
    /// A budget was used up.
    Limited,
    /// The form was too old, or not ours.
    Expired,
    /// The form had an account under another address.
    Used,
    /// The honeypot was filled.
    Honeypot,
    /// The challenge was not met.
    TurnstileRefused,
    /// Turnstile could not be asked.
    TurnstileUnavailable,
    /// The upstream refused: the username is somebody else's.
    UsernameTaken,
    /// The upstream refused: the address has an account.
    EmailExists,
    /// The upstream refused the address.
    EmailRefused,
    /// The upstream refused the password.
    PasswordRefused,
    /// The upstream refused: the prepared account exists already.
    AccountExists,
    /// The upstream refused for another reason.
    OtherRefusal,
    /// Whether an account was created is unknown, after a wait.
    UpstreamTimeout,
    /// The upstream could not create it.
    UpstreamUnavailable,
    /// We failed.
    Failed,
}

/// What the labels of the upstream's refusals begin with, which are one outcome.
const REFUSED: &str = "refused_";

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; 17] = [
        Self::Invalid,
        Self::Doubted,
        Self::Limited,
        Self::Expired,
        Self::Used,
        Self::Honeypot,
        Self::TurnstileRefused,
        Self::TurnstileUnavailable,
        Self::UsernameTaken,
        Self::EmailExists,
        Self::EmailRefused,
        Self::PasswordRefused,
        Self::AccountExists,
        Self::OtherRefusal,
        Self::UpstreamTimeout,
        Self::UpstreamUnavailable,
        Self::Failed,
    ];

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Doubted => "doubted",
            Self::Limited => "limited",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Honeypot => "honeypot",
            Self::TurnstileRefused => "turnstile_refused",
            Self::TurnstileUnavailable => "turnstile_unavailable",
            Self::UsernameTaken => "refused_username_taken",
            Self::EmailExists => "refused_email_exists",
            Self::EmailRefused => "refused_email_refused",
            Self::PasswordRefused => "refused_password_refused",
            Self::AccountExists => "refused_account_exists",
            Self::OtherRefusal => "refused_other",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::Failed => "failed",
        }
    }
}

/// How a posted form ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an account.
    Created,
    /// With the answer that the same form has had already.
    Duplicate,
    /// Without an account.
    Stopped(Reason),
}

impl Ending {
    /// The label of `signup_submissions_total` (contract 9).
    #[must_use]
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Duplicate => "duplicate",
            Self::Stopped(_) if self.refusal().is_some() => "refused",
            Self::Stopped(reason) => reason.label(),
        }
    }

    /// What the upstream refused, for the log: too fine for a label of the metric.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Stopped(reason) => reason.label().strip_prefix(REFUSED),
            Self::Created | Self::Duplicate => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_endings_share_a_name_and_the_upstreams_refusals_are_one_outcome() {
        let labels: HashSet<_> = Reason::ALL.into_iter().map(Reason::label).collect();
        assert_eq!(labels.len(), Reason::ALL.len());
        assert!(!labels.contains(Ending::Created.outcome()) && !labels.contains(Ending::Duplicate.outcome()));
        let taken = Ending::Stopped(Reason::UsernameTaken);
        assert_eq!((taken.outcome(), taken.refusal()), ("refused", Some("username_taken")));
        let limited = Ending::Stopped(Reason::Limited);
        assert_eq!((limited.outcome(), limited.refusal()), ("limited", None));
    }
}

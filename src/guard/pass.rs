//! The proof of a solved challenge, so that nobody solves one twice for the same form.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::submission_id::SubmissionId;
use crate::domain::tenant::TenantId;
use crate::seal::{Keyring, Purpose, SealError, unix_seconds};
use crate::signup::Flow;

/// How long a pass is good: time to correct a form, not to sell it.
pub const MAX_AGE: Duration = Duration::from_mins(20);

/// A challenge that was solved for one form.
#[derive(Serialize, Deserialize)]
pub struct Pass {
    #[serde(rename = "i")]
    issued: u64,
    /// The token, where the upstream wants it too.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none", default)]
    token: Option<String>,
}

/// The form that a pass is good for.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Which.
    pub flow: &'a Flow,
    /// The very one.
    pub id: &'a SubmissionId,
}

impl Pass {
    /// A pass issued at `now`.
    #[must_use]
    pub fn new(now: SystemTime, token: Option<String>) -> Self {
        Self { issued: unix_seconds(now), token }
    }

    /// The token to send upstream again.
    #[must_use]
    pub fn into_token(self) -> Option<String> {
        self.token
    }

    /// Seals it for one form.
    ///
    /// # Errors
    /// [`SealError`] when the system gives no randomness.
    pub fn seal(&self, keyring: &Keyring, form: Form<'_>) -> Result<String, SealError> {
        let plain = serde_json::to_vec(self).map_err(|_never| SealError::Cipher)?;
        keyring.seal(Purpose::Pass, &[form.tenant.as_str(), form.flow.slug, &form.id.name()], &plain)
    }

    /// Opens a pass of the same form that is not older than [`MAX_AGE`].
    #[must_use]
    pub fn open(sealed: &str, keyring: &Keyring, form: Form<'_>, now: SystemTime) -> Option<Self> {
        let plain = keyring.open(Purpose::Pass, &[form.tenant.as_str(), form.flow.slug, &form.id.name()], sealed)?;
        let pass: Self = serde_json::from_slice(&plain).ok()?;
        (unix_seconds(now) <= pass.issued.saturating_add(MAX_AGE.as_secs())).then_some(pass)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::signup::flows::FLOWS;

    #[test]
    fn a_pass_is_good_for_its_own_form_alone_and_not_for_long() {
        let keyring = Keyring::new(&[SecretString::from("k")]).unwrap();
        let (acme, globex) = (TenantId::parse("acme").unwrap(), TenantId::parse("globex").unwrap());
        let (flow, other_flow) = (FLOWS[0], FLOWS[1]);
        let now = SystemTime::now();
        let (id, other_id) = (SubmissionId::issue(now).unwrap(), SubmissionId::issue(now).unwrap());
        let form = Form { tenant: &acme, flow, id: &id };
        let sealed = Pass::new(now, Some("token".to_owned())).seal(&keyring, form).unwrap();

        let open = |form, now| Pass::open(&sealed, &keyring, form, now);
        assert_eq!(open(form, now + MAX_AGE).unwrap().into_token().as_deref(), Some("token"));
        assert!(open(Form { tenant: &globex, ..form }, now).is_none(), "another tenant");
        assert!(open(Form { flow: other_flow, ..form }, now).is_none(), "another flow");
        assert!(open(Form { id: &other_id, ..form }, now).is_none(), "another form");
        assert!(open(form, now + MAX_AGE + Duration::from_secs(1)).is_none(), "too late");
    }
}

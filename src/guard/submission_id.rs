//! The signed name of one rendered form.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::tenant::TenantId;
use crate::seal::{Keyring, Purpose, SIGNATURE_BYTES, SealError, random, unix_seconds};
use crate::signup::Flow;
use crate::store::AttemptKey;

/// How long a form may be filled in (contract 4).
pub const MAX_AGE: Duration = Duration::from_hours(2);
/// How far another replica's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

const NAME_BYTES: usize = 16;
const TIME_BYTES: usize = 8;

/// A random name with the second it was issued; its text is signed for one tenant and flow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SubmissionId {
    name: [u8; NAME_BYTES],
    issued: u64,
}

/// Why a form is not taken: all are one to the visitor, who gets a fresh form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionIdError {
    /// Older than [`MAX_AGE`].
    #[error("the form has expired")]
    Expired,
    /// Not signed by us for this tenant and flow.
    #[error("the form is not one of ours")]
    Forged,
}

impl SubmissionId {
    /// A new name, issued at `now`.
    ///
    /// # Errors
    /// [`SealError`] when the system gives no randomness.
    pub fn issue(now: SystemTime) -> Result<Self, SealError> {
        Ok(Self { name: random()?, issued: unix_seconds(now) })
    }

    /// The signed text for a hidden input.
    #[must_use]
    pub fn sign(&self, keyring: &Keyring, tenant: &TenantId, flow: &Flow) -> String {
        let mut bytes = Vec::with_capacity(NAME_BYTES + TIME_BYTES + SIGNATURE_BYTES);
        bytes.extend_from_slice(&self.name);
        bytes.extend_from_slice(&self.issued.to_be_bytes());
        let signature = keyring.sign(Purpose::SubmissionId, &signed(&bytes, tenant, flow));
        bytes.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text that [`SubmissionId::sign`] made for this tenant and flow, not older than [`MAX_AGE`].
    ///
    /// # Errors
    /// [`SubmissionIdError`].
    pub fn verify(
        text: &str,
        keyring: &Keyring,
        tenant: &TenantId,
        flow: &Flow,
        now: SystemTime,
    ) -> Result<Self, SubmissionIdError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| SubmissionIdError::Forged)?;
        let (body, signature) = bytes.split_at_checked(NAME_BYTES + TIME_BYTES).ok_or(SubmissionIdError::Forged)?;
        if !keyring.verify(Purpose::SubmissionId, &signed(body, tenant, flow), signature) {
            return Err(SubmissionIdError::Forged);
        }
        let (name, issued) = body.split_at_checked(NAME_BYTES).ok_or(SubmissionIdError::Forged)?;
        let name = name.try_into().map_err(|_wrong_length| SubmissionIdError::Forged)?;
        let issued = issued.try_into().map(u64::from_be_bytes).map_err(|_wrong_length| SubmissionIdError::Forged)?;
        let now = unix_seconds(now);
        if now > issued.saturating_add(MAX_AGE.as_secs()) {
            return Err(SubmissionIdError::Expired);
        }
        if issued > now.saturating_add(CLOCK_SKEW.as_secs()) {
            return Err(SubmissionIdError::Forged);
        }
        Ok(Self { name, issued })
    }

    /// The name in URL-safe base64: for seals and stores, never for logs.
    #[must_use]
    pub fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.name)
    }

    /// The record's key in a store.
    #[must_use]
    pub fn attempt_key(&self, tenant: &TenantId) -> AttemptKey {
        AttemptKey(format!("{tenant}:{}", self.name()).into())
    }
}

fn signed<'a>(body: &'a [u8], tenant: &'a TenantId, flow: &'a Flow) -> [&'a [u8]; 3] {
    [body, tenant.as_str().as_bytes(), flow.slug.as_bytes()]
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::signup::flows::FLOWS;

    #[test]
    fn an_id_is_good_for_its_tenant_and_flow_for_two_hours() {
        let keyring = Keyring::new(&[SecretString::from("k")]).unwrap();
        let (acme, globex) = (TenantId::parse("acme").unwrap(), TenantId::parse("globex").unwrap());
        let (flow, other) = (FLOWS[0], FLOWS[1]);
        let issued = SystemTime::now();
        let id = SubmissionId::issue(issued).unwrap();
        let text = id.sign(&keyring, &acme, flow);
        let verify = |text: &str, tenant, flow, now| SubmissionId::verify(text, &keyring, tenant, flow, now);

        assert!(verify(&text, &acme, flow, issued).is_ok_and(|read| read == id));
        assert!(verify(&text, &acme, flow, issued + MAX_AGE).is_ok());
        let one_more = Duration::from_secs(1);
        let late = issued + MAX_AGE + one_more;
        for (name, outcome, expected) in [
            ("too old", verify(&text, &acme, flow, late), SubmissionIdError::Expired),
            ("another tenant", verify(&text, &globex, flow, issued), SubmissionIdError::Forged),
            ("another flow", verify(&text, &acme, other, issued), SubmissionIdError::Forged),
            ("cut", verify(text.split_at(1).1, &acme, flow, issued), SubmissionIdError::Forged),
            ("empty", verify("", &acme, flow, issued), SubmissionIdError::Forged),
            ("not base64", verify("!!", &acme, flow, issued), SubmissionIdError::Forged),
            ("from the future", verify(&text, &acme, flow, issued - CLOCK_SKEW - one_more), SubmissionIdError::Forged),
        ] {
            assert_eq!(outcome.err(), Some(expected), "{name}");
        }
    }
}

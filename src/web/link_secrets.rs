//! Secrets in a link (contract 7): sealed at once, so that no script, log, history or `Referer` sees them again.

use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::tenant::TenantId;
use crate::guard::submission_id;
use crate::seal::{Keyring, Purpose, SealError, unix_seconds};
use crate::signup::link::first;
use crate::signup::{LinkSecrets, Prefilled};

/// The query parameter and the hidden input that stand for the secrets.
pub const PARAMETER: &str = "ctx";
/// How long a link opens the page.
pub const PAGE_AGE: Duration = Duration::from_mins(15);
/// The longest secret that is carried, in bytes.
const MAX_SECRET_BYTES: usize = 2_048;

/// The parameters that are secrets.
pub const NAMES: [&str; 3] = ["activationCode", "activationToken", "sessionId"];

/// Where sealed secrets were found, which says how long they are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In a link: [`PAGE_AGE`].
    InLink,
    /// In a posted form: as long as its submission id.
    InForm,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "i")]
    issued: u64,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    activation_code: Option<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    activation_token: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// Username and address of the account that the code named.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    prefilled: Option<(Option<String>, Option<String>)>,
}

/// A link without secrets in the open.
pub struct Clean {
    /// The query string, with the secrets sealed into `ctx`.
    pub query: String,
    /// Secrets that were dropped: empty, too long, repeated, or with control characters.
    pub dropped: usize,
}

/// Seals the secrets of a link; `None` when it has none.
///
/// # Errors
/// [`SealError`] when the system gives no randomness.
pub fn seal(
    query: &[(String, String)],
    keyring: &Keyring,
    tenant: &TenantId,
    now: SystemTime,
) -> Result<Option<Clean>, SealError> {
    let found = query.iter().filter(|(name, _)| NAMES.contains(&name.as_str())).count();
    if found == 0 {
        return Ok(None);
    }
    let secret = |name| {
        first(query, name)
            .filter(|text| !text.is_empty() && text.len() <= MAX_SECRET_BYTES && !text.chars().any(char::is_control))
            .map(str::to_owned)
    };
    let sealed = Sealed {
        issued: unix_seconds(now),
        activation_code: secret("activationCode"),
        activation_token: secret("activationToken"),
        session_id: secret("sessionId"),
        prefilled: None,
    };
    let mut rest = form_urlencoded::Serializer::new(String::new());
    rest.extend_pairs(query.iter().filter(|(name, _)| name != PARAMETER && !NAMES.contains(&name.as_str())));
    let carried = [&sealed.activation_code, &sealed.activation_token, &sealed.session_id].into_iter().flatten().count();
    if carried > 0 {
        let plain = serde_json::to_vec(&sealed).map_err(|_never| SealError::Cipher)?;
        rest.append_pair(PARAMETER, &keyring.seal(Purpose::LinkSecrets, &[tenant.as_str()], &plain)?);
    }
    Ok(Some(Clean { query: rest.finish(), dropped: found - carried }))
}

/// The secrets that `ctx` stands for; `None` when it is forged, another tenant's, or too old.
#[must_use]
pub fn open(sealed: &str, found: Found, keyring: &Keyring, tenant: &TenantId, now: SystemTime) -> Option<LinkSecrets> {
    let plain = keyring.open(Purpose::LinkSecrets, &[tenant.as_str()], sealed)?;
    let secrets: Sealed = serde_json::from_slice(&plain).ok()?;
    let age = match found {
        Found::InLink => PAGE_AGE,
        Found::InForm => PAGE_AGE + submission_id::MAX_AGE,
    };
    (unix_seconds(now) <= secrets.issued.saturating_add(age.as_secs())).then(|| LinkSecrets {
        activation_code: secrets.activation_code.map(SecretString::from),
        activation_token: secrets.activation_token.map(SecretString::from),
        session_id: secrets.session_id.map(SecretString::from),
        identity_provider: None,
        prefilled: secrets.prefilled.map(|(username, email)| Prefilled { username, email }),
    })
}

/// Seals secrets anew for a form, with what the form was filled with.
///
/// # Errors
/// [`SealError`] when the system gives no randomness.
pub fn seal_for_form(
    secrets: &LinkSecrets,
    keyring: &Keyring,
    tenant: &TenantId,
    now: SystemTime,
) -> Result<String, SealError> {
    let text = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let sealed = Sealed {
        issued: unix_seconds(now),
        activation_code: text(&secrets.activation_code),
        activation_token: text(&secrets.activation_token),
        session_id: text(&secrets.session_id),
        prefilled: secrets.prefilled.clone().map(|prefilled| (prefilled.username, prefilled.email)),
    };
    let plain = serde_json::to_vec(&sealed).map_err(|_never| SealError::Cipher)?;
    keyring.seal(Purpose::LinkSecrets, &[tenant.as_str()], &plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    #[test]
    fn secrets_leave_the_query_and_open_for_their_tenant_and_time_alone() {
        let keyring = Keyring::new(&[SecretString::from("k")]).unwrap();
        let (acme, globex) = (TenantId::parse("acme").unwrap(), TenantId::parse("globex").unwrap());
        let now = SystemTime::now();
        let query = "utm_source=a&activationCode=welcome&activationToken=tok&sessionId=ses&lang=en";
        let Clean { query: sealed, dropped } = seal(&pairs(query), &keyring, &acme, now).unwrap().unwrap();
        assert_eq!(dropped, 0);
        assert!(sealed.starts_with("utm_source=a&lang=en&ctx="), "{sealed}");
        assert!(!sealed.contains("welcome") && !sealed.contains("tok&"));
        let ctx = sealed.rsplit_once("ctx=").unwrap().1;

        let open = |found, tenant, now| open(ctx, found, &keyring, tenant, now);
        let later = Duration::from_secs(1);
        assert!(
            open(Found::InLink, &acme, now + PAGE_AGE).is_some_and(|secrets| {
                secrets.activation_code.is_some_and(|code| code.expose_secret() == "welcome")
            })
        );
        assert!(open(Found::InLink, &acme, now + PAGE_AGE + later).is_none(), "a link is good for 15 minutes");
        assert!(open(Found::InForm, &acme, now + PAGE_AGE + later).is_some(), "a form for as long as its id");
        assert!(open(Found::InForm, &acme, now + PAGE_AGE + submission_id::MAX_AGE + later).is_none());
        assert!(open(Found::InLink, &globex, now).is_none(), "another tenant");
    }

    #[test]
    fn a_link_without_secrets_is_left_alone_and_odd_ones_go_and_are_counted() {
        let keyring = Keyring::new(&[SecretString::from("k")]).unwrap();
        let acme = TenantId::parse("acme").unwrap();
        let seal = |query: &str| seal(&pairs(query), &keyring, &acme, SystemTime::now()).unwrap();
        assert!(seal("utm_source=a").is_none());
        let long = "x".repeat(MAX_SECRET_BYTES + 1);
        for (row, query, kept, dropped) in [
            ("empty", "utm_source=a&activationCode=".to_owned(), "utm_source=a", 1),
            ("too long", format!("activationCode={long}"), "", 1),
            ("control characters", "sessionId=a%00b".to_owned(), "", 1),
            ("two of three", format!("activationCode=&activationToken={long}&sessionId=ses"), "ctx=", 2),
            ("repeated", "sessionId=a&sessionId=b".to_owned(), "ctx=", 1),
        ] {
            let clean = seal(&query).unwrap();
            assert!(clean.query.starts_with(kept) && !clean.query.contains(&long), "{row}: {}", clean.query);
            assert_eq!((clean.query.contains("ctx="), clean.dropped), (kept == "ctx=", dropped), "{row}");
        }
    }
}

//! What we hand to a browser or a shared store and want back unchanged: sealed (encrypted) or signed.
//!
//! One key a purpose, derived from `server.secret_key`, so that a text made for one purpose opens for no other.
//! Everything is bound to a context (tenant, flow, submission id …): opened in another context, it is a forgery.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Bytes of the random nonce before each sealed text.
const NONCE_BYTES: usize = 24;
/// Bytes of a signature: 128 bits are beyond guessing, and the id stays short.
pub const SIGNATURE_BYTES: usize = 16;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs submission ids.
    SubmissionId,
    /// Seals the proof of a solved challenge.
    Pass,
    /// Seals the secrets of a link.
    LinkSecrets,
    /// Seals the cookie that names an account.
    StatusCookie,
    /// Seals the stored answer of a settled submission.
    StoredAnswer,
    /// Hashes what limits count.
    LimitKey,
    /// Hashes e-mail addresses.
    EmailHash,
    /// Makes idempotency keys.
    IdempotencyKey,
}

impl Purpose {
    const ALL: [Self; 8] = [
        Self::SubmissionId,
        Self::Pass,
        Self::LinkSecrets,
        Self::StatusCookie,
        Self::StoredAnswer,
        Self::LimitKey,
        Self::EmailHash,
        Self::IdempotencyKey,
    ];

    /// Part of the derived key: never change one.
    fn label(self) -> &'static [u8] {
        match self {
            Self::SubmissionId => b"submission id v1",
            Self::Pass => b"pass v1",
            Self::LinkSecrets => b"link secrets v1",
            Self::StatusCookie => b"status cookie v1",
            Self::StoredAnswer => b"stored answer v1",
            Self::LimitKey => b"limit key v1",
            Self::EmailHash => b"email hash v1",
            Self::IdempotencyKey => b"idempotency key v1",
        }
    }
}

/// The keys of all replicas: the newest seals and signs, older ones still open and verify.
pub struct Keyring(Vec<DerivedKeys>);

struct DerivedKeys([Hmac<Sha256>; Purpose::ALL.len()], [XChaCha20Poly1305; Purpose::ALL.len()]);

/// Why nothing can be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A keyring needs at least one key.
    #[error("there is no secret key")]
    NoKey,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
    /// The cipher refused, which happens only beyond its size limit.
    #[error("the text cannot be encrypted")]
    Cipher,
}

impl Keyring {
    /// Derives the keys of every purpose from the secrets, newest first.
    ///
    /// # Errors
    /// [`SealError::NoKey`] when there is none.
    pub fn new(secrets: &[SecretString]) -> Result<Self, SealError> {
        let keys: Vec<_> =
            secrets.iter().map(|secret| DerivedKeys::derive(secret.expose_secret().as_bytes())).collect();
        if keys.is_empty() { Err(SealError::NoKey) } else { Ok(Self(keys)) }
    }

    /// Encrypts and authenticates; URL-safe base64.
    ///
    /// # Errors
    /// [`SealError`] when the system gives no randomness.
    pub fn seal(&self, purpose: Purpose, context: &[&str], plain: &[u8]) -> Result<String, SealError> {
        let mut sealed = random::<NONCE_BYTES>()?.to_vec();
        let nonce = XNonce::try_from(sealed.as_slice()).map_err(|_wrong_length| SealError::Cipher)?;
        let newest = self.0.first().ok_or(SealError::NoKey)?;
        let aad = join(context);
        let text = newest
            .cipher(purpose)
            .encrypt(&nonce, Payload { msg: plain, aad: &aad })
            .map_err(|_too_long| SealError::Cipher)?;
        sealed.extend_from_slice(&text);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The plain text of what [`Keyring::seal`] made for the same purpose and context; `None` for anything else.
    #[must_use]
    pub fn open(&self, purpose: Purpose, context: &[&str], sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let aad = join(context);
        self.0.iter().find_map(|keys| keys.cipher(purpose).decrypt(&nonce, Payload { msg: text, aad: &aad }).ok())
    }

    /// A keyed hash under the newest key.
    #[must_use]
    pub fn hash(&self, purpose: Purpose, context: &[&[u8]]) -> [u8; 32] {
        self.0.first().map_or([0; 32], |keys| keys.hash(purpose, context))
    }

    /// The first [`SIGNATURE_BYTES`] of a keyed hash under the newest key.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, context: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        shorten(self.hash(purpose, context))
    }

    /// Whether any key signed so, in constant time.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, context: &[&[u8]], signature: &[u8]) -> bool {
        self.0.iter().any(|keys| shorten(keys.hash(purpose, context)).ct_eq(signature).into())
    }
}

impl DerivedKeys {
    fn derive(secret: &[u8]) -> Self {
        let key = |purpose: Purpose, use_: &[u8]| {
            let mut mac = keyed(secret);
            mac.update(use_);
            mac.update(purpose.label());
            mac.finalize().into_bytes()
        };
        Self(
            Purpose::ALL.map(|purpose| keyed(&key(purpose, b"sign "))),
            Purpose::ALL.map(|purpose| XChaCha20Poly1305::new(&key(purpose, b"seal "))),
        )
    }

    fn hash(&self, purpose: Purpose, context: &[&[u8]]) -> [u8; 32] {
        // The array holds one entry for each purpose, in the order of the enum.
        let mut mac = self.0.get(purpose as usize).unwrap_or(&self.0[0]).clone();
        for part in context {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self, purpose: Purpose) -> &XChaCha20Poly1305 {
        self.1.get(purpose as usize).unwrap_or(&self.1[0])
    }
}

/// HMAC takes a key of any length, so this cannot fail; an empty key would be refused by the settings.
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).unwrap_or_else(|_never| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

fn shorten(hash: [u8; 32]) -> [u8; SIGNATURE_BYTES] {
    let mut short = [0; SIGNATURE_BYTES];
    short.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    short
}

/// Parts with their lengths, so that `["a", "bc"]` is not `["ab", "c"]`.
fn join(context: &[&str]) -> Vec<u8> {
    context.iter().flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes())).collect()
}

thread_local! {
    static GENERATOR: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// Random bytes from a cryptographic generator (`ChaCha12`) of this thread, which the system seeds: a page takes several,
/// and a system call each would cost more than all else about them.
///
/// # Errors
/// [`SealError::NoRandomness`] when the system gives no seed.
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    GENERATOR.with_borrow_mut(|generator| {
        let generator = match generator {
            Some(generator) => generator,
            None => generator.insert(StdRng::try_from_os_rng().map_err(|_unavailable| SealError::NoRandomness)?),
        };
        let mut bytes = [0; N];
        generator.fill_bytes(&mut bytes);
        Ok(bytes)
    })
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

/// A time as what we seal or sign carries it: whole seconds since 1970; earlier ones count as 0.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyring(secrets: &[&str]) -> Keyring {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Keyring::new(&secrets).unwrap()
    }

    #[test]
    fn purposes_have_a_key_each() {
        let keys = keyring(&["k"]);
        let hashes: std::collections::HashSet<_> = Purpose::ALL.map(|purpose| keys.hash(purpose, &[b"x"])).into();
        assert_eq!(hashes.len(), Purpose::ALL.len());
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index);
        }
    }

    #[test]
    fn a_sealed_text_opens_only_for_its_purpose_context_and_key() {
        let keys = keyring(&["new"]);
        let sealed = keys.seal(Purpose::Pass, &["acme", "pro"], b"proof").unwrap();
        assert_eq!(keys.open(Purpose::Pass, &["acme", "pro"], &sealed).as_deref(), Some(&b"proof"[..]));
        assert_eq!(keys.open(Purpose::StatusCookie, &["acme", "pro"], &sealed), None);
        assert_eq!(keys.open(Purpose::Pass, &["globex", "pro"], &sealed), None);
        assert_eq!(keys.open(Purpose::Pass, &["acmep", "ro"], &sealed), None);
        assert_eq!(keyring(&["other"]).open(Purpose::Pass, &["acme", "pro"], &sealed), None);
    }

    #[test]
    fn an_older_key_still_opens_and_verifies_but_no_longer_seals() {
        let old = keyring(&["old"]);
        let rotated = keyring(&["new", "old"]);
        let sealed = old.seal(Purpose::Pass, &[], b"proof").unwrap();
        assert!(rotated.open(Purpose::Pass, &[], &sealed).is_some());
        assert!(rotated.verify(Purpose::SubmissionId, &[b"x"], &old.sign(Purpose::SubmissionId, &[b"x"])));
        let sealed = rotated.seal(Purpose::Pass, &[], b"proof").unwrap();
        assert!(old.open(Purpose::Pass, &[], &sealed).is_none());
    }

    #[test]
    fn refuses_to_work_without_a_key() {
        assert_eq!(Keyring::new(&[]).err(), Some(SealError::NoKey));
    }

    proptest! {
        #[test]
        fn a_changed_or_made_up_text_never_opens(text in "[A-Za-z0-9_-]{0,80}", flip in 0_usize..60) {
            let keys = keyring(&["k"]);
            prop_assert!(keys.open(Purpose::Pass, &[], &text).is_none());
            let sealed = keys.seal(Purpose::Pass, &[], b"0123456789").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let at = flip % bytes.len();
            bytes[at] ^= 1;
            prop_assert!(keys.open(Purpose::Pass, &[], &URL_SAFE_NO_PAD.encode(bytes)).is_none());
        }
    }
}

//! The headers of every answer (contract 3), prepared once for each tenant; only the nonce is new each time.

use actix_web::http::header::TryIntoHeaderValue as _;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue};
use actix_web_lab::header::StrictTransportSecurity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use url::Url;

use crate::domain::origins::WebOrigin;
use crate::seal::{SealError, random};

/// Two years: ASVS 3.4.1 asks for one.
const HSTS_SECONDS: u64 = 63_072_000;

/// Powerful features no page of ours uses.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    // `no-referrer` would make browsers post our own form with `Origin: null`.
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", PERMISSIONS),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

/// A tenant's headers.
pub struct SecurityHeaders {
    before_nonce: String,
    after_nonce: String,
    /// The same in every answer.
    fixed: Vec<(HeaderName, HeaderValue)>,
}

/// A value used once: the scripts and styles of one answer.
#[derive(Clone)]
pub struct Nonce(String);

impl Nonce {
    /// 128 random bits.
    ///
    /// # Errors
    /// [`SealError`] when the system gives no randomness.
    pub fn new() -> Result<Self, SealError> {
        Ok(Self(STANDARD_NO_PAD.encode(random::<16>()?)))
    }

    /// The text of the `nonce` attribute.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SecurityHeaders {
    /// The headers of a tenant whose widget script and forms lead to the given places.
    #[must_use]
    pub fn new<'a>(
        public_url: &WebOrigin,
        challenge_script: &Url,
        form_targets: impl Iterator<Item = &'a WebOrigin>,
    ) -> Self {
        let frames = WebOrigin::of(challenge_script).map_or_else(|| "'none'".to_owned(), |origin| origin.to_string());
        let mut targets: Vec<&str> = form_targets.map(WebOrigin::as_str).collect();
        targets.sort_unstable();
        targets.dedup();
        let targets: String = targets.iter().flat_map(|target| [" ", target]).collect();
        let hsts = public_url
            .is_https()
            .then(|| StrictTransportSecurity::new(std::time::Duration::from_secs(HSTS_SECONDS)).try_into_value().ok())
            .flatten();
        let fixed = FIXED.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let hsts = hsts.map(|hsts| (HeaderName::from_static("strict-transport-security"), hsts));
        Self {
            before_nonce: "default-src 'none'; script-src 'strict-dynamic' 'nonce-".to_owned(),
            after_nonce: format!(
                "; img-src 'self'; connect-src 'self'; frame-src {frames}; form-action 'self'{targets}; \
                 base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
            ),
            fixed: fixed.into_iter().chain(hsts).collect(),
        }
    }

    /// The policy with a nonce.
    #[must_use]
    pub fn content_security_policy(&self, nonce: &Nonce) -> String {
        [&self.before_nonce, nonce.as_str(), "'; style-src 'self' 'nonce-", nonce.as_str(), "'", &self.after_nonce]
            .concat()
    }

    /// Puts them all on an answer.
    pub fn write(&self, headers: &mut HeaderMap, nonce: &Nonce) {
        if let Ok(policy) = HeaderValue::try_from(self.content_security_policy(nonce)) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in &self.fixed {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// The headers that are the same on every listener.
pub fn write_fixed(headers: &mut HeaderMap) {
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

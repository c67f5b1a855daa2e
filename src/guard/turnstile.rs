//! Cloudflare Turnstile: whether a token proves a solved challenge
//! (Cloudflare's documentation, "Validate the token", and contract 5).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::histogram;
use reqwest::{Client, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use url::Url;
use uuid::Builder;

use crate::domain::client::ClientAddress;
use crate::http::{is_json, read_body};
use crate::seal::random;
use crate::step::{self, step};

/// The longest token Cloudflare makes; anything longer is not worth a call.
pub const MAX_TOKEN_BYTES: usize = 2_048;
/// How long a token is good, and how old a solved challenge may be.
const MAX_CHALLENGE_AGE: time::Duration = time::Duration::seconds(300);
/// How far Cloudflare's clock may be ahead of ours.
const CLOCK_SKEW: time::Duration = time::Duration::seconds(60);
/// How long an outage counts that nobody has seen end.
const OUTAGE_MEMORY: Duration = Duration::from_mins(1);

/// Asks siteverify for one tenant.
pub struct Siteverify {
    client: Client,
    url: Url,
    secret: SecretString,
    hostnames: Vec<String>,
    timeout: Duration,
    /// When the last question failed, if it did.
    failed: Mutex<Option<Instant>>,
}

/// Why a visitor did not prove to be human.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The token is no proof: solve the challenge again.
    #[error("the challenge was not passed: {}", .0.label())]
    Refused(ChallengeRefusal),
    /// Nobody could say: our or Cloudflare's fault.
    #[error("the challenge could not be verified: {}", .0.label())]
    Unavailable(ChallengeOutage),
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeRefusal {
    /// None came, which is what a visitor without script has.
    Missing,
    /// Longer than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// The token for the upstream's own widget is missing or too long.
    UpstreamToken,
    /// Spent already, or older than five minutes.
    Stale,
    /// Made for another host.
    Hostname,
    /// Made for another form.
    Action,
    /// Cloudflare says no.
    Invalid,
}

/// Why siteverify did not answer the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeOutage {
    /// Our secret is missing or wrong.
    Secret,
    /// No answer in time, or none at all.
    Silence,
    /// An answer that is not what is documented.
    Nonsense,
}

impl ChallengeRefusal {
    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too_long",
            Self::UpstreamToken => "upstream_token",
            Self::Stale => "stale",
            Self::Hostname => "hostname",
            Self::Action => "action",
            Self::Invalid => "invalid",
        }
    }
}

impl ChallengeOutage {
    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Silence => "silence",
            Self::Nonsense => "nonsense",
        }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    secret: &'a str,
    response: &'a str,
    remoteip: String,
    idempotency_key: &'a str,
}

/// The answer, as far as it matters. What is absent or of another type proves nothing, and whatever else is among the
/// codes is one that we do not know.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    success: Json,
    #[serde(rename = "error-codes")]
    error_codes: Json,
    hostname: Json,
    action: Json,
    challenge_ts: Json,
}

impl Siteverify {
    /// A verifier for one tenant's widget.
    #[must_use]
    pub fn new(client: Client, url: Url, secret: SecretString, hostnames: Vec<String>, timeout: Duration) -> Self {
        Self { client, url, secret, hostnames, timeout, failed: Mutex::new(None) }
    }

    /// Spends a token: `Ok` when it proves a challenge solved on our host, for this action, within five minutes.
    ///
    /// # Errors
    /// [`ChallengeError`]; a token that cannot be one makes no call.
    pub async fn verify(&self, token: &str, action: &str, client: ClientAddress) -> Result<(), ChallengeError> {
        if token.is_empty() {
            return Err(ChallengeError::Refused(ChallengeRefusal::Missing));
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(ChallengeError::Refused(ChallengeRefusal::TooLong));
        }
        let started = Instant::now();
        let asked = tokio::time::timeout(self.timeout, self.ask_twice(token, action, client));
        let asked = async { asked.await.unwrap_or(Err(ChallengeError::Unavailable(ChallengeOutage::Silence))) };
        let label = |outcome: &Result<(), ChallengeError>| match outcome {
            Ok(()) => "passed",
            Err(ChallengeError::Refused(_)) => "refused",
            Err(ChallengeError::Unavailable(_)) => "unavailable",
        };
        let outcome = step::run(step!("siteverify", client), asked, label).await;
        let label = label(&outcome);
        histogram!("signup_turnstile_duration_seconds", "outcome" => label).record(started.elapsed());
        let failed = matches!(outcome, Err(ChallengeError::Unavailable(_))).then(Instant::now);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
        match outcome {
            Err(ChallengeError::Unavailable(ChallengeOutage::Secret)) => tracing::error!(
                "Turnstile refuses our secret key: nobody can sign up until turnstile.secret_key is right"
            ),
            Err(ChallengeError::Unavailable(outage)) => {
                tracing::error!(outage = outage.label(), "Turnstile could not be asked");
            }
            _ => {}
        }
        outcome
    }

    /// Whether the last question failed, not long ago: what readiness says of Turnstile.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|since| since.elapsed() < OUTAGE_MEMORY)
    }

    /// One retry, after a transport failure or `internal-error`, with the same idempotency key: the token stays unspent
    /// or is spent once.
    async fn ask_twice(&self, token: &str, action: &str, client: ClientAddress) -> Result<(), ChallengeError> {
        let unavailable = ChallengeError::Unavailable;
        let random = random().map_err(|_no_randomness| unavailable(ChallengeOutage::Silence))?;
        let idempotency_key = Builder::from_random_bytes(random).into_uuid().to_string();
        let question = Question {
            secret: self.secret.expose_secret(),
            response: token,
            remoteip: client.ip().to_string(),
            idempotency_key: &idempotency_key,
        };
        let answer = match self.ask(&question).await {
            Ok(answer) if !answer.has("internal-error") => answer,
            Err(ChallengeOutage::Nonsense) => return Err(unavailable(ChallengeOutage::Nonsense)),
            Ok(_) | Err(_) => self.ask(&question).await.map_err(unavailable)?,
        };
        self.judge(&answer, action)
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Answer, ChallengeOutage> {
        let answered = self.client.post(self.url.clone()).form(question).send().await;
        Answer::of(answered.map_err(|_unreachable| ChallengeOutage::Silence)?).await
    }

    /// What one answer proves, for who asked it elsewhere: there is no second question.
    ///
    /// # Errors
    /// [`ChallengeError`] for everything but the proof of a challenge solved on our host, for this action, lately.
    pub async fn read_verdict(&self, response: Response, action: &str) -> Result<(), ChallengeError> {
        let answer = Answer::of(response).await.map_err(ChallengeError::Unavailable)?;
        self.judge(&answer, action)
    }

    fn judge(&self, answer: &Answer, action: &str) -> Result<(), ChallengeError> {
        if !answer.is_success() {
            return Err(answer.failure());
        }
        let refused = |reason| Err(ChallengeError::Refused(reason));
        let hostname = answer.hostname.as_str().unwrap_or_default();
        if !self.hostnames.iter().any(|ours| ours.eq_ignore_ascii_case(hostname)) {
            return refused(ChallengeRefusal::Hostname);
        }
        if answer.action.as_str() != Some(action) {
            return refused(ChallengeRefusal::Action);
        }
        let solved = answer.challenge_ts.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let age = solved.map(|solved| OffsetDateTime::now_utc() - solved);
        if age.is_none_or(|age| age > MAX_CHALLENGE_AGE || age < -CLOCK_SKEW) {
            return refused(ChallengeRefusal::Stale);
        }
        Ok(())
    }
}

impl Answer {
    async fn of(response: Response) -> Result<Self, ChallengeOutage> {
        if response.status() != reqwest::StatusCode::OK || !is_json(&response) {
            return Err(ChallengeOutage::Nonsense);
        }
        match read_body(response).await {
            Ok(body) => Self::read(&body).ok_or(ChallengeOutage::Nonsense),
            Err(crate::http::BodyError::Broken(_)) => Err(ChallengeOutage::Silence),
            Err(crate::http::BodyError::TooLarge) => Err(ChallengeOutage::Nonsense),
        }
    }

    /// `None` when it is not JSON. JSON of another shape is an answer that proves nothing (contract 5).
    fn read(body: &[u8]) -> Option<Self> {
        let is_json = || serde_json::from_slice::<Json>(body).is_ok();
        // A list would be read by the order of the fields.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let read = if is_object { serde_json::from_slice(body).ok() } else { None };
        read.or_else(|| is_json().then(Self::default))
    }

    fn is_success(&self) -> bool {
        self.success == true
    }

    fn has(&self, code: &str) -> bool {
        let given = self.error_codes.as_array();
        !self.is_success() && given.is_some_and(|codes| codes.iter().any(|given| given == code))
    }

    /// What each documented code means; an unknown one is a refusal.
    fn failure(&self) -> ChallengeError {
        let operators_fault =
            ["missing-input-secret", "invalid-input-secret", "invalid-parsed-secret", "invalid-widget-id"];
        if operators_fault.iter().any(|code| self.has(code)) {
            ChallengeError::Unavailable(ChallengeOutage::Secret)
        } else if self.has("internal-error") {
            ChallengeError::Unavailable(ChallengeOutage::Silence)
        } else if self.has("timeout-or-duplicate") {
            ChallengeError::Refused(ChallengeRefusal::Stale)
        } else {
            ChallengeError::Refused(ChallengeRefusal::Invalid)
        }
    }
}

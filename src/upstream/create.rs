//! A creation, at most once: retried only while nothing was sent, and never called a failure when it may have succeeded.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use metrics::{counter, histogram};
use reqwest::header::{CONNECTION, CONTENT_TYPE};
use reqwest::{Response, Version};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use super::payload::{OperatorTerms, Payload};
use super::refusal::Refusal;
use super::{Studio, Trace, retry_after};
use crate::causes::chain;
use crate::domain::origins::ReturnUrl;
use crate::guard::Cleared;
use crate::http::{BodyError, Stream, is_json, read_body};
use crate::signup::Flow;
use crate::step::{self, step};

/// The wait we ask for when the studio names none.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// An account was created.
#[derive(Clone, PartialEq, Eq)]
pub struct Created {
    /// Where the visitor goes.
    pub destination: Destination,
    /// The account, where the studio named it.
    pub user_id: Option<u64>,
}

/// Where a visitor goes after a sign-up.
#[derive(Clone, PartialEq, Eq)]
pub enum Destination {
    /// The studio's page, of an allowed origin.
    Return(ReturnUrl),
    /// Our own status page: the studio named none that may be followed.
    Status,
}

/// A creation that did not come to an account, as far as we know; with the pass of its challenge.
pub struct NotCreated {
    /// Why.
    pub reason: CreateError,
    /// The sealed proof of the challenge.
    pub pass: Option<String>,
}

/// Why a creation did not come to an account (contract 4, the second table).
#[derive(thiserror::Error)]
pub enum CreateError {
    /// The studio said no; the form may be corrected.
    #[error("the upstream refused: {}", .0.kind.label())]
    Refused(Refusal),
    /// Nothing was sent, or the studio is overloaded: try again.
    #[error("the upstream is unavailable")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// The studio failed and created nothing: try again.
    #[error("the upstream failed with status {status}")]
    Failed {
        /// Its status.
        status: u16,
    },
    /// The studio does not know us or the operation: the operator's fault.
    #[error("the upstream does not accept our requests: status {status}")]
    Misconfigured {
        /// Its status.
        status: u16,
    },
    /// Sent, and no answer: whether an account exists is unknown.
    #[error("the upstream did not answer")]
    Unanswered,
    /// Sent, and an answer that says nothing: whether an account exists is unknown.
    #[error("the upstream's answer says nothing: {}", .0.label())]
    Unreadable(Nonsense),
    /// Another replica took the form over: nothing was sent.
    #[error("the claim on the form was lost")]
    ClaimLost,
}

/// What kind of answer says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonsense {
    /// A proxy in front of the studio answered for it.
    Proxy,
    /// It is not JSON, or not ours.
    NotOurs,
    /// Larger than we read.
    TooLarge,
}

impl Nonsense {
    fn label(self) -> &'static str {
        match self {
            Self::Proxy => "a proxy answered",
            Self::NotOurs => "not our JSON",
            Self::TooLarge => "too large",
        }
    }
}

// By hand: the words of a refusal may name the visitor.
impl std::fmt::Debug for CreateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl CreateError {
    /// Whether an account may exist all the same.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unanswered | Self::Unreadable(_))
    }

    /// The label of the duration metric.
    fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unavailable { .. } | Self::ClaimLost => "unavailable",
            Self::Failed { .. } => "failed",
            Self::Misconfigured { .. } => "misconfigured",
            Self::Unanswered => "unanswered",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Whether the studio itself is in trouble, which the circuit counts.
    fn is_trouble(&self) -> bool {
        match self {
            Self::Unanswered
            | Self::Unavailable { .. }
            | Self::Failed { status: 500.. }
            | Self::Unreadable(Nonsense::Proxy) => true,
            Self::Refused(_)
            | Self::Failed { .. }
            | Self::Misconfigured { .. }
            | Self::Unreadable(_)
            | Self::ClaimLost => false,
        }
    }
}

/// The fields every answer has; the rest stays where it is.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    #[serde(default)]
    error: Option<Json>,
    #[serde(flatten)]
    rest: Map<String, Json>,
}

/// An answer that came to its end, or to the end of our patience with its size.
enum Body {
    Ours(Answer),
    NotOurs,
    TooLarge,
}

impl Studio {
    /// Creates the account of a cleared submission.
    ///
    /// # Errors
    /// [`NotCreated`]; see [`CreateError::is_unknown`] for whether the form may be sent again.
    pub async fn create(
        &self,
        cleared: Cleared<'_>,
        operator: &OperatorTerms,
        trace: &Trace,
    ) -> Result<Created, NotCreated> {
        let outcome = self.attempt(&cleared, operator, trace).await;
        outcome.map_err(|reason| NotCreated { reason, pass: cleared.pass() })
    }

    async fn attempt(
        &self,
        cleared: &Cleared<'_>,
        operator: &OperatorTerms,
        trace: &Trace,
    ) -> Result<Created, CreateError> {
        let unavailable = |retry_after| CreateError::Unavailable { retry_after };
        let permit = self.circuit.permit().map_err(|open| unavailable(open.retry_after))?;
        let _slot = self.in_flight.try_acquire().map_err(|_full| unavailable(DEFAULT_RETRY_AFTER))?;
        let flow = cleared.submission().flow();
        let payload = Payload::new(cleared.submission(), cleared.upstream_token(), operator, self.utm_format);
        let (stable, body) = payload.into_bytes();
        let key = URL_SAFE_NO_PAD.encode(cleared.idempotency_key(&stable));
        if !cleared.begin_sending().await {
            return Err(CreateError::ClaimLost);
        }
        let started = Instant::now();
        let mut stream = None;
        let sent = self.send(&mut stream, flow, &key, body, trace);
        // Over the whole call, and when it strikes we do not know what was sent: unknown.
        let sent = async {
            tokio::time::timeout(self.timeout, sent).await.unwrap_or_else(|_elapsed| {
                self.note_protocol(None);
                Err(CreateError::Unanswered)
            })
        };
        let label =
            |outcome: &Result<Created, CreateError>| outcome.as_ref().map_or_else(CreateError::label, |_| "created");
        let outcome = step::run(step!("create", client), sent, label).await;
        let label = label(&outcome);
        histogram!("signup_upstream_duration_seconds", "operation" => flow.slug, "outcome" => label)
            .record(started.elapsed());
        match &outcome {
            Err(_) if stream.is_some_and(|stream| stream.is_echo()) => drop(permit),
            Err(trouble) if trouble.is_trouble() => permit.failed(),
            _ => permit.answered(),
        }
        outcome
    }

    /// `stream` is the place on a shared connection that the request had last.
    async fn send(
        &self,
        stream: &mut Option<Stream>,
        flow: &Flow,
        key: &str,
        body: Bytes,
        trace: &Trace,
    ) -> Result<Created, CreateError> {
        let unavailable = CreateError::Unavailable { retry_after: DEFAULT_RETRY_AFTER };
        let Ok(shared) = self.stream() else { return Err(unavailable) };
        *stream = shared;
        let mut response = self.send_once(stream.as_ref(), flow, key, body.clone(), trace).await;
        // Nothing was sent: the one case in which a second try cannot create a second account.
        if response.as_ref().is_err_and(reqwest::Error::is_connect) {
            counter!("signup_upstream_retries_total").increment(1);
            // Leaves the connection that did not come about.
            drop(stream.take());
            let Ok(another) = self.stream() else { return Err(unavailable) };
            *stream = another;
            response = self.send_once(stream.as_ref(), flow, key, body, trace).await;
        }
        let response = response.map_err(|failure| {
            let failure = failure.without_url();
            tracing::warn!(error = %chain(&failure), "the upstream was not reached or broke off");
            stream.iter_mut().for_each(Stream::broke);
            if failure.is_connect() { unavailable } else { CreateError::Unanswered }
        })?;
        let version = response.version();
        let outcome = self.read_creation(flow, response).await;
        if let Some(stream) = stream {
            match outcome {
                Err(CreateError::Unanswered) => stream.broke(),
                _ if version == Version::HTTP_2 => stream.answered(),
                _ => {}
            }
        }
        outcome
    }

    async fn send_once(
        &self,
        stream: Option<&Stream>,
        flow: &Flow,
        key: &str,
        body: Bytes,
        trace: &Trace,
    ) -> Result<Response, reqwest::Error> {
        let url = self.url(flow.upstream_path);
        let client = stream.map_or(&self.clients.fresh, Stream::client);
        let request = client
            .post(url)
            // Over HTTP/1 it is the one request of its connection. Who closes first keeps the port for a minute: let it be
            // the studio, whose port is the same for all. HTTP/2 has no such header, and gets none.
            .header(CONNECTION, "close")
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("\"{key}\""))
            .body(body);
        let response = trace.attach(request).send().await;
        self.note_protocol(response.as_ref().ok().map(Response::version));
        response
    }

    /// What an answer to a creation means: the second table of contract 4.
    ///
    /// # Errors
    /// [`CreateError`] for everything but an account.
    pub async fn read_creation(&self, flow: &Flow, response: Response) -> Result<Created, CreateError> {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers()).unwrap_or(DEFAULT_RETRY_AFTER);
        // Whatever the status says: who breaks off in the middle of an answer may have died after creating the account.
        let answer = read_answer(response).await?;
        match (status, answer) {
            (429 | 503, _) => Err(CreateError::Unavailable { retry_after }),
            (401 | 403 | 404 | 405, _) => Err(CreateError::Misconfigured { status }),
            (502 | 504 | 520..=527, _) => Err(CreateError::Unreadable(Nonsense::Proxy)),
            (200..=299, Body::Ours(answer)) if answer.success => Ok(self.created(flow, &answer)),
            (200..=299 | 400..=499, Body::Ours(answer)) if !answer.success => Err(self.refused(&answer)),
            (200..=299, Body::TooLarge) => Err(CreateError::Unreadable(Nonsense::TooLarge)),
            (300..=599, _) => Err(CreateError::Failed { status }),
            // Success in other words, or no final status of HTTP: nobody knows what it means, so it does not mean "nothing
            // was created".
            _ => Err(CreateError::Unreadable(Nonsense::NotOurs)),
        }
    }

    fn refused(&self, answer: &Answer) -> CreateError {
        let words = answer.error.as_ref().and_then(Json::as_str).unwrap_or_default();
        CreateError::Refused(Refusal::read(words, &self.phrases))
    }

    fn created(&self, flow: &Flow, answer: &Answer) -> Created {
        let user_id = answer.rest.get(flow.user_id_field).and_then(Json::as_u64);
        let destination = match answer.rest.get("redirectUrl") {
            None | Some(Json::Null) => Destination::Status,
            Some(url) => match ReturnUrl::parse(url.as_str().unwrap_or_default(), &self.redirect.return_origins) {
                Ok(url) => Destination::Return(url),
                Err(reason) => {
                    tracing::error!(
                        reason = %reason,
                        "the upstream returned a redirectUrl that may not be followed: see redirect.return_origins"
                    );
                    Destination::Status
                }
            },
        };
        Created { destination, user_id }
    }
}

/// Reads an answer to its end; `Err` when it breaks off.
async fn read_answer(response: Response) -> Result<Body, CreateError> {
    let is_json = is_json(&response);
    match read_body(response).await {
        Ok(body) => {
            let answer = is_json.then(|| serde_json::from_slice(&body).ok()).flatten();
            Ok(answer.map_or(Body::NotOurs, Body::Ours))
        }
        Err(BodyError::Broken(_)) => Err(CreateError::Unanswered),
        Err(BodyError::TooLarge) => Ok(Body::TooLarge),
    }
}

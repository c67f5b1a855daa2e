//! The studio's JSON API: creations (at most once) and what we read of accounts.

pub mod account;
pub mod circuit;
pub mod create;
pub mod email_check;
pub mod payload;
pub mod refusal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Version};
use tokio::sync::Semaphore;
use url::Url;

use self::account::Credentials;
use self::circuit::Circuit;
use crate::domain::attribution::UtmFormat;
use crate::domain::client::ClientAddress;
use crate::domain::origins::RedirectPolicy;
use crate::http::{Clients, SharedConnections, Stream};
use crate::settings::{Http2, Phrases};
use crate::step::{self, TraceContext};

/// One tenant's studio.
pub struct Studio {
    clients: Clients,
    base_url: Url,
    timeout: Duration,
    circuit: Arc<Circuit>,
    http2: Http2,
    shared: SharedConnections,
    /// Whether the studio agreed to HTTP/2, and nothing has gone wrong since.
    agreed_to_http2: AtomicBool,
    max_in_flight: usize,
    in_flight: Arc<Semaphore>,
    phrases: Phrases,
    utm_format: UtmFormat,
    redirect: RedirectPolicy,
    validate_email: bool,
    credentials: Credentials,
    organization_id: Option<u64>,
}

/// No HTTP client can be built, as the log says.
struct NoClient;

/// What a studio is made of.
pub struct StudioParts {
    /// The process's clients.
    pub clients: Clients,
    /// The tenant's `upstream.*`.
    pub upstream: crate::settings::Upstream,
    /// How attribution looks in JSON.
    pub utm_format: UtmFormat,
    /// Where visitors may be sent.
    pub redirect: RedirectPolicy,
    /// The white-label organization that accounts are read through.
    pub organization_id: Option<u64>,
}

/// What travels with a call, beside its payload.
#[derive(Clone)]
pub struct Trace {
    /// Our request id, for both sides' logs.
    pub request_id: String,
    /// The `traceparent`, where no span of ours names the call.
    pub context: TraceContext,
    /// The visitor.
    pub client: ClientAddress,
}

impl Studio {
    /// A studio with a closed circuit.
    #[must_use]
    pub fn new(parts: StudioParts) -> Self {
        let StudioParts { clients, upstream, utm_format, redirect, organization_id } = parts;
        Self {
            shared: clients.shared_connections(),
            clients,
            circuit: Arc::new(Circuit::new(upstream.circuit_failures, upstream.circuit_open_for)),
            http2: upstream.http2,
            agreed_to_http2: AtomicBool::new(false),
            max_in_flight: upstream.max_in_flight,
            in_flight: Arc::new(Semaphore::new(upstream.max_in_flight.min(Semaphore::MAX_PERMITS))),
            base_url: upstream.base_url,
            timeout: upstream.timeout,
            phrases: upstream.phrases,
            utm_format,
            redirect,
            validate_email: upstream.validate_email,
            credentials: Credentials { jwt_token: upstream.jwt_token, api_key: upstream.api_key },
            organization_id,
        }
    }

    /// Goes on with the circuit and the calls in flight of the studio that this one replaces, where it is the same one
    /// under the same rules: a reload during an outage does not send everybody there again.
    #[must_use]
    pub fn in_place_of(mut self, before: &Self) -> Self {
        if self.base_url != before.base_url {
            return self;
        }
        if self.circuit.is_ruled_like(&before.circuit) {
            self.circuit = Arc::clone(&before.circuit);
        }
        if self.max_in_flight == before.max_in_flight {
            self.in_flight = Arc::clone(&before.in_flight);
        }
        self
    }

    /// Whether calls are refused because the studio kept failing.
    #[must_use]
    pub fn is_shut_off(&self) -> bool {
        self.circuit.is_open()
    }

    /// The value of `signup_upstream_circuit_state`.
    #[must_use]
    pub fn circuit_gauge(&self) -> f64 {
        self.circuit.gauge()
    }

    /// A stream of a shared connection, where creations have one.
    ///
    /// # Errors
    /// There should be one, and no client can be built.
    fn stream(&self) -> Result<Option<Stream>, NoClient> {
        let shares = match self.http2 {
            Http2::Auto => self.agreed_to_http2.load(Ordering::Relaxed),
            Http2::Off => false,
            Http2::PriorKnowledge => true,
        };
        if !shares {
            return Ok(None);
        }
        self.shared.stream().map(Some).ok_or(NoClient)
    }

    /// Takes down what a creation travelled by; `None` when it broke or went unanswered: then the next one asks anew.
    fn note_protocol(&self, version: Option<Version>) {
        let agreed = version == Some(Version::HTTP_2);
        let before = self.agreed_to_http2.swap(agreed, Ordering::Relaxed);
        if self.http2 != Http2::Auto || agreed == before {
            return;
        }
        if agreed {
            tracing::info!("the upstream speaks HTTP/2: creations share connections");
        } else {
            tracing::info!("creations have connections of their own until the upstream answers over HTTP/2 again");
        }
    }

    /// The URL of an operation: the path is appended, never resolved.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}{path}", self.base_url.path().trim_end_matches('/')));
        url
    }
}

impl Trace {
    fn attach(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("x-request-id", &self.request_id)
            .header("traceparent", step::trace_context().unwrap_or(self.context).to_string())
            .header("x-forwarded-for", self.client.ip().to_string())
    }
}

/// The wait an answer asks for, in seconds; dates and endless waits count as none.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (1..=3_600).contains(&seconds).then(|| Duration::from_secs(seconds))
}

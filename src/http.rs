//! The HTTP clients, and how answers are read: bounded, without redirects, without decompression.

mod names;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response, redirect, retry};
use rustls_platform_verifier::BuilderVerifierExt as _;

use self::names::Names;
pub use self::shared::{SharedConnections, Stream};
use crate::settings::Http2;

/// The largest answer we read of any neighbour, in bytes.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Idle connections are given up before a usual server's keep-alive ends, so that we seldom write to a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Idle connections kept for each neighbour.
const IDLE_CONNECTIONS: usize = 64;

/// An HTTP/2 connection is probed while somebody waits on it (RFC 9113, 6.7).
const PROBE_AFTER: Duration = Duration::from_secs(3);
/// How long a probe may take: many may wait on the connection, and a busy studio is not a dead one.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients; every connection of the process belongs to one of them.
#[derive(Clone)]
pub struct Clients {
    /// For requests that may be sent again, as to siteverify. Keeps HTTP/1 connections.
    pub pooled: Client,
    /// For what is read from a studio: the same, or HTTP/2 at one that speaks nothing else.
    pub reads: Client,
    /// For creations: never an idle connection, because a stale one cannot be told from a lost answer.
    pub fresh: Client,
    /// For creations at a studio that speaks HTTP/2.
    shared: shared::Builder,
}

/// The clients cannot be built: no certificates, or no TLS.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The system's certificates cannot be had.
    #[error("no TLS")]
    Tls(#[from] rustls::Error),
    /// A client cannot be built.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

impl Clients {
    /// Builds them.
    ///
    /// # Errors
    /// [`ClientError`] when the system offers no certificates.
    pub fn new(connect_timeout: Duration, http2: Http2) -> Result<Self, ClientError> {
        // Read once: the trust store of the system, and one memory of TLS sessions for all.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        let base = Base { connect_timeout, tls };
        // One that died without a word costs one request, where a shared one would cost all.
        let pooled = base.builder(HTTP_1).pool_max_idle_per_host(IDLE_CONNECTIONS).build()?;
        let reads = match http2 {
            Http2::Auto | Http2::Off => pooled.clone(),
            Http2::PriorKnowledge => base.builder(HTTP_2).http2_prior_knowledge().build()?,
        };
        let fresh = base.builder(if http2 == Http2::Off { HTTP_1 } else { BOTH }).pool_max_idle_per_host(0);
        // A connection that is used once is never idle: nothing is to be probed.
        let fresh = fresh.tcp_keepalive(None).tcp_keepalive_interval(None).tcp_keepalive_retries(None).build()?;
        let shared = move || {
            // The client counts from the last request that began, not from the last that ended: by its clock a connection
            // that is in use would soon be idle, and get another beside it.
            let builder = base.builder(HTTP_2).pool_idle_timeout(shared::MAX_AGE);
            // Without it a peer that takes no notice of the offer gets HTTP/1, and creations say that they are the last.
            if http2 == Http2::PriorKnowledge { builder.http2_prior_knowledge() } else { builder }
        };
        Ok(Self { pooled, reads, fresh, shared: Arc::new(shared) })
    }

    /// Connections for the creations of one studio.
    #[must_use]
    pub fn shared_connections(&self) -> SharedConnections {
        SharedConnections::new(Arc::clone(&self.shared))
    }
}

/// The protocols that a client offers in a TLS handshake (RFC 7301), the first preferred.
type Protocols = &'static [&'static [u8]];
const HTTP_1: Protocols = &[b"http/1.1"];
const HTTP_2: Protocols = &[b"h2"];
const BOTH: Protocols = &[b"h2", b"http/1.1"];

/// What all clients have in common.
struct Base {
    connect_timeout: Duration,
    tls: rustls::ClientConfig,
}

impl Base {
    fn builder(&self, protocols: Protocols) -> ClientBuilder {
        let mut tls = self.tls.clone();
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        #[expect(clippy::disallowed_methods, reason = "the one place that builds clients")]
        Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(self.connect_timeout)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .no_proxy()
            .dns_resolver(Names::of_the_process())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http2_keep_alive_interval(PROBE_AFTER)
            .http2_keep_alive_timeout(PROBE_TIMEOUT)
            .tcp_nodelay(true)
    }
}

/// Why an answer's body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection broke.
    #[error("the answer broke off")]
    Broken(#[source] reqwest::Error),
    /// More than [`MAX_ANSWER_BYTES`].
    #[error("the answer is too large")]
    TooLarge,
}

/// Reads a body up to [`MAX_ANSWER_BYTES`].
///
/// # Errors
/// [`BodyError`] when it breaks off or is larger.
pub async fn read_body(mut response: Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|broken| BodyError::Broken(broken.without_url()))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A `Content-Type` without its parameters, in lower case. A blank may stand before them (RFC 9110, 8.3.1), which the
/// `mime` crate refuses.
#[must_use]
pub fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether the answer says that it is JSON (RFC 8259, RFC 6839), and that it is not compressed: we asked for neither
/// another type nor an encoding.
#[must_use]
pub fn is_json(response: &Response) -> bool {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let media_type = header(reqwest::header::CONTENT_TYPE).map(media_type).unwrap_or_default();
    let plain =
        header(reqwest::header::CONTENT_ENCODING).is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    let subtype = media_type.strip_prefix("application/").unwrap_or_default();
    plain && (subtype == "json" || subtype.ends_with("+json"))
}

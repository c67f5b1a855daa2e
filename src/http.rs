//! The HTTP clients, and how answers are read: bounded, without redirects, without decompression.

mod lanes;
mod names;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response, redirect, retry};

pub use self::lanes::{Lanes, Place};
use self::names::Names;

/// The largest answer we read of any neighbour, in bytes.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Idle connections are given up before a usual server's keep-alive ends, so that we seldom write to a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The clients; every connection of the process belongs to one of them.
#[derive(Clone)]
pub struct Clients {
    /// For requests that may be sent again: reads and siteverify. Keeps connections.
    pub pooled: Client,
    /// For creations: never an idle connection, because a stale one cannot be told from a lost answer.
    pub fresh: Client,
    /// For creations at a studio that speaks HTTP/2, where it can.
    pub lanes: Arc<Lanes>,
}

/// The clients cannot be built: no certificates, or no TLS.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct ClientError(#[from] reqwest::Error);

impl Clients {
    /// Builds them.
    ///
    /// # Errors
    /// [`ClientError`] when the system offers no certificates.
    pub fn new(connect_timeout: Duration) -> Result<Self, ClientError> {
        let pooled = builder(connect_timeout, 64);
        // A connection that is used once is never idle: nothing is to be probed.
        let fresh =
            builder(connect_timeout, 0).tcp_keepalive(None).tcp_keepalive_interval(None).tcp_keepalive_retries(None);
        let lane = move || builder(connect_timeout, 1).http2_prior_knowledge();
        Ok(Self { pooled: pooled.build()?, fresh: fresh.build()?, lanes: Arc::new(Lanes::new(lane)) })
    }
}

/// What all clients have in common.
fn builder(connect_timeout: Duration, idle_connections: usize) -> ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "the one place that builds clients")]
    Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .no_proxy()
        .dns_resolver(Names::of_the_process())
        .pool_max_idle_per_host(idle_connections)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
}

/// Whether a request that failed surely was not processed: there was no connection, or the peer says so (RFC 9113, 6.8 and
/// 8.7).
#[must_use]
pub fn was_not_processed(failure: &reqwest::Error) -> bool {
    let disowns = |error: &h2::Error| match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => error.is_remote() && error.is_reset(),
        Some(h2::Reason::NO_ERROR) => error.is_remote() && error.is_go_away(),
        _ => false,
    };
    let causes = std::iter::successors(failure.source(), |&error| error.source());
    failure.is_connect() || causes.filter_map(<dyn Error>::downcast_ref).any(disowns)
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

//! The one error type of handlers, and its public face: a status. The page is drawn by the middleware, which knows
//! tenant, language and request id; the cause is logged once and never shown.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use crate::causes::chain;
use crate::guard::limits::Limited;
use crate::seal::SealError;

/// Why a request has no page of its own.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Nothing is here.
    #[error("not found")]
    NotFound,
    /// Something is here, but not for this method.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: &'static str,
    },
    /// The request is malformed.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// The host is nobody's.
    #[error("misdirected request")]
    Misdirected,
    /// Another site posted our form.
    #[error("cross-site post")]
    CrossSite,
    /// The body is too large.
    #[error("body too large")]
    TooLarge,
    /// The body is of another type than a form's.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// The body did not arrive in time.
    #[error("body too slow")]
    BodyTimeout,
    /// Too many pages.
    #[error("too many requests")]
    TooManyRequests(Limited),
    /// The visitor's address is unknown.
    #[error("no client address")]
    NoClientAddress,
    /// We failed.
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// What failed inside: for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An attempt panicked, which was logged where it happened.
    #[error("an attempt panicked")]
    AttemptPanicked,
    /// There is no tenant at all.
    #[error("there is no tenant")]
    NoTenant,
    /// A page cannot be drawn.
    #[error("a page cannot be drawn")]
    Template,
    /// Something the middleware puts into each request was not there.
    #[error("a request without its context")]
    NoContext,
}

impl From<Cause> for AppError {
    fn from(cause: Cause) -> Self {
        Self::Internal(cause)
    }
}

impl From<SealError> for AppError {
    fn from(error: SealError) -> Self {
        Self::Internal(error.into())
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NoClientAddress | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Status and headers only: see the module.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::MethodNotAllowed { allow } => {
                response.insert_header((ALLOW, *allow));
            }
            Self::TooManyRequests(limited) => {
                response.insert_header((RETRY_AFTER, whole_seconds(limited.retry_after)));
                rate_limit_fields(&mut response, limited);
            }
            Self::Internal(Cause::AttemptPanicked) => {}
            Self::Internal(cause) => {
                tracing::error!(error = %chain(cause), "the request failed");
            }
            _ => {}
        }
        response.finish()
    }
}

/// `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-11: quota and window of the policy,
/// nothing remaining, seconds until one more may pass.
pub fn rate_limit_fields(response: &mut HttpResponseBuilder, limited: &Limited) {
    let Limited { scope, quota, retry_after } = limited;
    let (name, wait) = (scope.label(), whole_seconds(*retry_after));
    let window = whole_seconds(quota.period.saturating_mul(quota.burst.get()));
    response.insert_header(("ratelimit-policy", format!("\"{name}\";q={};w={window}", quota.burst)));
    response.insert_header(("ratelimit", format!("\"{name}\";r=0;t={wait}")));
}

/// A wait in whole seconds, rounded up, at least one: the value of `Retry-After`.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0).max(u64::from(wait.is_zero()))
}

impl AppError {
    /// An answer without page and headers, for when even the tenant is unknown.
    #[must_use]
    pub fn error_response_bare(&self) -> HttpResponse {
        ResponseError::error_response(self)
    }
}

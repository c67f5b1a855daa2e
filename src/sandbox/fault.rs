//! Answers that are none.

use std::{io, time::Duration};

use actix_web::{
    HttpResponse,
    body::SizedStream,
    http::header::{ContentType, LOCATION, RETRY_AFTER},
    web::Bytes,
};
use futures_util::{StreamExt as _, stream};

use super::user::refusal;

/// What `limited` says in `Retry-After`, seconds.
const RETRY_AFTER_SECONDS: u64 = 7;
/// More than a gateway should read of one answer, bytes.
const OVERSIZED: usize = 300 * 1024;
/// What `hangup` announces as its length, bytes.
const ANNOUNCED: u64 = 200;
/// How long `hangup` holds the connection after the part it sends.
const FLUSH: Duration = Duration::from_millis(100);

const GARBAGE: &str = "<!doctype html><title>Welcome</title><h1>It works!</h1>";

/// An answer that is none.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Down,
    Limited,
    Broken,
    Misconfigured,
    BadGateway,
    Garbage,
    Vague,
    Oversized,
    Elsewhere,
    HangUp,
}

impl Fault {
    /// Whether the studio had made the account when it failed to say so.
    pub(super) fn leaves_account(self) -> bool {
        matches!(self, Self::BadGateway | Self::Garbage | Self::Vague | Self::Oversized | Self::HangUp)
    }

    pub(super) fn response(self) -> HttpResponse {
        match self {
            Self::Down => HttpResponse::ServiceUnavailable().json(refusal("Service unavailable")),
            Self::Limited => HttpResponse::TooManyRequests()
                .insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS))
                .json(refusal("Too many requests")),
            Self::Broken => HttpResponse::InternalServerError().json(refusal("Internal server error")),
            Self::Misconfigured => HttpResponse::Unauthorized().json(refusal("Not authorized")),
            Self::BadGateway => {
                HttpResponse::BadGateway().content_type(ContentType::html()).body("<h1>Bad gateway</h1>")
            }
            Self::Garbage => HttpResponse::Ok().content_type(ContentType::html()).body(GARBAGE),
            Self::Vague => HttpResponse::Ok().content_type(ContentType::json()).body(r#"{"status":"done"}"#),
            Self::Oversized => HttpResponse::Ok()
                .content_type(ContentType::json())
                .body(format!(r#"{{"success":true,"padding":"{}"}}"#, "x".repeat(OVERSIZED))),
            Self::Elsewhere => HttpResponse::Found().insert_header((LOCATION, "/v1/api-health")).finish(),
            Self::HangUp => {
                let part = stream::iter([Ok(Bytes::from_static(br#"{"success":tr"#))]);
                // The server drops what it has not written when a body fails: give it time to write.
                let end = stream::once(async {
                    tokio::time::sleep(FLUSH).await;
                    Err(io::Error::from(io::ErrorKind::ConnectionAborted))
                });
                let body = SizedStream::new(ANNOUNCED, part.chain(end));
                HttpResponse::Ok().content_type(ContentType::json()).body(body)
            }
        }
    }
}

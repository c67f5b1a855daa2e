//! A posted form: of the right type, not too large, not too slow.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;

use crate::error::{AppError, Cause};
use crate::http::media_type;
use crate::listener::Progress;
use crate::signup::RawForm;
use crate::state::AppState;

/// How long a body may take to arrive (contract 3).
const BODY_DEADLINE: Duration = Duration::from_secs(15);

/// A form as it was posted.
pub struct PostedForm(pub RawForm);

impl FromRequest for PostedForm {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (length, is_form) = (announced_length(request), check_type(request));
        let limit = request.app_data::<web::Data<AppState>>().map(|state| state.body_limit);
        let payload = payload.take();
        let connection = Progress::of(request);
        Box::pin(async move {
            let limit = limit.ok_or(Cause::NoContext)?;
            if length.is_some_and(|length| length > limit as u64) {
                return Err(AppError::TooLarge);
            }
            is_form?;
            let body = tokio::time::timeout(BODY_DEADLINE, read(payload, limit))
                .await
                .map_err(|_too_slow| AppError::BodyTimeout)??;
            if let Some(connection) = connection {
                connection.body_is_read(length);
            }
            Ok(Self(RawForm::from_urlencoded(&body)))
        })
    }
}

fn header<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn announced_length(request: &HttpRequest) -> Option<u64> {
    header(request, &CONTENT_LENGTH)?.parse().ok()
}

/// Whether the body says that it is a form, and not compressed.
fn check_type(request: &HttpRequest) -> Result<(), AppError> {
    let form = "application/x-www-form-urlencoded";
    let is_form = header(request, &CONTENT_TYPE).is_some_and(|text| media_type(text) == form);
    let is_plain = header(request, &CONTENT_ENCODING).is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    if is_form && is_plain { Ok(()) } else { Err(AppError::UnsupportedMediaType) }
}

async fn read(payload: Payload, limit: usize) -> Result<Vec<u8>, AppError> {
    let mut body = Vec::new();
    let mut payload = payload;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| AppError::BadRequest("body"))?;
        if body.len() + chunk.len() > limit {
            return Err(AppError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

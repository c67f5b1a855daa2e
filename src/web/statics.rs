//! Embedded assets: immutable under their hash, in the smallest encoding the browser takes.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::assets;
use super::context::Context;
use crate::error::AppError;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `GET /static/{hash}/{file}`.
///
/// # Errors
/// 404 for anything that is not embedded under exactly this hash.
pub async fn file(request: HttpRequest, path: web::Path<(String, String)>) -> Result<HttpResponse, AppError> {
    let (hash, name) = path.into_inner();
    if let Some(asset) = assets::find(&hash, &name) {
        let accepts = |coding| accepts(&request, coding);
        let (encoding, body) = match (asset.brotli, asset.gzip) {
            (Some(body), _) if accepts("br") => (Some("br"), body),
            (_, Some(body)) if accepts("gzip") => (Some("gzip"), body),
            _ => (None, asset.identity),
        };
        let etag = format!("\"{hash}{}\"", encoding.map_or_else(String::new, |encoding| format!("-{encoding}")));
        return Ok(immutable(&request, asset.media_type, &etag, encoding, web::Bytes::from_static(body)));
    }
    let context = Context::of(&request)?;
    let logo = context.tenant.settings.brand.logo.as_ref().ok_or(AppError::NotFound)?;
    if context.tenant.logo_href.as_deref() != Some(request.path()) {
        return Err(AppError::NotFound);
    }
    Ok(immutable(&request, logo.media_type, &format!("\"{hash}\""), None, web::Bytes::copy_from_slice(&logo.bytes)))
}

fn immutable(
    request: &HttpRequest,
    media_type: &str,
    etag: &str,
    encoding: Option<&str>,
    body: web::Bytes,
) -> HttpResponse {
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|tags| {
        tags.to_str().is_ok_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag))
    });
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((CACHE_CONTROL, IMMUTABLE))
        .insert_header((ETAG, etag))
        .insert_header((VARY, "Accept-Encoding"));
    if known {
        return response.finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    response.insert_header((CONTENT_TYPE, media_type)).body(body)
}

/// Whether `Accept-Encoding` names a coding, or all, with a weight above zero.
fn accepts(request: &HttpRequest, coding: &str) -> bool {
    let header = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weight = |wanted: &str| {
        header.split(',').find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(wanted);
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
            named.then(|| weight.unwrap_or(0.0))
        })
    };
    weight(coding).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_encoding_is_used_only_when_it_is_welcome() {
        for (header, brotli) in [
            ("br", true),
            ("gzip, deflate, br", true),
            ("BR;q=0.5", true),
            ("*", true),
            ("br;q=0", false),
            ("*;q=1, br;q=0", false),
            ("gzip", false),
            ("", false),
            ("br;q=banana", false),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT_ENCODING, header)).to_http_request();
            assert_eq!(accepts(&request, "br"), brotli, "{header}");
        }
    }
}

//! The account's progress, for the visitor whose sign-up succeeded and nobody else.

use std::time::SystemTime;

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{ContentType, HeaderName};
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::pages::{Progress, StatusPage};
use super::signup::charge_page;
use super::visitor::Guest;
use crate::error::AppError;
use crate::seal::Purpose;

/// Where the page is.
pub const PATH: &str = "/signup/status";
/// The cookie that names the account; nothing in a URL can.
const COOKIE: &str = "__Host-signup";
/// How long the cookie lives (contract 7).
const COOKIE_DAYS: i64 = 7;

#[derive(Serialize, Deserialize)]
struct Account {
    #[serde(rename = "u")]
    user_id: u64,
    #[serde(rename = "i")]
    issued: u64,
}

/// `GET /signup/status`.
///
/// # Errors
/// 429 over the pages' budget.
pub async fn page(guest: Guest) -> Result<HttpResponse, AppError> {
    let Guest { context, visitor } = &guest;
    charge_page(context, visitor).await?;
    let studio = visitor.tenant.settings.redirect.default_origin.as_str();
    let page = StatusPage { frame: context.frame(), progress: Progress::Unknown, studio, refresh_after: None };
    Ok(HttpResponse::Ok()
        .insert_header((HeaderName::from_static("x-robots-tag"), "noindex"))
        .content_type(ContentType::html())
        .body(page.render()))
}

/// The encrypted cookie that names an account to this tenant alone; `None` only without randomness.
pub(super) fn cookie(context: &Context, user_id: u64) -> Option<Cookie<'static>> {
    let issued = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let plain = serde_json::to_vec(&Account { user_id, issued }).ok()?;
    let tenant = &context.tenant.settings.id;
    let sealed = context.state.keyring.seal(Purpose::StatusCookie, &[tenant.as_str()], &plain).ok()?;
    Some(
        Cookie::build(COOKIE, sealed)
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(CookieDuration::days(COOKIE_DAYS))
            .finish(),
    )
}

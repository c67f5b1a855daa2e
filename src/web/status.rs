//! The account's progress, for the visitor whose sign-up succeeded and nobody else.

use std::time::{Duration, SystemTime};

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{COOKIE as COOKIE_HEADER, ContentType, HeaderName};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::context::Context;
use super::pages::{Progress, StatusPage};
use super::signup::charge_page;
use super::visitor::Guest;
use super::words::Words;
use crate::error::AppError;
use crate::seal::{Purpose, unix_seconds};
use crate::signup::Flow;
use crate::upstream::account::{Account as Known, ReadError, Tier, Trial};

/// Where the page is.
pub const PATH: &str = "/signup/status";
/// The cookie that names the account; nothing in a URL can.
pub const COOKIE: &str = "__Host-signup";
/// How long the cookie lives (contract 7).
const COOKIE_DAYS: i64 = 7;
/// How old what the page says may be (contract 7): a nervous visitor asks us, not the upstream.
const CACHED_FOR: Duration = Duration::from_secs(3);
/// The most accounts that are kept so.
const CACHED_ACCOUNTS: u64 = 10_000;

/// How often the page refreshes itself, by the age of the sign-up; after that it has stopped.
const REFRESH: [(Duration, u32); 3] =
    [(Duration::from_mins(2), 5), (Duration::from_mins(10), 15), (Duration::from_mins(30), 60)];

/// What the status pages of all tenants remember for a moment: one question for all who ask at once.
pub type Cached = Cache<(String, u64), Result<Known, ReadError>>;

/// An empty memory.
#[must_use]
pub fn cache() -> Cached {
    Cache::builder().max_capacity(CACHED_ACCOUNTS).time_to_live(CACHED_FOR).build()
}

#[derive(Serialize, Deserialize)]
struct Account {
    #[serde(rename = "u")]
    user_id: u64,
    #[serde(rename = "i")]
    issued: u64,
    /// Whether a trial was asked for, which decides what is told of an account without a plan or a running trial.
    #[serde(rename = "t", default)]
    trial: bool,
}

/// `GET /signup/status`.
///
/// # Errors
/// 429 over the pages' budget.
pub async fn page(guest: Guest) -> Result<HttpResponse, AppError> {
    let Guest { context, visitor } = &guest;
    charge_page(context, visitor).await?;
    let account = account(context);
    let known = match &account {
        None => None,
        Some(account) => {
            let key = (visitor.tenant.settings.id.to_string(), account.user_id);
            let studio = &visitor.tenant.studio;
            Some(context.state.accounts.get_with(key, studio.account_by_id(account.user_id, &visitor.trace)).await)
        }
    };
    let words = context.state.catalogue.words(visitor.language);
    let until = known.as_ref().and_then(|known| trial_end(known.as_ref().ok()?, words));
    let progress = known.as_ref().map_or(Progress::Unknown, |known| {
        progress(known.as_ref(), until.as_deref(), account.as_ref().is_some_and(|account| account.trial))
    });
    let page = StatusPage {
        frame: context.frame(),
        progress,
        studio: visitor.tenant.settings.redirect.default_origin.as_str(),
        refresh_after: account.filter(|_| may_change(progress)).and_then(|account| refresh_after(&account)),
    };
    Ok(HttpResponse::Ok()
        .insert_header((HeaderName::from_static("x-robots-tag"), "noindex"))
        .content_type(ContentType::html())
        .body(page.render()))
}

/// What the page says of an account, to somebody who asked for a trial or for a plan.
fn progress<'a>(known: Result<&Known, &ReadError>, until: Option<&'a str>, asked_for_trial: bool) -> Progress<'a> {
    let account = match known {
        Err(ReadError::NotFound) => return Progress::Deleted,
        Err(ReadError::NoCredentials | ReadError::Refused | ReadError::Unavailable) => return Progress::Unknown,
        Ok(account) if account.suspended => return Progress::Suspended,
        Ok(account) if !account.activated => return Progress::Created { trial: asked_for_trial },
        Ok(account) => account,
    };
    let (trial, is_paid) = (trial_now(account), account.tier == Tier::Paid);
    match trial {
        // A plan that runs is the news to whoever bought one, whatever is tried beside it.
        _ if is_paid && !asked_for_trial => Progress::Active,
        Trial::Running(_) => Progress::Trial { until },
        _ if is_paid => Progress::Active,
        // An old trial hides no payment that is due.
        _ if !asked_for_trial => Progress::PaymentPending,
        Trial::Over => Progress::TrialOver,
        Trial::None if account.enterprise_access == Some(false) => Progress::TrialOver,
        // Nothing is said of the trial that was asked for: no news is no bad news.
        Trial::None => Progress::Trial { until: None },
    }
}

/// The trial, which is over at its end whether the upstream has noticed or not.
fn trial_now(account: &Known) -> Trial {
    match account.trial {
        Trial::Running(Some(until)) if until <= OffsetDateTime::now_utc() => Trial::Over,
        trial => trial,
    }
}

fn trial_end(known: &Known, words: &Words) -> Option<String> {
    let Trial::Running(Some(until)) = known.trial else { return None };
    Some(in_words(until, words))
}

/// A day in the visitor's language.
fn in_words(date: OffsetDateTime, words: &Words) -> String {
    let (year, month, day) = (date.year().to_string(), u8::from(date.month()), date.day());
    words.with("date", &[("day", day.into()), ("month", month.into()), ("year", year.into())])
}

/// Whether waiting may bring news.
fn may_change(progress: Progress<'_>) -> bool {
    matches!(progress, Progress::Unknown | Progress::Created { .. } | Progress::PaymentPending)
}

fn refresh_after(account: &Account) -> Option<u32> {
    let age = Duration::from_secs(now().saturating_sub(account.issued));
    REFRESH.iter().find(|(until, _)| age < *until).map(|(_, seconds)| *seconds)
}

fn now() -> u64 {
    unix_seconds(SystemTime::now())
}

/// The account that the visitor's cookie names, sealed by us for this tenant, not too old.
fn account(context: &Context) -> Option<Account> {
    let tenant = context.tenant.settings.id.as_str();
    context.cookies.iter().find_map(|sealed| {
        let plain = context.in_force.keyring.open(Purpose::StatusCookie, &[tenant], sealed)?;
        let account: Account = serde_json::from_slice(&plain).ok()?;
        let lifetime = COOKIE_DAYS.unsigned_abs() * 24 * 60 * 60;
        (now() <= account.issued.saturating_add(lifetime)).then_some(account)
    })
}

/// The values of our cookie in a request's headers.
#[must_use]
pub fn sealed_cookies(headers: &actix_web::http::header::HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE_HEADER)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
        .collect()
}

/// The encrypted cookie that names an account to this tenant alone; `None` only without randomness.
pub(super) fn cookie(context: &Context, flow: &Flow, user_id: u64) -> Option<Cookie<'static>> {
    let plain = serde_json::to_vec(&Account { user_id, issued: now(), trial: flow.trial }).ok()?;
    let tenant = &context.tenant.settings.id;
    let sealed = context.in_force.keyring.seal(Purpose::StatusCookie, &[tenant.as_str()], &plain).ok()?;
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

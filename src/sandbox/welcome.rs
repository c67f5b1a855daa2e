//! What a browser sees of the studio.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    error::ErrorInternalServerError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, REFERER},
    },
    web::{Data, Path},
};
use askama::Template;
use time::OffsetDateTime;
use url::Url;

use super::{
    Studio,
    magic::{ACTIVATION_CODES, MAGIC_MAILBOXES, MAGIC_USERNAMES, USERS, known_by_id},
    memory::{Account, Change},
    pages::{AccountView, IndexPage, NotFoundPage, ReceiptLine, WelcomePage, rows},
    turnstile::{SECRET_KEYS, SITE_KEYS},
    user::refusal,
};

/// How many receipts the index lists.
const LISTED: usize = 50;

const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /`
pub(super) async fn index(request: HttpRequest, studio: Data<Studio>) -> Result<HttpResponse, Error> {
    let receipts = studio
        .memory()
        .newest(LISTED)
        .map(|receipt| ReceiptLine {
            id: receipt.id.clone(),
            received: clock(receipt.received),
            plan: receipt.operation.plan(),
            username: receipt.payload.get("username").and_then(|name| name.as_str()).unwrap_or_default().to_owned(),
            outcome: receipt.outcome.clone(),
        })
        .collect();
    page(
        StatusCode::OK,
        &IndexPage {
            origin: &studio.origin,
            gateway: came_from(&request, &studio).as_ref().unwrap_or(&studio.gateway),
            receipts,
            usernames: rows(MAGIC_USERNAMES),
            users: rows(USERS),
            codes: rows(ACTIVATION_CODES),
            mailboxes: rows(MAGIC_MAILBOXES),
            site_keys: rows(SITE_KEYS),
            secret_keys: rows(SECRET_KEYS),
        },
    )
}

/// `GET /studio/welcome/{receipt}`
pub(super) async fn show(
    request: HttpRequest,
    receipt: Path<String>,
    studio: Data<Studio>,
) -> Result<HttpResponse, Error> {
    let (receipt, account) = {
        let mut memory = studio.memory();
        if let Some(gateway) = came_from(&request, &studio) {
            memory.came_from(&receipt, gateway);
        }
        let receipt = memory.receipt(&receipt).cloned();
        let user = receipt.as_ref().and_then(|receipt| receipt.user);
        let account = user.and_then(|user| match known_by_id(user) {
            Some(known) => Some(AccountView { id: user, state: known.meaning.to_owned(), changes: Vec::new() }),
            None => memory.account(user).map(view),
        });
        (receipt, account)
    };
    let Some(receipt) = receipt else {
        return page(StatusCode::NOT_FOUND, &NotFoundPage);
    };
    let query = request.query_string();
    page(
        StatusCode::OK,
        &WelcomePage {
            gateway: receipt.gateway.as_deref().unwrap_or(&studio.gateway),
            receipt: &receipt.id,
            path: receipt.operation.path(),
            received: clock(receipt.received),
            outcome: &receipt.outcome,
            created: receipt.user.is_some(),
            payload: serde_json::to_string_pretty(&receipt.payload)?,
            headers: &receipt.headers,
            query,
            query_pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            account,
        },
    )
}

/// `POST /studio/welcome/{receipt}/{change}`: what happens to an account outside of the gateway, then back to its page.
pub(super) async fn change(
    request: HttpRequest,
    target: Path<(String, String)>,
    studio: Data<Studio>,
) -> Result<HttpResponse, Error> {
    let (receipt, change) = target.into_inner();
    {
        let mut memory = studio.memory();
        let user = memory.receipt(&receipt).and_then(|receipt| receipt.user);
        let account = user.and_then(|user| memory.account_mut(user));
        let (Some(account), Some(change)) = (account, Change::from_slug(&change)) else {
            return page(StatusCode::NOT_FOUND, &NotFoundPage);
        };
        account.change(change);
    }
    let query = request.query_string();
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/studio/welcome/{receipt}{mark}{query}"))).finish())
}

/// `GET /sandbox.css`
pub(super) async fn stylesheet() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("sandbox.css"))
}

/// Any other path: JSON below `/v1`, a page elsewhere.
pub(super) async fn not_found(request: HttpRequest) -> Result<HttpResponse, Error> {
    if request.path().starts_with("/v1/") {
        return Ok(HttpResponse::NotFound().json(refusal("Not found")));
    }
    page(StatusCode::NOT_FOUND, &NotFoundPage)
}

fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Error> {
    let html = template.render().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type(ContentType::html())
        .body(html))
}

/// The gateway the browser came from, if it says so: with several tenants only the browser knows which.
fn came_from(request: &HttpRequest, studio: &Studio) -> Option<String> {
    let referer = Url::parse(request.headers().get(REFERER)?.to_str().ok()?).ok()?;
    let origin = referer.origin().ascii_serialization();
    (matches!(referer.scheme(), "http" | "https") && origin != studio.origin).then_some(origin)
}

fn view(account: &Account) -> AccountView {
    let confirmed = if account.activated { "e-mail confirmed" } else { "e-mail not confirmed" };
    let plan = match &account.trial {
        Some(trial) if trial.is_running() => format!("trial runs until {}", clock(trial.expiration)),
        Some(_) => "trial over".to_owned(),
        None if account.tier == "free" => "payment pending".to_owned(),
        None => format!("{} plan active", account.tier),
    };
    let suspended = if account.suspended { ", suspended" } else { "" };
    AccountView { id: account.id, state: format!("{confirmed}, {plan}{suspended}"), changes: account.open_changes() }
}

fn clock(instant: OffsetDateTime) -> String {
    let (hour, minute, second) = instant.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02} UTC", instant.date())
}

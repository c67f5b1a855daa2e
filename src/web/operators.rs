//! What the admin listener shows to people: the funnel, and the headers of its every answer.

use std::sync::LazyLock;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ContentType, HeaderName, HeaderValue,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tracing_actix_web::RequestId;

use super::security_headers;
use crate::error::{AppError, Cause};
use crate::funnel::{Counted, Lately, Stage};
use crate::state::AppState;

const STYLE: &str = include_str!("../../templates/funnel.css");
/// The width of a full bar in the drawing's units, and the height of a row.
const BAR_WIDTH: u64 = 240;
const ROW_HEIGHT: usize = 28;

/// The page's style is allowed by its hash; nothing else is allowed anything.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

/// Puts the security headers and the request's id on every answer of the admin listener, and words into a bare failure.
///
/// # Errors
/// Passes on what inner middleware answers.
pub async fn around_every_answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let response = next.call(request).await?;
    let status = response.status();
    let is_bare =
        (status.is_client_error() || status.is_server_error()) && !response.headers().contains_key(CONTENT_TYPE);
    let mut response = if is_bare {
        let words = format!("{status}\n");
        let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(words)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    } else {
        response.map_into_left_body()
    };
    let headers = response.headers_mut();
    security_headers::write_fixed(headers);
    if let Some(policy) = &*POLICY {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    Ok(response)
}

/// `GET /funnel.json`.
pub async fn funnel_as_json(state: web::Data<AppState>) -> HttpResponse {
    let span = |counted: &Counted| {
        let stages = Stage::ALL.map(|stage| (stage.label().to_owned(), Json::from(counted.reached(stage))));
        let reasons = counted.stopped().into_iter().map(|(reason, count)| (reason.to_owned(), Json::from(count)));
        json!({
            "stages": stages.into_iter().collect::<serde_json::Map<_, _>>(),
            "turned_back": reasons.collect::<serde_json::Map<_, _>>(),
            "duplicates": counted.duplicates(),
        })
    };
    let series = |one: &Lately| {
        json!({
            "tenant": one.tenant, "flow": one.flow, "last_hour": span(&one.hour), "last_day": span(&one.day),
        })
    };
    HttpResponse::Ok().json(json!({
        "scope": "this process",
        "counted_for_seconds": state.funnel.age().as_secs(),
        "series": state.funnel.lately().iter().map(series).collect::<Vec<_>>(),
    }))
}

/// `GET /funnel`.
///
/// # Errors
/// [`Cause::Template`] when the page cannot be drawn.
pub async fn funnel(state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let page = FunnelPage {
        style: STYLE,
        age: age(state.funnel.age().as_secs()),
        series: state.funnel.lately().iter().map(Drawn::of).collect(),
    };
    let html = page.render().map_err(|_unwritable| Cause::Template)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

#[derive(Template)]
#[template(path = "funnel.html")]
struct FunnelPage {
    style: &'static str,
    age: String,
    series: Vec<Drawn>,
}

/// A tenant's flow, as it is drawn.
struct Drawn {
    tenant: String,
    flow: &'static str,
    spans: [DrawnSpan; 2],
}

struct DrawnSpan {
    name: &'static str,
    height: usize,
    /// What somebody hears who does not see the drawing.
    summary: String,
    stages: Vec<Bar>,
    reasons: Vec<(String, u64)>,
    duplicates: u64,
}

struct Bar {
    label: &'static str,
    y: usize,
    baseline: usize,
    width: u64,
    count: u64,
    /// Of those who saw the form.
    share: String,
}

impl Drawn {
    fn of(lately: &Lately) -> Self {
        let spans = [DrawnSpan::of("Last hour", &lately.hour), DrawnSpan::of("Last day", &lately.day)];
        Self { tenant: lately.tenant.clone(), flow: lately.flow, spans }
    }
}

impl DrawnSpan {
    fn of(name: &'static str, counted: &Counted) -> Self {
        // Forms that were shown before may be posted now: the longest bar is not always the first.
        let most = Stage::ALL.map(|stage| counted.reached(stage)).into_iter().max().unwrap_or_default();
        let viewed = counted.reached(Stage::Viewed);
        let bar = |(row, stage): (usize, Stage)| {
            let count = counted.reached(stage);
            let share = if viewed == 0 { String::new() } else { format!("{}\u{a0}%", percent(count, viewed)) };
            // A single visitor is seen, too.
            let width = (count * BAR_WIDTH).checked_div(most).unwrap_or_default().max(u64::from(count > 0) * 4);
            let y = row * ROW_HEIGHT;
            Bar { label: stage.label(), y, baseline: y + 15, width, count, share }
        };
        let stages: Vec<Bar> = Stage::ALL.into_iter().enumerate().map(bar).collect();
        let said: Vec<String> = stages.iter().map(|bar| format!("{} {}", bar.count, bar.label)).collect();
        let reasons = counted.stopped().into_iter().map(|(reason, count)| (reason.replace('_', " "), count)).collect();
        let height = stages.len() * ROW_HEIGHT;
        Self {
            name,
            height,
            summary: format!("{name}: {}", said.join(", ")),
            stages,
            reasons,
            duplicates: counted.duplicates(),
        }
    }
}

/// Rounded to the nearest whole.
fn percent(part: u64, whole: u64) -> u64 {
    (part * 100 + whole / 2) / whole.max(1)
}

fn age(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours @ 1..48, minutes) => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days", hours / 24),
    }
}

//! The middleware around every answer: which tenant and language, the security headers, the error page, the access log.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_http::ConnectionType;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    TRANSFER_ENCODING, UPGRADE,
};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use metrics::Gauge;
use tracing_actix_web::RequestId;

use super::cross_site::Provenance;
use super::host::RequestHost;
use super::pages::{ErrorPage, Frame, Here};
use super::security_headers::Nonce;
use super::status::sealed_cookies;
use crate::domain::language::Language;
use crate::error::{AppError, Cause};
use crate::listener::Progress;
use crate::signup::link::{self, first};
use crate::state::{AppState, InForce, Phase, Tenant};

/// Probes of balancers, which name whatever host they like, and what the page for a foreign host looks like.
const ANY_HOST: [&str; 2] = ["/health/", "/static/"];

/// The link parameter that picks the language (contract 3).
pub const LANGUAGE_PARAMETER: &str = "lang";

/// What is known of a request before any handler sees it.
pub struct Context {
    /// The process's state.
    pub state: web::Data<AppState>,
    /// The settings in force when the request came.
    pub in_force: Arc<InForce>,
    /// The tenant whose host was asked.
    pub tenant: Arc<Tenant>,
    /// The host as it was asked for; none in HTTP/1.0.
    pub host: Option<RequestHost>,
    /// The language of the answer.
    pub language: Language,
    /// The nonce of the answer's CSP.
    pub nonce: Nonce,
    /// Stands in logs, headers, error pages and the upstream's request.
    pub request_id: String,
    /// The decoded query string.
    pub query: Arc<[(String, String)]>,
    /// Path and query as they came, but for secrets.
    pub here: Here,
    /// The sealed values of our cookie.
    pub cookies: Vec<String>,
    /// `Sec-Fetch-Site` and `Origin`, which tell another site's post.
    pub provenance: Provenance,
    /// The connection of the request; none in tests without a socket.
    pub connection: Option<Rc<Progress>>,
}

impl Context {
    /// What every page needs.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            words: self.state.catalogue.words(self.language),
            brand: &self.tenant.settings.brand,
            nonce: self.nonce.as_str(),
            request_id: &self.request_id,
            here: &self.here,
            studio: self.tenant.settings.redirect.default_origin.as_str(),
            logo: self.tenant.logo_href.as_deref(),
        }
    }

    /// `lang`, where the visitor chose a language, for the query of a page that would lose it.
    #[must_use]
    pub fn language_query(&self) -> String {
        chosen_language(&self.query)
            .map_or_else(String::new, |language| format!("?{LANGUAGE_PARAMETER}={}", language.tag()))
    }

    /// The context the middleware left with a request.
    ///
    /// # Errors
    /// [`Cause::NoContext`] for a request that did not pass the middleware.
    pub fn of(request: &actix_web::HttpRequest) -> Result<Rc<Self>, AppError> {
        Ok(request.extensions().get::<Rc<Self>>().cloned().ok_or(Cause::NoContext)?)
    }
}

/// Counts a request as in flight for as long as it lives.
struct InFlight(Gauge);

impl InFlight {
    fn enter(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Wraps every answer, also those of other middleware that fail.
///
/// # Errors
/// Passes on what inner middleware answers, with our headers and page.
pub async fn around_every_answer<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let started = Instant::now();
    let is_post = request.method() == Method::POST;
    // A method nobody takes is the routes' to refuse, before any other check.
    let is_taken = matches!(*request.method(), Method::GET | Method::HEAD | Method::POST);
    let (context, refusal) = match establish(&request) {
        Ok(established) => established,
        Err(error) => return Ok(request.into_response(error.error_response_bare()).map_into_right_body()),
    };
    let _in_flight = InFlight::enter(&context.state.in_flight);
    let connection = context.connection.as_ref();
    if connection.is_some_and(|connection| !connection.begin_answer(is_chunked(&request))) {
        return std::future::pending().await;
    }
    let asked_to_close = request.head().connection_type() == ConnectionType::Close;
    request.extensions_mut().insert(Rc::clone(&context));
    tracing::Span::current().record("tenant", context.tenant.settings.id.as_str());

    let outcome = match refusal.filter(|_| is_taken) {
        Some(error) => {
            let bare = actix_web::ResponseError::error_response(&error);
            Ok(request.into_response(bare).map_into_right_body())
        }
        None => next.call(request).await.map(ServiceResponse::map_into_left_body),
    };
    if let Some(connection) = connection {
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        connection.end_answer(asked_to_close || ends_connection(&context, status));
    }
    match outcome {
        Ok(response) => {
            let (request, response) = response.into_parts();
            let route = request.match_pattern();
            log_access(is_post, response.status(), route.as_deref(), started);
            Ok(ServiceResponse::new(request, finish(&context, response)))
        }
        Err(mut error) => {
            // A panic, which was logged and counted where it happened.
            log_access(is_post, error.as_response_error().status_code(), None, started);
            error.add_response_mapper(move |response| {
                let response = finish(&context, response.map_into_left_body::<BoxBody>());
                response.map_into_boxed_body()
            });
            Err(error)
        }
    }
}

/// The context of a request, and why it goes no further.
fn establish(request: &ServiceRequest) -> Result<(Rc<Context>, Option<AppError>), AppError> {
    let state = request.app_data::<web::Data<AppState>>().cloned().ok_or(Cause::NoContext)?;
    let nonce = Nonce::new()?;
    let in_force = state.in_force.load_full();
    let tenants = &in_force.tenants;
    let host = RequestHost::read(request.request());
    let any_host = ANY_HOST.iter().any(|prefix| request.path().starts_with(prefix));
    let (host, tenant, refusal) = match host {
        Ok(host) => match tenants.of_host(host.as_ref().map_or("", RequestHost::name)) {
            Some(tenant) => (host, Some(tenant), None),
            None if any_host => (host, None, None),
            None => (host, None, Some(AppError::Misdirected)),
        },
        Err(_unclear) => (None, None, Some(AppError::BadRequest("host"))),
    };
    let refusal = refusal.or_else(|| has_no_length(request).then_some(AppError::BadRequest("upgrade")));
    let tenant = tenant.or_else(|| tenants.default_tenant()).ok_or(Cause::NoTenant)?;
    let query = link::pairs(request.query_string());
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language =
        chosen_language(&query).unwrap_or_else(|| header.map_or_else(Language::default, Language::negotiate));
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let provenance = Provenance::of(request.headers());
    let cookies = sealed_cookies(request.headers());
    let here = Here::read(request.uri().path_and_query().map_or("/", PathAndQuery::as_str));
    let connection = Progress::of(request.request());
    let context = Context {
        state,
        in_force,
        tenant,
        host,
        language,
        nonce,
        request_id,
        query,
        here,
        cookies,
        provenance,
        connection,
    };
    Ok((Rc::new(context), refusal))
}

fn is_chunked(request: &ServiceRequest) -> bool {
    request.headers().contains_key(TRANSFER_ENCODING)
}

/// Whether a form comes with the wish to leave HTTP behind it. The parser then takes all that follows for its body,
/// whatever its length says, and would wait for more. No browser sends one.
fn has_no_length(request: &ServiceRequest) -> bool {
    let upgrade = request.headers().get_all(UPGRADE).filter_map(|value| value.to_str().ok());
    *request.method() == Method::POST && upgrade.into_iter().any(|wish| wish.trim().eq_ignore_ascii_case("websocket"))
}

/// The language of the link's `lang`, which the switch writes and which wins over the browser's preference.
fn chosen_language(query: &[(String, String)]) -> Option<Language> {
    first(query, LANGUAGE_PARAMETER).and_then(Language::from_tag)
}

/// Puts on the headers, and the page of a failure that has none.
fn finish<B>(
    context: &Context,
    response: HttpResponse<EitherBody<B, BoxBody>>,
) -> HttpResponse<EitherBody<B, BoxBody>> {
    let mut response = if is_bare_failure(&response) { draw(context, response) } else { response };
    context.tenant.headers.write(response.headers_mut(), &context.nonce);
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    let headers = response.headers_mut();
    // Pages are the only HTML there is. No `Vary`: nothing of it is stored.
    if headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html")) {
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(context.language.tag()));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if ends_connection(context, response.status()) {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    response
}

/// Whether nothing that follows on the connection is answered: we stop, or what follows is not to be trusted after a
/// request that we could not or did not read to its end.
fn ends_connection(context: &Context, status: StatusCode) -> bool {
    let is_untrusted = matches!(status.as_u16(), 400 | 405 | 408 | 413 | 415 | 421);
    is_untrusted || context.state.readiness.phase() == Phase::Draining
}

/// A failure that nobody drew: ours have no body at all, the framework's are plain text.
fn is_bare_failure<B>(response: &HttpResponse<B>) -> bool {
    let status = response.status();
    let drawn = response.headers().get(CONTENT_TYPE).is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"));
    (status.is_client_error() || status.is_server_error()) && !drawn
}

fn draw<B>(context: &Context, response: HttpResponse<EitherBody<B, BoxBody>>) -> HttpResponse<EitherBody<B, BoxBody>> {
    let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    let html = ErrorPage { frame: context.frame(), status: response.status().as_u16(), wait }.render();
    let mut response = response.set_body(EitherBody::right(BoxBody::new(html)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Successful reads at debug, everything else at info (contract 9). The route, never the path or the query.
fn log_access(is_post: bool, status: StatusCode, route: Option<&str>, started: Instant) {
    let route = route.unwrap_or("none");
    let status = status.as_u16();
    let duration_ms = started.elapsed().as_secs_f64() * 1_000.0;
    if is_post || status >= 400 {
        tracing::info!(route, status, duration_ms, "answered");
    } else {
        tracing::debug!(route, status, duration_ms, "answered");
    }
}

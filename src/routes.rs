//! Every path, its methods, and the middleware around them, on one screen.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, FromRequest, Handler, HttpRequest, Resource, Responder};
use actix_web_lab::middleware::CatchPanic;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing_actix_web::TracingLogger;

use crate::error::AppError;
use crate::state::AppState;
use crate::telemetry::{LeanRootSpan, NoSpan};
use crate::web::{context, health, operators, signup, statics, status};

const READ: &str = "GET, HEAD";
const READ_AND_POST: &str = "GET, HEAD, POST";

fn visitors(routes: &mut ServiceConfig) {
    routes
        .service(read("/", signup::plans))
        .service(read("/signup/status", status::page))
        .service(
            only("/signup/{flow}", READ_AND_POST)
                .route(web::get().to(signup::form))
                .route(web::head().to(signup::form))
                .route(web::post().to(signup::submit)),
        )
        .service(read("/static/{hash}/{file}", statics::file))
        .service(read("/health/live", health::live))
        .service(read("/health/ready", health::ready))
        .default_service(web::to(nothing_here));
}

fn admin(routes: &mut ServiceConfig) {
    routes
        .service(read("/health/live", health::live))
        .service(read("/health/ready", health::ready_in_detail))
        .service(read("/metrics", health::metrics))
        .service(read("/funnel", operators::funnel))
        .service(read("/funnel.json", operators::funnel_as_json))
        .default_service(web::to(nothing_here));
}

/// The public listener's application.
pub fn public_app(
    state: web::Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    // The last wrap is the outermost.
    App::new()
        .app_data(state)
        .configure(visitors)
        .wrap(CatchPanic::default())
        .wrap(from_fn(context::around_every_answer))
        .wrap(TracingLogger::<LeanRootSpan>::new())
}

/// The admin listener's application.
pub fn admin_app(
    state: web::Data<AppState>,
    registry: web::Data<PrometheusHandle>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .app_data(registry)
        .configure(admin)
        .wrap(from_fn(operators::around_every_answer))
        .wrap(TracingLogger::<NoSpan>::new())
}

/// A resource that is read, and answers HEAD as it answers GET.
fn read<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest + 'static,
{
    only(path, READ).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

/// A resource that answers 405 with `Allow` to every other method, before any other check.
fn only(path: &str, allow: &'static str) -> Resource {
    web::resource(path)
        .default_service(web::to(move || std::future::ready(Err::<String, _>(AppError::MethodNotAllowed { allow }))))
}

/// Nothing has this path. A target that is none, as of `CONNECT` and of `OPTIONS *`, has no use for its method here.
async fn nothing_here(request: HttpRequest) -> Result<String, AppError> {
    let is_read_or_posted = matches!(*request.method(), Method::GET | Method::HEAD | Method::POST);
    if is_read_or_posted || request.path().starts_with('/') {
        return Err(AppError::NotFound);
    }
    Err(AppError::MethodNotAllowed { allow: READ })
}

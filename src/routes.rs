//! Every path, its methods, and the middleware around them, on one screen.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, HttpRequest, Resource};
use actix_web_lab::middleware::CatchPanic;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing_actix_web::TracingLogger;

use crate::error::AppError;
use crate::state::AppState;
use crate::telemetry::LeanRootSpan;
use crate::web::{context, health, signup, statics, status};

const READ: &str = "GET, HEAD";
const READ_AND_POST: &str = "GET, HEAD, POST";

fn visitors(routes: &mut ServiceConfig) {
    routes
        .service(read("/").route(web::get().to(signup::plans)).route(web::head().to(signup::plans)))
        .service(read("/signup/status").route(web::get().to(status::page)).route(web::head().to(status::page)))
        .service(
            only("/signup/{flow}", READ_AND_POST)
                .route(web::get().to(signup::form))
                .route(web::head().to(signup::form))
                .route(web::post().to(signup::submit)),
        )
        .service(read("/static/{hash}/{file}").route(web::get().to(statics::file)).route(web::head().to(statics::file)))
        .service(read("/health/live").route(web::get().to(health::live)).route(web::head().to(health::live)))
        .service(read("/health/ready").route(web::get().to(health::ready)).route(web::head().to(health::ready)))
        .default_service(web::to(nothing_here));
}

fn operators(routes: &mut ServiceConfig) {
    routes
        .service(read("/health/live").route(web::get().to(health::live)).route(web::head().to(health::live)))
        .service(
            read("/health/ready")
                .route(web::get().to(health::ready_in_detail))
                .route(web::head().to(health::ready_in_detail)),
        )
        .service(read("/metrics").route(web::get().to(health::metrics)).route(web::head().to(health::metrics)))
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
    App::new().app_data(state).app_data(registry).configure(operators)
}

fn read(path: &str) -> Resource {
    only(path, READ)
}

/// A resource that answers 405 with `Allow` to every other method, before any other check.
fn only(path: &str, allow: &'static str) -> Resource {
    web::resource(path)
        .default_service(web::to(move || std::future::ready(Err::<String, _>(AppError::MethodNotAllowed { allow }))))
}

/// Nothing has this path; a method that asks for no resource is refused as such.
async fn nothing_here(request: HttpRequest) -> Result<String, AppError> {
    match *request.method() {
        Method::GET | Method::HEAD | Method::POST => Err(AppError::NotFound),
        _ => Err(AppError::MethodNotAllowed { allow: READ }),
    }
}

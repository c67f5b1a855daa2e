//! Liveness, readiness and metrics. A neighbour's failure is `degraded`, never unready: our page with the visitor's
//! values beats the balancer's.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use serde_json::json;

use crate::state::{AppState, Phase};

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /health/ready`: whether to send visitors.
pub async fn ready(state: web::Data<AppState>) -> HttpResponse {
    answer(&state, false)
}

/// The same on the admin listener, each check by name.
pub async fn ready_in_detail(state: web::Data<AppState>) -> HttpResponse {
    answer(&state, true)
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(state: web::Data<AppState>, registry: web::Data<PrometheusHandle>) -> HttpResponse {
    let worst = state.in_force.load().tenants.iter().map(|tenant| tenant.studio.circuit_gauge()).fold(0.0, f64::max);
    gauge!("signup_upstream_circuit_state").set(worst);
    gauge!("signup_ready").set(if state.readiness.phase() == Phase::Ready { 1.0 } else { 0.0 });
    gauge!("signup_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Collector::default().collect();
    HttpResponse::Ok().insert_header(ContentType::plaintext()).body(registry.render())
}

fn answer(state: &AppState, in_detail: bool) -> HttpResponse {
    let phase = state.readiness.phase();
    let upstream = state.in_force.load().tenants.iter().all(|tenant| !tenant.studio.is_shut_off());
    let turnstile = state.in_force.load().tenants.iter().all(|tenant| !tenant.challenge.is_failing());
    let shared = !state.store.is_degraded();
    let status = match phase {
        Phase::Starting => "starting",
        Phase::Draining => "draining",
        Phase::Ready if upstream && turnstile && shared => "ok",
        Phase::Ready => "degraded",
    };
    let mut body = json!({ "status": status });
    if in_detail {
        let word = |sound: bool| if sound { "ok" } else { "degraded" };
        let checks = json!({ "upstream": word(upstream), "turnstile": word(turnstile), "store": word(shared) });
        body = json!({ "status": status, "checks": checks });
    }
    match phase {
        Phase::Ready => HttpResponse::Ok().json(body),
        Phase::Starting | Phase::Draining => HttpResponse::ServiceUnavailable().json(body),
    }
}

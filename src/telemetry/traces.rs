//! Traces for an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! A finished span is put into a bounded queue, and a thread of its own sends batches. A collector that is slow or away
//! costs spans, never a visitor's time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue, SpanId, TraceFlags, TraceId};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::Handle;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use super::ROOT_SPAN;
use crate::causes::chain;
use crate::http::{ClientError, Clients};
use crate::step;
use crate::trace_context;

/// How many finished spans wait for the next batch; more are dropped.
const MAX_QUEUED_SPANS: usize = 2_048;
/// How long a span waits for its batch to fill.
const BATCH_DELAY: Duration = Duration::from_secs(2);
/// How long the collector may take for a batch.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the process waits at its end for the last batch.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The collector's failures are logged once in so long.
const COMPLAIN_EVERY: Duration = Duration::from_mins(1);

/// The exporter, to be flushed at the end of the process.
pub(super) struct Traces(SdkTracerProvider);

/// Why no traces can be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// No HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The endpoint cannot be used.
    #[error("telemetry.otlp_endpoint cannot be used")]
    Exporter(#[from] ExporterBuildError),
}

impl Traces {
    /// Sends spans to a collector from now on.
    pub(super) fn begin(endpoint: &Url) -> Result<Self, TracesError> {
        let client = Clients::new(EXPORT_TIMEOUT, crate::settings::Http2::Auto)?.pooled;
        let otlp = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Collector { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(traces_url(endpoint))
            .build()?;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_QUEUED_SPANS)
            .with_scheduled_delay(BATCH_DELAY)
            .build();
        let exporter = Exporter { otlp, started: Instant::now(), complained: AtomicU64::new(0) };
        let service = [
            KeyValue::new("service.name", env!("CARGO_PKG_NAME")),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ];
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(config).build())
            .with_resource(Resource::builder_empty().with_attributes(service).build())
            .build();
        step::begin_exporting();
        Ok(Self(provider))
    }

    /// Our spans become OpenTelemetry's; events stay in the log.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours =
            |metadata: &Metadata<'_>| metadata.is_span() && metadata.target().starts_with(env!("CARGO_CRATE_NAME"));
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(ours))
    }

    /// Sends what is still queued, for [`FLUSH_TIMEOUT`] at most.
    pub(super) async fn flush(self) {
        let flushed = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSH_TIMEOUT)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("the last traces did not reach the collector");
        }
    }
}

/// Whether the log shows a span: steps are for traces alone.
pub(super) fn is_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target() != step::TARGET
}

/// The caller's span is the parent of ours.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    if !step::is_exporting() {
        return;
    }
    if let Some(parent) = trace_context::parent(headers).and_then(remote) {
        // Fails only for a span that nobody exports.
        let _not_exported = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

fn remote(parent: trace_context::Parent<'_>) -> Option<SpanContext> {
    let trace = TraceId::from_hex(parent.trace).ok()?;
    let span = SpanId::from_hex(parent.span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parent.flags, 16).ok()?);
    Some(SpanContext::new(trace, span, flags, true, opentelemetry::trace::TraceState::NONE))
}

/// What a request was and came to, by the conventions for HTTP servers; the route, never the path or the query.
pub(super) fn describe_answer<B: MessageBody>(span: &Span, answer: &ServiceResponse<B>) {
    if !step::is_exporting() {
        return;
    }
    let request = answer.request();
    span.set_attribute("http.request.method", standard_method(request.method().as_str()));
    span.set_attribute("http.route", request.match_pattern().unwrap_or_else(|| "none".to_owned()));
    describe_status(span, answer.status());
}

/// What a request came to.
pub(super) fn describe_status(span: &Span, status: StatusCode) {
    if !step::is_exporting() {
        return;
    }
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// A method's name, unless somebody made it up.
fn standard_method(name: &str) -> &'static str {
    ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("_OTHER")
}

/// The endpoint is the collector's; its path for traces is OTLP's (<https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>).
fn traces_url(endpoint: &Url) -> String {
    let base = endpoint.as_str().trim_end_matches('/');
    if base.ends_with("/v1/traces") { base.to_owned() } else { format!("{base}/v1/traces") }
}

/// Sends batches through a client of ours, on the runtime: the exporter's thread has none.
#[derive(Debug)]
struct Collector {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        *request.timeout_mut() = Some(EXPORT_TIMEOUT);
        let client = self.client.clone();
        // The request begins where the runtime is, not in the exporter's thread.
        let sent = self.runtime.spawn(async move { client.execute(request).await });
        let answer = sent.await?.map_err(reqwest::Error::without_url)?;
        Ok(Response::builder().status(answer.status()).body(Bytes::new())?)
    }
}

/// OTLP's exporter, with what the conventions want of a server's span, and failures that are told once in a while.
#[derive(Debug)]
struct Exporter {
    otlp: opentelemetry_otlp::SpanExporter,
    started: Instant,
    /// Seconds since start at which to complain again.
    complained: AtomicU64,
}

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().filter(|span| span.name == ROOT_SPAN).for_each(as_server);
        let spans = batch.len();
        let sent = self.otlp.export(batch).await;
        if let Err(error) = &sent {
            self.complain(spans, error);
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}

impl Exporter {
    fn complain(&self, spans: usize, error: &dyn std::error::Error) {
        let now = self.started.elapsed().as_secs();
        if now >= self.complained.load(Ordering::Relaxed) {
            self.complained.store(now + COMPLAIN_EVERY.as_secs(), Ordering::Relaxed);
            tracing::warn!(spans, error = %chain(error), "the trace collector does not take our spans: they are lost");
        }
    }
}

/// A request's span in the log is a plain one; in a trace it is a server's, named by method and route.
fn as_server(span: &mut SpanData) {
    span.span_kind = SpanKind::Server;
    let value = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name)?;
        Some(found.value.as_str().into_owned())
    };
    if let (Some(method), Some(route)) = (value("http.request.method"), value("http.route")) {
        span.name = format!("{method} {route}").into();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use actix_web::body::BoxBody;
    use actix_web::error::{ErrorInternalServerError, ErrorNotFound};
    use tracing_actix_web::RootSpanBuilder as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::LeanRootSpan;
    use super::*;

    /// Keeps the spans that it is sent.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    #[test]
    fn the_span_of_a_request_that_ends_with_an_error_says_what_it_came_to() {
        step::begin_exporting();
        for (error, code, status) in [
            (ErrorInternalServerError("a panic"), "500", Status::error("")),
            (ErrorNotFound("nothing"), "404", Status::Unset),
        ] {
            let kept = Kept::default();
            let traces = Traces(SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(traces.layer()), || {
                LeanRootSpan::on_request_end::<BoxBody>(tracing::info_span!(ROOT_SPAN), &Err(error));
            });
            let spans = kept.0.lock().unwrap();
            let found = spans[0].attributes.iter().find(|one| one.key.as_str() == "http.response.status_code");
            assert_eq!((found.unwrap().value.as_str().as_ref(), &spans[0].status), (code, &status));
        }
    }
}

//! Logs and metrics: the subscriber, the root span without personal data, and the registry behind `/metrics`.

mod json;
mod level;
#[cfg(test)]
mod tests;
#[cfg(feature = "otlp")]
mod traces;

use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage as _};
use metrics::counter;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::{Span, Subscriber};
use tracing_actix_web::{RequestId, RootSpanBuilder};
#[cfg(feature = "otlp")]
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

pub use self::level::Verbosity;
use crate::settings::{LogFormat, Telemetry};
use crate::store::Scope;

/// The name of a request's span.
const ROOT_SPAN: &str = "request";

/// Bounds of calls to neighbours, in seconds.
const CALL_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// Where the log goes and how much it says, for as long as the process lives.
pub struct Log {
    /// Changes the level.
    pub verbosity: Verbosity,
    #[cfg(feature = "otlp")]
    traces: Option<traces::Traces>,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A subscriber is already there.
    #[error(transparent)]
    Subscriber(#[from] TryInitError),
    /// No traces can be exported.
    #[cfg(feature = "otlp")]
    #[error(transparent)]
    Traces(#[from] traces::TracesError),
}

impl Log {
    /// Sends the log to standard output, and spans to a collector where one is named.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn to_stdout(settings: &Telemetry) -> Result<Self, LogError> {
        let verbosity = Verbosity::new(settings.log_level);
        let (format, is_terminal) = (settings.log_format, std::io::stdout().is_terminal());
        #[cfg(feature = "otlp")]
        if let Some(endpoint) = &settings.otlp_endpoint {
            let traces = traces::Traces::begin(endpoint)?;
            tracing_subscriber::registry()
                .with(verbosity.clone().with_steps())
                .with(lines(format, is_terminal, std::io::stdout).with_filter(filter_fn(traces::is_logged)))
                .with(traces.layer())
                .try_init()?;
            return Ok(Self { verbosity, traces: Some(traces) });
        }
        subscriber(format, verbosity.clone(), is_terminal, std::io::stdout).try_init()?;
        Ok(Self {
            verbosity,
            #[cfg(feature = "otlp")]
            traces: None,
        })
    }

    /// Sends the last spans, if the collector takes them within a short time.
    #[cfg(feature = "otlp")]
    pub async fn finish(self) {
        if let Some(traces) = self.traces {
            traces.flush().await;
        }
    }

    /// Does nothing: this build exports no traces.
    #[cfg(not(feature = "otlp"))]
    pub fn finish(self) -> std::future::Ready<()> {
        std::future::ready(())
    }
}

/// A subscriber that writes one line an event; coloured, if at all, only where `pretty` lines meet a terminal.
#[must_use]
pub fn subscriber<W>(
    format: LogFormat,
    verbosity: Verbosity,
    is_terminal: bool,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Box::new(tracing_subscriber::registry().with(verbosity).with(lines(format, is_terminal, writer)))
}

fn lines<S, W>(format: LogFormat, is_terminal: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Pretty if is_terminal => Box::new(lines.with_target(false)),
        LogFormat::Pretty => Box::new(lines.with_target(false).with_ansi(false)),
        LogFormat::Json => Box::new(lines.fmt_fields(json::Members).event_format(json::Line)),
    }
}

/// Counts and logs every panic of the process, with its place in the source and within the span of its request. Never
/// its message: that may quote what a visitor typed.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        counter!("signup_panics_total").increment(1);
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// The registry behind `/metrics`: one for the process.
///
/// # Errors
/// [`BuildError`] when another recorder is installed.
pub fn metrics() -> Result<&'static PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    static INSTALLING: Mutex<()> = Mutex::new(());
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    // Tests of one process ask at the same time: one installs it, and the others find it.
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    let handle = install()?;
    Ok(HANDLE.get_or_init(|| handle))
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &CALL_BUCKETS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    ::metrics::set_global_recorder(recorder)?;
    describe();
    begin_at_zero();
    Ok(handle)
}

fn describe() {
    use ::metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("signup_form_views_total", "Forms shown");
    describe_counter!("signup_submissions_total", "Forms posted, by what became of them");
    describe_counter!("signup_rate_limited_total", "Requests over a budget");
    describe_counter!("signup_observed_total", "What a guard would have refused, had it been enforced");
    describe_counter!("signup_link_parameters_odd_total", "Link parameters dropped, cut or not allowed");
    describe_counter!("signup_store_errors_total", "Questions that Redis did not answer");
    describe_counter!("signup_upstream_retries_total", "Creations tried again because nothing had been sent");
    describe_counter!("signup_panics_total", "Panics, each logged with its place in the source");
    describe_counter!("signup_forwarding_ignored_total", "Forwarding headers from who is no trusted proxy");
    describe_gauge!("signup_build_info", "1, with what was built as labels");
    describe_gauge!("signup_ready", "1 while visitors are welcome, 0 while starting or draining");
    describe_gauge!("signup_store_shared", "1 while limits and forms are shared through Redis");
    describe_gauge!("signup_upstream_circuit_state", "0 closed, 1 half-open, 2 open");
    describe_gauge!("http_requests_in_flight", "Requests being answered");
    describe_histogram!("signup_upstream_duration_seconds", "Calls to the upstream");
    metrics_process::Collector::default().describe();
    describe_histogram!("signup_turnstile_duration_seconds", "Verifications of Turnstile tokens");
}

/// A counter that appears with its first event shows no increase, and the first panic would go unnoticed.
fn begin_at_zero() {
    use ::metrics::counter;
    for name in [
        "signup_forwarding_ignored_total",
        "signup_link_parameters_odd_total",
        "signup_panics_total",
        "signup_store_errors_total",
        "signup_upstream_retries_total",
    ] {
        counter!(name).increment(0);
    }
    for scope in Scope::ALL {
        counter!("signup_rate_limited_total", "scope" => scope.label()).increment(0);
    }
}

/// The span of a request: what helps to find it, nothing about who sent it.
pub struct LeanRootSpan;

impl RootSpanBuilder for LeanRootSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let span = tracing::info_span!(
            ROOT_SPAN,
            request_id = id,
            tenant = tracing::field::Empty,
            flow = tracing::field::Empty
        );
        #[cfg(feature = "otlp")]
        traces::continue_trace(&span, request.headers());
        span
    }

    /// The event of the request's end is the access log's.
    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        #[cfg(feature = "otlp")]
        match outcome {
            Ok(answer) => traces::describe_answer(&span, answer),
            // Its request is gone with it: the answer is made outside, of the error alone.
            Err(error) => traces::describe_status(&span, error.as_response_error().status_code()),
        }
        #[cfg(not(feature = "otlp"))]
        let _only_for_traces = (span, outcome);
    }
}

/// No span: a request of an operator's tools has an id, and no place in traces.
pub struct NoSpan;

impl RootSpanBuilder for NoSpan {
    fn on_request_start(_request: &ServiceRequest) -> Span {
        Span::none()
    }

    fn on_request_end<B: MessageBody>(_span: Span, _outcome: &Result<ServiceResponse<B>, Error>) {}
}

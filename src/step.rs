//! The steps of a sign-up as spans for traces: their names, how long they took, what came of them. Nothing else, and
//! nothing about who signed up. Log lines never show them, and without a collector they are off.

use std::fmt;

use tracing::Instrument as _;

use crate::seal::hex;

/// The target of these spans, by which the log leaves them out and traces take them in.
pub const TARGET: &str = "signup_gateway::step";

/// A span of a step within the process: `step!("parse")`, or of a call to a neighbour: `step!("redis", client)`.
macro_rules! step {
    ($name:literal) => {
        tracing::info_span!(target: $crate::step::TARGET, $name, outcome = tracing::field::Empty)
    };
    ($name:literal, client) => {
        tracing::info_span!(
            target: $crate::step::TARGET,
            $name,
            otel.kind = "client",
            outcome = tracing::field::Empty
        )
    };
}
pub(crate) use step;

/// Runs a step in its span, and notes what came of it.
pub fn run<T>(
    span: tracing::Span,
    step: impl Future<Output = T>,
    outcome: impl FnOnce(&T) -> &'static str,
) -> impl Future<Output = T> {
    // Boxed at once: steps nest, and a future that holds another twice doubles with each of them.
    let step = Box::pin(step.instrument(span.clone()));
    async move {
        let result = step.await;
        if !span.is_disabled() {
            span.record("outcome", outcome(&result));
        }
        result
    }
}

/// Whether spans are exported: without, a request does not even ask for its own.
#[cfg(feature = "otlp")]
static EXPORTING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Says that spans are exported from now on.
#[cfg(feature = "otlp")]
pub fn begin_exporting() {
    EXPORTING.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// Whether spans are exported.
#[cfg(feature = "otlp")]
#[must_use]
pub fn is_exporting() -> bool {
    EXPORTING.load(std::sync::atomic::Ordering::Relaxed)
}

/// A place in a trace (W3C Trace Context, level 1). Its text is the value of a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: [u8; 16],
    /// The span within it that makes the call.
    pub span: [u8; 8],
    /// Whether it is sampled, and what else stands there.
    pub flags: u8,
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{}-{}-{:02x}", hex(&self.trace), hex(&self.span), self.flags)
    }
}

/// The span we are in, where spans are exported.
#[cfg(feature = "otlp")]
#[must_use]
pub fn trace_context() -> Option<TraceContext> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    if !is_exporting() {
        return None;
    }
    let context = tracing::Span::current().context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| TraceContext {
        trace: ids.trace_id().to_bytes(),
        span: ids.span_id().to_bytes(),
        flags: ids.trace_flags().to_u8(),
    })
}

/// The span we are in; this build exports none.
#[cfg(not(feature = "otlp"))]
#[must_use]
pub fn trace_context() -> Option<TraceContext> {
    None
}

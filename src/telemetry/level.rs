//! How much is logged, changeable while the process runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::settings::LogLevel;
use crate::step;

/// Where our own events and spans come from.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// The level in force. Clones share it.
///
/// Not `tracing_subscriber::reload`: that takes a lock for every span and event. Here a callsite that is off costs what it
/// always costs, one load, because a change asks all callsites again.
#[derive(Clone)]
pub struct Verbosity {
    level: Arc<AtomicU8>,
    /// Whether steps have spans: only where traces are exported.
    steps: bool,
}

impl Verbosity {
    /// Logs at this level.
    #[must_use]
    pub fn new(level: LogLevel) -> Self {
        Self { level: Arc::new(AtomicU8::new(level as u8)), steps: false }
    }

    /// The same with the spans of steps, which no line shows.
    #[cfg(feature = "otlp")]
    pub(super) fn with_steps(self) -> Self {
        Self { steps: true, ..self }
    }

    /// Logs at this level from now on.
    pub fn set(&self, level: LogLevel) {
        if self.level.swap(level as u8, Ordering::Relaxed) != level as u8 {
            tracing::callsite::rebuild_interest_cache();
        }
    }

    fn ours(&self) -> LevelFilter {
        match self.level.load(Ordering::Relaxed) {
            0 => LevelFilter::ERROR,
            1 => LevelFilter::WARN,
            2 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        }
    }

    /// Spans are never left out: an error without its request id helps nobody.
    ///
    /// Libraries speak at most at info: what they say below that holds URLs, headers and bodies of people. Of the HTTP
    /// parser we hear nothing at all: anybody can make it complain, without end.
    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        let of = |name: &str| {
            let rest = metadata.target().strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        if metadata.target() == step::TARGET {
            return self.steps;
        }
        let loudest = if of("actix_http") {
            LevelFilter::OFF
        } else if of(OURS) {
            if metadata.is_span() { LevelFilter::INFO.max(self.ours()) } else { self.ours() }
        } else if of("actix_server") {
            LevelFilter::WARN.min(self.ours())
        } else {
            LevelFilter::INFO.min(self.ours())
        };
        *metadata.level() <= loudest
    }
}

impl<S: Subscriber> Layer<S> for Verbosity {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.admits(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.admits(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Never below info, where spans are, and because libraries that use `log` are told only at the start.
        Some(LevelFilter::from_level(Level::INFO).max(self.ours()))
    }
}

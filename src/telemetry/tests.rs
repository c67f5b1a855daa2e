//! What is logged at which level, and how it looks.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::settings::LogLevel;

/// Lines that a subscriber has written.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Everything that is said while a subscriber of this kind listens.
fn logged(format: LogFormat, verbosity: &Verbosity, is_terminal: bool, say: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = subscriber(format, verbosity.clone(), is_terminal, lines.clone());
    tracing::subscriber::with_default(subscriber, say);
    lines.text()
}

fn say_everything() {
    tracing::error!("our error");
    tracing::warn!("our warn");
    tracing::info!("our info");
    tracing::debug!("our debug");
    tracing::trace!("our trace");
    tracing::error!(target: "hyper::client", "its error");
    tracing::info!(target: "hyper::client", "its info");
    tracing::debug!(target: "hyper::client", "its debug");
    tracing::debug!(target: "signup_gateway_of_another", "its debug");
    tracing::info!(target: "actix_server::worker", "server info");
    tracing::warn!(target: "actix_server::worker", "server warn");
    tracing::error!(target: "actix_http::h1", "parser error");
}

fn messages(level: LogLevel) -> Vec<String> {
    let text = logged(LogFormat::Json, &Verbosity::new(level), false, say_everything);
    let message =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].as_str().unwrap().to_owned();
    text.lines().map(message).collect()
}

#[test]
fn each_level_tells_more_of_ours_and_of_libraries_at_most_info() {
    assert_eq!(messages(LogLevel::Error), ["our error", "its error"]);
    assert_eq!(messages(LogLevel::Warn), ["our error", "our warn", "its error", "server warn"]);
    let info = ["our error", "our warn", "our info", "its error", "its info", "server warn"];
    assert_eq!(messages(LogLevel::Info), info);
    let debug = ["our error", "our warn", "our info", "our debug", "its error", "its info", "server warn"];
    assert_eq!(messages(LogLevel::Debug), debug);
}

#[test]
fn the_level_changes_while_the_process_runs() {
    let verbosity = Verbosity::new(LogLevel::Info);
    let text = logged(LogFormat::Json, &verbosity, false, || {
        for (level, name) in [(LogLevel::Info, "one"), (LogLevel::Debug, "two"), (LogLevel::Error, "three")] {
            verbosity.set(level);
            tracing::debug!("debug {name}");
            tracing::warn!("warn {name}");
        }
    });
    let told = |text: &str, wanted: &str| text.contains(wanted);
    assert!(told(&text, "warn one") && told(&text, "warn two") && !told(&text, "warn three"), "{text}");
    assert!(!told(&text, "debug one") && told(&text, "debug two") && !told(&text, "debug three"), "{text}");
}

#[test]
fn an_error_names_its_request_at_every_level() {
    for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug] {
        let text = logged(LogFormat::Json, &Verbosity::new(level), false, || {
            tracing::info_span!("request", request_id = "r-1").in_scope(|| tracing::error!("broken"));
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["span"]["request_id"], "r-1", "{level:?}: {text}");
    }
}

#[test]
fn lines_for_people_are_coloured_on_a_terminal_alone() {
    let verbosity = Verbosity::new(LogLevel::Info);
    let plain = logged(LogFormat::Pretty, &verbosity, false, say_everything);
    assert!(plain.contains("our info") && !plain.contains('\u{1b}'), "{plain:?}");
    let coloured = logged(LogFormat::Pretty, &verbosity, true, say_everything);
    assert!(coloured.contains('\u{1b}'), "{coloured:?}");
}

#[test]
fn beside_another_recorder_there_is_an_error_and_no_endless_wait() {
    metrics().unwrap();
    assert!(matches!(install(), Err(BuildError::FailedToSetGlobalRecorder(_))));
    metrics().unwrap();
}

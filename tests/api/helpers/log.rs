//! Everything the process logged, captured once for all tests of this binary, at the level that tells most.

use std::io;
use std::panic;
use std::sync::{LazyLock, Mutex};

use signup_gateway::settings::{LogFormat, LogLevel};
use signup_gateway::telemetry::{self, Verbosity};
use tracing_subscriber::util::SubscriberInitExt as _;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Words of lines that cannot be written: see [`panic_at`].
static TRAPS: Mutex<Vec<[&str; 2]>> = Mutex::new(Vec::new());

static INSTALLED: LazyLock<()> = LazyLock::new(|| {
    let shown = panic::take_hook();
    telemetry::report_panics();
    let reported = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        reported(panic);
        shown(panic);
    }));
    let subscriber = telemetry::subscriber(LogFormat::Json, Verbosity::new(LogLevel::Debug), false, || Capture);
    // As the process does it: libraries that use `log` are heard, too.
    subscriber.try_init().unwrap();
});

struct Capture;

impl io::Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        spring_traps(bytes);
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes whoever logs the next line with both words panic, in the middle of what they were doing.
pub fn panic_at(words: [&'static str; 2]) {
    TRAPS.lock().unwrap().push(words);
}

fn spring_traps(line: &[u8]) {
    let mut traps = TRAPS.lock().unwrap();
    let text = std::str::from_utf8(line).unwrap_or_default();
    if let Some(sprung) = traps.iter().position(|words| words.iter().all(|word| text.contains(word))) {
        traps.remove(sprung);
        drop(traps);
        panic!("cannot write this line: {text}");
    }
}

/// Begins to capture; further calls change nothing.
pub fn capture() {
    LazyLock::force(&INSTALLED);
}

/// Everything logged so far, by all tests.
pub fn text() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
}

/// The log's events that name a request id.
pub fn of_request(request_id: &str) -> Vec<serde_json::Value> {
    let lines = LINES.lock().unwrap();
    // Not by `text`: a table of a hundred rows would copy the whole log a hundred times.
    std::str::from_utf8(&lines)
        .unwrap()
        .lines()
        .filter(|line| line.contains(request_id))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}")))
        .collect()
}

//! Where a connection is between requests, and by when its visitor must have gone on.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::HttpRequest;
use memchr::memchr_iter;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{HEAD_DEADLINE, LINGER};

/// For bytes after a head whose end nobody saw: no body is as long.
const UNSEEN: usize = usize::MAX;

/// Where a connection is between requests; shared by its stream and its requests.
#[derive(Default)]
pub struct Progress {
    phase: Cell<Phase>,
    early_bytes: Cell<bool>,
    /// Whether a body without an announced length is still to come: the framework waits for its end, and for nothing else.
    body_is_open: Cell<bool>,
    /// The last bytes that arrived, in however many reads. Where they end a head, nothing of a next one came with it.
    last_bytes: Cell<[u8; 3]>,
    /// How many bytes came after the end of the head at hand, once that has come. [`UNSEEN`] where it came with the request
    /// before.
    after_head: Cell<Option<usize>>,
    /// Bytes of the request at hand, framing included.
    bytes: Cell<usize>,
    /// Whether an answer waits for a visitor who does not read: another deadline holds then.
    is_writing: Cell<bool>,
    /// What goes on when the visitor is gone.
    attempts: TaskTracker,
}

#[derive(Clone, Copy, Default)]
enum Phase {
    /// No byte of the next head yet.
    #[default]
    Idle,
    /// A head is arriving.
    Head { since: Instant },
    /// A request is being answered.
    Answering,
    /// The answer said that it is the connection's last.
    Closing { since: Instant },
    /// A request came all the same; the connection ends once that answer is written.
    Over,
}

impl Progress {
    /// A connection that has said nothing yet: one that never does is a stalled first head.
    pub(super) fn of_a_new_connection() -> Self {
        Self { phase: Cell::new(Phase::Head { since: Instant::now() }), ..Self::default() }
    }

    /// The connection of a request; none in tests without a socket.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        request.conn_data::<Rc<Self>>().cloned()
    }

    /// What was begun over this connection and must be ended on its thread: the connection counts as open as long.
    pub fn attempts(&self) -> &TaskTracker {
        &self.attempts
    }

    /// A head is complete, and whether a body in chunks follows it. `false` when the answer before it was the last one: this
    /// request is never answered.
    ///
    /// The framework closes after a last answer, but not before it has served what arrived with the request before
    /// (RFC 9112, 9.6 forbids it).
    #[must_use]
    pub fn begin_answer(&self, is_chunked: bool) -> bool {
        if let Phase::Closing { .. } | Phase::Over = self.phase.get() {
            self.phase.set(Phase::Over);
            return false;
        }
        self.phase.set(Phase::Answering);
        self.early_bytes.set(!ends_head(self.last_bytes.get()));
        self.body_is_open.set(is_chunked);
        self.after_head.set(self.after_head.get().or(Some(UNSEEN)));
        true
    }

    /// The body is complete, of as many bytes as its head announced; what comes now belongs to the next request.
    ///
    /// Part of that may have come with the body. Where nobody can tell, as when none were announced, it is taken to have.
    pub fn body_is_read(&self, announced: Option<u64>) {
        self.body_is_open.set(false);
        let after_head = self.after_head.get().and_then(|bytes| u64::try_from(bytes).ok());
        if announced.is_some() && after_head == announced {
            self.early_bytes.set(false);
        }
    }

    /// The request is answered, and whether that is the connection's last answer.
    ///
    /// Who has begun with the next request, or has not ended the body of this one, is waited for as for a head.
    pub fn end_answer(&self, is_last: bool) {
        self.bytes.set(0);
        self.after_head.set(self.early_bytes.get().then_some(UNSEEN));
        let is_awaited = self.early_bytes.get() || self.body_is_open.get();
        self.phase.set(match (is_last, is_awaited) {
            (true, _) => Phase::Closing { since: Instant::now() },
            (false, true) => Phase::Head { since: Instant::now() },
            (false, false) => Phase::Idle,
        });
    }

    /// How many bytes of the request at hand have come with these.
    pub(super) fn bytes_arrived(&self, arrived: &[u8]) -> usize {
        self.bytes.set(self.bytes.get().saturating_add(arrived.len()));
        let last = self.last_bytes.get();
        let after_head = match self.after_head.get() {
            Some(bytes) => Some(bytes.saturating_add(arrived.len())),
            None => end_of_head(last, arrived).map(|end| arrived.len() - end),
        };
        self.after_head.set(after_head);
        let mut tail = last.into_iter().chain(arrived.iter().copied().skip(arrived.len().saturating_sub(3))).rev();
        let [third, second, first] = [tail.next(), tail.next(), tail.next()].map(Option::unwrap_or_default);
        self.last_bytes.set([first, second, third]);
        match self.phase.get() {
            Phase::Idle => self.phase.set(Phase::Head { since: Instant::now() }),
            Phase::Head { .. } | Phase::Closing { .. } | Phase::Over => {}
            Phase::Answering => self.early_bytes.set(true),
        }
        self.bytes.get()
    }

    /// Whether the visitor leaves an answer unread. What begins after that begins when it is read.
    pub(super) fn answer_waits(&self, waits: bool) {
        if self.is_writing.replace(waits) && !waits {
            match self.phase.get() {
                Phase::Head { .. } => self.phase.set(Phase::Head { since: Instant::now() }),
                Phase::Closing { .. } => self.phase.set(Phase::Closing { since: Instant::now() }),
                Phase::Idle | Phase::Answering | Phase::Over => {}
            }
        }
    }

    /// Whether nothing more is said over the connection.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase.get(), Phase::Over)
    }

    /// By when the visitor must have gone on.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase.get() {
            _ if self.is_writing.get() => None,
            Phase::Head { since } => Some(since + HEAD_DEADLINE),
            Phase::Closing { since } => Some(since + LINGER),
            Phase::Idle | Phase::Answering | Phase::Over => None,
        }
    }
}

/// Whether a head ends with these bytes: an empty line, by lines that end as the framework lets them.
fn ends_head(last: [u8; 3]) -> bool {
    matches!(last, [_, b'\n', b'\n'] | [b'\n', b'\r', b'\n'])
}

/// Where in these bytes a head ends, after those that came before.
fn end_of_head(before: [u8; 3], arrived: &[u8]) -> Option<usize> {
    let at = |index: usize, back: usize| match index.checked_sub(back) {
        Some(index) => arrived.get(index).copied(),
        None => before.get(3 + index - back).copied(),
    };
    let ends = |index: &usize| [at(*index, 2), at(*index, 1), Some(b'\n')].map(Option::unwrap_or_default);
    memchr_iter(b'\n', arrived).find(|index| ends_head(ends(index))).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_seen_in_however_many_reads_it_comes() {
        for (text, after) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Some("")),
            ("GET / HTTP/1.1\nHost: a\n\n", Some("")),
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\nname=\r\n\r\nAda", Some("name=\r\n\r\nAda")),
            ("POST / HTTP/1.1\nHost: a\r\n\nb", Some("b")),
            ("GET / HTTP/1.1\r\nHost: a\r\n", None),
            ("GET / HTTP/1.1\rHost: a\r\r\n", None),
        ] {
            for cut in 0..=text.len() {
                for other in cut..=text.len() {
                    let progress = Progress::of_a_new_connection();
                    let (first, rest) = text.as_bytes().split_at(cut);
                    let (second, third) = rest.split_at(other - cut);
                    let bytes = [first, second, third].map(|part| progress.bytes_arrived(part));
                    assert_eq!(bytes[2], text.len());
                    assert_eq!(progress.after_head.get(), after.map(str::len), "{text:?} cut at {cut} and {other}");
                }
            }
        }
    }

    #[test]
    fn who_leaves_a_body_open_is_waited_for_as_for_a_head() {
        for (is_chunked, is_read, is_last, awaited) in [
            (false, false, false, false),
            (true, false, false, true),
            (true, true, false, false),
            (true, false, true, true),
            (false, false, true, true),
        ] {
            let progress = Progress::of_a_new_connection();
            progress.bytes_arrived(b"POST / HTTP/1.1\r\n\r\n");
            assert!(progress.begin_answer(is_chunked));
            assert!(progress.deadline().is_none(), "an answer of ours is nobody else's delay");
            if is_read {
                progress.body_is_read(None);
            }
            progress.end_answer(is_last);
            assert_eq!(progress.deadline().is_some(), awaited, "{is_chunked} {is_read} {is_last}");
            progress.answer_waits(true);
            assert!(progress.deadline().is_none(), "a visitor who does not read has a deadline of another kind");
            progress.answer_waits(false);
            assert_eq!(progress.deadline().is_some(), awaited, "{is_chunked} {is_read} {is_last}");
        }
    }
}

//! Connections to Redis: each thread has one of its own, so that no question is handed from one thread to another.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo as _, RedisError, RedisResult, ScriptInvocation,
};
use socket2::TcpKeepalive;
use thread_local::ThreadLocal;

/// How often an idle connection is probed.
const PROBE_EVERY: Duration = Duration::from_mins(1);
/// So many hurried questions in a row without an answer lose their line: one alone may have met a busy server.
const LATE_ANSWERS: u32 = 2;

/// The connections of all threads.
pub(super) struct Lines {
    client: Client,
    connecting: AsyncConnectionConfig,
    by_thread: ThreadLocal<ArcSwap<Line>>,
    /// How often a line was lost. One begun before the last time is not trusted any more, whichever thread has it.
    losses: AtomicU64,
}

/// How long a question waits.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// So long: who takes longer is not there.
    Full(Duration),
    /// So long, which a server that is only busy may exceed.
    Hurried(Duration),
}

/// A connection that is made in the background: a question that does not wait for its end does not undo what is done.
struct Line {
    connection: Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>,
    /// How many lines had been lost when it was begun.
    losses: u64,
    /// Whether the connecting is over, well or not.
    is_begun: AtomicBool,
    /// Whether it came to nothing.
    has_failed: AtomicBool,
    /// Hurried questions in a row that were not answered in time.
    late: AtomicU32,
}

impl Line {
    fn begin(client: &Client, config: &AsyncConnectionConfig, losses: u64) -> Arc<Self> {
        let (client, config) = (client.clone(), config.clone());
        let connection = async move { client.get_multiplexed_async_connection_with_config(&config).await };
        let line = Arc::new(Self {
            connection: connection.boxed().shared(),
            losses,
            is_begun: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            late: AtomicU32::new(0),
        });
        let connecting = Connecting { line: Arc::clone(&line), is_connected: false };
        tokio::spawn(connecting.run());
        line
    }

    fn is_begun(&self) -> bool {
        self.is_begun.load(Ordering::Acquire)
    }

    /// Whether an answer, or none, says that the line failed and not only the question.
    ///
    /// `late` is how many were late when it was asked: those of one moment count once.
    fn is_lost(&self, answer: Result<(), &RedisError>, wait: Wait, late: u32) -> bool {
        match answer {
            Err(error) if error.is_timeout() => match wait {
                Wait::Full(_) => true,
                Wait::Hurried(_) => {
                    let counts =
                        self.late.compare_exchange(late, late + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
                    counts && late + 1 >= LATE_ANSWERS
                }
            },
            Err(error) if error.is_io_error() || error.is_unrecoverable_error() => true,
            _ => {
                self.late.store(0, Ordering::Relaxed);
                false
            }
        }
    }
}

/// A line that is being begun; it is begun when this is dropped, also by the end of its thread.
struct Connecting {
    line: Arc<Line>,
    is_connected: bool,
}

impl Connecting {
    async fn run(mut self) {
        self.is_connected = self.line.connection.clone().await.is_ok();
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.line.has_failed.store(!self.is_connected, Ordering::Relaxed);
        self.line.is_begun.store(true, Ordering::Release);
    }
}

impl Lines {
    /// Connects nowhere yet. `patience` is what connecting may take, greeting included.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(super) fn to(url: &str, patience: Duration) -> Result<Self, RedisError> {
        let told = url.into_connection_info()?;
        // So that no firewall forgets a line that is seldom used.
        let probes = TcpKeepalive::new().with_time(PROBE_EVERY).with_interval(PROBE_EVERY);
        let settings = told.tcp_settings().clone().set_nodelay(true).set_keepalive(probes);
        let client = Client::open(told.set_tcp_settings(settings))?;
        // Each question brings its own patience.
        let connecting = AsyncConnectionConfig::new().set_connection_timeout(Some(patience)).set_response_timeout(None);
        Ok(Self { client, connecting, by_thread: ThreadLocal::new(), losses: AtomicU64::new(0) })
    }

    /// Begins this thread's connection, so that the first question does not wait for it.
    pub(super) fn connect(&self) {
        self.line();
    }

    /// Waits until this thread's connection is there.
    ///
    /// # Errors
    /// When it does not come about in time.
    pub(super) async fn connected(&self) -> Result<(), RedisError> {
        let connection = self.line().connection.clone();
        connection.await.map(|_there| ())
    }

    /// This thread's connection.
    ///
    /// One whose other side is gone without a word would be kept until the system gives up repeating, a quarter of an
    /// hour later, and each thread would lose a question to find out that its own is broken. So the first question that
    /// any line loses ends all of them. One that did not come about is begun anew by who asks next.
    /// One that is still connecting is left to it: begun anew each time, a slow greeting would never end.
    fn line(&self) -> Arc<Line> {
        let losses = self.losses.load(Ordering::Relaxed);
        let begin = || Line::begin(&self.client, &self.connecting, losses);
        let current = self.by_thread.get_or(|| ArcSwap::new(begin()));
        let line = current.load_full();
        if !line.is_begun() || (line.losses == losses && !line.has_failed.load(Ordering::Relaxed)) {
            return line;
        }
        let fresh = begin();
        current.store(Arc::clone(&fresh));
        fresh
    }

    /// Asks over this thread's connection.
    ///
    /// # Errors
    /// Redis's, or that it did not answer in time.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        question: &ScriptInvocation<'_>,
        wait: Wait,
    ) -> Result<T, RedisError> {
        let line = self.line();
        let late_before = line.late.load(Ordering::Relaxed);
        let asked = async {
            let mut connection = line.connection.clone().await?;
            question.invoke_async(&mut connection).await
        };
        let (Wait::Full(patience) | Wait::Hurried(patience)) = wait;
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let answer = tokio::time::timeout(patience, asked).await.unwrap_or_else(|_elapsed| Err(late().into()));
        // One that is still connecting, or did not come about, is not lost: nobody else learns anything from it.
        let is_there = line.is_begun() && !line.has_failed.load(Ordering::Relaxed);
        if is_there && line.is_lost(answer.as_ref().map(|_answer| ()), wait, late_before) {
            // Counted once for all questions that one line left without an answer; the next is begun at once.
            let (before, now) = (line.losses, line.losses + 1);
            if self.losses.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                self.connect();
            }
        }
        answer
    }
}

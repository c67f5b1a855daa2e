//! The visitors' listener: HTTP/1.1 over connections that are cut when their side stalls.
//!
//! The framework times out only the first head of a connection. Here every head has a deadline, and so has a visitor
//! who does not read. (The body's deadline is `web::form_body`'s, which can still answer.)

use std::cell::Cell;
use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_http::{HttpService, Request};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service as _, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, map_config,
};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response};
use actix_web::{Error, HttpRequest};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::TaskTracker;

/// How long a request's head may take, counted from its first byte; the first head of a connection from the start.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection stays after its last answer for a visitor who is still sending, and would lose the answer with it.
const LINGER: Duration = Duration::from_secs(5);
/// How long a visitor may take to accept the next bytes of an answer.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// How long an idle connection is kept: longer than balancers keep theirs, so that they close first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The framework's own limit of a head, in bytes.
const MAX_HEAD_BYTES: usize = 128 * 1_024;
/// For bytes after a head whose end nobody saw: no body is as long.
const UNSEEN: usize = usize::MAX;
/// Connections the system holds until we accept them.
const BACKLOG: i32 = 1_024;
/// Connections at once for each worker; more wait in the backlog.
const MAX_CONNECTIONS: usize = 20_000;

/// Where a connection is between requests; shared by its stream and its requests.
#[derive(Default)]
pub struct Progress {
    phase: Cell<Phase>,
    early_bytes: Cell<bool>,
    /// The last bytes that arrived, in however many reads. Where they end a head, nothing of a next one came with it.
    last_bytes: Cell<[u8; 3]>,
    /// How many bytes came after the end of the head at hand, once that has come. [`UNSEEN`] where it came with the request
    /// before.
    after_head: Cell<Option<usize>>,
    /// Bytes of the request at hand, framing included.
    bytes: Cell<usize>,
    /// Who waits for bytes without a deadline.
    reader: Cell<Option<Waker>>,
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
    /// The connection of a request; none in tests without a socket.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        request.conn_data::<Rc<Self>>().cloned()
    }

    /// What was begun over this connection and must be ended on its thread: the connection counts as open as long.
    pub fn attempts(&self) -> &TaskTracker {
        &self.attempts
    }

    /// A head is complete. `false` when the answer before it was the last one: this request is never answered.
    ///
    /// The framework closes after a last answer, but not before it has served what arrived with the request before
    /// (RFC 9112, 9.6 forbids it).
    #[must_use]
    pub fn begin_answer(&self) -> bool {
        if let Phase::Closing { .. } | Phase::Over = self.phase.get() {
            self.phase.set(Phase::Over);
            return false;
        }
        self.phase.set(Phase::Answering);
        self.early_bytes.set(!ends_head(self.last_bytes.get()));
        self.after_head.set(self.after_head.get().or(Some(UNSEEN)));
        true
    }

    /// The body is complete, of as many bytes as its head announced; what comes now belongs to the next request.
    ///
    /// Part of that may have come with the body. Where nobody can tell, as when none were announced, it is taken to have.
    pub fn body_is_read(&self, announced: Option<u64>) {
        let after_head = self.after_head.get().and_then(|bytes| u64::try_from(bytes).ok());
        if announced.is_some() && after_head == announced {
            self.early_bytes.set(false);
        }
    }

    /// The request is answered, and whether that is the connection's last answer.
    pub fn end_answer(&self, is_last: bool) {
        self.bytes.set(0);
        self.after_head.set(self.early_bytes.get().then_some(UNSEEN));
        self.phase.set(match (is_last, self.early_bytes.get()) {
            (true, _) => Phase::Closing { since: Instant::now() },
            (false, true) => Phase::Head { since: Instant::now() },
            (false, false) => Phase::Idle,
        });
        // A deadline that begins now is nobody's until somebody looks at it.
        if self.deadline().is_some()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    fn bytes_arrived(&self, arrived: &[u8]) {
        self.bytes.set(self.bytes.get().saturating_add(arrived.len()));
        let (mut last, mut after_head) = (self.last_bytes.get(), self.after_head.get());
        for byte in arrived {
            let [_, second, third] = last;
            last = [second, third, *byte];
            after_head = match after_head {
                Some(bytes) => Some(bytes.saturating_add(1)),
                None => ends_head(last).then_some(0),
            };
        }
        self.last_bytes.set(last);
        self.after_head.set(after_head);
        match self.phase.get() {
            Phase::Idle => self.phase.set(Phase::Head { since: Instant::now() }),
            Phase::Head { .. } | Phase::Closing { .. } | Phase::Over => {}
            Phase::Answering => self.early_bytes.set(true),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase.get() {
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

/// A visitor's connection.
struct TimedStream {
    stream: TcpStream,
    progress: Rc<Progress>,
    max_request_bytes: usize,
    reading: Deadline,
    writing: Deadline,
}

/// A timer that is armed only while somebody waits.
#[derive(Default)]
struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Pending until the instant, then a timeout.
    fn poll(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<io::Error> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl TimedStream {
    fn new(stream: TcpStream, max_request_bytes: usize) -> Self {
        let progress = Rc::new(Progress::default());
        // A connection that never says anything is a stalled first head.
        progress.phase.set(Phase::Head { since: Instant::now() });
        Self { stream, progress, max_request_bytes, reading: Deadline::default(), writing: Deadline::default() }
    }

    fn guard_write<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing.disarm();
            return written;
        }
        let at = self.writing.0.as_ref().map_or_else(|| Instant::now() + WRITE_DEADLINE, |timer| timer.deadline());
        let late = ready!(self.writing.poll(at, context));
        Poll::Ready(Err(late))
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let arrived = buffer.filled().get(before..).unwrap_or_default();
        if !arrived.is_empty() {
            this.progress.bytes_arrived(arrived);
            // Chunk extensions count for no other limit.
            if this.progress.bytes.get() > this.max_request_bytes {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        if read.is_ready() {
            return read;
        }
        if let Some(at) = this.progress.deadline() {
            let late = ready!(this.reading.poll(at, context));
            return Poll::Ready(Err(late));
        }
        this.reading.disarm();
        this.progress.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.guard_write(written, context)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        ready!(this.guard_write(flushed, context))?;
        match this.progress.phase.get() {
            Phase::Over => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, buffers);
        this.guard_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// What one connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long requests in flight may take when the server stops.
    pub drain: Duration,
    /// The largest request body, in bytes; with its framing a request may be twice as large.
    pub body: usize,
}

/// Listens at an address and serves an application there; the address is the one that was bound.
///
/// # Errors
/// The system's, when the address is taken or not ours.
pub fn serve<F, I, S, B>(address: SocketAddr, limits: Limits, application: F) -> io::Result<(Server, SocketAddr)>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Future: 'static,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let listener = listen(address)?;
    let bound = listener.local_addr()?;
    let builder = builder(limits.drain);
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("visitors", listener, move || {
        let stopping = stopping.clone();
        let application = application().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_DEADLINE)
            // Idle connections close when the server begins to stop.
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|stream: &TimedStream, extensions| {
                extensions.insert(Rc::clone(&stream.progress));
            })
            .h1(map_config(application, |()| AppConfig::default()));
        apply_fn_factory(http, move |stream: TcpStream, http| {
            let peer = stream.peer_addr().ok();
            let stream = TimedStream::new(stream, MAX_HEAD_BYTES.saturating_add(limits.body.saturating_mul(2)));
            let progress = Rc::clone(&stream.progress);
            // Boxed: what an async block is given and then awaits would be held twice for each connection.
            let served = stream.stream.set_nodelay(true).map(|()| Box::pin(http.call((stream, peer))));
            async move {
                let ended = served?.await;
                // A worker ends with its last connection: it must not end before an attempt.
                progress.attempts.close();
                progress.attempts.wait().await;
                ended
            }
        })
    })?;
    Ok((builder.run(), bound))
}

fn builder(drain: Duration) -> ServerBuilder {
    ServerBuilder::new()
        .disable_signals()
        // In whole seconds, and never less than is asked for: attempts end with their worker.
        .shutdown_timeout(drain.as_secs() + u64::from(drain.subsec_nanos() > 0))
        .max_concurrent_connections(MAX_CONNECTIONS)
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

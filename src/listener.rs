//! The visitors' listener: HTTP/1.1 over connections that are cut when their side stalls.
//!
//! The framework times out only the first head of a connection. Here every head has a deadline, and so has a visitor
//! who does not read, or does not end a body that nobody reads. (The body of a form has that of `web::form_body`, which
//! can still answer.)

mod progress;
mod watched;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_http::{HttpService, Request};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service as _, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

pub use self::progress::Progress;
use self::watched::{Deadline, Watched};

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
/// Connections the system holds until we accept them.
const BACKLOG: i32 = 1_024;
/// Connections at once for each worker; more wait in the backlog.
const MAX_CONNECTIONS: usize = 20_000;

/// A visitor's connection.
struct TimedStream {
    stream: TcpStream,
    progress: Rc<Progress>,
    max_request_bytes: usize,
    writing: Deadline,
}

impl TimedStream {
    fn new(stream: TcpStream, max_request_bytes: usize) -> Self {
        let progress = Rc::new(Progress::of_a_new_connection());
        Self { stream, progress, max_request_bytes, writing: Deadline::default() }
    }

    fn guard_write<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.progress.answer_waits(written.is_pending());
        if written.is_ready() {
            self.writing.disarm();
            return written;
        }
        let at = self.writing.at().unwrap_or_else(|| Instant::now() + WRITE_DEADLINE);
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
        // Chunk extensions count for no other limit.
        if !arrived.is_empty() && this.progress.bytes_arrived(arrived) > this.max_request_bytes {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        read
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
        if this.progress.is_over() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
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
            .client_disconnect_timeout(LINGER)
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
            let is_set = stream.stream.set_nodelay(true);
            let served = is_set.map(|()| Watched::new(http.call((stream, peer)), Rc::clone(&progress)));
            async move {
                let ended = served?.await;
                // A worker ends with its last connection: it must not end before an attempt.
                progress.attempts().close();
                progress.attempts().wait().await;
                ended.unwrap_or(Ok(()))
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

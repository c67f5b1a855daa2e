//! A neighbour (upstream, siteverify) on a real socket that answers as a test tells it, down to broken TCP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(header, value)| (header == name).then_some(value.as_str()))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a field of an urlencoded body.
    pub fn field(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body).find_map(|(field, value)| (field == name).then(|| value.into_owned()))
    }
}

/// What a neighbour does with a request it has read whole.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A proper answer.
    Json(u16, Value),
    /// A proper answer with more headers, each line ending in CRLF.
    With(u16, &'static str, Value),
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, one at a time with a pause between them, then closed.
    Drip(Vec<u8>, Duration),
    /// These bytes, then silence with the connection open.
    Stall(Vec<u8>),
    /// The connection is closed without a byte.
    Close,
    /// The connection is reset without a byte.
    Reset,
    /// These bytes, then a reset.
    ResetAfter(Vec<u8>),
    /// The first bytes, then the second ones for as long as somebody reads.
    Endless(Vec<u8>, Vec<u8>),
    /// A proper answer, after a while.
    Later(Duration, Box<Reply>),
    /// Another one, once the gate is open.
    Behind(Gate, Box<Reply>),
}

/// Shut until it is opened for all.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    pub fn open(&self) {
        self.0.close();
    }
}

/// What a neighbour does with a connection before it reads a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// Reads the request.
    #[default]
    Open,
    /// Closes at once.
    Shut,
    /// Reads the head and half of the body, then closes.
    SlamMidRequest,
    /// Accepts, and never reads a byte.
    Deaf,
}

/// The most requests a neighbour remembers.
const REMEMBERED: usize = 20_000;

type Script = Box<dyn FnMut(&Received) -> Reply + Send>;

struct Shared {
    received: Mutex<Vec<Received>>,
    script: Mutex<Script>,
    door: Mutex<Door>,
    connections: Mutex<usize>,
}

/// A running neighbour; it stops when dropped.
pub struct Neighbour {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Neighbour {
    /// Listens on a free port and answers by the script.
    pub async fn start(script: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        Self::listening(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    fn listening(listener: TcpListener, script: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            script: Mutex::new(Box::new(script)),
            door: Mutex::default(),
            connections: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { address, shared, accepting }
    }

    /// An upstream that creates every account.
    pub async fn studio() -> Self {
        Self::start(|_| Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL })))
            .await
    }

    /// A siteverify that accepts every token `pass-{action}`, for the host the tests use.
    pub async fn siteverify() -> Self {
        Self::start(|request| {
            let token = request.field("response").unwrap_or_default();
            match token.strip_prefix("pass-") {
                Some(action) => Reply::Json(200, verified(action.split('.').next().unwrap())),
                None => Reply::Json(200, json!({ "success": false, "error-codes": ["invalid-input-response"] })),
            }
        })
        .await
    }

    /// Answers by another script from now on.
    pub fn answer(&self, script: impl FnMut(&Received) -> Reply + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Gives this answer from now on.
    pub fn reply(&self, reply: Reply) {
        self.answer(move |_| reply.clone());
    }

    /// Treats connections so from now on.
    pub fn door(&self, door: Door) {
        *self.shared.door.lock().unwrap() = door;
    }

    /// Every request that was read whole, of very many the last.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// An address that refuses connections, and that nobody else can take meanwhile.
pub struct Vacancy(TcpSocket);

impl Vacancy {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    /// Begins to listen and to answer.
    pub fn open(self, script: impl FnMut(&Received) -> Reply + Send + 'static) -> Neighbour {
        Neighbour::listening(self.0.listen(64).unwrap(), script)
    }

    /// Lets connections wait for ever: the queue in front of a listener that accepts nobody is full.
    pub async fn blackhole(self) -> (TcpListener, Vec<TcpStream>) {
        let address = self.0.local_addr().unwrap();
        let listener = self.0.listen(1).unwrap();
        let mut queue = Vec::new();
        while let Ok(waiting) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            queue.push(waiting.unwrap());
        }
        (listener, queue)
    }
}

/// An HTTP answer of this type and with this body, after which the connection is closed.
pub fn raw(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Raw\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
    Reply::Raw([head.as_bytes(), body].concat())
}

/// Where the programmable studio sends everybody.
pub const STUDIO_URL: &str = "https://studio.example/welcome?new=1";

/// What siteverify answers to a good token.
pub fn verified(action: &str) -> Value {
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    json!({
        "success": true, "error-codes": [], "challenge_ts": now, "hostname": "localhost", "action": action,
        "cdata": "", "metadata": { "interactive": false }, "a field of tomorrow": [1, 2, 3]
    })
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    loop {
        let door = *shared.door.lock().unwrap();
        match door {
            Door::Shut => return,
            Door::Deaf => {
                std::future::pending::<()>().await;
            }
            Door::Open | Door::SlamMidRequest => {}
        }
        let Some(request) = read_request(&mut stream, door).await else { return };
        remember(&mut shared.received.lock().unwrap(), request.clone());
        let reply = (shared.script.lock().unwrap())(&request);
        if !write_reply(&mut stream, reply).await {
            return;
        }
    }
}

/// The oldest go when there are very many, as in a run of half an hour.
fn remember(received: &mut Vec<Received>, request: Received) {
    if received.len() == REMEMBERED {
        received.drain(..REMEMBERED / 2);
    }
    received.push(request);
}

async fn read_request(stream: &mut TcpStream, door: Door) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8_192];
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut request_line = lines.next().unwrap().split(' ');
    let (method, path) = (request_line.next().unwrap().to_owned(), request_line.next().unwrap().to_owned());
    let headers: Vec<_> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let wanted = if door == Door::SlamMidRequest { length / 2 } else { length };
    let mut body = bytes[head_end + 4..].to_vec();
    while body.len() < wanted {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => body.extend_from_slice(&chunk[..read]),
        }
    }
    if door == Door::SlamMidRequest {
        return None;
    }
    Some(Received { method, path, headers, body })
}

/// Whether the connection stays open for another request.
pub(super) async fn write_reply(stream: &mut TcpStream, reply: Reply) -> bool {
    match reply {
        Reply::Json(status, body) => stream.write_all(&answer(status, "", &body)).await.is_ok(),
        Reply::With(status, headers, body) => stream.write_all(&answer(status, headers, &body)).await.is_ok(),
        Reply::Raw(bytes) => {
            let _gone = stream.write_all(&bytes).await;
            let _gone = stream.shutdown().await;
            false
        }
        Reply::Drip(bytes, pause) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
            false
        }
        Reply::Stall(bytes) => {
            let _gone = stream.write_all(&bytes).await;
            // Until the other side gives up.
            while let Ok(1..) = stream.read(&mut [0; 1_024]).await {}
            false
        }
        Reply::Close => false,
        Reply::Endless(first, rest) => {
            let mut next = &first;
            while stream.write_all(next).await.is_ok() {
                next = &rest;
            }
            false
        }
        Reply::Reset => reset_after(stream, &[]).await,
        Reply::ResetAfter(bytes) => reset_after(stream, &bytes).await,
        Reply::Behind(gate, reply) => {
            let _open = gate.0.acquire().await;
            Box::pin(write_reply(stream, *reply)).await
        }
        Reply::Later(pause, reply) => {
            tokio::time::sleep(pause).await;
            Box::pin(write_reply(stream, *reply)).await
        }
    }
}

/// Whether the connection stays open: never.
async fn reset_after(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let _gone = stream.write_all(bytes).await;
    // Time to be read: a reset throws away what is still on its way.
    if !bytes.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
    false
}

fn answer(status: u16, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

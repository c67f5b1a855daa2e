//! A studio that speaks HTTP/2 in the clear, frame by frame (RFC 9113), so that it can break where a library would not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const ACK: u8 = 0x1;
const MAX_CONCURRENT_STREAMS: u16 = 0x3;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Requests at once on one connection: the least that is recommended (RFC 9113, 6.5.2).
pub const MOST_STREAMS: u32 = 100;

/// Frame types.
mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
}

/// Error codes.
pub mod code {
    pub const NO_ERROR: u32 = 0;
    pub const INTERNAL_ERROR: u32 = 2;
    pub const REFUSED_STREAM: u32 = 7;
    pub const CANCEL: u32 = 8;
}

/// What the studio does with a request it has read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// An account.
    Create,
    /// An account, when the studio is told so.
    CreateLater,
    /// The stream ends with this code.
    Reset(u32),
    /// The connection ends in good order, and names this request as one it got to, or not.
    GoAway { processed: bool },
    /// The connection closes without a word.
    Close,
    /// What is no HTTP/2.
    Garbage,
    /// Nothing.
    Silence,
}

/// What goes to every open connection.
#[derive(Clone, Copy, Debug)]
enum Order {
    Answer,
    /// Says goodbye, answers what waits, and closes.
    Leave,
    Close {
        goodbye: bool,
    },
    /// Never reads or writes again.
    Freeze,
}

#[derive(Default)]
struct Shared {
    /// What comes next; then `Create`.
    acts: Mutex<Vec<Act>>,
    /// Requests that were read whole.
    bodies: Mutex<Vec<Value>>,
    connections: Mutex<usize>,
    /// How many of them were closed by both sides.
    closed: Mutex<usize>,
}

/// A running studio; it stops when dropped.
pub struct Http2Studio {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: broadcast::Sender<Order>,
    accepting: JoinHandle<()>,
}

impl Drop for Http2Studio {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Http2Studio {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (orders, _) = broadcast::channel(16);
        let (serving, giving) = (Arc::clone(&shared), orders.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, Arc::clone(&serving), giving.subscribe()));
            }
        });
        Self { address, shared, orders, accepting }
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What becomes of the next requests, the first first.
    pub fn next(&self, acts: &[Act]) {
        self.shared.acts.lock().unwrap().splice(.., acts.iter().rev().copied());
    }

    /// The payloads of the creations that were read whole.
    pub fn received(&self) -> Vec<Value> {
        self.shared.bodies.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// Answers what waits for it.
    pub fn answer(&self) {
        self.orders.send(Order::Answer).unwrap();
    }

    /// Closes every connection in good order: what waits is answered.
    pub fn leave(&self) {
        self.orders.send(Order::Leave).unwrap();
    }

    /// Every open connection is dead from now on, and nobody says so.
    pub fn freeze(&self) {
        self.orders.send(Order::Freeze).unwrap();
    }

    /// Waits until so many creations were read.
    pub async fn has_read(&self, creations: usize) {
        let read = async {
            while self.received().len() < creations {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, read).await;
        in_time.unwrap_or_else(|_| panic!("{} of {creations} creations", self.received().len()));
    }

    /// Waits until every connection so far is closed, by the other side too.
    pub async fn is_left(&self) {
        let connections = self.connections();
        while *self.shared.closed.lock().unwrap() < connections {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Closes every connection, with or without saying so.
    pub fn hang_up(&self, goodbye: bool) {
        let _nobody_there = self.orders.send(Order::Close { goodbye });
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn goodbye(last_stream: u32) -> Vec<u8> {
    frame(kind::GOAWAY, 0, 0, &[last_stream.to_be_bytes(), code::NO_ERROR.to_be_bytes()].concat())
}

/// Status 200 and a content type, without a dynamic table (RFC 7541), then the body.
fn created(stream: u32) -> Vec<u8> {
    let body = br#"{"success":true,"id":7,"userId":7,"redirectUrl":"https://studio.example/welcome?new=1"}"#;
    let media_type = b"application/json";
    let head = [&[0x88, 0x0f, 0x10, u8::try_from(media_type.len()).unwrap()], media_type.as_slice()].concat();
    [frame(kind::HEADERS, END_HEADERS, stream, &head), frame(kind::DATA, END_STREAM, stream, body)].concat()
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>, mut orders: broadcast::Receiver<Order>) {
    let mut preface = [0; PREFACE.len()];
    if stream.read_exact(&mut preface).await.is_err() || preface != PREFACE {
        return;
    }
    let most_streams = [&MAX_CONCURRENT_STREAMS.to_be_bytes()[..], &MOST_STREAMS.to_be_bytes()].concat();
    let _gone = stream.write_all(&frame(kind::SETTINGS, 0, 0, &most_streams)).await;
    let (mut reader, mut writer) = stream.into_split();
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(read) = read_frame(&mut reader).await {
            if sender.send(read).is_err() {
                break;
            }
        }
    });
    let (mut open, mut waiting) = (std::collections::HashMap::<u32, Vec<u8>>::new(), Vec::new());
    loop {
        let say = tokio::select! {
            order = orders.recv() => match order {
                Ok(Order::Answer) => waiting.drain(..).flat_map(created).collect(),
                Ok(Order::Leave) => {
                    let _gone = writer.write_all(&goodbye(u32::MAX >> 1)).await;
                    let answers: Vec<u8> = waiting.drain(..).flat_map(created).collect();
                    let _gone = writer.write_all(&answers).await;
                    break;
                }
                Ok(Order::Freeze) => {
                    reading.abort();
                    std::future::pending::<()>().await;
                    break;
                }
                Ok(Order::Close { goodbye: true }) => {
                    let _gone = writer.write_all(&goodbye(u32::MAX >> 1)).await;
                    break;
                }
                Ok(Order::Close { goodbye: false }) | Err(_) => break,
            },
            read = frames.recv() => {
                let Some((kind, flags, id, payload)) = read else { break };
                match kind {
                    kind::SETTINGS if flags & ACK == 0 => frame(kind::SETTINGS, ACK, 0, &[]),
                    kind::PING if flags & ACK == 0 => frame(kind::PING, ACK, 0, &payload),
                    kind::HEADERS if flags & END_STREAM != 0 => created(id),
                    kind::DATA => {
                        let body = open.entry(id).or_default();
                        body.extend_from_slice(&payload);
                        let read = u32::try_from(payload.len()).unwrap().to_be_bytes();
                        let mut say = if payload.is_empty() { Vec::new() } else { frame(kind::WINDOW_UPDATE, 0, 0, &read) };
                        if flags & END_STREAM != 0 {
                            let act = shared.acts.lock().unwrap().pop().unwrap_or(Act::Create);
                            shared.bodies.lock().unwrap().push(serde_json::from_slice(body).unwrap());
                            match act {
                                Act::Create => say.extend(created(id)),
                                Act::CreateLater => waiting.push(id),
                                Act::Reset(code) => say.extend(frame(kind::RST_STREAM, 0, id, &code.to_be_bytes())),
                                Act::GoAway { processed } => {
                                    say.extend(goodbye(if processed { id } else { id.saturating_sub(2) }));
                                    let _gone = writer.write_all(&say).await;
                                    break;
                                }
                                Act::Close => break,
                                Act::Garbage => say.extend(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                                Act::Silence => {}
                            }
                        }
                        say
                    }
                    _ => Vec::new(),
                }
            }
        };
        if writer.write_all(&say).await.is_err() {
            break;
        }
    }
    // What was said last is read before the end is seen, and who has seen it closes too.
    let _gone = writer.shutdown().await;
    let reader = reading.abort_handle();
    let _stays = tokio::time::timeout(PATIENCE, reading).await;
    reader.abort();
    *shared.closed.lock().unwrap() += 1;
}

/// Type, flags, stream and payload.
async fn read_frame(reader: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    reader.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    reader.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], stream, payload))
}

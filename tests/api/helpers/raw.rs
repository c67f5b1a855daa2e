//! Requests as bytes, for what no HTTP client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any connection stays after its last answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl RawAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(header, value)| (header == name).then_some(value.as_str()))
    }

    /// As the other helpers see an answer.
    pub fn into_page(self) -> super::Page {
        let headers = self.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        super::Page { status: self.status, headers: headers.collect(), body: self.body }
    }
}

/// Sends these bytes and reads to the end of the connection: ask for `Connection: close`.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> RawAnswer {
    parse(&read_all(address, request).await)
}

async fn read_all(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may answer and close before it has read everything.
    let _gone = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8_192];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes
}

/// Everything that these bytes are answered with until the connection is closed, in turn.
pub async fn converse(address: SocketAddr, request: &[u8]) -> Vec<RawAnswer> {
    let mut bytes = tokio::time::timeout(PATIENCE, read_all(address, request)).await.expect("the connection is closed");
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("whole heads") + 4;
        let length = parse(&bytes[..head]).header("content-length").map_or(0, |length| length.parse().unwrap());
        answers.push(parse(&bytes[..head + length]));
        bytes.drain(..head + length);
    }
    answers
}

/// A GET or any other request without a body, with these header lines.
pub async fn ask(address: SocketAddr, method: &str, target: &str, headers: &[&str]) -> RawAnswer {
    let lines: String = headers.iter().flat_map(|line| [*line, "\r\n"]).collect();
    exchange(address, format!("{method} {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n").as_bytes()).await
}

fn parse(bytes: &[u8]) -> RawAnswer {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer but {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    RawAnswer { status, headers, body: body.to_owned() }
}

//! How a neighbour's answer can fail on the wire: one table for every suite of faults.

use std::time::Duration;

use serde_json::Value;

use super::neighbour::Door;
use super::{Neighbour, Reply};

/// What the gateway makes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The connection broke, or what came is no HTTP.
    Broken,
    /// The answer is not whole when time is up.
    Late,
    /// A whole answer that says nothing.
    Nonsense,
}

/// How a neighbour fails.
#[derive(Clone)]
pub enum Acts {
    /// After it has read the request.
    Answers(Reply),
    /// Before that.
    Treats(Door),
}

/// One way to fail.
#[derive(Clone)]
pub struct Fault {
    pub name: &'static str,
    pub acts: Acts,
    pub ends: Ends,
}

impl Fault {
    /// The neighbour fails so from now on.
    pub fn befall(&self, neighbour: &Neighbour) {
        match &self.acts {
            Acts::Answers(reply) => neighbour.reply(reply.clone()),
            Acts::Treats(door) => neighbour.door(*door),
        }
    }
}

const TYPED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn answer(length: usize, body: &[u8]) -> Vec<u8> {
    [format!("{TYPED}content-length: {length}\r\n\r\n").as_bytes(), body].concat()
}

fn chunked(chunks: &str) -> Vec<u8> {
    format!("{TYPED}transfer-encoding: chunked\r\n\r\n{chunks}").into_bytes()
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

/// Every fault of an answer that would have been 200 with this body; what takes long takes longer than `patience`.
pub fn faults(body: &Value, patience: Duration) -> Vec<Fault> {
    let text = body.to_string();
    let body = text.as_bytes();
    let (length, half) = (body.len(), &body[..body.len() / 2]);
    let whole = answer(length, body);
    let padding = [b"1000\r\n".to_vec(), vec![b' '; 4_096], b"\r\n".to_vec()].concat();
    let broken = [
        ("closed after reading everything", Reply::Close),
        ("reset after reading everything", Reply::Reset),
        ("closed in the head", raw("HTTP/1.1 200 OK\r\ncontent-ty")),
        ("closed in the body", Reply::Raw(answer(length + 1, body))),
        ("closed in a chunk", Reply::Raw(chunked("ff\r\n{\"success\":true"))),
        ("closed before the last chunk", Reply::Raw(chunked("10\r\n{\"success\":true}\r\n"))),
        ("reset in the body", Reply::ResetAfter(answer(length, half))),
        ("bad chunk length", Reply::Raw(chunked("zz\r\n{\"success\":true}\r\n0\r\n\r\n"))),
        ("garbage", Reply::Raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec())),
        ("another protocol", raw("220 mail.example ESMTP\r\n")),
        ("HTTP/2 frames", Reply::Raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d\r\n\r\n".to_vec())),
        ("two lengths", raw(&format!("{TYPED}content-length: 3\r\ncontent-length: {length}\r\n\r\n{text}"))),
        ("endless headers", Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-more: of the same\r\n".to_vec())),
        ("an endless header", Reply::Endless(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 4_096])),
    ];
    let late = [
        ("silence before the head", Reply::Stall(Vec::new())),
        ("silence in the head", Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec())),
        ("silence in the body", Reply::Stall(answer(length, half))),
        ("slow headers", Reply::Drip(whole.clone(), patience / 4)),
        ("an answer that is late", Reply::Later(patience * 10, Box::new(Reply::Raw(whole.clone())))),
        ("1xx for ever", Reply::Endless(Vec::new(), b"HTTP/1.1 102 Processing\r\n\r\n".to_vec())),
    ];
    let nonsense = [
        ("a status HTTP does not know", raw(&format!("{TYPED}content-length: 0\r\n\r\n").replace("200 OK", "999 Odd"))),
        ("101", raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")),
        ("too short a length", Reply::Raw(answer(10, body))),
        ("an endless body", Reply::Endless(chunked(""), padding)),
        ("no body", Reply::Raw(answer(0, b""))),
        ("204", raw("HTTP/1.1 204 No Content\r\ncontent-type: application/json\r\n\r\n")),
        ("deep JSON", Reply::Raw(answer(20_000, "[".repeat(20_000).as_bytes()))),
        ("invalid UTF-8", Reply::Raw(answer(15, b"{\"success\":\"\xff\"}"))),
        ("compressed", raw(&format!("{TYPED}content-encoding: gzip\r\ncontent-length: {length}\r\n\r\n{text}"))),
    ];
    let rows = |ends| move |(name, reply)| Fault { name, acts: Acts::Answers(reply), ends };
    let all = broken.into_iter().map(rows(Ends::Broken)).chain(late.into_iter().map(rows(Ends::Late)));
    all.chain(nonsense.into_iter().map(rows(Ends::Nonsense))).collect()
}

/// Every fault before a request is read whole.
pub fn slammed_doors() -> [Fault; 3] {
    [
        ("at once", Door::Shut, Ends::Broken),
        ("in the middle", Door::SlamMidRequest, Ends::Broken),
        ("nobody reads", Door::Deaf, Ends::Late),
    ]
    .map(|(name, door, ends)| Fault { name, acts: Acts::Treats(door), ends })
}

/// Unusual ways to send this body with a 200 that are no faults.
pub fn sound_answers(body: &Value) -> Vec<(&'static str, Reply)> {
    let body = body.to_string();
    let typed = |more: &str| format!("{TYPED}{more}content-length: {}\r\n\r\n{body}", body.len());
    vec![
        ("100 first", raw(&format!("HTTP/1.1 100 Continue\r\n\r\n{}", typed("")))),
        ("103 first, twice", raw(&format!("{0}{0}{1}", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", typed("")))),
        ("no reason phrase", raw(&typed("").replace("200 OK", "200"))),
        ("HTTP/1.0 until closed", raw(&format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{body}"))),
        (
            "chunks with extensions and trailers",
            Reply::Raw(chunked(&format!("{:x};a=b\r\n{body}\r\n0\r\nx-trailer: y\r\n\r\n", body.len()))),
        ),
        ("more bytes after the end", raw(&format!("{}HTTP/1.1 500 Oops\r\n\r\n", typed("connection: close\r\n")))),
        ("in pieces", Reply::Drip(typed("").into_bytes(), Duration::from_millis(1))),
    ]
}

/// What any failure may take at most: the budget of the tests, and a machine that stalls. Who floods us over loopback keeps
/// an unoptimised parser from looking at the clock for seconds.
pub const IN_TIME: Duration = Duration::from_secs(50);

/// The budget of a test's application: soon over where it is to be, and else longer than any machine stalls.
pub fn budget(ends: Ends) -> &'static str {
    if ends == Ends::Late { "400ms" } else { "60s" }
}

/// What takes longer than the shorter budget.
pub const LATE: Duration = Duration::from_millis(400);

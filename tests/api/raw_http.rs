//! HTTP/1.1 as no client would send it: one answer, the connection closed, and never an answer to smuggled bytes.

use futures_util::future::join_all;

use crate::helpers::form::UNLIMITED;
use crate::helpers::raw::converse;
use crate::helpers::{FLOWS, TestApp};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// A whole request behind each row's: who answers it after a broken one has been smuggled past.
const NEXT: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// The same, which asks for more.
const GOOD: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A request, and the statuses of all answers to it and to [`NEXT`].
struct Row {
    name: &'static str,
    request: Vec<u8>,
    statuses: Vec<u16>,
}

/// Answered once at most, after which the connection is closed, whatever follows.
fn broken(name: &'static str, statuses: &[u16], request: impl Into<Vec<u8>>) -> Row {
    Row { name, request: [request.into(), NEXT.as_bytes().to_vec()].concat(), statuses: statuses.to_vec() }
}

/// A request after which the next one is answered too.
fn sound(name: &'static str, statuses: &[u16], request: impl Into<Vec<u8>>) -> Row {
    broken(name, &[statuses, &[200]].concat(), request)
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{headers}\r\n")
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /signup/pro HTTP/1.1\r\nHost: localhost\r\n{FORM}{headers}\r\n{body}")
}

fn chunks(body: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", body)
}

fn request_lines() -> Vec<Row> {
    let host = "Host: localhost\r\n";
    vec![
        broken("no target", &[400], format!("GET HTTP/1.1\r\n{host}\r\n")),
        broken("HTTP/0.9", &[400], "GET /\r\n\r\n"),
        broken("HTTP/2.0", &[400], format!("GET / HTTP/2.0\r\n{host}\r\n")),
        broken("HTTP/3.0", &[400], format!("GET / HTTP/3.0\r\n{host}\r\n")),
        broken("a version that is none", &[400], format!("GET / HTTP/x\r\n{host}\r\n")),
        broken("the preface of HTTP/2", &[400], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        broken("the hello of TLS", &[400], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        broken("a blank in the target", &[400], get("/a b", host)),
        broken("a control character in the target", &[400], get("/a\u{1}b", host)),
        broken("a method in lower case", &[405], format!("get / HTTP/1.1\r\n{host}\r\n")),
        broken("a method of no letters", &[400], format!("G@T / HTTP/1.1\r\n{host}\r\n")),
        broken("TRACE", &[405], format!("TRACE / HTTP/1.1\r\n{host}\r\n")),
        sound("TRACE of nothing", &[404], format!("TRACE /nowhere HTTP/1.1\r\n{host}\r\n")),
        broken("CONNECT", &[405], format!("CONNECT localhost:80 HTTP/1.1\r\n{host}\r\n")),
        broken("OPTIONS of everything", &[405], format!("OPTIONS * HTTP/1.1\r\n{host}\r\n")),
        broken("a long request line", &[431], get(&format!("/?{}", "a".repeat(200_000)), host)),
        sound("a blank line first", &[200], format!("\r\n{}", get("/health/live", host))),
        sound("a path out of the root", &[404], get("/static/../../etc/passwd", host)),
        sound("an escape that is none", &[404], get("/signup/%ff%zz", host)),
        sound("a target of another scheme", &[200], get("ftp://localhost/", host)),
        sound("a path that looks like a host", &[404], get("//evil.example/signup/pro", host)),
    ]
}

fn hosts() -> Vec<Row> {
    vec![
        broken("no host", &[400], get("/", "")),
        broken("two hosts", &[400], get("/", "Host: localhost\r\nHost: localhost\r\n")),
        broken("a malformed host", &[400], get("/", "Host: a b\r\n")),
        broken("another host in the target", &[400], get("http://acme.example/", "Host: localhost\r\n")),
        broken("no host in a post", &[400], format!("POST /signup/pro HTTP/1.1\r\n{FORM}Content-Length: 0\r\n\r\n")),
        sound("the same host in the target", &[200], get("http://localhost/", "Host: localhost\r\n")),
    ]
}

fn headers() -> Vec<Row> {
    let with = |line: &str| get("/", &format!("Host: localhost\r\n{line}\r\n"));
    let many = "X-Odd: 1\r\n".repeat(200);
    vec![
        broken("a blank before the colon", &[400], with("X-Odd : 1")),
        broken("a folded line", &[400], with("X-Odd: 1\r\n and more")),
        broken("a name with a blank", &[400], with("X Odd: 1")),
        broken("no colon", &[400], with("X-Odd")),
        broken("no name", &[400], with(": 1")),
        broken("NUL in a value", &[400], with("X-Odd: a\0b")),
        broken("a lone CR in a value", &[400], with("X-Odd: a\rb")),
        broken("too many", &[431], get("/", &format!("Host: localhost\r\n{many}"))),
        broken("too large", &[431], with(&format!("X-Odd: {}", "a".repeat(200_000)))),
        sound("bytes that are no ASCII", &[200], with("X-Odd: \u{fc}")),
        broken("an upgrade to what we do not speak", &[200], with("Connection: Upgrade\r\nUpgrade: websocket")),
        sound(
            "an upgrade to HTTP/2",
            &[200],
            with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
        ),
    ]
}

/// Bodies about whose end two readers could disagree.
fn framing() -> Vec<Row> {
    let te = |value: &str| post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n");
    vec![
        broken("an upgrade that hides a length", &[400], post("Upgrade: websocket\r\nContent-Length: 3\r\n", "a=b")),
        broken("an upgrade and no length", &[400], post("Connection: Upgrade\r\nUpgrade: WebSocket\r\n", "")),
        sound("an upgrade to TLS", &[422], post("Upgrade: TLS/1.2\r\nContent-Length: 3\r\n", "a=b")),
        broken("a length and chunks", &[400], post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        broken("chunks and a length", &[400], post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")),
        broken("two lengths", &[400], post("Content-Length: 3\r\nContent-Length: 4\r\n", "a=b")),
        broken("one length twice", &[400], post("Content-Length: 3\r\nContent-Length: 3\r\n", "a=b")),
        broken("a list of lengths", &[400], post("Content-Length: 3, 3\r\n", "a=b")),
        broken("a signed length", &[400], post("Content-Length: +3\r\n", "a=b")),
        broken("a negative length", &[400], post("Content-Length: -3\r\n", "a=b")),
        broken("a length in hexadecimal", &[400], post("Content-Length: 0x3\r\n", "a=b")),
        broken("a length no number holds", &[400], post(&format!("Content-Length: {}\r\n", "9".repeat(40)), "a=b")),
        broken("an empty length", &[400], post("Content-Length: \r\n", "a=b")),
        broken("identity", &[400], te("identity")),
        broken("gzip and chunks", &[400], te("gzip, chunked")),
        broken("chunks and identity", &[400], te("chunked, identity")),
        broken("chunks twice", &[400], te("chunked, chunked")),
        broken(
            "two encodings",
            &[400],
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        ),
        broken("an encoding nobody knows", &[400], te("xchunked")),
        broken("an encoding with a control character", &[400], te("\u{b}chunked")),
        broken(
            "chunks in HTTP/1.0",
            &[400],
            format!(
                "POST /signup/pro HTTP/1.0\r\nHost: localhost\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ),
        broken("no size of a chunk", &[400], chunks("\r\na=b\r\n0\r\n\r\n")),
        broken("a size that is no number", &[400], chunks("zz\r\na=b\r\n0\r\n\r\n")),
        broken("a negative size", &[400], chunks("-3\r\na=b\r\n0\r\n\r\n")),
        broken("a signed size", &[400], chunks("+3\r\na=b\r\n0\r\n\r\n")),
        broken("a size with a prefix", &[400], chunks("0x3\r\na=b\r\n0\r\n\r\n")),
        broken("a size no number holds", &[400], chunks("fffffffffffffffff\r\na=b\r\n0\r\n\r\n")),
        broken("a huge size", &[413], chunks(&format!("fffffff\r\n{}", "a".repeat(50_000)))),
        broken("no end of a size", &[400], chunks("3a=b\r\n0\r\n\r\n")),
        broken("a lone LF after a size", &[400], chunks("3\na=b\r\n0\r\n\r\n")),
        broken("no end of a chunk", &[400], chunks("3\r\na=bc0\r\n\r\n")),
        broken("more than the size", &[400], chunks("3\r\na=bcd\r\n0\r\n\r\n")),
        broken("endless extensions", &[], chunks(&format!("3;{}\r\na=b\r\n0\r\n\r\n", "x".repeat(1_000_000)))),
        broken("a lone CR in an extension", &[400], chunks("3;a\rb\r\na=b\r\n0\r\n\r\n")),
    ]
}

/// Bodies of requests that are answered without them.
fn unread() -> Vec<Row> {
    let announced = |line: &str, length: usize, body: &str| {
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{FORM}Content-Length: {length}\r\n\r\n{body}")
    };
    vec![
        sound("the whole body of a 404", &[404], announced("POST /nowhere", GOOD.len(), GOOD)),
        broken("half the body of a 404", &[404], announced("POST /nowhere", 10_000, "a=b")),
        broken("the whole body of a 405", &[405], announced("PUT /signup/pro", GOOD.len(), GOOD)),
        broken("half the body of a 405", &[405], announced("DELETE /", 500, "a=b")),
        broken("a 413", &[413], announced("POST /signup/pro", 1 << 30, "a=b")),
        broken("a 413 in chunks", &[413], chunks(&format!("ffff\r\n{}\r\n0\r\n\r\n", "x".repeat(0xffff)))),
        sound("the body of a GET", &[200], announced("GET /health/live", GOOD.len(), GOOD)),
        sound("a 422", &[422], announced("POST /signup/pro", 3, "a=b")),
        sound("a 422 in chunks", &[422], chunks("3;a=b\r\na=b\r\n0\r\nx-trailer: 1\r\n\r\n")),
        sound(
            "a client that waits to be asked",
            &[100, 422],
            post("Expect: 100-continue\r\nContent-Length: 3\r\n", "a=b"),
        ),
        sound("requests in a row", &[200, 200, 200], GOOD.repeat(3)),
        broken("a request after the last", &[200], get("/health/live", "Host: localhost\r\nConnection: close\r\n")),
        broken("a request after one of HTTP/1.0", &[200], "GET /health/live HTTP/1.0\r\n\r\n"),
        broken("a broken one after a sound one", &[200, 400], format!("{GOOD}GET / HTTP/x\r\n\r\n")),
    ]
}

#[tokio::test]
async fn every_odd_request_has_one_answer_and_nothing_is_smuggled() {
    let app = TestApp::with(UNLIMITED).await;
    let rows: Vec<_> = [request_lines(), hosts(), headers(), framing(), unread()].into_iter().flatten().collect();
    let talks = rows.iter().map(|row| converse(app.address, &row.request));
    for (row, answers) in rows.iter().zip(join_all(talks).await) {
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, row.statuses, "{}", row.name);
    }
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}: afterwards", flow.slug);
    }
    assert_eq!(app.studio.received().len(), FLOWS.len(), "accounts");
}

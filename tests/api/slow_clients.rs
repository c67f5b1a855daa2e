//! Clients that stall: each is cut in time, and nobody else notices.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::TestApp;

/// Longer than every deadline of contract 3 (head 10 s, body 15 s), with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

const GOOD: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

/// Everything until the connection ends, and how long that took.
async fn until_cut(mut stream: TcpStream) -> (String, Duration) {
    let started = Instant::now();
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection was still open after {PATIENCE:?}");
    (String::from_utf8_lossy(&bytes).into_owned(), started.elapsed())
}

/// Reads one small answer.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4_096];
    let mut filled = 0;
    while !String::from_utf8_lossy(&bytes[..filled]).contains("{\"status\":\"ok\"}") {
        let read = stream.read(&mut bytes[filled..]).await.unwrap();
        assert!(read > 0, "closed early: {}", String::from_utf8_lossy(&bytes[..filled]));
        filled += read;
    }
    String::from_utf8_lossy(&bytes[..filled]).into_owned()
}

async fn says_nothing(app: &TestApp) {
    until_cut(connect(app).await).await;
}

async fn stalls_in_the_first_head(app: &TestApp) {
    let mut stream = connect(app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    until_cut(stream).await;
}

async fn stalls_in_the_second_head(app: &TestApp) {
    let mut stream = connect(app).await;
    stream.write_all(GOOD).await.unwrap();
    one_answer(&mut stream).await;
    stream.write_all(b"GET / HTT").await.unwrap();
    until_cut(stream).await;
}

async fn stalls_in_a_head_that_came_with_another(app: &TestApp) {
    let mut stream = connect(app).await;
    stream.write_all(&[GOOD, b"GET / HTT"].concat()).await.unwrap();
    one_answer(&mut stream).await;
    until_cut(stream).await;
}

async fn drips_a_head(app: &TestApp) {
    let mut stream = connect(app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    let started = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        assert!(started.elapsed() < PATIENCE, "dripped for {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn stalls_in_the_body(app: &TestApp) {
    let mut stream = connect(app).await;
    let head = "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 100\r\n\r\nname=J";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (answer, _) = until_cut(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("content-security-policy:"), "{answer}");
}

/// One test, so that all wait at the same time.
#[tokio::test]
async fn every_client_that_stalls_is_cut_wherever_it_stalls() {
    let app = TestApp::start().await;
    tokio::join!(
        says_nothing(&app),
        stalls_in_the_first_head(&app),
        stalls_in_the_second_head(&app),
        stalls_in_a_head_that_came_with_another(&app),
        drips_a_head(&app),
        stalls_in_the_body(&app),
    );
}

#[tokio::test]
async fn a_connection_that_only_idles_is_kept_for_the_next_request() {
    let app = TestApp::start().await;
    let mut stream = connect(&app).await;
    stream.write_all(GOOD).await.unwrap();
    one_answer(&mut stream).await;
    // Longer than a head may take.
    tokio::time::sleep(Duration::from_secs(12)).await;
    stream.write_all(GOOD).await.unwrap();
    one_answer(&mut stream).await;
}

#[tokio::test]
async fn hundreds_of_stalled_connections_do_not_keep_a_visitor_waiting() {
    let app = TestApp::start().await;
    let mut stalled = Vec::new();
    for _ in 0..400 {
        let mut stream = connect(&app).await;
        stream.write_all(b"POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Le").await.unwrap();
        stalled.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(app.get("/signup/pro").await.status, 200);
    }
}

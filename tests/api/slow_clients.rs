//! Clients that stall: each is cut in time, and nobody else notices.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::form::UNLIMITED;
use crate::helpers::{FLOWS, TestApp};

/// Longer than every deadline of contract 3 (head 10 s, body 15 s), with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

const GOOD: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

/// Less than a head may take, and less than a body may. From before the first of its bytes is sent: no machine is so slow
/// that the time is shorter here than there.
const HEAD: Duration = Duration::from_secs(9);
const BODY: Duration = Duration::from_secs(14);

/// Everything until the connection ends, which is neither sooner than that after the stalling bytes were sent nor much
/// later.
async fn until_cut(mut stream: TcpStream, sent_from: Instant, soonest: Duration) -> String {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    assert!(ended.is_ok(), "the connection was still open after {PATIENCE:?}: {answer}");
    assert!(sent_from.elapsed() >= soonest, "cut after {:?}: {answer}", sent_from.elapsed());
    answer
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
    let started = Instant::now();
    until_cut(connect(app).await, started, HEAD).await;
}

async fn stalls_in_the_first_head(app: &TestApp) {
    let started = Instant::now();
    let mut stream = connect(app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    until_cut(stream, started, HEAD).await;
}

async fn stalls_in_the_second_head(app: &TestApp) {
    let mut stream = connect(app).await;
    stream.write_all(GOOD).await.unwrap();
    one_answer(&mut stream).await;
    let started = Instant::now();
    stream.write_all(b"GET / HTT").await.unwrap();
    until_cut(stream, started, HEAD).await;
}

/// What a head may come with: another, or a body that is read to its end.
const BEFORE_A_HEAD: [&[u8]; 4] = [
    GOOD,
    b"POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Content-Length: 8\r\n\r\nname=Ada",
    b"POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Transfer-Encoding: chunked\r\n\r\n8\r\nname=Ada\r\n0\r\n\r\n",
    // Announces as much as follows the empty line in the body, the head that stalls included.
    b"POST /signup/pro HTTP/1.1\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n\
      Content-Length: 17\n\nname=\r\n\r\nAda+Byro",
];

async fn stalls_in_a_head_that_came_with(before: &[u8], app: &TestApp) {
    let started = Instant::now();
    let mut stream = connect(app).await;
    stream.write_all(&[before, b"GET / HTT"].concat()).await.unwrap();
    let answer = until_cut(stream, started, HEAD).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 422 "), "{answer}");
}

async fn drips_a_head(app: &TestApp) {
    let started = Instant::now();
    let mut stream = connect(app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    while stream.write_all(b"x").await.is_ok() {
        assert!(started.elapsed() < PATIENCE, "dripped for {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(started.elapsed() >= HEAD, "{:?}", started.elapsed());
}

async fn stalls_in_the_body(app: &TestApp) {
    let mut stream = connect(app).await;
    let head = "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 100\r\n\r\nname=J";
    let started = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = until_cut(stream, started, BODY).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("content-security-policy:"), "{answer}");
}

/// Bodies in chunks whose end never comes, read by nobody or by us, and how their answers begin.
const OPEN_BODIES: [(&str, &str, &str); 7] = [
    ("GET /health/live", "", "200"),
    ("HEAD /signup/pro", "", "200"),
    ("GET /signup/pro", "5\r\nname=\r\n", "200"),
    ("POST /nowhere", "", "404"),
    ("POST /signup/pro", "", "408"),
    ("POST /signup/pro", "5\r\nname=\r\n", "408"),
    ("POST /signup/pro", "5\r\nname=\r\n0\r\n", "408"),
];

async fn leaves_a_body_open((line, body, status): (&str, &str, &str), app: &TestApp) {
    let mut stream = connect(app).await;
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let started = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = until_cut(stream, started, HEAD).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {body:?}: {answer}");
}

async fn goes_on_sending_after_the_last_answer(app: &TestApp) {
    let mut stream = connect(app).await;
    let head = "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let started = Instant::now();
    while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
        assert!(started.elapsed() < PATIENCE, "listened to for {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// One test, so that all wait at the same time.
#[tokio::test]
async fn every_client_that_stalls_is_cut_wherever_it_stalls() {
    let app = TestApp::start().await;
    tokio::join!(
        says_nothing(&app),
        stalls_in_the_first_head(&app),
        stalls_in_the_second_head(&app),
        join_all(BEFORE_A_HEAD.map(|before| stalls_in_a_head_that_came_with(before, &app))),
        drips_a_head(&app),
        stalls_in_the_body(&app),
        join_all(OPEN_BODIES.map(|open| leaves_a_body_open(open, &app))),
        goes_on_sending_after_the_last_answer(&app),
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
async fn a_connection_whose_head_came_in_pieces_is_kept_for_the_next_request() {
    let app = TestApp::start().await;
    let asks_in_pieces = |last: usize| {
        let app = &app;
        async move {
            let mut stream = connect(app).await;
            stream.set_nodelay(true).unwrap();
            let (most, rest) = GOOD.split_at(GOOD.len() - last);
            stream.write_all(most).await.unwrap();
            for byte in rest {
                // Long enough for the bytes before to be read by themselves.
                tokio::time::sleep(Duration::from_millis(200)).await;
                stream.write_all(&[*byte]).await.unwrap();
            }
            one_answer(&mut stream).await;
            // Longer than a head may take.
            tokio::time::sleep(Duration::from_secs(12)).await;
            stream.write_all(GOOD).await.unwrap();
            one_answer(&mut stream).await;
        }
    };
    tokio::join!(asks_in_pieces(1), asks_in_pieces(2), asks_in_pieces(4));
}

/// What stalls, in turn: nothing at all, a head, a body.
const STALLS: [&str; 3] = [
    "",
    "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Le",
    "POST /signup/pro HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
     Content-Length: 100\r\n\r\nname=J",
];

/// Fewer connections than this keep nobody waiting.
const FEWEST: u64 = 1_000;

/// As many connections as wanted, or as this machine lets a process open once its soft limit is raised: both ends are ours.
fn affordable(wanted: u64) -> u64 {
    let (others, ends) = (1_000, 2);
    let files = rlimit::increase_nofile_limit(others + ends * wanted).unwrap();
    let affordable = wanted.min(files.saturating_sub(others) / ends);
    assert!(affordable >= FEWEST, "{affordable} connections stall nobody: raise `ulimit -Hn`, which is {files}");
    if affordable < wanted {
        eprintln!("only {affordable} of {wanted} connections: the system lets a process open {files} files");
    }
    affordable
}

#[tokio::test]
async fn thousands_of_stalled_connections_do_not_keep_a_visitor_waiting() {
    let app = TestApp::with(UNLIMITED).await;
    let count = affordable(3_000);
    let mut stalled = Vec::new();
    for (_, bytes) in (0..count).zip(STALLS.iter().cycle()) {
        let mut stream = connect(&app).await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
    }
    assert_eq!(app.studio.received().len(), FLOWS.len());
    // Who is kept waiting by them waits until they are cut. A third of them have the time of a body.
    let cut = stalled.iter().filter(|stream| stream.try_read(&mut [0]).is_ok()).count();
    assert!(cut <= stalled.len() / 3 * 2, "{cut} of {} were cut meanwhile", stalled.len());
}

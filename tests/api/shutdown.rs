//! A stop: what is in flight is finished, nothing new is begun, and a second signal waits for nobody.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::app::{fill, sample, urlencode};
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::resp::{Act, Question, Redis};
use crate::helpers::{FLOWS, Page, Reply, TestApp, log};

/// Far more than any of these stops takes, far less than the drain timeout.
const SOON: Duration = Duration::from_secs(15);
/// Longer than another test keeps a port.
const PATIENCE: Duration = Duration::from_mins(2);

fn slow_studio() -> Reply {
    let created = json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL });
    Reply::Later(Duration::from_secs(1), Box::new(Reply::Json(200, created)))
}

/// Waits until the studio has the request.
async fn sent(app: &TestApp) {
    while app.studio.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn is_refused(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_err()
}

/// Waits until nobody listens any more. Another test may take the port in between, and gives it back.
async fn closed(address: SocketAddr) {
    let refused = async {
        while !is_refused(address).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.unwrap_or_else(|_| panic!("somebody still listens at {address}"));
}

/// A page's form as the bytes of its head and its body.
fn posted(page: &Page, fields: &[(&str, &str)]) -> (String, String) {
    let body = urlencode(&fill(page, fields));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        page.action(),
        body.len()
    );
    (head, body)
}

#[tokio::test]
async fn a_form_in_flight_is_answered_and_then_the_process_ends() {
    for flow in FLOWS {
        let app = TestApp::start().await;
        app.studio.reply(slow_studio());
        let (address, admin) = (app.address, app.admin);
        let page = app.form(flow, "").await;
        let form = sample(flow);
        let stop = async {
            sent(&app).await;
            app.tell_to_stop();
        };
        let (answer, ()) = tokio::join!(app.submit(&page, &form), stop);
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}", flow.slug);
        tokio::time::timeout(SOON, app.ended()).await.unwrap().unwrap();
        tokio::join!(closed(address), closed(admin));
    }
}

#[tokio::test]
async fn an_attempt_whose_visitor_has_gone_is_finished_too() {
    for flow in FLOWS {
        let app = TestApp::start().await;
        app.studio.reply(slow_studio());
        let campaign = format!("left-{}", flow.slug);
        let page = app.form(flow, &format!("utm_campaign={campaign}")).await;
        let (head, body) = posted(&page, &sample(flow));
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        sent(&app).await;
        drop(stream);
        app.tell_to_stop();
        tokio::time::timeout(SOON, app.ended()).await.unwrap().unwrap();
        let text = log::text();
        let end =
            text.lines().find(|line| line.contains(&campaign)).unwrap_or_else(|| panic!("{}: cut off", flow.slug));
        assert!(end.contains("\"outcome\":\"created\""), "{end}");
    }
}

#[tokio::test]
async fn a_form_whose_body_arrives_while_it_stops_is_told_to_redis_before_the_end() {
    let redis = Redis::start().await;
    let url = redis.url();
    let app = TestApp::with(&[("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", &url)]).await;
    let told = || redis.asked().iter().filter(|question| **question == Question::Finish).count();
    let page = app.form(FLOWS[0], "").await;
    let (head, body) = posted(&page, &sample(FLOWS[0]));
    let (first, second) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // Says that the head is read: the connection is no idle one.
    let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    app.tell_to_stop();
    closed(app.address).await;
    redis.fail(Act::Breaks(Reply::Close), &[Question::Finish]);
    stream.write_all(second.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let mut ended = Box::pin(app.ended());
    // Far longer than a stop takes that waits for nobody.
    assert!(tokio::time::timeout(Duration::from_secs(3), &mut ended).await.is_err(), "ended, and nobody was told");
    let unheard = told();
    redis.recover();
    tokio::time::timeout(SOON, ended).await.unwrap().unwrap();
    assert!(told() > unheard, "the sign-up is settled for this process alone");
}

#[tokio::test]
async fn new_connections_are_refused_while_the_last_form_is_answered() {
    let app = TestApp::start().await;
    // The studio answers when the test has seen what it came for.
    app.studio.reply(Reply::Stall(Vec::new()));
    let page = app.form(FLOWS[0], "").await;
    let form = sample(FLOWS[0]);
    let watch = async {
        sent(&app).await;
        app.tell_to_stop();
        closed(app.address).await;
        assert_eq!(app.get_admin("/health/ready").await.status, 503, "operators still see it drain");
        app.tell_to_stop();
    };
    tokio::select! {
        answer = app.submit(&page, &form) => panic!("answered before the listener was closed: {}", answer.status),
        () = watch => {}
    }
    tokio::time::timeout(SOON, app.ended()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_second_message_stops_at_once() {
    for (row, lame_duck) in [("in the lame-duck time", "60s"), ("while it drains", "0s")] {
        let app = TestApp::with(&[("SIGNUP__SERVER__LAME_DUCK", lame_duck)]).await;
        app.studio.reply(Reply::Stall(Vec::new()));
        let address = app.address;
        let page = app.form(FLOWS[0], "").await;
        let body = urlencode(&fill(&page, &sample(FLOWS[0])));
        let posting =
            app.client().post(app.url(&page.action())).header("content-type", "application/x-www-form-urlencoded");
        let posting = tokio::spawn(posting.body(body).send());
        sent(&app).await;
        app.tell_to_stop();
        app.tell_to_stop();
        tokio::time::timeout(SOON, app.ended()).await.unwrap_or_else(|_| panic!("{row}: still running")).unwrap();
        closed(address).await;
        posting.abort();
    }
}

#[tokio::test]
async fn the_drain_timeout_ends_what_does_not_end_itself() {
    let app = TestApp::with(&[("SIGNUP__SERVER__DRAIN_TIMEOUT", "1s"), ("SIGNUP__UPSTREAM__TIMEOUT", "120s")]).await;
    app.studio.reply(Reply::Stall(Vec::new()));
    let page = app.form(FLOWS[0], "").await;
    let body = urlencode(&fill(&page, &sample(FLOWS[0])));
    let posting =
        app.client().post(app.url(&page.action())).header("content-type", "application/x-www-form-urlencoded");
    let posting = tokio::spawn(posting.body(body).send());
    sent(&app).await;
    app.tell_to_stop();
    tokio::time::timeout(SOON, app.ended()).await.unwrap().unwrap();
    posting.abort();
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let app = TestApp::start().await;
    let mut idle = TcpStream::connect(app.address).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 4_096]).await.unwrap() > 0);
    let silent = TcpStream::connect(app.address).await.unwrap();
    app.tell_to_stop();
    tokio::time::timeout(SOON, app.ended()).await.unwrap().unwrap();
    drop((idle, silent));
}

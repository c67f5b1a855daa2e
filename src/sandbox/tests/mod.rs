//! The sandbox as its callers see it.

mod challenge;
mod creation;
mod reading;

use actix_http::Request;
use actix_web::{
    App, Error,
    body::{BoxBody, to_bytes},
    dev::{Service, ServiceResponse},
    http::StatusCode,
    test::{self, TestRequest},
    web::Data,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{ACTIVATION_CODES, MAGIC_USERNAMES, Sandbox, Studio, USERS, Urls, routes, schema::is_username, urls};

const ORIGIN: &str = "http://127.0.0.1:8081";

/// A sandbox without a socket.
async fn sandbox() -> impl Service<Request, Response = ServiceResponse<BoxBody>, Error = Error> {
    let studio = Data::new(Studio::new(ORIGIN.to_owned(), "http://localhost:8080".to_owned()));
    test::init_service(App::new().app_data(studio).configure(routes)).await
}

/// Status and body of an answer; a body that breaks off is empty.
async fn answer<S>(sandbox: &S, request: TestRequest) -> (StatusCode, String)
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
{
    let response = test::call_service(sandbox, request.to_request()).await;
    let status = response.status();
    let body = to_bytes(response.into_body()).await.unwrap_or_default();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// As [`answer`], read as JSON; `null` if it is none.
async fn json<S>(sandbox: &S, request: TestRequest) -> (StatusCode, Value)
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
{
    let (status, body) = answer(sandbox, request).await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// What stands at a JSON pointer (RFC 6901); `null` where nothing does.
fn at<'a>(answer: &'a Value, pointer: &str) -> &'a Value {
    answer.pointer(pointer).unwrap_or(&Value::Null)
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_json(body)
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

/// A word about the refusal, for assertions that name it.
fn refusal_of(answer: &Value) -> &str {
    assert_eq!(*at(answer, "/success"), false, "{answer}");
    at(answer, "/error").as_str().unwrap_or_default()
}

/// A whole exchange over a socket, as it went over the wire.
async fn exchange(sandbox: Sandbox, request: String) -> std::io::Result<String> {
    let address = sandbox.address();
    let server = sandbox.run()?;
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    socket.read_to_end(&mut received).await?;
    handle.stop(false).await;
    serving.await.map_err(std::io::Error::other)??;
    Ok(String::from_utf8_lossy(&received).into_owned())
}

#[actix_web::test]
async fn a_bound_sandbox_serves_until_it_is_stopped() -> std::io::Result<()> {
    let sandbox = Sandbox::bind(([127, 0, 0, 1], 0).into())?;
    let request = "GET /v1/api-health HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n";
    let received = exchange(sandbox, request.to_owned()).await?;
    assert!(received.starts_with("HTTP/1.1 200 OK"), "{received}");
    assert!(received.ends_with(r#"{"success":true}"#), "{received}");
    Ok(())
}

#[actix_web::test]
async fn a_hang_up_sends_a_head_and_breaks_off_in_the_body() -> std::io::Result<()> {
    let sandbox = Sandbox::bind(([127, 0, 0, 1], 0).into())?;
    let body = creation::pro_body("hangup").to_string();
    let request = format!(
        "POST /v1/api-create-pro-user HTTP/1.1\r\nhost: sandbox\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let received = exchange(sandbox, request).await?;
    assert!(received.starts_with("HTTP/1.1 200 OK"), "{received}");
    assert!(received.contains("content-length: 200"), "{received}");
    assert!(received.ends_with(r#"{"success":tr"#), "{received}");
    Ok(())
}

#[test]
fn urls_reach_an_unspecified_address_over_loopback() {
    let table = [
        ("127.0.0.1:8081", "http://127.0.0.1:8081"),
        ("0.0.0.0:9000", "http://127.0.0.1:9000"),
        ("[::1]:8081", "http://[::1]:8081"),
        ("[::]:8081", "http://[::1]:8081"),
    ];
    for (address, origin) in table {
        let expected = Urls {
            upstream: format!("{origin}/v1"),
            siteverify: format!("{origin}/turnstile/v0/siteverify"),
            script: format!("{origin}/turnstile/v0/api.js"),
            origin: origin.to_owned(),
        };
        assert_eq!(address.parse().map(urls), Ok(expected), "{address}");
    }
}

#[test]
fn every_word_that_steers_a_sign_up_is_a_username_of_its_own() {
    let mut words: Vec<_> = MAGIC_USERNAMES.iter().map(|magic| magic.word).collect();
    words.extend(USERS.iter().map(|known| known.username));
    for word in &words {
        assert!(is_username(word), "{word}");
        assert_eq!(words.iter().filter(|other| *other == word).count(), 1, "{word}");
    }
}

#[actix_web::test]
async fn the_index_names_every_word_and_what_was_received() {
    let sandbox = sandbox().await;
    answer(&sandbox, post("/v1/api-create-pro-user", &creation::pro_body("listed.user"))).await;
    let (status, page) = answer(&sandbox, get("/")).await;
    assert_eq!(status, StatusCode::OK);
    let words = MAGIC_USERNAMES.iter().map(|magic| magic.word);
    let words = words.chain(USERS.iter().map(|known| known.username));
    for word in words.chain(ACTIVATION_CODES.iter().map(|known| known.code)) {
        assert!(page.contains(&format!("<code>{word}</code>")), "{word}");
    }
    assert!(page.contains("listed.user"));
}

#[actix_web::test]
async fn an_unknown_path_is_not_found() {
    let sandbox = sandbox().await;
    let (status, body) = json(&sandbox, get("/v1/api/nothing")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(refusal_of(&body), "Not found");
    let (status, page) = answer(&sandbox, get("/nothing")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("Nothing here"));
    let (status, _) = answer(&sandbox, get("/studio/welcome/nothing")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

//! What counts as a form's body: its size, its type, and everything odd that is still legal.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::app::{fill, sample, urlencode};
use crate::helpers::form::UNLIMITED;
use crate::helpers::raw::exchange;
use crate::helpers::{FLOWS, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";
/// The default of `server.body_limit`.
const LIMIT_BYTES: usize = 32 * 1024;

fn chunked(path: &str, body: &str, chunk_bytes: usize) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    .into_bytes();
    for chunk in body.as_bytes().chunks(chunk_bytes) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_however_it_is_sent() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let whole = urlencode(&fill(&app.form(flow, "").await, &sample(flow)));
        let padded = |length: usize| format!("{whole}&x={}", "y".repeat(length - whole.len() - 3));
        assert_eq!(app.post(&path, &padded(LIMIT_BYTES + 1)).await.status, 413, "{}: announced", flow.slug);
        let streamed = exchange(app.address, &chunked(&path, &padded(LIMIT_BYTES + 1), 1_000)).await;
        assert_eq!(streamed.status, 413, "{}: streamed", flow.slug);
        let announced = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: 1073741824\r\n\r\na="
        );
        assert_eq!(exchange(app.address, announced.as_bytes()).await.status, 413, "{}: without reading it", flow.slug);
        assert_eq!(app.post(&path, &padded(LIMIT_BYTES)).await.status, 303, "{}: exactly the limit", flow.slug);
    }
    assert_eq!(app.studio.received().len(), FLOWS.len());
}

#[tokio::test]
async fn who_is_still_sending_what_nobody_reads_gets_the_answer_all_the_same() {
    let app = TestApp::start().await;
    for (path, status) in [("/signup/pro", "413"), ("/nowhere", "404")] {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let length = 150_000;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in vec![b'a'; length].chunks(10_000) {
            stream.write_all(piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn the_limit_is_the_operators() {
    let app = TestApp::with(&[("SIGNUP__SERVER__BODY_LIMIT", "1KiB")]).await;
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        assert_eq!(app.post(&path, &format!("a={}", "x".repeat(1_022))).await.status, 422, "{}", flow.slug);
        assert_eq!(app.post(&path, &format!("a={}", "x".repeat(1_023))).await.status, 413, "{}", flow.slug);
    }
}

#[tokio::test]
async fn another_type_than_a_forms_is_415_before_any_other_question() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let page = app.form(flow, "").await;
        let body = urlencode(&fill(&page, &sample(flow)));
        for (row, headers, status) in [
            ("json", "Content-Type: application/json\r\n", 415),
            ("multipart", "Content-Type: multipart/form-data; boundary=x\r\n", 415),
            ("plain text", "Content-Type: text/plain\r\n", 415),
            ("missing", "", 415),
            ("empty", "Content-Type: \r\n", 415),
            ("a longer name", "Content-Type: application/x-www-form-urlencoded2\r\n", 415),
            ("no type at all", "Content-Type: form\r\n", 415),
            ("compressed", "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n", 415),
            ("json of another site", "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n", 415),
            ("upper case", "Content-Type: APPLICATION/X-WWW-FORM-URLENCODED\r\nX: 1\r\n", 303),
        ] {
            let request = format!(
                "POST {} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                page.action(),
                body.len()
            );
            let answer = exchange(app.address, request.as_bytes()).await;
            assert_eq!(answer.status, status, "{} {row}", flow.slug);
            if status == 415 {
                assert!(answer.body.contains(answer.header("x-request-id").unwrap()), "{} {row}", flow.slug);
            }
        }
    }
    assert_eq!(app.studio.received().len(), FLOWS.len());
}

#[tokio::test]
async fn a_form_by_any_legal_spelling_of_its_type_is_read() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for media_type in [
            "application/x-www-form-urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded;charset=utf-8",
            "application/x-www-form-urlencoded ; charset=\"UTF-8\"",
            "Application/X-WWW-Form-URLEncoded",
            "application/x-www-form-urlencoded;",
        ] {
            let page = app.form(flow, "").await;
            let body = urlencode(&fill(&page, &sample(flow)));
            let request = format!(
                "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                page.action(),
                body.len()
            );
            assert_eq!(exchange(app.address, request.as_bytes()).await.status, 303, "{} {media_type}", flow.slug);
        }
    }
}

/// The same form with every byte of its values escaped, in lower case.
fn every_byte_escaped(body: &str) -> String {
    let escape = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        let bytes = percent_encoding::percent_decode_str(&value.replace('+', " ")).collect::<Vec<u8>>();
        let escaped: Vec<_> = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        format!("{name}={}", escaped.concat())
    };
    body.split('&').map(escape).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn odd_but_legal_bodies_are_read_as_browsers_would() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let path = format!("/signup/{}", flow.slug);
        let form = async || urlencode(&fill(&app.form(flow, "").await, &sample(flow)));
        for (row, body) in [
            ("empty pairs", format!("&&{}&&", form().await)),
            ("unknown fields", format!("{}&x=1&y&=z&role=admin&notes=x", form().await)),
            ("the first of repeated fields wins", format!("{}&username=other&email=other@acme.example", form().await)),
            ("every byte escaped", every_byte_escaped(&form().await)),
            ("a stray percent sign in a field of no interest", format!("{}&x=%&y=%zz", form().await)),
            ("many fields of no interest after the form", format!("{}{}", form().await, "&x=1".repeat(500))),
        ] {
            assert_eq!(app.post(&path, &body).await.status, 303, "{} {row}", flow.slug);
            let sent = app.studio.received().pop().unwrap().json();
            for (name, typed) in [("username", flow.sample[1].1), ("email", flow.sample[2].1)] {
                assert_eq!(sent[name], typed, "{} {row}", flow.slug);
            }
            assert!(sent.get("role").is_none() && sent.get("notes").is_none(), "{} {row}", flow.slug);
        }
        let body = form().await;
        assert_eq!(exchange(app.address, &chunked(&path, &body, 7)).await.status, 303, "{} in chunks", flow.slug);
        for (row, body) in
            [("an empty body", ""), ("no pair at all", "&"), ("noise", "%%%=%00&\u{1}=\u{2}"), ("bytes", "\u{ff}=1")]
        {
            assert_eq!(app.post(&path, body).await.status, 422, "{} {row}", flow.slug);
        }
    }
}

//! A studio behind a real TLS front: creations share a connection from the moment it agrees to HTTP/2, and no account is
//! made twice or lost when it no longer does.

use std::collections::BTreeSet;

use serde_json::json;

use crate::helpers::app::sample;
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Neighbour, Reply};
use crate::process::{Gateway, free_port};
use crate::tls_front::{Certificates, Front};

/// Protocol and connection of each creation so far.
fn arrivals(studio: &Neighbour) -> Vec<(String, String)> {
    let told = |request: &crate::helpers::Received, name| request.header(name).unwrap().to_owned();
    studio.received().iter().map(|request| (told(request, "x-came-by"), told(request, "x-came-from"))).collect()
}

async fn sign_up(gateway: &Gateway, visitor: usize) -> u16 {
    let (flow, email) = (FLOWS[visitor % 2], format!("visitor-{visitor}@acme.example"));
    let form = gateway.get(&format!("/signup/{}", flow.slug)).await;
    let mut fields = sample(flow);
    fields.retain(|(name, _)| *name != "email");
    fields.push(("email", &email));
    gateway.submit(&form, &fields, &format!("198.51.100.{visitor}")).await.unwrap().status
}

#[tokio::test]
async fn creations_share_a_connection_while_the_studio_agrees_to_http_2() {
    let certificates = Certificates::make();
    let (studio, siteverify, port) = (Neighbour::studio().await, Neighbour::siteverify().await, free_port());
    let (url, authority) = (format!("https://localhost:{port}/v1"), certificates.path("ca.pem"));
    let trust = [("SIGNUP__UPSTREAM__BASE_URL", url.as_str()), ("SSL_CERT_FILE", authority.as_str())];
    let front = Front::start(port, "h2,http/1.1", "safe", &certificates, &studio).await;
    let gateway = Gateway::start(&studio, &siteverify, &trust).await;
    for visitor in 0..9 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    let first = arrivals(&studio);
    assert!(first.iter().all(|(protocol, _)| protocol == "2.0"), "{first:?}");
    let connections: BTreeSet<_> = first.iter().skip(1).collect();
    // One for each worker, and another after a rest of four seconds on a slow machine.
    assert!(connections.len() <= first.len() / 2, "{first:?}");
    assert!(!connections.contains(&first[0]), "the first had its own: {first:?}");
    assert_eq!(gateway.logged("the upstream speaks HTTP/2"), 1);

    // The studio dies with the form in its hands. A proxy may call that a refused stream; it is unknown all the same.
    studio.reply(Reply::Close);
    let status = sign_up(&gateway, 10).await;
    assert!([502, 504].contains(&status), "{status}");
    assert_eq!(studio.received().len(), first.len() + 1, "never sent again");
    studio.answer(|_| Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL })));
    for visitor in 11..13 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}: shared again");
    }
    let first = arrivals(&studio);

    // It no longer does, and takes no notice of the offer.
    drop(front);
    let _front = Front::start(port, "http/1.1", "safe", &certificates, &studio).await;
    for visitor in 20..25 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    let last = arrivals(&studio).split_off(first.len());
    let connections: BTreeSet<_> = last.iter().collect();
    assert_eq!((last.len(), connections.len()), (5, 5), "each has its own again: {last:?}");
    assert!(last.iter().all(|(protocol, _)| protocol == "1.1"), "{last:?}");
}

#[tokio::test]
async fn off_is_http_1_whatever_the_studio_offers() {
    let certificates = Certificates::make();
    let (studio, siteverify, port) = (Neighbour::studio().await, Neighbour::siteverify().await, free_port());
    let (url, authority) = (format!("https://localhost:{port}/v1"), certificates.path("ca.pem"));
    let variables = [
        ("SIGNUP__UPSTREAM__BASE_URL", url.as_str()),
        ("SSL_CERT_FILE", authority.as_str()),
        ("SIGNUP__UPSTREAM__HTTP2", "off"),
        ("SIGNUP__UPSTREAM__VALIDATE_EMAIL", "true"),
    ];
    let _front = Front::start(port, "h2,http/1.1", "safe", &certificates, &studio).await;
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    for visitor in 0..4 {
        assert_eq!(sign_up(&gateway, visitor).await, 303, "visitor {visitor}");
    }
    let arrivals = arrivals(&studio);
    assert!(arrivals.len() > 4, "addresses are asked about too: {arrivals:?}");
    assert!(arrivals.iter().all(|(protocol, _)| protocol == "1.1"), "{arrivals:?}");
}

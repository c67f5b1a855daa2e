//! Two gateways behind a real balancer with the shipped configuration: addresses, forms at either, and a restart nobody notices.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::helpers::app::{fill, sample, urlencode};
use crate::helpers::{FLOWS, Neighbour, Page};
use crate::process::{Balancer, Gateway, Redis, eventually};

fn client() -> Client {
    client_at(Ipv4Addr::LOCALHOST)
}

/// A visitor who connects from this address.
fn client_at(address: Ipv4Addr) -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().local_address(IpAddr::from(address)).build().unwrap()
}

async fn get(client: &Client, port: u16) -> Result<Page, reqwest::Error> {
    let answer = client.get(format!("http://localhost:{port}/signup/pro")).send().await?;
    Ok(Page::read(answer).await)
}

async fn sign_up(client: &Client, port: u16, visitor: usize) -> Result<u16, reqwest::Error> {
    sign_up_claiming(client, port, visitor, "198.51.100.1").await
}

/// A whole sign-up by somebody who claims to have this address.
async fn sign_up_claiming(client: &Client, port: u16, visitor: usize, claimed: &str) -> Result<u16, reqwest::Error> {
    let page = get(client, port).await?;
    if page.status != 200 {
        return Ok(page.status);
    }
    let mut fields = fill(&page, &sample(FLOWS[0]));
    fields.retain(|(name, _)| name != "email");
    fields.push(("email".to_owned(), format!("visitor-{visitor}@acme.example")));
    let url = format!("http://localhost:{port}{}", page.action());
    let form = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(urlencode(&fields));
    Ok(form.header("x-forwarded-for", claimed).send().await?.status().as_u16())
}

#[tokio::test]
async fn limits_count_the_visitor_that_the_balancer_saw_whatever_a_visitor_claims() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
        ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "3"),
        ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h"),
    ];
    let gateways = Gateway::pair(&studio, &siteverify, &variables).await;
    let balancer = Balancer::start(&[gateways[0].address, gateways[1].address]).await;
    let (one, other) = (client_at(Ipv4Addr::new(127, 0, 0, 2)), client_at(Ipv4Addr::new(127, 0, 0, 3)));
    eventually("the balancer has checked both", async || {
        get(&one, balancer.port).await.is_ok_and(|page| page.status == 200)
    })
    .await;
    for (turn, expected) in [303, 303, 303, 429, 429].into_iter().enumerate() {
        let forged = format!("198.51.100.{turn}");
        assert_eq!(sign_up_claiming(&one, balancer.port, turn, &forged).await.unwrap(), expected, "{turn}");
    }
    // Claiming to be the one who is over the limit does not shut anybody out either.
    assert_eq!(sign_up_claiming(&other, balancer.port, 10, "127.0.0.2").await.unwrap(), 303);
    let told: Vec<_> =
        studio.received().iter().map(|request| request.header("x-forwarded-for").unwrap().to_owned()).collect();
    assert_eq!(told, ["127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3"]);
}

#[tokio::test]
async fn a_form_from_one_gateway_is_good_at_the_other_because_nobody_is_kept_at_one() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateways = Gateway::pair(&studio, &siteverify, &variables).await;
    let balancer = Balancer::start(&[gateways[0].address, gateways[1].address]).await;
    let visitor = client();
    eventually("the balancer has checked both", async || {
        get(&visitor, balancer.port).await.is_ok_and(|page| page.status == 200)
    })
    .await;
    let views = "signup_form_views_total{flow=\"pro\",tenant=\"default\"}";
    let created = "signup_submissions_total{flow=\"pro\",tenant=\"default\",outcome=\"created\"}";
    let counted = async |metric: &str| {
        let [first, second] = [gateways[0].metric(metric).await, gateways[1].metric(metric).await];
        [first.unwrap_or_default(), second.unwrap_or_default()]
    };
    let before = counted(views).await;
    for turn in 0..6 {
        assert_eq!(sign_up(&visitor, balancer.port, turn).await.unwrap(), 303, "{turn}");
    }
    let (after, created) = (counted(views).await, counted(created).await);
    let shown = [after[0] - before[0], after[1] - before[1]];
    assert_eq!((shown[0] + shown[1], created[0] + created[1]), (6.0, 6.0));
    assert!((shown[0] - created[0]).abs() > 0.5, "each form was posted where it was shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_loses_no_visitor() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
        ("SIGNUP__RATE_LIMIT__EXEMPT", "127.0.0.0/8"),
        ("SIGNUP__SERVER__LAME_DUCK", "2s"),
    ];
    let mut gateways = Gateway::pair(&studio, &siteverify, &variables).await.map(Some);
    let addresses = [0, 1].map(|index| gateways[index].as_ref().unwrap().address);
    let balancer = Balancer::start(&addresses).await;
    let port = balancer.port;
    eventually("the balancer has checked both", async || {
        get(&client(), port).await.is_ok_and(|page| page.status == 200)
    })
    .await;

    let (stop, signed_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let visitors: Vec<_> = (0..4)
        .map(|lane| {
            let (stop, signed_up) = (Arc::clone(&stop), Arc::clone(&signed_up));
            tokio::spawn(async move {
                let client = client();
                let mut lost = Vec::new();
                let mut visitor = lane;
                while !stop.load(Ordering::Relaxed) {
                    match sign_up(&client, port, visitor).await {
                        Ok(303) => drop(signed_up.fetch_add(1, Ordering::Relaxed)),
                        other => lost.push(format!("visitor {visitor}: {other:?}")),
                    }
                    visitor += 4;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                lost
            })
        })
        .collect();
    for (index, address) in addresses.iter().enumerate() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let old = gateways[index].take().unwrap();
        old.signal("TERM");
        assert_eq!(old.ended().await, Some(0), "gateway {index}");
        gateways[index] = Some(Gateway::at(address.port(), &studio, &siteverify, &variables).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    let mut lost = Vec::new();
    for lane in visitors {
        lost.extend(lane.await.unwrap());
    }
    let signed_up = signed_up.load(Ordering::Relaxed);
    println!("{signed_up} visitors signed up during two restarts, {} lost", lost.len());
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), signed_up + lost.len());
    assert!(signed_up > 50, "only {signed_up} visitors");
    assert_eq!(studio.received().len(), signed_up, "creations");
    // The address is the balancer's word alone, whatever a visitor claims.
    let addresses: Vec<_> =
        studio.received().iter().map(|request| request.header("x-forwarded-for").unwrap().to_owned()).collect();
    assert!(addresses.iter().all(|address| address == "127.0.0.1"), "{addresses:?}");
}

//! One account per form, whichever replica is asked.

use std::time::Duration;

use futures_util::future::join_all;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Neighbour, Page, Reply};
use crate::process::{Gateway, Redis, eventually, undisturbed};

const CLIENT: &str = "203.0.113.7";

async fn pair(redis: &Redis, studio: &Neighbour, siteverify: &Neighbour) -> [Gateway; 2] {
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    Gateway::pair(studio, siteverify, &variables).await
}

/// Two of them whose visitors wait for 6 s at most, and whose leases last for 11 s.
async fn hasty_pair(redis: &Redis, studio: &Neighbour, siteverify: &Neighbour) -> [Gateway; 2] {
    let url = redis.url();
    let variables = [
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
        ("SIGNUP__UPSTREAM__TIMEOUT", "2s"),
        ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "1s"),
        ("SIGNUP__TURNSTILE__TIMEOUT", "3s"),
    ];
    Gateway::pair(studio, siteverify, &variables).await
}

fn destination(page: &Page) -> (u16, &str) {
    (page.status, page.location())
}

#[tokio::test]
async fn the_same_form_at_two_replicas_at_once_creates_one_account() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let created = Reply::Json(200, serde_json::json!({ "success": true, "id": 7, "redirectUrl": STUDIO_URL }));
    studio.reply(Reply::Later(Duration::from_millis(500), Box::new(created)));
    let replicas = pair(&redis, &studio, &siteverify).await;
    let [first, second] = &replicas;
    let (page, email, answers, calls) = undisturbed(&[first, second], async |round| {
        let before = (studio.received().len(), siteverify.received().len());
        let (page, email) = (first.get("/signup/pro").await, format!("visitor-{round}@acme.example"));
        let (fields, client) = (sample_with(FLOWS[0], "email", &email), format!("203.0.113.{}", 10 + round));
        let posts = (0..10).map(|turn| replicas[turn % 2].submit(&page, &fields, &client));
        let answers: Vec<Page> = join_all(posts).await.into_iter().map(Option::unwrap).collect();
        drop(fields);
        (page, email, answers, (studio.received().len() - before.0, siteverify.received().len() - before.1))
    })
    .await;
    for answer in &answers {
        assert_eq!(destination(answer), (303, STUDIO_URL));
        assert!(answer.header("set-cookie").is_some_and(|cookie| cookie.starts_with("__Host-signup=")));
    }
    assert_eq!(calls, (1, 1));
    let (created, fields) = (studio.received().len(), sample_with(FLOWS[0], "email", &email));
    // And later, and with another address.
    assert_eq!(destination(&replicas[1].submit(&page, &fields, CLIENT).await.unwrap()), (303, STUDIO_URL));
    let other = sample_with(FLOWS[0], "email", "other@acme.example");
    assert_eq!(replicas[1].submit(&page, &other, CLIENT).await.unwrap().status, 422);
    assert_eq!(studio.received().len(), created);
}

#[tokio::test]
async fn a_refused_form_and_its_pass_are_good_at_the_other_replica() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let replicas = pair(&redis, &studio, &siteverify).await;
    studio.reply(Reply::Json(200, serde_json::json!({ "success": false, "error": "Username is already taken" })));
    let page = replicas[0].get("/signup/pro").await;
    let refused = replicas[0].submit(&page, &sample(FLOWS[0]), CLIENT).await.unwrap();
    assert_eq!((refused.status, refused.fields_in_error()), (422, vec!["username".to_owned()]));
    studio.reply(Reply::Json(200, serde_json::json!({ "success": true, "redirectUrl": STUDIO_URL })));
    let corrected = [("username", "jan-the-second"), ("password", "vexing-otter-plinth")];
    let answer = replicas[1].submit(&refused, &corrected, CLIENT).await.unwrap();
    assert_eq!(destination(&answer), (303, STUDIO_URL));
    assert_eq!(siteverify.received().len(), 1, "the challenge was asked twice");
}

/// Redis stalls while a creation is under way, which hides its end for a while, but not for good.
#[tokio::test]
async fn a_redis_that_hiccups_during_a_creation_still_learns_how_it_ended() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let created = Reply::Json(200, serde_json::json!({ "success": true, "id": 7, "redirectUrl": STUDIO_URL }));
    studio.reply(Reply::Later(Duration::from_secs(1), Box::new(created)));
    let [first, second] = pair(&redis, &studio, &siteverify).await;
    let page = first.get("/signup/pro").await;
    let fields = sample(FLOWS[0]);
    let (answer, ()) = tokio::join!(first.submit(&page, &fields, CLIENT), async {
        eventually("the creation is sent", async || studio.received().len() == 1).await;
        redis.signal("STOP");
    });
    assert_eq!(destination(&answer.unwrap()), (303, STUDIO_URL));
    redis.signal("CONT");
    // The sibling waits for the record of the first, and then gives its answer.
    assert_eq!(destination(&second.submit(&page, &fields, CLIENT).await.unwrap()), (303, STUDIO_URL));
    assert_eq!(studio.received().len(), 1);
}

/// A busy Redis takes longer than a count is worth waiting for. Neither replica may take that for leave to send.
#[tokio::test]
async fn a_redis_that_hesitates_still_decides_which_replica_sends() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let replicas = pair(&redis, &studio, &siteverify).await;
    // A machine that stalls makes it look longer, and then each replica is right to go on alone.
    let mut rounds = Vec::new();
    while rounds.iter().filter(|round| matches!(round, (1, true))).count() < 3 {
        assert!(rounds.len() < 10, "creations, and whether one was told: {rounds:?}");
        for replica in &replicas {
            replica.shares().await;
        }
        let before = studio.received().len();
        let (page, email) = (replicas[0].get("/signup/pro").await, format!("visitor-{}@acme.example", rounds.len()));
        let fields = sample_with(FLOWS[0], "email", &email);
        redis.hesitate(Duration::from_millis(300)).await;
        let posts = replicas.iter().map(|replica| replica.submit(&page, &fields, CLIENT));
        let statuses: Vec<u16> = join_all(posts).await.into_iter().map(|page| page.unwrap().status).collect();
        rounds.push((studio.received().len() - before, statuses.contains(&303)));
    }
}

#[tokio::test]
async fn a_replica_that_dies_while_sending_leaves_an_unknown_outcome_to_its_sibling() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let [first, second] = hasty_pair(&redis, &studio, &siteverify).await;
    studio.reply(Reply::Stall(Vec::new()));
    let page = first.get("/signup/pro").await;
    let fields = sample(FLOWS[0]);
    let address = first.address;
    let dying = {
        let (page, fields) = (page.clone(), fields.clone());
        let sent = crate::helpers::app::urlencode(&crate::helpers::app::fill(&page, &fields));
        tokio::spawn(async move {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let url = format!("http://localhost:{}{}", address.port(), page.action());
            let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(sent);
            request.send().await.is_err()
        })
    };
    eventually("the creation is sent", async || studio.received().len() == 1).await;
    first.kill();
    assert!(dying.await.unwrap(), "the dead replica answered");
    // While the lease lasts (6 s of budget and 5 s more) the sibling waits, then gives up; it never sends.
    let answer = second.submit(&page, &fields, CLIENT).await.unwrap();
    assert_eq!(answer.status, 504);
    tokio::time::sleep(Duration::from_secs(10)).await;
    // After it nobody waits: the outcome is unknown for good, and not free.
    studio.reply(Reply::Json(200, serde_json::json!({ "success": true, "redirectUrl": STUDIO_URL })));
    let mut waits = Vec::new();
    // Who waits does so for 6 s each time; who does not may be on a machine that stalls.
    while waits.iter().all(|wait| *wait > Duration::from_secs(5)) {
        assert!(waits.len() < 5, "still waited for: {waits:?}");
        let asked = std::time::Instant::now();
        assert_eq!(second.submit(&page, &fields, CLIENT).await.unwrap().status, 504);
        waits.push(asked.elapsed());
    }
    assert_eq!(studio.received().len(), 1);
}

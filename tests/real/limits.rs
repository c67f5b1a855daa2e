//! Limits that replicas share.

use futures_util::future::join_all;

use crate::helpers::app::sample;
use crate::helpers::{FLOWS, Neighbour};
use crate::process::{Gateway, Redis, undisturbed};

#[tokio::test]
async fn exactly_the_configured_number_passes_across_replicas() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
        ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "7"),
        ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "10m"),
    ];
    let replicas = Gateway::pair(&studio, &siteverify, &variables).await;
    let page = replicas[0].get("/signup/pro").await;
    let [first, second] = &replicas;
    let statuses: Vec<u16> = undisturbed(&[first, second], async |round| {
        let client = format!("203.0.113.{round}");
        let posts = (0..20).map(|turn| replicas[turn % 2].submit(&page, &[("name", "")], &client));
        join_all(posts).await.into_iter().map(|page| page.unwrap().status).collect()
    })
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 7, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 13, "{statuses:?}");
    // Another visitor is not concerned.
    assert_eq!(replicas[1].submit(&page, &[("name", "")], "203.0.113.99").await.unwrap().status, 422);
}

#[tokio::test]
async fn who_has_used_a_shared_budget_has_used_it_under_another_quota_too() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let quota = |burst, period| {
        [
            ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
            ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", burst),
            ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", period),
        ]
    };
    // Replicas in the middle of a change: each counts by its own quota, in one budget.
    let old = Gateway::start(&studio, &siteverify, &quota("5", "10m")).await;
    let new = Gateway::start(&studio, &siteverify, &quota("7", "1m")).await;
    let page = old.get("/signup/pro").await;
    let answers = undisturbed(&[&old, &new], async |round| {
        let client = format!("203.0.113.{round}");
        let mut answers = Vec::new();
        for gateway in [&old, &new, &old, &new, &old, &old, &new, &new, &new] {
            let answer = gateway.submit(&page, &[("name", "")], &client).await.unwrap();
            let wait = answer.header("retry-after").map(|wait| wait.parse::<u64>().unwrap());
            answers.push((answer.status, wait));
        }
        answers
    })
    .await;
    let (passes, old_wait, new_wait) = ((422, None), answers[5].1, answers[8].1);
    let limits = [(429, old_wait), passes, passes, (429, new_wait)];
    assert_eq!(answers, [&[passes; 5][..], &limits].concat());
    // A machine that stalls takes as much off the wait.
    let within = |wait: Option<u64>, longest| wait.is_some_and(|wait| (longest - 50..=longest).contains(&wait));
    assert!(within(old_wait, 600), "one request under the old quota is ten minutes: {old_wait:?}");
    assert!(within(new_wait, 60), "and a minute under the new one: {new_wait:?}");
}

#[tokio::test]
async fn no_store_ever_holds_an_address_or_an_answer_in_the_open() {
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let url = redis.url();
    let variables = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let page = gateway.get("/signup/trial").await;
    let answer = gateway.submit(&page, &sample(FLOWS[1]), "203.0.113.7").await.unwrap();
    assert_eq!(answer.status, 303);
    let everything = redis.everything().await;
    // Client, pages, e-mail and the form.
    assert!(everything.len() >= 4, "{everything:?}");
    for (key, value) in &everything {
        for secret in ["203.0.113.7", "flintstone", "studio.example", "granite"] {
            assert!(!key.contains(secret) && !value.contains(secret), "{key}: {value}");
        }
    }
}

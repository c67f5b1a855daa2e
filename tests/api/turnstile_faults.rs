//! A siteverify that fails: nobody is refused for it, nothing that was typed is lost, no account is created unproven.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::json;
use signup_gateway::signup::Flow;

use crate::helpers::app::sample;
use crate::helpers::faults::{Acts, Ends, Fault, IN_TIME, LATE, budget, faults, slammed_doors, sound_answers};
use crate::helpers::neighbour::{Vacancy, raw, verified};
use crate::helpers::{FLOWS, Reply, TestApp, roomy};
use crate::turnstile::{Gets, assert_gets};

/// Both meanings of an outage: what the visitor gets, and the accounts created.
const POLICIES: [(&str, Gets, usize); 2] = [("reject", Gets::Unavailable, 0), ("allow", Gets::Through, 1)];

/// An application with the budget that a fault which ends so is to meet.
async fn app_where_an_outage_means(policy: &str, ends: Ends) -> TestApp {
    TestApp::with(&roomy(&[
        ("SIGNUP__TURNSTILE__ON_OUTAGE", policy),
        ("SIGNUP__TURNSTILE__TIMEOUT", budget(ends)),
        ("SIGNUP__RATE_LIMIT__OUTAGE__BURST", "100000"),
    ]))
    .await
}

/// What breaks is asked once more with the same key; what is late or says nothing is not.
fn questions(ends: Ends) -> usize {
    if ends == Ends::Broken { 2 } else { 1 }
}

/// A sign-up while siteverify fails: the answer, its time, the questions asked, and the accounts created.
async fn assert_outage(app: &TestApp, flow: &'static Flow, fault: &Fault, (gets, accounts): (Gets, usize), name: &str) {
    fault.befall(&app.siteverify);
    let (asked, connections) = (app.siteverify.received().len(), app.siteverify.connections());
    let created = app.studio.received().len();
    let form = app.form(flow, "").await;
    let started = Instant::now();
    let answer = app.submit(&form, &sample(flow)).await;
    assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
    assert_gets(flow, &form, &answer, gets, name);
    assert_eq!(app.studio.received().len() - created, accounts, "{name}: accounts");
    let asked = &app.siteverify.received()[asked..];
    match fault.acts {
        Acts::Answers(_) => {
            assert_eq!(asked.len(), questions(fault.ends), "{name}: questions");
            let keys: BTreeSet<_> = asked.iter().map(|call| call.field("idempotency_key").unwrap()).collect();
            assert_eq!(keys.len(), 1, "{name}: one idempotency key");
        }
        Acts::Treats(_) => {
            assert!(asked.is_empty(), "{name}: no question arrived");
            assert_eq!(app.siteverify.connections() - connections, questions(fault.ends), "{name}: connections");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_or_says_nothing_is_an_outage_and_never_a_refusal() {
    for (policy, gets, accounts) in POLICIES {
        let hasty = app_where_an_outage_means(policy, Ends::Late).await;
        let patient = app_where_an_outage_means(policy, Ends::Broken).await;
        for (index, fault) in faults(&verified("pro"), LATE).iter().enumerate() {
            let app = if fault.ends == Ends::Late { &hasty } else { &patient };
            let flow = FLOWS[index % FLOWS.len()];
            assert_outage(app, flow, fault, (gets, accounts), &format!("{}, {policy}", fault.name)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_what_cloudflare_documents_is_an_outage() {
    for (policy, gets, accounts) in POLICIES {
        let app = app_where_an_outage_means(policy, Ends::Nonsense).await;
        for flow in FLOWS {
            let good = || verified(flow.slug);
            let whole = good().to_string();
            let but = |field: &str, value| {
                let mut answer = good();
                answer[field] = value;
                Reply::Json(200, answer)
            };
            let huge = but("padding", json!("x".repeat(300 * 1_024)));
            for (name, reply) in [
                ("201", Reply::Json(201, good())),
                ("a redirect", Reply::With(302, "location: /elsewhere\r\n", good())),
                ("400 with JSON", Reply::Json(400, json!({ "success": false, "error-codes": ["bad-request"] }))),
                ("403 without", raw(403, "text/html", "<h1>blocked</h1>")),
                ("404", raw(404, "text/plain", "")),
                ("429", Reply::With(429, "retry-after: 60\r\n", json!({ "success": false, "error-codes": ["rate"] }))),
                ("500", Reply::Json(500, good())),
                ("502 without JSON", raw(502, "text/html", "<h1>bad gateway</h1>")),
                ("503", Reply::With(503, "retry-after: 60\r\n", json!({}))),
                ("HTML", raw(200, "text/html", "<h1>hello</h1>")),
                ("text", raw(200, "text/plain", &whole)),
                ("half an answer", raw(200, "application/json", &whole[..20])),
                ("huge", huge),
            ] {
                let fault = Fault { name, acts: Acts::Answers(reply), ends: Ends::Nonsense };
                let name = format!("{name}, {}, {policy}", flow.slug);
                assert_outage(&app, flow, &fault, (gets, accounts), &name).await;
            }
        }
    }
}

#[tokio::test]
async fn a_door_slammed_before_the_question_was_read_is_an_outage_too() {
    for (policy, gets, accounts) in POLICIES {
        for fault in slammed_doors() {
            // An application of its own: no idle connection is left from before the door was slammed.
            let app = app_where_an_outage_means(policy, fault.ends).await;
            for flow in FLOWS {
                let name = format!("{}, {}, {policy}", fault.name, flow.slug);
                assert_outage(&app, flow, &fault, (gets, accounts), &name).await;
            }
        }
    }
}

#[tokio::test]
async fn a_siteverify_that_cannot_be_reached_is_an_outage_within_the_budget() {
    let (refusing, full) = (Vacancy::new(), Vacancy::new());
    let (refuses, swallows) = (refusing.url("/"), full.url("/"));
    let _queue = full.blackhole().await;
    for (policy, gets, accounts) in POLICIES {
        for (name, url, ends) in [("nobody listens", &refuses, Ends::Broken), ("a blackhole", &swallows, Ends::Late)] {
            let app = TestApp::with(&roomy(&[
                ("SIGNUP__TURNSTILE__SITEVERIFY_URL", url),
                ("SIGNUP__TURNSTILE__ON_OUTAGE", policy),
                ("SIGNUP__TURNSTILE__TIMEOUT", budget(ends)),
                ("SIGNUP__RATE_LIMIT__OUTAGE__BURST", "100000"),
            ]))
            .await;
            for flow in FLOWS {
                let name = format!("{name}, {}, {policy}", flow.slug);
                let created = app.studio.received().len();
                let form = app.form(flow, "").await;
                let started = Instant::now();
                let answer = app.submit(&form, &sample(flow)).await;
                assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
                assert_gets(flow, &form, &answer, gets, &name);
                assert_eq!(app.studio.received().len() - created, accounts, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn odd_and_sound_answers_are_understood() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for (name, reply) in sound_answers(&verified(flow.slug)) {
            app.siteverify.reply(reply);
            let asked = app.siteverify.received().len();
            assert_eq!(app.sign_up(flow).await.status, 303, "{name}, {}", flow.slug);
            assert_eq!(app.siteverify.received().len() - asked, 1, "{name}, {}: questions", flow.slug);
        }
    }
}

#[tokio::test]
async fn a_form_that_met_an_outage_is_good_once_it_is_over() {
    let app = app_where_an_outage_means("reject", Ends::Broken).await;
    for flow in FLOWS {
        app.siteverify.reply(Reply::Close);
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_gets(flow, &form, &answer, Gets::Unavailable, flow.slug);
        app.siteverify.reply(Reply::Json(200, verified(flow.slug)));
        assert_eq!(app.submit(&answer, &sample(flow)).await.status, 303, "{}", flow.slug);
    }
    assert_eq!(app.studio.received().len(), FLOWS.len());
}

//! Creations over a shared HTTP/2 connection: as many accounts as answers, whatever becomes of the connection.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use signup_gateway::http::{Clients, SharedConnections};
use signup_gateway::settings::Http2;

use crate::helpers::app::sample;
use crate::helpers::faults::IN_TIME;
use crate::helpers::http2::{Act, Http2Studio, MOST_STREAMS, code};
use crate::helpers::neighbour::{STUDIO_URL, Vacancy};
use crate::helpers::{FLOWS, Page, TestApp, assert_kept, roomy};

async fn app_beside(studio: &Http2Studio, more: &[(&str, &str)]) -> TestApp {
    let url = studio.url();
    let ours = [("SIGNUP__UPSTREAM__BASE_URL", url.as_str()), ("SIGNUP__UPSTREAM__HTTP2", "prior-knowledge")];
    TestApp::with(&roomy(&[&ours, more].concat())).await
}

/// One connection for each worker at the most.
fn workers() -> usize {
    available_parallelism().unwrap().get()
}

fn assert_created(answer: &Page, name: &str) {
    assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{name}: {}", answer.body);
}

#[tokio::test]
async fn creations_share_a_connection() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[]).await;
    for round in 0..5 {
        for flow in FLOWS {
            assert_created(&app.sign_up(flow).await, &format!("{}, {round}", flow.slug));
        }
    }
    for answer in join_all(FLOWS.iter().cycle().take(20).map(|flow| app.sign_up(flow))).await {
        assert_created(&answer, "crowd");
    }
    assert_eq!(studio.received().len(), FLOWS.len() * 5 + 20);
    assert!(studio.connections() <= workers(), "{} connections", studio.connections());
    assert_eq!(
        studio.received()[0]["username"],
        sample(FLOWS[0]).iter().find(|(name, _)| *name == "username").unwrap().1
    );
    assert_eq!(app.studio.connections(), 0, "the other one is not asked");
}

#[tokio::test]
async fn whatever_becomes_of_a_creation_that_was_sent_it_is_never_sent_again() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__TIMEOUT", "3s")]).await;
    for act in [
        Act::Reset(code::REFUSED_STREAM),
        Act::GoAway { processed: false },
        Act::GoAway { processed: true },
        Act::Reset(code::NO_ERROR),
        Act::Reset(code::CANCEL),
        Act::Reset(code::INTERNAL_ERROR),
        Act::Close,
        Act::Garbage,
        Act::Silence,
    ] {
        for (earlier, flow) in [(false, FLOWS[0]), (true, FLOWS[1])] {
            let name = format!("{act:?}, {}", if earlier { "on a connection that was used" } else { "at first" });
            if earlier {
                assert_created(&app.sign_up(flow).await, &name);
            } else {
                studio.hang_up(true);
            }
            let before = studio.received().len();
            studio.next(&[act]);
            let form = app.form(flow, "").await;
            let started = Instant::now();
            let first = app.submit(&form, &sample(flow)).await;
            assert!(started.elapsed() < IN_TIME, "{name}: {:?}", started.elapsed());
            assert_eq!(first.status, 504, "{name}: {}", first.notice_text());
            assert_kept(flow, &first, &sample(flow), &name);
            let again = app.submit(&form, &sample(flow)).await;
            assert_eq!(again.status, 504, "{name}: the id is spent");
            assert_eq!(studio.received().len() - before, 1, "{name}: creations");
            assert_created(&app.sign_up(flow).await, &format!("{name}, afterwards"));
        }
    }
}

#[tokio::test]
async fn a_studio_that_is_not_there_is_a_503_and_the_form_is_still_good() {
    let vacancy = Vacancy::new();
    let url = vacancy.url("/v1");
    let ours = [("SIGNUP__UPSTREAM__BASE_URL", url.as_str()), ("SIGNUP__UPSTREAM__HTTP2", "prior-knowledge")];
    let app = TestApp::with(&roomy(&ours)).await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_eq!((answer.status, answer.id()), (503, form.id()), "{}: {}", flow.slug, answer.notice_text());
        assert_kept(flow, &answer, &sample(flow), flow.slug);
    }
}

/// A crowd whose creations wait, more than there are connections, while something happens to these.
async fn crowd_while(app: &TestApp, studio: &Http2Studio, happens: impl FnOnce(&Http2Studio)) -> Vec<Page> {
    let crowd = 4 * (workers() + 1);
    let (before, connections) = (studio.received().len(), studio.connections());
    studio.next(&vec![Act::CreateLater; crowd]);
    let event = async {
        studio.has_read(before + crowd).await;
        happens(studio);
    };
    let (answers, ()) = tokio::join!(join_all(FLOWS.iter().cycle().take(crowd).map(|flow| app.sign_up(flow))), event);
    assert_eq!(studio.received().len() - before, crowd, "one creation for each");
    assert!(studio.connections() - connections < crowd, "some share one");
    answers
}

#[tokio::test]
async fn who_shares_a_connection_shares_its_end_and_the_circuit_counts_one_failure() {
    let studio = Http2Studio::start().await;
    // Each worker's connection is one.
    let failures = (2 * workers() + 1).to_string();
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", failures.as_str())]).await;
    for answer in crowd_while(&app, &studio, Http2Studio::leave).await {
        assert_created(&answer, "a studio that leaves in good order");
    }
    for goodbye in [true, false] {
        for answer in crowd_while(&app, &studio, |studio| studio.hang_up(goodbye)).await {
            assert_eq!(answer.status, 504, "goodbye: {goodbye}: {}", answer.notice_text());
        }
        assert_created(&app.sign_up(FLOWS[0]).await, "the circuit is closed");
    }
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_is_left_when_time_is_up() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__TIMEOUT", "3s")]).await;
    for answer in crowd_while(&app, &studio, Http2Studio::freeze).await {
        assert_eq!(answer.status, 504, "{}", answer.notice_text());
    }
    for flow in FLOWS.iter().cycle().take(4 * workers()) {
        assert_created(&app.sign_up(flow).await, flow.slug);
    }
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_is_found_out_by_a_probe() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__TIMEOUT", "90s")]).await;
    let started = Instant::now();
    for answer in crowd_while(&app, &studio, Http2Studio::freeze).await {
        assert_eq!(answer.status, 504, "{}", answer.notice_text());
    }
    assert!(started.elapsed() < Duration::from_mins(1), "not by the budget: {:?}", started.elapsed());
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_costs_nobody_a_sign_up() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[]).await;
    for goodbye in [true, false] {
        for flow in FLOWS {
            let name = format!("{}, {}", flow.slug, if goodbye { "GOAWAY" } else { "without a word" });
            assert_created(&app.sign_up(flow).await, &name);
            let form = app.form(flow, "").await;
            let (creations, connections) = (studio.received().len(), studio.connections());
            studio.hang_up(goodbye);
            studio.is_left().await;
            assert_created(&app.submit(&form, &sample(flow)).await, &name);
            assert_eq!((studio.received().len() - creations, studio.connections() - connections), (1, 1), "{name}");
        }
    }
}

/// A request to the studio on a shared connection, sent once this is polled.
fn asked(shared: &SharedConnections, studio: &Http2Studio) -> impl Future<Output = bool> + 'static {
    let mut stream = shared.stream().unwrap();
    let sent = stream.client().post(studio.url()).json(&json!({})).send();
    async move {
        let answered = sent.await.is_ok();
        stream.answered();
        answered
    }
}

#[tokio::test]
async fn a_connection_that_carries_requests_is_not_joined_by_another_after_a_pause() {
    loop {
        let studio = Http2Studio::start().await;
        let shared = Clients::new(Duration::from_mins(1), Http2::PriorKnowledge).unwrap().shared_connections();
        studio.next(&[Act::Silence, Act::CreateLater, Act::Create]);
        let carried = tokio::spawn(asked(&shared, &studio));
        studio.has_read(1).await;
        let heard = tokio::spawn(asked(&shared, &studio));
        studio.has_read(2).await;
        // Longer than an HTTP/1 connection would be kept idle; in between somebody is answered, or it would be left.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let heard_after = Instant::now();
        studio.answer();
        assert!(heard.await.unwrap());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let next = asked(&shared, &studio);
        let was_heard_lately = heard_after.elapsed() < Duration::from_millis(2_900);
        assert!(next.await);
        carried.abort();
        if was_heard_lately {
            assert_eq!(studio.connections(), 1);
            return;
        }
        // The machine has stalled: the connection was rightly left.
    }
}

#[tokio::test]
async fn above_a_hundred_creations_at_once_there_is_another_connection_and_nobody_waits() {
    let most = usize::try_from(MOST_STREAMS).unwrap();
    let crowd = most * workers() + 20;
    // Both ends of a visitor's connection are ours, and so are those of siteverify's.
    rlimit::increase_nofile_limit(1_000 + 4 * u64::try_from(crowd).unwrap()).unwrap();
    let studio = Http2Studio::start().await;
    let limit = crowd.to_string();
    let app = app_beside(
        &studio,
        &[
            ("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", &limit),
            // A crowd takes its time on a busy machine.
            ("SIGNUP__TURNSTILE__TIMEOUT", "120s"),
            ("SIGNUP__UPSTREAM__TIMEOUT", "120s"),
            ("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "60s"),
        ],
    )
    .await;
    studio.next(&vec![Act::CreateLater; crowd]);
    let told = async {
        // A request above the peer's limit would not be read.
        studio.has_read(crowd).await;
        studio.answer();
    };
    let (answers, ()) = tokio::join!(join_all(FLOWS.iter().cycle().take(crowd).map(|flow| app.sign_up(flow))), told);
    for answer in &answers {
        assert_created(answer, "crowd");
    }
    assert_eq!(studio.received().len(), crowd);
    assert!(studio.connections() > workers(), "{} connections", studio.connections());
}

#[tokio::test]
async fn in_the_clear_and_without_being_told_each_creation_has_a_connection_of_its_own() {
    for http2 in ["auto", "off"] {
        let app = TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__HTTP2", http2)])).await;
        for flow in FLOWS {
            assert_created(&app.sign_up(flow).await, http2);
        }
        assert_eq!((app.studio.connections(), app.studio.received().len()), (FLOWS.len(), FLOWS.len()), "{http2}");
    }
}

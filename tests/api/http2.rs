//! Creations over a shared HTTP/2 connection: as many accounts as answers, whatever becomes of the connection.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::helpers::app::sample;
use crate::helpers::faults::in_time;
use crate::helpers::http2::{Act, Http2Studio, code};
use crate::helpers::neighbour::STUDIO_URL;
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
    assert_eq!(studio.created().len(), FLOWS.len() * 5 + 20);
    assert!(studio.connections() <= workers(), "{} connections", studio.connections());
    assert_eq!(
        studio.created()[0]["username"],
        sample(FLOWS[0]).iter().find(|(name, _)| *name == "username").unwrap().1
    );
    assert_eq!(app.studio.connections(), 0, "the other one is not asked");
}

#[tokio::test]
async fn what_the_studio_says_it_did_not_process_is_sent_again_and_nothing_else() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__TIMEOUT", "400ms")]).await;
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
            let before = studio.created().len();
            studio.next(&[act]);
            let form = app.form(flow, "").await;
            let started = Instant::now();
            let first = app.submit(&form, &sample(flow)).await;
            assert!(started.elapsed() < in_time(&name), "{name}: {:?}", started.elapsed());
            if act.may_create() {
                assert_eq!(first.status, 504, "{name}: {}", first.notice_text());
                assert_kept(flow, &first, &sample(flow), &name);
                let again = app.submit(&form, &sample(flow)).await;
                assert_eq!(again.status, 504, "{name}: the id is spent");
            } else {
                assert_created(&first, &name);
            }
            assert_eq!(studio.created().len() - before, 1, "{name}: creations");
            assert_created(&app.sign_up(flow).await, &format!("{name}, afterwards"));
        }
    }
}

#[tokio::test]
async fn a_studio_that_goes_on_leaving_is_asked_twice() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[]).await;
    for flow in FLOWS {
        studio.next(&[Act::GoAway { processed: false }; 2]);
        let (creations, form) = (studio.created().len(), app.form(flow, "").await);
        let answer = app.submit(&form, &sample(flow)).await;
        assert_eq!((answer.status, answer.id()), (503, form.id()), "{}: {}", flow.slug, answer.notice_text());
        assert_eq!(studio.created().len(), creations, "{}: nobody asked a third time", flow.slug);
        assert_created(&app.submit(&answer, &[("password", "vexing-otter-plinth")]).await, flow.slug);
    }
}

/// Two visitors whose creations wait on connections to which something happens.
async fn two_while(app: &TestApp, studio: &Http2Studio, happens: impl FnOnce(&Http2Studio)) -> [Page; 2] {
    let before = studio.created().len();
    studio.next(&[Act::CreateLater; 2]);
    let event = async {
        studio.has_read(before + 2).await;
        happens(studio);
    };
    let (first, second, ()) = tokio::join!(app.sign_up(FLOWS[0]), app.sign_up(FLOWS[1]), event);
    assert_eq!(studio.created().len() - before, 2, "one creation for each");
    [first, second]
}

#[tokio::test]
async fn who_shares_a_connection_shares_its_end() {
    let studio = Http2Studio::start().await;
    let app = app_beside(&studio, &[]).await;
    for answer in two_while(&app, &studio, Http2Studio::leave).await {
        assert_created(&answer, "a studio that leaves in good order");
    }
    for goodbye in [true, false] {
        for answer in two_while(&app, &studio, |studio| studio.hang_up(goodbye)).await {
            assert_eq!(answer.status, 504, "goodbye: {goodbye}: {}", answer.notice_text());
        }
    }
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_costs_seconds_and_only_those_who_are_on_it() {
    let studio = Http2Studio::start().await;
    let variables = [("SIGNUP__UPSTREAM__CONNECT_TIMEOUT", "500ms"), ("SIGNUP__UPSTREAM__TIMEOUT", "60s")];
    let app = app_beside(&studio, &variables).await;
    let started = Instant::now();
    for answer in two_while(&app, &studio, Http2Studio::freeze).await {
        assert_eq!(answer.status, 504, "{}", answer.notice_text());
    }
    assert!(started.elapsed() < Duration::from_secs(30), "by a probe, not by the budget: {:?}", started.elapsed());
    for flow in FLOWS {
        assert_created(&app.sign_up(flow).await, flow.slug);
    }
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
            let (creations, connections) = (studio.created().len(), studio.connections());
            studio.hang_up(goodbye);
            // A close over loopback is there long before.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_created(&app.submit(&form, &sample(flow)).await, &name);
            assert_eq!((studio.created().len() - creations, studio.connections() - connections), (1, 1), "{name}");
        }
    }
}

#[tokio::test]
async fn above_a_hundred_creations_at_once_there_is_another_connection_and_nobody_waits() {
    let crowd = 100 * workers() + 20;
    let studio = Http2Studio::start().await;
    let limit = crowd.to_string();
    let app = app_beside(&studio, &[("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", &limit)]).await;
    studio.next(&vec![Act::CreateLater; crowd]);
    let told = async {
        studio.has_read(crowd).await;
        studio.answer();
    };
    let (answers, ()) = tokio::join!(join_all(FLOWS.iter().cycle().take(crowd).map(|flow| app.sign_up(flow))), told);
    for answer in &answers {
        assert_created(answer, "crowd");
    }
    assert_eq!(studio.created().len(), crowd);
    assert!((2..=2 * workers()).contains(&studio.connections()), "{} connections", studio.connections());
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

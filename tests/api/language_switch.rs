//! Another language in the middle of a sign-up: the form comes along as it was typed, and nothing is submitted.

use serde_json::json;
use signup_gateway::domain::language::Language;

use crate::helpers::app::{fill, sample, sample_with, urlencode};
use crate::helpers::form::UNLIMITED;
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, log, roomy};

const QUERY: &str = "utm_source=a%20b&email=x%40acme.example";

/// Where the buttons of the switch post the form.
fn buttons(page: &Page) -> Vec<String> {
    page.attributes("footer button[form=form][name=switch_language]", "formaction")
}

/// Presses a button of the switch.
async fn press(app: &TestApp, page: &Page, target: &str, fields: &[(&str, &str)]) -> Page {
    let mut fields = fill(page, fields);
    fields.push(("switch_language".to_owned(), String::new()));
    let path = page.action().split_once('?').map_or_else(|| page.action(), |(path, _)| path.to_owned());
    app.post(&format!("{path}{target}"), &urlencode(&fields)).await
}

#[tokio::test]
async fn the_form_comes_in_the_chosen_language_with_all_that_was_typed_and_can_still_be_sent() {
    let app = TestApp::with(UNLIMITED).await;
    for (earlier, flow) in FLOWS.iter().enumerate() {
        let fresh = app.form(flow, QUERY).await;
        assert_eq!(buttons(&fresh), Vec::<String>::new(), "nothing was sent yet: links will do");
        let typed = sample_with(flow, "username", "no spaces");
        let back = app.submit(&fresh, &typed).await;
        assert_eq!(buttons(&back).len(), Language::ALL.len() - 1, "all but its own");
        let mut page = back;
        for language in Language::ALL.iter().rev() {
            let tag = language.tag();
            let name = format!("{}, {tag}", flow.slug);
            page = press(&app, &page, &format!("?{QUERY}&lang={tag}"), &typed).await;
            assert_eq!((page.status, page.attributes("html", "lang")), (200, vec![tag.to_owned()]), "{name}");
            assert_eq!(page.action(), format!("/signup/{}?{QUERY}&lang={tag}", flow.slug), "{name}");
            assert_eq!(page.id(), fresh.id(), "{name}");
            assert_kept(flow, &page, &typed, &name);
            assert_eq!(page.fields_in_error(), ["username"], "{name}: said again, and nothing of the empty password");
            assert!(
                log::of_request(page.header("x-request-id").unwrap()).iter().all(|event| event["event"] != "signup")
            );
        }
        assert_eq!((app.studio.received().len(), app.siteverify.received().len()), (earlier, earlier), "{}", flow.slug);
        let done = app.submit(&page, &sample(flow)).await;
        assert_eq!(done.status, 303, "{}: {}", flow.slug, done.body);
    }
}

#[tokio::test]
async fn a_password_is_asked_for_again_in_the_new_language() {
    let app = TestApp::with(UNLIMITED).await;
    let back = app.submit(&app.form(FLOWS[0], "").await, &[("name", "Grace")]).await;
    let page = press(&app, &back, "?lang=de", &sample(FLOWS[0])).await;
    assert_eq!(page.fields_in_error(), Vec::<String>::new());
    assert!(page.texts("#password-hint").concat().starts_with("Geben Sie Ihr Passwort noch einmal ein"));
    assert!(!page.title().starts_with("Fehler"), "{}", page.title());
}

#[tokio::test]
async fn the_switch_keeps_a_challenge_once_solved() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        app.studio.reply(Reply::Json(400, json!({ "success": false, "error": "Username taken" })));
        let taken = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        let page = press(&app, &taken, "?lang=ja", &[]).await;
        assert_eq!(page.pass(), taken.pass(), "{}", flow.slug);
        assert_eq!((page.pass().is_some(), page.widgets()), (true, Vec::new()), "{}", flow.slug);

        let forged = press(&app, &taken, "?lang=ja", &[("pass", "forged")]).await;
        assert_eq!((forged.pass(), forged.widgets().len()), (None, taken.widgets().len() + 1), "{}", flow.slug);
    }
}

#[tokio::test]
async fn the_switch_costs_a_page_and_no_attempt() {
    let limits = [
        ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"),
        ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h"),
        ("SIGNUP__RATE_LIMIT__PAGES__BURST", "3"),
        ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "1h"),
    ];
    let app = TestApp::with(&limits).await;
    let fresh = app.form(FLOWS[0], "").await;
    let switched = press(&app, &fresh, "?lang=fr", &sample(FLOWS[0])).await;
    assert_eq!(switched.status, 200);
    assert_eq!(app.submit(&switched, &sample(FLOWS[0])).await.status, 303, "the one attempt was still there");
    let limited = app.submit(&switched, &sample(FLOWS[0])).await;
    assert_eq!(limited.status, 429);
    let switched = press(&app, &limited, "?lang=de", &sample(FLOWS[0])).await;
    assert_eq!((switched.status, switched.attributes("html", "lang").concat().as_str()), (200, "de"));
    assert_kept(FLOWS[0], &switched, &sample(FLOWS[0]), "after a 429");
    assert_eq!(press(&app, &limited, "?lang=de", &[]).await.status, 429, "no page is left");
}

#[tokio::test]
async fn another_site_cannot_press_it() {
    let app = TestApp::start().await;
    let headers = [("sec-fetch-site", "cross-site")];
    assert_eq!(app.post_with("/signup/pro?lang=de", "switch_language=", &headers).await.status, 403);
    assert_eq!(app.post("/signup/nothing?lang=de", "switch_language=").await.status, 404);
}

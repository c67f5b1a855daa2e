//! A visitor makes a mistake, corrects it on the page that came back, and is signed up once.

use serde_json::json;

use crate::helpers::app::{sample, sample_with, token};
use crate::helpers::form::{UNLIMITED, forwarded};
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Page, Reply, TestApp};

const QUERY: &str =
    "utm_source=google&utm_campaign=spring%20%26%20summer&redirectUrlQueryParams=plan%3Dx&odd=%FF&lang=en";

fn submission_id(page: &Page) -> String {
    page.value("submission_id").expect("every form has a submission id")
}

#[tokio::test]
async fn an_error_is_corrected_on_the_page_that_came_back() {
    let app = TestApp::start().await;
    for (earlier, flow) in FLOWS.iter().enumerate() {
        let page = app.form(flow, QUERY).await;
        let mut back = app.submit(&page, &sample_with(flow, "username", "no spaces please")).await;
        // Only what was wrong is typed again, and the password, which no page keeps.
        let rounds: [(&str, &[(&str, &str)]); 3] = [
            ("username", &[("username", "grace-hopper"), ("password", "vexing-otter-7"), ("email", "grace")]),
            ("email", &[("email", "grace@navy.example"), ("password", "short")]),
            ("password", &[("password", "vexing-otter-7"), ("cf-turnstile-response", token(flow))]),
        ];
        let mut answers = Vec::new();
        for (wrong, corrected) in rounds {
            assert_eq!((back.status, back.fields_in_error()), (422, vec![wrong.to_owned()]), "{}", flow.slug);
            assert_eq!(submission_id(&back), submission_id(&page), "{} {wrong}", flow.slug);
            assert_eq!(back.action(), page.action(), "{} {wrong}", flow.slug);
            answers.push((app.studio.received().len(), app.siteverify.received().len()));
            back = app.submit(&back, corrected).await;
        }
        assert_eq!(answers, [(earlier, earlier); 3], "{}: no mistake costs a request or a token", flow.slug);
        assert_eq!((back.status, back.location()), (303, STUDIO_URL), "{}", flow.slug);
        assert_eq!(app.studio.received().len(), earlier + 1, "{}: signed up once", flow.slug);

        let sent = forwarded(&app);
        assert_eq!(sent["username"], "grace-hopper", "{}", flow.slug);
        assert_eq!(sent["email"], "grace@navy.example", "{}", flow.slug);
        assert_eq!(sent["password"], "vexing-otter-7", "{}", flow.slug);
        assert_eq!(sent["utmParams"], json!([{"utm_source": "google"}, {"utm_campaign": "spring & summer"}]));
        assert_eq!(sent["redirectUrlQueryParams"], "plan=x&utm_source=google&utm_campaign=spring+%26+summer");
        for field in flow.fields.iter().filter(|field| !matches!(field.name, "username" | "email" | "password")) {
            assert!(sent.get(field.name).is_some(), "{} {}: lost on the way", flow.slug, field.name);
        }
    }
}

#[tokio::test]
async fn the_action_is_the_query_as_it_was_written_through_every_correction() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for query in
            [QUERY, "a=%20+%2B&b=%C3%BC&c=%2F/%3F?", "=&&==&x", "utm_source=a&utm_source=b", "utm_term=%26amp%3B"]
        {
            let mut page = app.form(flow, query).await;
            for round in 0..3 {
                assert_eq!(page.action(), format!("/signup/{}?{query}", flow.slug), "round {round}");
                page = app.submit(&page, &[]).await;
                assert_eq!(page.status, 422);
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_studio_is_corrected_without_another_challenge() {
    let app = TestApp::start().await;
    for (earlier, flow) in FLOWS.iter().enumerate() {
        let page = app.form(flow, QUERY).await;
        app.studio.reply(Reply::Json(200, json!({ "success": false, "error": "This username is already taken" })));
        let back = app.submit(&page, &sample(flow)).await;
        assert_eq!((back.status, back.fields_in_error()), (422, vec!["username".to_owned()]), "{}", flow.slug);
        assert_eq!((submission_id(&back), back.action()), (submission_id(&page), page.action()), "{}", flow.slug);
        assert!(back.html().select(&scraper::Selector::parse(".cf-turnstile").unwrap()).next().is_none());

        app.studio.reply(Reply::Json(200, json!({ "success": true, "redirectUrl": STUDIO_URL })));
        let password = sample(flow).iter().find(|(name, _)| *name == "password").unwrap().1;
        let done = app.submit(&back, &[("username", "grace-hopper"), ("password", password)]).await;
        assert_eq!((done.status, done.location()), (303, STUDIO_URL), "{}", flow.slug);
        assert_eq!(app.siteverify.received().len(), earlier + 1, "{}: one challenge for one form", flow.slug);
        assert_eq!(forwarded(&app)["username"], "grace-hopper");
        assert_eq!(forwarded(&app)["utmParams"][0]["utm_source"], "google");
        if let Some(field) = flow.token_field {
            assert!(forwarded(&app)[field].is_string(), "{}: the token goes along again", flow.slug);
        }
    }
}

#[tokio::test]
async fn the_same_form_sent_again_gets_the_first_answer_and_no_second_account() {
    let app = TestApp::start().await;
    for (earlier, flow) in FLOWS.iter().enumerate() {
        let page = app.form(flow, "").await;
        for _ in 0..3 {
            let answer = app.submit(&page, &sample(flow)).await;
            assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}", flow.slug);
        }
        assert_eq!(app.studio.received().len(), earlier + 1, "{}", flow.slug);
    }
}

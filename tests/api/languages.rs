//! The visitor's language, from the first page to the last.

use serde_json::json;
use signup_gateway::domain::language::Language;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::form::{UNLIMITED, forwarded};
use crate::helpers::{FLOWS, Page, Reply, TestApp};

fn language_of(page: &Page) -> (String, String) {
    (page.attributes("html", "lang").concat(), page.attributes("html", "dir").concat())
}

fn expected(language: Language) -> (String, String) {
    (language.tag().to_owned(), language.direction().as_str().to_owned())
}

#[tokio::test]
async fn every_page_is_in_the_language_the_browser_asks_for_and_says_so() {
    let app = TestApp::with(UNLIMITED).await;
    for language in Language::ALL {
        let tag = language.tag();
        let header = format!("tlh, {tag}-ZZ;q=0.9, en;q=0.1");
        let headers = [("accept-language", header.as_str())];
        for path in ["/", "/signup/pro", "/signup/trial", "/signup/status", "/no/such/page"] {
            let page = app.get_with(path, &headers).await;
            assert_eq!(language_of(&page), expected(*language), "{path}");
            assert_eq!(page.header("content-language"), Some(tag), "{path}");
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        }
        let refused = app.post_with("/signup/pro", "name=x", &[headers[0], ("sec-fetch-site", "cross-site")]).await;
        assert_eq!((refused.status, language_of(&refused)), (403, expected(*language)));
    }
}

#[tokio::test]
async fn the_link_wins_over_the_browser_and_an_unknown_language_counts_for_nothing() {
    let app = TestApp::start().await;
    for (query, header, expected) in [
        ("lang=ja", "de", "ja"),
        ("lang=AR-eg", "de", "ar"),
        ("lang=fr&lang=ja", "de", "fr"),
        ("lang=tlh", "de", "de"),
        ("lang=", "es;q=0.1", "es"),
        ("lang=%FF", "", "en"),
        ("language=ja", "de", "de"),
    ] {
        let page = app.get_with(&format!("/signup/pro?{query}"), &[("accept-language", header)]).await;
        assert_eq!(language_of(&page).0, expected, "{query} {header}");
    }
}

#[tokio::test]
async fn the_switch_keeps_the_link_and_the_form_that_comes_back_its_language() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let page = app.form(flow, "utm_source=a%20b&email=x%40acme.example").await;
        let switch = page.attributes("footer a[hreflang]", "href");
        assert_eq!(switch.len(), Language::ALL.len());
        for (href, language) in switch.iter().zip(Language::ALL) {
            let page = app.get(&format!("/signup/{}{href}", flow.slug)).await;
            assert_eq!(page.value("email").as_deref(), Some("x@acme.example"), "{href}");
            let back = app.submit(&page, &sample_with(flow, "username", "no spaces")).await;
            assert_eq!((back.status, language_of(&back)), (422, expected(*language)), "{href}");
            assert_eq!(back.fields_in_error(), ["username"]);
        }
    }
}

#[tokio::test]
async fn a_chosen_language_goes_on_to_our_own_status_page() {
    let app = TestApp::with(UNLIMITED).await;
    app.studio.reply(Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7 })));
    for (query, location) in [
        ("lang=ar&utm_source=a", "/signup/status?lang=ar"),
        ("lang=tlh", "/signup/status"),
        ("utm_source=a", "/signup/status"),
    ] {
        let page = app.form(FLOWS[0], query).await;
        let answer = app.submit(&page, &sample(FLOWS[0])).await;
        assert_eq!((answer.status, answer.location()), (303, location), "{query}");
    }
}

#[tokio::test]
async fn whatever_the_language_the_upstream_gets_the_same_values() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let mut sent = Vec::new();
        for language in Language::ALL {
            let page = app.form(flow, &format!("lang={}", language.tag())).await;
            app.submit(&page, &sample(flow)).await;
            sent.push(forwarded(&app));
        }
        assert!(sent.iter().all(|one| *one == sent[0]), "{}", flow.slug);
        if flow.field("country").is_some() {
            assert_eq!(sent[0]["country"], "United States");
        }
    }
}

#[tokio::test]
async fn a_flow_that_has_english_words_alone_shows_them_in_a_page_of_another_language() {
    let app = TestApp::start().await;
    let workshop = FLOWS.iter().find(|flow| flow.words.len() == 1).unwrap();
    let page = app.form(workshop, "lang=de").await;
    assert_eq!(language_of(&page), expected(Language::German));
    assert_eq!(page.texts("h1"), ["Create your Workshop account"]);
    assert_eq!(page.texts("label[for=username]"), ["Benutzername"]);
}

#[tokio::test]
async fn the_consent_in_the_log_is_the_one_that_was_shown_whatever_language_the_answer_has() {
    let app = TestApp::with(UNLIMITED).await;
    let logged = |page: &Page| page.event()["consent_sha256"].as_str().unwrap().to_owned();
    for flow in FLOWS {
        let mut hashes = Vec::new();
        for language in Language::ALL {
            let header = [("accept-language", language.tag())];
            let path = format!("/signup/{}", flow.slug);
            let as_shown = app.submit_with(&app.get_with(&path, &header).await, &sample(flow), &header).await;
            hashes.push(logged(&as_shown));
            // Read in one language, answered in another; and a form from before a mistake.
            for asked in ["ja", "en"].map(|tag| [("accept-language", tag)]) {
                let form = app.get_with(&path, &header).await;
                let answer = app.submit_with(&form, &sample(flow), &asked).await;
                assert_eq!(logged(&answer), logged(&as_shown), "{}, {}, {asked:?}", flow.slug, language.tag());
            }
        }
        let different: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), Language::ALL.len(), "each language has its own text");
        // Who says nothing of it, or nothing we know, is taken to have read what the answer is in.
        for said in ["", "tlh", "<b>"] {
            let form = app.form(flow, "lang=de").await;
            let fields = [sample(flow), vec![("consent_language", said)]].concat();
            let answer = app.submit(&form, &fields).await;
            assert_eq!(logged(&answer), hashes[1], "{}, {said:?}", flow.slug);
        }
    }
}

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

/// Presses a button of the switch: it carries what the page holds for it, as a browser sends it.
async fn press(app: &TestApp, page: &Page, target: &str, fields: &[(&str, &str)]) -> Page {
    let mut fields = fill(page, fields);
    let carried = page.attributes("footer button[name=switch_language]", "value").into_iter().next();
    fields.push(("switch_language".to_owned(), carried.unwrap_or_default()));
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
async fn a_form_that_was_not_sent_yet_comes_with_what_was_typed_and_without_reproach() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let fresh = app.form(flow, QUERY).await;
        let again = |page: &Page| page.texts("#password-hint").concat().contains("again");
        let mut page = fresh;
        for (password, target, had_one) in
            [("", "?lang=en", false), ("seven herons", "?lang=en", true), ("", "?lang=en", true)]
        {
            let typed = [("name", "Grace Hopper"), ("email", "grace@"), ("password", password)];
            let mut fields = fill(&page, &typed);
            let carried = page.attributes("footer button[name=switch_language]", "value").into_iter().next();
            fields.push(("switch_language".to_owned(), carried.unwrap_or("unsent".to_owned())));
            let next = app.post(&format!("/signup/{}{target}", flow.slug), &urlencode(&fields)).await;
            let name = format!("{}, {password:?}", flow.slug);
            assert_eq!(
                (next.status, next.fields_in_error(), next.notice_text()),
                (200, vec![], String::new()),
                "{name}"
            );
            assert_kept(flow, &next, &typed[..2], &name);
            assert_eq!(next.id(), page.id(), "{name}");
            assert_eq!(again(&next), had_one, "{name}: only who typed one, now or before, is asked again");
            page = next;
        }
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
async fn only_who_typed_a_password_is_told_that_it_was_not_kept_however_the_form_went_on() {
    let app = TestApp::with(UNLIMITED).await;
    let again = |page: &Page| page.texts("#password-hint").concat().contains("again");
    for flow in FLOWS {
        let without: Vec<_> = sample(flow).into_iter().filter(|(name, _)| *name != "password").collect();
        for (row, typed, expected) in
            [("none", without.clone(), false), ("one", sample_with(flow, "username", "no spaces"), true)]
        {
            let name = format!("{}, {row}", flow.slug);
            let back = app.submit(&app.form(flow, "").await, &typed).await;
            assert_eq!((back.status, again(&back)), (422, expected), "{name}");
            // What came back has no password in it, and nobody types one before going on.
            let switched = press(&app, &back, "?lang=en", &[]).await;
            assert_eq!((switched.status, again(&switched)), (200, expected), "{name}: in another language");
            let sent = app.submit(&switched, &[]).await;
            assert_eq!((sent.status, again(&sent)), (422, expected), "{name}: sent without one");
            assert!(!sent.body.contains(sample(flow)[3].1), "{name}");
        }
    }
}

/// What the studio answers; the notice's title in German, and the fields in error.
type Row = (&'static str, Reply, &'static str, &'static [&'static str]);

fn refusal(error: &str) -> Reply {
    Reply::Json(400, json!({ "success": false, "error": error }))
}

fn answers() -> Vec<Row> {
    vec![
        ("unanswered", Reply::Close, "Ihr Konto wurde vielleicht schon angelegt", &[]),
        ("overloaded", Reply::Json(503, json!({})), "Es gibt leider ein Problem mit dem Dienst", &[]),
        ("failed", Reply::Json(500, json!({})), "Es gibt leider ein Problem mit dem Dienst", &[]),
        ("e-mail in use", refusal("This email address already exists"), "Vielleicht haben Sie schon ein Konto", &[]),
        ("refused in its own words", refusal("Out of seats"), "Ihr Konto wurde nicht angelegt", &[]),
        ("username", refusal("Username taken"), "", &["username"]),
        ("e-mail", refusal("Invalid email"), "", &["email"]),
        ("password", refusal("Password too weak"), "", &["password"]),
    ]
}

#[tokio::test]
async fn what_an_answer_said_is_said_again_in_every_language_that_is_chosen() {
    let app = TestApp::with(&roomy(&[])).await;
    for (row, reply, title, fields) in answers() {
        let flow = FLOWS[0];
        app.studio.reply(reply);
        let answer = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        assert!(answer.status >= 400, "{row}: {}", answer.body);
        // There and back again: each page hands it on.
        let german = press(&app, &answer, "?lang=de", &sample(flow)).await;
        let english = press(&app, &german, "?lang=en", &sample(flow)).await;
        assert_eq!((german.status, german.notice().as_str()), (200, title), "{row}");
        assert_eq!((english.status, english.notice()), (200, answer.notice()), "{row}");
        assert_eq!(german.fields_in_error(), fields, "{row}");
        assert_eq!(english.fields_in_error(), fields, "{row}");
        assert!(!german.notice_text().contains(german.header("x-request-id").unwrap()), "{row}: not what failed");
    }
}

#[tokio::test]
async fn a_form_whose_outcome_is_unknown_says_what_to_look_for_in_every_language() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        app.studio.reply(Reply::Close);
        let mut page = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        assert_eq!(page.status, 504, "{}", flow.slug);
        let steps = page.texts("#notice li").len();
        assert!(steps > 0, "{}", flow.slug);
        for language in Language::ALL {
            let name = format!("{}, {}", flow.slug, language.tag());
            page = press(&app, &page, &format!("?lang={}", language.tag()), &sample(flow)).await;
            assert_eq!((page.status, page.texts("#notice li").len()), (200, steps), "{name}");
            assert_eq!(page.attributes("#notice", "role"), ["alert"], "{name}");
            assert_eq!(page.attributes("#notice a", "href").len(), 1, "{name}: the way to sign in");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_none_of_ours_says_nothing() {
    let app = TestApp::with(UNLIMITED).await;
    let fresh = app.form(FLOWS[0], "").await;
    for forged in ["", "no-such-name", "<h1>Call%20us</h1>", "notice-unknown-title"] {
        let fields =
            [fill(&fresh, &sample(FLOWS[0])), vec![("switch_language".to_owned(), forged.to_owned())]].concat();
        let page = app.post("/signup/pro?lang=en", &urlencode(&fields)).await;
        assert_eq!((page.status, page.notice(), page.fields_in_error()), (200, String::new(), Vec::new()), "{forged}");
        assert!(forged.is_empty() || !page.body.contains(forged), "{forged}");
    }
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

#[tokio::test]
async fn over_the_pages_budget_what_was_typed_stays_and_the_wait_is_named() {
    let app =
        TestApp::with(&[("SIGNUP__RATE_LIMIT__PAGES__BURST", "2"), ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "1h")]).await;
    let flow = FLOWS[0];
    let fresh = app.form(flow, "").await;
    let typed = sample_with(flow, "username", "no spaces");
    let back = app.submit(&fresh, &typed).await;
    let page = press(&app, &back, "?lang=de", &typed).await;
    assert_eq!(page.status, 200);
    let page = press(&app, &page, "?lang=fr", &typed).await;
    assert_eq!((page.status, page.header("retry-after").is_some()), (429, true));
    assert_eq!((page.id(), page.attributes("html", "lang")), (fresh.id(), vec!["fr".to_owned()]));
    assert_kept(flow, &page, &typed, "over the budget");
}

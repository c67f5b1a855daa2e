//! Values that come with a link: they fill the form, and nothing in them becomes part of the page.

use signup_gateway::signup::Kind;

use crate::helpers::app::{sample, sample_with};
use crate::helpers::form::{UNLIMITED, fields_of};
use crate::helpers::raw::ask;
use crate::helpers::{FLOWS, Page, TestApp};

const HOSTILE: &str = "\"><script>alert(1)</script>";
const HOSTILE_ENCODED: &str = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";

/// The only scripts of a page are files, and the form's attributes are its own.
fn holds_nothing_foreign(page: &Page, row: &str) {
    assert!(!page.body.contains("<script>"), "{row}: {}", page.body);
    assert!(page.texts("script").concat().is_empty(), "{row}");
    let html = page.html();
    let forms = scraper::Selector::parse("form").unwrap();
    for form in html.select(&forms) {
        let names: Vec<_> = form.value().attrs().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| !name.starts_with("on") && !name.contains(['<', '"'])), "{row}: {names:?}");
    }
}

#[tokio::test]
async fn a_link_fills_in_email_name_and_company_and_no_other_field() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let query: String = flow.fields.iter().flat_map(|field| [field.name, "=Zo%C3%AB+%26+Co&"]).collect();
        let page = app.form(flow, &query).await;
        for field in flow.fields {
            let expected = match (field.name, field.kind) {
                ("email" | "name" | "companyName", _) => Some("Zoë & Co"),
                (_, Kind::Consent | Kind::Choice(_)) => None,
                _ => Some(""),
            };
            assert_eq!(page.value(field.name).as_deref(), expected, "{} {}", flow.slug, field.name);
        }
        assert_eq!(page.fields_in_error(), [""; 0], "{}: nothing is wrong yet", flow.slug);
        assert!(!page.title().starts_with("Error:"));
    }
}

#[tokio::test]
async fn what_was_typed_over_a_prefilled_value_stays_when_the_form_comes_back() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let page = app.form(flow, "name=Prefilled&email=prefilled%40acme.example").await;
        let back = app.submit(&page, &sample_with(flow, "username", "x")).await;
        assert_eq!(back.status, 422);
        assert_eq!(back.value("name").as_deref(), Some(flow.sample[0].1), "{}", flow.slug);
    }
}

#[tokio::test]
async fn hostile_link_parameters_stay_text() {
    let app = TestApp::start().await;
    let names =
        ["email", "name", "companyName", "utm_source", "redirectUrlOrigin", "lang", "ctx", "identityProvider", "x"];
    let query: String = names.iter().flat_map(|name| [name, "=", HOSTILE_ENCODED, "&"]).collect();
    for flow in FLOWS {
        let page = app.form(flow, &query).await;
        holds_nothing_foreign(&page, flow.slug);
        for name in ["email", "name", "companyName"] {
            assert_eq!(page.value(name).unwrap_or_else(|| HOSTILE.to_owned()), HOSTILE, "{} {name}", flow.slug);
        }
        assert_eq!(page.action(), format!("/signup/{}?{query}", flow.slug));
        let back = app.submit(&page, &[]).await;
        assert_eq!(back.status, 422);
        holds_nothing_foreign(&back, flow.slug);
        assert_eq!(back.action(), page.action());
    }
    for path in [format!("/?{query}"), format!("/signup/status?{query}"), format!("/{HOSTILE_ENCODED}?{query}")] {
        holds_nothing_foreign(&app.get(&path).await, &path);
    }
}

#[tokio::test]
async fn a_raw_quote_in_a_query_does_not_end_the_action() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        for query in ["utm_source=\"onx=1", "a='b'", "x=`&y={1}|^", "a=&amp;b=&quot;", "&&=&=&?"] {
            let target = format!("/signup/{}?{query}", flow.slug);
            let answer = ask(app.address, "GET", &target, &["Host: localhost"]).await;
            // The parser may refuse such a target, but what it lets through is shown unharmed.
            if answer.status == 400 {
                continue;
            }
            let page = answer.into_page();
            assert_eq!((page.status, page.action()), (200, target), "{query}");
            holds_nothing_foreign(&page, query);
        }
    }
}

#[tokio::test]
async fn hostile_values_come_back_as_text_in_every_field() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let page = app.form(flow, "").await;
        let hostile: Vec<_> = sample(flow).iter().map(|(name, _)| (*name, HOSTILE)).collect();
        let back = app.submit(&page, &hostile).await;
        assert_eq!(back.status, 422, "{}", flow.slug);
        holds_nothing_foreign(&back, flow.slug);
        let texts = |kind: &Kind| !matches!(kind, Kind::Password | Kind::Consent | Kind::Choice(_));
        for name in fields_of(flow, texts) {
            assert_eq!(back.value(name).as_deref(), Some(HOSTILE), "{} {name}", flow.slug);
        }
        assert!(!back.body.contains("alert(1)</script>"), "{}", flow.slug);
    }
}

#[tokio::test]
async fn hidden_inputs_that_were_tampered_with_come_back_as_text() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let page = app.form(flow, "").await;
        for hidden in ["submission_id", "pass", "ctx", "subject_line", "cf-turnstile-response"] {
            let mut fields = sample(flow);
            fields.retain(|(name, _)| *name != hidden);
            fields.extend([(hidden, HOSTILE), ("username", "x")]);
            let back = app.submit(&page, &fields).await;
            assert_eq!(back.status, 422, "{} {hidden}", flow.slug);
            holds_nothing_foreign(&back, hidden);
        }
    }
}

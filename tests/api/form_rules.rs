//! What may be typed: every rule of every field, as the visitor meets it and as the studio receives it.

use serde_json::{Map, Value, json};
use signup_gateway::signup::field::Field;
use signup_gateway::signup::{Flow, Kind};

use crate::helpers::app::{sample, token};
use crate::helpers::form::{UNLIMITED, attempt, body_with, fields_of, forwarded, sample_without, unlimited_and};
use crate::helpers::{FLOWS, Page, TestApp};

/// What stands in a field as bytes of a form, why it is refused, and for which fields it is.
type Row = (&'static str, &'static str, fn(&Field) -> bool);

const fn every(_: &Field) -> bool {
    true
}

fn holds_text(field: &Field) -> bool {
    !matches!(field.kind, Kind::Consent)
}

/// A password is forwarded as it is typed, whatever a keyboard can do.
fn is_one_line(field: &Field) -> bool {
    holds_text(field) && !matches!(field.kind, Kind::Password)
}

#[tokio::test]
async fn every_field_of_every_flow_comes_back_with_its_error_and_all_other_values() {
    let app = TestApp::with(UNLIMITED).await;
    let long: &'static str = "x".repeat(201).leak();
    let rows: &[Row] = &[
        ("missing", "", |field| field.required),
        ("only white space", "+%09+", |field| field.required && is_one_line(field)),
        ("too long", long, holds_text),
        ("a control character", "ab%1Bcd", is_one_line),
        ("a line break", "ab%0D%0Acd", is_one_line),
        ("a Unicode line separator", "ab%E2%80%A8cd", is_one_line),
        ("NUL", "ab%00cdefghi", every),
        ("invalid UTF-8", "ab%FFcdefghi", every),
        ("a cut off UTF-8 sequence", "abcdefgh%E2%82", every),
        ("a surrogate in UTF-8", "abcdefgh%ED%A0%80", every),
    ];
    for flow in FLOWS {
        // A form with errors stays good, so one serves all rows.
        let page = app.form(flow, "utm_source=a").await;
        for field in flow.fields {
            for (row, encoded, concerns) in rows {
                if concerns(field) {
                    let body = body_with(&page, flow, field.name, encoded);
                    let answer = app.post(&page.action(), &body).await;
                    let row = format!("{} {}: {row}", flow.slug, field.name);
                    comes_back_with_one_error(&answer, flow, field.name, &row);
                }
            }
        }
    }
    assert_eq!((app.siteverify.received().len(), app.studio.received().len()), (0, 0), "nothing was asked or sent");
}

fn comes_back_with_one_error(answer: &Page, flow: &'static Flow, wrong: &str, row: &str) {
    assert_eq!(answer.status, 422, "{row}");
    assert!(answer.title().starts_with("Error:"), "{row}: {}", answer.title());
    assert_eq!(answer.fields_in_error(), [wrong], "{row}");
    assert_eq!(answer.attributes(&format!("main form [id='{wrong}']"), "id").len(), 1, "{row}: the link leads there");
    assert_eq!(answer.action(), format!("/signup/{}?utm_source=a", flow.slug), "{row}");
    for (name, typed) in flow.sample {
        if *name == "password" {
            assert_eq!(answer.value(name).as_deref(), Some(""), "{row}: {name}");
            assert!(!answer.body.contains(typed), "{row}: the password is in the page");
        } else if *name != wrong {
            assert_eq!(answer.value(name).as_deref(), Some(*typed), "{row}: {name}");
        }
    }
}

#[tokio::test]
async fn a_field_that_is_absent_counts_as_empty() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for field in flow.fields {
            let page = app.form(flow, "").await;
            let mut fields = page.fields();
            fields.retain(|(name, _)| name.ends_with("_id"));
            fields
                .extend(sample_without(flow, field.name).iter().map(|(name, value)| ((*name).into(), (*value).into())));
            let answer = app.post(&page.action(), &crate::helpers::app::urlencode(&fields)).await;
            let errors = if answer.status == 422 { answer.fields_in_error() } else { Vec::new() };
            let expected: &[&str] = if field.required { &[field.name] } else { &[] };
            assert_eq!(errors, expected, "{} {}", flow.slug, field.name);
            assert_eq!(answer.status, if field.required { 422 } else { 303 }, "{} {}", flow.slug, field.name);
        }
    }
}

#[tokio::test]
async fn all_errors_are_told_at_once_in_page_order() {
    let app = TestApp::start().await;
    let long = "x".repeat(300);
    for flow in FLOWS {
        let page = app.form(flow, "").await;
        let required: Vec<_> = flow.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let answer = app.submit(&page, &[]).await;
        assert_eq!((answer.status, answer.fields_in_error()), (422, names(&required)), "{}: an empty form", flow.slug);

        let all: Vec<_> = flow.fields.iter().map(|field| field.name).collect();
        let mut wrong: Vec<_> = all.iter().map(|name| (*name, long.as_str())).collect();
        wrong.retain(|(name, _)| *name != "privacyPolicy");
        let answer = app.submit(&page, &wrong).await;
        assert_eq!((answer.status, answer.fields_in_error()), (422, names(&all)), "{}: all too long", flow.slug);
        for name in flow.fields.iter().filter(|field| is_one_line(field)).map(|field| field.name) {
            let kept = answer.value(name).unwrap_or_default();
            let is_choice = fields_of(flow, |kind| matches!(kind, Kind::Choice(_))).any(|choice| choice == name);
            assert!(kept == long || is_choice, "{} {name}: {kept}", flow.slug);
        }
    }
    assert_eq!((app.siteverify.received().len(), app.studio.received().len()), (0, 0));
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_whole_form_is_forwarded_under_the_right_names_and_nothing_else_is() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        let mut expected: Map<String, Value> =
            flow.sample.iter().map(|(name, typed)| ((*name).to_owned(), json!(typed))).collect();
        for (name, sent) in [("privacyPolicy", json!(true)), ("country", json!("United States"))] {
            expected.entry(name).and_modify(|value| *value = sent);
        }
        expected.insert("redirectUrlOrigin".to_owned(), json!("https://studio.example"));
        expected.extend(flow.token_field.map(|field| (field.to_owned(), json!(token(flow)))));
        assert_eq!(forwarded(&app), Value::Object(expected), "{}", flow.slug);
    }
}

#[tokio::test]
async fn optional_fields_left_empty_are_left_out() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        let is_required = |name: &str| flow.field(name).is_none_or(|field| field.required);
        let fields: Vec<_> = sample(flow).into_iter().filter(|(name, _)| is_required(name)).collect();
        let blanks = flow.fields.iter().filter(|field| !field.required).map(|field| (field.name, " \t "));
        for (row, fields) in
            [("empty", fields.clone()), ("blank", fields.iter().copied().chain(blanks).collect::<Vec<_>>())]
        {
            let page = app.form(flow, "").await;
            assert_eq!(app.submit(&page, &fields).await.status, 303, "{} {row}", flow.slug);
            let sent = forwarded(&app);
            for field in flow.fields {
                assert_eq!(sent.get(field.name).is_some(), field.required, "{} {row} {}", flow.slug, field.name);
            }
        }
    }
}

#[tokio::test]
async fn lines_are_forwarded_trimmed_and_composed() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for name in fields_of(flow, |kind| matches!(kind, Kind::Text | Kind::Suggest(_) | Kind::Region | Kind::Country))
        {
            for (row, typed, sent) in [
                ("white space and a byte order mark around", " \t\u{a0}\u{feff}Zoe Smith \u{3000}", "Zoe Smith"),
                ("a combining accent", "Zoe\u{308} Smith", "Zo\u{eb} Smith"),
                ("200 characters of two bytes", &"\u{fc}".repeat(200), &"\u{fc}".repeat(200)),
                ("200 after composing", &"u\u{308}".repeat(200), &"\u{fc}".repeat(200)),
                ("what HTML would eat", "a & b <i> \"c\" 'd' %41 + =", "a & b <i> \"c\" 'd' %41 + ="),
                ("other scripts", "李小龍 \u{202b}שלום\u{202c} 👩‍🚀", "李小龍 \u{202b}שלום\u{202c} 👩‍🚀"),
            ] {
                let answer = attempt(&app, flow, name, typed).await;
                assert_eq!(answer.status, 303, "{} {name}: {row}", flow.slug);
                assert_eq!(forwarded(&app)[name], sent, "{} {name}: {row}", flow.slug);
            }
        }
    }
}

#[tokio::test]
async fn a_username_is_what_the_upstreams_pattern_accepts() {
    let app = TestApp::with(UNLIMITED).await;
    let (longest, too_long) = ("a".repeat(30), "a".repeat(31));
    for flow in FLOWS {
        for (typed, sent) in [
            ("abcd", "abcd"),
            (longest.as_str(), longest.as_str()),
            ("A-b_c.9", "A-b_c.9"),
            ("--a-", "--a-"),
            ("1234", "1234"),
            ("  jan.j  ", "jan.j"),
        ] {
            assert_eq!(attempt(&app, flow, "username", typed).await.status, 303, "{} {typed:?}", flow.slug);
            assert_eq!(forwarded(&app)["username"], sent, "{} {typed:?}", flow.slug);
        }
        for typed in [
            "abc",
            &too_long,
            "_abcd",
            ".abcd",
            "abcd_",
            "abcd.",
            "ab__cd",
            "ab..cd",
            "ab._cd",
            "ab_.cd",
            "ab cd",
            "ab\ncd",
            "jän-jan",
            "ａｂｃｄ",
            "ab@cd",
            "ab\u{200b}cd",
            "ａbcd",
            "abcd\u{301}",
        ] {
            let answer = attempt(&app, flow, "username", typed).await;
            assert_eq!((answer.status, answer.fields_in_error()), (422, names(&["username"])), "{typed:?}");
        }
    }
}

#[tokio::test]
async fn an_email_address_is_read_by_one_policy() {
    let app = TestApp::with(UNLIMITED).await;
    let long = format!("{}@{}.example", "x".repeat(60), "y.".repeat(100).trim_end_matches('.'));
    for flow in FLOWS {
        for (typed, sent) in [
            ("jan@acme.example", "jan@acme.example"),
            (" Jan.J@ACME.Example ", "Jan.J@acme.example"),
            ("jan+trial@bücher.example", "jan+trial@xn--bcher-kva.example"),
            ("jan@acme.example.", "jan@acme.example"),
            ("o'hara@a-b.co.example", "o'hara@a-b.co.example"),
        ] {
            assert_eq!(attempt(&app, flow, "email", typed).await.status, 303, "{} {typed:?}", flow.slug);
            assert_eq!(forwarded(&app)["email"], sent, "{} {typed:?}", flow.slug);
        }
        for typed in [
            "jan",
            "@acme.example",
            "jan@",
            "jan@@acme.example",
            "jan@localhost",
            "jan@127.0.0.1",
            "jan@[127.0.0.1]",
            "ja n@acme.example",
            "jan@acme..example",
            ".jan@acme.example",
            "jan@-acme.example",
            "jan@acme.example, fred@acme.example",
            "jan@acme.example\r\nBcc: fred@acme.example",
            &long,
        ] {
            let answer = attempt(&app, flow, "email", typed).await;
            assert_eq!((answer.status, answer.fields_in_error()), (422, names(&["email"])), "{typed:?}");
        }
    }
}

#[tokio::test]
async fn a_flow_for_businesses_refuses_private_mail_however_it_is_spelt() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for address in [
            "jan@gmail.com",
            "jan@mail.gmail.com",
            "jan@GMAIL.COM.",
            "jan@ｇｍａｉｌ.com",
            "jan@ｇｍａｉｌ．ｃｏｍ",
            "jan@gmail。com",
            "jan@mailinator.com",
        ] {
            let answer = attempt(&app, flow, "email", address).await;
            let expected = if flow.business_email { 422 } else { 303 };
            assert_eq!(answer.status, expected, "{} {address}", flow.slug);
            if flow.business_email {
                assert_eq!(answer.fields_in_error(), ["email"], "{} {address}", flow.slug);
                assert_eq!(answer.value("email").as_deref(), Some(address), "{}", flow.slug);
            }
        }
        for address in ["jan@notgmail.com", "jan@gmail.com.acme.example", "jan@gmail.acme.example"] {
            assert_eq!(attempt(&app, flow, "email", address).await.status, 303, "{} {address}", flow.slug);
        }
    }
}

#[tokio::test]
async fn the_operator_decides_which_flow_asks_for_business_mail_and_which_domains_are_welcome() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__FLOWS__PRO__BUSINESS_EMAIL", "true"),
        ("SIGNUP__FLOWS__TRIAL__BUSINESS_EMAIL", "false"),
        ("SIGNUP__EMAIL__ALLOWED_DOMAINS", "students.gmail.com"),
        ("SIGNUP__EMAIL__BLOCKED_DOMAINS", "hooli.example"),
    ]))
    .await;
    for flow in FLOWS {
        let business = if flow.slug == "pro" { 422 } else { 303 };
        for (address, status) in [
            ("jan@gmail.com", business),
            ("jan@students.gmail.com", 303),
            ("jan@hooli.example", 422),
            ("jan@research.HOOLI.example", 422),
        ] {
            assert_eq!(attempt(&app, flow, "email", address).await.status, status, "{} {address}", flow.slug);
        }
    }
}

#[tokio::test]
async fn a_password_is_counted_in_code_points_and_forwarded_exactly_as_typed() {
    let app = TestApp::with(UNLIMITED).await;
    let (longest, longest_wide) = ("aß".repeat(64), "🔑".repeat(128));
    for flow in FLOWS {
        for (row, typed) in [
            ("eight code points", "otter-79"),
            ("eight code points of four bytes", "🦦🔑🧭🪵🌋🧊🎏🪁"),
            ("128 code points", longest.as_str()),
            ("128 code points in 512 bytes", &longest_wide),
            ("white space around", "  vexing otter  "),
            ("nothing but spaces", "           "),
            ("a decomposed accent", "vexing-o\u{308}tter"),
            ("full-width letters", "ｖｅｘｉｎｇ-otter"),
            ("what HTML and URLs would eat", "a&b=<i>\"'%41+ +"),
        ] {
            assert_eq!(attempt(&app, flow, "password", typed).await.status, 303, "{} {row}", flow.slug);
            assert_eq!(forwarded(&app)["password"], typed, "{} {row}", flow.slug);
        }
        for (row, typed) in [
            ("seven code points", "otter-7"),
            ("seven code points in 28 bytes", "🦦🔑🧭🪵🌋🧊🎏"),
            ("129 code points", &format!("{longest}x")),
            ("a common one", "password1"),
            ("a common one in capitals", "PASSWORD1"),
        ] {
            let answer = attempt(&app, flow, "password", typed).await;
            assert_eq!((answer.status, answer.fields_in_error()), (422, names(&["password"])), "{} {row}", flow.slug);
            assert_eq!(answer.value("password").as_deref(), Some(""), "{} {row}", flow.slug);
        }
    }
}

#[tokio::test]
async fn consent_is_given_by_ticking_the_box_and_by_nothing_else() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for name in fields_of(flow, |kind| matches!(kind, Kind::Consent)) {
            let page = app.form(flow, "").await;
            assert_eq!(page.value(name), None, "{}: not ticked beforehand", flow.slug);
            let yes = ["on", "true", "1", "ON"].map(|value| (value, true));
            let no = ["", "false", "off", "no", "0", "FALSE", "Off", " No "].map(|value| (value, false));
            for (value, given) in yes.into_iter().chain(no) {
                let answer = attempt(&app, flow, name, value).await;
                assert_eq!(answer.status, if given { 303 } else { 422 }, "{} {value:?}", flow.slug);
                if given {
                    assert_eq!(forwarded(&app)[name], true, "{} {value:?}", flow.slug);
                }
            }
        }
    }
}

#[tokio::test]
async fn an_enumeration_takes_its_own_values_only() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for name in fields_of(flow, |kind| matches!(kind, Kind::Choice(_))) {
            let offered = app.form(flow, "").await.attributes(&format!("input[name={name}]"), "value");
            assert_eq!(offered, ["yes", "no", "no, but we will soon"]);
            for value in &offered {
                assert_eq!(attempt(&app, flow, name, value).await.status, 303, "{value}");
                assert_eq!(forwarded(&app)[name], *value);
            }
            for value in ["maybe", "Yes", "no, but we will soon!", "yes,no"] {
                let answer = attempt(&app, flow, name, value).await;
                assert_eq!((answer.status, answer.fields_in_error()), (422, names(&[name])), "{value}");
            }
        }
    }
}

#[tokio::test]
async fn a_country_code_is_forwarded_as_its_english_name_and_other_text_as_it_is() {
    let app = TestApp::with(UNLIMITED).await;
    for flow in FLOWS {
        for name in fields_of(flow, |kind| matches!(kind, Kind::Country)) {
            for (typed, sent) in [
                ("US", "United States"),
                ("de", "Germany"),
                (" CI ", "Côte d'Ivoire"),
                ("XX", "XX"),
                ("Freedonia", "Freedonia"),
            ] {
                assert_eq!(attempt(&app, flow, name, typed).await.status, 303, "{typed}");
                assert_eq!(forwarded(&app)[name].as_str().unwrap().replace('’', "'"), sent, "{typed}");
            }
        }
    }
}

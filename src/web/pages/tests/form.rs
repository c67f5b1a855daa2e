//! The form of every flow: values, errors, notices, challenges.

use std::collections::HashMap;

use super::*;
use crate::domain::email_policy::DomainRefusal;
use crate::signup::{Kind, Problem};

#[test]
fn nothing_a_visitor_or_the_upstream_says_becomes_markup() {
    for flow in FLOWS {
        let typed: Vec<_> = flow.fields.iter().map(|field| (field.name, HOSTILE)).collect();
        let errors = all_errors(flow);
        let html = form(flow, &typed, |parts| {
            parts.errors = errors;
            parts.notice = Some(Notice::Refused(HOSTILE.to_owned()));
        });
        assert!(!html.contains("<script>"), "{}", flow.slug);
        let page = Html::parse_document(&html);
        for field in flow.fields {
            let shown = match field.kind {
                Kind::Password | Kind::Consent | Kind::Choice(_) => continue,
                Kind::Country => select(&page, "option[selected]")[0].attr("value"),
                _ => select(&page, &format!("[name='{}']", field.name))[0].attr("value"),
            };
            assert_eq!(shown, Some(HOSTILE), "{}: {}", flow.slug, field.name);
        }
    }
}

#[test]
fn what_was_typed_comes_back_and_a_password_never_does() {
    for flow in FLOWS {
        let html = form(flow, flow.sample, |_| ());
        let page = Html::parse_document(&html);
        for (name, typed) in flow.sample {
            let field = flow.field(name).unwrap();
            let input = format!("[name='{name}']");
            match field.kind {
                Kind::Password => {
                    assert_eq!(select(&page, &input)[0].attr("value"), None);
                    assert!(!html.contains(typed), "{}", flow.slug);
                }
                Kind::Consent => assert!(select(&page, &input)[0].attr("checked").is_some()),
                Kind::Choice(_) => {
                    let chosen = select(&page, &format!("{input}[checked]"));
                    assert_eq!(chosen.iter().filter_map(|radio| radio.attr("value")).collect::<Vec<_>>(), [*typed]);
                }
                Kind::Country => assert_eq!(select(&page, "option[selected]")[0].attr("value"), Some(*typed)),
                _ => assert_eq!(select(&page, &input)[0].attr("value"), Some(*typed), "{name}"),
            }
        }
    }
}

#[test]
fn every_field_can_be_filled_in_and_says_what_browsers_and_managers_need() {
    for flow in FLOWS {
        let html = form(flow, &[], |_| ());
        let page = Html::parse_document(&html);
        for field in flow.fields {
            let controls = select(&page, &format!("form [name='{}']", field.name));
            assert!(!controls.is_empty(), "{}", field.name);
            let control = controls[0];
            assert_eq!(control.attr("id"), Some(field.name));
            assert!(!select(&page, &format!("label[for='{}']", field.name)).is_empty(), "{}", field.name);
            assert!(control.attr("placeholder").is_none() && control.attr("required").is_none(), "{}", field.name);
            assert!(control.attr("maxlength").is_none(), "{}", field.name);
            if !matches!(field.kind, Kind::Consent | Kind::Choice(_)) {
                assert_eq!(control.attr("autocomplete"), Some(field.autocomplete), "{}", field.name);
            }
        }
        let password = select(&page, "[name=password]")[0];
        assert_eq!(password.attr("type"), Some("password"));
        assert!(password.attr("passwordrules").unwrap().contains("minlength: 8"));
        let form = select(&page, "form")[0];
        assert_eq!(form.attr("method"), Some("post"));
        assert_eq!(form.attr("action"), Some("/signup/test?utm_source=a&email=b"));
        assert!(form.attr("novalidate").is_some());
    }
}

/// The trial, with nothing but a choice that must be made.
fn flow_with_a_required_choice() -> &'static Flow {
    let trial = FLOWS.iter().find(|flow| flow.trial).unwrap();
    let choice = trial.fields.iter().find(|field| matches!(field.kind, Kind::Choice(_))).unwrap();
    Box::leak(Box::new(Flow { fields: Box::leak(Box::new([choice.required()])), ..**trial }))
}

#[test]
fn what_must_be_filled_in_says_so_and_is_not_called_wrong_before_it_was_sent() {
    let required = flow_with_a_required_choice();
    for flow in FLOWS.iter().copied().chain([required]) {
        let html = form(flow, &[], |_| ());
        let page = Html::parse_document(&html);
        for field in flow.fields {
            let bearer = match field.kind {
                Kind::Choice(_) => select(&page, "fieldset.choices")[0],
                _ => select(&page, &format!("[name='{}']", field.name))[0],
            };
            assert_eq!(bearer.attr("aria-required").is_some(), field.required, "{}: {}", flow.slug, field.name);
        }
        // The attribute is no fieldset's own.
        let groups = select(&page, "fieldset[aria-required]");
        assert!(groups.iter().all(|group| group.attr("role") == Some("radiogroup")), "{}", flow.slug);
        assert!(select(&page, "[required], [aria-invalid]").is_empty(), "{}", flow.slug);
    }
}

#[test]
fn with_errors_the_title_says_so_and_the_summary_leads_to_each_field_in_order() {
    for flow in FLOWS {
        let errors: Vec<_> = flow
            .fields
            .iter()
            .map(|field| FieldError { field: field.name, text: format!("Mend {}", field.name) })
            .chain([FieldError { field: CHALLENGE.response_field, text: "Solve it".to_owned() }])
            .collect();
        let page = Html::parse_document(&form(flow, &[], |parts| parts.errors = errors.clone()));
        assert!(title(&page).starts_with("Error: "), "{}", title(&page));
        let summary = select(&page, "#error-summary")[0];
        assert_eq!((summary.attr("role"), summary.attr("tabindex")), (Some("alert"), Some("-1")));
        let lines: Vec<_> = select(&page, "#error-summary a")
            .iter()
            .map(|link| (link.attr("href").unwrap().to_owned(), link.text().collect::<String>()))
            .collect();
        let expected: Vec<_> = errors.iter().map(|error| (format!("#{}", error.field), error.text.clone())).collect();
        assert_eq!(lines, expected, "{}", flow.slug);
        for error in &errors {
            let inline: String = select(&page, &format!("#{}-error", error.field))[0].text().collect();
            assert_eq!(inline, format!("Error: {}", error.text));
        }
        let first = select(&page, "main > *")[0];
        assert_eq!(first.attr("id"), Some("error-summary"));
        let described = select(&page, "[name=email]")[0];
        assert_eq!(described.attr("aria-invalid"), Some("true"));
        assert_eq!(described.attr("aria-describedby"), Some("email-hint email-error"));
    }
}

#[test]
fn a_fresh_form_reports_no_error() {
    for flow in FLOWS {
        let page = Html::parse_document(&form(flow, &[], |_| ()));
        assert!(!title(&page).starts_with("Error"));
        assert!(select(&page, "[role=alert], [aria-invalid], .error:not(noscript *)").is_empty(), "{}", flow.slug);
    }
}

#[test]
fn a_notice_that_answers_a_form_is_an_error_and_a_remark_is_none() {
    for notice in notices() {
        let is_remark = matches!(notice, Notice::CodeNotUsable | Notice::CodeUnknown | Notice::LinkExpired);
        let page = Html::parse_document(&form(FLOWS[0], &[], |parts| parts.notice = Some(notice)));
        assert_eq!(title(&page).starts_with("Error: "), !is_remark);
        assert_eq!(select(&page, "#notice[role=alert]").len(), usize::from(!is_remark));
        assert_eq!(select(&page, "#notice").len(), 1);
    }
}

#[test]
fn an_unknown_outcome_says_what_to_look_for_before_it_offers_the_form() {
    let html = form(FLOWS[0], FLOWS[0].sample, |parts| parts.notice = Some(Notice::Unknown));
    let (notice, form) = (html.find("Look in your mailbox").unwrap(), html.find("<form").unwrap());
    assert!(notice < form);
    let page = Html::parse_document(&html);
    assert_eq!(select(&page, "#notice a")[0].attr("href"), Some("https://studio.example"));
}

#[test]
fn every_hidden_input_is_carried_and_the_trap_is_out_of_everybodys_way() {
    for flow in FLOWS {
        let page = Html::parse_document(&form(flow, &[(HONEYPOT, "spam")], |_| ()));
        let hidden: HashMap<_, _> = select(&page, "form input[type=hidden]")
            .iter()
            .map(|input| (input.attr("name").unwrap(), input.attr("value").unwrap()))
            .collect();
        assert_eq!(hidden, HashMap::from([("submission", "sealed+/="), ("pass", "another")]));
        let trap = select(&page, &format!("[aria-hidden=true] > [name={HONEYPOT}]"))[0];
        assert_eq!((trap.attr("tabindex"), trap.attr("autocomplete")), (Some("-1"), Some("off")));
        assert_eq!(trap.attr("value"), None, "what a browser extension typed is not typed again");
        assert!(flow.field(HONEYPOT).is_none());
    }
}

#[test]
fn each_challenge_is_drawn_with_its_key_action_and_input() {
    let second = Challenge { site_key: "other", response_field: "upstream-turnstile-response", action: "test" };
    let page = Html::parse_document(&form(FLOWS[0], &[], |parts| parts.challenges = vec![CHALLENGE, second]));
    let widgets: Vec<_> = select(&page, ".cf-turnstile")
        .iter()
        .map(|widget| (widget.attr("data-sitekey").unwrap(), widget.attr("data-response-field-name").unwrap()))
        .map(|(key, field)| (key.to_owned(), field.to_owned()))
        .collect();
    let expected = [CHALLENGE, second].map(|each| (each.site_key.to_owned(), each.response_field.to_owned()));
    assert_eq!(widgets, expected);
    assert_eq!(select(&page, "script[data-challenge]")[0].attr("src"), Some("https://challenges.example/api.js"));

    let none = form(FLOWS[0], &[], |parts| parts.challenges.clear());
    assert!(!none.contains("cf-turnstile") && !none.contains("data-challenge"));
}

#[test]
fn without_a_password_to_ask_there_is_none_on_the_page() {
    let html = form(FLOWS[0], FLOWS[0].sample, |parts| parts.asks_password = false);
    assert!(select(&Html::parse_document(&html), "[name=password], [type=password]").is_empty());
}

#[test]
fn the_box_that_insists_on_an_address_is_offered_only_when_asked_for() {
    for offered in [true, false] {
        let html = form(FLOWS[0], &[(EMAIL_ANYWAY, "on")], |parts| parts.offers_email_anyway = offered);
        let page = Html::parse_document(&html);
        let boxes = select(&page, "[name=useEmailAnyway]");
        assert_eq!(boxes.len(), usize::from(offered));
        assert!(boxes.iter().all(|tick| tick.attr("checked").is_some()));
    }
}

#[test]
fn a_free_address_is_shown_the_plan_that_takes_it_and_where_to_ask() {
    let flow = FLOWS.iter().find(|flow| flow.business_email).unwrap();
    let links = |problem: Problem| {
        let text = CATALOGUE.words(Language::English).problem(flow.field("email").unwrap(), problem);
        let html = form(flow, &[], |parts| parts.errors = vec![FieldError { field: "email", text }]);
        let page = Html::parse_document(&html);
        select(&page, ".ways a").iter().map(|link| link.attr("href").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let plan = FLOWS.iter().find(|flow| !flow.business_email).unwrap();
    let (plan, help) = (format!("/signup/{}?utm_source=a", plan.slug), "https://acme.example/help".to_owned());
    assert_eq!(links(Problem::EmailDomain(DomainRefusal::Free)), [plan, help.clone()]);
    assert_eq!(links(Problem::EmailDomain(DomainRefusal::Disposable)), [help]);
    assert!(links(Problem::Missing).is_empty());
}

#[test]
fn a_form_from_a_stencil_is_the_form_that_is_drawn_for_that_visitor() {
    let brand = brand("Acme");
    let stencils = Stencils::new(FLOWS);
    let untouched = RawForm::from_pairs([]);
    for (flow, language) in FLOWS.iter().flat_map(|flow| Language::ALL.iter().map(|language| (*flow, *language))) {
        let draw = |visitor: &Personal<'_>| {
            let others = [offer(FLOWS[0], visitor.here.link("/signup/other"))];
            with_frame(language, &brand, |frame| {
                let page = FormPage {
                    frame: Frame { nonce: visitor.nonce, here: visitor.here, ..frame },
                    flow,
                    action: &visitor.here.to_string(),
                    form: &untouched,
                    errors: &[],
                    notice: None,
                    hidden: &[("submission_id", visitor.submission_id.to_owned())],
                    challenges: &[CHALLENGE],
                    challenge_script: Some("https://challenges.example/api.js"),
                    asks_password: true,
                    password_min_length: 8,
                    business_email: flow.business_email,
                    offers_email_anyway: false,
                    occasion: Occasion::Link,
                    said: "",
                    others: &others,
                };
                page.render()
            })
        };
        for query in ["", "?lang=ja", "?utm_source=a&x=\"'<b>&lang=ja&gclid=%C3%BC", "?first", "?second=%26"] {
            let here = Here::read(&format!("{}{query}", flow.path()));
            let visitor = Personal { nonce: "bm9uY2U", submission_id: "an-id_", here: &here };
            let (filled, drawn) = (stencils.fill(flow, language, &visitor, draw), draw(&visitor));
            assert!(filled == drawn, "{} in {} with {query}", flow.slug, language.tag());
        }
    }
}

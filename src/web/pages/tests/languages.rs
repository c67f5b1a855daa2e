//! Every page in every language: its own words and no others, its direction, its switch.

use super::*;
use crate::domain::country::in_language;
use crate::signup::Kind;
use crate::web::words::english_texts;

/// What a reader or a screen reader gets: texts and attribute values.
fn everything_said(page: &Html) -> String {
    let mut said = String::new();
    for element in select(page, "*") {
        for (_, value) in element.value().attrs() {
            said.push_str(value);
            said.push('\n');
        }
    }
    said.extend(page.root_element().text());
    said
}

#[test]
fn no_page_in_another_language_holds_an_english_sentence() {
    // A single word may be the same in two languages; two in a row are none by chance, but for these.
    const IN_TWO_LANGUAGES: &[&str] = &["(optional)"];
    let sentences: Vec<&str> = english_texts(FLOWS)
        .into_iter()
        .filter(|text| text.contains(' ') && !IN_TWO_LANGUAGES.contains(text))
        .collect();
    assert!(sentences.len() > 150, "{}", sentences.len());
    for drawn in every_page().iter().filter(|drawn| drawn.language != Language::English) {
        let said = everything_said(&Html::parse_document(&drawn.html));
        let english: Vec<_> = sentences.iter().filter(|sentence| said.contains(*sentence)).collect();
        assert!(english.is_empty(), "{}: {english:?}", drawn.place());
    }
}

#[test]
fn every_page_offers_every_language_in_its_own_name_and_marks_the_one_it_is_in() {
    for drawn in every_page() {
        let page = Html::parse_document(&drawn.html);
        let switch = select(&page, "footer li [lang]");
        assert_eq!(switch.len(), Language::ALL.len(), "{}", drawn.place());
        for (way, language) in switch.iter().zip(Language::ALL) {
            assert_eq!(way.attr("lang"), Some(language.tag()));
            assert_eq!(way.text().collect::<String>(), language.own_name());
            assert_eq!(way.attr("aria-current").is_some(), *language == drawn.language, "{}", drawn.place());
            let target = match way.value().name() {
                "a" => way.attr("href"),
                "button" => way.attr("formaction").filter(|_| way.attr("form") == Some("form")),
                _ => None,
            };
            let expected = format!("?utm_source=a&email=b&lang={}", language.tag());
            let stays = way.value().name() == "span" && *language == drawn.language;
            assert!(stays || target == Some(expected.as_str()), "{}: {target:?}", drawn.place());
        }
    }
}

#[test]
fn the_challenge_speaks_the_language_of_the_page() {
    for language in Language::ALL {
        let page = Html::parse_document(&form_in(*language, FLOWS[0], &[], |_| ()));
        assert_eq!(select(&page, ".cf-turnstile")[0].attr("data-language"), Some(language.tag()));
    }
}

#[test]
fn latin_text_is_typed_from_left_to_right_and_names_in_their_own_direction() {
    for language in Language::ALL {
        for flow in FLOWS {
            let (empty, filled) =
                (form_in(*language, flow, &[], |_| ()), form_in(*language, flow, flow.sample, |_| ()));
            let (empty, filled) = (Html::parse_document(&empty), Html::parse_document(&filled));
            let is_rtl = language.direction().as_str() == "rtl";
            for field in flow.fields {
                let control = format!("[name='{}']", field.name);
                let [empty, filled] = [&empty, &filled].map(|page| {
                    let control = select(page, &control)[0];
                    let around = control.parent().and_then(ElementRef::wrap).and_then(|parent| parent.attr("dir"));
                    control.attr("dir").or(around)
                });
                let expected = match field.kind {
                    Kind::Username | Kind::Email | Kind::Password => [Some("ltr"); 2],
                    Kind::Text | Kind::Suggest(_) | Kind::Region => [(!is_rtl).then_some("auto"), Some("auto")],
                    Kind::Country | Kind::Choice(_) | Kind::Consent => [None; 2],
                };
                assert_eq!([empty, filled], expected, "{} {}", language.tag(), field.name);
            }
        }
    }
}

#[test]
fn words_of_the_upstream_claim_no_language() {
    for language in Language::ALL {
        let html = form_in(*language, FLOWS[0], &[], |parts| parts.notice = Some(Notice::Refused("Nope.".to_owned())));
        let page = Html::parse_document(&html);
        let foreign = select(&page, "#notice [lang='']");
        assert_eq!(foreign.iter().flat_map(ElementRef::text).collect::<String>(), "Nope.");
        assert_eq!(foreign[0].attr("dir"), Some("auto"));
        let ours = form_in(*language, FLOWS[0], &[], |parts| parts.notice = Some(Notice::Unavailable));
        assert!(select(&Html::parse_document(&ours), "#notice [lang]").is_empty());
    }
}

#[test]
fn countries_are_named_in_the_language_of_the_page_and_sent_by_code() {
    let flow = FLOWS.iter().find(|flow| flow.field("country").is_some()).unwrap();
    for language in Language::ALL {
        let page = Html::parse_document(&form_in(*language, flow, flow.sample, |_| ()));
        let options: Vec<_> = select(&page, "select[name=country] option[value]")
            .iter()
            .skip(1)
            .map(|option| (option.attr("value").unwrap().to_owned(), option.text().collect::<String>()))
            .collect();
        let expected: Vec<_> =
            in_language(*language).iter().map(|country| (country.code.to_owned(), country.name.to_owned())).collect();
        assert_eq!(options, expected, "{}", language.tag());
        assert_eq!(select(&page, "select[name=country] option[selected]")[0].attr("value"), Some("US"));
    }
}

#[test]
fn every_suggestion_that_is_a_word_is_in_the_language_of_the_page() {
    for (flow, field) in FLOWS.iter().flat_map(|flow| flow.fields.iter().map(move |field| (*flow, field))) {
        let Kind::Suggest(suggestions) = field.kind else { continue };
        let shown = |language| {
            let page = Html::parse_document(&form_in(language, flow, &[], |_| ()));
            let options = select(&page, &format!("#{}-list option", field.name));
            options.iter().map(|option| option.attr("value").unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(shown(Language::English), suggestions);
        for language in Language::ALL.iter().copied().filter(|language| *language != Language::English) {
            for (english, local) in suggestions.iter().zip(shown(language)) {
                let is_word = english.contains(|character: char| character.is_alphabetic());
                let is_shared = language == Language::French && *english == "Agriculture";
                assert_eq!(*english != local, is_word && !is_shared, "{} {english}", language.tag());
            }
        }
    }
}

#[test]
fn the_question_about_a_slip_has_one_place_for_the_address() {
    for language in Language::ALL {
        let page = Html::parse_document(&form_in(*language, FLOWS[0], &[], |_| ()));
        let question = select(&page, "[data-suggest]")[0].attr("data-suggest").unwrap().to_owned();
        assert_eq!(question.matches('|').count(), 1, "{question}");
        let strength = select(&page, "[data-strength]")[0].attr("data-strength").unwrap().to_owned();
        assert_eq!(strength.matches('|').count(), 3, "{strength}");
    }
}

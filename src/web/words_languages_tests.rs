//! The languages against each other: the same messages, the same arguments, the plurals each needs.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};
use fluent_syntax::parser;

use super::*;
use crate::signup::flows::FLOWS;

/// What CLDR calls the plurals of a language, as far as whole numbers under a million go.
fn plurals(language: Language) -> &'static [&'static str] {
    match language {
        Language::English | Language::German | Language::French | Language::Spanish => &["one", "other"],
        Language::Japanese => &["other"],
        Language::Arabic => &["zero", "one", "two", "few", "many", "other"],
    }
}

/// The messages of one source, by key.
fn messages(source: &'static str) -> BTreeMap<&'static str, Pattern<&'static str>> {
    let resource = parser::parse(source).unwrap();
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                assert!(message.attributes.is_empty(), "{}", message.id.name);
                messages.insert(message.id.name, message.value.unwrap());
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            other => panic!("{other:?}"),
        }
    }
    messages
}

/// Everything in a pattern that a test looks at.
#[derive(Default)]
struct Parts {
    arguments: BTreeSet<&'static str>,
    texts: Vec<&'static str>,
    /// The keys of each selector's variants that are words, not numbers.
    selectors: Vec<Vec<&'static str>>,
    empty: bool,
}

impl Parts {
    fn of(pattern: &Pattern<&'static str>) -> Self {
        let mut parts = Self::default();
        parts.read(pattern);
        parts
    }

    fn read(&mut self, pattern: &Pattern<&'static str>) {
        let mut is_empty = true;
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => {
                    is_empty &= value.trim().is_empty();
                    self.texts.push(value.trim());
                }
                PatternElement::Placeable { expression } => {
                    is_empty = false;
                    self.read_expression(expression);
                }
            }
        }
        self.empty |= is_empty;
    }

    fn read_expression(&mut self, expression: &Expression<&'static str>) {
        match expression {
            Expression::Inline(InlineExpression::VariableReference { id }) => {
                self.arguments.insert(id.name);
            }
            Expression::Select { selector: InlineExpression::VariableReference { id }, variants } => {
                self.arguments.insert(id.name);
                self.selectors.push(variants.iter().filter_map(word).collect());
                for variant in variants {
                    self.read(&variant.value);
                }
            }
            other => panic!("our catalogues do without {other:?}"),
        }
    }
}

/// Every text of some sources, without the arguments between them.
pub(super) fn texts(sources: &[&'static str]) -> Vec<&'static str> {
    let patterns = sources.iter().flat_map(|source| messages(source).into_values());
    patterns.flat_map(|pattern| Parts::of(&pattern).texts).filter(|text| !text.is_empty()).collect()
}

fn word(variant: &Variant<&'static str>) -> Option<&'static str> {
    match variant.key {
        VariantKey::Identifier { name } => Some(name),
        VariantKey::NumberLiteral { .. } => None,
    }
}

/// The catalogues of a language by name: the common one and each flow's.
fn catalogues(language: Language) -> Vec<(&'static str, BTreeMap<&'static str, Pattern<&'static str>>)> {
    let find = |name: &'static str, words: &'static [(Language, &'static str)]| {
        let source = words.iter().find(|(of, _)| *of == language).map(|(_, source)| *source);
        (name, messages(source.unwrap_or_else(|| panic!("{name} has no words in {}", language.tag()))))
    };
    std::iter::once(find("main", COMMON)).chain(FLOWS.iter().map(|flow| find(flow.slug, flow.words))).collect()
}

fn others() -> impl Iterator<Item = Language> {
    Language::ALL.iter().copied().filter(|language| *language != Language::English)
}

/// Each message of another language beside the English one.
fn pairs() -> Vec<(String, Parts, Parts)> {
    let mut pairs = Vec::new();
    for language in others() {
        for ((name, english), (_, local)) in catalogues(Language::English).iter().zip(catalogues(language)) {
            for (key, pattern) in &local {
                if let Some(original) = english.get(key) {
                    let place = format!("{} {name} {key}", language.tag());
                    pairs.push((place, Parts::of(original), Parts::of(pattern)));
                }
            }
        }
    }
    pairs
}

#[test]
fn every_language_has_the_same_messages() {
    for language in others() {
        for ((name, english), (_, local)) in catalogues(Language::English).iter().zip(catalogues(language)) {
            let (english, local): (BTreeSet<_>, BTreeSet<_>) = (english.keys().collect(), local.keys().collect());
            let missing: Vec<_> = english.difference(&local).collect();
            let surplus: Vec<_> = local.difference(&english).collect();
            assert!(missing.is_empty(), "{} {name} lacks {missing:?}", language.tag());
            assert!(surplus.is_empty(), "{} {name} has {surplus:?} and English has not", language.tag());
        }
    }
}

#[test]
fn every_message_has_the_same_arguments_and_links_in_every_language() {
    let links = |parts: &Parts| {
        let text = parts.texts.concat();
        ["<terms>", "</terms>", "<privacy>", "</privacy>", "<"].map(|mark| text.matches(mark).count())
    };
    for (place, english, local) in pairs() {
        assert_eq!(english.arguments, local.arguments, "{place}");
        assert_eq!(links(&english), links(&local), "{place}");
    }
}

#[test]
fn no_message_and_no_variant_is_empty() {
    for language in Language::ALL {
        for (name, messages) in catalogues(*language) {
            for (key, pattern) in messages {
                assert!(!Parts::of(&pattern).empty, "{} {name} {key}", language.tag());
            }
        }
    }
}

#[test]
fn every_selector_by_number_has_exactly_the_plurals_of_its_language() {
    for language in Language::ALL {
        for (name, messages) in catalogues(*language) {
            for (key, pattern) in messages {
                // A month or a day is chosen by its number, and what is left by `other` or the last month's.
                for selector in Parts::of(&pattern).selectors.iter().filter(|_| key != "date") {
                    assert_eq!(selector, plurals(*language), "{} {name} {key}", language.tag());
                }
            }
        }
    }
}

#[test]
fn words_that_are_the_same_as_in_english_are_few_and_known() {
    const SAME: &[&str] = &[
        // The plan's name.
        "de pro flow-pro-title",
        "fr pro flow-pro-title",
        "es pro flow-pro-title",
        "ja pro flow-pro-title",
        "ar pro flow-pro-title",
        // Really the same words.
        "de main optional",
        "es main error-prefix",
        "es trial choice-models-no",
        "fr trial suggestion-agriculture",
        // A date, and for `date` the order of its parts.
        "de main consent-version",
        "fr main consent-version",
        "es main consent-version",
        "ja main consent-version",
        "ar main consent-version",
    ];
    let same: BTreeSet<_> = pairs()
        .into_iter()
        .filter(|(_, english, local)| english.texts == local.texts)
        .map(|(place, ..)| place)
        .collect();
    assert_eq!(same, SAME.iter().map(ToString::to_string).collect());
}

#[test]
fn quotation_marks_and_apostrophes_are_typographic() {
    for language in others() {
        for (name, messages) in catalogues(language) {
            for (key, pattern) in messages {
                let text = Parts::of(&pattern).texts.concat();
                assert!(!text.contains(['"', '\'', '`']), "{} {name} {key}: {text}", language.tag());
                assert!(!text.contains("..."), "{} {name} {key}: {text}", language.tag());
            }
        }
    }
}

#[test]
fn a_wait_has_the_plural_its_language_needs() {
    let catalogue = Catalogue::build(FLOWS).unwrap();
    for (language, seconds, expected) in [
        (Language::German, 1, "in 1 Sekunde"),
        (Language::German, 120, "in 2 Minuten"),
        (Language::German, 7_000, "in 2 Stunden"),
        (Language::French, 1, "dans 1 seconde"),
        (Language::French, 45, "dans 45 secondes"),
        (Language::French, 5_401, "dans 2 heures"),
        (Language::Spanish, 1, "dentro de 1 segundo"),
        (Language::Spanish, 91, "dentro de 2 minutos"),
        (Language::Japanese, 1, "1秒後に"),
        (Language::Japanese, 45, "45秒後に"),
        (Language::Arabic, 1, "بعد ثانية واحدة"),
        (Language::Arabic, 2, "بعد ثانيتين"),
        (Language::Arabic, 3, "بعد \u{2068}3\u{2069} ثوانٍ"),
        (Language::Arabic, 10, "بعد \u{2068}10\u{2069} ثوانٍ"),
        (Language::Arabic, 11, "بعد \u{2068}11\u{2069} ثانية"),
        (Language::Arabic, 90, "بعد \u{2068}90\u{2069} ثانية"),
        (Language::Arabic, 91, "بعد دقيقتين"),
        (Language::Arabic, 180, "بعد \u{2068}3\u{2069} دقائق"),
        (Language::Arabic, 360_000, "بعد \u{2068}100\u{2069} ساعة"),
    ] {
        assert_eq!(catalogue.words(language).wait(seconds), expected, "{} {seconds}", language.tag());
    }
}

#[test]
fn every_limit_we_have_agrees_with_its_noun_in_arabic() {
    let catalogue = Catalogue::build(FLOWS).unwrap();
    let words = catalogue.words(Language::Arabic);
    for (key, limit, noun) in [
        ("field-password-hint", 8, "أحرف"),
        ("field-password-hint-again", 12, "حرفًا"),
        ("error-username-too-short", 4, "أحرف"),
        ("error-username-too-long", 30, "حرفًا"),
        ("error-password-too-short", 8, "أحرف"),
        ("error-password-too-long", 128, "حرفًا"),
        ("error-too-long", 200, "حرف"),
        ("error-too-long", 254, "حرفًا"),
    ] {
        let text = words.with(key, &[("label", "x".into()), ("min", limit.into()), ("max", limit.into())]);
        let words: Vec<_> = text.split([' ', '\u{2068}', '\u{2069}']).filter(|word| !word.is_empty()).collect();
        let number = words.iter().position(|word| *word == limit.to_string()).unwrap();
        assert_eq!(words.get(number + 1), Some(&noun), "{text}");
    }
}

#[test]
fn a_date_is_written_as_its_language_writes_it() {
    let catalogue = Catalogue::build(FLOWS).unwrap();
    let date = |language: Language, day: u8, month: u8| {
        let arguments = [("day", day.into()), ("month", month.into()), ("year", "2026".into())];
        catalogue.words(language).with("date", &arguments).replace(['\u{2068}', '\u{2069}'], "")
    };
    for (language, first_of_march, fifth_of_december) in [
        (Language::English, "1 March 2026", "5 December 2026"),
        (Language::German, "1. März 2026", "5. Dezember 2026"),
        (Language::French, "1er mars 2026", "5 décembre 2026"),
        (Language::Spanish, "1 de marzo de 2026", "5 de diciembre de 2026"),
        (Language::Japanese, "2026年3月1日", "2026年12月5日"),
        (Language::Arabic, "1 مارس 2026", "5 ديسمبر 2026"),
    ] {
        assert_eq!(date(language, 1, 3), first_of_march);
        assert_eq!(date(language, 5, 12), fifth_of_december);
        let months: BTreeSet<_> = (1..=12).map(|month| date(language, 5, month)).collect();
        assert_eq!(months.len(), 12, "{}", language.tag());
    }
}

#[test]
fn the_consent_has_both_links_and_a_dated_wording_in_every_language() {
    let catalogue = Catalogue::build(FLOWS).unwrap();
    let brand = Brand {
        name: "Acme".to_owned(),
        color: None,
        logo: None,
        terms_url: Some("https://acme.example/terms".to_owned()),
        privacy_url: Some("https://acme.example/privacy".to_owned()),
        support_url: None,
    };
    let mut hashes = BTreeSet::new();
    for language in Language::ALL {
        let consent = catalogue.words(*language).consent(&brand);
        let links: Vec<_> = consent.parts.iter().filter_map(|part| part.href.as_deref()).collect();
        assert_eq!(links, ["https://acme.example/terms", "https://acme.example/privacy"], "{}", language.tag());
        assert!(consent.text.contains("Acme") && !consent.text.contains(['<', '\u{fffc}']), "{}", consent.text);
        assert!(consent.version.len() == 10 && consent.version.starts_with("20"), "{}", consent.version);
        assert!(hashes.insert(consent.sha256));
    }
}

#[test]
fn a_flow_without_words_in_a_language_is_shown_in_english_and_the_rest_is_not() {
    static FLOW: Flow = Flow {
        slug: "test",
        fields: &[],
        upstream_path: "/test",
        token_field: None,
        single_sign_on: false,
        insist_on_email_field: None,
        trial: false,
        user_id_field: "id",
        business_email: false,
        words: &[(Language::English, NEW), (Language::French, FRENCH)],
        sample: &[],
    };
    const NEW: &str = "flow-test-title = New\nflow-test-heading = x\nflow-test-summary = x\nflow-test-for = x\n\
        flow-test-why = x\nflow-test-point-1 = x\nflow-test-point-2 = x\nflow-test-point-3 = x\nflow-test-next = x\n\
        flow-test-choose = x\nflow-test-submit = x\nflow-test-sending = x\n";
    const FRENCH: &str = "flow-test-title = Nouveau\nflow-test-heading = x\nflow-test-summary = x\nflow-test-for = x\n\
        flow-test-why = x\nflow-test-point-1 = x\nflow-test-point-2 = x\nflow-test-point-3 = x\nflow-test-next = x\n\
        flow-test-choose = x\nflow-test-submit = x\nflow-test-sending = x\n";
    static FLOWS: &[&Flow] = &[&FLOW];
    let catalogue = Catalogue::build(FLOWS).unwrap();
    for (language, title, sign_in) in
        [(Language::German, "New", "Anmelden"), (Language::French, "Nouveau", "Se connecter")]
    {
        let words = catalogue.words(language);
        assert_eq!((words.text("flow-test-title"), words.text("sign-in")), (title, sign_in));
    }
}

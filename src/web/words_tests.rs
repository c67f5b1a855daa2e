//! The catalogues against the flows, the templates and each other.

use std::collections::BTreeSet;

use regex::Regex;

use super::*;
use crate::domain::email::EmailError;
use crate::domain::email_policy::DomainRefusal;
use crate::domain::password::PasswordError;
use crate::domain::username::UsernameError;
use crate::signup::flows::FLOWS;
use crate::signup::{Group, flow};

/// What draws pages: each key in here has to be in the catalogue, and the other way round.
const PAGES: &[&str] = &[
    include_str!("../../templates/base.html"),
    include_str!("../../templates/plans.html"),
    include_str!("../../templates/form.html"),
    include_str!("../../templates/error.html"),
    include_str!("../../templates/status.html"),
    include_str!("../../templates/already_active.html"),
    include_str!("../../templates/_macros/field.html"),
    include_str!("pages/mod.rs"),
    include_str!("pages/field.rs"),
    include_str!("pages/form.rs"),
    include_str!("pages/frame.rs"),
    include_str!("pages/status.rs"),
    include_str!("words.rs"),
    include_str!("refusal.rs"),
    include_str!("status.rs"),
];

/// Keys that are put together at run time begin like this.
const COMPOSED: &[&str] = &["error-", "field-", "flow-", "group-", "choice-", "notice-", "status-"];

const PROBLEMS: &[Problem] = &[
    Problem::Missing,
    Problem::Unreadable,
    Problem::ControlCharacter,
    Problem::TooLong { max: 200 },
    Problem::TooShort { min: 4 },
    Problem::NotAChoice,
    Problem::Username(UsernameError::Character),
    Problem::Username(UsernameError::Separator),
    Problem::Email(EmailError::At),
    Problem::Email(EmailError::Local),
    Problem::Email(EmailError::Domain),
    Problem::EmailDomain(DomainRefusal::Disposable),
    Problem::EmailDomain(DomainRefusal::Free),
    Problem::EmailDomain(DomainRefusal::Blocked),
    Problem::Password(PasswordError::Common),
    Problem::Password(PasswordError::Weak),
];

fn catalogue() -> Catalogue {
    Catalogue::build(FLOWS).unwrap()
}

fn brand() -> Brand {
    Brand {
        name: "Acme".to_owned(),
        color: None,
        logo: None,
        terms_url: Some("https://acme.example/terms".to_owned()),
        privacy_url: None,
        support_url: None,
    }
}

/// Everything that `FLOW_KEYS` asks for.
fn words_of_a_flow() -> String {
    FLOW_KEYS.iter().fold(String::new(), |words, key| words + "flow-test-" + key + " = x\n")
}

/// A flow with words of its own and nothing else.
fn flow_with(words: &'static str) -> &'static [&'static Flow] {
    let sources = Box::leak(Box::new([(Language::English, words)]));
    let flow = Box::leak(Box::new(Flow {
        slug: "test",
        fields: const { &[Field::new("shoeSize", Kind::Text, Group::Account)] },
        upstream_path: "/test",
        token_field: None,
        single_sign_on: false,
        insist_on_email_field: None,
        trial: false,
        user_id_field: "id",
        business_email: false,
        words: sources,
        sample: &[],
    }));
    Box::leak(Box::new([&*flow]))
}

#[test]
fn every_field_of_every_flow_has_words_for_every_problem() {
    for language in Language::ALL {
        let catalogue = catalogue();
        let words = catalogue.words(*language);
        for flow in FLOWS {
            for (field, problem) in flow.fields.iter().flat_map(|field| PROBLEMS.iter().map(move |each| (field, *each)))
            {
                let text = words.problem(field, problem);
                let place = format!("{} {} {}: {text}", language.tag(), field.name, problem.code());
                assert!(!text.is_empty() && !text.starts_with("error-"), "{place}");
                assert!(!text.contains(['{', '<', '$']), "{place}");
                assert!(
                    problem.limit().is_none_or(|limit| {
                        matches!(field.kind, Kind::Consent) || text.contains(&limit.to_string())
                    }),
                    "{place}"
                );
            }
        }
    }
}

#[test]
fn every_code_of_a_problem_is_checked_at_start() {
    let codes: BTreeSet<_> = PROBLEMS.iter().map(|problem| problem.code()).collect();
    assert_eq!(codes, PROBLEM_CODES.iter().copied().collect());
}

#[test]
fn the_fields_everybody_fills_in_have_words_of_their_own_for_their_own_rules() {
    let catalogue = catalogue();
    let words = catalogue.words(Language::English);
    for flow in FLOWS {
        for field in flow.fields.iter().filter(|field| field.required) {
            assert!(words.has(&format!("error-{}-missing", field.name)), "{}", field.name);
        }
    }
    let username = flow::by_slug(FLOWS, "pro").and_then(|flow| flow.field("username")).unwrap();
    assert_eq!(
        words.problem(username, Problem::Username(UsernameError::Character)),
        "Username can only have the letters a to z, digits, hyphens, dots and underscores"
    );
    assert_eq!(words.problem(username, Problem::TooLong { max: 30 }), "Username must be 30 characters or fewer");
}

#[test]
fn a_wait_is_told_in_the_plural_it_needs_and_never_too_short() {
    let catalogue = catalogue();
    let words = catalogue.words(Language::English);
    for (seconds, expected) in [
        (0, "in 1 second"),
        (1, "in 1 second"),
        (45, "in 45 seconds"),
        (91, "in 2 minutes"),
        (120, "in 2 minutes"),
        (121, "in 3 minutes"),
        (3_600, "in 60 minutes"),
        (5_401, "in 2 hours"),
    ] {
        assert_eq!(words.wait(seconds), expected, "{seconds}");
    }
}

#[test]
fn the_consent_is_hashed_exactly_as_it_is_shown() {
    let catalogue = catalogue();
    let consent = catalogue.words(Language::English).consent(&brand());
    assert_eq!(consent.text, "I agree to the terms of service and the privacy policy of Acme.");
    assert_eq!(consent.parts.iter().map(|part| part.text.as_str()).collect::<String>(), consent.text);
    let links: Vec<_> =
        consent.parts.iter().filter_map(|part| Some((part.text.as_str(), part.href.as_deref()?))).collect();
    assert_eq!(links, [("terms of service", "https://acme.example/terms")]);
    assert_eq!(consent.sha256.len(), 64);
    let hash = Sha256::digest(consent.text.as_bytes());
    assert!(
        hash.iter().zip(0..).all(|(byte, at)| consent.sha256.get(2 * at..2 * at + 2) == Some(&format!("{byte:02x}")))
    );
    assert!(Regex::new(r"^\d{4}-\d{2}-\d{2}$").unwrap().is_match(&consent.version));
}

#[test]
fn a_brand_whose_name_looks_like_markup_makes_no_link() {
    let brand = Brand { name: "<terms>x</terms>".to_owned(), ..brand() };
    let consent = catalogue().words(Language::English).consent(&brand);
    assert_eq!(consent.parts.iter().filter(|part| part.href.is_some()).count(), 1);
    assert!(consent.text.ends_with("<terms>x</terms>."), "{}", consent.text);
}

#[test]
fn missing_words_are_shown_as_their_key() {
    let catalogue = catalogue();
    let words = catalogue.words(Language::English);
    assert_eq!(words.text("no-such-key"), "no-such-key");
    assert_eq!(words.with("no-such-key", &[]), "no-such-key");
}

#[test]
fn a_broken_catalogue_is_refused_at_start() {
    let complete = words_of_a_flow();
    let complete: &'static str = Box::leak(complete.into_boxed_str());
    let label = "field-shoeSize-label = Shoe size\n";
    let with = |more: &str| -> &'static str { Box::leak(format!("{complete}{label}{more}").into_boxed_str()) };
    assert!(Catalogue::build(flow_with(with(""))).is_ok());
    for (name, words, expected) in [
        ("no label", complete, "the en catalogue lacks field-shoeSize-label"),
        ("nothing", "", "the en catalogue lacks flow-test-title"),
        ("syntax", with("= no key\n"), "the en catalogue has a syntax error near `= no key`"),
        ("twice", with("sign-in = Again\n"), "the en catalogue has a message twice"),
        ("reference", with("extra = { nothing }\n"), "the en catalogue has a message that cannot be formatted: extra"),
    ] {
        let message = Catalogue::build(flow_with(words)).err().unwrap().to_string();
        assert!(message.starts_with(expected), "{name}: {message}");
    }
}

#[test]
fn a_field_without_words_of_its_own_is_named_by_its_label() {
    let complete = words_of_a_flow();
    let flows = flow_with(Box::leak(format!("{complete}field-shoeSize-label = Shoe size\n").into_boxed_str()));
    let catalogue = Catalogue::build(flows).unwrap();
    let text = catalogue.words(Language::English).problem(&flows[0].fields[0], Problem::TooLong { max: 200 });
    assert_eq!(text, "“Shoe size” must be 200 characters or fewer");
}

#[test]
fn every_word_a_page_asks_for_is_there_and_every_word_is_asked_for() {
    let literal =
        Regex::new(r#"\b(?:t|text|with|find)\(\s*"([a-z][a-zA-Z0-9-]*)"|\bat\([^()]*, "([a-zA-Z-]+)"\)"#).unwrap();
    let catalogue = catalogue();
    let words = catalogue.words(Language::English);
    let asked: BTreeSet<&str> = PAGES
        .iter()
        .flat_map(|page| literal.captures_iter(page))
        .map(|found| found.iter().skip(1).flatten().next().unwrap().as_str())
        .collect();
    let missing: Vec<_> = asked.iter().filter(|key| !words.has(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let composed = |key: &str| COMPOSED.iter().any(|prefix| key.starts_with(prefix));
    let named = |key: &str| PAGES.iter().any(|page| page.contains(&format!("\"{key}\"")));
    let common = COMMON.iter().flat_map(|(_, source)| message_keys(source));
    let surplus: Vec<_> = common.filter(|key| !composed(key) && !named(key)).collect();
    assert!(surplus.is_empty(), "{surplus:?}");
}

#[test]
fn no_words_beg_apologise_or_blame() {
    for (_, source) in COMMON.iter().chain(FLOWS.iter().flat_map(|flow| flow.words)) {
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let lower = line.to_lowercase();
            for word in ["please", "invalid", "forbidden", "illegal", "oops"] {
                assert!(!lower.contains(word), "{line}");
            }
            assert!(!lower.contains("sorry") || line.contains("problem with the service"), "{line}");
        }
    }
}

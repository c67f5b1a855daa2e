//! Every page of every flow, read back as a browser reads it.

mod form;
mod languages;
mod weight;

use std::collections::HashSet;
use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use super::*;
use crate::domain::language::Language;
use crate::domain::tenant::BrandColor;
use crate::signup::Field;
use crate::signup::flows::FLOWS;
use crate::web::words::Catalogue;

/// Ends an attribute and an element, and begins a script, wherever it is not escaped.
const HOSTILE: &str = "\"'></textarea><script>alert(1)</script>&amp;";

const CHALLENGE: Challenge<'static> =
    Challenge { site_key: "1x00000000000000000000AA", response_field: "cf-turnstile-response", action: "test" };

fn brand(name: &str) -> Brand {
    Brand {
        name: name.to_owned(),
        color: BrandColor::parse("#0b5fff").ok(),
        logo: None,
        terms_url: Some("https://acme.example/terms".to_owned()),
        privacy_url: Some("https://acme.example/privacy".to_owned()),
        support_url: Some("https://acme.example/help".to_owned()),
    }
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::build(FLOWS).unwrap());

static HERE: LazyLock<Here> = LazyLock::new(|| Here::read("/signup/test?utm_source=a&email=b"));

fn with_frame<R>(language: Language, brand: &Brand, draw: impl FnOnce(Frame<'_>) -> R) -> R {
    draw(Frame {
        words: CATALOGUE.words(language),
        brand,
        nonce: "bm9uY2U",
        request_id: "0193e7a2-7c1e-7c3e-9d4f-0a1b2c3d4e5f",
        here: &HERE,
        studio: "https://studio.example",
        logo: Some("/static/0123456789abcdef/logo.svg"),
    })
}

/// The parts of a form page that a test changes.
struct Parts {
    errors: Vec<FieldError>,
    notice: Option<Notice>,
    challenges: Vec<Challenge<'static>>,
    asks_password: bool,
    offers_email_anyway: bool,
    occasion: Occasion,
}

/// A form page in English with every part on it, changed and drawn.
fn form(flow: &'static Flow, typed: &[(&str, &str)], change: impl FnOnce(&mut Parts)) -> String {
    form_in(Language::English, flow, typed, change)
}

fn form_in(language: Language, flow: &'static Flow, typed: &[(&str, &str)], change: impl FnOnce(&mut Parts)) -> String {
    let mut parts = Parts {
        errors: Vec::new(),
        notice: None,
        challenges: vec![CHALLENGE],
        asks_password: true,
        offers_email_anyway: true,
        occasion: Occasion::Link,
    };
    change(&mut parts);
    let typed = RawForm::from_pairs(typed.iter().copied());
    let hidden = [("submission", "sealed+/=".to_owned()), ("pass", "another".to_owned())];
    let others: Vec<_> = FLOWS
        .iter()
        .filter(|other| other.slug != flow.slug)
        .map(|other| offer(other, format!("{}?utm_source=a", other.path())))
        .collect();
    let brand = brand("Acme");
    with_frame(language, &brand, |frame| {
        let page = FormPage {
            frame,
            flow,
            action: "/signup/test?utm_source=a&email=b",
            form: &typed,
            errors: &parts.errors,
            notice: parts.notice.as_ref(),
            hidden: &hidden,
            challenges: &parts.challenges,
            challenge_script: (!parts.challenges.is_empty()).then_some("https://challenges.example/api.js"),
            asks_password: parts.asks_password,
            password_min_length: 8,
            business_email: flow.business_email,
            offers_email_anyway: parts.offers_email_anyway,
            occasion: parts.occasion,
            said: "",
            others: &others,
        };
        page.render()
    })
}

fn offer(flow: &'static Flow, href: String) -> Offer {
    Offer { flow, href, business_email: flow.business_email }
}

fn all_errors(flow: &'static Flow) -> Vec<FieldError> {
    let error = |field: &Field| FieldError { field: field.name, text: format!("{HOSTILE} {}", field.name) };
    let challenge = FieldError { field: CHALLENGE.response_field, text: "Solve it".to_owned() };
    flow.fields.iter().map(error).chain([challenge]).collect()
}

fn notices() -> Vec<Notice> {
    vec![
        Notice::Expired,
        Notice::Suspicious,
        Notice::Limited { wait: 90 },
        Notice::ChallengeUnavailable,
        Notice::Unavailable,
        Notice::UpstreamFailed,
        Notice::Unknown,
        Notice::Refused(HOSTILE.to_owned()),
        Notice::EmailInUse,
        Notice::AccountExists,
        Notice::UsedForAnother,
        Notice::CodeNotUsable,
        Notice::CodeUnknown,
        Notice::LinkExpired,
    ]
}

/// A page, read by nobody yet.
#[derive(PartialEq, Eq)]
struct Drawn {
    language: Language,
    name: String,
    html: String,
}

impl Drawn {
    /// For messages of tests.
    fn place(&self) -> String {
        format!("{}, {}", self.name, self.language.tag())
    }
}

/// Every page there is, in every language.
fn every_page() -> &'static [Drawn] {
    static PAGES: LazyLock<Vec<Drawn>> =
        LazyLock::new(|| Language::ALL.iter().flat_map(|language| pages_in(*language)).collect());
    &PAGES
}

fn pages_in(language: Language) -> Vec<Drawn> {
    let mut pages = Vec::new();
    for flow in FLOWS {
        pages.push((format!("{} fresh", flow.slug), form_in(language, flow, &[], |_| ())));
        let filled = form_in(language, flow, flow.sample, |parts| parts.occasion = Occasion::Post);
        pages.push((format!("{} filled", flow.slug), filled));
        let errors = all_errors(flow);
        pages.push((
            format!("{} errors", flow.slug),
            form_in(language, flow, flow.sample, |parts| (parts.errors, parts.occasion) = (errors, Occasion::Post)),
        ));
        for (index, notice) in notices().into_iter().enumerate() {
            let html = form_in(language, flow, flow.sample, |parts| {
                if !matches!(notice, Notice::CodeNotUsable | Notice::CodeUnknown | Notice::LinkExpired) {
                    parts.occasion = Occasion::Post;
                }
                parts.notice = Some(notice);
            });
            pages.push((format!("{} notice {index}", flow.slug), html));
        }
    }
    let brand = brand("Acme");
    with_frame(language, &brand, |frame| {
        let plans: Vec<_> = FLOWS.iter().map(|flow| offer(flow, format!("/signup/{}?a=1&b=2", flow.slug))).collect();
        for count in 0..=plans.len() {
            pages.push((format!("{count} plans"), PlansPage { frame, plans: &plans[..count] }.render()));
        }
        for status in [400, 403, 404, 405, 408, 413, 415, 418, 421, 429, 500, 502, 503, 504] {
            pages.push((
                format!("status {status}"),
                ErrorPage { frame, status, wait: (status == 429).then_some(90) }.render(),
            ));
        }
        for (index, progress) in [
            Progress::Unknown,
            Progress::Created { trial: false },
            Progress::Created { trial: true },
            Progress::Active,
            Progress::Trial { until: None },
            Progress::Trial { until: Some("6 December 2026") },
            Progress::PaymentPending,
            Progress::Suspended,
            Progress::Deleted,
        ]
        .into_iter()
        .enumerate()
        {
            let page = StatusPage { frame, progress, studio: "https://studio.example", refresh_after: Some(5) };
            pages.push((format!("progress {index}"), page.render()));
        }
        pages.push((
            "already active".to_owned(),
            AlreadyActivePage { frame, studio: "https://studio.example" }.render(),
        ));
    });
    pages.into_iter().map(|(name, html)| Drawn { language, name, html }).collect()
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn title(page: &Html) -> String {
    select(page, "title")[0].text().collect()
}

#[test]
fn every_reference_within_a_page_leads_somewhere_and_no_id_stands_twice() {
    for drawn in every_page() {
        let (name, page) = (drawn.place(), Html::parse_document(&drawn.html));
        let mut ids = HashSet::new();
        for element in select(&page, "[id]") {
            assert!(ids.insert(element.attr("id").unwrap()), "{name}: {} twice", element.attr("id").unwrap());
        }
        for attribute in ["aria-describedby", "aria-labelledby", "aria-controls", "for", "list"] {
            for element in select(&page, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap().split(' ') {
                    assert!(ids.contains(id), "{name}: {attribute}={id}");
                }
            }
        }
        for link in select(&page, "a[href^='#']") {
            let id = link.attr("href").unwrap().trim_start_matches('#');
            assert!(ids.contains(id), "{name}: #{id}");
        }
    }
}

#[test]
fn every_page_has_one_heading_a_title_a_language_and_no_unfinished_words() {
    for drawn in every_page() {
        let (name, page) = (drawn.place(), Html::parse_document(&drawn.html));
        assert_eq!(select(&page, "h1").len(), 1, "{name}");
        assert!(title(&page).ends_with(" – Acme"), "{name}: {}", title(&page));
        let root = select(&page, "html")[0];
        assert_eq!(root.attr("lang"), Some(drawn.language.tag()), "{name}");
        assert_eq!(root.attr("dir"), Some(drawn.language.direction().as_str()), "{name}");
        let text: String = page.root_element().text().collect();
        for sign in ["{ $", "flow-", "field-", "notice-", "error-page", "status-", "suggestion-"] {
            assert!(!text.contains(sign), "{name}: {sign}");
        }
    }
}

#[test]
fn every_script_and_style_carries_the_nonce_and_nothing_is_inline() {
    for drawn in every_page() {
        let (name, page) = (drawn.place(), Html::parse_document(&drawn.html));
        for element in select(&page, "script, style") {
            assert_eq!(element.attr("nonce"), Some("bm9uY2U"), "{name}");
        }
        assert!(select(&page, "script:not([src])").is_empty(), "{name}");
        for element in select(&page, "*") {
            let inline = element.value().attrs().any(|(name, _)| name == "style" || name.starts_with("on"));
            assert!(!inline, "{name}: {}", element.value().name());
        }
    }
}

#[test]
fn a_hostile_brand_and_address_stay_text() {
    let brand = brand(HOSTILE);
    with_frame(Language::English, &brand, |frame| {
        let here = Here::read(HOSTILE);
        let frame = Frame { here: &here, request_id: HOSTILE, ..frame };
        let plans: Vec<_> = FLOWS.iter().map(|flow| offer(flow, HOSTILE.to_owned())).collect();
        for html in [PlansPage { frame, plans: &plans }.render(), ErrorPage { frame, status: 500, wait: None }.render()]
        {
            assert!(!html.contains("<script>"));
        }
    });
}

#[test]
fn a_failure_names_its_reference_and_the_quiet_pages_are_not_indexed() {
    for drawn in every_page() {
        let (name, page) = (drawn.place(), Html::parse_document(&drawn.html));
        let is_quiet = ["status", "progress", "already"].iter().any(|prefix| drawn.name.starts_with(prefix));
        assert_eq!(select(&page, "meta[name=robots][content=noindex]").len(), usize::from(is_quiet), "{name}");
        if drawn.name.starts_with("status ") {
            let reference = CATALOGUE.words(drawn.language).text("error-page-reference");
            assert!(
                drawn.html.contains(reference) && drawn.html.contains("0193e7a2-7c1e-7c3e-9d4f-0a1b2c3d4e5f"),
                "{name}"
            );
        }
    }
}

#[test]
fn what_a_page_is_about_is_told_where_a_link_to_it_is_worth_something() {
    for drawn in every_page() {
        let (name, page) = (drawn.place(), Html::parse_document(&drawn.html));
        let answers_a_post = drawn.html.contains(LANGUAGE_SWITCH);
        let is_linked = !select(&page, ".plans, form").is_empty() && !answers_a_post;
        let content =
            |selector: &str| select(&page, selector).first().and_then(|meta| meta.attr("content")).map(str::to_owned);
        let words = |selector: &str| select(&page, selector).first().map(|element| element.text().collect::<String>());
        for (meta, shown) in [
            ("meta[name=description]", words("main .lead")),
            ("meta[property='og:description']", words("main .lead")),
            ("meta[property='og:title']", words("h1")),
            ("meta[property='og:site_name']", Some("Acme".to_owned())),
        ] {
            assert_eq!(content(meta), shown.filter(|_| is_linked), "{name}: {meta}");
        }
        assert_eq!(content("meta[name=theme-color]").as_deref(), Some("#0b5fff"), "{name}");
    }
}

#[test]
fn a_suspended_account_is_sent_to_support_only_where_there_is_some() {
    let with_support = brand("Acme");
    let alone = Brand { support_url: None, ..brand("Acme") };
    for language in Language::ALL {
        for (brand, key, href) in [
            (&with_support, "status-suspended-text", "https://acme.example/help"),
            (&alone, "status-suspended-text-alone", "https://studio.example"),
        ] {
            let html = with_frame(*language, brand, |frame| {
                let (progress, studio) = (Progress::Suspended, "https://studio.example");
                StatusPage { frame, progress, studio, refresh_after: None }.render()
            });
            let page = Html::parse_document(&html);
            let lead: String = select(&page, "main .lead")[0].text().collect();
            assert_eq!(lead, CATALOGUE.words(*language).text(key), "{}", language.tag());
            assert_eq!(select(&page, "main .go a")[0].attr("href"), Some(href), "{}", language.tag());
        }
    }
}

#[test]
fn a_status_that_waits_refreshes_without_a_script_too() {
    let brand = brand("Acme");
    with_frame(Language::English, &brand, |frame| {
        let page = |refresh_after| {
            StatusPage {
                frame,
                progress: Progress::Created { trial: false },
                studio: "https://studio.example",
                refresh_after,
            }
            .render()
        };
        let refresh = r#"<noscript><meta http-equiv="refresh" content="7"></noscript>"#;
        assert!(page(Some(7)).contains(refresh) && page(Some(7)).contains(r#"data-refresh="7""#));
        assert!(!page(None).contains("refresh"));
    });
}

#[test]
fn rendering_the_same_page_twice_gives_the_same_bytes() {
    for language in Language::ALL {
        assert!(pages_in(*language) == pages_in(*language), "{}", language.tag());
    }
}

//! A field as the form's template sees it: finished words and attributes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::{EMAIL_ANYWAY, FormPage, had_password};
use crate::domain::country::{self, COUNTRIES};
use crate::domain::email_policy::DomainRefusal;
use crate::domain::language::{Direction, Language};
use crate::signup::field::Choice;
use crate::signup::{Field, Kind, Problem};
use crate::web::words::ConsentPart;

/// One field, ready to be drawn by the one field macro.
pub(super) struct FieldView<'a> {
    pub(super) name: &'static str,
    pub(super) label: Cow<'a, str>,
    pub(super) hint: Option<Cow<'a, str>>,
    pub(super) is_optional: bool,
    pub(super) error: Option<&'a str>,
    /// The ids of hint and error, for `aria-describedby`.
    pub(super) described_by: Option<String>,
    pub(super) autocomplete: &'static str,
    pub(super) control: Control<'a>,
    /// Other ways out of an error, and what stands before them.
    pub(super) ways_out: Vec<WayOut<'a>>,
    pub(super) ways_lead: Option<Cow<'a, str>>,
}

/// How a field is typed in.
pub(super) enum Control<'a> {
    /// One line.
    Line { value: &'a str, dir: Option<&'static str>, attributes: &'static str, suggestions: Vec<Cow<'a, str>> },
    /// A username, and what the hint leaves unsaid of its form.
    Username { value: &'a str, rule: Cow<'a, str> },
    /// An e-mail address, the question that offers a correction with `|` in its place, and the box that insists on it.
    Email { value: &'a str, suggest: String, insist: Option<Insist> },
    /// A new password; its value is nowhere in a page.
    Password { min: usize },
    /// A box to tick.
    Consent { is_ticked: bool, parts: Vec<ConsentPart> },
    /// One of a few.
    Choices(Vec<ChoiceView<'a>>),
    /// A select; the options are HTML.
    Country { options: String },
    /// One line, with suggestions for the chosen country.
    Region { value: &'a str, dir: Option<&'static str> },
}

/// The box that insists on a doubtful address.
pub(super) struct Insist {
    pub(super) name: &'static str,
    pub(super) is_ticked: bool,
}

/// One radio button.
pub(super) struct ChoiceView<'a> {
    /// The first one has the field's own name, so that the error summary leads to it.
    pub(super) id: String,
    pub(super) value: &'static str,
    pub(super) label: Cow<'a, str>,
    pub(super) is_chosen: bool,
}

/// A link beside an error.
pub(super) struct WayOut<'a> {
    pub(super) label: Cow<'a, str>,
    pub(super) href: &'a str,
    pub(super) is_plan: bool,
}

impl<'a> FieldView<'a> {
    pub(super) fn new(page: &FormPage<'a>, field: &'static Field) -> Self {
        let error = page.errors.iter().find(|error| error.field == field.name).map(|error| error.text.as_str());
        let hint = hint(page, field);
        let hint_id = hint.is_some().then(|| format!("{}-hint", field.name));
        let error_id = error.is_some().then(|| format!("{}-error", field.name));
        let ids: Vec<_> = hint_id.into_iter().chain(error_id).collect();
        let ways_out = ways_out(page, field, error);
        let leads_to_a_plan = ways_out.iter().any(|way| way.is_plan);
        Self {
            name: field.name,
            label: page.frame.t(&format!("field-{}-label", field.name)),
            hint,
            is_optional: !field.required,
            error,
            described_by: (!ids.is_empty()).then(|| ids.join(" ")),
            autocomplete: field.autocomplete,
            control: Control::new(page, field),
            ways_out,
            ways_lead: leads_to_a_plan.then(|| page.frame.t("email-other-plan")),
        }
    }
}

impl<'a> Control<'a> {
    fn new(page: &FormPage<'a>, field: &'static Field) -> Self {
        let value = page.form.shown(field.name);
        let dir = written_in_any_script(page, value);
        let line = |attributes, suggestions| Self::Line { value, dir, attributes, suggestions };
        match field.kind {
            Kind::Text if field.autocomplete == "name" => {
                line(r#" spellcheck="false" autocapitalize="words""#, Vec::new())
            }
            Kind::Text => line("", Vec::new()),
            Kind::Suggest(suggestions) => line("", suggestions.iter().map(|each| suggestion(page, each)).collect()),
            Kind::Username => Self::Username { value, rule: page.frame.t("error-username-separator") },
            Kind::Email => Self::Email {
                value,
                suggest: page.frame.words.with("email-suggestion", &[("address", "|".into())]),
                insist: page
                    .offers_email_anyway
                    .then(|| Insist { name: EMAIL_ANYWAY, is_ticked: page.form.is_ticked(EMAIL_ANYWAY) }),
            },
            Kind::Password => Self::Password { min: page.password_min_length },
            Kind::Consent => Self::Consent {
                is_ticked: page.form.is_ticked(field.name),
                parts: page.frame.words.consent(page.frame.brand).parts,
            },
            Kind::Choice(choices) => Self::Choices(choice_views(page, field.name, choices, value)),
            Kind::Country => Self::Country { options: country_options(value, page.frame.words.language()) },
            Kind::Region => Self::Region { value, dir },
        }
    }
}

fn choice_views<'a>(page: &FormPage<'a>, name: &str, choices: &[Choice], chosen: &str) -> Vec<ChoiceView<'a>> {
    let view = |(index, choice): (usize, &Choice)| ChoiceView {
        id: if index == 0 { name.to_owned() } else { format!("{name}-{}", index + 1) },
        value: choice.value,
        label: page.frame.t(choice.words),
        is_chosen: choice.value == chosen,
    };
    choices.iter().enumerate().map(view).collect()
}

fn hint<'a>(page: &FormPage<'a>, field: &Field) -> Option<Cow<'a, str>> {
    let words = page.frame.words;
    match field.kind {
        Kind::Password => {
            let key = if had_password(page.form) { "field-password-hint-again" } else { "field-password-hint" };
            Some(words.with(key, &[("min", page.password_min_length.into())]).into())
        }
        Kind::Email if page.business_email => Some(page.frame.t("field-email-hint-business")),
        _ => words.find(&format!("field-{}-hint", field.name)).map(Cow::Borrowed),
    }
}

/// Where to go with an address whose domain is not welcome: another plan, or support.
fn ways_out<'a>(page: &FormPage<'a>, field: &'static Field, error: Option<&str>) -> Vec<WayOut<'a>> {
    let Some(error) = error.filter(|_| matches!(field.kind, Kind::Email)) else { return Vec::new() };
    let says = |refusal| page.frame.words.problem(field, Problem::EmailDomain(refusal)) == error;
    let mut ways = Vec::new();
    if says(DomainRefusal::Free) {
        let others = page.others.iter().filter(|other| !other.business_email);
        ways.extend(others.map(|other| WayOut {
            label: page.frame.t(&format!("flow-{}-title", other.flow.slug)),
            href: &other.href,
            is_plan: true,
        }));
    }
    if let Some(support) = &page.frame.brand.support_url
        && (!ways.is_empty() || says(DomainRefusal::Disposable) || says(DomainRefusal::Blocked))
    {
        ways.push(WayOut { label: page.frame.t("email-support"), href: support, is_plan: false });
    }
    ways
}

/// The `dir` of a line that may hold any script: its text decides. An empty line is left to the page: browsers take `auto`
/// for left to right there, and the cursor of an Arabic form would blink on the wrong side.
fn written_in_any_script(page: &FormPage<'_>, value: &str) -> Option<&'static str> {
    let is_rtl = page.frame.words.language().direction() == Direction::Rtl;
    (!is_rtl || !value.is_empty()).then_some("auto")
}

/// A suggestion in the visitor's language, where it has words: `suggestion-asset-tracking` for `Asset tracking`.
fn suggestion<'a>(page: &FormPage<'a>, suggestion: &'static str) -> Cow<'a, str> {
    let key = format!("suggestion-{}", suggestion.to_lowercase().replace(' ', "-"));
    Cow::Borrowed(page.frame.words.find(&key).unwrap_or(suggestion))
}

/// Every country as an option, in every language.
static COUNTRY_OPTIONS: LazyLock<Vec<(Language, String)>> =
    LazyLock::new(|| Language::ALL.iter().map(|language| (*language, every_country(*language))).collect());

/// The end tags are left out, as HTML allows: they would be a tenth of the page.
fn every_country(language: Language) -> String {
    let mut options = String::with_capacity(12 * 1024);
    for country in country::in_language(language) {
        let name = askama::filters::escape(country.name, askama::filters::Html).map(|name| name.to_string());
        // Writing to a string cannot fail.
        let _infallible = write!(options, "<option value={}>{}", country.code, name.unwrap_or_default());
    }
    options
}

/// The options after the empty one; text that is no country of the list stays as an option of its own.
fn country_options(value: &str, language: Language) -> String {
    let options = COUNTRY_OPTIONS.iter().find(|(of, _)| *of == language).map_or("", |(_, options)| options.as_str());
    let value = value.trim();
    if value.is_empty() {
        return options.to_owned();
    }
    let is_meant = |code: &str, name: &str| code.eq_ignore_ascii_case(value) || name == value;
    if let Some(country) = COUNTRIES.iter().find(|country| is_meant(country.code, country.name)) {
        let option = format!("value={}>", country.code);
        return options.replacen(&option, &format!("value={} selected>", country.code), 1);
    }
    let text = askama::filters::escape(value, askama::filters::Html).map(|text| text.to_string()).unwrap_or_default();
    format!("<option value=\"{text}\" selected>{text}{options}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_selected_by_code_in_any_case_and_by_name() {
        for value in ["DE", "de", "Germany", " DE "] {
            for (language, name) in [(Language::English, "Germany"), (Language::Japanese, "ドイツ")] {
                let options = country_options(value, language);
                assert!(options.contains(&format!("<option value=DE selected>{name}")), "{value}");
                assert_eq!(options.matches(" selected").count(), 1, "{value}");
            }
        }
        assert!(!country_options("", Language::English).contains(" selected"));
    }

    #[test]
    fn a_text_that_is_no_country_stays_selected_and_escaped() {
        for language in Language::ALL {
            let options = country_options("Free\"><b>donia", *language);
            assert!(
                options.starts_with("<option value=\"Free&#34;&#62;&#60;b&#62;donia\" selected>Free&#34;"),
                "{options}"
            );
        }
    }
}

//! The words of every page, in every language: Fluent catalogues, resolved at start.
//!
//! A message without arguments is formatted once and looked up in a map. The others are formatted when they are asked for.
//!
//! A flow that brings no words in a language is shown in English there: its own messages alone, never those that belong to
//! no flow. That is for a flow which has only just begun. The tests hold every flow of the product to all languages.

use std::collections::HashMap;
use std::sync::OnceLock;

pub use fluent_bundle::FluentValue;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::resolver::errors::{ReferenceKind, ResolverError};
use fluent_bundle::{FluentArgs, FluentError, FluentResource};
use sha2::{Digest as _, Sha256};
use unic_langid::LanguageIdentifier;

use crate::domain::language::{Direction, Language};
use crate::domain::tenant::Brand;
use crate::seal::hex;
use crate::signup::{Field, Flow, Kind, Problem};

/// The words that belong to no flow.
const COMMON: &[(Language, &str)] = &[
    (Language::English, include_str!("../../templates/words/en/main.ftl")),
    (Language::German, include_str!("../../templates/words/de/main.ftl")),
    (Language::French, include_str!("../../templates/words/fr/main.ftl")),
    (Language::Spanish, include_str!("../../templates/words/es/main.ftl")),
    (Language::Japanese, include_str!("../../templates/words/ja/main.ftl")),
    (Language::Arabic, include_str!("../../templates/words/ar/main.ftl")),
];

/// What a flow's own words must hold, after `flow-{slug}-`.
pub const FLOW_KEYS: &[&str] = &[
    "title", "heading", "summary", "for", "why", "point-1", "point-2", "point-3", "next", "choose", "submit", "sending",
];

/// Every code of [`Problem::code`]: each has words for any field.
pub const PROBLEM_CODES: &[&str] = &[
    "missing",
    "unreadable",
    "control",
    "too-long",
    "too-short",
    "not-a-choice",
    "character",
    "separator",
    "at",
    "local",
    "domain",
    "disposable",
    "free",
    "blocked",
    "common",
    "weak",
];

/// The words of every language.
pub struct Catalogue {
    english: Words,
    others: Vec<Words>,
}

/// The words of one language.
pub struct Words {
    language: Language,
    plain: HashMap<String, String>,
    bundle: FluentBundle<FluentResource>,
}

/// Stands for the brand's name until the consent's links are found: a character no message holds.
const NAME: &str = "\u{fffc}";

/// Why a catalogue cannot be used. It is compiled in, so this is a mistake in a `.ftl` file and seen at start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Fluent cannot read a file.
    #[error("the {language} catalogue has a syntax error near `{near}`")]
    Syntax {
        /// The language's tag.
        language: &'static str,
        /// The line before which reading stopped.
        near: String,
    },
    /// A message stands twice, in one file or in two.
    #[error("the {language} catalogue has a message twice: {key}")]
    Twice {
        /// The language's tag.
        language: &'static str,
        /// Fluent's words for it.
        key: String,
    },
    /// A message refers to something that is not there.
    #[error("the {language} catalogue has a message that cannot be formatted: {key}")]
    Broken {
        /// The language's tag.
        language: &'static str,
        /// The message.
        key: String,
    },
    /// Words that a page needs are not there.
    #[error("the {language} catalogue lacks {key}")]
    Missing {
        /// The language's tag.
        language: &'static str,
        /// The message.
        key: String,
    },
}

/// What a visitor agrees to, exactly as shown.
pub struct Consent {
    /// The pieces in order, some of them links.
    pub parts: Vec<ConsentPart>,
    /// The same as plain text.
    pub text: String,
    /// The date of this wording.
    pub version: String,
    /// The SHA-256 of `text` as UTF-8, in hexadecimal.
    pub sha256: String,
}

/// A piece of the consent's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentPart {
    /// The words.
    pub text: String,
    /// Where they lead, if they are a link.
    pub href: Option<String>,
}

/// What the visitors of one brand agree to, put together once for each language.
pub struct Consents(Vec<(Language, OnceLock<Consent>)>);

impl Default for Consents {
    fn default() -> Self {
        Self(Language::ALL.iter().map(|language| (*language, OnceLock::new())).collect())
    }
}

impl Consents {
    /// What was shown in the language of these words, to visitors of the one brand that is ever asked for here.
    #[must_use]
    pub fn of(&self, words: &Words, brand: &Brand) -> Option<&Consent> {
        let (_, consent) = self.0.iter().find(|(language, _)| *language == words.language)?;
        Some(consent.get_or_init(|| words.consent(brand)))
    }
}

impl Catalogue {
    /// Reads the words of every language, common ones and those of the flows.
    ///
    /// # Errors
    /// [`CatalogueError`]: a mistake in a `.ftl` file, or words that a flow needs are missing.
    pub fn build(flows: &'static [&'static Flow]) -> Result<Self, CatalogueError> {
        let english = Words::build(Language::English, flows)?;
        let mut others = Vec::new();
        for language in Language::ALL.iter().copied().filter(|language| *language != Language::English) {
            others.push(Words::build(language, flows)?);
        }
        Ok(Self { english, others })
    }

    /// The words of a language.
    #[must_use]
    pub fn words(&self, language: Language) -> &Words {
        self.others.iter().find(|words| words.language == language).unwrap_or(&self.english)
    }
}

impl Words {
    fn build(language: Language, flows: &'static [&'static Flow]) -> Result<Self, CatalogueError> {
        let tag = language.tag();
        let locale: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Invisible marks around arguments keep a Latin name or address whole in a line from right to left. Elsewhere they
        // would do nothing but stand in attributes, in the title and in the consent's hash.
        bundle.set_use_isolating(language.direction() == Direction::Rtl);
        let sources = sources(language, flows);
        for source in &sources {
            let resource = FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| {
                let at = errors.first().map_or(0, |error| error.pos.start);
                let near = source.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default().to_owned();
                CatalogueError::Syntax { language: tag, near }
            })?;
            bundle.add_resource(resource).map_err(|errors| CatalogueError::Twice {
                language: tag,
                key: errors.first().map(ToString::to_string).unwrap_or_default(),
            })?;
        }
        let mut words = Self { language, plain: HashMap::new(), bundle };
        for key in sources.iter().flat_map(|source| message_keys(source)) {
            words.resolve(key)?;
        }
        words.check(flows)?;
        Ok(words)
    }

    /// Formats a message without arguments once and for all; one that asks for arguments stays in the bundle.
    fn resolve(&mut self, key: &str) -> Result<(), CatalogueError> {
        let broken = || CatalogueError::Broken { language: self.language.tag(), key: key.to_owned() };
        let pattern = self.bundle.get_message(key).and_then(|message| message.value()).ok_or_else(broken)?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, None, &mut errors).into_owned();
        let wants_arguments = |error: &FluentError| {
            matches!(error, FluentError::ResolverError(ResolverError::Reference(ReferenceKind::Variable { .. })))
        };
        if errors.is_empty() {
            self.plain.insert(key.to_owned(), text);
        } else if !errors.iter().all(wants_arguments) {
            return Err(broken());
        }
        Ok(())
    }

    /// Whether everything that follows from the table of flows has words.
    fn check(&self, flows: &'static [&'static Flow]) -> Result<(), CatalogueError> {
        let of_flows = flows.iter().flat_map(|flow| FLOW_KEYS.iter().map(|key| format!("flow-{}-{key}", flow.slug)));
        let fields = || flows.iter().flat_map(|flow| flow.fields);
        let of_fields = fields().map(|field| format!("field-{}-label", field.name));
        let of_choices = fields().flat_map(|field| match field.kind {
            Kind::Choice(choices) => choices.iter().map(|choice| choice.words.to_owned()).collect(),
            _ => Vec::new(),
        });
        let of_problems = PROBLEM_CODES.iter().map(|code| format!("error-{code}"));
        match of_flows.chain(of_fields).chain(of_choices).chain(of_problems).find(|key| !self.has(key)) {
            Some(key) => Err(CatalogueError::Missing { language: self.language.tag(), key }),
            None => Ok(()),
        }
    }

    /// The language of these words.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether there are words under a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.plain.contains_key(key) || self.bundle.has_message(key)
    }

    /// The words of a message without arguments, if it is there.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// The words of a message without arguments; a missing one is logged, and shown as its key.
    #[must_use]
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or_else(|| {
            tracing::error!(key, language = self.language.tag(), "a page asks for words that are not there");
            key
        })
    }

    /// The words of a message with arguments; a missing message is logged, and shown as its key.
    #[must_use]
    pub fn with(&self, key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return self.text(key).to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, language = self.language.tag(), "a message lacks an argument");
        }
        text
    }

    /// What is wrong with a field: words of its own, else those for any field.
    #[must_use]
    pub fn problem(&self, field: &Field, problem: Problem) -> String {
        let own = format!("error-{}-{}", field.name, problem.code());
        let key = if self.has(&own) {
            own
        } else if matches!(field.kind, Kind::Consent) {
            // Whatever arrived, the box is not ticked.
            format!("error-{}-missing", field.name)
        } else {
            format!("error-{}", problem.code())
        };
        let label = format!("field-{}-label", field.name);
        let label = self.find(&label).unwrap_or(field.name);
        let limit = problem.limit().unwrap_or_default();
        self.with(&key, &[("label", label.into()), ("max", limit.into()), ("min", limit.into())])
    }

    /// A wait in words, such as "in 45 seconds" or "in 2 minutes"; rounded up, so that it is never too early.
    #[must_use]
    pub fn wait(&self, seconds: u64) -> String {
        let (key, count) = match seconds {
            0..=90 => ("wait-seconds", seconds.max(1)),
            91..=5_400 => ("wait-minutes", seconds.div_ceil(60)),
            _ => ("wait-hours", seconds.div_ceil(3_600)),
        };
        self.with(key, &[("count", count.into())])
    }

    /// What a visitor of this brand agrees to.
    #[must_use]
    pub fn consent(&self, brand: &Brand) -> Consent {
        // The name comes in last: a `<` in it is a `<`.
        let marked = self.with("consent-text", &[("brand", NAME.into())]);
        let mut parts = consent_parts(&marked, brand);
        for part in &mut parts {
            part.text = part.text.replace(NAME, &brand.name);
        }
        let text: String = parts.iter().map(|part| part.text.as_str()).collect();
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        Consent { parts, text, version: self.text("consent-version").to_owned(), sha256 }
    }
}

/// The catalogues of a language: the common one, and of each flow its own, else its English one.
fn sources(language: Language, flows: &'static [&'static Flow]) -> Vec<&'static str> {
    let find = |catalogues: &'static [(Language, &'static str)], wanted| {
        catalogues.iter().find(|(of, _)| *of == wanted).map(|(_, source)| *source)
    };
    let of_flow = |flow: &&'static Flow| find(flow.words, language).or_else(|| find(flow.words, Language::English));
    find(COMMON, language).into_iter().chain(flows.iter().filter_map(of_flow)).collect()
}

/// The keys of a source: in Fluent's syntax a message begins in the first column, and nothing else does with a letter.
fn message_keys(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim_end()))
}

/// Cuts `… <terms>terms</terms> and <privacy>policy</privacy> …` into its pieces.
fn consent_parts(marked: &str, brand: &Brand) -> Vec<ConsentPart> {
    let links = [("<terms>", "</terms>", &brand.terms_url), ("<privacy>", "</privacy>", &brand.privacy_url)];
    let mut parts: Vec<ConsentPart> = Vec::new();
    let mut push = |text: &str, href: Option<String>| {
        if !text.is_empty() {
            parts.push(ConsentPart { text: text.to_owned(), href });
        }
    };
    let mut rest = marked;
    loop {
        let next = links
            .iter()
            .filter_map(|(open, close, href)| {
                let (before, after) = rest.split_once(open)?;
                let (inside, after) = after.split_once(close)?;
                Some((before, inside, after, *href))
            })
            .min_by_key(|(before, ..)| before.len());
        let Some((before, inside, after, href)) = next else { break };
        push(before, None);
        push(inside, href.clone());
        rest = after;
    }
    push(rest, None);
    parts
}

/// The texts of every English message, arguments left out: what no page in another language may hold.
#[cfg(test)]
pub(super) fn english_texts(flows: &'static [&'static Flow]) -> Vec<&'static str> {
    languages_tests::texts(&sources(Language::English, flows))
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "words_languages_tests.rs"]
mod languages_tests;

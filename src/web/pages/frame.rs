//! What every page shows around its content.

use std::borrow::Cow;

use super::Frame;
use crate::domain::language::Language;

/// A link of the language switch.
pub(super) struct LanguageLink {
    pub(super) tag: &'static str,
    /// The language's name for itself.
    pub(super) name: &'static str,
    pub(super) href: String,
    pub(super) is_current: bool,
}

impl<'a> Frame<'a> {
    /// The words of a key; `{ $brand }` in them is the brand's name.
    pub(super) fn t(&self, key: &str) -> Cow<'a, str> {
        match self.words.find(key) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.words.with(key, &[("brand", self.brand.name.as_str().into())])),
        }
    }

    pub(super) fn lang(&self) -> &'static str {
        self.words.language().tag()
    }

    pub(super) fn dir(&self) -> &'static str {
        self.words.language().direction().as_str()
    }

    /// The plans, with the query string of this page.
    pub(super) fn home(&self) -> String {
        match self.here.split_once('?') {
            Some((_, query)) => format!("/?{query}"),
            None => "/".to_owned(),
        }
    }

    /// This page in each language; empty while there is one language only.
    pub(super) fn languages(&self) -> Vec<LanguageLink> {
        if Language::ALL.len() < 2 {
            return Vec::new();
        }
        let link = |language: &Language| LanguageLink {
            tag: language.tag(),
            name: own_name(*language),
            href: in_language(self.here, *language),
            is_current: *language == self.words.language(),
        };
        Language::ALL.iter().map(link).collect()
    }
}

/// The language's name for itself.
fn own_name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
    }
}

/// The same path and query with another `lang`; every other parameter stays as it is written.
fn in_language(here: &str, language: Language) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let is_other = |pair: &&str| !pair.is_empty() && *pair != "lang" && !pair.starts_with("lang=");
    let mut href = format!("{path}?");
    for pair in query.split('&').filter(is_other) {
        href.push_str(pair);
        href.push('&');
    }
    href.push_str("lang=");
    href.push_str(language.tag());
    href
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_switch_keeps_every_other_parameter_as_it_is_written() {
        for (here, expected) in [
            ("/", "/?lang=en"),
            ("/signup/pro?utm_source=a%20b&email=x%2By", "/signup/pro?utm_source=a%20b&email=x%2By&lang=en"),
            ("/?lang=de&a=1&lang=fr&language=x", "/?a=1&language=x&lang=en"),
            ("/?lang&&a", "/?a&lang=en"),
        ] {
            assert_eq!(in_language(here, Language::English), expected, "{here}");
        }
    }
}

//! What every page shows around its content.

use std::borrow::Cow;

use super::Frame;
use crate::domain::language::Language;
use crate::web::context::LANGUAGE_PARAMETER;

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

    /// This page in each language.
    pub(super) fn languages(&self) -> Vec<LanguageLink> {
        let link = |language: &Language| LanguageLink {
            tag: language.tag(),
            name: language.own_name(),
            href: in_language(self.here, *language),
            is_current: *language == self.words.language(),
        };
        Language::ALL.iter().map(link).collect()
    }
}

/// This page with another `lang`; every other parameter stays as it is written.
///
/// A query alone, without a path: it is shorter, and a path such as `//elsewhere.example` would be another site's address.
fn in_language(here: &str, language: Language) -> String {
    let query = here.split_once('?').map_or("", |(_, query)| query);
    let is_lang =
        |pair: &str| form_urlencoded::parse(pair.as_bytes()).next().is_none_or(|(name, _)| name == LANGUAGE_PARAMETER);
    let mut href = "?".to_owned();
    for pair in query.split('&').filter(|pair| !is_lang(pair)) {
        href.push_str(pair);
        href.push('&');
    }
    href.push_str(LANGUAGE_PARAMETER);
    href.push('=');
    href.push_str(language.tag());
    href
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_switch_keeps_every_other_parameter_as_it_is_written() {
        for (here, expected) in [
            ("/", "?lang=de"),
            ("/signup/pro?utm_source=a%20b&email=x%2By", "?utm_source=a%20b&email=x%2By&lang=de"),
            ("/?lang=de&a=1&lang=fr&language=x", "?a=1&language=x&lang=de"),
            ("/?lang&&a", "?a&lang=de"),
            ("/?l%61ng=fr&a=%FF", "?a=%FF&lang=de"),
        ] {
            assert_eq!(in_language(here, Language::German), expected, "{here}");
        }
    }

    #[test]
    fn the_language_switch_stays_on_this_site() {
        for here in ["//elsewhere.example/x", "//elsewhere.example?a=1", "/\\elsewhere.example"] {
            assert!(in_language(here, Language::German).starts_with('?'), "{here}");
        }
    }
}

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
        self.here.link("/")
    }

    /// This page in each language.
    pub(super) fn languages(&self) -> Vec<LanguageLink> {
        let link = |language: &Language| LanguageLink {
            tag: language.tag(),
            name: language.own_name(),
            href: self.here.in_language(*language),
            is_current: *language == self.words.language(),
        };
        Language::ALL.iter().map(link).collect()
    }
}

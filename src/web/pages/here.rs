//! Where a page is, and the links that lead on from it with the same query string.

use std::fmt;

use crate::domain::language::Language;
use crate::web::context::LANGUAGE_PARAMETER;
use crate::web::link_secrets;

/// Path and query string of a request, as they were written, but for secrets: whatever page is drawn before they are
/// sealed, or instead of it, leads nowhere with them (contract 7).
#[derive(Clone)]
pub struct Here {
    path: String,
    query: String,
    /// The query without `lang`.
    other_query: String,
}

impl Here {
    /// Takes an origin-form target apart.
    #[must_use]
    pub fn read(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_secret = |pair: &str| is_named(pair, link_secrets::NAMES.as_slice());
        // Hardly any link has a secret in the open, and the others stay as they are to the byte.
        let query = if query.split('&').any(is_secret) { without(query, is_secret) } else { query.to_owned() };
        let other_query = without(&query, |pair| is_named(pair, &[LANGUAGE_PARAMETER]));
        Self { path: path.to_owned(), query, other_query }
    }

    /// A place with marks for queries: of a page that is drawn before its visitor is known.
    pub(super) fn with_queries(path: &str, query: &str, other_query: &str) -> Self {
        Self { path: path.to_owned(), query: query.to_owned(), other_query: other_query.to_owned() }
    }

    /// The query string; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The query string without the parameter that picks the language.
    #[must_use]
    pub fn other_query(&self) -> &str {
        &self.other_query
    }

    /// Another page with the query string of this one.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query) }
    }

    /// This page with another `lang`; every other parameter stays as it is written.
    ///
    /// A query alone, without a path: it is shorter, and a path such as `//elsewhere.example` would be another site's
    /// address.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let (others, tag) = (&self.other_query, language.tag());
        let separator = if others.is_empty() { "" } else { "&" };
        format!("?{others}{separator}{LANGUAGE_PARAMETER}={tag}")
    }
}

impl fmt::Display for Here {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if self.query.is_empty() { Ok(()) } else { write!(formatter, "?{}", self.query) }
    }
}

/// A query without empty pairs and those that are not wanted.
fn without(query: &str, is_unwanted: impl Fn(&str) -> bool) -> String {
    let mut others = String::with_capacity(query.len());
    for pair in query.split('&').filter(|pair| !pair.is_empty() && !is_unwanted(pair)) {
        if !others.is_empty() {
            others.push('&');
        }
        others.push_str(pair);
    }
    others
}

/// Whether a pair has one of these names.
fn is_named(pair: &str, names: &[&str]) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    // Hardly any name is encoded, so hardly any has to be decoded.
    if name.contains('%') {
        form_urlencoded::parse(name.as_bytes()).any(|(name, _)| names.contains(&&*name))
    } else {
        names.contains(&name)
    }
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
            assert_eq!(Here::read(here).in_language(Language::German), expected, "{here}");
        }
    }

    #[test]
    fn the_language_switch_stays_on_this_site() {
        for here in ["//elsewhere.example/x", "//elsewhere.example?a=1", "/\\elsewhere.example"] {
            assert!(Here::read(here).in_language(Language::German).starts_with('?'), "{here}");
        }
    }

    #[test]
    fn a_place_forgets_the_secrets_of_its_link_and_nothing_else() {
        for (target, expected) in [
            ("/?activationCode=s", "/"),
            ("/signup/pro?a=%20+b&activationCode=s&&x=%FF&sessionId=s&lang=de", "/signup/pro?a=%20+b&x=%FF&lang=de"),
            ("/?activationToken&activation%43ode=s&%73essionId=s&activationcode=kept", "/?activationcode=kept"),
            ("/?sessionId=s?b=c&ctx=c", "/?ctx=c"),
        ] {
            let here = Here::read(target);
            assert_eq!(here.to_string(), expected, "{target}");
            let path_and_query = [here.link("/"), here.in_language(Language::German), here.other_query().to_owned()];
            assert!(path_and_query.iter().all(|link| !link.contains("=s")), "{target}: {path_and_query:?}");
        }
    }

    #[test]
    fn a_place_is_written_as_it_was_read() {
        for target in ["/", "/signup/pro", "/signup/pro?a=1&lang=de", "/x?a=%FF?b", "/?&&a&"] {
            assert_eq!(Here::read(target).to_string(), target);
        }
    }
}

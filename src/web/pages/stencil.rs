//! A form drawn once for all visitors who bring nothing into it but their link.
//!
//! Most forms are shown to somebody who has typed nothing yet, and differ in a nonce, a submission id and a query string
//! alone. The template draws such a form once, with marks in their places; each visitor's form is the text between the
//! marks and what belongs to them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::Here;
use crate::domain::language::Language;
use crate::signup::Flow;

/// What differs between two visitors' forms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nonce,
    SubmissionId,
    Query,
    OtherQuery,
}

impl Gap {
    const ALL: [Self; 4] = [Self::Nonce, Self::SubmissionId, Self::Query, Self::OtherQuery];

    /// Stands for the value in what the template draws: a character that is none (Unicode 23.7), so that no words hold it.
    const fn mark(self) -> &'static str {
        match self {
            Self::Nonce => "\u{fdd0}",
            Self::SubmissionId => "\u{fdd1}",
            Self::Query => "\u{fdd2}",
            Self::OtherQuery => "\u{fdd3}",
        }
    }
}

/// What belongs to one visitor.
#[derive(Clone, Copy)]
pub struct Personal<'a> {
    /// The nonce of the answer's CSP.
    pub nonce: &'a str,
    /// The signed id of the form.
    pub submission_id: &'a str,
    /// Where the page is.
    pub here: &'a Here,
}

impl Personal<'_> {
    fn value(&self, gap: Gap) -> &str {
        match gap {
            Gap::Nonce => self.nonce,
            Gap::SubmissionId => self.submission_id,
            Gap::Query => self.here.query(),
            Gap::OtherQuery => self.here.other_query(),
        }
    }
}

/// Which queries a link has: one that is empty leaves its question mark out too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    NoQuery,
    LanguageAlone,
    Query,
}

impl Shape {
    const ALL: [Self; 3] = [Self::NoQuery, Self::LanguageAlone, Self::Query];

    fn of(here: &Here) -> Self {
        match (here.query().is_empty(), here.other_query().is_empty()) {
            (true, _) => Self::NoQuery,
            (false, true) => Self::LanguageAlone,
            (false, false) => Self::Query,
        }
    }

    fn queries(self) -> (&'static str, &'static str) {
        match self {
            Self::NoQuery => ("", ""),
            Self::LanguageAlone => (Gap::Query.mark(), ""),
            Self::Query => (Gap::Query.mark(), Gap::OtherQuery.mark()),
        }
    }
}

/// The stencils of one tenant's forms, each cut when it is first asked for.
pub struct Stencils(HashMap<(&'static str, Language, Shape), OnceLock<Stencil>>);

impl Stencils {
    /// Room for the forms of these flows, in every language.
    #[must_use]
    pub fn new(flows: &[&'static Flow]) -> Self {
        let mut cells = HashMap::new();
        for flow in flows {
            for language in Language::ALL {
                cells.extend(Shape::ALL.map(|shape| ((flow.slug, *language, shape), OnceLock::new())));
            }
        }
        Self(cells)
    }

    /// The form of a visitor. `draw` is asked once for each flow, language and shape of the query, and must draw the same
    /// for everybody but for what it is given.
    pub fn fill(
        &self,
        flow: &'static Flow,
        language: Language,
        visitor: &Personal<'_>,
        draw: impl Fn(&Personal<'_>) -> String,
    ) -> String {
        let shape = Shape::of(visitor.here);
        let Some(cell) = self.0.get(&(flow.slug, language, shape)) else { return draw(visitor) };
        let stencil = cell.get_or_init(|| {
            let (query, other_query) = shape.queries();
            // Not the visitor's path: `/signup/%70ro` is the same page.
            let here = Here::with_queries(&flow.path(), query, other_query);
            let (nonce, submission_id) = (Gap::Nonce.mark(), Gap::SubmissionId.mark());
            Stencil::cut(&draw(&Personal { nonce, submission_id, here: &here }))
        });
        stencil.fill(visitor)
    }
}

/// Finished HTML with gaps.
struct Stencil {
    /// Text, and the gap after it.
    pieces: Vec<(Box<str>, Gap)>,
    end: Box<str>,
    bytes: usize,
}

impl Stencil {
    fn cut(drawn: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = drawn;
        let next = |text: &str| {
            let found = Gap::ALL.into_iter().filter_map(|gap| Some((text.find(gap.mark())?, gap)));
            found.min_by_key(|(at, _)| *at).map(|(_, gap)| gap)
        };
        while let Some(gap) = next(rest)
            && let Some((before, after)) = rest.split_once(gap.mark())
        {
            pieces.push((before.into(), gap));
            rest = after;
        }
        Self { pieces, end: rest.into(), bytes: drawn.len() }
    }

    fn fill(&self, visitor: &Personal<'_>) -> String {
        // A gap of each kind with its longest usual value; the query is there nine times.
        let bytes = self.bytes + 512 + 10 * visitor.here.query().len();
        let mut html = String::with_capacity(bytes);
        let escaped = Gap::ALL.map(|gap| escaped(visitor.value(gap)));
        for (text, gap) in &self.pieces {
            html.push_str(text);
            if let Some(value) = escaped.get(*gap as usize) {
                html.push_str(value);
            }
        }
        html.push_str(&self.end);
        html
    }
}

/// A value as it stands in an attribute: what askama's filter makes of it, which formats it sign by sign.
fn escaped(value: &str) -> Cow<'_, str> {
    let mut escaped = String::new();
    let mut rest = value;
    while let Some((before, entity, after)) = cut_at_special(rest) {
        if escaped.is_empty() {
            escaped.reserve(value.len() + 32);
        }
        escaped.push_str(before);
        escaped.push_str(entity);
        rest = after;
    }
    if escaped.is_empty() {
        return value.into();
    }
    escaped.push_str(rest);
    escaped.into()
}

/// What stands before the first sign that HTML reads, the sign's entity, and what stands after it.
fn cut_at_special(text: &str) -> Option<(&str, &'static str, &str)> {
    let entity = |byte: u8| match byte {
        b'&' => Some("&#38;"),
        b'<' => Some("&#60;"),
        b'>' => Some("&#62;"),
        b'"' => Some("&#34;"),
        b'\'' => Some("&#39;"),
        _ => None,
    };
    let (at, entity) = text.bytes().enumerate().find_map(|(at, byte)| Some((at, entity(byte)?)))?;
    Some((text.get(..at)?, entity, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use askama::filters::{Html, escape};

    use super::*;
    use crate::signup::flows::FLOWS;

    /// Every gap, also beside another and at both ends.
    fn draw(visitor: &Personal<'_>) -> String {
        let escaped = |gap| escape(visitor.value(gap), Html).unwrap().to_string();
        let [nonce, id, query, others] = Gap::ALL.map(escaped);
        let path = visitor.here.link("/signup/pro").split_once('?').map_or(String::new(), |_| format!("?{query}"));
        format!("{nonce}<p nonce={nonce}{id}>ü {path} {others}{query}</p>{nonce}")
    }

    #[test]
    fn a_filled_stencil_is_what_the_template_draws_for_that_visitor() {
        let stencils = Stencils::new(FLOWS);
        for target in [
            "/signup/pro",
            "/signup/pro?lang=de",
            "/signup/pro?utm_source=a&b=\"<x>'&lang=de",
            "/signup/pro?&&\"\"''<<>>ü&",
            "/signup/pro?utm_source=%EF%B7%90",
            "/signup/%70ro?a",
        ] {
            for nonce in ["bm9uY2U", "YW5vdGhlcg"] {
                let here = Here::read(target);
                let visitor = Personal { nonce, submission_id: "id-_", here: &here };
                let filled = stencils.fill(FLOWS[0], Language::German, &visitor, draw);
                assert_eq!(filled, draw(&visitor), "{target}");
            }
        }
    }

    #[test]
    fn a_form_is_drawn_once_for_a_flow_a_language_and_a_shape_of_its_link() {
        let stencils = Stencils::new(FLOWS);
        let drawn = std::cell::Cell::new(0);
        let visit = |flow, language, target: &str| {
            let visitor = Personal { nonce: "n", submission_id: "i", here: &Here::read(target) };
            stencils.fill(flow, language, &visitor, |visitor| {
                drawn.set(drawn.get() + 1);
                draw(visitor)
            });
            drawn.get()
        };
        assert_eq!(visit(FLOWS[0], Language::German, "/?a"), 1);
        assert_eq!(visit(FLOWS[0], Language::German, "/?b&lang=de"), 1);
        assert_eq!(visit(FLOWS[0], Language::German, "/"), 2);
        assert_eq!(visit(FLOWS[0], Language::German, "/?lang=de"), 3);
        assert_eq!(visit(FLOWS[0], Language::French, "/"), 4);
        assert_eq!(visit(FLOWS[1], Language::French, "/"), 5);
    }
}

//! The form's template, and what it makes of a [`FormPage`].

use std::borrow::Cow;

use askama::Template;

use super::field::{Control, FieldView};
use super::{FormPage, Frame, HONEYPOT, LANGUAGE_SWITCH, Notice, Occasion, draw};
use crate::signup::{Field, Group, Kind};
use crate::web::assets;

/// The form, ready to be drawn.
#[derive(Template)]
#[template(path = "form.html")]
struct FormView<'a> {
    page: &'a FormPage<'a>,
    frame: &'a Frame<'a>,
    notice: Option<NoticeView<'a>>,
    summary: Vec<SummaryLine<'a>>,
    groups: Vec<GroupView<'a>>,
    consents: Vec<FieldView<'a>>,
}

/// A part of the form under one heading.
struct GroupView<'a> {
    heading: Cow<'a, str>,
    fields: Vec<FieldView<'a>>,
}

/// A line of the error summary.
struct SummaryLine<'a> {
    text: &'a str,
    /// The id it leads to; `None` when the field is not on the page.
    target: Option<&'a str>,
}

/// What stands above the form, in words.
struct NoticeView<'a> {
    /// Whether it reports a problem: the title says so, and it takes the focus.
    is_problem: bool,
    title: Cow<'a, str>,
    text: NoticeText<'a>,
    steps: Vec<Cow<'a, str>>,
    offers_sign_in: bool,
    /// Whether it names the request, so that support can find what failed: only the request that failed has that name.
    names_request: bool,
}

/// Whose words a notice is in.
enum NoticeText<'a> {
    /// The catalogue's, in the language of the page.
    Ours(Cow<'a, str>),
    /// The upstream's, in a language that nobody told us: not ours to translate, escaped by the template.
    Upstreams(&'a str),
}

impl FormPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        let view = FormView::new(self);
        let has_country = self.flow.fields.iter().any(|field| matches!(field.kind, Kind::Country));
        draw(&view, if has_country { 32 * 1024 } else { 12 * 1024 })
    }

    fn is_asked(&self, field: &Field) -> bool {
        self.asks_password || !matches!(field.kind, Kind::Password)
    }
}

impl<'a> FormView<'a> {
    fn new(page: &'a FormPage<'a>) -> Self {
        let mut groups: Vec<(Group, GroupView<'a>)> = Vec::new();
        let mut consents = Vec::new();
        for field in page.flow.fields.iter().filter(|field| page.is_asked(field)) {
            let view = FieldView::new(page, field);
            // Consent comes last, below what it is given for.
            if matches!(field.kind, Kind::Consent) {
                consents.push(view);
            } else if let Some((_, group)) = groups.last_mut().filter(|(group, _)| *group == field.group) {
                group.fields.push(view);
            } else {
                groups
                    .push((field.group, GroupView { heading: page.frame.t(field.group.words()), fields: vec![view] }));
            }
        }
        let is_on_page = |name: &str| {
            page.flow.fields.iter().any(|field| field.name == name && page.is_asked(field))
                || page.challenges.iter().any(|challenge| challenge.response_field == name)
        };
        let line = |error: &'a super::FieldError| SummaryLine {
            text: &error.text,
            target: Some(error.field).filter(|name| is_on_page(name)),
        };
        Self {
            page,
            frame: &page.frame,
            notice: page.notice.map(|notice| NoticeView::new(&page.frame, notice, page.occasion)),
            summary: page.errors.iter().map(line).collect(),
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            consents,
        }
    }

    /// The words of this flow.
    fn of_flow(&self, part: &str) -> Cow<'a, str> {
        self.frame.t(&format!("flow-{}-{part}", self.page.flow.slug))
    }

    fn is_problem(&self) -> bool {
        !self.page.errors.is_empty() || self.page.notice.is_some_and(Notice::is_problem)
    }

    /// The error at a challenge.
    fn challenge_error(&self, response_field: &str) -> Option<&'a str> {
        self.page.errors.iter().find(|error| error.field == response_field).map(|error| error.text.as_str())
    }
}

impl Notice {
    /// Whether it answers a form that was sent, and so is a problem rather than a remark.
    fn is_problem(&self) -> bool {
        !matches!(self, Self::CodeNotUsable | Self::CodeUnknown | Self::LinkExpired)
    }
}

impl<'a> NoticeView<'a> {
    fn new(frame: &Frame<'a>, notice: &'a Notice, occasion: Occasion) -> Self {
        let key = match notice {
            Notice::Expired => "expired",
            Notice::Suspicious => "suspicious",
            Notice::Limited { .. } => "limited",
            Notice::ChallengeUnavailable => "challenge-unavailable",
            Notice::Unavailable => "unavailable",
            Notice::UpstreamFailed => "upstream-failed",
            Notice::Unknown => "unknown",
            Notice::Refused(_) => "refused",
            Notice::EmailInUse => "email-in-use",
            Notice::AccountExists => "account-exists",
            Notice::UsedForAnother => "used",
            Notice::CodeNotUsable => "code",
            Notice::CodeUnknown => "code-unknown",
            Notice::LinkExpired => "link-expired",
        };
        let text = match notice {
            Notice::Refused(text) => NoticeText::Upstreams(text),
            Notice::Limited { wait } => NoticeText::Ours(
                frame.words.with("notice-limited-text", &[("wait", frame.words.wait(*wait).into())]).into(),
            ),
            _ => NoticeText::Ours(frame.t(&format!("notice-{key}-text"))),
        };
        let is_unknown = *notice == Notice::Unknown;
        let steps: &[&str] =
            if is_unknown { &["notice-unknown-step-1", "notice-unknown-step-2", "notice-unknown-step-3"] } else { &[] };
        Self {
            is_problem: notice.is_problem(),
            title: frame.t(&format!("notice-{key}-title")),
            text,
            steps: steps.iter().map(|step| frame.t(step)).collect(),
            offers_sign_in: is_unknown || matches!(notice, Notice::EmailInUse | Notice::AccountExists),
            names_request: occasion != Occasion::Switch
                && matches!(
                    notice,
                    Notice::Unknown | Notice::ChallengeUnavailable | Notice::Unavailable | Notice::UpstreamFailed
                ),
        }
    }
}

//! The status page's template: the steps of an account.

use std::borrow::Cow;

use askama::Template;

use super::{Frame, Progress, StatusPage, draw};
use crate::web::assets;

/// The status page, ready to be drawn.
#[derive(Template)]
#[template(path = "status.html")]
struct StatusView<'a> {
    page: &'a StatusPage<'a>,
    frame: &'a Frame<'a>,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    steps: Vec<Step<'a>>,
    way_on: WayOn,
}

/// One step of the way to a running account.
struct Step<'a> {
    label: Cow<'a, str>,
    state: StepState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StepState {
    Done,
    Current,
    Ahead,
}

/// What the page's button does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WayOn {
    Studio,
    Again,
    Support,
    Plans,
}

impl StatusPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        draw(&StatusView::new(self), 4 * 1024)
    }
}

impl StepState {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Current => "current",
            Self::Ahead => "ahead",
        }
    }
}

impl<'a> StatusView<'a> {
    fn new(page: &'a StatusPage<'a>) -> Self {
        use StepState::{Ahead, Current, Done};
        let frame = &page.frame;
        let (key, way_on, steps): (_, _, &[(&str, StepState)]) = match page.progress {
            Progress::Unknown => ("unknown", WayOn::Studio, &[]),
            Progress::Created { trial: false } => {
                ("created", WayOn::Again, &[("created", Done), ("confirm", Current), ("plan", Ahead)])
            }
            Progress::Created { trial: true } => {
                ("created", WayOn::Again, &[("created", Done), ("confirm", Current), ("trial", Ahead)])
            }
            Progress::Active => ("active", WayOn::Studio, &[("created", Done), ("confirmed", Done), ("active", Done)]),
            Progress::Trial { .. } => {
                ("trial", WayOn::Studio, &[("created", Done), ("confirmed", Done), ("trial", Done)])
            }
            Progress::PaymentPending => (
                "payment",
                WayOn::Studio,
                &[("created", Done), ("confirmed", Done), ("payment", Current), ("plan", Ahead)],
            ),
            Progress::TrialOver => {
                ("over", WayOn::Studio, &[("created", Done), ("confirmed", Done), ("over", Current)])
            }
            Progress::Suspended => ("suspended", WayOn::Support, &[]),
            Progress::Deleted => ("deleted", WayOn::Plans, &[]),
        };
        let text = match page.progress {
            Progress::Trial { until: Some(date) } => {
                frame.words.with("status-trial-until", &[("date", date.into())]).into()
            }
            Progress::Suspended if frame.brand.support_url.is_none() => frame.t("status-suspended-text-alone"),
            _ => frame.t(&format!("status-{key}-text")),
        };
        let step =
            |(part, state): &(&str, StepState)| Step { label: frame.t(&format!("status-step-{part}")), state: *state };
        Self {
            page,
            frame,
            title: frame.t(&format!("status-{key}-title")),
            text,
            steps: steps.iter().map(step).collect(),
            way_on,
        }
    }
}

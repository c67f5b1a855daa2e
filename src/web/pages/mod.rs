//! Pages: what a handler hands over, and how it becomes HTML.
//!
//! A page holds references and finished words, never a rule. Every page is drawn by one `render`.

mod field;
mod form;
mod frame;
mod here;
mod status;
mod stencil;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use askama::Template;

use crate::domain::tenant::Brand;
use crate::signup::{Flow, RawForm};
use crate::web::words::Words;

pub use here::Here;
pub use stencil::{Personal, Stencils};

/// The name of the input that people never see and that has to stay empty (contract 4, honeypot).
///
/// Programs that fill in forms like a subject. No browser or password manager knows a token for it: names such as
/// `website`, `url`, `phone` or `fax` are filled in for people who never see them.
pub const HONEYPOT: &str = crate::guard::HONEYPOT_FIELD;

/// The name of the box that insists on a doubtful address (contract 2, `upstream.validate_email`).
pub const EMAIL_ANYWAY: &str = crate::signup::submission::USE_EMAIL_ANYWAY;

/// The name of the buttons that show a form in another language, with what was typed and without submitting it. With
/// script the links to other plans post under it too.
pub const LANGUAGE_SWITCH: &str = "switch_language";
/// What it carries from a form that was not sent yet.
pub const UNSENT: &str = "unsent";
/// What it carries from the form of another plan.
pub const OTHER_PLAN: &str = "plan";

/// The hidden input with the language in which a form shows its consent: its answer may be asked for in another.
pub const CONSENT_LANGUAGE: &str = "consent_language";

/// The hidden input of a form into which a password was typed once: no page keeps it, so each asks for it again.
pub const PASSWORD_TYPED: &str = "password_typed";

/// Whether a password was typed into a form, or into one that it comes from.
#[must_use]
pub fn had_password(form: &RawForm) -> bool {
    ["password", PASSWORD_TYPED].iter().any(|name| !form.shown(name).is_empty())
}

/// What every page needs.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The words of the visitor's language.
    pub words: &'a Words,
    /// The tenant's brand.
    pub brand: &'a Brand,
    /// The nonce of this answer's CSP.
    pub nonce: &'a str,
    /// The request id, for error pages.
    pub request_id: &'a str,
    /// Where this page is, for the language switch and the links to the plans.
    pub here: &'a Here,
    /// Where people with an account sign in: an allowed origin.
    pub studio: &'a str,
    /// Where the brand's logo is served: `assets::logo_href`, computed once at start.
    pub logo: Option<&'a str>,
}

/// A plan that can be chosen here.
pub struct Offer {
    /// Its flow.
    pub flow: &'static Flow,
    /// Where its form is, query string kept.
    pub href: String,
    /// Whether this tenant asks for a business address in it.
    pub business_email: bool,
}

/// The plan chooser, `GET /`.
#[derive(Template)]
#[template(path = "plans.html")]
pub struct PlansPage<'a> {
    /// What every page needs.
    pub frame: Frame<'a>,
    /// The enabled flows.
    pub plans: &'a [Offer],
}

/// The form, fresh or with errors.
pub struct FormPage<'a> {
    /// What every page needs.
    pub frame: Frame<'a>,
    /// Which form.
    pub flow: &'static Flow,
    /// Where it is posted: path and query.
    pub action: &'a str,
    /// What the fields hold; a password is never among what is shown.
    pub form: &'a RawForm,
    /// What is wrong, in page order.
    pub errors: &'a [FieldError],
    /// What stands above the form.
    pub notice: Option<&'a Notice>,
    /// Hidden inputs to carry: submission id, language of the consent, pass, sealed secrets, whether a password was typed.
    pub hidden: &'a [(&'static str, String)],
    /// The Turnstile widgets; empty with a pass, or where none is needed.
    pub challenges: &'a [Challenge<'a>],
    /// The widget's script; `None` where there is no widget.
    pub challenge_script: Option<&'a str>,
    /// Whether the password is asked.
    pub asks_password: bool,
    /// The fewest code points of a password, for the hint.
    pub password_min_length: usize,
    /// Whether the flow asks for a business address.
    pub business_email: bool,
    /// Whether to offer the box that insists on a doubtful address.
    pub offers_email_anyway: bool,
    /// What the page answers.
    pub occasion: Occasion,
    /// What the buttons of the language switch carry: the name of the refusal that the page tells, [`UNSENT`], or nothing.
    pub said: &'static str,
    /// The other enabled flows.
    pub others: &'a [Offer],
}

/// What a form page answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A link: the form is as the link fills it.
    Link,
    /// A posted form: this one holds what was typed, but no password.
    Post,
    /// The same in another language: nothing was submitted, and what an earlier answer said is said again.
    Switch,
    /// The same before anything was sent, in another language or of another plan: what is missing is no mistake yet.
    Unsent,
}

/// One Turnstile widget.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    /// Its site key.
    pub site_key: &'a str,
    /// The name of the input it fills.
    pub response_field: &'static str,
    /// Its action: the flow's slug.
    pub action: &'a str,
}

/// A problem at a field, in the visitor's words.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, or the pseudo-field `cf-turnstile-response`.
    pub field: &'static str,
    /// The sentence.
    pub text: String,
}

/// What stands above a form.
#[derive(Clone, PartialEq, Eq)]
pub enum Notice {
    /// The form was too old, forged, or of another tenant; this is a fresh one.
    Expired,
    /// The honeypot was filled.
    Suspicious,
    /// Too many attempts; may go on after so many seconds.
    Limited {
        /// Whole seconds.
        wait: u64,
    },
    /// Turnstile could not be asked.
    ChallengeUnavailable,
    /// The upstream could not be reached or is overloaded; nothing was created.
    Unavailable,
    /// The upstream failed; nothing was created as far as it says.
    UpstreamFailed,
    /// Whether an account was created is unknown: look first.
    Unknown,
    /// The upstream refused in its own words.
    Refused(String),
    /// The address already has an account, in neutral words.
    EmailInUse,
    /// The account of this activation code exists already (contract 7).
    AccountExists,
    /// This form has been used for another address.
    UsedForAnother,
    /// The activation code could not be used; here is an empty form.
    CodeNotUsable,
    /// The upstream could not say what the activation code is for; here is an empty form.
    CodeUnknown,
    /// What the link held sealed can no longer be opened; here is an ordinary form.
    LinkExpired,
}

/// A page of fixed words for a failure: 4xx and 5xx that keep no form.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// What every page needs.
    pub frame: Frame<'a>,
    /// The status code.
    pub status: u16,
    /// Whole seconds until it is worth another try, where the answer says so.
    pub wait: Option<u64>,
}

/// The account's progress.
pub struct StatusPage<'a> {
    /// What every page needs.
    pub frame: Frame<'a>,
    /// What is known.
    pub progress: Progress<'a>,
    /// The way on, an allowed origin.
    pub studio: &'a str,
    /// Seconds until the page refreshes itself; `None` when it has stopped.
    pub refresh_after: Option<u32>,
}

/// How far an account is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Nothing can be said: look in the mailbox.
    Unknown,
    /// Created; the address is not confirmed.
    Created {
        /// Whether a trial comes next, and no plan.
        trial: bool,
    },
    /// Confirmed, the plan is active.
    Active,
    /// Confirmed, the trial runs until a date in words.
    Trial {
        /// The date in the visitor's language; `None` when the upstream did not say.
        until: Option<&'a str>,
    },
    /// Confirmed, the payment is not done.
    PaymentPending,
    /// Confirmed, and the trial has ended.
    TrialOver,
    /// Suspended.
    Suspended,
    /// Deleted.
    Deleted,
}

/// The account of an activation code is already active.
#[derive(Template)]
#[template(path = "already_active.html")]
pub struct AlreadyActivePage<'a> {
    /// What every page needs.
    pub frame: Frame<'a>,
    /// Where to sign in.
    pub studio: &'a str,
}

impl PlansPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        draw(self, 6 * 1024)
    }

    /// With one plan there is nothing to choose: its own headline stands for the question.
    fn title(&self) -> Cow<'_, str> {
        match self.plans {
            [] => self.frame.t("plans-none-title"),
            [only] => self.of_flow(only.flow, "why"),
            _ => self.frame.t("plans-title"),
        }
    }

    fn lead(&self) -> Cow<'_, str> {
        self.frame.t(if self.plans.len() == 1 { "plans-lead-one" } else { "plans-lead" })
    }

    /// The words of a flow.
    fn of_flow(&self, flow: &Flow, part: &str) -> Cow<'_, str> {
        self.frame.t(&format!("flow-{}-{part}", flow.slug))
    }
}

impl ErrorPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        draw(self, 3 * 1024)
    }

    /// Whether the plans can be had here now: not on a foreign host, and not before a wait is over.
    fn leads_home(&self) -> bool {
        self.status != 421 && self.wait.is_none()
    }

    /// The words of this status, else those of its class.
    fn words(&self, part: &str) -> String {
        let own = format!("error-page-{}-{part}", self.status);
        let class = if self.status < 500 { "4xx" } else { "5xx" };
        let key = if self.frame.words.has(&own) { own } else { format!("error-page-{class}-{part}") };
        match self.wait {
            Some(wait) => {
                let words = self.frame.words;
                words.with(&key, &[("brand", self.frame.brand.name.as_str().into()), ("wait", words.wait(wait).into())])
            }
            None => self.frame.t(&key).into_owned(),
        }
    }
}

impl AlreadyActivePage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        draw(self, 3 * 1024)
    }
}

/// Draws a template into a buffer that is large enough from the start.
fn draw(template: &impl Template, size_bytes: usize) -> String {
    let mut html = String::with_capacity(size_bytes);
    if let Err(failure) = template.render_into(&mut html) {
        // No template calls anything that fails, and a string takes every write.
        tracing::error!(error = %failure, "a page could not be drawn");
    }
    html
}

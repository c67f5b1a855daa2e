//! A form's page: what it shows beside its flow, and how it is drawn.

use std::time::SystemTime;

use super::context::Context;
use super::link_secrets;
use super::pages::{
    CONSENT_LANGUAGE, Challenge, FieldError, FormPage, Frame, Here, Notice, Occasion, Offer, PASSWORD_TYPED, Personal,
    UNSENT, had_password,
};
use super::said::Said;
use super::visitor::Visitor;
use crate::error::AppError;
use crate::guard::submission_id::SubmissionId;
use crate::guard::{PASS_FIELD, SUBMISSION_ID_FIELD, TOKEN_FIELD, UPSTREAM_TOKEN_FIELD};
use crate::settings::{FlowSettings, TurnstileMode};
use crate::signup::submission::is_asked;
use crate::signup::{Flow, Kind, LinkSecrets, RawForm};

/// The enabled flows but one, with links that keep the query string.
pub(super) fn offers(context: &Context, here: &Here, but: Option<&Flow>) -> Vec<Offer> {
    let others = context.state.flows.iter().filter(|flow| but.is_none_or(|but| but.slug != flow.slug));
    let offer = |flow: &&'static Flow| {
        let terms = context.tenant.flow(flow)?;
        Some(Offer { flow, href: here.link(&flow.path()), business_email: terms.business_email })
    };
    others.filter_map(offer).collect()
}

/// What a form page shows beside its flow.
pub(super) struct Shown<'a> {
    pub(super) form: &'a RawForm,
    pub(super) errors: &'a [FieldError],
    pub(super) notice: Option<Notice>,
    pub(super) pass: Option<String>,
    pub(super) keeps_id: bool,
    pub(super) offers_email_anyway: bool,
    pub(super) occasion: Occasion,
    /// The refusal that it tells.
    pub(super) said: Option<Said>,
}

impl Shown<'_> {
    /// Whether this is the form as everybody gets it first.
    fn is_untouched(&self) -> bool {
        self.form.is_empty()
            && self.errors.is_empty()
            && self.notice.is_none()
            && self.pass.is_none()
            && !self.keeps_id
            && !self.offers_email_anyway
            && self.occasion == Occasion::Link
    }
}

/// The page as HTML, from its stencil where nobody has brought anything into it.
///
/// # Errors
/// [`AppError::Internal`] when the system gives no randomness.
pub(super) fn draw(
    context: &Context,
    visitor: &Visitor,
    flow: &'static Flow,
    terms: &FlowSettings,
    secrets: &LinkSecrets,
    shown: &Shown<'_>,
) -> Result<String, AppError> {
    let keyring = &context.in_force.keyring;
    let tenant = &visitor.tenant.settings.id;
    let submission_id = if shown.keeps_id {
        shown.form.typed(SUBMISSION_ID_FIELD).to_owned()
    } else {
        SubmissionId::issue(SystemTime::now())?.sign(keyring, tenant, flow)
    };
    let personal = Personal { nonce: context.nonce.as_str(), submission_id: &submission_id, here: &context.here };
    let asks_password =
        flow.fields.iter().any(|field| matches!(field.kind, Kind::Password) && is_asked(flow, field, secrets));
    let mut sheet = Sheet { context, visitor, flow, terms, shown, asks_password, pass: None, sealed: None };
    if shown.is_untouched() && !holds_any(secrets) {
        return Ok(visitor.tenant.stencils.fill(flow, context.language, &personal, |personal| sheet.draw(personal)));
    }
    // A pass is good for its own form alone.
    sheet.pass = shown.pass.clone().filter(|_| shown.keeps_id);
    if holds_any(secrets) {
        let in_form = shown.form.typed(link_secrets::PARAMETER);
        sheet.sealed = Some(if in_form.is_empty() || !shown.keeps_id {
            link_secrets::seal_for_form(secrets, keyring, tenant, SystemTime::now())?
        } else {
            in_form.to_owned()
        });
    }
    Ok(sheet.draw(&personal))
}

/// A form page but for what is new in every answer.
struct Sheet<'a> {
    context: &'a Context,
    visitor: &'a Visitor,
    flow: &'static Flow,
    terms: &'a FlowSettings,
    shown: &'a Shown<'a>,
    asks_password: bool,
    pass: Option<String>,
    sealed: Option<String>,
}

impl Sheet<'_> {
    fn draw(&self, personal: &Personal<'_>) -> String {
        let Self { context, visitor, flow, terms, shown, .. } = *self;
        let settings = &visitor.tenant.settings;
        let mut hidden = vec![
            (SUBMISSION_ID_FIELD, personal.submission_id.to_owned()),
            (CONSENT_LANGUAGE, context.language.tag().to_owned()),
        ];
        hidden.extend(self.pass.clone().map(|pass| (PASS_FIELD, pass)));
        hidden.extend(self.sealed.clone().map(|sealed| (link_secrets::PARAMETER, sealed)));
        if self.asks_password && had_password(shown.form) {
            hidden.push((PASSWORD_TYPED, "on".to_owned()));
        }
        let challenges = challenges(visitor, flow, terms.turnstile, self.pass.is_some());
        let others = offers(context, personal.here, Some(flow));
        let page = FormPage {
            frame: Frame { nonce: personal.nonce, here: personal.here, ..context.frame() },
            flow,
            action: &personal.here.to_string(),
            form: shown.form,
            errors: shown.errors,
            notice: shown.notice.as_ref(),
            hidden: &hidden,
            challenge_script: (!challenges.is_empty()).then(|| settings.turnstile.script_url.as_str()),
            challenges: &challenges,
            asks_password: self.asks_password,
            password_min_length: context.in_force.password.min_length,
            business_email: terms.business_email,
            offers_email_anyway: shown.offers_email_anyway,
            occasion: shown.occasion,
            said: if shown.occasion == Occasion::Unsent { UNSENT } else { shown.said.map_or("", Said::name) },
            others: &others,
        };
        page.render()
    }
}

fn holds_any(secrets: &LinkSecrets) -> bool {
    secrets.activation_token.is_some() || secrets.activation_code.is_some() || secrets.session_id.is_some()
}

/// The widgets of a mode; a pass stands for ours.
fn challenges<'a>(visitor: &'a Visitor, flow: &'static Flow, mode: TurnstileMode, passed: bool) -> Vec<Challenge<'a>> {
    let turnstile = &visitor.tenant.settings.turnstile;
    let ours = turnstile
        .site_key
        .as_deref()
        .filter(|_| !passed && mode != TurnstileMode::Off)
        .map(|site_key| Challenge { site_key, response_field: TOKEN_FIELD, action: flow.slug });
    let upstreams = turnstile
        .upstream_site_key
        .as_deref()
        .filter(|_| mode == TurnstileMode::Both)
        .map(|site_key| Challenge { site_key, response_field: UPSTREAM_TOKEN_FIELD, action: flow.slug });
    ours.into_iter().chain(upstreams).collect()
}

//! The plan chooser and the form: thin handlers over [`super::attempt`].

use std::sync::Arc;
use std::time::SystemTime;

use actix_web::http::Method;
use actix_web::http::header::{ContentType, LOCATION, RETRY_AFTER};
use actix_web::{HttpResponse, web};
use metrics::counter;

use super::attempt::{Outcome, Posted, run_to_the_end};
use super::context::Context;
use super::form_body::PostedForm;
use super::link_secrets::{self, Clean, Found};
use super::pages::{
    AlreadyActivePage, Challenge, FieldError, FormPage, Frame, Here, LANGUAGE_SWITCH, Notice, Occasion, Personal,
    PlansPage, UNSENT,
};
use super::prefill::{Prefill, prefill};
use super::refusal::{Refusal, Refused};
use super::said::Said;
use super::status;
use super::visitor::{Guest, Visitor};
use super::words::Words;
use crate::domain::email::Email;
use crate::domain::email_typo;
use crate::error::{AppError, Cause, rate_limit_fields, whole_seconds};
use crate::funnel::Stage;
use crate::guard::AdmitError;
use crate::guard::submission_id::SubmissionId;
use crate::guard::{PASS_FIELD, SUBMISSION_ID_FIELD, TOKEN_FIELD, UPSTREAM_TOKEN_FIELD};
use crate::settings::{FlowSettings, TurnstileMode};
use crate::signup::submission::{USE_EMAIL_ANYWAY, is_asked};
use crate::signup::{Flow, Kind, LinkSecrets, RawForm, flow};
use crate::store::Scope;

/// `GET /`: the plans, each linking to its form with the query string kept.
///
/// # Errors
/// 429 over the pages' budget.
pub async fn plans(guest: Guest) -> Result<HttpResponse, AppError> {
    let Guest { context, visitor } = &guest;
    charge_page(context, visitor).await?;
    if let Some(clean) = seal_secrets(context, "/")? {
        return Ok(clean);
    }
    let plans = links(context, &context.here, None);
    let html = PlansPage { frame: context.frame(), plans: &plans }.render();
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

/// `GET /signup/{flow}`: the form.
///
/// # Errors
/// 404 for an unknown or disabled flow, 429 over the pages' budget.
pub async fn form(guest: Guest, slug: web::Path<String>, method: Method) -> Result<HttpResponse, AppError> {
    let Guest { context, visitor } = &guest;
    let (flow, terms) = enabled(context, &slug)?;
    charge_page(context, visitor).await?;
    if let Some(clean) = seal_secrets(context, &flow.path())? {
        return Ok(clean);
    }
    tracing::Span::current().record("flow", flow.slug);
    let secrets = visitor.secrets(visitor.sealed(), Found::InLink);
    let expired = secrets.is_none().then_some(Notice::LinkExpired);
    let mut secrets = secrets.unwrap_or_default();
    let (prefilled, notice) = match prefill(visitor, &mut secrets).await {
        Prefill::Form(form) => (form, expired),
        Prefill::CodeNotUsable(form) => (form, Some(Notice::CodeNotUsable)),
        Prefill::AlreadyActive => {
            let studio = visitor.tenant.settings.redirect.default_origin.as_str();
            let html = AlreadyActivePage { frame: context.frame(), studio }.render();
            return Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html));
        }
    };
    if method == Method::GET {
        if let Some(views) = visitor.tenant.views.get(flow.slug) {
            views.increment(1);
        }
        visitor.tenant.reached(flow, Stage::Viewed);
    }
    let shown = Shown {
        form: &prefilled,
        errors: &[],
        notice,
        pass: None,
        keeps_id: false,
        offers_email_anyway: false,
        occasion: Occasion::Link,
        said: None,
    };
    let odd = visitor.odd_parameters();
    if odd > 0 {
        counter!("signup_link_parameters_odd_total").increment(odd as u64);
    }
    let html = draw(context, visitor, flow, terms, &secrets, &shown)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

/// `POST /signup/{flow}`: an attempt, and its answer.
///
/// # Errors
/// The pages of contract 4 that keep no form: 403, 404, 413, 415.
pub async fn submit(guest: Guest, slug: web::Path<String>, form: PostedForm) -> Result<HttpResponse, AppError> {
    let Guest { context, visitor } = guest;
    let scheme = if visitor.tenant.settings.public_url.is_https() { "https" } else { "http" };
    if !context.provenance.is_own(scheme, context.host.as_ref()) {
        return Err(AppError::CrossSite);
    }
    let (flow, terms) = enabled(&context, &slug)?;
    tracing::Span::current().record("flow", flow.slug);
    let form = form.0;
    // A form whose secrets no longer open is an ordinary form.
    let secrets = visitor.secrets(form.typed(link_secrets::PARAMETER), Found::InForm).unwrap_or_default();
    let link = Arc::new(visitor.link(secrets));
    let posted =
        Arc::new(Posted { state: Arc::clone(&context.state), visitor, flow, terms: terms.clone(), form, link });
    if posted.form.get(LANGUAGE_SWITCH).is_some() {
        return in_another_language(&context, &posted).await;
    }
    match run_to_the_end(Arc::clone(&posted), context.connection.as_deref()).await? {
        Outcome::Created { destination, user_id } => {
            if destination.is_some() {
                context.tenant.reached(flow, Stage::Redirected);
            }
            Ok(redirect(&context, flow, destination, user_id))
        }
        Outcome::Panicked => Err(Cause::AttemptPanicked.into()),
        Outcome::Refused { refused, kept_pass } => again(&context, &posted, refused, kept_pass),
    }
}

/// The flow of a slug, if the tenant offers it.
fn enabled<'a>(context: &'a Context, slug: &str) -> Result<(&'static Flow, &'a FlowSettings), AppError> {
    let flow = flow::by_slug(context.state.flows, slug).ok_or(AppError::NotFound)?;
    let terms = context.tenant.flow(flow).ok_or(AppError::NotFound)?;
    Ok((flow, terms))
}

/// Takes one page from the visitor's budget.
pub(super) async fn charge_page(context: &Context, visitor: &Visitor) -> Result<(), AppError> {
    let limits = &context.in_force.guard.limits;
    limits
        .charge_client(Scope::Pages, &visitor.tenant.settings.id, visitor.client)
        .await
        .map_err(AppError::TooManyRequests)?;
    Ok(())
}

/// 303 to the same page with the link's secrets sealed, if it carries any in the open.
fn seal_secrets(context: &Context, path: &str) -> Result<Option<HttpResponse>, AppError> {
    let tenant = &context.tenant.settings.id;
    let sealed = link_secrets::seal(&context.query, &context.in_force.keyring, tenant, SystemTime::now())?;
    Ok(sealed.map(|Clean { query, dropped }| {
        counter!("signup_link_parameters_odd_total").increment(dropped as u64);
        let location = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        HttpResponse::SeeOther().insert_header((LOCATION, location)).finish()
    }))
}

/// The enabled flows but one, with links that keep the query string.
fn links(context: &Context, here: &Here, but: Option<&Flow>) -> Vec<(&'static Flow, String)> {
    let wanted =
        |flow: &&&'static Flow| context.tenant.flow(flow).is_some() && but.is_none_or(|but| but.slug != flow.slug);
    let link = |flow: &&'static Flow| (*flow, here.link(&flow.path()));
    context.state.flows.iter().filter(wanted).map(link).collect()
}

fn redirect(context: &Context, flow: &Flow, destination: Option<String>, user_id: Option<u64>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    let own_page = || format!("{}{}", status::PATH, context.language_query());
    response.insert_header((LOCATION, destination.unwrap_or_else(own_page)));
    if let Some(cookie) = user_id.and_then(|user_id| status::cookie(context, flow, user_id)) {
        response.cookie(cookie);
    }
    response.finish()
}

/// The form again: what was typed stays, the password never.
fn again(
    context: &Context,
    posted: &Posted,
    refused: Refused,
    kept_pass: Option<String>,
) -> Result<HttpResponse, AppError> {
    let Posted { visitor, flow, terms, form, link, .. } = posted;
    let Refused { refusal, pass } = refused;
    let words = context.state.catalogue.words(visitor.language);
    let mut errors = refusal.field_errors(flow, words);
    if !terms.business_email {
        name_the_slip(&mut errors, form, words);
    }
    let shown = Shown {
        form,
        errors: &errors,
        notice: refusal.notice(visitor.tenant.settings.upstream.reveal_existing_email),
        pass: pass.or(kept_pass),
        keeps_id: refusal.keeps_id(),
        offers_email_anyway: refusal.offers_email_anyway() || form.is_ticked(USE_EMAIL_ANYWAY),
        occasion: Occasion::Post,
        said: Said::of(&refusal),
    };
    let html = draw(context, visitor, flow, terms, &link.secrets, &shown)?;
    let mut response = HttpResponse::build(refusal.status());
    if let Some(wait) = refusal.retry_after() {
        response.insert_header((RETRY_AFTER, whole_seconds(wait)));
    }
    if let Some(limited) = refusal.limited() {
        rate_limit_fields(&mut response, &limited);
    }
    Ok(response.content_type(ContentType::html()).body(html))
}

/// The form in the language that its switch chose: what was typed stays, and what is wrong with it or was said of it is
/// said again, unless nothing was sent yet. Nothing is submitted, so it costs a page, not an attempt.
async fn in_another_language(context: &Context, posted: &Posted) -> Result<HttpResponse, AppError> {
    let Posted { visitor, flow, terms, form, .. } = posted;
    let said = Said::before(form);
    let unsent = form.typed(LANGUAGE_SWITCH) == UNSENT;
    match charge_page(context, visitor).await {
        // The form may wait, what was typed must not be lost; but no notice takes the place of the one that warns.
        Err(AppError::TooManyRequests(limited)) if said != Some(Said::Unknown) => {
            let limited = AdmitError::Limited(limited).into();
            return again(context, posted, limited, posted.kept_pass());
        }
        charged => charged?,
    }
    let words = context.state.catalogue.words(visitor.language);
    // No page keeps a password, so an empty one is nobody's mistake yet: its hint asks for it again.
    let wrong = posted.check_but_passwords().err().filter(|_| !unsent);
    let mut errors = wrong.map_or_else(Vec::new, |errors| Refusal::Fields(errors).field_errors(flow, words));
    let before = said.and_then(|said| said.field_error(words));
    errors.extend(before.filter(|before| errors.iter().all(|error| error.field != before.field)));
    // In page order; what is at no field, a challenge, comes last.
    let place = |error: &FieldError| flow.fields.iter().position(|field| field.name == error.field);
    errors.sort_by_key(|error| place(error).unwrap_or(usize::MAX));
    if !terms.business_email {
        name_the_slip(&mut errors, form, words);
    }
    let shown = Shown {
        form,
        errors: &errors,
        notice: said.and_then(Said::notice),
        pass: posted.kept_pass(),
        keeps_id: true,
        offers_email_anyway: said == Some(Said::Doubted) || form.is_ticked(USE_EMAIL_ANYWAY),
        occasion: if unsent { Occasion::Unsent } else { Occasion::Switch },
        said,
    };
    let html = draw(context, visitor, flow, terms, &posted.link.secrets, &shown)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

/// An address that came back with an error and looks like a slip: says what was probably meant. Not where a business
/// address is asked for, because the providers that are slipped on are no answer there.
fn name_the_slip(errors: &mut [FieldError], form: &RawForm, words: &Words) {
    let Some(error) = errors.iter_mut().find(|error| error.field == "email") else { return };
    let meant = Email::parse(form.typed("email")).ok().and_then(|email| email_typo::suggestion(&email));
    if let Some(meant) = meant {
        error.text = words.with("error-email-doubtful-suggestion", &[("suggestion", meant.as_str().into())]);
    }
}

/// What a form page shows beside its flow.
struct Shown<'a> {
    form: &'a RawForm,
    errors: &'a [FieldError],
    notice: Option<Notice>,
    pass: Option<String>,
    keeps_id: bool,
    offers_email_anyway: bool,
    occasion: Occasion,
    /// The refusal that it tells.
    said: Option<Said>,
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

fn draw(
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
        let mut hidden = vec![(SUBMISSION_ID_FIELD, personal.submission_id.to_owned())];
        hidden.extend(self.pass.clone().map(|pass| (PASS_FIELD, pass)));
        hidden.extend(self.sealed.clone().map(|sealed| (link_secrets::PARAMETER, sealed)));
        let challenges = challenges(visitor, flow, terms.turnstile, self.pass.is_some());
        let others = links(context, personal.here, Some(flow));
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

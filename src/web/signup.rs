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
use super::pages::{AlreadyActivePage, FieldError, LANGUAGE_SWITCH, Notice, OTHER_PLAN, Occasion, PlansPage, UNSENT};
use super::prefill::{Prefill, prefill};
use super::refusal::{Refusal, Refused};
use super::said::Said;
use super::sheet::{Shown, draw, offers};
use super::status;
use super::visitor::{Guest, Visitor};
use super::words::Words;
use crate::domain::email::Email;
use crate::domain::email_policy::DomainRefusal;
use crate::domain::email_typo;
use crate::error::{AppError, Cause, rate_limit_fields, whole_seconds};
use crate::funnel::Stage;
use crate::guard::AdmitError;
use crate::settings::FlowSettings;
use crate::signup::submission::USE_EMAIL_ANYWAY;
use crate::signup::{Flow, Problem, RawForm, flow};
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
    let plans = offers(context, &context.here, None);
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
        Prefill::CodeUnknown(form) => (form, Some(Notice::CodeUnknown)),
        Prefill::AlreadyActive => {
            let studio = visitor.tenant.settings.redirect.default_origin.as_str();
            let html = AlreadyActivePage { frame: context.frame(), studio }.render();
            return Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html));
        }
    };
    if method == Method::GET {
        count_view(visitor, flow);
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
        return unsubmitted(&context, &posted).await;
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

/// A form that somebody sees for the first time.
fn count_view(visitor: &Visitor, flow: &Flow) {
    if let Some(views) = visitor.tenant.views.get(flow.slug) {
        views.increment(1);
    }
    visitor.tenant.reached(flow, Stage::Viewed);
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
    let said = Said::of(&refusal);
    let mut errors = refusal.field_errors(flow, words);
    name_what_would_do(&mut errors, posted, said, words);
    let shown = Shown {
        form,
        errors: &errors,
        notice: refusal.notice(visitor.tenant.settings.upstream.reveal_existing_email),
        pass: pass.or(kept_pass),
        keeps_id: refusal.keeps_id() && !is_of_another_plan(form),
        offers_email_anyway: refusal.offers_email_anyway() || form.is_ticked(USE_EMAIL_ANYWAY),
        occasion: if is_unsent(form) { Occasion::Unsent } else { Occasion::Post },
        said,
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

/// Whether the values were typed into another plan's form, whose id and pass are not good for this one.
fn is_of_another_plan(form: &RawForm) -> bool {
    form.typed(LANGUAGE_SWITCH) == OTHER_PLAN
}

/// Whether nothing was sent yet: what is missing is nobody's mistake.
fn is_unsent(form: &RawForm) -> bool {
    [UNSENT, OTHER_PLAN].contains(&form.typed(LANGUAGE_SWITCH))
}

/// The form in the language that its switch chose, or what was typed into another plan's form in this one's. What was typed
/// stays, and what is wrong with it or was said of it is said again, unless nothing was sent yet. Nothing is submitted, so
/// it costs a page, not an attempt.
async fn unsubmitted(context: &Context, posted: &Posted) -> Result<HttpResponse, AppError> {
    let Posted { visitor, flow, terms, form, .. } = posted;
    let said = Said::before(form);
    let is_of_another_plan = is_of_another_plan(form);
    let unsent = is_unsent(form);
    if is_of_another_plan {
        count_view(visitor, flow);
    }
    match charge_page(context, visitor).await {
        // The form may wait, what was typed must not be lost; but no notice takes the place of the one that warns.
        Err(AppError::TooManyRequests(limited)) if said != Some(Said::Unknown) => {
            let limited = AdmitError::Limited(limited).into();
            return again(context, posted, limited, posted.kept_pass());
        }
        charged => charged?,
    }
    let words = context.state.catalogue.words(visitor.language);
    let mut errors = if unsent { Vec::new() } else { what_is_wrong(posted, said, words) };
    name_what_would_do(&mut errors, posted, said, words);
    let shown = Shown {
        form,
        errors: &errors,
        notice: said.and_then(Said::notice),
        pass: posted.kept_pass(),
        keeps_id: !is_of_another_plan,
        offers_email_anyway: said == Some(Said::Doubted) || form.is_ticked(USE_EMAIL_ANYWAY),
        occasion: if unsent { Occasion::Unsent } else { Occasion::Switch },
        said,
    };
    let html = draw(context, visitor, flow, terms, &posted.link.secrets, &shown)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

/// What is wrong with a form that was sent before, and what was said of it, in page order.
fn what_is_wrong(posted: &Posted, said: Option<Said>, words: &Words) -> Vec<FieldError> {
    let flow = posted.flow;
    // No page keeps a password, so an empty one is nobody's mistake yet: its hint asks for it again.
    let wrong = posted.check_but_passwords().err();
    let mut errors = wrong.map_or_else(Vec::new, |errors| Refusal::Fields(errors).field_errors(flow, words));
    let before = said.and_then(|said| said.field_error(words));
    errors.extend(before.filter(|before| errors.iter().all(|error| error.field != before.field)));
    // What is at no field, a challenge, comes last.
    let place = |error: &FieldError| flow.fields.iter().position(|field| field.name == error.field);
    errors.sort_by_key(|error| place(error).unwrap_or(usize::MAX));
    errors
}

/// Says of an address that came back with an error what would be better.
fn name_what_would_do(errors: &mut [FieldError], posted: &Posted, said: Option<Said>, words: &Words) {
    let Some(error) = errors.iter_mut().find(|error| error.field == "email") else { return };
    if !posted.terms.business_email {
        name_the_slip(error, &posted.form, words);
    } else if let Some(field) = posted.flow.field(error.field)
        && said == Some(Said::EmailDomainRefused)
        && error.text == words.text("error-email-refused")
    {
        // A domain that is on no list of ours, but on one of the upstream's.
        error.text = words.problem(field, Problem::EmailDomain(DomainRefusal::Free));
    }
}

/// An address that looks like a slip: says what was probably meant. Not where a business address is asked for, because the
/// providers that are slipped on are no answer there.
fn name_the_slip(error: &mut FieldError, form: &RawForm, words: &Words) {
    let meant = Email::parse(form.typed("email")).ok().and_then(|email| email_typo::suggestion(&email));
    if let Some(meant) = meant {
        error.text = words.with("error-email-doubtful-suggestion", &[("suggestion", meant.as_str().into())]);
    }
}

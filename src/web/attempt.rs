//! One attempt at one form: the pipeline, run to its end whatever becomes of the connection.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use metrics::counter;
use tracing::Instrument as _;

use super::pages::CONSENT_LANGUAGE;
use super::refusal::{Refusal, Refused};
use super::visitor::Visitor;
use crate::domain::language::Language;
use crate::error::{AppError, Cause};
use crate::funnel::{Ending, Reason, Stage};
use crate::guard::{Admission, AdmitError, Attempt, Caller, Demand, Elsewhere, Proof};
use crate::listener::Progress;
use crate::settings::FlowSettings;
use crate::signup::{FieldErrors, Flow, Link, RawForm, Rules, Submission};
use crate::state::AppState;
use crate::step::{self, step};
use crate::upstream::create::{CreateError, Created, Destination, NotCreated};
use crate::upstream::payload::OperatorTerms;

/// What became of a form.
pub enum Outcome {
    /// An account was created, now or by an earlier attempt at the same form.
    Created {
        /// Where the visitor is sent; `None` means to the status page.
        destination: Option<String>,
        /// The account, where the upstream named it.
        user_id: Option<u64>,
    },
    /// It was not, as far as we know.
    Refused {
        /// Why, with the pass.
        refused: Refused,
        /// The pass the form brought, if it is still good.
        kept_pass: Option<String>,
    },
    /// We panicked before anything was sent: the form is free again, or will be when its lease expires.
    Panicked,
}

/// Everything an attempt needs: it may outlive its request.
pub struct Posted {
    /// The process.
    pub state: Arc<AppState>,
    /// Who posted.
    pub visitor: Visitor,
    /// Which form.
    pub flow: &'static Flow,
    /// What the tenant says of it.
    pub terms: FlowSettings,
    /// What was typed.
    pub form: RawForm,
    /// The link of this post.
    pub link: Arc<Link>,
}

/// Runs the attempt apart from its request, so that a double click does not cut it off. It stays on the thread that has
/// its connection, which lasts as long: the worker does not end before it, and the drain waits for it.
///
/// # Errors
/// [`Cause::AttemptPanicked`] when it panicked outside the pipeline, which looks after its own panics: what the form has
/// come to stands.
pub async fn run_to_the_end(posted: Arc<Posted>, connection: Option<&Progress>) -> Result<Outcome, AppError> {
    let state = Arc::clone(&posted.state);
    let connection = connection.map(|connection| connection.attempts().token());
    // Boxed at once: it is large, and is handed on three times before it runs.
    let attempt = step::run(step!("sign_up"), Box::pin(run(posted)), |(_, ending)| ending.outcome());
    let attempt = async move {
        let (outcome, _) = attempt.await;
        drop(connection);
        outcome
    };
    let outcome = state.attempts.spawn(attempt.in_current_span()).await;
    Ok(outcome.map_err(|_panicked| Cause::AttemptPanicked)?)
}

/// The outcome, and the ending for events, counts and traces: each posted form has one, whatever panics.
async fn run(posted: Arc<Posted>) -> (Outcome, Ending) {
    let mut called_for = None;
    let ended = unwound(posted.ended(&mut called_for)).await;
    let (outcome, ending) = ended.unwrap_or((Outcome::Panicked, Ending::Stopped(Reason::Failed)));
    // What became of the form is told to the visitor even if it cannot be told to the operator.
    let _told = panic::catch_unwind(AssertUnwindSafe(|| posted.report(ending, called_for)));
    (outcome, ending)
}

/// What a future comes to, or `None` if it panics. Nothing of an attempt is seen again after that but state behind locks,
/// which outlives a poisoned one.
fn unwound<T>(future: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
    AssertUnwindSafe(future).catch_unwind().map(Result::ok)
}

impl Posted {
    /// The way in, the pipeline, and how long the upstream took if it was called.
    async fn ended(&self, called_for: &mut Option<Duration>) -> (Outcome, Ending) {
        let Self { visitor, flow, form, .. } = self;
        visitor.tenant.reached(flow, Stage::Submitted);
        let started = Instant::now();
        let admission = visitor.in_force.guard.admit(self.caller(), form);
        let admission = step::run(step!("admit"), admission, |admission| match admission {
            Ok(Admission::Open(_)) => "open",
            Ok(Admission::Elsewhere(Elsewhere::Answered(_))) => "answered",
            Ok(Admission::Elsewhere(Elsewhere::Refused(_))) => "shared_refusal",
            Err(_) => "refused",
        });
        let admission = admission.await;
        let outcome = match admission {
            Ok(Admission::Open(attempt)) => {
                let outcome = self.open(&attempt, called_for).await;
                match self.after_loss(&attempt, &outcome, started).await {
                    Some(Ok(elsewhere)) => return ended_elsewhere(elsewhere),
                    Some(Err(error)) => self.not_admitted(error),
                    None => outcome,
                }
            }
            Ok(Admission::Elsewhere(elsewhere)) => return ended_elsewhere(elsewhere),
            Err(error) => self.not_admitted(error),
        };
        let ending = match &outcome {
            Outcome::Created { .. } => Ending::Created,
            Outcome::Refused { refused, .. } => Ending::Stopped(refused.refusal.reason()),
            Outcome::Panicked => Ending::Stopped(Reason::Failed),
        };
        (outcome, ending)
    }

    /// What became of the form if its claim was lost: by now Redis says who has it. `None` leaves the outcome as it is.
    async fn after_loss(
        &self,
        attempt: &Attempt,
        outcome: &Outcome,
        started: Instant,
    ) -> Option<Result<Elsewhere, AdmitError>> {
        let Outcome::Refused { refused, .. } = outcome else { return None };
        if !matches!(refused.refusal, Refusal::Create(CreateError::ClaimLost)) {
            return None;
        }
        let patience = self.visitor.tenant.page_budget.saturating_sub(started.elapsed());
        let guard = &self.visitor.in_force.guard;
        guard.elsewhere_after_loss(attempt, &self.form, patience).await.transpose()
    }

    fn not_admitted(&self, error: AdmitError) -> Outcome {
        Outcome::Refused { refused: error.into(), kept_pass: self.kept_pass() }
    }

    fn caller(&self) -> Caller<'_> {
        let Self { visitor, flow, .. } = self;
        Caller { tenant: &visitor.tenant.settings.id, flow, client: visitor.client, budget: visitor.tenant.page_budget }
    }

    /// What the form says, if all of it may be said. Asks nobody and counts nothing.
    ///
    /// # Errors
    /// [`FieldErrors`], one problem for each wrong field.
    fn parse(&self) -> Result<Submission, FieldErrors> {
        Submission::parse(self.flow, self.rules(), &self.form, Arc::clone(&self.link))
    }

    /// What is wrong with the form beside its passwords, for a page that asks for them again.
    ///
    /// # Errors
    /// [`FieldErrors`], one problem for each wrong field.
    pub fn check_but_passwords(&self) -> Result<(), FieldErrors> {
        Submission::check_but_passwords(self.flow, self.rules(), &self.form)
    }

    fn rules(&self) -> Rules<'_> {
        let Self { visitor, terms, .. } = self;
        Rules {
            email: &visitor.tenant.settings.email,
            business_email: terms.business_email,
            password: &visitor.in_force.password,
        }
    }

    /// The pass that the form brought, if it is still good.
    #[must_use]
    pub fn kept_pass(&self) -> Option<String> {
        self.visitor.in_force.guard.kept_pass(self.caller(), &self.form)
    }

    /// The pipeline inside an open attempt and the attempt's end, each of which may panic.
    async fn open(&self, attempt: &Attempt, called_for: &mut Option<Duration>) -> Outcome {
        if let Some(outcome) = unwound(self.attempted(attempt, called_for)).await {
            return outcome;
        }
        if attempt.may_have_sent() {
            let unanswered = || Refused::from(NotCreated { reason: CreateError::Unanswered, pass: None });
            // Where even that cannot be noted, the lease runs out to the same end.
            let noted = unwound(self.refused(attempt, unanswered())).await;
            return noted.unwrap_or_else(|| Outcome::Refused { refused: unanswered(), kept_pass: None });
        }
        let guard = &self.visitor.in_force.guard;
        guard.release(attempt).await;
        guard.refund(attempt).await;
        Outcome::Panicked
    }

    async fn attempted(&self, attempt: &Attempt, called_for: &mut Option<Duration>) -> Outcome {
        match self.sign_up(attempt, called_for).await {
            Ok((submission_email, created)) => {
                let destination = match created.destination {
                    Destination::Return(url) => Some(url.as_str().to_owned()),
                    Destination::Status => None,
                };
                let guard = &self.visitor.in_force.guard;
                guard.settle(attempt, &submission_email, destination.clone(), created.user_id).await;
                Outcome::Created { destination, user_id: created.user_id }
            }
            Err(refused) => self.refused(attempt, refused).await,
        }
    }

    /// Ends an attempt that created no account, as far as we know.
    async fn refused(&self, attempt: &Attempt, refused: Refused) -> Outcome {
        let guard = &self.visitor.in_force.guard;
        refused.refusal.log();
        if refused.refusal.is_unknown() {
            tracing::error!("sent, and no usable answer: an account may have been created");
            guard.leave_unknown(attempt).await;
        } else if let Some(shared) = refused.to_shared() {
            guard.refuse(attempt, &self.form, &shared).await;
        } else {
            guard.release(attempt).await;
        }
        if refused.refusal.is_our_fault() {
            guard.refund(attempt).await;
        }
        Outcome::Refused { refused, kept_pass: self.kept_pass() }
    }

    /// Parse, clear, create.
    async fn sign_up(
        &self,
        attempt: &Attempt,
        called_for: &mut Option<Duration>,
    ) -> Result<(crate::domain::email::Email, Created), Refused> {
        let Self { visitor, terms, form, .. } = self;
        let span = step!("parse");
        let submission = span.in_scope(|| self.parse());
        span.record("outcome", if submission.is_ok() { "valid" } else { "invalid" });
        let submission = submission?;
        visitor.tenant.reached(self.flow, Stage::Valid);
        count_observed(&submission);
        let (email, username) = (submission.email().clone(), submission.username().clone());
        let demand = Demand { challenge: &visitor.tenant.challenge, spender: terms.turnstile };
        let cleared = visitor.in_force.guard.clear(attempt, submission, Proof::of(form), demand);
        let cleared = step::run(step!("clear"), cleared, |cleared| match cleared {
            Ok(_) => "cleared",
            Err(error) => error.reason.label(),
        });
        let cleared = cleared.await?;
        visitor.tenant.reached(self.flow, Stage::Cleared);
        let operator = OperatorTerms { notes: terms.notes.clone(), trial_length: terms.trial_length };
        let cleared = visitor.tenant.studio.check_email(cleared, &visitor.trace).await?;
        let started = Instant::now();
        let created = visitor.tenant.studio.create(cleared, &operator, &visitor.trace).await;
        *called_for = attempt.may_have_sent().then(|| started.elapsed());
        match created {
            Ok(created) => Ok((email, created)),
            Err(error) => {
                Err(Refused::from(error).about_prefilled(self.link.secrets.prefilled.as_ref(), &username, &email))
            }
        }
    }

    /// The language of the consent that was shown, as the form says; the answer's, where it does not.
    fn consent_language(&self) -> Language {
        Language::from_tag(self.form.typed(CONSENT_LANGUAGE)).unwrap_or(self.visitor.language)
    }

    /// One event and one count for each submission (contract 9).
    fn report(&self, ending: Ending, called_for: Option<Duration>) {
        let outcome = ending.outcome();
        let tenant = &self.visitor.tenant.settings.id;
        counter!(
            "signup_submissions_total",
            "flow" => self.flow.slug, "tenant" => tenant.to_string(), "outcome" => outcome
        )
        .increment(1);
        self.visitor.tenant.ended(self.flow, ending);
        let campaign = |name| self.link.attribution.get(name).map(|value| value.chars().take(100).collect::<String>());
        let consent = (ending == Ending::Created)
            .then(|| self.state.catalogue.words(self.consent_language()))
            .and_then(|words| self.visitor.tenant.consents.of(words, &self.visitor.tenant.settings.brand));
        tracing::info!(
            event = "signup",
            flow = self.flow.slug,
            tenant = tenant.as_str(),
            outcome,
            reason = ending.refusal(),
            upstream_duration_ms = called_for.map(|duration| duration.as_secs_f64() * 1_000.0),
            utm_source = campaign("utm_source"),
            utm_medium = campaign("utm_medium"),
            utm_campaign = campaign("utm_campaign"),
            consent_version = consent.map(|consent| consent.version.as_str()),
            consent_sha256 = consent.map(|consent| consent.sha256.as_str()),
            "signup"
        );
    }
}

/// The ending of a form that another attempt answers for.
fn ended_elsewhere(elsewhere: Elsewhere) -> (Outcome, Ending) {
    let outcome = match elsewhere {
        Elsewhere::Answered(answer) => Outcome::Created { destination: answer.destination, user_id: answer.user_id },
        Elsewhere::Refused(shared) => {
            // A refusal we cannot read (another version wrote it) is one all the same: nothing was created.
            let refused = Refused::from_shared(&shared).unwrap_or_else(|| AdmitError::Unavailable.into());
            Outcome::Refused { refused, kept_pass: None }
        }
    };
    (outcome, Ending::Duplicate)
}

fn count_observed(submission: &Submission) {
    if let Some(refusal) = submission.observed() {
        counter!("signup_observed_total", "guard" => "email", "reason" => refusal.label()).increment(1);
        tracing::info!(guard = "email", reason = refusal.label(), "would have been refused");
    }
}

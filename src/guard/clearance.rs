//! Clearance: the challenge is verified and the address counted, last before the upstream.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use metrics::counter;

use super::attempt::Attempt;
use super::limits::Limited;
use super::pass::{Form, Pass};
use super::submission_id::SubmissionId;
use super::turnstile::{ChallengeError, ChallengeOutage, ChallengeRefusal, MAX_TOKEN_BYTES, Siteverify};
use super::{Caller, Guard, PASS_FIELD, SUBMISSION_ID_FIELD, TOKEN_FIELD, UPSTREAM_TOKEN_FIELD};
use crate::domain::policy::Mode;
use crate::seal::Purpose;
use crate::settings::{OnOutage, TurnstileMode};
use crate::signup::{RawForm, Submission};
use crate::step::{self, step};
use crate::store::Scope;

/// A tenant's challenge, and who spends its token.
pub struct Challenge {
    /// Asks Cloudflare; `None` where no flow of the tenant needs it.
    pub siteverify: Option<Siteverify>,
    /// What an outage means.
    pub on_outage: OnOutage,
    /// Whether a refusal stands.
    pub mode: Mode,
}

/// What a flow's visitors have to meet.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    /// The tenant's challenge.
    pub challenge: &'a Challenge,
    /// Who spends its token.
    pub spender: TurnstileMode,
}

impl Challenge {
    /// Whether Cloudflare could not be asked when it was asked last.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.siteverify.as_ref().is_some_and(Siteverify::is_failing)
    }
}

/// A submission that passed every guard. Made by [`Guard::clear`] alone, consumed by the upstream.
pub struct Cleared<'a> {
    guard: &'a Guard,
    attempt: &'a Attempt,
    submission: Submission,
    upstream_token: Option<String>,
    proof: Proven,
}

/// Why a submission is not cleared.
pub struct ClearError {
    /// What stopped it.
    pub reason: ClearReason,
    /// The sealed proof of a challenge that was passed before that.
    pub pass: Option<String>,
}

/// What stopped a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearReason {
    /// The challenge.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The budget of the address, or of clients during an outage.
    #[error(transparent)]
    Limited(#[from] Limited),
}

impl ClearReason {
    /// The name of the outcome in traces.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Challenge(ChallengeError::Refused(refusal)) => refusal.label(),
            Self::Challenge(ChallengeError::Unavailable(outage)) => outage.label(),
            Self::Limited(_) => "limited",
        }
    }
}

/// What a form brings to prove that a person filled it.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    pass: &'a str,
    token: &'a str,
    upstream_token: &'a str,
}

impl<'a> Proof<'a> {
    /// Reads the proof's fields of a form.
    #[must_use]
    pub fn of(form: &'a RawForm) -> Self {
        Self {
            pass: form.typed(PASS_FIELD),
            token: form.typed(TOKEN_FIELD),
            upstream_token: form.typed(UPSTREAM_TOKEN_FIELD),
        }
    }
}

/// A challenge that was met: what to send upstream, and the pass for the next try.
struct Met {
    upstream_token: Option<String>,
    proof: Proven,
}

/// What shows next time that the challenge was met: sealed only if there is a next time.
enum Proven {
    /// It was not, or nobody asked.
    Nothing,
    /// The pass that the form brought.
    Before(String),
    /// Just now.
    Now(Pass),
}

impl Guard {
    /// Has the challenge verified and counts the address: the last step before the upstream.
    ///
    /// # Errors
    /// [`ClearError`], with the pass if the challenge was met before.
    pub async fn clear<'a>(
        &'a self,
        attempt: &'a Attempt,
        submission: Submission,
        proof: Proof<'_>,
        demand: Demand<'_>,
    ) -> Result<Cleared<'a>, ClearError> {
        let met = self.challenge(attempt, proof, demand).await;
        let met = met.map_err(|reason| ClearError { reason, pass: None })?;
        // Charged only now, so that nobody can lock out an address without solving challenges.
        let charged =
            step::run(step!("limit_email"), self.limits.charge_email(&attempt.tenant, submission.email()), |taken| {
                if taken.is_ok() { "allowed" } else { "limited" }
            });
        match charged.await {
            Ok(charge) => attempt.charges.lock().await.extend(charge),
            Err(limited) => return Err(ClearError { reason: limited.into(), pass: self.sealed(attempt, &met.proof) }),
        }
        Ok(Cleared { guard: self, attempt, submission, upstream_token: met.upstream_token, proof: met.proof })
    }

    async fn challenge(&self, attempt: &Attempt, proof: Proof<'_>, demand: Demand<'_>) -> Result<Met, ClearReason> {
        let challenge = demand.challenge;
        match demand.spender {
            TurnstileMode::Off => Ok(Met { upstream_token: None, proof: Proven::Nothing }),
            TurnstileMode::Upstream => {
                observed(present(proof.token), challenge.mode)?;
                Ok(Met { upstream_token: token(proof.token), proof: Proven::Nothing })
            }
            TurnstileMode::Gateway => {
                if let Some((pass, sealed)) = self.open_pass(attempt, proof) {
                    return Ok(Met { upstream_token: pass.into_token(), proof: Proven::Before(sealed) });
                }
                let is_proven = self.verify(attempt, proof.token, challenge).await?;
                let kept = attempt.flow.token_field.and_then(|_| token(proof.token));
                Ok(Met { proof: Proven::just_now(is_proven, kept.clone()), upstream_token: kept })
            }
            TurnstileMode::Both => {
                let theirs = present(proof.upstream_token);
                observed(
                    theirs.map_err(|_absent| ChallengeError::Refused(ChallengeRefusal::UpstreamToken)),
                    challenge.mode,
                )?;
                let upstream_token = token(proof.upstream_token);
                if let Some((_, sealed)) = self.open_pass(attempt, proof) {
                    return Ok(Met { upstream_token, proof: Proven::Before(sealed) });
                }
                let is_proven = self.verify(attempt, proof.token, challenge).await?;
                Ok(Met { upstream_token, proof: Proven::just_now(is_proven, None) })
            }
        }
    }

    /// Spends a token, under the tenant's rules for refusals and outages. Whether it proved anything: who is let through
    /// all the same gets no pass.
    async fn verify(&self, attempt: &Attempt, token: &str, challenge: &Challenge) -> Result<bool, ClearReason> {
        let outcome = match &challenge.siteverify {
            Some(siteverify) => siteverify.verify(token, attempt.flow.slug, attempt.client).await,
            // The settings refuse such a tenant; without an answer we refuse.
            None => Err(ChallengeError::Unavailable(ChallengeOutage::Secret)),
        };
        let proven = outcome.is_ok();
        match (observed(outcome, challenge.mode), challenge.on_outage) {
            (Err(ChallengeError::Unavailable(_)), OnOutage::Allow) => {
                let charge = self.limits.charge_client(Scope::Outage, &attempt.tenant, attempt.client).await?;
                attempt.charges.lock().await.extend(charge);
                counter!("signup_observed_total", "guard" => "turnstile", "reason" => "outage").increment(1);
                Ok(false)
            }
            (outcome, _) => Ok(outcome.map(|()| proven)?),
        }
    }

    fn open_pass(&self, attempt: &Attempt, proof: Proof<'_>) -> Option<(Pass, String)> {
        let pass = Pass::open(proof.pass, &self.keyring, attempt.form(), SystemTime::now())?;
        Some((pass, proof.pass.to_owned()))
    }

    /// Without randomness there is no pass, and the visitor solves one challenge more.
    fn sealed(&self, attempt: &Attempt, proof: &Proven) -> Option<String> {
        match proof {
            Proven::Nothing => None,
            Proven::Before(sealed) => Some(sealed.clone()),
            Proven::Now(pass) => pass.seal(&self.keyring, attempt.form()).ok(),
        }
    }

    /// A form's pass, if it is still good: every page with this form hands it back, also one that was not let in.
    #[must_use]
    pub fn kept_pass(&self, caller: Caller<'_>, form: &RawForm) -> Option<String> {
        let (Caller { tenant, flow, .. }, now) = (caller, SystemTime::now());
        let id = SubmissionId::verify(form.typed(SUBMISSION_ID_FIELD), &self.keyring, tenant, flow, now).ok()?;
        let sealed = Proof::of(form).pass;
        Pass::open(sealed, &self.keyring, Form { tenant, flow, id: &id }, now).map(|_good| sealed.to_owned())
    }
}

impl Proven {
    fn just_now(is_proven: bool, token: Option<String>) -> Self {
        if is_proven { Self::Now(Pass::new(SystemTime::now(), token)) } else { Self::Nothing }
    }
}

impl Cleared<'_> {
    /// The submission that was cleared.
    #[must_use]
    pub fn submission(&self) -> &Submission {
        &self.submission
    }

    /// The Turnstile token for the upstream.
    #[must_use]
    pub fn upstream_token(&self) -> Option<&str> {
        self.upstream_token.as_deref()
    }

    /// The pass for the form that comes back if the upstream refuses.
    #[must_use]
    pub fn pass(&self) -> Option<String> {
        self.guard.sealed(self.attempt, &self.proof)
    }

    /// A key that is the same for the same form and payload, whichever replica sends it.
    #[must_use]
    pub fn idempotency_key(&self, payload: &[u8]) -> [u8; 16] {
        self.guard.keyring.sign(Purpose::IdempotencyKey, &[self.attempt.id.name().as_bytes(), payload])
    }

    /// Marks the form as being sent. Call it before the first byte goes upstream; `false` means: send nothing.
    #[must_use = "a lost claim must not be sent"]
    pub async fn begin_sending(&self) -> bool {
        let Attempt { token, term, .. } = *self.attempt;
        let ours = self.guard.store.begin_sending(&self.attempt.key(), token, term).await;
        self.attempt.sending.store(ours, Ordering::Release);
        ours
    }
}

/// A token that may be forwarded.
fn token(text: &str) -> Option<String> {
    (!text.is_empty() && text.len() <= MAX_TOKEN_BYTES).then(|| text.to_owned())
}

fn present(text: &str) -> Result<(), ChallengeError> {
    match text.len() {
        0 => Err(ChallengeError::Refused(ChallengeRefusal::Missing)),
        1..=MAX_TOKEN_BYTES => Ok(()),
        _ => Err(ChallengeError::Refused(ChallengeRefusal::TooLong)),
    }
}

/// Lets a failure through where the challenge only observes.
fn observed(outcome: Result<(), ChallengeError>, mode: Mode) -> Result<(), ChallengeError> {
    match (outcome, mode) {
        (Err(error), Mode::Observe) => {
            let reason = match error {
                ChallengeError::Refused(refusal) => refusal.label(),
                ChallengeError::Unavailable(outage) => outage.label(),
            };
            counter!("signup_observed_total", "guard" => "turnstile", "reason" => reason).increment(1);
            tracing::info!(guard = "turnstile", reason, "would have been refused");
            Ok(())
        }
        (outcome, _) => outcome,
    }
}

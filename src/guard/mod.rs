//! Whether a sign-up may go on: limits first, Turnstile last.
//!
//! [`Guard::admit`] opens an [`Attempt`] at a form, [`Guard::clear`] turns a parsed submission into a [`Cleared`] one.
//! Nothing else makes a [`Cleared`], and nothing but a [`Cleared`] can be sent upstream.

pub mod limits;
pub mod pass;
pub mod submission_id;
pub mod turnstile;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use metrics::counter;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use self::limits::{Charge, Limited, Limits};
use self::pass::Pass;
use self::submission_id::{SubmissionId, SubmissionIdError};
use self::turnstile::{ChallengeError, ChallengeRefusal, MAX_TOKEN_BYTES, Siteverify};
use crate::domain::client::ClientAddress;
use crate::domain::email::Email;
use crate::domain::policy::Mode;
use crate::domain::tenant::TenantId;
use crate::seal::{Keyring, Purpose, SealError, random};
use crate::settings::{OnOutage, TurnstileMode};
use crate::signup::{Flow, RawForm, Submission};
use crate::store::{Claim, ClaimToken, Fingerprint, Phase, Scope, Store};

/// The hidden input that carries the signed submission id.
pub const SUBMISSION_ID_FIELD: &str = "submission_id";
/// The hidden input that carries the pass.
pub const PASS_FIELD: &str = "pass";
/// The input that Turnstile fills.
pub const TOKEN_FIELD: &str = "cf-turnstile-response";
/// The input that the upstream's own widget fills (mode `both`).
pub const UPSTREAM_TOKEN_FIELD: &str = "upstream-turnstile-response";
/// The input that no person sees and robots fill. Its name means nothing to autofill.
pub const HONEYPOT_FIELD: &str = "subject_line";

/// How often somebody who waits for another attempt asks again.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// What a lease is longer than the page budget.
const LEASE_SLACK: Duration = Duration::from_secs(5);
/// What a record is kept longer than its form lives.
const KEEP_SLACK: Duration = Duration::from_mins(10);

/// Decides whether a sign-up may go on.
pub struct Guard {
    /// The budgets.
    pub limits: Limits,
    store: Arc<Store>,
    keyring: Arc<Keyring>,
    honeypot: Mode,
}

/// A tenant's challenge, and who spends its token.
pub struct Challenge {
    /// Asks Cloudflare; `None` where no flow of the tenant needs it.
    pub siteverify: Option<Siteverify>,
    /// What an outage means.
    pub on_outage: OnOutage,
    /// Whether a refusal stands.
    pub mode: Mode,
}

/// Who asks for what.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The tenant whose host was asked.
    pub tenant: &'a TenantId,
    /// The form that was posted.
    pub flow: &'static Flow,
    /// The visitor's address.
    pub client: ClientAddress,
    /// How long the page may take in all.
    pub budget: Duration,
}

/// The right to try one form. It ends by [`Guard::settle`], [`Guard::release`] or [`Guard::leave_unknown`]; dropped, its
/// lease expires to the safe side.
pub struct Attempt {
    tenant: TenantId,
    flow: &'static Flow,
    client: ClientAddress,
    id: SubmissionId,
    token: ClaimToken,
    fingerprint: Fingerprint,
    lease: Duration,
    charges: Mutex<Vec<Charge>>,
}

/// The way in.
pub enum Admission {
    /// Go on with this attempt.
    Open(Attempt),
    /// The form has its answer already.
    Answered(Answer),
    /// The attempt at the very same form that was waited for was refused: what [`Guard::refuse`] was given.
    Refused(Vec<u8>),
}

/// What a settled form answers for as long as it lives.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Where the visitor is sent; `None` means to the status page.
    pub destination: Option<String>,
    /// The account, where the upstream named it.
    pub user_id: Option<u64>,
    /// A keyed hash of the address, so that the form answers for nobody else.
    email: [u8; 16],
}

/// A submission that passed every guard. Made by [`Guard::clear`] alone, consumed by the upstream.
pub struct Cleared<'a> {
    guard: &'a Guard,
    attempt: &'a Attempt,
    submission: Submission,
    upstream_token: Option<String>,
    pass: Option<String>,
}

/// Why a form is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// The client's budget is used up.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The form is too old, or not one of ours.
    #[error(transparent)]
    Id(#[from] SubmissionIdError),
    /// The form has an account under another address.
    #[error("the form has been used for another address")]
    UsedForAnother,
    /// An earlier attempt at this form was sent and never answered.
    #[error("the outcome of an earlier attempt is unknown")]
    Unknown,
    /// Another attempt at this form took longer than the page budget.
    #[error("another attempt at this form takes too long")]
    StillInFlight,
    /// The invisible field was filled.
    #[error("the invisible field was filled")]
    Honeypot,
    /// We cannot make random numbers.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Why a submission is not cleared.
#[derive(Debug, thiserror::Error)]
#[error("the submission was not cleared")]
pub struct ClearError {
    /// What stopped it.
    #[source]
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

/// What a claim came to.
enum Claimed {
    Won,
    Settled(String),
    Refused(Vec<u8>),
}

/// A challenge that was met: what to send upstream, and the pass for the next try.
struct Met {
    upstream_token: Option<String>,
    pass: Option<String>,
}

impl Guard {
    /// The guard of all tenants.
    #[must_use]
    pub fn new(limits: Limits, store: Arc<Store>, keyring: Arc<Keyring>, honeypot: Mode) -> Self {
        Self { limits, store, keyring, honeypot }
    }

    /// Counts the client, reads the submission id and claims the form, or waits for who has it.
    ///
    /// # Errors
    /// [`AdmitError`]; nothing is claimed then.
    pub async fn admit(&self, caller: Caller<'_>, form: &RawForm) -> Result<Admission, AdmitError> {
        let charge = self.limits.charge_client(Scope::Client, caller.tenant, caller.client).await?;
        let text = form.typed(SUBMISSION_ID_FIELD);
        let id = SubmissionId::verify(text, &self.keyring, caller.tenant, caller.flow, SystemTime::now())?;
        let attempt = Attempt {
            tenant: caller.tenant.clone(),
            flow: caller.flow,
            client: caller.client,
            id,
            token: ClaimToken(random()?),
            fingerprint: self.fingerprint(form),
            lease: caller.budget + LEASE_SLACK,
            charges: Mutex::new(charge.into_iter().collect()),
        };
        match self.claim(&attempt, caller.budget).await {
            Ok(Claimed::Won) => {}
            Ok(Claimed::Settled(sealed)) => return self.answered(&attempt, &sealed, form).map(Admission::Answered),
            Ok(Claimed::Refused(refusal)) => {
                // It cost nobody anything.
                self.refund(&attempt).await;
                return Ok(Admission::Refused(refusal));
            }
            Err(unknown) => {
                // Not the visitor's fault: see [`Guard::refund`].
                self.refund(&attempt).await;
                return Err(unknown);
            }
        }
        if !form.shown(HONEYPOT_FIELD).is_empty() {
            counter!("signup_observed_total", "guard" => "honeypot", "reason" => "filled").increment(1);
            if self.honeypot == Mode::Enforce {
                self.finish(&attempt, Phase::Free).await;
                return Err(AdmitError::Honeypot);
            }
            tracing::info!(guard = "honeypot", "would have been refused");
        }
        Ok(Admission::Open(attempt))
    }

    /// Claims the form, or waits for who has it.
    async fn claim(&self, attempt: &Attempt, patience: Duration) -> Result<Claimed, AdmitError> {
        let key = attempt.id.attempt_key(&attempt.tenant);
        let deadline = Instant::now() + patience;
        let mut waited_with = None;
        loop {
            match self.store.claim(&key, attempt.token, attempt.lease, keep(), waited_with).await {
                Claim::Won => return Ok(Claimed::Won),
                Claim::Settled(sealed) => return Ok(Claimed::Settled(sealed)),
                Claim::Refused(sealed) => {
                    if let Some(plain) = self.keyring.open(Purpose::StoredAnswer, &attempt.context(), &sealed) {
                        return Ok(Claimed::Refused(plain));
                    }
                    waited_with = None;
                }
                Claim::Unknown => return Err(AdmitError::Unknown),
                Claim::InFlight if Instant::now() >= deadline => return Err(AdmitError::StillInFlight),
                Claim::InFlight => {
                    waited_with = Some(attempt.fingerprint);
                    tokio::time::sleep(POLL_EVERY).await;
                }
            }
        }
    }

    fn answered(&self, attempt: &Attempt, sealed: &str, form: &RawForm) -> Result<Answer, AdmitError> {
        let plain = self.keyring.open(Purpose::StoredAnswer, &attempt.context(), sealed);
        // Sealed under a key that is gone: an account exists, but we cannot say where.
        let answer: Answer = plain.and_then(|plain| serde_json::from_slice(&plain).ok()).ok_or(AdmitError::Unknown)?;
        let same = Email::parse(form.typed("email")).is_ok_and(|email| self.hashes_to(&email, &answer.email));
        if same { Ok(answer) } else { Err(AdmitError::UsedForAnother) }
    }

    /// A keyed hash of everything that was posted.
    fn fingerprint(&self, form: &RawForm) -> Fingerprint {
        let parts: Vec<&[u8]> = form.pairs().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
        Fingerprint(self.keyring.sign(Purpose::StoredAnswer, &parts))
    }

    fn hashes_to(&self, email: &Email, hash: &[u8; 16]) -> bool {
        self.keyring.verify(Purpose::EmailHash, &[email.key().as_bytes()], hash)
    }

    /// Has the challenge verified and counts the address: the last step before the upstream.
    ///
    /// # Errors
    /// [`ClearError`], with the pass if the challenge was met before.
    pub async fn clear<'a>(
        &'a self,
        attempt: &'a Attempt,
        submission: Submission,
        proof: Proof<'_>,
        challenge: &Challenge,
        spender: TurnstileMode,
    ) -> Result<Cleared<'a>, ClearError> {
        let met = self
            .challenge(attempt, proof, challenge, spender)
            .await
            .map_err(|reason| ClearError { reason, pass: None })?;
        // Charged only now, so that nobody can lock out an address without solving challenges.
        match self.limits.charge_email(&attempt.tenant, submission.email()).await {
            Ok(charge) => attempt.charges.lock().await.extend(charge),
            Err(limited) => return Err(ClearError { reason: limited.into(), pass: met.pass }),
        }
        Ok(Cleared { guard: self, attempt, submission, upstream_token: met.upstream_token, pass: met.pass })
    }

    async fn challenge(
        &self,
        attempt: &Attempt,
        proof: Proof<'_>,
        challenge: &Challenge,
        spender: TurnstileMode,
    ) -> Result<Met, ClearReason> {
        match spender {
            TurnstileMode::Off => Ok(Met { upstream_token: None, pass: None }),
            TurnstileMode::Upstream => {
                observed(present(proof.token), challenge.mode)?;
                Ok(Met { upstream_token: token(proof.token), pass: None })
            }
            TurnstileMode::Gateway => {
                if let Some((pass, sealed)) = self.open_pass(attempt, proof) {
                    return Ok(Met { upstream_token: pass.into_token(), pass: Some(sealed) });
                }
                let proven = self.verify(attempt, proof.token, challenge).await?;
                let kept = attempt.flow.token_field.and_then(|_| token(proof.token));
                let pass = proven.then(|| self.seal_pass(attempt, kept.clone())).flatten();
                Ok(Met { pass, upstream_token: kept })
            }
            TurnstileMode::Both => {
                let theirs = present(proof.upstream_token);
                observed(
                    theirs.map_err(|_absent| ChallengeError::Refused(ChallengeRefusal::UpstreamToken)),
                    challenge.mode,
                )?;
                let pass = if let Some((_, sealed)) = self.open_pass(attempt, proof) {
                    Some(sealed)
                } else {
                    let proven = self.verify(attempt, proof.token, challenge).await?;
                    proven.then(|| self.seal_pass(attempt, None)).flatten()
                };
                Ok(Met { upstream_token: token(proof.upstream_token), pass })
            }
        }
    }

    /// Spends a token, under the tenant's rules for refusals and outages. Whether it proved anything: who is let through
    /// all the same gets no pass.
    async fn verify(&self, attempt: &Attempt, token: &str, challenge: &Challenge) -> Result<bool, ClearReason> {
        let outcome = match &challenge.siteverify {
            Some(siteverify) => siteverify.verify(token, attempt.flow.slug, attempt.client).await,
            // The settings refuse such a tenant; without an answer we refuse.
            None => Err(ChallengeError::Unavailable(turnstile::ChallengeOutage::Secret)),
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
        let now = SystemTime::now();
        Pass::open(proof.pass, &self.keyring, &attempt.tenant, attempt.flow, &attempt.id, now)
            .map(|pass| (pass, proof.pass.to_owned()))
    }

    /// Without randomness there is no pass, and the visitor solves one challenge more.
    fn seal_pass(&self, attempt: &Attempt, token: Option<String>) -> Option<String> {
        Pass::new(SystemTime::now(), token).seal(&self.keyring, &attempt.tenant, attempt.flow, &attempt.id).ok()
    }

    /// A form's pass, if it is still good: every page with this form hands it back, also one that was not let in.
    #[must_use]
    pub fn kept_pass(&self, caller: Caller<'_>, form: &RawForm) -> Option<String> {
        let (Caller { tenant, flow, .. }, now) = (caller, SystemTime::now());
        let id = SubmissionId::verify(form.typed(SUBMISSION_ID_FIELD), &self.keyring, tenant, flow, now).ok()?;
        let sealed = Proof::of(form).pass;
        Pass::open(sealed, &self.keyring, tenant, flow, &id, now).map(|_good| sealed.to_owned())
    }

    /// Ends an attempt that created an account: the form answers so from now on.
    pub async fn settle(&self, attempt: &Attempt, email: &Email, destination: Option<String>, user_id: Option<u64>) {
        let email = self.keyring.sign(Purpose::EmailHash, &[email.key().as_bytes()]);
        let answer = Answer { destination, user_id, email };
        let sealed = serde_json::to_vec(&answer)
            .ok()
            .and_then(|plain| self.keyring.seal(Purpose::StoredAnswer, &attempt.context(), &plain).ok());
        // An account exists: if its answer cannot be kept, the form must still never create another.
        self.finish(attempt, sealed.map_or(Phase::Unknown, Phase::Settled)).await;
    }

    /// Ends an attempt that created nothing: the form may be corrected and sent again.
    pub async fn release(&self, attempt: &Attempt) {
        self.finish(attempt, Phase::Free).await;
    }

    /// The same, and shares the refusal with who waited meanwhile with the very same form: a double click shows the last
    /// answer, and neither spends the challenge nor asks the upstream twice.
    pub async fn refuse(&self, attempt: &Attempt, refusal: &[u8]) {
        let sealed = self.keyring.seal(Purpose::StoredAnswer, &attempt.context(), refusal);
        let phase = sealed.map_or(Phase::Free, |sealed| Phase::Refused(attempt.fingerprint, sealed));
        self.finish(attempt, phase).await;
    }

    /// Ends an attempt whose outcome nobody knows: the form never creates anything again.
    pub async fn leave_unknown(&self, attempt: &Attempt) {
        self.finish(attempt, Phase::Unknown).await;
    }

    /// Gives back what the attempt took: it failed by our or the upstream's fault.
    pub async fn refund(&self, attempt: &Attempt) {
        let charges = std::mem::take(&mut *attempt.charges.lock().await);
        for charge in charges {
            self.limits.refund(charge).await;
        }
    }

    async fn finish(&self, attempt: &Attempt, phase: Phase) {
        self.store.finish(&attempt.id.attempt_key(&attempt.tenant), attempt.token, phase, keep()).await;
    }
}

impl Attempt {
    fn context(&self) -> [&str; 2] {
        [self.tenant.as_str(), self.flow.slug]
    }

    /// The visitor's address, for the upstream.
    #[must_use]
    pub fn client(&self) -> ClientAddress {
        self.client
    }

    /// The form that is tried.
    #[must_use]
    pub fn id(&self) -> &SubmissionId {
        &self.id
    }

    /// The tenant it is tried at.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

impl Cleared<'_> {
    /// The submission that was cleared.
    #[must_use]
    pub fn submission(&self) -> &Submission {
        &self.submission
    }

    /// The attempt it belongs to.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        self.attempt
    }

    /// The Turnstile token for the upstream.
    #[must_use]
    pub fn upstream_token(&self) -> Option<&str> {
        self.upstream_token.as_deref()
    }

    /// The pass for the form that comes back if the upstream refuses.
    #[must_use]
    pub fn pass(&self) -> Option<&str> {
        self.pass.as_deref()
    }

    /// A key that is the same for the same form and payload, whichever replica sends it.
    #[must_use]
    pub fn idempotency_key(&self, payload: &[u8]) -> [u8; 16] {
        self.guard.keyring.sign(Purpose::IdempotencyKey, &[self.attempt.id.name().as_bytes(), payload])
    }

    /// Marks the form as being sent. Call it before the first byte goes upstream; `false` means: send nothing.
    #[must_use = "a lost claim must not be sent"]
    pub async fn begin_sending(&self) -> bool {
        let key = self.attempt.id.attempt_key(&self.attempt.tenant);
        self.guard.store.begin_sending(&key, self.attempt.token, self.attempt.lease, keep()).await
    }
}

/// How long a form's record is kept.
fn keep() -> Duration {
    submission_id::MAX_AGE + KEEP_SLACK
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

/// Compares texts without telling by the time it takes how far they agree.
#[must_use]
pub fn same_text(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

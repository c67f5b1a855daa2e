//! Attempts: the right to try one form, and how it ends. At most one of them creates an account.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use metrics::counter;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::limits::{Charge, Limited};
use super::pass::Form;
use super::submission_id::{self, SubmissionId, SubmissionIdError};
use super::{Caller, Guard, HONEYPOT_FIELD, SUBMISSION_ID_FIELD};
use crate::domain::client::ClientAddress;
use crate::domain::email::Email;
use crate::domain::policy::Mode;
use crate::domain::tenant::TenantId;
use crate::seal::{Purpose, SealError, random};
use crate::signup::{Flow, RawForm};
use crate::store::{AttemptKey, Claim, ClaimToken, Fingerprint, Holder, Phase, Scope, Term, Waited};

/// When somebody who waits for another attempt asks again: soon at first, then less and less often.
const POLL_FIRST: Duration = Duration::from_millis(25);
const POLL_LAST: Duration = Duration::from_millis(400);
/// What a lease is longer than the page budget.
const LEASE_SLACK: Duration = Duration::from_secs(5);
/// What a record is kept longer than its form lives.
const KEEP_SLACK: Duration = Duration::from_mins(10);

/// The right to try one form. It ends by [`Guard::settle`], [`Guard::release`], [`Guard::refuse`] or
/// [`Guard::leave_unknown`]; dropped, its lease expires to the safe side.
pub struct Attempt {
    pub(super) tenant: TenantId,
    pub(super) flow: &'static Flow,
    pub(super) client: ClientAddress,
    pub(super) id: SubmissionId,
    pub(super) token: ClaimToken,
    pub(super) term: Term,
    pub(super) charges: Mutex<Vec<Charge>>,
    /// Whether something may have been sent upstream.
    pub(super) sending: AtomicBool,
}

/// The way in.
pub enum Admission {
    /// Go on with this attempt.
    Open(Attempt),
    /// Another attempt answers.
    Elsewhere(Elsewhere),
}

/// What another attempt at the same form came to.
pub enum Elsewhere {
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
    /// The form cannot be taken now, and nothing was sent: no further one can be remembered, or its refusal is unreadable.
    #[error("the form cannot be taken now")]
    Unavailable,
    /// The invisible field was filled.
    #[error("the invisible field was filled")]
    Honeypot,
    /// We cannot make random numbers.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// What a claim came to.
enum Claimed {
    Won,
    Settled(String),
    Refused(Vec<u8>),
}

impl Guard {
    /// Counts the client, reads the submission id and claims the form, or waits for who has it.
    ///
    /// # Errors
    /// [`AdmitError`]; nothing is claimed then.
    pub async fn admit(&self, caller: Caller<'_>, form: &RawForm) -> Result<Admission, AdmitError> {
        // First: a failure of ours costs nobody anything.
        let token = ClaimToken(random()?);
        let charge = self.limits.charge_client(Scope::Client, caller.tenant, caller.client).await?;
        let text = form.typed(SUBMISSION_ID_FIELD);
        let id = SubmissionId::verify(text, &self.keyring, caller.tenant, caller.flow, SystemTime::now())?;
        let attempt = Attempt {
            tenant: caller.tenant.clone(),
            flow: caller.flow,
            client: caller.client,
            id,
            token,
            term: Term { lease: caller.budget + LEASE_SLACK, keep: keep() },
            charges: Mutex::new(charge.into_iter().collect()),
            sending: AtomicBool::new(false),
        };
        if let Some(elsewhere) = self.elsewhere(&attempt, form, caller.budget).await? {
            return Ok(Admission::Elsewhere(elsewhere));
        }
        if !form.shown(HONEYPOT_FIELD).is_empty() {
            if self.honeypot == Mode::Enforce {
                self.finish(&attempt, Phase::Free).await;
                return Err(AdmitError::Honeypot);
            }
            counter!("signup_observed_total", "guard" => "honeypot", "reason" => "filled").increment(1);
            tracing::info!(guard = "honeypot", "would have been refused");
        }
        Ok(Admission::Open(attempt))
    }

    /// What became of a form whose claim was lost: who has it answers for both. `None` when nobody has it any more, and it
    /// may be tried again.
    ///
    /// # Errors
    /// [`AdmitError`], as for who comes with the form later.
    pub async fn elsewhere_after_loss(
        &self,
        attempt: &Attempt,
        form: &RawForm,
        patience: Duration,
    ) -> Result<Option<Elsewhere>, AdmitError> {
        let elsewhere = self.elsewhere(attempt, form, patience).await?;
        if elsewhere.is_none() {
            self.release(attempt).await;
        }
        Ok(elsewhere)
    }

    /// Claims the form, or says what became of it elsewhere; `None` when it is this attempt's.
    async fn elsewhere(
        &self,
        attempt: &Attempt,
        form: &RawForm,
        patience: Duration,
    ) -> Result<Option<Elsewhere>, AdmitError> {
        match self.claim(attempt, form, patience).await {
            Ok(Claimed::Won) => Ok(None),
            Ok(Claimed::Settled(sealed)) => self.answered(attempt, &sealed, form).map(Elsewhere::Answered).map(Some),
            Ok(Claimed::Refused(refusal)) => {
                // It cost nobody anything.
                self.refund(attempt).await;
                Ok(Some(Elsewhere::Refused(refusal)))
            }
            Err(not_claimed) => {
                // Not the visitor's fault: see [`Guard::refund`].
                self.refund(attempt).await;
                Err(not_claimed)
            }
        }
    }

    /// Claims the form, or waits for who has it.
    async fn claim(&self, attempt: &Attempt, form: &RawForm, patience: Duration) -> Result<Claimed, AdmitError> {
        let claimed = self.wait_for_claim(attempt, form, patience).await;
        if !matches!(claimed, Ok(Claimed::Won)) {
            self.store.give_up(&attempt.key(), attempt.token, attempt.term.keep);
        }
        claimed
    }

    async fn wait_for_claim(
        &self,
        attempt: &Attempt,
        form: &RawForm,
        patience: Duration,
    ) -> Result<Claimed, AdmitError> {
        let key = attempt.key();
        let deadline = Instant::now() + patience;
        let mut waited: Option<Waited> = None;
        let mut pause = POLL_FIRST;
        loop {
            match self.store.claim(&key, attempt.token, attempt.term, waited).await {
                Claim::Won => return Ok(Claimed::Won),
                Claim::Settled(sealed) => return Ok(Claimed::Settled(sealed)),
                Claim::Refused(sealed) => {
                    if let Some(plain) = self.keyring.open(Purpose::StoredAnswer, &attempt.context(), &sealed) {
                        return Ok(Claimed::Refused(plain));
                    }
                    waited = None;
                }
                Claim::Unknown => return Err(AdmitError::Unknown),
                Claim::Full => return Err(AdmitError::Unavailable),
                Claim::InFlight(_) if Instant::now() >= deadline => return Err(AdmitError::StillInFlight),
                Claim::InFlight(holder) => {
                    let mut now = waited.unwrap_or_else(|| Waited { with: self.fingerprint(form), holder });
                    // What Redis said of a sibling holds until it says otherwise.
                    if holder == Holder::Sibling {
                        now.holder = holder;
                    }
                    waited = Some(now);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(POLL_LAST);
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
    pub async fn refuse(&self, attempt: &Attempt, form: &RawForm, refusal: &[u8]) {
        let sealed = self.keyring.seal(Purpose::StoredAnswer, &attempt.context(), refusal);
        let phase = sealed.map_or(Phase::Free, |sealed| Phase::Refused(self.fingerprint(form), sealed));
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
        self.store.finish(&attempt.key(), attempt.token, phase, attempt.term.keep).await;
    }
}

impl Attempt {
    /// Whether something may have been sent upstream: an attempt that ends without an outcome is unknown then, else free.
    #[must_use]
    pub fn may_have_sent(&self) -> bool {
        self.sending.load(Ordering::Acquire)
    }

    pub(super) fn key(&self) -> AttemptKey {
        self.id.attempt_key(&self.tenant)
    }

    /// What a pass for it is bound to.
    pub(super) fn form(&self) -> Form<'_> {
        Form { tenant: &self.tenant, flow: self.flow, id: &self.id }
    }

    pub(super) fn context(&self) -> [&str; 2] {
        [self.tenant.as_str(), self.flow.slug]
    }
}

/// How long a form's record is kept.
fn keep() -> Duration {
    submission_id::MAX_AGE + KEEP_SLACK
}

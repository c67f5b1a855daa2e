//! Whether a sign-up may go on: limits first, Turnstile last.
//!
//! [`Guard::admit`] opens an [`Attempt`] at a form, [`Guard::clear`] turns a parsed submission into a [`Cleared`] one.
//! Nothing else makes a [`Cleared`], and nothing but a [`Cleared`] can be sent upstream.

mod attempt;
mod clearance;
pub mod limits;
pub mod pass;
pub mod submission_id;
pub mod turnstile;

use std::sync::Arc;
use std::time::Duration;

pub use self::attempt::{Admission, AdmitError, Answer, Attempt, Elsewhere};
pub use self::clearance::{Challenge, ClearError, ClearReason, Cleared, Demand, Proof};
use self::limits::Limits;
use crate::domain::client::ClientAddress;
use crate::domain::policy::Mode;
use crate::domain::tenant::TenantId;
use crate::seal::Keyring;
use crate::signup::Flow;
use crate::store::Store;

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

/// Decides whether a sign-up may go on.
pub struct Guard {
    /// The budgets.
    pub limits: Limits,
    store: Arc<Store>,
    keyring: Arc<Keyring>,
    honeypot: Mode,
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

impl Guard {
    /// The guard of all tenants.
    #[must_use]
    pub fn new(limits: Limits, store: Arc<Store>, keyring: Arc<Keyring>, honeypot: Mode) -> Self {
        Self { limits, store, keyring, honeypot }
    }
}

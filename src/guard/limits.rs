//! How often somebody may try.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use metrics::counter;

use crate::domain::client::ClientAddress;
use crate::domain::email::Email;
use crate::domain::policy::{Mode, Quota};
use crate::domain::tenant::TenantId;
use crate::seal::{Keyring, Purpose};
use crate::store::{Decision, LimitKey, Scope, Store};

/// The budgets, bound to tenants, over the shared store.
pub struct Limits {
    store: Arc<Store>,
    keyring: Arc<Keyring>,
    ipv6_prefix: u8,
    exempt: Vec<IpNet>,
    mode: Mode,
}

/// A budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("the {} budget is used up", .scope.label())]
pub struct Limited {
    /// Which budget.
    pub scope: Scope,
    /// What it holds when it is full.
    pub quota: Quota,
    /// When one more may pass.
    pub retry_after: Duration,
}

/// What was taken from a budget, to be given back if we fail.
#[derive(Clone, Copy)]
pub struct Charge {
    scope: Scope,
    key: LimitKey,
}

impl Limits {
    /// The budgets of `rate_limit.*`.
    #[must_use]
    pub fn new(store: Arc<Store>, keyring: Arc<Keyring>, ipv6_prefix: u8, exempt: Vec<IpNet>, mode: Mode) -> Self {
        Self { store, keyring, ipv6_prefix, exempt, mode }
    }

    /// Takes one from a client's budget; an exempt network has no budget.
    ///
    /// # Errors
    /// [`Limited`] when it is used up.
    pub async fn charge_client(
        &self,
        scope: Scope,
        tenant: &TenantId,
        client: ClientAddress,
    ) -> Result<Option<Charge>, Limited> {
        if self.exempt.iter().any(|network| network.contains(&client.ip())) {
            return Ok(None);
        }
        let key = self.key(scope, tenant, &client.network(self.ipv6_prefix).octets());
        self.charge(scope, key).await
    }

    /// Takes one from an address's budget.
    ///
    /// # Errors
    /// [`Limited`] when it is used up.
    pub async fn charge_email(&self, tenant: &TenantId, email: &Email) -> Result<Option<Charge>, Limited> {
        self.charge(Scope::Email, self.key(Scope::Email, tenant, email.key().as_bytes())).await
    }

    /// Gives back what an attempt took.
    pub async fn refund(&self, charge: Charge) {
        self.store.refund(charge.scope, charge.key).await;
    }

    /// What was taken; nothing where a refusal is only observed.
    async fn charge(&self, scope: Scope, key: LimitKey) -> Result<Option<Charge>, Limited> {
        match (self.store.take(scope, key).await, self.mode) {
            (Decision::Allowed, _) => Ok(Some(Charge { scope, key })),
            (Decision::Limited { .. }, Mode::Observe) => {
                counter!("signup_observed_total", "guard" => "rate_limit", "reason" => scope.label()).increment(1);
                tracing::info!(guard = "rate_limit", scope = scope.label(), "would have been refused");
                Ok(None)
            }
            (Decision::Limited { retry_after }, Mode::Enforce) => {
                counter!("signup_rate_limited_total", "scope" => scope.label()).increment(1);
                Err(Limited { scope, quota: self.store.quota(scope), retry_after })
            }
        }
    }

    /// A keyed hash: no store and no dump of memory shows who is counted.
    fn key(&self, scope: Scope, tenant: &TenantId, whom: &[u8]) -> LimitKey {
        let context = [scope.label().as_bytes(), tenant.as_str().as_bytes(), whom];
        let (high, low) = self
            .keyring
            .sign(Purpose::LimitKey, &context)
            .split_first_chunk::<8>()
            .map_or(([0; 8], [0; 8]), |(high, rest)| (*high, rest.first_chunk::<8>().copied().unwrap_or_default()));
        LimitKey(u64::from_be_bytes(high), u64::from_be_bytes(low))
    }
}

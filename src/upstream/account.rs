//! What we read of accounts (contract 7): by activation code, by id, and for white-label organizations.
//!
//! One tolerant model for both shapes of answer: a field that is missing, null or of another type is simply not known,
//! and an enum value we have never seen breaks nothing.

use std::time::Duration;

use metrics::histogram;
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value as Json, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use super::{Studio, Trace};
use crate::http::{is_json, read_body};
use crate::step::{self, step};

/// How long a page waits for what it only decorates itself with.
const PATIENCE: Duration = Duration::from_secs(4);

/// A user as far as a page cares.
#[derive(Clone, Default, PartialEq)]
pub struct Account {
    /// Full name.
    pub name: Option<String>,
    /// Username.
    pub username: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Company.
    pub company_name: Option<String>,
    /// Whether the address is confirmed.
    pub activated: bool,
    /// Whether the account is suspended.
    pub suspended: bool,
    /// Which plan.
    pub tier: Tier,
    /// The enterprise trial.
    pub trial: Trial,
    /// Whether enterprise features are open; `None` where the upstream does not say.
    pub enterprise_access: Option<bool>,
}

/// The plan of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// One that costs: `professional` or `enterprise`.
    Paid,
    /// Any other, also one we have never heard of.
    #[default]
    Other,
}

/// The enterprise trial of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trial {
    /// There never was one.
    #[default]
    None,
    /// It runs, until a date if the upstream said so.
    Running(Option<OffsetDateTime>),
    /// It has ended.
    Over,
}

/// Why an account cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// We have no credentials for it.
    #[error("there are no credentials for reading")]
    NoCredentials,
    /// The upstream says there is none.
    #[error("there is no such account")]
    NotFound,
    /// The upstream said no: there is none for us.
    #[error("the upstream said no")]
    Refused,
    /// The upstream did not say.
    #[error("the upstream did not say")]
    Unavailable,
}

/// The secrets that reading takes.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Sent as `x-jwt-token`.
    pub jwt_token: Option<SecretString>,
    /// Sent as `x-api-key`.
    pub api_key: Option<SecretString>,
}

/// Which credential an operation prefers.
#[derive(Clone, Copy)]
enum Prefer {
    JwtToken,
    ApiKey,
}

impl Credentials {
    fn attach(&self, request: RequestBuilder, prefer: Prefer) -> Option<RequestBuilder> {
        let jwt_token = self.jwt_token.as_ref().map(|secret| ("x-jwt-token", secret));
        let api_key = self.api_key.as_ref().map(|secret| ("x-api-key", secret));
        let (name, secret) = match prefer {
            Prefer::JwtToken => jwt_token.or(api_key),
            Prefer::ApiKey => api_key.or(jwt_token),
        }?;
        Some(request.header(name, secret.expose_secret()))
    }
}

impl Studio {
    /// The account behind a partner's activation code. Looking never consumes the code.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn account_by_code(&self, code: &SecretString, trace: &Trace) -> Result<Account, ReadError> {
        let request = self
            .clients
            .pooled
            .post(self.url("/api/user/by-third-party-activation-code"))
            .json(&json!({ "activationCode": code.expose_secret() }));
        self.read_account("account_by_code", request, Prefer::JwtToken, trace).await
    }

    /// The account of an id: through the white-label organization where the tenant names one.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn account_by_id(&self, user_id: u64, trace: &Trace) -> Result<Account, ReadError> {
        let (operation, path, prefer) = match self.organization_id {
            None => ("account", format!("/api/users/{user_id}"), Prefer::JwtToken),
            Some(organization) => (
                "whitelabel_account",
                format!("/api/organizations/{organization}/whitelabel/users/{user_id}"),
                Prefer::ApiKey,
            ),
        };
        self.read_account(operation, self.clients.reads.get(self.url(&path)), prefer, trace).await
    }

    async fn read_account(
        &self,
        operation: &'static str,
        request: RequestBuilder,
        prefer: Prefer,
        trace: &Trace,
    ) -> Result<Account, ReadError> {
        let request = self.credentials.attach(request, prefer).ok_or(ReadError::NoCredentials)?;
        // Reads respect an open circuit and never open one: a page without its decoration is no reason to stop sign-ups.
        let permit = self.circuit.permit_read().map_err(|_open| ReadError::Unavailable)?;
        let _slot = self.in_flight.try_acquire().map_err(|_full| ReadError::Unavailable)?;
        let started = Instant::now();
        // Attached inside the span, whose name goes along.
        let asked = async {
            let asked = ask(trace.attach(request));
            tokio::time::timeout(PATIENCE.min(self.timeout), asked).await.unwrap_or(Err(ReadError::Unavailable))
        };
        let label = |outcome: &Result<Account, ReadError>| match outcome {
            Ok(_) => "answered",
            Err(ReadError::NotFound) => "not_found",
            Err(_) => "failed",
        };
        let outcome = step::run(step!("read_account", client), asked, label).await;
        let label = label(&outcome);
        histogram!("signup_upstream_duration_seconds", "operation" => operation, "outcome" => label)
            .record(started.elapsed());
        if let Ok(_) | Err(ReadError::NotFound) = outcome {
            permit.answered();
        }
        outcome
    }
}

async fn ask(request: RequestBuilder) -> Result<Account, ReadError> {
    let again = request.try_clone();
    let mut answer = request.send().await;
    if let (Err(_), Some(again)) = (&answer, again) {
        // Reading twice harms nobody: the first may have hit a connection that was just closed.
        answer = again.send().await;
    }
    read_answer(answer.map_err(|_unreachable| ReadError::Unavailable)?).await
}

/// What an answer to a question for an account means.
///
/// # Errors
/// [`ReadError`] for everything but an account.
pub async fn read_answer(answer: Response) -> Result<Account, ReadError> {
    let status = answer.status();
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        tracing::error!(status = status.as_u16(), "the upstream does not accept our credentials for reading accounts");
        return Err(ReadError::Unavailable);
    }
    if status.is_server_error() || status.is_redirection() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(ReadError::Unavailable);
    }
    if !is_json(&answer) {
        return Err(ReadError::Unavailable);
    }
    let body = read_body(answer).await.map_err(|_broken| ReadError::Unavailable)?;
    let answer: Json = serde_json::from_slice(&body).map_err(|_not_json| ReadError::Unavailable)?;
    match answer.get("success").and_then(Json::as_bool) {
        Some(true) => Account::read(&answer).ok_or(ReadError::Unavailable),
        // Only both together say that there is none: a refusal alone may be about our credentials.
        Some(false) if status == StatusCode::NOT_FOUND => Err(ReadError::NotFound),
        Some(false) => Err(ReadError::Refused),
        None => Err(ReadError::Unavailable),
    }
}

impl Account {
    /// Reads either shape: the user's fields at the top, or under `user`. `None` when there is no user in it.
    #[must_use]
    pub fn read(answer: &Json) -> Option<Self> {
        let user = answer.get("user").and_then(Json::as_object).or_else(|| answer.as_object())?;
        let text =
            |name: &str| user.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let flag = |name: &str| user.get(name).and_then(Json::as_bool);
        let known =
            ["id", "username", "email", "name", "activated", "tier"].iter().any(|name| user.contains_key(*name));
        known.then(|| Self {
            name: text("name"),
            username: text("username"),
            email: text("email"),
            job_title: text("jobTitle"),
            company_name: text("companyName"),
            activated: flag("activated").unwrap_or(false),
            suspended: flag("suspended").unwrap_or(false),
            tier: match user.get("tier").and_then(Json::as_str) {
                Some("professional" | "enterprise") => Tier::Paid,
                _ => Tier::Other,
            },
            trial: read_trial(user),
            enterprise_access: flag("hasEnterpriseFeaturesAccess"),
        })
    }
}

/// The active trial, or the newest of all that has neither expired, been deleted nor become a full account.
fn read_trial(user: &Map<String, Json>) -> Trial {
    if let Some(active) = user.get("activeEnterpriseTrial").and_then(Json::as_object) {
        return Trial::Running(date(active.get("expirationDate")));
    }
    let trials: Vec<_> =
        user.get("trials").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object).collect();
    let ended = |trial: &Map<String, Json>| {
        ["expiredDate", "deletedDate", "upgradedDate"]
            .iter()
            .any(|name| trial.get(*name).is_some_and(|date| !date.is_null()))
    };
    let newest = trials.iter().filter(|trial| !ended(trial)).max_by_key(|trial| date(trial.get("created")));
    match newest {
        Some(trial) => Trial::Running(date(trial.get("expirationDate"))),
        None if trials.is_empty() => Trial::None,
        None => Trial::Over,
    }
}

fn date(value: Option<&Json>) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value?.as_str()?, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_ended_is_over_and_plans_are_told_by_their_tier() {
        let read = |user: Json| Account::read(&json!({ "success": true, "user": user })).unwrap();
        let ended = |name: &str| {
            read(json!({ "id": 1, "trials": [{ "created": "2026-01-01T00:00:00Z", name: "2026-01-02T00:00:00Z" }] }))
        };
        for name in ["expiredDate", "deletedDate", "upgradedDate"] {
            assert_eq!(ended(name).trial, Trial::Over, "{name}");
        }
        for (tier, expected) in
            [("professional", Tier::Paid), ("enterprise", Tier::Paid), ("free", Tier::Other), ("galactic", Tier::Other)]
        {
            assert_eq!(read(json!({ "id": 1, "tier": tier })).tier, expected, "{tier}");
        }
        assert!(Account::read(&json!({ "success": true })).is_none());
    }
}

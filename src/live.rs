//! `check-config --live`: proves that the neighbours answer and know us.

use std::fmt;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::Value as Json;

use crate::error::chain;
use crate::http::{Clients, read_body};
use crate::settings::{Settings, TenantSettings, TurnstileMode};
use crate::store::ping_redis;

/// How long each check may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one check found.
pub struct Check {
    /// What was checked.
    pub name: String,
    /// Words for success or for what to mend.
    pub outcome: Result<String, String>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(words) => write!(f, "ok      {}: {words}", self.name),
            Err(words) => write!(f, "FAILED  {}: {words}", self.name),
        }
    }
}

/// Checks every tenant's upstream and Turnstile secret, and Redis.
pub async fn check_all(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    for tenant in &settings.tenants {
        let clients = match Clients::new(tenant.upstream.connect_timeout) {
            Ok(clients) => clients,
            Err(error) => {
                checks.push(Check { name: "TLS".to_owned(), outcome: Err(chain(&error).to_string()) });
                continue;
            }
        };
        checks.push(Check { name: format!("upstream of {}", tenant.id), outcome: upstream(tenant, &clients).await });
        if tenant
            .flows
            .values()
            .any(|flow| flow.enabled && matches!(flow.turnstile, TurnstileMode::Gateway | TurnstileMode::Both))
        {
            checks.push(Check {
                name: format!("Turnstile of {}", tenant.id),
                outcome: turnstile(tenant, &clients).await,
            });
        }
    }
    if let Some(url) = &settings.rate_limit.redis_url {
        checks.push(Check { name: "Redis".to_owned(), outcome: ping_redis(url.expose_secret()).await });
    }
    checks
}

async fn upstream(tenant: &TenantSettings, clients: &Clients) -> Result<String, String> {
    let mut url = tenant.upstream.base_url.clone();
    url.set_path(&format!("{}/api-health", url.path().trim_end_matches('/')));
    let answer = clients.pooled.get(url).timeout(PATIENCE).send().await.map_err(words)?;
    match answer.status().as_u16() {
        200 => Ok("answers".to_owned()),
        status => Err(format!("answers with status {status}")),
    }
}

/// A made-up token tells a bad secret from a refused token without spending anything.
async fn turnstile(tenant: &TenantSettings, clients: &Clients) -> Result<String, String> {
    let secret = tenant.turnstile.secret_key.as_ref().ok_or("no secret key is set")?;
    let question = [("secret", secret.expose_secret()), ("response", "check-config")];
    let request = clients.pooled.post(tenant.turnstile.siteverify_url.clone()).form(&question).timeout(PATIENCE);
    let body = read_body(request.send().await.map_err(words)?).await.map_err(|error| chain(&error).to_string())?;
    let answer: Json = serde_json::from_slice(&body).map_err(|_not_json| "the answer is not JSON".to_owned())?;
    let codes: Vec<&str> = answer
        .get("error-codes")
        .and_then(Json::as_array)
        .map(|codes| codes.iter().filter_map(Json::as_str).collect())
        .unwrap_or_default();
    if codes.iter().any(|code| code.ends_with("-secret")) {
        return Err(format!("the secret key is not accepted: {}", codes.join(", ")));
    }
    Ok("the secret key is accepted".to_owned())
}

/// Tells trouble with names, certificates and connections apart.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let chain = chain(&error).to_string();
    let kind = match chain.to_lowercase() {
        text if text.contains("dns") || text.contains("lookup") => "the name cannot be resolved",
        text if text.contains("certificate") || text.contains("tls") => "the certificate is not accepted",
        _ if error.is_timeout() => "no answer in time",
        _ if error.is_connect() => "cannot connect",
        _ => "the connection broke",
    };
    format!("{kind} ({chain})")
}

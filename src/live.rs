//! `check-config --live`: proves that the neighbours answer and know us, and says which part of the way is broken.

use std::fmt;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use serde_json::Value as Json;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use crate::causes::chain;
use crate::domain::origins::WebOrigin;
use crate::http::{Clients, is_json, read_body};
use crate::settings::{Settings, TenantSettings, TurnstileMode};
use crate::store::examine_redis;

/// How long each part of a check may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Whom a check concerns that is no tenant's.
const EVERYBODY: &str = "all";

/// What one check found.
pub struct Check {
    /// The tenant whose neighbour it is, or all.
    pub whose: String,
    /// What was checked.
    pub name: &'static str,
    /// Words for success or for what to mend.
    pub outcome: Result<String, String>,
}

/// Every check, as a table.
pub struct Report(pub Vec<Check>);

impl Report {
    /// Whether nothing is to be mended.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|check| check.outcome.is_ok())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |of: fn(&Check) -> &str| self.0.iter().map(|check| of(check).len()).max().unwrap_or_default();
        let (whose, name) = (widest(|check| &check.whose), widest(|check| check.name));
        for check in &self.0 {
            let (word, text) = match &check.outcome {
                Ok(text) => ("ok", text),
                Err(text) => ("FAILED", text),
            };
            writeln!(f, "{word:<6}  {:<whose$}  {:<name$}  {text}", check.whose, check.name)?;
        }
        Ok(())
    }
}

/// Checks every tenant's upstream, Turnstile secret and destinations, and Redis.
pub async fn check_all(settings: &Settings) -> Report {
    let mut checks = Vec::new();
    for tenant in &settings.tenants {
        let mut add = |name, outcome| checks.push(Check { whose: tenant.id.to_string(), name, outcome });
        add("redirects", redirects(tenant));
        match Clients::new(tenant.upstream.connect_timeout, tenant.upstream.http2) {
            Ok(clients) => {
                add("upstream", upstream(tenant, &clients).await);
                if verifies_here(tenant) {
                    add("turnstile", turnstile(tenant, &clients).await);
                }
            }
            Err(error) => add("TLS", Err(chain(&error).to_string())),
        }
    }
    if let Some(url) = &settings.rate_limit.redis_url {
        let outcome = examine_redis(url.expose_secret()).await;
        checks.push(Check { whose: EVERYBODY.to_owned(), name: "redis", outcome });
    }
    Report(checks)
}

fn verifies_here(tenant: &TenantSettings) -> bool {
    let here = [TurnstileMode::Gateway, TurnstileMode::Both];
    tenant.flows.values().any(|flow| flow.enabled && here.contains(&flow.turnstile))
}

/// Whoever may be asked for by a link must also be allowed to return, or the visitor ends at our status page.
fn redirects(tenant: &TenantSettings) -> Result<String, String> {
    let policy = &tenant.redirect;
    let asked = std::iter::once(&policy.default_origin).chain(&policy.allowed_origins);
    let mut lost: Vec<&str> =
        asked.filter(|origin| !policy.return_origins.contains(origin)).map(WebOrigin::as_str).collect();
    lost.sort_unstable();
    lost.dedup();
    if lost.is_empty() {
        return Ok(format!("visitors may be sent to {}", listed(policy.return_origins.iter().map(WebOrigin::as_str))));
    }
    Err(format!("{} may be asked for and is not in redirect.return_origins", listed(lost.into_iter())))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

async fn upstream(tenant: &TenantSettings, clients: &Clients) -> Result<String, String> {
    let mut url = tenant.upstream.base_url.clone();
    url.set_path(&format!("{}/api-health", url.path().trim_end_matches('/')));
    let way = way_to(&url).await?;
    let asked = Instant::now();
    let answer = clients.reads.get(url).timeout(PATIENCE).send().await.map_err(|error| way.broken(error))?;
    match answer.status().as_u16() {
        200 => Ok(format!("answers ({way}, HTTP {})", milliseconds(asked.elapsed()))),
        404 => Err("HTTP: status 404: is upstream.base_url right?".to_owned()),
        status => Err(format!("HTTP: status {status}")),
    }
}

/// A made-up token tells a bad secret from a refused token without spending anything: it is the token that must be refused.
async fn turnstile(tenant: &TenantSettings, clients: &Clients) -> Result<String, String> {
    let secret = tenant.turnstile.secret_key.as_ref().ok_or("no secret key is set")?;
    let url = &tenant.turnstile.siteverify_url;
    let way = way_to(url).await?;
    let question = [("secret", secret.expose_secret()), ("response", "check-config")];
    let request = clients.pooled.post(url.clone()).form(&question).timeout(PATIENCE);
    let answer = request.send().await.map_err(|error| way.broken(error))?;
    let (status, is_json) = (answer.status().as_u16(), is_json(&answer));
    if !is_json {
        return Err(format!("HTTP: status {status} without JSON: is turnstile.siteverify_url right?"));
    }
    let body = read_body(answer).await.map_err(|error| format!("HTTP: {}", chain(&error)))?;
    let answer: Json = serde_json::from_slice(&body).map_err(|_not_json| "HTTP: the answer is not JSON".to_owned())?;
    judge(status, &answer).map(|words| format!("{words} ({way})"))
}

/// What siteverify thinks of our secret.
fn judge(status: u16, answer: &Json) -> Result<&'static str, String> {
    let codes = answer.get("error-codes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let codes: Vec<&str> = codes.iter().filter_map(Json::as_str).collect();
    let named = codes.join(", ");
    if codes.iter().any(|code| code.ends_with("-secret")) {
        return Err(format!("turnstile.secret_key is not accepted: {named}"));
    }
    if answer.get("success") == Some(&Json::Bool(true)) {
        return Ok("the secret key is accepted, and so is any token: this is a test key");
    }
    if codes.iter().any(|code| matches!(*code, "invalid-input-response" | "timeout-or-duplicate")) {
        return Ok("the secret key is accepted; a made-up token is refused, as it should be");
    }
    Err(format!("HTTP: status {status}, neither accepted nor refused: {named}"))
}

/// How long the first parts of the way to a neighbour took.
struct Way {
    encrypted: bool,
    dns: Duration,
    tcp: Duration,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DNS {}, TCP {}", milliseconds(self.dns), milliseconds(self.tcp))
    }
}

impl Way {
    /// Name and port were fine a moment ago: what still fails while connecting is the encryption.
    fn broken(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        let part = if self.encrypted && error.is_connect() { "TLS" } else { "HTTP" };
        let kind = if error.is_timeout() { "no answer in time: " } else { "" };
        format!("{part}: {kind}{}", chain(&error))
    }
}

/// Resolves the name and opens a connection, each by itself.
async fn way_to(url: &Url) -> Result<Way, String> {
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err("DNS: the URL names no host".to_owned()),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let begun = Instant::now();
    let addresses: Vec<_> = match timeout(PATIENCE, lookup_host((host.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return Err(format!("DNS: {host} cannot be resolved ({error})")),
        Err(_late) => return Err(format!("DNS: no answer in time for {host}")),
    };
    let (dns, begun) = (begun.elapsed(), Instant::now());
    match timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(_open)) => Ok(Way { encrypted: url.scheme() == "https", dns, tcp: begun.elapsed() }),
        Ok(Err(error)) => Err(format!("TCP: {host} port {port} cannot be reached ({error})")),
        Err(_late) => Err(format!("TCP: {host} port {port} does not answer in time")),
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

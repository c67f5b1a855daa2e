//! Layers of configuration become typed [`Settings`], or a list of every problem.
//!
//! The only room that reads the environment. Order of layers, later wins: `config/base.toml` (compiled in),
//! `config/{development,production}.toml` (compiled in, chosen by `SIGNUP_ENV`), the file named by `SIGNUP_CONFIG`,
//! the environment `SIGNUP__SECTION__KEY`, and for secrets `SIGNUP__SECTION__KEY_FILE`.
//!
//! - `sources`, `layers`: where values come from, merged key by key
//! - `values`, `secrets`, `files`: how one value becomes a typed one
//! - `reader`, `scope`: getters that collect every problem and know every key
//! - `assemble`, `tenants`, `brand`, `email`, `sandbox`: the sections
//! - `rules`, `suspicions`: what is refused or warned of beyond single values
//! - `problems`, `effective`: what `check-config` prints

mod assemble;
mod brand;
mod effective;
mod email;
mod files;
mod layers;
mod placeholder;
mod problems;
mod reader;
mod rules;
mod sandbox;
mod scope;
mod secrets;
mod sources;
mod suspicions;
mod tenants;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use crate::domain::attribution::AttributionPolicy;
use crate::domain::client::ForwardingHeader;
use crate::domain::email_policy::EmailPolicy;
use crate::domain::origins::{RedirectPolicy, WebOrigin};
use crate::domain::password::PasswordPolicy;
use crate::domain::policy::{Mode, Patience, Quota};
use crate::domain::tenant::{Brand, TenantId};
use crate::signup::Flow;

pub use effective::Effective;
pub use problems::{Problem, Problems, Warning};
pub use sandbox::reachable;
pub use sources::Sources;

/// Everything the process is told, checked.
#[derive(Clone)]
pub struct Settings {
    /// Development or production.
    pub environment: Environment,
    /// Listeners, proxies, keys, deadlines.
    pub server: Server,
    /// The default tenant first, then the configured ones in the order of their ids.
    pub tenants: Vec<TenantSettings>,
    /// Passwords.
    pub password: PasswordPolicy,
    /// Campaign parameters.
    pub attribution: AttributionPolicy,
    /// Limits.
    pub rate_limit: RateLimit,
    /// What happens to a form in which the invisible field is filled.
    pub honeypot_mode: Mode,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The stand-in studio; `None` when it is off.
    pub sandbox: Option<SocketAddr>,
}

/// Settings without a problem, and what to tell the operator about them.
pub struct Loaded {
    /// What the process runs on.
    pub settings: Settings,
    /// What is legal and probably not meant.
    pub warnings: Vec<Warning>,
    /// Every known key with its value, secrets redacted.
    pub effective: Effective,
}

impl Settings {
    /// Reads all layers and checks everything. Each flow of the table has its section `flows.<slug>`.
    ///
    /// Loading again sees the files anew. Where development has no `server.secret_key`, each load makes another.
    ///
    /// # Errors
    /// [`Problems`] lists every problem there is, not only the first.
    pub fn load(sources: &Sources, flows: &'static [&'static Flow]) -> Result<Loaded, Problems> {
        let mut reader = reader::Reader::open(sources);
        let settings = assemble::settings(&mut reader, sources, flows);
        reader.finish(settings, sources)
    }

    /// Whether visitors depend on this process.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}

/// `SIGNUP_ENV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: the sandbox stands in for everybody.
    Development,
    /// In front of visitors: nothing unsafe starts.
    Production,
}

/// `server.*`
#[derive(Clone)]
pub struct Server {
    /// The public listener.
    pub bind: SocketAddr,
    /// Health, readiness, metrics.
    pub admin_bind: SocketAddr,
    /// Signs forms and encrypts cookies: the newest key first, then those still accepted.
    pub secret_keys: Vec<SecretString>,
    /// Whether the newest key is one that development made up for this load.
    pub has_random_key: bool,
    /// Whose forwarding header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which header that is.
    pub client_ip_header: ForwardingHeader,
    /// Whether a host of no tenant gets 421.
    pub strict_hosts: bool,
    /// After SIGTERM: still accepting while readiness fails.
    pub lame_duck: Duration,
    /// After that: how long requests in flight may take.
    pub drain_timeout: Duration,
    /// The largest request body, in bytes.
    pub body_limit: usize,
}

/// One partner: `tenants.<id>`, or for the default tenant the top-level sections.
#[derive(Clone)]
pub struct TenantSettings {
    /// Its name.
    pub id: TenantId,
    /// The hosts that are its own, as a `Host` header names them, without port.
    pub hosts: Vec<String>,
    /// The origin its visitors see.
    pub public_url: WebOrigin,
    /// How its pages look.
    pub brand: Brand,
    /// Its studio.
    pub upstream: Upstream,
    /// Its challenge.
    pub turnstile: Turnstile,
    /// Where its visitors may be sent.
    pub redirect: RedirectPolicy,
    /// Its flows by slug; every flow of the table has an entry.
    pub flows: BTreeMap<&'static str, FlowSettings>,
    /// Its e-mail rules.
    pub email: EmailPolicy,
    /// The white-label organization that its accounts are read through.
    pub organization_id: Option<u64>,
}

/// `upstream.*`
#[derive(Clone)]
pub struct Upstream {
    /// The operation's path is appended.
    pub base_url: Url,
    /// Sent as `x-api-key` on read operations.
    pub api_key: Option<SecretString>,
    /// Sent as `x-jwt-token` on read operations.
    pub jwt_token: Option<SecretString>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a whole call may take.
    pub timeout: Duration,
    /// How creations travel.
    pub http2: Http2,
    /// Calls at once; above it 503.
    pub max_in_flight: usize,
    /// Consecutive failures that open the circuit.
    pub circuit_failures: u32,
    /// How long until one probe.
    pub circuit_open_for: Duration,
    /// How refusals are recognised.
    pub phrases: Phrases,
    /// Whether the upstream's own words about an existing account are shown.
    pub reveal_existing_email: bool,
    /// Whether the upstream's e-mail check is asked first.
    pub validate_email: bool,
}

/// `upstream.http2`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Http2 {
    /// Creations share a connection once the studio has agreed to HTTP/2 in a TLS handshake.
    Auto,
    /// An HTTP/1 connection of its own for each creation.
    Off,
    /// Creations share a connection, and HTTP/2 is spoken without asking, also in the clear, and for what is read.
    PriorKnowledge,
}

/// How long a visitor waits for the upstream's opinion of an address.
pub const EMAIL_OPINION_TIMEOUT: Duration = Duration::from_secs(3);

impl Upstream {
    /// How long one connecting may take: it and its one retry end before the whole call must, so that a studio which
    /// cannot be reached is told from one that does not answer.
    #[must_use]
    pub fn connect_budget(&self) -> Duration {
        self.connect_timeout.min(self.timeout * 2 / 5)
    }
}

impl TenantSettings {
    /// The longest a visitor waits for the answer to a form (contract 4): the challenge, the opinion of the address, the
    /// creation, and a connecting for whoever waits for the attempt of another.
    #[must_use]
    pub fn page_budget(&self) -> Duration {
        let opinion = if self.upstream.validate_email { EMAIL_OPINION_TIMEOUT } else { Duration::ZERO };
        self.turnstile.timeout + opinion + self.upstream.connect_timeout + self.upstream.timeout
    }
}

/// Case-insensitive phrases by which a refusal is recognised; the first list with a hit, in this order, decides.
#[derive(Clone, Debug)]
pub struct Phrases {
    /// The username is somebody else's.
    pub username_taken: Vec<String>,
    /// The address has an account.
    pub email_exists: Vec<String>,
    /// The address is not welcome.
    pub email_refused: Vec<String>,
    /// The password is not.
    pub password_refused: Vec<String>,
}

/// `turnstile.*`
#[derive(Clone)]
pub struct Turnstile {
    /// Names the widget.
    pub site_key: Option<String>,
    /// Proves who asks siteverify.
    pub secret_key: Option<SecretString>,
    /// Names the upstream's widget, for flows whose mode is `both`.
    pub upstream_site_key: Option<String>,
    /// Where tokens are verified.
    pub siteverify_url: Url,
    /// The widget's script.
    pub script_url: Url,
    /// Hostnames accepted in the answer.
    pub hostnames: Vec<String>,
    /// For the whole verification, its retry included.
    pub timeout: Duration,
    /// What an outage means.
    pub on_outage: OnOutage,
    /// Whether a refusal stands.
    pub mode: Mode,
}

/// `turnstile.on_outage`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOutage {
    /// 503, values kept.
    Reject,
    /// Go on under the stricter `rate_limit.outage`.
    Allow,
}

/// `flows.<slug>.*`
#[derive(Clone, Debug)]
pub struct FlowSettings {
    /// A disabled flow is a 404.
    pub enabled: bool,
    /// Whether a business address is asked for.
    pub business_email: bool,
    /// Who spends the token.
    pub turnstile: TurnstileMode,
    /// Sent as `notes`.
    pub notes: Option<String>,
    /// Sent as `expirationDate`, from now.
    pub trial_length: Option<Duration>,
}

/// Who spends the single-use Turnstile token (contract 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnstileMode {
    /// We verify.
    Gateway,
    /// The upstream does; we forward the token unverified.
    Upstream,
    /// Two widgets: one token for each.
    Both,
    /// Nobody; no widget.
    Off,
}

/// `rate_limit.*`
#[derive(Clone)]
pub struct RateLimit {
    /// Redis or Valkey that all replicas share; `None` keeps limits in this process.
    pub redis_url: Option<SecretString>,
    /// How long it is waited for. No layer sets it: tests do, which must not depend on how fast a machine is.
    pub redis_patience: Patience,
    /// Attempts by one client.
    pub client: Quota,
    /// Sign-ups with one address.
    pub email: Quota,
    /// Attempts by one client while Turnstile is out.
    pub outage: Quota,
    /// Pages shown to one client.
    pub pages: Quota,
    /// The network that counts as one IPv6 client.
    pub ipv6_prefix: u8,
    /// Networks without client limits.
    pub exempt: Vec<IpNet>,
    /// Whether a refusal stands.
    pub mode: Mode,
}

/// `telemetry.*`
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// The shape of log lines.
    pub log_format: LogFormat,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Where traces are sent.
    pub otlp_endpoint: Option<Url>,
}

/// `telemetry.log_format`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One object a line.
    Json,
}

/// `telemetry.log_level`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What somebody must mend.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what happens: sign-ups, posts, failures.
    Info,
    /// And every request.
    Debug,
}

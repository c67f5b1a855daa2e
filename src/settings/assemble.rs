//! Sections: which keys exist, and what they become.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::SecretString;

use super::reader::Reader;
use super::scope::{Fallback, Scope};
use super::sources::Sources;
use super::values::{Backend, Bytes};
use super::{RateLimit, Server, Settings, Telemetry, rules, sandbox, suspicions, tenants};
use crate::domain::attribution::AttributionPolicy;
use crate::domain::origins::WebOrigin;
use crate::domain::password::{self, PasswordPolicy};
use crate::domain::policy::{Patience, Quota};
use crate::signup::Flow;

/// The fewest bytes of `server.secret_key`.
const MIN_SECRET_KEY_BYTES: usize = 32;

/// The largest `server.body_limit`, in bytes: a body is held in memory, and a form is a few kilobytes.
const MAX_BODY_LIMIT: u64 = 16 * 1_024 * 1_024;

/// Reads every section. What is wrong stands in the reader afterwards.
pub(super) fn settings(reader: &mut Reader, sources: &Sources, flows: &'static [&'static Flow]) -> Settings {
    let environment = reader.environment();
    let sandbox = sandbox::section(&mut reader.top(), sources);
    sandbox::derive_neighbours(&mut reader.top(), sandbox);
    tenants::derive_flows(&mut reader.top(), flows);
    let (server, public_url) = server(&mut reader.top());
    let settings = Settings {
        environment,
        tenants: tenants::all(reader, &public_url, flows),
        password: password(&mut reader.top()),
        attribution: attribution(&mut reader.top()),
        rate_limit: rate_limit(&mut reader.top()),
        honeypot_mode: reader.top().get("honeypot.mode"),
        telemetry: telemetry(&mut reader.top()),
        sandbox,
        server,
    };
    rules::listeners(&mut reader.top(), &settings);
    suspicions::of_process(&mut reader.top(), &settings);
    settings
}

/// `server.*`, and the origin of the default tenant.
fn server(scope: &mut Scope<'_>) -> (Server, WebOrigin) {
    let public_url = scope.get("server.public_url");
    let (secret_keys, has_random_key) = secret_keys(scope);
    let server = Server {
        bind: scope.get("server.bind"),
        admin_bind: scope.get("server.admin_bind"),
        secret_keys,
        has_random_key,
        trusted_proxies: scope.get("server.trusted_proxies"),
        client_ip_header: scope.get("server.client_ip_header"),
        strict_hosts: scope.get("server.strict_hosts"),
        lame_duck: scope.get("server.lame_duck"),
        drain_timeout: scope.get("server.drain_timeout"),
        body_limit: body_limit(scope),
    };
    rules::whole_internet(scope, "server.trusted_proxies", &server.trusted_proxies);
    (server, public_url)
}

fn body_limit(scope: &mut Scope<'_>) -> usize {
    let Bytes(limit) = scope.get("server.body_limit");
    if limit == 0 {
        scope.refuse("server.body_limit", "must be larger than zero");
    }
    if limit > MAX_BODY_LIMIT {
        scope.refuse("server.body_limit", "must be at most 16MiB");
    }
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The current key and the older ones. In development a random one stands in for none, and is told.
fn secret_keys(scope: &mut Scope<'_>) -> (Vec<SecretString>, bool) {
    let current = scope.secret("server.secret_key", Fallback::TopLevel);
    let previous = scope.secrets("server.previous_secret_keys");
    let too_short = format!("must be at least {MIN_SECRET_KEY_BYTES} bytes");
    for (key, secrets) in
        [("server.secret_key", current.as_slice()), ("server.previous_secret_keys", previous.as_slice())]
    {
        if secrets.iter().any(|secret| rules::length(secret) < MIN_SECRET_KEY_BYTES) {
            scope.refuse_in_production(key, &too_short);
        }
    }
    let has_random_key = current.is_none();
    let current = current.or_else(|| {
        if scope.is_production() {
            scope.refuse("server.secret_key", format!("is required in production and {too_short}"));
            return None;
        }
        let random = random_key();
        if random.is_none() {
            scope.refuse("server.secret_key", "is required: the system has no random numbers");
        }
        random
    });
    (current.into_iter().chain(previous).collect(), has_random_key)
}

fn random_key() -> Option<SecretString> {
    let mut bytes = [0; MIN_SECRET_KEY_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(STANDARD_NO_PAD.encode(bytes).into())
}

/// `password.*`
fn password(scope: &mut Scope<'_>) -> PasswordPolicy {
    let longest = u64::try_from(password::MAX_CODE_POINTS).unwrap_or(u64::MAX);
    PasswordPolicy {
        min_length: scope.within("password.min_length", 1..=longest, 1),
        min_strength: scope.within("password.min_strength", 0..=4, 0),
        refuse_common: scope.get("password.refuse_common"),
    }
}

/// `attribution.*`
fn attribution(scope: &mut Scope<'_>) -> AttributionPolicy {
    AttributionPolicy {
        extra_params: scope.get("attribution.extra_params"),
        utm_format: scope.get("attribution.utm_format"),
    }
}

/// `rate_limit.*`
fn rate_limit(scope: &mut Scope<'_>) -> RateLimit {
    let backend: Backend = scope.get("rate_limit.backend");
    let redis_url = scope.secret("rate_limit.redis_url", Fallback::TopLevel);
    rules::redis(scope, backend, redis_url.as_ref());
    let limit = RateLimit {
        redis_url: redis_url.filter(|_| backend == Backend::Redis),
        redis_patience: Patience::default(),
        client: quota(scope, "rate_limit.client"),
        email: quota(scope, "rate_limit.email"),
        outage: quota(scope, "rate_limit.outage"),
        pages: quota(scope, "rate_limit.pages"),
        ipv6_prefix: scope.within("rate_limit.ipv6_prefix", 1..=128, 64),
        exempt: scope.get("rate_limit.exempt"),
        mode: scope.get("rate_limit.mode"),
    };
    rules::whole_internet(scope, "rate_limit.exempt", &limit.exempt);
    rules::observed(scope, "rate_limit.mode", limit.mode);
    limit
}

fn quota(scope: &mut Scope<'_>, key: &str) -> Quota {
    let burst = scope.within(&format!("{key}.burst"), 1..=u64::from(u32::MAX), 1);
    let period = scope.time(&format!("{key}.period"));
    // The limiter counts in nanoseconds, in 64 bits; half of them leave room for the clock.
    if period.as_nanos().saturating_mul(u128::from(burst)) > u128::from(u64::MAX / 2) {
        scope.refuse(&format!("{key}.burst"), "burst times period must stay below 292 years");
    }
    Quota { burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), period }
}

/// `telemetry.*`
fn telemetry(scope: &mut Scope<'_>) -> Telemetry {
    let telemetry = Telemetry {
        log_format: scope.get("telemetry.log_format"),
        log_level: scope.get("telemetry.log_level"),
        otlp_endpoint: scope.get("telemetry.otlp_endpoint"),
    };
    if telemetry.otlp_endpoint.as_ref().is_some_and(|url| url.query().or(url.fragment()).is_some()) {
        scope.refuse("telemetry.otlp_endpoint", "must have no query and no fragment: /v1/traces is appended");
    }
    if telemetry.otlp_endpoint.is_some() && cfg!(not(feature = "otlp")) {
        scope.warn("telemetry.otlp_endpoint", "this build exports no traces: only traceparent is passed on");
    }
    telemetry
}

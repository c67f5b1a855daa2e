//! What no single value shows to be wrong: refusals of production, contradictions, and oddities worth a warning.

use std::fmt::Display;
use std::net::SocketAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::scope::Scope;
use super::values::Backend;
use super::{OnOutage, Settings, TenantSettings, Turnstile, TurnstileMode, Upstream};
use crate::domain::origins::{RedirectPolicy, WebOrigin, is_loopback};
use crate::domain::policy::Mode;
use crate::signup::Flow;

const UNENCRYPTED: &str = "must begin with https:// in production, unless its host is this machine";

const REDIS_URL: &str = "must be a URL such as redis://127.0.0.1:6379, or rediss: for TLS";

/// Schemes that the Redis client knows; those that end in two s are for TLS.
const REDIS_SCHEMES: [&str; 7] = ["redis", "rediss", "valkey", "valkeys", "redis+unix", "valkey+unix", "unix"];

pub(super) fn warn_in_production(scope: &mut Scope<'_>, key: &str, message: impl Display) {
    if scope.is_production() {
        scope.warn(key, message);
    }
}

/// A length in bytes: of no use to whoever reads it.
pub(super) fn length(secret: &SecretString) -> usize {
    secret.expose_secret().len()
}

/// Whether others on the way can read what is sent there.
pub(super) fn is_readable_on_the_way(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
}

fn encrypted(scope: &mut Scope<'_>, key: &str, url: &Url) {
    if scope.is_production() && is_readable_on_the_way(url) {
        scope.refuse(key, UNENCRYPTED);
    }
}

pub(super) fn encrypted_origin(scope: &mut Scope<'_>, key: &str, origin: &WebOrigin) {
    if scope.is_production() && !origin.is_https() && !origin.is_loopback() {
        scope.refuse(key, UNENCRYPTED);
    }
}

/// A guard that only watches.
pub(super) fn observed(scope: &mut Scope<'_>, key: &str, mode: Mode) {
    if mode == Mode::Observe {
        warn_in_production(scope, key, "observe lets everything through");
    }
}

/// A list of networks that leaves nobody out.
pub(super) fn whole_internet(scope: &mut Scope<'_>, key: &str, networks: &[IpNet]) {
    if networks.iter().any(|network| network.prefix_len() == 0) {
        scope.warn(key, "holds the whole internet");
    }
}

/// No two listeners share a port, unless each gets a free one.
pub(super) fn listeners(scope: &mut Scope<'_>, settings: &Settings) {
    let collide = |one: SocketAddr, other: SocketAddr| {
        let meet = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() != 0 && one.port() == other.port() && meet
    };
    if collide(settings.server.bind, settings.server.admin_bind) {
        scope.refuse("server.admin_bind", "must differ from server.bind");
    }
    for (name, listener) in [("server.bind", settings.server.bind), ("server.admin_bind", settings.server.admin_bind)] {
        if settings.sandbox.is_some_and(|sandbox| collide(sandbox, listener)) {
            scope.refuse("sandbox.bind", format!("must differ from {name}"));
        }
    }
}

pub(super) fn redis(scope: &mut Scope<'_>, backend: Backend, url: Option<&SecretString>) {
    if backend == Backend::Redis && url.is_none() {
        scope.refuse("rate_limit.redis_url", "is required when rate_limit.backend is redis");
    }
    let Some(url) = url else { return };
    match Url::parse(url.expose_secret()) {
        Ok(url) if !REDIS_SCHEMES.contains(&url.scheme()) => scope.refuse("rate_limit.redis_url", REDIS_URL),
        // The client would take `#insecure` for leave not to check certificates, which it cannot do.
        Ok(url) if url.fragment().is_some() => {
            scope
                .refuse("rate_limit.redis_url", "must not have a fragment: the server's certificate is always checked");
        }
        Ok(url) if !names_a_database(&url) => {
            scope.refuse("rate_limit.redis_url", "must name a host, and nothing after it but the number of a database");
        }
        Ok(_) => {}
        Err(_unreadable) => scope.refuse("rate_limit.redis_url", REDIS_URL),
    }
}

/// Whether the client can read where it is to connect: a socket's path, or a host that is one and perhaps a number.
fn names_a_database(url: &Url) -> bool {
    let number = url.path().trim_matches('/');
    let is_host = |host: &str| !host.is_empty() && !["0.0.0.0", "[::]"].contains(&host);
    url.scheme().ends_with("unix")
        || url.host_str().is_some_and(is_host) && (number.is_empty() || number.parse::<i64>().is_ok())
}

pub(super) fn upstream(scope: &mut Scope<'_>, upstream: &Upstream) {
    encrypted(scope, "upstream.base_url", &upstream.base_url);
    if upstream.base_url.query().is_some() || upstream.base_url.fragment().is_some() {
        scope.refuse("upstream.base_url", "must end with its path: operations are appended to it");
    }
    for (key, secret) in [("upstream.api_key", &upstream.api_key), ("upstream.jwt_token", &upstream.jwt_token)] {
        let fits_a_header = |secret: &SecretString| secret.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
        if secret.as_ref().is_some_and(|secret| !fits_a_header(secret)) {
            scope.refuse(key, "must be visible ASCII characters: it is sent in a header");
        }
    }
}

pub(super) fn turnstile(scope: &mut Scope<'_>, turnstile: &Turnstile) {
    encrypted(scope, "turnstile.siteverify_url", &turnstile.siteverify_url);
    encrypted(scope, "turnstile.script_url", &turnstile.script_url);
    observed(scope, "turnstile.mode", turnstile.mode);
    if turnstile.on_outage == OnOutage::Allow {
        warn_in_production(scope, "turnstile.on_outage", "bots get in while Turnstile is away");
    }
    let secret = turnstile.secret_key.as_ref().map(ExposeSecret::expose_secret);
    for (key, value) in [
        ("turnstile.site_key", turnstile.site_key.as_deref()),
        ("turnstile.upstream_site_key", turnstile.upstream_site_key.as_deref()),
        ("turnstile.secret_key", secret),
    ] {
        if scope.is_production() && value.is_some_and(is_test_key) {
            scope.refuse(key, "is one of Cloudflare's test keys, which are not for production");
        }
    }
    if scope.is_top() || secret.is_none() {
        return;
    }
    let has_own_secret = scope.has_own("turnstile.secret_key") || scope.has_own("turnstile.secret_key_file");
    if scope.has_own("turnstile.site_key") && !has_own_secret {
        scope.warn("turnstile.site_key", "comes without its own turnstile.secret_key: Cloudflare makes them in pairs");
    }
}

/// Cloudflare's test keys begin with 1x000, 2x000 or 3x000
/// (<https://developers.cloudflare.com/turnstile/troubleshooting/testing/>).
fn is_test_key(key: &str) -> bool {
    ["1x000", "2x000", "3x000"].iter().any(|start| key.starts_with(start))
}

/// Every enabled flow has the keys that its mode needs.
pub(super) fn turnstile_keys(scope: &mut Scope<'_>, tenant: &TenantSettings) {
    let needing = |modes: &[TurnstileMode]| -> Option<String> {
        let flows = tenant.flows.iter().filter(|(_, flow)| flow.enabled && modes.contains(&flow.turnstile));
        let names: Vec<&str> = flows.map(|(slug, _)| *slug).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    };
    let keys = &tenant.turnstile;
    if let Some(flows) = needing(&[TurnstileMode::Gateway, TurnstileMode::Upstream, TurnstileMode::Both])
        && keys.site_key.is_none()
    {
        scope.refuse_in_production("turnstile.site_key", format!("is required: a challenge is shown by {flows}"));
    }
    if let Some(flows) = needing(&[TurnstileMode::Gateway, TurnstileMode::Both])
        && keys.secret_key.is_none()
    {
        scope
            .refuse_in_production("turnstile.secret_key", format!("is required: tokens are verified here for {flows}"));
    }
    if let Some(flows) = needing(&[TurnstileMode::Both])
        && keys.upstream_site_key.is_none()
    {
        scope.refuse("turnstile.upstream_site_key", format!("is required: a second challenge is shown by {flows}"));
    }
}

/// A token that is verified here and then forwarded is spent when the upstream verifies it.
pub(super) fn spent_twice(scope: &mut Scope<'_>, tenant: &TenantSettings, flows: &'static [&'static Flow]) {
    for flow in flows.iter().filter(|flow| flow.token_field.is_some()) {
        let spent_here =
            tenant.flows.get(flow.slug).is_some_and(|set| set.enabled && set.turnstile == TurnstileMode::Gateway);
        if spent_here {
            let message = "the token is spent here: an upstream that verifies it too needs upstream or both";
            warn_in_production(scope, &format!("flows.{}.turnstile", flow.slug), message);
        }
    }
}

pub(super) fn redirect(scope: &mut Scope<'_>, policy: &RedirectPolicy) {
    if policy.allowed_origins.is_empty() && scope.is_sound("redirect.default_origin") {
        scope.refuse_in_production("redirect.allowed_origins", "must name at least one origin");
    }
    if !policy.return_origins.contains(&policy.default_origin) && scope.is_sound("redirect.default_origin") {
        scope.warn("redirect.return_origins", "does not hold redirect.default_origin: visitors are not sent there");
    }
    if policy.return_origins.iter().any(|origin| !origin.is_https() && !origin.is_loopback()) {
        warn_in_production(scope, "redirect.return_origins", "visitors are sent on unencrypted");
    }
}

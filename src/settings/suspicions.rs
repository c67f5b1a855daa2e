//! What is legal in production and probably not meant: each is a warning that an operator would want to have heard.

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::ExposeSecret;

use super::rules::is_readable_on_the_way;
use super::scope::Scope;
use super::{LogLevel, RateLimit, Server, Settings, TenantSettings, TurnstileMode};
use crate::domain::policy::Mode;

/// Balancers give an answer up after a minute, unless they are told otherwise.
const USUAL_BALANCER_TIMEOUT: Duration = Duration::from_mins(1);
/// Fewer different bytes than random ones have: 32 random bytes in base64 have less with a probability below 2^-50.
const FEWEST_DISTINCT_BYTES: usize = 12;
/// A network beyond these is no office or workshop.
const WIDEST_EXEMPT_IPV4: u8 = 16;
const WIDEST_EXEMPT_IPV6: u8 = 32;
/// What a household or a server usually gets is /64 to /56; a longer prefix lets one machine be many clients.
const LONGEST_IPV6_PREFIX: u8 = 64;
/// NIST SP 800-63B, 3.1.1: at least eight characters.
const FEWEST_PASSWORD_CHARACTERS: usize = 8;

/// Looks at the settings of the whole process.
pub(super) fn of_process(scope: &mut Scope<'_>, settings: &Settings) {
    if !scope.is_production() {
        return;
    }
    of_server(scope, &settings.server, settings.tenants.as_slice());
    of_limits(scope, &settings.rate_limit);
    if settings.password.min_length < FEWEST_PASSWORD_CHARACTERS {
        scope.warn("password.min_length", "NIST SP 800-63B asks for at least 8");
    }
    if !settings.password.refuse_common {
        scope.warn("password.refuse_common", "NIST SP 800-63B asks for it: the commonest passwords are tried first");
    }
    if matches!(settings.telemetry.log_level, LogLevel::Error | LogLevel::Warn) {
        scope.warn("telemetry.log_level", "leaves out the event of each sign-up, and with it the proof of consent");
    }
    if settings.telemetry.otlp_endpoint.as_ref().is_some_and(is_readable_on_the_way) {
        scope.warn("telemetry.otlp_endpoint", "traces travel unencrypted");
    }
}

fn of_server(scope: &mut Scope<'_>, server: &Server, tenants: &[TenantSettings]) {
    let behind_proxy = tenants.iter().any(|tenant| tenant.public_url.is_https());
    if behind_proxy && server.trusted_proxies.is_empty() {
        let message = "is empty, and whatever ends TLS in front of us counts as every visitor: all share one limit";
        scope.warn("server.trusted_proxies", message);
    }
    let distinct = |secret: &str| secret.bytes().collect::<BTreeSet<u8>>().len();
    let mut secrets = server.secret_keys.iter().map(ExposeSecret::expose_secret);
    let current = secrets.next().unwrap_or_default();
    if distinct(current) < FEWEST_DISTINCT_BYTES {
        scope.warn("server.secret_key", "does not look random: head -c 32 /dev/urandom | base64");
    }
    if secrets.any(|older| older == current) {
        scope.warn("server.previous_secret_keys", "holds server.secret_key: nothing was rotated");
    }
    let longest = tenants.iter().map(TenantSettings::page_budget).max().unwrap_or_default();
    if server.drain_timeout < longest {
        let message = format!("is shorter than a sign-up may take ({longest:?}): a stop cuts off who is waiting");
        scope.warn("server.drain_timeout", message);
    }
    if longest >= USUAL_BALANCER_TIMEOUT {
        let message = format!("a sign-up may take {longest:?}, and most balancers give up after one minute");
        scope.warn("upstream.timeout", message);
    }
}

fn of_limits(scope: &mut Scope<'_>, limits: &RateLimit) {
    if limits.redis_url.is_none() {
        let message = "memory counts for this process alone: with a second one limits double, and a form may make two \
                       accounts";
        scope.warn("rate_limit.backend", message);
    }
    if limits.ipv6_prefix > LONGEST_IPV6_PREFIX {
        scope.warn("rate_limit.ipv6_prefix", "one visitor has all addresses of a /64, and so as many budgets");
    }
    let is_wide = |network: &IpNet| match network {
        IpNet::V4(network) => (1..WIDEST_EXEMPT_IPV4).contains(&network.prefix_len()),
        IpNet::V6(network) => (1..WIDEST_EXEMPT_IPV6).contains(&network.prefix_len()),
    };
    let is_private = |network: &IpNet| match network {
        IpNet::V4(network) => network.network().is_private() || network.network().is_loopback(),
        IpNet::V6(network) => network.network().is_unique_local() || network.network().is_loopback(),
    };
    if limits.mode == Mode::Enforce && limits.exempt.iter().any(|network| is_wide(network) && !is_private(network)) {
        scope.warn("rate_limit.exempt", "holds a network of tens of thousands of strangers, who have no limit");
    }
}

/// Looks at one tenant.
pub(super) fn of_tenant(scope: &mut Scope<'_>, tenant: &TenantSettings) {
    if !scope.is_production() {
        return;
    }
    for (slug, flow) in &tenant.flows {
        if flow.enabled && flow.turnstile == TurnstileMode::Off {
            scope.warn(
                &format!("flows.{slug}.turnstile"),
                "is off: nothing but limits keeps robots from making accounts",
            );
        }
    }
}

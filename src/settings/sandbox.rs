//! `sandbox.*`, and the neighbours that it stands in for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::scope::Scope;
use super::sources::Sources;

/// Where the sandbox listens; `None` when it is off.
pub(super) fn section(scope: &mut Scope<'_>, sources: &Sources) -> Option<SocketAddr> {
    let enabled: bool = scope.get("sandbox.enabled");
    let bind = scope.get("sandbox.bind");
    // A switch that cannot be read is one problem, and not also a missing studio.
    let unclear = !scope.is_sound("sandbox.enabled") && !scope.is_production();
    if !enabled && !unclear {
        return None;
    }
    if scope.is_production() {
        scope.refuse("sandbox.enabled", "must be false in production: the sandbox creates no accounts");
        return None;
    }
    if !sources.sandbox_built {
        scope.warn("sandbox.enabled", "this program was built without the sandbox: it stays off");
        return None;
    }
    Some(sources.sandbox_address.unwrap_or(bind))
}

/// Gives the keys that name a neighbour their defaults: the sandbox where it runs, else Cloudflare and no studio.
pub(super) fn derive_neighbours(scope: &mut Scope<'_>, sandbox: Option<SocketAddr>) {
    let turnstile = match sandbox {
        Some(address) => format!("http://{}/turnstile/v0", reachable(address)),
        None => "https://challenges.cloudflare.com/turnstile/v0".to_owned(),
    };
    scope.derive("turnstile.siteverify_url", format!("{turnstile}/siteverify"));
    scope.derive("turnstile.script_url", format!("{turnstile}/api.js"));
    let Some(address) = sandbox.map(reachable) else { return };
    let credentials = ["api_key", "api_key_file", "jwt_token", "jwt_token_file"];
    if !scope.has_own("upstream.base_url") && !credentials.iter().any(|key| scope.has_own(&format!("upstream.{key}"))) {
        scope.derive("upstream.jwt_token", "sandbox");
    }
    scope.derive("upstream.base_url", format!("http://{address}/v1"));
    scope.derive("redirect.default_origin", format!("http://{address}"));
}

/// An address to connect to: who listens on all interfaces is met on loopback.
#[must_use]
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

//! The sections that a tenant may have of its own, for the default tenant and for each of `tenants.<id>`.

use std::collections::{BTreeMap, BTreeSet};

use config::ValueKind;
use url::Url;

use super::email::{self, Lists};
use super::reader::Reader;
use super::scope::{Fallback, Scope};
use super::values::HostName;
use super::{
    Environment, FlowSettings, Phrases, TenantSettings, Turnstile, TurnstileMode, Upstream, brand, rules, suspicions,
};
use crate::domain::origins::{RedirectPolicy, WebOrigin};
use crate::domain::tenant::TenantId;
use crate::signup::Flow;

/// Names that mean this machine: what a developer may type into the browser instead of the public URL.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The default tenant, then the configured ones by id.
pub(super) fn all(reader: &mut Reader, public_url: &WebOrigin, flows: &'static [&'static Flow]) -> Vec<TenantSettings> {
    let mut lists = Lists::default();
    let mut configured = Vec::new();
    let mut owners = BTreeMap::from([(public_url.host().to_owned(), TenantId::default_tenant())]);
    for name in reader.tenants() {
        let Some(id) = tenant_id(reader, &name) else { continue };
        let scope = &mut reader.tenant(&name);
        let hosts = hosts(scope, &id, &mut owners);
        let public_url = own_public_url(scope, public_url, &hosts);
        let organization_id = scope.own("organization_id");
        configured.push((Identity { id, hosts, public_url, organization_id }, name));
    }
    let default = default_identity(reader, public_url, &owners);
    let mut tenants = vec![tenant(&mut reader.top(), default, flows, &mut lists)];
    for (identity, name) in configured {
        tenants.push(tenant(&mut reader.tenant(&name), identity, flows, &mut lists));
    }
    tenants
}

/// Who a tenant is, before what it does.
struct Identity {
    id: TenantId,
    hosts: Vec<String>,
    public_url: WebOrigin,
    organization_id: Option<u64>,
}

fn tenant_id(reader: &mut Reader, name: &str) -> Option<TenantId> {
    let message = match TenantId::parse(name) {
        Ok(id) if id == TenantId::default_tenant() => "is the name of the tenant at the top level".to_owned(),
        Ok(id) => return Some(id),
        Err(error) => error.to_string(),
    };
    reader.problem(&format!("tenants.{name}"), message);
    reader.ignore(&format!("tenants.{name}."));
    None
}

fn hosts(scope: &mut Scope<'_>, id: &TenantId, owners: &mut BTreeMap<String, TenantId>) -> Vec<String> {
    let mut hosts = Vec::new();
    for HostName(host) in scope.own::<Vec<HostName>>("hosts") {
        match owners.get(&host) {
            Some(owner) if owner == id => {}
            Some(owner) => scope.refuse("hosts", format!("{host} belongs to tenant {owner} already")),
            None => {
                owners.insert(host.clone(), id.clone());
                hosts.push(host);
            }
        }
    }
    if hosts.is_empty() {
        scope.refuse("hosts", "must name at least one host");
    }
    hosts
}

/// The tenant's `public_url`; by default its first host under the scheme and port of the server's.
fn own_public_url(scope: &mut Scope<'_>, server: &WebOrigin, hosts: &[String]) -> WebOrigin {
    if let Some(host) = hosts.first() {
        let scheme = if server.is_https() { "https" } else { "http" };
        let port = server.authority().strip_prefix(server.host()).unwrap_or_default();
        scope.derive("public_url", format!("{scheme}://{host}{port}"));
    } else if !scope.has_own("public_url") {
        // No host is a problem already.
        return server.clone();
    }
    let url: WebOrigin = scope.own("public_url");
    rules::encrypted_origin(scope, "public_url", &url);
    if scope.is_sound("public_url") && !hosts.iter().any(|host| host == url.host()) {
        scope.warn("public_url", "its host is not among the tenant's hosts");
    }
    url
}

fn default_identity(reader: &mut Reader, public_url: &WebOrigin, owners: &BTreeMap<String, TenantId>) -> Identity {
    let mut hosts = vec![public_url.host().to_owned()];
    if reader.environment() == Environment::Development {
        let free = LOOPBACK_HOSTS.iter().filter(|host| !owners.contains_key(**host));
        hosts.extend(free.map(|host| (*host).to_owned()));
    }
    let scope = &mut reader.top();
    rules::encrypted_origin(scope, "server.public_url", public_url);
    if public_url.is_loopback() {
        rules::warn_in_production(scope, "server.public_url", "only this machine can reach it");
    }
    Identity { id: TenantId::default_tenant(), hosts, public_url: public_url.clone(), organization_id: None }
}

fn tenant(
    scope: &mut Scope<'_>,
    identity: Identity,
    flows: &'static [&'static Flow],
    lists: &mut Lists,
) -> TenantSettings {
    let Identity { id, hosts, public_url, organization_id } = identity;
    let settings = TenantSettings {
        brand: brand::section(scope),
        upstream: upstream(scope),
        turnstile: turnstile(scope, &hosts),
        redirect: redirect(scope),
        flows: flows.iter().map(|flow| (flow.slug, flow_settings(scope, flow))).collect(),
        email: email::section(scope, lists),
        id,
        hosts,
        public_url,
        organization_id,
    };
    rules::turnstile_keys(scope, &settings);
    rules::spent_twice(scope, &settings, flows);
    suspicions::of_tenant(scope, &settings);
    settings
}

/// `upstream.*`
fn upstream(scope: &mut Scope<'_>) -> Upstream {
    // A credential belongs to the studio it was made for: a tenant with a studio of its own does not send another's.
    let shares_studio = scope.is_top() || !scope.has_own("upstream.base_url");
    let fallback = if shares_studio { Fallback::TopLevel } else { Fallback::Never };
    let upstream = Upstream {
        base_url: without_final_slash(scope.get("upstream.base_url")),
        api_key: scope.secret("upstream.api_key", fallback),
        jwt_token: scope.secret("upstream.jwt_token", fallback),
        connect_timeout: scope.time("upstream.connect_timeout"),
        timeout: scope.time("upstream.timeout"),
        http2: scope.get("upstream.http2"),
        max_in_flight: scope.within("upstream.max_in_flight", 1..=u64::from(u32::MAX), 1),
        circuit_failures: scope.within("upstream.circuit.failures", 1..=u64::from(u32::MAX), 1),
        circuit_open_for: scope.time("upstream.circuit.open_for"),
        phrases: Phrases {
            username_taken: scope.get("upstream.phrases.username_taken"),
            email_exists: scope.get("upstream.phrases.email_exists"),
            email_refused: scope.get("upstream.phrases.email_refused"),
            password_refused: scope.get("upstream.phrases.password_refused"),
        },
        reveal_existing_email: scope.get("upstream.reveal_existing_email"),
        validate_email: scope.get("upstream.validate_email"),
    };
    rules::upstream(scope, &upstream);
    upstream
}

/// Paths are appended to it, and they begin with a slash.
fn without_final_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// `turnstile.*`
fn turnstile(scope: &mut Scope<'_>, hosts: &[String]) -> Turnstile {
    scope.derive("turnstile.hostnames", hosts.to_vec());
    let hostnames: Vec<HostName> = scope.own("turnstile.hostnames");
    let turnstile = Turnstile {
        site_key: scope.get("turnstile.site_key"),
        secret_key: scope.secret("turnstile.secret_key", Fallback::TopLevel),
        upstream_site_key: scope.get("turnstile.upstream_site_key"),
        siteverify_url: scope.get("turnstile.siteverify_url"),
        script_url: scope.get("turnstile.script_url"),
        hostnames: hostnames.into_iter().map(|HostName(host)| host).collect::<BTreeSet<_>>().into_iter().collect(),
        timeout: scope.time("turnstile.timeout"),
        on_outage: scope.get("turnstile.on_outage"),
        mode: scope.get("turnstile.mode"),
    };
    rules::turnstile(scope, &turnstile);
    turnstile
}

/// `redirect.*`. Each list follows from the one before it, within one scope: a tenant with a studio of its own does not
/// inherit the origins of another's.
fn redirect(scope: &mut Scope<'_>) -> RedirectPolicy {
    let default_origin: WebOrigin = scope.get("redirect.default_origin");
    let origins = |origins: &[WebOrigin]| -> Vec<ValueKind> {
        origins.iter().map(|origin| ValueKind::from(origin.as_str())).collect()
    };
    if scope.has_own("redirect.default_origin") && scope.is_sound("redirect.default_origin") {
        scope.derive("redirect.allowed_origins", origins(std::slice::from_ref(&default_origin)));
    }
    let allowed_origins: Vec<WebOrigin> = scope.get("redirect.allowed_origins");
    if scope.has_own("redirect.allowed_origins") && scope.is_sound("redirect.allowed_origins") {
        scope.derive("redirect.return_origins", origins(&allowed_origins));
    }
    let policy = RedirectPolicy {
        default_origin,
        allowed_origins,
        return_origins: scope.get("redirect.return_origins"),
        hop_origins: scope.get("redirect.hop_origins"),
    };
    rules::redirect(scope, &policy);
    policy
}

/// Gives a flow that `base.toml` does not know its defaults.
pub(super) fn derive_flows(scope: &mut Scope<'_>, flows: &'static [&'static Flow]) {
    for flow in flows {
        scope.derive(&format!("flows.{}.enabled", flow.slug), true);
        scope.derive(&format!("flows.{}.business_email", flow.slug), flow.business_email);
        scope.derive(&format!("flows.{}.turnstile", flow.slug), "gateway");
    }
}

/// `flows.<slug>.*`
fn flow_settings(scope: &mut Scope<'_>, flow: &'static Flow) -> FlowSettings {
    let key = |name: &str| format!("flows.{}.{name}", flow.slug);
    let turnstile: TurnstileMode = scope.get(&key("turnstile"));
    let (notes, trial_length) =
        if flow.trial { (scope.get(&key("notes")), scope.get(&key("trial_length"))) } else { (None, None) };
    if trial_length.is_some_and(|length: std::time::Duration| length.is_zero()) {
        scope.refuse(&key("trial_length"), "must be longer than zero");
    }
    FlowSettings {
        enabled: scope.get(&key("enabled")),
        business_email: scope.get(&key("business_email")),
        turnstile,
        notes,
        trial_length,
    }
}

//! White-label tenants: contract 8.

use super::*;
use crate::domain::email::Email;
use crate::settings::{TenantSettings, TurnstileMode};

const ACME: &str = "[tenants.acme]\nhosts = [\"acme.example\"]\n[tenants.acme.brand]\nname = \"Acme\"\n";

#[track_caller]
fn acme(text: &str, variables: Variables<'_>) -> TenantSettings {
    let settings = load_file(&format!("{ACME}{text}"), variables).settings;
    settings.tenants.into_iter().find(|tenant| tenant.id.as_str() == "acme").unwrap()
}

#[track_caller]
fn refused_file(text: &str, variables: Variables<'_>) -> Vec<String> {
    let found = try_load_file(text, variables).err().map_or_else(Vec::new, |found| found.problems);
    found.into_iter().map(|problem| problem.key).collect()
}

#[test]
fn a_tenant_is_as_the_top_level_where_it_says_nothing() {
    let variables = [
        ("SIGNUP__UPSTREAM__BASE_URL", "https://studio.example/v1"),
        ("SIGNUP__UPSTREAM__API_KEY", "top-level-key"),
        ("SIGNUP__TURNSTILE__SITE_KEY", "0x4top"),
        ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example"),
        ("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://studio.example,https://pay.example"),
        ("SIGNUP__FLOWS__TRIAL__NOTES", "from the top"),
        ("SIGNUP__EMAIL__BLOCKED_DOMAINS", "rival.example"),
        ("SIGNUP__BRAND__COLOR", "#0b5fff"),
    ];
    let tenant = acme("", &variables);
    assert_eq!(tenant.upstream.base_url.as_str(), "https://studio.example/v1");
    assert_eq!(exposed(tenant.upstream.api_key.as_ref()), Some("top-level-key"));
    assert_eq!(tenant.turnstile.site_key.as_deref(), Some("0x4top"));
    assert_eq!(tenant.redirect.return_origins.len(), 2);
    assert_eq!(tenant.flows["trial"].notes.as_deref(), Some("from the top"));
    assert!(tenant.email.check(&Email::parse("jan@rival.example").ok().unwrap(), false).is_err());
    assert_eq!((tenant.brand.name.as_str(), tenant.brand.color), ("Acme", None), "a brand is its own");
    assert_eq!(tenant.hosts, ["acme.example"]);
    assert_eq!(tenant.turnstile.hostnames, ["acme.example"], "never the top level's");
    assert_eq!(tenant.public_url.as_str(), "http://acme.example:8080");
}

#[test]
fn a_tenant_overrides_single_keys() {
    let tenant = acme(
        "[tenants.acme.upstream]\ntimeout = \"3s\"\n[tenants.acme.flows.pro]\nenabled = false\n\
         [tenants.acme.email]\nmode = \"observe\"\n[tenants.acme.turnstile]\nmode = \"observe\"\n",
        &[
            ("SIGNUP__TENANTS__ACME__FLOWS__TRIAL__TURNSTILE", "upstream"),
            ("SIGNUP__TENANTS__ACME__ORGANIZATION_ID", "7"),
        ],
    );
    assert_eq!(tenant.upstream.timeout.as_secs(), 3);
    assert_eq!(tenant.upstream.connect_timeout.as_secs(), 2);
    assert!(!tenant.flows["pro"].enabled && tenant.flows["trial"].enabled);
    assert_eq!(tenant.flows["trial"].turnstile, TurnstileMode::Upstream);
    assert_eq!(tenant.organization_id, Some(7));
}

#[test]
fn an_empty_value_of_a_tenant_takes_back_the_top_levels() {
    let variables = [
        ("SIGNUP__UPSTREAM__API_KEY", "top-level-key"),
        ("SIGNUP__TENANTS__ACME__UPSTREAM__API_KEY", ""),
        ("SIGNUP__FLOWS__TRIAL__NOTES", "from the top"),
        ("SIGNUP__TENANTS__ACME__FLOWS__TRIAL__NOTES", ""),
    ];
    let tenant = acme("", &variables);
    assert!(tenant.upstream.api_key.is_none());
    assert!(tenant.flows["trial"].notes.is_none());
}

#[test]
fn a_tenant_with_a_studio_of_its_own_inherits_no_credential_and_no_destination() {
    let variables = [
        ("SIGNUP__UPSTREAM__API_KEY", "top-level-key"),
        ("SIGNUP__UPSTREAM__JWT_TOKEN", "top-level-token"),
        ("SIGNUP__REDIRECT__ALLOWED_ORIGINS", "http://127.0.0.1:8081,https://eu.studio.example"),
        ("SIGNUP__TENANTS__ACME__UPSTREAM__BASE_URL", "https://studio.acme.example/v1"),
        ("SIGNUP__TENANTS__ACME__UPSTREAM__JWT_TOKEN", "its-own"),
        ("SIGNUP__TENANTS__ACME__REDIRECT__DEFAULT_ORIGIN", "https://studio.acme.example"),
    ];
    let tenant = acme("", &variables);
    assert!(tenant.upstream.api_key.is_none());
    assert_eq!(exposed(tenant.upstream.jwt_token.as_ref()), Some("its-own"));
    let own = [tenant.redirect.default_origin.clone()];
    assert_eq!(own[0].as_str(), "https://studio.acme.example");
    assert_eq!(tenant.redirect.allowed_origins, own);
    assert_eq!(tenant.redirect.return_origins, own);
}

#[test]
fn a_tenants_public_url_follows_the_servers_scheme_and_port() {
    for (server, expected) in [
        ("https://signup.example", "https://acme.example"),
        ("https://signup.example:8443", "https://acme.example:8443"),
        ("http://[::1]:8080", "http://acme.example:8080"),
    ] {
        let tenant = acme("", &[("SIGNUP__SERVER__PUBLIC_URL", server)]);
        assert_eq!(tenant.public_url.as_str(), expected, "{server}");
    }
    let own = ("SIGNUP__TENANTS__ACME__PUBLIC_URL", "https://acme.example:9443");
    assert_eq!(acme("", &[own]).public_url.as_str(), "https://acme.example:9443");
}

#[test]
fn a_host_belongs_to_one_tenant() {
    let globex = "[tenants.globex]\nhosts = [\"globex.example\", \"ACME.example\"]\nbrand.name = \"Globex\"\n";
    assert_eq!(refused_file(&format!("{ACME}{globex}"), &[]), ["tenants.globex.hosts"]);
    let default = ("SIGNUP__SERVER__PUBLIC_URL", "https://acme.example");
    assert_eq!(refused_file(ACME, &[default]), ["tenants.acme.hosts"]);
    // What development adds to the default tenant's own host is anybody's.
    let loopback = [("SIGNUP__TENANTS__ACME__HOSTS", "127.0.0.1")];
    let settings = load_file(ACME, &loopback).settings;
    assert_eq!(settings.tenants[0].hosts, ["localhost", "[::1]"]);
}

#[test]
fn a_tenant_needs_a_good_id_a_host_and_a_name() {
    for (name, text, expected) in [
        ("id", "[tenants.Acme]\nhosts = [\"acme.example\"]\ntypo = 1\n", "tenants.Acme"),
        ("dotted id", "[tenants.\"a.b\"]\nhosts = [\"acme.example\"]\n", "tenants.a.b"),
        ("the default's id", "[tenants.default]\nhosts = [\"acme.example\"]\n", "tenants.default"),
        ("hosts", "[tenants.acme.brand]\nname = \"Acme\"\n", "tenants.acme.hosts"),
        ("no tenant", "[tenants]\nacme = 1\n", "tenants.acme"),
        ("brand", "[tenants.acme]\nhosts = [\"acme.example\"]\n", "tenants.acme.brand.name"),
        ("unknown key", &format!("{ACME}hue = 1\n"), "tenants.acme.brand.hue"),
        (
            "not a tenant's",
            &format!("{ACME}[tenants.acme.password]\nmin_length = 9\n"),
            "tenants.acme.password.min_length",
        ),
        ("colour", &format!("{ACME}color = \"#ffcc00\"\n"), "tenants.acme.brand.color"),
        ("nothing at all", "[tenants.acme]\n", "tenants.acme.hosts"),
    ] {
        let keys = refused_file(text, &[]);
        assert!(keys.contains(&expected.to_owned()), "{name}: {keys:?}");
    }
}

#[test]
fn production_refuses_for_each_tenant() {
    let prefix = "SIGNUP__TENANTS__ACME__";
    for (name, value, expected) in [
        ("TURNSTILE__SITE_KEY", "1x00000000000000000000AA", "tenants.acme.turnstile.site_key"),
        ("TURNSTILE__SECRET_KEY", "1x0000000000000000000000000000000AA", "tenants.acme.turnstile.secret_key"),
        ("TURNSTILE__SITE_KEY", "", "tenants.acme.turnstile.site_key"),
        ("TURNSTILE__SCRIPT_URL", "http://challenges.example/api.js", "tenants.acme.turnstile.script_url"),
        ("UPSTREAM__BASE_URL", "http://studio.acme.example/v1", "tenants.acme.upstream.base_url"),
        ("PUBLIC_URL", "http://acme.example", "tenants.acme.public_url"),
        ("REDIRECT__ALLOWED_ORIGINS", "", "tenants.acme.redirect.allowed_origins"),
        ("FLOWS__PRO__TURNSTILE", "both", "tenants.acme.turnstile.upstream_site_key"),
    ] {
        let variable = format!("{prefix}{name}");
        let mut variables = production(&[]);
        variables.push((&variable, value));
        assert_eq!(refused_file(ACME, &variables), [expected], "{name} = {value}");
    }
    assert_eq!(refused_file(ACME, &production(&[])), [""; 0]);
}

#[test]
fn one_fault_of_the_top_level_is_one_problem_however_many_tenants_share_it() {
    let globex = "[tenants.globex]\nhosts = [\"globex.example\"]\nbrand.name = \"Globex\"\n";
    let variables = production(&[
        ("SIGNUP__TURNSTILE__SITE_KEY", ""),
        ("SIGNUP__UPSTREAM__BASE_URL", "http://studio.example"),
        ("SIGNUP__UPSTREAM__TIMEOUT", "5"),
    ]);
    let keys = refused_file(&format!("{ACME}{globex}"), &variables);
    assert_eq!(keys, ["turnstile.site_key", "upstream.base_url", "upstream.timeout"]);
}

#[test]
fn a_site_key_without_its_secret_is_warned_of() {
    let warnings = load_file(ACME, &[("SIGNUP__TENANTS__ACME__TURNSTILE__SITE_KEY", "0x4own")]).warnings;
    let keys: Vec<_> = warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(keys, ["tenants.acme.turnstile.site_key"]);
}

#[test]
fn the_example_loads_in_development() {
    let Loaded { settings, warnings, .. } = load_file(include_str!("../../../config/tenants.example.toml"), &[]);
    assert!(warnings.is_empty(), "{warnings:?}");
    let [_, acme, globex] = settings.tenants.as_slice() else { panic!("three tenants") };
    assert_eq!((acme.id.as_str(), globex.id.as_str()), ("acme", "globex"));
    assert_eq!(acme.public_url.as_str(), "http://acme.localhost:8080");
    assert!(!acme.flows["pro"].enabled && globex.flows["pro"].enabled);
    assert!(globex.flows["pro"].business_email && !acme.flows["trial"].business_email);
    assert_eq!(acme.upstream.base_url, settings.tenants[0].upstream.base_url);
}

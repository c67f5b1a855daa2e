//! What holds when nothing is configured: contract 2.

use std::time::Duration;

use super::*;
use crate::domain::attribution::UtmFormat;
use crate::domain::client::ForwardingHeader;
use crate::domain::password::PasswordPolicy;
use crate::domain::policy::Mode;
use crate::settings::{Environment, LogFormat, OnOutage, TurnstileMode};
use crate::signup::Flow;

#[test]
fn each_default_is_the_contracts() {
    let effective = load(&[]).effective;
    for (key, expected) in [
        ("server.bind", r#""127.0.0.1:8080""#),
        ("server.admin_bind", r#""127.0.0.1:9090""#),
        ("server.public_url", r#""http://localhost:8080""#),
        ("server.secret_key", "[not set]"),
        ("server.previous_secret_keys", "[not set]"),
        ("server.trusted_proxies", "[]"),
        ("server.client_ip_header", r#""x-forwarded-for""#),
        ("server.strict_hosts", "false"),
        ("server.lame_duck", r#""0s""#),
        ("server.drain_timeout", r#""30s""#),
        ("server.body_limit", r#""32KiB""#),
        ("upstream.base_url", r#""http://127.0.0.1:8081/v1""#),
        ("upstream.api_key", "[not set]"),
        ("upstream.connect_timeout", r#""2s""#),
        ("upstream.timeout", r#""15s""#),
        ("upstream.http2", r#""auto""#),
        ("upstream.max_in_flight", "256"),
        ("upstream.circuit.failures", "20"),
        ("upstream.circuit.open_for", r#""10s""#),
        ("upstream.reveal_existing_email", "false"),
        ("upstream.validate_email", "false"),
        ("turnstile.siteverify_url", r#""http://127.0.0.1:8081/turnstile/v0/siteverify""#),
        ("turnstile.script_url", r#""http://127.0.0.1:8081/turnstile/v0/api.js""#),
        ("turnstile.upstream_site_key", "[not set]"),
        ("turnstile.timeout", r#""5s""#),
        ("turnstile.on_outage", r#""reject""#),
        ("turnstile.mode", r#""enforce""#),
        ("flows.pro.enabled", "true"),
        ("flows.pro.business_email", "false"),
        ("flows.pro.turnstile", r#""gateway""#),
        ("flows.trial.enabled", "true"),
        ("flows.trial.business_email", "true"),
        ("flows.trial.turnstile", r#""gateway""#),
        ("flows.trial.notes", "[not set]"),
        ("flows.trial.trial_length", "[not set]"),
        ("email.blocked_domains", "[]"),
        ("email.allowed_domains", "[]"),
        ("email.free_domains_file", "[not set]"),
        ("email.mode", r#""enforce""#),
        ("password.min_length", "8"),
        ("password.min_strength", "0"),
        ("password.refuse_common", "true"),
        ("redirect.default_origin", r#""http://127.0.0.1:8081""#),
        ("redirect.allowed_origins", r#"["http://127.0.0.1:8081"]"#),
        ("redirect.return_origins", r#"["http://127.0.0.1:8081"]"#),
        ("redirect.hop_origins", "[]"),
        ("rate_limit.backend", r#""memory""#),
        ("rate_limit.redis_url", "[not set]"),
        ("rate_limit.client.burst", "30"),
        ("rate_limit.client.period", r#""10s""#),
        ("rate_limit.email.burst", "5"),
        ("rate_limit.email.period", r#""10m""#),
        ("rate_limit.outage.burst", "3"),
        ("rate_limit.outage.period", r#""1m""#),
        ("rate_limit.pages.burst", "300"),
        ("rate_limit.pages.period", r#""1s""#),
        ("rate_limit.ipv6_prefix", "64"),
        ("rate_limit.exempt", "[]"),
        ("rate_limit.mode", r#""enforce""#),
        ("honeypot.mode", r#""observe""#),
        ("telemetry.log_format", r#""pretty""#),
        ("telemetry.log_level", r#""info""#),
        ("telemetry.otlp_endpoint", "[not set]"),
        ("sandbox.enabled", "true"),
        ("sandbox.bind", r#""127.0.0.1:8081""#),
    ] {
        assert_eq!(effective.get(key), Some(expected), "{key}");
    }
}

#[test]
fn nothing_configured_is_a_development_in_which_everything_works() {
    let Loaded { settings, warnings, .. } = load(&[]);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!(settings.server.client_ip_header, ForwardingHeader::XForwardedFor);
    assert_eq!(settings.server.lame_duck, Duration::ZERO);
    assert_eq!(settings.server.body_limit, 32 * 1024);
    assert_eq!(settings.password, PasswordPolicy::default());
    assert_eq!(settings.attribution.utm_format, UtmFormat::Object);
    assert_eq!(
        settings.attribution.extra_params.join(","),
        "gclid,gbraid,wbraid,dclid,fbclid,msclkid,ttclid,li_fat_id,twclid"
    );
    assert_eq!(settings.rate_limit.client.period, Duration::from_secs(10));
    assert!(settings.rate_limit.redis_url.is_none());
    assert_eq!(settings.honeypot_mode, Mode::Observe);
    assert_eq!(settings.telemetry.log_format, LogFormat::Pretty);
    assert_eq!(settings.sandbox, Some("127.0.0.1:8081".parse().unwrap()));

    let [tenant] = settings.tenants.as_slice() else { panic!("one tenant") };
    assert_eq!(tenant.id.as_str(), "default");
    assert_eq!(tenant.public_url.as_str(), "http://localhost:8080");
    assert_eq!(tenant.hosts, ["localhost", "127.0.0.1", "[::1]"]);
    assert_eq!(tenant.brand.name, "Studio");
    assert_eq!(tenant.upstream.base_url.as_str(), "http://127.0.0.1:8081/v1");
    assert_eq!(exposed(tenant.upstream.jwt_token.as_ref()), Some("sandbox"));
    assert!(tenant.upstream.phrases.username_taken.contains(&"username is not available".to_owned()));
    assert_eq!(tenant.upstream.phrases.email_exists.len(), 6);
    assert_eq!(tenant.upstream.phrases.email_refused.len(), 5);
    assert_eq!(tenant.upstream.phrases.password_refused, ["password"]);
    assert_eq!(tenant.turnstile.site_key.as_deref(), Some("1x00000000000000000000AA"));
    assert_eq!(exposed(tenant.turnstile.secret_key.as_ref()), Some("1x0000000000000000000000000000000AA"));
    assert_eq!(tenant.turnstile.hostnames, ["127.0.0.1", "[::1]", "localhost"]);
    assert_eq!(tenant.turnstile.on_outage, OnOutage::Reject);
    assert_eq!(tenant.flows["trial"].turnstile, TurnstileMode::Gateway);
    assert!(tenant.flows["trial"].business_email && !tenant.flows["pro"].business_email);
    assert_eq!(tenant.organization_id, None);
}

#[test]
fn development_makes_a_random_key_each_time() {
    let keys = |loaded: &Loaded| loaded.settings.server.secret_keys[0].expose_secret().to_owned();
    let (one, other) = (keys(&load(&[])), keys(&load(&[])));
    assert_ne!(one, other);
    assert!(one.len() >= 32);
}

#[test]
fn production_waits_for_load_balancers_and_logs_json() {
    let settings = load(&production(&[])).settings;
    assert_eq!(settings.server.lame_duck, Duration::from_secs(5));
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
    assert_eq!(settings.sandbox, None);
    let tenant = &settings.tenants[0];
    assert_eq!(tenant.turnstile.siteverify_url.as_str(), "https://challenges.cloudflare.com/turnstile/v0/siteverify");
    assert_eq!(tenant.turnstile.script_url.as_str(), "https://challenges.cloudflare.com/turnstile/v0/api.js");
    assert_eq!(tenant.turnstile.hostnames, ["signup.example"]);
    assert_eq!(tenant.hosts, ["signup.example"]);
    assert!(tenant.upstream.jwt_token.is_none());
}

#[test]
fn a_further_flow_has_its_section_without_a_line_in_base_toml() {
    static FURTHER: std::sync::LazyLock<Flow> = std::sync::LazyLock::new(|| Flow {
        slug: "further",
        fields: FLOWS[0].fields,
        upstream_path: "/further",
        token_field: None,
        single_sign_on: false,
        insist_on_email_field: None,
        trial: false,
        user_id_field: "id",
        business_email: true,
        words: &[],
        sample: &[],
    });
    static TABLE: std::sync::LazyLock<[&'static Flow; 2]> = std::sync::LazyLock::new(|| [FLOWS[0], &FURTHER]);
    let variables = [("SIGNUP__FLOWS__FURTHER__TURNSTILE", "off")];
    // `flows.trial` stands in base.toml although this table has no such flow.
    let settings = Settings::load(&sources(&variables), &*TABLE).unwrap_or_else(|found| panic!("{found}")).settings;
    let flow = &settings.tenants[0].flows["further"];
    assert!(flow.enabled && flow.business_email);
    assert_eq!(flow.turnstile, TurnstileMode::Off);
    assert_eq!(settings.tenants[0].flows.len(), 2);
}

#[test]
fn the_sandbox_stands_in_only_for_what_nobody_chose() {
    let settings = load(&[
        ("SIGNUP__SANDBOX__BIND", "127.0.0.1:9999"),
        ("SIGNUP__UPSTREAM__BASE_URL", "https://studio.example/v1/"),
        ("SIGNUP__TURNSTILE__SCRIPT_URL", "https://challenges.example/api.js"),
    ])
    .settings;
    let tenant = &settings.tenants[0];
    assert_eq!(tenant.upstream.base_url.as_str(), "https://studio.example/v1");
    assert!(tenant.upstream.jwt_token.is_none(), "the sandbox's credential is the sandbox's alone");
    assert_eq!(tenant.turnstile.siteverify_url.as_str(), "http://127.0.0.1:9999/turnstile/v0/siteverify");
    assert_eq!(tenant.turnstile.script_url.as_str(), "https://challenges.example/api.js");
    assert_eq!(tenant.redirect.default_origin.as_str(), "http://127.0.0.1:9999");
}

#[test]
fn a_bound_sandbox_is_named_by_its_real_address() {
    let unbound = sources(&[("SIGNUP__SANDBOX__BIND", "127.0.0.1:0")]);
    let bound = unbound.clone().with_sandbox_at("127.0.0.1:45678".parse().unwrap());
    let load = |sources: &Sources| Settings::load(sources, FLOWS).unwrap_or_else(|found| panic!("{found}")).settings;
    assert_eq!(load(&unbound).sandbox.unwrap().port(), 0);
    let settings = load(&bound);
    assert_eq!(settings.sandbox.unwrap().port(), 45678);
    assert_eq!(settings.tenants[0].upstream.base_url.as_str(), "http://127.0.0.1:45678/v1");
    assert_eq!(settings.tenants[0].redirect.return_origins[0].as_str(), "http://127.0.0.1:45678");
}

#[test]
fn a_sandbox_on_all_interfaces_is_met_on_loopback() {
    for (bind, base_url) in [("0.0.0.0:8081", "http://127.0.0.1:8081/v1"), ("[::]:8081", "http://[::1]:8081/v1")] {
        let settings = load(&[("SIGNUP__SANDBOX__BIND", bind)]).settings;
        assert_eq!(settings.tenants[0].upstream.base_url.as_str(), base_url);
    }
}

#[test]
fn refuses_to_start_without_a_studio_where_the_sandbox_is_off() {
    let expected = ["redirect.default_origin", "upstream.base_url"];
    assert_eq!(refused(&[("SIGNUP__SANDBOX__ENABLED", "false")]), expected);
    let not_built = Sources { sandbox_built: false, ..sources(&[]) };
    let found = Settings::load(&not_built, FLOWS).err().unwrap();
    assert_eq!(found.problems.iter().map(|problem| &problem.key).collect::<Vec<_>>(), expected);
    assert_eq!(found.warnings.iter().map(|warning| &warning.key).collect::<Vec<_>>(), ["sandbox.enabled"]);
}

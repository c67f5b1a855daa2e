//! Single values: how they are written, and what is nonsense everywhere.

use std::time::Duration;

use super::*;
use crate::domain::email::Email;
use crate::domain::email_policy::DomainRefusal;

#[test]
fn lists_in_variables_are_separated_by_commas() {
    let settings = load(&[
        ("SIGNUP__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,"),
        ("SIGNUP__ATTRIBUTION__EXTRA_PARAMS", ""),
        ("SIGNUP__EMAIL__BLOCKED_DOMAINS", "Rival.example,bücher.example"),
        ("SIGNUP__REDIRECT__RETURN_ORIGINS", "http://127.0.0.1:8081,https://pay.example/"),
        ("SIGNUP__TURNSTILE__HOSTNAMES", "Signup.Example"),
    ])
    .settings;
    let proxies: Vec<_> = settings.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
    assert!(settings.attribution.extra_params.is_empty());
    let tenant = &settings.tenants[0];
    for address in ["jan@hq.rival.example", "jan@BÜCHER.example"] {
        let email = Email::parse(address).ok().unwrap();
        assert_eq!(tenant.email.check(&email, false), Err(DomainRefusal::Blocked), "{address}");
    }
    assert_eq!(tenant.redirect.return_origins[1].as_str(), "https://pay.example");
    assert_eq!(tenant.turnstile.hostnames, ["signup.example"]);
}

#[test]
fn numbers_booleans_and_sizes_are_read_from_files_and_variables_alike() {
    let file = "[server]\nbody_limit = 65536\nstrict_hosts = true\n[upstream]\nmax_in_flight = 7";
    let variables = [
        ("SIGNUP__SERVER__BODY_LIMIT", "64KiB"),
        ("SIGNUP__SERVER__STRICT_HOSTS", "true"),
        ("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", "7"),
    ];
    for settings in [load_file(file, &[]).settings, load(&variables).settings] {
        assert_eq!(settings.server.body_limit, 65536);
        assert!(settings.server.strict_hosts);
        assert_eq!(settings.tenants[0].upstream.max_in_flight, 7);
    }
}

#[test]
fn durations_need_a_unit() {
    let load = |value| try_load(&[("SIGNUP__UPSTREAM__TIMEOUT", value)]);
    for (value, expected) in [("5s", 5_000), ("1500ms", 1_500), ("2m", 120_000), ("1m 30s", 90_000)] {
        let loaded = load(value).unwrap_or_else(|found| panic!("{found}"));
        assert_eq!(loaded.settings.tenants[0].upstream.timeout, Duration::from_millis(expected), "{value}");
    }
    for value in ["5", "0", "", "s", "five seconds", "-5s", "0s", "900years"] {
        let found = load(value).err().unwrap_or_else(|| panic!("{value}"));
        assert_eq!(found.problems[0].key, "upstream.timeout", "{value}");
    }
    assert!(try_load_file("[upstream]\ntimeout = 5", &[]).is_err());
}

#[test]
fn nonsense_is_refused_in_every_environment() {
    let large = TemporaryFile::new(vec![b' '; 256 * 1024 + 1]);
    let text = TemporaryFile::new("just text");
    let list = TemporaryFile::new("acme.example\nnot a domain\n");
    let rows: &[(&str, &str)] = &[
        ("server.bind", "localhost:8080"),
        ("server.bind", "8080"),
        ("server.public_url", "http://localhost:8080/signup"),
        ("server.public_url", "localhost"),
        ("server.public_url", "ftp://localhost"),
        ("server.trusted_proxies", "10.0.0.0/33"),
        ("server.client_ip_header", "x-real-ip"),
        ("server.strict_hosts", "maybe"),
        ("server.body_limit", "0"),
        ("server.body_limit", "32 potatoes"),
        ("server.body_limit", "16777217"),
        ("server.body_limit", "9223372036854775807"),
        ("upstream.base_url", "https://user:marked-secret@studio.example/v1"),
        ("upstream.base_url", "https://studio.example/v1?key=1"),
        ("upstream.base_url", "https://studio.example/v1#x"),
        ("upstream.base_url", "ftp://studio.example/v1"),
        ("upstream.base_url", "studio.example/v1"),
        ("upstream.api_key", "two words"),
        ("upstream.jwt_token", "line\nbreak"),
        ("upstream.connect_timeout", "0s"),
        ("upstream.http2", "2"),
        ("upstream.max_in_flight", "0"),
        ("upstream.max_in_flight", "-1"),
        ("upstream.circuit.failures", "0"),
        ("upstream.circuit.open_for", "0s"),
        ("turnstile.timeout", "0s"),
        ("turnstile.on_outage", "ignore"),
        ("turnstile.hostnames", "https://signup.example"),
        ("turnstile.hostnames", "signup.example:80"),
        ("turnstile.hostnames", "*.signup.example"),
        ("turnstile.mode", "off"),
        ("flows.pro.turnstile", "none"),
        ("flows.trial.trial_length", "0s"),
        ("flows.trial.trial_length", "14"),
        ("email.blocked_domains", "no domain"),
        ("email.allowed_domains", "acme.example,localhost"),
        ("email.free_domains_file", "/nowhere"),
        ("email.disposable_domains_file", list.path()),
        ("password.min_length", "0"),
        ("password.min_length", "129"),
        ("password.min_strength", "5"),
        ("redirect.default_origin", "https://studio.example/path"),
        ("redirect.allowed_origins", "https://studio.example,javascript:alert(1)"),
        ("attribution.utm_format", "array"),
        ("rate_limit.backend", "disk"),
        ("rate_limit.client.burst", "0"),
        ("rate_limit.client.burst", "4294967296"),
        ("rate_limit.email.period", "0s"),
        ("rate_limit.ipv6_prefix", "0"),
        ("rate_limit.ipv6_prefix", "129"),
        ("rate_limit.ipv6_prefix", "300"),
        ("rate_limit.exempt", "workshop"),
        ("honeypot.mode", ""),
        ("telemetry.log_format", "xml"),
        ("telemetry.otlp_endpoint", "localhost:4318"),
        ("telemetry.otlp_endpoint", "https://collector.example/otlp?key=k"),
        ("telemetry.otlp_endpoint", "https://collector.example/#otlp"),
        ("brand.name", ""),
        ("brand.color", "#ffcc00"),
        ("brand.color", "red"),
        ("brand.terms_url", "javascript:alert(1)"),
        ("brand.privacy_url", "/privacy"),
        ("brand.privacy_url", "mailto:jan@studio.example"),
        ("brand.support_url", "mailto:"),
        ("brand.logo", "/nowhere.png"),
        ("brand.logo", large.path()),
        ("brand.logo", text.path()),
        ("sandbox.enabled", "sometimes"),
        ("sandbox.bind", "127.0.0.1:8080"),
    ];
    for (key, value) in rows {
        let variable = crate::settings::problems::variable(key);
        for environment in ["development", "production"] {
            // In production the sandbox is off and nothing can collide with it.
            if *key == "sandbox.bind" && environment == "production" {
                continue;
            }
            let mut variables = if environment == "production" { production(&[]) } else { Vec::new() };
            variables.retain(|(name, _)| *name != variable);
            variables.push((&variable, value));
            let found = problems(&variables);
            assert_eq!(found.problems.len(), 1, "{environment} {key} = {value}: {found}");
            assert_eq!(found.problems[0].key, *key, "{environment} {value}");
            assert!(!found.to_string().contains("marked-secret"), "{found}");
            assert!(!found.effective.to_string().contains("marked-secret"), "{found}");
        }
    }
}

#[test]
fn each_wrong_entry_of_a_list_is_named() {
    let found = problems(&[("SIGNUP__SERVER__TRUSTED_PROXIES", "10.0.0.0/33,10.0.0.0/8,x")]);
    assert!(found.to_string().contains("entry 1 must be a network"), "{found}");
    assert!(found.to_string().contains("entry 3 must be a network"), "{found}");
    assert!(try_load_file("[upstream.phrases]\npassword_refused = [\"\"]", &[]).is_err(), "it would match everything");
}

#[test]
fn a_list_of_domains_names_its_file_and_line() {
    let list = TemporaryFile::new("acme.example\nnot a domain\n");
    let found = problems(&[("SIGNUP__EMAIL__FREE_DOMAINS_FILE", list.path())]);
    assert!(found.to_string().contains(&format!("line 2 of {} is no domain", list.path())), "{found}");
}

#[test]
fn a_list_of_domains_replaces_the_embedded_one_and_is_read_anew() {
    let list = TemporaryFile::new("mine.example\n");
    let sources = sources(&[("SIGNUP__EMAIL__FREE_DOMAINS_FILE", list.path())]);
    let check = |address: &str| {
        let settings = Settings::load(&sources, FLOWS).unwrap_or_else(|found| panic!("{found}")).settings;
        settings.tenants[0].email.check(&Email::parse(address).ok().unwrap(), true)
    };
    assert_eq!(check("jan@mine.example"), Err(DomainRefusal::Free));
    assert_eq!(check("jan@gmail.com"), Ok(()));
    std::fs::write(list.path(), "gmail.com\n").unwrap();
    assert_eq!(check("jan@gmail.com"), Err(DomainRefusal::Free));
    assert_eq!(check("jan@mine.example"), Ok(()));
}

#[test]
fn two_listeners_share_no_port_unless_each_gets_a_free_one() {
    for (bind, admin, free) in [
        ("127.0.0.1:1234", "127.0.0.1:1234", false),
        ("0.0.0.0:1234", "127.0.0.1:1234", false),
        ("127.0.0.2:1234", "127.0.0.1:1234", true),
        ("127.0.0.1:0", "127.0.0.1:0", true),
    ] {
        let keys = refused(&[("SIGNUP__SERVER__BIND", bind), ("SIGNUP__SERVER__ADMIN_BIND", admin)]);
        assert_eq!(keys.is_empty(), free, "{bind} {admin}: {keys:?}");
    }
}

#[test]
fn a_brand_is_read_with_its_logo() {
    let logo = TemporaryFile::new(b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    let settings = load(&[
        ("SIGNUP__BRAND__LOGO", logo.path()),
        ("SIGNUP__BRAND__COLOR", "#0B5FFF"),
        ("SIGNUP__BRAND__SUPPORT_URL", "mailto:help@studio.example"),
        ("SIGNUP__BRAND__TERMS_URL", ""),
    ])
    .settings;
    let brand = &settings.tenants[0].brand;
    assert_eq!(brand.logo.as_ref().unwrap().media_type, "image/svg+xml");
    assert_eq!(brand.color.unwrap().to_hex(), "#0b5fff");
    assert_eq!(brand.support_url.as_deref(), Some("mailto:help@studio.example"));
    assert_eq!(brand.terms_url, None);
}

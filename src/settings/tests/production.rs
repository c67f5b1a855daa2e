//! What production refuses, and what it only warns of.

use super::*;

#[test]
fn a_good_production_configuration_loads() {
    let Loaded { settings, warnings, .. } = load(&production(&[]));
    assert!(settings.is_production());
    let keys: Vec<_> = warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(keys, ["flows.trial.turnstile"]);
}

#[test]
fn nothing_configured_refuses_production_and_says_everything_that_is_missing() {
    let expected = [
        "redirect.default_origin",
        "server.secret_key",
        "turnstile.secret_key",
        "turnstile.site_key",
        "upstream.base_url",
    ];
    assert_eq!(refused(&[("SIGNUP_ENV", "production")]), expected);
}

/// Name, changes to a good configuration, keys of the problems.
type Row = (&'static str, Variables<'static>, &'static [&'static str]);

const REFUSALS: &[Row] = &[
    ("the sandbox", &[("SIGNUP__SANDBOX__ENABLED", "true")], &["sandbox.enabled"]),
    ("a test site key", &[("SIGNUP__TURNSTILE__SITE_KEY", "1x00000000000000000000AA")], &["turnstile.site_key"]),
    ("another", &[("SIGNUP__TURNSTILE__SITE_KEY", "3x00000000000000000000FF")], &["turnstile.site_key"]),
    (
        "a test secret",
        &[("SIGNUP__TURNSTILE__SECRET_KEY", "2x0000000000000000000000000000000AA")],
        &["turnstile.secret_key"],
    ),
    (
        "a test site key of the upstream",
        &[("SIGNUP__TURNSTILE__UPSTREAM_SITE_KEY", "1x00000000000000000000BB")],
        &["turnstile.upstream_site_key"],
    ),
    ("no secret", &[("SIGNUP__SERVER__SECRET_KEY", "")], &["server.secret_key"]),
    ("a short secret", &[("SIGNUP__SERVER__SECRET_KEY", "0123456789012345678901234567890")], &["server.secret_key"]),
    ("a short older secret", &[("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", "short")], &["server.previous_secret_keys"]),
    ("http upstream", &[("SIGNUP__UPSTREAM__BASE_URL", "http://studio.example/v1")], &["upstream.base_url"]),
    ("http public", &[("SIGNUP__SERVER__PUBLIC_URL", "http://signup.example")], &["server.public_url"]),
    (
        "http siteverify",
        &[("SIGNUP__TURNSTILE__SITEVERIFY_URL", "http://challenges.example/siteverify")],
        &["turnstile.siteverify_url"],
    ),
    ("http script", &[("SIGNUP__TURNSTILE__SCRIPT_URL", "http://10.0.0.1/api.js")], &["turnstile.script_url"]),
    (
        "a name that only begins like loopback",
        &[("SIGNUP__UPSTREAM__BASE_URL", "http://localhost.example/v1")],
        &["upstream.base_url"],
    ),
    ("no origin", &[("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "")], &["redirect.default_origin"]),
    ("redis without a URL", &[("SIGNUP__RATE_LIMIT__REDIS_URL", "")], &["rate_limit.redis_url"]),
    ("no site key", &[("SIGNUP__TURNSTILE__SITE_KEY", "")], &["turnstile.site_key"]),
    ("no secret key", &[("SIGNUP__TURNSTILE__SECRET_KEY", "")], &["turnstile.secret_key"]),
    (
        "no site key while one flow forwards",
        &[
            ("SIGNUP__TURNSTILE__SITE_KEY", ""),
            ("SIGNUP__TURNSTILE__SECRET_KEY", ""),
            ("SIGNUP__FLOWS__PRO__TURNSTILE", "off"),
            ("SIGNUP__FLOWS__TRIAL__TURNSTILE", "upstream"),
        ],
        &["turnstile.site_key"],
    ),
    (
        "both without the upstream's key",
        &[("SIGNUP__FLOWS__TRIAL__TURNSTILE", "both")],
        &["turnstile.upstream_site_key"],
    ),
];

#[test]
fn each_refusal_of_production_names_its_key() {
    for (name, changes, expected) in REFUSALS {
        assert_eq!(refused(&production(changes)), *expected, "{name}");
    }
}

#[test]
fn refuses_an_empty_list_of_allowed_origins() {
    let mut variables = production(&[]);
    variables.push(("SIGNUP__REDIRECT__ALLOWED_ORIGINS", ""));
    assert_eq!(refused(&variables), ["redirect.allowed_origins"]);
}

#[test]
fn what_no_flow_needs_may_be_missing() {
    for (name, changes) in [
        (
            "no challenge at all",
            &[
                ("SIGNUP__TURNSTILE__SITE_KEY", ""),
                ("SIGNUP__TURNSTILE__SECRET_KEY", ""),
                ("SIGNUP__FLOWS__PRO__TURNSTILE", "off"),
                ("SIGNUP__FLOWS__TRIAL__ENABLED", "false"),
            ][..],
        ),
        ("loopback without encryption", &[("SIGNUP__UPSTREAM__BASE_URL", "http://127.0.0.1:9/v1")]),
        ("loopback by name", &[("SIGNUP__SERVER__PUBLIC_URL", "http://signup.localhost:8080")]),
        ("loopback by IPv6", &[("SIGNUP__TURNSTILE__SCRIPT_URL", "http://[::1]:9/api.js")]),
    ] {
        assert_eq!(refused(&production(changes)), [""; 0], "{name}");
    }
}

#[test]
fn both_without_the_upstreams_key_is_refused_in_development_too() {
    assert_eq!(refused(&[("SIGNUP__FLOWS__PRO__TURNSTILE", "both")]), ["turnstile.upstream_site_key"]);
}

#[test]
fn what_is_odd_is_warned_of() {
    for (name, changes, expected) in [
        ("the whole internet", ("SIGNUP__SERVER__TRUSTED_PROXIES", "0.0.0.0/0"), "server.trusted_proxies"),
        ("by IPv6", ("SIGNUP__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::/0"), "server.trusted_proxies"),
        ("nobody limited", ("SIGNUP__RATE_LIMIT__EXEMPT", "0.0.0.0/0"), "rate_limit.exempt"),
        ("limits watch", ("SIGNUP__RATE_LIMIT__MODE", "observe"), "rate_limit.mode"),
        ("lists watch", ("SIGNUP__EMAIL__MODE", "observe"), "email.mode"),
        ("Turnstile watches", ("SIGNUP__TURNSTILE__MODE", "observe"), "turnstile.mode"),
        ("an outage opens", ("SIGNUP__TURNSTILE__ON_OUTAGE", "allow"), "turnstile.on_outage"),
        ("traces", ("SIGNUP__TELEMETRY__OTLP_ENDPOINT", "http://collector.example:4318"), "telemetry.otlp_endpoint"),
        (
            "unencrypted return",
            ("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://studio.example,http://pay.example"),
            "redirect.return_origins",
        ),
        ("no way back", ("SIGNUP__REDIRECT__RETURN_ORIGINS", "https://pay.example"), "redirect.return_origins"),
        ("nobody reaches it", ("SIGNUP__SERVER__PUBLIC_URL", "http://localhost:8080"), "server.public_url"),
    ] {
        let warnings = load(&production(&[changes, ("SIGNUP__FLOWS__TRIAL__TURNSTILE", "upstream")])).warnings;
        let keys: Vec<_> = warnings.iter().map(|warning| warning.key.as_str()).collect();
        assert_eq!(keys, [expected], "{name}");
    }
}

#[test]
fn development_warns_where_production_refuses_a_weak_key() {
    let warnings = load(&[("SIGNUP__SERVER__SECRET_KEY", "short"), ("SIGNUP__TURNSTILE__SITE_KEY", "")]).warnings;
    let keys: Vec<_> = warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(keys, ["server.secret_key", "turnstile.site_key"]);
}

#[test]
fn what_is_legal_and_probably_not_meant_is_warned_of_in_production_alone() {
    let key = "the same key in both places: surely a random one";
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[("SIGNUP__SERVER__TRUSTED_PROXIES", "")], "server.trusted_proxies"),
        (&[("SIGNUP__SERVER__TRUSTED_PROXIES", "0.0.0.0/0")], "server.trusted_proxies"),
        (&[("SIGNUP__SERVER__SECRET_KEY", "abcabcabcabcabcabcabcabcabcabcabcabc")], "server.secret_key"),
        (
            &[("SIGNUP__SERVER__SECRET_KEY", key), ("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", key)],
            "server.previous_secret_keys",
        ),
        (&[("SIGNUP__SERVER__DRAIN_TIMEOUT", "20s")], "server.drain_timeout"),
        (
            &[("SIGNUP__UPSTREAM__VALIDATE_EMAIL", "true"), ("SIGNUP__SERVER__DRAIN_TIMEOUT", "24s")],
            "server.drain_timeout",
        ),
        (&[("SIGNUP__UPSTREAM__TIMEOUT", "55s"), ("SIGNUP__SERVER__DRAIN_TIMEOUT", "90s")], "upstream.timeout"),
        (&[("SIGNUP__RATE_LIMIT__BACKEND", "memory")], "rate_limit.backend"),
        (&[("SIGNUP__RATE_LIMIT__IPV6_PREFIX", "128")], "rate_limit.ipv6_prefix"),
        (&[("SIGNUP__RATE_LIMIT__EXEMPT", "203.0.0.0/12")], "rate_limit.exempt"),
        (&[("SIGNUP__RATE_LIMIT__EXEMPT", "2001:db8::/20")], "rate_limit.exempt"),
        (&[("SIGNUP__RATE_LIMIT__MODE", "observe")], "rate_limit.mode"),
        (&[("SIGNUP__PASSWORD__MIN_LENGTH", "6")], "password.min_length"),
        (&[("SIGNUP__PASSWORD__REFUSE_COMMON", "false")], "password.refuse_common"),
        (&[("SIGNUP__TELEMETRY__LOG_LEVEL", "warn")], "telemetry.log_level"),
        (&[("SIGNUP__TELEMETRY__OTLP_ENDPOINT", "http://collector.example:4318")], "telemetry.otlp_endpoint"),
        (&[("SIGNUP__FLOWS__PRO__TURNSTILE", "off")], "flows.pro.turnstile"),
        (&[("SIGNUP__TURNSTILE__ON_OUTAGE", "allow")], "turnstile.on_outage"),
    ];
    for (changes, expected) in rows {
        let changes = [*changes, &[("SIGNUP__FLOWS__TRIAL__TURNSTILE", "upstream")]].concat();
        let warned: Vec<_> = load(&production(&changes)).warnings.into_iter().map(|warning| warning.key).collect();
        assert_eq!(warned, [*expected], "{changes:?}");
    }
    for (name, value) in [
        ("SIGNUP__RATE_LIMIT__EXEMPT", "10.0.0.0/8,203.0.113.0/24,fd00::/8"),
        ("SIGNUP__TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:4318"),
        ("SIGNUP__TELEMETRY__LOG_LEVEL", "debug"),
        ("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", "another key: the one from before and a random one"),
    ] {
        let changes = [(name, value), ("SIGNUP__FLOWS__TRIAL__TURNSTILE", "upstream")];
        let warnings = load(&production(&changes)).warnings;
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
    }
}

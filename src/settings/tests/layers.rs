//! Layers, unknown keys, and problems in numbers.

use super::*;

#[test]
fn each_layer_beats_the_one_before() {
    let key = "server.lame_duck";
    let value = |loaded: &Loaded| loaded.effective.get(key).unwrap().to_owned();
    let file = "[server]\nlame_duck = \"7s\"";
    let variable = ("SIGNUP__SERVER__LAME_DUCK", "8s");
    assert_eq!(value(&load(&production(&[]))), r#""5s""#, "base.toml");
    assert_eq!(value(&load(&[])), r#""0s""#, "development.toml");
    assert_eq!(value(&load_file(file, &[])), r#""7s""#, "SIGNUP_CONFIG");
    assert_eq!(value(&load_file(file, &[variable])), r#""8s""#, "environment");
}

#[test]
fn what_is_in_force_names_its_layer() {
    let file = TemporaryFile::new("[server]\nlame_duck = \"7s\"");
    let shown = load(&[("SIGNUP_CONFIG", file.path()), ("SIGNUP__SERVER__BIND", "127.0.0.1:1")]).effective.to_string();
    for (start, layer) in [
        ("server.bind = \"127.0.0.1:1\"", "environment"),
        ("server.lame_duck = \"7s\"", file.path()),
        ("sandbox.enabled = true", "config/development.toml"),
        ("server.drain_timeout = \"30s\"", "config/base.toml"),
        ("upstream.base_url = ", "derived"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}\n{shown}"));
        assert!(line.ends_with(&format!("# {layer}")), "{line}");
    }
    assert!(shown.lines().is_sorted());
}

#[test]
fn refuses_unknown_keys_and_names_the_one_that_was_meant() {
    for (name, value, key, meant) in [
        ("SIGNUP__SERVER__BNID", "x", "server.bnid", Some("server.bind (SIGNUP__SERVER__BIND)")),
        ("SIGNUP__SERVER_BIND", "x", "server_bind", Some("server.bind (")),
        ("SIGNUP__RATELIMIT__BACKEND", "redis", "ratelimit.backend", Some("rate_limit.backend (")),
        ("SIGNUP__SERVER__SECRET_KEY_FLIE", "/x", "server.secret_key_flie", Some("server.secret_key_file (")),
        ("SIGNUP__SERVER", "x", "server", None),
        ("SIGNUP__QUITE_DIFFERENT", "x", "quite_different", None),
        ("SIGNUP__FLOWS__PRO__NOTES", "x", "flows.pro.notes", None),
        ("SIGNUP__", "x", "", None),
    ] {
        let found = problems(&[(name, value)]);
        let [problem] = found.problems.as_slice() else { panic!("{name}: {found}") };
        assert_eq!((problem.key.as_str(), problem.variable.as_str()), (key, name));
        match meant {
            Some(meant) => assert!(problem.message.contains(meant), "{problem}"),
            None => assert!(problem.message.starts_with("unknown key"), "{problem}"),
        }
    }
    let found = try_load_file("[server]\nbnid = 1\n[srever]\nbind = 2\n", &[]).err().unwrap();
    let keys: Vec<_> = found.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["server.bnid", "srever.bind"]);
}

#[test]
fn every_problem_is_reported_at_once_with_its_key_and_variable() {
    let file = "[upstream]\ntimeout = 15\n[password]\nmin_strength = 5\n[brand]\ncolor = \"#ffffff\"";
    let found = try_load_file(
        file,
        &production(&[
            ("SIGNUP__SERVER__SECRET_KEY", "short"),
            ("SIGNUP__UPSTREAM__BASE_URL", ""),
            ("SIGNUP__SERVER__BNID", "x"),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "0"),
        ]),
    );
    let shown = found.err().unwrap().to_string();
    let expected = [
        "brand.color (SIGNUP__BRAND__COLOR): has a contrast of 1.00:1 with white text; WCAG AA asks for 4.5:1",
        "password.min_strength (SIGNUP__PASSWORD__MIN_STRENGTH): must be a whole number from 0 to 4",
        "rate_limit.client.burst (SIGNUP__RATE_LIMIT__CLIENT__BURST): must be a whole number of at least 1",
        "server.bnid (SIGNUP__SERVER__BNID): unknown key; did you mean server.bind (SIGNUP__SERVER__BIND)?",
        "server.secret_key (SIGNUP__SERVER__SECRET_KEY): must be at least 32 bytes",
        "upstream.base_url (SIGNUP__UPSTREAM__BASE_URL): is required",
        "upstream.timeout (SIGNUP__UPSTREAM__TIMEOUT): must be a duration with its unit, such as \"5s\" or \"10m\"",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem_among_the_others() {
    let broken = TemporaryFile::new("[server\nsecret_key = \"marked-secret\"");
    let not_text = TemporaryFile::new([0xff, 0xfe]);
    for (name, path, words) in [
        ("missing", "/nowhere/at/all.toml", "cannot be read"),
        ("a directory", "/", "cannot be read"),
        ("not UTF-8", not_text.path(), "not UTF-8"),
        ("not TOML", broken.path(), "line 1"),
    ] {
        let found = problems(&[("SIGNUP_CONFIG", path), ("SIGNUP__SERVER__BNID", "x")]);
        let [first, second] = found.problems.as_slice() else { panic!("{name}: {found}") };
        assert_eq!((first.key.as_str(), second.key.as_str()), ("SIGNUP_CONFIG", "server.bnid"), "{name}");
        assert!(first.message.contains(words), "{name}: {first}");
        assert!(!first.message.contains("marked-secret"), "{name}: {first}");
        assert!(first.to_string().starts_with("SIGNUP_CONFIG: "), "{first}");
    }
    assert!(try_load(&[("SIGNUP_CONFIG", "")]).is_ok());
}

#[test]
fn refuses_an_environment_that_it_does_not_know() {
    for name in ["prod", "Production", "staging", ""] {
        let keys = refused(&[("SIGNUP_ENV", name)]);
        assert!(keys.contains(&"SIGNUP_ENV".to_owned()), "{name}");
        assert!(keys.contains(&"server.secret_key".to_owned()), "{name} is checked as strictly as production");
    }
}

#[test]
fn a_variable_with_single_underscores_is_warned_of() {
    let warnings = load(&[("SIGNUP_SERVER_BIND", "127.0.0.1:1"), ("SIGNUP_GATEWAY_SERVICE_HOST", "10.0.0.1")]).warnings;
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.key, "server.bind");
    assert!(warning.message.contains("SIGNUP__SERVER__BIND"), "{warning}");
}

#[test]
fn variables_that_are_not_unicode_are_a_problem() {
    let mut sources = sources(&[]);
    sources.unreadable.push("SIGNUP__SERVER__SECRET_KEY".to_owned());
    let found = Settings::load(&sources, FLOWS).err().unwrap();
    assert_eq!(found.to_string(), "SIGNUP__SERVER__SECRET_KEY: is not valid Unicode");
}

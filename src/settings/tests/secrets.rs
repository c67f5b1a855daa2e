//! Secrets: values, files, and where they never appear.

use super::*;

#[test]
fn a_secret_that_looks_like_a_number_stays_as_it_is() {
    for value in ["007", "1e5", "true", " spaced ", "a,b"] {
        let settings = load(&[("SIGNUP__TURNSTILE__SECRET_KEY", value)]).settings;
        assert_eq!(exposed(settings.tenants[0].turnstile.secret_key.as_ref()), Some(value));
    }
    let found = try_load_file("[turnstile]\nsecret_key = 1e5", &[]).err().unwrap();
    assert_eq!(found.problems[0].key, "turnstile.secret_key");
    assert!(found.problems[0].message.contains("text in quotes"), "{found}");
}

#[test]
fn every_secret_can_be_read_from_a_file_without_its_final_newline() {
    for (content, expected) in
        [("the-key", "the-key"), ("the-key\n", "the-key"), ("the-key\r\n", "the-key"), ("007\n\n", "007\n")]
    {
        let file = TemporaryFile::new(content);
        let settings = load(&[("SIGNUP__TURNSTILE__SECRET_KEY_FILE", file.path())]).settings;
        assert_eq!(exposed(settings.tenants[0].turnstile.secret_key.as_ref()), Some(expected), "{content:?}");
    }
    let file = TemporaryFile::new(format!("{SECRET}\n"));
    for variable in [
        "SIGNUP__SERVER__SECRET_KEY_FILE",
        "SIGNUP__SERVER__PREVIOUS_SECRET_KEYS_FILE",
        "SIGNUP__UPSTREAM__API_KEY_FILE",
        "SIGNUP__UPSTREAM__JWT_TOKEN_FILE",
        "SIGNUP__TURNSTILE__SECRET_KEY_FILE",
    ] {
        let loaded = load(&[(variable, file.path())]);
        let key = variable.trim_start_matches("SIGNUP__").trim_end_matches("_FILE").replace("__", ".").to_lowercase();
        assert_eq!(loaded.effective.get(&key), Some("[set]"), "{variable}");
    }
}

#[test]
fn redis_is_found_through_a_file_too() {
    let file = TemporaryFile::new("redis://:marked@127.0.0.1:6379\n");
    let backend = ("SIGNUP__RATE_LIMIT__BACKEND", "redis");
    let settings = load(&[backend, ("SIGNUP__RATE_LIMIT__REDIS_URL_FILE", file.path())]).settings;
    assert_eq!(exposed(settings.rate_limit.redis_url.as_ref()), Some("redis://:marked@127.0.0.1:6379"));
    for value in ["", "marked", "http://marked@127.0.0.1", "redis://", "redis://0.0.0.0", "redis://marked/marked"] {
        let found = problems(&[backend, ("SIGNUP__RATE_LIMIT__REDIS_URL", value)]);
        assert_eq!(found.problems[0].key, "rate_limit.redis_url");
        assert!(!found.to_string().contains("marked"), "{found}");
        assert!(redis::Client::open(value).is_err(), "{value}: the start would not fail");
    }
    // The client would read it, and fail when it connects.
    let unchecked = problems(&[backend, ("SIGNUP__RATE_LIMIT__REDIS_URL", "rediss://:marked@127.0.0.1#insecure")]);
    assert_eq!(unchecked.problems[0].key, "rate_limit.redis_url");
    for scheme in ["redis", "rediss", "valkey", "valkeys"] {
        for rest in ["127.0.0.1", "[::1]:7000", ":marked@cache.internal:6379/3", "cache/"] {
            let url = format!("{scheme}://{rest}");
            load(&[backend, ("SIGNUP__RATE_LIMIT__REDIS_URL", &url)]);
            assert!(redis::Client::open(url.as_str()).is_ok(), "{url}: the start would fail");
        }
    }
    let socket = "redis+unix:///run/redis.sock";
    load(&[backend, ("SIGNUP__RATE_LIMIT__REDIS_URL", socket)]);
    assert!(redis::Client::open(socket).is_ok());
    let unused = load(&[("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1")]).settings;
    assert!(unused.rate_limit.redis_url.is_none(), "the backend is memory");
}

#[test]
fn an_older_key_still_opens_and_the_newest_stands_first() {
    let older = "an-older-key-of-more-than-thirty-two-bytes";
    let oldest = "the-oldest-key-of-more-than-thirty-two-bytes";
    let list = format!("{older},{oldest}");
    let file = TemporaryFile::new(format!("{older}\n{oldest}\n"));
    for previous in
        [("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", &*list), ("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS_FILE", file.path())]
    {
        let keys = load(&[("SIGNUP__SERVER__SECRET_KEY", SECRET), previous]).settings.server.secret_keys;
        let keys: Vec<_> = keys.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(keys, [SECRET, older, oldest]);
    }
}

#[test]
fn a_secret_set_twice_in_one_layer_is_refused_and_across_layers_the_later_wins() {
    let file = TemporaryFile::new("from-a-file");
    let by_file = ("SIGNUP__TURNSTILE__SECRET_KEY_FILE", file.path());
    let found = problems(&[("SIGNUP__TURNSTILE__SECRET_KEY", "marked"), by_file]);
    assert_eq!(found.problems[0].key, "turnstile.secret_key");
    assert!(found.to_string().contains("set one of them"), "{found}");
    let secret = |loaded: Loaded| exposed(loaded.settings.tenants[0].turnstile.secret_key.as_ref()).map(str::to_owned);
    assert_eq!(secret(load(&[by_file])).as_deref(), Some("from-a-file"), "development.toml has a test key");
    let named = format!("[turnstile]\nsecret_key_file = {:?}", file.path());
    assert_eq!(secret(load_file(&named, &[])).as_deref(), Some("from-a-file"));
    let value = ("SIGNUP__TURNSTILE__SECRET_KEY", "from-a-variable");
    assert_eq!(secret(load_file(&named, &[value])).as_deref(), Some("from-a-variable"));
}

#[test]
fn refuses_a_secret_file_that_cannot_be_read_without_repeating_its_name() {
    let empty = TemporaryFile::new("\n");
    let not_text = TemporaryFile::new([0xff]);
    // A secret typed where its file's name belongs is still a secret.
    for (path, words) in [("marked-secret", "cannot be read"), (empty.path(), "empty"), (not_text.path(), "UTF-8")] {
        let found = problems(&[("SIGNUP__SERVER__SECRET_KEY_FILE", path)]);
        assert_eq!(found.problems[0].key, "server.secret_key_file");
        assert_eq!(found.problems[0].variable, "SIGNUP__SERVER__SECRET_KEY_FILE");
        assert!(found.to_string().contains(words), "{found}");
        assert!(!found.to_string().contains(path), "{found}");
        assert!(!found.effective.to_string().contains(path), "{}", found.effective);
    }
}

#[test]
fn a_secret_file_that_cannot_be_read_is_not_also_a_missing_secret() {
    for (name, key) in [
        ("SIGNUP__SERVER__SECRET_KEY", "server.secret_key_file"),
        ("SIGNUP__TURNSTILE__SECRET_KEY", "turnstile.secret_key_file"),
    ] {
        let file = format!("{name}_FILE");
        assert_eq!(refused(&production(&[(name, ""), (&file, "/nowhere")])), [key]);
    }
}

#[test]
fn an_empty_secret_is_none() {
    let settings = load(&[("SIGNUP__UPSTREAM__API_KEY", ""), ("SIGNUP__SERVER__SECRET_KEY", "")]).settings;
    assert!(settings.tenants[0].upstream.api_key.is_none());
    assert_eq!(settings.server.secret_keys.len(), 1, "a random one");
}

#[test]
fn what_is_in_force_never_shows_a_secret() {
    let secrets = [
        ("SIGNUP__SERVER__SECRET_KEY", SECRET),
        ("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", "marked-secret-that-is-older-than-the-other,marked-secret"),
        ("SIGNUP__UPSTREAM__API_KEY", "marked-secret"),
        ("SIGNUP__UPSTREAM__JWT_TOKEN", "marked-secret"),
        ("SIGNUP__TURNSTILE__SECRET_KEY", "marked-secret"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://:marked-secret@127.0.0.1"),
    ];
    let Loaded { effective, warnings, .. } = load(&secrets);
    let shown = format!("{effective}{effective:?}{warnings:?}");
    assert!(!shown.contains("marked-secret"), "{shown}");
    for (name, _) in secrets {
        let key = name.trim_start_matches("SIGNUP__").replace("__", ".").to_lowercase();
        assert_eq!(effective.get(&key), Some("[set]"), "{key}");
    }
    let broken: Vec<_> = secrets.into_iter().chain([("SIGNUP__MARKED", "marked-secret")]).collect();
    let found = problems(&broken);
    let shown = format!("{found}{found:?}{}", found.effective);
    assert!(!shown.contains("marked-secret"), "{shown}");
}

//! Whole configurations, from variables and files to settings or problems.

mod defaults;
mod layers;
mod production;
mod reference;
mod reference_table;
mod secrets;
mod tenants;
mod values;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};

use super::{Loaded, Problems, Settings, Sources};
use crate::signup::flows::FLOWS;

/// A secret that is long enough, and easy to find where it must not be.
const SECRET: &str = "marked-secret-of-more-than-thirty-two-bytes";

type Variables<'a> = &'a [(&'a str, &'a str)];

fn sources(variables: Variables<'_>) -> Sources {
    Sources { sandbox_built: true, ..Sources::new(variables.iter().copied()) }
}

fn try_load(variables: Variables<'_>) -> Result<Loaded, Problems> {
    Settings::load(&sources(variables), FLOWS)
}

#[track_caller]
fn load(variables: Variables<'_>) -> Loaded {
    try_load(variables).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn problems(variables: Variables<'_>) -> Problems {
    try_load(variables).err().expect("a problem")
}

/// Keys of all problems.
#[track_caller]
fn refused(variables: Variables<'_>) -> Vec<String> {
    try_load(variables).err().map_or_else(Vec::new, |found| found.problems.into_iter().map(|one| one.key).collect())
}

/// A configuration that production accepts, with some variables replaced; an empty value removes one.
fn production(changes: Variables<'_>) -> Vec<(&str, &str)> {
    let good = [
        ("SIGNUP_ENV", "production"),
        ("SIGNUP__SERVER__PUBLIC_URL", "https://signup.example"),
        ("SIGNUP__SERVER__SECRET_KEY", SECRET),
        ("SIGNUP__UPSTREAM__BASE_URL", "https://studio.example/v1"),
        ("SIGNUP__TURNSTILE__SITE_KEY", "0x4AAAAAAA"),
        ("SIGNUP__TURNSTILE__SECRET_KEY", "0x4BBBBBBB"),
        ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example"),
        ("SIGNUP__SERVER__TRUSTED_PROXIES", "10.0.0.0/8"),
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", "redis://127.0.0.1:6379"),
    ];
    let kept = good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

/// A file that is gone when the test is over.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("signup-settings-{}-{number}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// Loads a file's text, in the environment that the variables choose.
fn try_load_file(text: &str, variables: Variables<'_>) -> Result<Loaded, Problems> {
    let file = TemporaryFile::new(text);
    let all: Vec<_> = variables.iter().copied().chain([("SIGNUP_CONFIG", file.path())]).collect();
    try_load(&all)
}

#[track_caller]
fn load_file(text: &str, variables: Variables<'_>) -> Loaded {
    try_load_file(text, variables).unwrap_or_else(|problems| panic!("{problems}"))
}

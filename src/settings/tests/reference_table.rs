//! `config/REFERENCE.md` is made of `config/base.toml`: every key on one page, for people who look one up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use config::{FileFormat, Source as _, Value, ValueKind};

use super::*;
use crate::settings::problems::variable;

const REFERENCE: &str = include_str!("../../../config/REFERENCE.md");
pub(super) const BASE: &str = include_str!("../../../config/base.toml");
const DEVELOPMENT: &str = include_str!("../../../config/development.toml");
const INTRODUCTION: &str = "# Every setting

Made of `base.toml` by a test, which also tells how to make it anew. Each key is a variable too: `server.bind` is
`SIGNUP__SERVER__BIND`. A *secret* can also come from a file: add `_file` to its key, or `_FILE` to its variable. Partners
have sections of their own, `[tenants.<id>]`: `tenants.example.toml` shows what they may hold.
";

/// A key of base.toml, in its place.
struct Entry {
    key: String,
    /// The words above it, without the names of variables.
    meaning: String,
    /// The value, or for a commented line an example of one.
    value: String,
    is_example: bool,
}

/// The text of a value as TOML writes it.
fn written(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => format!("\"{text}\""),
        ValueKind::Array(values) => {
            let values: Vec<String> = values.iter().map(|value| written(&value.kind)).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    }
}

fn flatten(prefix: &str, value: Value, values: &mut BTreeMap<String, String>) {
    match value.kind {
        ValueKind::Table(inner) => {
            for (name, value) in inner {
                flatten(&format!("{prefix}.{name}"), value, values);
            }
        }
        other => drop(values.insert(prefix.to_owned(), written(&other))),
    }
}

fn values(toml: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in config::File::from_str(toml, FileFormat::Toml).collect().unwrap() {
        flatten(&name, value, &mut values);
    }
    values
}

/// The words of comment lines without the variables that they end with.
fn meaning(comments: &[&str]) -> String {
    let words = comments.iter().flat_map(|line| line.split_whitespace());
    words.filter(|word| !word.starts_with("SIGNUP__")).collect::<Vec<_>>().join(" ")
}

/// A setting's line, without the mark of those that have no default.
fn uncomment(line: &str) -> &str {
    if line.starts_with("# ") { "" } else { line.strip_prefix('#').unwrap_or(line) }
}

/// Every key of base.toml, the commented ones too, with its value as text.
pub(super) fn documented() -> BTreeMap<String, String> {
    values(&BASE.lines().map(uncomment).collect::<Vec<_>>().join("\n"))
}

/// Every key in the order of the file.
fn entries() -> Vec<Entry> {
    let all = documented();
    let (mut entries, mut section, mut comments) = (Vec::new(), String::new(), Vec::new());
    for line in BASE.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            comments.push(comment);
        } else if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
            comments.clear();
        } else if let Some((name, _)) = uncomment(line).split_once(" = ") {
            let key = format!("{section}.{name}");
            let members = format!("{key}.");
            let of_key = all.iter().filter(|(one, _)| **one == key || one.starts_with(&members));
            entries.extend(of_key.map(|(key, value)| Entry {
                key: key.clone(),
                meaning: meaning(&comments),
                value: value.clone(),
                is_example: line.starts_with('#'),
            }));
            comments.clear();
        } else if line.is_empty() {
            comments.clear();
        }
    }
    assert_eq!(entries.len(), all.len(), "a key of base.toml was not found in its text");
    entries
}

/// Whether the key takes a file in its place.
fn is_secret(key: &str) -> bool {
    let name = format!("{}_FILE", variable(key));
    let found = problems(&[(&name, "/nowhere")]);
    let file_key = format!("{key}_file");
    found.problems.iter().any(|problem| problem.key == file_key && !problem.message.contains("unknown key"))
}

fn page() -> String {
    let development = values(DEVELOPMENT);
    let mut page = INTRODUCTION.to_owned();
    let mut section = "";
    let entries = entries();
    for Entry { key, meaning, value, is_example } in &entries {
        assert!(!meaning.is_empty(), "{key} has no words of its own in base.toml");
        let name = key.split('.').next().unwrap();
        if name != section {
            section = name;
            let head = "| key | default | meaning |\n| --- | --- | --- |";
            write!(page, "\n## {section}\n\n{head}\n").unwrap();
        }
        let mut default = match is_example {
            true if is_secret(key) => "*secret*".to_owned(),
            true => format!("not set; an example: `{value}`"),
            false => format!("`{value}`"),
        };
        if let Some(other) = development.get(key).filter(|other| *other != value) {
            write!(default, "; in development `{other}`").unwrap();
        }
        writeln!(page, "| `{key}` | {} | {} |", default.replace('|', "\\|"), meaning.replace('|', "\\|")).unwrap();
    }
    page
}

#[test]
fn the_reference_is_made_of_base_toml() {
    let page = page();
    if page != REFERENCE {
        let fresh = std::env::temp_dir().join("REFERENCE.md");
        std::fs::write(&fresh, page).unwrap();
        panic!("config/REFERENCE.md is out of date: cp {} config/REFERENCE.md", fresh.display());
    }
}

#[test]
fn the_reference_marks_exactly_the_secrets() {
    let marked: Vec<&str> = REFERENCE.lines().filter(|line| line.contains("| *secret*")).collect();
    let keys: Vec<&str> = marked.iter().map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "server.secret_key",
            "server.previous_secret_keys",
            "upstream.api_key",
            "upstream.jwt_token",
            "turnstile.secret_key",
            "rate_limit.redis_url"
        ]
    );
}

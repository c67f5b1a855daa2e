//! `config/base.toml` is the reference of all keys.

use std::collections::BTreeSet;

use config::{FileFormat, Source as _, Value, ValueKind};

use super::*;

const BASE: &str = include_str!("../../../config/base.toml");

/// Every setting of base.toml, the commented ones too, as dotted keys.
fn documented() -> BTreeSet<String> {
    let uncommented: Vec<&str> = BASE
        .lines()
        .map(|line| if line.starts_with("# ") { "" } else { line.strip_prefix('#').unwrap_or(line) })
        .collect();
    let tree = config::File::from_str(&uncommented.join("\n"), FileFormat::Toml).collect().unwrap();
    let mut keys = BTreeSet::new();
    flatten("", tree.into_iter(), &mut keys);
    keys
}

fn flatten(prefix: &str, table: impl Iterator<Item = (String, Value)>, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        match value.kind {
            ValueKind::Table(inner) => flatten(&format!("{prefix}{name}."), inner.into_iter(), keys),
            _ => {
                keys.insert(format!("{prefix}{name}"));
            }
        }
    }
}

#[test]
fn base_toml_documents_exactly_the_keys_that_are_read() {
    let known: BTreeSet<String> = load(&[]).effective.iter().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(documented(), known);
}

#[test]
fn base_toml_names_the_variable_of_every_key() {
    for key in documented() {
        let variable = crate::settings::problems::variable(&key);
        let named =
            BASE.lines().any(|line| line.starts_with("# ") && line.split([' ', ',']).any(|word| word == variable));
        assert!(named, "{variable}");
    }
}

#[test]
fn the_examples_in_base_toml_are_good_ones() {
    let files = ["_file = ", "logo = "];
    let uncommented: Vec<String> = BASE
        .lines()
        .filter(|line| !line.starts_with("# ") && !files.iter().any(|name| line.contains(name)))
        .map(|line| line.strip_prefix('#').unwrap_or(line).to_owned())
        .collect();
    let loaded = load_file(&uncommented.join("\n"), &production(&[("SIGNUP__SERVER__SECRET_KEY", SECRET)]));
    assert!(loaded.effective.iter().all(|(_, value)| value != "[invalid]"));
}

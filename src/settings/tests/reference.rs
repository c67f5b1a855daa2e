//! `config/base.toml` is the reference of all keys.

use std::collections::BTreeSet;

use super::reference_table::{BASE, documented};
use super::*;

#[test]
fn base_toml_documents_exactly_the_keys_that_are_read() {
    let known: BTreeSet<String> = load(&[]).effective.iter().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), known);
}

#[test]
fn base_toml_names_the_variable_of_every_key() {
    for key in documented().into_keys() {
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

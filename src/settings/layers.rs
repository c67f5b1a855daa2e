//! Layers: every source becomes one flat map from dotted key to value, later layers win.
//!
//! `config` reads each layer; they are merged key by key here, so that each value knows its layer, a broken file does
//! not hide the problems of the others, and `SIGNUP__SERVER=x` is an unknown key and not the end of a whole section.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use config::{FileFormat, Source, Value, ValueKind};

use super::problems::Problem;
use super::sources::Sources;
use super::{Environment, files};

const BASE: &str = include_str!("../../config/base.toml");
const DEVELOPMENT: &str = include_str!("../../config/development.toml");
const PRODUCTION: &str = include_str!("../../config/production.toml");

/// The largest file that `SIGNUP_CONFIG` may name, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where a value comes from, in the order in which later wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Worked out from other settings.
    Derived,
    /// `config/base.toml`.
    Base,
    /// `config/development.toml` or `config/production.toml`.
    Environment(&'static str),
    /// The file that `SIGNUP_CONFIG` names.
    File(String),
    /// A variable.
    Variables,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Derived => "derived",
            Self::Base => "config/base.toml",
            Self::Environment(name) => name,
            Self::File(path) => path,
            Self::Variables => "environment",
        })
    }
}

/// A value and the layer it stands in.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) value: ValueKind,
    pub(super) layer: Layer,
}

/// All values, the winning layer's for each key.
pub(super) struct Layers {
    settings: BTreeMap<String, Setting>,
    tenants: BTreeSet<String>,
}

impl Layers {
    /// Reads every layer. A layer that cannot be read is a problem and left out.
    pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> (Environment, Self) {
        let environment = environment(sources, problems);
        let mut layers = Self { settings: BTreeMap::new(), tenants: BTreeSet::new() };
        let (name, text) = match environment {
            Environment::Development => ("config/development.toml", DEVELOPMENT),
            Environment::Production => ("config/production.toml", PRODUCTION),
        };
        layers.add_text(&Layer::Base, BASE, problems);
        layers.add_text(&Layer::Environment(name), text, problems);
        if let Some(path) = sources.environment.get("SIGNUP_CONFIG").filter(|path| !path.is_empty()) {
            match files::read_text(path, MAX_FILE_BYTES) {
                Ok(text) => layers.add_text(&Layer::File(path.clone()), &text, problems),
                Err(message) => problems.push(Problem::of_variable("SIGNUP_CONFIG", message)),
            }
        }
        layers.add_variables(sources, problems);
        (environment, layers)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// The keys that somebody chose: those of layers that are not compiled in.
    pub(super) fn chosen(&self) -> impl Iterator<Item = &str> {
        let chosen =
            self.settings.iter().filter(|(_, setting)| matches!(setting.layer, Layer::File(_) | Layer::Variables));
        chosen.map(|(key, _)| key.as_str())
    }

    /// The names under `tenants`, those of empty tables too.
    pub(super) fn tenants(&self) -> &BTreeSet<String> {
        &self.tenants
    }

    /// Sets a value that no layer sets.
    pub(super) fn derive(&mut self, key: String, value: ValueKind) {
        self.settings.entry(key).or_insert(Setting { value, layer: Layer::Derived });
    }

    fn add_text(&mut self, layer: &Layer, text: &str, problems: &mut Vec<Problem>) {
        match config::File::from_str(text, FileFormat::Toml).collect() {
            Ok(tree) => self.flatten(layer, &mut Vec::new(), tree.into_iter()),
            Err(error) => {
                let message = format!("{layer} cannot be read: {}", without_source(&error.to_string()));
                problems.push(Problem::of_variable("SIGNUP_CONFIG", message));
            }
        }
    }

    fn add_variables(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        // No `try_parsing`: it would turn a secret that reads 007 into 7.
        let variables = config::Environment::with_prefix("SIGNUP")
            .prefix_separator("__")
            .separator("__")
            .source(Some(sources.environment.clone().into_iter().collect()));
        // Values that are no Unicode never get this far, so collecting them does not fail.
        for (key, value) in variables.collect().unwrap_or_default() {
            let mut path: Vec<String> = key.split('.').map(str::to_owned).collect();
            self.add(&Layer::Variables, &mut path, value);
        }
        for name in &sources.unreadable {
            problems.push(Problem::of_variable(name, "is not valid Unicode".to_owned()));
        }
    }

    fn flatten(&mut self, layer: &Layer, path: &mut Vec<String>, table: impl Iterator<Item = (String, Value)>) {
        for (name, value) in table {
            path.push(name);
            self.add(layer, path, value);
            path.pop();
        }
    }

    fn add(&mut self, layer: &Layer, path: &mut Vec<String>, value: Value) {
        if let [first, tenant, ..] = path.as_slice()
            && first == "tenants"
            && (path.len() > 2 || matches!(value.kind, ValueKind::Table(_)))
        {
            self.tenants.insert(tenant.clone());
        }
        match value.kind {
            ValueKind::Table(table) => self.flatten(layer, path, table.into_iter()),
            leaf => {
                self.settings.insert(path.join("."), Setting { value: leaf, layer: layer.clone() });
            }
        }
    }
}

/// `SIGNUP_ENV`. What cannot be read is a problem, and the rest is checked as strictly as in production.
fn environment(sources: &Sources, problems: &mut Vec<Problem>) -> Environment {
    match sources.environment.get("SIGNUP_ENV").map(String::as_str) {
        None | Some("development") => Environment::Development,
        Some("production") => Environment::Production,
        Some(_) => {
            let message = "must be development or production; the rest is checked as in production".to_owned();
            problems.push(Problem::of_variable("SIGNUP_ENV", message));
            Environment::Production
        }
    }
}

/// A parser's message without the line it quotes: that line may hold a secret.
fn without_source(message: &str) -> String {
    let is_quoted = |line: &&str| line.split_once('|').is_some_and(|(gutter, _)| is_gutter(gutter));
    let lines: Vec<&str> = message.lines().filter(|line| !is_quoted(line)).map(str::trim).collect();
    lines.join(": ")
}

/// What stands before the bar in a quotation: nothing, or a line's number.
fn is_gutter(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_located_without_quoting_it() {
        for text in
            ["[server]\nsecret_key = \"hunter2", "secret_key = hunter2", "a = 1\na = 2 # hunter2", "x = [hunter2"]
        {
            let error = config::File::from_str(text, FileFormat::Toml).collect().unwrap_err();
            let message = without_source(&error.to_string());
            assert!(message.contains("line"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn the_compiled_in_layers_can_be_read() {
        for environment in ["development", "production"] {
            let mut problems = Vec::new();
            let _layers = Layers::read(&Sources::new([("SIGNUP_ENV", environment)]), &mut problems);
            assert!(problems.is_empty(), "{problems:?}");
        }
    }
}

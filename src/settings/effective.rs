//! The configuration in force, for `check-config`: every known key, secrets redacted.

use std::collections::BTreeMap;
use std::fmt;

use config::ValueKind;

use super::layers::Layer;

/// Every known key with its value and layer, sorted. Displays as lines that read like TOML; holds no secret.
#[derive(Clone, Debug, Default)]
pub struct Effective(BTreeMap<String, Entry>);

#[derive(Clone, Debug)]
struct Entry {
    value: String,
    layer: Option<Layer>,
}

impl Effective {
    /// The key and its value as text; `[set]` for a secret, `[not set]` for nothing, `[invalid]` for a problem.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry.value.as_str()))
    }

    /// The value of one key as text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|entry| entry.value.as_str())
    }

    pub(super) fn value(&mut self, key: &str, value: &ValueKind, layer: &Layer) {
        self.put(key, text(value), Some(layer));
    }

    pub(super) fn secret(&mut self, key: &str, layer: &Layer) {
        self.put(key, "[set]".to_owned(), Some(layer));
    }

    pub(super) fn invalid(&mut self, key: &str, layer: &Layer) {
        self.put(key, "[invalid]".to_owned(), Some(layer));
    }

    pub(super) fn not_set(&mut self, key: &str) {
        self.put(key, "[not set]".to_owned(), None);
    }

    fn put(&mut self, key: &str, value: String, layer: Option<&Layer>) {
        self.0.insert(key.to_owned(), Entry { value, layer: layer.cloned() });
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, entry) in &self.0 {
            let line = format!("{key} = {}", entry.value);
            match &entry.layer {
                Some(layer) => writeln!(f, "{line:<72} # {layer}")?,
                None => writeln!(f, "{line}")?,
            }
        }
        Ok(())
    }
}

fn text(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(values) => {
            let entries: Vec<String> = values.iter().map(|value| text(&value.kind)).collect();
            format!("[{}]", entries.join(", "))
        }
        other => other.to_string(),
    }
}

//! Typed reading of single settings: a getter that fails collects the problem and yields a placeholder.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use config::ValueKind;
use secrecy::SecretString;

use super::Environment;
use super::layers::Setting;
use super::placeholder::Placeholder;
use super::reader::Reader;
use super::secrets;
use super::values::{FromSetting, whole_number};

/// A part of the configuration: the top level, or a tenant's own, which falls back to the top level key by key.
pub(super) struct Scope<'r> {
    pub(super) reader: &'r mut Reader,
    /// `""` or `"tenants.acme."`.
    pub(super) prefix: String,
}

/// Whether a tenant's absent key means the top level's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    TopLevel,
    Never,
}

impl Scope<'_> {
    pub(super) fn is_production(&self) -> bool {
        self.reader.environment() == Environment::Production
    }

    pub(super) fn is_top(&self) -> bool {
        self.prefix.is_empty()
    }

    /// Reads a setting; a tenant's falls back to the top level's.
    pub(super) fn get<T: FromSetting + Placeholder>(&mut self, key: &str) -> T {
        self.read(key, Fallback::TopLevel, T::from_setting, T::absent()).unwrap_or_else(T::placeholder)
    }

    /// Reads a setting that a tenant does not share with the top level.
    pub(super) fn own<T: FromSetting + Placeholder>(&mut self, key: &str) -> T {
        self.read(key, Fallback::Never, T::from_setting, T::absent()).unwrap_or_else(T::placeholder)
    }

    /// Reads a whole number within bounds.
    pub(super) fn within<T: TryFrom<u64>>(&mut self, key: &str, bounds: RangeInclusive<u64>, placeholder: T) -> T {
        let (low, high) = (*bounds.start(), *bounds.end());
        let parse = |value: &ValueKind| {
            let number = whole_number(value).filter(|number| bounds.contains(number));
            number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
                if high >= u64::from(u32::MAX) {
                    format!("must be a whole number of at least {low}")
                } else {
                    format!("must be a whole number from {low} to {high}")
                }
            })
        };
        self.read(key, Fallback::TopLevel, parse, None).unwrap_or(placeholder)
    }

    /// Reads a duration longer than zero.
    pub(super) fn time(&mut self, key: &str) -> Duration {
        let parse = |value: &ValueKind| match Duration::from_setting(value)? {
            Duration::ZERO => Err("must be longer than zero".to_owned()),
            duration => Ok(duration),
        };
        self.read(key, Fallback::TopLevel, parse, None).unwrap_or_else(Duration::placeholder)
    }

    /// Reads a secret: the key's value, or the content of the file that `<key>_file` names.
    pub(super) fn secret(&mut self, key: &str, fallback: Fallback) -> Option<SecretString> {
        self.secret_value::<String>(key, fallback, Ok).map(SecretString::from)
    }

    /// Reads secrets: a list, or a file with one a line.
    pub(super) fn secrets(&mut self, key: &str) -> Vec<SecretString> {
        let lines = |text: String| Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect());
        let found: Vec<String> = self.secret_value(key, Fallback::TopLevel, lines).unwrap_or_default();
        found.into_iter().map(SecretString::from).collect()
    }

    /// Gives a key a value that no layer gives it: the top level's key, or the tenant's own.
    pub(super) fn derive(&mut self, key: &str, value: impl Into<ValueKind>) {
        let key = self.key(key);
        self.reader.layers.derive(key, value.into());
    }

    /// Whether the scope itself has a value for the key, derived ones included.
    pub(super) fn has_own(&self, key: &str) -> bool {
        self.reader.layers.get(&self.key(key)).is_some()
    }

    /// Whether the key's value is free of problems.
    pub(super) fn is_sound(&self, key: &str) -> bool {
        !self.reader.has_problem(&self.place(key))
    }

    /// Adds a problem where the key's value stands.
    pub(super) fn refuse(&mut self, key: &str, message: impl Display) {
        // What is missing at the top level is said there once, and not for each tenant again.
        let said = !self.has_value(key) && self.reader.has_problem(key);
        let place = self.place(key);
        if !said {
            self.reader.problem(&place, message);
        }
    }

    /// Adds a warning where the key's value stands.
    pub(super) fn warn(&mut self, key: &str, message: impl Display) {
        let place = self.place(key);
        self.reader.warning(&place, message);
    }

    /// A problem in production, a warning in development.
    pub(super) fn refuse_in_production(&mut self, key: &str, message: impl Display) {
        if self.is_production() { self.refuse(key, message) } else { self.warn(key, message) }
    }

    /// The scope's own key.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn has_value(&self, key: &str) -> bool {
        self.has_own(key) || self.reader.layers.get(key).is_some()
    }

    /// The key under which the value stands: the scope's own unless only the top level has one.
    fn place(&self, key: &str) -> String {
        let stands_at_top = |key: &str| self.reader.layers.get(key).is_some();
        let has_own = |key: &str| stands_at_top(&self.key(key));
        let file = secrets::file_key(key);
        let inherited = !has_own(key) && !has_own(&file) && (stands_at_top(key) || stands_at_top(&file));
        if inherited { key.to_owned() } else { self.key(key) }
    }

    fn find(&mut self, key: &str, fallback: Fallback) -> Option<(String, Setting)> {
        let own = self.key(key);
        let keys = if fallback == Fallback::TopLevel { vec![own, key.to_owned()] } else { vec![own] };
        self.reader.known.extend(keys.iter().cloned());
        keys.into_iter().find_map(|key| self.reader.layers.get(&key).cloned().map(|setting| (key, setting)))
    }

    /// Reads a value, or tells why it cannot; `None` after a problem.
    fn read<T>(
        &mut self,
        key: &str,
        fallback: Fallback,
        parse: impl FnOnce(&ValueKind) -> Result<T, String>,
        absent: Option<T>,
    ) -> Option<T> {
        let Some((place, Setting { value, layer })) = self.find(key, fallback) else {
            if self.is_top() {
                self.reader.effective.not_set(key);
            }
            if absent.is_none() {
                let required = if fallback == Fallback::TopLevel { key.to_owned() } else { self.key(key) };
                self.reader.problem(&required, "is required");
            }
            return absent;
        };
        match parse(&value) {
            Ok(parsed) => {
                self.reader.effective.value(&place, &value, &layer);
                Some(parsed)
            }
            Err(message) => {
                self.reader.effective.invalid(&place, &layer);
                self.reader.problem(&place, message);
                None
            }
        }
    }

    /// Reads a secret in either form; its file's content goes through `split`.
    fn secret_value<T: FromSetting>(
        &mut self,
        key: &str,
        fallback: Fallback,
        split: impl FnOnce(String) -> Result<T, String>,
    ) -> Option<T> {
        let file_key = secrets::file_key(key);
        let own = (self.key(key), self.key(&file_key));
        let top = (key.to_owned(), file_key);
        let pairs = if fallback == Fallback::TopLevel { vec![own, top] } else { vec![own] };
        for (value, file) in &pairs {
            self.reader.known.extend([value.clone(), file.clone()]);
        }
        let layers = &self.reader.layers;
        let set = pairs.into_iter().find(|(value, file)| layers.get(value).is_some() || layers.get(file).is_some());
        let Some((value_key, file_key)) = set else {
            if self.is_top() {
                self.reader.effective.not_set(key);
            }
            return None;
        };
        let chosen = secrets::choose(layers.get(&value_key), layers.get(&file_key));
        let Some(layer) = chosen.layer() else {
            self.reader.effective.not_set(&value_key);
            return None;
        };
        match chosen.read(split) {
            Ok(secret) => {
                self.reader.effective.secret(&value_key, &layer);
                Some(secret)
            }
            Err((is_file, message)) => {
                self.reader.effective.invalid(&value_key, &layer);
                self.reader.problem(if is_file { &file_key } else { &value_key }, message);
                None
            }
        }
    }
}

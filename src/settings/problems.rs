//! What is wrong with a configuration, all of it at once, and what is legal but odd.

use std::fmt;

use super::effective::Effective;

/// One thing that keeps the process from starting. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key, such as `server.bind`.
    pub key: String,
    /// The variable that sets the key, such as `SIGNUP__SERVER__BIND`.
    pub variable: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// One thing that is legal and probably not meant. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The dotted key.
    pub key: String,
    /// The variable that sets the key.
    pub variable: String,
    /// What may go wrong.
    pub message: String,
}

/// Why settings cannot be used: every problem, one a line when displayed.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Problems {
    /// Every problem, by key; never empty.
    pub problems: Vec<Problem>,
    /// What is odd besides.
    pub warnings: Vec<Warning>,
    /// Every known key, as far as it could be read.
    pub effective: Effective,
}

impl Problem {
    pub(super) fn new(key: String, message: String) -> Self {
        Self { variable: variable(&key), key, message }
    }

    /// A problem of a variable that stands for no key.
    pub(super) fn of_variable(name: &str, message: String) -> Self {
        Self { key: name.to_owned(), variable: name.to_owned(), message }
    }
}

impl Warning {
    pub(super) fn new(key: String, message: String) -> Self {
        Self { variable: variable(&key), key, message }
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("SIGNUP__{}", key.replace('.', "__").to_uppercase())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, &self.key, &self.variable, &self.message)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, &self.key, &self.variable, &self.message)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.problems.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

fn line(f: &mut fmt::Formatter<'_>, key: &str, variable: &str, message: &str) -> fmt::Result {
    if key == variable { write!(f, "{key}: {message}") } else { write!(f, "{key} ({variable}): {message}") }
}

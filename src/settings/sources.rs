//! What settings are read from.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The variables of the process and what the program itself knows. Loading again from the same sources sees files anew.
#[derive(Clone)]
pub struct Sources {
    /// The variables by name; only those that begin with `SIGNUP_` matter.
    pub environment: BTreeMap<String, String>,
    /// Whether the stand-in studio is compiled in.
    pub sandbox_built: bool,
    /// Where the sandbox really listens, once it is bound: stands in for `sandbox.bind`, whose port may be 0.
    pub sandbox_address: Option<SocketAddr>,
    /// Names of variables whose values are not Unicode.
    pub(super) unreadable: Vec<String>,
}

impl Sources {
    /// Takes these variables for the process's: tests need nothing else.
    pub fn new<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            environment: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            sandbox_built: cfg!(feature = "sandbox"),
            sandbox_address: None,
            unreadable: Vec::new(),
        }
    }

    /// Takes the variables of this process. The only place that reads them.
    #[must_use]
    pub fn from_process() -> Self {
        let mut sources = Self::new(std::iter::empty::<(String, String)>());
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            if !name.to_ascii_uppercase().starts_with("SIGNUP_") {
                continue;
            }
            match value.into_string() {
                Ok(value) => {
                    sources.environment.insert(name, value);
                }
                Err(_not_unicode) => sources.unreadable.push(name),
            }
        }
        sources
    }

    /// The same sources, with the address that the sandbox got.
    #[must_use]
    pub fn with_sandbox_at(mut self, address: SocketAddr) -> Self {
        self.sandbox_address = Some(address);
        self
    }
}

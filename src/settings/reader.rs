//! What reading the layers brings to light: known keys, problems, warnings.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::effective::Effective;
use super::layers::Layers;
use super::problems::{Problem, Problems, Warning, variable};
use super::scope::Scope;
use super::secrets;
use super::sources::Sources;
use super::unknown::nearest;
use super::{Environment, Loaded, Settings};

/// The layers, and what reading them has brought to light.
pub(super) struct Reader {
    pub(super) layers: Layers,
    environment: Environment,
    /// Every key that was asked for.
    pub(super) known: BTreeSet<String>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
    pub(super) effective: Effective,
}

impl Reader {
    pub(super) fn open(sources: &Sources) -> Self {
        let mut problems = Vec::new();
        let (environment, layers) = Layers::read(sources, &mut problems);
        let effective = Effective::default();
        Self { layers, environment, known: BTreeSet::new(), problems, warnings: Vec::new(), effective }
    }

    pub(super) fn environment(&self) -> Environment {
        self.environment
    }

    pub(super) fn tenants(&self) -> Vec<String> {
        self.layers.tenants().iter().cloned().collect()
    }

    pub(super) fn top(&mut self) -> Scope<'_> {
        Scope { reader: self, prefix: String::new() }
    }

    pub(super) fn tenant(&mut self, id: &str) -> Scope<'_> {
        Scope { reader: self, prefix: format!("tenants.{id}.") }
    }

    /// Takes every key that begins so for known: its section was refused as a whole.
    pub(super) fn ignore(&mut self, prefix: &str) {
        self.known.extend(self.layers.chosen().filter(|key| key.starts_with(prefix)).map(str::to_owned));
    }

    /// Adds a problem; the first of a key stands, because later ones follow from it.
    pub(super) fn problem(&mut self, key: &str, message: impl Display) {
        if !self.has_problem(key) {
            self.problems.push(Problem::new(key.to_owned(), message.to_string()));
        }
    }

    pub(super) fn warning(&mut self, key: &str, message: impl Display) {
        let warning = Warning::new(key.to_owned(), message.to_string());
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Settings that had no problem, or all problems there are.
    pub(super) fn finish(mut self, settings: Settings, sources: &Sources) -> Result<Loaded, Problems> {
        self.refuse_unknown_keys();
        self.warn_of_single_underscores(sources);
        let Self { mut problems, warnings, effective, .. } = self;
        if problems.is_empty() {
            return Ok(Loaded { settings, warnings, effective });
        }
        problems.sort_by(|one, other| one.key.cmp(&other.key));
        Err(Problems { problems, warnings, effective })
    }

    /// Whether the key, or the one that names a file in its place, has a problem.
    pub(super) fn has_problem(&self, key: &str) -> bool {
        let file_key = secrets::file_key(key);
        self.problems.iter().any(|problem| problem.key == key || problem.key == file_key)
    }

    fn refuse_unknown_keys(&mut self) {
        let unknown = self.layers.chosen().filter(|key| !self.known.contains(*key));
        let unknown: Vec<String> = unknown.map(str::to_owned).collect();
        for key in unknown {
            let message = match nearest(&key, &self.known) {
                Some(meant) => format!("unknown key; did you mean {meant} ({})?", variable(meant)),
                None => "unknown key".to_owned(),
            };
            self.problem(&key, message);
        }
    }

    /// `SIGNUP_SERVER_BIND` does nothing, and nobody would see why.
    ///
    /// Only a warning: Kubernetes sets `SIGNUP_…` variables of its own next to a service called `signup`.
    fn warn_of_single_underscores(&mut self, sources: &Sources) {
        let names = sources.environment.keys().filter(|name| !name.starts_with("SIGNUP__"));
        let meant: Vec<String> = names
            .filter_map(|name| self.known.iter().find(|key| variable(key).replace("__", "_") == *name).cloned())
            .collect();
        for key in meant {
            let message = format!("a variable with single underscores is ignored: its name is {}", variable(&key));
            self.warning(&key, message);
        }
    }
}

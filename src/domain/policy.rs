//! Whether a guard acts on its decision or only counts it.

/// How a guard treats what it would refuse: `*.mode` in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The refusal stands.
    Enforce,
    /// The refusal is counted and logged, and the visitor goes on.
    Observe,
}

/// How many requests may pass: `burst` at once, one more every `period` (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Quota {
    /// Requests at once.
    pub burst: std::num::NonZeroU32,
    /// The time after which one more may pass.
    pub period: std::time::Duration,
}

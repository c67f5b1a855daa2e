//! Whether a guard acts on its decision or only counts it, how much may pass, and how long a neighbour is waited for.

use std::num::NonZeroU32;
use std::time::Duration;

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
    pub burst: NonZeroU32,
    /// The time after which one more may pass.
    pub period: Duration,
}

/// How long Redis, or Valkey, is waited for and left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a question about a form may take.
    pub form: Duration,
    /// How long may take what is merely counted, and what is told again later.
    pub count: Duration,
    /// How long connecting may take, greeting included. It goes on behind the questions, which wait no longer for that.
    pub connect: Duration,
    /// After Redis failed: how long we go on alone before we ask it again.
    pub silence: Duration,
    /// What is over within so long is a hiccup, whose silences claims do not keep.
    pub hiccup: Duration,
    /// How often Redis is asked whether it is there.
    pub watch: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            form: Duration::from_millis(500),
            count: Duration::from_millis(100),
            connect: Duration::from_secs(2),
            silence: Duration::from_secs(1),
            hiccup: Duration::from_secs(5),
            watch: Duration::from_secs(1),
        }
    }
}

//! The circuit breaker: after too many failures in a row, nobody waits for a studio that does not answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Closed, open, or half-open with one probe under way.
pub struct Circuit {
    state: Mutex<State>,
    failures_to_open: u32,
    open_for: Duration,
}

#[derive(Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { until: Instant },
}

/// The right to make one call; say how it went.
pub struct Permit {
    circuit: Arc<Circuit>,
    reported: bool,
}

/// The circuit is open: make no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    /// How long until a probe is let through.
    pub retry_after: Duration,
}

impl Circuit {
    /// A closed circuit that opens after so many consecutive failures, for so long.
    #[must_use]
    pub fn new(failures_to_open: u32, open_for: Duration) -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }), failures_to_open, open_for }
    }

    /// Whether the other opens and closes by the same rules.
    #[must_use]
    pub fn is_ruled_like(&self, other: &Self) -> bool {
        (self.failures_to_open, self.open_for) == (other.failures_to_open, other.open_for)
    }

    /// Asks for one call. While open there is none; then one probe at a time decides.
    ///
    /// # Errors
    /// [`CircuitOpen`].
    pub fn permit(self: &Arc<Self>) -> Result<Permit, CircuitOpen> {
        let now = Instant::now();
        let mut state = self.state();
        match *state {
            State::Closed { .. } => {}
            // A probe that never reported is given up after as long as the circuit was open.
            State::Open { until } | State::Probing { until } if until <= now => {
                *state = State::Probing { until: now + self.open_for };
            }
            State::Open { until } | State::Probing { until } => {
                return Err(CircuitOpen { retry_after: until - now });
            }
        }
        Ok(Permit { circuit: Arc::clone(self), reported: false })
    }

    /// Whether calls are refused.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(*self.state(), State::Closed { .. })
    }

    /// 0 closed, 1 half-open, 2 open: the value of `signup_upstream_circuit_state`.
    #[must_use]
    pub fn gauge(&self) -> f64 {
        match *self.state() {
            State::Closed { .. } => 0.0,
            State::Probing { .. } => 1.0,
            State::Open { .. } => 2.0,
        }
    }

    // A poisoned lock only says that a thread panicked between whole writes.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The studio answered, whatever it said.
    pub fn answered(mut self) {
        self.reported = true;
        let mut state = self.circuit.state();
        if !matches!(*state, State::Closed { .. }) {
            tracing::warn!("the upstream answers again: circuit closed");
        }
        *state = State::Closed { failures: 0 };
    }

    /// The studio failed, or did not answer.
    pub fn failed(mut self) {
        self.reported = true;
        let mut state = self.circuit.state();
        *state = match *state {
            State::Closed { failures } if failures + 1 < self.circuit.failures_to_open => {
                State::Closed { failures: failures + 1 }
            }
            State::Open { until } => State::Open { until },
            State::Closed { .. } | State::Probing { .. } => {
                tracing::error!(open_for = ?self.circuit.open_for, "the upstream keeps failing: circuit open");
                State::Open { until: Instant::now() + self.circuit.open_for }
            }
        };
    }
}

impl Drop for Permit {
    /// A call that was given up says nothing about the studio; a probe that was, lets the next one probe.
    fn drop(&mut self) {
        if self.reported {
            return;
        }
        let mut state = self.circuit.state();
        if let State::Probing { .. } = *state {
            *state = State::Open { until: Instant::now() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(10);

    fn circuit() -> Arc<Circuit> {
        Arc::new(Circuit::new(3, OPEN_FOR))
    }

    fn fail(circuit: &Arc<Circuit>, times: u32) {
        for _ in 0..times {
            circuit.permit().ok().unwrap().failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn consecutive_failures_open_it_and_an_answer_in_between_does_not() {
        let circuit = circuit();
        fail(&circuit, 2);
        circuit.permit().ok().unwrap().answered();
        fail(&circuit, 2);
        assert!(!circuit.is_open());
        fail(&circuit, 1);
        assert_eq!(circuit.permit().err(), Some(CircuitOpen { retry_after: OPEN_FOR }));
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_at_a_time_decides() {
        let circuit = circuit();
        fail(&circuit, 3);
        tokio::time::advance(OPEN_FOR).await;
        let probe = circuit.permit().ok().unwrap();
        assert!(circuit.permit().is_err(), "a second call passed beside the probe");
        probe.failed();
        assert!(circuit.permit().is_err());
        tokio::time::advance(OPEN_FOR).await;
        circuit.permit().ok().unwrap().answered();
        assert!(circuit.permit().is_ok() && !circuit.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_lets_the_next_one_probe() {
        let circuit = circuit();
        fail(&circuit, 3);
        tokio::time::advance(OPEN_FOR).await;
        drop(circuit.permit().ok().unwrap());
        circuit.permit().ok().unwrap().answered();
        assert!(!circuit.is_open());
    }
}

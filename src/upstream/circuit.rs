//! The circuit breaker: after too many failures in a row, nobody waits for a studio that does not answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Closed, open, or half-open with one probe under way.
pub struct Circuit {
    inside: Mutex<Inside>,
    failures_to_open: u32,
    open_for: Duration,
}

struct Inside {
    state: State,
    /// How often the state has changed. What a call comes to counts only where it has not since the call began: who waited
    /// through an outage says nothing about what came after it.
    changes: u64,
}

#[derive(Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// A read was answered: the studio is there, and the next creation is the probe.
    HalfOpen,
    Probing {
        since: Instant,
    },
}

/// The right to make one call that creates something; say how it went.
pub struct Permit {
    circuit: Arc<Circuit>,
    changes: u64,
    reported: bool,
}

/// The right to read something once; say if the studio answered. Reads never open a circuit.
pub struct ReadPermit {
    circuit: Arc<Circuit>,
    changes: u64,
}

/// The circuit is open: make no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    /// How long until a probe is let through, or the one under way should have decided.
    pub retry_after: Duration,
}

impl Circuit {
    /// A closed circuit that opens after so many consecutive failures, for so long.
    #[must_use]
    pub fn new(failures_to_open: u32, open_for: Duration) -> Self {
        let inside = Inside { state: State::Closed { failures: 0 }, changes: 0 };
        Self { inside: Mutex::new(inside), failures_to_open, open_for }
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
        let mut inside = self.inside();
        match inside.state {
            State::Closed { .. } => {}
            State::HalfOpen => inside.change(State::Probing { since: now }),
            State::Open { until } if until <= now => inside.change(State::Probing { since: now }),
            State::Open { until } => return Err(CircuitOpen { retry_after: until - now }),
            State::Probing { since } => {
                return Err(CircuitOpen { retry_after: (since + self.open_for).saturating_duration_since(now) });
            }
        }
        Ok(Permit { circuit: Arc::clone(self), changes: inside.changes, reported: false })
    }

    /// Asks for one read. There is none as long as the circuit is open for; then all are let through, also beside a probe.
    ///
    /// # Errors
    /// [`CircuitOpen`].
    pub fn permit_read(self: &Arc<Self>) -> Result<ReadPermit, CircuitOpen> {
        let now = Instant::now();
        let inside = self.inside();
        match inside.state {
            State::Open { until } if now < until => Err(CircuitOpen { retry_after: until - now }),
            _ => Ok(ReadPermit { circuit: Arc::clone(self), changes: inside.changes }),
        }
    }

    /// Whether the studio kept failing, and has not answered since.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.inside().state, State::Open { .. } | State::Probing { .. })
    }

    /// 0 closed, 1 half-open, 2 open: the value of `signup_upstream_circuit_state`.
    #[must_use]
    pub fn gauge(&self) -> f64 {
        match self.inside().state {
            State::Closed { .. } => 0.0,
            State::HalfOpen | State::Probing { .. } => 1.0,
            State::Open { .. } => 2.0,
        }
    }

    // A poisoned lock only says that a thread panicked between whole writes.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn change(&mut self, state: State) {
        self.state = state;
        self.changes += 1;
    }
}

impl Permit {
    /// The studio answered, whatever it said.
    pub fn answered(mut self) {
        self.reported = true;
        let mut inside = self.circuit.inside();
        match inside.state {
            _ if inside.changes != self.changes => {}
            State::Closed { .. } => inside.state = State::Closed { failures: 0 },
            State::Open { .. } | State::HalfOpen | State::Probing { .. } => {
                tracing::warn!("the upstream answers again: circuit closed");
                inside.change(State::Closed { failures: 0 });
            }
        }
    }

    /// The studio failed, or did not answer.
    pub fn failed(mut self) {
        self.reported = true;
        let mut inside = self.circuit.inside();
        match inside.state {
            _ if inside.changes != self.changes => {}
            State::Closed { failures } if failures + 1 < self.circuit.failures_to_open => {
                inside.state = State::Closed { failures: failures + 1 };
            }
            State::Closed { .. } | State::Open { .. } | State::HalfOpen | State::Probing { .. } => {
                tracing::error!(open_for = ?self.circuit.open_for, "the upstream keeps failing: circuit open");
                inside.change(State::Open { until: Instant::now() + self.circuit.open_for });
            }
        }
    }
}

impl Drop for Permit {
    /// A call that was given up says nothing about the studio; a probe that was, lets the next one probe.
    fn drop(&mut self) {
        if self.reported {
            return;
        }
        let mut inside = self.circuit.inside();
        if inside.changes == self.changes && matches!(inside.state, State::Probing { .. }) {
            inside.change(State::Open { until: Instant::now() });
        }
    }
}

impl ReadPermit {
    /// The studio answered properly: it is there, and visitors need not wait for somebody else's creation to find out.
    /// Creations may fail all the same, so one at a time still decides whether there are more.
    pub fn answered(self) {
        let mut inside = self.circuit.inside();
        if inside.changes == self.changes && matches!(inside.state, State::Open { .. }) {
            tracing::warn!("the upstream answers reads again: the next sign-up is the circuit's probe");
            inside.change(State::HalfOpen);
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

    /// A call that begins while the circuit is closed and is still under way when it opens.
    fn late(circuit: &Arc<Circuit>) -> Permit {
        let call = circuit.permit().ok().unwrap();
        fail(circuit, 3);
        call
    }

    #[tokio::test(start_paused = true)]
    async fn what_became_of_calls_from_before_the_opening_moves_nothing() {
        type End = fn(Permit);
        let ends: [(&str, End); 3] = [("answered", Permit::answered), ("failed", Permit::failed), ("dropped", drop)];
        for (name, end) in ends {
            let circuit = circuit();
            end(late(&circuit));
            assert!(circuit.permit().is_err(), "{name} while it is open");

            let circuit = self::circuit();
            let (call, more) = (late(&circuit), OPEN_FOR * 2);
            tokio::time::advance(OPEN_FOR).await;
            let probe = circuit.permit().ok().unwrap();
            end(call);
            assert_eq!(circuit.gauge().to_bits(), 1.0_f64.to_bits(), "{name}: the probe is under way");
            assert!(circuit.permit().is_err(), "{name}: a second call beside the probe");
            tokio::time::advance(more).await;
            assert!(circuit.permit().is_err(), "{name}: a second call beside a probe that takes long");
            probe.answered();
            assert!(!circuit.is_open(), "{name}: the probe decides");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reads_wait_as_long_as_it_is_open_for_and_one_that_is_answered_leaves_the_rest_to_one_probe() {
        let circuit = circuit();
        let before = circuit.permit_read().ok().unwrap();
        fail(&circuit, 3);
        before.answered();
        assert!(circuit.permit_read().is_err());
        tokio::time::advance(OPEN_FOR).await;
        drop(circuit.permit_read().ok().unwrap());
        assert!(circuit.is_open(), "a read without an answer says nothing");
        circuit.permit_read().ok().unwrap().answered();
        assert!(!circuit.is_open(), "the studio is there");
        let probe = circuit.permit().ok().unwrap();
        assert!(circuit.permit().is_err(), "many creations may hang where reads are answered");
        assert!(circuit.permit_read().is_ok());
        probe.failed();
        assert!(circuit.permit().is_err() && circuit.permit_read().is_err());
        tokio::time::advance(OPEN_FOR).await;
        circuit.permit_read().ok().unwrap().answered();
        circuit.permit().ok().unwrap().answered();
        fail(&circuit, 2);
        assert!(!circuit.is_open(), "a creation that is answered starts the count anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_leaves_the_decision_to_the_probe_beside_it() {
        let circuit = circuit();
        fail(&circuit, 3);
        tokio::time::advance(OPEN_FOR).await;
        let before = circuit.permit_read().ok().unwrap();
        let probe = circuit.permit().ok().unwrap();
        circuit.permit_read().ok().unwrap().answered();
        before.answered();
        assert!(circuit.is_open() && circuit.permit().is_err());
        probe.failed();
        assert!(circuit.permit_read().is_err());
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

//! The upstream's opinion of an address (`upstream.validate_email`): it may stop a visitor once, and never by failing.

use metrics::histogram;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Studio, Trace};
use crate::domain::email::{Email, fold_domain};
use crate::guard::Cleared;
use crate::http::{is_json, read_body};
use crate::settings::EMAIL_OPINION_TIMEOUT;
use crate::step::{self, step};

const PATH: &str = "/api/emails/validate";

/// The upstream doubts the address; the visitor may correct it or insist.
pub struct Doubted {
    /// The address with the domain the upstream suggests.
    pub suggestion: Option<Email>,
    /// The sealed proof of the challenge.
    pub pass: Option<String>,
}

#[derive(Deserialize)]
struct Opinion {
    success: bool,
    #[serde(default)]
    verdict: Option<String>,
    #[serde(default)]
    suggestion: Option<String>,
}

impl Studio {
    /// Asks for an opinion, where the operator wants one and the visitor does not insist.
    ///
    /// # Errors
    /// [`Doubted`] on the verdict `Invalid`; any other answer, and any failure, lets the visitor pass.
    pub async fn check_email<'a>(&self, cleared: Cleared<'a>, trace: &Trace) -> Result<Cleared<'a>, Doubted> {
        if !self.validate_email || cleared.submission().insists_on_email() {
            return Ok(cleared);
        }
        // An opinion is not worth a place in the queue, nor a wait for a studio that does not answer.
        let Ok(_slot) = self.in_flight.try_acquire() else { return Ok(cleared) };
        if self.circuit.is_open() {
            return Ok(cleared);
        }
        let email = cleared.submission().email();
        let started = Instant::now();
        let asked = tokio::time::timeout(EMAIL_OPINION_TIMEOUT.min(self.timeout), self.opinion(email, trace));
        let label = |opinion: &Option<Opinion>| if opinion.is_some() { "answered" } else { "failed" };
        let opinion = step::run(step!("validate_email", client), async { asked.await.ok().flatten() }, label).await;
        let outcome = label(&opinion);
        histogram!("signup_upstream_duration_seconds", "operation" => "validate_email", "outcome" => outcome)
            .record(started.elapsed());
        match opinion {
            Some(Opinion { success: true, verdict: Some(verdict), suggestion }) if verdict == "Invalid" => {
                let suggestion = suggestion.and_then(|domain| suggested(email, &domain));
                Err(Doubted { suggestion, pass: cleared.pass() })
            }
            _ => Ok(cleared),
        }
    }

    async fn opinion(&self, email: &Email, trace: &Trace) -> Option<Opinion> {
        let request = self.clients.reads.post(self.url(PATH)).json(&json!({ "email": email.as_str() }));
        let answer = trace.attach(request).send().await.ok()?;
        if !answer.status().is_success() || !is_json(&answer) {
            return None;
        }
        serde_json::from_slice(&read_body(answer).await.ok()?).ok()
    }
}

/// The same mailbox at another domain, if that is one.
fn suggested(email: &Email, domain: &str) -> Option<Email> {
    let local = email.as_str().rsplit_once('@')?.0;
    Email::parse(&format!("{local}@{}", fold_domain(domain)?)).ok()
}

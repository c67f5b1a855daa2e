//! The upstream and siteverify, which fail by chance and write down what they really did.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::dice::Dice;
use crate::helpers::neighbour::{raw, verified};
use crate::helpers::{Neighbour, Received, Reply};

/// Longer than any budget of the gateways.
const FOR_EVER: Duration = Duration::from_mins(1);

/// What an answer of the upstream says, and the visitor therefore has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// There is an account: 303.
    Created,
    /// No: 422.
    Refused,
    /// Nothing happened, try again: 503, or a plain 502.
    Nothing(u16),
    /// Nothing that can be relied on: 504, or 502 in its words.
    Unknown(u16),
}

/// One way for the upstream to behave.
struct Behaviour {
    name: &'static str,
    weight: u64,
    /// How likely an account is really created, in percent.
    creates: u64,
    says: Says,
    reply: fn(&mut Dice, Reply) -> Reply,
}

/// Each row gets the proper answer to make its own of.
#[rustfmt::skip]
const UPSTREAM: &[Behaviour] = &[
    Behaviour { name: "proper answer", weight: 560, creates: 100, says: Says::Created, reply: |_, proper| proper },
    Behaviour { name: "slow", weight: 60, creates: 100, says: Says::Created, reply: |dice, proper| Reply::Later(dice.milliseconds(50..=1_000), Box::new(proper)) },
    Behaviour { name: "no destination", weight: 15, creates: 100, says: Says::Created, reply: |_, _| Reply::Json(200, json!({ "success": true, "id": 7 })) },
    Behaviour { name: "foreign destination", weight: 15, creates: 100, says: Says::Created, reply: |_, _| Reply::Json(200, json!({ "success": true, "id": 7, "redirectUrl": "https://evil.test/" })) },
    Behaviour { name: "refused", weight: 60, creates: 0, says: Says::Refused, reply: |_, _| Reply::Json(200, json!({ "success": false, "error": "Username is already taken" })) },
    Behaviour { name: "refused with 409", weight: 30, creates: 0, says: Says::Refused, reply: |_, _| Reply::Json(409, json!({ "success": false, "error": "No" })) },
    Behaviour { name: "429", weight: 20, creates: 0, says: Says::Nothing(503), reply: |_, _| Reply::With(429, "retry-after: 1\r\n", json!({})) },
    Behaviour { name: "503", weight: 20, creates: 0, says: Says::Nothing(503), reply: |_, _| raw(503, "text/html", "<h1>Busy</h1>") },
    Behaviour { name: "500", weight: 30, creates: 0, says: Says::Nothing(502), reply: |_, _| Reply::Json(500, json!({ "success": false })) },
    Behaviour { name: "400 without JSON", weight: 10, creates: 0, says: Says::Nothing(502), reply: |_, _| raw(400, "text/html", "<h1>No</h1>") },
    Behaviour { name: "502 of a proxy", weight: 20, creates: 50, says: Says::Unknown(502), reply: |_, _| raw(502, "text/html", "<h1>Bad gateway</h1>") },
    Behaviour { name: "524 of a proxy", weight: 10, creates: 50, says: Says::Unknown(502), reply: |_, _| raw(524, "text/html", "<h1>Timeout</h1>") },
    Behaviour { name: "garbage", weight: 20, creates: 50, says: Says::Unknown(502), reply: |_, _| raw(200, "application/json", "{\"success\":tru") },
    Behaviour { name: "wrong content type", weight: 20, creates: 100, says: Says::Unknown(502), reply: |_, _| raw(200, "text/html", "{\"success\":true}") },
    Behaviour { name: "truncated", weight: 30, creates: 100, says: Says::Unknown(504), reply: |_, _| Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"success\":true".to_vec()) },
    Behaviour { name: "closed after reading", weight: 30, creates: 50, says: Says::Unknown(504), reply: |_, _| Reply::Close },
    Behaviour { name: "reset after reading", weight: 20, creates: 50, says: Says::Unknown(504), reply: |_, _| Reply::Reset },
    Behaviour { name: "not HTTP", weight: 10, creates: 50, says: Says::Unknown(504), reply: |_, _| Reply::Raw(b"\x16\x03\x01 nonsense\r\n\r\n".to_vec()) },
    Behaviour { name: "stalled", weight: 15, creates: 50, says: Says::Unknown(504), reply: |_, _| Reply::Stall(Vec::new()) },
    Behaviour { name: "stalled in the body", weight: 10, creates: 100, says: Says::Unknown(504), reply: |_, _| Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{".to_vec()) },
    Behaviour { name: "too late", weight: 5, creates: 100, says: Says::Unknown(504), reply: |_, proper| Reply::Later(FOR_EVER, Box::new(proper)) },
];

struct Challenge {
    name: &'static str,
    weight: u64,
    reply: fn(&mut Dice, Reply) -> Reply,
}

#[rustfmt::skip]
const SITEVERIFY: &[Challenge] = &[
    Challenge { name: "proper answer", weight: 900, reply: |_, proper| proper },
    Challenge { name: "slow", weight: 30, reply: |dice, proper| Reply::Later(dice.milliseconds(50..=500), Box::new(proper)) },
    Challenge { name: "refused", weight: 20, reply: |_, _| Reply::Json(200, json!({ "success": false, "error-codes": ["invalid-input-response"] })) },
    Challenge { name: "internal error", weight: 20, reply: |_, _| Reply::Json(200, json!({ "success": false, "error-codes": ["internal-error"] })) },
    Challenge { name: "503", weight: 10, reply: |_, _| raw(503, "text/html", "<h1>Busy</h1>") },
    Challenge { name: "garbage", weight: 5, reply: |_, _| raw(200, "application/json", "{") },
    Challenge { name: "closed after reading", weight: 10, reply: |_, _| Reply::Close },
    Challenge { name: "stalled", weight: 5, reply: |_, _| Reply::Stall(Vec::new()) },
];

/// One creation the upstream was asked for, and what it did.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who sent it: see [`super::world::World`].
    pub incarnation: u32,
    /// The visitor's post that caused it.
    pub post: u64,
    /// Names the form: every form has an address of its own.
    pub email: String,
    pub at: SystemTime,
    pub created: bool,
    pub says: Says,
    /// Where the visitor was to be sent.
    pub destination: String,
}

/// What the neighbours really did.
#[derive(Default)]
pub struct Ledger {
    pub calls: Vec<Call>,
    pub upstream_faults: BTreeMap<&'static str, usize>,
    pub siteverify_faults: BTreeMap<&'static str, usize>,
    tries: HashMap<String, u32>,
    /// Tokens that were spent, with the idempotency key they were spent under.
    spent: HashMap<String, String>,
}

impl Ledger {
    /// How often this was asked before.
    fn again(&mut self, name: &str) -> u32 {
        let tries = self.tries.entry(name.to_owned()).or_default();
        *tries += 1;
        *tries
    }

    fn create(&mut self, seed: u64, request: &Received) -> Reply {
        let asked = request.json();
        let (email, username) = (asked["email"].as_str().unwrap(), asked["username"].as_str().unwrap());
        let mut dice = Dice::of(seed, (email, self.again(email)));
        let behaviour = dice.row(UPSTREAM, |row| row.weight);
        *self.upstream_faults.entry(behaviour.name).or_default() += 1;
        let destination = format!("https://studio.example/welcome?account={username}");
        let proper = Reply::Json(200, json!({ "success": true, "id": 7, "redirectUrl": destination }));
        let reply = (behaviour.reply)(&mut dice, proper);
        let is_followed = !matches!(behaviour.name, "no destination" | "foreign destination");
        self.calls.push(Call {
            incarnation: request.path.split('/').nth(1).unwrap().parse().unwrap(),
            post: trace_of(request),
            email: email.to_owned(),
            at: SystemTime::now(),
            created: dice.percent(behaviour.creates),
            says: behaviour.says,
            destination: if is_followed { destination } else { "/signup/status".to_owned() },
        });
        reply
    }

    /// A token proves one challenge, once; asked again under the same idempotency key, the answer is the same.
    fn verify(&mut self, seed: u64, request: &Received) -> Reply {
        let (token, key) = (request.field("response").unwrap(), request.field("idempotency_key").unwrap());
        if self.spent.get(&token).is_some_and(|spent_under| *spent_under != key) {
            return Reply::Json(200, json!({ "success": false, "error-codes": ["timeout-or-duplicate"] }));
        }
        let mut dice = Dice::of(seed, (&token, self.again(&token)));
        let challenge = dice.row(SITEVERIFY, |row| row.weight);
        *self.siteverify_faults.entry(challenge.name).or_default() += 1;
        let action = token.strip_prefix("pass-").and_then(|rest| rest.split('.').next()).unwrap();
        let reply = (challenge.reply)(&mut dice, Reply::Json(200, verified(action)));
        if matches!(challenge.name, "proper answer" | "slow" | "closed after reading" | "stalled") {
            self.spent.insert(token, key);
        }
        reply
    }
}

/// The post's number is the trace id that it carries.
fn trace_of(request: &Received) -> u64 {
    let trace = request.header("traceparent").unwrap().split('-').nth(1).unwrap();
    u64::from_str_radix(&trace[16..], 16).unwrap()
}

/// Starts both, with one ledger.
pub async fn start(seed: u64) -> (Neighbour, Neighbour, Arc<Mutex<Ledger>>) {
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let (upstreams, challenges) = (Arc::clone(&ledger), Arc::clone(&ledger));
    let studio = Neighbour::start(move |request| upstreams.lock().unwrap().create(seed, request)).await;
    let siteverify = Neighbour::start(move |request| challenges.lock().unwrap().verify(seed, request)).await;
    (studio, siteverify, ledger)
}

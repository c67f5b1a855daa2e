//! What a form that comes back must hold, and what the log says became of it.

use serde_json::Value;
use signup_gateway::signup::Flow;

use super::{Page, log};

/// Settings under which no limit and no circuit stands in the way of a table of failures.
pub const ROOMY: &[(&str, &str)] = &[
    ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "100000"),
    ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "100000"),
    ("SIGNUP__RATE_LIMIT__PAGES__BURST", "100000"),
    ("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "100000"),
];

/// [`ROOMY`] and some more variables.
pub fn roomy<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [ROOMY, more].concat()
}

impl Page {
    /// The signed submission id of the form.
    pub fn id(&self) -> String {
        self.value("submission_id").unwrap_or_else(|| panic!("no form in a {}: {}", self.status, self.body))
    }

    /// The pass in the form.
    pub fn pass(&self) -> Option<String> {
        self.value("pass")
    }

    /// The response fields of the challenges on the page.
    pub fn widgets(&self) -> Vec<String> {
        self.attributes(".cf-turnstile", "data-response-field-name")
    }

    /// The title of what stands above the form; empty when nothing does.
    pub fn notice(&self) -> String {
        self.texts("#notice-title").concat()
    }

    /// The whole text of what stands above the form.
    pub fn notice_text(&self) -> String {
        self.texts("#notice").concat()
    }

    /// The one event of the submission in the log.
    pub fn event(&self) -> Value {
        let mut events = log::of_request(self.header("x-request-id").unwrap());
        events.retain(|event| event["event"] == "signup");
        assert_eq!(events.len(), 1, "one event a sign-up: {events:?}");
        events.remove(0)
    }

    /// What the log says became of the form: the `outcome` label of `signup_submissions_total`.
    pub fn outcome(&self) -> String {
        self.event()["outcome"].as_str().unwrap().to_owned()
    }
}

/// Every typed value is in the form again; the password and the challenge's token are nowhere in the page.
pub fn assert_kept(flow: &Flow, page: &Page, typed: &[(&str, &str)], name: &str) {
    let fields = page.fields();
    let kept = |name: &str| fields.iter().find_map(|(field, value)| (field == name).then_some(value.as_str()));
    for (field, value) in typed.iter().filter(|(field, _)| flow.field(field).is_some()) {
        if *field == "password" {
            assert!(value.is_empty() || !page.body.contains(value), "{name}: the page holds the password");
        } else {
            assert_eq!(kept(field), Some(*value), "{name}: {field} is lost");
        }
    }
    for (field, token) in typed.iter().filter(|(field, _)| field.ends_with("turnstile-response")) {
        assert!(token.is_empty() || !page.body.contains(token), "{name}: the page echoes {field}");
    }
}

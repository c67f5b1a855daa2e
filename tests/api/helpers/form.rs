//! Forms with one thing out of the ordinary.

use signup_gateway::signup::{Flow, Kind};

use super::app::{fill, sample, urlencode};
use super::{Page, TestApp};

/// For tests that send more forms than a visitor may.
pub const UNLIMITED: &[(&str, &str)] =
    &[("SIGNUP__RATE_LIMIT__EXEMPT", "127.0.0.1/32"), ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "1000")];

/// [`UNLIMITED`] with more variables.
pub fn unlimited_and<'a>(variables: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    UNLIMITED.iter().chain(variables).copied().collect()
}

/// The flow's sample without one field.
pub fn sample_without(flow: &'static Flow, name: &str) -> Vec<(&'static str, &'static str)> {
    sample(flow).into_iter().filter(|(field, _)| *field != name).collect()
}

/// A page's form with the flow's sample, as a body in which one field is already encoded.
pub fn body_with(page: &Page, flow: &'static Flow, name: &str, encoded: &str) -> String {
    let mut fields = fill(page, &sample_without(flow, name));
    fields.retain(|(field, _)| field != name);
    format!("{}&{name}={encoded}", urlencode(&fields))
}

/// A fresh form with the flow's sample, one field typed otherwise.
pub async fn attempt(app: &TestApp, flow: &'static Flow, name: &str, typed: &str) -> Page {
    let page = app.form(flow, "").await;
    let mut fields = sample_without(flow, name);
    fields.push((name, typed));
    app.submit(&page, &fields).await
}

/// What the studio was sent last.
pub fn forwarded(app: &TestApp) -> serde_json::Value {
    app.studio.received().pop().expect("nothing was sent to the studio").json()
}

/// The names of a flow's fields of some kinds.
pub fn fields_of(flow: &'static Flow, wanted: fn(&Kind) -> bool) -> impl Iterator<Item = &'static str> {
    flow.fields.iter().filter(move |field| wanted(&field.kind)).map(|field| field.name)
}

//! A flow is data: one constant says all that sets it apart.

use super::field::{Field, Kind};
use crate::domain::language::Language;

/// A way to sign up. Route, page, parsing, JSON, limits, challenge and metrics all read it; none has a rule of its own.
#[derive(Debug)]
pub struct Flow {
    /// The last part of `/signup/{flow}`, the Turnstile action, the metric label, the settings section.
    pub slug: &'static str,
    /// The fields in page order.
    pub fields: &'static [Field],
    /// The upstream operation, appended to `upstream.base_url`.
    pub upstream_path: &'static str,
    /// The JSON key under which the upstream wants the Turnstile token, if it does.
    pub token_field: Option<&'static str>,
    /// Whether single sign-on secrets of the link are forwarded, and replace the password.
    pub single_sign_on: bool,
    /// The JSON key that tells the upstream to accept a doubtful address, if it has one.
    pub insist_on_email_field: Option<&'static str>,
    /// Whether the operator's `notes` and `trial_length` are forwarded.
    pub trial: bool,
    /// The key of the answer that names the created user.
    pub user_id_field: &'static str,
    /// Whether a business address is asked for unless the settings say otherwise.
    pub business_email: bool,
    /// Words of this flow, in Fluent syntax, for each language; where one is missing, the English ones are shown.
    pub words: &'static [(Language, &'static str)],
    /// A form that passes every rule: tests and the README use it.
    pub sample: &'static [(&'static str, &'static str)],
}

impl Flow {
    /// Where its form is.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/signup/{}", self.slug)
    }

    /// The field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether a password is part of the form.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::Password))
    }
}

/// The flow of a slug in a table of flows.
#[must_use]
pub fn by_slug(flows: &'static [&'static Flow], slug: &str) -> Option<&'static Flow> {
    flows.iter().copied().find(|flow| flow.slug == slug)
}

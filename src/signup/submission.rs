//! The parse: a raw form becomes a [`Submission`], or all its errors at once.

use std::sync::Arc;

use super::field::{Field, Kind, Problem};
use super::flow::Flow;
use super::form::{RawForm, RawValue};
use super::link::{Link, LinkSecrets};
use crate::domain::country;
use crate::domain::email::Email;
use crate::domain::email_policy::{DomainRefusal, EmailPolicy};
use crate::domain::password::{Password, PasswordPolicy};
use crate::domain::policy::Mode;
use crate::domain::text::{Text, is_blank};
use crate::domain::username::Username;

/// The name of the box that insists on a doubtful address (`upstream.validate_email`).
pub const USE_EMAIL_ANYWAY: &str = "useEmailAnyway";

/// What a field holds once it is parsed.
pub enum Value {
    /// A line of text, a suggestion, a choice or a country's name.
    Text(Text),
    /// A username.
    Username(Username),
    /// An address.
    Email(Email),
    /// A password.
    Password(Password),
    /// A ticked box.
    Consent,
}

/// The rules a form is parsed by: the tenant's and the flow's.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Which addresses are welcome.
    pub email: &'a EmailPolicy,
    /// Whether the flow asks for a business address.
    pub business_email: bool,
    /// Which passwords are.
    pub password: &'a PasswordPolicy,
}

/// A sign-up in which every field is valid. Only [`Submission::parse`] makes one.
pub struct Submission {
    flow: &'static Flow,
    values: Vec<(&'static str, Value)>,
    email: Email,
    username: Username,
    insists_on_email: bool,
    observed: Option<DomainRefusal>,
    link: Arc<Link>,
}

/// Everything that is wrong with a form, in page order; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldErrors(Vec<(&'static str, Problem)>);

impl FieldErrors {
    /// Field name and problem, in page order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Problem)> {
        self.0.iter().copied()
    }
}

impl Submission {
    /// Checks every field of the flow.
    ///
    /// # Errors
    /// [`FieldErrors`] holds one problem for each field that has any.
    pub fn parse(
        flow: &'static Flow,
        rules: Rules<'_>,
        form: &RawForm,
        link: impl Into<Arc<Link>>,
    ) -> Result<Self, FieldErrors> {
        let link = link.into();
        let mut parser = Parser { rules, form, observed: None };
        let values = parser.fields(flow.fields.iter().filter(|field| is_asked(flow, field, &link.secrets)))?;
        let email = values.iter().find_map(|(_, value)| match value {
            Value::Email(email) => Some(email.clone()),
            _ => None,
        });
        let username = values.iter().find_map(|(_, value)| match value {
            Value::Username(username) => Some(username.clone()),
            _ => None,
        });
        // Every flow has both fields, and both are required: see the tests over `FLOWS`.
        let (Some(email), Some(username)) = (email, username) else {
            return Err(FieldErrors(vec![("email", Problem::Missing)]));
        };
        let insists_on_email = form.is_ticked(USE_EMAIL_ANYWAY);
        Ok(Self { flow, values, email, username, insists_on_email, observed: parser.observed, link })
    }

    /// Checks every field but the passwords, which no page keeps and whose strength is dear to compute.
    ///
    /// # Errors
    /// [`FieldErrors`], as [`Submission::parse`] has them.
    pub fn check_but_passwords(flow: &Flow, rules: Rules<'_>, form: &RawForm) -> Result<(), FieldErrors> {
        let mut parser = Parser { rules, form, observed: None };
        parser.fields(flow.fields.iter().filter(|field| !matches!(field.kind, Kind::Password))).map(|_values| ())
    }

    /// The flow that was filled in.
    #[must_use]
    pub fn flow(&self) -> &'static Flow {
        self.flow
    }

    /// The fields that were filled, in page order.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// The address of the account.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.email
    }

    /// The username of the account.
    #[must_use]
    pub fn username(&self) -> &Username {
        &self.username
    }

    /// Whether the visitor ticked the box that insists on a doubtful address.
    #[must_use]
    pub fn insists_on_email(&self) -> bool {
        self.insists_on_email
    }

    /// What the e-mail policy would have refused, where it only observes.
    #[must_use]
    pub fn observed(&self) -> Option<DomainRefusal> {
        self.observed
    }

    /// The link the visitor came by.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }
}

/// Whether a field is part of this visitor's form: with an activation token the password is neither asked nor sent.
#[must_use]
pub fn is_asked(flow: &Flow, field: &Field, secrets: &LinkSecrets) -> bool {
    let signed_on_elsewhere = flow.single_sign_on && secrets.activation_token.is_some();
    !(signed_on_elsewhere && matches!(field.kind, Kind::Password))
}

struct Parser<'a> {
    rules: Rules<'a>,
    form: &'a RawForm,
    observed: Option<DomainRefusal>,
}

impl Parser<'_> {
    /// The values of the fields that were filled, or everything that is wrong.
    fn fields<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f Field>,
    ) -> Result<Vec<(&'static str, Value)>, FieldErrors> {
        let (mut values, mut errors) = (Vec::with_capacity(fields.size_hint().1.unwrap_or_default()), Vec::new());
        for field in fields {
            match self.field(field) {
                Ok(Some(value)) => values.push((field.name, value)),
                Ok(None) => {}
                Err(problem) => errors.push((field.name, problem)),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(FieldErrors(errors)) }
    }

    /// The value of one field; `None` when an optional one was left empty.
    fn field(&mut self, field: &Field) -> Result<Option<Value>, Problem> {
        let typed = match self.form.get(field.name) {
            Some(RawValue::Unreadable(_)) => return Err(Problem::Unreadable),
            Some(RawValue::Typed(text)) => text.as_str(),
            None => "",
        };
        let is_empty = match field.kind {
            Kind::Password => typed.is_empty(),
            Kind::Consent => !self.form.is_ticked(field.name),
            _ => is_blank(typed),
        };
        if is_empty {
            return if field.required { Err(Problem::Missing) } else { Ok(None) };
        }
        self.value(field.kind, typed).map(Some)
    }

    fn value(&mut self, kind: Kind, typed: &str) -> Result<Value, Problem> {
        Ok(match kind {
            Kind::Text | Kind::Suggest(_) | Kind::Region => Value::Text(Text::parse(typed)?),
            Kind::Country => {
                let text = Text::parse(typed)?;
                let named = country::by_code(text.as_str()).and_then(|country| Text::parse(country.name).ok());
                Value::Text(named.unwrap_or(text))
            }
            Kind::Choice(choices) => {
                let text = Text::parse(typed)?;
                if choices.iter().all(|choice| choice.value != text.as_str()) {
                    return Err(Problem::NotAChoice);
                }
                Value::Text(text)
            }
            Kind::Username => Value::Username(Username::parse(typed)?),
            Kind::Email => Value::Email(self.email(typed)?),
            Kind::Password => {
                let known = ["name", "username", "email"].map(|name| self.form.typed(name));
                Value::Password(Password::parse(typed, self.rules.password, &known)?)
            }
            Kind::Consent => Value::Consent,
        })
    }

    fn email(&mut self, typed: &str) -> Result<Email, Problem> {
        let email = Email::parse(typed)?;
        match (self.rules.email.check(&email, self.rules.business_email), self.rules.email.mode) {
            (Err(refusal), Mode::Enforce) => Err(Problem::EmailDomain(refusal)),
            (outcome, _) => {
                self.observed = outcome.err();
                Ok(email)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::attribution::Attribution;
    use crate::domain::origins::WebOrigin;
    use crate::signup::flows::FLOWS;

    fn link() -> Link {
        Link {
            attribution: Attribution::default(),
            redirect_origin: WebOrigin::parse("https://studio.example").unwrap(),
            own_redirect_query: String::new(),
            secrets: LinkSecrets::default(),
        }
    }

    fn parse_as(
        flow: &'static Flow,
        mode: Mode,
        pairs: &[(&str, &str)],
        link: Link,
    ) -> Result<Submission, FieldErrors> {
        let email = EmailPolicy { mode, ..EmailPolicy::embedded() };
        let password = PasswordPolicy::default();
        let rules = Rules { email: &email, business_email: flow.business_email, password: &password };
        Submission::parse(flow, rules, &RawForm::from_pairs(pairs.iter().copied()), link)
    }

    fn parse(flow: &'static Flow, pairs: &[(&str, &str)]) -> Result<Submission, FieldErrors> {
        parse_as(flow, Mode::Enforce, pairs, link())
    }

    /// The flow's sample with one field replaced.
    fn with<'a>(flow: &'static Flow, name: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
        flow.sample.iter().map(|(field, typed)| (*field, if *field == name { value } else { *typed })).collect()
    }

    #[test]
    fn every_sample_passes_every_rule() {
        for flow in FLOWS {
            let submission = parse(flow, flow.sample).unwrap_or_else(|errors| panic!("{}: {errors:?}", flow.slug));
            assert_eq!(submission.values().count(), flow.fields.len());
        }
    }

    #[test]
    fn an_empty_form_is_told_every_required_field_at_once_in_page_order() {
        for flow in FLOWS {
            let errors: Vec<_> = parse(flow, &[]).err().unwrap().iter().collect();
            let required: Vec<_> =
                flow.fields.iter().filter(|field| field.required).map(|field| (field.name, Problem::Missing)).collect();
            assert_eq!(errors, required, "{}", flow.slug);
        }
    }

    #[test]
    fn every_field_of_every_flow_refuses_what_no_keyboard_types() {
        for flow in FLOWS {
            for field in flow.fields.iter().filter(|field| !matches!(field.kind, Kind::Consent | Kind::Password)) {
                let errors = parse(flow, &with(flow, field.name, "a\u{1b}b")).err().unwrap();
                assert_eq!(errors.iter().map(|(name, _)| name).collect::<Vec<_>>(), [field.name], "{}", flow.slug);
            }
        }
    }

    #[test]
    fn a_code_becomes_the_countrys_name_and_other_text_stays() {
        let flow = FLOWS.iter().find(|flow| flow.field("country").is_some()).unwrap();
        for (typed, forwarded) in [("US", "United States"), ("de", "Germany"), ("Freedonia", "Freedonia")] {
            let submission = parse(flow, &with(flow, "country", typed)).ok().unwrap();
            let country = submission.values().find(|(name, _)| *name == "country").unwrap().1;
            assert!(matches!(country, Value::Text(text) if text.as_str() == forwarded), "{typed}");
        }
    }

    #[test]
    fn a_value_outside_an_enumeration_is_refused() {
        let flow = FLOWS.iter().find(|flow| flow.field("userHasMLModelsInProduction").is_some()).unwrap();
        let errors = parse(flow, &with(flow, "userHasMLModelsInProduction", "maybe")).err().unwrap();
        assert_eq!(errors.0, [("userHasMLModelsInProduction", Problem::NotAChoice)]);
    }

    #[test]
    fn a_free_address_is_refused_where_a_business_one_is_asked_and_passes_where_it_is_only_observed() {
        for flow in FLOWS {
            let pairs = with(flow, "email", "jan@gmail.com");
            let refusal = flow.business_email.then_some(("email", Problem::EmailDomain(DomainRefusal::Free)));
            let enforced = parse(flow, &pairs).err().and_then(|errors| errors.iter().next());
            assert_eq!(enforced, refusal, "{}", flow.slug);
            let observed = parse_as(flow, Mode::Observe, &pairs, link()).ok().unwrap().observed();
            assert_eq!(observed, flow.business_email.then_some(DomainRefusal::Free), "{}", flow.slug);
        }
    }

    #[test]
    fn without_the_passwords_all_else_is_checked_as_ever() {
        let email = EmailPolicy::embedded();
        let password = PasswordPolicy::default();
        for flow in FLOWS {
            let rules = Rules { email: &email, business_email: flow.business_email, password: &password };
            let check =
                |pairs: Vec<(&str, &str)>| Submission::check_but_passwords(flow, rules, &RawForm::from_pairs(pairs));
            for typed in ["", "short", "password"] {
                assert!(parse(flow, &with(flow, "password", typed)).is_err(), "{}: {typed}", flow.slug);
                assert_eq!(check(with(flow, "password", typed)), Ok(()), "{}: {typed}", flow.slug);
            }
            for name in ["name", "username", "email", "privacyPolicy"] {
                let pairs = with(flow, name, "");
                assert_eq!(check(pairs.clone()).err(), parse(flow, &pairs).err(), "{}: {name}", flow.slug);
            }
        }
    }

    #[test]
    fn with_an_activation_token_the_password_is_neither_asked_nor_kept() {
        for flow in FLOWS.iter().filter(|flow| flow.has_password()) {
            let mut link = link();
            link.secrets.activation_token = Some(SecretString::from("token"));
            let submission = parse_as(flow, Mode::Enforce, flow.sample, link.clone()).ok().unwrap();
            let kept = submission.values().any(|(_, value)| matches!(value, Value::Password(_)));
            assert_eq!(kept, !flow.single_sign_on, "{}", flow.slug);
            let unasked = parse_as(flow, Mode::Enforce, &with(flow, "password", ""), link);
            assert_eq!(unasked.is_ok(), flow.single_sign_on, "{}", flow.slug);
        }
    }
}

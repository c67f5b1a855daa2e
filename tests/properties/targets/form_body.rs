use signup_gateway::signup::flows::FLOWS;
use signup_gateway::signup::{Flow, Link, RawForm, Rules, Submission, Value};

use super::{SETTINGS, tenant};

/// Any body is read, as the URL standard decodes it and the first of a name; what a page shows of it is posted again unchanged; and what passes the parse is already as it is
/// forwarded: parsed once more it is the same.
pub fn form_body(body: &[u8]) {
    let form = RawForm::from_urlencoded(body);
    let shown: Vec<(String, String)> = owned(form.pairs());
    assert!(shown.len() <= 64, "{} fields", shown.len());
    assert!(shown.iter().all(|(_, value)| !value.contains('\0')), "a NUL is shown: {shown:?}");
    for (name, value) in shown.iter().filter(|(name, _)| !name.contains('\u{fffd}')) {
        let first = form_urlencoded::parse(body).find(|(posted, _)| posted == name).expect("it was posted").1;
        assert_eq!(*value, first.replace('\0', "\u{fffd}"), "{name} is not the first of its name");
    }
    let again = RawForm::from_urlencoded(encode(&shown).as_bytes());
    assert_eq!(owned(again.pairs()), shown, "a form that comes back is another");
    for flow in FLOWS {
        if let Ok(submission) = parse(flow, &form) {
            let forwarded = values(&submission);
            for (name, value) in &forwarded {
                assert!(flow.field(name).is_some(), "{name} is no field of {}", flow.slug);
                let longest = if *name == "email" { 254 } else { 200 };
                assert!((1..=longest).contains(&value.chars().count()), "{name} has {} characters", value.len());
            }
            assert!(forwarded.iter().all(|(name, value)| *name != "password" || value == form.typed("password")));
            let posted: Vec<_> = forwarded.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let again = parse(flow, &RawForm::from_urlencoded(encode(&posted).as_bytes()));
            let again = again.unwrap_or_else(|errors| panic!("what was valid no longer is: {errors:?}, {posted:?}"));
            assert_eq!(values(&again), forwarded, "parsed twice, it is another");
        }
    }
}

fn parse(flow: &'static Flow, form: &RawForm) -> Result<Submission, signup_gateway::signup::FieldErrors> {
    let tenant = tenant();
    let rules = Rules { email: &tenant.email, business_email: flow.business_email, password: &SETTINGS.password };
    Submission::parse(flow, rules, form, Link::parse(&[], &SETTINGS.attribution, &tenant.redirect))
}

fn values(submission: &Submission) -> Vec<(&'static str, String)> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.as_str().to_owned(),
        Value::Username(username) => username.as_str().to_owned(),
        Value::Email(email) => email.as_str().to_owned(),
        Value::Password(password) => password.expose().to_owned(),
        Value::Consent => "on".to_owned(),
    };
    submission.values().map(|(name, value)| (name, text(value))).collect()
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

//! A third flow, to prove that a flow is data: every suite that iterates over [`FLOWS`] runs over it too.

use signup_gateway::domain::language::Language;
use signup_gateway::signup::field::{Field, Group, Kind};
use signup_gateway::signup::{Flow, flows};

/// A flow may keep its words in its own file.
const WORDS: &str = r"
flow-workshop-title = Workshop
flow-workshop-heading = Create your Workshop account
flow-workshop-summary = A workspace of your own, from the first recording to the finished model.
flow-workshop-for = One engineer with a product to build
flow-workshop-why = From raw sensor data to a working model
flow-workshop-point-1 = A first project, ready when you sign in
flow-workshop-point-2 = All tools of the Workshop plan
flow-workshop-point-3 = Start today, without a sales call
flow-workshop-next = You go on to the payment. Your plan starts when it is done.
flow-workshop-choose = Choose Workshop
flow-workshop-submit = Create account
flow-workshop-sending = Creating your account…
";

/// All that a further flow needs.
pub static WORKSHOP: Flow = Flow {
    slug: "workshop",
    fields: &[
        Field::new("name", Kind::Text, Group::Account).required().autocomplete("name"),
        Field::new("username", Kind::Username, Group::Account).required().autocomplete("username"),
        Field::new("email", Kind::Email, Group::Account).required().autocomplete("email"),
        Field::new("password", Kind::Password, Group::Account).required().autocomplete("new-password"),
        Field::new("companyName", Kind::Text, Group::Company).autocomplete("organization"),
        Field::new("privacyPolicy", Kind::Consent, Group::Project).required(),
    ],
    upstream_path: "/api-workshop-user",
    token_field: Some("challenge"),
    single_sign_on: false,
    insist_on_email_field: None,
    trial: false,
    user_id_field: "id",
    business_email: false,
    words: &[(Language::English, WORDS)],
    sample: &[
        ("name", "Ada Lovelace"),
        ("username", "ada-lovelace"),
        ("email", "ada@engines.example"),
        ("password", "analytical-engine-notes"),
        ("privacyPolicy", "on"),
        ("companyName", "Engines and Sons"),
    ],
};

/// The flows of the product and the test-only one.
pub static FLOWS: &[&Flow] = &[flows::FLOWS[0], flows::FLOWS[1], &WORKSHOP];

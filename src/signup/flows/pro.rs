//! The professional plan: `POST /api-create-pro-user`.

use crate::domain::language::Language;
use crate::signup::field::{Field, Group, Kind};
use crate::signup::flow::Flow;

pub(super) static PRO: Flow = Flow {
    slug: "pro",
    fields: &[
        Field::new("name", Kind::Text, Group::Account).required().autocomplete("name"),
        Field::new("username", Kind::Username, Group::Account).required().autocomplete("username"),
        Field::new("email", Kind::Email, Group::Account).required().autocomplete("email"),
        Field::new("password", Kind::Password, Group::Account).required().autocomplete("new-password"),
        Field::new("jobTitle", Kind::Text, Group::Company).autocomplete("organization-title"),
        Field::new("companyName", Kind::Text, Group::Company).autocomplete("organization"),
        Field::new("projectName", Kind::Text, Group::Project),
        Field::new("privacyPolicy", Kind::Consent, Group::Project).required(),
    ],
    upstream_path: "/api-create-pro-user",
    token_field: None,
    single_sign_on: true,
    insist_on_email_field: Some("ignoreEmailValidation"),
    trial: false,
    user_id_field: "id",
    business_email: false,
    words: &[
        (Language::English, include_str!("../../../templates/words/en/pro.ftl")),
        (Language::German, include_str!("../../../templates/words/de/pro.ftl")),
        (Language::French, include_str!("../../../templates/words/fr/pro.ftl")),
        (Language::Spanish, include_str!("../../../templates/words/es/pro.ftl")),
        (Language::Japanese, include_str!("../../../templates/words/ja/pro.ftl")),
        (Language::Arabic, include_str!("../../../templates/words/ar/pro.ftl")),
    ],
    sample: &[
        ("name", "Jan Jongboom"),
        ("username", "janjongboom"),
        ("email", "jan@acme.example"),
        ("password", "vexing-otter-plinth"),
        ("privacyPolicy", "on"),
        ("jobTitle", "Firmware engineer"),
        ("companyName", "Acme Robotics"),
        ("projectName", "Bearing wear"),
    ],
};

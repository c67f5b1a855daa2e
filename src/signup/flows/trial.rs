//! The enterprise trial: `POST /api-user-create-enterprise-trial`.

use crate::domain::language::Language;
use crate::signup::field::{Choice, Field, Group, Kind};
use crate::signup::flow::Flow;

/// Ranges of employees, as sales teams count them.
const COMPANY_SIZES: &[&str] = &["1-10", "11-50", "51-200", "201-1000", "1001-5000", "5001+"];

const USE_CASES: &[&str] = &[
    "Industrial",
    "Predictive maintenance",
    "Asset tracking",
    "Consumer electronics",
    "Health and wearables",
    "Smart buildings",
    "Agriculture",
    "Automotive",
    "Research and teaching",
];

/// The upstream's enumeration `userHasMLModelsInProduction`.
const MODELS_IN_PRODUCTION: &[Choice] = &[
    Choice { value: "yes", words: "choice-models-yes" },
    Choice { value: "no", words: "choice-models-no" },
    Choice { value: "no, but we will soon", words: "choice-models-soon" },
];

pub(super) static TRIAL: Flow = Flow {
    slug: "trial",
    fields: &[
        Field::new("name", Kind::Text, Group::Account).required().autocomplete("name"),
        Field::new("username", Kind::Username, Group::Account).required().autocomplete("username"),
        Field::new("email", Kind::Email, Group::Account).required().autocomplete("email"),
        Field::new("password", Kind::Password, Group::Account).required().autocomplete("new-password"),
        Field::new("jobTitle", Kind::Text, Group::Company).autocomplete("organization-title"),
        Field::new("companyName", Kind::Text, Group::Company).autocomplete("organization"),
        Field::new("companySize", Kind::Suggest(COMPANY_SIZES), Group::Company),
        Field::new("country", Kind::Country, Group::Company).autocomplete("country"),
        Field::new("stateOrProvince", Kind::Region, Group::Company).autocomplete("address-level1"),
        Field::new("organizationName", Kind::Text, Group::Project),
        Field::new("useCase", Kind::Suggest(USE_CASES), Group::Project),
        Field::new("userHasMLModelsInProduction", Kind::Choice(MODELS_IN_PRODUCTION), Group::Project),
        Field::new("privacyPolicy", Kind::Consent, Group::Project).required(),
    ],
    upstream_path: "/api-user-create-enterprise-trial",
    token_field: Some("turnstileResponse"),
    single_sign_on: false,
    insist_on_email_field: None,
    trial: true,
    user_id_field: "userId",
    business_email: true,
    words: &[
        (Language::English, include_str!("../../../templates/words/en/trial.ftl")),
        (Language::German, include_str!("../../../templates/words/de/trial.ftl")),
        (Language::French, include_str!("../../../templates/words/fr/trial.ftl")),
        (Language::Spanish, include_str!("../../../templates/words/es/trial.ftl")),
        (Language::Japanese, include_str!("../../../templates/words/ja/trial.ftl")),
        (Language::Arabic, include_str!("../../../templates/words/ar/trial.ftl")),
    ],
    sample: &[
        ("name", "Fred Flintstone"),
        ("username", "fred.flintstone"),
        ("email", "fred@flintstones.example"),
        ("password", "granite-quarry-whistle"),
        ("privacyPolicy", "on"),
        ("jobTitle", "Quarry engineer"),
        ("companyName", "Slate Rock and Gravel"),
        ("organizationName", "Slate Rock pilots"),
        ("companySize", "51-200"),
        ("country", "US"),
        ("stateOrProvince", "California"),
        ("useCase", "Industrial"),
        ("userHasMLModelsInProduction", "no, but we will soon"),
    ],
};

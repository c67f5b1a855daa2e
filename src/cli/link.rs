//! `signup-gateway link`: a campaign link, read back as the gateway would read it.

mod oddity;

use std::fmt;

use clap::Args;
use serde::Serialize;
use serde_json::Value as Json;

use self::oddity::Reading;
pub use self::oddity::{Oddity, Problem};
use crate::settings::{Settings, TenantSettings};
use crate::signup::{Flow, Link, flow};
use crate::upstream::payload;

/// Links longer than this are cut by some mail programs.
const MAX_LINK_CHARACTERS: usize = 2_000;

/// What a campaign link carries.
#[derive(Args, Default)]
pub struct LinkArguments {
    /// The flow's form: `pro`, `trial`; without one the plan chooser.
    #[arg(long)]
    flow: Option<String>,
    /// The tenant whose host the link names.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// Where the visitor comes from, such as `newsletter`.
    #[arg(long)]
    utm_source: Option<String>,
    /// By what medium, such as `email`.
    #[arg(long)]
    utm_medium: Option<String>,
    /// By which campaign.
    #[arg(long)]
    utm_campaign: Option<String>,
    /// By which search term.
    #[arg(long)]
    utm_term: Option<String>,
    /// By which advertisement.
    #[arg(long)]
    utm_content: Option<String>,
    /// Further parameters, as `name=value`; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// Where the studio sends the visitor: must be an allowed origin.
    #[arg(long)]
    redirect_origin: Option<String>,
    /// What the studio appends to its redirect, as a query string.
    #[arg(long)]
    redirect_query: Option<String>,
    /// The language of the page.
    #[arg(long)]
    lang: Option<String>,
    /// Prints one JSON object: `url`, `forwarded`, `warnings`.
    #[arg(long)]
    pub json: bool,
}

/// A campaign link, and what it would do.
#[derive(Debug, Serialize)]
pub struct CampaignLink {
    /// The link.
    pub url: String,
    /// What the upstream would get.
    pub forwarded: Json,
    /// What is odd about it.
    pub warnings: Vec<Oddity>,
}

/// Why no link can be built.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no such tenant.
    #[error("there is no tenant of this name; try one of: {0}")]
    Tenant(String),
    /// There is no such flow, or the tenant does not offer it.
    #[error("there is no flow of this name; try one of: {0}")]
    Flow(String),
}

impl fmt::Display for CampaignLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\nforwarded upstream:\n{:#}", self.url, self.forwarded)
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    if name.is_empty() { Err("must be NAME=VALUE") } else { Ok((name.to_owned(), value.to_owned())) }
}

impl LinkArguments {
    /// Builds the link and reads it back as the gateway would.
    ///
    /// # Errors
    /// [`LinkError`] when tenant or flow do not exist.
    pub fn build(&self, settings: &Settings, flows: &'static [&'static Flow]) -> Result<CampaignLink, LinkError> {
        let tenant = settings.tenants.iter().find(|tenant| tenant.id.as_str() == self.tenant).ok_or_else(|| {
            LinkError::Tenant(settings.tenants.iter().map(|tenant| tenant.id.as_str()).collect::<Vec<_>>().join(", "))
        })?;
        let flow = self.flow(tenant, flows)?;
        let path = flow.map_or_else(|| "/".to_owned(), |flow| format!("/signup/{}", flow.slug));
        let pairs = self.pairs();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let url = format!("{}{path}{}{query}", tenant.public_url, if query.is_empty() { "" } else { "?" });
        let link = Link::parse(&pairs, &settings.attribution, &tenant.redirect);
        let reading = Reading { settings, tenant, flow, pairs: &pairs, link: &link };
        let mut warnings: Vec<Oddity> = (0..pairs.len()).filter_map(|index| reading.oddity(index)).collect();
        if url.chars().count() > MAX_LINK_CHARACTERS {
            let message = format!("the link is longer than {MAX_LINK_CHARACTERS} characters: some programs cut it");
            warnings.push(Oddity { parameter: None, problem: Problem::TooLong, message });
        }
        let single_sign_on = flow.is_none_or(|flow| flow.single_sign_on);
        let forwarded = payload::of_link(&link, single_sign_on, settings.attribution.utm_format);
        Ok(CampaignLink { url, forwarded, warnings })
    }

    fn flow(
        &self,
        tenant: &TenantSettings,
        flows: &'static [&'static Flow],
    ) -> Result<Option<&'static Flow>, LinkError> {
        let offered = |flow: &&&'static Flow| tenant.flows.get(flow.slug).is_some_and(|settings| settings.enabled);
        let Some(slug) = &self.flow else { return Ok(None) };
        let found = flow::by_slug(flows, slug).filter(|flow| offered(&flow));
        let names = || flows.iter().filter(offered).map(|flow| flow.slug).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| LinkError::Flow(names()))
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let named = [
            ("utm_source", &self.utm_source),
            ("utm_medium", &self.utm_medium),
            ("utm_campaign", &self.utm_campaign),
            ("utm_term", &self.utm_term),
            ("utm_content", &self.utm_content),
            ("redirectUrlOrigin", &self.redirect_origin),
            ("redirectUrlQueryParams", &self.redirect_query),
            ("lang", &self.lang),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        named.chain(self.parameters.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::Sources;
    use crate::signup::flows::FLOWS;

    const SETTINGS: &[(&str, &str)] = &[
        ("SIGNUP__SERVER__PUBLIC_URL", "https://signup.example"),
        ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example"),
        ("SIGNUP__REDIRECT__ALLOWED_ORIGINS", "https://studio.example,https://eu.studio.example"),
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
        ("SIGNUP__TENANTS__ACME__FLOWS__PRO__ENABLED", "false"),
    ];

    fn build(arguments: LinkArguments) -> Result<CampaignLink, LinkError> {
        let sources = Sources::new(SETTINGS.iter().copied());
        let settings = Settings::load(&sources, FLOWS).unwrap_or_else(|problems| panic!("{problems}")).settings;
        let tenant = if arguments.tenant.is_empty() { "default".to_owned() } else { arguments.tenant };
        LinkArguments { tenant, ..arguments }.build(&settings, FLOWS)
    }

    fn with(parameters: &[(&str, &str)]) -> CampaignLink {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters = parameters.iter().map(owned).collect();
        build(LinkArguments { flow: Some("trial".to_owned()), parameters, ..LinkArguments::default() }).unwrap()
    }

    #[test]
    fn the_link_and_exactly_what_is_forwarded_are_shown() {
        let link = build(LinkArguments {
            flow: Some("pro".to_owned()),
            utm_source: Some("news & more".to_owned()),
            redirect_origin: Some("https://eu.studio.example".to_owned()),
            redirect_query: Some("plan=pro".to_owned()),
            parameters: vec![("gclid".to_owned(), "x1".to_owned())],
            lang: Some("de".to_owned()),
            ..LinkArguments::default()
        })
        .unwrap();
        assert_eq!(
            serde_json::to_value(&link).unwrap(),
            json!({
                "url": "https://signup.example/signup/pro?utm_source=news+%26+more\
                        &redirectUrlOrigin=https%3A%2F%2Feu.studio.example&redirectUrlQueryParams=plan%3Dpro\
                        &lang=de&gclid=x1",
                "forwarded": {
                    "redirectUrlOrigin": "https://eu.studio.example",
                    "redirectUrlQueryParams": "plan=pro&utm_source=news+%26+more&gclid=x1",
                    "utmParams": [{ "utm_source": "news & more" }, { "gclid": "x1" }],
                },
                "warnings": [],
            })
        );
        let text = link.to_string();
        assert!(
            text.starts_with("https://signup.example/signup/pro?") && text.contains("forwarded upstream:"),
            "{text}"
        );
    }

    #[test]
    fn each_oddity_is_named_with_its_parameter() {
        let (long, large) = ("x".repeat(501), "y".repeat(2_049));
        for (parameter, value, problem) in [
            ("foo", "1", Problem::Unknown),
            ("utm_source", long.as_str(), Problem::Cut),
            ("utm_source", "a\tb", Problem::Cut),
            ("utm_source", "", Problem::Unusable),
            ("utm_", "a", Problem::Unusable),
            ("redirectUrlOrigin", "https://evil.example", Problem::OriginNotAllowed),
            ("redirectUrlQueryParams", large.as_str(), Problem::TooLong),
            ("redirectUrlQueryParams", "a=\n", Problem::Unusable),
            ("lang", "tlh", Problem::Unusable),
            ("email", "a\0b", Problem::Unusable),
            ("activationCode", "c", Problem::Personal),
            ("sessionId", "s", Problem::Personal),
            ("identityProvider", "okta", Problem::Unusable),
            ("ctx", "sealed", Problem::Unusable),
        ] {
            let link = with(&[(parameter, value)]);
            let warning = link.warnings.first().unwrap_or_else(|| panic!("{parameter}={value}"));
            assert_eq!((warning.parameter.as_deref(), warning.problem), (Some(parameter), problem), "{warning}");
            assert!(warning.to_string().starts_with(parameter), "{warning}");
        }
        for (parameter, value) in [
            ("utm_anything", "a"),
            ("msclkid", "a"),
            ("redirectUrlOrigin", "https://EU.studio.example/"),
            ("redirectUrlQueryParams", "a=b"),
            ("lang", "ja"),
            ("name", "Ada"),
        ] {
            assert_eq!(with(&[(parameter, value)]).warnings, [], "{parameter}={value}");
        }
    }

    #[test]
    fn what_is_too_much_is_named_once_for_each_parameter() {
        let names: Vec<String> = (0..22).map(|number| format!("utm_{number}")).collect();
        let mut parameters: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a")).collect();
        parameters.push(("utm_3", "again"));
        let found: Vec<_> = with(&parameters).warnings.into_iter().map(|one| (one.parameter, one.problem)).collect();
        let of = |name: &str, problem| (Some(name.to_owned()), problem);
        let expected = [of("utm_20", Problem::TooMany), of("utm_21", Problem::TooMany), of("utm_3", Problem::Repeated)];
        assert_eq!(found, expected);

        let long = "z".repeat(490);
        let link = with(&["utm_a", "utm_b", "utm_c", "utm_d", "utm_e"].map(|name| (name, long.as_str())));
        assert_eq!(
            link.warnings.iter().map(|one| (one.parameter.as_deref(), one.problem)).collect::<Vec<_>>(),
            [(None, Problem::TooLong)]
        );
    }

    #[test]
    fn a_tenant_or_flow_that_is_not_there_is_refused_with_the_names_of_those_that_are() {
        let refused = |tenant: &str, flow: &str| {
            let (tenant, flow) = (tenant.to_owned(), Some(flow.to_owned()));
            build(LinkArguments { flow, tenant, ..LinkArguments::default() }).unwrap_err().to_string()
        };
        assert!(refused("nobody", "pro").ends_with("default, acme"));
        assert!(refused("default", "enterprise").ends_with("pro, trial"));
        assert!(refused("acme", "pro").ends_with(": trial"), "a disabled flow is none");
    }

    #[test]
    fn a_parameter_without_a_name_or_a_value_is_no_argument() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}

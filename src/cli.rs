//! The sub-commands (contract 1). They return what to print; only `main` prints and exits.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

use crate::domain::text::has_control;
use crate::settings::{Settings, TenantSettings, reachable};
use crate::signup::Link;
use crate::signup::link::PREFILLED;
use crate::signup::{Flow, flow};
use crate::upstream::payload;

/// A server-rendered sign-up gateway between marketing links and a studio's account API.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do; without one: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The sub-commands.
#[derive(Subcommand)]
pub enum Command {
    /// Serve visitors (the default).
    Serve,
    /// Read the configuration, print every problem, then what is in effect, secrets redacted.
    CheckConfig {
        /// Also ask the upstream, Turnstile and Redis.
        #[arg(long)]
        live: bool,
    },
    /// Ask the local instance whether it is ready: exit code 0 or 1.
    Healthcheck,
    /// Build a campaign link and show what would be forwarded.
    Link(Box<LinkArguments>),
    /// Serve only the sandbox, for a gateway that runs separately.
    #[cfg(feature = "sandbox")]
    Sandbox,
}

/// What a campaign link carries.
#[derive(Args)]
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
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Where the studio sends the visitor: must be an allowed origin.
    #[arg(long)]
    redirect_origin: Option<String>,
    /// What the studio appends to its redirect, as a query string.
    #[arg(long)]
    redirect_query: Option<String>,
    /// The language of the page.
    #[arg(long)]
    lang: Option<String>,
}

/// A campaign link, and what it would do.
pub struct CampaignLink {
    /// The link.
    pub url: String,
    /// What the upstream would get, as pretty JSON.
    pub forwarded: String,
    /// What is odd about it.
    pub warnings: Vec<String>,
}

/// Why no link can be built.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such tenant.
    #[error("there is no tenant of this name")]
    Tenant,
    /// There is no such flow, or the tenant does not offer it.
    #[error("there is no flow of this name; try one of: {0}")]
    Flow(String),
}

/// Links longer than this are cut by some mail programs.
const MAX_LINK_CHARACTERS: usize = 2_000;

impl LinkArguments {
    /// Builds the link and reads it back as the gateway would.
    ///
    /// # Errors
    /// [`LinkError`] when tenant or flow do not exist.
    pub fn build(&self, settings: &Settings, flows: &'static [&'static Flow]) -> Result<CampaignLink, LinkError> {
        let tenant =
            settings.tenants.iter().find(|tenant| tenant.id.as_str() == self.tenant).ok_or(LinkError::Tenant)?;
        let path = match &self.flow {
            None => "/".to_owned(),
            Some(slug) => {
                let known = flows.iter().any(|flow| flow.slug == slug)
                    && tenant.flows.get(slug.as_str()).is_some_and(|flow| flow.enabled);
                let names = || flows.iter().map(|flow| flow.slug).collect::<Vec<_>>().join(", ");
                if !known {
                    return Err(LinkError::Flow(names()));
                }
                format!("/signup/{slug}")
            }
        };
        let flow = self.flow.as_deref().and_then(|slug| flow::by_slug(flows, slug));
        let pairs = self.pairs();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let url = format!("{}{path}{}{query}", tenant.public_url, if query.is_empty() { "" } else { "?" });
        let link = Link::parse(&pairs, &settings.attribution, &tenant.redirect);
        let warnings = self.warnings(settings, tenant, &pairs, &url);
        let single_sign_on = flow.is_none_or(|flow| flow.single_sign_on);
        let forwarded = payload::of_link(&link, single_sign_on, settings.attribution.utm_format);
        Ok(CampaignLink { url, forwarded: format!("{forwarded:#}"), warnings })
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
        let further = self.parameters.iter().map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        named.chain(further.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    }

    fn warnings(
        &self,
        settings: &Settings,
        tenant: &TenantSettings,
        pairs: &[(String, String)],
        url: &str,
    ) -> Vec<String> {
        const OTHERS: [&str; 6] =
            ["redirectUrlOrigin", "redirectUrlQueryParams", "identityProvider", "activationCode", "lang", "ctx"];
        let mut warnings = Vec::new();
        for (name, value) in pairs {
            let known = settings.attribution.carries(name)
                || OTHERS.contains(&name.as_str())
                || PREFILLED.contains(&name.as_str());
            if !known {
                warnings.push(format!("{name} is not carried: it is neither utm_* nor in attribution.extra_params"));
            }
            if has_control(value) || value.chars().count() > crate::domain::attribution::MAX_VALUE_CODE_POINTS {
                warnings.push(format!("{name} is too long or has control characters, and is cut"));
            }
        }
        if self.redirect_origin.as_ref().is_some_and(|origin| tenant.redirect.requested(origin).is_err()) {
            warnings.push("the redirect origin is not in redirect.allowed_origins: the default is used".to_owned());
        }
        if url.chars().count() > MAX_LINK_CHARACTERS {
            warnings.push(format!("the link is longer than {MAX_LINK_CHARACTERS} characters: some programs cut it"));
        }
        warnings
    }
}

/// Asks the local instance whether it is ready.
///
/// # Errors
/// Why it is not, in words.
pub async fn healthcheck(admin: SocketAddr) -> Result<(), String> {
    let url = format!("http://{}/health/ready", reachable(admin));
    let clients = crate::http::Clients::new(std::time::Duration::from_secs(2)).map_err(|error| error.to_string())?;
    let answer = clients.pooled.get(url).timeout(std::time::Duration::from_secs(4)).send().await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("not ready: status {}", answer.status().as_u16())),
        Err(error) => Err(format!("no answer: {}", crate::error::chain(&error.without_url()))),
    }
}

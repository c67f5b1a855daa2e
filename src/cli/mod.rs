//! The sub-commands (contract 1). They return what to print; only `main` prints and exits.

mod link;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

pub use self::link::{CampaignLink, LinkArguments, LinkError, Oddity, Problem};
use crate::settings::reachable;

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

/// Asks the local instance whether it is ready.
///
/// # Errors
/// Why it is not, in words.
pub async fn healthcheck(admin: SocketAddr) -> Result<(), String> {
    let url = format!("http://{}/health/ready", reachable(admin));
    let clients = crate::http::Clients::new(std::time::Duration::from_secs(2), crate::settings::Http2::Off)
        .map_err(|error| error.to_string())?;
    let answer = clients.pooled.get(url).timeout(std::time::Duration::from_secs(4)).send().await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("not ready: status {}", answer.status().as_u16())),
        Err(error) => Err(format!("no answer: {}", crate::causes::chain(&error.without_url()))),
    }
}

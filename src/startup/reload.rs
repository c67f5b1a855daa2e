//! SIGHUP: new settings come into force as a whole, or not at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{build_tenants, in_force};
use crate::http::ClientError;
use crate::seal::{Keyring, SealError};
use crate::settings::{LogFormat, Settings};
use crate::state::AppState;

/// Puts new settings into force while an application serves.
pub struct Reloader {
    state: web::Data<AppState>,
    fixed: Fixed,
}

/// Why settings that are sound in themselves do not come into force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// No HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No key.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Reloader {
    pub(super) fn new(state: web::Data<AppState>, fixed: Fixed) -> Self {
        Self { state, fixed }
    }

    /// Replaces all that can be replaced, for requests that come from now on: tenants with their lists, destinations,
    /// neighbours and keys, limits and who is exempt from them, keys of our own, proxies, password rules, modes.
    /// Requests in flight end with what they began with. Forms stay, and so do budgets, which begin anew under another
    /// `server.secret_key` alone: clients and addresses are counted by keyed hashes.
    ///
    /// Returns the keys that differ and wait for a restart.
    ///
    /// # Errors
    /// [`ReloadError`]; everything stays as it was then.
    pub fn reload(&self, settings: Settings) -> Result<Vec<&'static str>, ReloadError> {
        let fixed = Fixed::of(&settings);
        let keyring = self.keyring(&settings, fixed.has_random_key)?;
        let before = self.state.in_force.load_full();
        let tenants = build_tenants(&settings, self.state.flows, &self.state.funnel, Some(&before.tenants))?;
        // From here on nothing fails.
        let store = Arc::new(self.state.store.under((&settings.rate_limit).into()));
        self.state.in_force.store(Arc::new(in_force(settings, tenants, keyring, store)));
        Ok(self.fixed.differences(&fixed))
    }

    /// A key that development made up lives as long as the process, or every reload would spoil the forms that are open.
    fn keyring(&self, settings: &Settings, has_random_key: bool) -> Result<Arc<Keyring>, SealError> {
        if has_random_key && self.fixed.has_random_key {
            return Ok(Arc::clone(&self.state.in_force.load().keyring));
        }
        Keyring::new(&settings.server.secret_keys).map(Arc::new)
    }
}

/// What is bound, connected or begun once for the life of the process.
#[derive(Clone)]
pub(super) struct Fixed {
    bind: SocketAddr,
    admin_bind: SocketAddr,
    lame_duck: Duration,
    drain_timeout: Duration,
    body_limit: usize,
    redis_url: Option<SecretString>,
    log_format: LogFormat,
    otlp_endpoint: Option<Url>,
    sandbox: Option<SocketAddr>,
    has_random_key: bool,
}

impl Fixed {
    pub(super) fn of(settings: &Settings) -> Self {
        let Settings { server, telemetry, .. } = settings;
        Self {
            bind: server.bind,
            admin_bind: server.admin_bind,
            lame_duck: server.lame_duck,
            drain_timeout: server.drain_timeout,
            body_limit: server.body_limit,
            redis_url: settings.rate_limit.redis_url.clone(),
            log_format: telemetry.log_format,
            otlp_endpoint: telemetry.otlp_endpoint.clone(),
            sandbox: settings.sandbox,
            has_random_key: server.has_random_key,
        }
    }

    /// The keys in which the other differs.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let url = |fixed: &Self| fixed.redis_url.as_ref().map(|url| url.expose_secret().to_owned());
        [
            ("server.bind", self.bind != other.bind),
            ("server.admin_bind", self.admin_bind != other.admin_bind),
            ("server.lame_duck", self.lame_duck != other.lame_duck),
            ("server.drain_timeout", self.drain_timeout != other.drain_timeout),
            ("server.body_limit", self.body_limit != other.body_limit),
            ("rate_limit.backend", self.redis_url.is_some() != other.redis_url.is_some()),
            ("rate_limit.redis_url", url(self) != url(other)),
            ("telemetry.log_format", self.log_format != other.log_format),
            ("telemetry.otlp_endpoint", self.otlp_endpoint != other.otlp_endpoint),
            ("sandbox.bind", self.sandbox != other.sandbox),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
        .collect()
    }
}

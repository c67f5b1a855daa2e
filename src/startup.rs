//! The composition root: settings become a running application, and a running application ends in good order.

mod reload;
mod run;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use arc_swap::ArcSwap;
use metrics::{Counter, counter, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use secrecy::ExposeSecret as _;
use tokio_util::task::TaskTracker;

use self::reload::Fixed;
pub use self::reload::{ReloadError, Reloader};
use crate::domain::attribution::UtmFormat;
use crate::domain::password;
use crate::domain::tenant::TenantId;
use crate::funnel::{Funnel, Series};
use crate::guard::limits::Limits;
use crate::guard::turnstile::Siteverify;
use crate::guard::{Challenge, Guard};
use crate::http::{ClientError, Clients};
use crate::listener::{self, Limits as ListenerLimits};
use crate::routes;
use crate::seal::{Keyring, SealError};
use crate::settings::{Http2, RateLimit, Settings, TenantSettings};
use crate::signup::Flow;
use crate::state::{AppState, InForce, Readiness, Tenant, Tenants};
use crate::store::{RedisUnavailable, Scopes, Store};
use crate::telemetry;
use crate::upstream::{Studio, StudioParts};
use crate::web::pages::Stencils;
use crate::web::security_headers::SecurityHeaders;
use crate::web::words::{Catalogue, CatalogueError, Consents};
use crate::web::{assets, status};

/// Bound listeners and everything behind them, not yet serving.
pub struct Application {
    state: web::Data<AppState>,
    public: Server,
    admin: Server,
    public_address: SocketAddr,
    admin_address: SocketAddr,
    lame_duck: Duration,
    drain_timeout: Duration,
    fixed: Fixed,
    #[cfg(feature = "sandbox")]
    sandbox: Option<Server>,
}

/// Why the application does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// An address is taken or not ours.
    #[error("cannot listen on {address}: is another instance running?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A catalogue of words is broken.
    #[error("the words cannot be read")]
    Words(#[from] CatalogueError),
    /// No HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The Redis URL cannot be read.
    #[error("rate_limit.redis_url cannot be used")]
    Redis(#[from] RedisUnavailable),
    /// No key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No metrics.
    #[error("the metrics registry cannot be set up")]
    Metrics(#[from] BuildError),
}

impl Application {
    /// Binds every listener and makes everything behind them.
    ///
    /// # Errors
    /// [`StartupError`] names the first thing that fails.
    pub fn build(settings: Settings, flows: &'static [&'static Flow]) -> Result<Self, StartupError> {
        let registry = telemetry::metrics()?;
        let (bind, admin_bind) = (settings.server.bind, settings.server.admin_bind);
        let (lame_duck, drain_timeout) = (settings.server.lame_duck, settings.server.drain_timeout);
        let fixed = Fixed::of(&settings);
        #[cfg(feature = "sandbox")]
        let sandbox = settings.sandbox.map(|address| serve_sandbox(&settings, address)).transpose()?;
        let state = web::Data::new(state(settings, flows)?);
        let (public, public_address) =
            serve_visitors(&state, bind, ListenerLimits { drain: drain_timeout, body: state.body_limit })?;
        let (admin, admin_address) = serve_operators(&state, registry, admin_bind)?;
        Ok(Self {
            state,
            public,
            admin,
            public_address,
            admin_address,
            lame_duck,
            drain_timeout,
            fixed,
            #[cfg(feature = "sandbox")]
            sandbox,
        })
    }

    /// Where visitors are served.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public_address
    }

    /// Where operators are.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Puts new settings into force while this application serves.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader::new(self.state.clone(), self.fixed.clone())
    }

    /// What the handlers use: for tests.
    #[must_use]
    pub fn state(&self) -> web::Data<AppState> {
        self.state.clone()
    }
}

fn serve_visitors(
    state: &web::Data<AppState>,
    address: SocketAddr,
    limits: ListenerLimits,
) -> Result<(Server, SocketAddr), StartupError> {
    let shared = state.clone();
    listener::serve(address, limits, move || {
        // On each worker's own thread.
        shared.store.connect();
        routes::public_app(shared.clone())
    })
    .map_err(|source| StartupError::Listen { address, source })
}

fn serve_operators(
    state: &web::Data<AppState>,
    registry: &'static PrometheusHandle,
    address: SocketAddr,
) -> Result<(Server, SocketAddr), StartupError> {
    let shared = state.clone();
    let registry = web::Data::new(registry.clone());
    let server = HttpServer::new(move || routes::admin_app(shared.clone(), registry.clone()))
        .workers(1)
        .disable_signals()
        .bind(address)
        .map_err(|source| StartupError::Listen { address, source })?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), bound))
}

#[cfg(feature = "sandbox")]
fn serve_sandbox(settings: &Settings, address: SocketAddr) -> Result<Server, StartupError> {
    let listen = |source| StartupError::Listen { address, source };
    let sandbox = crate::sandbox::Sandbox::bind(address).map_err(listen)?;
    let gateway = settings.tenants.first().map_or("", |tenant| tenant.public_url.as_str());
    sandbox.with_gateway(gateway).run().map_err(listen)
}

fn state(settings: Settings, flows: &'static [&'static Flow]) -> Result<AppState, StartupError> {
    let store = Arc::new(store(&settings.rate_limit)?);
    let keyring = Arc::new(Keyring::new(&settings.server.secret_keys)?);
    let funnel = Funnel::default();
    let tenants = build_tenants(&settings, flows, &funnel, None)?;
    let body_limit = settings.server.body_limit;
    Ok(AppState {
        flows,
        catalogue: Catalogue::build(flows)?,
        in_force: ArcSwap::from_pointee(in_force(settings, tenants, keyring, Arc::clone(&store))),
        store,
        funnel,
        body_limit,
        readiness: Readiness::default(),
        in_flight: gauge!("http_requests_in_flight"),
        attempts: TaskTracker::new(),
        accounts: status::cache(),
        started: Instant::now(),
        warned_minute: AtomicU64::new(0),
    })
}

/// What is made of settings, and replaced as a whole by a reload.
fn in_force(settings: Settings, tenants: Tenants, keyring: Arc<Keyring>, store: Arc<Store>) -> InForce {
    let RateLimit { ipv6_prefix, exempt, mode, .. } = settings.rate_limit;
    let limits = Limits::new(Arc::clone(&store), Arc::clone(&keyring), ipv6_prefix, exempt, mode);
    password::warm_up(&settings.password);
    InForce {
        tenants,
        guard: Guard::new(limits, store, Arc::clone(&keyring), settings.honeypot_mode),
        keyring,
        password: settings.password,
        attribution: settings.attribution,
        trusted_proxies: settings.server.trusted_proxies,
        client_ip_header: settings.server.client_ip_header,
    }
}

fn store(limits: &RateLimit) -> Result<Store, RedisUnavailable> {
    let scopes = limits.into();
    match &limits.redis_url {
        Some(url) => Store::redis(scopes, url.expose_secret(), limits.redis_patience),
        None => Ok(Store::memory(scopes)),
    }
}

impl From<&RateLimit> for Scopes {
    fn from(limits: &RateLimit) -> Self {
        Self { client: limits.client, email: limits.email, outage: limits.outage, pages: limits.pages }
    }
}

/// Clients are shared by all tenants that connect with the same patience. Circuits go on from the tenants before.
fn build_tenants(
    settings: &Settings,
    flows: &'static [&'static Flow],
    funnel: &Funnel,
    before: Option<&Tenants>,
) -> Result<Tenants, ClientError> {
    let mut shared = Shared { flows, utm_format: settings.attribution.utm_format, clients: HashMap::new() };
    let build = |tenant: &TenantSettings| {
        let funnel = flows.iter().map(|flow| (flow.slug, funnel.series(&tenant.id, flow))).collect();
        let replaced = before.and_then(|tenants| tenants.iter().find(|one| one.settings.id == tenant.id));
        shared.tenant(tenant.clone(), funnel, replaced.map(|one| &one.studio)).map(Arc::new)
    };
    let all = settings.tenants.iter().map(build).collect::<Result<Vec<_>, _>>()?;
    Ok(Tenants::new(all, settings.server.strict_hosts))
}

/// What the tenants of a process have in common.
struct Shared {
    flows: &'static [&'static Flow],
    utm_format: UtmFormat,
    /// By how long they wait for a connection, and what they speak.
    clients: HashMap<(Duration, Http2), Clients>,
}

impl Shared {
    fn clients(&mut self, patience: Duration, http2: Http2) -> Result<Clients, ClientError> {
        if let Some(clients) = self.clients.get(&(patience, http2)) {
            return Ok(clients.clone());
        }
        Ok(self.clients.entry((patience, http2)).or_insert(Clients::new(patience, http2)?).clone())
    }

    fn tenant(
        &mut self,
        settings: TenantSettings,
        funnel: HashMap<&'static str, Arc<Series>>,
        replaced: Option<&Studio>,
    ) -> Result<Tenant, ClientError> {
        let (patience, http2) = (settings.upstream.connect_budget(), settings.upstream.http2);
        let clients = self.clients(patience, http2)?;
        let turnstile = &settings.turnstile;
        let siteverify = turnstile.secret_key.clone().map(|secret| {
            let (url, hostnames) = (turnstile.siteverify_url.clone(), turnstile.hostnames.clone());
            Siteverify::new(clients.pooled.clone(), url, secret, hostnames, turnstile.timeout)
        });
        let challenge = Challenge { siteverify, on_outage: turnstile.on_outage, mode: turnstile.mode };
        let redirect = &settings.redirect;
        let targets = redirect.return_origins.iter().chain(&redirect.hop_origins);
        let headers = SecurityHeaders::new(&settings.public_url, &turnstile.script_url, targets);
        let studio = Studio::new(StudioParts {
            clients,
            upstream: settings.upstream.clone(),
            utm_format: self.utm_format,
            redirect: redirect.clone(),
            organization_id: settings.organization_id,
        });
        let studio = match replaced {
            Some(before) => studio.in_place_of(before),
            None => studio,
        };
        Ok(Tenant {
            page_budget: settings.page_budget(),
            stencils: Stencils::new(self.flows),
            consents: Consents::default(),
            views: self.flows.iter().map(|flow| (flow.slug, views(flow, &settings.id))).collect(),
            logo_href: settings.brand.logo.as_ref().map(assets::logo_href),
            studio,
            challenge,
            headers,
            funnel,
            settings,
        })
    }
}

/// Found once: looking a counter up by its labels takes longer than counting.
fn views(flow: &Flow, tenant: &TenantId) -> Counter {
    counter!("signup_form_views_total", "flow" => flow.slug, "tenant" => tenant.to_string())
}

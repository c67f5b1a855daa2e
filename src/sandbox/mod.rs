//! A stand-in studio and a stand-in Cloudflare Turnstile, on loopback, for development, demos and browser tests.
//!
//! The studio answers the operations the gateway uses as the real one does: same paths, same shapes, refusals as
//! `success: false` under status 200. It differs in one thing: the page it sends a new account to shows exactly what it
//! received. Turnstile is a script that draws a challenge and a siteverify that knows Cloudflare's test keys.
//!
//! Every answer that is hard to come by has a word that brings it about: [`MAGIC_USERNAMES`], [`USERS`],
//! [`ACTIVATION_CODES`], [`MAGIC_MAILBOXES`]. `GET /` lists them all.
//!
//! Nothing leaves memory, and memory is bounded. The module knows nothing of the gateway: what it says about the
//! studio's schema is its own reading of it, so that a misreading on one side shows.
//!
//! - `magic`, `fault`: the words, and the answers they bring about
//! - `schema`: what a creation must hold
//! - `memory`: accounts and receipts
//! - `create`, `account`, `user`: the studio's API
//! - `welcome`, `pages`: what a browser sees
//! - `turnstile`: script, tokens, siteverify

mod account;
mod create;
mod fault;
mod magic;
mod memory;
mod pages;
mod schema;
#[cfg(test)]
mod tests;
mod turnstile;
mod user;
mod welcome;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::Mutex,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    web::{self, Data, ServiceConfig},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

pub use magic::{ACTIVATION_CODES, ActivationCode, KnownUser, MAGIC_MAILBOXES, MAGIC_USERNAMES, Magic, Mailbox, USERS};
pub use turnstile::{SECRET_KEYS, SITE_KEYS, TestKey};

/// Where "back to the sign-up" leads when the browser does not say where it came from.
const DEFAULT_GATEWAY: &str = "http://localhost:8080";

/// How long a stop waits for answers under way. Short: a magic answer may take half a minute.
const SHUTDOWN_SECONDS: u64 = 1;

/// A bound, not yet serving sandbox.
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    gateway: String,
}

impl Sandbox {
    /// Binds the address; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// The address is in use or not ours.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, gateway: DEFAULT_GATEWAY.to_owned() })
    }

    /// The gateway's public origin, for the links back to it. A browser that sends `Referer` needs no such hint.
    #[must_use]
    pub fn with_gateway(mut self, origin: &str) -> Self {
        origin.trim_end_matches('/').clone_into(&mut self.gateway);
        self
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server, to be awaited or spawned by the caller. One worker; signals are the caller's business.
    ///
    /// # Errors
    ///
    /// The listener cannot be handed to the server.
    pub fn run(self) -> io::Result<Server> {
        let studio = Data::new(Studio::new(urls(self.address).origin, self.gateway));
        let server = HttpServer::new(move || App::new().app_data(studio.clone()).configure(routes))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .listen(self.listener)?
            .run();
        Ok(server)
    }
}

/// The addresses a gateway needs to use a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Base of the studio's operations, for `upstream.base_url`: `http://127.0.0.1:8081/v1`.
    pub upstream: String,
    /// For `turnstile.siteverify_url`.
    pub siteverify: String,
    /// For `turnstile.script_url`.
    pub script: String,
    /// Where new accounts are sent, for `redirect.default_origin`: `http://127.0.0.1:8081`.
    pub origin: String,
}

/// The addresses of a sandbox listening at `address`. An unspecified address is reached over loopback.
#[must_use]
pub fn urls(address: SocketAddr) -> Urls {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let origin = format!("http://{}", SocketAddr::new(ip, address.port()));
    Urls {
        upstream: format!("{origin}/v1"),
        siteverify: format!("{origin}/turnstile/v0/siteverify"),
        script: format!("{origin}/turnstile/v0/api.js"),
        origin,
    }
}

/// What the handlers share.
struct Studio {
    origin: String,
    gateway: String,
    memory: Mutex<memory::Memory>,
    ledger: Mutex<turnstile::Ledger>,
}

impl Studio {
    fn new(origin: String, gateway: String) -> Self {
        Self { origin, gateway, memory: Mutex::default(), ledger: Mutex::default() }
    }
}

/// Every path of the sandbox.
fn routes(app: &mut ServiceConfig) {
    app.route("/", web::get().to(welcome::index))
        .route("/sandbox.css", web::get().to(welcome::stylesheet))
        .route("/favicon.ico", web::get().to(HttpResponse::NoContent))
        .route("/studio/welcome/{receipt}", web::get().to(welcome::show))
        .route("/studio/welcome/{receipt}/{change}", web::post().to(welcome::change))
        .route("/turnstile/v0/api.js", web::get().to(turnstile::script))
        .route("/turnstile/v0/siteverify", web::post().to(turnstile::siteverify))
        .route("/turnstile/token", web::get().to(turnstile::token))
        .route("/v1/api-health", web::get().to(account::health))
        .route("/v1/api-create-pro-user", web::post().to(create::pro))
        .route("/v1/api-user-create-enterprise-trial", web::post().to(create::trial))
        .route("/v1/api/users/{user}", web::get().to(account::by_id))
        .route("/v1/api/organizations/{organization}/whitelabel/users/{user}", web::get().to(account::of_white_label))
        .route("/v1/api/user/by-third-party-activation-code", web::post().to(account::by_activation_code))
        .route("/v1/api/emails/validate", web::post().to(account::validate_email))
        .default_service(web::to(welcome::not_found));
}

/// An id nobody guesses: 128 random bits, URL-safe.
fn random_id() -> Result<String, actix_web::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

//! A visitor, from the first day with tenant and language.

use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use metrics::counter;

use super::context::Context;
use super::link_secrets::{self, Found};
use crate::domain::client::ClientAddress;
use crate::domain::language::Language;
use crate::error::AppError;
use crate::signup::link::{self, first};
use crate::signup::{Link, LinkSecrets};
use crate::state::{AppState, InForce, Tenant};
use crate::trace_context;
use crate::upstream::Trace;

/// Who came, to which tenant, by which link. Owned, so that an attempt can outlive the request.
pub struct Visitor {
    /// The settings that were in force when the visitor came.
    pub in_force: Arc<InForce>,
    /// The tenant whose host was asked.
    pub tenant: Arc<Tenant>,
    /// The language of the answer.
    pub language: Language,
    /// The visitor's address.
    pub client: ClientAddress,
    /// The decoded query string.
    pub query: Arc<[(String, String)]>,
    /// What goes along with calls made for this visitor.
    pub trace: Trace,
}

impl Visitor {
    /// Finds out who came.
    ///
    /// # Errors
    /// [`AppError::NoClientAddress`] when the socket has none: without an address nothing can be limited.
    pub fn of(request: &HttpRequest, context: &Context) -> Result<Self, AppError> {
        let client = client_address(request, &context.state, &context.in_force)?;
        Ok(Self {
            in_force: Arc::clone(&context.in_force),
            tenant: Arc::clone(&context.tenant),
            language: context.language,
            client,
            query: Arc::clone(&context.query),
            trace: Trace {
                request_id: context.request_id.clone(),
                context: trace_context::continued(request.headers())?,
                client,
            },
        })
    }

    /// What the link says, with secrets that came sealed.
    #[must_use]
    pub fn link(&self, secrets: LinkSecrets) -> Link {
        let mut link = Link::parse(&self.query, &self.in_force.attribution, &self.tenant.settings.redirect);
        link.secrets = LinkSecrets { identity_provider: link.secrets.identity_provider.take(), ..secrets };
        link
    }

    /// How many parameters of the link are dropped, cut or not allowed.
    #[must_use]
    pub fn odd_parameters(&self) -> usize {
        link::odd_parameters(&self.query, &self.in_force.attribution, &self.tenant.settings.redirect)
    }

    /// The secrets that `ctx` stands for, in the link or in the form; `None` when there is one that does not open.
    #[must_use]
    pub fn secrets(&self, sealed: &str, found: Found) -> Option<LinkSecrets> {
        if sealed.is_empty() {
            return Some(LinkSecrets::default());
        }
        link_secrets::open(sealed, found, &self.in_force.keyring, &self.tenant.settings.id, SystemTime::now())
    }

    /// The sealed secrets of the link, if it carries any.
    #[must_use]
    pub fn sealed(&self) -> &str {
        first(&self.query, link_secrets::PARAMETER).unwrap_or_default()
    }
}

fn client_address(request: &HttpRequest, state: &AppState, in_force: &InForce) -> Result<ClientAddress, AppError> {
    let peer = request.peer_addr().ok_or(AppError::NoClientAddress)?.ip();
    let lines: Vec<&[u8]> = request
        .headers()
        .get_all(in_force.client_ip_header.name())
        .map(actix_web::http::header::HeaderValue::as_bytes)
        .collect();
    let resolved =
        ClientAddress::resolve(peer, in_force.client_ip_header, lines.into_iter(), &in_force.trusted_proxies);
    if resolved.header_ignored {
        counter!("signup_forwarding_ignored_total").increment(1);
        state.warn_untrusted_proxy(ClientAddress::new(peer), in_force.client_ip_header);
    }
    Ok(resolved.address)
}

/// The context and the visitor of a request, for handlers of pages.
pub struct Guest {
    /// What the middleware knows.
    pub context: Rc<Context>,
    /// Who came.
    pub visitor: Visitor,
}

impl FromRequest for Guest {
    type Error = AppError;
    type Future = std::future::Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let guest = Context::of(request).and_then(|context| {
            let visitor = Visitor::of(request, &context)?;
            Ok(Self { context, visitor })
        });
        std::future::ready(guest)
    }
}

//! A signup gateway: a server-rendered web service between a company's marketing links and its studio's account API.
//!
//! This page is the architecture. Read it first, then the modules in the order below.
//!
//! # The one idea
//!
//! Each step of a sign-up returns a type that only that step can make, so a skipped or doubled step does not compile:
//!
//! ```text
//! request
//!   │ web      Visitor (tenant, language, client, link)  +  RawForm
//!   ▼
//! guard::Guard::admit  ->  Attempt       client's limit, signed form, claim     429 / 422 / 504, or the stored answer
//!   ▼
//! signup::Submission::parse              pure, all fields at once               422, the page again, values kept
//!   ▼
//! guard::Guard::clear  ->  Cleared       Turnstile last, then the e-mail's limit          422 / 503 / 429
//!   ▼
//! upstream::Studio::create  ->  Created  at most once                           422 / 502 / 503 / 504
//!   ▼
//! 303 See Other
//! ```
//!
//! [`guard::Cleared`] owns its submission, is not `Clone`, can be made by [`guard`] alone and is consumed by
//! [`upstream::Studio::create`]. The whole POST is [`web::attempt`]: it runs apart from its connection, so that a double
//! click or a closed laptop neither loses an account nor makes a second one. A form that only changes its language or its
//! plan is drawn again, and gets no further.
//!
//! **A flow is data, a kind of input is code.** [`signup::flows::FLOWS`] is a table of [`signup::Flow`] constants. Route,
//! page, parsing, redisplay, JSON, limits, challenge, metrics and most tests iterate over it. A further flow is one new
//! file in `signup/flows` and two lines in the table. A new kind of input is one variant of [`signup::Kind`], and the
//! compiler lists the three matches to extend: `signup::submission`, `web::pages` and `upstream::payload`.
//!
//! # At most one account per form
//!
//! Each rendered form carries a signed submission id. [`store::Store`] keeps what became of it, in Redis for all replicas
//! or in memory: `claimed` (a lease, expires to free) → `sending` (set before the first byte goes upstream, expires to
//! unknown) → settled with a sealed answer, unknown for good, or free again. A creation is retried only while nothing was
//! sent, and uses no idle HTTP/1 connection, because a stale one cannot be told from a lost answer. A studio that agrees to
//! HTTP/2 gets creations over shared connections ([`http::SharedConnections`]).
//!
//! # Threads
//!
//! Each worker serves its connections from the first byte to the last: an attempt stays on the thread that has its
//! connection, asks Redis over that thread's own, and reads its neighbours' answers there. Nothing a visitor waits for is
//! handed from one thread to another, but for names, and for the pooled connections that some worker began: if that one
//! ends first, as when it drains, what is under way on them fails, and siteverify is asked again. Creations share none but
//! their own worker's.
//! A connection counts as open until its attempts have ended, so that a worker which drains does not end before them
//! ([`listener`]). The runtime of the process has what outlives visitors: signals, reload, sweeps, the watch over Redis, and
//! what it is told again.
//!
//! # Modules, in reading order
//!
//! | module | what it is |
//! | --- | --- |
//! | [`domain`] | values: text, e-mail, username, password, attribution, origins, addresses, tenant |
//! | [`signup`] | what a sign-up is: fields, flows, form, link, the parse |
//! | [`seal`] | what we hand out and want back unchanged: sealed or signed, one key a purpose |
//! | [`step`] | the steps of a sign-up as spans, for traces |
//! | [`trace_context`] | the trace a caller began, or a new one |
//! | [`causes`] | an error and what caused it in one line |
//! | [`store`] | what replicas share: budgets and forms, in memory or Redis |
//! | [`guard`] | may it go on: limits, submission id, pass, Turnstile |
//! | [`funnel`] | how far visitors came, counted by this process |
//! | [`http`] | the HTTP clients, and the addresses they know |
//! | [`upstream`] | the studio's API: create, e-mail check, accounts, circuit breaker |
//! | [`web`] | actix and askama: visitor, attempt, refusals, pages, headers |
//! | [`error`] | failures without a page of their own, and their public face |
//! | [`state`] | what a handler may use |
//! | [`routes`] | every path, method and middleware on one screen |
//! | [`listener`] | the visitors' sockets, with deadlines, open until their attempts end |
//! | [`startup`] | the composition root: build, serve, drain, reload |
//! | [`settings`] | layers of configuration become typed settings, or a list of every problem |
//! | [`telemetry`] | log lines and their level, root span, traces, metrics registry |
//! | [`cli`], [`live`] | the sub-commands; `main` alone prints and exits |
//! | `sandbox` | a stand-in studio and Turnstile for development (cargo feature, not in the image) |
//!
//! Imports point one way: `main` → `startup` → `routes` → `web` → `upstream` → `guard` → `signup` → `domain`; `http`,
//! `seal`, `store`, `telemetry` and the plain data of `settings` beside them. `state` and `web` know each other: handlers
//! use the state, and the state holds what pages are prepared from.
//!
//! # Invariants
//!
//! - `domain` and `signup` know no HTTP, no time, no I/O; their tests are synchronous.
//! - Only `http` builds a `reqwest::Client`; only `settings` reads the environment; only `main`
//!   exits; only `store` knows Redis. `.clippy.toml` bans the ways around.
//! - A URL from the browser ([`domain::origins::WebOrigin`]) and one from the upstream ([`domain::origins::ReturnUrl`])
//!   are different types, compared as parsed origins, never as strings.
//! - No type that holds personal data or a secret derives `Debug`.
//! - Only [`error`] and [`web::refusal`] choose the failure statuses of pages; the words for them live in
//!   `templates/words`.
//! - The host a request is for is its `Host` header alone; the tenant is picked once, in [`web::context`].
//! - Fail closed: no client address, no Turnstile answer, no allowed destination → refuse; each such choice has a test
//!   whose name says `refuses`.

pub mod causes;
pub mod cli;
pub mod domain;
pub mod error;
pub mod funnel;
pub mod guard;
pub mod http;
pub mod listener;
pub mod live;
pub mod routes;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod seal;
pub mod settings;
pub mod signup;
pub mod startup;
pub mod state;
pub mod step;
pub mod store;
pub mod telemetry;
pub mod trace_context;
pub mod upstream;
pub mod web;

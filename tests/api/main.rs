//! Tests from the outside: the real application on real sockets, with neighbours that do as they are told.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests stop at the first surprise, and their helpers are for them alone"
)]

mod helpers;

mod account_wire;
mod accounts;
mod at_most_once;
mod attribution;
mod body;
mod check_live;
mod correction;
mod cross_site;
mod deployment;
mod form_rules;
mod funnel;
mod health;
mod hosts;
mod http2;
mod language_switch;
mod languages;
mod limits;
mod link_secrets;
mod log_fields;
mod other_plan;
mod pages;
mod panics;
mod pass;
mod payload;
mod prefill;
mod privacy;
mod process;
mod raw_http;
mod reload;
mod security_headers;
mod shutdown;
mod sign_up;
mod slow_clients;
mod statics;
mod status;
mod store_faults;
mod store_outage;
mod tenants;
mod turnstile;
mod turnstile_faults;
mod upstream_answers;
mod upstream_faults;

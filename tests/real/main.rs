//! Gateways as processes of their own, sharing a real Redis that dies, stalls and comes back.

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

mod exposition;
#[path = "../api/helpers/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with `tests/api`, which uses the rest")]
mod helpers;
mod process;
mod prometheus;
mod tls_front;

mod at_most_once;
mod balancer;
mod check_live;
mod http2;
mod limits;
mod metrics;
mod outage;
mod reload;
mod soak;
mod traces;

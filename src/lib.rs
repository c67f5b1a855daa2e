//! x
pub mod cli;
pub mod domain;
pub mod error;
pub mod guard;
pub mod http;
pub mod live;
pub mod routes;
pub mod sandbox;
pub mod seal;
pub mod settings;
pub mod signup;
pub mod startup;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod upstream;
pub mod web;

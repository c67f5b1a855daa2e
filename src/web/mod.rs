//! actix and pages: requests become [`visitor::Visitor`]s and forms, outcomes become answers.

pub mod assets;
pub mod attempt;
pub mod context;
pub mod cross_site;
pub mod form_body;
pub mod health;
pub mod host;
pub mod link_secrets;
pub mod operators;
pub mod pages;
pub mod prefill;
pub mod refusal;
pub mod said;
pub mod security_headers;
pub mod shared_refusal;
mod sheet;
pub mod signup;
pub mod statics;
pub mod status;
pub mod visitor;
pub mod words;

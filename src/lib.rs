//! x
pub mod domain;
pub mod settings;
pub mod signup;

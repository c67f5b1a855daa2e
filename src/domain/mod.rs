//! Values a sign-up is made of: each is built by one fallible constructor, so holding one is proof that it is valid.
//!
//! Nothing here knows HTTP, time or I/O, and nothing that holds personal data derives `Debug`.

pub mod attribution;
pub mod client;
pub mod country;
pub mod email;
pub mod email_policy;
pub mod email_typo;
pub mod language;
pub mod origins;
pub mod password;
pub mod policy;
pub mod tenant;
pub mod text;
pub mod username;

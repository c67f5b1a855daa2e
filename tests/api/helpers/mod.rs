//! The application under test, its programmable neighbours, and what a browser would make of its pages.

pub mod app;
pub mod form;
pub mod log;
pub mod neighbour;
pub mod page;
pub mod workshop;

pub use app::TestApp;
pub use form::{assert_kept, roomy};
pub use neighbour::{Neighbour, Received, Reply};
pub use page::Page;
pub use workshop::FLOWS;

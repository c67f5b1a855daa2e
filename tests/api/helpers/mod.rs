//! The application under test, its programmable neighbours, and what a browser would make of its pages.

pub mod app;
pub mod faults;
pub mod form;
pub mod http2;
pub mod log;
pub mod neighbour;
pub mod page;
pub mod raw;
pub mod resp;
pub mod returned;
pub mod workshop;

pub use app::TestApp;
pub use neighbour::{Neighbour, Received, Reply};
pub use page::Page;
pub use returned::{assert_kept, roomy};
pub use workshop::FLOWS;

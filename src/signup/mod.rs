//! What a sign-up is: flows as data over one mechanism, and the parse that turns a raw form into a [`Submission`].
//!
//! Pure: no HTTP, no time, no I/O.

pub mod field;
pub mod flow;
pub mod flows;
pub mod form;
pub mod link;
pub mod submission;

pub use field::{Field, Group, Kind, Problem};
pub use flow::Flow;
pub use form::RawForm;
pub use link::{Link, LinkSecrets, Prefilled};
pub use submission::{FieldErrors, Rules, Submission, Value};

//! An error and what caused it, for the log.

use std::fmt::Display;

/// A source chain in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> impl Display {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

//! Values to go on with after a problem.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use super::values::Bytes;
use crate::domain::origins::WebOrigin;

/// A harmless value to go on with after a problem, so that the rest is checked too. It never reaches the outside.
pub(super) trait Placeholder {
    /// The value.
    fn placeholder() -> Self;
}

impl<T> Placeholder for Option<T> {
    fn placeholder() -> Self {
        None
    }
}

impl<T> Placeholder for Vec<T> {
    fn placeholder() -> Self {
        Self::new()
    }
}

impl Placeholder for bool {
    fn placeholder() -> Self {
        false
    }
}

impl Placeholder for u64 {
    fn placeholder() -> Self {
        1
    }
}

impl Placeholder for String {
    fn placeholder() -> Self {
        Self::new()
    }
}

impl Placeholder for Duration {
    fn placeholder() -> Self {
        Self::from_secs(1)
    }
}

impl Placeholder for Bytes {
    fn placeholder() -> Self {
        Self(1)
    }
}

impl Placeholder for SocketAddr {
    fn placeholder() -> Self {
        Self::from((Ipv4Addr::LOCALHOST, 0))
    }
}

impl Placeholder for Url {
    #[expect(clippy::expect_used, reason = "a constant, which the tests of this module read")]
    fn placeholder() -> Self {
        Self::parse("http://localhost/").expect("a constant URL")
    }
}

impl Placeholder for WebOrigin {
    #[expect(clippy::expect_used, reason = "a constant, which the tests of this module read")]
    fn placeholder() -> Self {
        Self::parse("http://localhost").expect("a constant origin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_can_be_read() {
        assert_eq!(Url::placeholder().as_str(), "http://localhost/");
        assert!(WebOrigin::placeholder().is_loopback());
    }
}

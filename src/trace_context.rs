//! W3C Trace Context, level 1: a caller's trace is continued, a new one begun where there is none.

use actix_web::http::header::HeaderMap;

use crate::seal::{SealError, random};
use crate::step::{self, TraceContext};

/// What calls made on behalf of a request belong to: our own span where spans are exported, else one that nobody sees.
///
/// # Errors
/// [`SealError`] when the system gives no randomness.
pub fn continued(headers: &HeaderMap) -> Result<TraceContext, SealError> {
    if let Some(ours) = step::trace_context() {
        return Ok(ours);
    }
    let (trace, flags) = match parent(headers).and_then(Parent::bytes) {
        Some(caller) => caller,
        None => (random()?, 0),
    };
    Ok(TraceContext { trace, span: random()?, flags })
}

/// The caller's span, in lower-case hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent<'a> {
    /// The trace it belongs to.
    pub trace: &'a str,
    /// The span itself.
    pub span: &'a str,
    /// Whether it is sampled, and what else stands there.
    pub flags: &'a str,
}

impl Parent<'_> {
    /// Trace and flags as bytes.
    fn bytes(self) -> Option<([u8; 16], u8)> {
        let trace = u128::from_str_radix(self.trace, 16).ok()?;
        Some((trace.to_be_bytes(), u8::from_str_radix(self.flags, 16).ok()?))
    }
}

/// The caller's span, if there is exactly one well-formed header.
#[must_use]
pub fn parent(headers: &HeaderMap) -> Option<Parent<'_>> {
    let mut lines = headers.get_all("traceparent");
    let only = lines.next().and_then(|value| value.to_str().ok()).filter(|_| lines.next().is_none());
    only.and_then(parse)
}

/// Version `ff` and all-zero ids are invalid.
fn parse(header: &str) -> Option<Parent<'_>> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let sound = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let known_length = version != "00" || parts.next().is_none();
    (sound && known_length && version != "ff" && !is_zero(trace) && !is_zero(span)).then_some(Parent {
        trace,
        span,
        flags,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_is_continued() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent { trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7", flags: "01" };
        assert_eq!(parse(good), Some(parent));
        assert!(parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

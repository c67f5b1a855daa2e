//! W3C Trace Context, level 1: a caller's trace is continued, a new one begun where there is none.

use actix_web::http::header::HeaderMap;

use crate::seal::{SealError, hex, random};

/// The `traceparent` for calls made on behalf of a request.
///
/// # Errors
/// [`SealError`] when the system gives no randomness.
pub fn continued(headers: &HeaderMap) -> Result<String, SealError> {
    let mut lines = headers.get_all("traceparent");
    let incoming = lines.next().and_then(|value| value.to_str().ok()).filter(|_| lines.next().is_none());
    let span = hex(&random::<8>()?);
    Ok(match incoming.and_then(parse) {
        Some((trace, flags)) => format!("00-{trace}-{span}-{flags}"),
        None => format!("00-{}-{span}-00", hex(&random::<16>()?)),
    })
}

/// Trace id and flags of a well-formed header; version `ff` and all-zero ids are invalid.
fn parse(header: &str) -> Option<(&str, &str)> {
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let sound = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let known_length = version != "00" || parts.next().is_none();
    (sound && known_length && version != "ff" && !is_zero(trace) && !is_zero(parent)).then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_is_continued() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(parse(good), Some(("4bf92f3577b34da6a3ce929d0e0e4736", "01")));
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

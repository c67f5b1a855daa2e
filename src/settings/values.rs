//! How a value of a layer becomes a typed one.
//!
//! Variables are always text, files have numbers, booleans and lists too: both ways are read. The messages say what
//! would be right and never repeat what was found, because that may be a secret in the wrong place.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use config::ValueKind;
use ipnet::IpNet;
use url::Url;

use super::placeholder::Placeholder;
use super::{Http2, LogFormat, LogLevel, OnOutage, TurnstileMode};
use crate::domain::attribution::UtmFormat;
use crate::domain::client::ForwardingHeader;
use crate::domain::email::fold_domain;
use crate::domain::origins::WebOrigin;
use crate::domain::policy::Mode;
use crate::domain::tenant::BrandColor;

/// No duration is longer: beyond it sums of times overflow, and nobody means it.
const MAX_DURATION: Duration = Duration::from_hours(10 * 365 * 24);

/// A type that settings can hold.
pub(super) trait FromSetting: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// What would be right, to follow the key: "must be …".
    fn from_setting(value: &ValueKind) -> Result<Self, String>;

    /// What an absent key means; `None`: it is required.
    fn absent() -> Option<Self> {
        None
    }
}

/// A host as a `Host` header names it: lower-case ASCII, no port, IPv6 in brackets.
pub(super) struct HostName(pub(super) String);

/// An absolute `http` or `https` URL for a link.
pub(super) struct LinkUrl(pub(super) String);

/// As [`LinkUrl`], or a `mailto:` one.
pub(super) struct SupportUrl(pub(super) String);

/// A domain as e-mail addresses are compared.
pub(super) struct EmailDomain(pub(super) Box<str>);

/// A size in bytes.
pub(super) struct Bytes(pub(super) u64);

/// `rate_limit.backend`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Memory,
    Redis,
}

/// The text of a value.
pub(super) fn text(value: &ValueKind) -> Result<&str, String> {
    match value {
        ValueKind::String(text) => Ok(text),
        _ => Err("must be text in quotes".to_owned()),
    }
}

/// Whether a value is the empty text, which stands for no value.
pub(super) fn is_blank(value: &ValueKind) -> bool {
    matches!(value, ValueKind::String(text) if text.trim().is_empty())
}

/// A whole number, as such or as text.
pub(super) fn whole_number(value: &ValueKind) -> Option<u64> {
    match value {
        ValueKind::I64(number) => u64::try_from(*number).ok(),
        ValueKind::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Reads text by its type's own parser.
fn parsed<T: FromStr>(value: &ValueKind, wanted: &str) -> Result<T, String> {
    let parsed = text(value).ok().and_then(|text| text.trim().parse().ok());
    parsed.ok_or_else(|| format!("must be {wanted}"))
}

impl<T: FromSetting> FromSetting for Option<T> {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        if is_blank(value) { Ok(None) } else { T::from_setting(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromSetting> FromSetting for Vec<T> {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let entries: Vec<ValueKind> = match value {
            ValueKind::Array(values) => values.iter().map(|value| value.kind.clone()).collect(),
            ValueKind::String(text) => {
                let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
                entries.map(|entry| ValueKind::String(entry.to_owned())).collect()
            }
            _ => return Err("must be a list".to_owned()),
        };
        let mut found = Self::new();
        let mut wrong = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match T::from_setting(entry) {
                Ok(value) => found.push(value),
                Err(message) => wrong.push(format!("entry {} {message}", index + 1)),
            }
        }
        if wrong.is_empty() { Ok(found) } else { Err(wrong.join("; ")) }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl FromSetting for String {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let text = text(value)?;
        if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl FromSetting for bool {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let word = match value {
            ValueKind::Boolean(value) => return Ok(*value),
            ValueKind::String(text) => text.trim().to_ascii_lowercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }
    }
}

impl FromSetting for u64 {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        whole_number(value).ok_or_else(|| "must be a whole number".to_owned())
    }
}

impl FromSetting for Duration {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        // `humantime` takes a bare 0.
        let carries_unit = text(value).is_ok_and(|text| text.contains(|c: char| c.is_alphabetic()));
        let duration = text(value).ok().and_then(|text| humantime::parse_duration(text.trim()).ok());
        match duration.filter(|_| carries_unit) {
            Some(duration) if duration > MAX_DURATION => Err("must be at most ten years".to_owned()),
            Some(duration) => Ok(duration),
            None => Err("must be a duration with its unit, such as \"5s\" or \"10m\"".to_owned()),
        }
    }
}

impl FromSetting for Bytes {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        if let Some(bytes) = whole_number(value) {
            return Ok(Self(bytes));
        }
        parsed::<bytesize::ByteSize>(value, "a size such as \"32KiB\"").map(|size| Self(size.as_u64()))
    }
}

impl FromSetting for SocketAddr {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        parsed(value, "an address with its port, such as 127.0.0.1:8080 or [::1]:8080")
    }
}

impl FromSetting for IpNet {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let single = text(value).ok().and_then(|text| text.trim().parse::<IpAddr>().ok());
        match single {
            Some(address) => Ok(address.into()),
            None => parsed(value, "a network such as 10.0.0.0/8 or an address"),
        }
    }
}

impl FromSetting for Url {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let url: Url = parsed(value, "a URL such as https://studio.example/v1")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with https:// or http://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not name a user or password".to_owned());
        }
        Ok(url)
    }
}

impl FromSetting for LinkUrl {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        Url::from_setting(value).map(|url| Self(url.into()))
    }
}

impl FromSetting for SupportUrl {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let mailto =
            text(value).ok().and_then(|text| Url::parse(text.trim()).ok()).filter(|url| url.scheme() == "mailto");
        match mailto {
            Some(url) if url.path().contains('@') => Ok(Self(url.into())),
            Some(_) => Err("must be an address such as mailto:help@studio.example".to_owned()),
            None => LinkUrl::from_setting(value).map(|LinkUrl(url)| Self(url)),
        }
    }
}

impl FromSetting for WebOrigin {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        Self::parse(text(value)?.trim()).map_err(|error| error.to_string())
    }
}

impl FromSetting for HostName {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let wanted = || "must be a host name without scheme and port".to_owned();
        let text = text(value)?.trim();
        let origin = WebOrigin::parse(&format!("http://{text}")).map_err(|_no_host| wanted())?;
        let host = origin.host();
        let is_address = host.starts_with('[');
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        // Port 80 is `http`'s own and would vanish.
        let has_port = !is_address && text.contains(':') || is_address && !text.ends_with(']');
        if (is_address || is_name) && !has_port && !text.ends_with(['.', '/']) {
            Ok(Self(host.to_owned()))
        } else {
            Err(wanted())
        }
    }
}

impl FromSetting for EmailDomain {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        let folded = fold_domain(text(value)?.trim());
        folded.map(|domain| Self(domain.into())).ok_or_else(|| "must be a domain such as acme.example".to_owned())
    }
}

impl FromSetting for BrandColor {
    fn from_setting(value: &ValueKind) -> Result<Self, String> {
        Self::parse(text(value)?.trim()).map_err(|error| error.to_string())
    }
}

/// Enumerations by their names in the settings; the first is the placeholder.
macro_rules! named {
    ($($type:ty { $first:literal => $placeholder:path $(, $name:literal => $value:path)* })*) => {$(
        impl FromSetting for $type {
            fn from_setting(value: &ValueKind) -> Result<Self, String> {
                match text(value).unwrap_or_default().trim() {
                    $first => Ok($placeholder),
                    $($name => Ok($value),)*
                    _ => Err(one_of(&[$first, $($name),*])),
                }
            }
        }

        impl Placeholder for $type {
            fn placeholder() -> Self {
                $placeholder
            }
        }
    )*};
}

named! {
    Mode { "enforce" => Mode::Enforce, "observe" => Mode::Observe }
    Http2 { "auto" => Http2::Auto, "off" => Http2::Off, "prior-knowledge" => Http2::PriorKnowledge }
    OnOutage { "reject" => OnOutage::Reject, "allow" => OnOutage::Allow }
    TurnstileMode {
        "gateway" => TurnstileMode::Gateway,
        "upstream" => TurnstileMode::Upstream,
        "both" => TurnstileMode::Both,
        "off" => TurnstileMode::Off
    }
    UtmFormat { "object" => UtmFormat::Object, "key_value" => UtmFormat::KeyValue }
    LogLevel {
        "info" => LogLevel::Info,
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "debug" => LogLevel::Debug
    }
    LogFormat { "json" => LogFormat::Json, "pretty" => LogFormat::Pretty }
    ForwardingHeader {
        "x-forwarded-for" => ForwardingHeader::XForwardedFor,
        "forwarded" => ForwardingHeader::Forwarded
    }
    Backend { "memory" => Backend::Memory, "redis" => Backend::Redis }
}

fn one_of<T: Display>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    format!("must be one of {}", names.join(", "))
}

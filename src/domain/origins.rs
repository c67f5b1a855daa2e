//! Where a visitor may be sent: two kinds of URL that never mix, compared as parsed origins.

use std::fmt;

use url::{Host, Url};

/// A web origin: scheme `http` or `https`, host, port (RFC 6454).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebOrigin(String);

/// Why a text is not a [`WebOrigin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no absolute URL.
    #[error("is not an absolute URL such as https://studio.example")]
    NotAUrl,
    /// Its scheme is neither `http` nor `https`.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// It names a user, a path, a query or a fragment.
    #[error("must be an origin: scheme, host and port, nothing behind them")]
    MoreThanOrigin,
    /// It is written in a way that browsers and parsers read differently.
    #[error("has a character that does not belong in an origin")]
    Ambiguous,
}

impl WebOrigin {
    /// Reads an origin; one trailing slash is allowed.
    ///
    /// # Errors
    /// [`OriginError`] names the first rule that fails.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let authority = authority(text).ok_or(OriginError::NotAUrl)?;
        if !is_unambiguous(text) || authority.contains(NOT_IN_A_HOST) {
            return Err(OriginError::Ambiguous);
        }
        let url = Url::parse(text).map_err(|_not_a_url| OriginError::NotAUrl)?;
        let origin = Self::of(&url).ok_or(OriginError::Scheme)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || has_user(&url) {
            return Err(OriginError::MoreThanOrigin);
        }
        Ok(origin)
    }

    /// The origin of a parsed URL; `None` unless it is `http` or `https`.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        matches!(url.scheme(), "http" | "https").then(|| Self(url.origin().ascii_serialization()))
    }

    /// The origin as the WHATWG URL standard serialises it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The host without port, lower-case, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        let port = authority.rfind(':').filter(|colon| !authority.get(*colon..).unwrap_or_default().contains(']'));
        port.and_then(|colon| authority.get(..colon)).unwrap_or(authority)
    }

    /// Host and port as a `Host` header names them: no default port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether the host is this machine: plain `http` is safe there.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

impl fmt::Debug for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a URL's host is this machine: `localhost`, a name under it, or a loopback address.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// Which origins a tenant's visitors may be sent to: `redirect.*` in the settings.
#[derive(Clone, Debug)]
pub struct RedirectPolicy {
    /// Sent upstream when the link names none that is allowed.
    pub default_origin: WebOrigin,
    /// What a link may ask for.
    pub allowed_origins: Vec<WebOrigin>,
    /// What the upstream may answer.
    pub return_origins: Vec<WebOrigin>,
    /// What a return origin redirects on to: only for the page's `form-action`.
    pub hop_origins: Vec<WebOrigin>,
}

impl RedirectPolicy {
    /// The origin to ask the upstream for, given what the link says.
    ///
    /// # Errors
    /// [`OriginNotAllowed`] when the link asks for one that is not on the list; the default stands then.
    pub fn requested(&self, asked: &str) -> Result<&WebOrigin, OriginNotAllowed> {
        let origin = WebOrigin::parse(asked).map_err(|_unreadable| OriginNotAllowed)?;
        self.allowed_origins
            .iter()
            .chain([&self.default_origin])
            .find(|allowed| **allowed == origin)
            .ok_or(OriginNotAllowed)
    }
}

/// A link asked for an origin that is not on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the origin is not allowed")]
pub struct OriginNotAllowed;

/// A URL the upstream returned, proved to be of an allowed origin and to mean the same to every browser.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnUrl(String);

/// Why a URL the upstream returned is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnUrlError {
    /// It is no absolute URL, or browsers and parsers read it differently.
    #[error("the returned URL cannot be read")]
    Unreadable,
    /// It is not `http` or `https`.
    #[error("the returned URL has another scheme than http or https")]
    Scheme,
    /// It carries a user name or password.
    #[error("the returned URL names a user")]
    User,
    /// Its origin is not among `redirect.return_origins`.
    #[error("the returned URL is of an origin that is not allowed")]
    Origin,
}

impl ReturnUrl {
    /// Checks a URL from the upstream against the origins it may have.
    ///
    /// # Errors
    /// [`ReturnUrlError`] names the rule that fails; every doubt is a failure.
    pub fn parse(text: &str, allowed: &[WebOrigin]) -> Result<Self, ReturnUrlError> {
        // The WHATWG parser drops tabs and newlines, and takes `\` for `/` where a host ends: a URL that needs it is not
        // trusted. Behind the host a blank is only a blank, which the parser escapes.
        let authority = authority(text).ok_or(ReturnUrlError::Unreadable)?;
        if !is_unambiguous(authority) || text.contains(char::is_control) {
            return Err(ReturnUrlError::Unreadable);
        }
        let url = Url::parse(text).map_err(|_relative_or_broken| ReturnUrlError::Unreadable)?;
        let origin = WebOrigin::of(&url).ok_or(ReturnUrlError::Scheme)?;
        if has_user(&url) {
            return Err(ReturnUrlError::User);
        }
        // Compared as parsed origins. A prefix test would also accept `https://app.example.com.evil.test`.
        if !allowed.contains(&origin) {
            return Err(ReturnUrlError::Origin);
        }
        Ok(Self(url.into()))
    }

    /// The URL as the WHATWG parser serialises it: ASCII, safe in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the URL parser takes in a host, and a Content-Security-Policy for a wildcard or for the end of a directive.
const NOT_IN_A_HOST: [char; 4] = ['*', ';', ',', '\''];

/// `scheme://authority`, up to where a path, a query or a fragment begins; `None` unless it is spelled out.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    text.get(..scheme.len() + 3 + length).filter(|_| length > 0)
}

/// No control character, white space or backslash.
fn is_unambiguous(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins(texts: &[&str]) -> Vec<WebOrigin> {
        texts.iter().map(|text| WebOrigin::parse(text).unwrap()).collect()
    }

    #[test]
    fn an_origin_is_compared_as_it_is_parsed() {
        for (text, serialised, host, authority) in [
            ("https://Studio.Example", "https://studio.example", "studio.example", "studio.example"),
            ("https://studio.example:443/", "https://studio.example", "studio.example", "studio.example"),
            ("http://localhost:8080", "http://localhost:8080", "localhost", "localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]", "[::1]:8080"),
            ("http://[::1]", "http://[::1]", "[::1]", "[::1]"),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example",
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
            ),
        ] {
            let origin = WebOrigin::parse(text).unwrap();
            assert_eq!((origin.as_str(), origin.host(), origin.authority()), (serialised, host, authority), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "studio.example",
            "//studio.example",
            "https:studio.example/x",
            "ftp://studio.example",
            "javascript:alert(1)",
            "https://user@studio.example",
            "https://studio.example/path",
            "https://studio.example?x",
            "https://studio.example#x",
            " https://studio.example",
            "https://studio.example\n",
            "https:\\\\studio.example",
            "https:///studio.example",
            "https://*.studio.example",
            "https://*",
            "https://studio.example;script-src-elem",
            "https://studio.example,evil.test",
            "https://studio'.example",
        ] {
            assert!(WebOrigin::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_returned_url_of_an_allowed_origin_is_sent_as_serialised() {
        let allowed = origins(&["https://studio.example", "http://localhost:8081"]);
        for (text, sent) in [
            ("https://studio.example", "https://studio.example/"),
            ("https://studio.example:443/a?b=c#d", "https://studio.example/a?b=c#d"),
            ("HTTPS://STUDIO.EXAMPLE/Path", "https://studio.example/Path"),
            ("https://studio.example/ü", "https://studio.example/%C3%BC"),
            ("http://localhost:8081/x", "http://localhost:8081/x"),
            ("https://studio.example/a/../b", "https://studio.example/b"),
            ("https://studio.example/welcome?name=Ada Lovelace", "https://studio.example/welcome?name=Ada%20Lovelace"),
            ("https://studio.example/a b#c d", "https://studio.example/a%20b#c%20d"),
            ("https://studio.example/a\\b?c=\\", "https://studio.example/a/b?c=\\"),
            ("https://studio.example?next=https://evil.test/ ", "https://studio.example/?next=https://evil.test/"),
        ] {
            let url = ReturnUrl::parse(text, &allowed).map(|url| url.0);
            assert_eq!(url.as_deref(), Ok(sent), "{text}");
        }
    }

    #[test]
    fn refuses_every_returned_url_that_a_browser_might_read_differently() {
        let allowed = origins(&["https://studio.example"]);
        for text in [
            "",
            "/relative",
            "//studio.example/",
            "https:studio.example",
            "https:/studio.example",
            "https:///studio.example",
            "https://studio.example.evil.test/",
            "https://evil.test/https://studio.example/",
            "https://evilstudio.example/",
            "https://studio.example@evil.test/",
            "https://user@studio.example/",
            "https://user:secret@studio.example/",
            "https://studio.example\\@evil.test/",
            "https:\\\\studio.example/",
            "https://studio.example\t.evil.test/",
            "https://stu\ndio.example/",
            " https://studio.example/",
            "https://studio.example /",
            "https://studio.example/a\nb",
            "https://studio.example/\r\nset-cookie: a=b",
            "\u{0}https://studio.example/",
            "https://studio.example:444/",
            "http://studio.example/",
            "https://sub.studio.example/",
            "https://studio.example./",
            "https://xn--studio-.example/",
            "https://studіo.example/",
            "javascript:alert(1)//https://studio.example",
            "data:text/html,x",
            "blob:https://studio.example/x",
            "file:///etc/passwd",
            "ftp://studio.example/",
        ] {
            assert!(ReturnUrl::parse(text, &allowed).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_url_parses_to_an_allowed_origin_and_is_plain_ascii(
            text in "(https?|javascript):[/\\\\]{0,3}[a-z@.:]{0,12}(studio.example)?[\\PC\t\n]{0,20}"
        ) {
            let allowed = origins(&["https://studio.example"]);
            if let Ok(url) = ReturnUrl::parse(&text, &allowed) {
                prop_assert!(url.as_str().starts_with("https://studio.example/"));
                prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }

    #[test]
    fn a_link_gets_an_allowed_origin_or_the_default() {
        let policy = RedirectPolicy {
            default_origin: WebOrigin::parse("https://studio.example").unwrap(),
            allowed_origins: origins(&["https://eu.studio.example"]),
            return_origins: Vec::new(),
            hop_origins: Vec::new(),
        };
        assert_eq!(
            policy.requested("https://EU.studio.example/").map(WebOrigin::as_str),
            Ok("https://eu.studio.example")
        );
        assert_eq!(policy.requested("https://studio.example").map(WebOrigin::as_str), Ok("https://studio.example"));
        for asked in ["https://evil.test", "https://eu.studio.example.evil.test", "https://eu.studio.example/path", ""]
        {
            assert_eq!(policy.requested(asked).err(), Some(OriginNotAllowed), "{asked}");
        }
    }
}

//! The host a request is for: its `Host` header alone. `X-Forwarded-Host` and `Forwarded: host=` are never read.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use url::Url;

/// A host as a `Host` header names it, lower-case.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestHost {
    authority: String,
    port_at: usize,
}

/// The request does not say clearly which host it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request does not name one host")]
pub struct HostError;

impl RequestHost {
    /// Reads the one `Host` header; an absolute-form target must agree with it (RFC 9112, 3.2.2).
    ///
    /// `Ok(None)` when there is no `Host`, which HTTP/1.0 allows.
    ///
    /// # Errors
    /// [`HostError`] when it is malformed, doubled, or differs from the target.
    pub fn read(request: &HttpRequest) -> Result<Option<Self>, HostError> {
        let mut lines = request.headers().get_all(HOST);
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(HostError);
        }
        let host = line.to_str().ok().and_then(Self::parse).ok_or(HostError)?;
        match request.uri().authority() {
            Some(target) if Self::parse(target.as_str()).is_none_or(|target| !target.means(&host)) => Err(HostError),
            _ => Ok(Some(host)),
        }
    }

    /// `uri-host [ ":" port ]` (RFC 9110, 7.2).
    fn parse(text: &str) -> Option<Self> {
        let port_at = match text.rfind(':') {
            Some(colon) if !text.get(colon..)?.contains(']') => colon,
            _ => text.len(),
        };
        let (host, port) = text.split_at_checked(port_at)?;
        let sound_port = port.is_empty()
            || port.strip_prefix(':').is_some_and(|digits| {
                digits.is_empty() || (digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok())
            });
        let sound_host = if let Some(inner) = host.strip_prefix('[') {
            inner.strip_suffix(']').is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
        } else {
            let host = host.strip_suffix('.').unwrap_or(host);
            let label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            host.len() <= 253 && host.split('.').all(label)
        };
        (sound_host && sound_port).then(|| Self { authority: text.to_ascii_lowercase(), port_at })
    }

    /// The host without port and without a root dot.
    #[must_use]
    pub fn name(&self) -> &str {
        let host = self.authority.get(..self.port_at).unwrap_or_default();
        host.strip_suffix('.').unwrap_or(host)
    }

    /// Whether an `Origin` header's value is this host under a scheme: default ports are no difference.
    #[must_use]
    pub fn is_origin(&self, scheme: &str, origin: &str) -> bool {
        // What a browser sends of our own page, letter for letter.
        let spelled_alike = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        if spelled_alike == Some(&self.authority) {
            return true;
        }
        let own = Url::parse(&format!("{scheme}://{}", self.authority)).map(|url| url.origin());
        let theirs = Url::parse(origin).map(|url| url.origin());
        matches!((own, theirs), (Ok(own), Ok(theirs)) if own.is_tuple() && own == theirs)
    }

    fn means(&self, other: &Self) -> bool {
        self.authority == other.authority
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(uri: &str, hosts: &[&str]) -> Result<Option<String>, HostError> {
        let request =
            hosts.iter().fold(TestRequest::with_uri(uri), |request, host| request.append_header((HOST, *host)));
        RequestHost::read(&request.to_http_request()).map(|host| host.map(|host| host.name().to_owned()))
    }

    #[test]
    fn a_host_header_is_read_by_its_grammar() {
        for (host, name) in [
            ("signup.acme.example", Some("signup.acme.example")),
            ("Signup.ACME.example:8080", Some("signup.acme.example")),
            ("signup.acme.example.", Some("signup.acme.example")),
            ("localhost:", Some("localhost")),
            ("127.0.0.1:8080", Some("127.0.0.1")),
            ("[::1]:8080", Some("[::1]")),
            ("", None),
            ("a b", None),
            ("x@signup.acme.example", None),
            ("acme.example/path", None),
            ("acme.example:99999", None),
            ("acme.example:80:80", None),
            ("acme..example", None),
            ("[::1", None),
            ("[evil]", None),
            ("acme.example,globex.example", None),
        ] {
            assert_eq!(read("/", &[host]), name.map(|name| Some(name.to_owned())).ok_or(HostError), "{host:?}");
        }
    }

    #[test]
    fn refuses_two_hosts_and_a_target_that_names_another() {
        assert_eq!(read("/", &["acme.example", "acme.example"]), Err(HostError));
        assert_eq!(read("http://globex.example/", &["acme.example"]), Err(HostError));
        assert!(read("http://ACME.example/", &["acme.example"]).is_ok());
        assert_eq!(read("/", &[]), Ok(None));
    }

    #[test]
    fn an_origin_is_compared_with_scheme_and_port() {
        let host = |text| RequestHost::parse(text).unwrap();
        for (authority, scheme, origin, same) in [
            ("acme.example", "https", "https://acme.example", true),
            ("acme.example:443", "https", "https://acme.example", true),
            ("acme.example", "https", "http://acme.example", false),
            ("acme.example:8080", "http", "http://acme.example:8080", true),
            ("acme.example:8080", "http", "http://acme.example", false),
            ("acme.example", "https", "https://acme.example.evil.test", false),
            ("acme.example", "https", "null", false),
            ("acme.example", "https", "", false),
        ] {
            assert_eq!(host(authority).is_origin(scheme, origin), same, "{authority} {scheme} {origin}");
        }
    }
}

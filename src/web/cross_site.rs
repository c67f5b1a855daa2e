//! Whether another site posts our form: the rules of Go's `http.CrossOriginProtection`, without exceptions.

use actix_web::http::header::{HeaderMap, HeaderValue, ORIGIN};

use super::host::RequestHost;

/// Where a request says it comes from.
pub struct Provenance {
    /// Every value of `Sec-Fetch-Site`.
    sites: Vec<HeaderValue>,
    /// Every value of `Origin`.
    origins: Vec<HeaderValue>,
}

impl Provenance {
    /// Reads both headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            sites: headers.get_all("sec-fetch-site").cloned().collect(),
            origins: headers.get_all(ORIGIN).cloned().collect(),
        }
    }

    /// Whether a post comes from our own page, or from no browser at all.
    ///
    /// `Sec-Fetch-Site` decides where it is there: `same-origin` and `none` pass. `same-site` does not, because
    /// white-label tenants are siblings of one site. Without it the `Origin` must be the request's own. With neither
    /// header it is no browser that could be abused, and the signed form stands in.
    #[must_use]
    pub fn is_own(&self, scheme: &str, host: Option<&RequestHost>) -> bool {
        if !self.sites.is_empty() {
            return self.sites.iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
        }
        self.origins
            .iter()
            .all(|origin| origin.to_str().is_ok_and(|origin| host.is_some_and(|host| host.is_origin(scheme, origin))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn refuses_posts_of_every_other_site() {
        for (name, headers, own) in [
            ("same origin", &[("sec-fetch-site", "same-origin")][..], true),
            ("typed by the visitor", &[("sec-fetch-site", "none")], true),
            ("a sibling tenant", &[("sec-fetch-site", "same-site")], false),
            ("another site", &[("sec-fetch-site", "cross-site")], false),
            ("an unknown value", &[("sec-fetch-site", "whatever")], false),
            ("two values", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            (
                "fetch metadata beats the origin",
                &[("sec-fetch-site", "cross-site"), ("origin", "https://acme.example")],
                false,
            ),
            ("own origin", &[("origin", "https://acme.example")], true),
            ("other scheme", &[("origin", "http://acme.example")], false),
            ("other port", &[("origin", "https://acme.example:8443")], false),
            ("other host", &[("origin", "https://globex.example")], false),
            ("opaque origin", &[("origin", "null")], false),
            ("two origins", &[("origin", "https://acme.example"), ("origin", "https://evil.test")], false),
            ("no browser", &[], true),
        ] {
            let request = headers
                .iter()
                .fold(TestRequest::post().insert_header(("host", "acme.example")), |request, header| {
                    request.append_header(*header)
                })
                .to_http_request();
            let host = RequestHost::read(&request).unwrap();
            assert_eq!(Provenance::of(request.headers()).is_own("https", host.as_ref()), own, "{name}");
        }
    }
}

//! What a marketing link says beside the form.

use std::sync::Arc;

use secrecy::SecretString;

use crate::domain::attribution::{Attribution, AttributionPolicy};
use crate::domain::origins::{OriginNotAllowed, RedirectPolicy, WebOrigin};
use crate::domain::text::Text;

/// The longest `redirectUrlQueryParams` that is carried, in bytes once encoded.
pub const MAX_REDIRECT_QUERY_BYTES: usize = 2_048;

/// The fields a link may fill in for the visitor.
pub const PREFILLED: &[&str] = &["email", "name", "companyName"];

/// A link as far as it matters to the upstream: attribution, and where to send the visitor.
#[derive(Clone)]
pub struct Link {
    /// The campaign parameters.
    pub attribution: Attribution,
    /// The origin to ask the upstream for: the link's, if it is allowed, else the default.
    pub redirect_origin: WebOrigin,
    /// The pairs that the link itself wants appended to the upstream's redirect, form-urlencoded.
    pub own_redirect_query: String,
    /// Single sign-on, unsealed.
    pub secrets: LinkSecrets,
}

/// The parts of a link that nobody else may see; they travel sealed (contract 7).
#[derive(Clone, Default)]
pub struct LinkSecrets {
    /// Proves an account begun at an identity provider.
    pub activation_token: Option<SecretString>,
    /// The session at the identity provider.
    pub session_id: Option<SecretString>,
    /// A partner's code that names a prepared account.
    pub activation_code: Option<SecretString>,
    /// Which identity provider; no secret, but of no use without the others.
    pub identity_provider: Option<Text>,
    /// What the account of the activation code brought into the form.
    pub prefilled: Option<Prefilled>,
}

/// The username and address of a prepared account, as the form was filled with them.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefilled {
    /// The username.
    pub username: Option<String>,
    /// The address.
    pub email: Option<String>,
}

impl Link {
    /// Reads the decoded pairs of a query string. Nothing in a link is ever an error.
    #[must_use]
    pub fn parse(pairs: &[(String, String)], attribution: &AttributionPolicy, redirect: &RedirectPolicy) -> Self {
        let (attribution, _odd) = Attribution::parse(borrowed(pairs), attribution);
        let redirect_origin = asked_origin(pairs, redirect).and_then(Result::ok).unwrap_or(&redirect.default_origin);
        Self {
            own_redirect_query: own_redirect_query(pairs).unwrap_or_default().to_owned(),
            attribution,
            redirect_origin: redirect_origin.clone(),
            secrets: LinkSecrets {
                identity_provider: first(pairs, "identityProvider").and_then(|text| Text::parse(text).ok()),
                ..LinkSecrets::default()
            },
        }
    }

    /// The pairs the upstream appends to its redirect, form-urlencoded, empty when there are none: the link's own first,
    /// then the attribution parameters whose names are not among them.
    #[must_use]
    pub fn redirect_query(&self) -> String {
        let own: Vec<_> = form_urlencoded::parse(self.own_redirect_query.trim_start_matches('?').as_bytes()).collect();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(own.iter());
        query.extend_pairs(self.attribution.pairs().filter(|(name, _)| own.iter().all(|(taken, _)| taken != name)));
        query.finish()
    }
}

/// How many parameters of a link are dropped, cut or not allowed: for the metric.
#[must_use]
pub fn odd_parameters(pairs: &[(String, String)], attribution: &AttributionPolicy, redirect: &RedirectPolicy) -> usize {
    Attribution::count_odd(borrowed(pairs), attribution)
        + usize::from(asked_origin(pairs, redirect).is_some_and(|asked| asked.is_err()))
        + usize::from(own_redirect_query(pairs).is_none())
}

fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn asked_origin<'a>(
    pairs: &[(String, String)],
    redirect: &'a RedirectPolicy,
) -> Option<Result<&'a WebOrigin, OriginNotAllowed>> {
    first(pairs, "redirectUrlOrigin").map(|asked| redirect.requested(asked))
}

/// What the link itself wants appended; `None` where it is too long, or has a control character.
fn own_redirect_query(pairs: &[(String, String)]) -> Option<&str> {
    let own = first(pairs, "redirectUrlQueryParams").unwrap_or_default();
    (own.len() <= MAX_REDIRECT_QUERY_BYTES && !own.chars().any(char::is_control)).then_some(own)
}

/// The decoded pairs of a query string, in its order.
#[must_use]
pub fn pairs(query: &str) -> Arc<[(String, String)]> {
    let written = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        // Most are written as they mean it.
        if pair.contains(['%', '+']) {
            pairs.extend(form_urlencoded::parse(pair.as_bytes()).into_owned());
        } else {
            pairs.push(written(pair));
        }
    }
    pairs.into()
}

/// The first value of a name in a decoded query string.
#[must_use]
pub fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find_map(|(candidate, value)| (candidate == name).then_some(value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attribution::UtmFormat;

    fn parse(query: &str) -> Link {
        parse_and_count(query).0
    }

    fn parse_and_count(query: &str) -> (Link, usize) {
        let pairs = pairs(query);
        let attribution = AttributionPolicy { extra_params: vec!["gclid".to_owned()], utm_format: UtmFormat::Object };
        let origin = |text| WebOrigin::parse(text).unwrap();
        let redirect = RedirectPolicy {
            default_origin: origin("https://studio.example"),
            allowed_origins: vec![origin("https://eu.studio.example")],
            return_origins: Vec::new(),
            hop_origins: Vec::new(),
        };
        (Link::parse(&pairs, &attribution, &redirect), odd_parameters(&pairs, &attribution, &redirect))
    }

    #[test]
    fn a_query_string_is_decoded_as_browsers_encode_it() {
        for query in [
            "",
            "a=b&c=d",
            "&&a&=b&a=&=&",
            "a=b=c&d==",
            "a+b=c+d&e%20=%C3%BC&%zz=%",
            "utm_source=%FF%EF%BF%BD&x=%00",
            "a=b;c=d&e=f?g#h/\\",
        ] {
            let theirs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            assert_eq!(*pairs(query), theirs, "{query}");
        }
    }

    #[test]
    fn the_redirect_query_has_the_links_own_pairs_first_and_no_name_twice() {
        for (query, expected) in [
            ("", ""),
            ("utm_source=google&gclid=x", "utm_source=google&gclid=x"),
            ("utm_source=google&redirectUrlQueryParams=plan%3Dpro", "plan=pro&utm_source=google"),
            ("utm_source=google&redirectUrlQueryParams=utm_source%3Dpartner%26a%3Db%2520c", "utm_source=partner&a=b+c"),
            ("redirectUrlQueryParams=%3Fa%3D1", "a=1"),
            ("redirectUrlQueryParams=a%3D%25C3%25BC%2526", "a=%C3%BC%26"),
        ] {
            assert_eq!(parse(query).redirect_query(), expected, "{query}");
        }
    }

    #[test]
    fn an_origin_that_is_not_allowed_falls_back_to_the_default_and_is_counted() {
        let (link, odd) = parse_and_count("redirectUrlOrigin=https%3A%2F%2Feu.studio.example");
        assert_eq!((link.redirect_origin.as_str(), odd), ("https://eu.studio.example", 0));
        let (link, odd) = parse_and_count("redirectUrlOrigin=https%3A%2F%2Fevil.test");
        assert_eq!((link.redirect_origin.as_str(), odd), ("https://studio.example", 1));
    }

    #[test]
    fn an_endless_redirect_query_is_dropped_and_counted() {
        let (link, odd) = parse_and_count(&format!("redirectUrlQueryParams=a%3D{}", "x".repeat(3_000)));
        assert_eq!((link.redirect_query().as_str(), odd), ("", 1));
    }
}

//! Where a visitor came from: the parameters a campaign link carries.

use std::borrow::Cow;

/// The most attribution parameters that are carried (contract 3).
pub const MAX_PARAMETERS: usize = 20;
/// Where a value is cut, in code points.
pub const MAX_VALUE_CODE_POINTS: usize = 500;
/// The longest name that is carried, in code points.
const MAX_NAME_CODE_POINTS: usize = 100;

/// The parameters that tell a marketer which campaign brought a visitor, in the link's order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attribution(Vec<(String, String)>);

/// What counts as attribution and how it is sent: `attribution.*` in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributionPolicy {
    /// Click identifiers carried besides `utm_*`.
    pub extra_params: Vec<String>,
    /// How one parameter looks upstream.
    pub utm_format: UtmFormat,
}

/// How one parameter looks in the upstream's `utmParams`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UtmFormat {
    /// `{"utm_source":"google"}`
    Object,
    /// `{"key":"utm_source","value":"google"}`
    KeyValue,
}

impl AttributionPolicy {
    /// Whether a link parameter is attribution.
    #[must_use]
    pub fn carries(&self, name: &str) -> bool {
        name.starts_with("utm_") || self.extra_params.iter().any(|extra| extra == name)
    }
}

impl Attribution {
    /// Reads the parameters of a link. Returns also how many were dropped or cut: an odd one never blocks a sign-up.
    ///
    /// The first of repeated names wins, control characters are removed, values are cut at
    /// [`MAX_VALUE_CODE_POINTS`], and what comes after [`MAX_PARAMETERS`] is dropped.
    #[must_use]
    pub fn parse<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, policy: &AttributionPolicy) -> (Self, usize) {
        let (kept, odd) = read(pairs, policy);
        (Self(kept.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()), odd)
    }

    /// How many parameters [`Attribution::parse`] would drop or cut, for who shows a link's form and does not send it.
    #[must_use]
    pub fn count_odd<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, policy: &AttributionPolicy) -> usize {
        let (_kept, odd) = read(pairs, policy);
        odd
    }

    /// The parameters in the link's order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of one parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find_map(|(candidate, value)| (candidate == name).then_some(value))
    }
}

/// What of a link's parameters is carried, and how many are dropped or cut.
fn read<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    policy: &AttributionPolicy,
) -> (Vec<(&'a str, Cow<'a, str>)>, usize) {
    let mut kept: Vec<(&str, Cow<'_, str>)> = Vec::new();
    let mut odd = 0;
    for (name, value) in pairs.filter(|(name, _)| policy.carries(name)) {
        let clean = cleaned(value);
        let name_is_sound =
            name != "utm_" && name.chars().count() <= MAX_NAME_CODE_POINTS && !name.chars().any(char::is_control);
        let repeated = kept.iter().any(|(earlier, _)| *earlier == name);
        if clean.is_empty() || !name_is_sound || repeated || kept.len() == MAX_PARAMETERS {
            odd += 1;
            continue;
        }
        odd += usize::from(clean.len() != value.len());
        kept.push((name, clean));
    }
    (kept, odd)
}

fn cleaned(value: &str) -> Cow<'_, str> {
    // Nearly every value.
    if value.len() <= MAX_VALUE_CODE_POINTS && value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return value.into();
    }
    value.chars().filter(|c| !c.is_control()).take(MAX_VALUE_CODE_POINTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> AttributionPolicy {
        AttributionPolicy { extra_params: vec!["gclid".to_owned()], utm_format: UtmFormat::Object }
    }

    fn parse(pairs: &[(&str, &str)]) -> (Vec<(String, String)>, usize) {
        let (attribution, odd) = Attribution::parse(pairs.iter().copied(), &policy());
        assert_eq!(Attribution::count_odd(pairs.iter().copied(), &policy()), odd);
        (attribution.0, odd)
    }

    #[test]
    fn campaign_parameters_arrive_whole_and_in_order() {
        let (kept, odd) = parse(&[
            ("utm_source", "google"),
            ("email", "jan@acme.example"),
            ("gclid", "Cj0KCQ-_"),
            ("utm_campaign", "spring & summer=sale ☀"),
            ("utm_id", "42"),
        ]);
        let names: Vec<_> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["utm_source", "gclid", "utm_campaign", "utm_id"]);
        assert_eq!(kept[2].1, "spring & summer=sale ☀");
        assert_eq!(odd, 0);
    }

    #[test]
    fn an_odd_parameter_is_dropped_or_cut_and_counted() {
        let (long, cut) = ("ü".repeat(501), "ü".repeat(500));
        let long_name = format!("utm_{}", "x".repeat(97));
        for (name, pairs, expected) in [
            ("repeated", &[("utm_source", "a"), ("utm_source", "b")][..], Some("a")),
            ("control characters", &[("utm_source", "a\r\nb\0")], Some("ab")),
            ("too long", &[("utm_source", &long)], Some(&cut)),
            ("empty", &[("utm_source", "")], None),
            ("only control characters", &[("utm_source", "\n")], None),
            ("name too long", &[(&long_name, "a")], None),
            ("control in the name", &[("utm_a\nb", "a")], None),
        ] {
            let (kept, odd) = parse(pairs);
            assert_eq!(kept.first().map(|(_, value)| value.as_str()), expected, "{name}");
            assert_eq!(odd, 1, "{name}");
        }
    }

    #[test]
    fn what_comes_after_twenty_parameters_is_dropped() {
        let names: Vec<String> = (0..25).map(|index| format!("utm_{index}")).collect();
        let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let (kept, odd) = parse(&pairs);
        assert_eq!((kept.len(), odd), (20, 5));
    }
}

//! Countries as the trial form offers them.

use std::sync::LazyLock;

/// A country of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// The two-letter code: the value of the select.
    pub code: &'static str,
    /// The English short name: what is forwarded.
    pub name: &'static str,
}

/// Every country, sorted by English name; origin and licence in `config/lists/README.md`.
pub static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    include_str!("../../config/lists/countries.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(code, name)| Country { code, name })
        .collect()
});

/// The country of a two-letter code, in any case.
#[must_use]
pub fn by_code(code: &str) -> Option<Country> {
    COUNTRIES.iter().copied().find(|country| country.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_code_of_its_own() {
        let mut codes: Vec<_> = COUNTRIES.iter().map(|country| country.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), COUNTRIES.len());
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn a_code_names_its_country_as_upstream_writes_it() {
        assert_eq!(by_code("US").map(|country| country.name), Some("United States"));
        assert_eq!(by_code("de").map(|country| country.name), Some("Germany"));
        assert_eq!(by_code("XX"), None);
    }
}

//! Countries as the trial form offers them.

use std::sync::LazyLock;

use super::language::Language;

/// A country of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// The two-letter code: the value of the select.
    pub code: &'static str,
    /// The short name; of [`COUNTRIES`] the English one, which is forwarded.
    pub name: &'static str,
}

/// Every country, sorted by English name; origin and licence in `config/lists/README.md`.
pub static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| read(include_str!("../../config/lists/countries.tsv")));

/// Every country as another language calls it, in that language's order.
static TRANSLATED: LazyLock<[(Language, Vec<Country>); 5]> = LazyLock::new(|| {
    [
        (Language::German, read(include_str!("../../config/lists/countries.de.tsv"))),
        (Language::French, read(include_str!("../../config/lists/countries.fr.tsv"))),
        (Language::Spanish, read(include_str!("../../config/lists/countries.es.tsv"))),
        (Language::Japanese, read(include_str!("../../config/lists/countries.ja.tsv"))),
        (Language::Arabic, read(include_str!("../../config/lists/countries.ar.tsv"))),
    ]
});

/// Every country as the select of a page shows it. Only the English name is ever forwarded.
#[must_use]
pub fn in_language(language: Language) -> &'static [Country] {
    TRANSLATED.iter().find(|(of, _)| *of == language).map_or(&COUNTRIES, |(_, countries)| countries)
}

fn read(lines: &'static str) -> Vec<Country> {
    lines.lines().filter_map(|line| line.split_once('\t')).map(|(code, name)| Country { code, name }).collect()
}

/// The country of a two-letter code, in any case.
#[must_use]
pub fn by_code(code: &str) -> Option<Country> {
    COUNTRIES.iter().copied().find(|country| country.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn codes(countries: &[Country]) -> Vec<&'static str> {
        let mut codes: Vec<_> = countries.iter().map(|country| country.code).collect();
        codes.sort_unstable();
        codes
    }

    #[test]
    fn every_country_has_a_code_of_its_own() {
        let mut codes = codes(&COUNTRIES);
        codes.dedup();
        assert_eq!(codes.len(), COUNTRIES.len());
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn every_language_names_the_same_countries_and_none_of_them_twice() {
        for language in Language::ALL {
            let countries = in_language(*language);
            assert_eq!(codes(countries), codes(&COUNTRIES), "{}", language.tag());
            let names: HashSet<_> = countries.iter().map(|country| country.name).collect();
            assert_eq!(names.len(), countries.len(), "{}", language.tag());
        }
        for (language, name) in [
            (Language::English, "Germany"),
            (Language::German, "Deutschland"),
            (Language::French, "Allemagne"),
            (Language::Spanish, "Alemania"),
            (Language::Japanese, "ドイツ"),
            (Language::Arabic, "ألمانيا"),
        ] {
            let found = in_language(language).iter().find(|country| country.code == "DE");
            assert_eq!(found.map(|country| country.name), Some(name));
        }
    }

    #[test]
    fn a_code_names_its_country_as_upstream_writes_it() {
        assert_eq!(by_code("US").map(|country| country.name), Some("United States"));
        assert_eq!(by_code("de").map(|country| country.name), Some("Germany"));
        assert_eq!(by_code("XX"), None);
    }
}

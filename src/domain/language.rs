//! The language a page is written in.

/// A language with a complete catalogue of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Japanese.
    Japanese,
    /// Arabic.
    Arabic,
}

/// Which way a script runs: the `dir` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// The most ranges of an `Accept-Language` that are read; browsers send fewer than ten.
const MAX_RANGES: usize = 32;

impl Language {
    /// Every language, in the order of the switch.
    pub const ALL: &'static [Self] =
        &[Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese, Self::Arabic];

    /// The BCP 47 tag: the `lang` attribute and link parameter.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
            Self::Arabic => "ar",
        }
    }

    /// The language's name for itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Japanese => "日本語",
            Self::Arabic => "العربية",
        }
    }

    /// The direction of its script.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Arabic => Direction::Rtl,
            Self::English | Self::German | Self::French | Self::Spanish | Self::Japanese => Direction::Ltr,
        }
    }

    /// The language of a tag, by its primary subtag and in any case: `en-GB` is English.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` value (RFC 9110, 12.5.4).
    ///
    /// A range with a region asks for its language too, since there is one variant of each: `de-AT` finds German
    /// (RFC 4647, 3.4). The highest weight wins, then the order of the header. A weight of zero on the language itself
    /// excludes it, whatever its regions weigh. `*` stands for every language that no range names, in the order of
    /// [`Self::ALL`]. Where nothing is left, English beats an answer of 406.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let ranges: Vec<Range<'_>> = accept_language.split(',').take(MAX_RANGES).filter_map(Range::parse).collect();
        let mut best: Option<(Preference, Self)> = None;
        for language in Self::ALL.iter().copied() {
            let Some(preference) = preference(language, &ranges) else { continue };
            if best.is_none_or(|(highest, _)| preference.is_before(highest)) {
                best = Some((preference, language));
            }
        }
        best.map_or_else(Self::default, |(_, language)| language)
    }
}

impl Direction {
    /// The value of the `dir` attribute.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

/// One item of an `Accept-Language`.
struct Range<'a> {
    tag: &'a str,
    language: Option<Language>,
    /// Thousandths: 0 to 1000.
    weight: u16,
}

impl<'a> Range<'a> {
    /// An item without a weight weighs 1; one whose weight cannot be read says nothing.
    fn parse(item: &'a str) -> Option<Self> {
        let mut parts = item.split(';').map(str::trim);
        let tag = parts.next().filter(|tag| !tag.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some(Self { tag, language: Language::from_tag(tag), weight: weight.map_or(Some(1_000), thousandths)? })
    }
}

/// How much a language is wanted, and by which range.
#[derive(Clone, Copy)]
struct Preference {
    weight: u16,
    place: usize,
}

impl Preference {
    fn is_before(self, other: Self) -> bool {
        self.weight > other.weight || (self.weight == other.weight && self.place < other.place)
    }
}

/// How much a language is wanted; `None` when it is not.
fn preference(language: Language, ranges: &[Range<'_>]) -> Option<Preference> {
    let mut best: Option<Preference> = None;
    let mut is_named = false;
    for (place, range) in ranges.iter().enumerate() {
        if range.language != Some(language) {
            continue;
        }
        is_named = true;
        if range.weight == 0 && range.tag.eq_ignore_ascii_case(language.tag()) {
            return None;
        }
        let preference = Preference { weight: range.weight, place };
        if range.weight > 0 && best.is_none_or(|highest| preference.is_before(highest)) {
            best = Some(preference);
        }
    }
    if is_named {
        return best;
    }
    let (place, any) = ranges.iter().enumerate().find(|(_, range)| range.tag == "*")?;
    (any.weight > 0).then_some(Preference { weight: any.weight, place })
}

/// A weight such as `0.8` in thousandths: at most three decimals, at most 1 (RFC 9110, 12.4.2).
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    let parts = digits.fold(0, |parts, digit| parts * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(parts),
        "1" if parts == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_wins_then_the_order_of_the_header() {
        for (header, expected) in [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("ja,en-US;q=0.9,en;q=0.8", "ja"),
            ("fr;q=0.5, es;q=0.7", "es"),
            ("fr;q=0.7, es;q=0.7", "fr"),
            ("es;q=0.7, fr;q=0.7", "es"),
            ("en;q=0.001, ar-EG;q=0.002", "ar"),
            ("pt-BR, es-419;q=0.9, en;q=0.5", "es"),
            ("nl, AR;q=1.000, en;q=0.999", "ar"),
            ("de ; q=0.4 , fr ; q=0.5", "fr"),
            ("de;Q=0.4,fr;Q=0.5", "fr"),
            ("fr;level=1;q=0.2, de;q=0.3", "de"),
            // A region asks for its language, at its own weight.
            ("fr-CA, de;q=0.9", "fr"),
            ("de-CH, de;q=0.3, fr;q=0.5", "de"),
            ("de-CH;q=0.3, de;q=0.6, fr;q=0.5", "de"),
            ("de-CH;q=0, fr;q=0.5", "fr"),
            ("de-CH;q=0, de, fr;q=0.5", "de"),
        ] {
            assert_eq!(Language::negotiate(header).tag(), expected, "{header}");
        }
    }

    #[test]
    fn a_weight_of_zero_excludes_and_a_star_stands_for_what_is_not_named() {
        for (header, expected) in [
            ("en;q=0, fr;q=0.1", "fr"),
            ("fr, fr;q=0, de;q=0.1", "de"),
            ("en-GB, en;q=0, fr;q=0.1", "fr"),
            ("*", "en"),
            ("*;q=0.5, fr;q=0.1", "en"),
            ("fr;q=0.5, *;q=0.5", "fr"),
            ("*, fr", "en"),
            ("en;q=0, *", "de"),
            ("en;q=0, de;q=0, *;q=0.5, ja;q=0.4", "fr"),
            ("en;q=0.2, *;q=0.5", "de"),
            ("es;q=0.2, *;q=0", "es"),
            ("tlh, *;q=0.1", "en"),
        ] {
            assert_eq!(Language::negotiate(header).tag(), expected, "{header}");
        }
    }

    #[test]
    fn an_unknown_broken_or_impossible_preference_falls_back_to_english() {
        for header in
            ["", "tlh", ";;;", ",,,", "en;q=0", "*;q=0", "q=0.5", "english", "de;q=banana", "de;q=", "de;q=-1"]
        {
            assert_eq!(Language::negotiate(header), Language::English, "{header}");
        }
        let endless = format!("{}de", "x,".repeat(MAX_RANGES));
        assert_eq!(Language::negotiate(&endless), Language::English);
    }

    #[test]
    fn a_weight_is_read_as_the_standard_writes_it() {
        for (weight, expected) in [
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.5", Some(500)),
            ("0.05", Some(50)),
            ("0.123", Some(123)),
            ("1", Some(1_000)),
            ("1.0", Some(1_000)),
            ("1.000", Some(1_000)),
            ("1.001", None),
            ("0.1234", None),
            (".5", None),
            ("2", None),
            ("1e0", None),
            ("+1", None),
            ("0.+1", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(thousandths(weight), expected, "{weight}");
        }
    }

    #[test]
    fn a_tag_names_its_language_whatever_its_region_and_case() {
        for (tag, expected) in [
            ("en", Language::English),
            ("EN", Language::English),
            ("en-GB", Language::English),
            ("en_US", Language::English),
            ("de-Latn-AT", Language::German),
            ("ar-EG", Language::Arabic),
        ] {
            assert_eq!(Language::from_tag(tag), Some(expected), "{tag}");
        }
        for tag in ["", "english", "e", "*", "-en", "tlh"] {
            assert_eq!(Language::from_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn every_language_has_a_tag_and_a_name_of_its_own() {
        for (index, language) in Language::ALL.iter().enumerate() {
            assert_eq!(Language::from_tag(language.tag()), Some(*language));
            for other in Language::ALL.iter().skip(index + 1) {
                assert_ne!((language.tag(), language.own_name()), (other.tag(), other.own_name()));
            }
        }
    }
}

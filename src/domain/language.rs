//! The language a page is written in.

/// A language with a complete catalogue of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    English,
}

/// Which way a script runs: the `dir` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Left to right.
    Ltr,
}

impl Language {
    /// Every language, in the order of the switch.
    pub const ALL: &'static [Self] = &[Self::English];

    /// The BCP 47 tag: the `lang` attribute and link parameter.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// The direction of its script.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::English => Direction::Ltr,
        }
    }

    /// The language of a tag, by its primary subtag and in any case: `en-GB` is English.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` value (RFC 9110, 12.5.4): highest weight first, then the order given.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for item in accept_language.split(',').take(32) {
            let mut parts = item.split(';');
            let Some(language) = parts.next().map(str::trim).and_then(Self::from_tag) else { continue };
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1000), thousandths).unwrap_or(0);
            if weight > best.map_or(0, |(heaviest, _)| heaviest) {
                best = Some((weight, language));
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
        }
    }
}

/// A weight such as `0.8` in thousandths.
fn thousandths(weight: &str) -> Option<u16> {
    let value: f32 = weight.trim().parse().ok()?;
    (0.0..=1.0).contains(&value).then(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        let thousandths = (value * 1000.0) as u16;
        thousandths
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_or_broken_preference_falls_back_to_english() {
        for header in ["", "tlh", "*", ";;;", "en;q=0", "en;q=banana", "en-GB, fr;q=0.5"] {
            assert_eq!(Language::negotiate(header), Language::English, "{header}");
        }
    }

    #[test]
    fn a_tag_names_its_language_whatever_its_region_and_case() {
        for tag in ["en", "EN", "en-GB", "en_US"] {
            assert_eq!(Language::from_tag(tag), Some(Language::English), "{tag}");
        }
        assert_eq!(Language::from_tag("english"), None);
    }
}

//! The name a person signs in with.

use std::sync::LazyLock;

use regex::Regex;
use validator::{ValidateLength as _, ValidateRegex as _};

use super::text::trim;

/// The upstream's pattern, with JavaScript's meaning: `upstream/openapi.json`, `CreateUserRequest.username`.
pub const UPSTREAM_PATTERN: &str = r"^(?=.{4,30}$)(?![_.])(?!.*[_.]{2})[a-zA-Z0-9._-]+(?<![_.])$";

/// The fewest characters of a username.
pub const MIN_CHARACTERS: u64 = 4;
/// The most characters of a username.
pub const MAX_CHARACTERS: u64 = 30;

/// [`UPSTREAM_PATTERN`] without look-around: runs of `[a-zA-Z0-9-]` joined by single dots or underscores.
/// The length is checked beside it.
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[a-zA-Z0-9-]+(?:[._][a-zA-Z0-9-]+)*$").ok());

/// A username that the upstream's pattern accepts.
#[derive(Clone, PartialEq, Eq)]
pub struct Username(String);

/// Why a text is not a [`Username`]: the first rule a person would name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing was typed.
    #[error("the username is empty")]
    Empty,
    /// Fewer than [`MIN_CHARACTERS`].
    #[error("the username is too short")]
    TooShort,
    /// More than [`MAX_CHARACTERS`].
    #[error("the username is too long")]
    TooLong,
    /// Something other than letters `a–z`, digits, `.`, `_`, `-`.
    #[error("the username has a character that is not allowed")]
    Character,
    /// A dot or underscore at an end, or two in a row.
    #[error("the username has a misplaced dot or underscore")]
    Separator,
}

impl Username {
    /// Trims and checks.
    ///
    /// # Errors
    /// [`UsernameError`] names the first rule that fails.
    pub fn parse(typed: &str) -> Result<Self, UsernameError> {
        let name = trim(typed);
        if matches_pattern(name) {
            return Ok(Self(name.to_owned()));
        }
        Err(first_broken_rule(name))
    }

    /// The username as it is forwarded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the untrimmed text matches [`UPSTREAM_PATTERN`] as JavaScript would decide.
#[must_use]
pub fn matches_pattern(text: &str) -> bool {
    text.validate_length(Some(MIN_CHARACTERS), Some(MAX_CHARACTERS), None)
        && RUNS.as_ref().is_some_and(|runs| text.validate_regex(runs))
}

fn first_broken_rule(name: &str) -> UsernameError {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() {
        UsernameError::Empty
    } else if !name.chars().all(allowed) {
        UsernameError::Character
    } else if !name.validate_length(Some(MIN_CHARACTERS), None, None) {
        UsernameError::TooShort
    } else if !name.validate_length(None, Some(MAX_CHARACTERS), None) {
        UsernameError::TooLong
    } else {
        UsernameError::Separator
    }
}

#[cfg(test)]
mod tests {
    use fancy_regex::Regex as JavaScriptRegex;
    use proptest::prelude::*;

    use super::*;

    fn original() -> JavaScriptRegex {
        JavaScriptRegex::new(UPSTREAM_PATTERN).unwrap()
    }

    /// Every string of up to seven symbols over an alphabet with one member of each class the pattern tells apart.
    #[test]
    fn the_pattern_means_what_the_original_means_for_every_short_string() {
        let original = original();
        let alphabet = ['a', 'Z', '0', '.', '_', '-', '\n', 'é'];
        let mut checked = 0_u32;
        let mut strings = vec![String::new()];
        for _length in 0..=6 {
            for text in &strings {
                assert_eq!(matches_pattern(text), original.is_match(text).unwrap(), "{text:?}");
                checked += 1;
            }
            strings =
                strings.iter().flat_map(|text| alphabet.iter().map(move |symbol| format!("{text}{symbol}"))).collect();
        }
        assert_eq!(checked, (8_u32.pow(7) - 1) / 7);
    }

    proptest! {
        #[test]
        fn the_pattern_means_what_the_original_means_around_the_length_limits(
            text in "[a-cA-C0-2._é\n-]{3,5}|[a-c0-2._-]{28,32}|[a-zA-Z0-9-]{1,12}([._]{1,2}[a-zA-Z0-9-]{0,9}){0,3}"
        ) {
            prop_assert_eq!(matches_pattern(&text), original().is_match(&text).unwrap());
        }
    }

    #[test]
    fn a_refused_username_is_told_its_first_broken_rule() {
        for (typed, expected) in [
            ("", UsernameError::Empty),
            ("   ", UsernameError::Empty),
            ("abc", UsernameError::TooShort),
            ("é", UsernameError::Character),
            ("jan jongboom", UsernameError::Character),
            ("jan@acme", UsernameError::Character),
            (".jan", UsernameError::Separator),
            ("jan_", UsernameError::Separator),
            ("ja..n", UsernameError::Separator),
            ("ja._n", UsernameError::Separator),
            ("abcdefghijklmnopqrstuvwxyz01234", UsernameError::TooLong),
        ] {
            assert_eq!(Username::parse(typed).err(), Some(expected), "{typed:?}");
        }
    }

    #[test]
    fn hyphens_may_lead_trail_and_repeat_as_upstream_allows() {
        for typed in ["----", "-jan", "jan-", "a-_-b", " janjongboom "] {
            assert!(Username::parse(typed).is_ok(), "{typed:?}");
        }
    }
}

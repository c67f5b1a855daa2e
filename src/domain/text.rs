//! One line of text a visitor typed.

use unicode_normalization::UnicodeNormalization as _;
use validator::ValidateLength as _;

/// The most code points any one-line field holds (contract 3).
pub const MAX_CODE_POINTS: u64 = 200;

/// A trimmed, NFC-normalised, non-empty line of at most [`MAX_CODE_POINTS`] code points without control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

/// Why a line is not a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("the text is empty")]
    Empty,
    /// More than [`MAX_CODE_POINTS`] code points.
    #[error("the text is too long")]
    TooLong,
    /// A character that no keyboard types into one line: C0, DEL, C1, or a Unicode line separator.
    #[error("the text has a control character")]
    ControlCharacter,
}

impl Text {
    /// Trims, normalises to NFC and checks.
    ///
    /// # Errors
    /// [`TextError`] names the first rule that fails.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        let typed = trim(typed);
        // Most names are; and ASCII is its own normal form.
        let text: String = if typed.is_ascii() { typed.to_owned() } else { typed.nfc().collect() };
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if has_control(&text) {
            return Err(TextError::ControlCharacter);
        }
        if !text.validate_length(None, Some(MAX_CODE_POINTS), None) {
            return Err(TextError::TooLong);
        }
        Ok(Self(text))
    }

    /// The text as it is forwarded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Drops white space at both ends, and the byte order mark that copying from a spreadsheet leaves.
#[must_use]
pub fn trim(typed: &str) -> &str {
    typed.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Whether a control character or a Unicode line or paragraph separator is in the text.
///
/// Direction marks stay: pasted Arabic and Hebrew names carry them.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_composed() {
        let text = Text::parse("\u{feff}\u{a0} Zoe\u{308} \u{3000}").ok().unwrap();
        assert_eq!(text.as_str(), "Zo\u{eb}");
    }

    #[test]
    fn each_broken_line_names_its_rule() {
        let long = "x".repeat(201);
        for (name, typed, expected) in [
            ("empty", "", TextError::Empty),
            ("blank", " \u{2003}\t", TextError::Empty),
            ("newline inside", "a\nb", TextError::ControlCharacter),
            ("escape", "a\u{1b}[31m", TextError::ControlCharacter),
            ("delete", "a\u{7f}b", TextError::ControlCharacter),
            ("C1", "a\u{85}b", TextError::ControlCharacter),
            ("line separator", "a\u{2028}b", TextError::ControlCharacter),
            ("201 code points", &long, TextError::TooLong),
        ] {
            assert_eq!(Text::parse(typed).err(), Some(expected), "{name}");
        }
    }

    #[test]
    fn length_counts_code_points_and_not_bytes() {
        assert!(Text::parse(&"語".repeat(200)).is_ok());
        assert!(Text::parse(&"語".repeat(201)).is_err());
    }
}

//! One line of text a visitor typed.

use unicode_normalization::UnicodeNormalization as _;
use validator::ValidateLength as _;

/// The most code points any one-line field holds (contract 3).
pub const MAX_CODE_POINTS: u64 = 200;

/// A trimmed, NFC-normalised line of at most [`MAX_CODE_POINTS`] code points, with something to see in it and without
/// control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

/// Why a line is not a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing to see: see [`is_blank`].
    #[error("the text is empty")]
    Empty,
    /// More than [`MAX_CODE_POINTS`] code points.
    #[error("the text is too long")]
    TooLong,
    /// A character that no keyboard types into one line: C0, DEL, C1, a Unicode line separator, or an override of the
    /// direction, which shows a name as another one.
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
        if is_blank(&text) {
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

/// Whether a control character, a Unicode line or paragraph separator, or an override of the direction is in the text.
///
/// Direction marks and isolates stay: pasted Arabic and Hebrew names carry them.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(is_control)
}

/// Whether a character is one that [`has_control`] looks for.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202d}' | '\u{202e}')
}

/// Whether there is nothing to see: white space, and what Unicode ignores by default or draws as nothing.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    })
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
            ("nothing to see", "\u{200b}\u{2060}\u{ad}\u{3164} \u{fe0f}", TextError::Empty),
            ("override", "\u{202e}adA", TextError::ControlCharacter),
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
    fn marks_and_joiners_stay_inside_what_can_be_seen() {
        for typed in [
            "\u{200f}\u{5d3}\u{5d5}\u{5d3}",
            "\u{2068}Ada\u{2069}",
            "نامه\u{200c}ای",
            "👩\u{200d}👧",
            "❤\u{fe0f}",
            "ㅤ김",
        ] {
            assert_eq!(Text::parse(typed).ok().map(|text| text.0).as_deref(), Some(typed));
        }
    }

    #[test]
    fn length_counts_code_points_and_not_bytes() {
        assert!(Text::parse(&"語".repeat(200)).is_ok());
        assert!(Text::parse(&"語".repeat(201)).is_err());
    }
}

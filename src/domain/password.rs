//! The password a person chose, and the policy it has to meet.

use std::sync::LazyLock;

use secrecy::{ExposeSecret as _, SecretString};
use zxcvbn::{Score, zxcvbn};

/// The most code points of a password: NIST SP 800-63B asks for at least 64, and an endless one costs hashing time.
pub const MAX_CODE_POINTS: usize = 128;

/// How much of a password its strength is estimated from: longer ones cost milliseconds and are strong anyway.
const ESTIMATED_CODE_POINTS: usize = 72;

/// Passwords of at least eight characters that attackers try first; origin and licence in `config/lists/README.md`.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("../../config/lists/common_passwords.txt").lines().collect());

/// A password exactly as it was typed: never trimmed, never normalised, wiped when dropped.
#[derive(Clone)]
pub struct Password(SecretString);

/// What a new password must meet: `password.*` in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest code points.
    pub min_length: usize,
    /// The lowest zxcvbn score, 0 (anything) to 4.
    pub min_strength: u8,
    /// Whether a password that as a whole is a common one is refused.
    pub refuse_common: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 8, min_strength: 0, refuse_common: true }
    }
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("the password is empty")]
    Empty,
    /// Fewer code points than the policy asks for.
    #[error("the password is too short")]
    TooShort {
        /// The fewest code points.
        min: usize,
    },
    /// More than [`MAX_CODE_POINTS`].
    #[error("the password is too long")]
    TooLong,
    /// As a whole one of the common passwords (NIST SP 800-63B, 3.1.1.2).
    #[error("the password is a common one")]
    Common,
    /// Under the policy's zxcvbn score.
    #[error("the password is easy to guess")]
    Weak,
}

impl Password {
    /// Checks against the policy; `known` are the visitor's own words (name, username, e-mail) that make a password easier to guess.
    ///
    /// # Errors
    /// [`PasswordError`] names the first rule that fails.
    pub fn parse(typed: &str, policy: &PasswordPolicy, known: &[&str]) -> Result<Self, PasswordError> {
        let length = typed.chars().count();
        if length == 0 {
            return Err(PasswordError::Empty);
        }
        if length < policy.min_length {
            return Err(PasswordError::TooShort { min: policy.min_length });
        }
        if length > MAX_CODE_POINTS {
            return Err(PasswordError::TooLong);
        }
        if policy.refuse_common && is_common(typed) {
            return Err(PasswordError::Common);
        }
        if policy.min_strength > 0 && score(typed, known) < policy.min_strength {
            return Err(PasswordError::Weak);
        }
        Ok(Self(SecretString::from(typed)))
    }

    /// The password exactly as typed, for the upstream request alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn is_common(typed: &str) -> bool {
    let folded = typed.to_lowercase();
    COMMON.binary_search(&folded.as_str()).is_ok()
}

fn score(typed: &str, known: &[&str]) -> u8 {
    let head: String = typed.chars().take(ESTIMATED_CODE_POINTS).collect();
    match zxcvbn(&head, known).score() {
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        Score::Four => 4,
        _ => 0,
    }
}

/// Builds the tables of the strength estimate, so that the first visitor does not wait for them.
pub fn warm_up(policy: &PasswordPolicy) {
    LazyLock::force(&COMMON);
    if policy.min_strength > 0 {
        let _built = score("correct horse battery staple", &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<Password, PasswordError> {
        Password::parse(typed, &PasswordPolicy::default(), &[])
    }

    #[test]
    fn the_password_is_kept_exactly_as_typed() {
        for typed in
            ["  spaces around  ", "e\u{301}\u{301}\u{301}\u{301}12345", "パスワード長い言葉", "tab\there-and-there"]
        {
            assert_eq!(parse(typed).ok().unwrap().expose(), typed);
        }
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(parse(&"語".repeat(8)).is_ok());
        assert_eq!(parse(&"語".repeat(7)).err(), Some(PasswordError::TooShort { min: 8 }));
        assert!(parse(&"🦀".repeat(128)).is_ok());
        assert_eq!(parse(&"🦀".repeat(129)).err(), Some(PasswordError::TooLong));
        assert_eq!(parse("").err(), Some(PasswordError::Empty));
    }

    #[test]
    fn a_common_password_is_refused_whole_and_in_any_case() {
        for typed in ["password1", "PassWord1", "12345678", "iloveyou1"] {
            assert_eq!(parse(typed).err(), Some(PasswordError::Common), "{typed}");
        }
        assert!(parse("password1 and more").is_ok());
        let lenient = PasswordPolicy { refuse_common: false, ..PasswordPolicy::default() };
        assert!(Password::parse("password1", &lenient, &[]).is_ok());
    }

    #[test]
    fn strength_counts_the_visitors_own_words_as_guessable() {
        let strict = PasswordPolicy { min_strength: 3, ..PasswordPolicy::default() };
        assert!(Password::parse("jongboomjan", &strict, &["jongboom", "jan"]).is_err());
        assert!(Password::parse("vexing-otter-plinth-9", &strict, &["jan"]).is_ok());
    }

    #[test]
    fn the_common_passwords_are_sorted_so_that_the_search_finds_them() {
        assert!(COMMON.is_sorted());
        assert!(COMMON.len() > 5_000);
    }
}

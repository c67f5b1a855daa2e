//! What the studio means when it says no.

use serde::{Deserialize, Serialize};

use crate::domain::text::is_control;
use crate::settings::Phrases;

/// The most characters of the studio's words that a visitor sees (contract 4).
const MAX_WORDS: usize = 300;

/// A refusal in the studio's own words, with what we understood of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it is about.
    pub kind: RefusalKind,
    /// The studio's words, cut; empty when it gave none.
    pub words: String,
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalKind {
    /// The username is somebody else's.
    UsernameTaken,
    /// The address already has an account.
    EmailExists,
    /// The address is not welcome.
    EmailRefused,
    /// The password is not.
    PasswordRefused,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Recognises a refusal by the operator's phrases; the first list with a hit decides.
    #[must_use]
    pub fn read(words: &str, phrases: &Phrases) -> Self {
        let folded = words.to_lowercase();
        let kind = [
            (RefusalKind::UsernameTaken, &phrases.username_taken),
            (RefusalKind::EmailExists, &phrases.email_exists),
            (RefusalKind::EmailRefused, &phrases.email_refused),
            (RefusalKind::PasswordRefused, &phrases.password_refused),
        ]
        .into_iter()
        .find(|(_, list)| list.iter().any(|phrase| folded.contains(&phrase.to_lowercase())))
        .map_or(RefusalKind::Other, |(kind, _)| kind);
        let words = words.chars().filter(|c| !is_control(*c)).take(MAX_WORDS).collect();
        Self { kind, words }
    }
}

impl RefusalKind {
    /// The log field.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::UsernameTaken => "username_taken",
            Self::EmailExists => "email_exists",
            Self::EmailRefused => "email_refused",
            Self::PasswordRefused => "password_refused",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases() -> Phrases {
        let list = |phrases: &[&str]| phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
        Phrases {
            username_taken: list(&["username already"]),
            email_exists: list(&["email address already"]),
            email_refused: list(&["business email"]),
            password_refused: list(&["password"]),
        }
    }

    #[test]
    fn the_first_list_with_a_hit_decides() {
        for (words, kind) in [
            ("Username already exists", RefusalKind::UsernameTaken),
            ("USERNAME ALREADY taken, choose a password", RefusalKind::UsernameTaken),
            ("An account with this email address already exists", RefusalKind::EmailExists),
            ("Use a business email", RefusalKind::EmailRefused),
            ("Password too weak", RefusalKind::PasswordRefused),
            ("Out of seats", RefusalKind::Other),
            ("", RefusalKind::Other),
        ] {
            assert_eq!(Refusal::read(words, &phrases()).kind, kind, "{words}");
        }
    }

    #[test]
    fn the_studios_words_are_cut_and_lose_control_characters() {
        let refusal = Refusal::read(&format!("a\u{1b}[31m{}", "ü".repeat(400)), &phrases());
        assert_eq!(refusal.words.chars().count(), 300);
        assert!(refusal.words.starts_with("a[31mü"));
    }
}

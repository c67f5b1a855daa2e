//! A field of a form: what it is called, what may be typed into it, and what can be wrong with it.

use crate::domain::email::EmailError;
use crate::domain::email_policy::DomainRefusal;
use crate::domain::password::PasswordError;
use crate::domain::text::TextError;
use crate::domain::username::UsernameError;

/// One field of a flow, under the name that HTML and the upstream's JSON share.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The HTML name and the JSON key.
    pub name: &'static str,
    /// What may be typed.
    pub kind: Kind,
    /// Whether it must be filled.
    pub required: bool,
    /// The `autocomplete` token (WHATWG HTML, WCAG 1.3.5).
    pub autocomplete: &'static str,
    /// The part of the form it stands in.
    pub group: Group,
}

/// The kinds of input. A new one extends three matches: parse, page and JSON.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line.
    Text,
    /// One line, with a list of suggestions.
    Suggest(&'static [&'static str]),
    /// A username, see [`crate::domain::username`].
    Username,
    /// An e-mail address, see [`crate::domain::email`].
    Email,
    /// A new password, see [`crate::domain::password`].
    Password,
    /// A box that must be ticked.
    Consent,
    /// One of a closed list.
    Choice(&'static [Choice]),
    /// A country by ISO 3166 code; other text is forwarded as it is.
    Country,
    /// A state or province, with suggestions for the countries that have them.
    Region,
}

/// One member of a closed list.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: &'static str,
    /// The key of its words.
    pub words: &'static str,
}

/// The parts of a form, in page order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Who the visitor is and how to sign in.
    Account,
    /// Where the visitor works.
    Company,
    /// What the account is for.
    Project,
}

impl Group {
    /// The key of its heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Account => "group-account",
            Self::Company => "group-company",
            Self::Project => "group-project",
        }
    }
}

impl Field {
    /// An optional field of a kind.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, group: Group) -> Self {
        Self { name, kind, required: false, autocomplete: "off", group }
    }

    /// The same field, to be filled.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same field with its `autocomplete` token.
    #[must_use]
    pub const fn autocomplete(self, token: &'static str) -> Self {
        Self { autocomplete: token, ..self }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was typed where something is needed.
    Missing,
    /// The bytes are not UTF-8, or hold a NUL.
    Unreadable,
    /// A control character.
    ControlCharacter,
    /// Too many characters.
    TooLong {
        /// The most code points.
        max: u64,
    },
    /// Too few characters.
    TooShort {
        /// The fewest code points.
        min: u64,
    },
    /// Not one of the choices.
    NotAChoice,
    /// The username breaks a rule.
    Username(UsernameError),
    /// The address breaks a rule.
    Email(EmailError),
    /// The address is of a domain that is not welcome.
    EmailDomain(DomainRefusal),
    /// The password breaks a rule.
    Password(PasswordError),
}

impl Problem {
    /// The problem's name: the tail of the key of its words, and a metric label.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::ControlCharacter => "control",
            Self::TooLong { .. } => "too-long",
            Self::TooShort { .. } => "too-short",
            Self::NotAChoice => "not-a-choice",
            Self::Username(UsernameError::Character) => "character",
            Self::Username(_) => "separator",
            Self::Email(EmailError::At) => "at",
            Self::Email(EmailError::Local) => "local",
            Self::Email(_) => "domain",
            Self::EmailDomain(DomainRefusal::Disposable) => "disposable",
            Self::EmailDomain(DomainRefusal::Free) => "free",
            Self::EmailDomain(DomainRefusal::Blocked) => "blocked",
            Self::Password(PasswordError::Common) => "common",
            Self::Password(_) => "weak",
        }
    }

    /// The limit the words name, in code points.
    #[must_use]
    pub fn limit(self) -> Option<u64> {
        match self {
            Self::TooLong { max } => Some(max),
            Self::TooShort { min } => Some(min),
            _ => None,
        }
    }
}

impl From<TextError> for Problem {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::Missing,
            TextError::TooLong => Self::TooLong { max: crate::domain::text::MAX_CODE_POINTS },
            TextError::ControlCharacter => Self::ControlCharacter,
        }
    }
}

impl From<UsernameError> for Problem {
    fn from(error: UsernameError) -> Self {
        use crate::domain::username::{MAX_CHARACTERS, MIN_CHARACTERS};
        match error {
            UsernameError::Empty => Self::Missing,
            UsernameError::TooShort => Self::TooShort { min: MIN_CHARACTERS },
            UsernameError::TooLong => Self::TooLong { max: MAX_CHARACTERS },
            UsernameError::Character | UsernameError::Separator => Self::Username(error),
        }
    }
}

impl From<EmailError> for Problem {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Empty => Self::Missing,
            EmailError::TooLong => Self::TooLong { max: crate::domain::email::MAX_CHARACTERS as u64 },
            EmailError::At | EmailError::Local | EmailError::Domain => Self::Email(error),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Empty => Self::Missing,
            PasswordError::TooShort { min } => Self::TooShort { min: min as u64 },
            PasswordError::TooLong => Self::TooLong { max: crate::domain::password::MAX_CODE_POINTS as u64 },
            PasswordError::Common | PasswordError::Weak => Self::Password(error),
        }
    }
}

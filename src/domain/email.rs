//! An e-mail address, under one written policy.

use validator::ValidateEmail as _;

use super::text::trim;

/// The most characters of an address: the longest path SMTP carries, less its brackets (RFC 5321, erratum 1690).
pub const MAX_CHARACTERS: usize = 254;
/// The most characters before the `@` (RFC 5321, 4.5.3.1.1).
pub const MAX_LOCAL_CHARACTERS: usize = 64;

/// An address the whole world can write to.
///
/// The policy, and why:
/// - *Local part*: ASCII dot-atom (RFC 5322), as typed, because case may matter to its server. No quoted local parts
///   and no UTF-8 ones: senders, receivers and the upstream's own check handle them badly, and hardly anyone has one.
/// - *Domain*: folded by IDNA (UTS 46, strict) to lower-case ASCII, one trailing dot dropped, so that `BÜCHER.de`,
///   `ｂücher.de` and `xn--bcher-kva.de.` are one domain for limits and lists.
/// - *Public*: at least two labels and no numeric last label, so no `localhost` and no `1.2.3.4`; no address literals.
/// - *Length*: at most 254 characters, at most 64 before the `@`.
///
/// Beyond the syntax nothing is guessed: whether a mailbox exists is proved by the upstream's confirmation mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    address: String,
    at: usize,
}

/// Why a text is not an [`Email`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("the address is empty")]
    Empty,
    /// More than [`MAX_CHARACTERS`].
    #[error("the address is too long")]
    TooLong,
    /// No `@` with something on both sides, or more than one.
    #[error("the address has no single @")]
    At,
    /// A local part that is no ASCII dot-atom.
    #[error("the part before the @ is not one we can write to")]
    Local,
    /// A domain that IDNA refuses, or that is not a public name.
    #[error("the domain is not a public one")]
    Domain,
}

impl Email {
    /// Trims, folds the domain and checks.
    ///
    /// # Errors
    /// [`EmailError`] names the first rule that fails.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let typed = trim(typed);
        if typed.is_empty() {
            return Err(EmailError::Empty);
        }
        // Before folding, so that an endless domain costs nothing.
        if typed.chars().count() > MAX_CHARACTERS {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailError::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::At);
        }
        if !is_dot_atom(local) || local.len() > MAX_LOCAL_CHARACTERS {
            return Err(EmailError::Local);
        }
        let domain = fold_domain(domain).ok_or(EmailError::Domain)?;
        let address = format!("{local}@{domain}");
        if address.len() > MAX_CHARACTERS {
            return Err(EmailError::TooLong);
        }
        // The HTML standard's rule on top, as the browser's own check would decide.
        if !address.validate_email() {
            return Err(EmailError::Domain);
        }
        Ok(Self { at: local.len(), address })
    }

    /// The address as it is forwarded: local part as typed, domain folded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The domain in lower-case ASCII, without a trailing dot.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.get(self.at + 1..).unwrap_or_default()
    }

    /// One spelling for all that reach the same mailbox in practice: for keyed hashes only.
    #[must_use]
    pub fn key(&self) -> String {
        self.address.to_ascii_lowercase()
    }
}

/// A domain as IDNA folds it: lower-case ASCII, at least two labels, last label not numeric, no trailing dot.
/// `None` for anything else.
#[must_use]
pub fn fold_domain(typed: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(typed.trim_end_matches(['\u{3002}', '\u{ff0e}', '\u{ff61}'])).ok();
    // Strict IDNA refuses a root dot, which mail software tolerates.
    let ascii = ascii.or_else(|| idna::domain_to_ascii_strict(typed.strip_suffix('.')?).ok())?;
    let ascii = ascii.strip_suffix('.').map(str::to_owned).unwrap_or(ascii);
    let last = ascii.rsplit_once('.')?.1;
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    (!last.is_empty() && !numeric && !ascii.starts_with('.')).then_some(ascii)
}

/// RFC 5322 dot-atom: atoms of printable ASCII without specials, joined by single dots.
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_accepted_address_is_forwarded_with_its_domain_folded() {
        for (typed, forwarded) in [
            ("jan@acme.example", "jan@acme.example"),
            ("  Jan.Jongboom@ACME.Example ", "Jan.Jongboom@acme.example"),
            ("jan+trial@bücher.de", "jan+trial@xn--bcher-kva.de"),
            ("jan@ｇｍａｉｌ.com", "jan@gmail.com"),
            ("jan@gmail。com", "jan@gmail.com"),
            ("jan@acme.example.", "jan@acme.example"),
            ("o'hara@a-b.co.uk", "o'hara@a-b.co.uk"),
        ] {
            assert_eq!(Email::parse(typed).map(|email| email.address).ok().as_deref(), Some(forwarded), "{typed}");
        }
    }

    #[test]
    fn each_refused_address_names_its_rule() {
        let long_local = format!("{}@acme.example", "x".repeat(65));
        let long = format!("x@{}.example", "y".repeat(250));
        for (typed, expected) in [
            ("", EmailError::Empty),
            (" \t", EmailError::Empty),
            ("acme.example", EmailError::At),
            ("@acme.example", EmailError::At),
            ("jan@", EmailError::At),
            ("jan@acme@example.com", EmailError::At),
            ("..jan..@acme.example", EmailError::Local),
            ("ja..n@acme.example", EmailError::Local),
            ("\"jan j\"@acme.example", EmailError::Local),
            ("jän@acme.example", EmailError::Local),
            ("<script>@acme.example", EmailError::Local),
            ("ja\0n@acme.example", EmailError::Local),
            (&long_local, EmailError::Local),
            ("jan@localhost", EmailError::Domain),
            ("jan@1.2.3.4", EmailError::Domain),
            ("jan@[127.0.0.1]", EmailError::Domain),
            ("jan@acme..example", EmailError::Domain),
            ("jan@.example", EmailError::Domain),
            ("jan@a_b.example", EmailError::Domain),
            ("jan@-acme.example", EmailError::Domain),
            ("jan@acme.example..", EmailError::Domain),
            ("jan@acme example.com", EmailError::Domain),
            (&long, EmailError::TooLong),
        ] {
            assert_eq!(Email::parse(typed).err(), Some(expected), "{typed:?}");
        }
    }

    #[test]
    fn spellings_of_one_mailbox_share_a_key() {
        let keys: Vec<_> = ["Jan@Bücher.de", "jan@xn--bcher-kva.de.", "JAN@BÜCHER.DE"]
            .into_iter()
            .map(|typed| Email::parse(typed).ok().unwrap().key())
            .collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }

    proptest! {
        #[test]
        fn an_accepted_address_is_accepted_again_unchanged(typed in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert!(email.as_str().is_ascii());
                prop_assert_eq!(Email::parse(email.as_str()).ok().map(|again| again.address), Some(email.address));
            }
        }
    }
}

//! A likely slip in the domain of an address: `gmial.com` for `gmail.com`.

use super::email::Email;

/// Providers so common that a near miss is a slip: the ones the page's own script knows.
const PROVIDERS: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "live.com",
    "msn.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "gmx.com",
    "gmx.de",
    "web.de",
];

/// The address that was probably meant: one slip away (a character missing, added, wrong, or two swapped).
#[must_use]
pub fn suggestion(email: &Email) -> Option<Email> {
    let domain = email.domain();
    if PROVIDERS.contains(&domain) {
        return None;
    }
    let meant = PROVIDERS.iter().find(|provider| is_one_slip(domain, provider))?;
    let local = email.as_str().rsplit_once('@')?.0;
    Email::parse(&format!("{local}@{meant}")).ok()
}

/// Whether two different ASCII texts are one insertion, deletion, substitution or swap of neighbours apart.
fn is_one_slip(typed: &str, meant: &str) -> bool {
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    let same_head = typed.iter().zip(meant).take_while(|(one, other)| one == other).count();
    let (typed, meant) = (typed.get(same_head..).unwrap_or_default(), meant.get(same_head..).unwrap_or_default());
    match (typed, meant) {
        ([_, typed @ ..], [_, meant @ ..]) if typed == meant => true,
        ([_, rest @ ..], meant) if rest == meant => true,
        (typed, [_, rest @ ..]) if typed == rest => true,
        ([first, second, typed @ ..], [one, two, meant @ ..]) => first == two && second == one && typed == meant,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(address: &str) -> Option<String> {
        suggestion(&Email::parse(address).ok().unwrap()).map(|email| email.as_str().to_owned())
    }

    #[test]
    fn one_slip_is_seen_and_the_local_part_stays() {
        for domain in ["gmial.com", "gmal.com", "gmaill.com", "gnail.com", "gmail.co", "gmail.con", "gmai.com"] {
            assert_eq!(suggested(&format!("Jan.J@{domain}")).as_deref(), Some("Jan.J@gmail.com"), "{domain}");
        }
    }

    #[test]
    fn what_is_right_or_quite_different_is_left_alone() {
        for domain in ["gmail.com", "gmx.de", "acme.example", "mail.com.example", "gmail.com.example", "ngmaill.com"] {
            assert_eq!(suggested(&format!("jan@{domain}")), None, "{domain}");
        }
    }
}

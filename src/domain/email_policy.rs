//! Which e-mail domains a flow for businesses accepts.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use super::email::{Email, fold_domain};
use super::policy::Mode;

/// A list of folded domains that is searched without copying it.
#[derive(Clone)]
pub enum DomainList {
    /// A sorted list compiled in: origin and licence in `config/lists/README.md`.
    Embedded(&'static LazyLock<Vec<&'static str>>),
    /// A list read from an operator's file.
    Loaded(Arc<HashSet<Box<str>>>),
}

static FREE: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let published = include_str!("../../config/lists/free_email_domains.txt");
    corrected(published, include_str!("../../config/lists/also_free.txt"))
});
static DISPOSABLE: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let published = include_str!("../../config/lists/disposable_email_domains.txt");
    corrected(published, include_str!("../../config/lists/also_disposable.txt"))
});

/// A published list with what it lacks, and without what it names by mistake; reasons in `config/lists/README.md`.
fn corrected(published: &'static str, lacking: &'static str) -> Vec<&'static str> {
    let mistaken: Vec<_> = include_str!("../../config/lists/not_free.txt").lines().collect();
    let mut domains: Vec<_> =
        published.lines().chain(lacking.lines()).filter(|domain| !mistaken.contains(domain)).collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

impl DomainList {
    /// The providers whose addresses anybody gets for free.
    #[must_use]
    pub fn embedded_free() -> Self {
        Self::Embedded(&FREE)
    }

    /// The providers whose addresses are thrown away.
    #[must_use]
    pub fn embedded_disposable() -> Self {
        Self::Embedded(&DISPOSABLE)
    }

    /// Reads one domain a line; blank lines and `#` comments are passed over.
    ///
    /// # Errors
    /// The number (from 1) of the first line that is no domain.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut domains = HashSet::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                domains.insert(fold_domain(line).ok_or(index + 1)?.into_boxed_str());
            }
        }
        Ok(Self::Loaded(Arc::new(domains)))
    }

    /// How many domains are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Embedded(list) => list.len(),
            Self::Loaded(set) => set.len(),
        }
    }

    /// Whether none is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn has(&self, domain: &str) -> bool {
        match self {
            Self::Embedded(list) => list.binary_search(&domain).is_ok(),
            Self::Loaded(set) => set.contains(domain),
        }
    }
}

/// The rules for addresses: `email.*` in the settings.
#[derive(Clone)]
pub struct EmailPolicy {
    /// Free providers.
    pub free: DomainList,
    /// Disposable providers.
    pub disposable: DomainList,
    /// Refused in every flow.
    pub blocked: HashSet<Box<str>>,
    /// Accepted whatever the lists say.
    pub allowed: HashSet<Box<str>>,
    /// Whether the decision stands or is only counted.
    pub mode: Mode,
}

/// Why an address is not welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DomainRefusal {
    /// A throw-away provider.
    #[error("the domain is a disposable one")]
    Disposable,
    /// A free provider, where a business address is asked for.
    #[error("the domain is a free provider's")]
    Free,
    /// The operator blocks it.
    #[error("the domain is blocked")]
    Blocked,
}

impl DomainRefusal {
    /// The value of the metric's `reason` label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Disposable => "disposable",
            Self::Free => "free",
            Self::Blocked => "blocked",
        }
    }
}

impl EmailPolicy {
    /// The embedded lists, enforced, without overrides.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            free: DomainList::embedded_free(),
            disposable: DomainList::embedded_disposable(),
            blocked: HashSet::new(),
            allowed: HashSet::new(),
            mode: Mode::Enforce,
        }
    }

    /// Whether the address is welcome; `business` asks for one that is neither free nor disposable.
    ///
    /// A list names a domain together with all its subdomains, label by label; the operator's allow list wins.
    ///
    /// # Errors
    /// [`DomainRefusal`]; a disposable provider is called that even where it is also a free one.
    pub fn check(&self, email: &Email, business: bool) -> Result<(), DomainRefusal> {
        let on = |has: &dyn Fn(&str) -> bool| parents(email.domain()).any(has);
        if on(&|domain| self.allowed.contains(domain)) {
            return Ok(());
        }
        if on(&|domain| self.blocked.contains(domain)) {
            return Err(DomainRefusal::Blocked);
        }
        if !business {
            return Ok(());
        }
        if on(&|domain| self.disposable.has(domain)) {
            return Err(DomainRefusal::Disposable);
        }
        if on(&|domain| self.free.has(domain)) {
            return Err(DomainRefusal::Free);
        }
        Ok(())
    }
}

/// The domain and each parent with at least two labels: whole labels, so `notgmail.com` is not `gmail.com`.
fn parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, parent)| parent))
        .filter(|domain| domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Result<(), DomainRefusal> {
        let email = Email::parse(address).ok().unwrap();
        EmailPolicy::embedded().check(&email, true)
    }

    #[test]
    fn every_disguise_of_a_listed_domain_is_seen_through() {
        for (address, expected) in [
            ("jan@gmail.com", DomainRefusal::Free),
            ("jan@GMAIL.com", DomainRefusal::Free),
            ("jan@gmail.com.", DomainRefusal::Free),
            ("jan@ｇｍａｉｌ.com", DomainRefusal::Free),
            ("jan@gmail。com", DomainRefusal::Free),
            ("jan@mail.yahoo.com", DomainRefusal::Free),
            ("jan@tutanota.com", DomainRefusal::Free),
            ("jan@mailinator.com", DomainRefusal::Disposable),
            ("jan@temp-mail.io", DomainRefusal::Disposable),
            ("jan@deep.sub.mailinator.com", DomainRefusal::Disposable),
        ] {
            assert_eq!(check(address), Err(expected), "{address}");
        }
    }

    #[test]
    fn a_domain_that_only_looks_like_a_listed_one_is_welcome() {
        for address in ["jan@notgmail.com", "jan@gmail.com.acme.example", "jan@gmail-com.example", "jan@acme.example"] {
            assert_eq!(check(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn no_well_known_company_or_university_is_refused() {
        let domains: Vec<_> = include_str!("../../tests/data/well_known_domains.txt").lines().collect();
        assert_eq!(domains.len(), 200);
        let refused: Vec<_> = domains.iter().filter(|domain| check(&format!("jan@{domain}")).is_err()).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }

    #[test]
    fn the_operators_lists_come_on_top_and_allowed_wins() {
        let policy = EmailPolicy {
            blocked: HashSet::from(["rival.example".into(), "both.example".into()]),
            allowed: HashSet::from(["gmail.com".into(), "both.example".into()]),
            ..EmailPolicy::embedded()
        };
        let check = |address: &str, business| policy.check(&Email::parse(address).ok().unwrap(), business);
        assert_eq!(check("jan@gmail.com", true), Ok(()));
        assert_eq!(check("jan@both.example", true), Ok(()));
        assert_eq!(check("jan@hq.rival.example", true), Err(DomainRefusal::Blocked));
        assert_eq!(check("jan@rival.example", false), Err(DomainRefusal::Blocked));
        assert_eq!(check("jan@yahoo.com", false), Ok(()));
    }

    #[test]
    fn the_embedded_lists_are_sorted_folded_and_as_wide_as_the_industrys() {
        for (list, at_least) in [(&*FREE, 4_700), (&*DISPOSABLE, 5_000)] {
            assert!(list.is_sorted_by(|before, after| before < after));
            assert!(list.len() >= at_least, "{}", list.len());
        }
        let unfolded: Vec<_> = FREE
            .iter()
            .chain(DISPOSABLE.iter())
            .filter(|domain| fold_domain(domain).as_deref() != Some(**domain))
            .collect();
        assert!(unfolded.is_empty(), "{unfolded:?}");
    }

    #[test]
    fn an_operators_file_names_the_line_that_is_no_domain() {
        let list = DomainList::parse("# ours\nacme.example\n\nBÜCHER.example # folded\n").ok().unwrap();
        assert_eq!(list.len(), 2);
        assert!(list.has("xn--bcher-kva.example"));
        assert_eq!(DomainList::parse("acme.example\nnot a domain\n").err(), Some(2));
    }
}

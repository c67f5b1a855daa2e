//! The table at the end.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::books::Books;
use super::visitor::Told;

/// How many findings are printed; the rest is counted.
const PRINTED: usize = 20;

/// The table, and everything that does not agree.
#[derive(Default)]
pub struct Report {
    rows: Vec<(String, usize)>,
    pub findings: Vec<String>,
}

impl Report {
    pub fn row(&mut self, name: impl Into<String>, count: usize) {
        self.rows.push((name.into(), count));
    }

    /// What was tried.
    pub fn tell(&mut self, books: &Books) {
        self.row("forms", books.forms.len());
        self.row("posts", books.posts().count());
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        for post in books.posts() {
            *answers.entry(post.told.label()).or_default() += 1;
        }
        self.rows("  told", answers.iter());
        self.row("creations asked of the upstream", books.ledger.calls.len());
        self.row("accounts created", books.ledger.calls.iter().filter(|call| call.created).count());
        let gone = books.posts().filter(|post| post.told == Told::Left).map(|post| post.number).collect::<HashSet<_>>();
        let unseen = books.ledger.calls.iter().filter(|call| call.created && gone.contains(&call.post)).count();
        self.row("  of them after the visitor had gone", unseen);
        self.rows("  upstream:", books.ledger.upstream_faults.iter());
        self.rows("  siteverify:", books.ledger.siteverify_faults.iter());
        let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
        for trouble in books.world.troubles.lock().unwrap().iter() {
            *troubles.entry(trouble.what).or_default() += 1;
        }
        self.rows(" ", troubles.iter());
        let unplanned =
            books.alone.iter().filter(|alone| !books.was(&["Redis away or emptied"], alone.from, alone.to)).count();
        self.row("  Redis too slow on its own account", unplanned);
        for (incarnation, resident) in books.resident() {
            let mebibytes = |bytes: Option<&u64>| usize::try_from(bytes.copied().unwrap_or_default() >> 20).unwrap();
            self.row(format!("MiB resident, process {incarnation}, first"), mebibytes(resident.first()));
            self.row(format!("MiB resident, process {incarnation}, last"), mebibytes(resident.last()));
        }
    }

    fn rows<'a>(&mut self, what: &str, counts: impl Iterator<Item = (impl fmt::Display, &'a usize)>) {
        for (name, count) in counts {
            self.row(format!("{what} {name}"), *count);
        }
    }
}

impl Told {
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Created { .. } => Some(303),
            Self::Nothing { status } | Self::Unknown { status } | Self::Wrong { status, .. } => Some(*status),
            Self::Broken | Self::Left => None,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Created { .. } => "303, there is an account".to_owned(),
            Self::Nothing { status } => format!("{status}, nothing happened"),
            Self::Unknown { status } => format!("{status}, unknown"),
            Self::Wrong { status, why } => format!("{status}, {why}"),
            Self::Broken => "nothing: the connection broke".to_owned(),
            Self::Left => "nothing: the visitor had gone".to_owned(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings.iter().take(PRINTED) {
            writeln!(f, "{finding}")?;
        }
        if self.findings.len() > PRINTED {
            writeln!(f, "… and {} more", self.findings.len() - PRINTED)?;
        }
        self.rows.iter().try_for_each(|(name, count)| writeln!(f, "{name:<52} {count:>8}"))
    }
}

//! The comparison: what visitors were told against what the upstream really did.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use super::neighbours::{Call, Ledger, Says};
use super::processes::Alone;
use super::report::Report;
use super::visitor::{Form, Post, Told};
use super::world::World;

pub struct Books<'a> {
    pub world: &'a World,
    pub forms: &'a [Form],
    pub ledger: &'a Ledger,
    /// The last metrics of the processes that lived to the end.
    pub metrics: &'a [(u32, String)],
    /// When processes went on without Redis.
    pub alone: Vec<Alone>,
}

impl Books<'_> {
    pub fn compare(&self) -> Report {
        let mut report = Report::default();
        report.tell(self);
        let mut calls: HashMap<&str, Vec<&Call>> = HashMap::new();
        for call in &self.ledger.calls {
            calls.entry(&call.email).or_default().push(call);
        }
        let kinds = ["duplicates", "lost", "wrong answers", "typed values lost"];
        let mut totals = [0; 4];
        let mut doubled = 0;
        for form in self.forms {
            let calls = calls.remove(form.email.as_str()).unwrap_or_default();
            let audit = Audit { form, calls: &calls, books: self };
            doubled += usize::from(audit.created().count() > 1);
            let found = [audit.duplicates(), audit.lost(), audit.wrong_answers(), form.values_lost.clone()];
            for ((total, kind), found) in totals.iter_mut().zip(kinds).zip(found) {
                *total += found.len();
                let whole = |finding| format!("{kind}: {finding}\n  {form:#?}\n  calls {calls:#?}");
                report.findings.extend(found.into_iter().map(whole));
            }
        }
        let unasked = |email| format!("the upstream was asked for {email}, which nobody posted");
        report.findings.extend(calls.keys().map(unasked));
        report.findings.extend(self.surprising_lines());
        report.findings.extend(self.metrics_that_disagree());
        report.findings.extend(self.memory_that_grows());
        report.row("forms with two accounts, Redis away or not", doubled);
        for (kind, total) in kinds.into_iter().zip(totals) {
            report.row(kind, total);
        }
        report
    }

    /// Whether there was such a trouble at any moment from one time to another.
    pub fn was(&self, troubles: &[&str], from: SystemTime, to: SystemTime) -> bool {
        let mut met = self.world.troubles.lock().unwrap().clone().into_iter();
        met.any(|trouble| troubles.contains(&trouble.what) && trouble.from <= to && from <= trouble.to)
    }

    pub fn posts(&self) -> impl Iterator<Item = &Post> {
        self.forms.iter().flat_map(|form| &form.posts)
    }
}

/// One form against the calls made for it.
struct Audit<'a> {
    form: &'a Form,
    calls: &'a [&'a Call],
    books: &'a Books<'a>,
}

impl Audit<'_> {
    fn from(&self) -> SystemTime {
        self.form.posts.first().map_or(SystemTime::UNIX_EPOCH, |post| post.from)
    }

    fn to(&self) -> SystemTime {
        self.form.posts.iter().map(|post| post.to).max().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn created(&self) -> impl Iterator<Item = &&Call> {
        self.calls.iter().filter(|call| call.created)
    }

    /// Whether the form went from one replica to another while one of them said that it was on its own.
    fn roamed_without_redis(&self) -> bool {
        let roamed = self.form.posts.iter().any(|post| post.incarnation != self.form.posts[0].incarnation);
        roamed && self.books.alone.iter().any(|alone| alone.from <= self.to() && self.from() <= alone.to)
    }

    /// Two accounts by one form, or one press of the button sent twice.
    fn duplicates(&self) -> Vec<String> {
        let mut accounts: BTreeMap<u32, usize> = BTreeMap::new();
        for call in self.created() {
            *accounts.entry(call.incarnation).or_default() += 1;
        }
        let allowed = if self.roamed_without_redis() { accounts.len() } else { 1 };
        let mut findings = Vec::new();
        if accounts.values().sum::<usize>() > allowed || accounts.values().any(|accounts| *accounts > 1) {
            findings.push(format!("{} has {accounts:?} accounts by process", self.form.email));
        }
        for post in &self.form.posts {
            let sent = self.calls.iter().filter(|call| call.post == post.number).count();
            if sent > 1 {
                findings.push(format!("post {} of {} was sent {sent} times", post.number, self.form.email));
            }
        }
        findings
    }

    /// Told of an account that is not there, or told that there is none when there was.
    fn lost(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for post in &self.form.posts {
            match &post.told {
                Told::Created { destination } => {
                    let there = self.created().any(|call| {
                        call.says == Says::Created && call.at <= post.to && call.destination == *destination
                    });
                    if !there {
                        findings.push(format!("post {} was told of an account at {destination}", post.number));
                    }
                }
                Told::Nothing { status } => {
                    let was_there = self.created().any(|call| call.at < post.from || call.post == post.number);
                    if was_there && !self.roamed_without_redis() {
                        findings.push(format!("post {} was told {status}, and there is an account", post.number));
                    }
                }
                _ => {}
            }
        }
        findings
    }

    /// Answers that the upstream's own does not call for.
    fn wrong_answers(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for post in &self.form.posts {
            let own = self.calls.iter().find(|call| call.post == post.number).map(|call| call.says);
            if !self.is_right(post, own) {
                let Post { number, told, .. } = post;
                findings.push(format!("post {number} was told {told:?}, and its own call was answered with {own:?}"));
            }
        }
        findings
    }

    fn is_right(&self, post: &Post, own: Option<Says>) -> bool {
        match (&post.told, own) {
            // While a process stood still, the deadlines for heads and bodies went by.
            (Told::Wrong { status: 408, .. }, None) => self.is_excused(post, &["a gateway frozen"]),
            (Told::Wrong { .. }, _) => false,
            (Told::Broken, _) => self.is_excused(post, &["a gateway killed", "a gateway frozen"]),
            (Told::Created { .. }, Some(says)) => says == Says::Created,
            (Told::Nothing { status: 422 }, Some(says)) => says == Says::Refused,
            (Told::Nothing { status }, Some(says)) => says == Says::Nothing(*status),
            // A front says in its own words that it has no answer.
            (Told::Unknown { .. }, Some(Says::Unknown(_))) if self.books.world.front.is_some() => true,
            (Told::Unknown { status }, Some(says)) => says == Says::Unknown(*status) || self.is_hidden(post),
            (Told::Unknown { .. }, None) => {
                self.calls.iter().any(|call| matches!(call.says, Says::Unknown(_))) || self.is_hidden(post)
            }
            // An earlier attempt's answer: see `lost`. Or stopped before the upstream, by siteverify or the circuit.
            (Told::Left, _) | (Told::Created { .. } | Told::Nothing { .. }, None) => true,
        }
    }

    /// Whether something happened that hides how an attempt ended.
    fn is_hidden(&self, post: &Post) -> bool {
        self.is_excused(post, &["a gateway killed", "a gateway frozen", "a neighbour that does not read"])
            || self.roamed_without_redis()
    }

    /// Whether such a trouble befell a process that the form was posted to, while it was about.
    fn is_excused(&self, post: &Post, troubles: &[&str]) -> bool {
        self.books.world.troubles.lock().unwrap().iter().any(|trouble| {
            let met = |process: u32| self.form.posts.iter().any(|post| post.incarnation == process);
            troubles.contains(&trouble.what)
                && trouble.from <= post.to
                && self.from() <= trouble.to
                && trouble.incarnation.is_none_or(met)
        })
    }
}

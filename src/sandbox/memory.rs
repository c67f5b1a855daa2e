//! What the studio remembers: the accounts made and what each creation brought along.

use std::{
    collections::VecDeque,
    sync::{MutexGuard, PoisonError},
};

use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::{
    Studio,
    create::Operation,
    magic::{KnownUser, Person, State, TrialEnd},
    schema::SignUp,
};

/// How many accounts and how many receipts are kept; the oldest give way.
const KEPT: usize = 1_000;
/// Accounts made by a sign-up are numbered from here.
pub(super) const FIRST_USER: u64 = 100_000;
/// Trial organizations are numbered from here.
pub(super) const FIRST_ORGANIZATION: u64 = 500_000;
/// How long a trial runs.
const TRIAL: Duration = Duration::days(14);
/// How long ago the trials that are over ended.
const SINCE_END: Duration = Duration::days(3);

const MASK: &str = "••••••••";

/// An account of the studio.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) job_title: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) created: OffsetDateTime,
    pub(super) activated: bool,
    pub(super) suspended: bool,
    pub(super) tier: &'static str,
    pub(super) trial: Option<Trial>,
}

/// An enterprise trial.
#[derive(Clone, Copy)]
pub(super) struct Trial {
    pub(super) organization: u64,
    pub(super) expiration: OffsetDateTime,
    pub(super) expired: Option<OffsetDateTime>,
    pub(super) deleted: Option<OffsetDateTime>,
    pub(super) upgraded: Option<OffsetDateTime>,
}

impl Trial {
    fn starting_at(now: OffsetDateTime, organization: u64) -> Self {
        Self { organization, expiration: now + TRIAL, expired: None, deleted: None, upgraded: None }
    }

    pub(super) fn is_running(&self) -> bool {
        self.expired.is_none() && self.deleted.is_none() && self.upgraded.is_none()
    }
}

impl Account {
    /// The account a known user stands for, as of now.
    pub(super) fn known(user: &KnownUser) -> Self {
        let now = OffsetDateTime::now_utc();
        let mut account = Self {
            id: user.id,
            username: user.username.to_owned(),
            email: format!("{}@acme-instruments.com", user.username),
            name: "Kim Known".to_owned(),
            job_title: Some("Engineer".to_owned()),
            company_name: Some("ACME Instruments".to_owned()),
            created: now - TRIAL,
            activated: true,
            suspended: false,
            tier: "free",
            trial: None,
        };
        match user.state {
            State::Unconfirmed => account.activated = false,
            State::Confirmed { tier } => account.tier = tier,
            State::Suspended => account.suspended = true,
            State::Trial { confirmed, end } => {
                account.activated = confirmed;
                let mut trial = Trial::starting_at(now - SINCE_END, FIRST_ORGANIZATION - user.id);
                let ended = Some(now - SINCE_END);
                match end {
                    TrialEnd::Running => {}
                    TrialEnd::Expired => trial.expired = ended,
                    TrialEnd::Deleted => (trial.expired, trial.deleted) = (ended, ended),
                    TrialEnd::Upgraded => {
                        trial.upgraded = ended;
                        account.tier = "enterprise";
                    }
                }
                if matches!(end, TrialEnd::Expired | TrialEnd::Deleted) {
                    trial.expiration = now - SINCE_END;
                }
                account.trial = Some(trial);
            }
            State::Sparse | State::Missing | State::Late | State::Failing(_) => {
                account.tier = "professional";
            }
        }
        account
    }

    /// The account that waits behind an activation code.
    pub(super) fn invited(person: &Person) -> Self {
        Self {
            id: person.id,
            username: person.username.to_owned(),
            email: person.email.to_owned(),
            name: person.name.to_owned(),
            job_title: person.job_title.map(str::to_owned),
            company_name: person.company_name.map(str::to_owned),
            created: OffsetDateTime::now_utc() - TRIAL,
            activated: person.activated,
            suspended: false,
            tier: "free",
            trial: None,
        }
    }

    /// Takes the step, if the account can.
    pub(super) fn change(&mut self, change: Change) {
        match (change, &mut self.trial) {
            (Change::Confirm, _) => self.activated = true,
            (Change::Pay, None) => self.tier = "professional",
            (Change::EndTrial, Some(trial)) if trial.is_running() => {
                let now = OffsetDateTime::now_utc();
                (trial.expiration, trial.expired) = (now, Some(now));
            }
            (Change::Suspend, _) => self.suspended = true,
            (Change::Pay | Change::EndTrial, _) => {}
        }
    }

    /// The steps that would still change something.
    pub(super) fn open_changes(&self) -> Vec<Change> {
        let trial_runs = self.trial.as_ref().is_some_and(Trial::is_running);
        [
            (Change::Confirm, !self.activated),
            (Change::Pay, self.trial.is_none() && self.tier == "free"),
            (Change::EndTrial, trial_runs),
            (Change::Suspend, !self.suspended),
        ]
        .into_iter()
        .filter_map(|(change, open)| open.then_some(change))
        .collect()
    }
}

/// A step in an account's life that happens outside of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Confirm,
    Pay,
    EndTrial,
    Suspend,
}

impl Change {
    const ALL: [Self; 4] = [Self::Confirm, Self::Pay, Self::EndTrial, Self::Suspend];

    /// Its name in a path.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Pay => "pay",
            Self::EndTrial => "end-trial",
            Self::Suspend => "suspend",
        }
    }

    /// What the button says.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Confirm => "Confirm the e-mail address",
            Self::Pay => "Pay for the professional plan",
            Self::EndTrial => "Let the trial expire",
            Self::Suspend => "Suspend the account",
        }
    }

    pub(super) fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.slug() == slug)
    }
}

/// What one creation brought along. The password is gone before this is made.
#[derive(Clone)]
pub(super) struct Receipt {
    pub(super) id: String,
    pub(super) operation: Operation,
    pub(super) payload: Map<String, Value>,
    pub(super) headers: Vec<(&'static str, Option<String>)>,
    pub(super) received: OffsetDateTime,
    pub(super) outcome: String,
    pub(super) user: Option<u64>,
    /// Origin of the gateway the browser came from, once it has come.
    pub(super) gateway: Option<String>,
}

/// The body of a creation as it may be kept and shown: the password masked, nothing else changed.
pub(super) fn masked(mut body: Map<String, Value>) -> Map<String, Value> {
    if let Some(password) = body.get_mut("password") {
        *password = MASK.into();
    }
    body
}

/// The ids of what a creation made.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) user: u64,
    pub(super) organization: u64,
}

/// Accounts and receipts, newest last.
#[derive(Default)]
pub(super) struct Memory {
    accounts: VecDeque<Account>,
    receipts: VecDeque<Receipt>,
    made: u64,
}

impl Memory {
    /// Makes an account.
    ///
    /// # Errors
    ///
    /// The studio's words when username or e-mail address are in use. A `reusable` username never is.
    pub(super) fn admit(
        &mut self,
        operation: Operation,
        sign_up: &SignUp,
        reusable: bool,
    ) -> Result<Made, &'static str> {
        let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
        if !reusable && self.accounts.iter().any(|account| same(&account.username, &sign_up.username)) {
            return Err("Username is already taken");
        }
        if self.accounts.iter().any(|account| same(&account.email, &sign_up.email)) {
            return Err("An account with this email address already exists");
        }
        let made = Made { user: FIRST_USER + self.made, organization: FIRST_ORGANIZATION + self.made };
        self.made += 1;
        let now = OffsetDateTime::now_utc();
        let trial = (operation == Operation::Trial).then(|| Trial::starting_at(now, made.organization));
        push(
            &mut self.accounts,
            Account {
                id: made.user,
                username: sign_up.username.clone(),
                email: sign_up.email.clone(),
                name: sign_up.name.clone(),
                job_title: sign_up.job_title.clone(),
                company_name: sign_up.company_name.clone(),
                created: now,
                activated: false,
                suspended: false,
                tier: "free",
                trial,
            },
        );
        Ok(made)
    }

    pub(super) fn keep(&mut self, receipt: Receipt) {
        push(&mut self.receipts, receipt);
    }

    pub(super) fn receipt(&self, id: &str) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| receipt.id == id)
    }

    /// Remembers where the receipt's browser came from.
    pub(super) fn came_from(&mut self, id: &str, gateway: String) {
        if let Some(receipt) = self.receipts.iter_mut().find(|receipt| receipt.id == id) {
            receipt.gateway = Some(gateway);
        }
    }

    /// The newest receipts, newest first.
    pub(super) fn newest(&self, count: usize) -> impl Iterator<Item = &Receipt> {
        self.receipts.iter().rev().take(count)
    }

    pub(super) fn account(&self, id: u64) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub(super) fn account_mut(&mut self, id: u64) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.id == id)
    }
}

fn push<T>(kept: &mut VecDeque<T>, newest: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(newest);
}

impl Studio {
    /// The memory. A panic elsewhere leaves it usable: every change is one step.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

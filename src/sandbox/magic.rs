//! The words that bring about what is otherwise hard to come by.

use std::time::Duration;

use super::fault::Fault;

/// Longer than any gateway waits.
const SLOW: Duration = Duration::from_secs(30);
/// Long enough to see a page wait, short enough to be answered.
const SLUGGISH: Duration = Duration::from_secs(3);
/// A username that steers a creation, compared without regard to case. It is never taken: use it as often as you like,
/// each time with another e-mail address.
pub struct Magic {
    /// The username.
    pub word: &'static str,
    /// What happens, in words.
    pub meaning: &'static str,
    pub(super) effect: Effect,
}

/// What a magic username does to an otherwise valid creation.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    Refuse(&'static str),
    Late(Duration),
    Redirect(Option<&'static str>),
    Fail(Fault),
}

const fn magic(word: &'static str, effect: Effect, meaning: &'static str) -> Magic {
    Magic { word, meaning, effect }
}

/// The magic usernames. Those of [`USERS`] work too: they answer with that user's id.
#[rustfmt::skip] // a table
pub const MAGIC_USERNAMES: &[Magic] = &[
    magic("taken", Effect::Refuse("Username is already taken"), "refused: the username is taken"),
    magic("exists", Effect::Refuse("An account with this email address already exists"), "refused: the e-mail address has an account"),
    magic("freemail", Effect::Refuse("This email domain is not allowed, please use a business email address"), "refused: not a business e-mail address"),
    magic("weakpass", Effect::Refuse("Password is too easy to guess"), "refused: the password"),
    magic("refused", Effect::Refuse("Sign-ups from your organization are closed"), "refused: for a reason that belongs to no field"),
    magic("sluggish", Effect::Late(SLUGGISH), "created, answered after 3 seconds"),
    magic("slow", Effect::Late(SLOW), "created, answered after 30 seconds"),
    magic("down", Effect::Fail(Fault::Down), "503"),
    magic("limited", Effect::Fail(Fault::Limited), "429 with Retry-After: 7"),
    magic("broken", Effect::Fail(Fault::Broken), "500 with JSON"),
    magic("misconfigured", Effect::Fail(Fault::Misconfigured), "401"),
    magic("elsewhere", Effect::Fail(Fault::Elsewhere), "302 to another path"),
    magic("badgateway", Effect::Fail(Fault::BadGateway), "created, but answered 502 with HTML"),
    magic("garbage", Effect::Fail(Fault::Garbage), "created, but answered 200 with HTML"),
    magic("vague", Effect::Fail(Fault::Vague), "created, but answered 200 with JSON that does not say so"),
    magic("oversized", Effect::Fail(Fault::Oversized), "created, but answered 200 with 300 KiB"),
    magic("hangup", Effect::Fail(Fault::HangUp), "created, but the answer breaks off in its body"),
    magic("foreign", Effect::Redirect(Some("https://evil.example/studio/welcome")), "created, redirectUrl on a foreign origin"),
    magic("scripted", Effect::Redirect(Some("javascript:alert(document.domain)")), "created, redirectUrl with the javascript: scheme"),
    magic("noredirect", Effect::Redirect(None), "created, no redirectUrl"),
];

/// An account with a memorable id. A sign-up with its username is answered with that id, so that the pages about an
/// account can be seen in each state.
pub struct KnownUser {
    /// The id the studio knows it by.
    pub id: u64,
    /// The username that signs in as it.
    pub username: &'static str,
    /// Its state, in words.
    pub meaning: &'static str,
    pub(super) state: State,
}

/// How far an account has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Unconfirmed,
    Confirmed {
        tier: &'static str,
    },
    Suspended,
    Trial {
        confirmed: bool,
        end: TrialEnd,
    },
    /// Answers with the least the schema asks for, and `null` for the rest.
    Sparse,
    Missing,
    Late,
    Failing(FaultyRead),
}

/// What became of a trial.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TrialEnd {
    Running,
    Expired,
    Upgraded,
    Deleted,
}

/// How a read may fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultyRead {
    Down,
    Garbage,
}

impl FaultyRead {
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Down => Fault::Down,
            Self::Garbage => Fault::Garbage,
        }
    }
}

const fn known(id: u64, username: &'static str, state: State, meaning: &'static str) -> KnownUser {
    KnownUser { id, username, meaning, state }
}

/// The accounts that exist from the start. Those made by a sign-up get ids from 100000 up.
#[rustfmt::skip] // a table
pub const USERS: &[KnownUser] = &[
    known(1, "unconfirmed", State::Unconfirmed, "created, e-mail not confirmed"),
    known(2, "unpaid", State::Confirmed { tier: "free" }, "e-mail confirmed, payment pending (free tier)"),
    known(3, "professional", State::Confirmed { tier: "professional" }, "professional plan active"),
    known(4, "trialing", State::Trial { confirmed: true, end: TrialEnd::Running }, "enterprise trial active"),
    known(5, "trial-over", State::Trial { confirmed: true, end: TrialEnd::Expired }, "enterprise trial expired"),
    known(6, "suspended", State::Suspended, "suspended"),
    known(7, "unknown-tier", State::Confirmed { tier: "galactic" }, "a tier no schema knows"),
    known(8, "enterprise", State::Confirmed { tier: "enterprise" }, "enterprise tier"),
    known(9, "trial-upgraded", State::Trial { confirmed: true, end: TrialEnd::Upgraded }, "enterprise trial upgraded to the enterprise tier"),
    known(10, "trial-deleted", State::Trial { confirmed: true, end: TrialEnd::Deleted }, "enterprise trial expired and deleted"),
    known(11, "trial-unconfirmed", State::Trial { confirmed: false, end: TrialEnd::Running }, "enterprise trial active, e-mail not confirmed"),
    known(12, "sparse", State::Sparse, "confirmed; optional fields missing or null"),
    known(200, "status-garbage", State::Failing(FaultyRead::Garbage), "reading it answers 200 with HTML"),
    known(404, "status-missing", State::Missing, "reading it finds no such user"),
    known(503, "status-down", State::Failing(FaultyRead::Down), "reading it answers 503"),
    known(504, "status-slow", State::Late, "reading it takes 30 seconds"),
];

/// How long [`State::Late`] and the slow activation code take.
pub(super) const SLOW_READ: Duration = SLOW;

/// An activation code of a third party. Looking one up changes nothing.
pub struct ActivationCode {
    /// The code.
    pub code: &'static str,
    /// What looking it up answers, in words.
    pub meaning: &'static str,
    pub(super) answer: CodeAnswer,
}

/// What an activation code leads to.
#[derive(Clone, Copy)]
pub(super) enum CodeAnswer {
    Person(&'static Person),
    Refuse(&'static str),
    Late(&'static Person),
    Fail(Fault),
}

/// Who an activation code was made for.
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) username: &'static str,
    pub(super) email: &'static str,
    pub(super) job_title: Option<&'static str>,
    pub(super) company_name: Option<&'static str>,
    pub(super) activated: bool,
}

const WELCOME: &Person = &Person {
    id: 21,
    name: "Robin Meyer",
    username: "robin.meyer",
    email: "robin.meyer@acme-instruments.com",
    job_title: Some("Firmware Engineer"),
    company_name: Some("ACME Instruments"),
    activated: false,
};

const CLAIMED: &Person = &Person { id: 22, username: "taken", email: "robin@acme-instruments.com", ..*WELCOME };

const ACTIVE: &Person =
    &Person { id: 23, username: "sam.active", email: "sam@acme-instruments.com", activated: true, ..*WELCOME };

const BARE: &Person = &Person {
    id: 24,
    username: "bare.person",
    email: "bare@acme-instruments.com",
    job_title: None,
    company_name: None,
    ..*WELCOME
};

const fn code(code: &'static str, answer: CodeAnswer, meaning: &'static str) -> ActivationCode {
    ActivationCode { code, meaning, answer }
}

/// The activation codes. Every other code is unknown.
#[rustfmt::skip] // a table
pub const ACTIVATION_CODES: &[ActivationCode] = &[
    code("welcome", CodeAnswer::Person(WELCOME), "a pending user with name, username, e-mail, job title and company"),
    code("claimed", CodeAnswer::Person(CLAIMED), "a pending user whose username a sign-up finds taken"),
    code("bare", CodeAnswer::Person(BARE), "a pending user without job title and company"),
    code("active", CodeAnswer::Person(ACTIVE), "an account that is already active"),
    code("used", CodeAnswer::Refuse("Activation code has already been used"), "refused: used"),
    code("expired", CodeAnswer::Refuse("Activation code has expired"), "refused: expired"),
    code("garbage", CodeAnswer::Fail(Fault::Garbage), "200 with HTML"),
    code("down", CodeAnswer::Fail(Fault::Down), "503"),
    code("slow", CodeAnswer::Late(WELCOME), "as welcome, after 30 seconds"),
];

/// The part of an e-mail address before the `@` that steers its validation.
pub struct Mailbox {
    /// The local part, compared without regard to case.
    pub local: &'static str,
    /// The verdict, in words.
    pub meaning: &'static str,
    pub(super) verdict: Verdict,
}

/// What the studio thinks of an address.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Valid,
    Risky,
    Invalid,
    Late,
    Fail(Fault),
}

/// The mailboxes that are not simply valid. Misspelt domains such as `gmial.com` are invalid too, with a suggestion.
#[rustfmt::skip] // a table
pub const MAGIC_MAILBOXES: &[Mailbox] = &[
    Mailbox { local: "invalid", meaning: "verdict Invalid; the pro operation refuses it without ignoreEmailValidation", verdict: Verdict::Invalid },
    Mailbox { local: "risky", meaning: "verdict Risky", verdict: Verdict::Risky },
    Mailbox { local: "garbage", meaning: "200 with HTML", verdict: Verdict::Fail(Fault::Garbage) },
    Mailbox { local: "down", meaning: "503", verdict: Verdict::Fail(Fault::Down) },
    Mailbox { local: "slow", meaning: "Valid, after 30 seconds", verdict: Verdict::Late },
];

/// The effect of a username, if it is a magic one.
pub(super) fn effect_of(username: &str) -> Option<Effect> {
    MAGIC_USERNAMES.iter().find(|magic| magic.word.eq_ignore_ascii_case(username)).map(|magic| magic.effect)
}

/// The known user a sign-up with this username stands for.
pub(super) fn known_by_username(username: &str) -> Option<&'static KnownUser> {
    USERS.iter().find(|known| known.username.eq_ignore_ascii_case(username))
}

/// The known user with this id.
pub(super) fn known_by_id(id: u64) -> Option<&'static KnownUser> {
    USERS.iter().find(|known| known.id == id)
}

/// What looking up an activation code answers.
pub(super) fn code_answer(code: &str) -> CodeAnswer {
    ACTIVATION_CODES
        .iter()
        .find(|known| known.code == code)
        .map_or(CodeAnswer::Refuse("Unknown activation code"), |known| known.answer)
}

/// The verdict a local part asks for.
pub(super) fn verdict_of(local: &str) -> Verdict {
    MAGIC_MAILBOXES
        .iter()
        .find(|mailbox| mailbox.local.eq_ignore_ascii_case(local))
        .map_or(Verdict::Valid, |mailbox| mailbox.verdict)
}

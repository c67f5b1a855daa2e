//! Honest visitors: impatient and unlucky, but they do what the page says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::redirect::Policy;
use signup_gateway::signup::Flow;

use super::dice::Dice;
use super::world::{Passage, Replica, World};
use crate::helpers::app::{fill, token, urlencode};
use crate::helpers::{FLOWS, Page};

/// A visitor who was told this often to try again goes away.
const ROUNDS: u32 = 4;
/// Far longer than any page takes, frozen replicas apart.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a visitor was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// 303.
    Created { destination: String },
    /// Nothing was created, try again: 422, 503, a plain 502.
    Nothing { status: u16 },
    /// An account may have been created: 504, or 502 in its words.
    Unknown { status: u16 },
    /// What no honest visitor should ever be told.
    Wrong { status: u16, why: &'static str },
    /// The connection broke.
    Broken,
    /// Nothing: the visitor went away first.
    Left,
}

/// One press of the button.
#[derive(Clone, Debug)]
pub struct Post {
    /// Names it to the upstream, as the trace it carries.
    pub number: u64,
    pub incarnation: u32,
    pub from: SystemTime,
    pub to: SystemTime,
    pub told: Told,
}

/// One rendered form, and everything that was done with it.
#[derive(Clone, Debug)]
pub struct Form {
    /// No other form has this address.
    pub email: String,
    pub posts: Vec<Post>,
    /// What was typed and did not come back.
    pub values_lost: Vec<String>,
}

/// Fills one form after the other until it is time to stop.
pub async fn visit(world: &World, books: &Mutex<Vec<Form>>, seed: u64, lane: usize, stop: &AtomicBool) {
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build()
        .unwrap();
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("v{lane}f{turn}");
        let mut dice = Dice::of(seed, &name);
        tokio::time::sleep(dice.milliseconds(0..=200)).await;
        let passage = world.enter().await;
        let mut visitor = Visitor {
            world,
            client: &client,
            flow: FLOWS[usize::from(dice.percent(30))],
            home: usize::from(dice.percent(50)),
            roams: matches!(passage, Passage::Roaming { .. }),
            address: format!("100.64.{}.{}", (turn >> 3) % 256, (turn % 8) * 32 + lane),
            tokens: 0,
            form: Form { email: format!("{name}@acme.example"), posts: Vec::new(), values_lost: Vec::new() },
            name,
            dice,
        };
        visitor.sign_up().await;
        books.lock().unwrap().push(visitor.form);
        turn += 1;
    }
}

struct Visitor<'a> {
    world: &'a World,
    client: &'a Client,
    name: String,
    flow: &'static Flow,
    home: usize,
    roams: bool,
    address: String,
    tokens: u32,
    dice: Dice,
    form: Form,
}

/// What is sent by pressing the button, once or twice.
struct Filled {
    action: String,
    id: String,
    body: String,
    typed: Vec<(&'static str, String)>,
}

impl<'a> Visitor<'a> {
    async fn sign_up(&mut self) {
        let mut page = self.open().await;
        let mut username = self.name.clone();
        for round in 0..ROUNDS {
            let filled = self.fill_in(&page, &username);
            let Some(answer) = self.press(&filled).await else { return };
            let Told::Nothing { status } = self.form.posts.last().unwrap().told else { return };
            self.compare(&filled, &answer);
            if status == 422 {
                username = format!("{}t{round}", self.name);
            }
            page = answer;
            tokio::time::sleep(self.dice.milliseconds(50..=400)).await;
        }
    }

    /// The form, from whichever replica a balancer would ask.
    async fn open(&mut self) -> Page {
        loop {
            let port = self.replica(0).port;
            let url = format!("http://localhost:{port}/signup/{}?utm_source=soak", self.flow.slug);
            let request = self.client.get(url).header("x-forwarded-for", &self.address);
            if let Ok(answer) = request.send().await
                && answer.status() == 200
            {
                return Page::read(answer).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The visitor's replica; for who may roam, any.
    fn replica(&mut self, change: usize) -> &'a Replica {
        let wanted = if self.roams { self.home + change + usize::from(self.dice.percent(50)) } else { self.home };
        self.world.route(wanted)
    }

    fn fill_in(&mut self, page: &Page, username: &str) -> Filled {
        let mut typed: Vec<(&'static str, String)> = Vec::new();
        for (field, sample) in self.flow.sample {
            typed.push((
                field,
                match *field {
                    "name" => format!("Visitor <{}>", self.name),
                    "username" => format!("user-{username}"),
                    "email" => self.form.email.clone(),
                    _ => (*sample).to_owned(),
                },
            ));
        }
        let mut fields = typed.clone();
        if page.pass().is_none() {
            self.tokens += 1;
            fields.push(("cf-turnstile-response", format!("{}.{}.{}", token(self.flow), self.name, self.tokens)));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Filled { action: page.action(), id: page.id(), body: urlencode(&fill(page, &fields)), typed }
    }

    /// Presses the button, in one of the ways that people do; the page that came of it, if the visitor is still there.
    async fn press(&mut self, filled: &Filled) -> Option<Page> {
        match self.dice.below(100) {
            0..3 => {
                let gone = self.dice.milliseconds(0..=400);
                self.send(filled, 0, Some(gone)).await;
                return None;
            }
            3..20 => return self.press_twice(filled).await,
            _ => {}
        }
        // Who gets no page presses "reload".
        for turn in 0..3 {
            let answer = self.send(filled, turn, None).await;
            if answer.is_some() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    }

    /// A double click: the browser drops the first request and shows the second one's answer. Other clients wait for both.
    async fn press_twice(&mut self, filled: &Filled) -> Option<Page> {
        let drops = self.dice.percent(60);
        let pause = if drops { self.dice.milliseconds(20..=300) } else { self.dice.milliseconds(0..=20) };
        let (replica, other) = (self.replica(0), self.replica(1));
        let first = post(self.world, self.client, replica, &self.address, filled, drops.then_some(pause));
        let again = async {
            tokio::time::sleep(pause).await;
            post(self.world, self.client, other, &self.address, filled, None).await
        };
        let (first, second) = tokio::join!(first, again);
        let mut shown = None;
        for (post, page) in [first, second].into_iter().flatten() {
            self.form.posts.push(post);
            shown = page;
        }
        shown
    }

    async fn send(&mut self, filled: &Filled, change: usize, leave_after: Option<Duration>) -> Option<Page> {
        let replica = self.replica(change);
        let (post, page) = post(self.world, self.client, replica, &self.address, filled, leave_after).await?;
        self.form.posts.push(post);
        page
    }

    /// Everything that was typed has to be in the form that comes back, but the password.
    fn compare(&mut self, filled: &Filled, page: &Page) {
        let shown = page.fields();
        for (field, typed) in filled.typed.iter().filter(|(field, _)| *field != "password") {
            if !shown.iter().any(|(name, value)| name == field && value == typed) {
                self.form.values_lost.push(format!("{field} in a {}", page.status));
            }
        }
    }
}

/// Posts a form; `None` when nobody listened, so that nothing was posted.
async fn post(
    world: &World,
    client: &Client,
    replica: &Replica,
    address: &str,
    filled: &Filled,
    leave_after: Option<Duration>,
) -> Option<(Post, Option<Page>)> {
    let number = world.posts.fetch_add(1, Ordering::Relaxed) as u64 + 1;
    let incarnation = replica.incarnation.load(Ordering::Relaxed);
    let request = client
        .post(format!("http://localhost:{}{}", replica.port, filled.action))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-forwarded-for", address)
        .header("sec-fetch-site", "same-origin")
        .header("traceparent", format!("00-{number:032x}-00000000000000aa-00"))
        .body(filled.body.clone());
    let from = SystemTime::now();
    let answer = async {
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok::<Page, reqwest::Error>(Page { status, headers, body: answer.text().await? })
    };
    let answer = match leave_after {
        Some(pause) => tokio::time::timeout(pause, answer).await.ok(),
        None => Some(answer.await),
    };
    let (told, page) = match answer {
        None => (Told::Left, None),
        Some(Err(error)) if error.is_connect() => return None,
        Some(Err(_broken)) => (Told::Broken, None),
        Some(Ok(page)) => (classify(&page, &filled.id), Some(page)),
    };
    Some((Post { number, incarnation, from, to: SystemTime::now(), told }, page))
}

/// What a page says, by status, words and whether its form is still the same.
fn classify(page: &Page, posted_id: &str) -> Told {
    let status = page.status;
    let wrong = |why| Told::Wrong { status, why };
    if status == 303 {
        return Told::Created { destination: page.location().to_owned() };
    }
    if !matches!(status, 422 | 502 | 503 | 504) {
        return wrong("not a status of the contract's table");
    }
    let same_form = page.id() == posted_id;
    let unknown_words = page.notice_text().contains("mailbox");
    match status {
        502 | 504 if !same_form && unknown_words => Told::Unknown { status },
        504 => wrong("not in the words of an unknown outcome"),
        _ if unknown_words => wrong("in the words of an unknown outcome"),
        _ if !same_form => wrong("the form that may be sent again is not the same"),
        _ if status == 503 && page.header("retry-after").is_none() => wrong("no Retry-After"),
        _ => Told::Nothing { status },
    }
}

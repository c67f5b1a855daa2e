//! Sibling tenants cannot act for each other: what one of them handed out, tried at the others.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::{Value, json};

use crate::helpers::app::{fill, urlencode};
use crate::helpers::neighbour::verified;
use crate::helpers::{FLOWS, Page, Received, Reply, TestApp};

/// The tenant that handed it out.
const HOME: &str = "acme.localhost";
const ACME_URL: &str = "https://studio.acme.example/welcome";

/// The budget of pages.
const PAGES: usize = 20;

/// A visitor's sample at a host, whose token was solved there.
type Fields = Vec<(&'static str, String)>;

fn sample(host: &str) -> Fields {
    let mut fields: Fields = FLOWS[0].sample.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    fields.push(("cf-turnstile-response", format!("pass-pro@{host}")));
    fields
}

fn but(mut fields: Fields, name: &'static str, value: &str) -> Fields {
    fields.retain(|(field, _)| *field != name);
    fields.push((name, value.to_owned()));
    fields
}

/// Two partners beside the default tenant, and a request's headers at one of them.
struct Stage {
    app: TestApp,
    /// Where the attack is tried: the `Host` and what else claims to name one.
    at: &'static [(&'static str, &'static str)],
}

impl Stage {
    async fn at(at: &'static [(&'static str, &'static str)]) -> Self {
        let app = TestApp::with(&[
            ("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt"),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "4"),
            ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "2"),
            ("SIGNUP__RATE_LIMIT__PAGES__BURST", "20"),
            ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "1h"),
            ("SIGNUP__TENANTS__ACME__HOSTS", HOME),
            ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
            ("SIGNUP__TENANTS__ACME__REDIRECT__DEFAULT_ORIGIN", "https://studio.acme.example"),
            ("SIGNUP__TENANTS__GLOBEX__HOSTS", "globex.localhost"),
            ("SIGNUP__TENANTS__GLOBEX__BRAND__NAME", "Globex"),
        ])
        .await;
        // A token `pass-{action}@{host}` was solved on the page of that host.
        app.siteverify.answer(|request: &Received| {
            let token = request.field("response").unwrap_or_default();
            let (action, host) = token.trim_start_matches("pass-").split_once('@').unwrap();
            let mut answer = verified(action);
            answer["hostname"] = json!(host);
            Reply::Json(200, answer)
        });
        let stage = Self { app, at };
        stage.studio_creates(ACME_URL);
        stage
    }

    fn studio_creates(&self, redirect_url: &'static str) {
        self.studio_answers(Reply::Json(200, json!({ "success": true, "id": 7, "redirectUrl": redirect_url })));
    }

    fn studio_answers(&self, reply: Reply) {
        self.app.studio.answer(move |request: &Received| match request.path.as_str() {
            path if path.contains("activation-code") => {
                Reply::Json(200, json!({ "success": true, "id": 5, "username": "robin.meyer", "activated": false }))
            }
            path if path.contains("/users/") => {
                Reply::Json(200, json!({ "success": true, "id": 7, "activated": true }))
            }
            _ => reply.clone(),
        });
    }

    /// The name of the host where the attack is tried.
    fn host(&self) -> String {
        let host = self.at[0].1.to_ascii_lowercase();
        host.split(':').next().unwrap().trim_end_matches('.').to_owned()
    }

    async fn home(&self, path: &str) -> Page {
        self.app.get_with(path, &[("host", HOME)]).await
    }

    async fn there(&self, path: &str) -> Page {
        self.app.get_with(path, self.at).await
    }

    async fn post(&self, page: &Page, fields: Fields, headers: &[(&str, &str)]) -> Page {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.app.post_with(&page.action(), &urlencode(&fill(page, &fields)), headers).await
    }

    async fn post_home(&self, page: &Page, fields: Fields) -> Page {
        self.post(page, fields, &[("host", HOME)]).await
    }

    async fn post_there(&self, page: &Page, fields: Fields) -> Page {
        self.post(page, fields, self.at).await
    }

    /// A form of the place where the attack is tried, posted with one more header.
    async fn post_from(&self, header: (&'static str, &str)) -> String {
        let form = self.there("/signup/pro").await;
        said(&self.post(&form, sample(&self.host()), &[self.at, &[header]].concat()).await)
    }

    /// The fields of creations that the studio was sent.
    fn creations(&self) -> Vec<Value> {
        let received = self.app.studio.received();
        received.iter().filter(|request| request.path.contains("create")).map(Received::json).collect()
    }
}

/// An answer in a few words: its status, and where it leads, what stands above the form or which fields are wrong.
fn said(answer: &Page) -> String {
    let words = match answer.status {
        303 => answer.location().to_owned(),
        _ if !answer.notice().is_empty() => answer.notice(),
        _ => answer.fields_in_error().join(" "),
    };
    format!("{} {words}", answer.status).trim_end().to_owned()
}

type Attack = for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, String>;

const CREATED: &str = "303 https://studio.acme.example/welcome";
const EXPIRED: &str = "422 This form has expired";

/// Each attack: what it comes to at home, where it is no attack, and at a sibling.
const ATTACKS: &[(&str, Attack, &str, &str)] = &[
    ("a form", form, CREATED, EXPIRED),
    ("a form that has its answer", answered_form, CREATED, EXPIRED),
    ("a form that is being sent", form_in_flight, CREATED, EXPIRED),
    ("a pass", pass, CREATED, "422 cf-turnstile-response"),
    ("a solved challenge", challenge, CREATED, "422 cf-turnstile-response"),
    ("the cookie of an account", cookie, "Finish your payment", "Look in your mailbox"),
    ("an account that was just shown", shown_account, "1 read", "2 reads"),
    ("the sealed secrets of a link", link_secrets, "robin.meyer", "The details in your link have expired"),
    ("the sealed secrets of a form", form_secrets, CREATED, "422 password"),
    ("a post that the browser says a sibling sent", sent_by_a_sibling, "303", "403"),
    ("a post with an origin", origin, "303", "403"),
    ("the budget of clients", client_budget, "429 Too many attempts", "422 name"),
    ("the budget of pages", page_budget, "429", "200"),
    ("the budget of an address", email_budget, "429 Too many attempts", "303"),
    ("an origin that links may ask for", asked_origin, "asked", "not asked"),
    ("an origin that accounts are sent to", returned_origin, CREATED, "303 /signup/status"),
];

fn form(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let form = stage.home("/signup/pro").await;
        said(&stage.post_there(&form, sample(&stage.host())).await)
    }
    .boxed_local()
}

fn answered_form(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let form = stage.home("/signup/pro").await;
        assert_eq!(said(&stage.post_home(&form, sample(HOME)).await), CREATED);
        let answer = stage.post_there(&form, sample(HOME)).await;
        assert_eq!(stage.creations().len(), 1);
        said(&answer)
    }
    .boxed_local()
}

fn form_in_flight(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let created = Reply::Json(200, json!({ "success": true, "id": 7, "redirectUrl": ACME_URL }));
        stage.studio_answers(Reply::Later(Duration::from_millis(300), Box::new(created)));
        let form = stage.home("/signup/pro").await;
        let second = async {
            while stage.creations().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            stage.post_there(&form, sample(HOME)).await
        };
        let (first, second) = tokio::join!(stage.post_home(&form, sample(HOME)), second);
        assert_eq!((said(&first).as_str(), stage.creations().len()), (CREATED, 1));
        said(&second)
    }
    .boxed_local()
}

fn pass(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        stage.studio_answers(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
        let refused = stage.post_home(&stage.home("/signup/pro").await, sample(HOME)).await;
        let pass = refused.pass().unwrap();
        stage.studio_creates(ACME_URL);
        let form = if stage.host() == HOME { refused } else { stage.there("/signup/pro").await };
        let fields = but(but(sample(HOME), "cf-turnstile-response", ""), "pass", &pass);
        said(&stage.post_there(&form, fields).await)
    }
    .boxed_local()
}

fn challenge(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async { said(&stage.post_there(&stage.there("/signup/pro").await, sample(HOME)).await) }.boxed_local()
}

/// The cookie of an account at home.
async fn account_at_home(stage: &Stage) -> String {
    let answer = stage.post_home(&stage.home("/signup/pro").await, sample(HOME)).await;
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn cookie(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let cookie = account_at_home(stage).await;
        let page = stage.app.get_with("/signup/status", &[stage.at, &[("cookie", &cookie)]].concat()).await;
        page.texts("h1").concat()
    }
    .boxed_local()
}

/// Both tenants have a user 7, each in its own studio.
fn shown_account(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let cookie = account_at_home(stage).await;
        stage.app.get_with("/signup/status", &[("host", HOME), ("cookie", &cookie)]).await;
        let answer = stage.post_there(&stage.there("/signup/pro").await, sample(&stage.host())).await;
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
        stage.app.get_with("/signup/status", &[stage.at, &[("cookie", cookie)]].concat()).await;
        match stage.app.studio.received().iter().filter(|request| request.path.contains("/users/")).count() {
            1 => "1 read".to_owned(),
            reads => format!("{reads} reads"),
        }
    }
    .boxed_local()
}

fn link_secrets(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let moved = stage.home("/signup/pro?activationCode=the-code").await;
        let page = stage.there(moved.location()).await;
        assert_eq!(page.status, 200);
        page.value("username").filter(|username| !username.is_empty()).unwrap_or_else(|| page.notice())
    }
    .boxed_local()
}

fn form_secrets(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let moved = stage.home("/signup/pro?activationToken=a-token").await;
        let sealed = stage.home(moved.location()).await.value("ctx").unwrap();
        let form = stage.there("/signup/pro").await;
        let fields = but(but(sample(&stage.host()), "password", ""), "ctx", &sealed);
        said(&stage.post_there(&form, fields).await)
    }
    .boxed_local()
}

fn sent_by_a_sibling(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let from = if stage.host() == HOME { "same-origin" } else { "same-site" };
        stage.post_from(("sec-fetch-site", from)).await[..3].to_owned()
    }
    .boxed_local()
}

fn origin(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let from = if stage.host() == HOME { stage.at[0].1.to_ascii_lowercase() } else { HOME.to_owned() };
        stage.post_from(("origin", &format!("http://{from}"))).await[..3].to_owned()
    }
    .boxed_local()
}

fn client_budget(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let form = stage.home("/signup/pro").await;
        for _ in 0..4 {
            assert_eq!(said(&stage.post_home(&form, but(sample(HOME), "name", "")).await), "422 name");
        }
        let form = stage.there("/signup/pro").await;
        said(&stage.post_there(&form, but(sample(&stage.host()), "name", "")).await)
    }
    .boxed_local()
}

fn page_budget(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        for _ in 0..PAGES {
            assert_eq!(stage.home("/").await.status, 200);
        }
        stage.there("/").await.status.to_string()
    }
    .boxed_local()
}

fn email_budget(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        for _ in 0..2 {
            assert_eq!(said(&stage.post_home(&stage.home("/signup/pro").await, sample(HOME)).await), CREATED);
        }
        let answer = stage.post_there(&stage.there("/signup/pro").await, sample(&stage.host())).await;
        if answer.status == 303 { "303".to_owned() } else { said(&answer) }
    }
    .boxed_local()
}

fn asked_origin(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async {
        let form = stage.there("/signup/pro?redirectUrlOrigin=https%3A%2F%2Fstudio.acme.example").await;
        assert_eq!(stage.post_there(&form, sample(&stage.host())).await.status, 303);
        let asked = stage.creations()[0]["redirectUrlOrigin"] == "https://studio.acme.example";
        if asked { "asked" } else { "not asked" }.to_owned()
    }
    .boxed_local()
}

fn returned_origin(stage: &Stage) -> LocalBoxFuture<'_, String> {
    async { said(&stage.post_there(&stage.there("/signup/pro").await, sample(&stage.host())).await) }.boxed_local()
}

/// What every attack comes to there, each on a stage of its own.
async fn attack_at(at: &'static [(&'static str, &'static str)]) -> Vec<String> {
    join_all(ATTACKS.iter().map(async |(_, attack, ..)| attack(&Stage::at(at).await).await)).await
}

#[tokio::test]
async fn what_a_tenant_handed_out_is_good_there_in_any_spelling_of_its_host() {
    for at in [&[("host", HOME)], &[("host", "ACME.LocalHost:8443")], &[("host", "acme.localhost.")]] {
        for ((name, _, expected, _), came_to) in ATTACKS.iter().zip(attack_at(at).await) {
            assert_eq!(came_to, *expected, "{name} at {at:?}");
        }
    }
}

#[tokio::test]
async fn refuses_at_every_sibling_what_a_tenant_handed_out() {
    for at in [
        &[("host", "globex.localhost")][..],
        &[("host", "GLOBEX.localhost.:8080")],
        &[("host", "globex.localhost"), ("x-forwarded-host", HOME), ("forwarded", "host=acme.localhost")],
        // Nobody's host is the default tenant's.
        &[("host", "localhost")],
    ] {
        for ((name, _, _, expected), came_to) in ATTACKS.iter().zip(attack_at(at).await) {
            assert_eq!(came_to, *expected, "{name} at {at:?}");
        }
    }
}

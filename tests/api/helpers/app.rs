//! The real application on free ports, started from real settings, with a verb for each endpoint.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use signup_gateway::domain::policy::Patience;
use signup_gateway::settings::{Settings, Sources};
use signup_gateway::signup::Flow;
use signup_gateway::startup::{Application, Reloader};
use signup_gateway::state::AppState;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::neighbour::Neighbour;
use super::{FLOWS, Page, log};

/// A running application with its neighbours.
pub struct TestApp {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub studio: Neighbour,
    pub siteverify: Neighbour,
    pub state: actix_web::web::Data<AppState>,
    reloader: Reloader,
    client: Client,
    stop: UnboundedSender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

/// A key long enough for every rule.
pub const SECRET_KEY: &str = "a key that only the tests have, 32 bytes and more";

impl TestApp {
    /// Development settings, with programmable neighbours in place of the sandbox.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with some variables set: `("SIGNUP__SERVER__BODY_LIMIT", "1KiB")`.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::beside(Neighbour::studio().await, Neighbour::siteverify().await, variables).await
    }

    /// The same beside neighbours that are there already.
    pub async fn beside(studio: Neighbour, siteverify: Neighbour, variables: &[(&str, &str)]) -> Self {
        let settings = settings(&studio, &siteverify, variables);
        Self::under(settings, studio, siteverify).await
    }

    /// The same, and Redis is waited for so long.
    pub async fn waiting_for_redis(patience: Patience, variables: &[(&str, &str)]) -> Self {
        let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
        let mut settings = settings(&studio, &siteverify, variables);
        settings.rate_limit.redis_patience = patience;
        Self::under(settings, studio, siteverify).await
    }

    async fn under(settings: Settings, studio: Neighbour, siteverify: Neighbour) -> Self {
        log::capture();
        let application = Application::build(settings, FLOWS).unwrap();
        let (address, admin, state) = (application.public_address(), application.admin_address(), application.state());
        let reloader = application.reloader();
        let (stop, told) = unbounded_channel();
        let running = tokio::spawn(application.run_until_stopped(told));
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let app = Self { address, admin, studio, siteverify, state, reloader, client, stop, running };
        while app.get_admin("/health/ready").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        app
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub async fn get(&self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = headers
            .iter()
            .fold(self.client.get(self.url(path)), |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.unwrap()).await
    }

    pub async fn get_admin(&self, path: &str) -> Page {
        Page::read(self.client.get(format!("http://{}{path}", self.admin)).send().await.unwrap()).await
    }

    /// The value of a counter, such as `signup_rate_limited_total{scope="client"}`; 0 when it has not been counted. The
    /// registry is the process's: other tests count too, unless a label is this test's alone.
    pub async fn counter(&self, series: &str) -> u64 {
        let metrics = self.get_admin("/metrics").await.body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// The form of a flow, by a link with this query string (without `?`).
    pub async fn form(&self, flow: &Flow, query: &str) -> Page {
        let mark = if query.is_empty() { "" } else { "?" };
        let page = self.get(&format!("/signup/{}{mark}{query}", flow.slug)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    /// Posts a page's form with some fields filled in, as a browser would.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.submit_with(page, fields, &[]).await
    }

    pub async fn submit_with(&self, page: &Page, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        self.post_with(&page.action(), &urlencode(&fill(page, fields)), headers).await
    }

    /// Posts a raw urlencoded body.
    pub async fn post(&self, path: &str, body: &str) -> Page {
        self.post_with(path, body, &[]).await
    }

    pub async fn post_with(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Page {
        let request = self
            .client
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.unwrap()).await
    }

    /// A whole sign-up with the flow's sample.
    pub async fn sign_up(&self, flow: &'static Flow) -> Page {
        let page = self.form(flow, "").await;
        self.submit(&page, &sample(flow)).await
    }

    /// Puts settings with these variables into force; the keys that wait for a restart.
    pub fn reload(&self, variables: &[(&str, &str)]) -> Vec<&'static str> {
        self.reloader.reload(settings(&self.studio, &self.siteverify, variables)).unwrap()
    }

    /// The first message drains, the second stops at once.
    pub fn tell_to_stop(&self) {
        self.stop.send(()).unwrap();
    }

    /// Waits for the end of a stop.
    pub async fn ended(self) -> std::io::Result<()> {
        self.running.await.unwrap()
    }
}

/// The flow's sample with a token that the programmable siteverify accepts.
pub fn sample(flow: &'static Flow) -> Vec<(&'static str, &'static str)> {
    let mut fields = flow.sample.to_vec();
    fields.push(("cf-turnstile-response", token(flow)));
    fields
}

/// A token that the programmable siteverify accepts for a flow.
pub fn token(flow: &Flow) -> &'static str {
    match flow.slug {
        "pro" => "pass-pro",
        "trial" => "pass-trial",
        "workshop" => "pass-workshop",
        other => panic!("no token for {other}"),
    }
}

/// The flow's sample with one field replaced.
pub fn sample_with<'a>(flow: &'static Flow, name: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
    let replace = |(field, typed): (&'static str, &'static str)| (field, if field == name { value } else { typed });
    sample(flow).into_iter().map(replace).collect()
}

/// A page's own fields with some filled in or replaced.
pub fn fill(page: &Page, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: BTreeMap<String, String> = page.fields().into_iter().collect();
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.into_iter().collect()
}

pub fn urlencode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Settings as a process would read them.
pub fn settings(studio: &Neighbour, siteverify: &Neighbour, variables: &[(&str, &str)]) -> Settings {
    let mut environment: BTreeMap<String, String> = [
        ("SIGNUP__SERVER__BIND", "127.0.0.1:0".to_owned()),
        ("SIGNUP__SERVER__ADMIN_BIND", "127.0.0.1:0".to_owned()),
        ("SIGNUP__SERVER__SECRET_KEY", SECRET_KEY.to_owned()),
        ("SIGNUP__SANDBOX__ENABLED", "false".to_owned()),
        ("SIGNUP__UPSTREAM__BASE_URL", studio.url("/v1")),
        ("SIGNUP__TURNSTILE__SITEVERIFY_URL", siteverify.url("/siteverify")),
        ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    match Settings::load(&Sources::new(environment), FLOWS) {
        Ok(loaded) => loaded.settings,
        Err(problems) => panic!("{problems}"),
    }
}

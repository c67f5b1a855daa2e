//! Programs under test as the system runs them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::helpers::app::{SECRET_KEY, fill, urlencode};
use crate::helpers::{Neighbour, Page};
use crate::tls_front::Certificates;

/// How long anything may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a signal by name, such as `STOP`.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -{name} {process}");
}

/// Plays rounds until Redis decides one from its beginning to its end, and returns what that one came to: where a machine
/// stalls for longer than a replica waits, each goes on alone, which is right and another test's.
pub async fn undisturbed<T>(gateways: &[&Gateway], mut round: impl AsyncFnMut(usize) -> T) -> T {
    let errors = async || {
        let mut all = Vec::new();
        for gateway in gateways {
            all.push(gateway.metric("signup_store_errors_total").await);
        }
        all
    };
    for number in 0..20 {
        for gateway in gateways {
            gateway.shares().await;
        }
        let before = errors().await;
        let outcome = round(number).await;
        if errors().await == before {
            return outcome;
        }
    }
    panic!("Redis decided no round alone");
}

/// A Redis of its own, forgetful, on loopback.
pub struct Redis {
    pub port: u16,
    process: Child,
}

impl Redis {
    pub async fn start() -> Self {
        Self::at(free_port()).await
    }

    /// At the port of one that is gone.
    pub async fn at(port: u16) -> Self {
        Self::with(port, &["--port", &port.to_string()]).await
    }

    /// One that speaks TLS alone.
    pub async fn behind_tls(certificates: &Certificates) -> Self {
        let (port, [certificate, key]) = (free_port(), ["leaf.pem", "leaf.key"].map(|name| certificates.path(name)));
        let tls = ["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"];
        let names = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &certificate];
        Self::with(port, &[tls, names].concat()).await
    }

    async fn with(port: u16, arguments: &[&str]) -> Self {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        eventually("Redis listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Self { port, process }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Dies without a word.
    pub fn kill(mut self) -> u16 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.port
    }

    /// Runs one command, such as `SCRIPT FLUSH`.
    pub async fn run(&self, command: &str) {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().unwrap());
        for word in words {
            asked.arg(word);
        }
        let _answer: redis::Value = asked.query_async(&mut self.connection().await).await.unwrap();
    }

    /// Answers nobody for so long.
    pub async fn hesitate(&self, pause: Duration) {
        self.run(&format!("CLIENT PAUSE {}", pause.as_millis())).await;
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let patient = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection_with_config(&patient).await.unwrap()
    }

    /// Every key and value it holds, as text.
    pub async fn everything(&self) -> Vec<(String, String)> {
        let mut connection = self.connection().await;
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        let mut all = Vec::new();
        for key in keys {
            let value: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut connection).await.unwrap();
            all.push((key, String::from_utf8_lossy(&value).into_owned()));
        }
        all
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// The lines of a process, on both of its outputs.
pub type Log = Arc<Mutex<Vec<String>>>;

/// A gateway as a process, its log, and the verbs of a visitor.
pub struct Gateway {
    pub address: SocketAddr,
    pub admin: Admin,
    process: Child,
    log: Log,
    client: Client,
}

/// The admin listener of a gateway.
#[derive(Clone)]
pub struct Admin {
    pub address: SocketAddr,
    client: Client,
}

impl Admin {
    /// Status and body of readiness.
    pub async fn ready(&self) -> Option<(u16, String)> {
        let answer = self.client.get(format!("http://{}/health/ready", self.address)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// All metrics as text.
    pub async fn metrics(&self) -> Option<String> {
        self.client.get(format!("http://{}/metrics", self.address)).send().await.ok()?.text().await.ok()
    }

    /// The value of a metric, by its name with its labels.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        self.metrics().await?.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }
}

/// Copies what a process writes, line by line.
fn copy_lines(output: impl std::io::Read + Send + 'static, log: &Log) {
    let (lines, log) = (BufReader::new(output).lines(), Arc::clone(log));
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
}

impl Gateway {
    /// Starts the binary beside these neighbours, with some variables set.
    pub async fn start(studio: &Neighbour, siteverify: &Neighbour, variables: &[(&str, &str)]) -> Self {
        Self::at(free_port(), studio, siteverify, variables).await
    }

    /// The same at a given port: the place of one that is gone.
    pub async fn at(port: u16, studio: &Neighbour, siteverify: &Neighbour, variables: &[(&str, &str)]) -> Self {
        let admin_port = free_port();
        let mut environment: BTreeMap<&str, String> = BTreeMap::from([
            ("SIGNUP__SERVER__BIND", format!("127.0.0.1:{port}")),
            ("SIGNUP__SERVER__ADMIN_BIND", format!("127.0.0.1:{admin_port}")),
            ("SIGNUP__SERVER__SECRET_KEY", SECRET_KEY.to_owned()),
            ("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            ("SIGNUP__SANDBOX__ENABLED", "false".to_owned()),
            ("SIGNUP__UPSTREAM__BASE_URL", studio.url("/v1")),
            ("SIGNUP__TURNSTILE__SITEVERIFY_URL", siteverify.url("/siteverify")),
            ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example".to_owned()),
            ("SIGNUP__TELEMETRY__LOG_FORMAT", "json".to_owned()),
        ]);
        environment.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let program = std::env::var("SIGNUP_GATEWAY_BINARY");
        let mut process = Command::new(program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_signup-gateway")))
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the gateway starts");
        let log = Log::default();
        copy_lines(process.stdout.take().unwrap(), &log);
        copy_lines(process.stderr.take().unwrap(), &log);
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let admin = Admin { address: loopback(admin_port), client: client.clone() };
        let gateway = Self { address: loopback(port), admin, process, log, client };
        let started = Instant::now();
        while gateway.ready().await.is_none_or(|(status, _)| status != 200) {
            assert!(started.elapsed() < PATIENCE, "the gateway is not ready: {:?}", gateway.log.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        gateway
    }

    /// Two of them.
    pub async fn pair(studio: &Neighbour, siteverify: &Neighbour, variables: &[(&str, &str)]) -> [Self; 2] {
        [Self::start(studio, siteverify, variables).await, Self::start(studio, siteverify, variables).await]
    }

    pub async fn get(&self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.client.get(format!("http://localhost:{}{path}", self.address.port()));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.unwrap()).await
    }

    /// Posts a page's form, as a visitor with this address behind a trusted proxy; `None` when the connection breaks.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)], client: &str) -> Option<Page> {
        let response = self
            .client
            .post(format!("http://localhost:{}{}", self.address.port(), page.action()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", client)
            .body(urlencode(&fill(page, fields)))
            .send()
            .await;
        Some(Page::read(response.ok()?).await)
    }

    /// Posts a page's form with further headers.
    pub async fn submit_with(&self, page: &Page, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let request = self
            .client
            .post(format!("http://localhost:{}{}", self.address.port(), page.action()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(urlencode(&fill(page, fields)));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Page::read(request.send().await.unwrap()).await
    }

    /// Status and body of readiness on the admin listener.
    pub async fn ready(&self) -> Option<(u16, String)> {
        self.admin.ready().await
    }

    /// Everything Prometheus would read.
    pub async fn metrics(&self) -> String {
        self.admin.metrics().await.unwrap()
    }

    /// The value of a metric, by its name with its labels.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        self.admin.metric(name).await
    }

    /// Its log, which goes on when the process has gone.
    pub fn log(&self) -> Log {
        Arc::clone(&self.log)
    }

    /// The memory it holds (`VmRSS`, proc(5)).
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let kibibytes: u64 =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1_024)
    }

    /// How many lines of its log hold a text.
    pub fn logged(&self, text: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }

    /// Waits until Redis decides.
    pub async fn shares(&self) {
        eventually("Redis is used", async || self.metric("signup_store_shared").await == Some(1.0)).await;
    }

    /// Waits until it is known that Redis is away.
    pub async fn is_alone(&self) {
        eventually("Redis is missed", async || self.metric("signup_store_shared").await == Some(0.0)).await;
    }

    pub fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Waits for the end of a stop; its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        let mut code = None;
        eventually("the gateway ends", async || {
            code = self.process.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        })
        .await;
        code.flatten()
    }

    /// Dies without a word.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// A balancer with the shipped configuration, in front of two gateways.
pub struct Balancer {
    pub port: u16,
    process: Child,
}

impl Balancer {
    pub async fn start(gateways: &[SocketAddr; 2]) -> Self {
        let port = free_port();
        let process = Command::new("haproxy")
            .args(["-db", "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/haproxy.cfg")])
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("GATEWAY_1", gateways[0].to_string())
            .env("GATEWAY_2", gateways[1].to_string())
            .spawn()
            .expect("haproxy starts");
        eventually("HAProxy listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Self { port, process }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

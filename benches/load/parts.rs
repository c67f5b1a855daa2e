//! The parts of the bench, each a table.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::net::TcpStream;

use crate::Failure;
use crate::generator::{Arrivals, Load, Outcome, Request};
use crate::machine::{BOTH_CORES, MEASURED_CORE, Process, median};
use crate::requests::{LINK, get, sign_up};
use crate::subjects::{
    Gateway, Subject, bare, body_of, haproxy, is_ready, neighbours, redis, rival, rival_of_tls, slow_studio,
    studio_of_http2, studio_of_tls,
};

/// Rounds of a comparison; the table shows medians.
const ROUNDS: usize = 5;
/// How long one subject is under load in a round.
const SPELL: Duration = Duration::from_secs(4);
/// Connections of a comparison.
const CONNECTIONS: usize = 32;
/// Creations over a shared connection, in the clear.
const HTTP2: (&str, &str) = ("SIGNUP__UPSTREAM__HTTP2", "prior-knowledge");
/// Without the question to siteverify.
const TURNSTILE_OFF: (&str, &str) = ("SIGNUP__FLOWS__PRO__TURNSTILE", "off");

/// What all parts share.
struct Bench {
    binary: PathBuf,
    folder: PathBuf,
    studio: Subject,
    /// The next number of a visitor: nobody comes twice.
    visitors: AtomicU64,
}

/// Runs the parts that are wanted, or all.
pub async fn run(binary: &Path, wanted: &[String]) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("signup-gateway-load-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let studio = neighbours(&folder)?;
    let bench = Bench { binary: fs::canonicalize(binary)?, folder, studio, visitors: AtomicU64::new(1) };
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|each| each == part);
    if is_wanted("get") {
        bench.reads().await?;
    }
    if is_wanted("post") {
        bench.sign_ups().await?;
    }
    if is_wanted("workers") {
        bench.workers().await?;
    }
    if is_wanted("latency") {
        bench.latency().await?;
    }
    if is_wanted("crowd") {
        bench.crowd().await?;
    }
    if is_wanted("memory") {
        bench.memory().await?;
    }
    if is_wanted("start") {
        bench.start()?;
    }
    fs::remove_dir_all(&bench.folder)?;
    Ok(())
}

/// Serves one file from memory, as a bare handler does.
pub fn serve_bare(arguments: &[String]) -> Result<(), Failure> {
    let [address, file] = arguments else { return Err("usage: bare ADDRESS FILE".into()) };
    let page = web::Bytes::from(fs::read(file)?);
    let answer = move || {
        let page = page.clone();
        async move { HttpResponse::Ok().content_type(ContentType::html()).body(page) }
    };
    let serve = async {
        HttpServer::new(move || App::new().default_service(web::to(answer.clone())))
            .workers(1)
            .bind(address)?
            .run()
            .await
    };
    Ok(actix_web::rt::System::new().block_on(serve)?)
}

/// One row of a comparison: a subject and what it is asked.
struct Row<'a> {
    name: String,
    process: &'a Process,
    load: Load,
    micros: Vec<f64>,
    kernel: Vec<f64>,
    rates: Vec<f64>,
    failures: u64,
}

/// A load of a comparison.
fn load(target: &Subject, request: Request, status: u16) -> Load {
    Load {
        target: target.address,
        request,
        connections: CONNECTIONS,
        arrivals: Arrivals::AsFastAsPossible,
        lasts: SPELL,
        status,
        first: 0,
    }
}

impl Bench {
    fn gateway(&self) -> Gateway<'_> {
        Gateway {
            binary: &self.binary,
            folder: &self.folder,
            cores: MEASURED_CORE,
            under: &[],
            studio: self.studio.address,
            siteverify: self.studio.address,
            redis: None,
            variables: &[],
        }
    }

    /// Runs a load whose visitors never came before.
    async fn drive(&self, mut load: Load) -> Outcome {
        // Far more than any spell serves.
        load.first = self.visitors.fetch_add(2_000_000, Ordering::Relaxed);
        load.run().await
    }

    fn row<'a>(name: &str, subject: &'a Subject, request: Request, status: u16) -> Row<'a> {
        let load = load(subject, request, status);
        Row {
            name: name.to_owned(),
            process: &subject.process,
            load,
            micros: Vec::new(),
            kernel: Vec::new(),
            rates: Vec::new(),
            failures: 0,
        }
    }

    /// All rows in turn, round after round.
    async fn alternate(&self, rows: &mut [Row<'_>]) -> Result<(), Failure> {
        for round in 0..=ROUNDS {
            for row in rows.iter_mut() {
                let before = row.process.processor_time()?;
                let outcome = self.drive(row.load.clone()).await;
                let (micros, kernel) = row.process.processor_time()?.micros_each(before, outcome.answers);
                // The first round warms up.
                if round > 0 {
                    row.micros.push(micros);
                    row.kernel.push(kernel);
                    row.rates.push(outcome.rate());
                    row.failures += outcome.failures;
                }
            }
        }
        Ok(())
    }

    async fn reads(&self) -> Result<(), Failure> {
        let gateway = self.gateway().start()?;
        for flow in ["pro", "trial"] {
            let pages = self.folder.join("pages");
            fs::create_dir_all(&pages)?;
            let file = pages.join(format!("{flow}.html"));
            fs::write(&file, body_of(&gateway, &format!("/signup/{flow}"))?)?;
            let rival = rival(&self.folder, &pages, self.studio.address)?;
            let bare = bare(&self.folder, &file)?;
            let mut rows = [
                Self::row("nginx, static file, access log", &rival, get(&format!("/logged/{flow}.html")), 200),
                Self::row("nginx, static file, no log", &rival, get(&format!("/quiet/{flow}.html")), 200),
                Self::row("bare actix-web handler", &bare, get("/"), 200),
                Self::row("gateway", &gateway, get(&format!("/signup/{flow}")), 200),
                Self::row("gateway, marketing link", &gateway, get(&format!("/signup/{flow}?{LINK}")), 200),
            ];
            self.alternate(&mut rows).await?;
            table(&format!("GET /signup/{flow}, {} bytes", fs::metadata(&file)?.len()), &rows);
        }
        Ok(())
    }

    async fn sign_ups(&self) -> Result<(), Failure> {
        let redis = redis(&self.folder)?;
        let rival = rival(&self.folder, &self.folder, self.studio.address)?;
        let balancer = haproxy(&self.folder, self.studio.address)?;
        let memory = self.gateway().start()?;
        let shared = Gateway { redis: Some(redis.address), ..self.gateway() }.start()?;
        let unverified = Gateway { variables: &[TURNSTILE_OFF], ..self.gateway() }.start()?;
        let modern = studio_of_http2(&self.folder)?;
        let over_http2 = Gateway { studio: modern.address, variables: &[HTTP2], ..self.gateway() };
        let unverified_over_http2 = Gateway { variables: &[HTTP2, TURNSTILE_OFF], ..over_http2 }.start()?;
        let shared_over_http2 = Gateway { redis: Some(redis.address), ..over_http2 }.start()?;
        let over_http2 = over_http2.start()?;
        let (encrypted, authority) = studio_of_tls(&self.folder)?;
        let rival_of_tls = rival_of_tls(&self.folder, encrypted.address)?;
        let (port, authority) = (encrypted.address.port(), authority.display().to_string());
        let base_url = format!("https://localhost:{port}/v1");
        let trust = [("SIGNUP__UPSTREAM__BASE_URL", base_url.as_str()), ("SSL_CERT_FILE", &authority)];
        let over_tls = Gateway { variables: &trust, ..self.gateway() }.start()?;
        let mut rows = [
            Self::row("nginx, proxy_pass", &rival, sign_up("/signup/pro")?, 200),
            Self::row("HAProxy", &balancer, sign_up("/signup/pro")?, 200),
            Self::row("gateway", &memory, sign_up("/signup/pro")?, 303),
            Self::row("gateway, Redis", &shared, sign_up("/signup/pro")?, 303),
            Self::row("gateway, Turnstile off", &unverified, sign_up("/signup/pro")?, 303),
        ];
        self.alternate(&mut rows).await?;
        table("POST /signup/pro, a studio of HTTP/1", &rows);
        let mut rows = [
            Self::row("nginx, proxy_pass (HTTP/1)", &rival, sign_up("/signup/pro")?, 200),
            Self::row("gateway", &over_http2, sign_up("/signup/pro")?, 303),
            Self::row("gateway, Redis", &shared_over_http2, sign_up("/signup/pro")?, 303),
            Self::row("gateway, Turnstile off", &unverified_over_http2, sign_up("/signup/pro")?, 303),
        ];
        self.alternate(&mut rows).await?;
        table("POST /signup/pro, a studio of HTTP/2 in the clear", &rows);
        let mut rows = [
            Self::row("nginx, proxy_pass (HTTP/1)", &rival_of_tls, sign_up("/signup/pro")?, 200),
            Self::row("gateway", &over_tls, sign_up("/signup/pro")?, 303),
        ];
        self.alternate(&mut rows).await?;
        table("POST /signup/pro, a studio behind TLS, as in production", &rows);
        Ok(())
    }

    /// One worker and two; the second has its core together with the load.
    async fn workers(&self) -> Result<(), Failure> {
        let redis = redis(&self.folder)?;
        let one = self.gateway().start()?;
        let two = Gateway { cores: BOTH_CORES, ..self.gateway() }.start()?;
        let shared = Gateway { redis: Some(redis.address), ..self.gateway() };
        let two_shared = Gateway { cores: BOTH_CORES, ..shared }.start()?;
        let shared = shared.start()?;
        let mut rows = [
            Self::row("GET, one worker", &one, get("/signup/pro"), 200),
            Self::row("GET, two workers", &two, get("/signup/pro"), 200),
            Self::row("POST, one worker", &one, sign_up("/signup/pro")?, 303),
            Self::row("POST, two workers", &two, sign_up("/signup/pro")?, 303),
            Self::row("POST with Redis, one worker", &shared, sign_up("/signup/pro")?, 303),
            Self::row("POST with Redis, two workers", &two_shared, sign_up("/signup/pro")?, 303),
        ];
        self.alternate(&mut rows).await?;
        println!("\n### Workers\n\n| subject | CPU µs each | answered a second | failed |\n|---|---|---|---|");
        for row in &rows {
            let (micros, rate) = (median(row.micros.clone()), median(row.rates.clone()));
            println!("| {} | {micros:.1} | {rate:.0} | {} |", row.name, row.failures);
        }
        Ok(())
    }

    async fn latency(&self) -> Result<(), Failure> {
        let modern = studio_of_http2(&self.folder)?;
        let over_http2 = Gateway { studio: modern.address, variables: &[HTTP2], ..self.gateway() }.start()?;
        self.latency_of("HTTP/2", &over_http2).await?;
        drop(over_http2);
        self.latency_of("HTTP/1", &self.gateway().start()?).await
    }

    async fn latency_of(&self, studio: &str, gateway: &Subject) -> Result<(), Failure> {
        let post = load(gateway, sign_up("/signup/pro")?, 303);
        let straight = load(&self.studio, sign_up("/v1/api-create-pro-user")?, 200);
        let rival = rival(&self.folder, &self.folder, self.studio.address)?;
        let proxied = load(&rival, sign_up("/signup/pro")?, 200);
        let capacity = self.drive(post.clone()).await.rate();
        println!(
            "\n### Latency of a sign-up, and what the gateway adds; a studio of {studio} (capacity {capacity:.0} a second)\n"
        );
        println!(
            "| load | subject | p50 ms | p99 ms | p99.9 ms | CPU µs each | failed |\n|---|---|---|---|---|---|---|"
        );
        for share in [0.1, 0.5, 0.9] {
            let arrivals = Arrivals::PerSecond(capacity * share);
            let lasts = SPELL * 3;
            let subjects = [
                ("studio directly (HTTP/1)", &straight, &self.studio),
                ("through nginx (HTTP/1)", &proxied, &rival),
                ("through the gateway", &post, gateway),
            ];
            for (name, load, subject) in subjects {
                let before = subject.process.processor_time()?;
                let outcome = self.drive(Load { arrivals, lasts, ..load.clone() }).await;
                let (micros, _) = subject.process.processor_time()?.micros_each(before, outcome.answers);
                let quantile = |share| outcome.quantile_ms(share);
                let (p50, p99, p999) = (quantile(0.5), quantile(0.99), quantile(0.999));
                println!(
                    "| {:.0} % | {name} | {p50:.2} | {p99:.2} | {p999:.2} | {micros:.0} | {} |",
                    share * 100.0,
                    outcome.failures
                );
            }
        }
        Ok(())
    }

    async fn crowd(&self) -> Result<(), Failure> {
        let slow = slow_studio(Duration::from_millis(100))?;
        println!("\n### A slow studio (100 ms) and a crowd\n");
        println!(
            "| visitors at once | sign-ups a second | p50 ms | p99 ms | failed | resident MiB |\n|---|---|---|---|---|---|"
        );
        for visitors in [1_000, 5_000] {
            let gateway = Gateway { studio: slow, ..self.gateway() }.start()?;
            let mut load = load(&gateway, sign_up("/signup/pro")?, 303);
            (load.connections, load.lasts) = (visitors, SPELL * 3);
            let outcome = self.drive(load).await;
            let resident = gateway.process.resident_mib()?;
            println!(
                "| {visitors} | {:.0} | {:.0} | {:.0} | {} | {resident:.1} |",
                outcome.rate(),
                outcome.quantile_ms(0.5),
                outcome.quantile_ms(0.99),
                outcome.failures
            );
        }
        Ok(())
    }

    async fn memory(&self) -> Result<(), Failure> {
        let gateway = self.gateway().start()?;
        println!("\n### Memory, resident MiB\n\n| when | MiB |\n|---|---|");
        println!("| ready | {:.1} |", gateway.process.resident_mib()?);
        let mut load = load(&gateway, get("/signup/trial"), 200);
        let mut clients = 0;
        while clients < 1_000_000 {
            load.first = self.visitors.fetch_add(2_000_000, Ordering::Relaxed);
            let outcome = load.run().await;
            clients += outcome.answers;
        }
        println!("| after {clients} clients | {:.1} |", gateway.process.resident_mib()?);
        let fresh = self.gateway().start()?;
        let mut idle = Vec::with_capacity(10_000);
        while idle.len() < 10_000 {
            idle.push(TcpStream::connect(fresh.address).await?);
        }
        is_ready(fresh.address)?;
        println!("| with {} idle connections | {:.1} |", idle.len(), fresh.process.resident_mib()?);
        Ok(())
    }

    fn start(&self) -> Result<(), Failure> {
        let mut times = Vec::new();
        for _ in 0..11 {
            let began = Instant::now();
            let gateway = self.gateway().start()?;
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
            drop(gateway);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few million")]
        let size = fs::metadata(&self.binary)?.len() as f64 / f64::from(1 << 20);
        println!("\n### Start\n\n| | |\n|---|---|\n| start to ready, median of 11 | {:.0} ms |", median(times));
        println!("| binary | {size:.1} MiB |");
        Ok(())
    }
}

fn table(title: &str, rows: &[Row<'_>]) {
    println!("\n### {title}\n");
    println!(
        "| subject | CPU µs each | of it in the kernel | each second and core | ratio | answered a second | failed |\n|---|---|---|---|---|---|---|"
    );
    let rival = rows.first().map_or(f64::NAN, |row| median(row.micros.clone()));
    for row in rows {
        let micros = median(row.micros.clone());
        let rate = median(row.rates.clone());
        println!(
            "| {} | {micros:.1} | {:.1} | {:.0} | {:.2} | {rate:.0} | {} |",
            row.name,
            median(row.kernel.clone()),
            1e6 / micros,
            rival / micros,
            row.failures
        );
    }
}

//! What is measured, and what plays the world around it.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::machine::{MEASURED_CORE, OTHER_CORE, Process};

/// Signs the forms of the gateway and those that the load brings.
pub const SECRET_KEY: &str = "a-key-for-benchmarks-alone-0123456789";
/// How long anything may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port that was free a moment ago.
pub fn free_port() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits for a listener.
fn listens(address: SocketAddr) -> Result<(), Failure> {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        if began.elapsed() > PATIENCE {
            return Err(format!("nothing listens on {address}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// A listening process.
pub struct Subject {
    /// The process.
    pub process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// nginx, one worker, with what stands after the address in `listen`, and the rest of a `server` block.
pub fn nginx(folder: &Path, name: &str, core: &str, listen: &str, server: &str) -> Result<Subject, Failure> {
    let address = free_port()?;
    let file = folder.join(format!("{name}.conf"));
    let own = folder.join(name);
    fs::create_dir_all(&own)?;
    let own = own.display();
    fs::write(
        &file,
        format!(
            "daemon off; master_process off; pid {own}/pid; error_log {own}/error.log;\n\
             events {{ worker_connections 12000; }}\n\
             http {{\n\
               types {{ text/html html; }} sendfile on; tcp_nopush on; server_tokens off;\n\
               keepalive_requests 1000000000; open_file_cache max=100; access_log off;\n\
               client_body_temp_path {own}; proxy_temp_path {own}; fastcgi_temp_path {own}; uwsgi_temp_path {own}; scgi_temp_path {own};\n\
               server {{ listen {address} backlog=8192 {listen}; {server} }}\n\
             }}\n"
        ),
    )?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-e").arg(folder.join("nginx.log"));
    let process = Process::start(core, &command, &folder.join(format!("{name}.log")))?;
    listens(address)?;
    Ok(Subject { process, address })
}

/// A studio: fixed answers.
const STUDIO: &str = r#"default_type application/json;
    location = /v1/api-create-pro-user { return 200 '{"success":true,"id":7,"redirectUrl":"http://localhost:3000/welcome"}'; }"#;

/// A studio that speaks HTTP/2 in the clear, from the core of the load.
pub fn studio_of_http2(folder: &Path) -> Result<Subject, Failure> {
    nginx(folder, "studio", OTHER_CORE, "http2", STUDIO)
}

/// A studio behind TLS that offers HTTP/2, from the core of the load, and the authority to trust.
pub fn studio_of_tls(folder: &Path) -> Result<(Subject, PathBuf), Failure> {
    let openssl = |arguments: &str| -> Result<(), Failure> {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output()?;
        if made.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&made.stderr).into()) }
    };
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n")?;
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"))?;
    openssl(&format!("req {key} -keyout leaf.key -out leaf.csr -subj /CN=localhost"))?;
    openssl("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile names")?;
    let keys = folder.display();
    let server = format!("ssl_certificate {keys}/leaf.pem; ssl_certificate_key {keys}/leaf.key; {STUDIO}");
    Ok((nginx(folder, "tls", OTHER_CORE, "ssl http2", &server)?, folder.join("ca.pem")))
}

/// The rival before that studio: it reuses TLS sessions, as is its default.
pub fn rival_of_tls(folder: &Path, studio: SocketAddr) -> Result<Subject, Failure> {
    let log = folder.join("rival-tls-access.log");
    nginx(
        folder,
        "rival-tls",
        MEASURED_CORE,
        "",
        &format!(
            "location = /signup/pro {{ access_log {}; proxy_set_header X-Forwarded-For $remote_addr; \
               proxy_pass https://{studio}/v1/api-create-pro-user; }}",
            log.display()
        ),
    )
}

/// Studio and siteverify: fixed answers, from the core of the load.
pub fn neighbours(folder: &Path) -> Result<Subject, Failure> {
    nginx(
        folder,
        "neighbours",
        OTHER_CORE,
        "",
        &format!(
            r#"{STUDIO}
           location = /siteverify {{ return 200 '{{"success":true,"hostname":"localhost","action":"pro","challenge_ts":"$time_iso8601"}}'; }}"#
        ),
    )
}

/// The rival: the pages as files, and a proxy of the same form to the same studio, with its access log on.
pub fn rival(folder: &Path, pages: &Path, studio: SocketAddr) -> Result<Subject, Failure> {
    let log = folder.join("rival-access.log");
    let (pages, log) = (pages.display(), log.display());
    nginx(
        folder,
        "rival",
        MEASURED_CORE,
        "",
        &format!(
            "root {pages};\n\
             location /quiet/ {{ alias {pages}/; }}\n\
             location /logged/ {{ alias {pages}/; access_log {log}; }}\n\
             location = /signup/pro {{ access_log {log}; proxy_set_header X-Forwarded-For $remote_addr; \
               proxy_pass http://{studio}/v1/api-create-pro-user; }}"
        ),
    )
}

/// HAProxy, one thread: the same proxy, with a fresh connection for each form and its own log.
pub fn haproxy(folder: &Path, studio: SocketAddr) -> Result<Subject, Failure> {
    let address = free_port()?;
    let file = folder.join("haproxy.cfg");
    fs::write(
        &file,
        format!(
            "global\n nbthread 1\n maxconn 2000\n log stdout format raw local0\n\
             defaults\n mode http\n log global\n option httplog\n http-reuse never\n option http-server-close\n option forwardfor\n \
             timeout connect 2s\n timeout client 30s\n timeout server 30s\n\
             frontend visitors\n bind {address}\n http-request set-path /v1/api-create-pro-user\n default_backend studio\n\
             backend studio\n server studio {studio}\n"
        ),
    )?;
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(&file);
    let process = Process::start(MEASURED_CORE, &command, &folder.join("haproxy.log"))?;
    listens(address)?;
    Ok(Subject { process, address })
}

/// A bare actix-web handler that answers with a file.
pub fn bare(folder: &Path, page: &Path) -> Result<Subject, Failure> {
    let address = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").arg(address.to_string()).arg(page);
    let process = Process::start(MEASURED_CORE, &command, &folder.join("bare.log"))?;
    listens(address)?;
    Ok(Subject { process, address })
}

/// A Redis on the core of the load.
pub fn redis(folder: &Path) -> Result<Subject, Failure> {
    let address = free_port()?;
    let port = address.port().to_string();
    let arguments =
        ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"];
    let mut command = Command::new("redis-server");
    command.args(arguments);
    let process = Process::start(OTHER_CORE, &command, &folder.join("redis.log"))?;
    listens(address)?;
    Ok(Subject { process, address })
}

/// How a gateway is started.
#[derive(Clone, Copy)]
pub struct Gateway<'a> {
    /// The release binary.
    pub binary: &'a Path,
    /// Where its log goes.
    pub folder: &'a Path,
    /// Its cores, as `taskset` names them.
    pub cores: &'a str,
    /// The program that runs it, with its arguments; none: it runs by itself.
    pub under: &'a [&'a str],
    /// Who plays studio and siteverify.
    pub studio: SocketAddr,
    /// Who plays siteverify, where it is somebody else.
    pub siteverify: SocketAddr,
    /// The shared store.
    pub redis: Option<SocketAddr>,
    /// More variables.
    pub variables: &'a [(&'a str, &'a str)],
}

impl Gateway<'_> {
    /// Starts it as in production: JSON log to a file, metrics, limits, all headers.
    pub fn start(&self) -> Result<Subject, Failure> {
        let (address, admin) = (free_port()?, free_port()?);
        let mut command = match self.under.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(self.binary);
                command
            }
            None => Command::new(self.binary),
        };
        let variables = [
            ("SIGNUP_ENV", "production".to_owned()),
            ("SIGNUP__SERVER__BIND", address.to_string()),
            ("SIGNUP__SERVER__ADMIN_BIND", admin.to_string()),
            ("SIGNUP__SERVER__SECRET_KEY", SECRET_KEY.to_owned()),
            ("SIGNUP__SERVER__PUBLIC_URL", "http://localhost".to_owned()),
            ("SIGNUP__SERVER__TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            ("SIGNUP__UPSTREAM__BASE_URL", format!("http://{}/v1", self.studio)),
            ("SIGNUP__UPSTREAM__MAX_IN_FLIGHT", "20000".to_owned()),
            ("SIGNUP__TURNSTILE__SITEVERIFY_URL", format!("http://{}/siteverify", self.siteverify)),
            ("SIGNUP__TURNSTILE__SITE_KEY", "0x4AAAAAAAbench".to_owned()),
            ("SIGNUP__TURNSTILE__SECRET_KEY", "0x4AAAAAAAbenchsecret".to_owned()),
            ("SIGNUP__TURNSTILE__HOSTNAMES", "localhost".to_owned()),
            ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "http://localhost:3000".to_owned()),
        ];
        command.envs(variables).envs(self.variables.iter().copied());
        if let Some(redis) = self.redis {
            command
                .env("SIGNUP__RATE_LIMIT__BACKEND", "redis")
                .env("SIGNUP__RATE_LIMIT__REDIS_URL", format!("redis://{redis}/"));
        }
        let process = Process::start(self.cores, &command, &self.log())?;
        is_ready(address).map_err(|why| self.blame(&why))?;
        Ok(Subject { process, address })
    }

    fn log(&self) -> PathBuf {
        self.folder.join("gateway.log")
    }

    fn blame(&self, why: &Failure) -> Failure {
        let mut text = why.to_string();
        for line in fs::read_to_string(self.log()).unwrap_or_default().lines().take(20) {
            let _infallible = write!(text, "\n  {line}");
        }
        text.into()
    }
}

/// Waits until readiness says yes.
pub fn is_ready(address: SocketAddr) -> Result<(), Failure> {
    use std::io::{Read as _, Write as _};
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Ok(mut stream) = TcpStream::connect(address) {
            stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            if answer.starts_with(b"HTTP/1.1 200") {
                return Ok(());
            }
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    Err("the gateway is not ready".into())
}

/// The body of a page.
pub fn body_of(subject: &Subject, path: &str) -> Result<Vec<u8>, Failure> {
    let address = subject.address;
    let output = Command::new("curl").args(["-sSf", &format!("http://{address}{path}")]).output()?;
    if output.status.success() { Ok(output.stdout) } else { Err("curl failed".into()) }
}

/// A studio that takes its time.
pub fn slow_studio(delay: Duration) -> Result<SocketAddr, Failure> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = free_port()?;
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(8_192)?;
    let answer: Arc<[u8]> = {
        let body = r#"{"success":true,"id":7,"redirectUrl":"http://localhost:3000/welcome"}"#;
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
            .into_bytes()
            .into()
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                // A form fits into one read.
                let mut request = vec![0; 16 * 1024];
                let _ = stream.read(&mut request).await;
                tokio::time::sleep(delay).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    Ok(address)
}

//! A real TLS front of the studio, as one would meet in production: HAProxy, with an authority of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::helpers::Neighbour;
use crate::process::{eventually, free_port};

/// A folder with an authority and a certificate for `localhost`, gone when dropped.
pub struct Certificates(PathBuf);

impl Certificates {
    pub fn make() -> Self {
        let folder = std::env::temp_dir().join(format!("signup-gateway-tls-{}-{}", std::process::id(), free_port()));
        fs::create_dir_all(&folder).unwrap();
        let openssl = |arguments: &str| {
            let made = Command::new("openssl").args(arguments.split(' ')).current_dir(&folder).output().unwrap();
            assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
        };
        fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
        openssl(&format!("req {key} -keyout leaf.key -out leaf.csr -subj /CN=localhost"));
        openssl("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile names");
        let [certificate, key] = ["leaf.pem", "leaf.key"].map(|name| fs::read(folder.join(name)).unwrap());
        fs::write(folder.join("front.pem"), [certificate, key].concat()).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// A TLS front of the studio: it tells it which protocol a request came by, and on which connection.
pub struct Front(Child);

impl Front {
    /// `reuse` says when it sends a request over an idle connection to the studio, which may lose it (`http-reuse`).
    pub async fn start(
        port: u16,
        protocols: &str,
        reuse: &str,
        certificates: &Certificates,
        studio: &Neighbour,
    ) -> Self {
        let (file, certificate) = (certificates.path("front.cfg"), certificates.path("front.pem"));
        let configuration = format!(
            "defaults\n mode http\n retries 0\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
             frontend tls\n option disable-h2-upgrade\n bind 127.0.0.1:{port} ssl crt {certificate} alpn {protocols}\n \
             http-request set-header x-came-by %[req.ver]\n http-request set-header x-came-from %[src_port]\n \
             default_backend studio\n\
             backend studio\n http-reuse {reuse}\n server studio {}\n",
            studio.address
        );
        fs::write(Path::new(&file), configuration).unwrap();
        let process = Command::new("haproxy").args(["-db", "-f", &file]).stderr(Stdio::null()).spawn().unwrap();
        eventually("the front listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        Self(process)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

//! A Prometheus with the shipped configuration, that asks real gateways.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::Value;

use crate::process::{eventually, free_port};

const CONFIGURATION: &str = include_str!("../../deploy/prometheus/prometheus.yaml");
const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yaml");

/// A running Prometheus; its memory goes with it.
pub struct Prometheus {
    port: u16,
    process: Child,
    folder: PathBuf,
    client: Client,
}

impl Prometheus {
    /// Asks these gateways every second, and not every fifteen.
    pub async fn start(gateways: &[SocketAddr; 2]) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("signup-gateway-prometheus-{port}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut configuration = CONFIGURATION.to_owned();
        for (shipped, here) in [
            ("gateway1:9090", gateways[0].to_string()),
            ("gateway2:9090", gateways[1].to_string()),
            ("_interval: 15s", "_interval: 1s".to_owned()),
        ] {
            assert!(configuration.contains(shipped), "{shipped}");
            configuration = configuration.replace(shipped, &here);
        }
        std::fs::write(folder.join("prometheus.yaml"), configuration).unwrap();
        std::fs::write(folder.join("alerts.yaml"), ALERTS).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yaml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--log.level=error"])
            .stdout(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let client = Client::builder().no_proxy().build().unwrap();
        let prometheus = Self { port, process, folder, client };
        eventually("Prometheus is ready", async || {
            let ready = prometheus.client.get(prometheus.url("/-/ready")).send().await;
            ready.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        prometheus
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let answer = self.client.get(self.url(&format!("{path}?{query}"))).send().await.unwrap();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["status"], "success", "{parameters:?}: {body}");
        body["data"].clone()
    }

    /// The numbers that a query gives now, one a series.
    pub async fn query(&self, query: &str) -> Vec<f64> {
        let data = self.get("/api/v1/query", &[("query", query)]).await;
        let series = data["result"].as_array().unwrap().iter();
        series.map(|one| one["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }

    /// The values of a label of a metric.
    pub async fn values(&self, metric: &str, label: &str) -> Vec<String> {
        let data = self.get(&format!("/api/v1/label/{label}/values"), &[("match[]", metric)]).await;
        serde_json::from_value(data).unwrap()
    }

    /// Name, health and state of every alert.
    pub async fn alerts(&self) -> Vec<(String, String, String)> {
        let data = self.get("/api/v1/rules", &[]).await;
        let rules = data["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
        let word = |rule: &Value, name: &str| rule[name].as_str().unwrap().to_owned();
        rules.map(|rule| (word(rule, "name"), word(rule, "health"), word(rule, "state"))).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

//! What operators see: metrics after every outcome, and the dashboard and alerts that are made of them.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};
use signup_gateway::guard::HONEYPOT_FIELD;
use signup_gateway::signup::Flow;

use crate::exposition::Exposition;
use crate::helpers::app::{sample, sample_with};
use crate::helpers::neighbour::{STUDIO_URL, raw};
use crate::helpers::{FLOWS, Neighbour, Page, Reply};
use crate::process::{Gateway, Redis, eventually};
use crate::prometheus::Prometheus;

const DASHBOARD: &str = include_str!("../../deploy/grafana/dashboard.json");
const GUIDE: &str = include_str!("../../deploy/README.md");
const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yaml");

/// Every metric of our own: name, type, labels (contract 9, and what came later).
const METRICS: [(&str, &str, &[&str]); 18] = [
    ("http_requests_in_flight", "gauge", &[]),
    ("signup_build_info", "gauge", &["version"]),
    ("signup_form_views_total", "counter", &["flow", "tenant"]),
    ("signup_forwarding_ignored_total", "counter", &[]),
    ("signup_link_parameters_odd_total", "counter", &[]),
    ("signup_observed_total", "counter", &["guard", "reason"]),
    ("signup_panics_total", "counter", &[]),
    ("signup_rate_limited_total", "counter", &["scope"]),
    ("signup_ready", "gauge", &[]),
    ("signup_store_errors_total", "counter", &[]),
    ("signup_store_shared", "gauge", &[]),
    ("signup_submissions_total", "counter", &["flow", "outcome", "tenant"]),
    ("signup_turnstile_duration_seconds", "histogram", &["outcome"]),
    ("signup_upstream_circuit_state", "gauge", &[]),
    ("signup_upstream_duration_seconds", "histogram", &["operation", "outcome"]),
    ("signup_upstream_retries_total", "counter", &[]),
    ("process_open_fds", "gauge", &[]),
    ("process_resident_memory_bytes", "gauge", &[]),
];

/// What became of submissions. Beyond these there is `failed`: our own sealing or store, which no neighbour brings about.
const OUTCOMES: [&str; 13] = [
    "created",
    "doubted",
    "duplicate",
    "expired",
    "honeypot",
    "invalid",
    "limited",
    "refused",
    "turnstile_refused",
    "turnstile_unavailable",
    "upstream_timeout",
    "upstream_unavailable",
    "used",
];

const UPSTREAM_OUTCOMES: [&str; 9] = [
    "answered",
    "created",
    "failed",
    "misconfigured",
    "not_found",
    "refused",
    "unanswered",
    "unavailable",
    "unreadable",
];

const OPERATIONS: [&str; 5] = ["account", "account_by_code", "pro", "trial", "validate_email"];

fn set<'a>(all: &[&'a str]) -> BTreeSet<&'a str> {
    all.iter().copied().collect()
}

/// Visitors of one gateway, each from an address of its own.
struct Visitors<'a> {
    gateway: &'a Gateway,
    studio: &'a Neighbour,
    siteverify: &'a Neighbour,
    flow: &'static Flow,
    arrived: u8,
}

impl Visitors<'_> {
    async fn post(&mut self, page: &Page, fields: &[(&str, &str)], status: u16) -> Page {
        self.arrived += 1;
        let answer = self.gateway.submit(page, fields, &format!("203.0.113.{}", self.arrived)).await.unwrap();
        assert_eq!(answer.status, status, "{} {fields:?}", self.flow.slug);
        answer
    }

    /// A fresh form with the flow's sample, one field typed otherwise.
    async fn typed(&mut self, name: &str, value: &str, status: u16) -> Page {
        let page = self.form().await;
        let mut fields = sample(self.flow);
        fields.retain(|(field, _)| *field != name);
        // Another address each time, so that no budget is used up.
        let email = format!("visitor-{}@acme.example", self.arrived);
        if name != "email" {
            fields.retain(|(field, _)| *field != "email");
            fields.push(("email", &email));
        }
        let name: &str = name;
        let all: Vec<(&str, &str)> = fields.into_iter().chain([(name, value)]).collect();
        self.post(&page, &all, status).await
    }

    async fn form(&self) -> Page {
        self.gateway.get(&format!("/signup/{}?utm_source=marked&flow=marked&tenant=marked", self.flow.slug)).await
    }

    /// A studio that creates accounts.
    fn created(id: u8) -> Reply {
        Reply::Json(200, json!({ "success": true, "id": id, "userId": id, "redirectUrl": STUDIO_URL }))
    }

    async fn meet_every_outcome(&mut self) {
        let page = self.form().await;
        self.post(&page, &sample(self.flow), 303).await;
        self.post(&page, &sample(self.flow), 303).await;
        self.post(&page, &sample_with(self.flow, "email", "other@acme.example"), 422).await;
        self.typed("name", "", 422).await;
        self.typed("submission_id", "forged", 422).await;
        self.typed("cf-turnstile-response", "a robot's", 422).await;
        let page = self.form().await;
        for status in [422, 422, 422, 429] {
            let answer = self.gateway.submit(&page, &[("name", "")], &format!("198.51.100.{}", self.arrived)).await;
            assert_eq!(answer.unwrap().status, status);
        }
        self.meet_trouble().await;
        self.read_accounts().await;
    }

    /// What the neighbours bring about.
    async fn meet_trouble(&mut self) {
        for (reply, status) in [
            (Reply::Json(200, json!({ "success": false, "error": "no" })), 422),
            (Reply::Json(500, json!({})), 502),
            (Reply::Json(503, json!({})), 503),
            (Reply::Json(401, json!({})), 502),
            (raw(200, "application/json", "{"), 502),
            (Reply::Close, 504),
        ] {
            self.studio.reply(reply);
            self.typed("name", "Jan", status).await;
        }
        self.studio.answer(|request| match request.path.as_str() {
            path if path.contains("/emails/") => Reply::Json(200, json!({ "success": true, "verdict": "Invalid" })),
            _ => Self::created(7),
        });
        self.typed("name", "Jan", 422).await;
        self.studio.reply(Self::created(7));
        self.siteverify.reply(Reply::Close);
        self.typed("name", "Jan", 503).await;
        self.siteverify.answer(|request| {
            let token = request.field("response").unwrap_or_default();
            Reply::Json(200, crate::helpers::neighbour::verified(token.trim_start_matches("pass-")))
        });
    }

    async fn read_accounts(&mut self) {
        for reply in
            [Reply::Json(200, json!({ "success": true, "id": 7 })), Reply::Json(404, json!({ "success": false }))]
        {
            // An account of its own: what the page says of one may be some seconds old.
            self.studio.reply(Self::created(self.arrived));
            let answer = self.typed("name", "Jan", 303).await;
            let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
            self.studio.reply(reply);
            assert_eq!(self.gateway.get_with("/signup/status", &[("cookie", cookie)]).await.status, 200);
        }
        self.studio.reply(Reply::Json(500, json!({})));
        let sealed = self.gateway.get(&format!("/signup/{}?activationCode=marked", self.flow.slug)).await;
        let location = sealed.location().to_owned();
        assert_eq!(self.gateway.get(location.trim_start_matches("http://localhost")).await.status, 200, "{location}");
        self.studio.reply(Self::created(7));
    }
}

/// Two gateways that have seen everything, with what they saw it with.
struct Scene {
    gateways: [Gateway; 2],
    prometheus: Prometheus,
    _redis: Redis,
}

impl Scene {
    async fn play() -> Self {
        let (redis, studio, siteverify) =
            (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
        let url = redis.url();
        let mut variables = vec![
            ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
            ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str()),
            ("SIGNUP__RATE_LIMIT__CLIENT__BURST", "3"),
            ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h"),
            ("SIGNUP__RATE_LIMIT__EMAIL__BURST", "1000"),
            ("SIGNUP__UPSTREAM__VALIDATE_EMAIL", "true"),
            ("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt"),
        ];
        let lenient = Gateway::start(&studio, &siteverify, &variables).await;
        variables.push(("SIGNUP__HONEYPOT__MODE", "enforce"));
        let strict = Gateway::start(&studio, &siteverify, &variables).await;
        let prometheus = Prometheus::start(&[lenient.admin.address, strict.admin.address]).await;
        let mut arrived = 0;
        // Twice, asked between: an increase is seen between two answers.
        for round in ["first", "second"] {
            for flow in &FLOWS[..2] {
                for (gateway, filled) in [(&lenient, 303), (&strict, 422)] {
                    let mut visitors = Visitors { gateway, studio: &studio, siteverify: &siteverify, flow, arrived };
                    visitors.meet_every_outcome().await;
                    visitors.typed(HONEYPOT_FIELD, "a robot's", filled).await;
                    arrived = visitors.arrived;
                }
            }
            let asked_since = format!("min(timestamp(signup_ready)) > bool {}", now());
            eventually(&format!("Prometheus has asked after the {round} round"), async || {
                prometheus.query(&asked_since).await == [1.0]
            })
            .await;
        }
        Self { gateways: [lenient, strict], prometheus, _redis: redis }
    }
}

/// Seconds of the clock that Prometheus goes by.
fn now() -> f64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_dashboard_and_alerts_agree_after_every_outcome() {
    let scene = Scene::play().await;
    let text = [scene.gateways[0].metrics().await, scene.gateways[1].metrics().await].join("\n");
    let exposition = Exposition::read(&text);
    names_and_labels_are_the_contracts(&exposition);
    label_values_are_bounded(&exposition, &text);
    alerts_ask_for_what_there_is(&exposition);
    every_panel_shows_something(&scene.prometheus).await;
    every_alert_can_be_evaluated(&scene.prometheus).await;
}

fn names_and_labels_are_the_contracts(exposition: &Exposition) {
    for (name, kind, labels) in METRICS {
        assert_eq!(exposition.types.get(name).map(String::as_str), Some(kind), "{name}");
        assert!(exposition.described.contains(name), "{name} has no HELP");
        assert!(name.starts_with("process_") || GUIDE.contains(&format!("`{name}`")), "{name} is not in the guide");
        let (sample, le) =
            if kind == "histogram" { (format!("{name}_bucket"), Some("le")) } else { (name.into(), None) };
        let expected: BTreeSet<&str> = labels.iter().copied().chain(le).collect();
        assert_eq!(exposition.labels(&sample), expected, "{name}");
    }
    let known: BTreeSet<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
    let unknown: Vec<&String> = exposition
        .types
        .keys()
        .filter(|name| !known.contains(name.as_str()) && !name.starts_with("process_"))
        .collect();
    assert!(unknown.is_empty(), "not in the table: {unknown:?}");
    for histogram in ["signup_upstream_duration_seconds", "signup_turnstile_duration_seconds"] {
        let bounds = exposition.values(&format!("{histogram}_bucket"), "le");
        let mut bounds: Vec<f64> = bounds.into_iter().filter_map(|bound| bound.parse().ok()).collect();
        bounds.sort_by(f64::total_cmp);
        // From a neighbour on the same machine to beyond upstream.connect_timeout + upstream.timeout.
        assert!(bounds[0] <= 0.005 && bounds[bounds.len() - 2] >= 17.0, "{histogram}: {bounds:?}");
    }
}

fn label_values_are_bounded(exposition: &Exposition, text: &str) {
    for metric in ["signup_form_views_total", "signup_submissions_total"] {
        assert_eq!(exposition.values(metric, "flow"), set(&["pro", "trial"]), "{metric}");
        assert_eq!(exposition.values(metric, "tenant"), set(&["default"]), "{metric}");
    }
    assert_eq!(exposition.values("signup_submissions_total", "outcome"), set(&OUTCOMES));
    assert!(OUTCOMES.iter().all(|outcome| GUIDE.contains(&format!("`{outcome}`"))));
    assert_eq!(exposition.values("signup_upstream_duration_seconds", "operation"), set(&OPERATIONS));
    assert_eq!(exposition.values("signup_upstream_duration_seconds", "outcome"), set(&UPSTREAM_OUTCOMES));
    let verified = exposition.values("signup_turnstile_duration_seconds", "outcome");
    assert_eq!(verified, set(&["passed", "refused", "unavailable"]));
    assert_eq!(exposition.values("signup_rate_limited_total", "scope"), set(&["client", "email", "outage", "pages"]));
    assert_eq!(exposition.values("signup_build_info", "version"), set(&[env!("CARGO_PKG_VERSION")]));
    for personal in ["marked", "@", "203.0.113", "robot"] {
        assert!(!text.contains(personal), "{personal}");
    }
}

/// Names, labels and outcomes in the alerts' queries: a name that nobody counts would never fire.
fn alerts_ask_for_what_there_is(exposition: &Exposition) {
    let name = Regex::new(r"\b(?:signup|http|process)_[a-z_]+").unwrap();
    let matcher = Regex::new(r#"\b([a-z_]+)(?:=~|!~|!=|=)"([^"]*)""#).unwrap();
    let there: BTreeSet<&str> = exposition.samples.iter().map(|(name, _)| name.as_str()).collect();
    let queries: Vec<&str> = ALERTS
        .split("- alert: ")
        .skip(1)
        .map(|alert| alert.split_once("expr:").unwrap().1.split("labels: {severity").next().unwrap())
        .collect();
    assert!(queries.len() > 10, "{}", queries.len());
    for query in queries {
        for found in name.find_iter(query) {
            assert!(there.contains(found.as_str()), "{} in {query}", found.as_str());
        }
        for found in matcher.captures_iter(query).filter(|found| &found[1] != "job") {
            let values: BTreeSet<&str> =
                exposition.samples.iter().filter_map(|(_, labels)| labels.get(&found[1]).map(String::as_str)).collect();
            for alternative in found[2].split('|') {
                assert!(values.contains(alternative), "{}={alternative} in {query}", &found[1]);
            }
        }
    }
}

async fn every_panel_shows_something(prometheus: &Prometheus) {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels: Vec<&Value> =
        dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row").collect();
    assert!(panels.len() >= 20, "{}", panels.len());
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            let query = substituted(target["expr"].as_str().unwrap());
            eventually(&format!("{title}: {query} gives a number"), async || {
                prometheus.query(&query).await.iter().any(|number| number.is_finite())
            })
            .await;
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"].as_str().and_then(|query| query.strip_prefix("label_values(")) else {
            assert_eq!((&variable["type"], &variable["query"]), (&json!("datasource"), &json!("prometheus")));
            continue;
        };
        let (metric, label) = query.strip_suffix(')').unwrap().split_once(", ").unwrap();
        assert!(!prometheus.values(metric, label).await.is_empty(), "{variable}");
    }
}

/// A query as Grafana sends it, with everything chosen.
fn substituted(query: &str) -> String {
    let query =
        ["$tenant", "$flow", "$instance"].iter().fold(query.to_owned(), |query, name| query.replace(name, ".*"));
    let query = query.replace("$__rate_interval", "2m").replace("$__range", "10m");
    assert!(!query.contains('$'), "{query}");
    query
}

async fn every_alert_can_be_evaluated(prometheus: &Prometheus) {
    eventually("every alert is evaluated", async || {
        prometheus.alerts().await.iter().all(|(_, health, _)| health != "unknown")
    })
    .await;
    for (name, health, state) in prometheus.alerts().await {
        assert_eq!(health, "ok", "{name}");
        // Nothing has lasted long enough, and nothing panicked.
        assert_ne!(state, "firing", "{name}");
    }
}

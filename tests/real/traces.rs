//! Traces: what a collector on a real socket receives, and that one which does not answer costs nobody anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;
use signup_gateway::seal::hex;

use crate::helpers::app::{sample, token};
use crate::helpers::neighbour::{Door, Vacancy};
use crate::helpers::{FLOWS, Neighbour, Reply};
use crate::process::{Gateway, Redis, eventually};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const CLIENT: &str = "203.0.113.77";

/// Every span the collector was sent.
fn spans(collector: &Neighbour) -> Vec<Span> {
    let batch = |body: &[u8]| ExportTraceServiceRequest::decode(body).unwrap();
    let resources = collector.received().into_iter().flat_map(|request| batch(&request.body).resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn a_collector_gets_every_step_of_a_sign_up_and_nothing_about_the_visitor() {
    let collector = Neighbour::start(|_| Reply::Json(200, json!({}))).await;
    let (redis, studio, siteverify) = (Redis::start().await, Neighbour::studio().await, Neighbour::siteverify().await);
    let (endpoint, redis_url) = (collector.url(""), redis.url());
    let variables = [
        ("SIGNUP__TELEMETRY__OTLP_ENDPOINT", endpoint.as_str()),
        ("SIGNUP__TELEMETRY__LOG_LEVEL", "debug"),
        ("SIGNUP__RATE_LIMIT__BACKEND", "redis"),
        ("SIGNUP__RATE_LIMIT__REDIS_URL", redis_url.as_str()),
        ("SIGNUP__UPSTREAM__VALIDATE_EMAIL", "true"),
        ("SIGNUP__UPSTREAM__JWT_TOKEN", "zq9-jwt"),
    ];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let flow = FLOWS[0];
    let page = gateway.get("/signup/pro?utm_source=zq9-source&email=zq9%40prefill.example").await;
    let token = format!("{}.zq9-token", token(flow));
    let fields = [
        ("name", "zq9-name"),
        ("username", "zq9-user"),
        ("email", "zq9-mail@zq9-domain.example"),
        ("password", "zq9-password of some length"),
        ("privacyPolicy", "on"),
        ("cf-turnstile-response", token.as_str()),
    ];
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let headers = [("traceparent", traceparent.as_str()), ("x-forwarded-for", CLIENT), ("user-agent", "zq9-agent")];
    assert_eq!(gateway.submit_with(&page, &fields, &headers).await.status, 303);
    assert_eq!(gateway.logged("\"name\":\"sign_up\""), 0, "lines name the request, not the step");
    eventually("the event names its request", async || gateway.logged("\"event\":\"signup\"") == 1).await;
    gateway.signal("TERM");
    assert_eq!(gateway.ended().await, Some(0));

    for request in collector.received() {
        assert_eq!(
            (request.path.as_str(), request.header("content-type")),
            ("/v1/traces", Some("application/x-protobuf"))
        );
        let text = String::from_utf8_lossy(&request.body);
        for personal in ["zq9", CLIENT, "prefill"] {
            assert!(!text.contains(personal), "{personal}");
        }
    }
    let all = spans(&collector);
    let of_post: Vec<&Span> = all.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let by_name: BTreeMap<&str, &Span> = of_post.iter().map(|span| (span.name.as_str(), *span)).collect();
    let outcomes: Vec<_> = by_name.iter().map(|(name, span)| (*name, attribute(span, "outcome"))).collect();
    let outcome = |word: &str| Some(word.to_owned());
    assert_eq!(
        outcomes,
        [
            ("POST /signup/{flow}", None),
            ("admit", outcome("open")),
            ("clear", outcome("cleared")),
            ("create", outcome("created")),
            ("limit_email", outcome("allowed")),
            ("parse", outcome("valid")),
            ("redis", outcome("answered")),
            ("sign_up", outcome("created")),
            ("siteverify", outcome("passed")),
            ("validate_email", outcome("answered")),
        ]
    );
    let root = by_name["POST /signup/{flow}"];
    assert_eq!((hex(&root.parent_span_id).as_str(), root.kind()), (CALLER, SpanKind::Server));
    assert_eq!(attribute(root, "http.response.status_code").as_deref(), Some("303"));
    let parent = |name: &str| {
        let parent = &by_name[name].parent_span_id;
        all.iter().find(|span| span.span_id == *parent).unwrap_or_else(|| panic!("{name} has no parent")).name.as_str()
    };
    assert_eq!(
        ["sign_up", "admit", "create", "siteverify"].map(parent),
        ["POST /signup/{flow}", "sign_up", "sign_up", "clear"]
    );
    for (call, path) in [("create", "pro"), ("validate_email", "validate")] {
        assert_eq!(by_name[call].kind(), SpanKind::Client);
        let sent = studio.received().into_iter().find(|request| request.path.contains(path)).unwrap();
        let named = format!("00-{TRACE}-{}-01", hex(&by_name[call].span_id));
        assert_eq!(sent.header("traceparent"), Some(named.as_str()), "{call}");
    }
    assert!(all.iter().any(|span| span.name == "GET /signup/{flow}" && hex(&span.trace_id) != TRACE));
}

#[tokio::test]
async fn a_collector_that_is_away_or_stalls_delays_neither_sign_ups_nor_the_end() {
    let (vacancy, stalled) = (Vacancy::new(), Neighbour::start(|_| Reply::Json(200, json!({}))).await);
    stalled.door(Door::Deaf);
    for (name, endpoint) in [("away", vacancy.url("")), ("stalled", stalled.url(""))] {
        let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
        let variables = [("SIGNUP__TELEMETRY__OTLP_ENDPOINT", endpoint.as_str())];
        let gateway = Gateway::start(&studio, &siteverify, &variables).await;
        let mut took = Vec::new();
        for round in 0..8 {
            let begun = Instant::now();
            let page = gateway.get("/signup/pro").await;
            let answer = gateway.submit(&page, &sample(FLOWS[0]), &format!("203.0.113.{round}")).await.unwrap();
            assert!(matches!(answer.status, 303 | 429), "{name}: {}", answer.status);
            took.push(begun.elapsed());
            // So that several batches meet the collector.
            tokio::time::sleep(Duration::from_millis(900)).await;
        }
        // Whoever waited for the collector would, each of them, until the export is given up.
        took.sort_unstable();
        assert!(took[took.len() / 2] < Duration::from_secs(4), "{name}: {took:?}");
        assert!(gateway.logged("the trace collector does not take our spans") <= 1, "{name}: once a minute");
        if name == "away" {
            assert_eq!(gateway.logged("the trace collector does not take our spans"), 1);
        }
        let told = Instant::now();
        gateway.signal("TERM");
        assert_eq!(gateway.ended().await, Some(0), "{name}");
        // The last export has two seconds, and the machine may stall.
        assert!(told.elapsed() < Duration::from_secs(15), "{name}: {:?}", told.elapsed());
    }
}

//! The log's lines have the fields that operators are told of.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::helpers::app::sample;
use crate::helpers::{FLOWS, Page, Reply, TestApp, log};

type Fields = BTreeSet<String>;

/// The fields that the table documents for some lines; those of the span with their prefix.
fn documented(lines: &str) -> Fields {
    let page = include_str!("../../deploy/README.md");
    let (_, section) = page.split_once("\n## The log\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let of_lines = rows.filter(|cells| cells.get(2) == Some(&lines));
    let fields: Fields = of_lines.flat_map(|cells| cells[1].split(", ").map(bare).collect::<Vec<_>>()).collect();
    assert!(!fields.is_empty(), "no row for {lines}");
    fields
}

fn bare(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

/// The fields of a line; those of its span with their prefix.
fn fields(line: &Value) -> Fields {
    let members = line.as_object().unwrap();
    let of_span = line["span"].as_object().into_iter().flatten().map(|(name, _)| format!("span.{name}"));
    members.keys().filter(|name| *name != "span").cloned().chain(of_span).collect()
}

/// The one line of a request with a message.
fn line(page: &Page, message: &str) -> Value {
    let mut lines = log::of_request(page.header("x-request-id").unwrap());
    lines.retain(|line| line["message"] == message);
    assert_eq!(lines.len(), 1, "{message}: {lines:?}");
    lines.remove(0)
}

fn expected(lines: &str) -> Fields {
    ["every line", "lines of a request", lines].into_iter().flat_map(documented).collect()
}

#[tokio::test]
async fn a_sign_up_with_a_campaign_has_every_field_that_is_documented_and_no_other() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let form = app.form(flow, "utm_source=news&utm_medium=mail&utm_campaign=spring").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_eq!(answer.status, 303, "{}", flow.slug);
        for message in ["signup", "answered"] {
            let mut expected = expected(&format!("`{message}`"));
            expected.remove("reason");
            assert_eq!(fields(&line(&answer, message)), expected, "{}: {message}", flow.slug);
        }
    }
}

#[tokio::test]
async fn a_refused_sign_up_has_none_but_documented_fields_and_no_consent() {
    let app = TestApp::start().await;
    let form = app.form(FLOWS[0], "").await;
    app.studio.reply(Reply::Json(200, json!({ "success": false, "error": "Nobody may" })));
    let answer = app.submit(&form, &sample(FLOWS[0])).await;
    let line = line(&answer, "signup");
    assert_eq!((&line["outcome"], &line["reason"]), (&"refused".into(), &"other".into()));
    let (there, documented) = (fields(&line), expected("`signup`"));
    assert!(there.is_subset(&documented), "{there:?}");
    let missing: Vec<_> = documented.difference(&there).map(String::as_str).collect();
    assert_eq!(missing, ["consent_sha256", "consent_version", "utm_campaign", "utm_medium", "utm_source"]);
}

#[tokio::test]
async fn a_request_for_nothing_is_a_line_with_documented_fields() {
    let answer = TestApp::start().await.get("/nowhere").await;
    let (there, documented) = (fields(&line(&answer, "answered")), expected("`answered`"));
    assert!(there.is_subset(&documented), "{there:?}");
    for always in ["every line", "`answered`"] {
        assert!(self::documented(always).is_subset(&there), "{there:?}");
    }
}

//! What a campaign link says arrives at the studio within its limits, and never stands in a visitor's way.

use serde_json::{Value, json};

use crate::helpers::app::sample;
use crate::helpers::form::{UNLIMITED, forwarded, unlimited_and};
use crate::helpers::{FLOWS, TestApp};

/// What every flow forwards of a link.
async fn carried(app: &TestApp, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for flow in FLOWS {
        let page = app.form(flow, query).await;
        let answer = app.submit(&page, &sample(flow)).await;
        assert_eq!(answer.status, 303, "{} {query}", flow.slug);
        all.push(forwarded(app));
    }
    all
}

#[tokio::test]
async fn limits_of_attribution() {
    let app = TestApp::with(UNLIMITED).await;
    let value = |length: usize| "\u{fc}".repeat(length);
    let encoded = |length: usize| "%C3%BC".repeat(length);
    let many = |count: usize| (0..count).map(|n| format!("utm_p{n}={n}")).collect::<Vec<_>>().join("&");
    let many_json = |count: usize| (0..count).map(|n| json!({ format!("utm_p{n}"): n.to_string() })).collect::<Value>();
    for (row, query, expected) in [
        ("none", "foo=bar".to_owned(), Value::Null),
        ("twenty", many(20), many_json(20)),
        ("the twenty-first is dropped", many(21), many_json(20)),
        ("500 characters", format!("utm_term={}", encoded(500)), json!([{ "utm_term": value(500) }])),
        ("cut at 500 characters", format!("utm_term={}", encoded(501)), json!([{ "utm_term": value(500) }])),
        (
            "the first of repeated ones",
            "utm_term=a&gclid=x&utm_term=b".into(),
            json!([{ "utm_term": "a" }, { "gclid": "x" }]),
        ),
        ("control characters", "utm_term=a%00b%0D%0Ac%7F%C2%85d".into(), json!([{ "utm_term": "abcd" }])),
        ("nothing but control characters", "utm_term=%0A".into(), Value::Null),
        ("empty", "utm_term=&utm_source".into(), Value::Null),
        ("a plus and an ampersand", "utm_term=a+b%2Bc%26d".into(), json!([{ "utm_term": "a b+c&d" }])),
        ("JSON and HTML", "utm_term=%22%5D%7D%3Cb%3E".into(), json!([{ "utm_term": "\"]}<b>" }])),
        ("invalid UTF-8", "utm_term=a%FFb".into(), json!([{ "utm_term": "a\u{fffd}b" }])),
        (
            "all click identifiers",
            "gclid=1&gbraid=2&wbraid=3&dclid=4&fbclid=5&msclkid=6&ttclid=7&li_fat_id=8&twclid=9".into(),
            json!([{"gclid":"1"},{"gbraid":"2"},{"wbraid":"3"},{"dclid":"4"},{"fbclid":"5"},{"msclkid":"6"},{"ttclid":"7"},{"li_fat_id":"8"},{"twclid":"9"}]),
        ),
    ] {
        for sent in carried(&app, &query).await {
            assert_eq!(sent.get("utmParams").cloned().unwrap_or_default(), expected, "{row}");
        }
    }
}

#[tokio::test]
async fn attribution_is_sent_as_the_operator_wants_it() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__ATTRIBUTION__UTM_FORMAT", "key_value"),
        ("SIGNUP__ATTRIBUTION__EXTRA_PARAMS", "partner,ref"),
    ]))
    .await;
    for sent in carried(&app, "ref=a&gclid=b&utm_source=c&partner=d").await {
        assert_eq!(
            sent["utmParams"],
            json!([{"key": "ref", "value": "a"}, {"key": "utm_source", "value": "c"}, {"key": "partner", "value": "d"}])
        );
        assert_eq!(sent["redirectUrlQueryParams"], "ref=a&utm_source=c&partner=d");
    }
}

#[tokio::test]
async fn an_origin_that_is_not_allowed_falls_back_to_the_default() {
    let app = TestApp::with(&unlimited_and(&[(
        "SIGNUP__REDIRECT__ALLOWED_ORIGINS",
        "https://studio.example,https://eu.studio.example:8443",
    )]))
    .await;
    let (default, eu) = ("https://studio.example", "https://eu.studio.example:8443");
    for (asked, sent) in [
        ("https://eu.studio.example:8443", eu),
        ("https://EU.studio.example:8443", eu),
        ("https://studio.example", default),
        ("https://studio.example:443", default),
        ("https://eu.studio.example", default),
        ("https://eu.studio.example:8443.evil.test", default),
        ("https://eu.studio.example:8443@evil.test", default),
        ("https://evil.test#https://eu.studio.example:8443", default),
        ("http://eu.studio.example:8443", default),
        ("//eu.studio.example:8443", default),
        ("javascript:alert(1)", default),
        ("null", default),
        ("", default),
        ("https://eu.studio.example:8443\r\nx: y", default),
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("redirectUrlOrigin", asked).finish();
        for payload in carried(&app, &query).await {
            assert_eq!(payload["redirectUrlOrigin"], sent, "{asked}");
        }
    }
}

#[tokio::test]
async fn the_links_own_redirect_pairs_come_first_and_win() {
    let app = TestApp::with(UNLIMITED).await;
    for (query, expected) in [
        ("utm_source=a&redirectUrlQueryParams=plan%3Dpro%26x%3D1", json!("plan=pro&x=1&utm_source=a")),
        ("utm_source=a&gclid=g&redirectUrlQueryParams=utm_source%3Dpartner", json!("utm_source=partner&gclid=g")),
        ("redirectUrlQueryParams=%3Fa%3Db", json!("a=b")),
        ("redirectUrlQueryParams=a%3D1&redirectUrlQueryParams=a%3D2", json!("a=1")),
        ("redirectUrlQueryParams=a%3D%2526%2523", json!("a=%26%23")),
        ("redirectUrlQueryParams=", Value::Null),
        ("foo=bar", Value::Null),
    ] {
        for sent in carried(&app, query).await {
            assert_eq!(sent.get("redirectUrlQueryParams").cloned().unwrap_or_default(), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn an_odd_parameter_never_blocks_a_sign_up() {
    let app = TestApp::with(UNLIMITED).await;
    let long = format!("utm_{}=x&redirectUrlQueryParams=a%3D{}", "n".repeat(500), "y".repeat(3_000));
    let crowd = (0..500).map(|n| format!("p{n}&utm_x{n}={n}")).collect::<Vec<_>>().join("&");
    for query in [
        "&&&",
        "=",
        "%",
        "%zz=%zz",
        "utm_=x",
        "utm_%00=x",
        "utm_source=%F0%9F",
        "redirectUrlQueryParams=%00",
        "redirectUrlQueryParams=%FF%26=",
        "redirectUrlOrigin=%00",
        "lang=xx-%FF",
        "lang=../../etc",
        "identityProvider=%00",
        "ctx=nonsense",
        "email=%00&name=%FF",
        "submission_id=x&pass=y",
        "utm_source[]=a",
        "UTM_SOURCE=a",
        &long,
        &crowd,
    ] {
        for sent in carried(&app, query).await {
            assert_eq!(sent["redirectUrlOrigin"], "https://studio.example", "{query}");
        }
    }
}

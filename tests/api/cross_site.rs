//! Posts that another site makes with a visitor's browser are refused before anything is asked or sent.

use crate::helpers::app::sample;
use crate::helpers::form::UNLIMITED;
use crate::helpers::{FLOWS, TestApp};

/// What a browser says of where a post comes from, and whether it passes.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

#[tokio::test]
async fn refuses_posts_of_every_other_site() {
    let app = TestApp::with(UNLIMITED).await;
    let own = format!("http://localhost:{}", app.address.port());
    let (https, other_port, tail) = (own.replace("http:", "https:"), format!("{own}1"), format!("{own}.evil.test"));
    let rows: &[Row] = &[
        ("no browser", &[], true),
        ("same origin", &[("sec-fetch-site", "same-origin")], true),
        ("typed by the visitor", &[("sec-fetch-site", "none")], true),
        ("same origin by both headers", &[("sec-fetch-site", "same-origin"), ("origin", &own)], true),
        ("own origin", &[("origin", &own)], true),
        ("a sibling tenant", &[("sec-fetch-site", "same-site")], false),
        ("another site", &[("sec-fetch-site", "cross-site")], false),
        ("another site that names our origin", &[("sec-fetch-site", "cross-site"), ("origin", &own)], false),
        ("an unknown value", &[("sec-fetch-site", "sideways")], false),
        ("an empty value", &[("sec-fetch-site", "")], false),
        ("two values", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
        ("values in one line", &[("sec-fetch-site", "same-origin, cross-site")], false),
        ("other scheme", &[("origin", &https)], false),
        ("other port", &[("origin", &other_port)], false),
        ("no port", &[("origin", "http://localhost")], false),
        ("other host", &[("origin", "http://evil.test")], false),
        ("our host as a prefix", &[("origin", &tail)], false),
        ("another name of this machine", &[("origin", "http://127.0.0.1")], false),
        ("opaque origin", &[("origin", "null")], false),
        ("empty origin", &[("origin", "")], false),
        ("two origins", &[("origin", &own), ("origin", "http://evil.test")], false),
        ("a referrer alone says nothing", &[("referer", "http://evil.test/")], true),
    ];
    for flow in FLOWS {
        for (row, headers, passes) in rows {
            let before = (app.studio.received().len(), app.siteverify.received().len());
            let page = app.form(flow, "").await;
            let answer = app.submit_with(&page, &sample(flow), headers).await;
            assert_eq!(answer.status, if *passes { 303 } else { 403 }, "{} {row}", flow.slug);
            let sent = usize::from(*passes);
            let after = (app.studio.received().len(), app.siteverify.received().len());
            assert_eq!(after, (before.0 + sent, before.1 + sent), "{} {row}", flow.slug);
            if !passes {
                assert!(answer.texts("form").is_empty(), "{row}: no form to go on with");
                let retried = app.submit_with(&page, &sample(flow), &[("sec-fetch-site", "same-origin")]).await;
                assert_eq!(retried.status, 303, "{} {row}: the visitor's own form is still good", flow.slug);
            }
        }
    }
}

#[tokio::test]
async fn links_from_other_sites_open_every_page() {
    let app = TestApp::start().await;
    let headers =
        [("sec-fetch-site", "cross-site"), ("origin", "https://ads.example"), ("referer", "https://ads.example/")];
    for flow in FLOWS {
        assert_eq!(app.get_with(&format!("/signup/{}", flow.slug), &headers).await.status, 200, "{}", flow.slug);
    }
    assert_eq!(app.get_with("/", &headers).await.status, 200);
}

#[tokio::test]
async fn the_scheme_of_an_origin_is_the_public_urls() {
    let app = TestApp::with(&[("SIGNUP__SERVER__PUBLIC_URL", "https://localhost")]).await;
    let origin = |scheme: &str| format!("{scheme}://localhost:{}", app.address.port());
    for flow in FLOWS {
        for (scheme, status) in [("http", 403), ("https", 303)] {
            let page = app.form(flow, "").await;
            let answer = app.submit_with(&page, &sample(flow), &[("origin", &origin(scheme))]).await;
            assert_eq!(answer.status, status, "{} {scheme}", flow.slug);
        }
    }
}

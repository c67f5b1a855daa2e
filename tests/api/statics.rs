//! Assets: found by the pages' own links, kept for ever, as small as the browser can take them.

use std::collections::BTreeSet;
use std::io::Read as _;

use reqwest::header::HeaderMap;

use crate::helpers::form::unlimited_and;
use crate::helpers::{FLOWS, TestApp};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Every asset that any page links to.
async fn linked(app: &TestApp) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pages = vec![app.get("/").await, app.get("/nowhere").await, app.get("/signup/status").await];
    for flow in FLOWS {
        pages.push(app.form(flow, "").await);
    }
    // With an account there is something to wait for.
    let cookie = app.sign_up(FLOWS[0]).await.header("set-cookie").unwrap().to_owned();
    pages.push(app.get_with("/signup/status", &[("cookie", cookie.split(';').next().unwrap())]).await);
    for page in &pages {
        for (selector, attribute) in
            [("link", "href"), ("script", "src"), ("img", "src"), ("[data-regions]", "data-regions")]
        {
            found.extend(page.attributes(selector, attribute).into_iter().filter(|href| href.starts_with('/')));
        }
    }
    found
}

async fn fetch(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let request =
        headers.iter().fold(app.client().get(app.url(path)), |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn decoded(encoding: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        Some("br") => brotli::Decompressor::new(body, 4_096).read_to_end(&mut plain).unwrap(),
        Some("gzip") => flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap(),
        None => return body.to_vec(),
        Some(other) => panic!("{other}"),
    };
    plain
}

#[tokio::test]
async fn every_asset_of_every_page_is_immutable_and_comes_in_the_smallest_welcome_encoding() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    let assets = linked(&app).await;
    for name in ["app.css", "app.js", "favicon.svg", "pages.css", "regions.json", "status.js"] {
        assert!(assets.iter().any(|href| href.ends_with(name)), "{name}: {assets:?}");
    }
    for href in &assets {
        let (_, _, identity) = fetch(&app, href, &[]).await;
        for (accepted, encoding) in [
            (None, None),
            (Some(""), None),
            (Some("identity"), None),
            (Some("deflate, zstd"), None),
            (Some("br;q=0, gzip;q=0"), None),
            (Some("gzip"), Some("gzip")),
            (Some("GZIP;q=0.3, br;q=0"), Some("gzip")),
            (Some("gzip, deflate, br, zstd"), Some("br")),
            (Some("br"), Some("br")),
            (Some("*"), Some("br")),
        ] {
            let headers: Vec<_> = accepted.iter().map(|value| ("accept-encoding", *value)).collect();
            let (status, headers, body) = fetch(&app, href, &headers).await;
            assert_eq!((status, text(&headers, "content-encoding").as_deref()), (200, encoding), "{href} {accepted:?}");
            assert_eq!(text(&headers, "cache-control").as_deref(), Some(IMMUTABLE), "{href} {accepted:?}");
            assert_eq!(text(&headers, "vary").as_deref(), Some("Accept-Encoding"), "{href} {accepted:?}");
            assert_eq!(text(&headers, "content-length"), Some(body.len().to_string()), "{href} {accepted:?}");
            assert!(decoded(encoding, &body) == identity, "{href} {accepted:?}: the same content");
            assert!(encoding.is_none() || body.len() < identity.len(), "{href} {accepted:?}: smaller");
            assert!(!text(&headers, "content-type").unwrap().contains("octet-stream"), "{href}");
        }
    }
}

#[tokio::test]
async fn an_asset_the_browser_has_is_not_sent_again() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    for href in linked(&app).await {
        let mut tags = BTreeSet::new();
        for encoding in ["identity", "gzip", "br"] {
            let (_, headers, _) = fetch(&app, &href, &[("accept-encoding", encoding)]).await;
            let tag = text(&headers, "etag").unwrap();
            assert!(tags.insert(tag.clone()), "{href} {encoding}: each encoding has its own tag");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
                let known = [("accept-encoding", encoding), ("if-none-match", known.as_str())];
                let (status, headers, body) = fetch(&app, &href, &known).await;
                assert_eq!((status, body.len()), (304, 0), "{href} {known:?}");
                for (name, value) in [("etag", tag.as_str()), ("cache-control", IMMUTABLE), ("vary", "Accept-Encoding")]
                {
                    assert_eq!(text(&headers, name).as_deref(), Some(value), "{href} {known:?}");
                }
            }
            let other = [("accept-encoding", encoding), ("if-none-match", "\"other\"")];
            assert_eq!(fetch(&app, &href, &other).await.0, 200, "{href}");
        }
    }
}

#[tokio::test]
async fn nothing_is_served_under_another_hash_or_outside() {
    let app = TestApp::with(&unlimited_and(&[])).await;
    let mut paths: Vec<String> = Vec::new();
    for href in linked(&app).await {
        let (folder, name) = href.rsplit_once('/').unwrap();
        paths.push(format!("/static/0123456789abcdef/{name}"));
        paths.push(format!("{folder}/{}", name.to_uppercase()));
        paths.push(format!("{}/{name}", folder.to_uppercase().replace("/STATIC", "/static")));
        paths.push(format!("{folder}/other.css"));
        paths.push(format!("{href}/"));
        paths.push(format!("{folder}/..%2F{name}"));
    }
    for path in
        ["/static", "/static/", "/static/x", "/static/..%2F..%2FCargo.toml/x", "/static/%00/%00", "/static/missing"]
    {
        paths.push(path.to_owned());
    }
    for path in paths {
        // A hash of digits alone is the same in capitals.
        if linked(&app).await.contains(&path) {
            continue;
        }
        let page = app.get(&path).await;
        assert_eq!((page.status, page.header("cache-control")), (404, Some("no-store")), "{path}");
    }
}

#[tokio::test]
async fn a_logo_is_served_to_its_own_tenant() {
    let app = TestApp::with(&unlimited_and(&[
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
        ("SIGNUP__TENANTS__ACME__BRAND__LOGO", concat!(env!("CARGO_MANIFEST_DIR"), "/static/favicon.svg")),
    ]))
    .await;
    let acme = [("host", "acme.example")];
    let page = app.get_with("/", &acme).await;
    let logo = page.attributes("header .brand img", "src").remove(0);
    assert_eq!(page.attributes("header .brand img", "alt"), ["Acme"]);
    let (status, headers, body) = fetch(&app, &logo, &acme).await;
    assert_eq!((status, text(&headers, "content-type").as_deref()), (200, Some("image/svg+xml")));
    assert_eq!(text(&headers, "cache-control").as_deref(), Some(IMMUTABLE));
    assert!(body == std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/static/favicon.svg")).unwrap());
    let tag = text(&headers, "etag").unwrap();
    assert_eq!(fetch(&app, &logo, &[acme[0], ("if-none-match", &tag)]).await.0, 304);
    assert_eq!(app.get(&logo).await.status, 404, "it is none of the default tenant's");
}

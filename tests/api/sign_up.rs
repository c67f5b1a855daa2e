//! The main job: a visitor fills a form and is sent on.

use serde_json::json;

use crate::helpers::app::sample;
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, TestApp};

#[tokio::test]
async fn a_visitor_signs_up_by_every_flow_and_is_sent_where_the_upstream_says() {
    let app = TestApp::start().await;
    for flow in FLOWS {
        let answer = app.sign_up(flow).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{}", flow.slug);
        let received = app.studio.received().pop().unwrap();
        assert_eq!((received.method.as_str(), received.path.clone()), ("POST", format!("/v1{}", flow.upstream_path)));
    }
    assert_eq!(app.studio.received().len(), FLOWS.len());
    assert_eq!(app.siteverify.received().len(), FLOWS.len());
}

#[tokio::test]
async fn attribution_and_redirect_parameters_arrive_whole() {
    let app = TestApp::with(&[("SIGNUP__REDIRECT__ALLOWED_ORIGINS", "https://eu.studio.example")]).await;
    let query = "utm_source=google&utm_campaign=spring%20%26%20summer&gclid=Cj0&foo=bar\
                 &redirectUrlOrigin=https%3A%2F%2Feu.studio.example&redirectUrlQueryParams=plan%3Dx%26utm_source%3Dpartner";
    for flow in FLOWS {
        let page = app.form(flow, query).await;
        app.submit(&page, &sample(flow)).await;
        let sent = app.studio.received().pop().unwrap().json();
        assert_eq!(sent["redirectUrlOrigin"], "https://eu.studio.example", "{}", flow.slug);
        let redirect_query = "plan=x&utm_source=partner&utm_campaign=spring+%26+summer&gclid=Cj0";
        assert_eq!(sent["redirectUrlQueryParams"], redirect_query, "{}", flow.slug);
        let utm = json!([{"utm_source": "google"}, {"utm_campaign": "spring & summer"}, {"gclid": "Cj0"}]);
        assert_eq!(sent["utmParams"], utm, "{}", flow.slug);
    }
}

//! From one plan's form to another's: offered where it helps, and with all that was typed.

use serde_json::{Value, json};
use signup_gateway::signup::Flow;

use crate::helpers::app::{fill, sample, sample_with, urlencode};
use crate::helpers::form::{UNLIMITED, unlimited_and};
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, roomy};

const FREE: &str = "jan@gmail.com";
const ACME: [(&str, &str); 1] = [("host", "acme.example")];

/// Which flows of a tenant ask for a business address.
fn terms(pro: &'static str, trial: &'static str) -> Vec<(&'static str, &'static str)> {
    unlimited_and(&[
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
        ("SIGNUP__TENANTS__ACME__TURNSTILE__HOSTNAMES", "localhost"),
        ("SIGNUP__TENANTS__ACME__FLOWS__PRO__BUSINESS_EMAIL", pro),
        ("SIGNUP__TENANTS__ACME__FLOWS__TRIAL__BUSINESS_EMAIL", trial),
        ("SIGNUP__TENANTS__ACME__FLOWS__WORKSHOP__ENABLED", "false"),
    ])
}

fn flow(slug: &str) -> &'static Flow {
    FLOWS.iter().find(|flow| flow.slug == slug).unwrap()
}

/// What a browser with script does at the link to another plan: posts the form there.
async fn follow(app: &TestApp, page: &Page, link: &str, fields: &[(&str, &str)]) -> Page {
    let fields = fill(page, &[fields, &[("switch_language", "plan")]].concat());
    app.post(link, &urlencode(&fields)).await
}

#[tokio::test]
async fn a_personal_address_is_led_to_the_plans_that_take_it_at_this_tenant() {
    for (name, pro, trial, from, offered) in [
        ("as usual", "false", "true", "trial", &["/signup/pro"][..]),
        ("the other way round", "true", "false", "pro", &["/signup/trial"]),
        ("both ask, from the trial", "true", "true", "trial", &[]),
        ("both ask, from the plan", "true", "true", "pro", &[]),
    ] {
        let app = TestApp::with(&terms(pro, trial)).await;
        let form = app.get_with(&format!("/signup/{from}"), &ACME).await;
        let back = app.submit_with(&form, &sample_with(flow(from), "email", FREE), &ACME).await;
        assert_eq!((back.status, back.fields_in_error()), (422, vec!["email".to_owned()]), "{name}");
        assert_eq!(back.attributes(".ways a", "href"), offered, "{name}");
    }
}

#[tokio::test]
async fn an_address_that_the_studio_refuses_is_told_and_led_on_as_the_flow_asks() {
    let app = TestApp::with(&roomy(&[])).await;
    app.studio.reply(Reply::Json(400, json!({ "success": false, "error": "Use a business email" })));
    for flow in FLOWS {
        let back = app.sign_up(flow).await;
        assert_eq!((back.status, back.fields_in_error()), (422, vec!["email".to_owned()]), "{}", flow.slug);
        let carried = [("switch_language", "email-domain-refused")];
        let german = app.post(&format!("/signup/{}?lang=de", flow.slug), &urlencode(&fill(&back, &carried))).await;
        let (words, german_words, offered) = if flow.business_email {
            ("Enter a work address", "geschäftliche", true)
        } else {
            ("This email address was not accepted", "nicht angenommen", false)
        };
        for (page, words) in [(&back, words), (&german, german_words)] {
            let error = page.texts("#email-error").concat();
            assert!(error.contains(words), "{}: {error}", flow.slug);
            let plans = page.attributes(".ways [data-plan]", "href");
            assert_eq!(!plans.is_empty(), offered, "{}: {plans:?}", flow.slug);
        }
    }
}

#[tokio::test]
async fn a_domain_that_does_not_exist_is_no_personal_mail_service() {
    let app = TestApp::with(&roomy(&[])).await;
    for words in ["Email domain does not exist", "Invalid email domain", "The email domain could not be resolved"] {
        app.studio.reply(Reply::Json(400, json!({ "success": false, "error": words })));
        for flow in FLOWS {
            let back = app.sign_up(flow).await;
            let error = back.texts("#email-error").concat();
            assert!(error.contains("This email address was not accepted"), "{} {words}: {error}", flow.slug);
        }
    }
}

#[tokio::test]
async fn what_was_typed_comes_along_to_the_other_plan_in_a_form_of_its_own() {
    let app = TestApp::with(UNLIMITED).await;
    let (trial, pro) = (flow("trial"), flow("pro"));
    let views = |funnel: Page| {
        let all: Value = serde_json::from_str(&funnel.body).unwrap();
        let series = all["series"].as_array().unwrap().clone();
        series.into_iter().find(|one| one["flow"] == "pro").unwrap()["last_day"]["stages"]["viewed"].as_u64().unwrap()
    };
    let typed = sample_with(trial, "email", FREE);
    let back = app.submit(&app.form(trial, "utm_source=a%20b").await, &typed).await;
    assert_eq!(back.fields_in_error(), ["email"]);
    let link = back.attributes(".ways a[data-plan]", "href").remove(0);
    assert_eq!(link, "/signup/pro?utm_source=a%20b");
    let before = views(app.get_admin("/funnel.json").await);
    let page = follow(&app, &back, &link, &typed).await;
    assert_eq!((page.status, page.action()), (200, link));
    assert_eq!((page.fields_in_error(), page.notice()), (vec![], String::new()), "nothing was sent yet");
    let common: Vec<_> = typed.iter().copied().filter(|(name, _)| pro.field(name).is_some()).collect();
    assert_kept(pro, &page, &common, "the other plan");
    assert_ne!(page.id(), back.id(), "a form of another flow has another id");
    assert_eq!(views(app.get_admin("/funnel.json").await), before + 1);
    assert!(app.studio.received().is_empty() && app.siteverify.received().is_empty());
    // From here on it is a form like any other.
    let german = app.post("/signup/pro?lang=de", &urlencode(&fill(&page, &[("switch_language", "unsent")]))).await;
    assert_kept(pro, &german, &common, "and in another language");
    assert_eq!(german.id(), page.id());
    let done = app.submit(&page, &sample_with(pro, "email", FREE)).await;
    assert_eq!(done.status, 303, "{}", done.body);
}

#[tokio::test]
async fn neither_pass_nor_id_of_one_plan_comes_to_another_but_the_secrets_of_the_link_do() {
    let app = TestApp::with(&roomy(&[])).await;
    let pro = flow("pro");
    app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Full" })));
    let trial = app.get(app.get("/signup/trial?sessionId=marked").await.location()).await;
    let refused = app.submit(&trial, &sample(flow("trial"))).await;
    assert!(refused.pass().is_some());
    let page = follow(&app, &refused, "/signup/pro", &sample(pro)).await;
    assert_eq!((page.status, page.pass()), (200, None));
    assert_eq!(page.widgets(), ["cf-turnstile-response"], "the other plan's challenge is its own");
    assert!(page.value("ctx").is_some() && page.value("ctx") != refused.value("ctx"));
    app.studio.reply(Reply::Json(200, json!({ "success": true, "id": 7 })));
    assert_eq!(app.submit(&page, &sample(pro)).await.status, 303);
    assert_eq!(app.studio.received().pop().unwrap().json()["sessionId"], "marked");
}

#[tokio::test]
async fn over_the_pages_budget_what_was_typed_stays_in_a_form_of_the_other_plan() {
    let app =
        TestApp::with(&[("SIGNUP__RATE_LIMIT__PAGES__BURST", "1"), ("SIGNUP__RATE_LIMIT__PAGES__PERIOD", "1h")]).await;
    let (trial, pro) = (flow("trial"), flow("pro"));
    let form = app.form(trial, "").await;
    let page = follow(&app, &form, "/signup/pro", &sample(trial)).await;
    assert_eq!((page.status, page.header("retry-after").is_some()), (429, true));
    assert_ne!(page.id(), form.id());
    let common: Vec<_> = sample(trial).into_iter().filter(|(name, _)| pro.field(name).is_some()).collect();
    assert_kept(pro, &page, &common, "over the budget");
    let switch = page.attributes("button[name=switch_language]", "value");
    assert!(!switch.is_empty() && switch.iter().all(|value| value == "unsent"), "nothing was sent yet: {switch:?}");
    let done = app.submit(&page, &sample(pro)).await;
    assert_eq!(done.status, 303, "{}", done.body);
}

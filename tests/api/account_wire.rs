//! What the upstream says of accounts, as it documents it and with every field of it dropped, nulled or retyped: a page
//! may know less, and is never an error.

use serde_json::{Value, json};
use signup_gateway::upstream::account::{Account, Trial};

use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Page, Received, Reply, TestApp, roomy};

/// The operations' documented answers: every property, with values of our own.
const ANSWERS: [(&str, &str); 2] = [
    ("at the top", include_str!("../data/account.json")),
    ("under `user`", include_str!("../data/whitelabel_account.json")),
];

fn answer(index: usize) -> Value {
    serde_json::from_str(ANSWERS[index].1).unwrap()
}

/// What a field can turn into; `None` is gone.
fn mutations() -> Vec<Option<Value>> {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let values =
        [json!(null), json!(""), json!("odd"), json!(0), json!(-1.5), json!(u64::MAX), json!(true), json!(false)];
    let more =
        [json!([]), json!(["odd", null]), json!({}), json!({ "odd": 1 }), json!("\u{0}\u{202e}<b>\u{1f980}"), deep];
    std::iter::once(None).chain(values.into_iter().chain(more).map(Some)).collect()
}

/// The place of every value, also of objects and lists as a whole.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let pointer = format!("{at}/{name}");
        pointers(value, &pointer, all);
        all.push(pointer);
    }
}

/// The answer with one place changed.
fn mutated(answer: &Value, pointer: &str, mutation: Option<&Value>) -> Value {
    let mut answer = answer.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (mutation, answer.pointer_mut(parent).unwrap()) {
        (Some(value), _) => *answer.pointer_mut(pointer).unwrap() = value.clone(),
        (None, Value::Object(fields)) => drop(fields.shift_remove(name)),
        (None, Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
        (None, parent) => panic!("{parent} has no {name}"),
    }
    answer
}

/// Every place of an answer with everything it can turn into.
fn every_mutation(answer: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    pointers(answer, "", &mut places);
    let mutations = mutations();
    let all = places.iter().flat_map(|place| mutations.iter().map(move |mutation| (place, mutation.as_ref())));
    let name = |place: &str, mutation: Option<&Value>| match mutation {
        None => format!("{place} gone"),
        Some(value) => format!("{place} as {}", value.to_string().chars().take(40).collect::<String>()),
    };
    all.map(|(place, mutation)| (name(place, mutation), mutated(answer, place, mutation))).collect()
}

/// The account with one field as in another; what a mutation of that field may change at most.
fn with_field_of(account: &Account, field: &str, other: &Account) -> Account {
    let (mut account, other) = (account.clone(), other.clone());
    match field {
        "name" => account.name = other.name,
        "username" => account.username = other.username,
        "email" => account.email = other.email,
        "jobTitle" => account.job_title = other.job_title,
        "companyName" => account.company_name = other.company_name,
        "activated" => account.activated = other.activated,
        "suspended" => account.suspended = other.suspended,
        "tier" => account.tier = other.tier,
        "activeEnterpriseTrial" | "trials" => account.trial = other.trial,
        "hasEnterpriseFeaturesAccess" => account.enterprise_access = other.enterprise_access,
        _ => {}
    }
    account
}

#[test]
fn the_documented_answers_are_read_whole() {
    for (index, (name, _)) in ANSWERS.iter().enumerate() {
        let account = Account::read(&answer(index)).unwrap();
        assert_eq!(account.name.as_deref(), Some("Ada Lovelace"), "{name}");
        assert_eq!(account.username.as_deref(), Some("ada.lovelace"), "{name}");
        assert_eq!(account.email.as_deref(), Some("ada@engines.example"), "{name}");
        assert_eq!(account.job_title.as_deref(), Some("Analyst"), "{name}");
        assert_eq!(account.company_name.as_deref(), Some("Engines & Sons"), "{name}");
        assert!(account.activated && !account.suspended, "{name}");
        assert!(matches!(account.trial, Trial::Running(Some(until)) if until.year() == 2099), "{name}");
    }
}

#[test]
fn a_field_that_is_gone_null_or_of_another_type_costs_that_field_alone() {
    for (index, (name, _)) in ANSWERS.iter().enumerate() {
        let answer = answer(index);
        let whole = Account::read(&answer).unwrap();
        for (row, mutated) in every_mutation(&answer) {
            let place = row.split(' ').next().unwrap();
            let read = Account::read(&mutated);
            if place == "/user" {
                // Without its user an answer says nothing: no account, or what stands beside it.
                continue;
            }
            let field = place.strip_prefix("/user/").unwrap_or(&place[1..]).split('/').next().unwrap();
            let read = read.unwrap_or_else(|| panic!("{name}, {row}: nothing is left"));
            assert!(read == with_field_of(&whole, field, &read), "{name}, {row}: more than {field} has changed");
        }
    }
}

/// Some of all mutations: so many apart that every place and every kind is among them.
fn sample_of_mutations(index: usize) -> impl Iterator<Item = (String, Value)> {
    let all = every_mutation(&answer(index));
    assert!(!mutations().len().is_multiple_of(16) && all.len() > 1_000, "{} mutations", all.len());
    all.into_iter().step_by(16)
}

/// Makes the studio answer reads so, and creations with an account of their own each.
fn studio_reads(app: &TestApp, read: Value, user_id: usize) {
    app.studio.answer(move |request: &Received| {
        if request.method == "GET" || request.path.contains("activation-code") {
            return Reply::Json(200, read.clone());
        }
        Reply::Json(200, json!({ "success": true, "id": user_id, "userId": user_id, "redirectUrl": STUDIO_URL }))
    });
}

/// Every page of a status has one of the headings that the words know.
fn assert_some_status(page: &Page, row: &str) {
    let heading = page.texts("h1").concat();
    let known = ["Look in your mailbox", "Confirm your email", "Finish your payment", "Your account", "Your trial"];
    assert_eq!(page.status, 200, "{row}: {}", page.body);
    assert!(known.iter().any(|known| heading.starts_with(known)), "{row}: {heading}");
}

#[tokio::test]
async fn the_status_page_degrades_and_never_fails() {
    for (index, organization) in [None, Some("31")].into_iter().enumerate() {
        let mut variables = roomy(&[("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt"), ("SIGNUP__UPSTREAM__API_KEY", "key")]);
        variables.extend([
            ("SIGNUP__TENANTS__ACME__HOSTS", "acme.localhost"),
            ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
            ("SIGNUP__TENANTS__ACME__TURNSTILE__HOSTNAMES", "localhost"),
        ]);
        variables.extend(organization.map(|organization| ("SIGNUP__TENANTS__ACME__ORGANIZATION_ID", organization)));
        let app = TestApp::with(&variables).await;
        let host = ("host", "acme.localhost");
        let whole = std::iter::once(("as documented".to_owned(), answer(index)));
        for (turn, (row, read)) in whole.chain(sample_of_mutations(index)).enumerate() {
            studio_reads(&app, read, turn + 1);
            let form = app.get_with("/signup/pro", &[host]).await;
            let created = app.submit_with(&form, &crate::helpers::app::sample(FLOWS[0]), &[host]).await;
            let cookie = created.header("set-cookie").unwrap().split(';').next().unwrap();
            let page = app.get_with("/signup/status", &[host, ("cookie", cookie)]).await;
            assert_some_status(&page, &row);
            if turn == 0 {
                assert_eq!(page.texts("h1").concat(), "Your trial is running", "{row}");
            }
        }
        let path = organization.map_or("/v1/api/users/".to_owned(), |id| format!("/v1/api/organizations/{id}/"));
        assert!(app.studio.received().iter().any(|request| request.path.starts_with(&path)), "{path} was not read");
    }
}

#[tokio::test]
async fn the_prefilled_form_degrades_and_never_fails() {
    let app = TestApp::with(&roomy(&[("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt")])).await;
    let mut pending = answer(0);
    pending["activated"] = json!(false);
    pending["activeEnterpriseTrial"] = json!(null);
    let link = app.get("/signup/pro?activationCode=the-code").await.location().to_owned();
    studio_reads(&app, pending.clone(), 1);
    let page = app.get(&link).await;
    assert_eq!((page.value("username").as_deref(), page.notice().as_str()), (Some("ada.lovelace"), ""));
    for (row, read) in every_mutation(&pending).into_iter().step_by(16) {
        studio_reads(&app, read, 1);
        let page = app.get(&link).await;
        assert_eq!(page.status, 200, "{row}: {}", page.body);
        // The form, or the page that says that the account is active already.
        assert!(page.value("submission_id").is_some() || page.attributes("main form", "action").is_empty(), "{row}");
    }
}

/// The documented properties of a schema, as pointers; lists by their first item.
fn documented(schemas: &Value, schema: &Value, at: &str, all: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        return documented(schemas, &schemas[reference.rsplit('/').next().unwrap()], at, all);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        documented(schemas, part, at, all);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        all.push(format!("{at}/{name}"));
        documented(schemas, property, &format!("{at}/{name}"), all);
    }
    if schema["type"] == "array" {
        documented(schemas, &schema["items"], &format!("{at}/0"), all);
    }
}

#[test]
#[ignore = "needs the upstream's openapi.json, which SIGNUP_OPENAPI names"]
fn the_answers_here_have_every_property_that_the_upstream_documents() {
    let path = std::env::var("SIGNUP_OPENAPI").expect("SIGNUP_OPENAPI names the upstream's openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    for (index, schema) in ["GetUserResponse", "AdminGetUserResponse"].into_iter().enumerate() {
        let mut properties = Vec::new();
        documented(schemas, &schemas[schema], "", &mut properties);
        assert!(properties.len() > 50, "{schema}: {properties:?}");
        // The one property that an answer of success has not.
        properties.retain(|property| property != "/error");
        let answer = answer(index);
        let missing: Vec<_> = properties.iter().filter(|property| answer.pointer(property).is_none()).collect();
        assert!(missing.is_empty(), "{schema}: {missing:?}");
    }
}

//! The challenge: what siteverify says and what the visitor gets for it (contract 5).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signup_gateway::signup::Flow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::helpers::app::{sample, sample_with, token};
use crate::helpers::neighbour::{raw, verified};
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, log, roomy};

const TOKEN: &str = "cf-turnstile-response";
const UPSTREAM_TOKEN: &str = "upstream-turnstile-response";

/// What a visitor gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gets {
    Through,
    /// 422: solve it again.
    Refused,
    /// 503: nobody could say.
    Unavailable,
}

fn codes(codes: &[&str]) -> Reply {
    Reply::Json(200, json!({ "success": false, "error-codes": codes }))
}

/// A good answer with one field replaced, or taken out.
fn but(flow: &Flow, field: &str, value: Option<Value>) -> Reply {
    let mut answer = verified(flow.slug);
    match value {
        Some(value) => answer[field] = value,
        None => drop(answer.as_object_mut().unwrap().remove(field)),
    }
    Reply::Json(200, answer)
}

/// What a good answer says, without the names of its fields, in the order in which we have them.
fn listed(flow: &Flow) -> Reply {
    let good = verified(flow.slug);
    Reply::Json(200, json!([true, [], good["hostname"], good["action"], good["challenge_ts"]]))
}

fn seconds_ago(seconds: i64) -> Value {
    let time = OffsetDateTime::now_utc() - time::Duration::seconds(seconds);
    json!(time.format(&Rfc3339).unwrap())
}

pub fn assert_gets(flow: &'static Flow, form: &Page, answer: &Page, gets: Gets, name: &str) {
    let (status, outcome) = match gets {
        Gets::Through => (303, "created"),
        Gets::Refused => (422, "turnstile_refused"),
        Gets::Unavailable => (503, "turnstile_unavailable"),
    };
    assert_eq!((answer.status, answer.outcome().as_str()), (status, outcome), "{name}: {}", answer.body);
    if gets == Gets::Through {
        return;
    }
    assert_kept(flow, answer, &sample(flow), name);
    assert_eq!((answer.id(), answer.pass()), (form.id(), None), "{name}");
    assert_eq!(answer.widgets(), [TOKEN], "{name}: a fresh widget");
    assert_eq!(answer.header("retry-after").is_some(), gets == Gets::Unavailable, "{name}");
    let text = answer.texts("main").concat().to_lowercase();
    for word in ["robot", "bot", "human"] {
        assert!(!text.split(|c: char| !c.is_alphabetic()).any(|said| said == word), "{name}: says {word}");
    }
    if gets == Gets::Refused {
        assert_eq!(answer.fields_in_error(), [TOKEN], "{name}");
        assert!(answer.texts(&format!("#{TOKEN}-error")).concat().contains("Complete the security check"), "{name}");
    } else {
        assert_eq!(answer.notice(), "The security check is not available", "{name}");
        assert!(answer.notice_text().contains("no account was created"), "{name}");
    }
}

/// Each row: the answer, how often siteverify is asked, what the visitor gets.
async fn check<'a>(variables: &[(&str, &str)], rows: impl Fn(&'static Flow) -> Vec<(&'a str, Reply, usize, Gets)>) {
    let app = TestApp::with(&roomy(variables)).await;
    for flow in FLOWS {
        for (name, reply, calls, gets) in rows(flow) {
            let name = format!("{name}, {}", flow.slug);
            app.siteverify.reply(reply);
            let (asked, created) = (app.siteverify.received().len(), app.studio.received().len());
            let form = app.form(flow, "").await;
            let answer = app.submit(&form, &sample(flow)).await;
            assert_gets(flow, &form, &answer, gets, &name);
            let asked = &app.siteverify.received()[asked..];
            assert_eq!(asked.len(), calls, "{name}: calls");
            let keys: BTreeSet<_> = asked.iter().map(|call| call.field("idempotency_key").unwrap()).collect();
            assert_eq!(keys.len(), 1, "{name}: one idempotency key");
            assert_eq!(app.studio.received().len() - created, usize::from(gets == Gets::Through), "{name}");
        }
    }
}

#[tokio::test]
async fn every_error_code_has_its_answer() {
    check(&[], |_| {
        vec![
            ("missing-input-secret", codes(&["missing-input-secret"]), 1, Gets::Unavailable),
            ("invalid-input-secret", codes(&["invalid-input-secret"]), 1, Gets::Unavailable),
            ("invalid-parsed-secret", codes(&["invalid-parsed-secret"]), 1, Gets::Unavailable),
            ("invalid-widget-id", codes(&["invalid-widget-id"]), 1, Gets::Unavailable),
            ("missing-input-response", codes(&["missing-input-response"]), 1, Gets::Refused),
            ("invalid-input-response", codes(&["invalid-input-response"]), 1, Gets::Refused),
            ("bad-request", codes(&["bad-request"]), 1, Gets::Refused),
            ("timeout-or-duplicate", codes(&["timeout-or-duplicate"]), 1, Gets::Refused),
            ("internal-error, twice", codes(&["internal-error"]), 2, Gets::Unavailable),
            ("one of tomorrow", codes(&["quantum-flux"]), 1, Gets::Refused),
            ("one of tomorrow and ours", codes(&["quantum-flux", "invalid-input-secret"]), 1, Gets::Unavailable),
            ("no code", codes(&[]), 1, Gets::Refused),
            ("no list of codes", Reply::Json(200, json!({ "success": false })), 1, Gets::Refused),
            ("null for codes", Reply::Json(200, json!({ "success": false, "error-codes": null })), 1, Gets::Refused),
            ("codes as numbers", Reply::Json(200, json!({ "success": false, "error-codes": [7] })), 1, Gets::Refused),
        ]
    })
    .await;
}

#[tokio::test]
async fn json_of_another_shape_proves_nothing_and_is_a_refusal() {
    check(&[], |flow| {
        let refused = |name, field, value| (name, but(flow, field, value), 1, Gets::Refused);
        let whole = |name, body: &str| (name, raw(200, "application/json", body), 1, Gets::Refused);
        vec![
            refused("without success", "success", None),
            refused("success as text", "success", Some(json!("true"))),
            refused("success as a number", "success", Some(json!(1))),
            refused("null for success", "success", Some(Value::Null)),
            refused("a number for the host", "hostname", Some(json!(5))),
            refused("a list for the action", "action", Some(json!([flow.slug]))),
            refused("a number for the time", "challenge_ts", Some(json!(5))),
            whole("an empty object", "{}"),
            whole("a list", "[]"),
            whole("a list that says yes", "[true]"),
            ("a list in our order", listed(flow), 1, Gets::Refused),
            whole("true", "true"),
            whole("null", "null"),
            whole("success twice", r#"{"success":false,"success":true}"#),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_success_counts_for_our_host_this_form_and_five_minutes() {
    check(&[], |flow| {
        let other = FLOWS.iter().find(|other| other.slug != flow.slug).unwrap();
        let refused = |name, field, value| (name, but(flow, field, value), 1, Gets::Refused);
        let through = |name, field, value| (name, but(flow, field, value), 1, Gets::Through);
        vec![
            refused("another host", "hostname", Some(json!("evil.test"))),
            refused("a subdomain", "hostname", Some(json!("x.localhost"))),
            refused("no host", "hostname", None),
            refused("null host", "hostname", Some(Value::Null)),
            refused("an empty host", "hostname", Some(json!(""))),
            through("host in capitals", "hostname", Some(json!("LOCALHOST"))),
            refused("another form", "action", Some(json!(other.slug))),
            refused("an unknown form", "action", Some(json!("login"))),
            refused("no action", "action", None),
            refused("an empty action", "action", Some(json!(""))),
            refused("no time", "challenge_ts", None),
            refused("no readable time", "challenge_ts", Some(json!("yesterday"))),
            refused("302 seconds ago", "challenge_ts", Some(seconds_ago(302))),
            through("280 seconds ago", "challenge_ts", Some(seconds_ago(280))),
            through("a clock that is a little ahead", "challenge_ts", Some(seconds_ago(-20))),
            refused("an hour ahead", "challenge_ts", Some(seconds_ago(-3_600))),
            through("null for codes", "error-codes", Some(Value::Null)),
            through("no codes", "error-codes", None),
            through("no cdata", "cdata", None),
        ]
    })
    .await;
}

#[tokio::test]
async fn one_retry_with_the_same_key_gets_over_a_stumble() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for (name, stumble) in
            [("internal-error", codes(&["internal-error"])), ("closed", Reply::Close), ("reset", Reply::Reset)]
        {
            for (then, second, gets) in [
                ("then good", Reply::Json(200, verified(flow.slug)), Gets::Through),
                ("then refused", codes(&["invalid-input-response"]), Gets::Refused),
                ("then nonsense", raw(200, "text/html", ""), Gets::Unavailable),
            ] {
                let name = format!("{name}, {then}, {}", flow.slug);
                let mut replies = vec![second, stumble.clone()];
                app.siteverify.answer(move |_| replies.pop().unwrap_or(Reply::Close));
                let asked = app.siteverify.received().len();
                let form = app.form(flow, "").await;
                let answer = app.submit(&form, &sample(flow)).await;
                assert_gets(flow, &form, &answer, gets, &name);
                let [first, again] = &app.siteverify.received()[asked..] else { panic!("{name}: two calls") };
                assert_eq!(first.body, again.body, "{name}: the same question");
            }
        }
    }
}

#[tokio::test]
async fn siteverify_gets_what_cloudflare_documents() {
    let app = TestApp::with(&[("SIGNUP__TURNSTILE__SECRET_KEY", "0x4AAAAAAA-a+b/secret")]).await;
    let mut keys = BTreeSet::new();
    for flow in FLOWS {
        let visitor = [("x-forwarded-for", "203.0.113.9")];
        let form = app.form(flow, "").await;
        assert_eq!(app.submit_with(&form, &sample(flow), &visitor).await.status, 303, "{}", flow.slug);
        let call = app.siteverify.received().pop().unwrap();
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/siteverify"));
        assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(call.field("secret").as_deref(), Some("0x4AAAAAAA-a+b/secret"));
        assert_eq!(call.field("response").as_deref(), Some(token(flow)));
        assert_eq!(call.field("remoteip").as_deref(), Some("127.0.0.1"), "an untrusted header counts for nothing");
        let key = call.field("idempotency_key").unwrap();
        assert_eq!(uuid::Uuid::parse_str(&key).unwrap().get_version_num(), 4, "{key}");
        assert!(keys.insert(key), "a key of its own for each submission");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_one_makes_no_call() {
    let app = TestApp::with(&roomy(&[])).await;
    let (longest, too_long) = ("x".repeat(2_048), "x".repeat(2_049));
    for flow in FLOWS {
        for (name, typed, calls) in [
            ("absent", None, 0),
            ("empty", Some(""), 0),
            ("too long", Some(too_long.as_str()), 0),
            ("the longest", Some(longest.as_str()), 1),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let asked = app.siteverify.received().len();
            let form = app.form(flow, "").await;
            let mut fields = flow.sample.to_vec();
            fields.extend(typed.map(|typed| (TOKEN, typed)));
            let answer = app.submit(&form, &fields).await;
            assert_gets(flow, &form, &answer, Gets::Refused, &name);
            assert!(typed.is_none_or(|typed| typed.is_empty() || !answer.body.contains(typed)), "{name}: echoed");
            assert_eq!(app.siteverify.received().len() - asked, calls, "{name}: calls");
        }
    }
}

#[tokio::test]
async fn a_typo_spends_no_token() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for field in flow.fields.iter().filter(|field| field.required) {
            let name = format!("{}, {}", field.name, flow.slug);
            let form = app.form(flow, "").await;
            let answer = app.submit(&form, &sample_with(flow, field.name, "")).await;
            assert_eq!((answer.status, answer.fields_in_error()), (422, vec![field.name.to_owned()]), "{name}");
            assert!(!answer.body.contains(token(flow)), "{name}: an unspent token is not echoed");
            assert_eq!(answer.widgets(), [TOKEN], "{name}");
        }
    }
    assert_eq!(app.siteverify.received().len(), 0);
}

/// A flow in a mode, with the keys that every mode needs.
async fn app_in_mode(flow: &Flow, mode: &str) -> TestApp {
    let variable = format!("SIGNUP__FLOWS__{}__TURNSTILE", flow.slug.to_uppercase());
    TestApp::with(&roomy(&[
        (&variable, mode),
        ("SIGNUP__TURNSTILE__SITE_KEY", "our-site-key"),
        ("SIGNUP__TURNSTILE__UPSTREAM_SITE_KEY", "their-site-key"),
    ]))
    .await
}

#[tokio::test]
async fn each_mode_shows_verifies_and_forwards_its_own() {
    let theirs = "a token for the upstream";
    for flow in FLOWS.iter().filter(|flow| flow.token_field.is_some()) {
        for (mode, shown, calls, forwarded, pass_stays, shown_again) in [
            ("gateway", vec![(TOKEN, "our-site-key")], 1, Some(token(flow)), true, vec![]),
            ("upstream", vec![(TOKEN, "our-site-key")], 0, Some(token(flow)), false, vec![TOKEN]),
            (
                "both",
                vec![(TOKEN, "our-site-key"), (UPSTREAM_TOKEN, "their-site-key")],
                1,
                Some(theirs),
                true,
                vec![UPSTREAM_TOKEN],
            ),
            ("off", vec![], 0, None, false, vec![]),
        ] {
            let name = format!("{mode}, {}", flow.slug);
            let app = app_in_mode(flow, mode).await;
            let form = app.form(flow, "").await;
            let keys = form.attributes(".cf-turnstile", "data-sitekey");
            let widgets: Vec<_> = form.widgets().into_iter().zip(keys).collect();
            let shown: Vec<_> = shown.iter().map(|(field, key)| ((*field).to_owned(), (*key).to_owned())).collect();
            assert_eq!(widgets, shown, "{name}: widgets");
            let actions = form.attributes(".cf-turnstile", "data-action");
            assert!(actions.iter().all(|action| action == flow.slug), "{name}: {actions:?}");

            let fields = [sample(flow), vec![(UPSTREAM_TOKEN, theirs)]].concat();
            app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Out of seats" })));
            let refused = app.submit(&form, &fields).await;
            assert_eq!((refused.status, app.siteverify.received().len()), (422, calls), "{name}: calls");
            let sent = app.studio.received().pop().unwrap().json();
            assert_eq!(sent.get(flow.token_field.unwrap()).and_then(Value::as_str), forwarded, "{name}: forwarded");
            assert_eq!((refused.pass().is_some(), refused.widgets()), (pass_stays, to_strings(&shown_again)), "{name}");
            assert!(!refused.body.contains(theirs), "{name}: a token is echoed");

            // The same token cannot be spent twice, nor the other in its place.
            for (missing, needed) in
                [(TOKEN, shown.iter().any(|(field, _)| field == TOKEN)), (UPSTREAM_TOKEN, mode == "both")]
            {
                let without: Vec<_> = fields.iter().copied().filter(|(field, _)| *field != missing).collect();
                let answer = app.submit(&app.form(flow, "").await, &without).await;
                let expected = if needed { "turnstile_refused" } else { "refused" };
                assert_eq!(answer.outcome(), expected, "{name}: without {missing}");
            }
        }
    }
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn a_flow_without_a_challenge_asks_for_none_and_the_others_still_do() {
    for flow in FLOWS {
        let app = app_in_mode(flow, "off").await;
        assert_eq!(app.submit(&app.form(flow, "").await, flow.sample).await.status, 303, "{}", flow.slug);
        for other in FLOWS.iter().filter(|other| other.slug != flow.slug) {
            let answer = app.submit(&app.form(other, "").await, other.sample).await;
            assert_eq!(answer.outcome(), "turnstile_refused", "{} off, {}", flow.slug, other.slug);
        }
        assert_eq!(app.siteverify.received().len(), 0, "{}", flow.slug);
    }
}

#[tokio::test]
async fn an_outage_that_is_allowed_lets_a_stricter_budget_through() {
    let app = TestApp::with(&roomy(&[
        ("SIGNUP__TURNSTILE__ON_OUTAGE", "allow"),
        ("SIGNUP__RATE_LIMIT__OUTAGE__BURST", "3"),
        ("SIGNUP__RATE_LIMIT__OUTAGE__PERIOD", "1h"),
    ]))
    .await;
    app.siteverify.reply(Reply::Close);
    for flow in FLOWS {
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        let sent = app.studio.received().pop().unwrap().json();
        let forwarded = flow.token_field.and_then(|field| sent[field].as_str());
        assert_eq!(forwarded, flow.token_field.map(|_| token(flow)), "{}", flow.slug);
    }
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        let answer = app.submit(&form, &sample(flow)).await;
        assert_eq!((answer.status, answer.outcome().as_str()), (429, "limited"), "{}", flow.slug);
        assert!(answer.header("ratelimit-policy").unwrap().contains("\"outage\";q=3"), "{}", flow.slug);
        assert_kept(flow, &answer, &sample(flow), flow.slug);

        let answer = app.submit(&form, flow.sample).await;
        assert_eq!(answer.outcome(), "turnstile_refused", "{}: no token is no outage", flow.slug);
    }
    app.siteverify.reply(codes(&["invalid-input-response"]));
    assert_eq!(app.sign_up(FLOWS[0]).await.outcome(), "turnstile_refused", "a refusal is no outage");
    app.siteverify.answer(|_| Reply::Json(200, verified("pro")));
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 303, "back to normal");
}

#[tokio::test]
async fn where_it_only_observes_everybody_gets_through_and_the_log_says_who_would_not() {
    let app = TestApp::with(&roomy(&[("SIGNUP__TURNSTILE__MODE", "observe")])).await;
    for flow in FLOWS {
        for (reason, reply, typed) in [
            ("missing", codes(&[]), ""),
            ("invalid", codes(&["invalid-input-response"]), "x"),
            ("stale", codes(&["timeout-or-duplicate"]), "x"),
            ("secret", codes(&["invalid-input-secret"]), "x"),
            ("hostname", but(flow, "hostname", None), "x"),
            ("silence", Reply::Close, "x"),
        ] {
            app.siteverify.reply(reply);
            let form = app.form(flow, "").await;
            let answer = app.submit(&form, &[flow.sample.to_vec(), vec![(TOKEN, typed)]].concat()).await;
            assert_eq!(answer.status, 303, "{reason}, {}", flow.slug);
            let events = log::of_request(answer.header("x-request-id").unwrap());
            let said = events.iter().any(|event| event["guard"] == "turnstile" && event["reason"] == reason);
            assert!(said, "{reason}, {}: {events:?}", flow.slug);
        }
    }
}

//! One form is good for at most one account, whoever posts it how often.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};
use signup_gateway::domain::tenant::TenantId;
use signup_gateway::guard::submission_id::{MAX_AGE, SubmissionId};
use signup_gateway::seal::{Keyring, Purpose};
use signup_gateway::signup::Flow;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::helpers::app::{SECRET_KEY, fill, sample, sample_with, token, urlencode};
use crate::helpers::neighbour::{STUDIO_URL, raw, verified};
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, roomy};

fn created() -> Reply {
    Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7, "redirectUrl": STUDIO_URL }))
}

fn created_after(pause: Duration) -> Reply {
    Reply::Later(pause, Box::new(created()))
}

/// Sent to the studio, as user 7.
fn assert_created(app: &TestApp, answer: &Page, name: &str) {
    assert_eq!(answer.status, 303, "{name}: {}", answer.notice_text());
    assert_eq!(answer.location(), STUDIO_URL, "{name}");
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{name}: no cookie"));
    let sealed = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    let plain = app.state.in_force.load().keyring.open(Purpose::StatusCookie, &["default"], sealed).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap()["u"], 7, "{name}");
}

#[tokio::test]
async fn a_form_posted_again_gets_the_first_answer_without_any_call() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        let (calls, creations) = (app.siteverify.received().len(), app.studio.received().len());
        let form = app.form(flow, "utm_source=a").await;
        for round in 0..3 {
            let answer = app.submit(&form, &sample(flow)).await;
            assert_created(&app, &answer, &format!("{}, round {round}", flow.slug));
            assert_eq!(answer.outcome(), if round == 0 { "created" } else { "duplicate" }, "{}", flow.slug);
        }
        // Before validation: what else the form holds by now does not matter.
        for (name, fields) in [
            ("nothing valid but the address", sample_with(flow, "username", "!")),
            ("no token", [sample(flow), vec![("cf-turnstile-response", "")]].concat()),
            ("the address in capitals", {
                let email = flow.sample.iter().find(|(field, _)| *field == "email").unwrap().1;
                sample_with(flow, "email", Box::leak(email.to_uppercase().into_boxed_str()))
            }),
        ] {
            let answer = app.submit(&form, &fields).await;
            assert_created(&app, &answer, &format!("{}, {name}", flow.slug));
        }
        assert_eq!(app.studio.received().len() - creations, 1, "{}", flow.slug);
        assert_eq!(app.siteverify.received().len() - calls, 1, "{}: the token was spent once", flow.slug);
    }
}

#[tokio::test]
async fn twenty_posts_at_once_share_one_creation_and_its_answer() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        app.studio.reply(created_after(Duration::from_millis(200)));
        let (calls, creations) = (app.siteverify.received().len(), app.studio.received().len());
        let form = app.form(flow, "").await;
        let fields = sample(flow);
        let answers = join_all((0..20).map(|_| app.submit(&form, &fields))).await;
        for answer in &answers {
            assert_created(&app, answer, flow.slug);
        }
        let outcomes = answers.iter().map(Page::outcome).filter(|outcome| outcome == "created").count();
        assert_eq!(outcomes, 1, "{}: counted as created once", flow.slug);
        assert_eq!(app.studio.received().len() - creations, 1, "{}", flow.slug);
        assert_eq!(app.siteverify.received().len() - calls, 1, "{}", flow.slug);
    }
}

#[tokio::test]
async fn who_waits_for_an_unknown_outcome_gets_it_too() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        let creations = app.studio.received().len();
        app.studio.reply(Reply::Later(Duration::from_millis(200), Box::new(Reply::Close)));
        let form = app.form(flow, "").await;
        let fields = sample(flow);
        for answer in join_all((0..5).map(|_| app.submit(&form, &fields))).await {
            assert_eq!(answer.status, 504, "{}", flow.slug);
            assert_ne!(answer.id(), form.id(), "{}", flow.slug);
            assert_kept(flow, &answer, &fields, flow.slug);
        }
        assert_eq!(app.studio.received().len() - creations, 1, "{}", flow.slug);
    }
}

/// Posts a form over a socket of its own, and resets it when told.
async fn post_and_reset(app: &TestApp, form: &Page, fields: &[(&str, &str)], when: impl Future<Output = ()>) {
    let body = urlencode(&fill(form, fields));
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost:{}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n",
        form.action(),
        app.address.port(),
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    when.await;
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[tokio::test]
async fn an_attempt_outlives_its_connection() {
    let app = TestApp::with(&roomy(&[])).await;
    let pause = Duration::from_millis(300);
    for flow in FLOWS {
        for moment in ["right after sending", "while Turnstile is asked", "while the upstream creates"] {
            let name = format!("{moment}, {}", flow.slug);
            app.siteverify.answer(move |_| Reply::Later(pause, Box::new(Reply::Json(200, verified(flow.slug)))));
            app.studio.reply(created_after(pause));
            let (calls, creations) = (app.siteverify.received().len(), app.studio.received().len());
            let reached = async {
                let is_there = || match moment {
                    "while Turnstile is asked" => app.siteverify.received().len() > calls,
                    "while the upstream creates" => app.studio.received().len() > creations,
                    _ => true,
                };
                while !is_there() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let form = app.form(flow, "").await;
            post_and_reset(&app, &form, &sample(flow), reached).await;
            let answer = app.submit(&form, &sample(flow)).await;
            assert_created(&app, &answer, &name);
            assert_eq!(app.studio.received().len() - creations, 1, "{name}: creations");
        }
    }
}

#[tokio::test]
async fn a_refused_form_may_be_corrected_and_sent_again() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        app.studio.reply(Reply::Json(422, json!({ "success": false, "error": "Username already exists" })));
        let form = app.form(flow, "").await;
        let refused = app.submit(&form, &sample(flow)).await;
        assert_eq!((refused.status, refused.id()), (422, form.id()), "{}", flow.slug);
        app.studio.reply(created());
        let corrected = [("username", "another.name"), ("password", "vexing-otter-plinth")];
        let answer = app.submit(&refused, &corrected).await;
        assert_created(&app, &answer, flow.slug);
        assert_eq!(app.studio.received().last().unwrap().json()["username"], "another.name", "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_settled_form_answers_nobody_else() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        assert_eq!(app.submit(&form, &sample(flow)).await.status, 303, "{}", flow.slug);
        let creations = app.studio.received().len();
        for email in ["somebody@else.example", "", "not an address"] {
            let name = format!("{email:?}, {}", flow.slug);
            let other = sample_with(flow, "email", email);
            let answer = app.submit(&form, &other).await;
            assert_eq!((answer.status, answer.notice().as_str()), (422, "This form has already been used"), "{name}");
            assert_ne!(answer.id(), form.id(), "{name}");
            assert_eq!((answer.pass(), answer.header("set-cookie")), (None, None), "{name}");
            assert_kept(flow, &answer, &other, &name);
            assert!(!answer.body.contains(STUDIO_URL), "{name}");
            assert_eq!(app.studio.received().len(), creations, "{name}");
        }
        let other = sample_with(flow, "email", "somebody@else.example");
        let fresh = app.submit(&app.submit(&form, &other).await, &other).await;
        assert_eq!(fresh.status, 303, "{}: the fresh form works", flow.slug);
        assert_eq!(app.studio.received().len() - creations, 1, "{}", flow.slug);
    }
}

/// An id of this age, signed with a key for a tenant and a flow.
fn signed(key: &str, tenant: &str, flow: &Flow, issued: SystemTime) -> String {
    let keyring = Keyring::new(&[SecretString::from(key)]).unwrap();
    SubmissionId::issue(issued).unwrap().sign(&keyring, &TenantId::parse(tenant).unwrap(), flow)
}

#[tokio::test]
async fn refuses_every_id_that_is_not_this_forms_and_keeps_what_was_typed() {
    let app = TestApp::with(&roomy(&[])).await;
    let now = SystemTime::now();
    for (index, flow) in FLOWS.iter().copied().enumerate() {
        let other_flow = FLOWS[(index + 1) % FLOWS.len()];
        let good = signed(SECRET_KEY, "default", flow, now);
        let mut bent = good.clone();
        bent.replace_range(3..4, if bent[3..4] == *"A" { "B" } else { "A" });
        for (name, id) in [
            ("none", String::new()),
            ("noise", "x".repeat(54)),
            ("bent", bent),
            ("cut", good[..good.len() - 1].to_owned()),
            ("longer", format!("{good}A")),
            ("padded", format!("{good}==")),
            ("expired", signed(SECRET_KEY, "default", flow, now - MAX_AGE - Duration::from_secs(2))),
            ("of the future", signed(SECRET_KEY, "default", flow, now + Duration::from_hours(1))),
            ("of another flow", signed(SECRET_KEY, "default", other_flow, now)),
            ("of another tenant", signed(SECRET_KEY, "acme", flow, now)),
            ("under another key", signed(&"k".repeat(32), "default", flow, now)),
            ("huge", "A".repeat(10_000)),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let form = app.form(flow, "").await;
            let fields = [sample(flow), vec![("submission_id", id.as_str())]].concat();
            let (calls, creations) = (app.siteverify.received().len(), app.studio.received().len());
            let answer = app.submit(&form, &fields).await;
            assert_eq!((answer.status, answer.notice().as_str()), (422, "This form has expired"), "{name}");
            assert_eq!(answer.outcome(), "expired", "{name}");
            assert_kept(flow, &answer, &sample(flow), &name);
            assert!(answer.id() != id && answer.id().len() == good.len(), "{name}: a fresh id");
            assert_eq!(answer.widgets().len(), 1, "{name}");
            assert_eq!((app.siteverify.received().len(), app.studio.received().len()), (calls, creations), "{name}");
            let typed = [("password", "vexing-otter-plinth"), ("cf-turnstile-response", token(flow))];
            assert_eq!(app.submit(&answer, &typed).await.status, 303, "{name}: the fresh form works");
        }
    }
}

#[tokio::test]
async fn an_id_is_good_for_two_hours_and_under_the_key_before_this_one() {
    let old_key = "an older key that is also of 32 bytes and more";
    let app = TestApp::with(&roomy(&[("SIGNUP__SERVER__PREVIOUS_SECRET_KEYS", old_key)])).await;
    let nearly = SystemTime::now() - MAX_AGE + Duration::from_mins(1);
    for flow in FLOWS {
        let form = app.form(flow, "").await;
        for (name, id) in [
            ("nearly two hours", signed(SECRET_KEY, "default", flow, nearly)),
            ("the key before", signed(old_key, "default", flow, SystemTime::now())),
        ] {
            let fields = [sample(flow), vec![("submission_id", id.as_str())]].concat();
            assert_eq!(app.submit(&form, &fields).await.status, 303, "{name}, {}", flow.slug);
        }
    }
}

#[tokio::test]
async fn the_same_payload_has_the_same_idempotency_key_and_a_corrected_one_another() {
    let app = TestApp::with(&roomy(&[("SIGNUP__FLOWS__TRIAL__TRIAL_LENGTH", "14days")])).await;
    let key = || app.studio.received().last().unwrap().header("idempotency-key").unwrap().to_owned();
    for flow in FLOWS {
        app.studio.reply(raw(503, "text/html", ""));
        let form = app.form(flow, "utm_source=a").await;
        let fields = |token| [flow.sample.to_vec(), vec![("cf-turnstile-response", token)]].concat();
        let token = token(flow);
        let other_token = format!("{token}.again");
        app.submit(&form, &fields(token)).await;
        let first = key();
        app.submit(&form, &fields(&other_token)).await;
        assert_eq!(key(), first, "{}: another token, the same account", flow.slug);

        app.submit(&form, &sample_with(flow, "name", "Grace Hopper")).await;
        let corrected = key();
        assert_ne!(corrected, first, "{}: corrected", flow.slug);
        app.submit(&app.form(flow, "utm_source=a").await, &fields(token)).await;
        assert_ne!(key(), first, "{}: another form", flow.slug);

        let inner = first.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap();
        assert!(inner.len() >= 20 && inner.bytes().all(|byte| byte.is_ascii_graphic()), "{first}: a quoted string");
        assert!(!form.body.contains(inner), "{}: nobody can guess it from the page", flow.slug);
    }
}

#[tokio::test]
async fn who_waits_for_a_refusal_gets_it_too_and_nothing_is_sent_or_spent_twice() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        let refusal = Reply::Json(422, json!({ "success": false, "error": "Username already exists" }));
        // Longer than the others take to arrive, on any machine.
        app.studio.reply(Reply::Later(Duration::from_secs(4), Box::new(refusal)));
        let mut spent = false;
        app.siteverify.answer(move |_| {
            let again = json!({ "success": false, "error-codes": ["timeout-or-duplicate"] });
            Reply::Json(200, if std::mem::replace(&mut spent, true) { again } else { verified(flow.slug) })
        });
        let creations = app.studio.received().len();
        let form = app.form(flow, "").await;
        let fields = sample(flow);
        // A double click: the browser shows the answer to the last one.
        for answer in join_all((0..3).map(|_| app.submit(&form, &fields))).await {
            assert_eq!((answer.status, answer.fields_in_error()), (422, vec!["username".to_owned()]), "{}", flow.slug);
            assert!(answer.pass().is_some(), "{}: the pass", flow.slug);
        }
        assert_eq!(app.studio.received().len() - creations, 1, "{}", flow.slug);
    }
}

//! A challenge once solved: good for its own form, and for nothing else (contract 5).

use serde_json::{Value, json};

use crate::helpers::app::{fill, sample, token, urlencode};
use crate::helpers::neighbour::raw;
use crate::helpers::{FLOWS, Page, Reply, TestApp, assert_kept, roomy};

const PASSWORD: (&str, &str) = ("password", "vexing-otter-plinth");

fn refusal() -> Reply {
    Reply::Json(422, json!({ "success": false, "error": "Out of seats" }))
}

fn created() -> Reply {
    Reply::Json(200, json!({ "success": true, "id": 7, "userId": 7 }))
}

/// A page holds a pass in place of the widget.
fn assert_passed(page: &Page, name: &str) {
    assert!(page.pass().is_some(), "{name}: no pass in a {}: {}", page.status, page.notice_text());
    assert_eq!(page.widgets(), Vec::<String>::new(), "{name}: a widget beside the pass");
}

#[tokio::test]
async fn a_solved_challenge_outlives_every_failure_that_leaves_the_form_good() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for (name, reply, status) in [
            ("refused", refusal(), 422),
            ("username taken", Reply::Json(400, json!({ "success": false, "error": "Username taken" })), 422),
            ("failed", raw(500, "text/html", ""), 502),
            ("misconfigured", raw(401, "text/html", ""), 502),
            ("unavailable", raw(503, "text/html", ""), 503),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let calls = app.siteverify.received().len();
            app.studio.reply(reply);
            let form = app.form(flow, "").await;
            let mut page = app.submit(&form, &sample(flow)).await;
            for round in ["first", "second", "third"] {
                assert_eq!(page.status, status, "{name}");
                assert_passed(&page, &format!("{name}, {round}"));
                assert_kept(flow, &page, &sample(flow), &name);
                page = app.submit(&page, &[PASSWORD]).await;
            }
            app.studio.reply(created());
            assert_eq!(app.submit(&page, &[PASSWORD]).await.status, 303, "{name}");
            assert_eq!(app.siteverify.received().len() - calls, 1, "{name}: one call for all");

            let sent = app.studio.received().pop().unwrap().json();
            let forwarded = flow.token_field.and_then(|field| sent.get(field)).and_then(Value::as_str);
            assert_eq!(forwarded, flow.token_field.map(|_| token(flow)), "{name}: the same token again");
        }
    }
}

#[tokio::test]
async fn the_limit_of_an_address_leaves_the_pass() {
    for flow in FLOWS {
        let period = ("SIGNUP__RATE_LIMIT__EMAIL__PERIOD", "1h");
        let app = TestApp::with(&[("SIGNUP__RATE_LIMIT__EMAIL__BURST", "1"), period]).await;
        assert_eq!(app.sign_up(flow).await.status, 303, "{}", flow.slug);
        let limited = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        assert_eq!(limited.status, 429, "{}", flow.slug);
        assert_passed(&limited, flow.slug);
        app.reload(&[("SIGNUP__RATE_LIMIT__EMAIL__BURST", "2"), period]);
        assert_eq!(app.submit(&limited, &[PASSWORD]).await.status, 303, "{}", flow.slug);
        assert_eq!(app.siteverify.received().len(), 2, "{}", flow.slug);
    }
}

#[tokio::test]
async fn the_limit_of_a_client_leaves_the_pass() {
    for flow in FLOWS {
        let app =
            TestApp::with(&[("SIGNUP__RATE_LIMIT__CLIENT__BURST", "1"), ("SIGNUP__RATE_LIMIT__CLIENT__PERIOD", "1h")])
                .await;
        app.studio.reply(refusal());
        let refused = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        let limited = app.submit(&refused, &[PASSWORD]).await;
        assert_eq!((limited.status, limited.id()), (429, refused.id()), "{}", flow.slug);
        assert_passed(&limited, flow.slug);
    }
}

#[tokio::test]
async fn a_pass_survives_what_is_wrong_with_the_form_itself() {
    let app = TestApp::with(&roomy(&[("SIGNUP__HONEYPOT__MODE", "enforce")])).await;
    for flow in FLOWS {
        app.studio.reply(refusal());
        let mut page = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        let calls = app.siteverify.received().len();
        for (name, wrong) in [
            ("a field", ("username", "!")),
            ("no password", ("name", "Ada")),
            ("the invisible field", ("subject_line", "cheap watches")),
        ] {
            let fields = if name == "no password" { vec![wrong] } else { vec![PASSWORD, wrong] };
            page = app.submit(&page, &fields).await;
            assert_eq!(page.status, 422, "{name}, {}", flow.slug);
            assert_passed(&page, &format!("{name}, {}", flow.slug));
        }
        app.studio.reply(created());
        let corrected = app.submit(&page, &[PASSWORD, ("username", "ada-l"), ("subject_line", "")]).await;
        assert_eq!(corrected.status, 303, "{}", flow.slug);
        assert_eq!(app.siteverify.received().len(), calls, "{}", flow.slug);
    }
}

#[tokio::test]
async fn a_pass_is_useless_anywhere_else() {
    let app = TestApp::with(&roomy(&[
        ("SIGNUP__TENANTS__ACME__HOSTS", "acme.example"),
        ("SIGNUP__TENANTS__ACME__BRAND__NAME", "Acme"),
        ("SIGNUP__TENANTS__ACME__TURNSTILE__HOSTNAMES", "localhost"),
    ]))
    .await;
    app.studio.reply(refusal());
    let acme = [("host", "acme.example")];
    for (index, flow) in FLOWS.iter().copied().enumerate() {
        let other_flow = FLOWS[(index + 1) % FLOWS.len()];
        let path = format!("/signup/{}", flow.slug);
        let at_acme = app.get_with(&path, &acme).await;
        let own = app.submit(&app.form(flow, "").await, &sample(flow)).await;
        let pass = own.pass().unwrap();
        let of_other_flow = app.submit(&app.form(other_flow, "").await, &sample(other_flow)).await.pass().unwrap();
        let of_acme = app.submit_with(&at_acme, &sample(flow), &acme).await.pass().unwrap();
        let mut bent = pass.clone();
        bent.replace_range(40..41, if bent[40..41] == *"A" { "B" } else { "A" });
        let fresh = app.form(flow, "").await;
        for (name, form, headers, pass) in [
            ("of another form", &fresh, &[][..], pass.clone()),
            ("of another flow", &own, &[][..], of_other_flow),
            ("of another tenant", &own, &[][..], of_acme),
            ("at another tenant", &at_acme, &acme[..], pass.clone()),
            ("bent", &own, &[][..], bent),
            ("cut", &own, &[][..], pass[1..].to_owned()),
            ("noise", &own, &[][..], "x".repeat(80)),
            ("empty", &own, &[][..], String::new()),
        ] {
            let name = format!("{name}, {}", flow.slug);
            let (calls, creations) = (app.siteverify.received().len(), app.studio.received().len());
            let fields = [flow.sample.to_vec(), vec![("pass", pass.as_str())]].concat();
            let body = urlencode(&fill(form, &fields));
            let answer = app.post_with(&path, &body, headers).await;
            assert_eq!((answer.status, answer.outcome().as_str()), (422, "turnstile_refused"), "{name}");
            assert_eq!(answer.widgets(), ["cf-turnstile-response"], "{name}: the challenge is asked again");
            assert_eq!(answer.pass(), None, "{name}");
            assert_eq!((app.siteverify.received().len(), app.studio.received().len()), (calls, creations), "{name}");

            let fields = [fields, vec![("cf-turnstile-response", token(flow))]].concat();
            let answer = app.post_with(&path, &urlencode(&fill(form, &fields)), headers).await;
            assert_eq!(answer.outcome(), "refused", "{name}: a token helps");
            assert_eq!(app.siteverify.received().len() - calls, 1, "{name}");
        }
    }
}

#[tokio::test]
async fn a_pass_is_good_for_one_account_and_ends_with_an_unknown_outcome() {
    let app = TestApp::with(&roomy(&[])).await;
    for flow in FLOWS {
        for (name, reply, status) in [("created", created(), 303), ("unknown", Reply::Close, 504)] {
            let name = format!("{name}, {}", flow.slug);
            app.studio.reply(refusal());
            let refused = app.submit(&app.form(flow, "").await, &sample(flow)).await;
            let creations = app.studio.received().len();
            app.studio.reply(reply);
            for round in 0..2 {
                let answer = app.submit(&refused, &[PASSWORD]).await;
                assert_eq!(answer.status, status, "{name}, round {round}");
                if status == 504 {
                    assert_eq!((answer.pass(), answer.widgets().len()), (None, 1), "{name}");
                    assert_ne!(answer.id(), refused.id(), "{name}");
                }
            }
            let another = app.submit(&refused, &[PASSWORD, ("email", "second@else.example")]).await;
            assert!(another.status == 422 || another.status == 504, "{name}: {}", another.status);
            assert_eq!(another.pass(), None, "{name}: no pass for a second account");
            assert_eq!(app.studio.received().len() - creations, 1, "{name}: one account");
        }
    }
}

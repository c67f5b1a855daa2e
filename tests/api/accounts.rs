//! A visitor with a partner's activation code (contract 7): looked up, filled in, never consumed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::helpers::app::token;
use crate::helpers::neighbour::STUDIO_URL;
use crate::helpers::{FLOWS, Page, Received, Reply, TestApp, roomy};

const BY_CODE: &str = "/v1/api/user/by-third-party-activation-code";
const CREDENTIALS: [(&str, &str); 2] = [("SIGNUP__UPSTREAM__JWT_TOKEN", "jwt"), ("SIGNUP__UPSTREAM__API_KEY", "key")];
/// Far longer than a circuit is open for.
const PATIENCE: Duration = Duration::from_secs(30);

fn robin() -> Value {
    json!({
        "success": true, "id": 5, "name": "Robin \"R\" Meyer", "username": "robin.meyer", "email": "robin@acme.example",
        "jobTitle": "Engineer", "companyName": "Acme & Sons", "activated": false, "tier": "free", "suspended": false,
        "a field of tomorrow": {}
    })
}

async fn app_where_code_means(reply: Reply) -> TestApp {
    let app = TestApp::with(&roomy(&CREDENTIALS)).await;
    app.studio.answer(move |request: &Received| {
        if request.path == BY_CODE {
            return reply.clone();
        }
        Reply::Json(200, json!({ "success": true, "redirectUrl": STUDIO_URL }))
    });
    app
}

/// Follows a link with a code to the page it leads to.
async fn open(app: &TestApp, flow: &str) -> Page {
    let moved = app.get(&format!("/signup/{flow}?utm_source=partner&activationCode=the-code")).await;
    assert_eq!(moved.status, 303);
    app.get(moved.location()).await
}

fn creations(app: &TestApp) -> Vec<Received> {
    app.studio.received().into_iter().filter(|request| request.path != BY_CODE).collect()
}

#[tokio::test]
async fn a_code_fills_every_flow_with_what_the_upstream_knows() {
    let app = app_where_code_means(Reply::Json(200, robin())).await;
    for flow in FLOWS {
        let page = open(&app, flow.slug).await;
        assert_eq!(page.status, 200, "{}", flow.slug);
        for (name, value) in [
            ("name", "Robin \"R\" Meyer"),
            ("username", "robin.meyer"),
            ("email", "robin@acme.example"),
            ("jobTitle", "Engineer"),
            ("companyName", "Acme & Sons"),
        ] {
            let filled = page.value(name);
            assert_eq!(filled.as_deref(), flow.field(name).map(|_| value), "{}: {name}", flow.slug);
        }
        // What was filled in is a suggestion: changed, it is what is typed that counts.
        let fields = [
            ("username", "robin-of-acme"),
            ("password", "vexing-otter-plinth"),
            ("privacyPolicy", "on"),
            ("cf-turnstile-response", token(flow)),
        ];
        let email = format!("robin-{}@acme.example", flow.slug);
        let answer = app.submit(&page, &[&fields[..], &[("email", &email)]].concat()).await;
        assert_eq!(answer.status, 303, "{}: {}", flow.slug, answer.body);
        let sent = creations(&app).pop().unwrap().json();
        assert_eq!((sent["username"].as_str(), sent["email"].as_str()), (Some("robin-of-acme"), Some(email.as_str())));
        assert!(!sent.to_string().contains("the-code"), "the code was forwarded");
    }
}

#[tokio::test]
async fn what_the_upstream_knows_is_filled_in_only_where_it_could_be_typed() {
    let odd = json!({
        "success": true, "id": 5, "name": "Robin\u{202e}reyeM", "username": "robin.meyer", "email": "robin@acme.example",
        "jobTitle": "x".repeat(201), "companyName": "Acme\u{0}", "activated": false
    });
    let app = app_where_code_means(Reply::Json(200, odd)).await;
    for flow in FLOWS {
        let page = open(&app, flow.slug).await;
        for (name, value) in [("name", ""), ("jobTitle", ""), ("companyName", ""), ("username", "robin.meyer")] {
            assert_eq!(page.value(name).as_deref(), flow.field(name).map(|_| value), "{}: {name}", flow.slug);
        }
        assert!(!page.body.contains('\0'), "{}", flow.slug);
    }
}

#[tokio::test]
async fn looking_sends_the_code_with_the_credentials_for_it_and_nothing_else() {
    for (name, variables, header) in
        [("both", &CREDENTIALS[..], ("x-jwt-token", "jwt")), ("only a key", &CREDENTIALS[1..], ("x-api-key", "key"))]
    {
        let app = TestApp::with(variables).await;
        open(&app, "pro").await;
        let asked = app.studio.received();
        assert_eq!(asked.len(), 1, "{name}");
        assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", BY_CODE), "{name}");
        assert_eq!(asked[0].json(), json!({ "activationCode": "the-code" }), "{name}");
        let sent: Vec<_> =
            ["x-jwt-token", "x-api-key"].iter().filter_map(|name| Some((*name, asked[0].header(name)?))).collect();
        assert_eq!(sent, [header], "{name}");
    }
}

#[tokio::test]
async fn an_account_that_is_active_already_gets_a_page_that_says_so() {
    let mut active = robin();
    active["activated"] = json!(true);
    let app = app_where_code_means(Reply::Json(200, active)).await;
    for flow in FLOWS {
        let page = open(&app, flow.slug).await;
        assert_eq!((page.status, page.texts("h1").concat()), (200, "Your account is already active".to_owned()));
        assert!(page.attributes("main a", "href").iter().any(|href| href.starts_with("https://studio.example")));
    }
    let funnel: Value = serde_json::from_str(&app.get_admin("/funnel.json").await.body).unwrap();
    for series in funnel["series"].as_array().unwrap() {
        assert_eq!(series["last_day"]["stages"]["viewed"], 0, "no form was shown: {series}");
    }
}

#[tokio::test]
async fn a_code_that_cannot_be_used_leaves_one_neutral_remark_and_a_form_that_works() {
    const NOT_USABLE: &str = "The code in your link cannot be used";
    const UNKNOWN: &str = "We could not look up the code in your link";
    for (name, reply, title) in [
        ("unknown", Reply::Json(200, json!({ "success": false, "error": "No such code" })), NOT_USABLE),
        ("used", Reply::Json(404, json!({ "success": false, "error": "Code was used" })), NOT_USABLE),
        ("malformed", Reply::Json(400, json!({ "success": false, "error": "No such code" })), NOT_USABLE),
        ("no user in it", Reply::Json(200, json!({ "success": true })), UNKNOWN),
        ("a list", Reply::Json(200, json!([])), UNKNOWN),
        (
            "not JSON",
            Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi".to_vec()),
            UNKNOWN,
        ),
        ("unauthorised", Reply::Json(401, json!({ "success": false })), UNKNOWN),
        ("down", Reply::Json(503, json!({})), UNKNOWN),
        ("reset", Reply::Reset, UNKNOWN),
        ("closed", Reply::Close, UNKNOWN),
        ("silent", Reply::Stall(Vec::new()), UNKNOWN),
    ] {
        let variables = [("SIGNUP__UPSTREAM__TIMEOUT", "500ms"), CREDENTIALS[0]];
        let app = TestApp::with(&variables).await;
        app.studio.reply(reply);
        let page = open(&app, "pro").await;
        assert_eq!((page.status, page.notice().as_str()), (200, title), "{name}");
        assert_eq!(page.attributes("#notice", "role"), ["note"], "{name}: nothing the visitor did");
        assert!(!page.body.contains("No such code") && !page.body.contains("Code was used"), "{name}");
        assert_eq!(page.value("username").as_deref(), Some(""), "{name}");
        app.studio.reply(Reply::Json(200, json!({ "success": true, "redirectUrl": STUDIO_URL })));
        let answer = app.submit(&page, &crate::helpers::app::sample(FLOWS[0])).await;
        assert_eq!((answer.status, answer.location()), (303, STUDIO_URL), "{name}");
    }
}

#[tokio::test]
async fn without_credentials_nobody_is_asked() {
    let app = TestApp::start().await;
    let page = open(&app, "pro").await;
    assert_eq!((page.status, page.notice().as_str()), (200, "The code in your link cannot be used"));
    assert!(app.studio.received().is_empty());
}

#[tokio::test]
async fn a_prepared_account_whose_own_username_or_address_is_taken_exists_already() {
    for (name, refusal, change, exists) in [
        ("own username", "Username is already taken", None, true),
        ("own address", "An account with this email address already exists", None, true),
        ("another username", "Username is already taken", Some(("username", "somebody-else")), false),
        ("another address", "This email address already exists", Some(("email", "other@acme.example")), false),
        ("another reason", "We are closed", None, false),
    ] {
        let app = TestApp::with(&CREDENTIALS).await;
        app.studio.answer(move |request: &Received| {
            if request.path == BY_CODE {
                return Reply::Json(200, robin());
            }
            Reply::Json(200, json!({ "success": false, "error": refusal }))
        });
        let page = open(&app, "pro").await;
        let fields =
            [("password", "vexing-otter-plinth"), ("privacyPolicy", "on"), ("cf-turnstile-response", "pass-pro")];
        let answer = app.submit(&page, &fields.into_iter().chain(change).collect::<Vec<_>>()).await;
        assert_eq!(answer.status, 422, "{name}");
        assert_eq!(answer.notice() == "This account exists already", exists, "{name}: {}", answer.notice());
        assert!(answer.value("ctx").is_some_and(|ctx| !ctx.is_empty()), "{name}: the secrets are lost");
    }
}

#[tokio::test]
async fn a_studio_that_answers_a_look_at_a_code_again_is_trusted_again_before_anybody_signs_up() {
    let circuit = [("SIGNUP__UPSTREAM__CIRCUIT__FAILURES", "1"), ("SIGNUP__UPSTREAM__CIRCUIT__OPEN_FOR", "1s")];
    let app = TestApp::with(&roomy(&[CREDENTIALS, circuit].concat())).await;
    app.studio.answer(|request| if request.path == BY_CODE { Reply::Json(200, robin()) } else { Reply::Close });
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 504);
    assert!(app.get_admin("/health/ready").await.body.contains("degraded"));
    let deadline = Instant::now() + PATIENCE;
    while open(&app, FLOWS[0].slug).await.value("username").as_deref() != Some("robin.meyer") {
        assert!(Instant::now() < deadline, "reads are refused for ever");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ready = app.get_admin("/health/ready").await.body;
    assert!(!ready.contains("degraded"), "{ready}");
    assert_eq!(app.sign_up(FLOWS[0]).await.status, 504, "a creation is sent");
    assert!(app.get_admin("/health/ready").await.body.contains("degraded"), "and opens it again");
}

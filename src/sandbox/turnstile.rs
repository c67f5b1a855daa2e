//! A stand-in for Cloudflare Turnstile: script, tokens and siteverify.
//!
//! A token is not sealed: it states where and when it was minted, and siteverify believes it. The page's own content
//! security policy lets the script ask nobody, so the browser mints tokens by itself.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    sync::PoisonError,
};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ContentType},
    web::{Bytes, Data},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Studio, create::json_object, random_id};

/// How long a token may be redeemed.
const TOKEN_AGE: Duration = Duration::seconds(300);
/// How far a browser's clock may run ahead of ours.
const CLOCK_SKEW: Duration = Duration::seconds(60);
/// The longest token, in bytes.
const TOKEN_LENGTH: usize = 2_048;
/// How many redeemed tokens are remembered; the oldest give way.
const REMEMBERED: usize = 10_000;
const TOKEN_PREFIX: &str = "SANDBOX.";
/// What Cloudflare's test site keys hand out. It may be redeemed again and again.
const DUMMY_TOKEN: &str = "XXXX.DUMMY.TOKEN.XXXX";

const PASSING_SECRET: &str = "1x0000000000000000000000000000000AA";
const FAILING_SECRET: &str = "2x0000000000000000000000000000000AA";
const SPENT_SECRET: &str = "3x0000000000000000000000000000000AA";

/// A key with a behaviour of its own, as Cloudflare documents for testing.
pub struct TestKey {
    /// The key.
    pub key: &'static str,
    /// What it does, in words.
    pub meaning: &'static str,
}

/// The site keys that behave in a way of their own. Any other behaves like the first.
pub const SITE_KEYS: &[TestKey] = &[
    TestKey { key: "1x00000000000000000000AA", meaning: "passes by itself" },
    TestKey { key: "2x00000000000000000000AB", meaning: "always fails" },
    TestKey { key: "3x00000000000000000000FF", meaning: "asks for a click" },
    TestKey { key: "1x00000000000000000000BB", meaning: "passes by itself, unseen" },
    TestKey { key: "2x00000000000000000000BB", meaning: "always fails, unseen" },
];

/// The secrets siteverify knows. Any other is a wrong one.
pub const SECRET_KEYS: &[TestKey] = &[
    TestKey { key: PASSING_SECRET, meaning: "accepts every token that is good" },
    TestKey { key: FAILING_SECRET, meaning: "refuses every token as invalid" },
    TestKey { key: SPENT_SECRET, meaning: "refuses every token as already spent" },
];

/// What a token states. The names are short because the browser's script writes them too.
#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(super) cdata: Option<String>,
    #[serde(rename = "h")]
    pub(super) hostname: String,
    /// When it was minted: milliseconds since 1970.
    #[serde(rename = "t")]
    pub(super) minted: i64,
    /// Whether the visitor had to click.
    #[serde(rename = "i", default)]
    pub(super) interactive: bool,
    /// Makes each token another.
    #[serde(rename = "r")]
    pub(super) nonce: String,
}

impl Token {
    pub(super) fn encode(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() > TOKEN_LENGTH {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(text.strip_prefix(TOKEN_PREFIX)?).ok()?;
        serde_json::from_slice(&json).ok()
    }

    fn minted(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.minted) * 1_000_000).ok()
    }
}

/// The tokens that were redeemed, each with the `idempotency_key` it was redeemed under.
#[derive(Default)]
pub(super) struct Ledger {
    spent: VecDeque<(String, Option<String>)>,
}

impl Ledger {
    /// Redeems a token: `true` at its first time, and again for a caller that repeats the same attempt.
    fn redeem(&mut self, token: &str, idempotency_key: Option<&str>) -> bool {
        if let Some((_, first_key)) = self.spent.iter().find(|(spent, _)| spent == token) {
            return idempotency_key.is_some() && first_key.as_deref() == idempotency_key;
        }
        if self.spent.len() == REMEMBERED {
            self.spent.pop_front();
        }
        self.spent.push_back((token.to_owned(), idempotency_key.map(str::to_owned)));
        true
    }
}

/// The answer of siteverify.
#[derive(Serialize)]
struct Answer {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_ts: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(rename = "error-codes")]
    error_codes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cdata: Option<String>,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    interactive: bool,
}

impl Answer {
    fn refused(code: &'static str) -> Self {
        Self {
            success: false,
            challenge_ts: None,
            hostname: None,
            error_codes: vec![code],
            action: None,
            cdata: None,
            metadata: Metadata { interactive: false },
        }
    }

    fn accepted(token: Token, solved: OffsetDateTime) -> Self {
        Self {
            success: true,
            challenge_ts: solved.format(&Rfc3339).ok(),
            hostname: Some(token.hostname),
            error_codes: Vec::new(),
            // Empty when the widget named none, as with Cloudflare.
            action: Some(token.action.unwrap_or_default()),
            cdata: Some(token.cdata.unwrap_or_default()),
            metadata: Metadata { interactive: token.interactive },
        }
    }
}

/// The body of a siteverify request.
#[derive(Default)]
struct Proof {
    secret: Option<String>,
    response: Option<String>,
    idempotency_key: Option<String>,
}

impl Proof {
    /// Reads a form or JSON; `None` for anything else.
    fn read(request: &HttpRequest, body: &[u8]) -> Option<Self> {
        let mut fields: HashMap<String, String> = if let Some(object) = json_object(request, body) {
            let text = |value: Value| value.as_str().map(str::to_owned);
            object.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
        } else if is_form(request) {
            form_urlencoded::parse(body).into_owned().collect()
        } else {
            return None;
        };
        let mut take = |name| fields.remove(name).filter(|value: &String| !value.is_empty());
        Some(Self { secret: take("secret"), response: take("response"), idempotency_key: take("idempotency_key") })
    }

    fn judge(&self, ledger: &mut Ledger, now: OffsetDateTime) -> Answer {
        let response = match (self.secret.as_deref(), self.response.as_deref()) {
            (None, _) => return Answer::refused("missing-input-secret"),
            (Some(secret), _) if SECRET_KEYS.iter().all(|known| known.key != secret) => {
                return Answer::refused("invalid-input-secret");
            }
            (_, None) => return Answer::refused("missing-input-response"),
            (Some(FAILING_SECRET), _) => return Answer::refused("invalid-input-response"),
            (Some(SPENT_SECRET), _) => return Answer::refused("timeout-or-duplicate"),
            (_, Some(response)) => response,
        };
        if response == DUMMY_TOKEN {
            let token = Token {
                action: None,
                cdata: None,
                hostname: "example.com".to_owned(),
                minted: 0,
                interactive: false,
                nonce: String::new(),
            };
            return Answer::accepted(token, now);
        }
        let Some(token) = Token::decode(response) else {
            return Answer::refused("invalid-input-response");
        };
        let Some(solved) = token.minted().filter(|solved| *solved <= now + CLOCK_SKEW) else {
            return Answer::refused("invalid-input-response");
        };
        if now - solved > TOKEN_AGE || !ledger.redeem(response, self.idempotency_key.as_deref()) {
            return Answer::refused("timeout-or-duplicate");
        }
        Answer::accepted(token, solved)
    }
}

/// `POST /turnstile/v0/siteverify`
pub(super) async fn siteverify(request: HttpRequest, body: Bytes, studio: Data<Studio>) -> HttpResponse {
    let Some(proof) = Proof::read(&request, &body) else {
        return HttpResponse::Ok().json(Answer::refused("bad-request"));
    };
    let mut ledger = studio.ledger.lock().unwrap_or_else(PoisonError::into_inner);
    HttpResponse::Ok().json(proof.judge(&mut ledger, OffsetDateTime::now_utc()))
}

/// `GET /turnstile/token`: a fresh token as plain text, for whoever has no browser. The query may name `action`,
/// `hostname` (default `localhost`), `cdata`, and `age` in seconds for a token that is not fresh.
pub(super) async fn token(request: HttpRequest) -> Result<HttpResponse, Error> {
    let mut query: HashMap<Cow<'_, str>, Cow<'_, str>> =
        form_urlencoded::parse(request.query_string().as_bytes()).collect();
    let age = query
        .get("age")
        .and_then(|age| age.parse().ok())
        .map_or(Duration::ZERO, |age: u32| Duration::seconds(age.into()));
    let minted = OffsetDateTime::now_utc() - age;
    let mut take = |name| query.remove(name).map(Cow::into_owned);
    let token = Token {
        action: take("action"),
        cdata: take("cdata"),
        hostname: take("hostname").unwrap_or_else(|| "localhost".to_owned()),
        minted: minted.unix_timestamp() * 1_000 + i64::from(minted.millisecond()),
        interactive: false,
        nonce: random_id()?,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::plaintext())
        .body(token.encode()))
}

/// `GET /turnstile/v0/api.js`
pub(super) async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("challenge.js"))
}

fn is_form(request: &HttpRequest) -> bool {
    request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|declared| {
        let essence = declared.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

//! The two operations that make an account.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::header::CONTENT_TYPE,
    web::{Bytes, Data},
};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{
    Studio,
    magic::{Effect, effect_of, known_by_username},
    memory::{FIRST_ORGANIZATION, Made, Receipt, masked},
    random_id,
    schema::{PRO, Property, SignUp, TRIAL},
    user::refusal,
};

/// The headers a receipt shows.
pub(super) const SHOWN_HEADERS: [&str; 4] = ["X-Request-Id", "Idempotency-Key", "X-Forwarded-For", "traceparent"];

/// Which kind of account a creation makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Pro,
    Trial,
}

impl Operation {
    /// The plan's name.
    pub(super) fn plan(self) -> &'static str {
        match self {
            Self::Pro => "pro",
            Self::Trial => "trial",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Pro => "/v1/api-create-pro-user",
            Self::Trial => "/v1/api-user-create-enterprise-trial",
        }
    }

    pub(super) fn schema(self) -> &'static [Property] {
        match self {
            Self::Pro => PRO,
            Self::Trial => TRIAL,
        }
    }
}

/// The answer to a creation that succeeded. For a trial `id` is the organization's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    success: bool,
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
}

impl Created {
    fn new(operation: Operation, made: Made, redirect_url: Option<String>) -> Self {
        let (id, user_id) = match operation {
            Operation::Pro => (made.user, None),
            Operation::Trial => (made.organization, Some(made.user)),
        };
        Self { success: true, id, user_id, redirect_url }
    }
}

/// `POST /v1/api-create-pro-user`
pub(super) async fn pro(request: HttpRequest, body: Bytes, studio: Data<Studio>) -> Result<HttpResponse, Error> {
    create(Operation::Pro, &request, &body, &studio).await
}

/// `POST /v1/api-user-create-enterprise-trial`
pub(super) async fn trial(request: HttpRequest, body: Bytes, studio: Data<Studio>) -> Result<HttpResponse, Error> {
    create(Operation::Trial, &request, &body, &studio).await
}

async fn create(
    operation: Operation,
    request: &HttpRequest,
    body: &[u8],
    studio: &Studio,
) -> Result<HttpResponse, Error> {
    let Some(body) = json_object(request, body) else {
        return Ok(HttpResponse::BadRequest().json(refusal("Request body is not a JSON object")));
    };
    let receipt = random_id()?;
    let sign_up = SignUp::read(operation, &body);
    let effect = sign_up.as_ref().ok().and_then(|sign_up| effect_of(&sign_up.username));
    let outcome = match &sign_up {
        Ok(sign_up) => studio.decide(operation, sign_up, effect),
        Err(words) => Outcome::Refused(words.clone()),
    };
    tracing::debug!(operation = operation.path(), created = outcome.user().is_some(), "the sandbox received a sign-up");
    studio.memory().keep(Receipt {
        id: receipt.clone(),
        operation,
        payload: masked(body),
        headers: shown_headers(request),
        received: OffsetDateTime::now_utc(),
        outcome: outcome.describe(effect.is_some()),
        user: outcome.user(),
        gateway: None,
    });

    // After the account is made: a caller who gave up waiting has one.
    if let Some(Effect::Late(delay)) = effect {
        tokio::time::sleep(delay).await;
    }
    Ok(match (outcome, effect, sign_up) {
        (Outcome::Refused(words), ..) => HttpResponse::Ok().json(refusal(&words)),
        (_, Some(Effect::Fail(fault)), _) => fault.response(),
        (Outcome::Made(made), Some(Effect::Redirect(url)), _) => {
            HttpResponse::Ok().json(Created::new(operation, made, url.map(str::to_owned)))
        }
        (Outcome::Made(made), _, Ok(sign_up)) => {
            let url = studio.welcome_url(&receipt, &sign_up);
            HttpResponse::Ok().json(Created::new(operation, made, Some(url)))
        }
        (Outcome::Failed | Outcome::Made(_), ..) => {
            HttpResponse::InternalServerError().json(refusal("Internal server error"))
        }
    })
}

/// How a creation ended inside the studio, whatever it says about it.
enum Outcome {
    Made(Made),
    Refused(String),
    Failed,
}

impl Outcome {
    fn user(&self) -> Option<u64> {
        match self {
            Self::Made(made) => Some(made.user),
            Self::Refused(_) | Self::Failed => None,
        }
    }

    fn describe(&self, magic: bool) -> String {
        match self {
            Self::Made(_) if magic => "created, answered as the magic username asks".to_owned(),
            Self::Made(_) => "created".to_owned(),
            Self::Refused(words) => format!("refused: {words}"),
            Self::Failed => "failed, as the magic username asks".to_owned(),
        }
    }
}

impl Studio {
    fn decide(&self, operation: Operation, sign_up: &SignUp, effect: Option<Effect>) -> Outcome {
        match effect {
            Some(Effect::Refuse(words)) => return Outcome::Refused(words.to_owned()),
            Some(Effect::Fail(fault)) if !fault.leaves_account() => return Outcome::Failed,
            _ => {}
        }
        if let Some(known) = known_by_username(&sign_up.username) {
            return Outcome::Made(Made { user: known.id, organization: FIRST_ORGANIZATION - known.id });
        }
        match self.memory().admit(operation, sign_up, effect.is_some()) {
            Ok(made) => Outcome::Made(made),
            Err(words) => Outcome::Refused(words.to_owned()),
        }
    }

    /// Where a new account is sent: the page of its receipt, at the origin and with the query the caller asked for.
    fn welcome_url(&self, receipt: &str, sign_up: &SignUp) -> String {
        let origin = sign_up.redirect_url_origin.as_deref().unwrap_or(&self.origin).trim_end_matches('/');
        let query = sign_up.redirect_url_query_params.as_deref().unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{origin}/studio/welcome/{receipt}{mark}{query}")
    }
}

/// The body, if it is declared as JSON and an object.
pub(super) fn json_object(request: &HttpRequest, body: &[u8]) -> Option<Map<String, Value>> {
    let declared = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return None;
    }
    serde_json::from_slice(body).ok()
}

fn shown_headers(request: &HttpRequest) -> Vec<(&'static str, Option<String>)> {
    let value_of = |name| {
        let values: Vec<_> =
            request.headers().get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    SHOWN_HEADERS.map(|name| (name, value_of(name))).to_vec()
}

//! What the studio answers about a user, as each of its two readers has it.

use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::memory::{Account, Trial};

/// The answer to what is refused.
#[derive(Serialize)]
pub(super) struct Refusal<'a> {
    success: bool,
    error: &'a str,
}

/// `success: false` with the studio's words.
pub(super) fn refusal(words: &str) -> Refusal<'_> {
    Refusal { success: false, error: words }
}

/// A list this sandbox never fills.
type Nothing = [(); 0];

/// What both readers say about a user.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the shape is the studio's")]
#[serde(rename_all = "camelCase")]
struct User {
    id: u64,
    username: String,
    name: String,
    email: String,
    created: String,
    staff_info: StaffInfo,
    pending: bool,
    activated: bool,
    mfa_configured: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    tier: &'static str,
    suspended: bool,
    organizations: Nothing,
    projects: Nothing,
    experiments: Nothing,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StaffInfo {
    is_staff: bool,
    has_sudo_rights: bool,
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id,
            username: account.username.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            created: instant(account.created),
            staff_info: StaffInfo { is_staff: false, has_sudo_rights: false },
            pending: !account.activated,
            activated: account.activated,
            mfa_configured: false,
            job_title: account.job_title.clone(),
            company_name: account.company_name.clone(),
            tier: account.tier,
            suspended: account.suspended,
            organizations: [],
            projects: [],
            experiments: [],
        }
    }
}

/// What only the user's own reader says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnAnswer {
    success: bool,
    #[serde(flatten)]
    user: User,
    notifications: Nothing,
    password_configured: bool,
    projects_sort_order: &'static str,
    has_enterprise_features_access: bool,
    last_accessed_projects: LastAccessed,
    private_personal_projects_used: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_enterprise_trial: Option<TrialAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LastAccessed {
    projects: Nothing,
    has_more_projects: bool,
}

/// What the administrators' reader says.
#[derive(Serialize)]
struct WhiteLabelAnswer {
    success: bool,
    user: WhiteLabelUser,
}

#[derive(Serialize)]
struct WhiteLabelUser {
    #[serde(flatten)]
    user: User,
    trials: Vec<TrialAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrialAnswer {
    id: u64,
    user_id: u64,
    organization_id: u64,
    created: String,
    expiration_date: String,
    expired_date: Option<String>,
    deleted_date: Option<String>,
    upgraded_date: Option<String>,
}

impl TrialAnswer {
    fn new(account: &Account, trial: &Trial) -> Self {
        Self {
            id: trial.organization,
            user_id: account.id,
            organization_id: trial.organization,
            created: instant(account.created),
            expiration_date: instant(trial.expiration),
            expired_date: trial.expired.map(instant),
            deleted_date: trial.deleted.map(instant),
            upgraded_date: trial.upgraded.map(instant),
        }
    }
}

/// Which operation an account is read by.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Own,
    WhiteLabel,
}

impl Reader {
    pub(super) fn answer(self, account: &Account) -> HttpResponse {
        let user = User::from(account);
        let running = account.trial.as_ref().filter(|trial| trial.is_running());
        match self {
            Self::Own => HttpResponse::Ok().json(OwnAnswer {
                success: true,
                user,
                notifications: [],
                password_configured: true,
                projects_sort_order: "created-desc",
                has_enterprise_features_access: account.tier == "enterprise" || running.is_some(),
                last_accessed_projects: LastAccessed { projects: [], has_more_projects: false },
                private_personal_projects_used: 0,
                active_enterprise_trial: running.map(|trial| TrialAnswer::new(account, trial)),
            }),
            Self::WhiteLabel => {
                let trials = account.trial.iter().map(|trial| TrialAnswer::new(account, trial)).collect();
                HttpResponse::Ok().json(WhiteLabelAnswer { success: true, user: WhiteLabelUser { user, trials } })
            }
        }
    }

    /// The least a reader may rely on.
    pub(super) fn sparse_answer(self, account: &Account) -> HttpResponse {
        let user = serde_json::json!({
            "id": account.id, "username": account.username, "name": account.name, "email": account.email,
            "activated": true, "tier": account.tier, "jobTitle": null, "companyName": null,
            "activeEnterpriseTrial": null, "trials": null, "suspended": null, "created": null,
        });
        let answer = match (self, user) {
            (Self::Own, Value::Object(mut user)) => {
                user.insert("success".to_owned(), true.into());
                Value::Object(user)
            }
            (_, user) => serde_json::json!({ "success": true, "user": user }),
        };
        HttpResponse::Ok().json(answer)
    }
}

/// As JavaScript writes it: to the millisecond, in UTC.
fn instant(instant: OffsetDateTime) -> String {
    let beyond = Duration::nanoseconds(i64::from(instant.nanosecond() % 1_000_000));
    (instant - beyond).format(&Rfc3339).unwrap_or_default()
}

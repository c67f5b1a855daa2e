use signup_gateway::upstream::account::{ReadError, Tier, read_answer};

use super::{Answer, at_once};

/// An account only where the answer says success in JSON; "there is none" only by 404 and a refusal together; and every
/// text in it stood in the answer.
pub fn account_answer(bytes: &[u8]) {
    let Some(answer) = Answer::of(bytes) else { return };
    let json = answer.says_json().then(|| answer.json()).flatten().unwrap_or_default();
    let success = json.get("success").and_then(serde_json::Value::as_bool);
    match at_once(read_answer(answer.response(answer.body.to_vec()))) {
        Ok(account) => {
            assert_eq!(success, Some(true), "an account by a {}", answer.status);
            let user = if json["user"].is_object() { &json["user"] } else { &json };
            for (read, name) in [
                (&account.name, "name"),
                (&account.username, "username"),
                (&account.email, "email"),
                (&account.job_title, "jobTitle"),
                (&account.company_name, "companyName"),
            ] {
                assert_eq!(read.as_deref(), user[name].as_str().filter(|text| !text.is_empty()), "{name}");
            }
            assert_eq!(account.activated, user["activated"] == true);
            assert_eq!(account.suspended, user["suspended"] == true);
            assert_eq!(account.tier == Tier::Paid, user["tier"] == "professional" || user["tier"] == "enterprise");
        }
        Err(ReadError::NotFound) => assert!(answer.status == 404 && success == Some(false), "{}", answer.status),
        Err(ReadError::Refused) => assert_eq!(success, Some(false), "{}", answer.status),
        Err(ReadError::Unavailable) => {}
        Err(ReadError::NoCredentials) => panic!("an answer says nothing of our credentials"),
    }
}

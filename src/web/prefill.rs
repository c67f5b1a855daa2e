//! A visitor who comes with a partner's activation code: the form filled with what the upstream knows.

use super::visitor::Visitor;
use crate::domain::text::Text;
use crate::signup::link::{PREFILLED, first};
use crate::signup::{LinkSecrets, Prefilled, RawForm};
use crate::upstream::account::{Account, ReadError};

/// What a code, and the link's own parameters, bring into a fresh form. All are suggestions: parsed again on POST.
pub enum Prefill {
    /// Here is the form.
    Form(RawForm),
    /// The code could not be used; here is the form without it.
    CodeNotUsable(RawForm),
    /// Nobody could say what the code is for; here is the form without it.
    CodeUnknown(RawForm),
    /// The account is active already.
    AlreadyActive,
}

/// Looks the code up, if there is one, and notes in the secrets what the form was filled with.
pub async fn prefill(visitor: &Visitor, secrets: &mut LinkSecrets) -> Prefill {
    let of_link: Vec<(&str, &str)> = PREFILLED
        .iter()
        .filter_map(|name| Some((*name, first(&visitor.query, name)?)))
        // What could not be typed is not filled in either, here and below: a link never costs a visitor an error.
        .filter(|(_, value)| Text::parse(value).is_ok())
        .collect();
    let Some(code) = &secrets.activation_code else { return Prefill::Form(RawForm::from_pairs(of_link)) };
    match visitor.tenant.studio.account_by_code(code, &visitor.trace).await {
        Ok(account) if account.activated => Prefill::AlreadyActive,
        Ok(account) => {
            let of_account = of_account(&account).filter(|(_, value)| Text::parse(value).is_ok());
            let form = RawForm::from_pairs(of_account.chain(of_link));
            secrets.prefilled = Some(Prefilled { username: account.username, email: account.email });
            Prefill::Form(form)
        }
        Err(reason) => {
            tracing::info!(%reason, "an activation code could not be used");
            let form = RawForm::from_pairs(of_link);
            match reason {
                ReadError::Unavailable => Prefill::CodeUnknown(form),
                ReadError::NotFound | ReadError::Refused | ReadError::NoCredentials => Prefill::CodeNotUsable(form),
            }
        }
    }
}

/// The upstream's values come first: of repeated names a form takes the first.
fn of_account(account: &Account) -> impl Iterator<Item = (&str, &str)> {
    [
        ("name", &account.name),
        ("username", &account.username),
        ("email", &account.email),
        ("jobTitle", &account.job_title),
        ("companyName", &account.company_name),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_deref()?)))
}

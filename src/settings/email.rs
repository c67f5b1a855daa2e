//! `email.*`

use std::collections::{BTreeMap, HashSet};

use super::files;
use super::rules;
use super::scope::Scope;
use super::values::EmailDomain;
use crate::domain::email_policy::{DomainList, EmailPolicy};

/// The largest list, in bytes: some hundred times the embedded one.
const MAX_LIST_BYTES: u64 = 16 * 1024 * 1024;

/// Lists that were read already, by path: tenants share them.
#[derive(Default)]
pub(super) struct Lists(BTreeMap<String, DomainList>);

pub(super) fn section(scope: &mut Scope<'_>, lists: &mut Lists) -> EmailPolicy {
    let policy = EmailPolicy {
        free: list(scope, "email.free_domains_file", lists).unwrap_or_else(DomainList::embedded_free),
        disposable: list(scope, "email.disposable_domains_file", lists).unwrap_or_else(DomainList::embedded_disposable),
        blocked: domains(scope, "email.blocked_domains"),
        allowed: domains(scope, "email.allowed_domains"),
        mode: scope.get("email.mode"),
    };
    rules::observed(scope, "email.mode", policy.mode);
    policy
}

fn domains(scope: &mut Scope<'_>, key: &str) -> HashSet<Box<str>> {
    scope.get::<Vec<EmailDomain>>(key).into_iter().map(|EmailDomain(domain)| domain).collect()
}

/// The list that a file holds; `None` when no file is named, or after a problem.
fn list(scope: &mut Scope<'_>, key: &str, lists: &mut Lists) -> Option<DomainList> {
    let path: String = scope.get::<Option<String>>(key)?;
    if let Some(known) = lists.0.get(&path) {
        return Some(known.clone());
    }
    let list = files::read_text(&path, MAX_LIST_BYTES)
        .map_err(|message| format!("{message}: {path}"))
        .and_then(|text| DomainList::parse(&text).map_err(|line| format!("line {line} of {path} is no domain")));
    match list {
        Ok(list) => {
            lists.0.insert(path, list.clone());
            Some(list)
        }
        Err(message) => {
            scope.refuse(key, message);
            None
        }
    }
}

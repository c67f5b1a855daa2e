use std::time::SystemTime;

use secrecy::ExposeSecret;
use signup_gateway::domain::attribution::{MAX_PARAMETERS, MAX_VALUE_CODE_POINTS};
use signup_gateway::seal::Keyring;
use signup_gateway::signup::Link;
use signup_gateway::signup::link::first;
use signup_gateway::web::link_secrets::{self, Clean, Found, PARAMETER};

use super::{SETTINGS, tenant};

const SECRETS: [&str; 3] = ["activationCode", "activationToken", "sessionId"];

/// A link is never an error: it asks for an allowed origin or the default, carries bounded campaign parameters, a query
/// that reads the same everywhere, and after sealing no secret in the open.
pub fn link_query(query: &[u8]) {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query).into_owned().collect();
    let redirect = &tenant().redirect;
    let link = Link::parse(&pairs, &SETTINGS.attribution, redirect);
    let allowed = redirect.allowed_origins.iter().chain([&redirect.default_origin]);
    assert!(allowed.into_iter().any(|origin| *origin == link.redirect_origin), "{}", link.redirect_origin);

    let carried: Vec<_> = link.attribution.pairs().collect();
    assert!(carried.len() <= MAX_PARAMETERS, "{} parameters", carried.len());
    for (name, value) in &carried {
        assert!(SETTINGS.attribution.carries(name), "{name} is no campaign parameter");
        assert!((1..=MAX_VALUE_CODE_POINTS).contains(&value.chars().count()), "{name}={value}");
        assert!(!name.chars().chain(value.chars()).any(char::is_control), "{name}={value}");
        assert_eq!(carried.iter().filter(|(other, _)| other == name).count(), 1, "{name} twice");
    }
    let query = link.redirect_query();
    let read: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&read).finish();
    assert_eq!(written, query, "the query is read as another");
    seals(&pairs);
}

fn seals(pairs: &[(String, String)]) {
    let keyring = Keyring::new(&SETTINGS.server.secret_keys).expect("there is a key");
    let (tenant, now) = (&tenant().id, SystemTime::now());
    let sealed = link_secrets::seal(pairs, &keyring, tenant, now).expect("there is randomness");
    assert_eq!(sealed.is_some(), pairs.iter().any(|(name, _)| SECRETS.contains(&name.as_str())));
    let Some(Clean { query: sealed, .. }) = sealed else { return };
    let clean: Vec<(String, String)> = form_urlencoded::parse(sealed.as_bytes()).into_owned().collect();
    assert!(clean.iter().all(|(name, _)| !SECRETS.contains(&name.as_str())), "a secret stays: {sealed}");
    let stays = |pair: &&(String, String)| pair.0 != PARAMETER && !SECRETS.contains(&pair.0.as_str());
    assert!(clean.iter().filter(stays).eq(pairs.iter().filter(stays)), "another parameter is lost: {sealed}");
    if let Some(ctx) = first(&clean, PARAMETER) {
        let opened = link_secrets::open(ctx, Found::InLink, &keyring, tenant, now).expect("our own seal opens");
        for (secret, name) in
            [&opened.activation_code, &opened.activation_token, &opened.session_id].into_iter().zip(SECRETS)
        {
            let secret = secret.as_ref().map(ExposeSecret::expose_secret);
            assert!(secret.is_none() || secret == first(pairs, name), "{name} is another");
        }
    }
}

//! What visitors send.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::SecretString;
use signup_gateway::domain::tenant::TenantId;
use signup_gateway::guard::submission_id::SubmissionId;
use signup_gateway::guard::{SUBMISSION_ID_FIELD, TOKEN_FIELD};
use signup_gateway::seal::Keyring;
use signup_gateway::signup::flows::FLOWS;

use crate::Failure;
use crate::generator::Request;
use crate::subjects::SECRET_KEY;

/// The query of an ordinary marketing link.
pub const LINK: &str = "utm_source=newsletter&utm_medium=email&utm_campaign=autumn-2026&gclid=EAIaIQobChMI";

/// Reads of a path, each by another client behind the trusted proxy.
pub fn get(path: &str) -> Request {
    let path = path.to_owned();
    Arc::new(move |number| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {}\r\nAccept: text/html\r\n\
             Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, br\r\n\r\n",
            client(number)
        )
        .into_bytes()
    })
}

/// Sign-ups for the professional plan, each with a form, a client and an address of its own.
pub fn sign_up(path: &str) -> Result<Request, Failure> {
    let flow = FLOWS.iter().copied().find(|flow| flow.slug == "pro").ok_or("there is no flow pro")?;
    let keyring = Keyring::new(&[SecretString::from(SECRET_KEY)])?;
    let tenant = TenantId::parse("default").map_err(|_refused| "no default tenant")?;
    let path = path.to_owned();
    Ok(Arc::new(move |number| {
        let id = SubmissionId::issue(SystemTime::now()).map(|id| id.sign(&keyring, &tenant, flow)).unwrap_or_default();
        let body = format!(
            "{SUBMISSION_ID_FIELD}={id}&name=Ada+Lovelace&username=ada.lovelace{number}&email=ada{number}%40example.com\
             &password=seven+herons+over+the+estuary&privacyPolicy=on&jobTitle=Engineer&companyName=Analytical+Engines\
             &projectName=Difference&{TOKEN_FIELD}=0.a-token-of-about-the-length-that-they-have-{number}"
        );
        format!(
            "POST {path}?{LINK} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nX-Forwarded-For: {}\r\n\
             Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            client(number),
            body.len()
        )
        .into_bytes()
    }))
}

/// The address of a client's number: 16 million of them in 10.0.0.0/8.
fn client(number: u64) -> Ipv4Addr {
    let [.., a, b, c] = number.to_be_bytes();
    Ipv4Addr::new(10, a, b, c)
}

use std::time::SystemTime;

use secrecy::SecretString;
use signup_gateway::domain::tenant::TenantId;
use signup_gateway::guard::pass::{Form, Pass};
use signup_gateway::guard::submission_id::SubmissionId;
use signup_gateway::seal::{Keyring, hex, random};
use signup_gateway::signup::flows::FLOWS;
use signup_gateway::signup::{Flow, LinkSecrets};
use signup_gateway::web::link_secrets::{self, Found};

use super::tenant;

/// A made-up or altered submission id, pass or `ctx` never opens; an unaltered one always does.
pub fn sealed_text(bytes: &[u8]) {
    let made_up = String::from_utf8_lossy(bytes);
    let desk = Desk::new();
    assert!(!desk.opens_any(&made_up), "made up, and taken: {made_up}");
    for (name, genuine, opens) in desk.genuine() {
        assert!(opens(&desk, &genuine), "{name}: our own does not open");
        let altered = alter(&genuine, bytes);
        assert_eq!(opens(&desk, &altered), altered == genuine, "{name}: {genuine} altered to {altered}");
    }
}

type Opens = fn(&Desk, &str) -> bool;

/// A form at one moment, and the key that signs it.
struct Desk {
    keyring: Keyring,
    tenant: &'static TenantId,
    flow: &'static Flow,
    form: SubmissionId,
    now: SystemTime,
}

impl Desk {
    fn new() -> Self {
        let now = SystemTime::now();
        // A key of its own each time: a fuzzer sees what is compared, and would bring an earlier genuine text.
        let secret = hex(&random::<32>().expect("there is randomness"));
        let keyring = Keyring::new(&[SecretString::from(secret)]).expect("there is a key");
        let form = SubmissionId::issue(now).expect("there is randomness");
        Self { keyring, tenant: &tenant().id, flow: FLOWS[0], form, now }
    }

    fn genuine(&self) -> [(&'static str, String, Opens); 3] {
        let secrets = LinkSecrets { activation_code: Some(SecretString::from("welcome")), ..LinkSecrets::default() };
        let pass = Pass::new(self.now, Some("token".to_owned()));
        [
            ("id", self.form.sign(&self.keyring, self.tenant, self.flow), Self::opens_id),
            ("pass", pass.seal(&self.keyring, self.pass_form()).unwrap(), Self::opens_pass),
            (
                "ctx",
                link_secrets::seal_for_form(&secrets, &self.keyring, self.tenant, self.now).unwrap(),
                Self::opens_ctx,
            ),
        ]
    }

    fn opens_id(&self, text: &str) -> bool {
        SubmissionId::verify(text, &self.keyring, self.tenant, self.flow, self.now).is_ok()
    }

    fn pass_form(&self) -> Form<'_> {
        Form { tenant: self.tenant, flow: self.flow, id: &self.form }
    }

    fn opens_pass(&self, text: &str) -> bool {
        Pass::open(text, &self.keyring, self.pass_form(), self.now).is_some()
    }

    fn opens_ctx(&self, text: &str) -> bool {
        [Found::InLink, Found::InForm]
            .into_iter()
            .any(|found| link_secrets::open(text, found, &self.keyring, self.tenant, self.now).is_some())
    }

    fn opens_any(&self, text: &str) -> bool {
        self.opens_id(text) || self.opens_pass(text) || self.opens_ctx(text)
    }
}

/// Writes the bytes over a text, from a place that the first byte names, and cuts it there when nothing follows.
fn alter(genuine: &str, bytes: &[u8]) -> String {
    let Some((place, over)) = bytes.split_first() else { return genuine.to_owned() };
    let place = usize::from(*place) % genuine.len();
    let mut altered = genuine.as_bytes()[..place].to_vec();
    altered.extend_from_slice(over);
    if !over.is_empty() {
        altered.extend(genuine.bytes().skip(place + over.len()));
    }
    String::from_utf8_lossy(&altered).into_owned()
}

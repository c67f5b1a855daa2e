//! Micro benchmarks of the hot path, with their allocations: `cargo bench --bench micro`.
//!
//! Times depend on the machine and its neighbours; allocations do not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "a benchmark stops at the first surprise, and its modules only name its groups"
)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use divan::{AllocProfiler, Bencher, black_box};
use futures_util::FutureExt as _;
use signup_gateway::domain::attribution::AttributionPolicy;
use signup_gateway::domain::client::ClientAddress;
use signup_gateway::domain::email::Email;
use signup_gateway::domain::language::Language;
use signup_gateway::domain::tenant::Brand;
use signup_gateway::domain::username::Username;
use signup_gateway::guard::limits::Limits;
use signup_gateway::guard::submission_id::SubmissionId;
use signup_gateway::seal::{Keyring, Purpose};
use signup_gateway::settings::{Settings, Sources, TenantSettings};
use signup_gateway::signup::flows::FLOWS;
use signup_gateway::signup::{Flow, Link, RawForm, Rules, Submission};
use signup_gateway::store::{Scope, Store};
use signup_gateway::upstream::payload::{OperatorTerms, Payload};
use signup_gateway::web::pages::{FormPage, Frame, Here, Occasion, Personal, Stencils};
use signup_gateway::web::words::Catalogue;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const LINK: &str = "utm_source=newsletter&utm_medium=email&utm_campaign=autumn-2026&gclid=EAIaIQobChMI";

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let variables = [("SIGNUP__SERVER__SECRET_KEY", "a key that only benchmarks have, 32 bytes and more")];
    let variables: BTreeMap<_, _> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Settings::load(&Sources::new(variables), FLOWS).ok().unwrap().settings
});
static KEYRING: LazyLock<Arc<Keyring>> =
    LazyLock::new(|| Arc::new(Keyring::new(&SETTINGS.server.secret_keys).unwrap()));
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::build(FLOWS).unwrap());

fn main() {
    divan::main();
}

fn tenant() -> &'static TenantSettings {
    &SETTINGS.tenants[0]
}

fn pairs() -> Vec<(String, String)> {
    form_urlencoded::parse(LINK.as_bytes()).into_owned().collect()
}

fn link() -> Link {
    Link::parse(&pairs(), &SETTINGS.attribution, &tenant().redirect)
}

/// The flow's sample as a browser posts it.
fn body(flow: &Flow) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(flow.sample).finish()
}

fn submission(flow: &'static Flow) -> Submission {
    let rules = Rules { email: &tenant().email, business_email: flow.business_email, password: &SETTINGS.password };
    Submission::parse(flow, rules, &RawForm::from_urlencoded(body(flow).as_bytes()), link()).ok().unwrap()
}

/// The flows by their place in the table.
const PLACES: [usize; 2] = [0, 1];

mod parse {
    use super::*;

    #[divan::bench(args = PLACES)]
    fn form(bencher: Bencher<'_, '_>, place: usize) {
        let body = body(FLOWS[place]);
        bencher.bench_local(|| RawForm::from_urlencoded(black_box(body.as_bytes())));
    }

    #[divan::bench]
    fn link(bencher: Bencher<'_, '_>) {
        let (pairs, attribution): (_, &AttributionPolicy) = (pairs(), &SETTINGS.attribution);
        bencher.bench_local(|| Link::parse(black_box(&pairs), attribution, &tenant().redirect));
    }

    #[divan::bench]
    fn accept_language() -> Language {
        Language::negotiate(black_box("de-AT,de;q=0.9,en-GB;q=0.8,en;q=0.7,fr;q=0.5"))
    }
}

mod validate {
    use super::*;

    #[divan::bench]
    fn username() -> bool {
        Username::parse(black_box("ada.lovelace-1815")).is_ok()
    }

    #[divan::bench]
    fn email() -> bool {
        Email::parse(black_box("ada.lovelace@analytical-engines.example")).is_ok()
    }

    /// Everything, the password's strength among it.
    #[divan::bench(args = PLACES)]
    fn submission(place: usize) -> Submission {
        super::submission(FLOWS[black_box(place)])
    }
}

mod render {
    use super::*;

    fn draw(flow: &'static Flow, brand: &Brand, visitor: &Personal<'_>) -> String {
        let page = FormPage {
            frame: Frame {
                words: CATALOGUE.words(Language::English),
                brand,
                nonce: visitor.nonce,
                request_id: "0193e7a2-7c1e-7c3e-9d4f-0a1b2c3d4e5f",
                here: visitor.here,
                studio: "https://studio.example",
                logo: None,
            },
            flow,
            action: &visitor.here.to_string(),
            form: &RawForm::from_pairs([]),
            errors: &[],
            notice: None,
            hidden: &[("submission_id", visitor.submission_id.to_owned())],
            challenges: &[],
            challenge_script: None,
            asks_password: true,
            password_min_length: 8,
            business_email: flow.business_email,
            offers_email_anyway: false,
            occasion: Occasion::Link,
            said: "",
            others: &[],
        };
        page.render()
    }

    /// By the template, as every form that holds something.
    #[divan::bench(args = PLACES)]
    fn template(bencher: Bencher<'_, '_>, place: usize) {
        let (flow, here) = (FLOWS[place], Here::read(&format!("{}?{LINK}", FLOWS[place].path())));
        let visitor = Personal { nonce: "bm9uY2U", submission_id: "an-id", here: &here };
        bencher.bench_local(|| draw(flow, &tenant().brand, black_box(&visitor)));
    }

    /// By the stencil, as every fresh one.
    #[divan::bench(args = PLACES)]
    fn stencil(bencher: Bencher<'_, '_>, place: usize) {
        let (flow, here) = (FLOWS[place], Here::read(&format!("{}?{LINK}", FLOWS[place].path())));
        let visitor = Personal { nonce: "bm9uY2U", submission_id: "an-id", here: &here };
        let stencils = Stencils::new(FLOWS);
        let draw = |visitor: &Personal<'_>| draw(flow, &tenant().brand, visitor);
        bencher.bench_local(|| stencils.fill(flow, Language::English, black_box(&visitor), draw));
    }
}

mod seal {
    use super::*;

    #[divan::bench]
    fn sign_an_id() -> String {
        SubmissionId::issue(SystemTime::now()).unwrap().sign(&KEYRING, &tenant().id, FLOWS[0])
    }

    #[divan::bench]
    fn verify_an_id(bencher: Bencher<'_, '_>) {
        let id = sign_an_id();
        let verify =
            || SubmissionId::verify(black_box(&id), &KEYRING, &tenant().id, FLOWS[0], SystemTime::now()).is_ok();
        bencher.bench_local(verify);
    }

    #[divan::bench]
    fn seal_an_answer() -> String {
        KEYRING.seal(Purpose::StoredAnswer, &["default", "id"], black_box(&[7; 120])).unwrap()
    }
}

mod limit {
    use super::*;

    /// One decision in memory, each for another client.
    #[divan::bench]
    fn a_client(bencher: Bencher<'_, '_>) {
        let limits = &SETTINGS.rate_limit;
        let store = Arc::new(Store::memory(limits.into()));
        let limits = Limits::new(store, Arc::clone(&KEYRING), limits.ipv6_prefix, Vec::new(), limits.mode);
        let mut number = 0_u32;
        bencher.bench_local(|| {
            number = number.wrapping_add(1);
            let client = ClientAddress::new(IpAddr::V4(Ipv4Addr::from(number)));
            limits.charge_client(Scope::Pages, &tenant().id, client).now_or_never().is_some()
        });
    }
}

mod serialise {
    use super::*;

    #[divan::bench(args = PLACES)]
    fn payload(bencher: Bencher<'_, '_>, place: usize) {
        let submission = submission(FLOWS[place]);
        let operator = OperatorTerms { notes: None, trial_length: None };
        let utm = SETTINGS.attribution.utm_format;
        bencher.bench_local(|| Payload::new(black_box(&submission), Some("a token"), &operator, utm).into_bytes());
    }
}

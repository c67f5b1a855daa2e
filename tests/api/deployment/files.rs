//! The files of `deploy/` and the Dockerfile, read as their programs read them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use signup_gateway::settings::{Loaded, Settings, Sources};
use signup_gateway::signup::flows::FLOWS;

/// A file of the project, by its path from the root.
pub fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of one YAML document.
pub fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn kubernetes(name: &str) -> Value {
    yaml(&format!("deploy/kubernetes/{name}.yaml"))
}

/// The only container of the Deployment.
pub fn container() -> Value {
    let deployment = kubernetes("deployment");
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    containers[0].clone()
}

/// The values of a directive of the systemd unit, in order.
pub fn unit(directive: &str) -> Vec<String> {
    let text = text("deploy/signup-gateway.service");
    let values = text.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| *name == directive);
    values.map(|(_, value)| value.to_owned()).collect()
}

/// The texts of a YAML list.
pub fn strings(list: &Value) -> Vec<&str> {
    list.as_array().unwrap_or_else(|| panic!("not a list: {list}")).iter().map(|text| text.as_str().unwrap()).collect()
}

/// `NAME=value` lines, as `env_file` and `EnvironmentFile` have them.
fn assignments<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let set = lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    set.map(|line| line.split_once('=').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn pairs(map: &Value) -> BTreeMap<String, String> {
    let pairs = map.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_else(|| panic!("{name}: quote it")).to_owned()))
        .collect()
}

/// One way to run the gateway: what it is told, and how long it may take to end.
pub struct Deployment {
    pub name: &'static str,
    variables: BTreeMap<String, String>,
    /// Path of each mounted secret, and the name of its content.
    secrets: BTreeMap<String, String>,
    pub grace: Duration,
}

impl Deployment {
    /// Every way that `deploy/` knows.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::of_kubernetes(), Self::of_systemd()];
        all.extend(["gateway1", "gateway2"].map(Self::of_compose));
        all
    }

    fn of_compose(service: &'static str) -> Self {
        let compose = yaml("deploy/compose.yaml");
        let gateway = &compose["services"][service];
        let mut variables = image_variables();
        assert_eq!(strings(&gateway["env_file"]), ["production.env"]);
        variables.extend(assignments(text("deploy/production.env.example").lines()));
        variables.extend(pairs(&gateway["environment"]));
        let mounted = strings(&gateway["secrets"]).into_iter().map(|name| {
            assert!(compose["secrets"][name]["file"].is_string(), "{name} is no secret of the file");
            (format!("/run/secrets/{name}"), name.to_owned())
        });
        let grace = duration(gateway["stop_grace_period"].as_str().unwrap());
        Self { name: service, variables, secrets: mounted.collect(), grace }
    }

    fn of_kubernetes() -> Self {
        let pod = kubernetes("deployment")["spec"]["template"]["spec"].clone();
        let (container, config) = (container(), kubernetes("configmap"));
        assert_eq!(container["envFrom"][0]["configMapRef"]["name"], config["metadata"]["name"]);
        let mut variables = image_variables();
        variables.extend(pairs(&config["data"]));
        let (mount, volume) = (&container["volumeMounts"][0], &pod["volumes"][0]);
        assert_eq!(mount["name"], volume["name"]);
        let secret = kubernetes("secret.example");
        assert_eq!(volume["secret"]["secretName"], secret["metadata"]["name"]);
        let folder = mount["mountPath"].as_str().unwrap();
        let keys = secret["stringData"].as_object().unwrap().keys();
        let secrets = keys.map(|key| (format!("{folder}/{key}"), key.clone())).collect();
        let grace = Duration::from_secs(pod["terminationGracePeriodSeconds"].as_u64().unwrap());
        Self { name: "kubernetes", variables, secrets, grace }
    }

    fn of_systemd() -> Self {
        assert_eq!(unit("EnvironmentFile"), ["/etc/signup-gateway/production.env"]);
        let mut variables = assignments(unit("Environment").iter().map(String::as_str));
        variables.extend(assignments(text("deploy/production.env.example").lines()));
        let credentials = unit("LoadCredential").into_iter().map(|credential| {
            let (name, _path) = credential.split_once(':').unwrap();
            (format!("%d/{name}"), name.to_owned())
        });
        let grace = duration(&unit("TimeoutStopSec")[0]);
        Self { name: "systemd", variables, secrets: credentials.collect(), grace }
    }

    /// Settings as the program would read them there, with the example's secrets.
    pub fn load(&self) -> Loaded {
        let folder = Folder::new(self.name);
        let secret = kubernetes("secret.example");
        let mut variables = self.variables.clone();
        for (name, path) in variables.iter_mut().filter(|(name, _)| name.ends_with("_FILE")) {
            let content =
                self.secrets.get(path).unwrap_or_else(|| panic!("{}: {name}: {path} is not mounted", self.name));
            let value = secret["stringData"][content].as_str().unwrap_or_else(|| panic!("{content} has no example"));
            let file = folder.0.join(content);
            std::fs::write(&file, value).unwrap();
            file.to_str().unwrap().clone_into(path);
        }
        // As in the image.
        let mut sources = Sources::new(variables);
        sources.sandbox_built = false;
        Settings::load(&sources, FLOWS).unwrap_or_else(|problems| panic!("{}: {problems}", self.name))
    }
}

/// The variables that the image sets.
fn image_variables() -> BTreeMap<String, String> {
    let text = text("Dockerfile").replace("\\\n", " ");
    let set = text.lines().filter_map(|line| line.strip_prefix("ENV SIGNUP_ENV"));
    let words: Vec<String> = set.map(|rest| format!("SIGNUP_ENV{rest}")).collect();
    assert_eq!(words.len(), 1, "{words:?}");
    assignments(words[0].split_whitespace())
}

fn duration(text: &str) -> Duration {
    Duration::from_secs(
        text.strip_suffix('s').and_then(|seconds| seconds.parse().ok()).unwrap_or_else(|| panic!("{text}")),
    )
}

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let thread = format!("{:?}", std::thread::current().id()).replace(|letter: char| !letter.is_alphanumeric(), "");
        let path = std::env::temp_dir().join(format!("signup-deployment-{name}-{}-{thread}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

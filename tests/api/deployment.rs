//! What `deploy/` holds agrees with the settings, with the image, and with itself.

mod files;

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;

use self::files::{Deployment, container, kubernetes, strings, text, unit, yaml};
use crate::helpers::TestApp;

#[test]
fn every_deployment_starts_in_production_with_the_settings_it_is_given() {
    for deployment in Deployment::all() {
        let loaded = deployment.load();
        assert!(loaded.settings.is_production(), "{}", deployment.name);
        let warned: Vec<_> = loaded.warnings.iter().map(|warning| warning.key.as_str()).collect();
        // Only the operator knows whether the studio verifies the trial's token too.
        assert_eq!(warned, ["flows.trial.turnstile"], "{}", deployment.name);
    }
}

#[test]
fn every_deployment_shares_its_limits_and_believes_a_proxy() {
    for deployment in Deployment::all() {
        let settings = deployment.load().settings;
        assert!(settings.rate_limit.redis_url.is_some(), "{}", deployment.name);
        assert!(!settings.server.trusted_proxies.is_empty(), "{}: all visitors would be one client", deployment.name);
    }
}

#[test]
fn no_deployment_kills_a_process_that_still_drains() {
    for deployment in Deployment::all() {
        let server = deployment.load().settings.server;
        let needed = server.lame_duck + server.drain_timeout;
        assert!(needed < deployment.grace, "{}: {needed:?} of {:?}", deployment.name, deployment.grace);
    }
}

#[test]
fn compose_believes_its_haproxy_alone_and_haproxy_finds_its_gateways() {
    let compose = yaml("deploy/compose.yaml");
    let address = |service: &str| {
        let address = &compose["services"][service]["networks"]["front"]["ipv4_address"];
        address.as_str().unwrap().to_owned()
    };
    let balancer: IpNet = format!("{}/32", address("haproxy")).parse().unwrap();
    for (deployment, variable) in [("gateway1", "GATEWAY_1"), ("gateway2", "GATEWAY_2")] {
        let server = Deployment::all().into_iter().find(|one| one.name == deployment).unwrap().load().settings.server;
        assert_eq!(server.trusted_proxies, [balancer], "{deployment}");
        let target = &compose["services"]["haproxy"]["environment"][variable];
        assert_eq!(target, &format!("{}:{}", address(deployment), server.bind.port()), "{variable}");
    }
    let mounted = strings(&compose["services"]["haproxy"]["volumes"]);
    assert!(mounted.iter().any(|volume| volume.starts_with("./haproxy.cfg:")), "{mounted:?}");
    // The published port is the one that it listens on.
    let listen = compose["services"]["haproxy"]["environment"]["LISTEN"].as_str().unwrap();
    let inside = listen.split(' ').next().unwrap().trim_start_matches("*:").to_owned();
    assert_eq!(strings(&compose["services"]["haproxy"]["ports"]), [format!("443:{inside}")]);
}

#[test]
fn haproxy_notices_a_leaving_gateway_in_time_and_waits_for_its_answers() {
    let text = text("deploy/haproxy.cfg");
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |words: &[&str], wanted: &[&str]| -> String {
        let at = words.windows(wanted.len()).position(|window| window == wanted);
        words[at.unwrap_or_else(|| panic!("{wanted:?}")) + wanted.len()].to_owned()
    };
    let milliseconds: u64 = after(&words, &["inter"]).strip_suffix("ms").unwrap().parse().unwrap();
    let falls: u64 = after(&words, &["check", "inter", &after(&words, &["inter"]), "fall"]).parse().unwrap();
    let noticed = Duration::from_millis(milliseconds * (falls + 1));
    let seconds: u64 = after(&words, &["timeout", "server"]).strip_suffix('s').unwrap().parse().unwrap();
    for deployment in Deployment::all() {
        let settings = deployment.load().settings;
        assert!(noticed < settings.server.lame_duck, "{}: {noticed:?}", deployment.name);
        let tenant = &settings.tenants[0];
        let longest = tenant.turnstile.timeout + tenant.upstream.connect_timeout + tenant.upstream.timeout;
        assert!(longest < Duration::from_secs(seconds), "{}: {longest:?}", deployment.name);
        // An attempt that has begun is finished within the drain.
        assert!(longest < settings.server.drain_timeout, "{}: {longest:?}", deployment.name);
    }
}

#[test]
fn ports_are_those_that_the_gateway_listens_on() {
    let server = Deployment::all().remove(0).load().settings.server;
    let ports = [server.bind.port(), server.admin_bind.port()];
    assert!(text("Dockerfile").contains(&format!("\nEXPOSE {} {}\n", ports[0], ports[1])));
    let container = container();
    let named: Vec<_> =
        container["ports"].as_array().unwrap().iter().map(|port| (&port["name"], &port["containerPort"])).collect();
    assert_eq!(
        named,
        [(&"http".into(), &ports[0].into()), (&"admin".into(), &ports[1].into())] as [(&Value, &Value); 2]
    );
    assert_eq!(kubernetes("service")["spec"]["ports"][0]["targetPort"], "http", "the admin listener is for the inside");
    let let_in: Vec<_> = kubernetes("networkpolicy")["spec"]["ingress"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["ports"][0]["port"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(let_in, ["http", "admin"]);
}

#[tokio::test]
async fn whoever_asks_for_health_or_metrics_asks_a_listener_that_answers() {
    let app = TestApp::start().await;
    let container = container();
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        let path = asked["path"].as_str().unwrap();
        let answer = match asked["port"].as_str().unwrap() {
            "http" => app.get(path).await,
            "admin" => app.get_admin(path).await,
            other => panic!("{probe}: {other}"),
        };
        assert_eq!(answer.status, 200, "{probe}");
    }
    let haproxy = text("deploy/haproxy.cfg");
    let uri = haproxy.split(" uri ").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(app.get(uri).await.status, 200, "HAProxy asks for {uri}");
    let deployment = kubernetes("deployment");
    let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(annotations["prometheus.io/port"], container["ports"][1]["containerPort"].to_string());
    let path = annotations["prometheus.io/path"].as_str().unwrap();
    assert_eq!(app.get_admin(path).await.status, 200, "Prometheus asks for {path}");
}

#[test]
fn health_is_asked_by_the_image_s_own_program() {
    let dockerfile = text("Dockerfile");
    let of = |instruction: &str| -> Vec<String> {
        let rest = dockerfile.rsplit_once(&format!("{instruction} [")).unwrap().1;
        serde_json::from_str(&format!("[{}", rest.lines().next().unwrap())).unwrap()
    };
    let (entry_point, health) = (of("ENTRYPOINT"), of("CMD"));
    assert_eq!(health, [entry_point[0].as_str(), "healthcheck"]);
    let compose = yaml("deploy/compose.yaml");
    assert_eq!(strings(&compose["services"]["gateway1"]["healthcheck"]["test"]), ["CMD", &health[0], &health[1]]);
    assert_eq!(unit("ExecStart"), [format!("{} serve", entry_point[0])]);
}

#[test]
fn no_service_of_compose_runs_with_more_than_it_needs() {
    let compose = yaml("deploy/compose.yaml");
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(strings(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        let user: u32 = service["user"].as_str().unwrap().split(':').next().unwrap().parse().unwrap();
        assert!(user > 0, "{name}");
        assert!(service["deploy"]["resources"]["limits"]["memory"].is_string(), "{name}");
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        assert!(service["stop_grace_period"].is_string(), "{name}");
        assert!(service.get("privileged").is_none(), "{name}");
    }
    assert_eq!(compose["networks"]["store"]["internal"], true);
}

#[test]
fn the_pod_meets_the_restricted_standard_of_its_namespace() {
    assert_eq!(kubernetes("namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    let pod = kubernetes("deployment")["spec"]["template"]["spec"].clone();
    let (of_pod, of_container) = (&pod["securityContext"], &container()["securityContext"]);
    assert_eq!(of_pod["runAsNonRoot"], true);
    assert_eq!(of_pod["seccompProfile"]["type"], "RuntimeDefault");
    let user = of_pod["runAsUser"].as_u64().unwrap();
    assert!(text("Dockerfile").contains(&format!("\nUSER {user}:{user}\n")));
    assert_eq!(of_container["allowPrivilegeEscalation"], false);
    assert_eq!(of_container["readOnlyRootFilesystem"], true);
    assert_eq!(strings(&of_container["capabilities"]["drop"]), ["ALL"]);
    assert_eq!(pod["automountServiceAccountToken"], false);
}

#[test]
fn kustomize_applies_every_manifest_but_the_example_and_all_are_about_the_same_pods() {
    let kustomization = kubernetes("kustomization");
    let applied: BTreeSet<String> = strings(&kustomization["resources"]).into_iter().map(str::to_owned).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kubernetes");
    let mut there: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(there.remove("kustomization.yaml") && there.remove("secret.example.yaml"));
    assert_eq!(applied, there);
    assert_eq!(kustomization["namespace"], kubernetes("namespace")["metadata"]["name"]);

    let labels = kubernetes("deployment")["spec"]["template"]["metadata"]["labels"].clone();
    let selectors = [
        ("deployment", "/spec/selector/matchLabels"),
        ("service", "/spec/selector"),
        ("poddisruptionbudget", "/spec/selector/matchLabels"),
        ("networkpolicy", "/spec/podSelector/matchLabels"),
    ];
    for (manifest, pointer) in selectors {
        assert_eq!(kubernetes(manifest).pointer(pointer), Some(&labels), "{manifest}");
    }
    for constraint in
        kubernetes("deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"].as_array().unwrap()
    {
        assert_eq!(constraint["labelSelector"]["matchLabels"], labels);
    }
    let scaled = kubernetes("horizontalpodautoscaler")["spec"].clone();
    assert_eq!(scaled["scaleTargetRef"]["name"], kubernetes("deployment")["metadata"]["name"]);
    assert!(scaled["minReplicas"].as_u64().unwrap() >= 2, "a single pod is away while its node is drained");
}

#[test]
fn the_image_has_this_version_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(text("Dockerfile").contains(&format!("org.opencontainers.image.version=\"{version}\"")));
    assert_eq!(yaml("deploy/compose.yaml")["services"]["gateway1"]["image"], format!("signup-gateway:{version}"));
    let image = kubernetes("kustomization")["images"][0].clone();
    assert_eq!((image["name"].as_str(), image["newTag"].as_str()), (container()["image"].as_str(), Some(version)));
}

#[test]
fn every_alert_has_words_for_who_is_called_and_is_tested_firing_and_silent() {
    let (alerts, tests) = (yaml("deploy/prometheus/alerts.yaml"), yaml("deploy/prometheus/alerts.test.yaml"));
    let tested: Vec<(&str, bool)> = tests["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| {
            let asked = &test["promql_expr_test"][0];
            let name = asked["expr"].as_str().unwrap().split('"').nth(1).unwrap();
            (name, !asked["exp_samples"].as_array().unwrap().is_empty())
        })
        .collect();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(tested.contains(&(name, true)) && tested.contains(&(name, false)), "{name}: {tested:?}");
        assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        for words in ["summary", "description", "runbook"] {
            assert!(rule["annotations"][words].as_str().is_some_and(|words| !words.is_empty()), "{name}: {words}");
        }
    }
    assert!(tested.iter().all(|(name, _)| rules.iter().any(|rule| rule["alert"] == *name)), "{tested:?}");
}

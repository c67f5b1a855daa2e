//! SIGHUP: lists are read anew without losing a request, and a broken file changes nothing.

use std::fs;

use crate::helpers::app::sample_with;
use crate::helpers::{FLOWS, Neighbour};
use crate::process::{Gateway, eventually};

#[tokio::test]
async fn a_changed_list_takes_effect_and_a_broken_one_is_refused_as_a_whole() {
    let folder = std::env::temp_dir().join(format!("signup-gateway-lists-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let list = folder.join("free.txt");
    fs::write(&list, "free.example\n").unwrap();
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let path = list.to_str().unwrap();
    let gateway = Gateway::start(&studio, &siteverify, &[("SIGNUP__EMAIL__FREE_DOMAINS_FILE", path)]).await;

    let mut client = 0;
    let mut refuses = async |address: &str| {
        client += 1;
        let page = gateway.get("/signup/trial").await;
        let fields = sample_with(FLOWS[1], "email", address);
        let answer = gateway.submit(&page, &fields, &format!("203.0.113.{client}")).await.unwrap();
        answer.status == 422 && answer.fields_in_error() == ["email"]
    };
    assert!(refuses("jan@free.example").await);
    assert!(!refuses("jan@new.example").await);

    fs::write(&list, "free.example\nnew.example\n").unwrap();
    gateway.signal("HUP");
    eventually("the list is read anew", async || gateway.logged("reloaded") == 1).await;
    assert!(refuses("kim@new.example").await);

    fs::write(&list, "not a domain\n").unwrap();
    gateway.signal("HUP");
    eventually("the broken list is reported", async || gateway.logged("not reloaded") == 1).await;
    assert!(refuses("lee@new.example").await);
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_level_of_the_log_follows_its_file() {
    let folder = std::env::temp_dir().join(format!("signup-gateway-level-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("signup.toml");
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    fs::write(&file, "").unwrap();
    let variables = [("SIGNUP_CONFIG", file.to_str().unwrap()), ("SIGNUP__TELEMETRY__LOG_FORMAT", "pretty")];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let mut reloads = 0;
    let mut set = async |level: &str| {
        fs::write(&file, format!("[telemetry]\nlog_level = \"{level}\"\n")).unwrap();
        reloads += 1;
        gateway.signal("HUP");
        eventually("reloaded", async || gateway.logged("reloaded") == reloads).await;
    };
    gateway.get("/").await;
    assert_eq!(gateway.logged("answered"), 0, "pages are nothing at info");
    set("debug").await;
    gateway.get("/").await;
    eventually("pages are logged at debug", async || gateway.logged("answered") == 1).await;
    assert_eq!(gateway.logged("DEBUG"), 1);
    set("loud").await;
    assert_eq!(gateway.logged("must be one of info, error, warn, debug"), 1);
    gateway.get("/").await;
    eventually("what was in force stays so", async || gateway.logged("answered") == 2).await;
    set("info").await;
    gateway.get("/").await;
    gateway.get("/nowhere").await;
    eventually("failures are logged at info", async || gateway.logged("status=404") == 1).await;
    assert_eq!(gateway.logged("answered"), 3, "pages are not");
    assert_eq!(gateway.logged("\u{1b}"), 0, "no colours, for this is no terminal");
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_changed_file_of_settings_takes_effect_and_every_problem_of_a_broken_one_is_logged() {
    let folder = std::env::temp_dir().join(format!("signup-gateway-settings-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (file, key) = (folder.join("signup.toml"), folder.join("key"));
    let settings = |length: u32, burst: u32, bind: &str| {
        format!(
            "[server]\nlame_duck = \"{bind}\"\n[password]\nmin_length = {length}\n[rate_limit]\n\
             client = {{ burst = {burst}, period = \"1h\" }}\n"
        )
    };
    fs::write(&file, settings(8, 30, "0s")).unwrap();
    fs::write(&key, "the first key of this test, with thirty-two bytes or more").unwrap();
    let (studio, siteverify) = (Neighbour::studio().await, Neighbour::siteverify().await);
    let variables = [
        ("SIGNUP_CONFIG", file.to_str().unwrap()),
        ("SIGNUP__SERVER__SECRET_KEY", ""),
        ("SIGNUP__SERVER__SECRET_KEY_FILE", key.to_str().unwrap()),
    ];
    let gateway = Gateway::start(&studio, &siteverify, &variables).await;
    let form = gateway.get("/signup/pro").await;
    let typed = sample_with(FLOWS[0], "password", "eleven coffees");

    fs::write(&file, settings(20, 30, "1s")).unwrap();
    gateway.signal("HUP");
    eventually("the settings are in force", async || gateway.logged("\"reloaded\"") == 1).await;
    assert_eq!(gateway.logged("waits for a restart"), 1);
    assert_eq!(gateway.logged("server.lame_duck"), 1);
    let refused = gateway.submit(&form, &typed, "203.0.113.1").await.unwrap();
    assert_eq!(refused.fields_in_error(), ["password"]);

    fs::write(&file, settings(0, 0, "0s")).unwrap();
    gateway.signal("HUP");
    eventually("the broken settings are refused", async || gateway.logged("not reloaded") == 1).await;
    for problem in ["password.min_length", "rate_limit.client.burst"] {
        assert_eq!(gateway.logged(problem), 1, "{problem}");
    }
    let refused = gateway.submit(&form, &typed, "203.0.113.2").await.unwrap();
    assert_eq!(refused.fields_in_error(), ["password"], "what was in force stays so");

    fs::write(&file, settings(8, 30, "0s")).unwrap();
    fs::write(&key, "the second key of this test, with thirty-two bytes or more").unwrap();
    gateway.signal("HUP");
    eventually("the new key is in force", async || gateway.logged("\"reloaded\"") == 2).await;
    assert_eq!(gateway.submit(&form, &typed, "203.0.113.3").await.unwrap().status, 422, "signed with the key before");
    let form = gateway.get("/signup/pro").await;
    assert_eq!(gateway.submit(&form, &typed, "203.0.113.4").await.unwrap().status, 303);
    fs::remove_dir_all(&folder).unwrap();
}

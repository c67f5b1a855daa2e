//! The program as the system runs it: what it prints, in which order, and what signals do to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_signup-gateway");

/// Ends with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The program with an argument and nothing but these variables. Both outputs go to one pipe, in the order written.
fn start(argument: &str, variables: &[(&str, &str)]) -> Process {
    let started = Command::new("/bin/sh")
        .args(["-c", "exec \"$0\" \"$1\" 2>&1", PROGRAM, argument])
        .env_clear()
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn();
    Process(started.unwrap())
}

fn signal(process: &Process, name: &str) {
    let kill = format!("kill -{name} {}", process.0.id());
    assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}

#[test]
fn check_config_prints_every_problem_and_then_what_is_in_effect() {
    let mut process =
        start("check-config", &[("SIGNUP__SERVER__BODY_LIMIT", "0"), ("SIGNUP__SERVER__STRICT_HOSTS", "maybe")]);
    let mut printed = String::new();
    process.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(process.0.wait().unwrap().code(), Some(78));
    let at = |text: &str| printed.find(text).unwrap_or_else(|| panic!("{text}: {printed}"));
    let problems = [at("SIGNUP__SERVER__BODY_LIMIT"), at("SIGNUP__SERVER__STRICT_HOSTS")];
    let effective = at("upstream.max_in_flight");
    assert!(problems.iter().all(|problem| *problem < effective), "{printed}");
}

#[test]
fn a_reload_that_is_asked_for_while_it_starts_is_done_afterwards() {
    let mut process = start(
        "serve",
        &[
            ("SIGNUP__SERVER__BIND", "127.0.0.1:0"),
            ("SIGNUP__SERVER__ADMIN_BIND", "127.0.0.1:0"),
            ("SIGNUP__SANDBOX__ENABLED", "false"),
            ("SIGNUP__UPSTREAM__BASE_URL", "http://127.0.0.1:9/v1"),
            ("SIGNUP__TURNSTILE__SITEVERIFY_URL", "http://127.0.0.1:9/siteverify"),
            ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example"),
            // Worth a warning, and the log's first line, long before the listeners are bound.
            ("SIGNUP__SERVER__TRUSTED_PROXIES", "0.0.0.0/0"),
        ],
    );
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(first.contains("holds the whole internet"), "{first}");
    signal(&process, "HUP");
    let told: Vec<_> = lines.by_ref().take_while(|line| !line.ends_with("reloaded")).collect();
    assert!(told.iter().any(|line| line.contains("serving ")), "{told:?}");
    signal(&process, "TERM");
    let stopping: Vec<_> = lines.collect();
    assert!(process.0.wait().unwrap().success(), "{stopping:?}");
}

//! The process: arguments, settings, telemetry, run, exit code.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use serde_json::json;
use signup_gateway::causes::chain;
use signup_gateway::cli::{self, Cli, Command};
use signup_gateway::settings::{Environment, Loaded, Problems, Settings, Sources};
use signup_gateway::signup::flows::FLOWS;
use signup_gateway::startup::{Application, Reloader};
use signup_gateway::telemetry::{self, Log, Verbosity};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// sysexits.h: something is wrong with the configuration.
const EX_CONFIG: u8 = 78;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    let loaded = match Settings::load(&Sources::from_process(), FLOWS) {
        Ok(loaded) => loaded,
        Err(problems) => return misconfigured(&problems, &command),
    };
    match command {
        Command::Serve => serve(loaded).await,
        Command::CheckConfig { live } => check_config(&loaded, live).await,
        Command::Healthcheck => match cli::healthcheck(loaded.settings.server.admin_bind).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => fail(&reason, 1),
        },
        Command::Link(arguments) => match arguments.build(&loaded.settings, FLOWS) {
            Ok(link) if arguments.json => print(&format!("{:#}", json!(link))),
            Ok(link) => {
                link.warnings.iter().for_each(|warning| tell(&format!("warning: {warning}")));
                print(&link.to_string())
            }
            Err(error) => fail(&error.to_string(), 2),
        },
        #[cfg(feature = "sandbox")]
        Command::Sandbox => sandbox(&loaded.settings).await,
    }
}

async fn serve(loaded: Loaded) -> ExitCode {
    let Loaded { settings, warnings, .. } = loaded;
    // Before anything is bound: a signal that nobody waits for ends the process.
    let (stop, hangups) = match (stop_signals(), signal(SignalKind::hangup())) {
        (Ok(stop), Ok(hangups)) => (stop, hangups),
        (Err(error), _) | (_, Err(error)) => return fail(&format!("cannot wait for signals: {error}"), 1),
    };
    let log = match Log::to_stdout(&settings.telemetry) {
        Ok(log) => log,
        Err(error) => return fail(&format!("no log: {}", chain(&error)), 1),
    };
    telemetry::report_panics();
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let (environment, sandbox) = (settings.environment, settings.sandbox);
    let public_url = settings.tenants.first().map(|tenant| tenant.public_url.to_string()).unwrap_or_default();
    let application = match Application::build(settings, FLOWS) {
        Ok(application) => application,
        Err(error) => return fail(&chain(&error).to_string(), 1),
    };
    if let (Environment::Development, Some(sandbox)) = (environment, sandbox) {
        tracing::info!(
            "Open {public_url} in your browser and sign up. The studio and Turnstile are played by the sandbox at \
             http://{sandbox}, nothing leaves this machine."
        );
    } else {
        let (listening, admin) = (application.public_address(), application.admin_address());
        tracing::info!(%listening, %admin, "serving {public_url}");
    }
    reload_on_sighup(hangups, application.reloader(), log.verbosity.clone());
    let ended = application.run_until_stopped(stop).await;
    log.finish().await;
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the server ended: {error}"), 1),
    }
}

async fn check_config(loaded: &Loaded, live: bool) -> ExitCode {
    loaded.warnings.iter().for_each(|warning| tell(&format!("warning: {warning}")));
    let mut report = loaded.effective.to_string();
    let mut sound = true;
    if live {
        let checks = signup_gateway::live::check_all(&loaded.settings).await;
        sound = checks.is_sound();
        report = format!("{report}\n{}", checks.to_string().trim_end());
    }
    let printed = print(&report);
    if sound { printed } else { ExitCode::from(EX_CONFIG) }
}

#[cfg(feature = "sandbox")]
async fn sandbox(settings: &Settings) -> ExitCode {
    use signup_gateway::sandbox::Sandbox;
    let Some(address) = settings.sandbox else { return fail("sandbox.enabled is false", EX_CONFIG) };
    let log = match Log::to_stdout(&settings.telemetry) {
        Ok(log) => log,
        Err(error) => return fail(&format!("no log: {}", chain(&error)), 1),
    };
    match Sandbox::bind(address).and_then(Sandbox::run) {
        Ok(server) => {
            tracing::info!("the sandbox serves http://{address}");
            let handle = server.handle();
            let mut stop = match stop_signals() {
                Ok(stop) => stop,
                Err(error) => return fail(&format!("cannot wait for signals: {error}"), 1),
            };
            tokio::spawn(server);
            stop.recv().await;
            handle.stop(false).await;
            log.finish().await;
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("cannot listen on {address}: {error}"), 1),
    }
}

/// SIGHUP reads all layers and files again; settings with a problem change nothing.
fn reload_on_sighup(mut signals: Signal, reloader: Reloader, verbosity: Verbosity) {
    let reloader = Arc::new(reloader);
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            let (reloader, verbosity) = (Arc::clone(&reloader), verbosity.clone());
            // Files are read and lists warmed up meanwhile: no request waits for that.
            if let Err(lost) = tokio::task::spawn_blocking(move || reload(&reloader, &verbosity)).await {
                tracing::error!(is_panic = lost.is_panic(), "a reload did not end; the next signal begins another");
            }
        }
    });
}

fn reload(reloader: &Reloader, verbosity: &Verbosity) {
    let Loaded { settings, warnings, .. } = match Settings::load(&Sources::from_process(), FLOWS) {
        Ok(loaded) => loaded,
        Err(problems) => {
            tracing::error!("not reloaded, everything stays as it was: {problems}");
            return;
        }
    };
    let log_level = settings.telemetry.log_level;
    match reloader.reload(settings) {
        Ok(waiting) => {
            verbosity.set(log_level);
            for key in waiting {
                tracing::warn!(key, "changed, and waits for a restart");
            }
            for warning in &warnings {
                tracing::warn!("{warning}");
            }
            tracing::info!("reloaded");
        }
        Err(error) => tracing::error!("not reloaded, everything stays as it was: {}", chain(&error)),
    }
}

/// SIGTERM and SIGINT, each as one message: the first drains, the second ends.
fn stop_signals() -> std::io::Result<UnboundedReceiver<()>> {
    let (sender, receiver) = unbounded_channel();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let (mut signals, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move { while signals.recv().await.is_some() && sender.send(()).is_ok() {} });
    }
    Ok(receiver)
}

fn misconfigured(problems: &Problems, command: &Command) -> ExitCode {
    // A health check knows two answers.
    let code = if let Command::Healthcheck = command { 1 } else { EX_CONFIG };
    let failed = fail(&problems.to_string(), code);
    if let Command::CheckConfig { .. } = command {
        // After the problems, whose output is not buffered.
        print(&problems.effective.to_string());
    }
    failed
}

fn fail(reason: &str, code: u8) -> ExitCode {
    tell(reason);
    ExitCode::from(code)
}

/// To standard error; there is nobody to tell when that is closed.
fn tell(text: &str) {
    let _closed = writeln!(std::io::stderr(), "{text}");
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_closed) => ExitCode::FAILURE,
    }
}

//! From the first visitor to a stop in good order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::Application;
use crate::state::{AppState, Phase};
use crate::store::{keep_swept, keep_watched};
use crate::telemetry;

/// How long a listener may take to stop when nobody waits for its requests any more.
const AT_ONCE: Duration = Duration::from_millis(500);
/// How often histograms are folded, so that samples do not pile up between scrapes.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

impl Application {
    /// Serves until it is told to stop, then drains: the first message begins the lame-duck time, the second ends all.
    ///
    /// # Errors
    /// A listener ended untold. The visitors that are left are served to their end all the same.
    pub async fn run_until_stopped(self, mut stop: UnboundedReceiver<()>) -> io::Result<()> {
        let state = Arc::clone(&self.state);
        let mut visitors = Listener::serve(self.public);
        let mut operators = Listener::serve(self.admin);
        #[cfg(feature = "sandbox")]
        let sandbox = self.sandbox.map(Listener::serve);
        let housekeeping = [
            tokio::spawn(keep_swept(Arc::clone(&state.store))),
            tokio::spawn(keep_watched(Arc::clone(&state.store))),
            tokio::spawn(upkeep(self.state.clone())),
        ];
        state.readiness.enter(Phase::Ready);

        let why = tokio::select! {
            ended = visitors.ended() => Err(untold("visitors", ended)),
            ended = operators.ended() => Err(untold("operators", ended)),
            told = stop.recv() => Ok(told),
        };
        state.readiness.enter(Phase::Draining);
        if !matches!(why, Ok(None)) {
            tracing::info!(lame_duck = ?self.lame_duck, drain_timeout = ?self.drain_timeout, "stopping");
            tokio::select! {
                () = drain(&state, &mut visitors, self.lame_duck, self.drain_timeout) => tracing::info!("stopped"),
                _ = stop.recv() => tracing::warn!("stopped at once, by a second signal"),
            }
        }
        visitors.stop_at_once().await;
        operators.stop_at_once().await;
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = sandbox {
            sandbox.stop_at_once().await;
        }
        for task in housekeeping {
            task.abort();
        }
        why.map(|_told| ())
    }
}

/// A server that runs by itself.
struct Listener {
    handle: ServerHandle,
    /// None once it has ended.
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Listener {
    fn serve(server: Server) -> Self {
        Self { handle: server.handle(), serving: Some(tokio::spawn(server)) }
    }

    /// Waits for its end.
    async fn ended(&mut self) -> io::Result<()> {
        let Some(serving) = &mut self.serving else { return Ok(()) };
        let ended = serving.await.unwrap_or_else(|lost| Err(io::Error::other(lost)));
        self.serving = None;
        ended
    }

    /// Takes no more connections, and waits for its requests.
    async fn finish(&mut self) {
        let handle = self.handle.clone();
        let ((), _ended) = tokio::join!(handle.stop(true), self.ended());
    }

    /// A server that drains hears nothing until its own time is up, and a second signal does not wait for that.
    async fn stop_at_once(self) {
        if tokio::time::timeout(AT_ONCE, self.handle.stop(false)).await.is_err()
            && let Some(serving) = self.serving
        {
            serving.abort();
        }
    }
}

/// Whose listener is gone, and why: nobody would notice, while balancers or probes went on asking.
fn untold(whose: &'static str, ended: io::Result<()>) -> io::Error {
    let error = ended.err().unwrap_or_else(|| io::Error::other("it ended without being told to"));
    tracing::error!(whose, %error, "a listener is gone: stopping");
    error
}

/// Lame duck, then no new connections, then what is in flight: requests, attempts that outlive theirs, and what Redis is
/// still to be told of them.
async fn drain(state: &AppState, visitors: &mut Listener, lame_duck: Duration, drain_timeout: Duration) {
    if visitors.serving.is_some() {
        tokio::time::sleep(lame_duck).await;
    }
    let finished = async {
        // First the requests: one whose body is still arriving has no attempt yet.
        visitors.finish().await;
        state.attempts.close();
        state.attempts.wait().await;
        // Siblings that were not told would answer a settled form with an unknown outcome.
        state.store.all_told().await;
    };
    if tokio::time::timeout(drain_timeout, finished).await.is_err() {
        tracing::warn!(attempts = state.attempts.len(), "the drain timeout ended requests in flight");
    }
}

async fn upkeep(state: web::Data<AppState>) {
    let mut every = tokio::time::interval(METRICS_UPKEEP);
    loop {
        every.tick().await;
        state.funnel.note();
        if let Ok(registry) = telemetry::metrics() {
            registry.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::settings::{Settings, Sources};
    use crate::signup::flows::FLOWS;

    /// Far longer than any stop that nobody holds up.
    const PATIENCE: Duration = Duration::from_mins(1);

    fn application() -> Application {
        let environment: BTreeMap<String, String> = [
            ("SIGNUP__SERVER__BIND", "127.0.0.1:0"),
            ("SIGNUP__SERVER__ADMIN_BIND", "127.0.0.1:0"),
            ("SIGNUP__SANDBOX__ENABLED", "false"),
            ("SIGNUP__UPSTREAM__BASE_URL", "http://127.0.0.1:9/v1"),
            ("SIGNUP__TURNSTILE__SITEVERIFY_URL", "http://127.0.0.1:9/siteverify"),
            ("SIGNUP__REDIRECT__DEFAULT_ORIGIN", "https://studio.example"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let loaded = Settings::load(&Sources::new(environment), FLOWS).unwrap_or_else(|problems| panic!("{problems}"));
        Application::build(loaded.settings, FLOWS).unwrap()
    }

    #[tokio::test]
    async fn a_listener_that_ends_untold_ends_the_process_with_an_error() {
        type Whose = fn(&Application) -> ServerHandle;
        let listeners: [(&str, Whose); 2] =
            [("visitors", |it| it.public.handle()), ("operators", |it| it.admin.handle())];
        for (name, whose) in listeners {
            let application = application();
            let (handle, (_silent, stop)) = (whose(&application), unbounded_channel());
            let running = tokio::spawn(application.run_until_stopped(stop));
            handle.stop(false).await;
            let ended = tokio::time::timeout(PATIENCE, running).await;
            assert!(ended.unwrap_or_else(|_| panic!("{name}: nobody noticed")).unwrap().is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_stop_that_was_told_is_no_error() {
        let (tell, stop) = unbounded_channel();
        let running = tokio::spawn(application().run_until_stopped(stop));
        tell.send(()).unwrap();
        tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    }
}

//! The deadlines of a connection, looked at whenever it is: the framework does not read while nobody wants what it reads.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use super::Progress;

/// A timer that is armed only while somebody waits.
#[derive(Default)]
pub(super) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Pending until the instant, then a timeout.
    pub(super) fn poll(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<io::Error> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }

    /// When it strikes, if it is armed.
    pub(super) fn at(&self) -> Option<Instant> {
        self.0.as_ref().map(|timer| timer.deadline())
    }

    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

/// A connection that is served until it ends, or until its visitor is late; `None` then.
pub(super) struct Watched<F> {
    served: Pin<Box<F>>,
    progress: Rc<Progress>,
    deadline: Deadline,
}

impl<F: Future> Watched<F> {
    // Boxed: what an async block is given and then awaits would be held twice for each connection.
    pub(super) fn new(served: F, progress: Rc<Progress>) -> Self {
        Self { served: Box::pin(served), progress, deadline: Deadline::default() }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Poll::Ready(ended) = this.served.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        // Requests are answered within the poll above, so that every change is seen here.
        if let Some(at) = this.progress.deadline() {
            return this.deadline.poll(at, context).map(|_late| None);
        }
        this.deadline.disarm();
        Poll::Pending
    }
}

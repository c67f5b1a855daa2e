//! Two replicas, one Redis, impatient visitors and random faults, and in the end the books are compared.
//!
//! `tests/real/run soak` runs it. `SOAK_SECONDS` says how long, `SOAK_SEED` repeats the choices of a run: what every form
//! meets, who clicks twice, what breaks when. The scheduler's choices are its own. With `SOAK_HTTP2=1` creations share HTTP/2
//! connections through a TLS front.
//!
//! What is promised, and so asserted, of every form (`books`):
//!
//! - While Redis answers, a form makes one account at most, whichever replica is asked how often, whatever dies. With
//!   Redis away or emptied each replica promises it alone: then visitors stay with theirs, and the same is asserted.
//!   Where a replica says in its log that Redis did not answer on its own account (a busy machine), forms that roamed
//!   then are held to one account a replica.
//! - Who was told of an account has it, and was sent to its page. Who was told to try again had none when the button
//!   was pressed, and that press made none. An unknown outcome is told only where something happened that hides it.
//! - Nothing that was typed is lost, no connection breaks but a killed process's, no log line is a surprise, memory is
//!   flat, and the metrics count what the visitors and the upstream counted.

mod books;
mod chaos;
mod dice;
mod neighbours;
mod processes;
mod report;
mod visitor;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::books::Books;
use self::world::World;

const VISITORS: usize = 32;
const SECONDS: u64 = 100;
/// After the last visitor: attempts whose visitor left end within the page budget.
const LAST_ATTEMPTS: Duration = Duration::from_secs(9);

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_agree_after_random_faults() {
    let seconds = variable("SOAK_SECONDS").unwrap_or(SECONDS);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = variable("SOAK_SEED").unwrap_or_else(now);
    println!("soak: {seconds} s, {VISITORS} visitors, SOAK_SEED={seed}");

    let (studio, siteverify, ledger) = neighbours::start(seed).await;
    let http2 = variable("SOAK_HTTP2") == Some(1);
    let world = Arc::new(World::start(studio, siteverify, http2).await);
    let calm = AtomicBool::new(false);
    let (forms, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let visitors: Vec<_> = (0..VISITORS)
        .map(|lane| {
            let (world, forms, stop) = (Arc::clone(&world), Arc::clone(&forms), Arc::clone(&stop));
            tokio::spawn(async move { visitor::visit(&world, &forms, seed, lane, &stop).await })
        })
        .collect();
    let measuring = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            loop {
                world.measure();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        })
    };

    let calming = async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        calm.store(true, Ordering::Relaxed);
    };
    // The visitors are needed while something is mended: a replica notices by being asked.
    tokio::join!(chaos::rage(&world, seed, &calm), calming);
    stop.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.await.unwrap();
    }
    measuring.abort();
    tokio::time::sleep(LAST_ATTEMPTS).await;
    let metrics = chaos::close(&world).await;

    let (forms, ledger) = (forms.lock().unwrap(), ledger.lock().unwrap());
    let books =
        Books { world: &world, forms: &forms, ledger: &ledger, metrics: &metrics, alone: processes::alone(&world) };
    let report = books.compare();
    println!("{report}");
    assert!(report.findings.is_empty(), "SOAK_SEED={seed}: {} findings", report.findings.len());
}

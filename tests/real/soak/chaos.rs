//! What goes wrong around the visitors, one thing at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::dice::Dice;
use super::world::World;
use crate::helpers::neighbour::Door;
use crate::process::{Gateway, Redis, eventually};

/// With the second before it, longer than the lease of a claim, which is the page budget and five seconds: who wakes up
/// after it has lost it.
const FROZEN: Duration = Duration::from_secs(13);

/// Each kind of trouble once in a random order, the processes' first; then the neighbours' again and again.
pub async fn rage(world: &World, seed: u64, calm: &AtomicBool) {
    let mut dice = Dice::of(seed, "chaos");
    let victim = usize::from(dice.percent(50));
    pause(&mut dice).await;
    kill_and_restart(world, victim).await;
    pause(&mut dice).await;
    restart_gracefully(world, 1 - victim).await;
    while !calm.load(Ordering::Relaxed) {
        pause(&mut dice).await;
        redis_in_trouble(world, &mut dice).await;
        for neighbour in [&world.studio, &world.siteverify] {
            pause(&mut dice).await;
            let door = *dice.row(&[Door::Shut, Door::SlamMidRequest, Door::Deaf], |_| 1);
            let from = SystemTime::now();
            neighbour.door(door);
            tokio::time::sleep(dice.milliseconds(100..=600)).await;
            neighbour.door(Door::Open);
            world.trouble("a neighbour that does not read", None, from);
        }
        if calm.load(Ordering::Relaxed) {
            return;
        }
        freeze(world, usize::from(dice.percent(50))).await;
    }
}

async fn pause(dice: &mut Dice) {
    tokio::time::sleep(dice.milliseconds(500..=2_500)).await;
}

/// `kill -9` in the middle of everything. What it was sending is unknown to its sibling, by way of Redis.
async fn kill_and_restart(world: &World, index: usize) {
    let _nobody_is_pinned = world.pinned.write().await;
    let replica = &world.replicas[index];
    let gateway = replica.gateway.lock().unwrap().take().expect("it runs");
    let (incarnation, from) = (replica.incarnation.load(Ordering::Relaxed), SystemTime::now());
    gateway.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // By now a balancer has noticed.
    replica.takes_visitors.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.bring_up(index).await;
    world.trouble("a gateway killed", Some(incarnation), from);
}

/// SIGTERM, as in a rolling restart: nobody may notice.
async fn restart_gracefully(world: &World, index: usize) {
    let _nobody_is_pinned = world.pinned.write().await;
    let replica = &world.replicas[index];
    replica.takes_visitors.store(false, Ordering::Relaxed);
    let gateway = replica.gateway.lock().unwrap().take().expect("it runs");
    let from = SystemTime::now();
    gateway.signal("TERM");
    assert_eq!(gateway.ended().await, Some(0), "the exit code of a drained gateway");
    world.bring_up(index).await;
    world.trouble("a gateway restarted", None, from);
}

/// A machine that stands still, its clock not: SIGSTOP for longer than a lease lasts.
async fn freeze(world: &World, index: usize) {
    let _nobody_is_pinned = world.pinned.write().await;
    let replica = &world.replicas[index];
    let (incarnation, from) = (replica.incarnation.load(Ordering::Relaxed), SystemTime::now());
    let signal = |name| replica.gateway.lock().unwrap().as_ref().map(|gateway| gateway.signal(name)).expect("it runs");
    signal("STOP");
    tokio::time::sleep(Duration::from_secs(1)).await;
    replica.takes_visitors.store(false, Ordering::Relaxed);
    tokio::time::sleep(FROZEN).await;
    signal("CONT");
    tokio::time::sleep(Duration::from_secs(1)).await;
    replica.takes_visitors.store(true, Ordering::Relaxed);
    world.trouble("a gateway frozen", Some(incarnation), from);
}

/// Stopped and continued, killed and started empty, emptied: while nobody goes from one replica to the other, because
/// with Redis away, or with what it knew gone, one account a form is promised by each replica alone.
async fn redis_in_trouble(world: &World, dice: &mut Dice) {
    let _nobody_roams = world.roaming.write().await;
    let from = SystemTime::now();
    let signal = |name| world.redis.lock().unwrap().as_ref().map(|redis| redis.signal(name)).expect("it runs");
    signal("STOP");
    tokio::time::sleep(dice.milliseconds(500..=3_000)).await;
    signal("CONT");
    shared_again(world).await;

    let redis = world.redis.lock().unwrap().take().expect("it runs");
    let port = redis.kill();
    tokio::time::sleep(dice.milliseconds(500..=3_000)).await;
    *world.redis.lock().unwrap() = Some(Redis::at(port).await);
    shared_again(world).await;

    let redis = world.redis.lock().unwrap().take().expect("it runs");
    redis.run("FLUSHALL").await;
    *world.redis.lock().unwrap() = Some(redis);
    world.trouble("Redis away or emptied", None, from);
}

/// Both replicas have noticed that Redis answers.
async fn shared_again(world: &World) {
    eventually("both replicas use Redis again", async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.metric("signup_store_shared").await == [Some(1.0), Some(1.0)]
    })
    .await;
}

/// Stops both as an operator would; their last metrics.
pub async fn close(world: &World) -> Vec<(u32, String)> {
    let mut last = Vec::new();
    for replica in &world.replicas {
        let gateway = replica.gateway.lock().unwrap().take().expect("it runs");
        let metrics = gateway.admin.clone().metrics().await.expect("the admin listener answers");
        last.push((replica.incarnation.load(Ordering::Relaxed), metrics));
        gateway.signal("TERM");
        assert_eq!(Gateway::ended(gateway).await, Some(0), "the exit code of a drained gateway");
    }
    last
}

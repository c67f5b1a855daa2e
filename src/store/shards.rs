//! A map in pieces with a lock each: two workers seldom meet, and neither growing nor sweeping keeps anybody waiting for
//! the whole of it.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pieces of a map.
pub(super) const SHARDS: usize = 32;

/// A map that threads share.
pub(super) struct Shards<K, V> {
    shards: [Mutex<HashMap<K, V>>; SHARDS],
    hasher: RandomState,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<K: Eq + Hash, V> Shards<K, V> {
    /// The piece that has a key, or would have it.
    pub(super) fn of(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let [first, ..] = &self.shards;
        lock(self.shards.get(index).unwrap_or(first))
    }

    /// Every piece, one after the other.
    pub(super) fn all(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<K, V>>> {
        self.shards.iter().map(lock)
    }

    /// Drops what is not to be kept from one piece, and the room it took.
    pub(super) fn sweep(&self, index: usize, keep: impl Fn(&V) -> bool) {
        let Some(mut shard) = self.shards.get(index).map(lock) else { return };
        shard.retain(|_, value| keep(value));
        if shard.len() * 4 < shard.capacity() {
            shard.shrink_to_fit();
        }
    }
}

// A poisoned lock only says that a thread panicked between two whole writes.
fn lock<K, V>(shard: &Mutex<HashMap<K, V>>) -> MutexGuard<'_, HashMap<K, V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

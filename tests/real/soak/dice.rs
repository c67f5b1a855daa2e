//! Seeded chance: the same seed and the same name make the same choices, whatever the scheduler does meanwhile.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
pub struct Dice(u64);

impl Dice {
    /// The dice of whoever has this name.
    pub fn of(seed: u64, name: impl std::hash::Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, name).hash(&mut hasher);
        Self(hasher.finish())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn milliseconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(range.start() + self.below(range.end() - range.start() + 1))
    }

    /// One of some rows, each as likely as its weight.
    pub fn row<'a, T>(&mut self, rows: &'a [T], weight: impl Fn(&T) -> u64) -> &'a T {
        let mut point = self.below(rows.iter().map(&weight).sum());
        rows.iter()
            .find(|row| match point.checked_sub(weight(row)) {
                Some(left) => {
                    point = left;
                    false
                }
                None => true,
            })
            .expect("the point is below the sum of all weights")
    }
}

//! What is random, from one seed: the same seed strikes and asks in the same order, though not at the same instant.

use std::time::Duration;

/// A small generator (splitmix64): enough for a plan, useless for a secret.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one hand; hands of one seed are independent.
    pub(crate) fn new(seed: u64, hand: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hand.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 to `most - 1`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.roll() % most
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or_default();
        of[at]
    }

    /// A time between these two, in milliseconds.
    pub(crate) fn time(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least))
    }
}

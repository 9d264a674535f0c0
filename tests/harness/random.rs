//! Numbers in a row that a seed fixes: splitmix64, small, good enough to choose what to break.

use std::ops::Range;

/// See the module.
pub struct Rng {
    pub seed: u64,
    state: u64,
}

impl Rng {
    /// From `ANNALS_SEED`, else from the system. Whoever uses it says the seed when a test fails.
    #[expect(clippy::disallowed_methods, reason = "a seed repeats a failed test, it is no setting")]
    pub fn new() -> Rng {
        let given = std::env::var("ANNALS_SEED").ok();
        let given = given.map(|seed| seed.parse().expect("ANNALS_SEED is a number"));
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("random bytes");
        Rng::from_seed(given.unwrap_or(u64::from_le_bytes(bytes)))
    }

    /// The same numbers in every run.
    pub fn from_seed(seed: u64) -> Rng {
        Rng { seed, state: seed }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, range: Range<usize>) -> usize {
        range.start + usize::try_from(self.next() % range.len() as u64).expect("below a length")
    }

    /// Both ends are among them.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(0..from.len())]
    }
}

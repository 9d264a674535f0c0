//! 随机数 — random bytes of the operating system, asked for by the page: a call for each salt
//! costs more than hashing with it.

/// Bytes asked for at once.
const PAGE: usize = 4_096;

/// A page of random bytes; each is given once.
pub struct Random {
    page: Box<[u8; PAGE]>,
    given: usize,
}

impl Random {
    /// Nothing is asked for before the first bytes are wanted.
    pub fn new() -> Random {
        Random { page: Box::new([0; PAGE]), given: PAGE }
    }

    /// Fresh bytes; an error where the system would give none.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], getrandom::Error> {
        const { assert!(N <= PAGE) };
        if PAGE - self.given < N {
            getrandom::fill(&mut self.page[..])?;
            self.given = 0;
        }
        let mut bytes = [0; N];
        let from = &mut self.page[self.given..self.given + N];
        bytes.copy_from_slice(from);
        // A salt must not be found in memory once its part is removed.
        from.fill(0);
        self.given += N;
        Ok(bytes)
    }
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}

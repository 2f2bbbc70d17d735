//! The chain that binds the entries of a run to each other and to the run.

use sha2::{Digest, Sha256};

/// The end of a chain so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Link(pub(super) [u8; 32]);

impl Link {
    /// Before the first entry.
    pub(super) const START: Self = Self([0; 32]);

    /// After one more entry. Lengths are hashed before texts, so that no two stories give the same bytes.
    pub(super) fn then(self, run: &str, number: u64, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        feed(&mut hash, run.as_bytes());
        hash.update(number.to_le_bytes());
        feed(&mut hash, body);
        Self(hash.finalize().into())
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02x}{:02x}{:02x}{:02x}…", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}

/// A hash over several parts, told apart by their lengths.
pub(super) fn seal(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        feed(&mut hash, part);
    }
    hash.finalize().into()
}

fn feed(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_counts() {
        let one = Link::START.then("run", 1, b"body");
        let others = [
            Link::START.then("run", 2, b"body"),
            Link::START.then("ru", 1, b"nbody"),
            Link::START.then("run", 1, b"bodz"),
            one.then("run", 1, b"body"),
        ];
        assert!(others.iter().all(|other| *other != one));
        assert_ne!(seal(&[b"ab", b"c"]), seal(&[b"a", b"bc"]));
    }
}

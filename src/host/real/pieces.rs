//! Live output cut between characters, not within them.

/// Holds a character's first bytes back until the rest of it has come.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    /// Hands on what is whole.
    pub(super) fn push(&mut self, bytes: &[u8], output: impl FnOnce(&[u8])) {
        if self.held.is_empty() && unfinished(bytes) == 0 {
            return output(bytes);
        }
        self.held.extend_from_slice(bytes);
        let whole = self.held.len() - unfinished(&self.held);
        if whole > 0 {
            output(&self.held[..whole]);
            self.held.drain(..whole);
        }
    }

    /// Hands on what was held back, when nothing more comes.
    pub(super) fn end(&mut self, output: impl FnOnce(&[u8])) {
        if !self.held.is_empty() {
            output(&std::mem::take(&mut self.held));
        }
    }
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let longest = bytes.len().min(3);
    let first = (1..=longest).find(|back| bytes[bytes.len() - back] & 0b1100_0000 != 0b1000_0000);
    let Some(back) = first else { return 0 };
    let length = match bytes[bytes.len() - back] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    if length > back { back } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut under_test = Pieces::default();
        for piece in pieces {
            under_test.push(piece, |bytes| out.push(bytes.to_vec()));
        }
        under_test.end(|bytes| out.push(bytes.to_vec()));
        out
    }

    #[test]
    fn characters_stay_whole() {
        let text = "aé€😀z".as_bytes();
        for cut in 0..=text.len() {
            let out = fed(&[&text[..cut], &text[cut..]]);
            assert_eq!(out.concat(), text);
            assert!(out.iter().all(|piece| std::str::from_utf8(piece).is_ok()), "cut at {cut}");
        }
    }

    #[test]
    fn bad_bytes_are_not_held_for_ever() {
        assert_eq!(fed(&[b"\xff\xff", b"x"]), [b"\xff\xff".to_vec(), b"x".to_vec()]);
        assert_eq!(fed(&[b"a\xe2\x82"]), [b"a".to_vec(), b"\xe2\x82".to_vec()]);
        assert_eq!(fed(&[b"\x80\x80\x80\x80"]).concat(), b"\x80\x80\x80\x80");
    }
}

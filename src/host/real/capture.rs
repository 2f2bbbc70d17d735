//! What is kept of a process's output: its beginning and its end, in bounded memory.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// Of a long output the first so many bytes are kept …
const HEAD: usize = 64 * 1024;
/// … and the last so many.
const TAIL: usize = 256 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Capture {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = HEAD - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        // Of one large piece only its end can survive.
        let skipped = rest.len().saturating_sub(TAIL);
        let rest = &rest[skipped..];
        let gone = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        self.tail.drain(..gone);
        self.tail.extend(rest);
        self.left_out += (skipped + gone) as u64;
    }

    /// Whether a part of it is in memory no more.
    pub(super) const fn has_lost(&self) -> bool {
        self.left_out > 0
    }

    /// Whether so many bytes more are more than is kept.
    pub(super) fn loses(&self, more: usize) -> bool {
        self.head.len() + self.tail.len() + more > HEAD + TAIL
    }

    /// What is in memory, in order.
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        let (first, second) = self.tail.as_slices();
        [&self.head, first, second]
    }

    /// The text, bad UTF-8 replaced, with a line that tells what is missing.
    pub(super) fn into_text(mut self) -> String {
        if self.left_out == 0 {
            self.head.extend(self.tail);
            return String::from_utf8(self.head)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        }
        // Half a secret on either side of the gap would not be recognised any more.
        let mask = crate::mask::current();
        let tail = self.tail.make_contiguous();
        let (end, begin) = (mask.beginning_at_the_end(&self.head), mask.end_at_the_beginning(tail));
        let (head, tail) = (&self.head[..self.head.len() - end], &tail[begin..]);
        let mut text = String::from_utf8_lossy(head).into_owned();
        let _ = write!(text, "\n… {} bytes left out …\n", self.left_out + (end + begin) as u64);
        text.push_str(&String::from_utf8_lossy(tail));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_head_and_tail() {
        let mut capture = Capture::default();
        capture.push(b"first\n");
        for _ in 0..2000 {
            capture.push(&[b'x'; 1000]);
        }
        capture.push(b"last\xff\n");
        let text = capture.into_text();
        assert!(text.starts_with("first\n") && text.ends_with("last\u{fffd}\n"));
        assert!(text.contains(&format!("… {} bytes left out …", 2_000_012 - HEAD - TAIL)));
        assert!(text.len() < HEAD + TAIL + 100);
    }

    #[test]
    fn no_half_of_a_secret_is_kept() {
        crate::mask::current().learn("s3cret-word");
        let mut capture = Capture::default();
        capture.push(&vec![b'x'; HEAD - 5]);
        capture.push(b"s3cret-word");
        capture.push(&vec![b'y'; TAIL]);
        capture.push(b"s3cret-word");
        capture.push(&vec![b'z'; TAIL - 6]);
        let text = capture.into_text();
        assert!(!text.contains("s3cr") && !text.contains("-word"));
        assert!(text.contains("x\n… ") && text.contains(" …\nz"));
    }

    #[test]
    fn one_huge_piece() {
        let mut capture = Capture::default();
        capture.push(&vec![b'y'; 10 * 1024 * 1024]);
        assert!(capture.into_text().len() < HEAD + TAIL + 100);
    }
}

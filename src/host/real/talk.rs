//! What the far side says of itself, between what the command writes there.
//!
//! A command that runs elsewhere is surrounded by a few words of our own: that it began, and how it ended. They stand
//! in its outputs as `RS rbk:MARK:WORD RS`, with a mark that nobody can guess, and are taken out here. What stands
//! before the first of them was written on the way there: by a login shell, by ssh, by docker. It is no output of
//! the command, and tells why it never began.

/// Begins and ends a word (ASCII's record separator).
const FENCE: u8 = 0x1e;
/// So much of what was written on the way is kept.
const NOISE: usize = 16 * 1024;

/// What was learned from one of the two outputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Far {
    /// The words, in order: `begin:1`, `end:0`.
    pub(super) words: Vec<String>,
    /// What was written outside of them.
    pub(super) noise: String,
}

impl Far {
    /// What stands behind the colon of a word.
    pub(super) fn said(&self, word: &str) -> Option<&str> {
        self.words.iter().rev().find_map(|said| said.strip_prefix(word)?.strip_prefix(':'))
    }
}

/// See the module.
pub(super) struct Talk {
    prefix: Vec<u8>,
    /// What may be the beginning of a word.
    held: Vec<u8>,
    out: Vec<u8>,
    words: Vec<String>,
    noise: Vec<u8>,
    inside: bool,
    ended: bool,
}

impl Talk {
    pub(super) fn new(mark: &str) -> Self {
        let prefix = format!("{}rbk:{mark}:", char::from(FENCE)).into_bytes();
        let (held, out, words, noise) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { prefix, held, out, words, noise, inside: false, ended: false }
    }

    /// How the shell on the far side writes a word: a text for its `printf`.
    pub(super) fn word(mark: &str, word: &str) -> String {
        format!("\\036rbk:{mark}:{word}\\036")
    }

    /// What of these bytes is the command's own.
    pub(super) fn push(&mut self, bytes: &[u8]) -> &[u8] {
        self.out.clear();
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while let Some(at) = rest.iter().position(|byte| *byte == FENCE) {
            self.keep(&rest[..at]);
            rest = &rest[at..];
            let known = rest.len().min(self.prefix.len());
            if rest[..known] != self.prefix[..known] {
                self.keep(&rest[..1]);
                rest = &rest[1..];
                continue;
            }
            let behind = &rest[known..];
            let Some(end) = behind.iter().position(|byte| *byte == FENCE) else { break };
            let word = String::from_utf8_lossy(&behind[..end]).into_owned();
            self.heard(word);
            rest = &behind[end + 1..];
        }
        if rest.first() == Some(&FENCE) {
            self.held = rest.to_vec();
        } else {
            self.keep(rest);
        }
        &self.out
    }

    /// What was held back, when nothing more comes.
    pub(super) fn finish(&mut self) -> &[u8] {
        self.out.clear();
        let held = std::mem::take(&mut self.held);
        self.keep(&held);
        self.ended = true;
        &self.out
    }

    /// Whether nothing more of the command's own will come.
    pub(super) const fn is_over(&self) -> bool {
        self.ended
    }

    pub(super) fn far(&mut self) -> Far {
        Far { words: std::mem::take(&mut self.words), noise: String::from_utf8_lossy(&self.noise).into_owned() }
    }

    fn heard(&mut self, word: String) {
        if word == "begin" {
            self.inside = true;
        }
        if word.starts_with("end:") {
            self.inside = false;
            self.ended = true;
        }
        self.words.push(word);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.inside {
            self.out.extend_from_slice(bytes);
        } else {
            let room = NOISE.saturating_sub(self.noise.len()).min(bytes.len());
            self.noise.extend_from_slice(&bytes[..room]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &[u8] =
        b"Welcome\n\x1erbk:m1:at:1\x1e\x1erbk:m1:begin\x1eone\x1etwo\x1erbk:m2:end:9\x1e\xff\x1erbk:m1:end:3\x1ebye";

    #[test]
    fn words_are_taken_out_wherever_they_are_cut() {
        for first in 0..=SAID.len() {
            for second in first..=SAID.len() {
                let mut talk = Talk::new("m1");
                let mut out = Vec::new();
                for piece in [&SAID[..first], &SAID[first..second], &SAID[second..]] {
                    out.extend_from_slice(talk.push(piece));
                }
                out.extend_from_slice(talk.finish());
                assert_eq!(out, b"one\x1etwo\x1erbk:m2:end:9\x1e\xff", "cut at {first} and {second}");
                let far = talk.far();
                assert_eq!(far.words, ["at:1", "begin", "end:3"]);
                assert_eq!((far.noise.as_str(), far.said("end")), ("Welcome\nbye", Some("3")));
            }
        }
    }

    #[test]
    fn a_word_that_never_ends_is_output() {
        let mut talk = Talk::new("m1");
        assert_eq!(talk.push(b"\x1erbk:m1:begin\x1ea\x1erbk:m1:en"), b"a");
        assert_eq!(talk.finish(), b"\x1erbk:m1:en");
    }
}

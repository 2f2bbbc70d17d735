//! The secrets in all their forms, ready to be found.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{MASK, SHORTEST, forms};

/// Of a text with more lines than this, which is hardly a secret, only so many are looked for one by one.
const MOST_LINES: usize = 2000;

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    texts: HashSet<String>,
    /// Sorted, to find those that begin with something.
    patterns: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
    longest: usize,
}

impl Known {
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    pub(super) fn learn(&mut self, secret: &str) {
        if !self.texts.insert(secret.to_owned()) {
            return;
        }
        let lines = secret.lines().map(str::trim).take(MOST_LINES);
        for part in [secret.trim()].into_iter().chain(lines).filter(|part| part.len() >= SHORTEST) {
            self.patterns.extend(forms::of(part));
        }
        self.patterns.sort_unstable();
        self.patterns.dedup();
        self.longest = self.patterns.iter().map(Vec::len).max().unwrap_or(0);
        // It fails only for more text than a machine has memory for.
        self.finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.patterns).ok();
    }

    /// Where the first secret is.
    pub(super) fn next_in(&self, text: &[u8]) -> Option<std::ops::Range<usize>> {
        self.finder.as_ref()?.find(text).map(|found| found.range())
    }

    /// Hands on what is before, between and behind secrets, and the mask in place of each. What more text could
    /// make a secret of is held back, unless there is no more: the number of bytes done with.
    pub(super) fn pass(&self, text: &[u8], is_all: bool, output: &mut dyn FnMut(&[u8])) -> usize {
        let mut at = 0;
        loop {
            let held_from = if is_all { text.len() } else { self.hold(text, at) };
            match self.next_in(&text[at..]) {
                Some(found) if at + found.start < held_from => {
                    emit(&text[at..at + found.start], output);
                    output(MASK.as_bytes());
                    at += found.end;
                }
                _ => {
                    emit(&text[at..held_from], output);
                    return held_from;
                }
            }
        }
    }

    /// Where, at `from` or behind, the text ends in what is the beginning of a form and not all of it.
    pub(super) fn hold(&self, text: &[u8], from: usize) -> usize {
        let first = from.max(text.len().saturating_sub(self.longest.saturating_sub(1)));
        (first..text.len()).find(|at| self.goes_on(&text[*at..])).unwrap_or(text.len())
    }

    fn goes_on(&self, beginning: &[u8]) -> bool {
        let at = self.patterns.partition_point(|pattern| pattern.as_slice() <= beginning);
        self.patterns.get(at).is_some_and(|pattern| pattern.starts_with(beginning))
    }

    /// How many bytes at the beginning of the text are the end of a form.
    pub(super) fn rest(&self, text: &[u8]) -> usize {
        let of = |pattern: &Vec<u8>| {
            let longest = pattern.len().saturating_sub(1).min(text.len());
            (1..=longest).rev().find(|length| text.starts_with(&pattern[pattern.len() - length..])).unwrap_or(0)
        };
        self.patterns.iter().map(of).max().unwrap_or(0)
    }
}

fn emit(bytes: &[u8], output: &mut dyn FnMut(&[u8])) {
    if !bytes.is_empty() {
        output(bytes);
    }
}

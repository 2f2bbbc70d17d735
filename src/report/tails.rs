//! The last lines of what commands write, by scope: shown when it fails, and line by line with `--verbose`.

use std::collections::{HashMap, VecDeque};

use super::sanitize;
use crate::host::Stream;
use crate::runtime::event::ScopeId;

/// How many lines are kept of a scope.
pub(super) const KEPT: usize = 20;

/// A line without an end is cut here, in bytes.
const LONGEST: usize = 4096;

#[derive(Default)]
struct Tail {
    lines: VecDeque<String>,
    unfinished: [String; 2],
    /// What comes next is of another try: what is here goes then.
    stale: bool,
}

impl Tail {
    fn keep(&mut self, line: &str) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Tails(HashMap<ScopeId, Tail>);

impl Tails {
    /// Adds output; gives back the lines that it ends.
    pub(super) fn add(&mut self, scope: ScopeId, stream: Stream, text: &str) -> Vec<String> {
        let tail = self.0.entry(scope).or_default();
        if tail.stale {
            *tail = Tail::default();
        }
        let which = usize::from(stream == Stream::Stderr);
        let mut ended = Vec::new();
        for piece in text.split_inclusive('\n') {
            let unfinished = &mut tail.unfinished[which];
            unfinished.push_str(piece);
            if piece.ends_with('\n') || unfinished.len() > LONGEST {
                let whole = std::mem::take(unfinished);
                for line in sanitize::lines(&whole) {
                    tail.keep(&line);
                    ended.push(line.into_owned());
                }
            }
        }
        ended
    }

    /// A try of a scope is over.
    pub(super) fn next_try(&mut self, scope: ScopeId) {
        if let Some(tail) = self.0.get_mut(&scope) {
            tail.stale = true;
        }
    }

    /// Forgets a scope; gives back its last lines.
    pub(super) fn take(&mut self, scope: ScopeId) -> Vec<String> {
        let Some(mut tail) = self.0.remove(&scope) else { return Vec::new() };
        for unfinished in std::mem::take(&mut tail.unfinished) {
            sanitize::lines(&unfinished).for_each(|line| tail.keep(&line));
        }
        tail.lines.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_only_the_last_kept() {
        let mut tails = Tails::default();
        assert!(tails.add(1, Stream::Stdout, "one, ").is_empty());
        assert_eq!(tails.add(1, Stream::Stderr, "warning\n"), ["warning"]);
        assert_eq!(tails.add(1, Stream::Stdout, "two\nthree"), ["one, two"]);
        assert_eq!(tails.take(1), ["warning", "one, two", "three"]);
        for n in 0..50 {
            tails.add(2, Stream::Stdout, &format!("{n}\n"));
        }
        assert_eq!(tails.take(2).first().map(String::as_str), Some("30"));
        assert!(tails.take(2).is_empty());
        tails.add(3, Stream::Stdout, "first try\n");
        tails.next_try(3);
        tails.add(3, Stream::Stdout, "second try\n");
        tails.next_try(3);
        assert_eq!(tails.take(3), ["second try"]);
    }
}

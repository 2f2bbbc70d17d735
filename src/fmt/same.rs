//! Whether two texts mean the same: the last look before a file is replaced.

use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use crate::syntax::Parsed;
use crate::syntax::tree::{Comment, File};

/// Whether two trees differ in nothing but places, and have the same comments in the same order.
pub(super) fn same(one: &Parsed, other: &Parsed) -> bool {
    let messages = |parsed: &Parsed| parsed.diagnostics.iter().map(|found| found.message.clone()).collect::<Vec<_>>();
    let comments = |file: &File| {
        file.comments.iter().map(|Comment { text, is_doc, .. }| (text.clone(), *is_doc)).collect::<Vec<_>>()
    };
    digest(&one.file) == digest(&other.file)
        && comments(&one.file) == comments(&other.file)
        && messages(one) == messages(other)
}

/// A number made of all that the tree holds but its spans. It is taken from the debug output, so that no part
/// of the tree can be forgotten.
fn digest(file: &File) -> u64 {
    let mut digest = Digest { hasher: DefaultHasher::new(), place: false };
    // A hasher takes everything.
    let _ = write!(digest, "{:?}", file.body);
    digest.hasher.finish()
}

struct Digest {
    hasher: DefaultHasher,
    /// A place in the text follows.
    place: bool,
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if self.place && is_number {
            return Ok(());
        }
        // `start: 12` comes as `start`, `: ` and `12`.
        self.place = matches!(text, "start" | "end") || (self.place && text == ": ");
        self.hasher.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::same;
    use crate::source::FileId;
    use crate::syntax::parse;

    fn are_same(one: &str, other: &str) -> bool {
        same(&parse(FileId(0), one), &parse(FileId(0), other))
    }

    #[test]
    fn sees_what_differs_in_more_than_places() {
        assert!(are_same("let a = f(1, [2])  # x\nlet b = 3", "let a   = f(1,\n [ 2, ]) # x\n\n\nlet b = 3"));
        for (one, other) in [
            ("let a = 1", "let a = 2"),
            ("let a = 1", "let b = 1"),
            ("wait 10s", "wait 11s"),
            ("$ a  b", "$ a b"),
            ("note \"end: 1\"", "note \"end: 2\""),
            ("a() # x", "a() # y"),
            ("a() # x", "a()"),
            ("a()\nb()", "b()\na()"),
            ("step \"a\" { b() }", "check \"a\" { b() }"),
            ("let a = (1 + 2) * 3", "let a = 1 + 2 * 3"),
            ("## x\nparam a: string", "## x\n\nparam a: string"),
        ] {
            assert!(!are_same(one, other), "{one}");
        }
    }
}

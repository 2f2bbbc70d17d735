//! Annotations of GitHub Actions: `::warning file=…,line=…::message`, as its workflow commands are documented.
//!
//! It shows no more than ten of a kind for a step, so that the worst ten are written, and then how many there are.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::{Counts, all, place};
use crate::diag::Severity;
use crate::lint::Linted;

/// How many annotations a step may have.
const SHOWN: usize = 10;

pub(super) fn github(files: &[Linted]) -> String {
    let mut found: Vec<_> = all(files).collect();
    found.sort_by_key(|(_, found)| Reverse(found.severity));
    let mut out = String::new();
    for (file, found) in found.iter().take(SHOWN) {
        let at = place(file, found);
        let word = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let help = found.help.as_deref().map_or_else(String::new, |help| format!("\n{help}"));
        let _ = writeln!(
            out,
            "::{word} file={},line={},endLine={},col={},endColumn={},title={}::{}",
            property(at.file),
            at.start.line,
            at.end.line,
            at.start.column,
            at.end.column,
            property(&format!("{} {}", found.code.id, found.code.name)),
            data(&format!("{}{help}", found.message)),
        );
    }
    let counts = Counts::of(files);
    let more = counts.total().saturating_sub(SHOWN);
    let shown = if more > 0 { format!("; the worst {SHOWN} are shown, {more} more are not") } else { String::new() };
    let _ = writeln!(out, "rbk lint: {}{shown}", counts.words());
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::testing::files;
    use super::*;

    #[test]
    fn the_worst_first_and_escaped() {
        let text = github(&files());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error file=ops/déploy.rbk,line=1,endLine=1,col=6,endColumn=9,title=RBK0101 unknown-name::no such name"
        );
        assert!(lines[1].ends_with("::a <b> & \"c\": 100%25 wrong%0Aleave it out,%0Aor not"), "{}", lines[1]);
        assert_eq!(lines[2], "rbk lint: 1 error, 1 warning");
    }

    #[test]
    fn ten_are_shown_and_the_rest_counted() {
        let mut files = files();
        files[0].found = files[0].found.iter().cycle().take(25).cloned().collect();
        let text = github(&files);
        assert_eq!(text.lines().filter(|line| line.starts_with("::error")).count(), 10);
        assert!(text.ends_with("13 errors, 12 warnings; the worst 10 are shown, 15 more are not\n"), "{text}");
    }
}

//! For people: with the lines of the source, or one line a finding.

use std::fmt::Write as _;

use super::{all, one_line, place, severity_word};
use crate::diag::{Severity, Style, render};
use crate::lint::Linted;
use crate::report::{Ink, paint};

pub(super) fn human(files: &[Linted], style: Style) -> String {
    let mut out = String::new();
    for (file, found) in all(files) {
        let _ = writeln!(out, "{}\n", render(found, &file.sources, style).trim_end());
    }
    out
}

/// `deploy.rbk:3:5: warning[no-way-back] nothing takes back … (add `undo { … }` …)`
pub(super) fn concise(files: &[Linted], style: Style) -> String {
    let mut out = String::new();
    for (file, found) in all(files) {
        let at = place(file, found);
        let ink = match found.severity {
            Severity::Error => Ink::Bad,
            Severity::Warning => Ink::Warn,
            Severity::Note => Ink::Dim,
        };
        let word = paint(style, ink, &format!("{}[{}]", severity_word(found.severity), found.code.name));
        let help = found.help.as_deref().map_or_else(String::new, |help| format!(" ({})", one_line(help)));
        let message = one_line(&found.message);
        let _ = writeln!(out, "{}:{}:{}: {word} {message}{help}", one_line(at.file), at.start.line, at.start.column);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::files;
    use super::*;

    #[test]
    fn one_line_a_finding() {
        let text = concise(&files(), Style::default());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ops/déploy.rbk:1:6: error[unknown-name] no such name");
        assert_eq!(lines[1], "ops/déploy.rbk:2:5: warning[raw] a <b> & \"c\": 100% wrong (leave it out, or not)");
    }

    #[test]
    fn the_lines_of_the_source_are_shown() {
        let text = human(&files(), Style::default());
        assert!(text.contains("$ a <b> & \"c\"") && text.contains("RBK0205 raw"), "{text}");
    }
}

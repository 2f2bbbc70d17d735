//! `JUnit` XML, as build servers read it: a suite a file, a case a finding; a clean file is one that passed.

use std::fmt::Write as _;

use super::{Counts, place, severity_word};
use crate::lint::Linted;

pub(super) fn junit(files: &[Linted]) -> String {
    let counts = Counts::of(files);
    let clean = files.iter().filter(|file| file.found.is_empty()).count();
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let total = counts.total();
    let _ = writeln!(out, "<testsuites name=\"rbk lint\" tests=\"{}\" failures=\"{total}\">", total + clean);
    for file in files {
        suite(file, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(file: &Linted, out: &mut String) {
    let name = escaped(&file.path.to_string_lossy());
    let failures = file.found.len();
    let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\">", failures.max(1));
    if file.found.is_empty() {
        let _ = writeln!(out, "    <testcase name=\"lint\" classname=\"{name}\"/>");
    }
    for found in &file.found {
        let at = place(file, found);
        let (line, column) = (at.start.line, at.start.column);
        let case = escaped(&format!("{} at {line}:{column}", found.code.name));
        let help = found.help.as_deref().unwrap_or_default();
        let text = format!("{}:{line}:{column}: {}\n{help}", at.file, found.message);
        let _ = writeln!(out, "    <testcase name=\"{case}\" classname=\"{name}\" line=\"{line}\">");
        let _ = writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            severity_word(found.severity),
            escaped(&found.message),
            escaped(text.trim_end())
        );
        let _ = writeln!(out, "    </testcase>");
    }
    out.push_str("  </testsuite>\n");
}

/// XML 1.0 has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::files;
    use super::*;

    #[test]
    fn a_finding_is_a_case_that_failed() {
        let text = junit(&files());
        assert!(text.contains("<testsuites name=\"rbk lint\" tests=\"3\" failures=\"2\">"), "{text}");
        assert!(text.contains("<testcase name=\"lint\" classname=\"clean.rbk\"/>"), "{text}");
        assert!(text.contains("message=\"a &lt;b&gt; &amp; &quot;c&quot;: 100% wrong\""), "{text}");
        assert_eq!(escaped("a\u{1}b"), "a\u{fffd}b");
    }
}

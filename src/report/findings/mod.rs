//! What a linter found, told to people and to machines. The formats' own words are kept; ours are in `json`.

mod github;
mod human;
mod json;
mod junit;
mod sarif;

use std::fmt::Write as _;

use crate::diag::{Diagnostic, Severity, Style};
use crate::lint::Linted;
use crate::source::LineColumn;

pub use json::SCHEMA;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With the lines of the source.
    Human,
    /// One line a finding.
    Concise,
    /// `rbk.lint/1`
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// `JUnit` XML
    Junit,
}

/// How many there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors
    pub errors: usize,
    /// Warnings
    pub warnings: usize,
    /// Notes
    pub notes: usize,
}

impl Counts {
    /// Of all these files.
    pub fn of(files: &[Linted]) -> Self {
        let mut counts = Self::default();
        for found in files.iter().flat_map(|file| &file.found) {
            match found.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Note => counts.notes += 1,
            }
        }
        counts
    }

    /// All of them.
    pub const fn total(self) -> usize {
        self.errors + self.warnings + self.notes
    }

    /// `2 errors, 1 warning`
    pub fn words(self) -> String {
        let of = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 {what}")),
            n => Some(format!("{n} {what}s")),
        };
        let parts = [of(self.errors, "error"), of(self.warnings, "warning"), of(self.notes, "note")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
    }
}

/// Writes all findings in a format.
pub fn written(files: &[Linted], format: Format, style: Style) -> String {
    match format {
        Format::Human => human::human(files, style),
        Format::Concise => human::concise(files, style),
        Format::Json => json::json(files),
        Format::Sarif => sarif::sarif(files),
        Format::Github => github::github(files),
        Format::Junit => junit::junit(files),
    }
}

/// `   12  no-way-back` for each rule, the most frequent first.
pub fn statistics(files: &[Linted]) -> String {
    let mut counts: std::collections::BTreeMap<&str, (usize, usize)> = std::collections::BTreeMap::new();
    for found in files.iter().flat_map(|file| &file.found) {
        let (count, fixable) = counts.entry(found.code.name).or_default();
        *count += 1;
        *fixable += usize::from(found.fix.is_some());
    }
    let mut rows: Vec<(&str, (usize, usize))> = counts.into_iter().collect();
    rows.sort_by_key(|(name, (count, _))| (std::cmp::Reverse(*count), *name));
    let mut out = String::new();
    for (name, (count, fixable)) in rows {
        let fixable = if fixable > 0 { format!("  ({fixable} with a fix)") } else { String::new() };
        let _ = writeln!(out, "{count:>5}  {name}{fixable}");
    }
    out
}

/// The word of a severity.
const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Where a finding stands.
struct Place<'a> {
    file: &'a str,
    start: LineColumn,
    end: LineColumn,
}

fn place<'a>(file: &'a Linted, found: &Diagnostic) -> Place<'a> {
    let span = found.span();
    let source = file.sources.get(span.file);
    Place { file: &source.name, start: source.line_column(span.start), end: source.line_column(span.end) }
}

/// Every finding with its file.
fn all(files: &[Linted]) -> impl Iterator<Item = (&Linted, &Diagnostic)> {
    files.iter().flat_map(|file| file.found.iter().map(move |found| (file, found)))
}

/// A control character would be obeyed by a terminal, and breaks a line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod testing {
    //! Findings made by hand.

    use crate::diag::{Diagnostic, code};
    use crate::lint::Linted;
    use crate::source::{Sources, Span};

    pub(super) fn files() -> Vec<Linted> {
        let mut sources = Sources::default();
        let file = sources.add("ops/déploy.rbk", "step \"x\" {\n    $ a <b> & \"c\"\n}\n");
        let warning = Diagnostic::warning(&code::RAW, Span::new(file, 15, 22), "a <b> & \"c\": 100% wrong", "here")
            .help("leave it out,\nor not")
            .unsafe_fix(Span::new(file, 15, 17), "try $");
        let error = Diagnostic::error(&code::UNKNOWN_NAME, Span::new(file, 5, 8), "no such name", "");
        let found = vec![error, warning];
        let dirty = Linted::of_findings("ops/déploy.rbk", sources, file, found);
        let mut sources = Sources::default();
        let file = sources.add("clean.rbk", "");
        vec![dirty, Linted::of_findings("clean.rbk", sources, file, Vec::new())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_statistics() {
        let files = testing::files();
        assert_eq!(Counts::of(&files).words(), "1 error, 1 warning");
        assert_eq!(Counts::default().words(), "nothing found");
        assert_eq!(statistics(&files), "    1  raw  (1 with a fix)\n    1  unknown-name\n");
    }
}

//! What a good runbook is beyond one that can run: one file a rule, its page beside it.
//!
//! A rule sees trees and the program, and tells. It executes nothing and opens no connection. What keeps a
//! runbook from running is told by the analysis alone, as an error; a rule never says the same again.

mod deeds;
mod linted;
mod rule;
mod rules;
mod scripts;
mod select;
mod subject;
mod suppress;
mod times;
mod walk;
mod way_back;
mod words;

pub use linted::Linted;
pub use rule::Rule;
pub use scripts::{ShellScript, scripts, shellcheck_finding};
pub use select::{Selection, UnknownRule};
pub use suppress::with_ignores;

use crate::analysis::Analysis;
use crate::diag::{Code, Diagnostic, Severity, code, did_you_mean};
use crate::source::{FileId, Span};
use subject::Subject;

/// The page that lists the rules, for `rbk explain lint`; `{rules}` and `{analysis}` stand for the lists.
pub static INDEX: &str = include_str!("index.md");

/// Every rule, by code.
pub fn rules() -> &'static [&'static Rule] {
    rules::ALL
}

/// Looks up `no-way-back` or `RBK0301`, whatever its case.
pub fn find(name: &str) -> Option<&'static Rule> {
    rules().iter().copied().find(|rule| rule.is_called(name))
}

/// Codes of the analysis that only warn: they are selected and suppressed like rules.
pub fn is_analysis_code(name: &str) -> bool {
    code::find(name).is_some()
}

/// The name nearest to one that is no rule.
pub fn nearest(name: &str) -> Option<&'static str> {
    did_you_mean(name, rules().iter().flat_map(|rule| [rule.code.name, rule.code.id]))
}

/// Everything to be said about a runbook's own file: by the analysis, by the rules, about what it suppresses.
/// `others` is what another program said of it (shellcheck). By place; and the spans of several lines in which no
/// comment can stand.
fn lint(analysis: &Analysis, selection: &Selection, others: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Span>) {
    let Some(file) = analysis.trees.last() else { return (analysis.diagnostics.clone(), Vec::new()) };
    let selected = |diagnostic: &Diagnostic| diagnostic.is_analysis_error() || selection.takes(diagnostic.code);
    let mut found: Vec<Diagnostic> =
        analysis.diagnostics.iter().cloned().chain(others).filter(|found| selected(found)).collect();
    // What a broken line was meant to be nobody knows: a rule would find what is not there.
    let is_readable = !analysis.diagnostics.iter().any(|found| found.is_error() && is_of_reading(found.code));
    let mut solid = Vec::new();
    if is_readable {
        let source = analysis.sources.get(file.id);
        let scripts = Some(&analysis.scripts);
        let subject = Subject::new(file, source, analysis.program.as_deref(), selection.environment(), scripts);
        solid = suppress::solid(&subject);
        for rule in rules().iter().filter(|rule| selection.takes(&rule.code)) {
            (rule.check)(&subject, &mut found);
        }
        suppress::apply(&subject, &solid, selection, &mut found);
    }
    sort(file.id, &mut found);
    (found, solid)
}

/// Whether a code is of the text itself: nothing certain is known of such a file.
fn is_of_reading(code: &Code) -> bool {
    code.id.starts_with("RBK00")
}

fn sort(own: FileId, found: &mut Vec<Diagnostic>) {
    found.sort_by_key(|diagnostic| {
        let span = diagnostic.span();
        (span.file != own, span.file, span.start, span.end, diagnostic.code.id)
    });
    found.dedup_by(|a, b| a.span() == b.span() && a.code == b.code && a.message == b.message);
}

impl Diagnostic {
    /// Whether it is an error that the analysis told: it can neither be left out nor suppressed.
    fn is_analysis_error(&self) -> bool {
        self.severity == Severity::Error && find(self.code.id).is_none()
    }
}

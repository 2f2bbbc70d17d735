//! A file that was linted, and its text with the fixes in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Selection, find, lint};
use crate::analysis::Analysis;
use crate::diag::{Diagnostic, Fix};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::syntax::tree::StmtKind;

/// A file that was linted.
#[derive(Clone, Debug)]
pub struct Linted {
    /// As it was given.
    pub path: PathBuf,
    /// Its text and those that it uses.
    pub sources: Arc<Sources>,
    /// Its own file.
    pub file: FileId,
    /// What is to be said about it, by place.
    pub found: Vec<Diagnostic>,
    /// The names of its environments, those of what it uses included.
    pub environments: Vec<Arc<str>>,
    /// Spans of more than one line in which no comment can stand: scripts, texts.
    pub(super) solid: Vec<Span>,
}

impl Linted {
    /// Lints what was analysed. `others` is what another program said of it.
    pub fn new(path: &Path, analysis: &Analysis, selection: &Selection, others: Vec<Diagnostic>) -> Self {
        let file = analysis.trees.last().map_or(FileId(0), |tree| tree.id);
        let (found, solid) = lint(analysis, selection, others);
        let environments = environments(analysis);
        Self { path: path.to_owned(), sources: Arc::clone(&analysis.sources), file, found, environments, solid }
    }

    /// A file with these findings, for tests of how they are told.
    #[cfg(test)]
    pub(crate) fn of_findings(path: &str, sources: Sources, file: FileId, found: Vec<Diagnostic>) -> Self {
        let sources = Arc::new(sources);
        Self { path: PathBuf::from(path), sources, file, found, environments: Vec::new(), solid: Vec::new() }
    }

    /// Its own text.
    pub fn source(&self) -> &SourceFile {
        self.sources.get(self.file)
    }

    /// Whether its text, names or types are wrong: it could not run.
    pub fn is_broken(&self) -> bool {
        self.found.iter().any(|found| found.is_error() && find(found.code.id).is_none())
    }

    /// How many findings can be mended by `--fix`, or with `--unsafe-fixes`.
    pub fn fixable(&self, also_unsafe: bool) -> usize {
        self.fixes(also_unsafe).len()
    }

    /// Its text with the fixes in it, and how many they were; nothing if there are none.
    pub fn fixed(&self, also_unsafe: bool) -> Option<(String, usize)> {
        let fixes = self.fixes(also_unsafe);
        (!fixes.is_empty()).then(|| (applied(&self.source().text, &fixes), fixes.len()))
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|found| found.is_error()).count()
    }

    /// The fixes of its own text that do not touch each other, by place.
    fn fixes(&self, also_unsafe: bool) -> Vec<&Fix> {
        let own = self.found.iter().filter_map(|found| found.fix.as_ref());
        let mut chosen: Vec<&Fix> = own.filter(|fix| fix.span.file == self.file && (fix.safe || also_unsafe)).collect();
        chosen.sort_by_key(|fix| (fix.span.start, fix.span.end));
        chosen.dedup();
        let mut end = 0;
        chosen.retain(|fix| {
            let fits = fix.span.start >= end;
            if fits {
                // Two insertions at one place would depend on their order.
                end = fix.span.end.max(fix.span.start + 1);
            }
            fits
        });
        chosen
    }
}

fn environments(analysis: &Analysis) -> Vec<Arc<str>> {
    let stmts = analysis.trees.iter().flat_map(|tree| &tree.body);
    let names = stmts.filter_map(|stmt| match &stmt.kind {
        StmtKind::Env(env) => Some(Arc::clone(&env.name.name)),
        _ => None,
    });
    names.collect()
}

fn applied(text: &str, fixes: &[&Fix]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for fix in fixes {
        out.push_str(text.get(at..fix.span.start as usize).unwrap_or_default());
        out.push_str(&fix.replacement);
        at = fix.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;

    #[test]
    fn fixes_that_touch_each_other_wait_for_the_next_round() {
        let mut sources = Sources::default();
        let file = sources.add("a", "abcdef");
        let fix = |start, end, with: &str| {
            Diagnostic::warning(&code::RAW, Span::new(file, start, end), "", "").fix(Span::new(file, start, end), with)
        };
        let unsafe_one = Diagnostic::warning(&code::RAW, Span::new(file, 5, 6), "", "");
        let found =
            vec![fix(3, 4, "D"), fix(0, 2, "X"), fix(1, 3, "Y"), unsafe_one.unsafe_fix(Span::new(file, 5, 6), "F")];
        let linted = Linted::of_findings("a", sources, file, found);
        assert_eq!(linted.fixed(false), Some(("XcDef".to_owned(), 2)));
        assert_eq!(linted.fixed(true), Some(("XcDeF".to_owned(), 3)));
    }
}

//! From trees to a program: names resolved to slots, types and units checked, effects
//! checked, for every environment at once. Nothing is executed here.

mod assemble;
mod declare;
mod elsewhere;
mod environments;
mod facts;
mod header;
mod lower;
mod modules;
mod names;
pub mod program;
mod pure;
pub mod typed;
mod types;
pub mod within;

use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

pub use program::Program;

use crate::catalog::Registry;
use crate::diag::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::shell::Script;
use crate::syntax::tree;
use program::{Loaded, Loader};

/// What is known of a runbook without running it.
#[derive(Debug)]
pub struct Analysis {
    /// Its file and all that it uses.
    pub sources: Arc<Sources>,
    /// What is to be said about it, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The program, unless something is wrong.
    pub program: Option<Arc<Program>>,
    /// The trees of its files, its own last.
    pub trees: Vec<tree::File>,
    /// Its commands as the shell reads them, by where they stand.
    pub scripts: HashMap<Span, Arc<Script>>,
}

impl Analysis {
    /// Whether it can run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Analyses a runbook with everything it uses.
pub fn analyse(main: Loaded, loader: &dyn Loader, registry: Registry) -> Analysis {
    analyse_called(main, loader, registry, &mut Vec::new())
}

/// The same for a runbook that another one calls; `callers` are those that do.
fn analyse_called(
    main: Loaded,
    loader: &dyn Loader,
    registry: Registry,
    callers: &mut Vec<std::path::PathBuf>,
) -> Analysis {
    let mut sources = Sources::default();
    callers.push(main.path.clone());
    let mut modules = modules::load(main, loader, &mut sources);
    let mut diagnostics = std::mem::take(&mut modules.diagnostics);
    let sources = Arc::new(sources);
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    let mut declared = declare::Declared::new(&modules, &sources, loader, registry, callers);
    let program = declared.program();
    let scripts = std::mem::take(&mut declared.scripts);
    let mut found = declared.into_diagnostics();
    elsewhere::check(&program, &mut found);
    if broken {
        // A line or file that could not be read leaves names unbound: what follows from that is noise.
        found.retain(|found| !lower::follows_from_broken_lines(found) && !says_again(found, &diagnostics));
    }
    diagnostics.append(&mut found);
    callers.pop();
    diagnostics.sort_by_key(|diagnostic| {
        let span = diagnostic.span();
        (std::cmp::Reverse(span.file), span.start, span.end)
    });
    diagnostics.dedup_by(|a, b| a.span() == b.span() && a.message == b.message);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let trees = modules.all.into_iter().map(|module| module.tree).collect();
    Analysis { sources, diagnostics, program: (!failed).then(|| Arc::new(program)), trees, scripts }
}

/// Whether a text that could not be read there has been told already: what else it seems to be is noise.
fn says_again(found: &Diagnostic, told: &[Diagnostic]) -> bool {
    let here = found.span();
    told.iter().map(Diagnostic::span).any(|read| {
        read.file == here.file
            && (read.start.saturating_sub(1)..=read.end).contains(&here.start)
            && read.end >= here.end
    })
}

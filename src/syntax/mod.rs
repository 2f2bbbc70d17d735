//! From text to a typed tree. No name is resolved here.

mod build;
pub mod command_text;
mod limits;
mod numbers;
mod parser;
pub mod shell;
mod strings;
pub mod tree;

use build::Builder;
use parser::Rule;
use pest::iterators::Pairs;
use tree::{Expr, ExprKind, File, TypeExpr};

use crate::diag::{Diagnostic, code};
use crate::source::{FileId, Span};

/// What came of reading a text: always a tree, and what is wrong with the text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What could be read. Broken lines are `Error` nodes.
    pub file: File,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a whole file. It never fails; one call reports every error.
pub fn parse(id: FileId, text: &str) -> Parsed {
    let read = |rule| {
        read(id, text, rule, |builder, pairs| {
            let file = builder.file(pairs);
            (file, builder.into_diagnostics())
        })
    };
    let misses_brace = |found: &[Diagnostic]| found.iter().any(|found| found.code == &code::UNCLOSED);
    let first = read(Rule::file);
    // Read again so that the rest of the file is not taken for the inside of the open block.
    let read = match first {
        Ok((_, found)) if misses_brace(&found) => read(Rule::file_with_open_block),
        first => first,
    };
    match read {
        Ok((file, diagnostics)) => Parsed { file, diagnostics },
        Err(diagnostic) => {
            Parsed { file: File { id, body: Vec::new(), comments: Vec::new() }, diagnostics: vec![*diagnostic] }
        }
    }
}

/// Reads one expression, as it is typed at a prompt.
pub fn parse_expr(id: FileId, text: &str) -> (Expr, Vec<Diagnostic>) {
    let read = read(id, text, Rule::expr_text, |builder, pairs| {
        let expr = builder.expr_text(pairs);
        (expr, builder.into_diagnostics())
    });
    read.unwrap_or_else(|diagnostic| (Expr { kind: ExprKind::Error, span: Span::new(id, 0, 0) }, vec![*diagnostic]))
}

/// Reads a type such as `{ status: int, headers: record }`. Its spans are relative to `text`, in no file.
/// `None` if it is none.
pub fn parse_type(text: &str) -> Option<TypeExpr> {
    let read = read(FileId(u32::MAX), text, Rule::type_text, |builder, pairs| {
        let ty = builder.type_text(pairs);
        ty.filter(|_| builder.into_diagnostics().is_empty())
    });
    read.ok().flatten()
}

/// Nested more deeply than this, a text is read on a thread with a stack of its own, so that
/// how deep a text may be does not depend on the thread that asks.
const SHALLOW: usize = 12;

/// Enough for the deepest text in a build without optimisation, in bytes.
const STACK: usize = 64 << 20;

/// Checks the limits, parses, builds.
fn read<'t, T: Send>(
    id: FileId,
    text: &'t str,
    rule: Rule,
    build: impl FnOnce(Builder<'t>, Pairs<'t, Rule>) -> T + Send,
) -> Result<T, Box<Diagnostic>> {
    let depth = limits::check(id, text)?;
    let too_deep = || {
        let message = "this file is nested too deeply to be read";
        Box::new(Diagnostic::error(&code::TOO_LARGE, Span::new(id, 0, 0), message, ""))
    };
    let run = || parser::run(rule, text).map(|pairs| build(Builder::new(id, text), pairs));
    if depth <= SHALLOW {
        return run().ok_or_else(too_deep);
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        thread.ok().and_then(|thread| thread.join().ok()).flatten().ok_or_else(too_deep)
    })
}

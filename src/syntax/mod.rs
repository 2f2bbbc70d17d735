//! From text to a typed tree. No name is resolved here.

mod build;
pub mod colours;
pub mod command_text;
mod numbers;
mod parser;
pub mod seldom;
pub mod shell;
pub mod sql;
mod strings;
pub mod tree;
pub mod within;

use build::Builder;
use parser::{Pairs, Rule, Stack};
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
            Parsed { file: File { id, body: Vec::new(), comments: Vec::new() }, diagnostics: vec![diagnostic] }
        }
    }
}

/// Reads one expression, as it is typed at a prompt.
pub fn parse_expr(id: FileId, text: &str) -> (Expr, Vec<Diagnostic>) {
    let read = read(id, text, Rule::expr_text, |builder, pairs| {
        let expr = builder.expr_text(pairs);
        (expr, builder.into_diagnostics())
    });
    read.unwrap_or_else(|diagnostic| (Expr { kind: ExprKind::Error, span: Span::new(id, 0, 0) }, vec![diagnostic]))
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

/// The longest text, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Enough for the deepest text in a build without optimisation, in bytes.
const STACK: usize = 64 << 20;

/// Parses and builds. What is nested deeply is read on a thread with a stack of its own, so that how deep a text may be
/// does not depend on the thread that asks.
fn read<T: Send>(
    id: FileId,
    text: &str,
    rule: Rule,
    build: impl Fn(Builder<'_>, Pairs<'_>) -> T + Send + Sync,
) -> Result<T, Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(too_large(id, text.len()));
    }
    let run = |stack| parser::run(rule, text, stack).map(|nodes| build(Builder::new(id, text), nodes.all()));
    run(Stack::Ours).or_else(|at| {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || run(Stack::Large));
            thread.ok().and_then(|thread| thread.join().ok()).unwrap_or(Err(at))
        })
        .map_err(|at| too_deep(id, text, at))
    })
}

fn too_large(id: FileId, bytes: usize) -> Diagnostic {
    let message = format!("the file has {bytes} bytes; rbk reads {MAX_BYTES} at most");
    let help = "split it: `use \"./part.rbk\"` brings in actions and checks, `call` runs another runbook as a step";
    Diagnostic::error(&code::TOO_LARGE, Span::new(id, 0, 0), message, "").help(help)
}

fn too_deep(id: FileId, text: &str, at: usize) -> Diagnostic {
    let level = text.get(at..).and_then(|rest| rest.chars().next());
    let end = at + level.map_or(0, char::len_utf8);
    let place = Span::new(id, build::offset(at), build::offset(end));
    let diagnostic = Diagnostic::error(&code::TOO_LARGE, place, "this is nested too deeply", "the level too many");
    diagnostic.help("give the inner parts names with `let`, or make them actions")
}

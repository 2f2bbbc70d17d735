//! From text to a typed tree. No name is resolved here.

mod build;
mod numbers;
mod parser;
mod strings;
pub mod tree;

use build::Builder;
use parser::Rule;
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
    let builder = Builder::new(id, text);
    match parser::run(Rule::file, text) {
        Some(pairs) => {
            let file = builder.file(pairs);
            Parsed { file, diagnostics: builder.into_diagnostics() }
        }
        None => {
            let file = File { id, body: Vec::new(), comments: Vec::new() };
            Parsed { file, diagnostics: vec![gave_up(id)] }
        }
    }
}

/// Reads one expression, as it is typed at a prompt.
pub fn parse_expr(id: FileId, text: &str) -> (Expr, Vec<Diagnostic>) {
    let builder = Builder::new(id, text);
    match parser::run(Rule::expr_text, text) {
        Some(pairs) => {
            let expr = builder.expr_text(pairs);
            (expr, builder.into_diagnostics())
        }
        None => (Expr { kind: ExprKind::Error, span: Span::new(id, 0, 0) }, vec![gave_up(id)]),
    }
}

/// Reads a type such as `{ status: int, headers: record }`. Its spans are relative to `text`, in no file.
/// `None` if it is none.
pub fn parse_type(text: &str) -> Option<TypeExpr> {
    let builder = Builder::new(FileId(u32::MAX), text);
    let ty = builder.type_text(parser::run(Rule::type_text, text)?)?;
    builder.into_diagnostics().is_empty().then_some(ty)
}

fn gave_up(id: FileId) -> Diagnostic {
    Diagnostic::error(&code::TOO_LARGE, Span::new(id, 0, 0), "this file is nested too deeply to be read", "")
}

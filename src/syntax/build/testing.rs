//! What the unit tests of the builders share.

use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::syntax::tree::{Expr, Rhs, Stmt, StmtKind};
use crate::syntax::{Parsed, parse, parse_expr};

/// The statements of a correct text.
pub(super) fn body(text: &str) -> Vec<Stmt> {
    let Parsed { file, diagnostics } = parse(FileId(0), text);
    assert!(diagnostics.is_empty(), "{text}: {:?}", messages(&diagnostics));
    file.body
}

/// The one statement of a correct text.
pub(super) fn one(text: &str) -> StmtKind {
    let mut body = body(text);
    assert_eq!(body.len(), 1, "{text}");
    body.remove(0).kind
}

/// A correct expression.
pub(super) fn expr(text: &str) -> Expr {
    let (expr, diagnostics) = parse_expr(FileId(0), text);
    assert!(diagnostics.is_empty(), "{text}: {:?}", messages(&diagnostics));
    expr
}

/// The one diagnostic of a text with one fault.
pub(super) fn fault(text: &str) -> Diagnostic {
    let mut diagnostics = parse(FileId(0), text).diagnostics;
    assert_eq!(diagnostics.len(), 1, "{text}: {:?}", messages(&diagnostics));
    diagnostics.remove(0)
}

/// The text after the fix of its one fault; it must then be correct.
pub(super) fn mended(text: &str) -> String {
    let fault = fault(text);
    let Some(fix) = fault.fix else { panic!("no fix: {text}: {}", fault.message) };
    let (start, end) = (fix.span.start as usize, fix.span.end as usize);
    let mended = format!("{}{}{}", &text[..start], fix.replacement, &text[end..]);
    body(&mended);
    mended
}

/// A command as a statement.
pub(super) fn command(text: &str) -> crate::syntax::tree::Command {
    match one(text) {
        StmtKind::Value(Rhs::Command(command)) => command,
        other => panic!("{text}: {other:?}"),
    }
}

fn messages(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect()
}

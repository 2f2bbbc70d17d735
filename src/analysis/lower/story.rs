//! The runbook itself: its header, and what runs.

use super::super::names::FrameNames;
use super::super::program::{Block, Finally, Header};
use super::Lower;
use crate::diag::{Diagnostic, code};
use crate::eval::{Expr, ExprKind};
use crate::syntax::tree::{self, StmtKind};
use crate::value::Value;

impl Lower<'_, '_, '_> {
    pub(crate) fn story(&mut self, file: &tree::File) -> (Header, Block, Option<Finally>) {
        let mut header = Header::default();
        let mut seen_header = false;
        let mut body = Vec::new();
        let mut finally = None;
        for stmt in &file.body {
            match &stmt.kind {
                StmtKind::Header(written) => {
                    if std::mem::replace(&mut seen_header, true) {
                        self.misplaced(
                            written.title.span,
                            "a file holds one runbook: this is its second header",
                            "keep one of them; another runbook has a file of its own: call \"./other.rbk\"",
                        );
                        continue;
                    }
                    header = self.header(written);
                }
                StmtKind::Use(_)
                | StmtKind::Param(_)
                | StmtKind::Secret(_)
                | StmtKind::Env(_)
                | StmtKind::Action(_)
                | StmtKind::CheckDecl(_)
                | StmtKind::Fn(_)
                | StmtKind::Let(_) => {}
                StmtKind::Test(test) => {
                    let message = "tests are part of the language, and this version reads them without running them";
                    let help = "`rbk plan` shows what would be done, and runs nothing";
                    self.report(Diagnostic::warning(&code::NOT_AVAILABLE, test.title.span, message, "").help(help));
                }
                // Lowered last: it may use any name of the story.
                StmtKind::Finally(_) => {}
                StmtKind::Var(_) | StmtKind::Assign(_) => {
                    self.misplaced(stmt.span, "at the top level only `let` stands", "move it into a phase");
                }
                _ => self.statement(stmt, &mut body),
            }
        }
        for stmt in &file.body {
            if let StmtKind::Finally(block) = &stmt.kind {
                if finally.is_some() {
                    self.misplaced(stmt.span, "there is a `finally` already", "put both into one");
                }
                // What the story binds may be unbound when it ends early.
                finally = Some(self.finally(block, FrameNames::start()));
            }
        }
        (header, Block { pure: super::super::pure::is_pure(&body), body }, finally)
    }
}

/// The texts of a constant list.
pub(super) fn constant_texts(expr: &Expr) -> Vec<String> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().filter_map(constant_text).collect(),
        ExprKind::Const(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        _ => constant_text(expr).into_iter().collect(),
    }
}

/// A constant text.
pub(crate) fn constant_text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Const(value) => Some(value.to_text()),
        _ => None,
    }
}

//! Durations that are known before anything runs.

use super::subject::Subject;
use crate::syntax::tree::{Expr, ExprKind};

/// A duration in nanoseconds: a literal, or the name of a `let` of the top level that is one.
pub(crate) fn duration(subject: &Subject<'_>, expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Duration(nanoseconds) => Some(*nanoseconds),
        ExprKind::Name(name) => match subject.top_let(name)?.kind {
            ExprKind::Duration(nanoseconds) => Some(nanoseconds),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number that is written out.
pub(crate) fn number(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(number) => Some(*number),
        _ => None,
    }
}

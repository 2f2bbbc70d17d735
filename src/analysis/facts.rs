//! What a condition tells about names: `x != null` makes `x` safe to use where it holds.

use std::sync::Arc;

use crate::syntax::tree::{BinaryOp, Expr, ExprKind, UnaryOp};

/// Paths that are certainly not null where `expr` is `truth`.
pub(super) fn not_null(expr: &Expr, truth: bool, found: &mut Vec<Arc<str>>) {
    match &expr.kind {
        ExprKind::Unary(UnaryOp::Not, inner) => not_null(inner, !truth, found),
        ExprKind::Binary(BinaryOp::And, _, a, b) if truth => {
            not_null(a, true, found);
            not_null(b, true, found);
        }
        ExprKind::Binary(BinaryOp::Or, _, a, b) if !truth => {
            not_null(a, false, found);
            not_null(b, false, found);
        }
        ExprKind::Binary(op @ (BinaryOp::NotEqual | BinaryOp::Equal), _, a, b)
            if (*op == BinaryOp::NotEqual) == truth =>
        {
            let side = match (&a.kind, &b.kind) {
                (_, ExprKind::Null) => a,
                (ExprKind::Null, _) => b,
                _ => return,
            };
            found.extend(path(side).map(Arc::from));
        }
        _ => {}
    }
}

/// `a.b.c` as text, if it is nothing else.
pub(super) fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Member { object, name, .. } => {
            let mut path = path(object)?;
            path.push('.');
            path.push_str(&name.name);
            Some(path)
        }
        _ => None,
    }
}

/// The parts of `a and b and c`.
pub(super) fn conjuncts<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::And, _, a, b) => {
            conjuncts(a, found);
            conjuncts(b, found);
        }
        _ => found.push(expr),
    }
}

/// Every name in an expression that consists of names, literals and operators only; `None` if it has calls.
pub(super) fn plain_names<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) -> Option<()> {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Percent(_) => Some(()),
        ExprKind::Str(text) => text.as_plain().map(|_| ()),
        ExprKind::Name(name) => {
            found.push(name);
            Some(())
        }
        ExprKind::Unary(_, inner) | ExprKind::Member { object: inner, .. } => plain_names(inner, found),
        ExprKind::Binary(_, _, a, b) | ExprKind::Index(a, b) => {
            plain_names(a, found)?;
            plain_names(b, found)
        }
        ExprKind::List(items) => items.iter().try_for_each(|item| plain_names(item, found)),
        ExprKind::Record(_)
        | ExprKind::Call { .. }
        | ExprKind::Lambda { .. }
        | ExprKind::If { .. }
        | ExprKind::Try { .. }
        | ExprKind::Error => None,
    }
}

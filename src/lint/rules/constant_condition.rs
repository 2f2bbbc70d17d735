//! A condition whose outcome is known before anything runs.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::walk::any;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind, StmtKind, UnaryOp};

rule!("RBK0311" "constant-condition" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for site in &subject.sites {
        let (word, condition) = match &site.stmt.kind {
            StmtKind::Assert(assert) => ("assert", &assert.condition),
            StmtKind::FailWhen(sign) => ("fail_when", &sign.condition),
            StmtKind::WarnWhen(sign) => ("warn_when", &sign.condition),
            _ => continue,
        };
        let Some(outcome) = outcome(subject, condition) else { continue };
        let (always, help) = if outcome {
            ("always holds", "compare with what was measured")
        } else {
            ("never holds", "compare with what was measured; to fail on purpose write: fail \"why\"")
        };
        let help = alternatives(subject, condition).unwrap_or_else(|| help.to_owned());
        let message = format!("this `{word}` {always}, whatever is measured");
        found.push(RULE.at(condition.span, message, if outcome { "always true" } else { "always false" }).help(help));
    }
}

/// What a condition comes to, if it is the same every time.
fn outcome(subject: &Subject<'_>, expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Bool(value) => Some(*value),
        ExprKind::Unary(UnaryOp::Not, inner) => outcome(subject, inner).map(|value| !value),
        ExprKind::Binary(BinaryOp::And, _, a, b) => match (outcome(subject, a), outcome(subject, b)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => excluded(subject, a, b, BinaryOp::Equal).then_some(false),
        },
        ExprKind::Binary(BinaryOp::Or, _, a, b) => match (outcome(subject, a), outcome(subject, b)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => excluded(subject, a, b, BinaryOp::NotEqual).then_some(true),
        },
        ExprKind::Binary(op, _, a, b) => compared(subject, *op, a, b),
        _ => None,
    }
}

fn compared(subject: &Subject<'_>, op: BinaryOp, a: &Expr, b: &Expr) -> Option<bool> {
    if let Some((left, right)) = number(a).zip(number(b)) {
        return holds(op, left.partial_cmp(&right)?);
    }
    if let (ExprKind::Str(left), ExprKind::Str(right)) = (&a.kind, &b.kind) {
        return holds(op, left.as_plain()?.cmp(&right.as_plain()?));
    }
    let calls = any(a, &mut |part| matches!(part.kind, ExprKind::Call { .. } | ExprKind::Try { .. } | ExprKind::Error));
    if !calls && subject.text(a.span) == subject.text(b.span) {
        return holds(op, std::cmp::Ordering::Equal);
    }
    let is_count = matches!(&a.kind, ExprKind::Member { name, .. } if matches!(&*name.name, "len" | "count"));
    match (op, &b.kind) {
        (BinaryOp::GreaterEqual, ExprKind::Int(0)) if is_count => Some(true),
        (BinaryOp::Less, ExprKind::Int(0)) if is_count => Some(false),
        (BinaryOp::In, ExprKind::List(items)) if items.is_empty() => Some(false),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "only the order of two literals matters")]
    match &expr.kind {
        ExprKind::Int(value) => Some(*value as f64),
        ExprKind::Float(value) => Some(*value),
        _ => None,
    }
}

fn holds(op: BinaryOp, order: std::cmp::Ordering) -> Option<bool> {
    match op {
        BinaryOp::Equal => Some(order.is_eq()),
        BinaryOp::NotEqual => Some(order.is_ne()),
        BinaryOp::Less => Some(order.is_lt()),
        BinaryOp::LessEqual => Some(order.is_le()),
        BinaryOp::Greater => Some(order.is_gt()),
        BinaryOp::GreaterEqual => Some(order.is_ge()),
        _ => None,
    }
}

/// `x == 1 and x == 2`, `x != 1 or x != 2`: the same thing against two different literals.
fn excluded(subject: &Subject<'_>, a: &Expr, b: &Expr, op: BinaryOp) -> bool {
    let (ExprKind::Binary(one, _, x, left), ExprKind::Binary(other, _, y, right)) = (&a.kind, &b.kind) else {
        return false;
    };
    let literal = |expr: &Expr| matches!(expr.kind, ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::Bool(_));
    *one == op
        && *other == op
        && subject.text(x.span) == subject.text(y.span)
        && literal(left)
        && literal(right)
        && subject.text(left.span) != subject.text(right.span)
}

/// What was meant by `x != 1 or x != 2`.
fn alternatives(subject: &Subject<'_>, expr: &Expr) -> Option<String> {
    let ExprKind::Binary(op, _, a, b) = &expr.kind else { return None };
    let wanted = if *op == BinaryOp::Or { BinaryOp::NotEqual } else { BinaryOp::Equal };
    if !excluded(subject, a, b, wanted) {
        return None;
    }
    let (ExprKind::Binary(_, _, x, left), ExprKind::Binary(_, _, _, right)) = (&a.kind, &b.kind) else { return None };
    let (x, left, right) = (subject.text(x.span), subject.text(left.span), subject.text(right.span));
    let not = if *op == BinaryOp::Or { "not " } else { "" };
    Some(format!("write: {not}({x} in [{left}, {right}])"))
}

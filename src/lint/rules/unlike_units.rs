//! A number compared with a quantity of another unit.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind};

rule!("RBK0312" "unlike-units" Warning, check);

/// Endings of names that say in which unit a plain number is: the ending, the function that makes a quantity of it,
/// and what it measures.
const UNITS: &[(&str, &str, Kind)] = &[
    ("_ms", "milliseconds", Kind::Time),
    ("_millis", "milliseconds", Kind::Time),
    ("_milliseconds", "milliseconds", Kind::Time),
    ("_secs", "seconds", Kind::Time),
    ("_seconds", "seconds", Kind::Time),
    ("_minutes", "minutes", Kind::Time),
    ("_hours", "hours", Kind::Time),
    ("_bytes", "bytes", Kind::Size),
    ("_percent", "percent", Kind::Share),
    ("_pct", "percent", Kind::Share),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Size,
    Share,
}

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (expr, _) in &subject.exprs {
        let ExprKind::Binary(op, _, a, b) = &expr.kind else { continue };
        let compares = matches!(
            op,
            BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::Less
                | BinaryOp::LessEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterEqual
        );
        if !compares {
            continue;
        }
        found.extend(quantity(subject, a, b).or_else(|| quantity(subject, b, a)));
        found.extend(two_units(subject, a, b));
        found.extend(share(a, b).or_else(|| share(b, a)));
    }
}

/// `.latency_ms > 2s`
fn quantity(subject: &Subject<'_>, number: &Expr, quantity: &Expr) -> Option<Diagnostic> {
    let (name, (_, function, kind)) = unit(number)?;
    let literal = match quantity.kind {
        ExprKind::Duration(_) => Kind::Time,
        ExprKind::Size(_) => Kind::Size,
        ExprKind::Percent(_) => Kind::Share,
        _ => return None,
    };
    let text = subject.text(number.span);
    let message = format!("`{name}` is a plain number, and this is a quantity: they have no order");
    let finding = RULE.at(number.span, message, "a plain number").label(quantity.span, "with a unit");
    if *kind == literal {
        let with_unit = format!("{function}({text})");
        let help = format!("give the number its unit: {with_unit}");
        return Some(finding.help(help).unsafe_fix(number.span, with_unit));
    }
    let other = subject.text(quantity.span);
    Some(finding.help(format!("`{name}` does not measure the same as `{other}`: compare it with another literal")))
}

/// `a.latency_ms < b.limit_seconds`
fn two_units(subject: &Subject<'_>, a: &Expr, b: &Expr) -> Option<Diagnostic> {
    let ((left, (_, one, kind)), (right, (_, other, same))) = (unit(a)?, unit(b)?);
    if kind != same || one == other {
        return None;
    }
    let message = format!("`{left}` and `{right}` are plain numbers of unlike units");
    let help = format!("give both their unit: {one}({}) and {other}({})", subject.text(a.span), subject.text(b.span));
    Some(RULE.at(a.span, message, *one).label(b.span, *other).help(help))
}

/// `m.ratio("errors", "requests") > 5`
fn share(ratio: &Expr, number: &Expr) -> Option<Diagnostic> {
    let ExprKind::Int(value @ 2..=100) = number.kind else { return None };
    let is_ratio = match &ratio.kind {
        ExprKind::Call { callee, .. } => last(callee).is_some_and(|name| name == "ratio"),
        _ => last(ratio).is_some_and(|name| name == "ratio" || name.ends_with("_ratio")),
    };
    if !is_ratio {
        return None;
    }
    let message = format!("a ratio is between 0 and 1, and this compares it with {value}");
    let finding = RULE.at(number.span, message, format!("{value}00%")).label(ratio.span, "a ratio");
    Some(finding.help(format!("write {value}%")).unsafe_fix(number.span, format!("{value}%")))
}

/// A name that says its unit. Names that are bound here have a type of their own, and the analysis compares that.
fn unit(expr: &Expr) -> Option<(&str, &'static (&'static str, &'static str, Kind))> {
    let ExprKind::Member { name, .. } = &expr.kind else { return None };
    let name: &str = &name.name;
    UNITS.iter().find(|(ending, ..)| name.ends_with(ending)).map(|unit| (name, unit))
}

fn last(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Member { name, .. } => Some(&name.name),
        _ => None,
    }
}

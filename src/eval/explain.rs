//! Why a condition does not hold: the value of each part that says something, and one line for progress.

use super::context::Context;
use super::expr::{Argument, Expr, ExprKind};
use crate::source::Span;
use crate::syntax::tree::{BinaryOp, UnaryOp};
use crate::value::display::{self, SHORT};
use crate::value::{Value, units};

/// A part of a condition and what it was.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The part.
    pub span: Span,
    /// Its value for people, shortened, secrets masked.
    pub text: String,
    /// Its value.
    pub value: Value,
}

/// More labels than this nobody reads.
const MAX_PIECES: usize = 8;

/// The values of the parts that decided a condition: names, chains of members as one, calls,
/// both sides of a comparison. Literals are not repeated.
pub fn explain(expr: &Expr, context: &mut Context<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    collect(expr, context, &mut pieces);
    pieces.truncate(MAX_PIECES);
    pieces
}

fn collect(expr: &Expr, context: &mut Context<'_>, pieces: &mut Vec<Piece>) {
    if pieces.len() >= MAX_PIECES {
        return;
    }
    match &expr.kind {
        ExprKind::Const(_) => {}
        ExprKind::Slot(_)
        | ExprKind::Global(_)
        | ExprKind::Run(_)
        | ExprKind::Member { .. }
        | ExprKind::Index(..)
        | ExprKind::Template(_)
        | ExprKind::Script(_)
        | ExprKind::Url(_)
        | ExprKind::Sql(_)
        | ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::Binary(BinaryOp::Coalesce, ..)
        | ExprKind::Try { .. } => add(expr, context, pieces),
        ExprKind::Unary(_, operand) => collect(operand, context, pieces),
        ExprKind::Binary(BinaryOp::And, _, left, right) => {
            // Only the side that broke it says something.
            match context.eval(left) {
                Ok(value) if is(&value, true) => collect(right, context, pieces),
                _ => collect(left, context, pieces),
            }
        }
        ExprKind::Binary(op, _, left, right) => {
            let computes = matches!(
                op,
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo
            );
            if computes {
                add(expr, context, pieces);
            }
            collect(left, context, pieces);
            collect(right, context, pieces);
        }
        ExprKind::Call { args, .. } => {
            // That a yes-or-no call said no is known already: what it was asked about is not.
            let says_bool = context.eval(expr).is_ok_and(|value| matches!(value, Value::Bool(_)));
            if !says_bool {
                return add(expr, context, pieces);
            }
            for arg in args {
                match arg {
                    Argument::Value(arg) => collect(arg, context, pieces),
                    Argument::Lambda { .. } => {}
                }
            }
        }
        ExprKind::UserFn { args, .. } => {
            add(expr, context, pieces);
            for arg in args {
                collect(arg, context, pieces);
            }
        }
        ExprKind::If { condition, then, otherwise } => {
            collect(condition, context, pieces);
            match context.eval(condition) {
                Ok(value) if is(&value, true) => collect(then, context, pieces),
                Ok(_) => collect(otherwise, context, pieces),
                Err(_) => {}
            }
        }
    }
}

fn add(expr: &Expr, context: &mut Context<'_>, pieces: &mut Vec<Piece>) {
    if let Ok(value) = context.eval(expr) {
        pieces.push(Piece { span: expr.span, text: display::inspect(&value, SHORT), value });
    }
}

/// One line on a condition: `auth_status = "degraded" (want "operational")`.
///
/// `expected` is what it should be: true for `assert`, false for `fail_when`. `source` gives the text of a span.
/// `None` where there is nothing short to say.
pub fn wanted(
    expr: &Expr,
    expected: bool,
    context: &mut Context<'_>,
    source: &dyn Fn(Span) -> String,
) -> Option<String> {
    match &expr.kind {
        ExprKind::Unary(UnaryOp::Not, operand) => wanted(operand, !expected, context, source),
        ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), _, left, right) => {
            // The side that decided: a false one of `and`, a true one of `or`.
            let decisive = *op == BinaryOp::Or;
            let left_decided = context.eval(left).is_ok_and(|value| is(&value, decisive));
            wanted(if left_decided { left } else { right }, expected, context, source)
        }
        ExprKind::Binary(op, _, left, right) if compares(*op) => {
            let (op, left, right) = match (&left.kind, mirrored(*op)) {
                (ExprKind::Const(_), Some(mirrored)) => (mirrored, right, left),
                _ => (*op, left, right),
            };
            let (actual, limit) = (context.eval(left).ok()?, context.eval(right).ok()?);
            let (actual, limit) = side_by_side(&actual, &limit);
            let want = match (expected, negated(op)) {
                (true, _) => phrase(op, &limit),
                (false, Some(opposite)) => phrase(opposite, &limit),
                (false, None) => format!("not {}", phrase(op, &limit)),
            };
            Some(format!("{} = {actual} (want {want})", called(left, source)))
        }
        ExprKind::Call { args, .. } => {
            let value = context.eval(expr).ok()?;
            let Some(Argument::Value(receiver)) = args.first() else { return None };
            if !matches!(value, Value::Bool(_)) {
                return None;
            }
            let subject = context.eval(receiver).ok()?;
            let condition = source(expr.span);
            let want = if expected { condition } else { format!("not {condition}") };
            Some(format!("{} = {} (want {want})", called(receiver, source), display::inspect(&subject, 40)))
        }
        ExprKind::Slot(_) | ExprKind::Global(_) | ExprKind::Member { .. } | ExprKind::Index(..) => {
            let value = context.eval(expr).ok()?;
            Some(format!("{} = {} (want {expected})", called(expr, source), display::inspect(&value, 40)))
        }
        _ => None,
    }
}

fn is(value: &Value, wanted: bool) -> bool {
    matches!(value.exposed(), Value::Bool(value) if *value == wanted)
}

/// The word people would use: the last of a chain, or the text itself.
fn called(expr: &Expr, source: &dyn Fn(Span) -> String) -> String {
    match &expr.kind {
        ExprKind::Member { object, name, .. } if matches!(&**name, "len" | "first" | "last" | "json" | "lines") => {
            format!("{}.{name}", called(object, source))
        }
        ExprKind::Member { name, .. } => name.to_string(),
        _ => {
            let text = source(expr.span);
            let mut chars = text.chars();
            let head: String = chars.by_ref().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
            if chars.next().is_some() { head + "…" } else { head }
        }
    }
}

const fn compares(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::In
            | BinaryOp::Contains
            | BinaryOp::Matches
    )
}

/// The operator with its sides exchanged.
const fn mirrored(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Equal | BinaryOp::NotEqual => op,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        BinaryOp::In => BinaryOp::Contains,
        BinaryOp::Contains => BinaryOp::In,
        _ => return None,
    })
}

const fn negated(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Equal => BinaryOp::NotEqual,
        BinaryOp::NotEqual => BinaryOp::Equal,
        BinaryOp::Less => BinaryOp::GreaterEqual,
        BinaryOp::LessEqual => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::LessEqual,
        BinaryOp::GreaterEqual => BinaryOp::Less,
        _ => return None,
    })
}

fn phrase(op: BinaryOp, limit: &str) -> String {
    match op {
        BinaryOp::Equal => limit.to_owned(),
        BinaryOp::NotEqual => format!("not {limit}"),
        BinaryOp::In => format!("one of {limit}"),
        BinaryOp::Contains => format!("{limit} in it"),
        BinaryOp::Matches => format!("a match of {limit}"),
        other => format!("{} {limit}", other.symbol()),
    }
}

/// Both as short as they may be without looking the same when they are not.
fn side_by_side(actual: &Value, limit: &Value) -> (String, String) {
    let long = |value: &Value| display::inspect(value, 60);
    let short = |value: &Value| match value {
        Value::Percent(ratio) => units::percent_text(rounded(*ratio)),
        Value::Float(x) => display::float_text(rounded(*x)),
        other => long(other),
    };
    let (a, b) = (short(actual), short(limit));
    if a == b { (long(actual), long(limit)) } else { (a, b) }
}

/// To three digits that say something.
fn rounded(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tests::{binary, constant, evaluate_with, member, slot};

    fn line(expr: &Expr, expected: bool, slots: &[Value]) -> String {
        evaluate_with(slots, |context| wanted(expr, expected, context, &|_| "x".to_owned())).unwrap_or_default()
    }

    fn pieces(expr: &Expr, slots: &[Value]) -> Vec<String> {
        evaluate_with(slots, |context| explain(expr, context)).into_iter().map(|piece| piece.text).collect()
    }

    fn answer(status: &str) -> Value {
        Value::record([("json", Value::record([("auth_status", Value::from(status))]))])
    }

    #[test]
    fn one_line_says_it() {
        let status = member(member(slot(0), "json"), "auth_status");
        let check = binary(BinaryOp::Equal, status, constant(Value::from("operational")));
        assert_eq!(line(&check, true, &[answer("degraded")]), "auth_status = \"degraded\" (want \"operational\")");
        let rate = binary(BinaryOp::Less, slot(0), constant(Value::Percent(0.05)));
        assert_eq!(line(&rate, true, &[Value::Percent(0.061_333)]), "x = 6.13% (want < 5%)");
        assert_eq!(line(&rate, false, &[Value::Percent(0.01)]), "x = 1% (want >= 5%)");
        assert_eq!(line(&rate, true, &[Value::Percent(0.050_001)]), "x = 5.0001% (want < 5%)");
        let turned = binary(BinaryOp::Greater, constant(Value::Int(3)), slot(0));
        assert_eq!(line(&turned, true, &[Value::Int(4)]), "x = 4 (want < 3)");
        let both = binary(BinaryOp::And, constant(Value::Bool(true)), slot(0));
        assert_eq!(line(&both, true, &[Value::Bool(false)]), "x = false (want true)");
        let one_of = binary(BinaryOp::In, slot(0), constant(Value::list([Value::Int(1)])));
        assert_eq!(line(&one_of, false, &[Value::Int(1)]), "x = 1 (want not one of [1])");
    }

    #[test]
    fn shows_parts_once() {
        let status = member(member(slot(0), "json"), "auth_status");
        let check = binary(BinaryOp::Equal, status, constant(Value::from("operational")));
        assert_eq!(pieces(&check, &[answer("degraded")]), ["\"degraded\""]);
        let rate = binary(BinaryOp::Divide, slot(0), slot(1));
        let check = binary(BinaryOp::Less, rate, constant(Value::Percent(0.05)));
        assert_eq!(pieces(&check, &[Value::Int(1), Value::Int(4)]), ["0.25", "1", "4"]);
        assert_eq!(pieces(&slot(0), &[Value::from("hunter2").tainted(true)]), ["•••"]);
    }
}

//! `a.b` and `a[i]` with their places.

use super::error::EvalError;
use super::expr::{Argument, Expr, ExprKind};
use crate::functions::{index, member};
use crate::source::Span;
use crate::value::Value;

/// `whole.name`; with `?.` null has every part, and each is null.
pub(super) fn member_of(
    whole: &Value,
    object: &Expr,
    name: &str,
    name_span: Span,
    optional: bool,
) -> Result<Value, EvalError> {
    if optional && matches!(whole.exposed(), Value::Null) {
        return Ok(Value::Null);
    }
    member(whole, name).map_err(|error| EvalError::from_access(error, name_span, object.span, called(object)))
}

/// `whole[at]`
pub(super) fn part_of(whole: &Value, object: &Expr, at: &Value, span: Span) -> Result<Value, EvalError> {
    index(whole, at).map_err(|error| EvalError::from_access(error, span, object.span, called(object)))
}

/// The word people would use for it.
fn called(object: &Expr) -> Option<&str> {
    match &object.kind {
        ExprKind::Member { name, .. } => Some(name),
        _ => None,
    }
}

/// Whether an error at `span` says that a part of this chain is not there, rather than one of something
/// that the chain only passes through: the `b` of `a.b.c`, not that of `f(a.b).c`.
pub(super) fn absent(chain: &Expr, span: Span) -> bool {
    match &chain.kind {
        ExprKind::Member { object, name_span, .. } => span == *name_span || span == object.span || absent(object, span),
        ExprKind::Index(object, _) => span == chain.span || span == object.span || absent(object, span),
        ExprKind::Call { function, args } if function.method => match args.first() {
            Some(Argument::Value(receiver)) => absent(receiver, span),
            _ => false,
        },
        _ => false,
    }
}

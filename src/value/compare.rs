//! Equality, order and containment.

use std::cmp::Ordering;

use super::arithmetic::to_float;
use super::kind::Kind;
use super::ops::{OpError, mismatch};
use super::{Type, Value};
use crate::syntax::tree::BinaryOp;

/// `==`, `<` and their like.
pub(super) const fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
    )
}

/// Whether `==` has a meaning between two kinds: null is comparable with all, a number only with a number.
pub(super) fn may_equal(a: Kind, b: Kind) -> bool {
    a == b || matches!(a, Kind::Null | Kind::Any) || matches!(b, Kind::Null | Kind::Any) || both_numeric(a, b)
}

/// Whether `<` has a meaning between two kinds.
pub(super) fn may_order(a: Kind, b: Kind) -> bool {
    let ordered = |kind| !matches!(kind, Kind::Null | Kind::Bool | Kind::List | Kind::Record);
    ordered(a) && ordered(b) && (a == b || a == Kind::Any || b == Kind::Any || both_numeric(a, b))
}

/// Whether a value of one kind may hold one of another.
pub(super) fn may_hold(container: Kind, item: Kind) -> bool {
    match container {
        Kind::List | Kind::Any => true,
        // A record may be a text; in it a string or a key is looked for.
        Kind::Text | Kind::Record => matches!(item, Kind::Text | Kind::Record | Kind::Any),
        Kind::Null
        | Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Duration
        | Kind::Size
        | Kind::Percent
        | Kind::Instant => false,
    }
}

fn both_numeric(a: Kind, b: Kind) -> bool {
    let numeric = |kind: Kind| kind.is_number() || kind == Kind::Percent;
    numeric(a) && numeric(b)
}

/// `==` where it stands in the source: of unlike kinds it is a mistake rather than false.
pub(super) fn equal(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    if !comparable(left, right, may_equal) {
        return Err(mismatch(op, left.kind(), right.kind()));
    }
    share_and_count(left, right)?;
    Ok(same(left, right).map_or(Value::Unknown(Type::Bool), Value::Bool))
}

/// `<`, `<=`, `>`, `>=`. Nothing is less or greater than what is not a number.
pub(super) fn order(op: BinaryOp, left: &Value, right: &Value) -> Result<bool, OpError> {
    if !comparable(left, right, may_order) {
        return Err(mismatch(op, left.kind(), right.kind()));
    }
    share_and_count(left, right)?;
    let Some(ordering) = ordering(left, right) else { return Ok(false) };
    Ok(match op {
        BinaryOp::Less => ordering.is_lt(),
        BinaryOp::LessEqual => ordering.is_le(),
        BinaryOp::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

/// `container contains item`.
pub(super) fn contains(op: BinaryOp, container: &Value, item: &Value) -> Result<Value, OpError> {
    let refuse = || {
        let (container, item) = (container.kind(), item.kind());
        if op == BinaryOp::In { mismatch(op, item, container) } else { mismatch(op, container, item) }
    };
    if let Some(text) = container.as_text() {
        return item.as_text().map(|part| Value::Bool(text.contains(part))).ok_or_else(refuse);
    }
    match container {
        Value::List(items) => {
            let mut unsure = false;
            for candidate in items.iter() {
                match same(candidate, item) {
                    Some(true) => return Ok(Value::Bool(true)),
                    Some(false) => {}
                    None => unsure = true,
                }
            }
            Ok(if unsure { Value::Unknown(Type::Bool) } else { Value::Bool(false) })
        }
        Value::Record(record) => item.as_text().map(|name| Value::Bool(record.get(name).is_some())).ok_or_else(refuse),
        _ => Err(refuse()),
    }
}

/// Whether two values are the same, at any depth; unlike kinds are not. `None` where only a run can tell.
pub fn same(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Secret(a), b) => same(a.expose(), b),
        (a, Value::Secret(b)) => same(a, b.expose()),
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_same(a.iter().zip(b.iter()).map(|(a, b)| same(a, b)))
        }
        (Value::Record(a), Value::Record(b)) if a.len() == b.len() => {
            if a.text().map(|text| &text.raw) != b.text().map(|text| &text.raw) {
                return Some(false);
            }
            all_same(a.iter().map(|(name, value)| b.get(name).map_or(Some(false), |other| same(value, other))))
        }
        (Value::Record(_), Value::Record(_)) => Some(false),
        (a, b) => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => Some(a == b),
            _ => Some(ordering(a, b).is_some_and(Ordering::is_eq)),
        },
    }
}

fn all_same(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => result = None,
        }
    }
    result
}

/// Which comes first; `None` where the two have no order.
pub fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Secret(a), b) => ordering(a.expose(), b),
        (a, Value::Secret(b)) => ordering(a, b.expose()),
        (Value::Int(a), Value::Int(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::Size(a), Value::Size(b)) => Some(a.cmp(b)),
        (Value::Float(a) | Value::Percent(a), Value::Float(b) | Value::Percent(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b) | Value::Percent(b)) => to_float(*a).partial_cmp(b),
        (Value::Float(a) | Value::Percent(a), Value::Int(b)) => a.partial_cmp(&to_float(*b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (a, b) => Some(a.as_text()?.cmp(b.as_text()?)),
    }
}

fn comparable(left: &Value, right: &Value, rule: fn(Kind, Kind) -> bool) -> bool {
    rule(left.kind(), right.kind()) || left.as_text().is_some() && right.as_text().is_some()
}

/// `rate > 5` with a percentage would be `rate > 500%`: never what was meant.
fn share_and_count(left: &Value, right: &Value) -> Result<(), OpError> {
    match (left, right) {
        (Value::Percent(_), Value::Int(n)) | (Value::Int(n), Value::Percent(_)) if !(-1..=1).contains(n) => {
            Err(OpError::new("a percentage is compared with a whole number, which would be hundreds of percent")
                .help("write `5%` or `percent(x)`; or take the percentage's number: `p.percent`"))
        }
        _ => Ok(()),
    }
}

impl Value {
    /// Whether both are surely the same value; what only a run will know is the same as nothing.
    pub fn same(&self, other: &Value) -> bool {
        same(self, other) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ops::binary;

    fn holds(op: BinaryOp, a: &Value, b: &Value) -> bool {
        matches!(binary(op, a, b).unwrap(), Value::Bool(true))
    }

    #[test]
    fn compares_deeply() {
        let a = Value::record([("x", Value::list([Value::Int(1), Value::Null]))]);
        let b = Value::record([("x", Value::list([Value::Float(1.0), Value::Null]))]);
        assert!(holds(BinaryOp::Equal, &a, &b));
        assert!(holds(BinaryOp::NotEqual, &a, &Value::record([("y", Value::Null)])));
        assert!(holds(BinaryOp::NotEqual, &a, &Value::Null));
        assert!(holds(BinaryOp::Equal, &Value::Percent(0.05), &Value::Float(0.05)));
        assert!(holds(BinaryOp::Greater, &Value::Percent(0.05), &Value::Int(0)));
        assert!(binary(BinaryOp::Greater, &Value::Percent(0.05), &Value::Int(5)).is_err());
    }

    #[test]
    fn finds_parts() {
        let list = Value::list([Value::from("a"), Value::Int(2)]);
        assert!(holds(BinaryOp::In, &Value::Int(2), &list));
        assert!(!holds(BinaryOp::In, &Value::Duration(2), &list));
        assert!(holds(BinaryOp::Contains, &Value::from("abc"), &Value::from("b")));
        assert!(holds(BinaryOp::Contains, &Value::record([("k", Value::Null)]), &Value::from("k")));
        assert!(binary(BinaryOp::In, &Value::Int(2), &Value::from("2")).is_err());
    }

    #[test]
    fn a_text_is_compared_as_one() {
        let out = crate::value::Record::new([("status", Value::Int(0))]).with_text("3\n");
        let out = Value::Record(std::sync::Arc::new(out));
        assert!(holds(BinaryOp::Equal, &out, &Value::from("3")));
        assert!(holds(BinaryOp::Less, &out, &Value::from("4")));
        assert!(binary(BinaryOp::Equal, &out, &Value::Int(3)).is_err());
    }

    #[test]
    fn nothing_is_ordered_against_nan() {
        let nan = Value::Float(f64::NAN);
        assert!(!holds(BinaryOp::Less, &nan, &Value::Int(1)));
        assert!(!holds(BinaryOp::GreaterEqual, &nan, &nan));
        assert!(!holds(BinaryOp::Equal, &nan, &nan));
    }

    #[test]
    fn an_unknown_part_decides_nothing_alone() {
        let unknown = Value::list([Value::Int(1), Value::Unknown(Type::Int)]);
        let known = Value::list([Value::Int(1), Value::Int(2)]);
        assert!(binary(BinaryOp::Equal, &unknown, &known).unwrap().is_unknown());
        assert!(!holds(BinaryOp::Equal, &unknown, &Value::list([Value::Int(2), Value::Int(2)])));
    }
}

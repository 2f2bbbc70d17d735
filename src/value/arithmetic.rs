//! Arithmetic with numbers and units. What does not fit is an error, never a wrapped number.

use std::sync::Arc;

use super::kind::Kind;
use super::limits::{MAX_LIST, MAX_TEXT};
use super::ops::{OpError, mismatch};
use super::{Type, Value};
use crate::syntax::tree::BinaryOp;

/// The nearest float; beyond 2^53 some digits are lost, as in every language with both.
#[allow(clippy::cast_precision_loss)]
pub const fn to_float(n: i64) -> f64 {
    n as f64
}

/// The nearest whole number, if it lies within 64 bits.
#[allow(clippy::cast_possible_truncation)]
pub fn to_int(x: f64) -> Option<i64> {
    let rounded = x.round();
    // 2^63 itself is a float and too large; -2^63 is the smallest int.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded).then_some(rounded as i64)
}

/// What two whole numbers make where nothing can go wrong; `None` sends the caller the long way.
#[inline]
pub(crate) fn quick(op: BinaryOp, a: i64, b: i64) -> Option<Value> {
    match op {
        BinaryOp::Add => a.checked_add(b).map(Value::Int),
        BinaryOp::Subtract => a.checked_sub(b).map(Value::Int),
        BinaryOp::Multiply => a.checked_mul(b).map(Value::Int),
        BinaryOp::Modulo => a.checked_rem_euclid(b).map(Value::Int),
        BinaryOp::Equal => Some(Value::Bool(a == b)),
        BinaryOp::NotEqual => Some(Value::Bool(a != b)),
        BinaryOp::Less => Some(Value::Bool(a < b)),
        BinaryOp::LessEqual => Some(Value::Bool(a <= b)),
        BinaryOp::Greater => Some(Value::Bool(a > b)),
        BinaryOp::GreaterEqual => Some(Value::Bool(a >= b)),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::In
        | BinaryOp::Contains
        | BinaryOp::Matches
        | BinaryOp::Coalesce
        | BinaryOp::Divide => None,
    }
}

/// Both sides whole, errors included. `None` for operators that are not about numbers.
pub(super) fn integers(op: BinaryOp, a: i64, b: i64) -> Option<Result<Value, OpError>> {
    let whole = |result: Option<i64>| Some(result.map(Value::Int).ok_or_else(too_large));
    match op {
        BinaryOp::Add => whole(a.checked_add(b)),
        BinaryOp::Subtract => whole(a.checked_sub(b)),
        BinaryOp::Multiply => whole(a.checked_mul(b)),
        BinaryOp::Divide if b == 0 => Some(Err(by_zero())),
        // Always a float: a share of two counts must not be 0 because both are whole.
        BinaryOp::Divide => Some(Ok(Value::Float(to_float(a) / to_float(b)))),
        BinaryOp::Modulo => Some(modulo(a, b).map(Value::Int)),
        BinaryOp::Equal => Some(Ok(Value::Bool(a == b))),
        BinaryOp::NotEqual => Some(Ok(Value::Bool(a != b))),
        BinaryOp::Less => Some(Ok(Value::Bool(a < b))),
        BinaryOp::LessEqual => Some(Ok(Value::Bool(a <= b))),
        BinaryOp::Greater => Some(Ok(Value::Bool(a > b))),
        BinaryOp::GreaterEqual => Some(Ok(Value::Bool(a >= b))),
        BinaryOp::Or | BinaryOp::And | BinaryOp::In | BinaryOp::Contains | BinaryOp::Matches | BinaryOp::Coalesce => {
            None
        }
    }
}

/// `+ - * / mod` on plain values.
pub(super) fn compute(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    use Value::{Duration, Float, Instant, Int, Percent, Size};
    match (op, left, right) {
        (_, Int(a), Int(b)) => integers(op, *a, *b).unwrap_or_else(|| Err(mismatch(op, Kind::Int, Kind::Int))),
        (_, Int(a), Float(b)) => floats(op, to_float(*a), *b).map(Float),
        (_, Float(a), Int(b)) => floats(op, *a, to_float(*b)).map(Float),
        (_, Float(a), Float(b)) | (Multiply | Divide, Percent(a), Percent(b)) => floats(op, *a, *b).map(Float),

        (Add | Subtract | Modulo, Percent(a), Percent(b)) | (Divide, Percent(a), Float(b)) => {
            floats(op, *a, *b).map(Percent)
        }
        // A half of 10% is a percentage; 5% of 200 is a number.
        (Divide, Percent(a), Int(b)) => floats(op, *a, to_float(*b)).map(Percent),
        (Multiply, Percent(a), Int(b)) | (Multiply, Int(b), Percent(a)) => floats(op, to_float(*b), *a).map(Float),
        (Multiply, Percent(a), Float(b)) | (Multiply, Float(b), Percent(a)) => floats(op, *b, *a).map(Float),

        (_, Duration(a), Duration(b)) => units(op, *a, *b, Duration),
        (_, Size(a), Size(b)) => units(op, *a, *b, Size),
        (Multiply, Duration(a), Int(b)) | (Multiply, Int(b), Duration(a)) => whole(a.checked_mul(*b), Duration),
        (Multiply, Size(a), Int(b)) | (Multiply, Int(b), Size(a)) => whole(a.checked_mul(*b), Size),
        (Multiply, Duration(a), Float(b) | Percent(b)) | (Multiply, Float(b) | Percent(b), Duration(a)) => {
            scaled(to_float(*a) * b, Duration)
        }
        (Multiply, Size(a), Float(b) | Percent(b)) | (Multiply, Float(b) | Percent(b), Size(a)) => {
            scaled(to_float(*a) * b, Size)
        }
        (Divide, Duration(a), Int(b)) => divided(*a, *b, Duration),
        (Divide, Size(a), Int(b)) => divided(*a, *b, Size),
        (Divide, Duration(a), Float(b) | Percent(b)) => floats(op, to_float(*a), *b).and_then(|n| scaled(n, Duration)),
        (Divide, Size(a), Float(b) | Percent(b)) => floats(op, to_float(*a), *b).and_then(|n| scaled(n, Size)),

        (Add, Instant(a), Duration(b)) | (Add, Duration(b), Instant(a)) => {
            a.checked_add(jiff::SignedDuration::from_nanos(*b)).map(Instant).map_err(|_| out_of_time())
        }
        (Subtract, Instant(a), Duration(b)) => {
            a.checked_sub(jiff::SignedDuration::from_nanos(*b)).map(Instant).map_err(|_| out_of_time())
        }
        (Subtract, Instant(a), Instant(b)) => {
            i64::try_from(a.duration_since(*b).as_nanos()).map(Duration).map_err(|_| too_large())
        }

        (Add, Value::List(a), Value::List(b)) => {
            if a.len() + b.len() > MAX_LIST {
                return Err(OpError::new(format!("a list cannot have more than {MAX_LIST} items")));
            }
            Ok(Value::list(a.iter().chain(b.iter()).cloned()))
        }
        (Add, a, b) => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) if a.len() + b.len() > MAX_TEXT => {
                Err(OpError::new("a string cannot be larger than 64MiB"))
            }
            (Some(a), Some(b)) => Ok(Value::Str(Arc::from([a, b].concat()))),
            _ => Err(mismatch(op, left.kind(), right.kind())),
        },
        _ => Err(mismatch(op, left.kind(), right.kind())),
    }
}

/// The type of `+ - * / mod`; `None` where they have no meaning.
pub(super) fn result(op: BinaryOp, left: &Type, right: &Type) -> Option<Type> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    use Kind::{Any, Duration, Float, Instant, Int, List, Percent, Record, Size, Text};
    let kind = match (op, Kind::of_type(left), Kind::of_type(right)) {
        (Divide, Int, Int)
        | (Divide, Duration, Duration)
        | (Divide, Size, Size)
        | (Multiply, Percent, Int | Float)
        | (Multiply, Int | Float, Percent) => Float,
        (_, Int, Int) => Int,
        (_, Int | Float, Int | Float) | (Multiply | Divide, Percent, Percent) => Float,
        (Add | Subtract | Modulo, Percent, Percent) | (Divide, Percent, Int | Float) => Percent,
        (Add | Subtract | Modulo, Duration, Duration)
        | (Multiply | Divide, Duration, Int | Float | Percent)
        | (Multiply, Int | Float | Percent, Duration)
        | (Subtract, Instant, Instant) => Duration,
        (Add | Subtract | Modulo, Size, Size)
        | (Multiply | Divide, Size, Int | Float | Percent)
        | (Multiply, Int | Float | Percent, Size) => Size,
        (Add | Subtract, Instant, Duration) | (Add, Duration, Instant) => Instant,
        (Add, List, List) => return Some(left.required().join(&right.required())),
        (Add, Text | Record, Text) | (Add, Text, Record) => Text,
        // Two records may be two texts, which only the run knows.
        (Add, Record, Record) if is_open(left) && is_open(right) => Text,
        // A side not known beforehand is taken at its word, unless the other can have no part in it.
        (_, Any, other) | (_, other, Any) if takes_part(op, other) => Any,
        _ => return None,
    };
    Some(kind.to_type())
}

fn is_open(ty: &Type) -> bool {
    matches!(ty.required(), Type::Record(record) if record.open)
}

fn takes_part(op: BinaryOp, kind: Kind) -> bool {
    match kind {
        Kind::Null | Kind::Bool => false,
        Kind::Text | Kind::List | Kind::Record => op == BinaryOp::Add,
        Kind::Instant => matches!(op, BinaryOp::Add | BinaryOp::Subtract),
        Kind::Int | Kind::Float | Kind::Duration | Kind::Size | Kind::Percent | Kind::Any => true,
    }
}

/// Whether `-x` has a meaning.
pub(super) const fn has_sign(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Float | Kind::Duration | Kind::Size | Kind::Percent)
}

pub(super) fn no_sign(kind: Kind) -> OpError {
    OpError::new(format!("`-` needs a number, a duration, a size or a percentage, this is {}", kind.a()))
        .help("of a text take the number in it first: `-int(x)`")
}

pub(super) fn negate(value: &Value) -> Result<Value, OpError> {
    match value {
        Value::Int(n) => whole(n.checked_neg(), Value::Int),
        Value::Duration(n) => whole(n.checked_neg(), Value::Duration),
        Value::Size(n) => whole(n.checked_neg(), Value::Size),
        Value::Float(x) => Ok(Value::Float(-x)),
        Value::Percent(x) => Ok(Value::Percent(-x)),
        other => Err(no_sign(other.kind())),
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Result<f64, OpError> {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide | BinaryOp::Modulo if b == 0.0 => return Err(by_zero()),
        BinaryOp::Divide => a / b,
        _ => a.rem_euclid(b),
    };
    // Not a number stays so: a measurement without samples is one. Growing over all bounds is a mistake.
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(OpError::new("the result is too large for a float"));
    }
    Ok(result)
}

fn units(op: BinaryOp, a: i64, b: i64, unit: fn(i64) -> Value) -> Result<Value, OpError> {
    match op {
        BinaryOp::Add => whole(a.checked_add(b), unit),
        BinaryOp::Subtract => whole(a.checked_sub(b), unit),
        BinaryOp::Divide => floats(op, to_float(a), to_float(b)).map(Value::Float),
        BinaryOp::Modulo => modulo(a, b).map(unit),
        _ => {
            let kind = unit(0).kind();
            Err(mismatch(op, kind, kind))
        }
    }
}

/// Never negative with a positive divisor, as clocks count.
fn modulo(a: i64, b: i64) -> Result<i64, OpError> {
    if b == 0 { Err(by_zero()) } else { Ok(a.checked_rem_euclid(b).unwrap_or(0)) }
}

fn divided(a: i64, b: i64, unit: fn(i64) -> Value) -> Result<Value, OpError> {
    if b == 0 { Err(by_zero()) } else { whole(a.checked_div(b), unit) }
}

fn whole(result: Option<i64>, unit: fn(i64) -> Value) -> Result<Value, OpError> {
    result.map(unit).ok_or_else(too_large)
}

fn scaled(x: f64, unit: fn(i64) -> Value) -> Result<Value, OpError> {
    whole(to_int(x), unit)
}

fn too_large() -> OpError {
    OpError::new("the result is too large: whole numbers, durations and sizes have 64 bits")
}

fn by_zero() -> OpError {
    OpError::new("division by zero").help("say what it is then: `if n == 0 { 0 } else { x / n }`")
}

fn out_of_time() -> OpError {
    OpError::new("the result is no date of our calendar")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ops::binary;
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    use std::borrow::Borrow;

    fn calc(op: BinaryOp, a: impl Borrow<Value>, b: impl Borrow<Value>) -> String {
        match binary(op, a.borrow(), b.borrow()) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.message,
        }
    }

    #[test]
    fn numbers() {
        use Value::{Float, Int};
        assert_eq!(calc(Divide, Int(1), Int(4)), "Float(0.25)");
        assert_eq!(calc(Divide, Int(1), Int(0)), "division by zero");
        assert_eq!(calc(Modulo, Int(-1), Int(3)), "Int(2)");
        assert_eq!(calc(Modulo, Int(i64::MIN), Int(-1)), "Int(0)");
        assert_eq!(calc(Add, Int(1), Float(0.5)), "Float(1.5)");
        assert!(calc(Multiply, Int(i64::MAX), Int(2)).contains("too large"));
        assert!(calc(Multiply, Float(1e308), Float(10.0)).contains("too large"));
    }

    #[test]
    fn units() {
        use Value::{Duration, Float, Instant, Int, Percent, Size};
        assert_eq!(calc(Multiply, Duration(5), Int(3)), "Duration(15)");
        assert_eq!(calc(Multiply, Percent(0.5), Duration(10)), "Duration(5)");
        assert_eq!(calc(Divide, Duration(5), Duration(2)), "Float(2.5)");
        assert_eq!(calc(Subtract, Size(5), Size(2)), "Size(3)");
        assert_eq!(
            calc(Divide, Duration(i64::MIN), Int(-1)),
            "the result is too large: whole numbers, durations and sizes have 64 bits"
        );
        assert_eq!(calc(Multiply, Percent(0.05), Int(200)), "Float(10.0)");
        assert_eq!(calc(Divide, Percent(0.5), Int(2)), "Percent(0.25)");
        assert_eq!(calc(Add, Percent(0.5), Int(2)), "`+` has no meaning between a percentage and an int");
        assert_eq!(calc(Multiply, Duration(1), Duration(1)), "`*` has no meaning between a duration and a duration");
        let now = Instant(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(calc(Add, now.clone(), Duration(1_000_000_000)), "Instant(1970-01-01T00:00:01Z)");
        assert_eq!(calc(Subtract, now.clone(), now), "Duration(0)");
        assert_eq!(calc(Subtract, Float(1.0), Float(0.25)), "Float(0.75)");
    }

    #[test]
    fn texts_and_lists() {
        assert_eq!(calc(Add, Value::from("a"), Value::from("b")), "Str(\"ab\")");
        assert_eq!(calc(Add, Value::list([Value::Int(1)]), Value::list([Value::Null])), "List([Int(1), Null])");
    }

    #[test]
    fn rounds_within_bounds() {
        assert_eq!(to_int(2.5), Some(3));
        assert_eq!(to_int(9.3e18), None);
        assert_eq!(to_int(f64::NAN), None);
    }
}

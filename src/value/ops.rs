//! Operators on values.
//!
//! Errors have no place: the caller adds it. They name kinds, never contents, since one side may be a secret.
//! What is computed from a secret is a secret; what is only compared with one is a plain bool,
//! since a check that cannot tell its outcome would be none.

use super::kind::Kind;
use super::{Value, arithmetic, compare, pattern};
use crate::syntax::tree::{BinaryOp, UnaryOp};
use crate::value::Type;

/// Why an operation is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl OpError {
    /// An error that needs no advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `left op right`. Of `and`, `or` and `??` the caller has looked at the left side already:
/// here both are simply there.
pub fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    if let (Value::Int(a), Value::Int(b)) = (left, right)
        && let Some(result) = arithmetic::integers(op, *a, *b)
    {
        return result;
    }
    if op == BinaryOp::Coalesce && !left.is_unknown() {
        return Ok(if matches!(left.exposed(), Value::Null) { right.clone() } else { left.clone() });
    }
    if left.is_unknown() || right.is_unknown() {
        return Ok(Value::Unknown(unknown_result(op, left, right)));
    }
    if matches!(left, Value::Secret(_)) || matches!(right, Value::Secret(_)) {
        let result = binary(op, left.exposed(), right.exposed())?;
        return Ok(if yields_bool(op) { result } else { result.tainted(true) });
    }
    match op {
        BinaryOp::Or | BinaryOp::And => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(if op == BinaryOp::Or { *a || *b } else { *a && *b })),
            _ => Err(mismatch(op, left.kind(), right.kind())),
        },
        BinaryOp::Coalesce => Ok(left.clone()),
        BinaryOp::Equal => compare::equal(op, left, right),
        BinaryOp::NotEqual => Ok(match compare::equal(op, left, right)? {
            Value::Bool(same) => Value::Bool(!same),
            unknown => unknown,
        }),
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
            compare::order(op, left, right).map(Value::Bool)
        }
        BinaryOp::In => compare::contains(op, right, left),
        BinaryOp::Contains => compare::contains(op, left, right),
        BinaryOp::Matches => match (left.as_text(), right.as_text()) {
            (Some(text), Some(regex)) => Ok(Value::Bool(pattern::regex(regex)?.is_match(text))),
            _ => Err(mismatch(op, left.kind(), right.kind())),
        },
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            arithmetic::compute(op, left, right)
        }
    }
}

/// `not x`, `-x`.
pub fn unary(op: UnaryOp, value: &Value) -> Result<Value, OpError> {
    match (op, value) {
        (_, Value::Unknown(ty)) => Ok(Value::Unknown(unary_type(op, ty)?)),
        (_, Value::Secret(secret)) => unary(op, secret.expose()).map(|value| value.tainted(op == UnaryOp::Negate)),
        (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (UnaryOp::Negate, value) => arithmetic::negate(value),
        (UnaryOp::Not, value) => Err(not_a_bool("`not`", value.kind())),
    }
}

/// The type of `left op right`, or why it can have none: what `binary` would say, before anything runs.
pub fn binary_type(op: BinaryOp, left: &Type, right: &Type) -> Result<Type, OpError> {
    let (a, b) = (Kind::of_type(left), Kind::of_type(right));
    let result = match op {
        BinaryOp::Coalesce => {
            return Ok(if *left == Type::Null { right.clone() } else { left.required().join(right) });
        }
        BinaryOp::Or | BinaryOp::And => {
            let fits = |kind| matches!(kind, Kind::Bool | Kind::Any);
            (fits(a) && fits(b)).then_some(Type::Bool)
        }
        BinaryOp::Equal | BinaryOp::NotEqual => {
            let nullable = |ty: &Type| matches!(ty, Type::Null | Type::Any);
            (nullable(left) || nullable(right) || compare::may_equal(a, b) || text_like(left, right))
                .then_some(Type::Bool)
        }
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
            (compare::may_order(a, b) || text_like(left, right)).then_some(Type::Bool)
        }
        BinaryOp::In => compare::may_hold(b, a).then_some(Type::Bool),
        BinaryOp::Contains => compare::may_hold(a, b).then_some(Type::Bool),
        BinaryOp::Matches => {
            let fits = |kind| matches!(kind, Kind::Text | Kind::Record | Kind::Any);
            (fits(a) && fits(b)).then_some(Type::Bool)
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            arithmetic::result(op, left, right)
        }
    };
    let tainted = !yields_bool(op) && (left.is_secret() || right.is_secret());
    match result {
        Some(ty) if tainted => Ok(ty.secret()),
        Some(ty) => Ok(ty),
        None => Err(mismatch(op, a, b)),
    }
}

/// The type of `op value`.
pub fn unary_type(op: UnaryOp, ty: &Type) -> Result<Type, OpError> {
    let kind = Kind::of_type(ty);
    match op {
        UnaryOp::Not if matches!(kind, Kind::Bool | Kind::Any) => Ok(Type::Bool),
        UnaryOp::Not => Err(not_a_bool("`not`", kind)),
        UnaryOp::Negate if arithmetic::has_sign(kind) || kind == Kind::Any => Ok(ty.required()),
        UnaryOp::Negate => Err(arithmetic::no_sign(kind)),
    }
}

/// What is said where a condition was wanted.
pub fn not_a_bool(place: &str, kind: Kind) -> OpError {
    let error = OpError::new(format!("{place} needs a bool, this is {}", kind.a()));
    match kind {
        Kind::Null => error.help("say what null means: `(x ?? false)`, or `x != null`"),
        Kind::Text | Kind::List | Kind::Record => error.help("say what is asked: `not x.is_empty`, `x == …`"),
        Kind::Int | Kind::Float => error.help("say what is asked: `x != 0`"),
        Kind::Bool | Kind::Duration | Kind::Size | Kind::Percent | Kind::Instant | Kind::Any => error,
    }
}

/// What is said where an operator has no meaning for its two sides.
pub fn mismatch(op: BinaryOp, left: Kind, right: Kind) -> OpError {
    let symbol = op.symbol();
    let message = match op {
        BinaryOp::Or | BinaryOp::And => {
            return not_a_bool(&format!("`{symbol}`"), if left == Kind::Bool { right } else { left });
        }
        _ if compare::is_comparison(op) => format!("{} cannot be compared with {}", left.a(), right.a()),
        BinaryOp::In => format!("{} cannot be in {}", left.a(), right.a()),
        BinaryOp::Contains => format!("{} cannot contain {}", left.a(), right.a()),
        BinaryOp::Matches => format!("`matches` needs two strings, these are {} and {}", left.a(), right.a()),
        _ => format!("`{symbol}` has no meaning between {} and {}", left.a(), right.a()),
    };
    OpError { message, help: advice(op, left, right) }
}

fn advice(op: BinaryOp, left: Kind, right: Kind) -> Option<String> {
    let pair = |a: fn(Kind) -> bool, b: Kind| (a(left) && right == b) || (a(right) && left == b);
    let either = |kind| left == kind || right == kind;
    let text = if either(Kind::Null) {
        "say what null means with `??`: `(x ?? 0)`"
    } else if pair(Kind::is_number, Kind::Duration) {
        "give the number a unit: `5s`, `seconds(x)`, `minutes(x)`; or take the duration's: `d.seconds`"
    } else if pair(Kind::is_number, Kind::Size) {
        "give the number a unit: `512MiB`, `bytes(x)`; or take the size's: `s.bytes`"
    } else if pair(Kind::is_number, Kind::Percent) {
        "give the number its sign: `5%`, `percent(x)`; or take the percentage's: `p.percent`"
    } else if pair(Kind::is_number, Kind::Instant) {
        "instants and durations go together: `t + minutes(x)`"
    } else if op == BinaryOp::Add && either(Kind::Text) {
        "put it into the text: `\"… ${x} …\"`"
    } else if pair(Kind::is_number, Kind::Text) {
        "turn one into the other: `int(x)`, `float(x)`, `string(x)`"
    } else if either(Kind::Text) && either(Kind::Bool) {
        "turn the string into a bool: `bool(x)`"
    } else if either(Kind::Text) && either(Kind::Instant) {
        "turn the string into an instant: `time(x)`"
    } else if either(Kind::Text) && (either(Kind::Duration) || either(Kind::Size) || either(Kind::Percent)) {
        "a unit is written without quotes: `5m`, `512MiB`, `5%`"
    } else if op == BinaryOp::Add && left == Kind::Record && right == Kind::Record {
        "records are put together with `a.merge(b)`"
    } else {
        return None;
    };
    Some(text.to_owned())
}

const fn yields_bool(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::In
        | BinaryOp::Contains
        | BinaryOp::Matches => true,
        BinaryOp::Coalesce
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo => false,
    }
}

/// A record that may be a text may stand beside a string.
fn text_like(left: &Type, right: &Type) -> bool {
    let open = |ty: &Type| matches!(ty.required(), Type::Record(record) if record.open);
    let text = |ty: &Type| Kind::of_type(ty) == Kind::Text;
    (open(left) && text(right)) || (text(left) && open(right))
}

/// In a plan a side that is not known is trusted: what is wrong with its type the analysis has said.
fn unknown_result(op: BinaryOp, left: &Value, right: &Value) -> Type {
    let (left, right) = (left.type_of(), right.type_of());
    binary_type(op, &left, &right).unwrap_or_else(|_| match op {
        _ if yields_bool(op) => Type::Bool,
        _ if left.is_secret() || right.is_secret() => Type::Any.secret(),
        _ => Type::Any,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: &[BinaryOp] = &[
        BinaryOp::Or,
        BinaryOp::And,
        BinaryOp::Equal,
        BinaryOp::NotEqual,
        BinaryOp::Less,
        BinaryOp::LessEqual,
        BinaryOp::Greater,
        BinaryOp::GreaterEqual,
        BinaryOp::In,
        BinaryOp::Contains,
        BinaryOp::Matches,
        BinaryOp::Coalesce,
        BinaryOp::Add,
        BinaryOp::Subtract,
        BinaryOp::Multiply,
        BinaryOp::Divide,
        BinaryOp::Modulo,
    ];

    fn any_value() -> impl Strategy<Value = Value> {
        let extremes = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(0), Just(1), any::<i64>()];
        let floats = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), any::<f64>()];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            extremes.clone().prop_map(Value::Int),
            extremes.clone().prop_map(Value::Duration),
            extremes.prop_map(Value::Size),
            floats.clone().prop_map(Value::Float),
            floats.prop_map(Value::Percent),
            Just(Value::Instant(jiff::Timestamp::MIN)),
            Just(Value::Instant(jiff::Timestamp::MAX)),
            "[a-c(]{0,4}".prop_map(Value::from),
            Just(Value::Unknown(Type::Int)),
            Just(Value::Unknown(Type::Any)),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::list),
                prop::collection::vec(("[ab]", inner.clone()), 0..3).prop_map(Value::record),
                inner.prop_map(|value| value.tainted(true)),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_operator_panics(left in any_value(), right in any_value()) {
            for &op in ALL {
                let result = binary(op, &left, &right);
                let _ = binary_type(op, &left.type_of(), &right.type_of());
                if let (Ok(value), true) = (result, left.holds_secret() || right.holds_secret()) {
                    let plain = yields_bool(op) || op == BinaryOp::Coalesce;
                    prop_assert!(plain || value.holds_secret(), "{:?} lost the taint", op);
                }
            }
            let _ = (unary(UnaryOp::Not, &left), unary(UnaryOp::Negate, &left));
        }

        #[test]
        fn what_computes_has_a_type(left in any_value(), right in any_value()) {
            for &op in ALL {
                // What is not known is trusted when it runs, but not beforehand.
                if !left.holds_unknown() && !right.holds_unknown() && binary(op, &left, &right).is_ok() {
                    prop_assert!(binary_type(op, &left.type_of(), &right.type_of()).is_ok(), "{:?} {:?} {:?}", op, left, right);
                }
            }
        }
    }

    #[test]
    fn errors_teach() {
        let say = |op, a: &Value, b: &Value| {
            let error = binary(op, a, b).unwrap_err();
            format!("{}; {}", error.message, error.help.unwrap_or_default())
        };
        assert_eq!(
            say(BinaryOp::Greater, &Value::Duration(5), &Value::Int(5)),
            "a duration cannot be compared with an int; give the number a unit: `5s`, `seconds(x)`, `minutes(x)`; \
             or take the duration's: `d.seconds`"
        );
        assert!(say(BinaryOp::Less, &Value::Int(5), &Value::Size(5)).contains("`bytes(x)`"));
        assert!(say(BinaryOp::Add, &Value::from("a"), &Value::Int(5)).contains("${x}"));
        assert!(say(BinaryOp::And, &Value::from("a"), &Value::Bool(true)).contains("needs a bool, this is a string"));
        assert!(
            say(BinaryOp::Equal, &Value::Duration(5), &Value::Size(5))
                .contains("a duration cannot be compared with a size")
        );
    }

    #[test]
    fn secrets_taint() {
        let secret = Value::from("hunter2").tainted(true);
        let joined = binary(BinaryOp::Add, &Value::from("a "), &secret).unwrap();
        assert!(matches!(joined, Value::Secret(_)));
        assert!(matches!(binary(BinaryOp::Equal, &secret, &Value::from("x")), Ok(Value::Bool(false))));
        assert!(
            !binary(BinaryOp::Matches, &Value::from("x"), &Value::from("(s3cret").tainted(true))
                .unwrap_err()
                .message
                .contains("s3cret")
        );
    }

    #[test]
    fn the_unknown_stays_unknown() {
        let unknown = Value::Unknown(Type::Int);
        assert!(matches!(binary(BinaryOp::Add, &unknown, &Value::Int(1)), Ok(Value::Unknown(Type::Int))));
        assert!(matches!(binary(BinaryOp::Less, &unknown, &Value::Int(1)), Ok(Value::Unknown(Type::Bool))));
    }
}

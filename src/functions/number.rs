//! Functions of numbers.

use std::cmp::Ordering;

use super::list::extreme;
use super::text::int;
use super::{Function, Run, optional, param};
use crate::syntax::tree::UnaryOp;
use crate::value::arithmetic::{to_float, to_int};
use crate::value::limits::MAX_LIST;
use crate::value::{Value, ops};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "range",
        method: false,
        summary: "The whole numbers from `start` to before `end`",
        params: &[param("start", "int"), param("end", "int")],
        returns: "list<int>",
        examples: &[("range(1, 4)", "[1, 2, 3]"), ("range(4, 1)", "[]")],
        run: Run::Plain(|args| {
            let (start, end) = (int(args, 0), int(args, 1));
            if i128::from(end) - i128::from(start) > MAX_LIST as i128 {
                return Err(format!("a list cannot have more than {MAX_LIST} items"));
            }
            Ok(Value::list((start..end).map(Value::Int)))
        }),
    },
    Function {
        name: "min",
        method: false,
        summary: "The lesser of two",
        params: &[param("a", "any"), param("b", "any")],
        returns: "same",
        examples: &[("min(3, 1)", "1"), ("min(1m, 90s)", "1m")],
        run: Run::Plain(|args| extreme(args, Ordering::Less)),
    },
    Function {
        name: "max",
        method: false,
        summary: "The greater of two",
        params: &[param("a", "any"), param("b", "any")],
        returns: "same",
        examples: &[("max(3, 1)", "3")],
        run: Run::Plain(|args| extreme(args, Ordering::Greater)),
    },
    Function {
        name: "abs",
        method: false,
        summary: "Without its sign",
        params: &[param("x", "any")],
        returns: "same",
        examples: &[("abs(-3)", "3"), ("abs(10s - 1m)", "50s")],
        run: Run::Plain(|args| {
            let negative = match &args[0] {
                Value::Int(n) | Value::Duration(n) | Value::Size(n) => *n < 0,
                Value::Float(x) | Value::Percent(x) => *x < 0.0,
                other => return Err(format!("a number is needed, this is {}", other.brief())),
            };
            if negative { ops::unary(UnaryOp::Negate, &args[0]).map_err(|e| e.message) } else { Ok(args[0].clone()) }
        }),
    },
    Function {
        name: "round",
        method: false,
        summary: "The nearest whole number, or with so many digits behind the point",
        params: &[param("x", "float"), optional("digits", "int")],
        returns: "float",
        examples: &[("round(2.5)", "3"), ("round(3.14159, 2)", "3.14")],
        run: Run::Plain(|args| match args.get(1) {
            None | Some(Value::Null) => whole(&args[0], f64::round),
            Some(_) => {
                let digits = usize::try_from(int(args, 1)).ok().filter(|digits| *digits <= 17);
                let digits = digits.ok_or("a number is rounded to 0 up to 17 digits")?;
                // By way of text: multiplying and dividing would bring in digits of its own.
                let rounded = format!("{:.digits$}", number(&args[0]));
                rounded.parse().map(Value::Float).map_err(|_| "this is no number that can be rounded".to_owned())
            }
        }),
    },
    Function {
        name: "floor",
        method: false,
        summary: "The next whole number below",
        params: &[param("x", "float")],
        returns: "int",
        examples: &[("floor(2.9)", "2")],
        run: Run::Plain(|args| whole(&args[0], f64::floor)),
    },
    Function {
        name: "ceil",
        method: false,
        summary: "The next whole number above",
        params: &[param("x", "float")],
        returns: "int",
        examples: &[("ceil(2.1)", "3")],
        run: Run::Plain(|args| whole(&args[0], f64::ceil)),
    },
];

/// The number of an argument that was checked to be one.
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::Int(n) => to_float(*n),
        Value::Float(x) => *x,
        _ => f64::NAN,
    }
}

fn whole(value: &Value, how: fn(f64) -> f64) -> Result<Value, String> {
    match value {
        Value::Int(_) => Ok(value.clone()),
        other => to_int(how(number(other)))
            .map(Value::Int)
            .ok_or_else(|| format!("{} is no number that an int can hold", other.brief())),
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn computes() {
        let one = |name: &str, x: Value| shown(name, false, &[x]);
        assert_eq!(one("round", Value::Float(2.5)), "3");
        assert_eq!(one("floor", Value::Float(-2.5)), "-3");
        assert_eq!(one("ceil", Value::Int(i64::MAX)), "9223372036854775807");
        assert_eq!(one("round", Value::Float(f64::NAN)), "error: NaN (a float) is no number that an int can hold");
        assert_eq!(one("abs", Value::Duration(-5)), "5ns");
        assert!(one("abs", Value::Int(i64::MIN)).contains("too large"));
        assert_eq!(shown("round", false, &[Value::Float(2.675), Value::Int(1)]), "2.7");
        assert_eq!(shown("range", false, &[Value::Int(1), Value::Int(3)]), "[1, 2]");
        assert!(shown("range", false, &[Value::Int(i64::MIN), Value::Int(i64::MAX)]).contains("cannot have more"));
        assert_eq!(shown("min", false, &[Value::Int(1), Value::Float(0.5)]), "0.5");
    }
}

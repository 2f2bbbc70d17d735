//! What strings, lists and records have in common.

use std::sync::Arc;

use super::{Function, Run, optional, param};
use crate::syntax::tree::BinaryOp;
use crate::value::{Value, compare, ops};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "len",
        method: true,
        summary: "How many characters, items or fields it has",
        params: &[param("value", "any")],
        returns: "int",
        examples: &[("\"añb\".len", "3"), ("[1, 2].len", "2"), ("{ a: 1 }.len", "1")],
        run: Run::Plain(|args| length(&args[0]).map(|n| Value::Int(i64::try_from(n).unwrap_or(i64::MAX)))),
    },
    Function {
        name: "is_empty",
        method: true,
        summary: "Whether it has no characters, items or fields",
        params: &[param("value", "any")],
        returns: "bool",
        examples: &[("\"\".is_empty", "true"), ("[1].is_empty", "false")],
        run: Run::Plain(|args| length(&args[0]).map(|n| Value::Bool(n == 0))),
    },
    Function {
        name: "contains",
        method: true,
        summary: "Whether it holds this text, item or field, as the operator `contains`",
        params: &[param("value", "any"), param("part", "any")],
        returns: "bool",
        examples: &[("\"abc\".contains(\"b\")", "true"), ("[1, 2].contains(3)", "false")],
        run: Run::Plain(|args| ops::binary(BinaryOp::Contains, &args[0], &args[1]).map_err(|error| error.to_string())),
    },
    Function {
        name: "slice",
        method: true,
        summary: "The part from `start` to before `end`; negative ones count from the end",
        params: &[param("value", "any"), param("start", "int"), optional("end", "int")],
        returns: "same",
        examples: &[("\"abcd\".slice(1, 3)", "\"bc\""), ("[1, 2, 3].slice(-2)", "[2, 3]")],
        run: Run::Plain(slice),
    },
    Function {
        name: "index_of",
        method: true,
        summary: "Where a text or an item stands first; null if nowhere",
        params: &[param("value", "any"), param("part", "any")],
        returns: "int?",
        examples: &[("[\"a\", \"b\"].index_of(\"b\")", "1"), ("\"abc\".index_of(\"x\")", "null")],
        run: Run::Plain(index_of),
    },
    Function {
        name: "reverse",
        method: true,
        summary: "The same from the last to the first",
        params: &[param("value", "any")],
        returns: "same",
        examples: &[("[1, 2].reverse()", "[2, 1]"), ("\"abc\".reverse()", "\"cba\"")],
        run: Run::Plain(|args| match (&args[0], args[0].as_text()) {
            (_, Some(text)) => Ok(Value::from(text.chars().rev().collect::<String>())),
            (Value::List(items), _) => Ok(Value::list(items.iter().rev().cloned())),
            (other, _) => Err(neither(other)),
        }),
    },
];

fn length(value: &Value) -> Result<usize, String> {
    match value {
        Value::List(items) => Ok(items.len()),
        other => match (other.as_text(), other) {
            (Some(text), _) => Ok(text.chars().count()),
            (None, Value::Record(record)) => Ok(record.len()),
            (None, other) => Err(format!("a length has a string, a list or a record, this is {}", other.brief())),
        },
    }
}

fn slice(args: &[Value]) -> Result<Value, String> {
    let bounds = |length: usize| {
        let at = |value: Option<&Value>, otherwise: usize| match value {
            Some(Value::Int(n)) if *n < 0 => {
                length.saturating_sub(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX))
            }
            Some(Value::Int(n)) => usize::try_from(*n).unwrap_or(usize::MAX).min(length),
            _ => otherwise,
        };
        let (start, end) = (at(args.get(1), 0), at(args.get(2), length));
        (start, end.max(start) - start)
    };
    match (&args[0], args[0].as_text()) {
        (_, Some(text)) => {
            let (start, count) = bounds(text.chars().count());
            Ok(Value::from(text.chars().skip(start).take(count).collect::<String>()))
        }
        (Value::List(items), _) => {
            let (start, count) = bounds(items.len());
            Ok(Value::List(Arc::new(items[start..start + count].to_vec())))
        }
        (other, _) => Err(neither(other)),
    }
}

fn index_of(args: &[Value]) -> Result<Value, String> {
    let found = match (&args[0], args[0].as_text()) {
        (_, Some(text)) => {
            let part = args[1].as_text().ok_or_else(|| format!("a string is looked for, not {}", args[1].brief()))?;
            text.find(part).map(|at| text[..at].chars().count())
        }
        (Value::List(items), _) => items.iter().position(|item| compare::same(item, &args[1]) == Some(true)),
        (other, _) => return Err(neither(other)),
    };
    Ok(found.map_or(Value::Null, |at| Value::Int(i64::try_from(at).unwrap_or(i64::MAX))))
}

fn neither(value: &Value) -> String {
    format!("this works on a string or a list, not on {}", value.brief())
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn measures_and_cuts() {
        assert_eq!(shown("len", true, &[Value::from("añb")]), "3");
        assert_eq!(
            shown("len", true, &[Value::Int(3)]),
            "error: a length has a string, a list or a record, this is 3 (an int)"
        );
        assert_eq!(shown("slice", true, &[Value::from("abcd"), Value::Int(-2)]), "\"cd\"");
        assert_eq!(shown("slice", true, &[Value::from("abcd"), Value::Int(3), Value::Int(1)]), "\"\"");
        assert_eq!(
            shown("slice", true, &[Value::list([Value::Int(1)]), Value::Int(i64::MIN), Value::Int(i64::MAX)]),
            "[1]"
        );
        assert_eq!(shown("index_of", true, &[Value::from("añb"), Value::from("b")]), "2");
        assert_eq!(shown("reverse", true, &[Value::from("ab")]), "\"ba\"");
    }
}

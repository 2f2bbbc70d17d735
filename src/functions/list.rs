//! Methods of lists that take values.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use super::text::{bounded, int, text};
use super::{Function, Run, optional, param};
use crate::syntax::tree::BinaryOp;
use crate::value::limits::MAX_LIST;
use crate::value::{Kind, Type, Value, compare, display, ops};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "first",
        method: true,
        summary: "The first item; null if there is none",
        params: &[param("list", "list<any>")],
        returns: "item?",
        examples: &[("[3, 1].first", "3"), ("[].first", "null")],
        run: Run::Plain(|args| Ok(items(args).first().cloned().unwrap_or(Value::Null))),
    },
    Function {
        name: "last",
        method: true,
        summary: "The last item; null if there is none",
        params: &[param("list", "list<any>")],
        returns: "item?",
        examples: &[("[3, 1].last", "1")],
        run: Run::Plain(|args| Ok(items(args).last().cloned().unwrap_or(Value::Null))),
    },
    Function {
        name: "take",
        method: true,
        summary: "The first `n` items",
        params: &[param("list", "list<any>"), param("n", "int")],
        returns: "same",
        examples: &[("[1, 2, 3].take(2)", "[1, 2]")],
        run: Run::Plain(|args| {
            let n = count(int(args, 1))?.min(items(args).len());
            Ok(Value::List(Arc::new(items(args)[..n].to_vec())))
        }),
    },
    Function {
        name: "skip",
        method: true,
        summary: "All but the first `n` items",
        params: &[param("list", "list<any>"), param("n", "int")],
        returns: "same",
        examples: &[("[1, 2, 3].skip(2)", "[3]")],
        run: Run::Plain(|args| {
            let n = count(int(args, 1))?.min(items(args).len());
            Ok(Value::List(Arc::new(items(args)[n..].to_vec())))
        }),
    },
    Function {
        name: "chunks",
        method: true,
        summary: "The items in lists of `n`, the last of them maybe shorter",
        params: &[param("list", "list<any>"), param("n", "int")],
        returns: "list<same>",
        examples: &[("[1, 2, 3].chunks(2)", "[[1, 2], [3]]")],
        run: Run::Plain(|args| match count(int(args, 1))? {
            0 => Err("a chunk has at least one item".to_owned()),
            n => Ok(Value::list(items(args).chunks(n).map(|chunk| Value::List(Arc::new(chunk.to_vec()))))),
        }),
    },
    Function {
        name: "join",
        method: true,
        summary: "The items as one text, with a separator between them",
        params: &[param("list", "list<any>"), optional("separator", "string")],
        returns: "string",
        examples: &[("[\"a\", \"b\"].join(\", \")", "\"a, b\""), ("[1, 2].join()", "\"12\"")],
        run: Run::Plain(|args| {
            if args[0].holds_unknown() {
                return Ok(Value::Unknown(Type::String).tainted(args[0].holds_secret()));
            }
            let mut out = String::new();
            for (i, item) in items(args).iter().enumerate() {
                if i > 0 {
                    out.push_str(text(args, 1));
                }
                display::write_text(&mut out, item, true);
                bounded(out.len())?;
            }
            Ok(Value::from(out).tainted(args[0].holds_secret()))
        }),
    },
    Function {
        name: "sort",
        method: true,
        summary: "The items from the least to the greatest",
        params: &[param("list", "list<any>")],
        returns: "same",
        examples: &[("[3, 1, 2].sort()", "[1, 2, 3]"), ("[\"b\", \"a\"].sort()", "[\"a\", \"b\"]")],
        run: Run::Plain(|args| {
            if unknown_inside(items(args)) {
                return Ok(Value::Unknown(args[0].type_of()));
            }
            let keyed = items(args).iter().map(|item| (item.clone(), item.clone())).collect();
            sorted(keyed)
        }),
    },
    Function {
        name: "unique",
        method: true,
        summary: "Each item once, where it stands first",
        params: &[param("list", "list<any>")],
        returns: "same",
        examples: &[("[1, 2, 1].unique()", "[1, 2]")],
        run: Run::Plain(|args| unique(items(args))),
    },
    Function {
        name: "flatten",
        method: true,
        summary: "The items of the lists in it, one level",
        params: &[param("list", "list<any>")],
        returns: "list<any>",
        examples: &[("[[1], [2, 3], 4].flatten()", "[1, 2, 3, 4]")],
        run: Run::Plain(|args| flatten(items(args))),
    },
    Function {
        name: "zip",
        method: true,
        summary: "Pairs of the items of two lists, as many as the shorter one has",
        params: &[param("list", "list<any>"), param("other", "list<any>")],
        returns: "list<list<any>>",
        examples: &[("[1, 2].zip([\"a\", \"b\"])", "[[1, \"a\"], [2, \"b\"]]")],
        run: Run::Plain(|args| {
            let Value::List(others) = &args[1] else { return Ok(Value::list([])) };
            let pairs = items(args).iter().zip(others.iter());
            Ok(Value::list(pairs.map(|(a, b)| Value::list([a.clone(), b.clone()]))))
        }),
    },
    Function {
        name: "enumerate",
        method: true,
        summary: "Each item with its place, from 0",
        params: &[param("list", "list<any>")],
        returns: "list<{ index: int, item: item }>",
        examples: &[("[\"a\"].enumerate()", "[{ index: 0, item: \"a\" }]")],
        run: Run::Plain(|args| {
            let numbered = (0_i64..).zip(items(args).iter());
            Ok(Value::list(numbered.map(|(i, item)| Value::record([("index", Value::Int(i)), ("item", item.clone())]))))
        }),
    },
    Function {
        name: "sum",
        method: true,
        summary: "All added up: numbers, durations, sizes; 0 for none",
        params: &[param("list", "list<any>")],
        returns: "item",
        examples: &[("[1, 2, 3].sum", "6"), ("[30s, 1m].sum", "1m30s")],
        run: Run::Plain(|args| sum(items(args))),
    },
    Function {
        name: "avg",
        method: true,
        summary: "The mean; null for none",
        params: &[param("list", "list<any>")],
        returns: "any",
        examples: &[("[1, 2].avg", "1.5"), ("[1m, 2m].avg", "1m30s")],
        run: Run::Plain(|args| match items(args).len() {
            0 => Ok(Value::Null),
            n => {
                let n = Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
                ops::binary(BinaryOp::Divide, &sum(items(args))?, &n).map_err(|error| error.message)
            }
        }),
    },
    Function {
        name: "min",
        method: true,
        summary: "The least item; null if there is none",
        params: &[param("list", "list<any>")],
        returns: "item?",
        examples: &[("[3, 1].min", "1")],
        run: Run::Plain(|args| extreme(items(args), Ordering::Less)),
    },
    Function {
        name: "max",
        method: true,
        summary: "The greatest item; null if there is none",
        params: &[param("list", "list<any>")],
        returns: "item?",
        examples: &[("[3, 1].max", "3"), ("[1m, 90s].max", "1m30s")],
        run: Run::Plain(|args| extreme(items(args), Ordering::Greater)),
    },
];

/// The items of the receiver, which was checked to be a list.
pub(super) fn items(args: &[Value]) -> &[Value] {
    match args.first() {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn count(n: i64) -> Result<usize, String> {
    usize::try_from(n).map_err(|_| format!("{n} is no number of items: it is negative"))
}

pub(super) fn unknown_inside(items: &[Value]) -> bool {
    items.iter().any(|item| item.exposed().is_unknown())
}

/// Items by their keys, which must all have an order among them.
pub(super) fn sorted(mut keyed: Vec<(Value, Value)>) -> Result<Value, String> {
    if let Some(strange) = keyed.iter().find(|(key, _)| compare::ordering(key, key).is_none()) {
        return Err(format!("{} cannot be sorted", strange.0.kind().a()));
    }
    if let Some(pair) = keyed.windows(2).find(|pair| compare::ordering(&pair[0].0, &pair[1].0).is_none()) {
        return Err(unlike(&pair[0].0, &pair[1].0));
    }
    // Each key has an order with its neighbours; so it has with all, since order goes by kind.
    keyed.sort_by(|(a, _), (b, _)| compare::ordering(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item)))
}

fn unlike(a: &Value, b: &Value) -> String {
    format!("{} and {} have no order", a.kind().a(), b.kind().a())
}

pub(super) fn extreme(items: &[Value], wanted: Ordering) -> Result<Value, String> {
    if unknown_inside(items) {
        return Ok(Value::Unknown(Value::list(items.iter().cloned()).type_of()).item());
    }
    let Some(mut best) = items.first() else { return Ok(Value::Null) };
    for item in &items[1..] {
        let order = compare::ordering(item, best);
        if order == Some(wanted) {
            best = item;
        } else if order.is_none() {
            return Err(unlike(best, item));
        }
    }
    Ok(best.clone())
}

impl Value {
    /// Of an unknown list, an unknown item.
    fn item(self) -> Value {
        match self {
            Value::Unknown(Type::List(item)) => Value::Unknown((*item).clone()),
            other => other,
        }
    }
}

fn sum(items: &[Value]) -> Result<Value, String> {
    let Some(first) = items.first() else { return Ok(Value::Int(0)) };
    if matches!(first.kind(), Kind::Text | Kind::List | Kind::Record | Kind::Null | Kind::Bool | Kind::Instant) {
        return Err(format!("a sum needs numbers, durations or sizes, the first item is {}", first.brief()));
    }
    let mut total = first.clone();
    for item in &items[1..] {
        total = ops::binary(BinaryOp::Add, &total, item).map_err(|error| error.message)?;
    }
    Ok(total)
}

fn unique(items: &[Value]) -> Result<Value, String> {
    if unknown_inside(items) {
        return Ok(Value::Unknown(Type::list(Type::Any)));
    }
    // Texts, the usual case, are found by hashing; for others each is compared with all kept.
    let mut texts: HashSet<&str> = HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    let mut others: Vec<&Value> = Vec::new();
    for item in items {
        let new = match item {
            Value::Str(text) => texts.insert(text),
            _ if others.len() > 20_000 => return Err("there are too many items to compare each with all".to_owned()),
            _ if others.iter().any(|other| compare::same(other, item) == Some(true)) => false,
            _ => {
                others.push(item);
                true
            }
        };
        if new {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

pub(super) fn flatten(items: &[Value]) -> Result<Value, String> {
    let mut out = Vec::new();
    for item in items {
        match item {
            Value::List(inner) if out.len() + inner.len() > MAX_LIST => {
                return Err(format!("a list cannot have more than {MAX_LIST} items"));
            }
            Value::List(inner) => out.extend(inner.iter().cloned()),
            Value::Secret(secret) if matches!(secret.expose(), Value::List(_)) => {
                let Value::List(inner) = secret.expose() else { continue };
                out.extend(inner.iter().map(|item| item.clone().tainted(true)));
            }
            Value::Unknown(_) => return Ok(Value::Unknown(Type::list(Type::Any))),
            other => out.push(other.clone()),
        }
    }
    Ok(Value::list(out))
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::{Type, Value};

    fn ints(items: &[i64]) -> Value {
        Value::list(items.iter().copied().map(Value::Int))
    }

    #[test]
    fn takes_parts() {
        assert_eq!(shown("first", true, &[ints(&[])]), "null");
        assert_eq!(shown("take", true, &[ints(&[1, 2, 3]), Value::Int(9)]), "[1, 2, 3]");
        assert_eq!(
            shown("take", true, &[ints(&[1]), Value::Int(-1)]),
            "error: -1 is no number of items: it is negative"
        );
        assert_eq!(shown("chunks", true, &[ints(&[1, 2, 3]), Value::Int(2)]), "[[1, 2], [3]]");
        assert_eq!(shown("join", true, &[ints(&[1, 2]), Value::from("-")]), "\"1-2\"");
    }

    #[test]
    fn orders() {
        assert_eq!(shown("sort", true, &[ints(&[3, 1, 2])]), "[1, 2, 3]");
        assert_eq!(
            shown("sort", true, &[Value::list([Value::Int(1), Value::from("a")])]),
            "error: an int and a string have no order"
        );
        assert_eq!(shown("max", true, &[Value::list([Value::Float(0.5), Value::Int(2)])]), "2");
        assert_eq!(shown("sort", true, &[Value::list([Value::Float(f64::NAN)])]), "error: a float cannot be sorted");
        assert_eq!(
            shown("unique", true, &[Value::list([Value::Int(1), Value::from("a"), Value::Int(1)])]),
            "[1, \"a\"]"
        );
    }

    #[test]
    fn adds_up() {
        assert_eq!(shown("sum", true, &[ints(&[1, 2])]), "3");
        assert_eq!(shown("sum", true, &[ints(&[i64::MAX, 2])]).get(..25), Some("error: the result is too "));
        assert_eq!(shown("avg", true, &[ints(&[1, 2])]), "1.5");
        assert_eq!(shown("avg", true, &[ints(&[])]), "null");
        assert!(shown("sum", true, &[Value::list([Value::from("a")])]).starts_with("error: a sum needs numbers"));
    }

    #[test]
    fn secrets_and_unknowns_pass_through() {
        let hidden = Value::list([Value::from("a"), Value::from("hunter2").tainted(true)]);
        assert_eq!(shown("join", true, std::slice::from_ref(&hidden)), "•••");
        assert_eq!(shown("last", true, &[hidden]), "•••");
        let later = Value::list([Value::Unknown(Type::Int)]);
        assert!(shown("max", true, std::slice::from_ref(&later)).contains("known when it runs"));
        assert!(shown("sum", true, &[later]).contains("known when it runs"));
    }
}

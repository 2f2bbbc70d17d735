//! Methods of lists and records that take a function.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::list::{flatten, items, sorted};
use super::{Apply, Function, Run, param};
use crate::value::{Type, Value, compare};

macro_rules! with_function {
    ($name:literal, $summary:literal, $returns:literal, $examples:expr, $run:expr) => {
        Function {
            name: $name,
            method: true,
            summary: $summary,
            params: &[param("list", "list<any>"), param("f", "fn")],
            returns: $returns,
            examples: $examples,
            run: Run::WithFunction($run),
        }
    };
}

pub(super) static ALL: &[Function] = &[
    with_function!(
        "map",
        "What the function makes of each item",
        "list<any>",
        &[("[1, 2].map(x => x * 10)", "[10, 20]")],
        |args, apply| mapped(items(args), apply).map(Value::list)
    ),
    with_function!(
        "flat_map",
        "What the function makes of each item, lists taken apart",
        "list<any>",
        &[("[1, 2].flat_map(x => [x, x])", "[1, 1, 2, 2]")],
        |args, apply| flatten(&mapped(items(args), apply)?)
    ),
    with_function!(
        "filter",
        "The items for which it is true",
        "same",
        &[("[1, 2, 3].filter(x => x > 1)", "[2, 3]")],
        |args, apply| {
            let mut kept = Vec::new();
            for item in items(args) {
                match test(item, apply)? {
                    Some(true) => kept.push(item.clone()),
                    Some(false) => {}
                    None => return Ok(Value::Unknown(args[0].type_of())),
                }
            }
            Ok(Value::list(kept))
        }
    ),
    with_function!(
        "find",
        "The first item for which it is true; null if none",
        "item?",
        &[("[1, 2, 3].find(x => x > 1)", "2")],
        |args, apply| {
            for item in items(args) {
                match test(item, apply)? {
                    Some(true) => return Ok(item.clone()),
                    Some(false) => {}
                    None => return Ok(Value::Unknown(item.type_of().optional())),
                }
            }
            Ok(Value::Null)
        }
    ),
    with_function!(
        "any",
        "Whether it is true for some item",
        "bool",
        &[("[1, 2].any(x => x > 1)", "true"), ("[].any(x => x)", "false")],
        |args, apply| decide(items(args), true, apply)
    ),
    with_function!(
        "all",
        "Whether it is true for every item",
        "bool",
        &[("[1, 2].all(x => x > 1)", "false"), ("[].all(x => x)", "true")],
        |args, apply| decide(items(args), false, apply)
    ),
    with_function!(
        "count",
        "For how many items it is true",
        "int",
        &[("[1, 2, 3].count(x => x > 1)", "2")],
        |args, apply| {
            let mut count = 0;
            for item in items(args) {
                match test(item, apply)? {
                    Some(holds) => count += i64::from(holds),
                    None => return Ok(Value::Unknown(Type::Int)),
                }
            }
            Ok(Value::Int(count))
        }
    ),
    with_function!(
        "sort_by",
        "The items in the order of what the function makes of them",
        "same",
        &[("[\"ccc\", \"a\"].sort_by(x => x.len)", "[\"a\", \"ccc\"]")],
        |args, apply| match keyed(items(args), apply)? {
            Some(keyed) => sorted(keyed),
            None => Ok(Value::Unknown(args[0].type_of())),
        }
    ),
    with_function!(
        "min_by",
        "The item of which the function makes the least; null if there is none",
        "item?",
        &[("[\"ccc\", \"a\"].min_by(x => x.len)", "\"a\"")],
        |args, apply| by(args, Ordering::Less, apply)
    ),
    with_function!(
        "max_by",
        "The item of which the function makes the greatest; null if there is none",
        "item?",
        &[("[\"ccc\", \"a\"].max_by(x => x.len)", "\"ccc\"")],
        |args, apply| by(args, Ordering::Greater, apply)
    ),
    with_function!(
        "group_by",
        "Lists of items by the text of what the function makes of them",
        "record",
        &[("[1, 2, 3].group_by(x => if x > 1 { \"big\" } else { \"small\" })", "{ small: [1], big: [2, 3] }")],
        group
    ),
    Function {
        name: "fold",
        method: true,
        summary: "One value from all items: the function takes what has come so far and the next item",
        params: &[param("list", "list<any>"), param("start", "any"), param("f", "fn")],
        returns: "any",
        examples: &[("[1, 2, 3].fold(1, (product, x) => product * x)", "6")],
        run: Run::WithFunction(|args, apply| {
            items(args).iter().try_fold(args[1].clone(), |so_far, item| apply(&[so_far, item.clone()]))
        }),
    },
    Function {
        name: "map_values",
        method: true,
        summary: "The record with what the function makes of each value",
        params: &[param("record", "record"), param("f", "fn")],
        returns: "record",
        examples: &[("{ a: 1, b: 2 }.map_values(x => x + 1)", "{ a: 2, b: 3 }")],
        run: Run::WithFunction(|args, apply| {
            let Value::Record(record) = &args[0] else { return Ok(Value::Null) };
            let fields: Result<Vec<_>, String> = record
                .iter()
                .map(|(name, value)| Ok((Arc::clone(name), apply(std::slice::from_ref(value))?)))
                .collect();
            fields.map(Value::record)
        }),
    },
];

fn mapped(items: &[Value], apply: Apply<'_, '_>) -> Result<Vec<Value>, String> {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        out.push(apply(std::slice::from_ref(item))?);
    }
    Ok(out)
}

/// What the function says of an item; `None` if only the run will know.
fn test(item: &Value, apply: Apply<'_, '_>) -> Result<Option<bool>, String> {
    let answer = apply(std::slice::from_ref(item))?;
    match answer.exposed() {
        Value::Bool(answer) => Ok(Some(*answer)),
        Value::Unknown(_) => Ok(None),
        other => Err(format!(
            "the function must say true or false, it gave {}",
            if matches!(answer, Value::Secret(_)) { other.kind().a().to_owned() } else { other.brief() }
        )),
    }
}

/// `any` looks for a true, `all` for a false.
fn decide(items: &[Value], decisive: bool, apply: Apply<'_, '_>) -> Result<Value, String> {
    let mut unsure = false;
    for item in items {
        match test(item, apply)? {
            Some(answer) if answer == decisive => return Ok(Value::Bool(decisive)),
            Some(_) => {}
            None => unsure = true,
        }
    }
    Ok(if unsure { Value::Unknown(Type::Bool) } else { Value::Bool(!decisive) })
}

/// Each item with its key; `None` if only the run will know one.
fn keyed(items: &[Value], apply: Apply<'_, '_>) -> Result<Option<Vec<(Value, Value)>>, String> {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let key = apply(std::slice::from_ref(item))?;
        if key.exposed().is_unknown() {
            return Ok(None);
        }
        out.push((key, item.clone()));
    }
    Ok(Some(out))
}

fn by(args: &[Value], wanted: Ordering, apply: Apply<'_, '_>) -> Result<Value, String> {
    let Some(keyed) = keyed(items(args), apply)? else { return Ok(Value::Unknown(Type::Any)) };
    let Some((mut best, mut found)) = keyed.first().map(|(key, item)| (key, item)) else { return Ok(Value::Null) };
    for (key, item) in &keyed[1..] {
        match compare::ordering(key, best) {
            Some(order) if order == wanted => (best, found) = (key, item),
            Some(_) => {}
            None => return Err(format!("{} and {} have no order", best.kind().a(), key.kind().a())),
        }
    }
    Ok(found.clone())
}

fn group(args: &[Value], apply: Apply<'_, '_>) -> Result<Value, String> {
    let Some(keyed) = keyed(items(args), apply)? else { return Ok(Value::Unknown(Type::any_record())) };
    let mut groups: IndexMap<String, Vec<Value>> = IndexMap::new();
    for (key, item) in keyed {
        if key.holds_secret() {
            return Err("a secret cannot be the name of a field".to_owned());
        }
        groups.entry(crate::value::display::text(&key)).or_default().push(item);
    }
    Ok(Value::record(groups.into_iter().map(|(name, items)| (name, Value::list(items)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{call, find_method};
    use crate::syntax::tree::BinaryOp;
    use crate::value::display::{SHORT, inspect};
    use crate::value::ops;

    fn on(name: &str, list: &[i64], mut f: impl FnMut(&Value) -> Value) -> String {
        let list = Value::list(list.iter().copied().map(Value::Int));
        match call(find_method(name).unwrap(), &[list], &mut |args| Ok(f(&args[0]))) {
            Ok(value) => inspect(&value, SHORT),
            Err(message) => format!("error: {message}"),
        }
    }

    fn above(n: i64) -> impl FnMut(&Value) -> Value {
        move |x| ops::binary(BinaryOp::Greater, x, &Value::Int(n)).unwrap()
    }

    #[test]
    fn applies() {
        assert_eq!(on("map", &[1, 2], Value::clone), "[1, 2]");
        assert_eq!(on("filter", &[1, 2, 3], above(1)), "[2, 3]");
        assert_eq!(on("find", &[1], above(1)), "null");
        assert_eq!(on("any", &[1, 2], above(1)), "true");
        assert_eq!(on("all", &[1, 2], above(1)), "false");
        assert_eq!(on("count", &[1, 2], above(1)), "1");
        assert_eq!(on("max_by", &[1, 2], Value::clone), "2");
        assert_eq!(on("group_by", &[1, 2], above(1)), "{ false: [1], true: [2] }");
        assert_eq!(on("filter", &[1], Value::clone), "error: the function must say true or false, it gave 1 (an int)");
    }

    #[test]
    fn an_unknown_answer_makes_it_unknown() {
        let later = |_: &Value| Value::Unknown(Type::Bool);
        assert_eq!(on("filter", &[1], later), crate::value::display::LATER);
        assert_eq!(on("any", &[1], later), crate::value::display::LATER);
        assert_eq!(on("sort_by", &[1], later), crate::value::display::LATER);
    }
}

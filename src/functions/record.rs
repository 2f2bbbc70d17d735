//! Methods of records.

use std::sync::Arc;

use super::list::items;
use super::text::text;
use super::{Function, Run, optional, param};
use crate::value::{Record, Value, display};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "keys",
        method: true,
        summary: "The names of its fields",
        params: &[param("record", "record")],
        returns: "list<string>",
        examples: &[("{ a: 1, b: 2 }.keys", "[\"a\", \"b\"]")],
        run: Run::Plain(|args| Ok(Value::list(fields(args).map(|(name, _)| Value::Str(Arc::clone(name)))))),
    },
    Function {
        name: "values",
        method: true,
        summary: "The values of its fields",
        params: &[param("record", "record")],
        returns: "list<any>",
        examples: &[("{ a: 1, b: 2 }.values", "[1, 2]")],
        run: Run::Plain(|args| Ok(Value::list(fields(args).map(|(_, value)| value.clone())))),
    },
    Function {
        name: "entries",
        method: true,
        summary: "Its fields as a list of `{ key, value }`",
        params: &[param("record", "record")],
        returns: "list<{ key: string, value: any }>",
        examples: &[("{ a: 1 }.entries", "[{ key: \"a\", value: 1 }]")],
        run: Run::Plain(|args| {
            let entry = |(name, value): (&Arc<str>, &Value)| {
                Value::record([("key", Value::Str(Arc::clone(name))), ("value", value.clone())])
            };
            Ok(Value::list(fields(args).map(entry)))
        }),
    },
    Function {
        name: "to_record",
        method: true,
        summary: "A record from a list of `{ key, value }`; of equal keys the last counts",
        params: &[param("entries", "list<any>")],
        returns: "record",
        examples: &[("[{ key: \"a\", value: 1 }].to_record()", "{ a: 1 }")],
        run: Run::Plain(|args| {
            let mut pairs = Vec::new();
            for entry in items(args) {
                let Value::Record(entry) = entry else {
                    return Err(format!("each item must be a record with `key` and `value`, one is {}", entry.brief()));
                };
                match (entry.get("key"), entry.get("value")) {
                    (Some(key), _) if key.holds_secret() => {
                        return Err("a secret cannot be the name of a field".to_owned());
                    }
                    (Some(key), Some(value)) => pairs.push((display::text(key), value.clone())),
                    _ => return Err("each item must have `key` and `value`".to_owned()),
                }
            }
            Ok(Value::record(pairs))
        }),
    },
    Function {
        name: "has",
        method: true,
        summary: "Whether it has a field of this name",
        params: &[param("record", "record"), param("name", "string")],
        returns: "bool",
        examples: &[("{ a: null }.has(\"a\")", "true")],
        run: Run::Plain(|args| {
            Ok(Value::Bool(record(args, 0).is_some_and(|record| record.get(text(args, 1)).is_some())))
        }),
    },
    Function {
        name: "get",
        method: true,
        summary: "The field of this name; `default` (or null) if it is missing or null",
        params: &[param("record", "record"), param("name", "string"), optional("default", "any")],
        returns: "any",
        examples: &[("{ a: 1 }.get(\"b\", 0)", "0"), ("{ a: 1 }.get(\"b\")", "null")],
        run: Run::Plain(|args| {
            let found = record(args, 0).and_then(|record| record.get(text(args, 1)));
            Ok(match found {
                Some(value) if !matches!(value, Value::Null) => value.clone(),
                _ => args.get(2).cloned().unwrap_or(Value::Null),
            })
        }),
    },
    Function {
        name: "merge",
        method: true,
        summary: "With the fields of another; where both have one, the other's",
        params: &[param("record", "record"), param("other", "record")],
        returns: "record",
        examples: &[("{ a: 1, b: 2 }.merge({ b: 3 })", "{ a: 1, b: 3 }")],
        run: Run::Plain(|args| {
            let others = record(args, 1).into_iter().flat_map(Record::iter);
            Ok(Value::record(fields(args).chain(others).map(|(name, value)| (Arc::clone(name), value.clone()))))
        }),
    },
    Function {
        name: "without",
        method: true,
        summary: "Without the field of this name, or those of these names",
        params: &[param("record", "record"), param("name", "any")],
        returns: "record",
        examples: &[("{ a: 1, b: 2 }.without(\"a\")", "{ b: 2 }"), ("{ a: 1, b: 2 }.without([\"a\", \"b\"])", "{}")],
        run: Run::Plain(|args| {
            let names: Vec<&str> = match &args[1] {
                Value::List(names) => names.iter().filter_map(Value::as_text).collect(),
                name => name.as_text().into_iter().collect(),
            };
            let kept = fields(args).filter(|(name, _)| !names.contains(&&***name));
            Ok(Value::record(kept.map(|(name, value)| (Arc::clone(name), value.clone()))))
        }),
    },
    Function {
        name: "only",
        method: true,
        summary: "Only the fields of these names",
        params: &[param("record", "record"), param("names", "list<string>")],
        returns: "record",
        examples: &[("{ a: 1, b: 2 }.only([\"a\"])", "{ a: 1 }")],
        run: Run::Plain(|args| {
            let Value::List(names) = &args[1] else { return Ok(args[0].clone()) };
            let kept = fields(args).filter(|(name, _)| names.iter().any(|wanted| wanted.as_text() == Some(name)));
            Ok(Value::record(kept.map(|(name, value)| (Arc::clone(name), value.clone()))))
        }),
    },
];

fn record(args: &[Value], at: usize) -> Option<&Record> {
    match args.get(at)? {
        Value::Record(record) => Some(record),
        _ => None,
    }
}

pub(super) fn fields(args: &[Value]) -> impl Iterator<Item = (&Arc<str>, &Value)> {
    record(args, 0).into_iter().flat_map(Record::iter)
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn works_on_records() {
        let record = Value::record([("a", Value::Int(1)), ("b", Value::Null)]);
        assert_eq!(shown("keys", true, std::slice::from_ref(&record)), "[\"a\", \"b\"]");
        assert_eq!(
            shown("entries", true, std::slice::from_ref(&record)),
            "[{ key: \"a\", value: 1 }, { key: \"b\", value: null }]"
        );
        assert_eq!(shown("get", true, &[record.clone(), Value::from("b"), Value::Int(5)]), "5");
        assert_eq!(shown("has", true, &[record.clone(), Value::from("b")]), "true");
        assert_eq!(shown("without", true, &[record.clone(), Value::from("b")]), "{ a: 1 }");
        assert_eq!(shown("only", true, &[record.clone(), Value::list([Value::from("b")])]), "{ b: null }");
        assert_eq!(shown("merge", true, &[record.clone(), Value::record([("a", Value::Int(2))])]), "{ a: 2, b: null }");
        assert_eq!(shown("to_record", true, &[Value::list([record])]), "error: each item must have `key` and `value`");
    }
}

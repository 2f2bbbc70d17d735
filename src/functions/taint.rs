//! Every builtin with a secret in every place: the result is as secret, and no message quotes it.

use super::{Function, Run, all, call};
use crate::value::{Value, display};

/// In every secret, and in nothing else.
const SENTINEL: &str = "s3ntinel";

/// Texts that functions can do something with, each holding the sentinel.
fn texts() -> Vec<String> {
    [
        "s3ntinel-77",
        " S3NTINEL s3ntinel \n",
        "a s3ntinel b\nc s3ntinel",
        "{\"s3ntinel\": {\"s3ntinel\": [\"s3ntinel\"]}}",
        "[\"s3ntinel\", 1]",
        "https://s3ntinel:s3ntinel@s3ntinel.example/s3ntinel?s3ntinel=s3ntinel",
        "s3ntinel=1&b=s3ntinel",
        "(s3ntinel",
        ".s3ntinel | .s3ntinel",
        "s3ntinel.1.2",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn plain(ty: &str) -> Vec<Value> {
    match ty {
        "string" => vec![Value::from("s"), Value::from("."), Value::from("2026-01-02T03:04:05Z")],
        "int" => vec![Value::Int(1)],
        "float" => vec![Value::Float(1.5)],
        "bool" => vec![Value::Bool(true)],
        "duration" => vec![Value::Duration(1_000_000_000)],
        "size" => vec![Value::Size(1024)],
        "percent" => vec![Value::Percent(0.5)],
        "instant" => vec![Value::Instant(jiff::Timestamp::UNIX_EPOCH)],
        "record" => vec![Value::record([("a", Value::Int(1))])],
        list if list.starts_with("list") => vec![Value::list([Value::from("a"), Value::from("b")])],
        _ => vec![Value::from("a"), Value::Int(1), Value::list([Value::Int(1)])],
    }
}

/// Values of a type with a secret in them, at the top or below.
fn secret(ty: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for text in texts() {
        let whole = Value::from(text.as_str());
        let hidden = whole.clone().tainted(true);
        let list = Value::list([whole.clone(), whole.clone()]);
        let list_within = Value::list([Value::from("a"), hidden.clone(), hidden.clone()]);
        let record = Value::record([("a", whole.clone()), (text.as_str(), whole.clone())]);
        let record_within = Value::record([("a", hidden.clone()), ("b", Value::list([hidden.clone()]))]);
        let records = Value::list([record_within.clone(), record.clone().tainted(true)]);
        let lists = Value::list([list_within.clone(), list.clone().tainted(true)]);
        let entries = Value::list([
            Value::list([hidden.clone(), hidden.clone()]),
            Value::record([("key", hidden.clone()), ("value", hidden.clone()), ("name", hidden.clone())]),
        ]);
        found.extend(match ty {
            "string" => vec![hidden],
            "record" => vec![record.tainted(true), record_within],
            list_type if list_type.starts_with("list") => {
                vec![list.tainted(true), list_within, records, lists, entries]
            }
            "any" => vec![hidden, list.tainted(true), list_within, record.tainted(true), record_within, records],
            _ => Vec::new(),
        });
    }
    found
}

/// Whether the sentinel is to be seen in a value.
fn shows(value: &Value) -> bool {
    match value {
        Value::Secret(_) => false,
        Value::List(items) => items.iter().any(shows),
        Value::Record(record) => {
            let name_shows = record.iter().any(|(name, _)| is_in(name));
            name_shows || value.as_text().is_some_and(is_in) || record.iter().any(|(_, field)| shows(field))
        }
        other => is_in(&display::text(other)),
    }
}

fn is_in(text: &str) -> bool {
    text.to_lowercase().contains(SENTINEL)
}

/// All ways to fill the other parameters.
fn with_others(function: &Function, at: usize, value: &Value) -> Vec<Vec<Value>> {
    let mut all = vec![Vec::new()];
    for (i, param) in function.params.iter().filter(|param| param.ty != "fn").enumerate() {
        let choices = if i == at { vec![value.clone()] } else { plain(param.ty) };
        all =
            all.iter().flat_map(|args| choices.iter().map(|one| [args.clone(), vec![one.clone()]].concat())).collect();
    }
    all
}

#[test]
fn no_function_loses_the_taint() {
    let mut faults = Vec::new();
    let mut calls = 0;
    for function in all().filter(|function| function.name != "public") {
        let values = function.params.iter().filter(|param| param.ty != "fn");
        for (at, param) in values.enumerate() {
            for value in secret(param.ty) {
                for args in with_others(function, at, &value) {
                    for answer in answers(function) {
                        calls += 1;
                        let called = call(function, &args, &mut |given| Ok(answer(given)));
                        let fault = match &called {
                            Ok(result) if shows(result) => "shows it",
                            Ok(Value::Secret(_) | Value::Bool(_)) => continue,
                            Ok(Value::Int(_)) if function.name == "len" => continue,
                            Ok(_) if matches!(value, Value::Secret(_)) => "is not as secret as its argument",
                            Err(message) if is_in(message) => "quotes it in its message",
                            Ok(_) | Err(_) => continue,
                        };
                        let arg = display::exposed_text(&value);
                        faults.push(format!("{}: {} {fault} ({arg}): {called:?}", function.name, param.name));
                    }
                }
            }
        }
    }
    faults.sort();
    faults.dedup_by(|a, b| a.split(" (").next() == b.split(" (").next());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(calls > 5000, "only {calls} calls");
}

type Answer = fn(&[Value]) -> Value;

/// What the function given as an argument may say.
fn answers(function: &Function) -> Vec<Answer> {
    match function.run {
        Run::Plain(_) => vec![|_| Value::Null],
        Run::WithFunction(_) => {
            vec![|given| given[0].clone(), |_| Value::Bool(true), |_| Value::from("x"), |given| {
                Value::list(given.to_vec())
            }]
        }
    }
}

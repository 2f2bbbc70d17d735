//! Options of command lines, from what an action was given.

use super::record::fields;
use super::{Function, Run, param};
use crate::value::{Value, display};

pub(super) static ALL: &[Function] = &[Function {
    name: "flags",
    method: false,
    summary: "Options for a command: `--name=value` each; none for null and false, the bare name for true, one an item for a list",
    params: &[param("options", "record")],
    returns: "list<string>",
    examples: &[
        ("flags({ \"--namespace\": \"shop\", \"--context\": null })", "[\"--namespace=shop\"]"),
        ("flags({ \"--wait\": true, \"--force\": false, \"--timeout\": 5m })", "[\"--wait\", \"--timeout=5m\"]"),
        ("flags({ \"--set\": [\"a=1\", \"b=2\"] })", "[\"--set=a=1\", \"--set=b=2\"]"),
    ],
    run: Run::Plain(|args| {
        let mut words = Vec::new();
        for (name, value) in fields(args) {
            option(name, value, &mut words)?;
        }
        Ok(Value::list(words))
    }),
}];

fn option(name: &str, value: &Value, words: &mut Vec<Value>) -> Result<(), String> {
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => words.push(Value::str(name)),
        Value::List(items) => {
            for item in items.iter() {
                option(name, item, words)?;
            }
        }
        Value::Record(record) if record.text().is_none() => {
            return Err(format!("`{name}` is a record, and an option has one value\nname the field, or write json(…)"));
        }
        value => {
            let text = Value::str(format!("{name}={}", display::exposed_text(value)));
            words.push(text.tainted(value.holds_secret()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn what_is_null_is_no_option() {
        let options =
            Value::record([("--a", Value::Null), ("--n", Value::Int(3)), ("--d", Value::Duration(90_000_000_000))]);
        assert_eq!(shown("flags", false, &[options]), "[\"--n=3\", \"--d=1m30s\"]");
    }

    #[test]
    fn a_record_is_no_value_of_an_option() {
        let options = Value::record([("--a", Value::record([("b", Value::Int(1))]))]);
        assert!(shown("flags", false, &[options]).contains("`--a` is a record"));
    }

    #[test]
    fn a_secret_stays_one() {
        let options = Value::record([("--token", Value::from("s3cr3t-word").tainted(true))]);
        assert!(!shown("flags", false, &[options]).contains("s3cr3t"));
    }
}

//! JSON text, and filters in the language of jq.

use super::text::text;
use super::{Function, Run, jq, param};
use crate::value::{Type, Value, display, json};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "json",
        method: false,
        summary: "A value as JSON text",
        params: &[param("value", "any")],
        returns: "string",
        examples: &[("json({ a: [1, null] })", "'{\"a\":[1,null]}'"), ("json(\"a\\\"b\")", "'\"a\\\"b\"'")],
        run: Run::Plain(|args| {
            let value = &args[0];
            let tainted = value.holds_secret();
            if value.holds_unknown() {
                return Ok(Value::Unknown(Type::String).tainted(tainted));
            }
            Ok(Value::from(json::exposed(value).to_string()).tainted(tainted))
        }),
    },
    Function {
        name: "parse_json",
        method: false,
        summary: "The value a JSON text stands for",
        params: &[param("text", "string")],
        returns: "any",
        examples: &[("parse_json('{\"a\": 1}').a", "1")],
        run: Run::Plain(|args| json::parse(text(args, 0))),
    },
    Function {
        name: "json",
        method: true,
        summary: "The value this text stands for, read as JSON",
        params: &[param("text", "string")],
        returns: "any",
        examples: &[("'[1, 2]'.json", "[1, 2]")],
        run: Run::Plain(|args| json::parse(text(args, 0))),
    },
    Function {
        name: "jq",
        method: false,
        summary: "What a jq filter makes of a value: its one result, null for none, a list for several",
        params: &[param("value", "any"), param("filter", "string")],
        returns: "any",
        examples: &[("jq({ a: { b: 3 } }, \".a.b\")", "3"), ("jq([1, 2], \".[]\")", "[1, 2]")],
        run: Run::Plain(|args| {
            if args[0].holds_unknown() {
                return Ok(Value::Unknown(Type::Any));
            }
            // A text that is JSON is meant as what it stands for, as on a command line.
            let input = match (&args[0], args[0].as_text()) {
                (Value::Record(record), Some(_)) => match record.text() {
                    Some(text) => json::of_text(text).clone()?,
                    None => Value::Null,
                },
                (value, _) => value.clone(),
            };
            let tainted = input.holds_secret();
            match jq::run(&input, text(args, 1)) {
                Ok(value) => Ok(value.tainted(tainted)),
                Err(_) if tainted => Err("the filter failed on a secret".to_owned()),
                Err(message) => Err(message),
            }
        }),
    },
    Function {
        name: "string",
        method: false,
        summary: "A value as text, as it stands in a string",
        params: &[param("value", "any")],
        returns: "string",
        examples: &[("string(5m)", "\"5m\""), ("string(3)", "\"3\"")],
        run: Run::Plain(|args| {
            let tainted = args[0].holds_secret();
            if args[0].holds_unknown() {
                return Ok(Value::Unknown(Type::String).tainted(tainted));
            }
            Ok(Value::from(display::exposed_text(&args[0])).tainted(tainted))
        }),
    },
];

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn writes_and_reads() {
        let value = Value::record([("a", Value::list([Value::Int(1), Value::Duration(1_000_000_000)]))]);
        assert_eq!(shown("json", false, &[value]), r#""{\"a\":[1,\"1s\"]}""#);
        assert_eq!(shown("parse_json", false, &[Value::from("[1]")]), "[1]");
        assert!(shown("json", true, &[Value::from("x")]).contains("this is not JSON"));
    }

    #[test]
    fn a_secret_inside_taints_the_text() {
        let value = Value::list([Value::from("hunter2").tainted(true)]);
        assert_eq!(shown("json", false, std::slice::from_ref(&value)), "•••");
        assert_eq!(shown("string", false, std::slice::from_ref(&value)), "•••");
        assert_eq!(shown("jq", false, &[value.clone(), Value::from(".[0]")]), "•••");
        assert_eq!(shown("jq", false, &[value, Value::from(".[0].x")]), "error: the filter failed on a secret");
    }
}

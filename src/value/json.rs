//! JSON and values.
//!
//! What JSON has no form for is written as text, as it would stand in a string:
//! `"1h30m"`, `"512MiB"`, `"5%"`, an RFC 3339 instant. A bare number of seconds or bytes would have lost its unit.

use std::sync::Arc;

use serde_json::Value as Json;

use super::ops::OpError;
use super::{Value, arithmetic, display};

/// A JSON tree as a value, fields in their order. Whole numbers beyond 64 bits become floats.
pub fn from_json(tree: Json) -> Value {
    match tree {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::list(items.into_iter().map(from_json)),
        Json::Object(fields) => Value::record(fields.into_iter().map(|(name, value)| (name, from_json(value)))),
    }
}

/// Reads a JSON text. The message shows the beginning of what came instead.
pub fn parse(text: &str) -> Result<Value, String> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if trimmed.is_empty() {
        return Err("this is not JSON: it is empty".to_owned());
    }
    serde_json::from_str(trimmed).map(from_json).map_err(|error| {
        let came = display::quoted(trimmed, display::SHORT);
        if error.line() == 1 && error.column() <= 1 {
            format!("this is not JSON, it begins with {came}")
        } else {
            format!("this is not JSON: {error}; it begins with {came}")
        }
    })
}

/// A value as JSON. Refuses secrets, and what only a run will know.
pub fn to_json(value: &Value) -> Result<Json, OpError> {
    if value.holds_secret() {
        return Err(OpError::new("a secret cannot be written as JSON"));
    }
    if value.holds_unknown() {
        return Err(OpError::new("only the run will know this value"));
    }
    Ok(exposed(value))
}

/// A value as JSON for people and logs: secrets are `"•••"`.
pub fn masked(value: &Value) -> Json {
    tree(value, false)
}

/// A value as JSON with secrets in clear: for what becomes a secret itself, or goes to the one who may know.
pub fn exposed(value: &Value) -> Json {
    tree(value, true)
}

fn tree(value: &Value, expose: bool) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(n) => Json::from(*n),
        // A whole number without its `.0`: `replicas: n / 2` goes to APIs that accept only `2`.
        Value::Float(x) => match arithmetic::to_int(*x) {
            Some(n) if x.fract() == 0.0 && n.abs() < 1 << 53 => Json::from(n),
            _ => Json::from(*x),
        },
        Value::List(items) => items.iter().map(|item| tree(item, expose)).collect(),
        Value::Record(record) => match value.as_text() {
            Some(text) => Json::from(text),
            None => record.iter().map(|(name, value)| (name.to_string(), tree(value, expose))).collect(),
        },
        Value::Secret(secret) if expose => tree(secret.expose(), true),
        Value::Str(text) => Json::from(&**text),
        Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::Instant(_)
        | Value::Secret(_)
        | Value::Unknown(_) => Json::from(display::text(value)),
    }
}

/// `.json` of a record that is a text: read once, then kept.
pub fn of_text(text: &super::Text) -> &Result<Value, String> {
    text.json.get_or_init(|| parse(&text.raw))
}

/// The lines of a text without their ends; a last line end begins no further line.
pub fn lines(text: &str) -> Value {
    Value::List(Arc::new(text.lines().map(Value::from).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        let text = r#"{"z":1,"a":[true,null,2.5,"x"],"m":{}}"#;
        let value = parse(text).unwrap();
        assert_eq!(to_json(&value).unwrap().to_string(), text);
        assert!(matches!(parse("18446744073709551615").unwrap(), Value::Float(_)));
    }

    #[test]
    fn says_what_came_instead() {
        assert_eq!(parse("<html>\n502").unwrap_err(), r#"this is not JSON, it begins with "<html>\n502""#);
        assert!(parse("{\"a\": }").unwrap_err().contains("expected value at line 1 column 7"));
        assert_eq!(parse(" \n").unwrap_err(), "this is not JSON: it is empty");
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn secrets_do_not_get_out() {
        let value = Value::record([("password", Value::from("hunter2").tainted(true))]);
        assert!(to_json(&value).is_err());
        assert_eq!(masked(&value).to_string(), r#"{"password":"•••"}"#);
    }
}

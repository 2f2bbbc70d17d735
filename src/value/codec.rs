//! Values as JSON without loss, for the record of a run: what is read back is what was written, to the last bit.
//!
//! Null, bools, whole numbers, strings, lists and records are themselves. All else is a record with one field
//! whose name begins with `$`: `{"$duration": 90000000000}`. A record with such a field of its own, or one that
//! is also a text, is wrapped: `{"$record": {…}, "$text": "…"}`.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::ops::OpError;
use super::{Record, Value, limits};

/// A value as JSON. Refuses secrets, and what only a run will know.
pub fn encode(value: &Value) -> Result<Json, OpError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(n) => Json::from(*n),
        Value::Str(text) => Json::from(&**text),
        // As text: a number in JSON may lose its last digit when it is read.
        Value::Float(x) => json!({ "$float": x.to_string() }),
        Value::Percent(x) => json!({ "$percent": x.to_string() }),
        Value::Duration(n) => json!({ "$duration": n }),
        Value::Size(n) => json!({ "$size": n }),
        Value::Instant(instant) => json!({ "$instant": instant.to_string() }),
        Value::List(items) => Json::Array(items.iter().map(encode).collect::<Result<_, _>>()?),
        Value::Record(record) => {
            let mut fields = Map::new();
            for (name, value) in record.iter() {
                fields.insert(name.to_string(), encode(value)?);
            }
            match record.text() {
                Some(text) => json!({ "$record": fields, "$text": &*text.raw }),
                None if fields.keys().any(|name| name.starts_with('$')) => json!({ "$record": fields }),
                None => Json::Object(fields),
            }
        }
        Value::Secret(_) => return Err(OpError::new("a secret is never written down")),
        Value::Unknown(_) => return Err(OpError::new("only the run will know this value")),
    })
}

/// The value that was written. `None` for what `encode` never writes.
pub fn decode(tree: Json) -> Option<Value> {
    decode_within(tree, limits::MAX_NESTING + 56)
}

fn decode_within(tree: Json, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match tree {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Int(number.as_i64()?),
        Json::String(text) => Value::from(text),
        Json::Array(items) => {
            let items: Option<Vec<_>> = items.into_iter().map(|item| decode_within(item, depth)).collect();
            Value::list(items?)
        }
        Json::Object(mut fields) => match fields.keys().next().map(String::as_str) {
            Some("$record") => {
                let text = fields.get("$text").and_then(Json::as_str).map(Arc::<str>::from);
                let Some(Json::Object(inner)) = fields.swap_remove("$record") else { return None };
                let record = decode_fields(inner, depth)?;
                Value::Record(Arc::new(match text {
                    Some(text) => record.with_text(text),
                    None => record,
                }))
            }
            Some(kind) if kind.starts_with('$') => scalar(kind, fields.get(kind)?)?,
            _ => Value::Record(Arc::new(decode_fields(fields, depth)?)),
        },
    })
}

fn decode_fields(fields: Map<String, Json>, depth: usize) -> Option<Record> {
    let decoded: Option<Vec<_>> =
        fields.into_iter().map(|(name, value)| Some((name, decode_within(value, depth)?))).collect();
    Some(Record::new(decoded?))
}

fn scalar(kind: &str, content: &Json) -> Option<Value> {
    Some(match kind {
        "$float" => Value::Float(content.as_str()?.parse().ok()?),
        "$percent" => Value::Percent(content.as_str()?.parse().ok()?),
        "$duration" => Value::Duration(content.as_i64()?),
        "$size" => Value::Size(content.as_i64()?),
        "$instant" => Value::Instant(content.as_str()?.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(value: &Value) -> Value {
        let text = encode(value).unwrap().to_string();
        decode(serde_json::from_str(&text).unwrap()).unwrap()
    }

    #[test]
    fn comes_back_as_it_was() {
        let answer = Record::new([("status", Value::Int(200))]).with_text("{}\n");
        let value = Value::record([
            ("$duration", Value::Duration(5)),
            ("size", Value::Size(-1)),
            ("share", Value::Percent(0.07)),
            ("nan", Value::Float(f64::NAN)),
            ("at", Value::Instant("2026-01-20T15:00:00.123456789Z".parse().unwrap())),
            ("answer", Value::Record(Arc::new(answer))),
            ("list", Value::list([Value::Null, Value::from("$x")])),
        ]);
        assert_eq!(format!("{:?}", back(&value)), format!("{value:?}"));
    }

    #[test]
    fn refuses_what_must_not_be_written() {
        assert!(encode(&Value::list([Value::Int(1).tainted(true)])).is_err());
        assert!(decode(json!({ "$x": 1 })).is_none());
        assert!(decode(json!(0.5)).is_none());
    }

    proptest! {
        #[test]
        fn no_float_loses_a_bit(bits: u64) {
            let x = f64::from_bits(bits);
            match back(&Value::Float(x)) {
                Value::Float(y) => prop_assert!(x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan())),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

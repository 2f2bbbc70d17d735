//! From a text (the command line, the environment, a file) to a value of a declared type.

use std::fmt::Write as _;
use std::sync::Arc;

use super::arithmetic::to_float;
use super::ops::OpError;
use super::{Record, Type, Value, display, json, units};

/// Reads a text as a value of `ty`: `15m`, `5%`, `true`, `a,b`, `["a", "b"]`.
pub fn parse_as(text: &str, ty: &Type) -> Result<Value, OpError> {
    let trimmed = text.trim();
    let read = match ty {
        Type::Any | Type::String | Type::Command | Type::Sql | Type::Url => return Ok(Value::from(text)),
        Type::Optional(_) if trimmed == "null" => return Ok(Value::Null),
        Type::Optional(inner) => {
            let text_like = matches!(**inner, Type::String | Type::Command | Type::Sql | Type::Url);
            return if trimmed.is_empty() && !text_like { Ok(Value::Null) } else { parse_as(text, inner) };
        }
        Type::Secret(inner) => {
            // The usual message would show the secret.
            return parse_as(text, inner)
                .map(|value| value.tainted(true))
                .map_err(|_| OpError::new(format!("this secret is not {}", described(inner))));
        }
        Type::List(item) => return parse_list(trimmed, item),
        Type::Record(_) => return json::parse(trimmed).map_err(OpError::new).and_then(|value| coerce(value, ty)),
        Type::Null => (trimmed == "null").then_some(Value::Null),
        Type::Bool => match trimmed {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Int => trimmed.parse().ok().map(Value::Int),
        Type::Float => trimmed.parse().ok().filter(|x: &f64| x.is_finite()).map(Value::Float),
        Type::Duration => units::parse_duration(trimmed).map(Value::Duration),
        Type::Size => units::parse_size(trimmed).map(Value::Size),
        Type::Percent => units::parse_percent(trimmed).map(Value::Percent),
        Type::Instant => trimmed.parse().ok().map(Value::Instant),
    };
    read.ok_or_else(|| {
        OpError::new(format!("{} is not {}", display::quoted(text, display::SHORT), described(ty)))
            .help(format!("write it like {}", example(ty, trimmed)))
    })
}

fn parse_list(text: &str, item: &Type) -> Result<Value, OpError> {
    if text.starts_with('[') {
        let value = json::parse(text).map_err(OpError::new)?;
        return coerce(value, &Type::list(item.clone()));
    }
    if text.is_empty() {
        return Ok(Value::list([]));
    }
    let items: Result<Vec<_>, _> = text.split(',').map(|part| parse_as(part.trim(), item)).collect();
    Ok(Value::List(Arc::new(items?)))
}

/// A value as one of `ty`: an int may become a float, and a string from JSON a duration, a size, a percentage
/// or an instant. The message names the part that does not fit.
pub fn coerce(value: Value, ty: &Type) -> Result<Value, OpError> {
    coerce_at(value, ty, &mut String::new(), true)
}

/// The same without reading strings as units: for values of the language, which has literals for them.
pub fn conform(value: Value, ty: &Type) -> Result<Value, OpError> {
    coerce_at(value, ty, &mut String::new(), false)
}

fn coerce_at(value: Value, ty: &Type, path: &mut String, read: bool) -> Result<Value, OpError> {
    match (ty, value) {
        (Type::Any, value)
        | (_, value @ Value::Unknown(_))
        | (Type::Null, value @ Value::Null)
        | (Type::Bool, value @ Value::Bool(_))
        | (Type::Int, value @ Value::Int(_))
        | (Type::Float, value @ Value::Float(_))
        | (Type::Duration, value @ Value::Duration(_))
        | (Type::Size, value @ Value::Size(_))
        | (Type::Percent, value @ Value::Percent(_))
        | (Type::Instant, value @ Value::Instant(_))
        | (Type::String | Type::Command | Type::Sql | Type::Url, value @ Value::Str(_)) => Ok(value),
        (Type::Optional(_), Value::Null) => Ok(Value::Null),
        (Type::Optional(inner), value) => coerce_at(value, inner, path, read),
        (Type::Secret(inner), value) => {
            coerce_at(value.exposed().clone(), inner, path, read).map(|value| value.tainted(true))
        }
        (ty, Value::Secret(secret)) => coerce_at(secret.expose().clone(), ty, path, read)
            .map(|value| value.tainted(true))
            .map_err(|_| OpError::new(format!("this secret is not {}", described(ty)))),
        (Type::Float, Value::Int(n)) => Ok(Value::Float(to_float(n))),
        (Type::Duration | Type::Size | Type::Percent | Type::Instant, Value::Str(text)) if read => {
            parse_as(&text, ty).map_err(|error| at(error, path))
        }
        (Type::String | Type::Command | Type::Sql | Type::Url, value) if value.as_text().is_some() => {
            Ok(Value::from(value.as_text().unwrap_or_default()))
        }
        (Type::List(item), Value::List(items)) => {
            let length = path.len();
            let mut converted = Vec::with_capacity(items.len());
            for (i, value) in items.iter().enumerate() {
                let _ = write!(path, "[{i}]");
                converted.push(coerce_at(value.clone(), item, path, read)?);
                path.truncate(length);
            }
            Ok(Value::List(Arc::new(converted)))
        }
        (Type::Record(wanted), Value::Record(record)) => {
            let mut converted = Record::clone(&record);
            let length = path.len();
            for (name, field_type) in &wanted.fields {
                path.push_str(if length > 0 { "." } else { "" });
                path.push_str(name);
                let field = match record.get(name) {
                    Some(value) => coerce_at(value.clone(), field_type, path, read)?,
                    None if matches!(field_type, Type::Optional(_) | Type::Any) => Value::Null,
                    None => {
                        return Err(OpError::new(format!("`{path}` is missing; it is {}", described(field_type))));
                    }
                };
                if record.get(name).is_some() || !wanted.open {
                    converted = converted.with(Arc::clone(name), field);
                }
                path.truncate(length);
            }
            if !wanted.open && !wanted.fields.is_empty() {
                refuse_others(&record, wanted, path)?;
            }
            Ok(Value::Record(Arc::new(converted)))
        }
        (ty, value) => {
            let error = OpError::new(format!("this must be {}, it is {}", described(ty), value.brief()));
            Err(at(error.help(format!("write it like {}", example(ty, ""))), path))
        }
    }
}

fn refuse_others(record: &Record, wanted: &super::types::RecordType, path: &str) -> Result<(), OpError> {
    // The answer of an action has more fields than a type asks for; what somebody wrote should have none.
    if record.text().is_some() {
        return Ok(());
    }
    let Some((name, _)) = record.iter().find(|(name, _)| wanted.field(name).is_none()) else { return Ok(()) };
    let known = wanted.fields.iter().map(|(field, _)| &**field);
    let mut error = OpError::new(format!("there is no field `{name}` here"));
    if let Some(near) = crate::diag::did_you_mean(name, known.clone()) {
        error = error.help(format!("did you mean `{near}`?"));
    } else {
        error = error.help(format!("it has: {}", known.collect::<Vec<_>>().join(", ")));
    }
    Err(at(error, path))
}

fn at(error: OpError, path: &str) -> OpError {
    if path.is_empty() { error } else { OpError { message: format!("`{path}`: {}", error.message), ..error } }
}

fn described(ty: &Type) -> String {
    match ty {
        Type::List(_) | Type::Record(_) | Type::Optional(_) => format!("of the type {ty}"),
        simple => super::kind::Kind::of_type(simple).a().to_owned(),
    }
}

/// Something that would have been right, with the number that was given where there was one.
fn example(ty: &Type, given: &str) -> String {
    let bare = !given.is_empty() && given.len() < 12 && given.bytes().all(|b| b.is_ascii_digit());
    let number = |usual: &'static str| if bare { given.to_owned() } else { usual.to_owned() };
    match ty {
        Type::Null => "`null`".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Int => "`42`".to_owned(),
        Type::Float => "`0.5`".to_owned(),
        Type::Duration => format!("`{}m`, `{}s` or `1h30m`", number("15"), number("90")),
        Type::Size => format!("`{}MiB` or `{}GB`", number("512"), number("4")),
        Type::Percent => format!("`{}%`", number("5")),
        Type::Instant => "`2026-01-20T10:00:00-05:00`".to_owned(),
        Type::Any | Type::String | Type::Command | Type::Sql | Type::Url => "`\"text\"`".to_owned(),
        Type::List(item) => format!("`[{}, …]`", example(item, "").replace('`', "")),
        Type::Record(record) => {
            let fields: Vec<_> = record
                .fields
                .iter()
                .map(|(name, ty)| format!("\"{name}\": {}", example(ty, "").replace('`', "")))
                .collect();
            format!("`{{{}}}`", fields.join(", "))
        }
        Type::Optional(inner) | Type::Secret(inner) => example(inner, given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::types::RecordType;

    fn read(text: &str, ty: &Type) -> String {
        match parse_as(text, ty) {
            Ok(value) => format!("{} {}", value.type_of(), display::inspect(&value, 60)),
            Err(error) => format!("{}; {}", error.message, error.help.unwrap_or_default()),
        }
    }

    #[test]
    fn reads_what_people_type() {
        assert_eq!(read("15m", &Type::Duration), "duration 15m");
        assert_eq!(read("5%", &Type::Percent), "percent 5%");
        assert_eq!(read("3", &Type::Float), "float 3");
        assert_eq!(read(" a b", &Type::String), "string \" a b\"");
        assert_eq!(read("1, 2", &Type::list(Type::Int)), "list<int> [1, 2]");
        assert_eq!(read("[\"1m\"]", &Type::list(Type::Duration)), "list<duration> [1m]");
        assert_eq!(read("", &Type::Int.optional()), "null null");
    }

    #[test]
    fn says_how_to_write_it() {
        assert_eq!(read("15", &Type::Duration), "\"15\" is not a duration; write it like `15m`, `15s` or `1h30m`");
        assert_eq!(read("yes", &Type::Bool), "\"yes\" is not a bool; write it like `true` or `false`");
        assert_eq!(read("5", &Type::Percent), "\"5\" is not a percentage; write it like `5%`");
        assert!(!read("hunter2", &Type::Int.secret()).contains("hunter2"));
    }

    #[test]
    fn checks_records() {
        let ty = Type::Record(Arc::new(RecordType {
            fields: vec![("name".into(), Type::String), ("share".into(), Type::Percent.optional())],
            open: false,
        }));
        assert_eq!(
            read(r#"{"name": "a", "share": "5%"}"#, &ty),
            "{ name: string, share: percent } { name: \"a\", share: 5% }"
        );
        assert!(read(r#"{"name": 1}"#, &ty).starts_with("`name`: this must be a string, it is 1 (an int)"));
        assert!(read(r#"{"share": "5%"}"#, &ty).contains("`name` is missing"));
        assert!(read(r#"{"name": "a", "shar": 1}"#, &ty).contains("did you mean `share`?"));
    }
}

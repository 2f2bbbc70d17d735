//! `a.b` and `a[i]`: fields first, then what a text reads as, then methods that need no brackets.

use super::{call, find_method};
use crate::diag::did_you_mean;
use crate::value::json;
use crate::value::{Kind, Type, Value};

/// Why there is no such part.
#[derive(Clone, Debug)]
pub struct AccessError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the part is only absent, so that `??` may stand in for it.
    pub missing: bool,
    /// Whether the whole is null: the fault is then with it, not with the name.
    pub of_null: bool,
}

impl AccessError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, missing: false, of_null: false }
    }

    fn missing(message: impl Into<String>, help: Option<String>) -> Self {
        Self { help, missing: true, ..Self::new(message) }
    }
}

/// `object.name`
pub fn member(object: &Value, name: &str) -> Result<Value, AccessError> {
    match object {
        Value::Record(record) => {
            if let Some(value) = record.get(name) {
                return Ok(value.clone());
            }
            if let Some(text) = record.text() {
                match name {
                    "json" => return json::of_text(text).clone().map_err(AccessError::new),
                    "lines" => return Ok(json::lines(&text.raw)),
                    _ => {}
                }
            }
            method(object, name).unwrap_or_else(|| Err(no_field(record, name)))
        }
        Value::Null => Err(AccessError {
            help: Some(format!("write `?.{name}` where null is fine, `?? …` to say what it is then")),
            of_null: true,
            ..AccessError::missing(format!("null has no `{name}`"), None)
        }),
        Value::Secret(secret) => match member(secret.expose(), name) {
            Ok(value @ Value::Bool(_)) if name == "is_empty" => Ok(value),
            Ok(value) => Ok(value.tainted(name != "len")),
            Err(error) if error.of_null => Err(error),
            Err(error) if error.missing => {
                Err(AccessError { message: format!("this secret has no `{name}`"), help: None, ..error })
            }
            Err(_) => Err(AccessError::new(format!(
                "`.{name}` failed on a secret; why is not shown, it might show the secret"
            ))),
        },
        Value::Unknown(ty) => Ok(Value::Unknown(member_type(ty, name))),
        other => method(other, name).unwrap_or_else(|| Err(no_method(other, name))),
    }
}

/// `.len`, `.first`: a method without further parameters needs no brackets.
fn method(object: &Value, name: &str) -> Option<Result<Value, AccessError>> {
    let function = find_method(name).filter(|function| function.params.iter().skip(1).all(|param| param.optional))?;
    // A record that lacks a field is not told about a method it could not have.
    if object.kind() == Kind::Record && object.as_text().is_none() && !matches!(function.params[0].ty, "record" | "any")
    {
        return None;
    }
    let result = call(function, std::slice::from_ref(object), &mut |_| Err("no function was given".to_owned()));
    Some(result.map_err(|message| {
        let (message, help) = match message.split_once('\n') {
            Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
            None => (message, None),
        };
        AccessError { help, ..AccessError::new(message) }
    }))
}

/// The type of `object.name` where the value is not known.
fn member_type(ty: &Type, name: &str) -> Type {
    match ty {
        Type::Optional(inner) => member_type(inner, name),
        Type::Secret(inner) => member_type(inner, name).secret(),
        Type::Record(record) => match record.field(name) {
            Some(field) => field.clone(),
            None if name == "lines" => Type::list(Type::String),
            None => Type::Any,
        },
        Type::Any => Type::Any,
        other => find_method(name)
            .and_then(|function| super::return_type(function, std::slice::from_ref(other)))
            .unwrap_or(Type::Any),
    }
}

fn no_field(record: &crate::value::Record, name: &str) -> AccessError {
    let names = || record.iter().map(|(field, _)| &**field);
    if record.is_empty() {
        return AccessError::missing(format!("the record has no field `{name}`: it is empty"), None);
    }
    let mut has: Vec<_> = names().take(12).collect();
    if record.len() > has.len() {
        has.push("…");
    }
    let has = has.join(", ");
    let message = match did_you_mean(name, names()) {
        Some(near) => format!("the record has no field `{name}`; did you mean `{near}`?"),
        None => format!("the record has no field `{name}`"),
    };
    AccessError::missing(message, Some(format!("it has: {has}")))
}

fn no_method(value: &Value, name: &str) -> AccessError {
    if find_method(name).is_some() {
        return AccessError::new(format!("`.{name}` needs its arguments: `.{name}(…)`"));
    }
    let near = did_you_mean(name, super::all().filter(|function| function.method).map(|function| function.name));
    let kind = value.kind();
    // A field of what is no record is absent just as one of a record that lacks it.
    let advice = match (near, kind) {
        (Some(near), _) => Some(format!("did you mean `{near}`?")),
        (None, Kind::Text) => Some(format!("if it is JSON, write `.json.{name}`")),
        (None, Kind::List) => Some(format!("for one of it write `[0].{name}`, for all `.map(x => x.{name})`")),
        (None, _) => None,
    };
    AccessError::missing(format!("{} has no `{name}`", kind.a()), advice)
}

/// `object[at]`: from the end if negative; of a record by name.
pub fn index(object: &Value, at: &Value) -> Result<Value, AccessError> {
    match (object, at) {
        (Value::Unknown(ty), _) => Ok(Value::Unknown(item_type(ty))),
        (Value::Secret(_), _) | (_, Value::Secret(_)) => {
            let missing = |error: AccessError| AccessError {
                message: "this secret has no such part".to_owned(),
                help: None,
                ..error
            };
            index(object.exposed(), at.exposed()).map(|value| value.tainted(true)).map_err(missing)
        }
        (_, Value::Unknown(_)) => Ok(Value::Unknown(item_type(&object.type_of()))),
        (Value::List(items), Value::Int(n)) => {
            let found = position(*n, items.len()).and_then(|i| items.get(i));
            found.cloned().ok_or_else(|| out_of_range(*n, items.len(), "item"))
        }
        (Value::List(_), Value::Float(x)) if x.fract() == 0.0 => match crate::value::arithmetic::to_int(*x) {
            Some(n) => index(object, &Value::Int(n)),
            None => Err(AccessError::new("this index is too large")),
        },
        (Value::Str(text), Value::Int(n)) => {
            let length = text.chars().count();
            let found = position(*n, length).and_then(|i| text.chars().nth(i));
            found.map(|c| Value::from(c.to_string())).ok_or_else(|| out_of_range(*n, length, "character"))
        }
        (Value::Record(record), Value::Str(name)) => record.get(name).cloned().ok_or_else(|| no_field(record, name)),
        (Value::Null, _) => Err(AccessError {
            of_null: true,
            ..AccessError::missing("null has no parts", Some("say what it is then with `?? …`".to_owned()))
        }),
        (Value::List(_), other) => {
            Err(AccessError::new(format!("the index of a list is an int, this is {}", other.brief())))
        }
        (Value::Record(_), other) => {
            Err(AccessError::new(format!("the index of a record is the name of a field, this is {}", other.brief())))
        }
        (other, _) => Err(AccessError::new(format!("{} has no parts to index", other.kind().a()))),
    }
}

fn position(n: i64, length: usize) -> Option<usize> {
    if n >= 0 { usize::try_from(n).ok() } else { length.checked_sub(usize::try_from(n.unsigned_abs()).ok()?) }
}

fn out_of_range(n: i64, length: usize, what: &str) -> AccessError {
    let has = match length {
        0 => "it is empty".to_owned(),
        1 => format!("it has one {what}, [0]"),
        _ => format!("it has {length} {what}s, [0] to [{}]", length - 1),
    };
    AccessError::missing(format!("there is no [{n}]: {has}"), None)
}

fn item_type(ty: &Type) -> Type {
    match ty {
        Type::List(item) => (**item).clone(),
        Type::Optional(inner) => item_type(inner),
        Type::Secret(inner) => item_type(inner).secret(),
        Type::String => Type::String,
        _ => Type::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Record;
    use crate::value::display::{SHORT, inspect};
    use std::sync::Arc;

    fn get(object: &Value, name: &str) -> String {
        match member(object, name) {
            Ok(value) => inspect(&value, SHORT),
            Err(error) => format!("{}; {}", error.message, error.help.unwrap_or_default()),
        }
    }

    #[test]
    fn fields_come_first() {
        let record = Value::record([("auth_status", Value::from("ok")), ("len", Value::Int(7))]);
        assert_eq!(get(&record, "len"), "7");
        assert_eq!(get(&record, "keys"), "[\"auth_status\", \"len\"]");
        assert_eq!(
            get(&record, "auth_stats"),
            "the record has no field `auth_stats`; did you mean `auth_status`?; it has: auth_status, len"
        );
        assert_eq!(get(&record, "first"), "the record has no field `first`; it has: auth_status, len");
        assert!(get(&Value::Null, "a").starts_with("null has no `a`; write `?.a`"));
        assert_eq!(get(&Value::from("{}"), "status"), "a string has no `status`; if it is JSON, write `.json.status`");
    }

    #[test]
    fn a_text_reads_as_json_and_lines() {
        let text = |raw: &str| Value::Record(Arc::new(Record::new([("status", Value::Int(200))]).with_text(raw)));
        assert_eq!(get(&text("{\"a\": 1}\n"), "json"), "{ a: 1 }");
        assert_eq!(get(&text("a\nb\n"), "lines"), "[\"a\", \"b\"]");
        assert_eq!(get(&text("a\nb\n"), "upper"), "\"A\\nB\"");
        assert!(get(&text("<html>"), "json").starts_with("this is not JSON, it begins with \"<html>\""));
    }

    #[test]
    fn indexes_from_both_ends() {
        let list = Value::list([Value::Int(1), Value::Int(2)]);
        assert!(matches!(index(&list, &Value::Int(-1)), Ok(Value::Int(2))));
        assert_eq!(index(&list, &Value::Int(2)).unwrap_err().message, "there is no [2]: it has 2 items, [0] to [1]");
        assert!(index(&list, &Value::Int(i64::MIN)).unwrap_err().missing);
        assert!(matches!(index(&Value::from("äb"), &Value::Int(0)), Ok(Value::Str(c)) if &*c == "ä"));
    }
}

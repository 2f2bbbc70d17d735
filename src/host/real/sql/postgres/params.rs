//! Values on their way to PostgreSQL: each as the text that the type it is bound to reads.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::value::{Value, display, json};

/// A value to be bound.
#[derive(Debug)]
pub(super) struct Bound(pub(super) Value);

impl ToSql for Bound {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(text) = text(self.0.exposed(), ty)? else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// The text of a value for a type; `None` is NULL.
fn text(value: &Value, ty: &Type) -> Result<Option<String>, String> {
    if matches!(value, Value::Null | Value::Unknown(_)) {
        return Ok(None);
    }
    if let Kind::Domain(inner) = ty.kind() {
        return text(value, inner);
    }
    let refused =
        |what: &str, help: &str| Err(format!("{what} has no place where PostgreSQL wants {}: {help}", ty.name()));
    let is_json = matches!(*ty, Type::JSON | Type::JSONB);
    let is_number = matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC);
    let text = match (value, ty.kind()) {
        _ if is_json => json::exposed(value).to_string(),
        (Value::List(items), Kind::Array(member)) => array(items, member)?,
        (Value::Record(_), _) if value.as_text().is_some() => display::exposed_text(value),
        (Value::List(_) | Value::Record(_), _) if *ty == Type::TEXT || *ty == Type::VARCHAR => {
            display::exposed_text(value)
        }
        (Value::List(_), _) => return refused("a list", "write = ANY(${xs}) or IN (${xs})"),
        (Value::Record(_), _) => return refused("a record", "name the field"),
        (Value::Duration(nanoseconds), _) if *ty == Type::INTERVAL => {
            let (sign, total) = (if *nanoseconds < 0 { "-" } else { "" }, nanoseconds.unsigned_abs());
            format!("{sign}{}.{:09} seconds", total / 1_000_000_000, total % 1_000_000_000)
        }
        (Value::Duration(_), _) if is_number => return refused("a duration", "say in what: ${x.seconds}"),
        (Value::Percent(ratio), _) if is_number => display::float_text(*ratio),
        (Value::Size(bytes), _) if is_number => bytes.to_string(),
        (Value::Str(digits), _) if *ty == Type::BYTEA => {
            if digits.len() % 2 != 0 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return refused(
                    "this text",
                    "bytes are given as hexadecimal digits; a text's own are convert_to(${x}, 'UTF8')",
                );
            }
            format!("\\x{digits}")
        }
        _ => display::exposed_text(value),
    };
    Ok(Some(text))
}

/// `{1,"a b",NULL}`
fn array(items: &[Value], member: &Type) -> Result<String, String> {
    let mut out = String::from("{");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match item.exposed() {
            Value::List(inner) if !matches!(*member, Type::JSON | Type::JSONB) => out.push_str(&array(inner, member)?),
            item => match text(item, member)? {
                None => out.push_str("NULL"),
                Some(text) => {
                    out.push('"');
                    for c in text.chars() {
                        if matches!(c, '"' | '\\') {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                    out.push('"');
                }
            },
        }
    }
    out.push('}');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_reads_its_own_text() {
        let shown = |value: Value, ty: Type| match text(&value, &ty) {
            Ok(Some(text)) => text,
            Ok(None) => "NULL".to_owned(),
            Err(why) => format!("error: {why}"),
        };
        assert_eq!(shown(Value::Duration(-1_500_000_000), Type::INTERVAL), "-1.500000000 seconds");
        assert_eq!(shown(Value::from("a\"b"), Type::JSONB), r#""a\"b""#);
        let list = Value::list([Value::from("a\"\\b,{}"), Value::Null, Value::from("NULL")]);
        assert_eq!(shown(list.clone(), Type::TEXT_ARRAY), r#"{"a\"\\b,{}",NULL,"NULL"}"#);
        assert_eq!(shown(Value::list([list]), Type::TEXT_ARRAY), r#"{{"a\"\\b,{}",NULL,"NULL"}}"#);
        assert_eq!(shown(Value::from("00ff"), Type::BYTEA), "\\x00ff");
        assert!(shown(Value::from("x'"), Type::BYTEA).starts_with("error"));
        assert!(shown(Value::Duration(1), Type::INT4).contains("x.seconds"));
        assert_eq!(shown(Value::Percent(0.05), Type::NUMERIC), "0.05");
    }
}

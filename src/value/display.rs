//! Values as text: inside other text (`text`), and for people to look at (`inspect`).

use std::fmt::Write as _;

use super::kind::Kind;
use super::{Value, json, units};

/// What stands for a secret.
pub const MASK: &str = crate::mask::MASK;

/// What stands for something only a run will know.
pub const LATER: &str = "‹known when it runs›";

/// As `${x}` puts it into a text: `1h30m`, `512MiB`, `5%`, RFC 3339, lists and records as JSON. Secrets are masked.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write_text(&mut out, value, false);
    out
}

/// The same with secrets in clear: for what becomes a secret itself, or goes to the one who may know.
pub fn exposed_text(value: &Value) -> String {
    let mut out = String::new();
    write_text(&mut out, value, true);
    out
}

/// Adds the text of a value to `out`; with `expose` its secrets in clear.
pub fn write_text(out: &mut String, value: &Value, expose: bool) {
    match value {
        Value::Secret(secret) if expose => write_text(out, secret.expose(), true),
        Value::Str(text) => out.push_str(text),
        Value::List(_) | Value::Record(_) => {
            if let Some(text) = value.as_text() {
                out.push_str(text);
            } else {
                let tree = if expose { json::exposed(value) } else { json::masked(value) };
                let _ = write!(out, "{tree}");
            }
        }
        scalar => write_scalar(out, scalar),
    }
}

/// For messages: strings in quotes, control characters made visible, long things shortened to about `limit` characters.
pub fn inspect(value: &Value, limit: usize) -> String {
    let mut out = String::new();
    write_inspect(&mut out, value, limit);
    out
}

/// How long an inspected value is in a message.
pub const SHORT: usize = 80;

fn write_inspect(out: &mut String, value: &Value, limit: usize) {
    let left = |out: &String| limit.saturating_sub(out.chars().count());
    match value {
        Value::Str(_) | Value::Record(_) if value.as_text().is_some() => {
            quote(out, value.as_text().unwrap_or_default(), left(out).max(8));
        }
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if i > 0 && left(out) < 8 {
                    let _ = write!(out, "… {} more", items.len() - i);
                    break;
                }
                write_inspect(out, item, limit);
            }
            out.push(']');
        }
        Value::Record(record) if record.is_empty() => out.push_str("{}"),
        Value::Record(record) => {
            out.push_str("{ ");
            for (i, (name, item)) in record.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if i > 0 && left(out) < 8 {
                    let _ = write!(out, "… {} more", record.len() - i);
                    break;
                }
                if is_name(name) {
                    out.push_str(name);
                } else {
                    quote(out, name, 40);
                }
                out.push_str(": ");
                write_inspect(out, item, limit);
            }
            out.push_str(" }");
        }
        Value::Percent(ratio) => out.push_str(&units::percent_text(*ratio)),
        scalar => write_scalar(out, scalar),
    }
}

fn write_scalar(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(x) => out.push_str(&float_text(*x)),
        Value::Duration(n) => out.push_str(&units::duration_text(*n)),
        Value::Size(n) => out.push_str(&units::size_text(*n)),
        Value::Percent(ratio) => out.push_str(&units::percent_text(*ratio)),
        Value::Instant(instant) => {
            let _ = write!(out, "{instant}");
        }
        Value::Secret(_) => out.push_str(MASK),
        Value::Unknown(_) => out.push_str(LATER),
        Value::Str(_) | Value::List(_) | Value::Record(_) => {}
    }
}

/// `2.5`, `3`, `1e20`: the shortest text that reads back as the same number.
pub fn float_text(x: f64) -> String {
    if x != 0.0 && x.is_finite() && !(1e-5..1e17).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

/// A string in quotes as it could stand in a runbook, at most `limit` characters of it.
pub fn quoted(text: &str, limit: usize) -> String {
    let mut out = String::new();
    quote(&mut out, text, limit);
    out
}

fn quote(out: &mut String, text: &str, limit: usize) {
    // What is cut is hidden before: half a secret is not recognised any more.
    let mask = crate::mask::current();
    let text = &*mask.hide(text);
    out.push('"');
    let mut chars = text.chars();
    for c in chars.by_ref().take(limit) {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out.push('"');
}

/// Characters that turn the direction of text or have no width: they could make a message lie.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Value {
    /// As it is put into a text; a secret is `•••`.
    pub fn to_text(&self) -> String {
        text(self)
    }

    /// As it is shown in a message: quoted, shortened, a secret masked.
    pub fn inspect(&self) -> String {
        inspect(self, SHORT)
    }

    /// A few words for a message: `"degraded"`, `a list of 3`, `•••`.
    pub fn brief(&self) -> String {
        match (self, self.kind()) {
            (Self::Secret(_), kind) => format!("a secret ({})", kind.a()),
            (Self::List(items), _) => format!("a list of {}", items.len()),
            (Self::Record(_), _) if self.as_text().is_none() => "a record".to_owned(),
            (Self::Unknown(ty), _) => format!("a value of type {ty} that only the run will know"),
            (_, Kind::Null) => "null".to_owned(),
            (value, kind) => format!("{} ({})", inspect(value, 40), kind.a()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Record;

    #[test]
    fn stands_in_text() {
        let shown = |value: Value| text(&value);
        assert_eq!(shown(Value::Duration(5_400_000_000_000)), "1h30m");
        assert_eq!(shown(Value::Size(512 << 20)), "512MiB");
        assert_eq!(shown(Value::Percent(0.05)), "5%");
        assert_eq!(shown(Value::Float(2.0)), "2");
        assert_eq!(shown(Value::Float(1e300)), "1e300");
        assert_eq!(shown(Value::Instant("2026-01-20T15:00:00Z".parse().unwrap())), "2026-01-20T15:00:00Z");
        assert_eq!(shown(Value::list([Value::from("a\"b"), Value::Duration(1)])), r#"["a\"b","1ns"]"#);
        assert_eq!(shown(Value::Record(std::sync::Arc::new(Record::default().with_text("hello\n\n")))), "hello");
    }

    #[test]
    fn never_shows_a_secret() {
        let secret = Value::list([Value::from("hunter2").tainted(true)]);
        assert_eq!(text(&secret), r#"["•••"]"#);
        assert_eq!(inspect(&secret, SHORT), "[•••]");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(exposed_text(&secret), r#"["hunter2"]"#);
    }

    #[test]
    fn is_looked_at() {
        let long: Vec<_> = (0..100).map(Value::Int).collect();
        assert_eq!(inspect(&Value::list(long), 20), "[0, 1, 2, 3, … 96 more]");
        assert_eq!(inspect(&Value::from("a\u{1b}[31m\"b"), SHORT), r#""a\u{1b}[31m\"b""#);
        let record = Value::record([("a", Value::Int(1)), ("b c", Value::Null)]);
        assert_eq!(inspect(&record, SHORT), r#"{ a: 1, "b c": null }"#);
        assert_eq!(inspect(&Value::from("x".repeat(100)), 10), r#""xxxxxxxxxx…""#);
    }
}

//! What a compensation will do, in words: its source with the values it captured put in.

use crate::value::Value;

/// The longest value that is put in; a longer one is cut.
const LONGEST: usize = 60;

/// Characters that no shell reads as anything but themselves.
const PLAIN: &str = "-_./:=@%+,";

/// Puts values into the holes that hold a name, or a name with fields: `${id}`, `${env.region}`, `${out.stdout.trim()}`.
/// Other holes stay as they are.
pub(super) fn filled(text: &str, value_of: &dyn Fn(&str) -> Option<Value>) -> String {
    with_holes(text, value_of, &|value| crate::mask::current().hide(&plain(value)).chars().take(LONGEST).collect())
}

/// The same for lines that a person can type: values in command lines are quoted where a shell needs it.
pub(super) fn typed(text: &str, value_of: &dyn Fn(&str) -> Option<Value>) -> String {
    let line = |line: &str| {
        if line.trim_start().starts_with("$ ") {
            with_holes(line, value_of, &words)
        } else {
            with_holes(line, value_of, &Value::to_text)
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A list as a command has it: its words.
fn plain(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(" "),
        value => value.to_text(),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(|item| word(&item.to_text())).collect::<Vec<_>>().join(" "),
        value => word(&value.to_text()),
    }
}

fn with_holes(text: &str, value_of: &dyn Fn(&str) -> Option<Value>, write: &dyn Fn(&Value) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, hole) = rest.split_at(at);
        let Some(end) = hole.find('}') else { break };
        let value = if before.ends_with('$') { None } else { lookup(hole[2..end].trim(), value_of) };
        out.push_str(before);
        match value {
            Some(value) => out.push_str(&write(&value)),
            None => out.push_str(&hole[..=end]),
        }
        rest = &hole[end + 1..];
    }
    out.push_str(rest);
    out
}

fn lookup(path: &str, value_of: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
    let mut parts = path.split('.');
    let mut value = value_of(parts.next()?)?;
    for field in parts {
        let inner = match &value {
            value if field == "trim()" => Value::str(value.to_text().trim()),
            Value::Record(record) => record.get(field)?.clone(),
            _ => return None,
        };
        value = inner;
    }
    Some(value)
}

/// A word as a shell reads it back.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Option<Value> {
        match name {
            "id" => Some(Value::str("vm-17")),
            "flags" => Some(Value::list([Value::str("--all"), Value::str("--in=eu west")])),
            "env" => Some(Value::record([("region", Value::str("eu west"))])),
            _ => None,
        }
    }

    #[test]
    fn names_and_their_fields_are_put_in() {
        assert_eq!(filled("delete ${id.trim()} in ${ env.region }", &value_of), "delete vm-17 in eu west");
        assert_eq!(filled("${failure.step} ${id.len} $${id} ${", &value_of), "${failure.step} ${id.len} $${id} ${");
    }

    #[test]
    fn what_a_person_types_is_quoted() {
        assert_eq!(
            typed("$ rm ${id} ${env.region}\nnote ${env.region}", &value_of),
            "$ rm vm-17 'eu west'\nnote eu west"
        );
        assert_eq!(typed("$ rm ${flags} x", &value_of), "$ rm --all '--in=eu west' x");
        assert_eq!(filled("rm ${flags} x", &value_of), "rm --all --in=eu west x");
    }
}

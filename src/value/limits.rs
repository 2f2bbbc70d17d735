//! How large a value may grow. A runbook that needs more should leave it to a command.

use super::Value;

/// Bytes of a string: 64 MiB.
pub const MAX_TEXT: usize = 64 << 20;

/// Items of a list.
pub const MAX_LIST: usize = 10_000_000;

/// Levels of lists and records within each other: to write, compare or drop a value takes stack for each,
/// and a reader of JSON takes no more than 128.
pub const MAX_NESTING: usize = 100;

/// Whether something made of these values would be nested too deep. Of each only the way along its first
/// and that along its last container are followed: what grows in a loop grows at an end.
pub fn nests_too_deep<'a>(parts: impl IntoIterator<Item = &'a Value>) -> bool {
    parts.into_iter().any(|part| is_container(part) && (reaches(part, false) || reaches(part, true)))
}

fn is_container(value: &Value) -> bool {
    matches!(value.exposed(), Value::List(_) | Value::Record(_))
}

fn reaches(value: &Value, from_the_end: bool) -> bool {
    let mut current = value;
    for _ in 1..MAX_NESTING {
        let next = match current.exposed() {
            Value::List(items) if from_the_end => items.iter().rev().take(LOOKED_AT).find(|item| is_container(item)),
            Value::List(items) => items.iter().take(LOOKED_AT).find(|item| is_container(item)),
            Value::Record(record) => {
                let mut fields =
                    record.iter().map(|(_, value)| value).take(LOOKED_AT).filter(|item| is_container(item));
                if from_the_end { fields.last() } else { fields.next() }
            }
            _ => None,
        };
        let Some(next) = next else { return false };
        current = next;
    }
    true
}

/// A long list without containers at its ends is taken to have none.
const LOOKED_AT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_grows() {
        let grown =
            |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::list([Value::Int(1), inner, Value::Null]));
        assert!(!nests_too_deep([&grown(90)]));
        assert!(nests_too_deep([&grown(110)]));
        let record = (0..250).fold(Value::Null, |inner, _| Value::record([("a", Value::list([])), ("b", inner)]));
        assert!(nests_too_deep([&record]));
    }
}

//! A statement as a database wants it: a mark in place of each value.

use crate::host::SqlError;
use crate::value::{Statement, Value};

/// Text with marks, and the values in their order.
pub(super) struct Placed {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// Puts marks (`$1`, `?`) in the places of the values. A list alone between the brackets of `IN (…)` is as many.
pub(super) fn placed(statement: &Statement, mark: impl Fn(usize) -> String) -> Result<Placed, SqlError> {
    let mut placed = Placed { text: String::new(), values: Vec::new() };
    for (at, piece) in statement.pieces.iter().enumerate() {
        placed.text.push_str(piece);
        let Some(value) = statement.values.get(at) else { break };
        let next = statement.pieces.get(at + 1).map_or("", |next| next);
        match value.exposed() {
            Value::List(items) if is_in_list(piece, next) => {
                if items.is_empty() {
                    return Err(SqlError::not_begun("the list for IN (…) is empty, and SQL knows no empty one")
                        .help("ask before: `if xs.len() > 0 { … }`"));
                }
                for (nth, item) in items.iter().enumerate() {
                    placed.text.push_str(if nth > 0 { ", " } else { "" });
                    placed.values.push(item.clone());
                    placed.text.push_str(&mark(placed.values.len()));
                }
            }
            _ => {
                placed.values.push(value.clone());
                placed.text.push_str(&mark(placed.values.len()));
            }
        }
    }
    Ok(placed)
}

fn is_in_list(before: &str, after: &str) -> bool {
    let Some(open) = before.trim_end().strip_suffix('(') else { return false };
    let open = open.trim_end();
    let word = open.get(open.len().saturating_sub(2)..).unwrap_or_default();
    let begins = open.len() < 3 || open.as_bytes()[open.len() - 3].is_ascii_whitespace();
    word.eq_ignore_ascii_case("in") && begins && after.trim_start().starts_with(')')
}

/// How much of a line is shown around the place in question, in characters.
const AROUND: usize = 60;

/// The line of a statement that holds the byte at `offset`, and below it a mark at that place. `first` is the line
/// of its file on which the statement begins, 0 for one that is no part of a file.
pub(super) fn excerpt(text: &str, offset: usize, first: usize) -> String {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let from = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let to = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    let line: Vec<char> = text[from..to].chars().collect();
    let column = text[from..offset].chars().count();
    let (begin, end) = (column.saturating_sub(AROUND), (column + AROUND).min(line.len()));
    let clean = |c: &char| if c.is_control() { ' ' } else { *c };
    let shown: String = line[begin..end].iter().map(clean).collect();
    let number = text[..from].matches('\n').count() + first.max(1);
    let counts = first > 0 || text.trim_end().contains('\n');
    let head = if counts { format!("line {number}: ") } else { String::new() };
    let indent = head.chars().count() + column - begin;
    format!("{head}{shown}\n{}^", " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(pieces: &[&str], values: Vec<Value>) -> Statement {
        Statement { pieces: pieces.iter().map(|&piece| piece.into()).collect(), values }
    }

    #[test]
    fn marks_stand_for_values() {
        let list = Value::list([Value::Int(1), Value::Int(2)]);
        let given = statement(&["a = ", " and b in ( ", " ) and c = any(", ")"], vec![Value::Null, list.clone(), list]);
        let placed = placed(&given, |n| format!("${n}")).unwrap();
        assert_eq!(placed.text, "a = $1 and b in ( $2, $3 ) and c = any($4)");
        assert_eq!(placed.values.len(), 4);
        let empty = statement(&["a in (", ")"], vec![Value::list([])]);
        assert!(super::placed(&empty, |_| "?".into()).is_err());
        let function = statement(&["min(", ")"], vec![Value::list([])]);
        assert!(super::placed(&function, |_| "?".into()).is_ok());
    }

    #[test]
    fn shows_the_place() {
        assert_eq!(excerpt("select 1 form t", 9, 0), "select 1 form t\n         ^");
        assert_eq!(excerpt("select 1\nform t", 9, 0), "line 2: form t\n        ^");
        assert_eq!(excerpt("select 1\nform t", 9, 41), "line 42: form t\n         ^");
        let long = excerpt(&"x".repeat(1000), 500, 0);
        assert_eq!(long.find('^').unwrap() - long.find('\n').unwrap() - 1, 60);
    }
}

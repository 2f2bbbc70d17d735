//! A statement of SQL: its text in pieces, and between them the values that are bound there.
//!
//! Text and values stay apart all the way to the database: nothing here ever joins them but to show them.

use std::sync::Arc;

use super::{Record, Value, display};

/// A statement and its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// One more than there are values: the text before the first, between each two, and behind the last.
    pub pieces: Vec<Arc<str>>,
    /// In the order of their places.
    pub values: Vec<Value>,
}

/// The fields of the record that a statement is while it is an argument.
const PIECES: &str = "sql";
const VALUES: &str = "values";

/// How much of one value is shown.
const SHOWN: usize = 60;

impl Statement {
    /// A text without values.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        Self { pieces: vec![text.into()], values: Vec::new() }
    }

    /// As an argument.
    pub fn into_value(self) -> Value {
        let pieces = self.pieces.into_iter().map(Value::Str);
        Value::Record(Arc::new(Record::new([(PIECES, Value::list(pieces)), (VALUES, Value::list(self.values))])))
    }

    /// From an argument: a literal with its values, or a text that was given by `raw(…)`. `None` for anything else.
    pub fn of(value: &Value) -> Option<Self> {
        let value = value.exposed();
        let Value::Record(record) = value else {
            return value.as_text().map(Self::plain);
        };
        let (Some(Value::List(pieces)), Some(Value::List(values))) = (record.get(PIECES), record.get(VALUES)) else {
            return value.as_text().map(Self::plain);
        };
        let pieces: Option<Vec<_>> = pieces
            .iter()
            .map(|piece| match piece {
                Value::Str(text) => Some(Arc::clone(text)),
                _ => None,
            })
            .collect();
        let pieces = pieces?;
        (pieces.len() == values.len() + 1).then(|| Self { pieces, values: values.to_vec() })
    }

    /// For people: on one line, each value where it is bound, secrets masked.
    pub fn shown(&self) -> String {
        let mut whole = String::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            whole.push_str(piece);
            if let Some(value) = self.values.get(at) {
                whole.push_str(&display::inspect(value, SHOWN));
            }
        }
        whole.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_through_an_argument_as_it_is() {
        let hostile = "x'); DROP TABLE users; --";
        let statement = Statement {
            pieces: vec!["SELECT ".into(), "  AS\n a, ".into(), "".into()],
            values: vec![Value::from(hostile), Value::from("word").tainted(true)],
        };
        let again = Statement::of(&statement.into_value()).unwrap();
        assert_eq!(again.pieces.len(), 3);
        assert_eq!(again.values[0].as_text(), Some(hostile));
        assert_eq!(again.shown(), format!("SELECT \"{hostile}\" AS a, •••"));
        assert_eq!(Statement::of(&Value::from("SELECT 1")).unwrap().shown(), "SELECT 1");
        assert!(Statement::of(&Value::Int(1)).is_none());
    }
}

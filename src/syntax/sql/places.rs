//! Where a value cannot be bound.

use super::class::class;
use super::lexer::{Kind, Lexed, Token};

/// Something that the database would refuse, or take for something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// Where.
    pub place: Place,
}

/// Where something stands in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes of the whole text, in which each value takes one: from, to.
    Bytes(usize, usize),
    /// A value, by its number.
    Value(usize),
}

const NAMES: &str = "names are part of the statement and are written out; one of several is chosen by `if`";

/// What is wrong with a statement that is one literal, in the order of its text. `length` is that of the whole.
pub fn problems(lexed: &Lexed, length: usize) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |message: String, help: &str, place| found.push(Problem { message, help: help.to_owned(), place });
    for (hole, what) in &lexed.inside {
        let help = match *what {
            "a text in quotes" => {
                "leave the quotes out: a value needs none. To put text around it: LIKE ${\"%\" + x + \"%\"}"
            }
            "a name in quotes" => NAMES,
            "a comment" => "take it out of the comment",
            _ => "a value cannot be bound in the body of a function: pass it as an argument",
        };
        add(format!("this value stands in {what}, where the database would see no value"), help, Place::Value(*hole));
    }
    if let Some(start) = lexed.open {
        add("this quote or comment is never closed".to_owned(), "close it", Place::Bytes(start, start + 1));
    }
    let mut brackets: Vec<bool> = vec![false];
    for (at, token) in lexed.tokens.iter().enumerate() {
        match &token.kind {
            Kind::Symbol('(') => brackets.push(false),
            Kind::Symbol(')') if brackets.len() > 1 => drop(brackets.pop()),
            Kind::Word(word) if matches!(word.as_str(), "SELECT" | "DELETE" | "UPDATE") => {
                if let Some(queries) = brackets.last_mut() {
                    *queries = true;
                }
            }
            Kind::Placeholder => {
                let help = "write the value itself where it belongs: ${x}; rbk binds it";
                add("values are not numbered here".to_owned(), help, Place::Bytes(token.start, token.end));
            }
            Kind::Hole(hole) => {
                let queries = brackets.last().copied().unwrap_or_default();
                if let Some((message, help)) = misplaced(lexed, at, queries) {
                    add(message, help, Place::Value(*hole));
                }
            }
            _ => {}
        }
    }
    if let [_, second, ..] = lexed.statements(length).as_slice() {
        let help = "give each a call of its own, or all of them to sql.transaction(db, [\"…\", \"…\"])";
        add(
            "here a second statement begins, and one call runs one".to_owned(),
            help,
            Place::Bytes(second.0, second.0 + 1),
        );
    }
    if lexed.open.is_none() && class(lexed).is_none() {
        add("there is no statement in it".to_owned(), "for example: \"SELECT 1\"", Place::Bytes(0, length));
    }
    found
}

/// Why a value cannot stand here, and what can. `queries`: the brackets around it hold a query.
fn misplaced(lexed: &Lexed, at: usize, queries: bool) -> Option<(String, &'static str)> {
    let before = at.checked_sub(1);
    let word = |at: Option<usize>| at.and_then(|at| lexed.word(at));
    let touches = |a: Option<&Token>, b: Option<&Token>| matches!((a, b), (Some(a), Some(b)) if a.end == b.start);
    let token = lexed.tokens.get(at);
    let joined = |other: Option<usize>| {
        let other = other.and_then(|at| lexed.tokens.get(at));
        let name = |token: &&Token| matches!(token.kind, Kind::Symbol('.') | Kind::Word(_) | Kind::Name);
        other.filter(name).is_some_and(|other| touches(Some(other), token) || touches(token, Some(other)))
    };
    if joined(before) || joined(Some(at + 1)) {
        return Some(("this value is a part of a name".to_owned(), NAMES));
    }
    let previous = word(before)?;
    let earlier = before.and_then(|at| at.checked_sub(1));
    match previous {
        "FROM" if queries && word(earlier) != Some("DISTINCT") => {
            Some(("this value stands for a table".to_owned(), NAMES))
        }
        // `FOR UPDATE` and `DO UPDATE` are followed by no name.
        "JOIN" | "INTO" | "TABLE" | "TRUNCATE" => Some(("this value stands for a table".to_owned(), NAMES)),
        "UPDATE" if !matches!(word(earlier), Some("FOR" | "DO" | "ON" | "KEY")) => {
            Some(("this value stands for a table".to_owned(), NAMES))
        }
        "BY" if matches!(word(earlier), Some("ORDER" | "GROUP")) => Some((
            "this value is the same for every row: it orders and groups nothing".to_owned(),
            "write the column's name out; one of several is chosen by `if`, or by CASE in the statement",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::{Dialect, lex};
    use super::*;

    fn found(pieces: &[&str]) -> Vec<String> {
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>() + pieces.len() - 1;
        problems(&lex(pieces, Dialect::Any), length).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn values_where_they_can_be_bound() {
        for pieces in [
            &["select * from t where a = ", " and b in (", ") limit ", ""][..],
            &["insert into t values (", ", ", ")"],
            &["update t set a = ", " where extract(day from ", ") = 1"],
            &["select a is distinct from ", ", ", "::int"],
            &["select substring('abc' from ", ")"],
            &["insert into t values (1) on conflict do update set a = ", ""],
        ] {
            assert!(found(pieces).is_empty(), "{pieces:?}: {:?}", found(pieces));
        }
    }

    #[test]
    fn values_where_they_cannot() {
        for (pieces, says) in [
            (&["select * from ", ""][..], "stands for a table"),
            (&["select * from a.", ""], "part of a name"),
            (&["select t_", " from a"], "part of a name"),
            (&["update ", " set a = 1"], "stands for a table"),
            (&["insert into ", " values (1)"], "stands for a table"),
            (&["select * from t order by ", ""], "orders and groups nothing"),
            (&["select * from t where a like '%", "%'"], "stands in a text in quotes"),
            (&["select $1"], "not numbered"),
            (&["select 1; drop table t"], "a second statement"),
            (&["select 'x"], "never closed"),
            (&[" -- x"], "no statement"),
        ] {
            let messages = found(pieces);
            assert!(messages.iter().any(|message| message.contains(says)), "{pieces:?}: {messages:?}");
        }
    }
}

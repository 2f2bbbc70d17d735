//! What a statement does, by its words.

use super::lexer::{Kind, Lexed};

/// What a statement does to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It looks.
    Reads,
    /// It changes what can be changed back.
    Changes,
    /// It loses something for good.
    Destroys,
}

/// What is known of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its words, for messages: `DELETE` without `WHERE`.
    pub words: String,
    /// What it does.
    pub deed: Deed,
    /// It begins or ends a transaction.
    pub is_transaction: bool,
    /// PostgreSQL and SQLite take it back with the transaction it is in.
    pub can_be_rolled_back: bool,
    /// It defines or alters something, or sets something up: MySQL ends the transaction before it.
    pub is_definition: bool,
}

const READS: &[&str] = &["SELECT", "SHOW", "VALUES", "TABLE", "DESCRIBE", "DESC", "EXPLAIN", "PRAGMA", "WITH", "HELP"];
const ROWS: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"];
const TRANSACTION: &[&str] = &["BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END", "ABORT"];
/// Refused within a transaction by PostgreSQL, or begin and end one themselves (SQL Commands in its manual).
const ALONE: &[&str] = &["VACUUM", "CALL", "CLUSTER", "ATTACH", "DETACH", "PRAGMA", "CHECKPOINT"];

/// What the first statement of the text does. `None`: there is none.
pub fn class(lexed: &Lexed) -> Option<Class> {
    // `(SELECT …) UNION (SELECT …)`
    let first = (0..lexed.tokens.len()).find(|at| !lexed.is_symbol(*at, '('))?;
    let Some(verb) = lexed.word(first) else {
        return Some(of("this", Deed::Changes));
    };
    let has = |word: &str| any_word(lexed, first, |found| found == word);
    Some(match verb {
        "EXPLAIN" if has("ANALYZE") || has("ANALYSE") => {
            let inner = (first + 1..lexed.tokens.len()).find(|at| {
                lexed.word(*at).is_some_and(|word| READS[..5].contains(&word) || word == "WITH" || ROWS.contains(&word))
            });
            inner.map_or_else(|| of(verb, Deed::Reads), |at| rows(lexed, at))
        }
        "PRAGMA" if has_symbol(lexed, '=') => of("PRAGMA … =", Deed::Changes),
        verb if READS.contains(&verb) || ROWS.contains(&verb) => rows(lexed, first),
        verb if TRANSACTION.contains(&verb) => Class { is_transaction: true, ..of(verb, Deed::Changes) },
        "DROP" | "TRUNCATE" => {
            let what = lexed.word(first + 1).unwrap_or_default();
            let words = format!("{verb} {what}");
            Class { is_definition: true, can_be_rolled_back: !alone(lexed, first), ..of(words.trim(), Deed::Destroys) }
        }
        "ALTER" => {
            let drops = (first..lexed.tokens.len()).any(|at| drops_data(lexed, at));
            let (words, deed) = if drops { ("ALTER … DROP", Deed::Destroys) } else { ("ALTER", Deed::Changes) };
            Class { is_definition: true, can_be_rolled_back: !alone(lexed, first), ..of(words, deed) }
        }
        verb => {
            let mut class = of(verb, Deed::Changes);
            class.is_definition = verb != "SET" && verb != "DO" && verb != "CALL";
            class.can_be_rolled_back = !alone(lexed, first);
            class
        }
    })
}

fn of(words: &str, deed: Deed) -> Class {
    let words = words.to_owned();
    Class { words, deed, is_transaction: false, can_be_rolled_back: true, is_definition: false }
}

/// Statements over rows: `SELECT`, `WITH … DELETE`, `INSERT`.
fn rows(lexed: &Lexed, first: usize) -> Class {
    let verb = lexed.word(first).unwrap_or_default().to_owned();
    // A verb at the beginning, behind a bracket, or behind the `)` of a `WITH`. `FOR UPDATE` and `ON UPDATE` are none.
    let verbs = (first..lexed.tokens.len()).filter(|at| {
        let begins = *at == first || lexed.is_symbol(at - 1, '(') || lexed.is_symbol(at - 1, ')');
        // `replace('a', …)` and `insert(…)` are functions.
        begins && !lexed.is_symbol(at + 1, '(') && lexed.word(*at).is_some_and(|word| ROWS.contains(&word))
    });
    let mut class = of(&verb, Deed::Reads);
    for at in verbs {
        let verb = lexed.word(at).unwrap_or_default();
        let everything = matches!(verb, "DELETE" | "UPDATE") && !has_where(lexed, at);
        let (words, deed) = if everything {
            (format!("{verb} without WHERE"), Deed::Destroys)
        } else {
            (verb.to_owned(), Deed::Changes)
        };
        if deed > class.deed {
            (class.words, class.deed) = (words, deed);
        }
    }
    // `SELECT … INTO` makes a table, or writes a file.
    let selects = matches!(verb.as_str(), "SELECT" | "WITH");
    if class.deed == Deed::Reads && selects && any_word(lexed, first, |word| word == "INTO") {
        (class.words, class.deed) = ("SELECT … INTO".to_owned(), Deed::Changes);
    }
    class.can_be_rolled_back = !ALONE.contains(&verb.as_str());
    class
}

/// Whether a `WHERE` (or a `LIMIT`, or a join that says which rows) belongs to the statement whose verb is at `at`.
fn has_where(lexed: &Lexed, at: usize) -> bool {
    let mut depth = 0_usize;
    for next in at + 1..lexed.tokens.len() {
        match &lexed.tokens[next].kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') if depth == 0 => return false,
            Kind::Symbol(')') => depth -= 1,
            Kind::Word(word) if depth == 0 && matches!(word.as_str(), "WHERE" | "LIMIT" | "USING" | "JOIN") => {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// `DROP COLUMN x`, `DROP x` or `DROP PARTITION p` of an `ALTER TABLE`; not `DROP CONSTRAINT`, `DROP NOT NULL`.
fn drops_data(lexed: &Lexed, at: usize) -> bool {
    const HARMLESS: &[&str] =
        &["CONSTRAINT", "DEFAULT", "NOT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "EXPRESSION", "IDENTITY"];
    let drops = matches!(lexed.word(at), Some("DROP" | "TRUNCATE"));
    drops && !lexed.word(at + 1).is_some_and(|word| HARMLESS.contains(&word))
}

/// Whether it must not be within a transaction.
fn alone(lexed: &Lexed, first: usize) -> bool {
    let verb = lexed.word(first).unwrap_or_default();
    let what = lexed.word(first + 1).unwrap_or_default();
    ALONE.contains(&verb)
        || matches!(what, "DATABASE" | "TABLESPACE" | "SYSTEM")
        || verb == "ALTER" && any_word(lexed, first, |word| word == "VALUE") && what == "TYPE"
        || any_word(lexed, first, |word| word == "CONCURRENTLY")
}

/// `CREATE … TRIGGER | PROCEDURE | FUNCTION | EVENT`: its body has statements of its own.
pub(super) fn defines_routine(lexed: &Lexed, first: usize) -> bool {
    let head = first..(first + 12).min(lexed.tokens.len());
    lexed.word(first) == Some("CREATE")
        && head
            .take_while(|at| !lexed.is_symbol(*at, '(') && !lexed.is_symbol(*at, ';'))
            .any(|at| matches!(lexed.word(at), Some("TRIGGER" | "PROCEDURE" | "FUNCTION" | "EVENT")))
}

fn any_word(lexed: &Lexed, first: usize, wanted: impl Fn(&str) -> bool) -> bool {
    (first..lexed.tokens.len()).any(|at| lexed.word(at).is_some_and(&wanted))
}

fn has_symbol(lexed: &Lexed, symbol: char) -> bool {
    (0..lexed.tokens.len()).any(|at| lexed.is_symbol(at, symbol))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::{Dialect, lex};
    use super::*;

    fn deed(text: &str) -> (Deed, String) {
        let class = class(&lex(&[text], Dialect::Any)).unwrap();
        (class.deed, class.words)
    }

    #[test]
    fn tells_what_reads_from_what_writes() {
        for text in [
            "select 1",
            "(select 1) union (select 2)",
            "with a as (select 1) select * from a",
            "select * from t for update",
            "select replace(a, 'delete', 'b') from t",
            "show tables",
            "explain delete from t",
            "pragma user_version",
            "values (1)",
            "-- delete\nselect 'drop table t'",
        ] {
            assert_eq!(deed(text).0, Deed::Reads, "{text}");
        }
        for text in [
            "insert into t select * from u",
            "update t set a = 1 where b = 2",
            "with a as (delete from t where x returning *) select * from a",
            "with a as (select 1) insert into t select * from a",
            "select * into t2 from t",
            "explain analyze delete from t where a = 1",
            "pragma user_version = 3",
            "create table t (a int)",
            "alter table t drop constraint c",
            "vacuum",
            "grant all on t to u",
            "delete from t where a = (select 1)",
            "update t set a = 1 from u where u.x = t.x",
        ] {
            assert_eq!(deed(text).0, Deed::Changes, "{text}");
        }
        for (text, words) in [
            ("drop table t", "DROP TABLE"),
            ("truncate t", "TRUNCATE T"),
            ("delete from t", "DELETE without WHERE"),
            ("update t set a = (select b from u where c)", "UPDATE without WHERE"),
            ("with a as (delete from t returning *) select * from a where b", "DELETE without WHERE"),
            ("alter table t drop column c", "ALTER … DROP"),
            ("alter table t drop c", "ALTER … DROP"),
        ] {
            assert_eq!(deed(text), (Deed::Destroys, words.to_owned()), "{text}");
        }
    }

    #[test]
    fn knows_what_stands_alone() {
        let read = |text: &str| class(&lex(&[text], Dialect::Any)).unwrap();
        for text in ["vacuum", "create database d", "create index concurrently i on t (a)", "alter system set a = 1"] {
            assert!(!read(text).can_be_rolled_back, "{text}");
        }
        assert!(read("create index i on t (a)").can_be_rolled_back);
        assert!(read("commit").is_transaction);
        assert!(read("alter table t add a int").is_definition);
        assert!(class(&lex(&[" -- nothing\n"], Dialect::Any)).is_none());
    }
}

//! What changes: `sql.exec` and `sql.transaction`.

use super::super::args::later;
use super::{
    AFFECTS, CONNECT_TIMEOUT, DB, STATEMENT, ask, classes, dialect, fits_transaction, not_begun, outcome, place,
    request, shortened, show, statement, timeout, wanted_rows,
};
use crate::catalog::{Action, Args, Effect, Inverse, Param};
use crate::host::{SqlResult, SqlStatement, SqlWork};
use crate::syntax::sql::Dialect;
use crate::value::{Statement, Value};

pub(super) const NO_INVERSE: Inverse =
    Inverse::None("nobody knows what takes a statement back: write an `undo { }` with the statement that does");

pub(in crate::actions) static EXEC: Action = Action {
    name: "sql.exec",
    summary: "Change something in a database",
    details: "One statement, in a transaction of its own: it happens as a whole or not at all. What cannot be in one \
              (`VACUUM`, `CREATE INDEX CONCURRENTLY`; with MySQL every `CREATE` and `ALTER`) runs without. When the \
              answer is lost, nobody knows whether it happened: a `probe { }` finds out.\n\n\
              `affects:` is the number of rows that must change; if it is another, nothing has changed and the step \
              fails. `DROP`, `TRUNCATE`, and `DELETE` or `UPDATE` without `WHERE` are counted as what destroys. What \
              the statement returns (`RETURNING`) is in `.rows`.",
    effect: Effect::Changes,
    params: &[DB, STATEMENT, AFFECTS, timeout("1m"), CONNECT_TIMEOUT],
    returns: "{ affected: int, rows: list<record> }",
    examples: &[
        "let done = sql.exec(\"sqlite:shop.db\", \"UPDATE users SET name = ${\"Ada\"} WHERE id = ${7}\", affects: 1)",
        "sql.exec(\"postgres://app@db-1/shop\", \"ALTER TABLE users ADD COLUMN note text\", timeout: 10s)",
    ],
    show,
    run: |call| {
        later(async move {
            let affects = wanted_rows(call.args.get("affects"));
            let statements = vec![SqlStatement { statement: statement(call.args.get("statement"))?, affects, line: 0 }];
            let dialect = dialect(call.args);
            let transaction = fits_transaction(&classes(&statements, dialect)?, dialect);
            if affects.is_some() && !transaction {
                return Err(not_begun("this statement cannot be taken back, so its rows cannot be counted first")
                    .help("leave out `affects`"));
            }
            let request = request(call, SqlWork::Statements(statements), false, transaction);
            let mut results = ask(call, &request).await?;
            Ok(results.pop().map_or(Value::Null, outcome))
        })
    },
    repeatable: |_| false,
    inverse: NO_INVERSE,
    evidence: changed,
};

pub(in crate::actions) static TRANSACTION: Action = Action {
    name: "sql.transaction",
    summary: "Change several things in a database, all of them or none",
    details: "The statements run in their order in one transaction. If one fails, or changes another number of rows than \
              `affects` says for it, all of them are taken back. It is one effect with one outcome: a run that is \
              killed in the middle has changed nothing, and one whose `COMMIT` was not answered is in doubt.\n\n\
              MySQL ends a transaction before every `CREATE`, `ALTER` and `DROP`: there they are refused here.",
    effect: Effect::Changes,
    params: &[
        DB,
        Param {
            name: "statements",
            ty: "list<sql>",
            default: None,
            doc: "In their order; each `${…}` in them is bound.",
        },
        Param {
            name: "affects",
            ty: "list<int?>?",
            default: Some("null"),
            doc: "How many rows each of them must change; `null` for any number.",
        },
        timeout("1m"),
        CONNECT_TIMEOUT,
    ],
    returns: "list<{ affected: int, rows: list<record> }>",
    examples: &["sql.transaction(\"sqlite:shop.db\", [\
            \"INSERT INTO archive SELECT * FROM users WHERE id = ${7}\", \
            \"DELETE FROM users WHERE id = ${7}\"], affects: [1, 1])"],
    show: show_all,
    run: |call| {
        later(async move {
            let given = match call.args.get("statements") {
                Value::List(given) => given.to_vec(),
                _ => Vec::new(),
            };
            let affects = match call.args.get("affects") {
                Value::List(affects) if affects.len() != given.len() => {
                    return Err(not_begun(format!(
                        "there are {} statements, and `affects` has {} numbers",
                        given.len(),
                        affects.len()
                    ))
                    .help("one for each statement, in their order; `null` where any number is fine"));
                }
                Value::List(affects) => affects.iter().map(wanted_rows).collect(),
                _ => vec![None; given.len()],
            };
            let mut statements = Vec::with_capacity(given.len());
            for (value, affects) in given.iter().zip(affects) {
                statements.push(SqlStatement { statement: statement(value)?, affects, line: 0 });
            }
            let dialect = dialect(call.args);
            let classes = classes(&statements, dialect)?;
            if let Some(alone) = classes.iter().find(|class| !fits_transaction(std::slice::from_ref(class), dialect)) {
                let whose = if dialect == Dialect::MySql {
                    "MySQL would end the transaction before"
                } else {
                    "no transaction takes"
                };
                return Err(not_begun(format!("{whose} `{}`", alone.words))
                    .help("give it a call of its own: sql.exec(…), and the rest to sql.transaction"));
            }
            let request = request(call, SqlWork::Statements(statements), false, true);
            let results = ask(call, &request).await?;
            Ok(Value::list(results.into_iter().map(outcome)))
        })
    },
    repeatable: |_| false,
    inverse: NO_INVERSE,
    evidence: |_| None,
};

fn show_all(args: &Args) -> String {
    let shown = match args.get("statements") {
        Value::List(given) => {
            let shown = given.iter().filter_map(Statement::of).map(|statement| statement.shown());
            shown.collect::<Vec<_>>().join("; ")
        }
        _ => super::super::args::shown(args, "statements"),
    };
    format!("{}{}", shortened(&shown), place(args))
}

fn changed(value: &Value) -> Option<String> {
    let Value::Record(record) = value else { return None };
    Some(format!("{} rows changed", record.get("affected")?.to_text()))
}

/// What came of a file: how many statements, and how many rows they changed.
pub(super) fn total(results: &[SqlResult]) -> Value {
    let affected: u64 = results.iter().map(|result| result.affected).sum();
    let count = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    Value::record([
        ("statements", count(results.len())),
        ("affected", Value::Int(i64::try_from(affected).unwrap_or(i64::MAX))),
    ])
}

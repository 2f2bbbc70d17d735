//! What only reads: `sql.query` and `sql.value`.

use std::sync::Arc;

use super::super::args::later;
use super::{CONNECT_TIMEOUT, DB, STATEMENT, ask, classes, dialect, not_begun, request, show, statement, timeout};
use crate::catalog::{Action, ActionError, Call, Effect, Inverse, Param};
use crate::host::{SqlStatement, SqlWork};
use crate::syntax::sql::Deed;
use crate::value::{Record, Value};

const MAX_ROWS: Param =
    Param { name: "max_rows", ty: "int", default: Some("10000"), doc: "A longer answer is a failure." };

pub(in crate::actions) static QUERY: Action = Action {
    name: "sql.query",
    summary: "Ask a database for rows",
    details: "One record a row, by the names of the columns. Nothing can be changed by it: it runs in a transaction that \
              only reads, which the database itself watches over. Each `${…}` in the statement is bound as a value, and \
              never becomes a part of its text; a list alone in `IN (${…})` is as many values.\n\n\
              Numbers arrive as numbers (a decimal of more than 15 digits as text, so that none is lost), \
              `timestamp with time zone` as an instant, an interval without months as a duration, JSON as the value \
              that it says, arrays as lists, bytes as hexadecimal digits; dates, times, UUIDs and enums as text.",
    effect: Effect::Reads,
    params: &[DB, STATEMENT, MAX_ROWS, timeout("30s"), CONNECT_TIMEOUT],
    returns: "list<record>",
    examples: &[
        "let users = sql.query(\"sqlite:shop.db\", \"SELECT id, name FROM users WHERE age > ${17}\")",
        "let locks = sql.query(\"postgres://app@db-1/shop\", \"SELECT pid FROM pg_locks WHERE NOT granted\", timeout: 5s)",
    ],
    show,
    run: |call| {
        later(async move {
            let rows = rows(call).await?;
            Ok(Value::list(rows.into_iter().map(|row| Value::Record(Arc::new(row)))))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| match value {
        Value::List(rows) => Some(format!("{} rows: {}", rows.len(), value.inspect())),
        _ => None,
    },
};

pub(in crate::actions) static VALUE: Action = Action {
    name: "sql.value",
    summary: "Ask a database for one value",
    details: "The only column of the only row; `null` if there is no row. More than one row or column is a failure: \
              nobody knows which was meant. Like `sql.query` it cannot change anything.",
    effect: Effect::Reads,
    params: &[DB, STATEMENT, timeout("30s"), CONNECT_TIMEOUT],
    returns: "any",
    examples: &["let users = sql.value(\"sqlite:shop.db\", \"SELECT count(*) FROM users\")"],
    show,
    run: |call| {
        later(async move {
            let mut rows = rows(call).await?;
            let row = match (rows.pop(), rows.len()) {
                (None, _) => return Ok(Value::Null),
                (Some(row), 0) => row,
                (Some(_), more) => {
                    return Err(ActionError::failed(format!(
                        "the answer has {} rows, and one value is asked for",
                        more + 1
                    ))
                    .help("ask for one (LIMIT 1, a count), or for all of them by sql.query"));
                }
            };
            if row.len() > 1 {
                let names: Vec<&str> = row.iter().map(|(name, _)| &**name).collect();
                return Err(ActionError::failed(format!(
                    "the answer has {} columns, and one value is asked for",
                    row.len()
                ))
                .help(format!("name one of them: {}; or take the row: sql.query(…).first()", names.join(", "))));
            }
            Ok(row.iter().next().map_or(Value::Null, |(_, value)| value.clone()))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("the database says {}", value.inspect())),
};

async fn rows(call: &Call<'_>) -> Result<Vec<Record>, ActionError> {
    let statements = vec![SqlStatement { statement: statement(call.args.get("statement"))?, affects: None, line: 0 }];
    // A text that was given by `raw` is read here for the first time.
    if let Some(class) = classes(&statements, dialect(call.args))?.into_iter().find(|class| class.deed > Deed::Reads) {
        return Err(not_begun(format!("`{}` changes something, and this only reads", class.words))
            .help("write sql.exec(…), in a step"));
    }
    let request = request(call, SqlWork::Statements(statements), true, true);
    let mut results = ask(call, &request).await?;
    Ok(results.pop().map(|result| result.rows).unwrap_or_default())
}

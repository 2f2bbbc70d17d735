//! Databases: PostgreSQL, MySQL and MariaDB, SQLite, by their address.
//!
//! Each call is one effect and, where the database can do it, one transaction: so what was never committed never
//! happened, and the record can say so. What a literal interpolates arrives as a value and never as text.

mod ask;
mod change;
mod dump;
mod file;

pub(super) use ask::{QUERY, VALUE};
pub(super) use change::{EXEC, TRANSACTION};
pub(super) use dump::{DUMP, RESTORE};
pub(super) use file::RUN_FILE;

use std::sync::Arc;
use std::time::Duration;

use super::address;
use super::args::{duration, int, not_begun, optional_text, text};
use crate::catalog::{ActionError, Args, Call, Certainty, Param};
use crate::functions::url_component;
use crate::host::{SqlCertainty, SqlError, SqlRequest, SqlResult, SqlStatement, SqlWork};
use crate::syntax::sql::{Class, Dialect, class, lex};
use crate::value::{Record, Statement, Value, units};

const CONNECT: Duration = Duration::from_secs(10);
const MAX_ROWS: usize = 10_000;

const DB: Param = Param {
    name: "db",
    ty: "url",
    default: None,
    doc: "The database: `postgres://user:password@host:5432/name`, `mysql://…`, `sqlite:path`.",
};
const STATEMENT: Param =
    Param { name: "statement", ty: "sql", default: None, doc: "One statement; each `${…}` in it is bound." };
const AFFECTS: Param = Param {
    name: "affects",
    ty: "int?",
    default: Some("null"),
    doc: "How many rows it must change; if it is another number, the change is taken back and this fails.",
};
const CONNECT_TIMEOUT: Param =
    Param { name: "connect_timeout", ty: "duration", default: Some("10s"), doc: "For the connection to stand." };

const fn timeout(default: &'static str) -> Param {
    Param {
        name: "timeout",
        ty: "duration",
        default: Some(default),
        doc: "For all of it; then the statement is stopped on the server.",
    }
}

/// Whose statements an address takes.
fn dialect(args: &Args) -> Dialect {
    match text(args, "db").split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => Dialect::Postgres,
        Some("mysql" | "mariadb") => Dialect::MySql,
        Some("sqlite") => Dialect::Sqlite,
        _ => Dialect::Any,
    }
}

/// The address as the host takes it: a file is sought from the folder of `on dir(…)`.
fn with_folder(call: &Call<'_>) -> String {
    let given = text(call.args, "db");
    let (Some(dir), Some(path)) = (&call.surroundings.dir, given.strip_prefix("sqlite:")) else { return given };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.starts_with('/') || path.starts_with(':') {
        return given;
    }
    let dir: Vec<String> = dir.to_string_lossy().split('/').map(url_component).collect();
    format!("sqlite:{}/{path}", dir.join("/"))
}

/// Where a statement goes, for people.
fn place(args: &Args) -> String {
    address::place(args, "db")
}

/// How much of a statement is shown.
const SHOWN: usize = 300;

/// A statement for people, and where it goes.
fn show(args: &Args) -> String {
    let statement = Statement::of(args.get("statement"));
    let shown = statement.map_or_else(|| super::args::shown(args, "statement"), |statement| statement.shown());
    format!("{}{}", shortened(&shown), place(args))
}

fn shortened(text: &str) -> String {
    let hidden = crate::mask::current().hide(text).into_owned();
    if hidden.chars().count() <= SHOWN {
        return hidden;
    }
    hidden.chars().take(SHOWN).chain(['…']).collect()
}

fn statement(value: &Value) -> Result<Statement, ActionError> {
    Statement::of(value).ok_or_else(|| ActionError {
        certainty: Certainty::NotBegun,
        ..ActionError::failed("this is no statement").help("give it as a literal: \"SELECT …\"")
    })
}

/// What each of these statements does. Refuses what would make the call more than one transaction.
fn classes(statements: &[SqlStatement], dialect: Dialect) -> Result<Vec<Class>, ActionError> {
    let mut classes = Vec::with_capacity(statements.len());
    for given in statements {
        let lexed = lex(&given.statement.pieces, dialect);
        let Some(class) = class(&lexed) else {
            return Err(not_begun("there is no statement in it"));
        };
        // The end of the text is of no account here.
        if lexed.statements(usize::MAX).len() > 1 {
            return Err(not_begun("this is more than one statement, and one call runs one")
                .help("several at once: sql.transaction(db, [\"…\", \"…\"]), or sql.run_file"));
        }
        if class.is_transaction {
            return Err(not_begun(format!("`{}` would begin or end a transaction", class.words))
                .help("one call is one transaction; several statements in one: sql.transaction(db, [\"…\", \"…\"])"));
        }
        classes.push(class);
    }
    Ok(classes)
}

/// Whether all of it can be one transaction, which is taken back if one of them fails.
fn fits_transaction(classes: &[Class], dialect: Dialect) -> bool {
    classes.iter().all(|class| class.can_be_rolled_back && !(class.is_definition && dialect == Dialect::MySql))
}

fn request(call: &Call<'_>, work: SqlWork, reads: bool, transaction: bool) -> SqlRequest {
    let rows = int(call.args, "max_rows").and_then(|rows| usize::try_from(rows).ok());
    address::learn_password(call.args, "db");
    SqlRequest {
        url: with_folder(call),
        work,
        reads,
        transaction,
        max_rows: rows.unwrap_or(MAX_ROWS),
        connect_timeout: duration(call.args, "connect_timeout").unwrap_or(CONNECT),
    }
}

/// Asks, for no longer than the call's `timeout`.
async fn ask(call: &Call<'_>, request: &SqlRequest) -> Result<Vec<SqlResult>, ActionError> {
    let limit = duration(call.args, "timeout").unwrap_or_default();
    let own = call.cancel.child();
    let mut work = std::pin::pin!(call.host.sql(request, &own));
    let answer = tokio::select! {
        biased;
        answer = &mut work => answer,
        () = call.host.sleep(limit, call.cancel), if !limit.is_zero() => {
            own.cancel();
            // It was stopped, or its answer came in the same moment.
            work.await.map_err(|error| if error.cancelled && !call.cancel.is_cancelled() {
                let limit = units::duration_text(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX));
                let message = format!("there was no answer in {limit}: {}", error.message);
                let help = error.help.clone().unwrap_or_else(|| "if it needs longer: timeout: 5m".to_owned());
                SqlError { message, help: Some(help), ..error }
            } else { error })
        }
    };
    answer.map_err(|error| failed(error, request.reads))
}

fn failed(error: SqlError, reads: bool) -> ActionError {
    let certainty = match (error.certainty, reads) {
        (SqlCertainty::NotBegun, _) => Certainty::NotBegun,
        (SqlCertainty::Unknown, false) => Certainty::InDoubt,
        (SqlCertainty::Unknown, true) | (SqlCertainty::DidNotHappen, _) => Certainty::Failed,
    };
    ActionError { help: error.help, output: error.excerpt, certainty, ..ActionError::failed(error.message) }
}

/// The result of one statement as a value.
fn outcome(result: SqlResult) -> Value {
    let rows = result.rows.into_iter().map(|row| Value::Record(Arc::new(row)));
    let affected = i64::try_from(result.affected).unwrap_or(i64::MAX);
    Value::Record(Arc::new(Record::new([("affected", Value::Int(affected)), ("rows", Value::list(rows))])))
}

fn wanted_rows(value: &Value) -> Option<u64> {
    match value {
        Value::Int(wanted) => u64::try_from(*wanted).ok(),
        _ => None,
    }
}

/// `path`, for people.
fn shown_path(args: &Args, name: &str) -> String {
    optional_text(args, name).map_or_else(String::new, |_| super::args::shown(args, name))
}

//! Files of SQLite. Its functions block, so they are called on a thread beside.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::placed::{excerpt, placed};
use super::{Rows, affects, column_names, params_differ, url};
use crate::host::{Cancel, SqlCertainty, SqlError, SqlRequest, SqlResult, SqlStatement, SqlWork};
use crate::value::{Record, Value, display, json};

/// How long it is tried while another process writes.
const BUSY: Duration = Duration::from_secs(5);
/// Between two tries, and between two interruptions.
const PAUSE: Duration = Duration::from_millis(20);

/// Open files that nobody uses just now, by their address.
#[derive(Default)]
pub(super) struct Files(RefCell<HashMap<String, Connection>>);

impl Files {
    pub(super) async fn run(&self, request: &SqlRequest, cancel: &Cancel) -> Result<Vec<SqlResult>, SqlError> {
        let kept = self.0.borrow_mut().remove(&request.url);
        let (path, makes) = url::sqlite(&request.url)?;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (request_there, stopped) = (request.clone(), Arc::new(AtomicBool::new(false)));
        let stopped_there = Arc::clone(&stopped);
        let work = tokio::task::spawn_blocking(move || {
            // A file that was replaced meanwhile is another one.
            let kept = kept.filter(|_| Path::new(&path).exists());
            let mut connection = match kept.map_or_else(|| open(Path::new(&path), makes), Ok) {
                Ok(connection) => connection,
                Err(error) => return (None, Err(error)),
            };
            let _ = sender.send(connection.get_interrupt_handle());
            let result = tried(&mut connection, &request_there, &stopped_there);
            (Some(connection), result)
        });
        let ended = {
            let mut work = std::pin::pin!(work);
            tokio::select! {
                biased;
                ended = &mut work => ended,
                () = cancel.cancelled() => {
                    stopped.store(true, Ordering::Relaxed);
                    let handle = receiver.await.ok();
                    // What begins in this very moment is not interrupted by what came before.
                    loop {
                        if let Some(handle) = &handle {
                            handle.interrupt();
                        }
                        tokio::select! {
                            biased;
                            ended = &mut work => break ended,
                            () = tokio::time::sleep(PAUSE) => {}
                        }
                    }
                }
            }
        };
        let (connection, result) = ended.map_err(|error| SqlError {
            certainty: SqlCertainty::Unknown,
            ..SqlError::new(format!("SQLite broke off: {error}"))
        })?;
        if let Some(connection) = connection.filter(Connection::is_autocommit) {
            self.0.borrow_mut().insert(request.url.clone(), connection);
        }
        result
    }
}

fn open(path: &Path, makes: bool) -> Result<Connection, SqlError> {
    let shown = path.display();
    if !makes && !path.exists() {
        return Err(SqlError::not_begun(format!("there is no file {shown}")).help(format!(
            "look at the path: it is relative to where rbk runs, or to the `on dir(…)` around the call; to make a new \
             database: sqlite:{shown}?mode=rwc"
        )));
    }
    let create = if makes { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| {
        SqlError::not_begun(format!("{shown} could not be opened: {}", words(&error)))
            .help("the user who runs rbk must be able to read it, and to write to its folder")
    })?;
    // Whoever waits here could not be stopped: it is tried again from outside.
    connection.busy_timeout(Duration::ZERO).map_err(|error| SqlError::not_begun(words(&error)))?;
    Ok(connection)
}

fn tried(connection: &mut Connection, request: &SqlRequest, stopped: &AtomicBool) -> Result<Vec<SqlResult>, SqlError> {
    let begun = Instant::now();
    loop {
        let result = in_transaction(connection, request, stopped, begun);
        let (error, busy) = match result {
            Ok(results) => return Ok(results),
            Err(Trouble::Told(error)) => (error, false),
            Err(Trouble::Sqlite(error, text, line)) => {
                let busy =
                    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
                (told(&error, &text, line), busy)
            }
        };
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        if stopped.load(Ordering::Relaxed) {
            return Err(SqlError { cancelled: true, ..error });
        }
        if !busy || begun.elapsed() > BUSY {
            return Err(error);
        }
        std::thread::sleep(PAUSE);
    }
}

/// What went wrong, in which text, and where in its file that begins.
enum Trouble {
    Told(SqlError),
    Sqlite(rusqlite::Error, String, usize),
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        Self::Told(error)
    }
}

fn plain(error: rusqlite::Error) -> Trouble {
    Trouble::Sqlite(error, String::new(), 0)
}

fn in_transaction(
    connection: &mut Connection,
    request: &SqlRequest,
    stopped: &AtomicBool,
    begun: Instant,
) -> Result<Vec<SqlResult>, Trouble> {
    if stopped.load(Ordering::Relaxed) {
        return Err(SqlError { cancelled: true, ..SqlError::not_begun("stopped before it began") }.into());
    }
    connection
        .execute_batch(if request.reads { "PRAGMA query_only = 1" } else { "PRAGMA query_only = 0" })
        .map_err(plain)?;
    if let SqlWork::Replace(from) = &request.work {
        return replace(connection, from, stopped, begun).map(|()| Vec::new());
    }
    match (request.reads, request.transaction) {
        (true, _) => connection.execute_batch("BEGIN").map_err(plain)?,
        (false, true) => connection.execute_batch("BEGIN IMMEDIATE").map_err(plain)?,
        (false, false) => {}
    }
    let results = match &request.work {
        SqlWork::Statements(statements) => {
            let run = |statement| perform(connection, statement, request);
            statements.iter().map(run).collect::<Result<Vec<_>, _>>()?
        }
        SqlWork::Replace(_) => Vec::new(),
    };
    if !connection.is_autocommit() {
        let end = if request.reads { "ROLLBACK" } else { "COMMIT" };
        connection.execute_batch(end).map_err(plain)?;
    }
    Ok(results)
}

fn perform(connection: &Connection, given: &SqlStatement, request: &SqlRequest) -> Result<SqlResult, Trouble> {
    let placed = placed(&given.statement, |nth| format!("?{nth}"))?;
    let of = |error| Trouble::Sqlite(error, placed.text.clone(), given.line);
    let mut statement = connection.prepare_cached(&placed.text).map_err(of)?;
    if request.reads && !statement.readonly() {
        let message = "this statement changes something, and only reads are allowed here";
        return Err(SqlError::not_begun(message).help("write sql.exec(…), in a step").into());
    }
    if statement.parameter_count() != placed.values.len() {
        return Err(params_differ(statement.parameter_count(), placed.values.len()).into());
    }
    let before = connection.total_changes();
    let names = column_names(statement.column_names());
    let types: Vec<Option<String>> =
        statement.columns().map(|column| column.decl_type().map(str::to_uppercase)).collect();
    let cells: Vec<Bound> = placed.values.into_iter().map(Bound).collect();
    let mut rows = Rows::new(request.max_rows);
    let mut found = statement.query(rusqlite::params_from_iter(&cells)).map_err(of)?;
    while let Some(row) = found.next().map_err(of)? {
        let mut bytes = 0;
        let mut fields = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let cell = row.get_ref(at).map_err(of)?;
            bytes += size(cell);
            fields.push((Arc::clone(name), value(cell, types[at].as_deref())));
        }
        rows.push(Record::new(fields), bytes)?;
    }
    drop(found);
    let changed = connection.total_changes() - before;
    let affected = if names.is_empty() || changed > 0 { changed } else { rows.taken.len() as u64 };
    affects(given.affects, affected)?;
    Ok(SqlResult { rows: rows.taken, affected })
}

/// Makes the open database hold what another file holds, in one transaction.
fn replace(connection: &mut Connection, from: &Path, stopped: &AtomicBool, begun: Instant) -> Result<(), Trouble> {
    use rusqlite::backup::{Backup, StepResult};
    let source = open(from, false)?;
    let check: String = source.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(plain)?;
    if check != "ok" {
        return Err(SqlError::not_begun(format!("{} is damaged: {check}", from.display()))
            .help("restore from another dump")
            .into());
    }
    let backup = Backup::new(&source, connection).map_err(plain)?;
    loop {
        if stopped.load(Ordering::Relaxed) {
            return Err(SqlError::new("stopped before all of it was there: the database is as it was").into());
        }
        match backup.step(1000).map_err(plain)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked if begun.elapsed() > BUSY => return Err(locked().into()),
            StepResult::Busy | StepResult::Locked => std::thread::sleep(PAUSE),
            _ => {}
        }
    }
}

/// A value on its way into a statement.
struct Bound(Value);

impl ToSql for Bound {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self.0.exposed() {
            Value::Null | Value::Unknown(_) => Cell::Null,
            Value::Bool(value) => Cell::Integer(i64::from(*value)),
            Value::Int(n) | Value::Size(n) => Cell::Integer(*n),
            Value::Float(x) | Value::Percent(x) => Cell::Real(*x),
            // SQLite has no such type: seconds, whole ones as a whole number.
            Value::Duration(n) if n % 1_000_000_000 == 0 => Cell::Integer(n / 1_000_000_000),
            #[allow(clippy::cast_precision_loss)]
            Value::Duration(n) => Cell::Real(*n as f64 / 1e9),
            other => Cell::Text(display::exposed_text(other)),
        }))
    }
}

fn size(cell: ValueRef<'_>) -> usize {
    match cell {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() + 16,
        _ => 16,
    }
}

/// A cell as a value. SQLite keeps five types; the declared one of a column says what two of them stand for.
fn value(cell: ValueRef<'_>, declared: Option<&str>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n @ (0 | 1)) if matches!(declared, Some("BOOLEAN" | "BOOL")) => Value::Bool(n == 1),
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(x) => Value::Float(x),
        ValueRef::Blob(bytes) => Value::from(crate::value::hex(bytes)),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            match declared {
                Some("JSON" | "JSONB") => json::parse(&text).unwrap_or_else(|_| Value::from(&*text)),
                _ => Value::from(&*text),
            }
        }
    }
}

fn locked() -> SqlError {
    SqlError::new("the database is locked: another process writes to it")
        .help("wait until that is done; `fuser` with the file's path tells who has it open")
}

/// SQLite's own words, without what surrounds them.
fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn told(error: &rusqlite::Error, text: &str, line: usize) -> SqlError {
    let said = words(error);
    let code = error.sqlite_error_code();
    let told = SqlError::new(&said);
    let told = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(),
        Some(ErrorCode::OperationInterrupted) => {
            SqlError::new("the statement was stopped, and the database is as it was")
        }
        Some(ErrorCode::ReadOnly) if said.contains("readonly") => told
            .help("a read must not change anything: write sql.exec(…), in a step; or the file may not be written to"),
        Some(ErrorCode::NotADatabase) => told.help("look at the path: this file is no database of SQLite"),
        Some(ErrorCode::DatabaseCorrupt) => told.help("the file is damaged: restore it from a dump (sql.restore)"),
        Some(ErrorCode::DiskFull) => told.help("make room on the disk: nothing was changed"),
        Some(ErrorCode::ConstraintViolation) => told.help("nothing was changed: the rule is in the table's definition"),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            told.help("the user who runs rbk must be able to read the file, and to write to its folder")
        }
        _ if said.contains("no such table") => {
            told.help("the tables are listed by: SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        _ if said.contains("no such column") => told.help("the columns are listed by: PRAGMA table_info(…)"),
        _ => told,
    };
    let offset = match error {
        rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
        _ => None,
    };
    let excerpt = (!text.is_empty()).then(|| excerpt(text, offset.unwrap_or(0), line));
    SqlError { excerpt: excerpt.filter(|_| offset.is_some() || line > 0), ..told }
}

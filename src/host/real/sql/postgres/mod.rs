//! PostgreSQL.

mod cells;
mod connect;
mod params;
mod told;

use std::cell::{Cell as Shared, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio_postgres::error::{Severity, SqlState};

use self::cells::Cell;
use self::connect::{Connection, connect};
use self::params::Bound;
use super::placed::placed;
use super::{Rows, Stage, affects, column_names, params_differ, stopped_before};
use crate::host::{Cancel, SqlCertainty, SqlError, SqlRequest, SqlResult, SqlStatement, SqlWork};
use crate::value::Record;

/// How long the server may take to say that it has stopped.
const STOPS_IN: Duration = Duration::from_secs(5);
/// Between two requests to stop: one that comes between two statements is lost.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Connections that nobody uses just now, by their address.
#[derive(Default)]
pub(super) struct Servers(RefCell<HashMap<String, Vec<Connection>>>);

impl Servers {
    pub(super) async fn run(&self, request: &SqlRequest, cancel: &Cancel) -> Result<Vec<SqlResult>, SqlError> {
        let connection = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(stopped_before()),
            connection = self.connection(request) => connection?,
        };
        let stage = Shared::new(Stage::NotBegun);
        let result = {
            let mut work = pin!(perform(&connection, request, cancel, &stage));
            tokio::select! {
                biased;
                result = &mut work => result,
                () = cancel.cancelled() => {
                    let ends = stop(&connection, &mut work);
                    tokio::time::timeout(STOPS_IN, ends).await.unwrap_or_else(|_| {
                        let lost = SqlError::new(format!("{} did not say whether it has stopped", connection.peer));
                        Err(SqlError { certainty: stage.get().when_lost(request), ..lost })
                    })
                }
            }
        };
        if !connection.client.is_closed() && stage.get() == Stage::Ended {
            self.0.borrow_mut().entry(request.url.clone()).or_default().push(connection);
        }
        result.map_err(|error| SqlError { cancelled: cancel.is_cancelled(), ..error })
    }

    /// One that is kept and answers, or a new one.
    async fn connection(&self, request: &SqlRequest) -> Result<Connection, SqlError> {
        loop {
            let kept = self.0.borrow_mut().get_mut(&request.url).and_then(Vec::pop);
            let Some(kept) = kept else { break };
            let answers = tokio::time::timeout(request.connect_timeout, kept.client.check_connection()).await;
            if matches!(answers, Ok(Ok(()))) {
                return Ok(kept);
            }
        }
        connect(&request.url, request.connect_timeout).await
    }
}

/// Asks the server to stop until the work has ended by it.
async fn stop<W: Future>(connection: &Connection, work: &mut std::pin::Pin<&mut W>) -> W::Output {
    loop {
        let token = connection.client.cancel_token();
        let asked = async {
            let _ = token.cancel_query(connection.tls.clone()).await;
            tokio::time::sleep(ASK_AGAIN).await;
        };
        tokio::select! {
            biased;
            result = &mut *work => return result,
            () = asked => {}
        }
    }
}

async fn perform(
    connection: &Connection,
    request: &SqlRequest,
    cancel: &Cancel,
    stage: &Shared<Stage>,
) -> Result<Vec<SqlResult>, SqlError> {
    let client = &connection.client;
    let result = statements(connection, request, cancel, stage).await;
    let in_transaction = request.reads || request.transaction;
    if stage.get() == Stage::Abandoned {
        return result;
    }
    if result.is_err() && in_transaction && !client.is_closed() {
        // What is not taken back here is when the connection ends, which it then does.
        if client.batch_execute("ROLLBACK").await.is_err() {
            return result;
        }
    }
    if !client.is_closed() {
        stage.set(Stage::Ended);
    }
    result
}

async fn statements(
    connection: &Connection,
    request: &SqlRequest,
    cancel: &Cancel,
    stage: &Shared<Stage>,
) -> Result<Vec<SqlResult>, SqlError> {
    let SqlWork::Statements(statements) = &request.work else {
        return Err(SqlError::not_begun("only a file of SQLite is replaced by another"));
    };
    let client = &connection.client;
    let control = async |text: &str| {
        client.batch_execute(text).await.map_err(|error| trouble(&error, text, 0, connection, request, stage.get()))
    };
    if request.reads {
        control("BEGIN READ ONLY").await?;
    } else if request.transaction {
        control("BEGIN").await?;
    }
    let mut results = Vec::with_capacity(statements.len());
    for given in statements {
        if cancel.is_cancelled() {
            return Err(SqlError { certainty: stage.get().when_refused(request), ..stopped_before() });
        }
        results.push(statement(connection, given, request, stage).await?);
    }
    if request.reads {
        // Nothing that a read has set is there for the next one.
        control("ROLLBACK").await?;
    } else if request.transaction {
        if cancel.is_cancelled() {
            return Err(SqlError { certainty: SqlCertainty::DidNotHappen, ..stopped_before() });
        }
        stage.set(Stage::Committing);
        control("COMMIT").await?;
    }
    Ok(results)
}

async fn statement(
    connection: &Connection,
    given: &SqlStatement,
    request: &SqlRequest,
    stage: &Shared<Stage>,
) -> Result<SqlResult, SqlError> {
    let client = &connection.client;
    let placed = placed(&given.statement, |nth| format!("${nth}"))?;
    let trouble = |error, stage| trouble(&error, &placed.text, given.line, connection, request, stage);
    let prepared = client.prepare(&placed.text).await.map_err(|error| trouble(error, stage.get()))?;
    if prepared.params().len() != placed.values.len() {
        return Err(params_differ(prepared.params().len(), placed.values.len()));
    }
    let names = column_names(prepared.columns().iter().map(tokio_postgres::Column::name));
    let before = stage.get();
    stage.set(before.sent());
    let failed = |error| trouble(error, before.sent());
    let stream = client.query_raw(&prepared, placed.values.into_iter().map(Bound)).await.map_err(failed)?;
    let mut stream = pin!(stream);
    let mut rows = Rows::new(request.max_rows);
    while let Some(row) = stream.try_next().await.map_err(failed)? {
        let mut fields = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let cell: Cell = row.try_get(at).map_err(|error| unreadable(&error, name))?;
            fields.push((Arc::clone(name), cell.0));
        }
        rows.push(Record::new(fields), row.raw_size_bytes()).inspect_err(|_| stage.set(Stage::Abandoned))?;
    }
    let affected = stream.rows_affected().unwrap_or(0);
    stage.set(before.done());
    affects(given.affects, affected)?;
    Ok(SqlResult { rows: rows.taken, affected })
}

fn unreadable(error: &tokio_postgres::Error, name: &str) -> SqlError {
    SqlError::new(format!("the column {name} cannot be read: {}", told::words(error)))
        .help(format!("ask for it as text: {name}::text"))
}

fn trouble(
    error: &tokio_postgres::Error,
    text: &str,
    line: usize,
    connection: &Connection,
    request: &SqlRequest,
    stage: Stage,
) -> SqlError {
    let peer = &connection.peer;
    if error.as_db_error().is_some_and(|said| *said.code() == SqlState::QUERY_CANCELED) {
        let stopped = SqlError::new(format!("{peer} has stopped the statement, and nothing was changed by it"));
        return SqlError { certainty: stage.when_refused(request), ..stopped };
    }
    // A server that goes down says so, and the connection ends with it.
    let last_word = error.as_db_error().filter(|said| {
        matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) || connection.client.is_closed()
    });
    if last_word.is_some() || error.as_db_error().is_none() && (connection.client.is_closed() || error.is_closed()) {
        let why = last_word.map(|said| format!(": {}", said.message())).unwrap_or_default();
        let broken = SqlError::new(format!("{peer} broke off the connection{why}"));
        return SqlError { certainty: stage.when_lost(request), ..broken }
            .help("the log of the server says why: was it restarted, or did a proxy between close what was idle?");
    }
    SqlError { certainty: stage.when_refused(request), ..told::failed(error, text, line, peer) }
}

//! MySQL and MariaDB.

mod cells;
mod connect;
mod told;

use std::cell::{Cell as Shared, RefCell};
use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error, Params, QueryResult};

use self::connect::{Connection, connect};
use super::placed::placed;
use super::{Rows, Stage, affects, column_names, params_differ, stopped_before};
use crate::host::{Cancel, SqlCertainty, SqlError, SqlRequest, SqlResult, SqlStatement, SqlWork};
use crate::value::Record;

/// How long the server may take to say that it has stopped.
const STOPS_IN: Duration = Duration::from_secs(5);
/// Between two requests to stop: one that comes between two statements is lost.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// "Query execution was interrupted", and for its execution time.
const INTERRUPTED: &[u16] = &[1317, 3024, 1969];
/// "This command is not supported in the prepared statement protocol yet".
const NOT_PREPARED: u16 = 1295;

/// Connections that nobody uses just now, by their address.
#[derive(Default)]
pub(super) struct Servers(RefCell<HashMap<String, Vec<Connection>>>);

impl Servers {
    pub(super) async fn run(&self, request: &SqlRequest, cancel: &Cancel) -> Result<Vec<SqlResult>, SqlError> {
        let mut connection = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(stopped_before()),
            connection = self.connection(request) => connection?,
        };
        let stage = Shared::new(Stage::NotBegun);
        let (id, opts, peer) = (connection.conn.id(), connection.opts.clone(), connection.peer.clone());
        let result = {
            let mut work = pin!(perform(&mut connection, request, cancel, &stage));
            tokio::select! {
                biased;
                result = &mut work => result,
                () = cancel.cancelled() => {
                    let ends = stop(id, &opts, &mut work);
                    tokio::time::timeout(STOPS_IN, ends).await.unwrap_or_else(|_| {
                        let lost = SqlError::new(format!("{peer} did not say whether it has stopped"));
                        Err(SqlError { certainty: stage.get().when_lost(request), ..lost })
                    })
                }
            }
        };
        if stage.get() == Stage::Ended {
            self.0.borrow_mut().entry(request.url.clone()).or_default().push(connection);
        } else {
            // Left to itself it would first read all that the server has begun to send.
            drop(connection);
        }
        result.map_err(|error| SqlError { cancelled: cancel.is_cancelled(), ..error })
    }

    /// One that is kept and answers, or a new one.
    async fn connection(&self, request: &SqlRequest) -> Result<Connection, SqlError> {
        loop {
            let kept = self.0.borrow_mut().get_mut(&request.url).and_then(Vec::pop);
            let Some(mut kept) = kept else { break };
            let answers = tokio::time::timeout(request.connect_timeout, kept.conn.ping()).await;
            if matches!(answers, Ok(Ok(()))) {
                return Ok(kept);
            }
        }
        connect(&request.url, request.connect_timeout).await
    }
}

/// Asks the server to stop until the work has ended by it.
async fn stop<W: Future>(id: u32, opts: &mysql_async::Opts, work: &mut Pin<&mut W>) -> W::Output {
    let ask = async {
        loop {
            if let Ok(mut other) = Conn::new(opts.clone()).await {
                while other.query_drop(format!("KILL QUERY {id}")).await.is_ok() {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    };
    tokio::select! {
        biased;
        result = &mut *work => result,
        () = ask => std::future::pending().await,
    }
}

async fn perform(
    connection: &mut Connection,
    request: &SqlRequest,
    cancel: &Cancel,
    stage: &Shared<Stage>,
) -> Result<Vec<SqlResult>, SqlError> {
    let result = statements(connection, request, cancel, stage).await;
    if matches!(stage.get(), Stage::Abandoned | Stage::Ended) {
        return result;
    }
    let in_transaction = request.reads || request.transaction;
    let Err(mut error) = result else {
        stage.set(Stage::Ended);
        return result;
    };
    if in_transaction {
        match connection.conn.query_drop("ROLLBACK").await {
            // Tables of an engine without transactions keep what was done to them.
            Ok(()) if request.transaction && connection.conn.get_warnings() > 0 => {
                error.certainty = SqlCertainty::Unknown;
                error.message.push_str("; a table without transactions keeps what was changed in it");
                stage.set(Stage::Ended);
            }
            Ok(()) => stage.set(Stage::Ended),
            Err(_) => {}
        }
    } else if connection.conn.ping().await.is_ok() {
        stage.set(Stage::Ended);
    }
    Err(error)
}

async fn statements(
    connection: &mut Connection,
    request: &SqlRequest,
    cancel: &Cancel,
    stage: &Shared<Stage>,
) -> Result<Vec<SqlResult>, SqlError> {
    let SqlWork::Statements(statements) = &request.work else {
        return Err(SqlError::not_begun("only a file of SQLite is replaced by another"));
    };
    if request.reads {
        control(connection, "START TRANSACTION READ ONLY", request, stage).await?;
    } else if request.transaction {
        control(connection, "START TRANSACTION", request, stage).await?;
    }
    let mut results = Vec::with_capacity(statements.len());
    for given in statements {
        if cancel.is_cancelled() {
            return Err(SqlError { certainty: stage.get().when_refused(request), ..stopped_before() });
        }
        results.push(statement(connection, given, request, stage).await?);
    }
    let in_transaction = request.reads || request.transaction;
    // `SLEEP` and what is like it ends without an error when it is stopped.
    if cancel.is_cancelled() && in_transaction {
        return Err(stopped(&connection.peer, SqlCertainty::DidNotHappen));
    }
    if request.reads {
        control(connection, "ROLLBACK", request, stage).await?;
    } else if request.transaction {
        stage.set(Stage::Committing);
        control(connection, "COMMIT", request, stage).await?;
    }
    Ok(results)
}

async fn control(
    connection: &mut Connection,
    text: &str,
    request: &SqlRequest,
    stage: &Shared<Stage>,
) -> Result<(), SqlError> {
    let done = connection.conn.query_drop(text).await;
    done.map_err(|error| trouble(&error, text, 0, &connection.peer, request, stage.get()))
}

async fn statement(
    connection: &mut Connection,
    given: &SqlStatement,
    request: &SqlRequest,
    stage: &Shared<Stage>,
) -> Result<SqlResult, SqlError> {
    let placed = placed(&given.statement, |_| "?".to_owned())?;
    let Connection { conn, peer, .. } = connection;
    let before = stage.get();
    let trouble = |error: Error, stage| trouble(&error, &placed.text, given.line, peer, request, stage);
    // A prepared statement is one statement, whatever its text. Some are not prepared by every server.
    let prepared = match conn.prep(placed.text.as_str()).await {
        Ok(prepared) => Some(prepared),
        Err(Error::Server(said)) if said.code == NOT_PREPARED && placed.values.is_empty() && !request.reads => None,
        Err(error) => return Err(trouble(error, before)),
    };
    stage.set(before.sent());
    let failed = |error| trouble(error, before.sent());
    let result = match prepared {
        Some(prepared) => {
            if usize::from(prepared.num_params()) != placed.values.len() {
                return Err(params_differ(prepared.num_params().into(), placed.values.len()));
            }
            let values = placed.values.iter().map(cells::bound).collect::<Vec<_>>();
            let params = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
            let mut result = conn.exec_iter(prepared, params).await.map_err(failed)?;
            taken(&mut result, request, stage, &failed).await?
        }
        None => {
            let mut result = conn.query_iter(placed.text.as_str()).await.map_err(failed)?;
            taken(&mut result, request, stage, &failed).await?
        }
    };
    stage.set(before.done());
    affects(given.affects, result.affected)?;
    Ok(result)
}

/// The rows of an answer. Of a procedure with several answers the first counts.
async fn taken<P: mysql_async::prelude::Protocol>(
    result: &mut QueryResult<'_, '_, P>,
    request: &SqlRequest,
    stage: &Shared<Stage>,
    failed: &impl Fn(Error) -> SqlError,
) -> Result<SqlResult, SqlError> {
    let columns = result.columns().unwrap_or_else(|| Arc::from(Vec::new()));
    let names: Vec<String> = columns.iter().map(|column| column.name_str().into_owned()).collect();
    let names = column_names(names.iter().map(String::as_str));
    let mut rows = Rows::new(request.max_rows);
    while let Some(row) = result.next().await.map_err(failed)? {
        let mut bytes = 0;
        let mut fields = Vec::with_capacity(names.len());
        for ((name, cell), column) in names.iter().zip(row.unwrap()).zip(columns.iter()) {
            bytes += cells::size(&cell);
            fields.push((Arc::clone(name), cells::value(cell, column)));
        }
        rows.push(Record::new(fields), bytes).inspect_err(|_| stage.set(Stage::Abandoned))?;
    }
    let affected = if names.is_empty() { result.affected_rows() } else { rows.taken.len() as u64 };
    // What else a procedure answers is read, so that the next statement gets its own answer.
    while !result.is_empty() {
        result.for_each(drop).await.map_err(failed)?;
    }
    Ok(SqlResult { rows: rows.taken, affected })
}

fn stopped(peer: &str, certainty: SqlCertainty) -> SqlError {
    let end = if certainty == SqlCertainty::DidNotHappen { ", and nothing was changed by it" } else { "" };
    SqlError { certainty, ..SqlError::new(format!("{peer} has stopped the statement{end}")) }
}

fn trouble(error: &Error, text: &str, line: usize, peer: &str, request: &SqlRequest, stage: Stage) -> SqlError {
    if matches!(error, Error::Server(said) if INTERRUPTED.contains(&said.code)) {
        // Outside of a transaction it may have done a part.
        let in_transaction = request.reads || request.transaction || stage == Stage::NotBegun;
        let certainty = if in_transaction { SqlCertainty::DidNotHappen } else { SqlCertainty::Unknown };
        return stopped(peer, certainty);
    }
    match told::failed(error, text, line, peer) {
        Some(told) => SqlError { certainty: stage.when_refused(request), ..told },
        None => {
            let broken = SqlError::new(format!("{peer} broke off the connection"));
            SqlError { certainty: stage.when_lost(request), ..broken }
                .help("the log of the server says why: was it restarted, or did a proxy between close what was idle?")
        }
    }
}

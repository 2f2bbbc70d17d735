//! Scripted databases.

use crate::host::{Cancel, SqlCertainty, SqlError, SqlRequest, SqlResult, SqlWork};
use crate::value::Record;

/// How a scripted database answers.
#[derive(Clone, Debug)]
pub struct SqlReply(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Answer(SqlResult),
    Fails(SqlError),
    Hangs,
}

impl SqlReply {
    /// These rows, to each statement.
    pub fn rows(rows: impl IntoIterator<Item = Record>) -> Self {
        let rows: Vec<Record> = rows.into_iter().collect();
        Self(Kind::Answer(SqlResult { affected: rows.len() as u64, rows }))
    }

    /// So many rows were changed, by each statement.
    pub fn affected(affected: u64) -> Self {
        Self(Kind::Answer(SqlResult { rows: Vec::new(), affected }))
    }

    /// It refuses.
    pub fn fails(error: SqlError) -> Self {
        Self(Kind::Fails(error))
    }

    /// It works until it is cancelled.
    pub fn hangs() -> Self {
        Self(Kind::Hangs)
    }
}

/// What a pattern is compared with: the statements as they are shown.
pub(super) fn line_of(request: &SqlRequest) -> String {
    match &request.work {
        SqlWork::Statements(statements) => {
            statements.iter().map(|given| given.statement.shown()).collect::<Vec<_>>().join("; ")
        }
        SqlWork::Replace(from) => format!("restore {}", from.display()),
    }
}

pub(super) async fn play(reply: SqlReply, request: &SqlRequest, cancel: &Cancel) -> Result<Vec<SqlResult>, SqlError> {
    match reply.0 {
        Kind::Answer(result) => {
            let statements = match &request.work {
                SqlWork::Statements(statements) => statements.len(),
                SqlWork::Replace(_) => 0,
            };
            Ok(vec![result; statements])
        }
        Kind::Fails(error) => Err(error),
        Kind::Hangs => {
            cancel.cancelled().await;
            let certainty = if request.transaction { SqlCertainty::DidNotHappen } else { SqlCertainty::Unknown };
            Err(SqlError { certainty, cancelled: true, ..SqlError::new("the statement was stopped") })
        }
    }
}

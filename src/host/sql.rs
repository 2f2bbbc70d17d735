//! What is asked of a database, and what it answers.

use std::path::PathBuf;
use std::time::Duration;

use crate::value::{Record, Statement};

/// One connection's worth of work: all of it happens, or none, where the database can do that.
#[derive(Clone, Debug)]
pub struct SqlRequest {
    /// `postgres://…`, `mysql://…` or `sqlite:path`, with its password in clear.
    pub url: String,
    /// What is done.
    pub work: SqlWork,
    /// Nothing may be changed: the database itself is told so.
    pub reads: bool,
    /// All of it in one transaction. False for what the database refuses in one.
    pub transaction: bool,
    /// More rows than this are an error.
    pub max_rows: usize,
    /// For the connection to stand.
    pub connect_timeout: Duration,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum SqlWork {
    /// Statements in order.
    Statements(Vec<SqlStatement>),
    /// SQLite only: the database becomes what this file holds.
    Replace(PathBuf),
}

/// A statement, and what must come of it.
#[derive(Clone, Debug)]
pub struct SqlStatement {
    /// Its text and values.
    pub statement: Statement,
    /// How many rows it must have changed; otherwise the transaction is taken back.
    pub affects: Option<u64>,
    /// The line of its file on which it begins, from 1; 0 for one that is no part of a file.
    pub line: usize,
}

/// What came of one statement.
#[derive(Clone, Debug, Default)]
pub struct SqlResult {
    /// In order, each by its columns' names.
    pub rows: Vec<Record>,
    /// How many rows were changed, or returned.
    pub affected: u64,
}

/// Whether something may have changed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlCertainty {
    /// No statement reached the database.
    NotBegun,
    /// The database has taken it back, or never did it.
    DidNotHappen,
    /// The answer was lost, or a part is done and stays.
    Unknown,
}

/// Why there is no result.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// In words, without the password of the address.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line of the statement that it is about, and below it where.
    pub excerpt: Option<String>,
    /// Whether something changed.
    pub certainty: SqlCertainty,
    /// Ended by us, because of the cancellation.
    pub cancelled: bool,
}

impl SqlError {
    /// Nothing happened.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            excerpt: None,
            certainty: SqlCertainty::DidNotHappen,
            cancelled: false,
        }
    }

    /// No statement reached the database.
    pub fn not_begun(message: impl Into<String>) -> Self {
        Self { certainty: SqlCertainty::NotBegun, ..Self::new(message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

//! Databases. One connection to each is kept for the run; more where work goes on side by side.

mod decimal;
mod mysql;
mod placed;
mod postgres;
mod sqlite;
mod url;

use std::collections::HashMap;

use crate::host::{Cancel, SqlCertainty, SqlError, SqlRequest, SqlResult};
use crate::value::Record;

/// The largest answer taken, in bytes of text.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Connections that nobody uses just now.
#[derive(Default)]
pub(super) struct Databases {
    sqlite: sqlite::Files,
    postgres: postgres::Servers,
    mysql: mysql::Servers,
}

impl Databases {
    pub(super) async fn run(&self, request: &SqlRequest, cancel: &Cancel) -> Result<Vec<SqlResult>, SqlError> {
        match url::scheme(&request.url)? {
            url::Scheme::Sqlite => self.sqlite.run(request, cancel).await,
            url::Scheme::Postgres => self.postgres.run(request, cancel).await,
            url::Scheme::MySql => self.mysql.run(request, cancel).await,
        }
    }
}

/// Rows as they come, so many and no more.
struct Rows {
    taken: Vec<Record>,
    most: usize,
    bytes: usize,
}

impl Rows {
    fn new(max_rows: usize) -> Self {
        Self { taken: Vec::new(), most: max_rows, bytes: 0 }
    }

    /// Takes one more of about this many bytes.
    fn push(&mut self, row: Record, bytes: usize) -> Result<(), SqlError> {
        self.bytes += bytes;
        if self.taken.len() >= self.most {
            return Err(SqlError::new(format!("the answer has more than {} rows", self.most))
                .help("ask for fewer (LIMIT, a count), or allow more: max_rows: …"));
        }
        if self.bytes > MAX_BYTES {
            return Err(SqlError::new("the answer is larger than 64MiB").help("ask for fewer columns or rows"));
        }
        self.taken.push(row);
        Ok(())
    }
}

/// Names of columns, told apart where two are the same.
fn column_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<std::sync::Arc<str>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    names
        .into_iter()
        .map(|name| {
            let count = seen.entry(name).or_default();
            *count += 1;
            if *count == 1 { name.into() } else { format!("{name}_{count}").into() }
        })
        .collect()
}

/// Whether as many rows were changed as must have been.
fn affects(wanted: Option<u64>, affected: u64) -> Result<(), SqlError> {
    match wanted {
        Some(wanted) if wanted != affected => {
            let message = format!("{affected} rows were changed, and it must be {wanted}: the change was taken back");
            Err(SqlError::new(message).help("look with sql.query at the rows that its WHERE finds"))
        }
        _ => Ok(()),
    }
}

/// How far a request has come: what an answer that never comes means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No statement was sent.
    NotBegun,
    /// The first statement was sent.
    First,
    /// A statement has ended, and stays if there is no transaction around it.
    Some,
    /// The end of the transaction was sent.
    Committing,
    /// There is more of the answer than is taken: the connection is closed, and with it ends what runs on it.
    Abandoned,
    /// All of it has ended, one way or the other.
    Ended,
}

impl Stage {
    fn sent(self) -> Self {
        if self == Self::NotBegun { Self::First } else { self }
    }

    fn done(self) -> Self {
        if self == Self::Committing { self } else { Self::Some }
    }

    /// The answer is lost.
    fn when_lost(self, request: &SqlRequest) -> SqlCertainty {
        match self {
            Self::NotBegun => SqlCertainty::NotBegun,
            // What was never committed did not happen.
            Self::First | Self::Some if request.reads || request.transaction => SqlCertainty::DidNotHappen,
            _ => SqlCertainty::Unknown,
        }
    }

    /// The answer is no.
    fn when_refused(self, request: &SqlRequest) -> SqlCertainty {
        match self {
            Self::NotBegun | Self::First | Self::Committing | Self::Abandoned | Self::Ended => {
                SqlCertainty::DidNotHappen
            }
            Self::Some if request.reads || request.transaction => SqlCertainty::DidNotHappen,
            Self::Some => SqlCertainty::Unknown,
        }
    }
}

fn stopped_before() -> SqlError {
    SqlError { cancelled: true, ..SqlError::not_begun("stopped before it began") }
}

fn params_differ(places: usize, values: usize) -> SqlError {
    let places = if places == 1 { "1 place".to_owned() } else { format!("{places} places") };
    let given = match values {
        0 => "none is given".to_owned(),
        1 => "1 is given".to_owned(),
        more => format!("{more} are given"),
    };
    SqlError::not_begun(format!("the statement has {places} for values, and {given}"))
        .help("a value is written ${…}, and nothing else stands for one: no ?, no $1, no :name")
}

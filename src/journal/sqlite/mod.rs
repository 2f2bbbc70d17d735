//! The journal of one machine: an SQLite database, and a few files beside it.
//!
//! | file | what |
//! |---|---|
//! | `journal.db`, `-wal`, `-shm` | the database: write-ahead log, `synchronous=FULL` |
//! | `journal.db-heads` | where the chain of each run ended, see [`heads`] |
//! | `journal.db-held/RUN` | locked by whoever holds the record of a run, see [`hold`] |
//! | `journal.db-reserve` | 8 MiB for when the disk is full, see [`reserve`] |
//!
//! # Why a changed byte or a cut end is always told, and a crash never is
//!
//! **A changed byte.** Entries are chained by SHA-256: each hash covers the one before it, the run, the number and
//! the bytes. An entry is handed out only after its hash was computed again. The rows of the other tables carry
//! seals of the same sort, and what could vanish without one (a lock, a run) is counted: locks by a seal over all
//! of them, runs by numbers without gaps. What SQLite itself finds to be no sound database is told too.
//!
//! **A cut end.** SQLite ends the log, silently, where a checksum is wrong: after a crash that is right, since a
//! commit that was not finished looks so. But rot looks the same, and then takes commits along that people were
//! told of. No look at the log alone can tell the two apart. So the end of each chain, its length and hash, is
//! kept a second time, outside of the database, in this order: *(1)* the commit is durable (`fsync` of the log);
//! *(2)* the head is written and made durable; *(3)* the run is told, and its effect begins. Therefore:
//!
//! - The database is behind its head → something was lost that somebody was told of. That is damage, and told.
//!   It cannot come from a crash: (2) begins after (1) is done.
//! - The head is behind the database → a crash between (1) and (2). Nobody was told, no effect began: what is
//!   there is read, and the hash at the head must be the one on the chain. No alarm.
//! - A crash while the head is written tears one half of its slot. The other half, which was durable before,
//!   counts. No alarm.
//! - The head of a run that only began is written and not waited for: with nothing done yet, losing it is (2) not
//!   reached, and its run may be lost with the log without a word.
//! - Somebody cuts the database *and* the head → not told: against people who change both, only a copy on another
//!   machine helps.
//!
//! The second `fsync` costs less than the first, since it writes in place. What it buys is that "told" is exact.
//!
//! **Not written twice.** When an `fsync` failed, the record is broken: its writer answers every later entry with
//! that error, and leaves the log as it is. SQLite's own checkpoint would keep such an error to itself, so it is
//! switched off, and [`writer`] does it.

mod answers;
mod begin;
mod files;
mod heads;
mod hold;
mod locks;
mod open;
mod read;
mod record;
mod reserve;
mod rows;
mod trouble;
mod writer;

use std::path::Path;
use std::rc::Rc;

use rusqlite::Connection;

use self::files::Files;
use self::record::SqliteRecord;
use self::trouble::unusable;
use super::entry::Entry;
use super::store::{LeftAnswer, LockInfo, Record, RunSummary, Store, StoreError, StoredSource};
use crate::host::LocalFuture;

/// How many entries are read ahead of whoever wants them.
const BATCH: usize = 256;

/// So many of the newest runs are looked at before another begins: after a cut end, none does.
const NEWEST: i64 = 32;

/// See the module.
#[derive(Debug)]
pub struct SqliteStore {
    files: Files,
}

impl SqliteStore {
    /// Opens the journal at a path; makes it, and the folders above it, if there is none.
    ///
    /// # Errors
    /// It is no journal, one of another version, a damaged one, or cannot be made. It is left as it was.
    pub fn make(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { files: open::make(&Files::of(path.to_owned()))? })
    }

    /// Opens the journal at a path, if there is one.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub fn find(path: &Path) -> Result<Option<Self>, StoreError> {
        Ok(open::find(&Files::of(path.to_owned()))?.map(|files| Self { files }))
    }

    /// Does something that waits for the disk, on another thread.
    fn aside<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, StoreError> + Send + 'static,
    ) -> LocalFuture<'a, Result<T, StoreError>> {
        let files = self.files.clone();
        Box::pin(async move { joined(tokio::task::spawn_blocking(move || work(&files)).await) })
    }
}

fn joined<T>(done: Result<Result<T, StoreError>, tokio::task::JoinError>) -> Result<T, StoreError> {
    done.unwrap_or_else(|error| Err(unusable(format!("the journal's thread ended before its time: {error}"), None)))
}

impl Store for SqliteStore {
    fn begin<'a>(
        &'a self,
        started: &'a Entry,
        sources: &'a [StoredSource],
    ) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>> {
        // Nothing runs yet that could be held up: a thread for it would cost as much as the work.
        Box::pin(async move { SqliteRecord::start(begin::begin(&self.files, started, sources)?) })
    }

    fn reopen<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>> {
        Box::pin(async move { SqliteRecord::start(begin::reopen(&self.files, run)?) })
    }

    fn entries<'a>(
        &'a self,
        run: &'a str,
        each: &'a mut dyn FnMut(u64, Entry) -> bool,
    ) -> LocalFuture<'a, Result<(), StoreError>> {
        // Some of them ahead, and never all: there may be a million.
        let (outbox, mut inbox) = tokio::sync::mpsc::channel(2);
        let (files, run) = (self.files.clone(), run.to_owned());
        let read_ahead = move || {
            let mut batch = Vec::with_capacity(BATCH);
            let read = read::entries(&files, &run, &mut |number, entry| {
                batch.push((number, entry));
                batch.len() < BATCH || {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    outbox.blocking_send(full).is_ok()
                }
            });
            // What was read before a damage was found is sound.
            let _ = outbox.blocking_send(batch);
            read
        };
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(read_ahead);
            while let Some(batch) = inbox.recv().await {
                for (number, entry) in batch {
                    if !each(number, entry) {
                        return Ok(());
                    }
                }
            }
            joined(reading.await)
        })
    }

    fn sources<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<StoredSource>, StoreError>> {
        let run = run.to_owned();
        self.aside(move |files| read::sources(files, &run))
    }

    fn runs(&self, at_most: usize) -> LocalFuture<'_, Result<Vec<RunSummary>, StoreError>> {
        self.aside(move |files| read::runs(files, at_most))
    }

    fn find<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<RunSummary, StoreError>> {
        let name = name.to_owned();
        self.aside(move |files| read::find(files, &name))
    }

    fn leave_answer<'a>(&'a self, run: &'a str, answer: LeftAnswer) -> LocalFuture<'a, Result<(), StoreError>> {
        let run = run.to_owned();
        self.aside(move |files| answers::leave(files, &run, answer))
    }

    fn left_answers<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<LeftAnswer>, StoreError>> {
        let run = run.to_owned();
        self.aside(move |files| answers::left(files, &run))
    }

    fn locks(&self) -> LocalFuture<'_, Result<Vec<LockInfo>, StoreError>> {
        self.aside(move |files| {
            let connection = open::reader(files)?;
            // A run that is gone may have had one.
            check_newest(&connection, files)?;
            let locks = locks::all(&connection, files)?;
            locks.iter().map(|lock| locks::info(&connection, lock, files)).collect()
        })
    }

    fn unlock<'a>(&'a self, name: &'a str, by: &'a str, why: &'a str) -> LocalFuture<'a, Result<LockInfo, StoreError>> {
        let (name, by, why) = (name.to_owned(), by.to_owned(), why.to_owned());
        self.aside(move |files| locks::unlock(files, &name, &by, &why))
    }
}

/// Before anything is begun, or free is said to be free: whether the newest runs are where they were. A log that
/// was cut loses them first, and with them what they locked. To go on with a run, or back, only its own record must be whole.
fn check_newest(connection: &Connection, files: &Files) -> Result<(), StoreError> {
    let newest = read::newest_id(connection, files)?;
    let heads = read::heads(files)?;
    for id in (newest - NEWEST + 1).max(1)..=newest {
        read::verified(connection, id, &heads, files)?;
    }
    Ok(())
}

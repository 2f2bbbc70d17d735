//! Where records are kept, behind one trait.
//!
//! A [`Store`] holds the runs of a machine or a team. Whoever runs or resumes one holds its [`Record`]:
//! there is one holder at a time.

use std::rc::Rc;
use std::sync::Arc;

use super::entry::{Entry, Position};
#[cfg(doc)]
use super::entry::{Recorded, Started};
use crate::host::LocalFuture;

/// The record of one run, held for writing.
pub trait Record {
    /// Adds an entry. When [`Recorded::must_be_durable`] says so, it and all before it are durable when this
    /// returns; others may share the commit of the next that must.
    ///
    /// # Errors
    /// It could not be written: no further effect may start. It is not tried again.
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>>;

    /// Adds an entry to what the next commit takes along. An error is kept for the next [`write`](Self::write).
    fn note(&self, entry: Entry);

    /// The number that fences off those who held this record before: it only grows.
    fn fence(&self) -> u64;
}

/// Where the records of a machine or a team are.
pub trait Store {
    /// Begins the record of a new run and holds it. `sources` are kept by content. If `started.lock` names a lock,
    /// it is taken in the same breath, or the run does not begin.
    fn begin<'a>(
        &'a self,
        started: &'a Entry,
        sources: &'a [StoredSource],
    ) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>>;

    /// Takes hold of the record of a run that nobody holds any more, and of its lock if it has one.
    fn reopen<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>>;

    /// All entries of a run in order, with their numbers from one, each verified against the chain before it is
    /// handed out. Ends early when `each` answers `false`.
    fn entries<'a>(
        &'a self,
        run: &'a str,
        each: &'a mut dyn FnMut(u64, Entry) -> bool,
    ) -> LocalFuture<'a, Result<(), StoreError>>;

    /// The sources that a run was begun with, its main file first.
    fn sources<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<StoredSource>, StoreError>>;

    /// The newest runs first, at most so many. Reads no entries.
    fn runs(&self, at_most: usize) -> LocalFuture<'_, Result<Vec<RunSummary>, StoreError>>;

    /// One of them by its id, a prefix of its id, `@latest`, or `@-2` (the second newest before that).
    fn find<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<RunSummary, StoreError>>;

    /// Leaves an answer for a run to find, from another terminal or machine: when it is asked, or while it waits.
    fn leave_answer<'a>(&'a self, run: &'a str, answer: LeftAnswer) -> LocalFuture<'a, Result<(), StoreError>>;

    /// The answers that were left for a run, oldest first.
    fn left_answers<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<LeftAnswer>, StoreError>>;

    /// The locks that are held.
    fn locks(&self) -> LocalFuture<'_, Result<Vec<LockInfo>, StoreError>>;

    /// Releases a lock by hand; who and why are kept.
    fn unlock<'a>(&'a self, name: &'a str, by: &'a str, why: &'a str) -> LocalFuture<'a, Result<LockInfo, StoreError>>;
}

/// The record could not be written: no further effect may start.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal could not be written: {reason}")]
pub struct JournalError {
    /// The system's words.
    pub reason: String,
}

/// What a store says no with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The journal cannot be opened, read or written.
    #[error("{message}")]
    Unusable {
        /// What happened, in words.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// An entry is not what was written: a byte was changed, or the end was cut off.
    #[error("the record of run {run} is damaged at entry {entry}: {what}")]
    Damaged {
        /// The run.
        run: String,
        /// The number of the first entry that is wrong or missing.
        entry: u64,
        /// What is wrong.
        what: String,
    },
    /// There is no such run, or more than one.
    #[error("{message}")]
    NoSuchRun {
        /// Which, in words.
        message: String,
        /// What to type instead.
        help: Option<String>,
    },
    /// Somebody holds the record.
    #[error("run {run} is held by {holder}")]
    Held {
        /// The run.
        run: String,
        /// Who: process, machine, since when.
        holder: String,
    },
    /// Another run has the lock.
    #[error("`{}` is locked by run {} of {}", .0.name, .0.run, .0.owner)]
    Locked(Box<LockInfo>),
}

/// A source file as it was when the run began.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoredSource {
    /// As it is shown to people.
    pub name: String,
    /// Where it lay.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// A line of `rbk runs`.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// Its title.
    pub title: String,
    /// Its file, as it was named.
    pub file: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Who started it.
    pub actor: String,
    /// When.
    pub started: jiff::Timestamp,
    /// When its last entry was written.
    pub last: jiff::Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// How many entries it has.
    pub entries: u64,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody holds it: process and machine.
    Running(String),
    /// It has no end and nobody holds it: it was killed.
    Broken,
    /// It ended, with this status.
    Ended(String),
    /// Its record is not what was written, for this reason; of the rest of its summary, only the id may be known.
    Damaged(String),
}

/// An answer that was left for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAnswer {
    /// The question's place in the run.
    pub pos: Position,
    /// What the run was when it was given ([`Started::plan`]): it does not count for another.
    pub plan: String,
    /// What was said.
    pub answer: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: jiff::Timestamp,
    /// Pasted text, named files.
    pub evidence: Vec<String>,
}

/// A lock and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// Its name.
    pub name: String,
    /// The run that has it.
    pub run: String,
    /// Who started that.
    pub owner: String,
    /// The machine.
    pub host: String,
    /// The run's title.
    pub title: String,
    /// Since when.
    pub since: jiff::Timestamp,
    /// Where that run stands.
    pub standing: Standing,
}

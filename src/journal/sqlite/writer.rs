//! The thread that writes one record: what waits is written in one transaction, in order.
//!
//! It holds what it was told until somebody waits for it or it is a second old. So several branches that wait
//! share one commit, and an outcome shares that of the intent that follows it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::super::chain::Link;
use super::super::entry::{Entry, Recorded};
use super::super::store::JournalError;
use super::files::Files;
use super::heads::{Head, HeadSlot};
use super::hold::Hold;
use super::rows::{self, RunRow};
use super::trouble::Fault;
use super::{locks, reserve};

/// How long what nobody waits for may be in memory only: others look at the record while the run goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes that are not kept waiting any longer.
const MUCH: usize = 1 << 20;

/// After so many pages of the log it is written into the database, while nobody waits.
const CHECKPOINT: usize = 1000;

/// Bytes of a log that is not left to the next run. A shorter one is read again in a millisecond, and making a
/// new one, with its name and its header, would cost every run more than its own commits.
const LONG: u64 = 1 << 20;

const PAGE: usize = 4096;

/// A record that is held, before its writer runs.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) connection: Connection,
    pub(super) files: Files,
    pub(super) row: RunRow,
    pub(super) slot: HeadSlot,
    pub(super) hold: Hold,
    /// The reserve is used up: nothing new may begin.
    pub(super) starved: bool,
}

/// What the writer is told.
pub(super) enum Message {
    /// To be answered when it is durable.
    Write(Box<Entry>, Answer),
    Note(Box<Entry>),
}

pub(super) type Answer = oneshot::Sender<Result<(), JournalError>>;

/// Why nothing is written any more.
pub(super) type Broken = Arc<OnceLock<JournalError>>;

/// An entry that waits.
struct Waiting {
    entry: Box<Entry>,
    body: Vec<u8>,
    answer: Option<Answer>,
}

/// See the module.
pub(super) struct Writer {
    held: Held,
    broken: Broken,
    waiting: Vec<Waiting>,
    /// When the oldest of what nobody waits for came.
    since: Option<Instant>,
    bytes: usize,
    /// Pages of the log since the last checkpoint, about.
    pages: usize,
}

impl Writer {
    pub(super) fn new(held: Held, broken: Broken) -> Self {
        Self { held, broken, waiting: Vec::new(), since: None, bytes: 0, pages: 0 }
    }

    /// Writes until everybody who could say something is gone.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let first = match self.since {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(since) => inbox.recv_timeout(PATIENCE.saturating_sub(since.elapsed())),
            };
            let gone = matches!(first, Err(RecvTimeoutError::Disconnected));
            let mut due = first.is_err();
            for message in first.into_iter().chain(inbox.try_iter()) {
                due |= self.take(message);
                if self.bytes >= MUCH {
                    due = true;
                    break;
                }
            }
            if due {
                self.write();
            }
            if gone {
                break;
            }
        }
        if self.broken.get().is_none() && self.held.files.log_length() >= LONG {
            // The last one who closes it writes the log into the database.
            let _ = self.held.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        }
        // The connection first: who takes hold next finds it closed.
        let Held { connection, hold, .. } = self.held;
        drop(connection);
        drop(hold);
    }

    /// Whether somebody waits for it.
    fn take(&mut self, message: Message) -> bool {
        let (entry, answer) = match message {
            Message::Write(entry, answer) => (entry, Some(answer)),
            Message::Note(entry) => (entry, None),
        };
        match serde_json::to_vec(&entry) {
            Ok(body) => {
                self.bytes += body.len();
                self.since.get_or_insert_with(Instant::now);
                let due = answer.is_some();
                self.waiting.push(Waiting { entry, body, answer });
                due
            }
            Err(error) => {
                self.break_off(Fault::Other(format!("an entry has no JSON: {error}")));
                true
            }
        }
    }

    /// Writes what waits, and answers.
    fn write(&mut self) {
        if let Some(error) = self.broken.get() {
            let error = error.clone();
            return self.answer(&Err(error));
        }
        if self.held.starved {
            self.refuse_what_is_new();
        }
        let mut done = self.transaction();
        if let Err(fault) = &done
            && fault.is_full()
            && reserve::release(&self.held.files).is_ok_and(|released| released)
        {
            self.held.starved = true;
            self.refuse_what_is_new();
            done = self.transaction();
        }
        match done {
            Ok(()) => {
                self.pages += 3 + 2 * self.bytes / PAGE;
                self.answer(&Ok(()));
                self.checkpoint();
            }
            Err(fault) => {
                let error = self.break_off(fault);
                self.answer(&Err(error));
            }
        }
    }

    fn answer(&mut self, result: &Result<(), JournalError>) {
        for waiting in self.waiting.drain(..) {
            if let Some(answer) = waiting.answer {
                let _ = answer.send(result.clone());
            }
        }
        self.since = None;
        self.bytes = 0;
    }

    /// Nothing is tried again: after a failed `fsync` nobody knows what is on the disk. See
    /// <https://wiki.postgresql.org/wiki/Fsync_Errors>.
    fn break_off(&mut self, fault: Fault) -> JournalError {
        self.broken.get_or_init(|| fault.into_journal_error()).clone()
    }

    /// With the reserve gone, what is under way is written, and the way back; unless there is space again.
    fn refuse_what_is_new(&mut self) {
        if !self.waiting.iter().any(|waiting| is_new(&waiting.entry)) {
            return;
        }
        if reserve::fill(&self.held.files).is_ok() {
            self.held.starved = false;
            return;
        }
        let folder = self.held.files.database().parent().unwrap_or(self.held.files.database());
        let reason = format!(
            "the disk of {} is full: from here on only outcomes and the way back are written",
            folder.display()
        );
        let (refused, kept) = self.waiting.drain(..).partition(|waiting| is_new(&waiting.entry));
        self.waiting = kept;
        let refused: Vec<Waiting> = refused;
        for answer in refused.into_iter().filter_map(|waiting| waiting.answer) {
            let _ = answer.send(Err(JournalError { reason: reason.clone() }));
        }
    }

    fn transaction(&mut self) -> Result<(), Fault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut row = self.held.row.clone();
        let transaction = self.held.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        check_fence(&transaction, &row)?;
        let mut ended = false;
        for Waiting { entry, body, .. } in &self.waiting {
            row.entries += 1;
            row.head = row.head.then(&row.run, row.count(), body);
            row.follow(entry);
            ended |= matches!(entry.event, Recorded::Ended(_));
            insert_entry(&transaction, row.id, row.entries, body, row.head)?;
        }
        row.update(&transaction)?;
        if ended && row.status.as_deref().is_some_and(|status| !locks::is_kept_after(status)) {
            locks::release(&transaction, row.id, &self.held.files).map_err(|error| Fault::Other(error.to_string()))?;
        }
        transaction.commit()?;
        self.held.row = row;
        // Only now, and before anybody is told: see `heads`.
        self.held.slot.write(&head_of(&self.held.row))?;
        Ok(())
    }

    /// Writes the log into the database, if it has become long.
    fn checkpoint(&mut self) {
        if self.pages < CHECKPOINT {
            return;
        }
        self.pages = 0;
        let done = self.held.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
        if let Err(error) = done {
            let fault = Fault::Sql(error);
            // Without room the log grows instead, as long as it can.
            if !fault.is_full() {
                self.break_off(fault);
            }
        }
    }
}

/// Whether it begins something that is not there yet: an effect that is no part of going back.
fn is_new(entry: &Entry) -> bool {
    match &entry.event {
        // `0/12u` is a compensation, `0/12f` and `0/end` are `finally`s.
        Recorded::Intent { pos, .. } => {
            !pos.line.split('/').any(|part| part.ends_with(['u', 'f']) || part.starts_with("end"))
        }
        _ => false,
    }
}

/// Nobody took the record over.
fn check_fence(transaction: &Transaction<'_>, own: &RunRow) -> Result<(), Fault> {
    let mut sql = transaction.prepare_cached("SELECT fence, entries, head FROM runs WHERE id = ?1")?;
    let (fence, entries, head) =
        sql.query_row([own.id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, [u8; 32]>(2)?)))?;
    if fence != own.fence {
        let reason = format!("another process took the record over (its fence is {fence}, ours was {})", own.fence);
        return Err(Fault::Other(reason));
    }
    if (entries, Link(head)) != (own.entries, own.head) {
        return Err(Fault::Other("the record is not as it was left: something else wrote to it".into()));
    }
    Ok(())
}

pub(super) fn insert_entry(
    transaction: &Transaction<'_>,
    run: i64,
    number: i64,
    body: &[u8],
    link: Link,
) -> rusqlite::Result<()> {
    let mut sql = transaction.prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3)")?;
    sql.execute(params![rows::place(run, number), body, link.0]).map(drop)
}

pub(super) fn head_of(row: &RunRow) -> Head {
    Head { run: row.run.clone(), entries: row.count(), link: row.head }
}

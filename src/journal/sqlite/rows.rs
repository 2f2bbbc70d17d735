//! The table of runs: one row each, with a seal over all of it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::super::chain::{Link, seal};
use super::super::entry::{Entry, Recorded, Started};
use super::super::naming;
use super::super::store::{RunSummary, Standing, StoreError};
use super::files::Files;
use super::heads::Slot;
use super::hold;
use super::open::is_damage;
use super::trouble::{io_trouble, sql_trouble};

/// Bits of a place that are the number of an entry in its run.
const NUMBER_BITS: u32 = 32;

const COLUMNS: &str = "id, run, about, fence, entries, head, last, status, seal";

/// A run as the database has it.
#[derive(Clone, Debug)]
pub(super) struct RunRow {
    pub(super) id: i64,
    pub(super) run: String,
    /// [`About`] as JSON.
    pub(super) about: String,
    pub(super) fence: i64,
    pub(super) entries: i64,
    pub(super) head: Link,
    /// Microseconds since 1970.
    pub(super) last: i64,
    /// Of its end.
    pub(super) status: Option<String>,
}

/// What is known of a run without its entries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) title: String,
    pub(super) file: String,
    pub(super) environment: Option<String>,
    pub(super) actor: String,
    pub(super) host: String,
    pub(super) started: Timestamp,
    pub(super) lock: Option<String>,
    pub(super) sources: Vec<SourceRef>,
}

/// A source, its text elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SourceRef {
    pub(super) name: String,
    pub(super) path: String,
    /// SHA-256, in hex.
    pub(super) digest: String,
}

impl About {
    pub(super) fn new(started: &Started, at: Timestamp, sources: Vec<SourceRef>) -> Self {
        Self {
            title: started.title.clone(),
            file: started.file.clone(),
            environment: started.environment.clone(),
            actor: started.actor.clone(),
            host: started.host.clone(),
            started: at,
            lock: started.lock.clone(),
            sources,
        }
    }
}

impl RunRow {
    fn seal(&self) -> [u8; 32] {
        let Self { id, run, about, fence, entries, head, last, status } = self;
        let status = status.as_deref().map_or(&b"-"[..], str::as_bytes);
        let numbers = [*id, *fence, *entries, *last].map(i64::to_le_bytes);
        seal(&[numbers.as_flattened(), run.as_bytes(), about.as_bytes(), &head.0, status])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<(Self, [u8; 32])> {
        let read = Self {
            id: row.get(0)?,
            run: row.get(1)?,
            about: row.get(2)?,
            fence: row.get(3)?,
            entries: row.get(4)?,
            head: Link(row.get(5)?),
            last: row.get(6)?,
            status: row.get(7)?,
        };
        Ok((read, row.get(8)?))
    }

    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { id, run, about, fence, entries, head, last, status } = self;
        let row = params![id, run, about, fence, entries, head.0, last, status, self.seal()];
        connection.execute("INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", row).map(drop)
    }

    /// Writes what changes.
    pub(super) fn update(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { id, fence, entries, head, last, status, .. } = self;
        let sql =
            "UPDATE runs SET fence = ?2, entries = ?3, head = ?4, last = ?5, status = ?6, seal = ?7 WHERE id = ?1";
        let row = params![id, fence, entries, head.0, last, status, self.seal()];
        connection.prepare_cached(sql)?.execute(row).map(drop)
    }

    /// What an entry means for the row.
    pub(super) fn follow(&mut self, entry: &Entry) {
        self.last = self.last.max(entry.at.as_microsecond());
        match &entry.event {
            Recorded::Ended(ended) => self.status = Some(ended.status.clone()),
            Recorded::Resumed { .. } => self.status = None,
            _ => {}
        }
    }

    pub(super) fn about(&self) -> Result<About, StoreError> {
        serde_json::from_str(&self.about).map_err(|error| self.damaged(0, &format!("its summary: {error}")))
    }

    pub(super) fn damaged(&self, entry: u64, what: &str) -> StoreError {
        StoreError::Damaged { run: self.run.clone(), entry, what: what.to_owned() }
    }

    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.entries).unwrap_or(0)
    }

    /// Whether the chain reaches at least as far as it is known to have been.
    pub(super) fn check_end(&self, slot: &Slot) -> Result<(), StoreError> {
        match slot {
            Slot::Empty => Ok(()),
            Slot::Unreadable => Err(self.damaged(self.count(), "the end of its chain is not readable")),
            Slot::Known(head, _) if head.run != self.run => {
                Err(self.damaged(1, &format!("in its place was the record of run {}", head.run)))
            }
            Slot::Known(head, _) if head.entries > self.count() => {
                let what = format!("it had {} entries, and those from here on are missing", head.entries);
                Err(self.damaged(self.count() + 1, &what))
            }
            Slot::Known(head, _) if head.entries == self.count() && head.link != self.head => {
                Err(self.damaged(self.count(), "it is not the one that was written last"))
            }
            Slot::Known(..) => Ok(()),
        }
    }

    pub(super) fn summary(&self, files: &Files) -> Result<RunSummary, StoreError> {
        let about = self.about()?;
        Ok(RunSummary {
            run: self.run.clone(),
            title: about.title,
            file: about.file,
            environment: about.environment,
            actor: about.actor,
            started: about.started,
            last: time(self.last).max(about.started),
            standing: self.standing(files)?,
            entries: self.count(),
        })
    }

    pub(super) fn standing(&self, files: &Files) -> Result<Standing, StoreError> {
        let holder = hold::holder(files, &self.run)
            .map_err(|error| io_trouble("nobody can tell who holds a run", &files.holders(), &error))?;
        Ok(match (holder, &self.status) {
            (Some(holder), _) => Standing::Running(holder),
            (None, Some(status)) => Standing::Ended(status.clone()),
            (None, None) => Standing::Broken,
        })
    }
}

/// A line of the list for a run of which nothing is known but that it is damaged.
pub(super) fn damaged_summary(error: &StoreError) -> Option<RunSummary> {
    let StoreError::Damaged { run, entry, what } = error else { return None };
    let what = if *entry == 0 { what.clone() } else { format!("entry {entry}: {what}") };
    Some(RunSummary {
        run: run.clone(),
        title: String::new(),
        file: String::new(),
        environment: None,
        actor: String::new(),
        started: Timestamp::UNIX_EPOCH,
        last: Timestamp::UNIX_EPOCH,
        standing: Standing::Damaged(what),
        entries: 0,
    })
}

pub(super) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Where an entry stands in its table.
pub(super) fn place(run: i64, number: i64) -> i64 {
    (run << NUMBER_BITS) | number
}

/// The places of all entries of a run: above the first, up to the second.
pub(super) fn places(run: i64) -> (i64, i64) {
    (place(run, 0), place(run, (1 << NUMBER_BITS) - 1))
}

/// A run by its number.
pub(super) fn by_id(connection: &Connection, id: i64, files: &Files) -> Result<RunRow, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
    let found = connection.prepare_cached(&sql).and_then(|mut sql| sql.query_row([id], RunRow::read).optional());
    checked(found, &|| name_of(id, files), files)?.filter(|row| row.id == id).ok_or_else(|| StoreError::Damaged {
        run: name_of(id, files),
        entry: 0,
        what: "its summary is missing".into(),
    })
}

/// A run by its whole id.
pub(super) fn by_run(connection: &Connection, run: &str, files: &Files) -> Result<RunRow, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE run = ?1");
    let found = connection.prepare_cached(&sql).and_then(|mut sql| sql.query_row([run], RunRow::read).optional());
    let row = checked(found, &|| run.to_owned(), files)?.filter(|row| row.run == run);
    row.ok_or_else(|| naming::unknown(run))
}

fn checked(
    found: rusqlite::Result<Option<(RunRow, [u8; 32])>>,
    name: &dyn Fn() -> String,
    files: &Files,
) -> Result<Option<RunRow>, StoreError> {
    match found {
        Ok(None) => Ok(None),
        Ok(Some((row, seal))) if row.seal() == seal => Ok(Some(row)),
        Ok(Some(_)) => Err(not_as_written(name())),
        Err(error) if is_damage(&error) => Err(not_as_written(name())),
        Err(error) => Err(sql_trouble("the journal cannot be read", files.database(), &error)),
    }
}

fn not_as_written(run: String) -> StoreError {
    StoreError::Damaged { run, entry: 0, what: "its summary is not what was written".into() }
}

/// What a run is called whose row cannot be read: the heads may know.
fn name_of(id: i64, files: &Files) -> String {
    use super::heads::{Found, Heads};
    match Heads::open(files, false) {
        Ok(Found::Heads(heads)) => match heads.read(id) {
            Ok(Slot::Known(head, _)) => head.run,
            _ => format!("#{id}"),
        },
        _ => format!("#{id}"),
    }
}

//! Beginning the record of a run, and taking hold of one that somebody left.

use rusqlite::{Connection, TransactionBehavior, params};

use super::super::chain::Link;
use super::super::entry::{Entry, Recorded, Started};
use super::super::store::{StoreError, StoredSource};
use super::files::Files;
use super::heads::{HeadSlot, LONGEST_ID};
use super::hold::{Hold, Taken};
use super::rows::{self, About, RunRow, SourceRef};
use super::trouble::{Fault, io_trouble, sql_trouble, unusable};
use super::writer::{Held, head_of, insert_entry};
use super::{check_newest, locks, open, read, reserve};

/// Begins the record of a new run.
pub(super) fn begin(files: &Files, entry: &Entry, sources: &[StoredSource]) -> Result<Held, StoreError> {
    let Recorded::Started(started) = &entry.event else {
        return Err(unusable("the record of a run begins with how it was started".into(), None));
    };
    check_id(&started.run)?;
    // Before the first write: what a full disk would stop has then not begun.
    reserve::fill(files).map_err(|error| {
        io_trouble("the journal keeps 8 MiB in reserve, and they are not there", &files.reserve(), &error)
    })?;
    let hold = hold(files, &started.run)?;
    let mut connection = open::writer(files)?;
    let row = first_transaction(&mut connection, files, started, entry, sources)?;
    let mut slot = head_slot(files, row.id)?;
    slot.write_soon(&head_of(&row)).map_err(|error| written(files, error.into()))?;
    Ok(Held { connection, files: files.clone(), row, slot, hold, starved: false })
}

fn first_transaction(
    connection: &mut Connection,
    files: &Files,
    started: &Started,
    entry: &Entry,
    sources: &[StoredSource],
) -> Result<RunRow, StoreError> {
    let sql = |error: rusqlite::Error| written(files, error.into());
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    check_newest(&transaction, files)?;
    let references = keep_sources(&transaction, sources).map_err(sql)?;
    let about = serde_json::to_string(&About::new(started, entry.at, references))
        .map_err(|error| written(files, Fault::Other(error.to_string())))?;
    let mut row = RunRow {
        id: read::newest_id(&transaction, files)? + 1,
        run: started.run.to_string(),
        about,
        fence: 1,
        entries: 0,
        head: Link::START,
        last: entry.at.as_microsecond(),
        status: None,
    };
    let body = serde_json::to_vec(entry).map_err(|error| written(files, Fault::Other(error.to_string())))?;
    // The row first: the others refer to it.
    row.entries = 1;
    row.head = Link::START.then(&row.run, 1, &body);
    match row.insert(&transaction) {
        Err(rusqlite::Error::SqliteFailure(code, _)) if code.code == rusqlite::ErrorCode::ConstraintViolation => {
            return Err(unusable(format!("there is a run {} in this journal already", row.run), None));
        }
        done => done.map_err(sql)?,
    }
    insert_entry(&transaction, row.id, 1, &body, row.head).map_err(sql)?;
    if let Some(lock) = &started.lock {
        locks::take(&transaction, lock, row.id, entry.at, files)?;
    }
    let heads = read::heads(files)?;
    heads.make_room(row.id).map_err(|error| written(files, error.into()))?;
    transaction.commit().map_err(sql)?;
    Ok(row)
}

fn keep_sources(connection: &Connection, sources: &[StoredSource]) -> rusqlite::Result<Vec<SourceRef>> {
    let mut references = Vec::new();
    for source in sources {
        let digest = read::digest(source.text.as_bytes());
        // Runs of the same file share it.
        let sql = "INSERT INTO sources VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        connection.execute(sql, params![digest, source.text.as_bytes()])?;
        references.push(SourceRef {
            name: source.name.clone(),
            path: source.path.clone(),
            digest: read::to_hex(&digest),
        });
    }
    Ok(references)
}

/// Takes hold of the record of a run that nobody holds any more.
pub(super) fn reopen(files: &Files, run: &str) -> Result<Held, StoreError> {
    check_id(run)?;
    // On a full disk what is there may still be taken back.
    let starved = reserve::fill(files).is_err();
    let mut connection = open::writer(files)?;
    read::row(&connection, run, files)?;
    let hold = hold(files, run)?;
    let sql = |error: rusqlite::Error| written(files, error.into());
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    let mut row = read::row(&transaction, run, files)?;
    row.check_end(&read::slot(files, row.id)?)?;
    check_last_entry(&transaction, &row, files)?;
    if let Some(lock) = row.about()?.lock {
        locks::take(&transaction, &lock, row.id, jiff::Timestamp::now(), files)?;
    }
    row.fence += 1;
    row.update(&transaction).map_err(sql)?;
    transaction.commit().map_err(sql)?;
    let slot = head_slot(files, row.id)?;
    Ok(Held { connection, files: files.clone(), row, slot, hold, starved })
}

/// The last entry is the one that the row says: the next is chained to it.
fn check_last_entry(connection: &Connection, row: &RunRow, files: &Files) -> Result<(), StoreError> {
    let (above, to) = rows::places(row.id);
    let sql = "SELECT place, hash FROM entries WHERE place > ?1 AND place <= ?2 ORDER BY place DESC LIMIT 1";
    let found = connection.query_row(sql, [above, to], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)));
    match found {
        Ok((place, hash)) if place - above == row.entries && hash == row.head.0 => Ok(()),
        Ok((place, _)) if place - above < row.entries => {
            Err(row.damaged(u64::try_from(place - above).unwrap_or(0) + 1, "it is missing"))
        }
        Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => {
            Err(row.damaged(row.count(), "it is not the one that was written last"))
        }
        Err(error) if open::is_damage(&error) => Err(row.damaged(row.count(), &format!("it cannot be read: {error}"))),
        Err(error) => Err(sql_trouble("the journal cannot be read", files.database(), &error)),
    }
}

/// An id is also the name of a file.
fn check_id(run: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if run.is_empty() || run.len() > LONGEST_ID || !run.chars().all(plain) {
        let message = format!("`{run}` is no id of a run: it takes 1 to {LONGEST_ID} letters, digits, - and _");
        return Err(unusable(message, None));
    }
    Ok(())
}

fn hold(files: &Files, run: &str) -> Result<Hold, StoreError> {
    match Hold::take(files, run) {
        Ok(Taken::Ours(hold)) => Ok(hold),
        Ok(Taken::Theirs(holder)) => Err(StoreError::Held { run: run.to_owned(), holder }),
        Err(error) => Err(io_trouble("the record cannot be held", &files.holders(), &error)),
    }
}

fn head_slot(files: &Files, id: i64) -> Result<HeadSlot, StoreError> {
    HeadSlot::new(read::heads(files)?, id).map_err(|error| written(files, error.into()))
}

fn written(files: &Files, fault: Fault) -> StoreError {
    fault.into_store_error(files.database())
}

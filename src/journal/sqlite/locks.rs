//! The locks that runs take by the header of their runbook, and those that were released by hand.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::super::chain::seal;
use super::super::store::{LockInfo, Standing, StoreError};
use super::files::Files;
use super::rows::{self, RunRow};
use super::trouble::{sql_trouble, unusable};
use super::{check_newest, open};

/// A lock that is held.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    pub(super) name: String,
    /// The number of the run that has it.
    pub(super) run: i64,
    since: i64,
}

/// Over no locks.
pub(super) fn seal_of_none() -> [u8; 32] {
    seal_of(&[])
}

fn seal_of(locks: &[Lock]) -> [u8; 32] {
    let numbers: Vec<[u8; 16]> = locks
        .iter()
        .map(|lock| {
            let mut both = [0; 16];
            both[..8].copy_from_slice(&lock.run.to_le_bytes());
            both[8..].copy_from_slice(&lock.since.to_le_bytes());
            both
        })
        .collect();
    let parts: Vec<&[u8]> =
        locks.iter().zip(&numbers).flat_map(|(lock, numbers)| [lock.name.as_bytes(), numbers]).collect();
    seal(&parts)
}

/// All that are held, by name; told if they are not those that were written.
pub(super) fn all(connection: &Connection, files: &Files) -> Result<Vec<Lock>, StoreError> {
    let read = || -> rusqlite::Result<(Vec<Lock>, [u8; 32])> {
        // Without the index, which might lack one.
        let mut sql = connection.prepare_cached("SELECT name, run, since FROM locks NOT INDEXED ORDER BY +name")?;
        let locks = sql.query_map((), |row| Ok(Lock { name: row.get(0)?, run: row.get(1)?, since: row.get(2)? }))?;
        let locks = locks.collect::<rusqlite::Result<_>>()?;
        Ok((locks, connection.query_row("SELECT seal FROM lock_seal", (), |row| row.get(0))?))
    };
    match read() {
        Ok((locks, seal)) if seal == seal_of(&locks) => Ok(locks),
        Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => Err(damaged(files)),
        Err(error) if open::is_damage(&error) => Err(damaged(files)),
        Err(error) => Err(sql_trouble("the journal cannot be read", files.database(), &error)),
    }
}

fn damaged(files: &Files) -> StoreError {
    let message = format!("{} is damaged: its locks are not those that were written", files.database().display());
    unusable(message, Some("bring it back from a backup, or choose another one: --journal PATH"))
}

fn reseal(connection: &Connection, files: &Files) -> Result<(), StoreError> {
    let mut sql = connection.prepare_cached("SELECT name, run, since FROM locks NOT INDEXED ORDER BY +name");
    let locks = sql.as_mut().map_err(|error| sql_trouble("the journal cannot be read", files.database(), error))?;
    let locks = locks
        .query_map((), |row| Ok(Lock { name: row.get(0)?, run: row.get(1)?, since: row.get(2)? }))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>);
    let sealed = locks.and_then(|locks| connection.execute("UPDATE lock_seal SET seal = ?1", [seal_of(&locks)]));
    sealed.map(drop).map_err(|error| written(files, &error))
}

fn written(files: &Files, error: &rusqlite::Error) -> StoreError {
    sql_trouble("the journal could not be written", files.database(), error)
}

/// Takes a lock for a run, in its transaction. That it has it already is well.
pub(super) fn take(
    connection: &Connection,
    name: &str,
    run: i64,
    at: Timestamp,
    files: &Files,
) -> Result<(), StoreError> {
    match all(connection, files)?.iter().find(|lock| lock.name == name) {
        Some(lock) if lock.run == run => Ok(()),
        Some(lock) => Err(StoreError::Locked(Box::new(info(connection, lock, files)?))),
        None => {
            let row = params![name, run, at.as_microsecond()];
            let taken = connection.execute("INSERT INTO locks VALUES (?1, ?2, ?3)", row);
            taken.map_err(|error| written(files, &error))?;
            reseal(connection, files)
        }
    }
}

/// Releases what a run has, in its transaction.
pub(super) fn release(connection: &Connection, run: i64, files: &Files) -> Result<(), StoreError> {
    if !all(connection, files)?.iter().any(|lock| lock.run == run) {
        return Ok(());
    }
    let gone = connection.execute("DELETE FROM locks WHERE run = ?1", [run]);
    gone.map_err(|error| written(files, &error))?;
    reseal(connection, files)
}

/// A run that ends so goes on later, and keeps its lock.
pub(super) fn is_kept_after(status: &str) -> bool {
    ["paused", "interrupted"].contains(&status)
}

/// Who has a lock.
pub(super) fn info(connection: &Connection, lock: &Lock, files: &Files) -> Result<LockInfo, StoreError> {
    let row: RunRow = rows::by_id(connection, lock.run, files)?;
    let about = row.about()?;
    Ok(LockInfo {
        name: lock.name.clone(),
        run: row.run.clone(),
        owner: about.actor,
        host: about.host,
        title: about.title,
        since: rows::time(lock.since),
        standing: row.standing(files)?,
    })
}

/// Releases one by hand.
pub(super) fn unlock(files: &Files, name: &str, by: &str, why: &str) -> Result<LockInfo, StoreError> {
    let mut connection = open::writer(files)?;
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(|error| written(files, &error))?;
    check_newest(&transaction, files)?;
    let locks = all(&transaction, files)?;
    let Some(lock) = locks.iter().find(|lock| lock.name == name) else {
        let names: Vec<&str> = locks.iter().map(|lock| lock.name.as_str()).collect();
        let help = if names.is_empty() { "no lock is held".to_owned() } else { format!("held: {}", names.join(", ")) };
        return Err(StoreError::Unusable { message: format!("nobody holds the lock `{name}`"), help: Some(help) });
    };
    let info = info(&transaction, lock, files)?;
    // To take it from under a run that is alive would let two at once at what it guards.
    if let Standing::Running(holder) = info.standing {
        return Err(StoreError::Held { run: info.run, holder });
    }
    let row = params![name, lock.run, by, why, Timestamp::now().as_microsecond()];
    let kept = transaction.execute("INSERT INTO unlocks (name, run, who, why, at) VALUES (?1, ?2, ?3, ?4, ?5)", row);
    kept.map_err(|error| written(files, &error))?;
    release(&transaction, lock.run, files)?;
    transaction.commit().map_err(|error| written(files, &error))?;
    Ok(info)
}

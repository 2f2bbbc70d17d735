//! What SQLite and the system say, in words for people.

use std::path::Path;

use super::super::store::{JournalError, StoreError};
use super::open::is_damage;

pub(super) fn unusable(message: String, help: Option<&str>) -> StoreError {
    StoreError::Unusable { message, help: help.map(Into::into) }
}

/// What happened to a file.
pub(super) fn io_trouble(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    let help = match error.kind() {
        std::io::ErrorKind::PermissionDenied => Some("choose a place of your own: --journal PATH"),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Some("free some space, or choose a place with more: --journal PATH")
        }
        _ => None,
    };
    unusable(format!("{what}: {}: {}", path.display(), words(error)), help)
}

/// What happened to the database.
pub(super) fn sql_trouble(what: &str, path: &Path, error: &rusqlite::Error) -> StoreError {
    if is_damage(error) {
        let message = format!("{} is damaged, or no journal of rbk: {}", path.display(), sql_words(error));
        return unusable(message, Some("bring it back from a backup, or choose another one: --journal PATH"));
    }
    unusable(format!("{what}: {}: {}", path.display(), sql_words(error)), None)
}

/// Without the number that the standard library puts behind them.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn sql_words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(words)) => words.clone(),
        other => other.to_string(),
    }
}

/// What kept a transaction from the disk.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Io(std::io::Error),
    /// In words.
    Other(String),
}

impl Fault {
    /// Whether there was no room: nothing is broken by that.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Sql(rusqlite::Error::SqliteFailure(code, _)) => {
                code.code == rusqlite::ErrorCode::DiskFull || code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
            }
            Self::Io(error) => {
                matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            }
            Self::Sql(_) | Self::Other(_) => false,
        }
    }

    pub(super) fn into_journal_error(self) -> JournalError {
        let reason = match self {
            Self::Sql(error) => sql_words(&error),
            Self::Io(error) => words(&error),
            Self::Other(reason) => reason,
        };
        JournalError { reason }
    }

    pub(super) fn into_store_error(self, path: &Path) -> StoreError {
        let what = "the journal could not be written";
        match self {
            Self::Sql(error) => sql_trouble(what, path, &error),
            Self::Io(error) => io_trouble(what, path, &error),
            Self::Other(reason) => unusable(format!("{what}: {reason}"), None),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

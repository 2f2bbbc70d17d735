//! Opening the database: only what is a journal of this version, and nothing is changed in what is not.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};

use super::super::entry::FORMAT;
use super::super::store::StoreError;
use super::files::{Files, private_file, private_folder};
use super::heads::{Found, Heads};
use super::trouble::{io_trouble, sql_trouble, unusable};

/// `rbkj`, in the header of the file: see `PRAGMA application_id`.
const APPLICATION: i32 = 0x7262_6b6a;

/// Older ones may corrupt a database in WAL mode when the log starts anew: <https://sqlite.org/wal.html#walresetbug>.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a commit of somebody else is waited for.
const BUSY: Duration = Duration::from_secs(30);

const SCHEMA: &str = "
CREATE TABLE runs (
    id      INTEGER PRIMARY KEY,    -- from one, without gaps: also the number of its slot in the heads
    run     TEXT NOT NULL UNIQUE,
    about   TEXT NOT NULL,          -- JSON: title, file, environment, who, where, lock, sources
    fence   INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    head    BLOB NOT NULL,          -- hash of the last entry
    last    INTEGER NOT NULL,       -- its time, microseconds since 1970
    status  TEXT,                   -- of its end
    seal    BLOB NOT NULL           -- hash over the others
) STRICT;
CREATE TABLE entries (
    place   INTEGER PRIMARY KEY,    -- run << 32 | number
    body    BLOB NOT NULL,          -- JSON
    hash    BLOB NOT NULL           -- over the hash before it, run, number and body
) STRICT;
CREATE TABLE sources (
    digest  BLOB PRIMARY KEY,       -- SHA-256 of the text
    text    BLOB NOT NULL
) STRICT;
CREATE TABLE answers (
    place   INTEGER PRIMARY KEY,    -- run << 32 | number
    body    BLOB NOT NULL,
    seal    BLOB NOT NULL
) STRICT;
CREATE TABLE locks (
    name    TEXT PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (id),
    since   INTEGER NOT NULL
) STRICT;
CREATE TABLE lock_seal (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    seal    BLOB NOT NULL           -- hash over all locks: one that vanished is missed
) STRICT;
CREATE TABLE unlocks (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    run     INTEGER NOT NULL REFERENCES runs (id),
    who     TEXT NOT NULL,
    why     TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
";

/// What stands at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Nothing,
    /// An empty file, or a database without tables: what a crash leaves of one that was being made.
    Empty,
    Ours,
}

/// Opens the journal, made if there is none.
pub(super) fn make(files: &Files) -> Result<Files, StoreError> {
    check_library()?;
    if let Some(folder) = files.database().parent() {
        private_folder(folder)
            .map_err(|error| io_trouble("the folder of the journal cannot be made", folder, &error))?;
    }
    let stands = look(files)?;
    let made = |error| io_trouble("the journal cannot be made", files.database(), &error);
    if stands == Stands::Nothing {
        private_file(files.database()).map_err(made)?;
    }
    let files = files.resolved().map_err(made)?;
    if stands != Stands::Ours {
        set_up(&files)?;
    }
    check_heads(&files)?;
    Ok(files)
}

/// Opens the journal that is there; `None` if there is none. Changes nothing.
pub(super) fn find(files: &Files) -> Result<Option<Files>, StoreError> {
    check_library()?;
    if look(files)? != Stands::Ours {
        check_nothing_is_gone(files)?;
        return Ok(None);
    }
    let files =
        files.resolved().map_err(|error| io_trouble("the journal cannot be opened", files.database(), &error))?;
    check_heads(&files)?;
    Ok(Some(files))
}

fn check_library() -> Result<(), StoreError> {
    let version = rusqlite::version_number();
    if version < OLDEST_SQLITE {
        let message = format!(
            "this rbk was built with SQLite {}, which may damage the journal; it needs 3.51.3",
            rusqlite::version()
        );
        return Err(unusable(message, None));
    }
    Ok(())
}

/// Looks at the file itself, without its log and without a lock: nothing is touched, whatever it is.
fn look(files: &Files) -> Result<Stands, StoreError> {
    let path = files.database();
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => {
            let message = format!("{} is a folder, and no journal", path.display());
            return Err(unusable(message, Some("name a file in it: --journal PATH")));
        }
        Ok(about) if about.len() == 0 => return Ok(Stands::Empty),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Stands::Nothing),
        Err(error) => return Err(io_trouble("the journal cannot be opened", path, &error)),
    }
    let name = format!("file:{}?immutable=1", uri_path(files)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found = Connection::open_with_flags(name, flags).and_then(|connection| {
        let marks = marks(&connection)?;
        let tables = match marks {
            (0, 0) => connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?,
            _ => 0_i64,
        };
        Ok((marks, tables))
    });
    match found {
        Ok(((0, 0), 0)) => Ok(Stands::Empty),
        Ok((marks, _)) => check_marks(marks, files).map(|()| Stands::Ours),
        Err(error) => Err(sql_trouble("the journal cannot be opened", path, &error)),
    }
}

const NOT_IN_A_URI: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// As it stands in a URI: <https://sqlite.org/uri.html>.
fn uri_path(files: &Files) -> Result<String, StoreError> {
    let text = files.database().to_str();
    let text = text.ok_or_else(|| unusable("the journal's path is not UTF-8".into(), Some("choose another one")))?;
    Ok(percent_encoding::utf8_percent_encode(text, NOT_IN_A_URI).to_string())
}

fn marks(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn check_marks((application, version): (i32, i32), files: &Files) -> Result<(), StoreError> {
    let path = files.database().display();
    if application != APPLICATION {
        let message = format!("{path} is a database of something else, and no journal");
        return Err(unusable(message, Some("it was left as it is; choose another file: --journal PATH")));
    }
    if i64::from(version) != i64::from(FORMAT) {
        let message = format!("{path} was written by another version of rbk: its form is {version}, ours is {FORMAT}");
        let help = "it was left as it is; use the rbk that wrote it, or another journal: --journal PATH";
        return Err(unusable(message, Some(help)));
    }
    Ok(())
}

/// A connection that writes.
pub(super) fn writer(files: &Files) -> Result<Connection, StoreError> {
    connect(files, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// A connection that reads. It could write, since reading a log that a crash left needs the index beside it.
pub(super) fn reader(files: &Files) -> Result<Connection, StoreError> {
    let connection = connect(files, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let only = connection.pragma_update(None, "query_only", true);
    only.map_err(|error| sql_trouble("the journal cannot be opened", files.database(), &error))?;
    Ok(connection)
}

fn connect(files: &Files, flags: OpenFlags) -> Result<Connection, StoreError> {
    let path = files.database();
    let opened = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        // A log that was cut must not be written into the database, and then removed, by somebody who only looked.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        let marks = marks(&connection)?;
        Ok((connection, marks))
    });
    let (connection, marks) =
        opened.map_err(|error| sql_trouble("the journal cannot be opened", files.database(), &error))?;
    // Seen through the log: it may hold what the file does not yet.
    check_marks(marks, files)?;
    configure(&connection).map_err(|error| sql_trouble("the journal cannot be opened", path, &error))?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // SQLite's own would keep quiet about an error: see `writer`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}

/// Makes the tables. One process at a time: the others find them made.
fn set_up(files: &Files) -> Result<(), StoreError> {
    let trouble = |error: &std::io::Error| io_trouble("the journal cannot be made", files.database(), error);
    let heads = match Heads::open(files, true).map_err(|error| trouble(&error))? {
        Found::Heads(heads) => heads,
        Found::Missing | Found::Foreign => return Err(foreign_heads(files)),
    };
    flock(heads.file(), FlockOperation::LockExclusive).map_err(|error| trouble(&error.into()))?;
    if look(files)? == Stands::Ours {
        return Ok(());
    }
    check_nothing_is_gone(files)?;
    heads.begin().map_err(|error| trouble(&error))?;
    let made = Connection::open_with_flags(files.database(), OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(make_tables);
    made.map_err(|error| sql_trouble("the journal cannot be made", files.database(), &error))?;
    files.sync_folder().map_err(|error| trouble(&error))
}

fn make_tables(mut connection: Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    let failed =
        |code, words: &str| Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(words.into())));
    if mode != "wal" {
        let words = "a write-ahead log cannot be kept there: it takes a local file system";
        return failed(rusqlite::ffi::SQLITE_CANTOPEN, words);
    }
    // Where an `fsync` fails meanwhile, SQLite says that it is one all the same, and goes on without a log.
    if !keeps_a_log(connection.path()) {
        return failed(rusqlite::ffi::SQLITE_IOERR, "its file could not be written");
    }
    configure(&connection)?;
    let made = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // They may be in the log already, of one who was killed before he wrote them into the file.
    if marks(&made)? == (0, 0) {
        made.execute_batch(SCHEMA)?;
        made.execute("INSERT INTO lock_seal VALUES (1, ?1)", [super::locks::seal_of_none()])?;
        made.pragma_update(None, "application_id", APPLICATION)?;
        made.pragma_update(None, "user_version", FORMAT)?;
    }
    made.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Whether a database file says of itself that it has a write-ahead log: <https://sqlite.org/fileformat.html>.
fn keeps_a_log(path: Option<&str>) -> bool {
    use std::io::Read;
    let mut header = [0; 20];
    let read = path.map(std::fs::File::open).and_then(|file| file.ok()?.read_exact(&mut header).ok());
    read.is_some() && header[18..] == [2, 2]
}

/// A database that is empty or not there, while its heads tell of runs.
fn check_nothing_is_gone(files: &Files) -> Result<(), StoreError> {
    let trouble = |error: &std::io::Error| io_trouble("the journal cannot be opened", &files.heads(), error);
    let known = match Heads::open(files, false).map_err(|error| trouble(&error))? {
        Found::Missing => 0,
        Found::Foreign => return Err(foreign_heads(files)),
        Found::Heads(heads) => heads.last().map_err(|error| trouble(&error))?,
    };
    if known == 0 {
        return Ok(());
    }
    let message = format!(
        "{} is empty or gone, and it held {known} {}: {} knows",
        files.database().display(),
        if known == 1 { "run" } else { "runs" },
        files.heads().display()
    );
    let help = format!("bring it back from a backup; if it is to be forgotten, remove {} too", files.heads().display());
    Err(StoreError::Unusable { message, help: Some(help) })
}

/// The heads must be there, with a database that has runs.
fn check_heads(files: &Files) -> Result<(), StoreError> {
    match Heads::open(files, false) {
        Ok(Found::Heads(_)) => Ok(()),
        Ok(Found::Foreign) => Err(foreign_heads(files)),
        Ok(Found::Missing) => {
            let (database, heads) = (files.database().display(), files.heads());
            let message = format!(
                "{} is missing: without it nobody can tell whether the end of {database} was cut off",
                heads.display()
            );
            Err(unusable(message, Some("a journal is copied with all the files whose names begin like its own")))
        }
        Err(error) => Err(io_trouble("the journal cannot be opened", &files.heads(), &error)),
    }
}

fn foreign_heads(files: &Files) -> StoreError {
    let message = format!("{} is damaged: it does not begin as it was written", files.heads().display());
    unusable(message, Some("bring the journal back from a backup, or choose another one: --journal PATH"))
}

/// Whether the file is not a database, or not a sound one.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => {
            matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ
                || code.code == ErrorCode::Unknown
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::SqlInputError { .. } => true,
        _ => false,
    }
}

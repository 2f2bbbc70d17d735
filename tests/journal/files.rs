//! What is opened, what is refused, and what is left as it was.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{Store, StoreError};

use super::story::{begin, block_on, intent, read, source, started};

fn refused(path: &Path) -> String {
    let words = |error: StoreError| match error {
        StoreError::Unusable { message, help } => format!("{message} [{}]", help.unwrap_or_default()),
        other => panic!("{other}"),
    };
    let made = words(SqliteStore::make(path).expect_err("it was opened"));
    let found = words(SqliteStore::find(path).expect_err("it was opened"));
    assert_eq!(made, found);
    made
}

/// Every file beneath a folder and its bytes.
fn all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// A journal with one run, its log not yet written into the database.
pub(crate) fn with_a_log(folder: &Path) {
    let place = folder.join("live");
    std::fs::create_dir(&place).unwrap();
    block_on(async {
        let store = SqliteStore::make(&place.join("journal.db")).unwrap();
        let record = begin(&store, "a").await;
        record.write(intent(1)).await.unwrap();
        for (path, bytes) in all(&place) {
            std::fs::write(folder.join(Path::new(&path).file_name().unwrap()), bytes).unwrap();
        }
    });
    std::fs::remove_dir_all(place).unwrap();
    assert!(std::fs::metadata(folder.join("journal.db-wal")).unwrap().len() > 4096);
}

#[test]
fn private_from_the_first_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/rbk/journal.db");
    let store = SqliteStore::make(&path).unwrap();
    let record = block_on(begin(&store, "a"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path.with_file_name("journal.db-held")), 0o700);
    for name in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.db-heads", "journal.db-reserve"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    drop(record);
    assert_eq!(std::fs::read_dir(path.with_file_name("journal.db-held")).unwrap().count(), 0);
}

#[test]
fn a_long_log_is_written_into_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::make(&path).unwrap();
    let log = || std::fs::metadata(path.with_file_name("journal.db-wal")).map_or(0, |about| about.len());
    block_on(async {
        drop(begin(&store, "short").await);
        let short = log();
        assert!(short > 0 && short < 1 << 20, "{short}");
        let record = begin(&store, "long").await;
        for number in 1.. {
            record.write(intent(number)).await.unwrap();
            if log() > 1 << 20 {
                break;
            }
        }
        drop(record);
        assert_eq!(log(), 0);
        assert_eq!(store.runs(10).await.unwrap().len(), 2);
    });
}

#[test]
fn to_look_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SqliteStore::find(&folder.path().join("none/journal.db")).unwrap().is_none());
    assert!(all(folder.path()).is_empty());
    std::fs::write(folder.path().join("journal.db"), "").unwrap();
    assert!(SqliteStore::find(&folder.path().join("journal.db")).unwrap().is_none());
    assert_eq!(all(folder.path()).len(), 1);
}

#[test]
fn what_is_no_journal_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes ?#%.db");
    std::fs::write(&path, "buy milk\n".repeat(1000)).unwrap();
    let before = all(folder.path());
    assert!(refused(&path).contains("is damaged, or no journal of rbk"));
    assert_eq!(all(folder.path()), before);

    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE milk (litres INTEGER)").unwrap();
    other.close().unwrap();
    let before = all(folder.path());
    let words = refused(&path);
    assert!(
        words.contains("is a database of something else, and no journal") && words.contains("--journal"),
        "{words}"
    );
    assert_eq!(all(folder.path()), before);
    assert!(refused(folder.path()).contains("is a folder"));
}

#[test]
fn a_form_of_another_version_is_refused_and_not_even_its_log_is_touched() {
    for in_the_log in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        with_a_log(folder.path());
        let newer = rusqlite::Connection::open(&path).unwrap();
        newer.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, in_the_log).unwrap();
        newer.pragma_update(None, "user_version", 7).unwrap();
        if !in_the_log {
            newer.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
        }
        newer.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        newer.close().unwrap();
        let without_index = |mut files: BTreeMap<String, Vec<u8>>| {
            files.retain(|name, _| !name.ends_with("-shm"));
            files
        };
        let before = without_index(all(folder.path()));
        assert!(before.keys().any(|name| name.ends_with("-wal")));
        let words = if in_the_log {
            // Only a connection sees that.
            let store = SqliteStore::make(&path).unwrap();
            block_on(read(&store, "a")).unwrap_err().to_string()
        } else {
            refused(&path)
        };
        assert!(words.contains("its form is 7, ours is 1"), "{words}");
        assert_eq!(without_index(all(folder.path())), before);
    }
}

#[test]
fn a_database_without_its_heads_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    with_a_log(folder.path());
    std::fs::remove_file(folder.path().join("journal.db-heads")).unwrap();
    let before = all(folder.path());
    assert!(refused(&path).contains("journal.db-heads is missing"));
    assert_eq!(all(folder.path()), before);
    std::fs::write(folder.path().join("journal.db-heads"), "x".repeat(512)).unwrap();
    assert!(refused(&path).contains("does not begin as it was written"));
}

#[test]
fn a_database_that_is_gone_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    with_a_log(folder.path());
    std::fs::remove_file(&path).unwrap();
    let words = refused(&path);
    assert!(words.contains("is empty or gone, and it held 1 run") && words.contains("remove"), "{words}");
    std::fs::write(&path, "").unwrap();
    assert!(refused(&path).contains("is empty or gone"));
    // To begin anew is one command away, and it is named.
    std::fs::remove_file(folder.path().join("journal.db-heads")).unwrap();
    std::fs::remove_file(folder.path().join("journal.db-wal")).unwrap();
    drop(block_on(begin(&SqliteStore::make(&path).unwrap(), "b")));
}

#[test]
fn whoever_was_killed_while_he_made_it_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    // The tables are in the log only.
    let half = folder.path().join("half");
    std::fs::create_dir(&half).unwrap();
    drop(SqliteStore::make(&half.join("journal.db")).unwrap());
    let made = rusqlite::Connection::open(half.join("journal.db")).unwrap();
    let tables: Vec<String> = made
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let seal: Vec<u8> = made.query_row("SELECT seal FROM lock_seal", (), |row| row.get(0)).unwrap();
    let marks: i32 = made.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    let killed = rusqlite::Connection::open(&path).unwrap();
    killed.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    killed.execute_batch("PRAGMA journal_mode = WAL; BEGIN").unwrap();
    tables.iter().for_each(|sql| killed.execute_batch(sql).unwrap());
    killed.execute("INSERT INTO lock_seal VALUES (1, ?1)", [seal]).unwrap();
    killed.pragma_update(None, "application_id", marks).unwrap();
    killed.pragma_update(None, "user_version", 1).unwrap();
    killed.execute_batch("COMMIT").unwrap();
    killed.close().unwrap();
    drop(block_on(begin(&SqliteStore::make(&path).unwrap(), "a")));
    assert!(SqliteStore::find(&path).unwrap().is_some());
}

#[test]
fn sources_are_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::make(&path).unwrap();
    block_on(async {
        let text = "step \"x\" {\n}\n".repeat(10_000);
        for run in 0..20 {
            let sources = [source("deploy.rbk", &text), source("lib.rbk", &format!("# {run}"))];
            drop(store.begin(&started(&format!("r{run}"), None), &sources).await.unwrap());
            assert_eq!(store.sources(&format!("r{run}")).await.unwrap(), sources);
        }
    });
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 500_000, "{size}");
}

#[test]
fn an_id_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::make(&folder.path().join("journal.db")).unwrap();
    for id in ["", "../evil", "a/b", "a b", &"x".repeat(48)] {
        let begun = block_on(store.begin(&started(id, None), &[]));
        assert!(matches!(begun, Err(StoreError::Unusable { .. })), "{id:?}");
    }
}

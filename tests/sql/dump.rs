//! A whole database to a file and back: afterwards the world is as it was before.

use rbk::catalog::Certainty;
use rbk::value::Value;

use super::db::{Db, HOSTILE, told};
use super::server::{ENCODED, PASSWORD, mysql, postgres, program};

fn text(path: &std::path::Path) -> Value {
    Value::str(path.to_str().unwrap())
}

/// Dumps, spoils everything, restores, and compares.
fn there_and_back(db: &Db, file: &str, all: &str) {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join(file);
    db.must("CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT)");
    for (id, body) in (0..).zip(HOSTILE) {
        db.exec(&["INSERT INTO texts VALUES (", ", ", ")"], vec![Value::Int(id), Value::from(*body)]).unwrap();
    }
    let before = db.shown(all);
    let dumped = db.call("sql.dump", vec![("to", text(&dump))]).unwrap_or_else(|error| panic!("{}", told(&error)));
    assert!(
        dumped.inspect().contains("path: ") && std::fs::metadata(&dump).unwrap().len() > 100,
        "{}",
        dumped.inspect()
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    // The same name again is refused, and the dump is what it was.
    let error = db.call("sql.dump", vec![("to", text(&dump))]).unwrap_err();
    assert!(told(&error).starts_with("NotBegun: ") && error.message.contains("is there already"), "{}", told(&error));
    db.must("UPDATE texts SET body = 'spoilt'");
    db.must("DELETE FROM texts WHERE id > 3");
    assert_ne!(db.shown(all), before);
    db.call("sql.restore", vec![("from", text(&dump))]).unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(db.shown(all), before);
    let error = db.call("sql.restore", vec![("from", text(&folder.path().join("absent")))]).unwrap_err();
    assert_eq!(error.certainty, Certainty::NotBegun, "{}", told(&error));
    // What is no dump is refused, and the database stays.
    let wrong = folder.path().join(format!("wrong-{file}"));
    std::fs::write(&wrong, "CREATE TABLE other (a int); this is no dump;".repeat(99)).unwrap();
    let error = db.call("sql.restore", vec![("from", text(&wrong))]).unwrap_err();
    let told = told(&error);
    assert!(!told.contains(PASSWORD) && !told.contains(ENCODED), "{told}");
    assert_eq!(db.shown(all), before, "{told}");
}

#[test]
fn sqlite_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::new(format!("sqlite:{}/shop.db?mode=rwc", folder.path().display()));
    there_and_back(&db, "it's a dump.db", "group_concat(id || body, '|') FROM texts");
}

#[test]
fn postgres_there_and_back() {
    let Some(server) = postgres() else { return };
    if program(&["pg_dump"], &[]).is_none() {
        return super::server::missing("pg_dump", "postgresql-client");
    }
    for file in ["it's a dump", "it's a dump.sql"] {
        there_and_back(&server.postgres_database(), file, "string_agg(id || body, '|' ORDER BY id) FROM texts");
    }
    let nowhere = Db::new("postgres://admin:x@127.0.0.1:1/shop");
    let folder = tempfile::tempdir().unwrap();
    let error = nowhere.call("sql.dump", vec![("to", text(&folder.path().join("d")))]).unwrap_err();
    // A dump changes nothing that could be in doubt.
    assert!(told(&error).starts_with("Failed: pg_dump exited with 1: "), "{}", told(&error));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn mysql_there_and_back() {
    let Some(server) = mysql() else { return };
    there_and_back(
        &server.mysql_database(),
        "it's a dump.sql",
        "group_concat(id, body ORDER BY id SEPARATOR '|') FROM texts",
    );
}

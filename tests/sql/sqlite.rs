//! Files of SQLite.

use std::time::{Duration, Instant};

use proptest::prelude::{Strategy as _, any, proptest};
use rbk::catalog::Certainty;
use rbk::value::Value;

use super::db::{Db, HOSTILE, rows, sql, told};

struct Scratch {
    db: Db,
    folder: tempfile::TempDir,
}

fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::new(format!("sqlite:{}/a b.db?mode=rwc", folder.path().display()).replace("a b", "a%20b"));
    Scratch { db, folder }
}

#[test]
fn every_type_arrives_as_a_value() {
    let scratch = scratch();
    let db = &scratch.db;
    for (expression, wanted) in [
        ("null", "Null null"),
        ("9223372036854775807", "Int 9223372036854775807"),
        ("2.5", "Float 2.5"),
        ("'text'", "Text \"text\""),
        ("x'00ff'", "Text \"00ff\""),
    ] {
        assert_eq!(db.shown(expression), wanted, "{expression}");
    }
    db.must("CREATE TABLE t (a BOOLEAN, b JSON, c INTEGER, d REAL)");
    db.must("INSERT INTO t VALUES (1, '{\"x\": [1, null]}', 1, 1)");
    let row = rows(&db.query(&["SELECT * FROM t"], Vec::new()).unwrap()).remove(0);
    let shown: Vec<String> = row.iter().map(|(name, value)| format!("{name}: {}", value.inspect())).collect();
    assert_eq!(shown, ["a: true", "b: { x: [1, null] }", "c: 1", "d: 1"]);
    let twice = rows(&db.query(&["SELECT 1 AS a, 2 AS a"], Vec::new()).unwrap()).remove(0);
    assert_eq!(twice.get("a_2").map(Value::inspect), Some("2".to_owned()));
}

#[test]
fn values_go_there_and_come_back() {
    let scratch = scratch();
    let db = &scratch.db;
    for (value, wanted) in [
        (Value::Null, "Null null"),
        (Value::Bool(true), "Int 1"),
        (Value::Int(i64::MIN), "Int -9223372036854775808"),
        (Value::Float(0.1), "Float 0.1"),
        (Value::Duration(90_000_000_000), "Int 90"),
        (Value::Size(1024), "Int 1024"),
        (Value::Percent(0.05), "Float 0.05"),
        (Value::list([Value::Int(1), Value::from("x")]), "Text \"[1,\\\"x\\\"]\""),
        (Value::from("hidden word").tainted(true), "Text \"hidden word\""),
    ] {
        assert_eq!(db.there_and_back(value, ""), wanted);
    }
}

#[test]
fn no_text_becomes_a_part_of_the_statement() {
    let scratch = scratch();
    let db = &scratch.db;
    db.must("CREATE TABLE victims (name TEXT)");
    for text in HOSTILE {
        db.exec(&["INSERT INTO victims VALUES (", ")"], vec![Value::from(*text)]).unwrap();
        let same = db.value(&["SELECT count(*) FROM victims WHERE name = ", ""], vec![Value::from(*text)]).unwrap();
        assert_eq!(same.inspect(), "1", "{text:?}");
    }
    assert_eq!(db.shown("count(*) FROM victims"), format!("Int {}", HOSTILE.len()));
    let all = Value::list(HOSTILE.iter().map(|&text| Value::from(text)));
    let found = db.value(&["SELECT count(*) FROM victims WHERE name IN (", ")"], vec![all]).unwrap();
    assert_eq!(found.inspect(), HOSTILE.len().to_string());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]
    #[test]
    fn any_text_comes_back_as_it_is(text in any::<String>().prop_filter("ends a text of C", |text| !text.contains('\0'))) {
        thread_local! { static SCRATCH: Scratch = scratch(); }
        SCRATCH.with(|scratch| {
            let back = scratch.db.value(&["SELECT ", " AS x"], vec![Value::from(text.as_str())]).unwrap();
            assert_eq!(back.as_text(), Some(text.as_str()));
        });
    }
}

#[test]
fn a_read_changes_nothing() {
    let scratch = scratch();
    let db = &scratch.db;
    db.must("CREATE TABLE t (a INT)");
    db.must("INSERT INTO t VALUES (1)");
    for text in [
        "DELETE FROM t",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "DROP TABLE t",
        "PRAGMA user_version = 3",
        "VACUUM",
        "COMMIT",
    ] {
        let error = db.query(&[text], Vec::new()).unwrap_err();
        assert_eq!(error.certainty, Certainty::NotBegun, "{text}: {}", told(&error));
    }
    // What its words do not show, the database sees.
    let error = db.query(&["PRAGMA incremental_vacuum(1)"], Vec::new());
    assert!(error.is_err() || db.shown("count(*) FROM t") == "Int 1");
    assert_eq!(db.shown("count(*) FROM t"), "Int 1");
}

#[test]
fn a_transaction_happens_as_a_whole_or_not_at_all() {
    let scratch = scratch();
    let db = &scratch.db;
    db.must("CREATE TABLE t (a INT UNIQUE)");
    let transaction = |statements: Vec<Value>, affects: Value| {
        db.call("sql.transaction", vec![("statements", Value::list(statements)), ("affects", affects)])
    };
    let insert = |n: i64| sql(&["INSERT INTO t VALUES (", ")"], vec![Value::Int(n)]);
    transaction(vec![insert(1), insert(2)], Value::Null).unwrap();
    let error = transaction(vec![insert(3), insert(1)], Value::Null).unwrap_err();
    assert_eq!(error.certainty, Certainty::Failed);
    assert!(error.message.contains("UNIQUE"), "{}", told(&error));
    let error = transaction(
        vec![insert(4), sql(&["UPDATE t SET a = a + 10 WHERE a > 1"], Vec::new())],
        Value::list([Value::Null, Value::Int(1)]),
    )
    .unwrap_err();
    assert!(error.message.starts_with("2 rows were changed, and it must be 1"), "{}", told(&error));
    let error =
        db.call("sql.exec", vec![("statement", sql(&["DELETE FROM t"], Vec::new())), ("affects", Value::Int(1))]);
    assert!(error.is_err());
    assert_eq!(db.shown("group_concat(a) FROM t"), "Text \"1,2\"");
}

#[test]
fn what_takes_too_long_is_stopped() {
    let scratch = scratch();
    let db = &scratch.db;
    let endless = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT count(*) FROM n";
    let begun = Instant::now();
    let limit = ("timeout", Value::Duration(200_000_000));
    let error = db.call("sql.query", vec![("statement", sql(&[endless], Vec::new())), limit.clone()]).unwrap_err();
    assert!(error.message.starts_with("there was no answer in 200ms"), "{}", told(&error));
    assert!(begun.elapsed() < Duration::from_secs(3));
    db.must("CREATE TABLE t (a INT)");
    let insert = format!("INSERT INTO t {}", endless.replace("count(*)", "a"));
    let error = db.call("sql.exec", vec![("statement", sql(&[&insert], Vec::new())), limit]).unwrap_err();
    // SQLite has taken it back: that is known, not doubted.
    assert_eq!(error.certainty, Certainty::Failed, "{}", told(&error));
    assert_eq!(db.shown("count(*) FROM t"), "Int 0");
    // Another process that writes is waited for, and that can be stopped as well.
    let other = rusqlite::Connection::open(scratch.folder.path().join("a b.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let statement = ("statement", sql(&["DELETE FROM t"], Vec::new()));
    let begun = Instant::now();
    let error =
        db.call_stopped_after("sql.exec", vec![statement.clone()], Some(Duration::from_millis(100))).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(3), "{}", told(&error));
    other.execute_batch("COMMIT").unwrap();
}

#[test]
fn a_file_of_statements_names_its_line() {
    let scratch = scratch();
    let db = &scratch.db;
    let file = scratch.folder.path().join("m.sql");
    let run = |text: &str| {
        std::fs::write(&file, text).unwrap();
        db.call("sql.run_file", vec![("path", Value::str(file.to_str().unwrap()))])
    };
    let trigger = "CREATE TRIGGER l AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); SELECT 1; END;\n";
    let done = run(&format!(
        "-- one\nCREATE TABLE t (a INT); CREATE TABLE log (a INT);\n{trigger}INSERT INTO t VALUES (1), (2);\n"
    ));
    assert_eq!(done.unwrap().inspect(), "{ statements: 4, affected: 4 }");
    let error = run("INSERT INTO t VALUES (3);\n\n\nINSERT INTO absent\nVALUES (1);\n").unwrap_err();
    assert!(error.message.ends_with("m.sql: no such table: absent"), "{}", told(&error));
    assert!(error.output.as_deref().unwrap().starts_with("line 4: INSERT INTO absent\n"), "{}", told(&error));
    assert_eq!(db.shown("count(*) FROM t"), "Int 2");
    // One that commits itself keeps what it has committed.
    run("BEGIN; INSERT INTO t VALUES (4); COMMIT; SELECT broken;").unwrap_err();
    assert_eq!(db.shown("count(*) FROM t"), "Int 3");
}

#[test]
fn failures_say_what_to_do() {
    let scratch = scratch();
    let db = &scratch.db;
    db.must("CREATE TABLE t (a INT CHECK (a > 0))");
    for (text, wanted) in [
        ("SELECT * FORM t", "Failed: near \"FORM\": syntax error\noutput: SELECT * FORM t\n         ^"),
        (
            "SELECT a, b FROM t",
            "Failed: no such column: b\noutput: SELECT a, b FROM t\n          ^\nhelp: the columns are listed by",
        ),
        ("SELECT * FROM users", "Failed: no such table: users\nhelp: the tables are listed by"),
        (
            "SELECT ?1",
            "NotBegun: the statement has 1 place for values, and none is given\nhelp: a value is written ${…}",
        ),
    ] {
        let error = db.query(&[text], Vec::new()).unwrap_err();
        assert!(told(&error).starts_with(wanted), "{}", told(&error));
    }
    let error = db.exec(&["INSERT INTO t VALUES (", ")"], vec![Value::Int(-1)]).unwrap_err();
    assert!(told(&error).starts_with("Failed: CHECK constraint failed: a > 0"), "{}", told(&error));
    let nowhere = Db::new("sqlite:/no/such/shop.db");
    let error = nowhere.query(&["SELECT 1"], Vec::new()).unwrap_err();
    assert!(
        told(&error).starts_with("NotBegun: there is no file /no/such/shop.db\nhelp: look at the path"),
        "{}",
        told(&error)
    );
    let file = scratch.folder.path().join("text.db");
    std::fs::write(&file, "no database, but long enough to be looked at as if it were one\n".repeat(20)).unwrap();
    let error = Db::new(format!("sqlite:{}", file.display())).query(&["SELECT 1 FROM t"], Vec::new()).unwrap_err();
    assert!(told(&error).contains("this file is no database of SQLite"), "{}", told(&error));
    let error = Db::new("oracle://h/x").query(&["SELECT 1"], Vec::new()).unwrap_err();
    assert!(told(&error).contains("no address of a database"), "{}", told(&error));
    let error = db.value(&["SELECT 1 UNION SELECT 2"], Vec::new()).unwrap_err();
    assert!(told(&error).contains("the answer has 2 rows"), "{}", told(&error));
    let many = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT a FROM n";
    let error =
        db.call("sql.query", vec![("statement", sql(&[many], Vec::new())), ("max_rows", Value::Int(5))]).unwrap_err();
    assert!(told(&error).contains("more than 5 rows"), "{}", told(&error));
}

//! A real MariaDB.

use std::time::{Duration, Instant};

use proptest::prelude::{any, proptest};
use rbk::catalog::Certainty;
use rbk::value::Value;

use super::db::{Db, HOSTILE, rows, sql, told};
use super::server::{ENCODED, PASSWORD, mysql};

/// What no type loses.
#[test]
fn every_type_arrives_as_a_value() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must(
        "CREATE TABLE t (
            a BOOLEAN, b TINYINT, c SMALLINT, d INT UNSIGNED, e BIGINT, f BIGINT UNSIGNED, g FLOAT, h DOUBLE,
            i DECIMAL(10,2), j DECIMAL(30,10), k VARCHAR(20), l TEXT, m CHAR(4), n BLOB, o VARBINARY(4), p DATE, q TIME(1),
            r DATETIME, s TIMESTAMP(6) NULL, u YEAR, v ENUM('sad', 'ok'), w SET('x', 'y'), x BIT(1), y BIT(8), z JSON, nil INT)",
    );
    db.must(
        "INSERT INTO t VALUES (
            true, -5, 300, 4000000000, 9223372036854775807, 18446744073709551615, 0.1, 0.1,
            12.50, 12345678901234567890.5, 'it''s', 'text', 'ab', x'00ff', 'ab', '2026-01-20', '-26:00:00.5',
            '2026-01-20 10:00:00', '2026-01-20 10:00:00.25', 2026, 'ok', 'x,y', 1, 200, '{\"a\": [1]}', NULL)",
    );
    let wanted = [
        "a Bool true",
        "b Int -5",
        "c Int 300",
        "d Int 4000000000",
        "e Int 9223372036854775807",
        "f Text \"18446744073709551615\"",
        "g Float 0.1",
        "h Float 0.1",
        "i Float 12.5",
        "j Text \"12345678901234567890.5000000000\"",
        "k Text \"it's\"",
        "l Text \"text\"",
        "m Text \"ab\"",
        "n Text \"00ff\"",
        "o Text \"6162\"",
        "p Text \"2026-01-20\"",
        "q Duration -1d2h0.5s",
        "r Text \"2026-01-20T10:00:00\"",
        "s Instant 2026-01-20T10:00:00.25Z",
        "u Int 2026",
        "v Text \"ok\"",
        "w Text \"x,y\"",
        "x Bool true",
        "y Int 200",
        "z Text \"{\\\"a\\\": [1]}\"",
        "nil Null null",
    ];
    let row = rows(&db.query(&["SELECT * FROM t WHERE c = ", ""], vec![Value::Int(300)]).unwrap()).remove(0);
    let shown: Vec<String> =
        row.iter().map(|(name, value)| format!("{name} {:?} {}", value.kind(), value.inspect())).collect();
    assert_eq!(shown, wanted);
    // A statement that no server prepares comes in the other protocol, where all is text.
    for (expression, wanted) in
        [("1.5", "Float 1.5"), ("'x'", "Text \"x\""), ("count(*) FROM t", "Int 1"), ("a FROM t", "Bool true")]
    {
        assert_eq!(db.shown(expression), wanted, "{expression}");
    }
}

#[test]
fn values_go_there_and_come_back() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must("CREATE TABLE t (a BIGINT, b DOUBLE, c TIMESTAMP(6) NULL, d TIME(6), e VARCHAR(99) CHARACTER SET utf8mb4, f DECIMAL(9,4), g BOOLEAN, h JSON)");
    let instant: jiff::Timestamp = "2026-01-20T10:00:00.123456Z".parse().unwrap();
    for (column, value, wanted) in [
        ("a", Value::Int(i64::MIN), "Int -9223372036854775808"),
        ("a", Value::Size(1024), "Int 1024"),
        ("b", Value::Float(0.1), "Float 0.1"),
        ("c", Value::Instant(instant), "Instant 2026-01-20T10:00:00.123456Z"),
        ("d", Value::Duration(-90_500_000_000), "Duration -1m30.5s"),
        ("e", Value::from("ünï 😀"), "Text \"ünï 😀\""),
        ("e", Value::from("hidden word").tainted(true), "Text \"hidden word\""),
        ("f", Value::Percent(0.05), "Float 0.05"),
        ("g", Value::Bool(true), "Bool true"),
        ("g", Value::Null, "Null null"),
        ("h", Value::list([Value::Int(1)]), "Text \"[1]\""),
    ] {
        db.must("DELETE FROM t WHERE true");
        db.exec(&[&format!("INSERT INTO t ({column}) VALUES ("), ")"], vec![value]).unwrap();
        assert_eq!(db.shown(&format!("{column} FROM t")), wanted);
    }
}

#[test]
fn no_text_becomes_a_part_of_the_statement() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must("CREATE TABLE victims (name VARCHAR(99) COLLATE utf8mb4_nopad_bin)");
    for text in HOSTILE {
        db.exec(&["INSERT INTO victims VALUES (", ")"], vec![Value::from(*text)]).unwrap();
        let same = db.value(&["SELECT count(*) FROM victims WHERE name = ", ""], vec![Value::from(*text)]).unwrap();
        assert_eq!(same.inspect(), "1", "{text:?}");
    }
    let all = Value::list(HOSTILE.iter().map(|&text| Value::from(text)));
    let found = db.value(&["SELECT count(*) FROM victims WHERE name IN (", ")"], vec![all]).unwrap();
    assert_eq!(found.inspect(), HOSTILE.len().to_string());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]
    #[test]
    fn any_text_comes_back_as_it_is(text in any::<String>()) {
        thread_local! { static DB: Option<Db> = mysql().map(super::server::Server::mysql_database); }
        DB.with(|db| {
            let Some(db) = db else { return };
            let back = db.value(&["SELECT ", ""], vec![Value::from(text.as_str())]).unwrap();
            assert_eq!(back.as_text(), Some(text.as_str()));
        });
    }
}

#[test]
fn a_read_changes_nothing() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must("CREATE TABLE t (a int)");
    db.must("CREATE FUNCTION sneaky() RETURNS int BEGIN INSERT INTO t VALUES (1); RETURN 1; END");
    db.must("CREATE PROCEDURE sly() BEGIN CREATE TABLE u (a int); END");
    let error = db.query(&["SELECT sneaky()"], Vec::new()).unwrap_err();
    assert!(
        told(&error).contains("Cannot execute statement in a READ ONLY transaction\nhelp: a read changes nothing"),
        "{}",
        told(&error)
    );
    for text in [
        "DELETE FROM t",
        "COMMIT",
        "CALL sly()",
        "SET @x = 1",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1; COMMIT; DROP TABLE t",
    ] {
        assert_eq!(db.query(&[text], Vec::new()).unwrap_err().certainty, Certainty::NotBegun, "{text}");
    }
    assert_eq!(db.shown("count(*) FROM t"), "Int 0");
    assert_eq!(rows(&db.query(&["SHOW TABLES"], Vec::new()).unwrap()).len(), 1);
}

#[test]
fn a_transaction_happens_as_a_whole_or_not_at_all() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must("CREATE TABLE t (a int UNIQUE)");
    db.must("CREATE TABLE plain (a int) ENGINE=MyISAM");
    let transaction = |statements: Vec<Value>, affects: Value| {
        db.call("sql.transaction", vec![("statements", Value::list(statements)), ("affects", affects)])
    };
    let insert = |n: i64| sql(&["INSERT INTO t VALUES (", ")"], vec![Value::Int(n)]);
    transaction(vec![insert(1), insert(2)], Value::list([Value::Int(1), Value::Null])).unwrap();
    let error = transaction(vec![insert(3), insert(1)], Value::Null).unwrap_err();
    assert_eq!(error.certainty, Certainty::Failed);
    assert!(error.message.contains("Duplicate entry '1'"), "{}", told(&error));
    // A row that has its new value already counts: it is the one that was meant.
    let same = db.call(
        "sql.exec",
        vec![("statement", sql(&["UPDATE t SET a = 1 WHERE a = 1"], Vec::new())), ("affects", Value::Int(1))],
    );
    same.unwrap();
    let error = transaction(vec![insert(3), sql(&["DROP TABLE t"], Vec::new())], Value::Null).unwrap_err();
    assert!(
        told(&error).starts_with("NotBegun: MySQL would end the transaction before `DROP TABLE`"),
        "{}",
        told(&error)
    );
    assert_eq!(db.shown("group_concat(a) FROM t"), "Text \"1,2\"");
    // What cannot be taken back is not said to be.
    let keeps = sql(&["INSERT INTO plain VALUES (1)"], Vec::new());
    let error = transaction(vec![keeps, insert(1)], Value::Null).unwrap_err();
    assert_eq!(error.certainty, Certainty::InDoubt, "{}", told(&error));
    assert!(error.message.contains("a table without transactions"), "{}", told(&error));
}

fn running(db: &Db, text: &str) -> String {
    let own = "SELECT count(*) FROM information_schema.processlist WHERE id <> connection_id() AND info LIKE ";
    db.value(&[own, ""], vec![Value::from(format!("%{text}%"))]).unwrap().inspect()
}

#[test]
fn a_statement_that_takes_too_long_is_gone_from_the_server() {
    let Some(server) = mysql() else { return };
    let (db, watch) = (server.mysql_database(), server.mysql_database());
    db.must("CREATE TABLE t (a int)");
    for (name, text, marker) in [
        ("sql.query", "SELECT sleep(60) AS query_marker", "query_marker"),
        ("sql.exec", "INSERT INTO t SELECT sleep(60) AS exec_marker", "exec_marker"),
    ] {
        let begun = Instant::now();
        let given = vec![("statement", sql(&[text], Vec::new())), ("timeout", Value::Duration(1_000_000_000))];
        let error = db.call(name, given).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert!(error.message.starts_with("there was no answer in 1s: 127.0.0.1:"), "{}", told(&error));
        assert_eq!(error.certainty, Certainty::Failed, "{}", told(&error));
        assert_eq!(running(&watch, marker), "0");
    }
    assert_eq!(db.shown("count(*) FROM t"), "Int 0");
}

#[test]
fn a_file_of_statements_names_its_line() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.sql");
    let run = |text: &str| {
        std::fs::write(&file, text).unwrap();
        db.call("sql.run_file", vec![("path", Value::str(file.to_str().unwrap()))])
    };
    let routine = "CREATE PROCEDURE p() BEGIN IF 1 THEN INSERT INTO t VALUES (9); END IF; END;\n";
    let done = run(&format!("# first\nCREATE TABLE t (a int);\n{routine}INSERT INTO t VALUES (1), (2);\n"));
    assert_eq!(done.unwrap().inspect(), "{ statements: 3, affected: 2 }");
    let error = run("INSERT INTO t VALUES (4);\n\nINSERT INTO t\nVALUES (1, 2);\n").unwrap_err();
    assert!(error.message.ends_with("Column count doesn't match value count at row 1"), "{}", told(&error));
    assert!(error.output.as_deref().unwrap().starts_with("line 3: "), "{}", told(&error));
    assert_eq!(error.certainty, Certainty::Failed);
    assert_eq!(db.shown("count(*) FROM t"), "Int 2");
}

#[test]
fn failures_say_what_to_do() {
    let Some(server) = mysql() else { return };
    let db = server.mysql_database();
    db.must("CREATE TABLE t (a int)");
    db.must("CREATE USER visitor@'%' IDENTIFIED BY 'visitor-word'");
    let port = server.port;
    let at =
        |url: String| Db::new(url).query(&["SELECT * FROM t"], Vec::new()).map_err(|error| told(&error)).unwrap_err();
    let database = db.url.rsplit('/').next().unwrap().to_owned();
    for (url, wanted) in [
        (
            format!("mysql://admin:wrong-word@127.0.0.1:{port}/"),
            format!("NotBegun: 127.0.0.1:{port} does not take the password of admin\nhelp: look at user"),
        ),
        (
            format!("mysql://admin:{ENCODED}@127.0.0.1:{port}/shop"),
            format!("NotBegun: 127.0.0.1:{port} has no database shop\nhelp: the last part of the address names it"),
        ),
        (
            format!("mysql://admin:{ENCODED}@127.0.0.1:{port}/"),
            "Failed: No database selected\nhelp: name the database".to_owned(),
        ),
        (
            format!("mariadb://visitor:visitor-word@127.0.0.1:{port}/{database}"),
            format!("NotBegun: 127.0.0.1:{port} does not let visitor into the database {database}\nhelp: GRANT"),
        ),
        (
            "mysql://admin:x@127.0.0.1:1/shop".to_owned(),
            "NotBegun: 127.0.0.1:1 refused the connection: nothing listens there\nhelp: is it the right host"
                .to_owned(),
        ),
        (
            "mysql://admin:x@no-such-host.invalid/shop".to_owned(),
            "NotBegun: the name of no-such-host.invalid:3306 could not be resolved".to_owned(),
        ),
        (
            format!("mysql://admin:{ENCODED}@127.0.0.1:{port}/?tls=yes"),
            "NotBegun: this is no address of MySQL: `tls=yes` is not known".to_owned(),
        ),
    ] {
        let told = at(url);
        assert!(told.starts_with(&wanted), "{told}");
        assert!(!told.contains(PASSWORD) && !told.contains(ENCODED) && !told.contains("wrong-word"), "{told}");
    }
    for (pieces, values, wanted) in [
        (
            &["SELECT * FORM t"][..],
            vec![],
            "Failed: You have an error in your SQL syntax near 'FORM t' at line 1\noutput: SELECT * FORM t\n         ^",
        ),
        (&["SELECT b FROM t"], vec![], "Failed: Unknown column 'b'"),
        (&["SELECT * FROM users"], vec![], "Failed: Table '"),
        (&["SELECT ? + ", ""], vec![Value::Int(1)], "NotBegun: the statement has 2 places for values, and 1 is given"),
    ] {
        let told = told(&db.query(pieces, values).unwrap_err());
        assert!(told.starts_with(wanted), "{told}");
    }
    // Through the socket.
    let socket = format!("mysql://admin:{ENCODED}@localhost/?socket={}", server.folder.join("socket").display());
    assert_eq!(Db::new(socket.clone()).shown("1"), "Int 1");
    let told = at(format!("{socket}&ssl-mode=REQUIRED"));
    assert!(told.starts_with("NotBegun: this is no address of MySQL: a socket is on this machine"), "{told}");
}

#[test]
fn who_answers_is_known_if_asked_for() {
    let Some(server) = mysql() else { return };
    server.mysql_database();
    let url = |host: &str, query: &str| format!("mysql://admin:{ENCODED}@{host}:{}/?{query}", server.port);
    let ca = format!("ssl-ca={}", server.folder.join("ca.crt").display());
    let encrypted = "CASE variable_value WHEN '' THEN 'plain' ELSE 'encrypted' END FROM information_schema.session_status \
                     WHERE variable_name = 'Ssl_cipher'";
    for (query, wanted) in [
        ("ssl-mode=DISABLED".to_owned(), "plain"),
        ("ssl-mode=PREFERRED".to_owned(), "encrypted"),
        ("ssl-mode=REQUIRED".to_owned(), "encrypted"),
        (format!("ssl-mode=VERIFY_CA&{ca}"), "encrypted"),
        (format!("ssl-mode=VERIFY_IDENTITY&{ca}"), "encrypted"),
    ] {
        assert_eq!(Db::new(url("localhost", &query)).shown(encrypted), format!("Text \"{wanted}\""), "{query}");
    }
    for (host, query, help) in [
        ("127.0.0.1", format!("ssl-mode=VERIFY_IDENTITY&{ca}"), "a name that the certificate is for"),
        ("127.0.0.1", format!("ssl-mode=VERIFY_CA&{ca}"), "a name that the certificate is for"),
        ("localhost", "ssl-mode=VERIFY_IDENTITY".to_owned(), "help: ssl-ca="),
        ("localhost", "ssl-mode=VERIFY_CA".to_owned(), "help: ssl-ca="),
    ] {
        let told = told(&Db::new(url(host, &query)).query(&["SELECT 1"], Vec::new()).unwrap_err());
        let wanted = format!("NotBegun: the certificate of {host}:{} is not accepted: ", server.port);
        assert!(told.starts_with(&wanted) && told.contains(help), "{query}: {told}");
    }
}

//! A real PostgreSQL.

use std::time::{Duration, Instant};

use proptest::prelude::{Strategy as _, any, proptest};
use rbk::catalog::Certainty;
use rbk::value::Value;

use super::db::{Db, HOSTILE, rows, sql, told};
use super::server::{ENCODED, PASSWORD, postgres};

/// What no type loses.
#[test]
fn every_type_arrives_as_a_value() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    db.must("CREATE TYPE mood AS ENUM ('sad', 'ok')");
    db.must("CREATE DOMAIN positive AS int CHECK (value > 0)");
    db.must("CREATE TYPE pair AS (a int, b text)");
    for (expression, wanted) in [
        ("null::text", "Null null"),
        ("true", "Bool true"),
        ("32767::int2", "Int 32767"),
        ("-1::int4", "Int -1"),
        ("9223372036854775807::int8", "Int 9223372036854775807"),
        ("0.1::float4", "Float 0.1"),
        ("0.1::float8", "Float 0.1"),
        ("'NaN'::float8", "Text \"NaN\""),
        ("12::numeric", "Int 12"),
        ("12.50::numeric(10,2)", "Float 12.5"),
        ("-0.00012::numeric", "Float -0.00012"),
        ("100000000::numeric", "Int 100000000"),
        ("12345678901234567890.5::numeric", "Text \"12345678901234567890.5\""),
        ("0.1234567890123456789::numeric", "Text \"0.1234567890123456789\""),
        ("10000.0001::numeric", "Float 10000.0001"),
        ("'NaN'::numeric", "Text \"NaN\""),
        ("'it''s'::text", "Text \"it's\""),
        ("'ab'::char(4)", "Text \"ab  \""),
        ("'name'::name", "Text \"name\""),
        ("'x'::\"char\"", "Text \"x\""),
        ("'\\x00ff'::bytea", "Text \"00ff\""),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "Text \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""),
        ("'{\"a\": [1, null, 2.5]}'::json", "Record { a: [1, null, 2.5] }"),
        ("'{\"a\": [1, null, 2.5]}'::jsonb", "Record { a: [1, null, 2.5] }"),
        ("date '2026-01-20'", "Text \"2026-01-20\""),
        ("date '1999-12-31'", "Text \"1999-12-31\""),
        ("date 'infinity'", "Text \"infinity\""),
        ("time '10:00:00.5'", "Text \"10:00:00.5\""),
        ("timetz '10:00:00+05:30'", "Text \"10:00:00+05:30\""),
        ("timestamp '2026-01-20 10:00:00'", "Text \"2026-01-20T10:00:00\""),
        ("timestamptz '2026-01-20 10:00:00-05'", "Instant 2026-01-20T15:00:00Z"),
        ("timestamptz '1969-12-31 23:59:59.999999Z'", "Instant 1969-12-31T23:59:59.999999Z"),
        ("interval '1 day 02:03:04.5'", "Duration 1d2h3m4.5s"),
        ("interval '-90 seconds'", "Duration -1m30s"),
        ("interval '1 year 2 months 3 days'", "Text \"P1Y2M3D\""),
        ("array[1, 2, null]", "List [1, 2, null]"),
        ("array[array['a', 'b'], array['c', null]]", "List [[\"a\", \"b\"], [\"c\", null]]"),
        ("array[]::int[]", "List []"),
        ("array[timestamptz '2026-01-20 00:00Z']", "List [2026-01-20T00:00:00Z]"),
        ("'ok'::mood", "Text \"ok\""),
        ("array['ok'::mood]", "List [\"ok\"]"),
        ("7::positive", "Int 7"),
        ("row(1, 'x')::pair", "Record { a: 1, b: \"x\" }"),
        ("row(1, 'x'::text)", "List [1, \"x\"]"),
        ("'10.0.0.1'::inet", "Text \"10.0.0.1\""),
        ("'10.0.0.0/8'::cidr", "Text \"10.0.0.0/8\""),
        ("'2001:db8::1/64'::inet", "Text \"2001:db8::1/64\""),
        ("'08:00:2b:01:02:03'::macaddr", "Text \"08:00:2b:01:02:03\""),
        ("b'1010'", "Text \"1010\""),
        ("'16/B374D848'::pg_lsn", "Text \"16/B374D848\""),
        ("26::oid", "Int 26"),
        ("pg_sleep(0)", "Null null"),
        ("'<a/>'::xml", "Text \"<a/>\""),
    ] {
        assert_eq!(db.shown(expression), wanted, "{expression}");
    }
    let unknown = db.shown("point(1, 2)");
    assert!(unknown.contains("cannot be read") && unknown.contains("point::text"), "{unknown}");
}

#[test]
fn values_go_there_and_come_back() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    let instant: jiff::Timestamp = "2026-01-20T10:00:00.123456Z".parse().unwrap();
    let list = Value::list([Value::Int(1), Value::Null]);
    let record = Value::record([("a", Value::list([Value::from("x\"'")]))]);
    for (value, cast, wanted) in [
        (Value::Null, "::int", "Null null"),
        (Value::Bool(true), "::bool", "Bool true"),
        (Value::Int(i64::MIN), "::int8", "Int -9223372036854775808"),
        (Value::Int(5), "::text", "Text \"5\""),
        (Value::Int(5), "::numeric", "Int 5"),
        (Value::Float(0.1), "::float8", "Float 0.1"),
        (Value::Float(1e300), "::float8", "Float 1e300"),
        (Value::Percent(0.05), "::numeric", "Float 0.05"),
        (Value::Size(1024), "::int8", "Int 1024"),
        (Value::Duration(-90_500_000_000), "::interval", "Duration -1m30.5s"),
        (Value::Instant(instant), "::timestamptz", "Instant 2026-01-20T10:00:00.123456Z"),
        (Value::Instant(instant), "::date", "Text \"2026-01-20\""),
        (Value::from("2026-01-20"), "::date", "Text \"2026-01-20\""),
        (
            Value::from("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            "::uuid",
            "Text \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"",
        ),
        (Value::from("10.0.0.1"), "::inet", "Text \"10.0.0.1\""),
        (Value::from("00ff"), "::bytea", "Text \"00ff\""),
        (list.clone(), "::int[]", "List [1, null]"),
        (list.clone(), "::jsonb", "List [1, null]"),
        (list, "::text", "Text \"[1,null]\""),
        (record, "::jsonb", "Record { a: [\"x\\\"'\"] }"),
        (Value::from("text"), "::jsonb", "Text \"text\""),
        (Value::from("hidden word").tainted(true), "::text", "Text \"hidden word\""),
    ] {
        assert_eq!(db.there_and_back(value, cast), wanted, "{cast}");
    }
    let wrong = db.there_and_back(Value::Duration(5), "::int");
    assert!(wrong.contains("say in what: ${x.seconds}"), "{wrong}");
    let wrong = db.there_and_back(Value::from("ten"), "::int");
    assert!(wrong.contains("invalid input syntax for type integer: \"ten\""), "{wrong}");
}

#[test]
fn no_text_becomes_a_part_of_the_statement() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    db.must("CREATE TABLE victims (name text)");
    for text in HOSTILE {
        db.exec(&["INSERT INTO victims VALUES (", ")"], vec![Value::from(*text)]).unwrap();
        let same = db.value(&["SELECT count(*) FROM victims WHERE name = ", ""], vec![Value::from(*text)]).unwrap();
        assert_eq!(same.inspect(), "1", "{text:?}");
    }
    let all = Value::list(HOSTILE.iter().map(|&text| Value::from(text)));
    for pieces in
        [["SELECT count(*) FROM victims WHERE name IN (", ")"], ["SELECT count(*) FROM victims WHERE name = ANY(", ")"]]
    {
        assert_eq!(db.value(&pieces, vec![all.clone()]).unwrap().inspect(), HOSTILE.len().to_string());
    }
    let back = db.value(&["SELECT ", "::text[]"], vec![all.clone()]).unwrap();
    assert_eq!(back.to_text(), all.to_text());
    let json = db.value(&["SELECT ", "::jsonb"], vec![all.clone()]).unwrap();
    assert_eq!(json.to_text(), all.to_text());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]
    #[test]
    fn any_text_comes_back_as_it_is(texts in proptest::collection::vec(any::<String>().prop_filter("PostgreSQL has no NUL", |text| !text.contains('\0')), 1..4)) {
        thread_local! { static DB: Option<Db> = postgres().map(super::server::Server::postgres_database); }
        DB.with(|db| {
            let Some(db) = db else { return };
            let list = Value::list(texts.iter().map(|text| Value::from(text.as_str())));
            let back = db.query(&["SELECT ", "::text AS one, ", "::text[] AS many"], vec![Value::from(texts[0].as_str()), list.clone()]).unwrap();
            let row = rows(&back).remove(0);
            assert_eq!(row.get("one").and_then(Value::as_text), Some(texts[0].as_str()));
            assert_eq!(row.get("many").unwrap().to_text(), list.to_text());
        });
    }
}

#[test]
fn a_read_changes_nothing() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    db.must("CREATE TABLE t (a int)");
    db.must("CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql AS $$ INSERT INTO t VALUES (1) RETURNING a $$");
    db.must("CREATE SEQUENCE s");
    for text in ["SELECT sneaky()", "SELECT nextval('s')", "SELECT * FROM t FOR UPDATE"] {
        let error = db.query(&[text], Vec::new()).unwrap_err();
        assert!(error.message.contains("in a read-only transaction"), "{text}: {}", told(&error));
        assert!(error.help.as_deref().unwrap().contains("sql.exec"), "{text}");
    }
    for text in [
        "DELETE FROM t",
        "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x",
        "COMMIT",
        "SET x.y = 1",
        "SELECT 1 INTO u",
    ] {
        assert_eq!(db.query(&[text], Vec::new()).unwrap_err().certainty, Certainty::NotBegun, "{text}");
    }
    // What a read sets is gone with it.
    db.query(&["SELECT set_config('transaction_read_only', 'off', false)"], Vec::new()).unwrap_err();
    db.query(&["SELECT set_config('search_path', 'pg_temp', false)"], Vec::new()).unwrap();
    assert_eq!(db.shown("count(*) FROM t"), "Int 0");
}

#[test]
fn a_transaction_happens_as_a_whole_or_not_at_all() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    db.must("CREATE TABLE t (a int UNIQUE)");
    let transaction = |statements: Vec<Value>, affects: Value| {
        db.call("sql.transaction", vec![("statements", Value::list(statements)), ("affects", affects)])
    };
    let insert = |n: i64| sql(&["INSERT INTO t VALUES (", ")"], vec![Value::Int(n)]);
    let returning = sql(&["UPDATE t SET a = a + 10 RETURNING a"], Vec::new());
    let done = transaction(vec![insert(1), insert(2), returning], Value::Null).unwrap();
    assert_eq!(
        done.inspect(),
        "[{ affected: 1, rows: [] }, { affected: 1, rows: [] }, { affected: 2, rows: [{ a: 11 }, … 1 more] }]"
    );
    let error = transaction(vec![sql(&["CREATE TABLE u (a int)"], Vec::new()), insert(3), insert(11)], Value::Null)
        .unwrap_err();
    assert_eq!(error.certainty, Certainty::Failed);
    assert!(
        error.message.contains("duplicate key") && error.message.contains("Key (a)=(11) already exists"),
        "{}",
        told(&error)
    );
    let error = db
        .call("sql.exec", vec![("statement", sql(&["DELETE FROM t"], Vec::new())), ("affects", Value::Int(1))])
        .unwrap_err();
    assert!(error.message.starts_with("2 rows were changed, and it must be 1"), "{}", told(&error));
    assert_eq!(db.shown("array_agg(a ORDER BY a) FROM t"), "List [11, 12]");
    assert_eq!(db.shown("to_regclass('u') IS NULL"), "Bool true");
    // What is refused in a transaction runs without one.
    db.must("VACUUM t");
    db.must("CREATE INDEX CONCURRENTLY i ON t (a)");
    let error = transaction(vec![insert(5), sql(&["VACUUM t"], Vec::new())], Value::Null).unwrap_err();
    assert_eq!(error.certainty, Certainty::NotBegun, "{}", told(&error));
}

/// How many statements run that hold this text.
fn running(db: &Db, text: &str) -> String {
    let own =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ";
    db.value(&[own, ""], vec![Value::from(format!("%{text}%"))]).unwrap().inspect()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_statement_that_takes_too_long_is_gone_from_the_server() {
    let Some(server) = postgres() else { return };
    let (db, watch) = (server.postgres_database(), server.postgres_database());
    db.must("CREATE TABLE t (a int)");
    for (name, text, marker) in [
        ("sql.query", "SELECT pg_sleep(60) AS query_marker", "query_marker"),
        ("sql.exec", "INSERT INTO t SELECT 1 FROM pg_sleep(60) AS exec_marker", "exec_marker"),
    ] {
        let begun = Instant::now();
        let given = vec![("statement", sql(&[text], Vec::new())), ("timeout", Value::Duration(1_000_000_000))];
        let error = db.call(name, given).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert!(error.message.starts_with("there was no answer in 1s: localhost:"), "{}", told(&error));
        assert!(
            error.message.ends_with("has stopped the statement, and nothing was changed by it"),
            "{}",
            told(&error)
        );
        assert_eq!(error.certainty, Certainty::Failed);
        assert_eq!(running(&watch, marker), "0");
    }
    // The connection is as good as before.
    assert_eq!(db.shown("count(*) FROM t"), "Int 0");
    // An answer without end is not read to its end.
    let begun = Instant::now();
    let error = db.query(&["SELECT generate_series(1, 1000000000) AS endless"], Vec::new()).unwrap_err();
    assert!(
        error.message.contains("more than 10000 rows") && begun.elapsed() < Duration::from_secs(10),
        "{}",
        told(&error)
    );
    until("the endless answer goes on", || {
        // The connection is closed by the thread that it was on.
        db.shown("1");
        running(&watch, "endless") == "0"
    });
}

#[test]
fn a_broken_connection_is_no_answer() {
    let Some(server) = postgres() else { return };
    let (db, other) = (server.postgres_database(), server.postgres_database());
    let name = db.value(&["SELECT current_database()"], Vec::new()).unwrap();
    db.must("CREATE TABLE t (a int)");
    let kill = |other: &Db| {
        other
            .exec(
                &[
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ",
                    " AND pid <> pg_backend_pid()",
                ],
                vec![name.clone()],
            )
            .unwrap();
    };
    // One that was kept: the next call makes another.
    kill(&other);
    db.must("INSERT INTO t VALUES (1)");
    // In the middle of a transaction: it was never committed, and so did not happen.
    let url = other.url.clone();
    let victim = name.clone();
    let killer = std::thread::spawn(move || {
        let other = Db::new(url);
        until("it does not begin", || running(&other, "kill_marker") == "1");
        other
            .exec(&["SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ", ""], vec![victim])
            .unwrap();
    });
    let error = db.exec(&["INSERT INTO t SELECT 2 FROM pg_sleep(30) AS kill_marker"], Vec::new()).unwrap_err();
    killer.join().unwrap();
    assert_eq!(error.certainty, Certainty::Failed, "{}", told(&error));
    // Without a transaction nobody knows.
    db.must("CREATE PROCEDURE slow() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (3); COMMIT; PERFORM pg_sleep(30); END $$");
    let url = other.url.clone();
    let victim = name.clone();
    let killer = std::thread::spawn(move || {
        let other = Db::new(url);
        until("it does not begin", || running(&other, "CALL slow") == "1");
        other
            .exec(&["SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ", ""], vec![victim])
            .unwrap();
    });
    let error = db.exec(&["CALL slow()"], Vec::new()).unwrap_err();
    killer.join().unwrap();
    assert_eq!(error.certainty, Certainty::InDoubt, "{}", told(&error));
    assert_eq!(db.shown("array_agg(a) FROM t"), "List [1, 3]");
}

#[test]
fn a_file_of_statements_names_its_line() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.sql");
    let run = |text: &str| {
        std::fs::write(&file, text).unwrap();
        db.call("sql.run_file", vec![("path", Value::str(file.to_str().unwrap()))])
    };
    let done = run(
        "CREATE TABLE t (a int);\nCREATE FUNCTION f() RETURNS int AS $body$ BEGIN RETURN 1; END; $body$ LANGUAGE plpgsql;\nINSERT INTO t SELECT f() FROM generate_series(1, 3);\n",
    );
    assert_eq!(done.unwrap().inspect(), "{ statements: 3, affected: 3 }");
    let error = run("INSERT INTO t VALUES (4);\n\nINSERT INTO t\nVALUES (1, 2);\n").unwrap_err();
    assert!(error.message.ends_with("m.sql: INSERT has more expressions than target columns"), "{}", told(&error));
    assert_eq!(error.output.as_deref(), Some("line 4: VALUES (1, 2)\n                   ^"), "{}", told(&error));
    assert_eq!(db.shown("count(*) FROM t"), "Int 3");
    let error = run("BEGIN;\nINSERT INTO t VALUES (4);\nCOMMIT;\nSELECT broken;\n").unwrap_err();
    // What it has committed itself stays: nobody can say that nothing happened.
    assert_eq!(error.certainty, Certainty::InDoubt, "{}", told(&error));
    assert_eq!(db.shown("count(*) FROM t"), "Int 4");
}

#[test]
fn failures_say_what_to_do() {
    let Some(server) = postgres() else { return };
    let db = server.postgres_database();
    db.must("CREATE TABLE t (a int)");
    db.must("CREATE ROLE visitor LOGIN PASSWORD 'visitor-word'");
    let port = server.port;
    let at =
        |url: String| Db::new(url).query(&["SELECT * FROM t"], Vec::new()).map_err(|error| told(&error)).unwrap_err();
    let database = db.url.rsplit('/').next().unwrap().to_owned();
    for (url, wanted) in [
        (
            format!("postgres://admin:wrong-word@localhost:{port}/postgres"),
            format!("NotBegun: localhost:{port} does not take the password of admin\nhelp: look at the password"),
        ),
        (
            format!("postgres://admin:{ENCODED}@localhost:{port}/shop"),
            format!("NotBegun: localhost:{port} has no database shop\nhelp: the last part of the address names it"),
        ),
        (
            format!("postgres://admin@localhost:{port}/postgres"),
            format!("NotBegun: localhost:{port} wants a password of admin\nhelp: postgres://"),
        ),
        (
            "postgres://admin:x@localhost:1/postgres".to_owned(),
            "NotBegun: localhost:1 refused the connection: nothing listens there\nhelp: is it the right host"
                .to_owned(),
        ),
        (
            "postgres://admin:x@no-such-host.invalid/postgres".to_owned(),
            "NotBegun: the name of no-such-host.invalid:5432 could not be resolved".to_owned(),
        ),
        (
            format!("postgres://visitor:visitor-word@localhost:{port}/{database}"),
            "Failed: permission denied for table t\nhelp: the user of this address may not do that".to_owned(),
        ),
        (
            format!("postgres://admin:{ENCODED}@localhost:{port}/postgres?sslmode=maybe"),
            "NotBegun: this is no address of PostgreSQL: sslmode=maybe".to_owned(),
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
            "Failed: syntax error at or near \"FORM\"\noutput: SELECT * FORM t\n         ^",
        ),
        (&["SELECT b FROM t"], vec![], "Failed: column \"b\" does not exist\noutput: SELECT b FROM t\n       ^"),
        (
            &["SELECT * FROM users"],
            vec![],
            "Failed: relation \"users\" does not exist\noutput: SELECT * FROM users\n              ^\nhelp: look at the search_path",
        ),
        (
            &["SELECT $2::int + ", "::int"],
            vec![Value::Int(1)],
            "NotBegun: the statement has 2 places for values, and 1 is given",
        ),
    ] {
        let told = told(&db.query(pieces, values).unwrap_err());
        assert!(told.starts_with(wanted), "{told}");
    }
    let error = db.exec(&["CREATE ROLE x PASSWORD ", ""], vec![Value::from("a")]).unwrap_err();
    assert!(told(&error).contains("PostgreSQL takes a value only where an expression stands"), "{}", told(&error));
}

#[test]
fn who_answers_is_known_if_asked_for() {
    let Some(server) = postgres() else { return };
    let url = |query: &str| format!("{}&{query}", server.postgres_url("postgres"));
    server.postgres_database();
    let ssl = "ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let root = format!("sslrootcert={}", server.folder.join("server.crt").display());
    for (query, encrypted) in [
        ("sslmode=disable".to_owned(), "Bool false"),
        ("sslmode=prefer".to_owned(), "Bool true"),
        ("sslmode=require".to_owned(), "Bool true"),
        (format!("sslmode=verify-full&{root}"), "Bool true"),
    ] {
        assert_eq!(Db::new(url(&query)).shown(ssl), encrypted, "{query}");
    }
    let error = Db::new(url("sslmode=verify-full")).query(&["SELECT 1"], Vec::new()).unwrap_err();
    assert!(
        told(&error).contains("the certificate of localhost:") && told(&error).contains("sslrootcert="),
        "{}",
        told(&error)
    );
    let other = url(&format!("sslmode=verify-full&{root}")).replace("@localhost", "@127.0.0.1");
    let error = Db::new(other).query(&["SELECT 1"], Vec::new()).unwrap_err();
    assert!(told(&error).contains("the certificate of 127.0.0.1:"), "{}", told(&error));
    // Through the socket, without a word about TLS.
    let socket = format!("postgres://admin:{ENCODED}@/postgres?host={}&port={}", server.folder.display(), server.port);
    assert_eq!(Db::new(socket).shown("1"), "Int 1");
}

//! The whole program with a database: Ctrl-C, `kill -9` and what a resume makes of it; no password is shown.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rbk::value::Value;
use rustix::process::{Pid, Signal, kill_process};

use super::db::Db;
use super::server::{ENCODED, PASSWORD, postgres};
use super::world::book::Book;

/// `pace` says how long the insert takes.
const BOOK: &str = r#"
secret db from env_var("DATABASE_URL")

step "Fill the table" {
    sql.exec(db, "INSERT INTO done SELECT ${"once"} FROM (SELECT pg_sleep(seconds) FROM pace) AS stopping_marker", affects: 1)
} undo {
    sql.exec(db, "DELETE FROM done WHERE word = ${"once"}")
} probe {
    assert sql.value(db, "SELECT count(*) FROM done") == 1
}
step "Then" irreversible "a test" {
    sql.exec(db, "INSERT INTO done VALUES (${"then"})")
}
"#;

struct Case {
    db: Db,
    watch: Db,
    book: Book,
}

impl Case {
    fn new() -> Option<Self> {
        let server = postgres()?;
        let db = server.postgres_database();
        db.must("CREATE TABLE done (word text)");
        db.must("CREATE TABLE pace (seconds int)");
        db.must("INSERT INTO pace VALUES (60)");
        Some(Self { watch: Db::new(db.url.as_str()), db, book: Book::new(BOOK) })
    }

    fn start(&self) -> Child {
        let mut command = self.book.command(&["run", "book.rbk"]);
        command.env("DATABASE_URL", &self.db.url).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        self.until("the insert does not begin", "1");
        child
    }

    fn until(&self, what: &str, running: &str) {
        let own = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() \
            AND datname = current_database() AND query LIKE ";
        let begun = Instant::now();
        while self.watch.value(&[own, ""], vec![Value::from("INSERT%stopping_marker%")]).unwrap().inspect() != running {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!told.contains(PASSWORD) && !told.contains(ENCODED), "{told}");
    (output.status.code(), told)
}

#[test]
fn ctrl_c_ends_the_statement_on_the_server() {
    let Some(case) = Case::new() else { return };
    let child = case.start();
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (code, told) = ended(child);
    assert!(begun.elapsed() < Duration::from_secs(5), "{told}");
    assert_eq!(code, Some(1), "{told}");
    case.until("it still runs", "0");
    assert_eq!(case.db.shown("count(*) FROM done"), "Int 0", "{told}");
    // It is known not to have happened, so it is simply done again.
    case.db.must("UPDATE pace SET seconds = 0 WHERE true");
    let mut resume = case.book.command(&["resume", "@latest"]);
    resume.env("DATABASE_URL", &case.db.url);
    super::world::book::told(resume).is(0).never_says(PASSWORD);
    assert_eq!(case.db.shown("array_agg(word) FROM done"), "List [\"once\", \"then\"]");
}

#[test]
fn what_a_killed_run_did_not_commit_did_not_happen() {
    let Some(case) = Case::new() else { return };
    let child = case.start();
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    ended(child);
    // The server looks every two seconds whether anybody still waits.
    case.until("it still runs", "0");
    case.db.must("UPDATE pace SET seconds = 0 WHERE true");
    let mut resume = case.book.command(&["resume", "@latest"]);
    resume.env("DATABASE_URL", &case.db.url);
    // The probe has looked, and nobody was asked.
    super::world::book::told(resume).is(0);
    assert_eq!(case.db.shown("array_agg(word) FROM done"), "List [\"once\", \"then\"]");
}

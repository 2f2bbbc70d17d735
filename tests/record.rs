//! The record of real runs: killed with SIGKILL in the middle, gone on with, taken back; real processes.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const BOOK: &str = r#"runbook "Killed" { lock = "killed" }
step "one" {
    $ sh -c 'echo one >> log'
} undo {
    $ sh -c 'echo un-one >> log'
}
step "two" {
    let answer = $ sh -c 'echo two >> log; echo 42'
    $ sh -c 'echo begun >> log; sleep 1'
    note "the answer is ${answer}"
} undo {
    $ sh -c 'echo un-two >> log'
}
step "three" irreversible "a look" {
    $ test -e mended
}
"#;

fn rbk(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rbk"));
    command.args(arguments).current_dir(home).env("XDG_STATE_HOME", home.join("state")).stdin(Stdio::null());
    command
}

fn ended(home: &Path, arguments: &[&str], code: i32) -> String {
    let Output { status, stdout, stderr } = rbk(home, arguments).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{arguments:?}: {told}");
    told
}

fn log(home: &Path) -> Vec<String> {
    fs::read_to_string(home.join("log")).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Begins the run and kills rbk, and nothing else, once the second command of step two is under way.
fn killed() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("book.rbk"), BOOK).unwrap();
    let mut run = rbk(home.path(), &["run", "book.rbk"]).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while log(home.path()).last().is_none_or(|line| line != "begun") {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    home
}

const HAPPENED: &str = "Nobody knows whether this happened: $ sh -c 'echo begun >> log; sleep 1'=it happened";

#[test]
fn what_was_done_before_a_kill_is_not_done_again() {
    let home = killed();
    // The lock stays with the run that was killed.
    assert!(ended(home.path(), &["run", "book.rbk"], 6).contains("rbk resume"));
    // Nobody is there to say whether the second command happened: the run waits, and changes nothing.
    assert!(ended(home.path(), &["resume"], 5).contains("Nobody knows whether this happened"));
    assert_eq!(log(home.path()), ["one", "two", "begun"]);
    let told = ended(home.path(), &["resume", "--answer", HAPPENED], 1);
    assert!(told.contains("the answer is 42"), "{told}");
    // What failed is tried again; what was decided stays decided.
    ended(home.path(), &["resume"], 1);
    fs::write(home.path().join("mended"), "").unwrap();
    ended(home.path(), &["resume"], 0);
    assert_eq!(log(home.path()), ["one", "two", "begun"]);
    assert!(ended(home.path(), &["resume"], 2).contains("is over"));
    assert!(ended(home.path(), &["show", "@latest"], 0).contains("the answer is 42"));
}

#[test]
fn a_killed_run_is_taken_back_from_its_record() {
    let home = killed();
    let told = ended(home.path(), &["rollback"], 3);
    assert!(told.contains("in doubt"), "{told}");
    assert_eq!(log(home.path()), ["one", "two", "begun", "un-two", "un-one"]);
    // The lock is free, and nothing is left to take back.
    ended(home.path(), &["rollback"], 2);
    assert!(ended(home.path(), &["runs"], 0).contains("rolled back"));
}

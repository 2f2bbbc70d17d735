//! Who may approve, and what an approval counts for: real processes of several people.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const BOOK: &str = r#"runbook "Release" { owner = "@platform" }
env staging {}
env prod { four_eyes = true }
approve "Deploy it" by ["@release"]
step "deploy" irreversible "it is live" {
    $ sh -c 'echo deployed >> log'
}
"#;

const GROUPS: &str = "[groups]\nrelease = [\"ada\", \"@leads\"]\nleads = [\"grace\"]\n";

fn project(book: &str, settings: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("book.rbk"), book).unwrap();
    fs::write(home.path().join("rbk.toml"), settings).unwrap();
    home
}

/// What somebody types, with nobody on a terminal. Only of root does rbk believe another name, as sudo gives it.
fn by(who: &str, home: &Path, arguments: &[&str], code: i32) -> String {
    let rbk = env!("CARGO_BIN_EXE_rbk");
    let mut command = if rustix::process::getuid().is_root() {
        Command::new(rbk)
    } else {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", rbk]);
        command
    };
    command.args(arguments).current_dir(home).env("XDG_STATE_HOME", home.join("state")).env("SUDO_USER", who);
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{who}: {arguments:?}: {told}");
    told
}

fn has(told: &str, part: &str) {
    assert!(told.contains(part), "{part:?} is not in: {told}");
}

fn deployed(home: &Path) -> usize {
    fs::read_to_string(home.join("log")).unwrap_or_default().lines().count()
}

#[test]
fn the_starter_approves_nothing_where_four_eyes_are_wanted() {
    let project = project(BOOK, GROUPS);
    let home = project.path();
    let told = by("ada", home, &["run", "book.rbk", "-e", "prod", "--approve", "Deploy it"], 5);
    has(&told, "ada started the run: somebody else must approve");
    has(&told, "rbk approve ");
    has(&by("ada", home, &["approve"], 2), "ada started the run: somebody else must approve");
    // Whoever goes on with it does not make her flag count for more.
    by("grace", home, &["resume"], 5);
    assert_eq!(deployed(home), 0);
    has(&by("grace", home, &["approve", "--evidence", "CHG-1234"], 0), "\"Deploy it\": yes, by grace");
    by("ada", home, &["resume"], 0);
    assert_eq!(deployed(home), 1);
    let report = by("ada", home, &["report", "@latest"], 0);
    has(&report, "grace");
    has(&report, "CHG-1234");
}

#[test]
fn elsewhere_she_may() {
    let project = project(BOOK, GROUPS);
    by("ada", project.path(), &["run", "book.rbk", "-e", "staging", "--approve", "Deploy it"], 0);
    assert_eq!(deployed(project.path()), 1);
}

#[test]
fn only_members_may() {
    let project = project(BOOK, GROUPS);
    let home = project.path();
    let told = by("eve", home, &["run", "book.rbk", "-e", "staging", "--approve", "Deploy it"], 5);
    has(&told, "eve is not of @release: ada, grace");
    has(&by("eve", home, &["approve"], 2), "eve is not of @release: ada, grace");
    // No needs no right: whoever sees the danger says so.
    by("eve", home, &["approve", "--deny"], 0);
    has(&by("eve", home, &["resume"], 1), "eve said no");
    assert_eq!(deployed(home), 0);
}

#[test]
fn a_group_that_nobody_lists_is_taken_at_its_word_and_that_is_told() {
    let project = project(BOOK, "");
    let home = project.path();
    by("eve", home, &["run", "book.rbk", "-e", "staging"], 5);
    has(&by("eve", home, &["show"], 0), "nobody checks who is of @release");
    by("eve", home, &["approve"], 0);
    by("eve", home, &["resume"], 0);
}

#[test]
fn one_approval_counts_once() {
    let twice = "for n in [1, 2] {\n    approve \"Go on\"\n    step \"go ${n}\" irreversible \"gone\" {\n        \
                 $ sh -c 'echo gone >> log'\n    }\n}\n";
    let project = project(twice, "");
    let home = project.path();
    by("ada", home, &["run", "book.rbk"], 5);
    by("ada", home, &["approve"], 0);
    by("ada", home, &["resume"], 5);
    assert_eq!(deployed(home), 1);
    by("ada", home, &["resume"], 5);
    assert_eq!(deployed(home), 1);
    by("ada", home, &["approve"], 0);
    by("ada", home, &["resume"], 0);
    assert_eq!(deployed(home), 2);
}

#[test]
fn two_of_them_are_two_people() {
    let two = "approve \"Drop the table\" by 2 of [\"ada\", \"grace\"]\nstep \"drop\" irreversible \"gone\" {\n    \
               $ sh -c 'echo gone >> log'\n}\n";
    let project = project(two, "");
    let home = project.path();
    has(&by("ada", home, &["run", "book.rbk", "--approve", "Drop the table"], 5), "ada approved it already");
    has(&by("ada", home, &["approve"], 2), "ada approved it already: somebody else must approve");
    has(&by("eve", home, &["approve"], 2), "eve is not among those who may: ada, grace");
    by("grace", home, &["approve"], 0);
    by("ada", home, &["resume"], 0);
    assert_eq!(deployed(home), 1);
}

#[test]
fn what_expired_is_refused_and_asked_anew() {
    let project = project("approve \"Now\" within 1s\nnote \"it is now\"\n", "");
    let home = project.path();
    by("ada", home, &["run", "book.rbk"], 5);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    has(&by("ada", home, &["approve"], 2), "it could be approved until");
    has(&by("ada", home, &["resume", "--approve", "Now"], 0), "it is now");
}

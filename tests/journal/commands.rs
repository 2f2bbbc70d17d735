//! The commands that read the journal alone.

use std::path::Path;

use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::Store;

use super::story::{begin, block_on, ended, intent, note, outcome, resumed, started};

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn rbk(home: &Path, args: &[&str]) -> Said {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rbk"));
    for name in ["RBK_JOURNAL", "XDG_STATE_HOME", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    let output = command.env("HOME", home).args(args).output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[track_caller]
fn says(said: &Said, code: i32, words: &[&str]) {
    let text = format!("{}{}", said.out, said.err);
    assert_eq!(said.code, code, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

fn place(home: &Path) -> std::path::PathBuf {
    home.join(".local/state/rbk/journal.db")
}

#[test]
fn without_a_journal_they_say_so_and_make_none() {
    let home = tempfile::tempdir().unwrap();
    says(&rbk(home.path(), &["runs"]), 0, &["there is no journal yet at", ".local/state/rbk/journal.db"]);
    says(&rbk(home.path(), &["runs", "--json"]), 0, &[r#"{"schema":"rbk.run/1","runs":[]}"#]);
    says(&rbk(home.path(), &["locks"]), 0, &["there is no journal yet"]);
    says(&rbk(home.path(), &["show", "@latest"]), 2, &["there is no journal yet"]);
    says(&rbk(home.path(), &["unlock", "prod", "--why", "x"]), 2, &["there is no journal yet"]);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    drop(SqliteStore::make(&place(home.path())).unwrap());
    says(&rbk(home.path(), &["runs"]), 0, &["the journal is empty"]);
    says(&rbk(home.path(), &["show", "@latest"]), 2, &["there is no run in this journal yet"]);
}

#[test]
fn a_shared_journal_is_refused_without_naming_its_password() {
    let home = tempfile::tempdir().unwrap();
    let said = rbk(home.path(), &["runs", "--journal", "postgres://me:hunter22@db/rbk"]);
    says(&said, 2, &["keeps no shared journal yet", "--journal PATH"]);
    assert!(!said.err.contains("hunter22"), "{}", said.err);
}

#[test]
fn runs_are_listed_shown_and_reported() {
    let home = tempfile::tempdir().unwrap();
    block_on(async {
        let store = SqliteStore::make(&place(home.path())).unwrap();
        let record = begin(&store, "0199a1").await;
        record.write(intent(1)).await.unwrap();
        record.note(outcome(1, rbk::journal::entry::Ending::Done));
        record.note(note(2, "evil \u{1b}[2J title"));
        record.write(ended("succeeded")).await.unwrap();
        drop(record);
        let record = begin(&store, "0199b2").await;
        record.write(intent(1)).await.unwrap();
    });
    let list = rbk(home.path(), &["runs"]);
    says(&list, 0, &["✓ succeeded", "! broken off", "Deploy 0199b2 · prod · ada"]);
    assert!(list.out.find("0199b2") < list.out.find("0199a1"), "{}", list.out);
    says(&rbk(home.path(), &["runs", "-n", "1"]), 0, &["0199b2"]);
    says(&rbk(home.path(), &["show", "0199a"]), 0, &["Deploy 0199a1 · prod", "$ deploy 1", "evil ␛[2J title"]);
    says(&rbk(home.path(), &["show", "@latest"]), 0, &["in doubt", "rbk resume 0199b2", "rbk rollback 0199b2"]);
    says(&rbk(home.path(), &["show", "0199"]), 2, &["2 runs begin with `0199`", "type more of it"]);
    says(&rbk(home.path(), &["show", "7"]), 2, &["there is no run `7`", "rbk runs lists them"]);
    says(&rbk(home.path(), &["report", "@-1"]), 0, &["# Deploy 0199a1: succeeded", "## What happened"]);
    says(&rbk(home.path(), &["report", "@-1", "--format", "junit"]), 0, &["<testsuites", "tests=\"1\""]);
    let json = rbk(home.path(), &["report", "@-1", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["schema"], &json["status"]), (&"rbk.run/1".into(), &"succeeded".into()));
}

#[test]
fn a_lock_is_seen_and_released_by_hand() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::make(&place(home.path())).unwrap();
    let record = block_on(store.begin(&started("0199a1", Some("prod")), &[])).unwrap();
    let me = format!("process {}", std::process::id());
    says(&rbk(home.path(), &["locks"]), 0, &["prod  since", "by run 0199a1 of ada on web-1", &me]);
    // Not from under a run that is alive.
    says(&rbk(home.path(), &["unlock", "prod", "--why", "I want it"]), 6, &["run 0199a1 is held by", &me]);
    block_on(record.write(resumed())).unwrap();
    drop(record);
    says(&rbk(home.path(), &["unlock", "prod"]), 2, &["--why"]);
    says(&rbk(home.path(), &["unlock", "prod", "--why", " "]), 2, &["for a reason"]);
    says(&rbk(home.path(), &["unlock", "stage", "--why", "x"]), 2, &["nobody holds the lock `stage`", "held: prod"]);
    says(&rbk(home.path(), &["unlock", "prod", "--why", "gone"]), 0, &["released: prod", "rbk show 0199a1"]);
    says(&rbk(home.path(), &["locks"]), 0, &["no lock is held"]);
    let kept = rusqlite::Connection::open(place(home.path())).unwrap();
    let row: (String, String) =
        kept.query_row("SELECT name, why FROM unlocks", (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(row, ("prod".into(), "gone".into()));
}

#[test]
fn damage_is_told_with_what_is_sound() {
    let home = tempfile::tempdir().unwrap();
    let path = place(home.path());
    block_on(async {
        let store = SqliteStore::make(&path).unwrap();
        let record = begin(&store, "0199a1").await;
        record.write(intent(1)).await.unwrap();
        record.write(intent(2)).await.unwrap();
    });
    let changed = rusqlite::Connection::open(&path).unwrap();
    let sql = "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'deploy 2', 'deploy 3') AS BLOB)";
    assert_eq!(changed.execute(sql, ()).unwrap(), 3);
    drop(changed);
    let shown = rbk(home.path(), &["show", "@latest"]);
    says(&shown, 2, &["$ deploy 1", "the record of run 0199a1 is damaged at entry 3: it is not what was written"]);
    assert!(!shown.out.contains("deploy 3"), "{}", shown.out);
    says(&rbk(home.path(), &["report", "@latest"]), 2, &["is damaged at entry 3"]);
}

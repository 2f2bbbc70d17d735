//! Every action on files: done, taken back, and the world is what it was.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rbk::catalog::{Action, ActionError, Args, Inverse};
use rbk::value::Value;
use tempfile::TempDir;
use world::{Around, action, args, listing, run_local};

/// A folder with one of everything.
fn laid_out() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("text"), "old\n").unwrap();
    fs::set_permissions(at("text"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(at("bytes"), b"\xff\xfe\0old").unwrap();
    fs::set_permissions(at("bytes"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::write(at("large"), vec![b'l'; 2 * 1024 * 1024]).unwrap();
    fs::create_dir_all(at("folder/deep")).unwrap();
    fs::write(at("folder/deep/a"), "a").unwrap();
    fs::write(at("folder/b"), "b").unwrap();
    symlink("deep/a", at("folder/link")).unwrap();
    fs::set_permissions(at("folder/deep"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("text", at("to-text")).unwrap();
    symlink("large", at("to-large")).unwrap();
    symlink("nowhere", at("to-nothing")).unwrap();
    symlink("folder", at("to-folder")).unwrap();
    dir
}

fn around(dir: &Path) -> Around {
    let mut around = Around::new();
    around.surroundings.dir = Some(dir.to_owned());
    around
}

/// Captured, done.
struct Done {
    action: &'static Action,
    args: Args,
    captured: Value,
    result: Result<Value, ActionError>,
}

fn given(action: &'static Action, texts: &[(&str, &str)]) -> Args {
    args(action, texts.iter().map(|(name, text)| (*name, Value::str(*text))).collect())
}

fn act(around: &Around, name: &str, texts: &[(&str, &str)]) -> Done {
    let action = action(name);
    let args = given(action, texts);
    let Inverse::Captured { capture, .. } = &action.inverse else { panic!("{name} captures nothing") };
    let captured = run_local(capture(&around.call(&args))).unwrap_or_else(|error| panic!("{name}: {error}"));
    let result = run_local((action.run)(&around.call(&args)));
    Done { action, args, captured, result }
}

fn take_back(around: &Around, done: &Done) -> Result<(), ActionError> {
    let Inverse::Captured { restore, show, .. } = &done.action.inverse else { unreachable!() };
    assert!(!show(&done.args, &done.captured).is_empty());
    run_local(restore(&around.call(&done.args), &done.captured))
}

fn discard(around: &Around, done: &Done) {
    let Inverse::Captured { discard, .. } = &done.action.inverse else { unreachable!() };
    run_local(discard(&around.call(&done.args), &done.captured));
}

fn hidden(dir: &Path) -> Vec<String> {
    listing(dir).into_iter().filter(|line| line.contains("rbk")).collect()
}

/// Changes that happen, each by its name and arguments.
const CHANGES: &[(&str, &[(&str, &str)])] = &[
    ("file.write", &[("path", "new"), ("content", "x")]),
    ("file.write", &[("path", "text"), ("content", "x")]),
    ("file.write", &[("path", "bytes"), ("content", "x")]),
    ("file.write", &[("path", "large"), ("content", "x")]),
    ("file.write", &[("path", "to-text"), ("content", "x")]),
    ("file.write", &[("path", "to-large"), ("content", "x")]),
    ("file.write", &[("path", "to-nothing"), ("content", "x")]),
    ("file.append", &[("path", "new"), ("content", "x")]),
    ("file.append", &[("path", "text"), ("content", "x")]),
    ("file.append", &[("path", "large"), ("content", "x")]),
    ("file.append", &[("path", "bytes"), ("content", "x")]),
    ("file.append", &[("path", "to-large"), ("content", "x")]),
    ("file.copy", &[("from", "text"), ("to", "new")]),
    ("file.copy", &[("from", "text"), ("to", "bytes")]),
    ("file.copy", &[("from", "text"), ("to", "to-large")]),
    ("file.copy", &[("from", "large"), ("to", "text")]),
    ("file.copy", &[("from", "folder"), ("to", "new")]),
    ("file.copy", &[("from", "folder/deep"), ("to", "folder")]),
    ("file.copy", &[("from", "folder/deep"), ("to", "to-folder")]),
    ("file.copy", &[("from", "to-text"), ("to", "new")]),
    ("file.move", &[("from", "text"), ("to", "new")]),
    ("file.move", &[("from", "folder"), ("to", "new")]),
    ("file.move", &[("from", "to-text"), ("to", "new")]),
    ("file.remove", &[("path", "text")]),
    ("file.remove", &[("path", "bytes")]),
    ("file.remove", &[("path", "folder")]),
    ("file.remove", &[("path", "to-folder")]),
    ("file.remove", &[("path", "to-nothing")]),
    ("file.mkdir", &[("path", "new")]),
    ("file.mkdir", &[("path", "folder/x/y/z")]),
    ("file.link", &[("link", "new"), ("target", "text")]),
    ("file.link", &[("link", "to-text"), ("target", "large")]),
    ("file.link", &[("link", "to-nothing"), ("target", "text")]),
    ("file.link", &[("link", "to-folder"), ("target", "text")]),
];

#[test]
fn what_was_done_is_taken_back_whole() {
    for (name, texts) in CHANGES {
        let dir = laid_out();
        let around = around(dir.path());
        let before = listing(dir.path());
        let done = act(&around, name, texts);
        done.result.as_ref().unwrap_or_else(|error| panic!("{name} {texts:?}: {error}"));
        assert_ne!(listing(dir.path()), before, "{name} {texts:?} did nothing");
        take_back(&around, &done).unwrap_or_else(|error| panic!("{name} {texts:?}: {error}"));
        assert_eq!(listing(dir.path()), before, "{name} {texts:?}");
    }
}

#[test]
fn what_stays_leaves_nothing_hidden() {
    for (name, texts) in CHANGES {
        let dir = laid_out();
        let around = around(dir.path());
        let done = act(&around, name, texts);
        discard(&around, &done);
        assert_eq!(hidden(dir.path()), Vec::<String>::new(), "{name} {texts:?}");
    }
}

#[test]
fn all_of_it_in_a_row_is_taken_back_newest_first() {
    let dir = laid_out();
    let around = around(dir.path());
    let before = listing(dir.path());
    let rows: &[(&str, &[(&str, &str)])] = &[
        ("file.append", &[("path", "large"), ("content", "1")]),
        ("file.append", &[("path", "large"), ("content", "2")]),
        ("file.remove", &[("path", "large")]),
        ("file.write", &[("path", "large"), ("content", "3")]),
        ("file.remove", &[("path", "large")]),
        ("file.remove", &[("path", "large")]),
        ("file.mkdir", &[("path", "large")]),
        ("file.copy", &[("from", "folder"), ("to", "large/in")]),
        ("file.move", &[("from", "folder"), ("to", "large/moved")]),
        ("file.write", &[("path", "bytes"), ("content", "4")]),
        ("file.write", &[("path", "bytes"), ("content", "5")]),
        ("file.link", &[("link", "to-text"), ("target", "bytes")]),
        ("file.write", &[("path", "to-text"), ("content", "6")]),
        ("file.remove", &[("path", "text")]),
        ("file.mkdir", &[("path", "text/a/b")]),
    ];
    let mut all: Vec<Done> = rows.iter().map(|(name, texts)| act(&around, name, texts)).collect();
    assert!(all.iter().all(|done| done.result.is_ok()));
    while let Some(done) = all.pop() {
        take_back(&around, &done).unwrap_or_else(|error| panic!("{}: {error}", done.action.name));
    }
    assert_eq!(listing(dir.path()), before);
}

#[test]
fn what_failed_and_is_taken_back_does_no_harm() {
    let failing: &[(&str, &[(&str, &str)])] = &[
        ("file.move", &[("from", "text"), ("to", "bytes")]),
        ("file.move", &[("from", "none"), ("to", "bytes")]),
        ("file.move", &[("from", "none"), ("to", "new")]),
        ("file.move", &[("from", "text"), ("to", "none/new")]),
        ("file.write", &[("path", "none/new"), ("content", "x")]),
        ("file.write", &[("path", "folder"), ("content", "x")]),
        ("file.copy", &[("from", "none"), ("to", "new")]),
        ("file.copy", &[("from", "none"), ("to", "large")]),
        ("file.copy", &[("from", "text"), ("to", "folder")]),
        ("file.mkdir", &[("path", "text")]),
        ("file.mkdir", &[("path", "text/x")]),
    ];
    for (name, texts) in failing {
        let dir = laid_out();
        let around = around(dir.path());
        let before = listing(dir.path());
        let action = action(name);
        let args = given(action, texts);
        let Inverse::Captured { capture, .. } = &action.inverse else { unreachable!() };
        // A failing capture ends it before anything is done.
        if let Ok(captured) = run_local(capture(&around.call(&args))) {
            let result = run_local((action.run)(&around.call(&args)));
            let message = result.as_ref().expect_err(name).message.clone();
            assert!(!message.contains("rbk"), "{message}");
            let done = Done { action, args, captured, result };
            take_back(&around, &done).unwrap_or_else(|error| panic!("{name} {texts:?}: {error}"));
        }
        assert_eq!(listing(dir.path()), before, "{name} {texts:?}");
    }
}

#[test]
fn what_another_put_there_meanwhile_is_not_overwritten() {
    let dir = laid_out();
    let around = around(dir.path());
    let done = act(&around, "file.move", &[("from", "text"), ("to", "new")]);
    fs::write(dir.path().join("text"), "theirs").unwrap();
    let error = take_back(&around, &done).unwrap_err();
    assert!(error.message.contains("again") && error.help.is_some(), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("text")).unwrap(), "theirs");
}

#[test]
fn a_named_pipe_is_not_waited_for() {
    let dir = laid_out();
    let around = around(dir.path());
    assert!(std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap().success());
    let action = action("file.copy");
    let args = given(action, &[("from", "pipe"), ("to", "new")]);
    let error = run_local((action.run)(&around.call(&args))).unwrap_err();
    assert!(error.message.contains("neither a file"), "{error}");
}

#[test]
fn a_link_over_a_file_is_refused() {
    let dir = laid_out();
    let around = around(dir.path());
    let action = action("file.link");
    let args = given(action, &[("link", "text"), ("target", "bytes")]);
    let Inverse::Captured { capture, .. } = &action.inverse else { unreachable!() };
    let error = run_local(capture(&around.call(&args))).unwrap_err();
    assert!(error.message.contains("is no link"), "{error}");
    assert!(run_local((action.run)(&around.call(&args))).is_err());
    assert_eq!(fs::read_to_string(dir.path().join("text")).unwrap(), "old\n");
}

#[test]
fn reading_and_what_can_be_wrong_with_it() {
    let dir = laid_out();
    let around = around(dir.path());
    let read = |name: &str, path: &str| {
        let action = action(name);
        let args = given(action, &[("path", path)]);
        run_local((action.run)(&around.call(&args))).map(|value| value.to_text().clone())
    };
    assert_eq!(read("file.read", "text").unwrap(), "old\n");
    assert!(read("file.sha256", "text").unwrap().starts_with("01d09d19c2139a46"));
    assert!(read("file.read", "bytes").unwrap_err().message.contains("not text in UTF-8"));
    assert!(read("file.read", "none").unwrap_err().help.unwrap().contains("relative"));
    assert_eq!(read("file.exists", "to-nothing").unwrap(), "true");
    assert_eq!(read("file.exists", "none").unwrap(), "false");
    assert!(read("file.list", "text").is_err());
    assert!(read("file.list", "folder").unwrap().contains("link"));
}

#[test]
fn a_new_file_gets_its_mode() {
    let dir = laid_out();
    let around = around(dir.path());
    let action = action("file.write");
    let texts = vec![("path", Value::str("new")), ("content", Value::str("x")), ("mode", Value::Int(0o600))];
    run_local((action.run)(&around.call(&args(action, texts)))).unwrap();
    assert!(listing(dir.path()).contains(&"new 600 1 \"x\"".to_owned()));
}

#[test]
fn putting_a_folder_back_again_loses_nothing() {
    let dir = laid_out();
    let around = around(dir.path());
    let before = listing(dir.path());
    for (name, texts) in [
        ("file.copy", &[("from", "text"), ("to", "folder")][..]),
        ("file.copy", &[("from", "folder/deep"), ("to", "folder")]),
        ("file.remove", &[("path", "folder")]),
    ] {
        let done = act(&around, name, texts);
        // A rollback that was cut short begins anew.
        take_back(&around, &done).unwrap();
        take_back(&around, &done).unwrap();
        assert_eq!(listing(dir.path()), before, "{name}");
    }
}

#[test]
fn a_folder_is_put_back_from_wherever_it_was_cut_short() {
    let dir = laid_out();
    let around = around(dir.path());
    let before = listing(dir.path());
    let done = act(&around, "file.copy", &[("from", "folder/deep"), ("to", "folder")]);
    done.result.as_ref().unwrap();
    // The new folder is half removed already.
    fs::remove_dir_all(dir.path().join("folder/deep")).unwrap();
    take_back(&around, &done).unwrap();
    assert_eq!(listing(dir.path()), before);
}

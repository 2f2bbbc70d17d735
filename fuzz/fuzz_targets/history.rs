//! Entries in any order make a story that can be told in each form, without a panic and without an escape.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rbk::diag::Style;
use rbk::journal::entry::Entry;
use rbk::journal::store::{RunSummary, Standing};
use rbk::report::history::{History, json, junit, markdown, tree};

const STARTED: &str = r#"{"at":"2026-03-14T02:41:07Z","event":"started","run":"a","title":"t","file":"f","environment":null,
"actor":"a","host":"h","cwd":"/","version":"0","plan":"p","params":[],"from":null,"until":null,"only":[],"on_fail":"stop",
"yes":false,"approve":[],"answers":[],"lock":null}"#;

fuzz_target!(|text: &str| {
    let summary = RunSummary {
        run: "a".into(),
        title: "t".into(),
        file: "f".into(),
        environment: None,
        actor: "a".into(),
        started: jiff::Timestamp::UNIX_EPOCH,
        last: jiff::Timestamp::UNIX_EPOCH,
        standing: Standing::Broken,
        entries: 0,
    };
    let mut builder = History::builder(&summary);
    builder.add(1, serde_json::from_str(STARTED).unwrap());
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    (2..).zip(entries).for_each(|(number, entry)| builder.add(number, entry));
    let Some(history) = builder.finish() else { return };
    let shown = tree::draw(&history, Style::default());
    assert!(!shown.contains('\u{1b}'));
    assert!(!markdown::draw(&history).contains('\u{1b}'));
    assert!(!junit::draw(&history).contains('\u{1b}'));
    json::draw(&history);
});

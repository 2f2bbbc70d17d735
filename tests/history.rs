//! The story of a run, read out of its record and told in each form.
//!
//! `tests/history/NAME.jsonl` holds the entries as the journal keeps them; beside it stands what is told of them.
//! They also pin the form of the entries: records that were written must be readable for ever.
//! RBK_BLESS=1 writes the answers anew: read them.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use rbk::diag::Style;
use rbk::journal::entry::{Entry, Recorded};
use rbk::journal::store::{RunSummary, Standing};
use rbk::report::history::{History, json, junit, markdown, summary, tree};

const FOLDER: &str = "tests/history";

fn entries(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).unwrap();
    let read = |line: &str| {
        let entry: Entry =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()));
        // And as it is written, it is read again.
        let again = serde_json::to_value(&entry).unwrap();
        assert_eq!(serde_json::to_value(serde_json::from_value::<Entry>(again.clone()).unwrap()).unwrap(), again);
        entry
    };
    text.lines().map(read).collect()
}

fn summary_of(entries: &[Entry]) -> RunSummary {
    let Recorded::Started(started) = &entries[0].event else { panic!("it does not begin") };
    let standing = match &entries.last().unwrap().event {
        Recorded::Ended(ended) => Standing::Ended(ended.status.clone()),
        _ => Standing::Broken,
    };
    RunSummary {
        run: started.run.to_string(),
        title: started.title.clone(),
        file: started.file.clone(),
        environment: started.environment.clone(),
        actor: started.actor.clone(),
        started: entries[0].at,
        last: entries.last().unwrap().at,
        standing,
        entries: entries.len() as u64,
    }
}

fn history(entries: &[Entry], summary: &RunSummary) -> History {
    let mut builder = History::builder(summary);
    (1..).zip(entries).for_each(|(number, entry)| builder.add(number, entry.clone()));
    builder.finish().unwrap()
}

fn stories() -> Vec<PathBuf> {
    let files = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut stories: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    stories.sort();
    assert!(!stories.is_empty());
    stories
}

#[track_caller]
fn is_as_told(path: &Path, told: &str) {
    if std::env::var_os("RBK_BLESS").is_some() {
        std::fs::write(path, told).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(expected == told, "{} (RBK_BLESS=1 writes it anew):\n{told}", path.display());
}

#[test]
fn each_story_in_each_form() {
    let style = Style { width: 80, ..Style::default() };
    let mut list = Vec::new();
    for path in stories() {
        let entries = entries(&path);
        let summary = summary_of(&entries);
        let history = history(&entries, &summary);
        let shown = tree::draw(&history, style);
        let page = markdown::draw(&history);
        let cases = junit::draw(&history);
        for text in [&shown, &page, &cases] {
            assert!(!text.contains('\u{1b}'), "an escape is obeyed: {text:?}");
        }
        is_as_told(&path.with_extension("show"), &shown);
        is_as_told(&path.with_extension("md"), &page);
        is_as_told(&path.with_extension("xml"), &cases);
        is_as_told(&path.with_extension("json"), &format!("{:#}\n", json::draw(&history)));
        list.push(summary);
    }
    let running = Standing::Running("process 4711 on ops-1 since 2026-03-14 02:41:07Z".into());
    list[0].standing = running;
    list[1].standing = Standing::Damaged("entry 7: it is missing".into());
    let listed = summary::list(&list, style);
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    is_as_told(&Path::new(FOLDER).join("list.txt"), &listed);
}

/// What is kept of a run does not grow with its length, but with what is told of it.
#[test]
fn many_steps_fold() {
    let path = Path::new(FOLDER).join("broken.jsonl");
    let one = entries(&path);
    let summary = summary_of(&one);
    let mut builder = History::builder(&summary);
    builder.add(1, one[0].clone());
    for round in 0..20_000_u32 {
        for mut entry in one[1..5].iter().cloned() {
            match &mut entry.event {
                Recorded::ScopeBegan { pos, .. } | Recorded::ScopeEnded { pos, .. } | Recorded::Outcome { pos, .. } => {
                    pos.at += 10 * round;
                }
                Recorded::Intent { pos, armed, .. } => {
                    pos.at += 10 * round;
                    armed.clear();
                }
                _ => {}
            }
            builder.add(2, entry);
        }
    }
    let history = builder.finish().unwrap();
    assert_eq!(history.counts.passed, 20_000);
    assert!(history.story.len() <= 400, "{}", history.story.len());
    assert!(history.doubts.is_empty());
}

/// A story nests no deeper than what reads it can go down, whatever the record says.
#[test]
fn scopes_without_end() {
    let path = Path::new(FOLDER).join("broken.jsonl");
    let one = entries(&path);
    let mut builder = History::builder(&summary_of(&one));
    builder.add(1, one[0].clone());
    for round in 0..3_000 {
        let mut entry = one[1].clone();
        if let Recorded::ScopeBegan { pos, .. } = &mut entry.event {
            pos.at = round;
        }
        builder.add(2, entry);
    }
    let history = builder.finish().unwrap();
    assert!(tree::draw(&history, Style::default()).len() > 1000);
    assert!(markdown::draw(&history).len() > 1000);
    json::draw(&history);
    junit::draw(&history);
}

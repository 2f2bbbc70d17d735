//! Every golden case of the run time, with a record that cannot be written any more from some entry on: what is not on
//! record does not begin, and a run that could not write an intent is not told to be well.
//!
//! `RBK_CASE=word` runs only the cases whose path holds the word.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "golden/script.rs"]
#[allow(dead_code)]
mod script;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rbk::host::fake::FakeHost;
use rbk::host::{Host, LocalFuture};
use rbk::journal::{Entry, Groups, JournalError, Record, Recorded};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::inputs::bind;
use rbk::runtime::outcome::{Report, Status};
use rbk::runtime::person::Person;
use rbk::runtime::{Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run};
use rbk::session;

const HOME: &str = "/case";

/// A record that takes so many entries that must be durable, and then breaks for good.
struct Breaking {
    taken: RefCell<Vec<Entry>>,
    room: Cell<usize>,
    /// Whether an intent was refused.
    refused: Cell<bool>,
}

impl Record for Breaking {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        let durable = entry.event.must_be_durable();
        let room = self.room.get();
        let written = if room == 0 {
            // What fails in a `finally` is told, and never hides what went before.
            let of_finally = |line: &str| line.split('/').any(|part| part.ends_with('f') || part.starts_with("end"));
            let refused = matches!(&entry.event, Recorded::Intent { pos, .. } if !of_finally(&pos.line));
            self.refused.set(self.refused.get() | refused);
            Err(JournalError { reason: "Input/output error".into() })
        } else {
            self.room.set(room - usize::from(durable));
            self.taken.borrow_mut().push(entry);
            Ok(())
        };
        Box::pin(std::future::ready(written))
    }

    fn note(&self, entry: Entry) {
        if self.room.get() > 0 {
            self.taken.borrow_mut().push(entry);
        }
    }

    fn fence(&self) -> u64 {
        1
    }
}

struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event) {}
}

/// What came of a case.
struct Played {
    report: Rc<Report>,
    record: Rc<Breaking>,
    host: FakeHost,
}

impl Played {
    /// How often each effect that is on record was to begin.
    fn intents(&self) -> BTreeMap<String, usize> {
        counted(self.record.taken.borrow().iter().filter_map(|entry| match &entry.event {
            Recorded::Intent { summary, .. } => Some(summary.clone()),
            _ => None,
        }))
    }
}

fn counted(lines: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    lines.for_each(|line| *count.entry(line).or_insert(0) += 1);
    count
}

async fn play(path: &Path, room: usize) -> Option<Played> {
    let text = std::fs::read_to_string(path).unwrap();
    let host = FakeHost::new();
    host.monotonic();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    host.fake_files().put(&format!("{HOME}/{name}"), &text);
    if let Ok(parts) = std::fs::read_dir(path.parent().unwrap().join("parts")) {
        for part in parts {
            let part = part.unwrap().path();
            let name = part.file_name().unwrap().to_string_lossy().into_owned();
            host.fake_files().put(&format!("{HOME}/parts/{name}"), std::fs::read(&part).unwrap());
        }
    }
    let mut script = script::read(&text, &host).unwrap();
    if script.plan || script.checks_only || !script.stops.is_empty() || script.journal_fails_after.is_some() {
        return None;
    }
    let world: Rc<dyn Host> = Rc::new(host.clone());
    let opened = session::open(world.as_ref(), Path::new(&format!("{HOME}/{name}"))).unwrap();
    let unit = bind(&opened.analysis.program?, &script.given).ok()?;
    let record = Rc::new(Breaking { taken: RefCell::default(), room: Cell::new(room), refused: Cell::new(false) });
    let as_record: Rc<dyn Record> = Rc::clone(&record) as _;
    let person: Rc<dyn Person> = Rc::new(script.person());
    let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
    let start = Start {
        unit,
        id: "run-1".into(),
        dispatcher: session::live(&world, &as_record, &person, &elsewhere),
        host: world,
        observer: Rc::new(Silent),
        control: Rc::new(Control::default()),
        selection: Selection::new(script.from.clone(), script.until.clone(), script.only.clone(), false),
        on_fail: match script.on_fail.as_deref() {
            Some("rollback") => Unhandled::Rollback,
            Some("ask") => Unhandled::Ask,
            _ => Unhandled::Stop,
        },
        before: None,
        groups: Groups::default(),
        stepping: None,
    };
    let report = tokio::time::timeout(Duration::from_secs(30 * 24 * 3600), run(start)).await.ok()?;
    Some(Played { report, record, host })
}

fn on_virtual_clock<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

fn cases() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "parts") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rbk") {
                found.push(path);
            }
        }
    }
    if let Ok(word) = std::env::var("RBK_CASE") {
        found.retain(|path| path.to_string_lossy().contains(&word));
    }
    found.sort();
    found
}

#[test]
fn what_is_not_on_record_does_not_begin() {
    let (mut breaks, mut wrong) = (0, Vec::new());
    for path in cases() {
        let Some(whole) = on_virtual_clock(play(&path, usize::MAX)) else { continue };
        let changes = whole.intents();
        let durable = whole.record.taken.borrow().iter().filter(|entry| entry.event.must_be_durable()).count();
        for room in 0..durable {
            let Some(played) = on_virtual_clock(play(&path, room)) else {
                wrong.push(format!("{} with {room} entries: it never ends", path.display()));
                continue;
            };
            breaks += 1;
            let allowed = played.intents();
            let begun = counted(played.host.lines().into_iter().filter(|line| changes.contains_key(line)));
            for (line, times) in begun {
                let allowed = allowed.get(&line).copied().unwrap_or_default();
                if times > allowed {
                    wrong.push(format!(
                        "{} with {room} of {durable} entries: {line}: {times} times, {allowed} on record",
                        path.display()
                    ));
                }
            }
            let well = matches!(played.report.status, Status::Succeeded | Status::Finished | Status::RolledBack);
            if well && played.record.refused.get() {
                let status = played.report.status.name();
                wrong.push(format!("{} with {room} of {durable} entries ends as {status}", path.display()));
            }
        }
    }
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
    assert!(wrong.is_empty(), "{} of {breaks}:\n{}", wrong.len(), wrong.join("\n").replace(home, ""));
    println!("{breaks} breaks");
    assert!(breaks > 0);
}

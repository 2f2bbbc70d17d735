//! Every golden case of the run time, killed at each entry of its record and resumed: what changed the world
//! happened as often as without the kill, and the run ends as it would have.
//!
//! The world is the scripted one of the golden cases, under a virtual clock. A kill loses what was not durable.
//! Of an effect in doubt the test tells the truth, as an operator would who has looked at the target.
//! `RBK_CASE=word` runs only the cases whose path holds the word, and shows how they were told.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "golden/script.rs"]
#[allow(dead_code)]
mod script;
#[path = "resume/stepped.rs"]
mod stepped;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rbk::host::fake::FakeHost;
use rbk::host::{Cancel, Host, LocalFuture};
use rbk::journal::{Ending, Entry, Groups, JournalError, Position, Recall, Record, Recorded};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::failure::FailureKind;
use rbk::runtime::inputs::bind;
use rbk::runtime::outcome::Report;
use rbk::runtime::person::{Answer, Person, Question, QuestionKind};
use rbk::runtime::replay::history::History;
use rbk::runtime::{Before, Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run};
use rbk::session;
use tokio::sync::Notify;

const HOME: &str = "/case";

/// A record whose writer is killed before its `room`th entry.
struct Mortal {
    durable: RefCell<Vec<Entry>>,
    pending: RefCell<Vec<Entry>>,
    room: Cell<usize>,
    killed: Notify,
}

impl Mortal {
    fn new(durable: Vec<Entry>, room: usize) -> Rc<Self> {
        let (pending, killed) = (RefCell::default(), Notify::new());
        Rc::new(Self { durable: RefCell::new(durable), pending, room: Cell::new(room), killed })
    }

    fn add(&self, entry: Entry) -> bool {
        let Some(left) = self.room.get().checked_sub(1) else {
            self.killed.notify_one();
            return false;
        };
        self.room.set(left);
        self.pending.borrow_mut().push(entry);
        true
    }

    fn numbered(&self) -> Vec<(u64, Rc<Entry>)> {
        (1..).zip(self.durable.borrow().iter().cloned().map(Rc::new)).collect()
    }
}

impl Record for Mortal {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let durable = entry.event.must_be_durable();
            if !self.add(entry) {
                return std::future::pending().await;
            }
            if durable {
                self.durable.borrow_mut().append(&mut self.pending.borrow_mut());
            }
            Ok(())
        })
    }

    fn note(&self, entry: Entry) {
        self.add(entry);
    }

    fn fence(&self) -> u64 {
        1
    }
}

/// Somebody who says what the case says, and of an effect in doubt the truth.
struct Knowing {
    scripted: script::Scripted,
    world: FakeHost,
    record: Rc<Mortal>,
    /// What effects returned when nothing was killed.
    returned: Rc<Vec<(String, Recall)>>,
    about: RefCell<(String, usize)>,
}

impl Person for Knowing {
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        let say = |text: &str| Some(Answer::here(text, "operator"));
        if let Some(what) = question.text.strip_prefix("Nobody knows whether this happened: ") {
            let happened = self.world.lines().iter().filter(|line| *line == what).count();
            let known = outcomes(&self.record.durable.borrow()).iter().filter(|(summary, _)| summary == what).count();
            *self.about.borrow_mut() = (what.to_owned(), known);
            let answer = say(if happened > known { "it happened" } else { "it did not happen" });
            return Box::pin(std::future::ready(answer));
        }
        if question.text.starts_with("What did it return?") {
            let (about, before) = &*self.about.borrow();
            let value =
                self.returned.iter().filter(|(summary, _)| summary == about).nth(*before).map(|(_, value)| value);
            let text = match value {
                Some(Recall::Value(value)) => {
                    value.pointer("/$record/stdout").and_then(|text| text.as_str()).unwrap_or_default().to_owned()
                }
                _ => String::new(),
            };
            return Box::pin(std::future::ready(say(&text)));
        }
        self.scripted.ask(question, cancel)
    }
}

fn about(text: &str) -> Question {
    Question {
        kind: QuestionKind::Confirm,
        text: text.to_owned(),
        details: Vec::new(),
        path: Vec::new(),
        answer_by: None,
    }
}

/// What a kill before the `room`th entry loses: what was not durable, and what happened until the next durable one.
fn lost(entries: &[Entry], room: usize) -> &[Entry] {
    let durable = |entry: &Entry| entry.event.must_be_durable();
    let first = entries[..room].iter().rposition(durable).map_or(0, |at| at + 1);
    let last = entries[room..].iter().position(durable).map_or(entries.len(), |at| room + at);
    &entries[first..last]
}

/// Whether an effect was under way whose failure nobody has seen: it may go another way when it is tried again.
fn loses_a_failure(entries: &[Entry], room: usize) -> bool {
    let fails = |entry: &Entry| match &entry.event {
        Recorded::Outcome { pos, ending, .. } if *ending != Ending::Done => Some(pos.clone()),
        _ => None,
    };
    let failing: Vec<Position> = entries[room..].iter().filter_map(fails).collect();
    entries[..room].iter().any(|entry| matches!(&entry.event, Recorded::Intent { pos, .. } if failing.contains(pos)))
}

/// Whether each change was made as often; what may be repeated without harm also more often.
fn as_often(now: &BTreeMap<String, usize>, wanted: &BTreeMap<String, usize>) -> bool {
    let repeatable = |line: &str| line.starts_with("PUT ") || line.starts_with("DELETE ");
    now.len() == wanted.len()
        && now.iter().all(|(line, times)| {
            wanted.get(line).is_some_and(|wanted| times == wanted || repeatable(line) && times > wanted)
        })
}

/// Cases that a kill changes, and why it may.
const CHANGED: &[(&str, &str)] = &[
    ("control/retry_within_timeout.rbk", "whoever resumes gives the deadlines their full time again"),
    ("http/same_key_after_doubt.rbk", "no person can say all that an answer held"),
];

/// Whether what was seen of the world is looked at again: the scripted one may have gone on.
fn looks_again(entries: &[Entry], room: usize) -> bool {
    let looked = |entry: &Entry| {
        matches!(
            entry.event,
            Recorded::Read { .. } | Recorded::Observed { .. } | Recorded::Scratch { .. } | Recorded::Tripped { .. }
        )
    };
    lost(entries, room).iter().any(looked)
}

/// Effects whose outcome is on record, with what they returned.
fn outcomes(entries: &[Entry]) -> Vec<(String, Option<Recall>)> {
    let mut began: BTreeMap<Position, String> = BTreeMap::new();
    let mut out = Vec::new();
    for entry in entries {
        match &entry.event {
            Recorded::Intent { pos, summary, .. } => drop(began.insert(pos.clone(), summary.clone())),
            Recorded::Outcome { pos, value, ending, .. } if !not_begun(ending) => {
                out.push((began.get(pos).cloned().unwrap_or_default(), value.clone()));
            }
            _ => {}
        }
    }
    out
}

fn not_begun(ending: &Ending) -> bool {
    matches!(ending, Ending::Failed(error) if error.not_begun)
}

struct Told(bool);

impl Observer for Told {
    fn observe(&self, event: &Event) {
        if self.0 {
            println!("    {event:?}");
        }
    }
}

/// A case in its world.
struct Case {
    name: String,
    script: script::Script,
    host: FakeHost,
}

fn lay_out(path: &Path) -> Case {
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
    let script = script::read(&text, &host).unwrap();
    Case { name, script, host }
}

impl Case {
    /// Runs it on this record; `None`: it was killed.
    async fn run(
        &mut self,
        record: &Rc<Mortal>,
        returned: &Rc<Vec<(String, Recall)>>,
        tell: bool,
    ) -> Option<Rc<Report>> {
        let host: Rc<dyn Host> = Rc::new(self.host.clone());
        let program =
            session::open(host.as_ref(), Path::new(&format!("{HOME}/{}", self.name))).unwrap().analysis.program?;
        let unit = bind(&program, &self.script.given).ok()?;
        let scripted = self.script.person();
        for entry in record.durable.borrow().iter() {
            if let Recorded::Answered { question, answer, .. } = &entry.event
                && answer != "•••"
            {
                // Said before the kill: what the case says next is said next.
                drop(scripted.ask(&about(question), &Cancel::new()));
            }
        }
        let person: Rc<dyn Person> = Rc::new(Knowing {
            scripted,
            world: self.host.clone(),
            record: Rc::clone(record),
            returned: Rc::clone(returned),
            about: RefCell::default(),
        });
        let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
        let as_record: Rc<dyn Record> = Rc::clone(record) as _;
        let begun = !record.durable.borrow().is_empty();
        let history = History::new(&record.numbered());
        let start = Start {
            unit,
            id: "run-1".into(),
            host: Rc::clone(&host),
            dispatcher: session::live(&host, &as_record, &person, &elsewhere),
            observer: Rc::new(Told(tell)),
            control: Rc::new(Control::default()),
            selection: Selection::new(
                self.script.from.clone(),
                self.script.until.clone(),
                self.script.only.clone(),
                self.script.checks_only,
            ),
            on_fail: match self.script.on_fail.as_deref() {
                Some("rollback") => Unhandled::Rollback,
                Some("ask") => Unhandled::Ask,
                _ => Unhandled::Stop,
            },
            before: begun.then_some(Before { history, takes_back: false, starter: "tester".to_owned() }),
            groups: Groups::default(),
            stepping: None,
        };
        tokio::select! {
            biased;
            report = run(start) => Some(report),
            () = record.killed.notified() => None,
            // A process that hangs until the failure beside it ends it, where that failure was lost.
            () = tokio::time::sleep(Duration::from_secs(1_000_000)) => None,
        }
    }

    /// How often each change was made in the world.
    fn changes(&self, record: &Mortal) -> BTreeMap<String, usize> {
        let entries = record.durable.borrow();
        let summaries: Vec<&str> = entries
            .iter()
            .filter_map(|entry| match &entry.event {
                Recorded::Intent { summary, .. } => Some(summary.as_str()),
                _ => None,
            })
            .collect();
        let mut changes = BTreeMap::new();
        for line in self.host.lines() {
            if summaries.contains(&line.as_str()) {
                *changes.entry(line).or_insert(0) += 1;
            }
        }
        changes
    }
}

fn on_virtual_clock<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

fn cases() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "parts") {
                    walk(&path, found);
                }
            } else if path.extension().is_some_and(|extension| extension == "rbk") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), &mut found);
    if let Ok(word) = std::env::var("RBK_CASE") {
        found.retain(|path| path.to_string_lossy().contains(&word));
    }
    found.sort();
    found
}

/// What is not about resuming: other ways to run, and runs that are stopped by a signal.
fn is_of_interest(case: &Case) -> bool {
    let script = &case.script;
    !script.plan && !script.checks_only && script.stops.is_empty() && script.journal_fails_after.is_none()
}

// In two halves, which run beside each other.
#[test]
fn a_run_killed_anywhere_and_resumed_does_what_it_would_have_done() {
    kill_everywhere(cases().into_iter().step_by(2));
}

#[test]
fn a_run_killed_anywhere_and_resumed_does_what_it_would_have_done_in_the_other_half() {
    kill_everywhere(cases().into_iter().skip(1).step_by(2));
}

fn kill_everywhere(cases: impl Iterator<Item = PathBuf>) {
    let tell = std::env::var_os("RBK_CASE").is_some();
    let mut wrong = Vec::new();
    let mut kills = 0;
    for path in cases {
        let undisturbed = on_virtual_clock(async {
            let mut case = lay_out(&path);
            if !is_of_interest(&case) {
                return None;
            }
            let record = Mortal::new(Vec::new(), usize::MAX);
            let report = case.run(&record, &Rc::default(), false).await?;
            let returned = outcomes(&record.durable.borrow()).into_iter().filter_map(|(of, value)| Some((of, value?)));
            let entries = record.durable.borrow().clone();
            Some((
                report.status,
                case.changes(&record),
                case.host.fake_files().listing(),
                returned.collect::<Vec<_>>(),
                entries,
            ))
        });
        let Some((status, changes, files, returned, entries)) = undisturbed else { continue };
        let returned = Rc::new(returned);
        for room in 0..entries.len() {
            if loses_a_failure(&entries, room) || CHANGED.iter().any(|(case, _)| path.ends_with(case)) {
                continue;
            }
            let anew = looks_again(&entries, room);
            kills += 1;
            // Killed a second time, so many entries later, what was decided after the first one is met again.
            let told = [None, Some(3)].into_iter().find_map(|again| {
                on_virtual_clock(async {
                    let mut case = lay_out(&path);
                    let mut record = Mortal::new(Vec::new(), room);
                    if case.run(&record, &returned, tell).await.is_some() {
                        return Some("it was not killed".to_owned());
                    }
                    let mut report = None;
                    for room in again.into_iter().chain([usize::MAX]) {
                        if tell {
                            println!("  killed; then {room} entries");
                        }
                        let durable = record.durable.borrow().clone();
                        record = Mortal::new(durable, room);
                        // Whoever answers does so again where the answer was lost.
                        case.script = script::read(&std::fs::read_to_string(&path).unwrap(), &FakeHost::new()).unwrap();
                        report = case.run(&record, &returned, tell).await;
                        if report.is_some() {
                            break;
                        }
                    }
                    let report = report?;
                    let diverged = report.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Journal);
                    if (anew || again.is_some()) && !diverged {
                        return None;
                    }
                    let now = case.changes(&record);
                    if report.status != status {
                        let why = report.failure.as_ref().map_or("", |failure| failure.message());
                        return Some(format!("ends as {} and not as {}: {why}", report.status.name(), status.name()));
                    }
                    if !as_often(&now, &changes) {
                        return Some(format!("changes\n      {now:?}\n  and not\n      {changes:?}"));
                    }
                    (case.host.fake_files().listing() != files).then(|| "leaves other files".to_owned())
                })
            });
            if let Some(told) = told {
                wrong.push(format!("{} killed before entry {room} of {}: {told}", path.display(), entries.len()));
                break;
            }
        }
    }
    assert!(kills > 0);
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
    assert!(wrong.is_empty(), "{} cases ({kills} kills):\n{}", wrong.len(), wrong.join("\n").replace(home, ""));
    println!("{kills} kills");
}

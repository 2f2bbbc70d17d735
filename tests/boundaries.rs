//! A run that is killed with SIGKILL at each boundary: after each entry of its record, and before each outcome; in its
//! story and in each compensation of its rollback. Then it is gone on with, or taken back, by `rbk`.
//!
//! Whoever is killed is a process of this test that runs the runbook as `rbk run` does, with real commands and a
//! real journal, but for its record: that one kills the process at the entry it was told. So each boundary is met
//! exactly, and nothing in rbk itself knows of it.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ledger::{Wanted, World, block_on};
use rbk::host::real::RealHost;
use rbk::host::{Cancel, Host, LocalFuture};
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{Standing, Store};
use rbk::journal::{Entry, Groups, JournalError, Record, Recorded};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::inputs::{Given, GivenValue, bind};
use rbk::runtime::person::{Answer, Person, Question};
use rbk::runtime::{Before, Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled};
use rbk::session::recording::{self, GoOn, Reopened};
use rbk::session::{self};
use rbk::value::Value;

const BOOK: &str = include_str!("ledger/boundaries.rbk");

const WANTED: Wanted<'_> = Wanted { stages: &[&["first"], &["left", "right"], &["keyed"], &["blind"]], chains: &[] };

/// What the process that is killed is told: `run`, `fail`, `resume` or `rollback`, the number of an entry counted
/// from where it begins, and whether it is killed after that is written; or `before` it, and then outcomes alone are
/// counted: only before those did something happen since the entry before.
const VICTIM: &str = "RBK_TEST_VICTIM";

/// A record that kills its process.
struct Deadly {
    inner: Rc<dyn Record>,
    count: Cell<usize>,
    at: usize,
    after: bool,
}

impl Deadly {
    /// The next entry is about to be written: whether the process ends behind it.
    fn next(&self, entry: &Entry) -> bool {
        if !self.after && !matches!(entry.event, Recorded::Outcome { .. }) {
            return false;
        }
        let number = self.count.replace(self.count.get() + 1);
        if number == self.at && !self.after {
            die();
        }
        number == self.at
    }
}

fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    // The signal comes before the call returns, as far as this thread is concerned.
    unreachable!("killed");
}

impl Record for Deadly {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let last = self.next(&entry);
            let written = self.inner.write(entry).await;
            if last {
                die();
            }
            written
        })
    }

    fn note(&self, entry: Entry) {
        let last = self.next(&entry);
        self.inner.note(entry);
        if last {
            die();
        }
    }

    fn fence(&self) -> u64 {
        self.inner.fence()
    }
}

struct Nobody;

impl Person for Nobody {
    fn ask<'a>(&'a self, _: &'a Question, _: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        Box::pin(std::future::ready(None))
    }
}

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}

#[test]
#[ignore = "the process that is killed"]
fn victim() {
    let Ok(told) = std::env::var(VICTIM) else { return };
    let told: Vec<&str> = told.split(' ').collect();
    let [how, at, when] = told[..] else { panic!("{told:?}") };
    let host: Rc<dyn Host> = Rc::new(RealHost::new());
    let store = SqliteStore::make(Path::new("state/rbk/journal.db")).unwrap();
    let selection = Selection::new(None, None, Vec::new(), false);
    let begins = matches!(how, "run" | "fail");
    let (unit, id, record, before) = if begins {
        let opened = session::open(&*host, Path::new("book.rbk")).unwrap();
        let mut given = Given::default();
        given.params.insert("fails".to_owned(), GivenValue::Value(Value::Bool(how == "fail")));
        let unit = bind(&opened.analysis.program.unwrap(), &given).unwrap_or_else(|_| panic!("no such parameter"));
        let id: Arc<str> = session::new_run_id(&*host);
        let asked = recording::Asked { file: "book.rbk".into(), on_fail: "stop".into(), ..Default::default() };
        let first = recording::first_entry(&*host, &unit, &id, &selection, &asked, &opened.sources).unwrap();
        let record = block_on(store.begin(&first, &opened.sources)).unwrap();
        (unit, id, record, None)
    } else {
        let how = if how == "rollback" { GoOn::Rollback } else { GoOn::Resume };
        let run = block_on(store.find("@latest")).unwrap().run;
        let again = block_on(recording::go_on(&store, &*host, &run, how, None)).unwrap();
        let Reopened { unit, id, record, before, .. } = again;
        (unit, id, record, Some(before))
    };
    let record: Rc<dyn Record> =
        Rc::new(Deadly { inner: record, count: Cell::new(0), at: at.parse().unwrap(), after: when == "after" });
    let start = || {
        let person: Rc<dyn Person> = Rc::new(Nobody);
        let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
        let dispatcher = session::live(&host, &record, &person, &elsewhere);
        let (control, observer) = (Rc::new(Control::default()), Rc::new(Nobody));
        let before: Option<Before> = before;
        let on_fail = Unhandled::Stop;
        let (groups, stepping) = (Groups::default(), None);
        Start { unit, id, host, dispatcher, observer, control, selection, on_fail, before, groups, stepping }
    };
    let report = session::run_to_end(start, std::future::pending()).unwrap();
    // It came to its end before that entry: the test counts so how many there are.
    drop(record);
    std::process::exit(i32::from(report.status.exit_code()));
}

/// Whether it was killed there; `false` if it came to its end before.
fn kill_at(world: &World, how: &str, at: usize, when: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "victim", "--nocapture"])
        .env(VICTIM, format!("{how} {at} {when}"))
        .env("XDG_STATE_HOME", world.path().join("state"))
        .current_dir(world.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    status.signal() == Some(9)
}

/// Goes on by `rbk` to the end, a person who has looked answering what is asked.
fn go_on(world: &World, how: &str) -> Result<(Option<i32>, String), String> {
    let mut answers: Vec<String> = Vec::new();
    for _ in 0..20 {
        let mut arguments = vec![how.to_owned()];
        arguments.extend(answers);
        let told = world.ended(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let waits = told.code == Some(5) || told.code == Some(4) && told.text.contains("nobody is here to answer");
        if !waits {
            let (_, standing) = world.record().unwrap();
            let Standing::Ended(status) = standing else { return Err(format!("{standing:?}: {told:?}")) };
            return Ok((told.code, status));
        }
        answers = world.truth();
        // What a rollback left is taken back by another one.
        if told.code == Some(4) && how == "resume" {
            return go_on(world, "rollback");
        }
    }
    Err("it never ends".to_owned())
}

/// One case: killed at an entry, and gone on with.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// What the victim does: see [`VICTIM`]. `resume` and `rollback` go on with a run that failed half-way.
    victim: &'static str,
    at: usize,
    when: &'static str,
    then: &'static str,
}

/// `Ok(false)`: there is no such entry.
fn is_kept(case: Case) -> Result<bool, String> {
    let world = World::new(BOOK, ":");
    if matches!(case.victim, "resume" | "rollback") {
        // The same place each time, some effects after the parallel ones.
        assert!(kill_at(&world, "fail", 22, "after"));
    }
    if !kill_at(&world, case.victim, case.at, case.when) {
        return Ok(false);
    }
    world.until_still();
    let (code, status) = go_on(&world, case.then)?;
    let (entries, _) = world.record().unwrap();
    let ledger = world.ledger();
    let said = |what: String| format!("{what}\nledger: {ledger:?}\nlast said: {}", world.said());
    // Killed after its last word, it is over: 2.
    match (code, status.as_str()) {
        (Some(0 | 2), "succeeded") if case.victim == "run" => WANTED.was_done(&ledger).map_err(said)?,
        (Some(3 | 2), "rolled back") if case.victim != "run" || case.then == "rollback" => {
            WANTED.was_taken_back(&ledger, &entries).map_err(said)?;
        }
        (code, status) => return Err(said(format!("ended with {code:?} as {status}"))),
    }
    let alive = world.alive();
    if alive.is_empty() { Ok(true) } else { Err(format!("still alive: {alive:?}")) }
}

/// After each entry, and before each outcome, several at a time.
fn at_each_boundary(victim: &'static str, then: &[&'static str]) {
    let kills = AtomicUsize::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    for when in ["after", "before"] {
        let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= over.load(Ordering::Relaxed) {
                    break;
                }
                let case = Case { victim, at, when, then: then[at % then.len()] };
                match is_kept(case) {
                    Ok(true) => drop(kills.fetch_add(1, Ordering::Relaxed)),
                    Ok(false) => drop(over.fetch_min(at, Ordering::Relaxed)),
                    Err(what) => wrong.lock().unwrap().push(format!("{case:?}: {what}")),
                }
            }
        };
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
    }
    let (wrong, kills) = (wrong.into_inner().unwrap(), kills.into_inner());
    println!("{victim}, then {}: {kills} kills", then.join(" or "));
    assert!(wrong.is_empty(), "{} of {kills} kills:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(kills > 15, "{kills} kills");
}

#[test]
fn killed_at_each_entry_and_resumed_each_effect_happens_once() {
    at_each_boundary("run", &["resume"]);
}

#[test]
fn killed_at_each_entry_and_taken_back_nothing_stays() {
    at_each_boundary("run", &["rollback"]);
}

#[test]
fn killed_in_its_own_rollback_it_is_taken_back_all_the_same() {
    at_each_boundary("fail", &["resume", "rollback"]);
}

#[test]
fn killed_while_somebody_takes_it_back_that_is_finished_by_the_next() {
    at_each_boundary("rollback", &["rollback", "resume"]);
}

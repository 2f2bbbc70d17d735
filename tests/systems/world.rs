//! A system in a world of its own: its tools, its service, its people, and runs of its runbooks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rbk::cli::Scripted;
use rbk::host::{Cancel, Host, LocalFuture};
use rbk::journal::{Groups, Memory, Record};
use rbk::report::plain::{Plain, Telling};
use rbk::runtime::event::{Event, Observer, ScopeStatus};
use rbk::runtime::inputs::{Given, GivenValue, bind};
use rbk::runtime::person::{Answer, Person, Question, QuestionKind};
use rbk::runtime::steer::Stepping;
use rbk::runtime::{Control, NobodyElsewhere, Selection, Start, Unhandled};
use rbk::session;
use serde_json::Value;

use crate::clock::Clock;
use crate::host::WorldHost;
use crate::tools::{Ran, Service, World};

/// Tuesday, 20 January 2026, 11:00 in New York.
const BEGAN: &str = "2026-01-20T16:00:00Z";

/// Programs besides those that every world has.
const MORE: &[&str] = &[
    "aws",
    "cp",
    "cut",
    "date",
    "grep",
    "head",
    "mkdir",
    "pg_dump",
    "pg_restore",
    "psql",
    "rm",
    "sed",
    "sleep",
    "sort",
    "tail",
    "tee",
    "tr",
    "wc",
];

/// See the module.
pub(crate) struct System {
    /// Where the runbooks lie, beneath `runbooks/`.
    name: &'static str,
    pub(crate) world: World,
    vars: BTreeMap<String, String>,
    began: jiff::Timestamp,
    clock: Rc<Clock>,
    reaction: Rc<Cell<Option<Duration>>>,
    /// The service, if something speaks HTTP.
    pub(crate) service: Option<Service>,
}

/// What a test does to the state of the world.
pub(crate) type Change = fn(&mut Value);

/// What a test does about a line that was told.
type Watching<'a> = Box<dyn Fn(&str) + 'a>;

/// How a run is asked for.
#[derive(Default)]
pub(crate) struct Asks<'a> {
    given: Given,
    answers: Vec<(String, String)>,
    by: Option<String>,
    only: Vec<String>,
    watches: Option<Watching<'a>>,
    agrees: bool,
    steps: Option<String>,
}

impl<'a> Asks<'a> {
    pub(crate) fn of(env: &str) -> Self {
        let environment = Some(env.to_owned()).filter(|env| !env.is_empty());
        Self { given: Given { environment, ..Given::default() }, ..Self::default() }
    }

    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        self.given.params.insert(name.to_owned(), GivenValue::Text(value.to_owned()));
        self
    }

    /// What is said to a question that holds these words: of several, in this order, the last for good.
    /// Boxes are ticked and confirmations given unless something else is said here; nothing else is.
    pub(crate) fn says(mut self, question: &str, answer: &str) -> Self {
        self.answers.push((question.to_owned(), answer.to_owned()));
        self
    }

    /// Approves, and does what is to be done by hand, unless something else is said.
    pub(crate) fn agrees(mut self) -> Self {
        self.agrees = true;
        self
    }

    /// Who answers, in place of ada.
    pub(crate) fn by(mut self, name: &str) -> Self {
        self.by = Some(name.to_owned());
        self
    }

    pub(crate) fn only(mut self, step: &str) -> Self {
        self.only.push(step.to_owned());
        self
    }

    /// Somebody steps through it, and types this. What the runbook itself asks is answered beside.
    pub(crate) fn steps(mut self, script: &str) -> Self {
        self.steps = Some(script.to_owned());
        self
    }

    /// Is told each question before it is answered: the world may change meanwhile.
    pub(crate) fn watched(mut self, watches: impl Fn(&str) + 'a) -> Self {
        self.watches = Some(Box::new(watches));
        self
    }
}

impl System {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::in_world(name, World::new())
    }

    /// In the world that `tests/tools/sites` has for it, where hosts answer under their own names.
    pub(crate) fn of(name: &'static str) -> Self {
        Self::in_world(name, World::of(name))
    }

    fn in_world(name: &'static str, world: World) -> Self {
        let system = world.path().join("system");
        let path = std::env::var_os("PATH").unwrap_or_default();
        for program in MORE {
            let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
            // A test that needs one that is missing says so itself.
            if let Some(found) = found {
                std::os::unix::fs::symlink(found, system.join(program)).unwrap();
            }
        }
        let at = world.path().display().to_string();
        let vars = [
            ("PATH", format!("{at}/bin:{at}/system")),
            ("HOME", at.clone()),
            ("XDG_STATE_HOME", format!("{at}/rbk-state")),
            ("TOOLS_WORLD", at.clone()),
        ];
        let vars = vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self {
            name,
            world,
            vars,
            began: BEGAN.parse().unwrap(),
            clock: Rc::default(),
            service: None,
            reaction: Rc::default(),
        }
    }

    /// Time passes between two runs.
    pub(crate) fn pass(&self, duration: Duration) {
        self.clock.pass(duration);
    }

    /// How long the clock has run.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// From the failing check to the first compensating command of the last run, by the real clock.
    pub(crate) fn reaction(&self) -> Option<Duration> {
        self.reaction.get()
    }

    pub(crate) fn path(&self) -> &Path {
        self.world.path()
    }

    pub(crate) fn var(&mut self, name: &str, value: &str) {
        self.vars.insert(name.to_owned(), value.to_owned());
    }

    /// The clock begins here: for windows.
    pub(crate) fn begins(&mut self, at: &str) {
        self.began = at.parse().unwrap();
    }

    /// Something that happens so long after the beginning, whatever a run does then.
    pub(crate) fn at(&self, after: Duration, event: impl FnOnce(&Path) + 'static) {
        let folder = self.path().to_owned();
        self.clock.at(after, move || event(&folder));
    }

    pub(crate) fn state(&self) -> Value {
        self.world.state()
    }

    /// Changes the state of the world.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        change_state(self.path(), change);
    }

    /// What was called, one line each.
    pub(crate) fn calls(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path().join("calls.log")).unwrap_or_default();
        let line = |line: &str| {
            let call: Value = serde_json::from_str(line).unwrap();
            let words = call["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            std::iter::once(call["tool"].as_str().unwrap()).chain(words).collect::<Vec<_>>().join(" ")
        };
        log.lines().map(line).collect()
    }

    pub(crate) fn run(&self, file: &str, asks: Asks<'_>) -> Ran {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks").join(self.name).join(file);
        self.run_at(&path, asks)
    }

    /// The system's runbooks, copied into the world's folder: beneath this name.
    pub(crate) fn copy(&self) -> &'static str {
        let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks").join(self.name), self.path());
        std::fs::create_dir_all(to.join("books")).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), to.join("books").join(entry.file_name())).unwrap();
        }
        "books"
    }

    /// One that lies in the world's folder.
    pub(crate) fn run_own(&self, file: &str, asks: Asks<'_>) -> Ran {
        self.run_at(&self.path().join(file), asks)
    }

    fn run_at(&self, path: &Path, asks: Asks<'_>) -> Ran {
        let ran = self.ran(path, asks);
        if std::env::var_os("RBK_SHOW").is_some() {
            eprintln!("== {}: {}\n{}", path.display(), ran.code, ran.text);
        }
        ran
    }

    fn ran(&self, path: &Path, asks: Asks<'_>) -> Ran {
        let told = Told::default();
        let (clock, began, folder) = (Rc::clone(&self.clock), self.began, self.path().to_owned());
        let host: Rc<dyn Host> = Rc::new(WorldHost::new(clock, began, folder, self.vars.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        let code = local.block_on(&runtime, async {
            let passing = tokio::task::spawn_local(Rc::clone(&self.clock).run());
            // Whoever runs it lives as long as the run.
            let code = started(&host, path, asks, &told, &self.reaction).await;
            passing.abort();
            code
        });
        let text = String::from_utf8_lossy(&told.0.lock().unwrap()).into_owned();
        Ran { code: code.map_or(2, i32::from), text }
    }
}

/// Changes the state of the world in this folder.
pub(crate) fn change_state(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file: PathBuf = folder.join("state.json");
    let lock = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let before: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut state = before.clone();
    change(&mut state);
    if state == before {
        return;
    }
    let new = folder.join("state.json.new");
    std::fs::write(&new, serde_json::to_string_pretty(&state).unwrap()).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// As `rbk run` does it. `None`: nothing was executed.
async fn started(
    host: &Rc<dyn Host>,
    path: &Path,
    asks: Asks<'_>,
    told: &Told,
    reaction: &Rc<Cell<Option<Duration>>>,
) -> Option<u8> {
    let opened = match session::open(&**host, path) {
        Ok(opened) => opened,
        Err(why) => {
            told.line(&why);
            return None;
        }
    };
    for diagnostic in &opened.analysis.diagnostics {
        told.line(&rbk::diag::render(diagnostic, &opened.analysis.sources, rbk::diag::Style::default()));
    }
    let program = opened.analysis.program?;
    let unit = match bind(&program, &asks.given) {
        Ok(unit) => unit,
        Err(errors) => {
            errors.iter().for_each(|error| told.line(&error.message));
            return None;
        }
    };
    let missing = session::missing_tools(&program, &**host).await;
    missing.iter().for_each(|tool| told.line(&tool.message));
    if !missing.is_empty() {
        return None;
    }
    if let Some(closed) = session::closed_window(&unit, host.now()) {
        told.line(&closed.message);
        return None;
    }
    let record: Rc<dyn Record> = Rc::new(Memory::default());
    let selection = Selection::new(None, None, asks.only.clone(), false);
    // The run needs a person who lives for ever; this one lives as long as it waits for the run's end.
    let questions = Rc::new(Questions::default());
    let person: Rc<dyn Person> = Rc::clone(&questions) as _;
    let telling = Telling { verbose: std::env::var_os("RBK_SHOW").is_some(), ..Telling::default() };
    let stepped = asks.steps.clone().map(|script| Scripted::new(script, told.clone(), &program, Rc::clone(host)));
    let stepping = stepped.as_ref().map(|stepped| Stepping {
        typing: Rc::new(session::typing(&opened.sources).unwrap()),
        steering: Some(Rc::clone(&stepped.steering)),
    });
    let observer: Rc<dyn Observer> = match stepped {
        Some(stepped) => stepped.reporter,
        None => Rc::new(Plain::new(Box::new(told.clone()), Rc::clone(host), telling)),
    };
    let start = Start {
        unit,
        id: "run-1".into(),
        host: Rc::clone(host),
        dispatcher: session::live(host, &record, &person, &(Rc::new(NobodyElsewhere) as _)),
        observer: Rc::new(Watch::new(observer, reaction)),
        control: Rc::new(Control::default()),
        selection,
        on_fail: Unhandled::default(),
        before: None,
        groups: Groups::default(),
        stepping,
    };
    let report = tokio::select! {
        report = rbk::runtime::run(start) => report,
        () = answering(&questions, &asks, told) => unreachable!("people do not go home"),
    };
    Some(report.status.exit_code())
}

/// Tells the run, and measures how long a failure waits for what takes it back.
struct Watch {
    telling: Rc<dyn Observer>,
    failed: Cell<Option<Instant>>,
    rolling: Cell<bool>,
    reaction: Rc<Cell<Option<Duration>>>,
}

impl Watch {
    fn new(telling: Rc<dyn Observer>, reaction: &Rc<Cell<Option<Duration>>>) -> Self {
        reaction.set(None);
        Self { telling, failed: Cell::default(), rolling: Cell::default(), reaction: Rc::clone(reaction) }
    }
}

impl Observer for Watch {
    fn observe(&self, event: &Event) {
        match event {
            Event::ScopeEnded { status: ScopeStatus::Failed, scope, .. }
                if scope.kind != "phase" && !self.rolling.get() =>
            {
                self.failed.set(Some(Instant::now()));
            }
            Event::RollbackStarted { .. } => self.rolling.set(true),
            Event::EffectStarted { .. } if self.rolling.get() && self.reaction.get().is_none() => {
                self.reaction.set(self.failed.get().map(|at| at.elapsed()));
            }
            _ => {}
        }
        self.telling.observe(event);
    }
}

/// Questions on their way to those who answer.
#[derive(Default)]
struct Questions {
    asked: RefCell<Vec<(Question, tokio::sync::oneshot::Sender<Option<Answer>>)>>,
    comes: tokio::sync::Notify,
}

impl Person for Questions {
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        let (answers, answer) = tokio::sync::oneshot::channel();
        self.asked.borrow_mut().push((question.clone(), answers));
        self.comes.notify_one();
        Box::pin(async move {
            tokio::select! {
                answer = answer => answer.ok().flatten(),
                () = cancel.cancelled() => None,
            }
        })
    }
}

async fn answering(questions: &Questions, asks: &Asks<'_>, told: &Told) {
    let mut used = vec![false; asks.answers.len()];
    loop {
        questions.comes.notified().await;
        let asked = std::mem::take(&mut *questions.asked.borrow_mut());
        for (question, answers) in asked {
            told.line(&format!("? {} {:?}", question.text, question.details));
            if let Some(watches) = &asks.watches {
                watches(&question.text);
            }
            let answer = said(&question, asks, &mut used);
            told.line(&format!("> {}", answer.as_deref().unwrap_or("(nobody answers)")));
            let by = asks.by.as_deref().unwrap_or("ada");
            let _ = answers.send(answer.map(|text| Answer::here(text, by)));
        }
    }
}

fn said(question: &Question, asks: &Asks<'_>, used: &mut [bool]) -> Option<String> {
    let fitting = || asks.answers.iter().enumerate().filter(|(_, (words, _))| question.text.contains(words.as_str()));
    let found = fitting().find(|(at, _)| !used[*at]).or_else(|| fitting().next_back());
    if let Some((at, (_, answer))) = found {
        used[at] = true;
        return Some(answer.clone()).filter(|answer| answer != "(nobody)");
    }
    let agrees = match question.kind {
        QuestionKind::Tick | QuestionKind::Confirm => true,
        QuestionKind::Approve(_) | QuestionKind::Manual => asks.agrees,
        _ => false,
    };
    agrees.then(|| "yes".to_owned())
}

/// What people are told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().extend(format!("{text}\n").bytes());
    }
}

impl std::io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

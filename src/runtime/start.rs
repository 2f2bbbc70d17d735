//! A run from its first line to its report.

use std::rc::Rc;
use std::sync::Arc;

use super::branch::Branch;
use super::dispatcher::Dispatcher;
use super::event::{Event, Observer};
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::outcome::{Report, Status, outcome_value};
use super::replay::history::History;
use super::replay::{Line, Replay, values};
use super::run::{Control, Run};
use super::selection::Selection;
use super::steer::Stepping;
use super::unit::Unit;
use crate::analysis::program::{Block, OnInterrupt, ScopeBody, Stmt, StmtKind};
use crate::host::{Cancel, Host};
use crate::journal::{Ended, Groups, Recorded};

/// Everything a run is started with.
pub struct Start {
    /// The program and its inputs.
    pub unit: Unit,
    /// The run's id.
    pub id: Arc<str>,
    /// The world.
    pub host: Rc<dyn Host>,
    /// Where effects go.
    pub dispatcher: Rc<dyn Dispatcher>,
    /// Who sees what happens.
    pub observer: Rc<dyn Observer>,
    /// How it is stopped.
    pub control: Rc<Control>,
    /// Which parts of it run.
    pub selection: Selection,
    /// What becomes of a failure that no scope has a policy for.
    pub on_fail: Unhandled,
    /// What is on record of it, if it was begun before.
    pub before: Option<Before>,
    /// Who is of which group: for approvals.
    pub groups: Groups,
    /// How it is stepped through, if it is: its stops have places in the story.
    pub stepping: Option<Stepping>,
}

/// A run that was begun before.
pub struct Before {
    /// Its record.
    pub history: History,
    /// It is not gone on with: what is armed is taken back.
    pub takes_back: bool,
    /// Who started it.
    pub starter: String,
}

/// What becomes of a failure that no scope has a policy for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unhandled {
    /// The run stops where it stands.
    #[default]
    Stop,
    /// The run is taken back.
    Rollback,
    /// A person decides.
    Ask,
}

/// Runs to the end. Must be called within a [`tokio::task::LocalSet`].
pub async fn run(start: Start) -> Rc<Report> {
    let Start { unit, id, host, dispatcher, observer, control, selection, on_fail, before, groups, stepping } = start;
    let actor = before.as_ref().map_or_else(|| host.actor(), |before| before.starter.clone());
    let replay = before.map_or_else(Replay::of_nothing, |before| Replay::new(before.history, before.takes_back));
    let run = Run::new(id, actor, groups, host, dispatcher, observer, selection, control, replay, stepping);
    let mut branch = Branch::new(&run, unit.clone(), run.control.cancel.child(), run.root.clone());
    branch.stepped = run.stepping.is_some();
    branch.rolls_back = on_fail == Unhandled::Rollback;
    branch.asks = on_fail == Unhandled::Ask;
    run.withhold(&unit.program);
    let title = title(&mut branch);
    run.emit(&Event::RunStarted {
        run: Arc::clone(&run.id),
        title: title.clone(),
        environment: unit.environment.as_deref().map(str::to_owned),
        total: count(&unit.program.body),
    });
    if !run.replay.is_live() {
        run.end_backgrounds_left().await;
    }
    let flow = match story(&mut branch, &title).await {
        Flow::Next => branch.stop_at_the_end().await.map_or_else(|flow| flow, |()| Flow::Next),
        flow => flow,
    };
    let flow = at_the_end_of_the_record(&mut branch, flow).await;
    let decided = decide(&mut branch, flow, on_fail).await;
    conclude(&run, &mut branch, decided).await
}

/// Where a story ends, its record must too: or the run is to be taken back, whatever it came to.
async fn at_the_end_of_the_record(branch: &mut Branch, flow: Flow) -> Flow {
    let run = Rc::clone(&branch.run);
    // What is left of the record may be that of the rollback that follows.
    if run.replay.is_live() || run.replay.rollback_follows() && !run.replay.takes_back() || run.replay.end_follows() {
        return flow;
    }
    let end = branch.first_span();
    branch.cancel = Cancel::new();
    match (branch.go_live(end).await, flow) {
        // The failure on record says more than that somebody takes it back.
        (Err(Flow::Rollback(_)), Flow::Fail(failure) | Flow::Stop(failure) | Flow::Pause(failure)) => {
            Flow::Rollback(failure)
        }
        (Ok(()), flow) | (Err(Flow::Rollback(_)), flow @ Flow::Rollback(_)) => flow,
        (Err(instead), _) => instead,
    }
}

/// The title of the header, or the file's stem.
fn title(branch: &mut Branch) -> String {
    let program = Arc::clone(&branch.unit.program);
    let given = program.header.title.as_ref().and_then(|title| branch.text(title).ok());
    given.unwrap_or_else(|| {
        let name = &program.sources.get(program.main).name;
        std::path::Path::new(name).file_stem().map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned())
    })
}

async fn story(branch: &mut Branch, title: &str) -> Flow {
    let program = Arc::clone(&branch.unit.program);
    if !branch.run.selection.checks_only {
        let what = format!("run \"{title}\"");
        match branch.type_to_go_on(&what, branch.first_span()).await {
            Flow::Next => {}
            flow => return flow,
        }
    }
    let Some(timeout) = &program.header.timeout else {
        return branch.block(&program.body).await;
    };
    let limit = match branch.duration(timeout) {
        Ok(limit) => limit,
        Err(failure) => return Flow::Fail(failure),
    };
    let (flow, over) = branch.under_deadline(limit, async |branch| branch.block(&program.body).await).await;
    match flow {
        Flow::Fail(cause) if over => {
            let message = format!("the run was stopped at its timeout of {}", super::failure::spoken(limit));
            let mut failure = branch.failure(FailureKind::Timeout, timeout.span, message);
            failure.in_doubt = cause.in_doubt;
            failure.output = cause.output;
            Flow::Fail(failure)
        }
        flow => flow,
    }
}

/// What a run ends with, once everybody with a say has spoken.
enum Decided {
    Done,
    Finished(String),
    Stopped(Box<Failure>),
    Interrupted(Box<Failure>),
    Paused(Box<Failure>),
    TakeBack(Box<Failure>),
}

async fn decide(branch: &mut Branch, flow: Flow, on_fail: Unhandled) -> Decided {
    match flow {
        // Whatever it was for: it was being taken back when it was killed.
        Flow::Fail(failure) | Flow::Stop(failure) | Flow::Pause(failure)
            if branch.run.replay.rollback_follows() && failure.kind != FailureKind::Journal =>
        {
            Decided::TakeBack(failure)
        }
        Flow::Next | Flow::Break | Flow::Skip(_) | Flow::Return(_) | Flow::Handler(_) => branch.nothing_left_out(),
        Flow::Finish(why) => Decided::Finished(why),
        Flow::Stop(failure) => Decided::Stopped(failure),
        Flow::Pause(failure) => Decided::Paused(failure),
        Flow::Rollback(failure) => Decided::TakeBack(failure),
        Flow::Fail(failure) if branch.run.control.was_asked() => match branch.unit.program.header.on_interrupt {
            OnInterrupt::Hold => Decided::Interrupted(failure),
            OnInterrupt::Rollback => Decided::TakeBack(failure),
        },
        Flow::Fail(failure) => match on_fail {
            Unhandled::Stop => Decided::Stopped(failure),
            Unhandled::Rollback => Decided::TakeBack(failure),
            Unhandled::Ask => branch.ask_at_the_end(failure).await,
        },
    }
}

impl Branch {
    /// A run that came to its end did what it was asked to: it did not pass over everything.
    fn nothing_left_out(&self) -> Decided {
        let Some(name) = self.run.selection.never_met() else { return Decided::Done };
        let message = format!("nothing was run: no step or phase '{name}' came up");
        let mut failure = self.failure(FailureKind::Fail, self.first_span(), message);
        failure.diagnostic.help =
            Some("its title, or whether it is reached, depends on what was passed over; begin earlier".to_owned());
        Decided::Stopped(failure)
    }

    async fn ask_at_the_end(&mut self, failure: Box<Failure>) -> Decided {
        let options = vec!["rollback".to_owned(), "stop".to_owned()];
        let question = super::person::Question {
            kind: super::person::QuestionKind::Choose(options),
            text: "The run failed. What now?".to_owned(),
            details: vec![failure.message().to_owned()],
            path: self.path.clone(),
            answer_by: None,
        };
        match self.ask(&question, failure.diagnostic.span()).await {
            Ok(Some(answer)) if answer.text == "rollback" => Decided::TakeBack(failure),
            Ok(_) => Decided::Stopped(failure),
            Err(_) => Decided::Paused(failure),
        }
    }
}

async fn conclude(run: &Rc<Run>, branch: &mut Branch, decided: Decided) -> Rc<Report> {
    let (status, failure, reason) = match decided {
        Decided::Done if run.totals.failed_checks.get() > 0 => (Status::Failed, None, None),
        Decided::Done => (Status::Succeeded, None, None),
        Decided::Finished(why) => (Status::Finished, None, Some(why)),
        Decided::Stopped(failure) => (Status::Failed, Some(failure), None),
        Decided::Interrupted(failure) => (Status::Interrupted, Some(failure), None),
        Decided::Paused(failure) => (Status::Paused, Some(failure), None),
        Decided::TakeBack(failure) => {
            tell(run, &failure, what_rolls_back(run));
            run.control.begin_rollback();
            let began = Recorded::RollbackBegan {
                failure: Box::new(values::failure_entry(&failure)),
                compensations: run.root.newest_first().len(),
            };
            if !run.replay.has_rollback() {
                let began = run.masked(began);
                // What is in doubt is not made better by leaving what is armed: it is taken back all the same.
                if let Err(error) = run.dispatcher.record(began).await {
                    run.emit(&Event::Warning(error.to_string()));
                }
            }
            run.take_back(run.root.take_since(0), &failure).await;
            // What changed and was not taken back is for a human to see to, whoever forgot the way back.
            let complete = run.totals.left.borrow().is_empty() && run.totals.without_inverse.borrow().is_empty();
            (if complete { Status::RolledBack } else { Status::RollbackIncomplete }, Some(failure), None)
        }
    };
    match (status, &failure) {
        (Status::Failed, Some(failure)) => tell(run, failure, what_stays(run)),
        (Status::Interrupted, Some(failure)) => tell(run, failure, what_stays(run)),
        (Status::Paused, Some(failure)) => tell(run, failure, "the run pauses here".to_owned()),
        _ => {}
    }
    let gives_back = !matches!(status, Status::Paused | Status::Interrupted);
    let flow = if gives_back { branch.run_restores(0, Flow::Next).await } else { Flow::Next };
    let (status, failure) = match flow {
        Flow::Fail(restore) if status == Status::Succeeded => {
            tell(run, &restore, what_stays(run));
            (Status::Failed, Some(restore))
        }
        _ => (status, failure),
    };
    let nobody = Rc::default();
    branch.end_backgrounds(&nobody).await;
    finally(run, branch, status, failure.as_deref()).await;

    let armed = run.root.newest_first();
    let elapsed = run.elapsed();
    let totals = &run.totals;
    let ended = Recorded::Ended(Box::new(Ended {
        status: status.name().to_owned(),
        failure: failure.as_deref().map(values::failure_entry),
        reason: reason.clone(),
        elapsed,
        armed: armed.iter().filter(|_| !is_settled(status)).map(|armed| armed.text.clone()).collect(),
        without_inverse: totals.without_inverse.borrow().iter().map(|(_, line)| line.clone()).collect(),
        in_doubt: totals.in_doubt.borrow().clone(),
    }));
    run.go_live();
    let (status, failure) = match run.dispatcher.record(run.masked(ended)).await {
        Ok(()) => (status, failure),
        Err(error) if matches!(status, Status::Succeeded | Status::Finished) => {
            // Nobody who asks later is told that it was done, and its lock is still held.
            let message = format!("everything was done, and its end is not on record: {error}");
            let sources = &branch.unit.program.sources;
            let failure = Failure::new(FailureKind::Journal, sources, branch.first_span(), message);
            tell(run, &failure, "once the journal can be written, a resume gives it its end".to_owned());
            (Status::Failed, Some(failure))
        }
        Err(error) => {
            run.emit(&Event::Warning(error.to_string()));
            (status, failure)
        }
    };
    if is_settled(status) {
        run.discard(&armed).await;
    }
    if gives_back {
        run.clean_up();
    }
    let report = Report {
        run: Arc::clone(&run.id),
        status,
        failure: failure.map(|failure| *failure),
        reason,
        elapsed,
        done: totals.done.get(),
        skipped: totals.skipped.get(),
        accepted: totals.accepted.take(),
        taken_back: totals.taken_back.take(),
        left: totals.left.take(),
        armed: armed.iter().filter(|_| !is_settled(status)).map(|armed| armed.text.clone()).collect(),
        without_inverse: totals.without_inverse.take().into_iter().map(|(_, line)| line).collect(),
        stays: totals.stays.take(),
        in_doubt: totals.in_doubt.take(),
    };
    let report = Rc::new(super::hide::report(&run.mask, report));
    run.emit(&Event::RunEnded(Rc::clone(&report)));
    report
}

/// Whether a run with this end will not be taken back any more: it ended well, or was taken back.
const fn is_settled(status: Status) -> bool {
    match status {
        Status::Succeeded | Status::Finished | Status::RolledBack | Status::RollbackIncomplete => true,
        Status::Failed | Status::Paused | Status::Interrupted => false,
    }
}

/// The `finally` blocks that waited for the rollback, innermost first; then the run's own.
async fn finally(run: &Rc<Run>, branch: &mut Branch, status: Status, failure: Option<&Failure>) {
    let outcome = outcome_value(status, failure);
    let deferred = run.deferred.take();
    for (block, mut inner) in deferred {
        inner.run_finally(&block, outcome.clone()).await;
    }
    if let Some(block) = &branch.unit.program.finally.clone()
        && !run.selection.checks_only
    {
        branch.line = Line::of_the_end();
        branch.run_finally(block, outcome).await;
    }
}

fn tell(run: &Run, failure: &Failure, next: String) {
    run.emit(&Event::Failed { failure: Rc::new(failure.clone()), next });
}

fn what_rolls_back(run: &Run) -> String {
    let armed = run.root.newest_first();
    match armed.len() {
        0 => "rolling back: nothing is armed".to_owned(),
        _ => format!("rolling back, {}", counted(&armed)),
    }
}

fn what_stays(run: &Run) -> String {
    let armed = run.root.newest_first();
    match armed.len() {
        0 => "the run stops here; nothing is armed".to_owned(),
        n => format!("the run stops here; {n} {} armed: {}", compensations(n), first_few(&armed)),
    }
}

/// `2 compensations: …, …`
pub(super) fn counted(armed: &[Rc<super::undo::Armed>]) -> String {
    match armed.len() {
        0 => "nothing is armed".to_owned(),
        n => format!("{n} {}: {}", compensations(n), first_few(armed)),
    }
}

fn compensations(n: usize) -> &'static str {
    if n == 1 { "compensation" } else { "compensations" }
}

fn first_few(armed: &[Rc<super::undo::Armed>]) -> String {
    let mut texts: Vec<&str> = armed.iter().take(3).map(|armed| armed.text.as_str()).collect();
    if armed.len() > 3 {
        texts.push("…");
    }
    texts.join(", ")
}

/// How many steps, checks and the like are written in a block.
fn count(block: &Block) -> usize {
    block.body.iter().map(count_in).sum()
}

fn count_in(stmt: &Stmt) -> usize {
    match &stmt.kind {
        StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => match &scope.kind {
            ScopeBody::Phase(body) => count(body),
            ScopeBody::Choose(branches) => 1 + branches.iter().map(|(_, body)| count(body)).sum::<usize>(),
            _ => 1,
        },
        StmtKind::If { then, otherwise, .. } => count(then) + count(otherwise),
        StmtKind::For(each) => count(&each.body),
        StmtKind::Parallel(parallel) => parallel.branches.iter().map(count).sum(),
        StmtKind::OnDir { body, .. } | StmtKind::On { body, .. } | StmtKind::With { body, .. } => count(body),
        _ => 0,
    }
}

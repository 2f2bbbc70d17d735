//! Processes that live until their phase ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::event::{Event, ScopeInfo, ScopeStatus};
use super::failure::{Failure, FailureKind, spoken};
use super::flow::Flow;
use super::replay::Line;
use super::undo::UndoList;
use super::unit::Unit;
use crate::analysis::program::Background;
use crate::catalog::Surroundings;
use crate::eval::Frame;
use crate::host::Cancel;
use crate::value::Value;

const READY_WITHIN: Duration = Duration::from_secs(30);
const READY_EVERY: Duration = Duration::from_millis(500);

/// A background process that was started.
pub(super) struct Running {
    pub(super) declaration: Arc<Background>,
    pub(super) frame: Frame,
    pub(super) surroundings: Rc<Surroundings>,
    pub(super) unit: Unit,
    cancel: Cancel,
    ended: Rc<RefCell<Option<Ended>>>,
    task: RefCell<Option<tokio::task::JoinHandle<()>>>,
    /// It was not ready in time.
    unready: Cell<bool>,
    /// Not started: the record of the run is gone through, and nothing asks for it.
    dormant: bool,
    /// The one that was started in its place, when the run became live or a compensation needed it.
    successor: RefCell<Option<Rc<Running>>>,
    info: Rc<ScopeInfo>,
    begun: Duration,
}

/// How a background process ended.
struct Ended {
    /// `None`: by itself, and well.
    failure: Option<Failure>,
}

impl Running {
    fn is_alive(&self) -> bool {
        match &*self.successor.borrow() {
            Some(successor) => successor.is_alive(),
            None => !self.dormant && self.ended.borrow().is_none(),
        }
    }

    fn is_asleep(&self) -> bool {
        self.dormant && self.successor.borrow().is_none()
    }

    /// Ends it with all its processes, and returns when they are gone.
    async fn end(&self) {
        self.cancel.cancel();
        let successor = self.successor.borrow().clone();
        if let Some(successor) = successor {
            Box::pin(successor.end()).await;
        }
        let task = self.task.borrow_mut().take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

impl Branch {
    pub(super) async fn start_background(&mut self, background: &Arc<Background>) -> Flow {
        if self.run.selection.checks_only {
            return Flow::Next;
        }
        if let Some(when) = &background.modifiers.when {
            match attempt!(self.eval(when)) {
                Value::Bool(false) => return Flow::Next,
                Value::Bool(true) | Value::Unknown(_) => {}
                other => return Flow::Fail(self.no_condition(when, &other)),
            }
        }
        let running = attempt!(self.launch(background));
        self.backgrounds.borrow_mut().push(Rc::clone(&running));
        let observing = self.observe();
        let flow = if running.dormant { Flow::Next } else { self.until_ready(&running).await };
        self.observed(observing);
        flow
    }

    /// Starts what stands around here and was not needed while the record was gone through.
    pub(super) async fn wake_backgrounds(&mut self) -> Result<(), Flow> {
        let run = Rc::clone(&self.run);
        // Branches beside this one wait until what they need is ready too.
        let _turn = run.waking.lock().await;
        let asleep: Vec<_> = self.backgrounds.borrow().iter().filter(|one| one.is_asleep()).cloned().collect();
        for one in asleep {
            let started = self.start_again(std::slice::from_ref(&one)).await?;
            *one.successor.borrow_mut() = started.into_iter().next();
        }
        Ok(())
    }

    fn launch(&mut self, background: &Arc<Background>) -> Result<Rc<Running>, Box<Failure>> {
        let title = self.text(&background.title)?;
        let info = Rc::new(ScopeInfo {
            id: self.run.next_scope(),
            parent: (self.scope.id != 0).then_some(self.scope.id),
            depth: self.scope.depth + usize::from(self.scope.id != 0),
            kind: "background",
            title,
            effect: None,
            place: self.unit.program.sources.place_line(background.span),
        });
        self.emit(&Event::ScopeStarted(Rc::clone(&info)));
        let line = Line::leaving(&self.position(), "b");
        let mut child = self.fork(UndoList::default(), line);
        child.observes = true;
        child.cancel = Cancel::new();
        child.deadline = None;
        child.in_background = true;
        child.scope = Rc::clone(&info);
        child.path.push(Arc::clone(&background.name));
        child.pending.clear();
        let ended: Rc<RefCell<Option<Ended>>> = Rc::default();
        let running = Rc::new(Running {
            declaration: Arc::clone(background),
            frame: self.frame().clone(),
            surroundings: Rc::clone(&self.surroundings),
            unit: self.unit.clone(),
            cancel: child.cancel.clone(),
            ended: Rc::clone(&ended),
            task: RefCell::default(),
            unready: Cell::default(),
            dormant: !self.run.replay.is_live(),
            successor: RefCell::default(),
            info,
            begun: self.host().monotonic(),
        });
        if running.dormant {
            return Ok(running);
        }
        let declaration = Arc::clone(background);
        let lives = self.run.dispatcher.time_passes();
        let task = tokio::task::spawn_local(async move {
            let flow = child.block(&declaration.body).await;
            let failure = flow.failure().cloned();
            if lives && !child.cancel.is_cancelled() {
                let how = failure.as_ref().map_or("it ended by itself", |failure| failure.message());
                child.emit(&Event::Warning(format!("background \"{}\" is gone: {how}", declaration.name)));
            }
            *ended.borrow_mut() = Some(Ended { failure });
        });
        *running.task.borrow_mut() = Some(task);
        Ok(running)
    }

    /// Waits until `ready { }` holds.
    async fn until_ready(&mut self, running: &Rc<Running>) -> Flow {
        if !self.run.dispatcher.time_passes() {
            return Flow::Next;
        }
        // It begins before it is asked for: what answers then is not somebody else's.
        tokio::task::yield_now().await;
        let Some(ready) = &running.declaration.ready else { return Flow::Next };
        let within = match &ready.within {
            Some(within) => attempt!(self.duration(within)),
            None => READY_WITHIN,
        };
        let every = match &ready.every {
            Some(every) => attempt!(self.duration(every)),
            None => READY_EVERY,
        };
        let name = Arc::clone(&running.declaration.name);
        let span = running.declaration.span;
        let mut last = None;
        let (flow, over) = self
            .under_deadline(within, async |branch| {
                loop {
                    match branch.block(&ready.body).await {
                        Flow::Fail(failure) if failure.kind.is_worth_another_try() => last = Some(failure),
                        flow => return flow,
                    }
                    if let Some(ended) = running.ended.borrow().as_ref() {
                        let how = ended.failure.as_ref().map_or("it ended by itself", |failure| failure.message());
                        let message = format!("background \"{name}\" ended before it was ready: {how}");
                        let mut failure = branch.failure(FailureKind::Action, span, message);
                        failure.output = ended.failure.as_ref().and_then(|failure| failure.output.clone());
                        return Flow::Fail(failure);
                    }
                    branch.run.dispatcher.wait(every, &branch.cancel).await;
                    if branch.cancel.is_cancelled() {
                        return branch.cancelled(span);
                    }
                }
            })
            .await;
        running.unready.set(!matches!(flow, Flow::Next));
        if !over || matches!(flow, Flow::Next) {
            return flow;
        }
        let why = last.as_ref().map_or("there was no answer", |failure| failure.message());
        let message = format!("background \"{name}\" was not ready after {}: {why}", spoken(within));
        let mut failure = self.failure(FailureKind::Timeout, span, message);
        if let Some(last) = last {
            failure.because = last.because;
            failure.evidence = last.evidence;
        }
        Flow::Fail(failure)
    }

    /// Ends what was started since `outer` was put aside, newest first.
    pub(super) async fn end_backgrounds(&mut self, outer: &Rc<RefCell<Vec<Rc<Running>>>>) {
        let kept = outer.borrow().len();
        let started = self.backgrounds.borrow_mut().split_off(kept);
        for running in started.iter().rev() {
            let (status, detail) = match running.ended.borrow().as_ref() {
                Some(Ended { failure: Some(failure) }) => (ScopeStatus::Failed, Some(failure.message().to_owned())),
                Some(Ended { failure: None }) => (ScopeStatus::Passed, Some("it ended by itself".to_owned())),
                None if running.unready.get() => (ScopeStatus::Failed, Some("it was never ready".to_owned())),
                None => (ScopeStatus::Passed, None),
            };
            running.end().await;
            let elapsed = self.host().monotonic().saturating_sub(running.begun);
            self.emit(&Event::ScopeEnded { scope: Rc::clone(&running.info), status, elapsed, detail });
        }
    }

    /// Starts again what a compensation was surrounded by, where it is gone. Returns what was started.
    pub(super) async fn start_again(&mut self, backgrounds: &[Rc<Running>]) -> Result<Vec<Rc<Running>>, Flow> {
        let mut started = Vec::new();
        for gone in backgrounds.iter().filter(|running| !running.is_alive()) {
            let mut around = Branch::new(&self.run, gone.unit.clone(), self.cancel.child(), UndoList::default());
            *around.frame() = gone.frame.clone();
            around.surroundings = Rc::clone(&gone.surroundings);
            around.path.clone_from(&self.path);
            around.scope = Rc::clone(&self.scope);
            around.observes = true;
            let running = around.launch(&gone.declaration).map_err(Flow::Fail)?;
            started.push(Rc::clone(&running));
            match around.until_ready(&running).await {
                Flow::Next => {}
                flow => {
                    end_all(&started).await;
                    return Err(flow);
                }
            }
        }
        Ok(started)
    }
}

/// Ends processes started for a compensation.
pub(super) async fn end_all(started: &[Rc<Running>]) {
    for running in started.iter().rev() {
        running.end().await;
    }
}

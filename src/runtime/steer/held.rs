//! The walker while it stands at a stop: what can be seen there, and done.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::typed::Came;
use super::{Stop, deeds};
use crate::analysis::Program;
use crate::analysis::program::{Act, NameInfo, OnFail, Scope, ScopeBody};
use crate::analysis::typed::{For, Typed, Wrong};
use crate::analysis::within;
use crate::eval::expr::SlotId;
use crate::host::Cancel;
use crate::journal::{Recorded, Steer};
use crate::runtime::branch::Branch;
use crate::runtime::event::ScopeInfo;
use crate::runtime::failure::Failure;
use crate::runtime::flow::Flow;
use crate::runtime::start::counted;
use crate::runtime::wording;
use crate::source::{Sources, Span};
use crate::value::Value;

/// What becomes of a failure about which the runbook asks.
const YOU_DECIDE: &str = "on_fail ask: r runs it again, k REASON accepts it, undo takes back, q leaves";

/// See the module.
pub struct Held<'a> {
    branch: &'a mut Branch,
    stop: Stop<'a>,
}

/// A name that is bound.
pub struct Name {
    /// The name, and where it is bound.
    pub info: NameInfo,
    /// Its value.
    pub value: Value,
}

/// What came of something that was done at a stop.
pub enum Ran {
    /// It came to its end.
    Done,
    /// It failed, and the run stands where it stood. It was told.
    Failed(Rc<Failure>),
    /// The run leaves the stop, whatever is said.
    Left,
}

impl<'a> Held<'a> {
    pub(super) fn new(branch: &'a mut Branch, stop: Stop<'a>) -> Self {
        Self { branch, stop }
    }

    /// Where it stands.
    pub fn stop(&self) -> Stop<'a> {
        self.stop
    }

    /// Titles of the scopes around the stop, outermost first; before a step, that one's own is the last.
    pub fn path(&self) -> &[Arc<str>] {
        &self.branch.path
    }

    /// The scope around the stop.
    pub fn scope(&self) -> &ScopeInfo {
        &self.branch.scope
    }

    /// The runbook.
    pub fn program(&self) -> &Arc<Program> {
        &self.branch.unit.program
    }

    /// What is declared by now: the runbook's own, and what was typed.
    pub fn declared(&self) -> Option<Arc<Program>> {
        self.branch.typing().map(|typing| typing.base())
    }

    /// The files that names and places point into.
    pub fn sources(&self) -> Arc<Sources> {
        self.declared().map_or_else(|| Arc::clone(&self.branch.unit.program.sources), |base| Arc::clone(&base.sources))
    }

    /// The environment, and whether its name is typed before what is dangerous.
    pub fn environment(&self) -> (Option<Arc<str>>, bool) {
        (self.branch.unit.environment.clone(), self.branch.unit.protected)
    }

    /// The run's id.
    pub fn run(&self) -> &Arc<str> {
        &self.branch.run.id
    }

    /// For how long the run has run.
    pub fn elapsed(&self) -> Duration {
        self.branch.run.elapsed()
    }

    /// Ends when the run is stopped.
    pub fn cancel(&self) -> Cancel {
        self.branch.cancel.clone()
    }

    /// The names that are bound, parameters and environments first.
    pub fn names(&self) -> Vec<Name> {
        let unit = &self.branch.unit;
        let globals = (0..).zip(&unit.program.globals).filter_map(|(id, info)| {
            let value = unit.globals.get(id)?.clone();
            let own = info.span.file == unit.program.main;
            own.then(|| Name { info: info.clone(), value })
        });
        let mut names: Vec<Name> = globals.collect();
        let infos = self.branch.typing().map(|typing| typing.names()).unwrap_or_default();
        for bound in self.branch.bound(self.stop) {
            let info = infos.get(bound.slot as usize).cloned();
            let value = self.branch.frames[0].get(bound.slot).cloned();
            names.extend(info.zip(value).map(|(info, value)| Name { info, value }));
        }
        names
    }

    /// What a step would do, one line a call, with the values that are known put in.
    pub fn deeds(&self, scope: &Scope) -> Vec<String> {
        let program = self.program();
        // Which branch it will be is not known yet.
        let bodies = if matches!(scope.kind, ScopeBody::Choose(_)) { Vec::new() } else { within::body(scope) };
        let names = self.names();
        let value_of = |name: &str| {
            let found = names.iter().rev().find(|known| *known.info.name == *name);
            found.map(|known| known.value.clone()).filter(|value| !matches!(value, Value::Null))
        };
        let acts = bodies.into_iter().flat_map(within::acts);
        acts.map(|act| wording::filled(&deeds::line(program, act), &value_of)).collect()
    }

    /// Whether all that a step changes has a way back.
    pub fn has_way_back(&self, scope: &Scope) -> bool {
        let program = self.program();
        let is_covered = |act: &Act| !act.effect.is_changing() || deeds::has_inverse(program, act);
        scope.clauses.undo.is_some() || within::body(scope).into_iter().flat_map(within::acts).all(is_covered)
    }

    /// The names that a step needs and that are not bound, because the step that binds them was left out by hand.
    pub fn missing(&self, scope: &Scope) -> Vec<Arc<str>> {
        let branch = &self.branch;
        let is_missing = |slot: &&SlotId| branch.lost.contains(slot) && branch.frames[0].get(**slot).is_none();
        let missing = scope.uses.iter().filter(is_missing);
        missing.filter_map(|slot| Some(Arc::clone(&branch.name_info(*slot)?.name))).collect()
    }

    /// Where a name was bound: titles of the scopes around it, and the place.
    pub fn origin(&self, name: &NameInfo) -> (Vec<Arc<str>>, String) {
        let sources = self.sources();
        (deeds::titles_around(self.program(), name.span), sources.place_line(name.span))
    }

    /// Whether the runbook wants somebody to decide about the failure at which the run stands.
    pub fn asks(&self) -> bool {
        matches!(self.stop, Stop::Failed { .. }) && self.branch.asks
    }

    /// What becomes of the failure at which the run stands, if nobody says anything else.
    pub fn fate(&self) -> String {
        let Stop::Failed { scope, .. } = self.stop else { return String::new() };
        let armed = counted(&self.branch.run.root.newest_first());
        match &scope.clauses.on_fail {
            Some(OnFail::Stop) => "on_fail stop: the run stops here".to_owned(),
            Some(OnFail::Continue) => "on_fail continue: accepted, the run goes on".to_owned(),
            Some(OnFail::Undo) => "on_fail undo: this step is taken back".to_owned(),
            Some(OnFail::Ask) => YOU_DECIDE.to_owned(),
            Some(OnFail::Handler { .. }) => "its on_fail { … } runs".to_owned(),
            Some(OnFail::Rollback) => format!("on_fail rollback, {armed}"),
            None if let Some(slot) = scope.verdict => match self.branch.name_info(slot) {
                Some(info) if !info.name.starts_with('$') => format!("`{}` is false, and the run goes on", info.name),
                _ => "it did not pass, and the run goes on".to_owned(),
            },
            None if self.branch.asks => YOU_DECIDE.to_owned(),
            None if self.branch.rolls_back => format!("on_fail rollback, {armed}"),
            None => "the failure goes up to what is around it".to_owned(),
        }
    }

    /// What takes back the changes so far, one line each, newest first.
    pub fn armed(&self) -> Vec<String> {
        self.branch.run.root.newest_first().iter().map(|armed| armed.text.clone()).collect()
    }

    /// The title of the step that can run again.
    pub fn last_step(&self) -> Option<Arc<str>> {
        self.branch.last_step.as_ref().map(|step| Arc::clone(&step.name))
    }

    /// What was done in this session so far.
    pub fn done(&self) -> Vec<super::Deed> {
        self.branch.run.deeds.borrow().clone()
    }

    /// The steps of the story that were taken back by hand and did not run again.
    pub fn taken_back(&self) -> Vec<Span> {
        let mut gone: Vec<Span> = Vec::new();
        for deed in self.branch.run.deeds.borrow().iter() {
            match &deed.did {
                super::Did::Undone(paths) => {
                    gone.extend(paths.iter().filter_map(|path| deeds::statement_at(self.program(), path)));
                }
                super::Did::Again(span) => gone.retain(|one| one != span),
                super::Did::Typed { .. } | super::Did::Skipped(_) | super::Did::Accepted(_) => {}
            }
        }
        gone
    }

    /// How many scopes are around a place of the story.
    pub fn depth_of(&self, place: Span) -> usize {
        let around = deeds::titles_around(self.program(), place).len();
        // A step is not around itself.
        if deeds::is_scope(self.program(), place) { around.saturating_sub(1) } else { around }
    }

    /// Whether something was done within a step.
    pub fn is_in_step(&self, deed: &super::Deed) -> bool {
        deed.at.is_some_and(|at| deeds::is_in_step(self.program(), at))
    }

    /// Who runs it.
    pub fn actor(&self) -> String {
        self.branch.run.host.actor()
    }

    /// Reads a text against what is bound here. `None`: nothing can be typed in this run.
    pub fn read(&self, text: &str, wanted: For) -> Option<Result<Typed, Wrong>> {
        self.branch.read_at(self.stop, text, wanted)
    }

    /// Whether a text holds a secret of the run: it is not put on record.
    pub fn holds_secret(&self, text: &str) -> bool {
        matches!(self.branch.run.mask.hide(text), std::borrow::Cow::Owned(_))
    }

    /// The value of what was typed, if that only computes.
    ///
    /// # Errors
    /// Why it has none.
    pub fn value(&mut self, typed: &Typed) -> Result<Option<Value>, Box<Failure>> {
        match &typed.shows {
            Some(shows) => self.branch.typed_value(typed, shows).map(Some),
            None => Ok(None),
        }
    }

    /// Runs what was typed.
    pub async fn run_typed(&mut self, text: &str, sets: bool, typed: &Typed) -> Ran {
        let ran = self.branch.run_typed(self.stop, text, sets, typed).await;
        self.came(ran)
    }

    /// Runs the step before once more.
    pub async fn again(&mut self) -> Ran {
        let ran = match self.begin(Steer::Again).await {
            Ok(pos) => self.branch.again(self.stop, pos).await,
            Err(flow) => Err(flow),
        };
        self.came(ran)
    }

    /// Takes back the newest `count` of what is armed.
    pub async fn take_back(&mut self, count: usize) -> Ran {
        let ran = match self.begin(Steer::Undo { count }).await {
            Ok(pos) => self.branch.take_back_newest(self.stop, pos, count).await,
            Err(flow) => Err(flow),
        };
        self.came(ran)
    }

    async fn begin(&mut self, steer: Steer) -> Result<crate::journal::Position, Flow> {
        let pos = self.branch.position();
        let by = self.branch.run.host.actor();
        match self.branch.record(Recorded::Steered { pos: pos.clone(), by, steer }, self.stop.span()).await {
            Flow::Next => Ok(pos),
            flow => Err(flow),
        }
    }

    fn came(&mut self, ran: Result<Came, Flow>) -> Ran {
        match ran {
            Ok(Ok(())) => Ran::Done,
            Ok(Err(failure)) => Ran::Failed(failure),
            Err(flow) => {
                self.branch.leaves = Some(Box::new(flow));
                Ran::Left
            }
        }
    }
}

//! How a run is told to somebody who steps through it: a line for each step that is over, what its commands write
//! below it, and failures once.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use super::console::Console;
use crate::report::ending::{self, Asked};
use crate::report::human_time::{clock, took};
use crate::report::{Ink, Mark, Reporter, failure, paint, sanitize};
use crate::runtime::event::{Event, Observer, ScopeId, ScopeInfo, ScopeStatus};
use crate::runtime::failure::Failure;
use crate::value::{Value, display};

/// A value on the line of its step is cut here, in characters.
const SHORT: usize = 60;

/// A line without an end is cut here, in bytes.
const LONGEST: usize = 4096;

/// See the module.
pub(in crate::cli) struct Telling {
    console: Rc<Console>,
    asked: Asked,
    state: RefCell<State>,
    /// Somebody else tells the run so far.
    silent: Cell<bool>,
}

#[derive(Default)]
struct State {
    title: String,
    open: HashMap<ScopeId, Rc<ScopeInfo>>,
    /// Scopes whose last effect returns data.
    silent: HashMap<ScopeId, bool>,
    /// Scopes of which nothing is told but what they write.
    inner: HashSet<ScopeId>,
    /// What begins next was typed.
    typed: bool,
    unfinished: HashMap<ScopeId, [String; 2]>,
    bound: HashMap<ScopeId, Vec<(Arc<str>, Value)>>,
    /// What was drawn of the failure that stopped the run last.
    drawn: Option<String>,
    seen: HashMap<ScopeId, String>,
    /// Somebody leaves: what ends because of that is no failure.
    leaves: bool,
}

impl Telling {
    pub(in crate::cli) fn new(console: Rc<Console>, asked: Asked) -> Self {
        Self { console, asked, state: RefCell::default(), silent: Cell::default() }
    }

    /// Whether it only looks on, or tells what happens.
    pub(super) fn is_silent(&self, is_silent: bool) {
        self.silent.set(is_silent);
    }

    fn say(&self, text: &str) {
        if !self.silent.get() {
            self.console.say(text);
        }
    }

    /// Whether what begins next was typed: its end is told wherever that was.
    pub(super) fn is_typed(&self, is_typed: bool) {
        self.state.borrow_mut().typed = is_typed;
    }

    /// The names that a step bound, for its line.
    pub(super) fn bound(&self, scope: ScopeId, names: Vec<(Arc<str>, Value)>) {
        self.state.borrow_mut().bound.insert(scope, names);
    }

    /// Draws a failure at which the run stops.
    pub(super) fn failed(&self, what: &Failure, next: &str) {
        let unfinished = std::mem::take(&mut self.state.borrow_mut().unfinished);
        for rest in unfinished.into_values().flatten().filter(|rest| !rest.is_empty()) {
            self.raw_output(&rest);
        }
        self.say(&failure::draw(what, next, &[], self.console.style()));
        self.state.borrow_mut().drawn = Some(what.message().to_owned());
    }

    /// From here on the run ends because somebody wants it to.
    pub(super) fn leaves(&self) {
        self.state.borrow_mut().leaves = true;
    }

    fn ended(&self, state: &mut State, scope: &ScopeInfo, status: ScopeStatus, elapsed: &str, detail: Option<&str>) {
        self.rest_of_output(state, scope.id);
        let style = self.console.style();
        let is_phase = scope.kind == "phase";
        let path = path(state, scope);
        state.open.remove(&scope.id);
        let bound = state.bound.remove(&scope.id).unwrap_or_default();
        let is_inner = state.inner.remove(&scope.id);
        if is_phase && status != ScopeStatus::Skipped || is_inner || state.leaves {
            return;
        }
        let mut line = format!("{} {path}", Mark::of(status).draw(style));
        match status {
            ScopeStatus::Skipped => line.push_str("  skipped"),
            _ => drop(write!(line, "  {elapsed}")),
        }
        match status {
            ScopeStatus::InDoubt => line.push_str("  in doubt"),
            ScopeStatus::Cancelled => line.push_str("  stopped"),
            ScopeStatus::Accepted => line.push_str("  failed, and the run goes on"),
            ScopeStatus::Passed | ScopeStatus::Skipped | ScopeStatus::Failed => {}
        }
        for (name, value) in bound {
            let _ = write!(line, "   {name} = {}", sanitize::line(&display::inspect(&value, SHORT)));
        }
        if let Some(detail) = detail {
            let _ = write!(line, "  {}", sanitize::line(detail));
        }
        self.say(&line);
    }

    fn output(&self, state: &mut State, scope: &ScopeInfo, which: usize, text: &str) {
        if which == 0 && state.silent.get(&scope.id).copied().unwrap_or_default() {
            return;
        }
        let unfinished = &mut state.unfinished.entry(scope.id).or_default()[which];
        for piece in text.split_inclusive('\n') {
            unfinished.push_str(piece);
            if piece.ends_with('\n') || unfinished.len() > LONGEST {
                self.raw_output(&std::mem::take(unfinished));
            }
        }
    }

    fn rest_of_output(&self, state: &mut State, scope: ScopeId) {
        for rest in state.unfinished.remove(&scope).into_iter().flatten().filter(|rest| !rest.is_empty()) {
            self.raw_output(&rest);
        }
    }

    fn raw_output(&self, text: &str) {
        let style = self.console.style();
        let bar = paint(style, Ink::Dim, if style.unicode { "│" } else { "|" });
        for line in sanitize::lines(text) {
            self.say(&format!("   {bar} {line}"));
        }
    }

    fn failure(&self, state: &mut State, what: &Failure, next: &str) {
        if state.leaves {
            return;
        }
        if state.drawn.take().is_some_and(|drawn| drawn == what.message()) {
            let style = self.console.style();
            self.say(&format!("   {} {}", paint(style, Ink::Bold, "next:"), sanitize::line(next)));
            return;
        }
        self.say(&failure::draw(what, next, &[], self.console.style()));
    }

    fn event(&self, state: &mut State, event: &Event) {
        let style = self.console.style();
        match event {
            Event::RunStarted { run, title, environment, .. } => {
                state.title.clone_from(title);
                let environment = environment.as_ref().map_or_else(String::new, |name| format!(" · {name}"));
                let line = format!("{}{environment} · run {run}", sanitize::line(title));
                self.say(&paint(style, Ink::Bold, &line));
            }
            Event::ScopeStarted(scope) => {
                // A check tells what came of it, and not of each look.
                let is_typed = std::mem::take(&mut state.typed);
                let outer = scope.parent.and_then(|id| state.open.get(&id));
                if !is_typed && outer.is_some_and(|outer| outer.kind == "check") {
                    state.inner.insert(scope.id);
                }
                state.open.insert(scope.id, Rc::clone(scope));
            }
            Event::Progress { scope, attempt, seen, elapsed, limit } => {
                let Some(seen) = seen else { return };
                if state.seen.insert(scope.id, seen.clone()).is_some_and(|before| before == *seen) {
                    return;
                }
                let of = limit.map_or_else(String::new, |limit| format!("/{}", clock(limit)));
                let line = format!("   try {attempt} · {}{of} · {}", clock(*elapsed), sanitize::line(seen));
                self.say(&paint(style, Ink::Dim, &line));
            }
            Event::EffectStarted { scope, bound, .. } => {
                self.rest_of_output(state, scope.id);
                state.silent.insert(scope.id, *bound);
            }
            Event::Output { scope, stream, text } => {
                let which = usize::from(*stream == crate::host::Stream::Stderr);
                self.output(state, scope, which, text);
            }
            Event::ScopeEnded { scope, status, elapsed, detail } => {
                self.ended(state, scope, *status, &took(*elapsed), detail.as_deref());
            }
            Event::Failed { failure, next } => self.failure(state, failure, next),
            Event::Note(text) => self.say(&format!("   note: {}", sanitize::line(text))),
            Event::Warning(text) => {
                let mark = Mark::Accepted.draw(style);
                self.say(&format!("{mark} warning: {}", sanitize::line(text)));
            }
            Event::Answered { question, answer, by } => {
                let (question, answer, by) = (sanitize::line(question), sanitize::line(answer), sanitize::line(by));
                self.say(&format!("   {by} answered {answer}: {question}"));
            }
            Event::RollbackStarted { compensations } => {
                self.say(&format!("   taking back: {compensations}, newest first"));
            }
            Event::RunEnded(report) => {
                self.say(&ending::draw(report, &state.title, &self.asked, style));
                self.console.flush();
            }
            Event::Armed { .. } | Event::Asked { .. } | Event::Branch { .. } => {}
        }
    }
}

/// `diagnose · read error rate`
fn path(state: &State, scope: &ScopeInfo) -> String {
    let mut titles = vec![sanitize::line(&scope.title).into_owned()];
    let mut around = scope.parent;
    while let Some(outer) = around.and_then(|id| state.open.get(&id)) {
        titles.push(sanitize::line(&outer.title).into_owned());
        around = outer.parent;
    }
    titles.reverse();
    match scope.kind {
        "undo" | "restore" => {
            let title = titles.join(" · ");
            format!("taken back: {}", title.strip_prefix("take back ").unwrap_or(&title))
        }
        _ => titles.join(" · "),
    }
}

impl Observer for Telling {
    fn observe(&self, event: &Event) {
        let state = &mut *self.state.borrow_mut();
        self.event(state, event);
    }
}

impl Reporter for Telling {
    fn hold(&self) {
        self.console.flush();
    }

    fn remark(&self, line: &str) {
        self.say(line);
    }
}

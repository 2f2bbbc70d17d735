//! Whoever steps through a run, at a terminal or by a script: decides where to stop, and does what is typed there.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::assist::Assist;
use super::breaks::{self, Break};
use super::command::{self, Command};
use super::console::Console;
use super::handover::Handover;
use super::history::History;
use super::language::quoted;
use super::show;
use super::tell::Telling;
use crate::analysis::typed::For;
use crate::cli::prompt::{Assisted, Typed as Read};
use crate::host::{Host, LocalFuture};
use crate::report::outline::Outline;
use crate::report::{Ink, paint};
use crate::runtime::event::ScopeId;
use crate::runtime::steer::{Go, Held, Leaving, Steering, Stop};
use crate::value::Value;

/// How far the run goes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    /// To the next step.
    Step,
    /// To the next statement.
    Into,
    /// To a step, a breakpoint, a failure, the end.
    GoOn(Option<Arc<str>>),
    /// To a failure about which the runbook asks.
    Asked,
}

struct State {
    mode: Mode,
    breaks: Vec<Break>,
    count: usize,
    displays: Vec<(usize, String)>,
    /// Lines that the arrow keys do not know yet.
    typed: Vec<String>,
    last_look: Option<Command>,
}

/// See the module.
pub(in crate::cli) struct Stepper {
    pub(super) console: Rc<Console>,
    pub(super) telling: Rc<Telling>,
    outline: Outline,
    pub(super) host: Rc<dyn Host>,
    /// What `help` knows.
    topics: Arc<Vec<String>>,
    history: Option<History>,
    /// Who told the run before somebody was asked.
    handover: Option<Rc<Handover>>,
    state: RefCell<State>,
    /// One prompt at a time, also where branches run beside each other.
    turn: tokio::sync::Mutex<()>,
}

impl Stepper {
    pub(in crate::cli) fn new(
        console: Rc<Console>,
        telling: Rc<Telling>,
        outline: Outline,
        host: Rc<dyn Host>,
    ) -> Self {
        let history = History::of_project(&*host).filter(|_| !console.is_script());
        let typed = history.as_ref().map(|history| history.lines(&*host)).unwrap_or_default();
        let state =
            State { mode: Mode::Step, breaks: Vec::new(), count: 0, displays: Vec::new(), typed, last_look: None };
        let topics = Arc::new(crate::cli::doc::topics());
        let turn = tokio::sync::Mutex::default();
        Self { console, telling, outline, host, topics, history, handover: None, state: state.into(), turn }
    }

    /// One who is asked only where the runbook says so.
    pub(super) fn only_asked(mut self, handover: Rc<Handover>) -> Self {
        self.handover = Some(handover);
        self.state.get_mut().mode = Mode::Asked;
        self
    }

    pub(super) fn say(&self, text: &str) {
        self.console.say(text);
    }

    pub(super) fn hint(&self, text: &str) {
        let style = self.console.style();
        self.say(&format!("   {}", paint(style, Ink::Warn, text)));
    }

    /// Shows where the run stands, and what is to be shown there.
    fn arrive(&self, held: &mut Held<'_>) {
        let style = self.console.style();
        if let Stop::Failed { failure, .. } = held.stop() {
            self.telling.failed(failure, &held.fate());
        }
        if let Some(header) = show::header(held, style) {
            self.say(&header);
        }
        let displays = self.state.borrow().displays.clone();
        for (number, text) in displays {
            let shown = match self.looked_at(held, &text) {
                Ok(value) => show::value(&value),
                Err(why) => why,
            };
            self.say(&format!("   {number}. {text} = {shown}"));
        }
    }

    /// What helps to type at this prompt; a script needs no help.
    fn assisted(&self, held: &Held<'_>) -> Option<Assisted> {
        if self.console.is_script() {
            return None;
        }
        let colour = self.console.style().colour;
        let assist = Assist::at(held, &self.outline, &self.topics, colour);
        Some(Assisted { assist: Some(Arc::new(assist)), history: self.state.borrow_mut().typed.split_off(0) })
    }

    /// Keeps what was typed for the arrow keys, here and in later sessions.
    pub(super) fn keep(&self, line: &str) {
        if self.console.is_script() {
            return;
        }
        if let Some(history) = &self.history
            && history.keep(line)
        {
            self.state.borrow_mut().typed.push(line.to_owned());
        }
    }

    async fn prompts(&self, held: &mut Held<'_>) -> Go {
        self.arrive(held);
        loop {
            let prompt = show::prompt(held, self.console.style());
            let assist = self.assisted(held);
            match self.console.ask_assisted(&prompt, assist, &held.cancel()).await {
                // The walker sees that it is stopped.
                None => return Go::On,
                Some(Read::Interrupted) => {}
                Some(Read::Ended) => {
                    if let Some(go) = self.ended(held).await {
                        return go;
                    }
                }
                Some(Read::Text(text)) => {
                    if let Some(go) = self.does(held, &text).await {
                        self.console.flush();
                        return go;
                    }
                }
            }
            if held.cancel().is_cancelled() {
                return Go::On;
            }
        }
    }

    /// Ctrl-D, or the end of the script.
    async fn ended(&self, held: &mut Held<'_>) -> Option<Go> {
        if matches!(held.stop(), Stop::End(_)) {
            return Some(Go::On);
        }
        if self.console.is_script() {
            self.say("   the script ends here, and the run does not: it pauses");
            self.telling.leaves();
            return Some(Go::Leave(Leaving::Pause));
        }
        self.quit(held).await
    }

    async fn does(&self, held: &mut Held<'_>, text: &str) -> Option<Go> {
        if command::holds_commands(text) {
            self.hint("several lines are one block of the language; the stepper's commands stand alone, one a line");
            return None;
        }
        let mut command = command::parse(text);
        // What is written in the language is kept whole, once its last line is there.
        if !matches!(command, Command::Language(_)) {
            self.keep(text);
        }
        if command == Command::Nothing {
            command = self.state.borrow().last_look.clone()?;
        }
        if command.only_looks() {
            self.state.borrow_mut().last_look = Some(command.clone());
        }
        match command {
            Command::Nothing => None,
            Command::Next => self.next(held),
            Command::Into => self.into(held),
            Command::GoOn(_) if self.tells_missing(held) || self.has_to_decide(held) => None,
            Command::GoOn(step) => self.go_on(step.as_deref()),
            Command::Skip(why) => self.skip(held, why),
            Command::Again => self.again(held).await,
            Command::Print(text) => self.print(held, &text).await,
            Command::Display(text) => {
                self.display(held, text);
                None
            }
            Command::Undisplay(number) => {
                let before = self.state.borrow().displays.len();
                self.state.borrow_mut().displays.retain(|(own, _)| own.to_string() != number);
                if self.state.borrow().displays.len() == before {
                    self.hint("undisplay takes the number of one: display lists them");
                }
                None
            }
            Command::List => self.shows(&show::source(held, false, self.console.style())),
            Command::ListAll => self.shows(&show::source(held, true, self.console.style())),
            Command::Where => self.shows(&show::place(held)),
            Command::Values => self.shows(&show::values(held, self.console.style())),
            Command::Break(text) => {
                self.break_at(held, text.as_deref());
                None
            }
            Command::Unbreak(number) => {
                let before = self.state.borrow().breaks.len();
                self.state.borrow_mut().breaks.retain(|own| own.number.to_string() != number);
                if self.state.borrow().breaks.len() == before {
                    self.hint("unbreak takes the number of one: b lists them");
                }
                None
            }
            Command::Help(None) => self.shows(&show::help(self.console.style())),
            Command::Help(Some(name)) => {
                self.help(&name);
                None
            }
            Command::Pause => {
                self.telling.leaves();
                Some(Go::Leave(Leaving::Pause))
            }
            Command::Quit => self.quit(held).await,
            Command::Set(text) => self.language(held, text, For::Setting).await,
            Command::Note(text) => self.language(held, format!("note {}", quoted(&text)), For::Running).await,
            Command::Undo(what) => self.undo(held, what.as_deref()).await,
            Command::Save(file) => {
                match super::save::save(&*self.host, held, std::path::Path::new(&file)) {
                    Ok(()) => self.say(&format!("   written: {file}; try it: rbk plan {file}")),
                    Err(why) => self.hint(&why),
                }
                None
            }
            Command::Language(text) => self.language(held, text, For::Running).await,
        }
    }

    fn shows(&self, text: &str) -> Option<Go> {
        self.say(text);
        None
    }

    fn next(&self, held: &Held<'_>) -> Option<Go> {
        if self.tells_missing(held) || self.has_to_decide(held) {
            return None;
        }
        let mut state = self.state.borrow_mut();
        let stays = state.mode == Mode::Into && matches!(held.stop(), Stop::Statement(_));
        if !stays {
            state.mode = Mode::Step;
        }
        Some(Go::On)
    }

    /// Where the runbook asks, there is nothing else that would decide.
    fn has_to_decide(&self, held: &Held<'_>) -> bool {
        if held.asks() {
            self.hint("the runbook asks you: r runs it again, k REASON accepts it, undo takes back, q leaves");
        }
        held.asks()
    }

    /// A step that uses what nobody bound would run with nothing in its place.
    fn tells_missing(&self, held: &Held<'_>) -> bool {
        let Stop::Step { scope, .. } = held.stop() else { return false };
        let missing = held.missing(scope);
        if let Some(name) = missing.first() {
            let all = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.hint(&format!(
                "it needs {all}, whose step was left out: let {name} = …; or k REASON leaves this out too"
            ));
        }
        !missing.is_empty()
    }

    fn into(&self, held: &Held<'_>) -> Option<Go> {
        match held.stop() {
            Stop::Step { scope, .. } if !matches!(scope.kind.word(), "step" | "manual" | "choose") => {
                self.hint(&format!("a {} is one thing, and has nothing to go into: n does it", scope.kind.word()));
                None
            }
            Stop::Step { .. } if self.tells_missing(held) => None,
            Stop::Step { .. } | Stop::Statement(_) => {
                self.state.borrow_mut().mode = Mode::Into;
                Some(Go::On)
            }
            Stop::Failed { .. } => {
                self.hint("it has failed: r runs it again, k REASON accepts it, n lets the runbook decide");
                None
            }
            Stop::End(_) => {
                self.hint("the story ends here: n or q ends the run");
                None
            }
        }
    }

    fn go_on(&self, step: Option<&str>) -> Option<Go> {
        let until = match step.map(|step| breaks::find(&self.outline, step)).transpose() {
            Ok(until) => until,
            Err(why) => {
                self.hint(&why);
                return None;
            }
        };
        self.state.borrow_mut().mode = Mode::GoOn(until);
        Some(Go::On)
    }

    fn skip(&self, held: &Held<'_>, why: String) -> Option<Go> {
        if why.is_empty() {
            self.hint("say why: k REASON; it is put on record");
            return None;
        }
        match held.stop() {
            Stop::Step { scope, .. } => {
                let names = names_of(held, scope);
                if !names.is_empty() {
                    self.hint(&format!("not bound now: {}; give it a value: let {} = …", names.join(", "), names[0]));
                }
                self.state.borrow_mut().mode = Mode::Step;
                Some(Go::Skip(why))
            }
            Stop::Failed { .. } => {
                let mut state = self.state.borrow_mut();
                if state.mode != Mode::Asked {
                    state.mode = Mode::Step;
                }
                Some(Go::Accept(why))
            }
            Stop::Statement(_) => {
                self.hint("only a whole step is left out; c goes on, q leaves");
                None
            }
            Stop::End(_) => {
                self.hint("there is no step any more: n or q ends the run");
                None
            }
        }
    }

    async fn again(&self, held: &mut Held<'_>) -> Option<Go> {
        if matches!(held.stop(), Stop::Failed { .. }) {
            return Some(Go::Again);
        }
        match held.last_step() {
            None => {
                self.hint("no step has run yet");
                None
            }
            Some(_) => {
                self.telling.is_typed(true);
                let ran = held.again().await;
                self.telling.is_typed(false);
                Self::went(&ran)
            }
        }
    }

    fn display(&self, held: &mut Held<'_>, text: Option<String>) {
        let Some(text) = text else {
            let displays = self.state.borrow().displays.clone();
            if displays.is_empty() {
                self.hint("nothing is shown at each stop: display EXPR");
            }
            for (number, text) in displays {
                self.say(&format!("   {number}. {text}"));
            }
            return;
        };
        match self.looked_at(held, &text) {
            Ok(value) => {
                let number = self.number();
                self.say(&format!("   {number}. {text} = {}", show::value(&value)));
                self.state.borrow_mut().displays.push((number, text));
            }
            Err(why) => self.hint(&why),
        }
    }

    fn number(&self) -> usize {
        let mut state = self.state.borrow_mut();
        state.count += 1;
        state.count
    }

    fn break_at(&self, held: &mut Held<'_>, text: Option<&str>) {
        let Some(text) = text else {
            let breaks = self.state.borrow().breaks.clone();
            if breaks.is_empty() {
                self.hint("there are no breakpoints: b STEP [if EXPR]");
            }
            for one in breaks {
                self.say(&format!("   {one}"));
            }
            return;
        };
        let (step, condition) = breaks::split(text);
        let step = match step.map(|step| breaks::find(&self.outline, step)).transpose() {
            Ok(step) => step,
            Err(why) => return self.hint(&why),
        };
        if let Some(condition) = condition {
            // A name that is not bound yet may be by then.
            if let Some(Err(wrong)) = held.read(condition, For::Looking)
                && wrong.diagnostics.iter().any(|one| one.code != &crate::diag::code::UNKNOWN_NAME)
            {
                return self.wrong(&wrong);
            }
        }
        let number = self.number();
        let one = Break { number, step, condition: condition.map(str::to_owned) };
        self.say(&format!("   {one}"));
        self.state.borrow_mut().breaks.push(one);
    }

    fn help(&self, name: &str) {
        let known = command::WORDS.iter().find(|word| word.words.contains(&name));
        if let Some(word) = known {
            self.say(&format!("  {} {}  {}", word.words.join(", "), word.takes, word.does));
            return;
        }
        match crate::cli::doc::about(name, self.console.style()) {
            Ok(text) => self.say(text.trim_end()),
            Err((message, help)) => self.hint(&format!("{message}; {help}")),
        }
    }

    fn stops_before(&self, held: &mut Held<'_>, name: &Arc<str>) -> bool {
        let (mode, breaks) = {
            let state = self.state.borrow();
            (state.mode.clone(), state.breaks.clone())
        };
        match mode {
            Mode::Step | Mode::Into => return true,
            Mode::GoOn(Some(until)) if until == *name => return true,
            Mode::GoOn(_) | Mode::Asked => {}
        }
        breaks.iter().filter(|one| one.step.as_ref().is_none_or(|step| step == name)).any(|one| {
            let Some(condition) = &one.condition else { return true };
            // A condition that cannot be computed is no reason to run on.
            !matches!(self.looked_at(held, condition), Ok(Value::Bool(false)))
        })
    }
}

impl Steering for Stepper {
    fn stops(&self, held: &mut Held<'_>) -> bool {
        match held.stop() {
            Stop::Step { scope, .. } => !held.missing(scope).is_empty() || self.stops_before(held, &scope.name),
            Stop::Statement(_) => self.state.borrow().mode == Mode::Into,
            Stop::Failed { .. } => held.asks() || self.state.borrow().mode != Mode::Asked,
            Stop::End(_) => self.state.borrow().mode != Mode::Asked,
        }
    }

    fn hold<'a>(&'a self, held: &'a mut Held<'_>) -> LocalFuture<'a, Go> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            if let Some(handover) = &self.handover {
                handover.hands_over();
            }
            self.prompts(held).await
        })
    }

    fn bound(&self, scope: ScopeId, names: Vec<(Arc<str>, Value)>) {
        self.telling.bound(scope, names);
    }
}

/// The names that a step would bind.
fn names_of(held: &Held<'_>, scope: &crate::analysis::program::Scope) -> Vec<String> {
    let frame = &held.program().frame;
    let names = scope.binds.iter().filter_map(|slot| frame.get(*slot as usize));
    names.map(|info| info.name.to_string()).filter(|name| !name.starts_with('$')).collect()
}

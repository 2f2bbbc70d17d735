//! A run on a terminal: finished lines scroll and stay, and only the block of what runs now is redrawn.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::ending;
use super::held::Held;
use super::human_time::{clock, took};
use super::outline::Outline;
use super::paint::{Ink, Mark, paint};
use super::plain::{Telling, header};
use super::tails::Tails;
use super::told::Told;
use super::{Reporter, sanitize};
use crate::host::Host;
use crate::runtime::event::{Event, Observer, ScopeId, ScopeInfo, ScopeStatus};
use crate::runtime::failure::Failure;

/// Columns of the title before the numbers begin.
const TITLE: usize = 44;

/// Rows of the block at most; what does not fit is counted.
const ROWS: usize = 12;

/// Something with rows that can be redrawn.
pub trait Screen {
    /// A line that stays, above the block.
    fn scroll(&self, line: &str);
    /// Replaces the block.
    fn block(&self, lines: &[String]);
    /// Takes the block away until the next one.
    fn clear(&self);
}

/// See the module.
pub struct Live<S> {
    screen: S,
    host: Rc<dyn Host>,
    telling: Telling,
    outline: Outline,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    title: String,
    total: usize,
    done: usize,
    begun: Duration,
    frame: usize,
    rolling_back: bool,
    /// A prompt is open: lines wait until it is closed.
    held: bool,
    /// The block is on the screen.
    drawn: bool,
    waiting: Held,
    running: BTreeMap<ScopeId, Running>,
    tails: Tails,
    told: Told,
}

impl State {
    /// What the failed scope wrote, whether it is over or not yet.
    fn output_of(&mut self, failure: &Failure) -> Vec<String> {
        let title = failure.path.last();
        let running = self.running.values().rev().find(|one| title.is_some_and(|title| *one.scope.title == **title));
        match running {
            Some(running) => self.tails.take(running.scope.id),
            None => self.told.output(),
        }
    }
}

struct Running {
    scope: Rc<ScopeInfo>,
    begun: Duration,
    announced: bool,
    seen: Option<String>,
    tries: u32,
    limit: Option<Duration>,
    does: Option<String>,
    passed: usize,
    children: usize,
    written: usize,
    /// Something in it failed, and it went on.
    marred: bool,
}

impl<S: Screen> Live<S> {
    /// On a screen.
    pub fn new(screen: S, host: Rc<dyn Host>, telling: Telling, outline: Outline) -> Self {
        Self { screen, host, telling, outline, state: RefCell::default() }
    }

    fn say(&self, state: &mut State, line: String) {
        let line = crate::mask::current().hidden(line);
        if state.held { state.waiting.push(line) } else { self.screen.scroll(&line) }
    }

    /// The headings of phases around a line that are not on the screen yet.
    fn announce(&self, state: &mut State, parent: Option<ScopeId>) {
        let mut around = Vec::new();
        let mut next = parent;
        while let Some(running) = next.and_then(|id| state.running.get_mut(&id)) {
            next = running.scope.parent;
            if !std::mem::replace(&mut running.announced, true) {
                around.push(Rc::clone(&running.scope));
            }
        }
        for scope in around.iter().rev() {
            let title = paint(self.telling.style, Ink::Bold, &sanitize::line(&scope.title));
            self.say(state, format!("{:indent$}  {title}", "", indent = 2 * scope.depth));
        }
    }

    fn started(&self, state: &mut State, scope: &Rc<ScopeInfo>) {
        state.told.forget_output();
        if let Some(parent) = scope.parent.and_then(|id| state.running.get_mut(&id)) {
            parent.children += 1;
        }
        let running = Running {
            scope: Rc::clone(scope),
            begun: self.host.monotonic(),
            announced: false,
            seen: None,
            tries: 0,
            limit: None,
            does: None,
            passed: 0,
            children: 0,
            written: self.outline.at(&scope.place).map_or(0, |item| item.children),
            marred: false,
        };
        state.running.insert(scope.id, running);
    }

    fn ended(
        &self,
        state: &mut State,
        scope: &ScopeInfo,
        status: ScopeStatus,
        elapsed: Duration,
        detail: Option<&str>,
    ) {
        let running = state.running.remove(&scope.id);
        self.refresh(state);
        self.announce(state, scope.parent);
        let output = state.tails.take(scope.id);
        let failed = matches!(status, ScopeStatus::Failed | ScopeStatus::InDoubt);
        if failed {
            state.told.failed(output);
        } else if status == ScopeStatus::Accepted {
            state.told.forget_output();
        }
        if let Some(parent) = scope.parent.and_then(|id| state.running.get_mut(&id)).filter(|_| failed) {
            parent.marred = true;
        }
        let marred = running.as_ref().is_some_and(|running| running.marred) && status == ScopeStatus::Passed;
        let mark = if marred { Mark::Accepted } else { Mark::of(status) };
        let is_phase = scope.kind == "phase";
        if status == ScopeStatus::Passed && !is_phase && !matches!(scope.kind, "undo" | "restore" | "background") {
            state.done += 1;
        }
        let passed = matches!(status, ScopeStatus::Passed | ScopeStatus::Accepted | ScopeStatus::Skipped);
        if let Some(parent) = scope.parent.and_then(|id| state.running.get_mut(&id)).filter(|_| passed) {
            parent.passed += 1;
            parent.children = parent.children.max(parent.passed);
        }
        let mut columns = Vec::new();
        if let Some(phase) = running.filter(|_| is_phase) {
            columns.push(format!("{:>5}", phase.count()));
        }
        columns.push(match status {
            ScopeStatus::Skipped => "skipped".to_owned(),
            ScopeStatus::Passed | ScopeStatus::Failed => took(elapsed),
            ScopeStatus::Accepted => format!("{}  failed, and the run goes on", took(elapsed)),
            ScopeStatus::Cancelled => format!("{}  stopped", took(elapsed)),
            ScopeStatus::InDoubt => format!("{}  in doubt", took(elapsed)),
        });
        columns.extend(detail.map(|detail| sanitize::line(detail).into_owned()));
        let line = self.row(scope, &mark.draw(self.telling.style), &columns);
        self.say(state, line);
    }

    /// Mark and title, then the columns.
    fn row(&self, scope: &ScopeInfo, mark: &str, columns: &[String]) -> String {
        let indent = 2 * scope.depth.min(12);
        let word = match scope.kind {
            "undo" | "restore" | "guard" | "background" => format!("{} · ", scope.kind),
            _ => String::new(),
        };
        let title = format!("{word}{}", sanitize::line(&scope.title));
        let pad = TITLE.saturating_sub(indent + title.width());
        let style = self.telling.style;
        let columns = paint(style, Ink::Dim, &columns.join("  "));
        let title = if scope.kind == "phase" { paint(style, Ink::Bold, &title) } else { title };
        format!("{:indent$}{mark} {title}{:pad$}  {columns}", "", "").trim_end().to_owned()
    }

    /// What runs now, and the line below it.
    fn draw(&self, state: &State) -> Vec<String> {
        let now = self.host.monotonic();
        let mut rows = Vec::new();
        let roots =
            state.running.values().filter(|one| one.scope.parent.is_none_or(|id| !state.running.contains_key(&id)));
        for root in roots {
            self.rows_of(state, root, now, &mut rows);
        }
        if rows.len() > ROWS {
            let more = rows.len() - ROWS;
            rows.truncate(ROWS);
            rows.push(format!("  and {more} more"));
        }
        let done = format!("{} of {} done", state.done, state.total.max(state.done));
        let what = if state.rolling_back { "rolling back" } else { done.as_str() };
        let time = clock(now.saturating_sub(state.begun));
        rows.push(paint(self.telling.style, Ink::Dim, &format!("{what} · {time} · ^C stop")));
        rows
    }

    fn rows_of(&self, state: &State, one: &Running, now: Duration, rows: &mut Vec<String>) {
        let style = self.telling.style;
        if one.scope.kind == "phase" {
            rows.push(self.row(&one.scope, " ", &[one.count()]));
        } else {
            let frames = if style.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" } else { "|/-\\" };
            let frame = frames.chars().nth(state.frame % frames.chars().count()).unwrap_or(' ');
            rows.push(self.row(&one.scope, &paint(style, Ink::Busy, &frame.to_string()), &[one.words(now)]));
        }
        for child in state.running.values().filter(|other| other.scope.parent == Some(one.scope.id)) {
            self.rows_of(state, child, now, rows);
        }
    }

    /// Takes what is over out of the block before a line goes above it.
    fn refresh(&self, state: &mut State) {
        if state.running.is_empty() {
            self.clear(state);
        } else if state.drawn {
            self.redraw(state);
        }
    }

    fn clear(&self, state: &mut State) {
        state.drawn = false;
        self.screen.clear();
    }

    fn redraw(&self, state: &mut State) {
        if state.held || state.running.is_empty() {
            return;
        }
        state.drawn = true;
        let room = self.telling.style.width.saturating_sub(1).max(20);
        let lines: Vec<String> = self.draw(state).iter().map(|line| clip_coloured(line, room)).collect();
        self.screen.block(&lines);
    }
}

impl Running {
    fn count(&self) -> String {
        format!("{}/{}", self.passed, self.children.max(self.written))
    }

    fn words(&self, now: Duration) -> String {
        let mut words = clock(now.saturating_sub(self.begun));
        if let Some(limit) = self.limit {
            let _ = write!(words, "/{}", clock(limit));
        }
        match (&self.seen, &self.does) {
            (Some(seen), _) => {
                let _ = write!(words, "  {} · try {}", sanitize::line(seen), self.tries);
            }
            (None, Some(does)) => {
                let _ = write!(words, "  {does}");
            }
            (None, None) => {}
        }
        words
    }
}

/// Cuts to a width; escape sequences of our own colours have none.
fn clip_coloured(line: &str, columns: usize) -> String {
    if !line.contains('\u{1b}') {
        return sanitize::clip(line, columns).into_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut left = columns;
    for (at, piece) in line.split('\u{1b}').enumerate() {
        let (escape, words) =
            if at == 0 { ("", piece) } else { piece.split_at(piece.find('m').map_or(0, |end| end + 1)) };
        if at > 0 {
            text.push('\u{1b}');
            text.push_str(escape);
        }
        if left > 0 && !words.is_empty() {
            let clipped = sanitize::clip(words, left);
            left = if clipped.len() == words.len() { left - words.width().min(left) } else { 0 };
            text.push_str(&clipped);
        }
    }
    text
}

impl<S: Screen> Observer for Live<S> {
    fn observe(&self, event: &Event) {
        let state = &mut *self.state.borrow_mut();
        let style = self.telling.style;
        match event {
            Event::RunStarted { run, title, environment, total } => {
                state.title.clone_from(title);
                state.total = *total;
                state.begun = self.host.monotonic();
                self.say(state, paint(style, Ink::Bold, &header(title, environment.as_deref(), run)));
            }
            Event::ScopeStarted(scope) => self.started(state, scope),
            Event::Progress { scope, attempt, seen, limit, .. } => {
                state.tails.next_try(scope.id);
                if let Some(running) = state.running.get_mut(&scope.id) {
                    running.tries = *attempt;
                    running.limit = *limit;
                    running.seen.clone_from(seen);
                }
            }
            Event::EffectStarted { scope, show, .. } => {
                let show = sanitize::line(show).into_owned();
                if self.telling.verbose {
                    self.announce(state, Some(scope.id));
                    self.say(
                        state,
                        paint(style, Ink::Dim, &format!("{:indent$}{show}", "", indent = 2 * scope.depth + 4)),
                    );
                }
                if let Some(running) = state.running.get_mut(&scope.id) {
                    running.does = Some(show);
                }
            }
            Event::Output { scope, stream, text } => {
                for line in state.tails.add(scope.id, *stream, text) {
                    if self.telling.verbose {
                        let bar = if style.unicode { "│" } else { "|" };
                        self.say(state, format!("{:indent$}{bar} {line}", "", indent = 2 * scope.depth + 4));
                    }
                }
            }
            Event::ScopeEnded { scope, status, elapsed, detail } => {
                self.ended(state, scope, *status, *elapsed, detail.as_deref());
            }
            Event::Failed { failure, next } => {
                let output = state.output_of(failure);
                let drawn = state.told.draw(failure, next, &output, style);
                self.say(state, drawn);
            }
            Event::Branch { text, depth } => {
                self.say(state, format!("{:indent$}{}", "", sanitize::line(text), indent = 2 * depth + 2));
            }
            Event::Note(text) => self.say(state, format!("  note: {}", sanitize::line(text))),
            Event::Warning(text) => {
                self.say(state, format!("{} {}", Mark::Accepted.draw(style), sanitize::line(text)));
            }
            // The prompt itself says what is asked; the end, what is armed.
            Event::Asked { .. } | Event::Armed { .. } => {}
            Event::Answered { question, answer, by } => {
                let (question, answer, by) = (sanitize::line(question), sanitize::line(answer), sanitize::line(by));
                self.say(state, paint(style, Ink::Dim, &format!("  {by} answered {answer}: {question}")));
            }
            Event::RollbackStarted { compensations } => {
                state.rolling_back = true;
                let words = format!("rolling back: {compensations} to take back, newest first");
                self.say(state, paint(style, Ink::Bold, &words));
            }
            Event::RunEnded(report) => {
                self.clear(state);
                let text = ending::draw(report, &state.title, &self.telling.asked, style);
                self.say(state, text);
            }
        }
    }
}

impl<S: Screen> Reporter for Live<S> {
    fn tick(&self) {
        let state = &mut *self.state.borrow_mut();
        state.frame += 1;
        self.redraw(state);
    }

    fn hold(&self) {
        let state = &mut *self.state.borrow_mut();
        state.held = true;
        self.clear(state);
    }

    fn remark(&self, line: &str) {
        self.screen.scroll(line);
    }

    fn go_on(&self) {
        let state = &mut *self.state.borrow_mut();
        state.held = false;
        for line in std::mem::take(&mut state.waiting).into_lines() {
            self.screen.scroll(&line);
        }
    }
}

/// The terminal behind standard error. What was never redrawn costs no more than a line written.
#[derive(Default)]
pub struct Terminal {
    bar: RefCell<Option<indicatif::ProgressBar>>,
}

impl Screen for Terminal {
    fn scroll(&self, line: &str) {
        let write = || {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
        };
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn block(&self, lines: &[String]) {
        let mut bar = self.bar.borrow_mut();
        let bar = bar.get_or_insert_with(|| {
            let bar = indicatif::ProgressBar::with_draw_target(None, indicatif::ProgressDrawTarget::stderr_with_hz(15));
            match indicatif::ProgressStyle::with_template("{msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_message(lines.join("\n"));
    }

    fn clear(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;
    use crate::report::testing::{self, ended};

    #[derive(Default)]
    struct Paper {
        scrolled: RefCell<Vec<String>>,
        block: RefCell<Vec<String>>,
    }

    impl Screen for Paper {
        fn scroll(&self, line: &str) {
            self.scrolled.borrow_mut().push(line.to_owned());
        }

        fn block(&self, lines: &[String]) {
            *self.block.borrow_mut() = lines.to_vec();
        }

        fn clear(&self) {
            self.block.borrow_mut().clear();
        }
    }

    fn live() -> Live<Paper> {
        let style = crate::diag::Style { width: 120, ..crate::diag::Style::default() };
        let telling = Telling { style, ..Telling::default() };
        Live::new(Paper::default(), Rc::new(FakeHost::new()), telling, Outline::default())
    }

    #[test]
    fn finished_lines_stay_and_the_rest_is_redrawn() {
        let live = live();
        let phase = testing::scope(1, None, "phase", "Deploy");
        let step = testing::scope(2, Some(1), "step", "Deploy the new revision");
        let check = testing::scope(3, Some(1), "check", "it answers");
        live.observe(&testing::started());
        live.observe(&Event::ScopeStarted(Rc::clone(&phase)));
        live.observe(&Event::ScopeStarted(Rc::clone(&step)));
        live.observe(&ended(&step, ScopeStatus::Passed, 41_000, Some("rev-42")));
        live.observe(&Event::ScopeStarted(Rc::clone(&check)));
        live.observe(&Event::Progress {
            scope: Rc::clone(&check),
            attempt: 4,
            seen: Some("status = \"degraded\" (want \"operational\")".into()),
            elapsed: Duration::from_secs(62),
            limit: Some(Duration::from_secs(120)),
        });
        live.tick();
        let scrolled = live.screen.scrolled.borrow().join("\n");
        assert_eq!(
            scrolled,
            "Deploy the backend · prod · run 0199a3f
  Deploy
  ✓ Deploy the new revision                     41s  rev-42"
        );
        let block = live.screen.block.borrow().join("\n");
        assert_eq!(
            block,
            "  Deploy                                        1/2
  ⠙ it answers                                  0:00/2:00  status = \"degraded\" (want \"operational\") · try 4
1 of 3 done · 0:00 · ^C stop"
        );
        live.observe(&ended(&check, ScopeStatus::Passed, 65_000, None));
        live.observe(&ended(&phase, ScopeStatus::Passed, 107_000, None));
        assert!(live.screen.block.borrow().is_empty());
        assert_eq!(
            live.screen.scrolled.borrow().last().map(String::as_str),
            Some("✓ Deploy                                          2/2  1:47")
        );
    }

    #[test]
    fn lines_wait_while_a_prompt_is_open() {
        let live = live();
        live.observe(&Event::ScopeStarted(testing::scope(1, None, "step", "One")));
        live.hold();
        live.observe(&Event::Note("while asked\u{1b}".into()));
        live.tick();
        assert!(live.screen.scrolled.borrow().is_empty());
        assert!(live.screen.block.borrow().is_empty());
        live.go_on();
        assert_eq!(*live.screen.scrolled.borrow(), ["  note: while asked␛"]);
    }

    #[test]
    fn colours_do_not_count_when_a_row_is_cut() {
        assert_eq!(clip_coloured("\u{1b}[1mabcdef\u{1b}[0m gh", 4), "\u{1b}[1mabc…\u{1b}[0m");
        assert_eq!(clip_coloured("\u{1b}[1mab\u{1b}[0mcd", 4), "\u{1b}[1mab\u{1b}[0mcd");
    }
}

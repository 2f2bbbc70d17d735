//! A run without a terminal: one plain line an event, and a sign of life every half minute.
//! Under GitHub Actions the phases are groups and failures are annotations.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use super::ending::{self, Asked};
use super::held::Held;
use super::human_time::{clock, took};
use super::paint::{Ink, Mark, paint};
use super::tails::Tails;
use super::told::{self, Told};
use super::{Out, Reporter, failure, sanitize, write_line};
use crate::diag::Style;
use crate::host::Host;
use crate::runtime::event::{Event, Observer, ScopeId, ScopeInfo, ScopeStatus};
use crate::runtime::failure::Failure;

/// How long nothing may be said.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How a run is to be told, on a terminal or not.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    /// Colours and width.
    pub style: Style,
    /// What the commands write, as it comes.
    pub verbose: bool,
    /// Groups and annotations for GitHub Actions.
    pub github: bool,
    /// How it was started.
    pub asked: Asked,
}

/// See the module.
pub struct Plain {
    out: Out,
    /// What waits until a prompt is closed; `None` if there is none.
    held: RefCell<Option<Held>>,
    host: Rc<dyn Host>,
    telling: Telling,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    title: String,
    begun: Duration,
    last_line: Duration,
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
    seen: Option<String>,
    tries: u32,
    limit: Option<Duration>,
    /// Something in it failed, and it went on.
    marred: bool,
}

impl Plain {
    /// Onto a writer.
    pub fn new(out: Box<dyn std::io::Write>, host: Rc<dyn Host>, telling: Telling) -> Self {
        let state = State { begun: host.monotonic(), last_line: host.monotonic(), ..State::default() };
        Self { out: out.into(), held: RefCell::default(), host, telling, state: state.into() }
    }

    fn raw(&self, line: &str) {
        match &mut *self.held.borrow_mut() {
            Some(waiting) => waiting.push(line.to_owned()),
            None => write_line(&self.out, line),
        }
    }

    fn say(&self, state: &mut State, depth: usize, line: &str) {
        let now = self.host.monotonic();
        state.last_line = now;
        let time = paint(self.telling.style, Ink::Dim, &format!("{:>7}", clock(now.saturating_sub(state.begun))));
        self.raw(&format!("{time}  {:indent$}{line}", "", indent = depth * 2));
    }

    fn annotate(&self, sort: &str, properties: &str, message: &str) {
        if self.telling.github {
            let message = message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
            self.raw(&format!("::{sort}{properties}::{message}"));
        }
    }

    fn ended(
        &self,
        state: &mut State,
        scope: &ScopeInfo,
        status: ScopeStatus,
        elapsed: Duration,
        detail: Option<&str>,
    ) {
        let marred = state.running.remove(&scope.id).is_some_and(|running| running.marred);
        let output = state.tails.take(scope.id);
        let failed = matches!(status, ScopeStatus::Failed | ScopeStatus::InDoubt);
        if let Some(parent) = scope.parent.and_then(|id| state.running.get_mut(&id)).filter(|_| failed) {
            parent.marred = true;
        }
        let mark = if marred && status == ScopeStatus::Passed { Mark::Accepted } else { Mark::of(status) };
        if failed {
            state.told.failed(output);
        } else if status == ScopeStatus::Accepted {
            state.told.forget_output();
        }
        let mut line = format!("{} {}", mark.draw(self.telling.style), sanitize::line(&scope.title));
        if status == ScopeStatus::Skipped {
            line.push_str("  skipped");
        } else {
            let _ = write!(line, "  {}", took(elapsed));
        }
        match status {
            ScopeStatus::InDoubt => line.push_str("  in doubt"),
            ScopeStatus::Cancelled => line.push_str("  stopped"),
            ScopeStatus::Accepted => line.push_str("  failed, and the run goes on"),
            ScopeStatus::Passed | ScopeStatus::Skipped | ScopeStatus::Failed => {}
        }
        if let Some(detail) = detail {
            let _ = write!(line, "  {}", sanitize::line(detail));
        }
        self.say(state, scope.depth, &line);
        if scope.kind == "phase" && scope.depth == 0 && status != ScopeStatus::Skipped {
            self.annotate("endgroup", "", "");
        }
    }

    fn failed(&self, state: &mut State, what: &Failure, next: &str) {
        let output = state.output_of(what);
        state.last_line = self.host.monotonic();
        if !state.told.is_new(what) {
            self.raw(&told::draw_again(what, next, self.telling.style));
            return;
        }
        self.raw(&failure::draw(what, next, &output, self.telling.style));
        let span = what.diagnostic.span();
        let file = what.sources.get(span.file);
        let line = file.line_column(span.start).line;
        let escaped = file.name.replace('%', "%25").replace(',', "%2C").replace(':', "%3A");
        self.annotate("error", &format!(" file={escaped},line={line}"), what.message());
    }
}

impl Observer for Plain {
    fn observe(&self, event: &Event) {
        let state = &mut *self.state.borrow_mut();
        let style = self.telling.style;
        match event {
            Event::RunStarted { run, title, environment, .. } => {
                state.title.clone_from(title);
                state.begun = self.host.monotonic();
                self.say(state, 0, &paint(style, Ink::Bold, &header(title, environment.as_deref(), run)));
            }
            Event::ScopeStarted(scope) => {
                if scope.kind == "phase" && scope.depth == 0 {
                    self.annotate("group", "", &scope.title);
                }
                state.told.forget_output();
                let begun = self.host.monotonic();
                let scope = Rc::clone(scope);
                self.say(state, scope.depth, &format!("  {} {}", scope.kind, sanitize::line(&scope.title)));
                state
                    .running
                    .insert(scope.id, Running { scope, begun, seen: None, tries: 0, limit: None, marred: false });
            }
            Event::Progress { scope, attempt, seen, elapsed, limit } => {
                state.tails.next_try(scope.id);
                let Some(running) = state.running.get_mut(&scope.id) else { return };
                let news = seen.is_some() && running.seen != *seen;
                running.tries = *attempt;
                running.limit = *limit;
                running.seen.clone_from(seen);
                if news && let Some(seen) = seen {
                    let of = limit.map_or_else(String::new, |limit| format!(" of {}", clock(limit)));
                    let line = format!("    try {attempt} · {}{of} · {}", clock(*elapsed), sanitize::line(seen));
                    self.say(state, scope.depth, &line);
                }
            }
            Event::EffectStarted { scope, show, .. } => {
                if self.telling.verbose {
                    self.say(state, scope.depth, &format!("    {}", sanitize::line(show)));
                }
            }
            Event::Output { scope, stream, text } => {
                let lines = state.tails.add(scope.id, *stream, text);
                if self.telling.verbose {
                    for line in lines {
                        self.say(state, scope.depth, &format!("    | {line}"));
                    }
                }
            }
            Event::ScopeEnded { scope, status, elapsed, detail } => {
                self.ended(state, scope, *status, *elapsed, detail.as_deref());
            }
            Event::Failed { failure, next } => self.failed(state, failure, next),
            Event::Branch { text, depth } => self.say(state, *depth, &format!("  {}", sanitize::line(text))),
            Event::Note(text) => self.say(state, 0, &format!("  note: {}", sanitize::line(text))),
            Event::Warning(text) => {
                let mark = Mark::Accepted.draw(style);
                self.say(state, 0, &format!("{mark} warning: {}", sanitize::line(text)));
                self.annotate("warning", "", text);
            }
            Event::Asked { question } => self.say(state, 0, &format!("  asked: {}", sanitize::line(question))),
            Event::Answered { question, answer, by } => {
                let (question, answer, by) = (sanitize::line(question), sanitize::line(answer), sanitize::line(by));
                self.say(state, 0, &format!("  {by} answered {answer}: {question}"));
            }
            Event::Armed { .. } => {}
            Event::RollbackStarted { compensations } => {
                self.say(state, 0, &format!("  rolling back: {compensations} to take back, newest first"));
            }
            Event::RunEnded(report) => {
                self.raw(&ending::draw(report, &state.title, &self.telling.asked, style));
            }
        }
    }
}

impl Reporter for Plain {
    fn hold(&self) {
        *self.held.borrow_mut() = Some(Held::default());
    }

    fn go_on(&self) {
        let waiting = self.held.borrow_mut().take();
        waiting.into_iter().flat_map(Held::into_lines).for_each(|line| self.raw(&line));
    }

    fn remark(&self, line: &str) {
        write_line(&self.out, line);
    }

    /// Says what is still running when nothing was said for half a minute.
    fn tick(&self) {
        let state = &mut *self.state.borrow_mut();
        let now = self.host.monotonic();
        if state.running.is_empty() || now.saturating_sub(state.last_line) < HEARTBEAT {
            return;
        }
        let innermost =
            |running: &&Running| !state.running.values().any(|other| other.scope.parent == Some(running.scope.id));
        let lines: Vec<(usize, String)> = state
            .running
            .values()
            .filter(innermost)
            .map(|running| (running.scope.depth, format!("  still running: {}", running.line(now))))
            .collect();
        for (depth, line) in lines {
            self.say(state, depth, &line);
        }
    }
}

impl Running {
    fn line(&self, now: Duration) -> String {
        let mut line = format!("{}  {}", sanitize::line(&self.scope.title), clock(now.saturating_sub(self.begun)));
        if let Some(limit) = self.limit {
            let _ = write!(line, " of {}", clock(limit));
        }
        if let Some(seen) = &self.seen {
            let _ = write!(line, " · {} · try {}", sanitize::line(seen), self.tries);
        }
        line
    }
}

/// `Deploy the backend · prod · run 0199a3f`
pub(super) fn header(title: &str, environment: Option<&str>, run: &str) -> String {
    let title = sanitize::line(title);
    match environment {
        Some(environment) => format!("{title} · {environment} · run {run}"),
        None => format!("{title} · run {run}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;
    use crate::report::testing::{self, Page, ended};

    fn plain(github: bool) -> (Plain, Page) {
        let page = Page::default();
        let telling = Telling { github, ..Telling::default() };
        (Plain::new(Box::new(page.clone()), Rc::new(FakeHost::new()), telling), page)
    }

    #[test]
    fn one_line_an_event() {
        let (plain, page) = plain(false);
        let phase = testing::scope(1, None, "phase", "Deploy");
        let check = testing::scope(2, Some(1), "check", "it answers");
        plain.observe(&testing::started());
        plain.observe(&Event::ScopeStarted(Rc::clone(&phase)));
        plain.observe(&Event::ScopeStarted(Rc::clone(&check)));
        for attempt in 1..=3 {
            plain.observe(&Event::Progress {
                scope: Rc::clone(&check),
                attempt,
                seen: Some("status = 503 (want 200)".into()),
                elapsed: Duration::from_secs(5),
                limit: Some(Duration::from_secs(120)),
            });
        }
        plain.observe(&ended(&check, ScopeStatus::Passed, 41_000, Some("rev-2")));
        plain.observe(&ended(&phase, ScopeStatus::Passed, 42_000, None));
        assert_eq!(
            page.text(),
            "   0:00  Deploy the backend · prod · run 0199a3f
   0:00    phase Deploy
   0:00      check it answers
   0:00        try 1 · 0:05 of 2:00 · status = 503 (want 200)
   0:00    ✓ it answers  41s  rev-2
   0:00  ✓ Deploy  42s
"
        );
    }

    #[test]
    fn groups_and_annotations() {
        let (plain, page) = plain(true);
        let phase = testing::scope(1, None, "phase", "Deploy");
        plain.observe(&Event::ScopeStarted(Rc::clone(&phase)));
        plain.observe(&ended(&phase, ScopeStatus::Failed, 42_000, None));
        plain.observe(&Event::Failed { failure: Rc::new(testing::failure()), next: "the run stops here".into() });
        plain.observe(&Event::Warning("100% sure\nor not".into()));
        let text = page.text();
        assert!(text.starts_with("::group::Deploy\n"), "{text}");
        assert!(text.contains("\n::endgroup::\n"), "{text}");
        assert!(text.contains("\n::error file=deploy.rbk,line=2::`status == 200` does not hold\n"), "{text}");
        assert!(text.ends_with("::warning::100%25 sure%0Aor not\n"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_of_life() {
        let (plain, page) = plain(false);
        let step = testing::scope(1, None, "step", "Wait for it");
        plain.observe(&Event::ScopeStarted(Rc::clone(&step)));
        plain.observe(&Event::ScopeStarted(testing::scope(2, Some(1), "check", "it is ready")));
        tokio::time::advance(Duration::from_secs(29)).await;
        plain.tick();
        assert_eq!(page.text().lines().count(), 2);
        tokio::time::advance(Duration::from_secs(2)).await;
        plain.tick();
        plain.tick();
        assert_eq!(page.text().lines().skip(2).collect::<Vec<_>>(), ["   0:31      still running: it is ready  0:31"]);
    }
}

//! A run as lines of text, each with the time at which it happened.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use rbk::host::Host;
use rbk::host::fake::{Called, FakeHost};
use rbk::journal::{Ending, Entry, Recorded};
use rbk::runtime::event::{Event, Observer, ScopeInfo, ScopeStatus};
use rbk::runtime::failure::Failure;
use rbk::runtime::outcome::{Report, Status};
use rbk::source::Sources;

/// Observes a run.
pub(crate) struct Transcript {
    host: FakeHost,
    output: bool,
    plan: bool,
    text: RefCell<String>,
    depth: RefCell<usize>,
    tries: RefCell<Option<Tries>>,
    /// What a poll asked, told once.
    asked: RefCell<HashSet<(u64, String)>>,
}

/// Tries in a row that saw the same.
struct Tries {
    first: u32,
    last: u32,
    depth: usize,
    at: String,
    seen: String,
}

impl Transcript {
    pub(crate) fn new(host: &FakeHost, output: bool, plan: bool) -> Self {
        let (text, depth, tries, asked) = Default::default();
        Self { host: host.clone(), output, plan, text, depth, tries, asked }
    }

    pub(crate) fn text(&self) -> String {
        self.flush();
        self.text.borrow().replace("/case/", "")
    }

    /// Text as it is.
    pub(crate) fn plain(&self, text: &str) {
        self.text.borrow_mut().push_str(text);
    }

    /// A line at the time of the world.
    pub(crate) fn say(&self, depth: usize, line: &str) {
        self.flush();
        let clock = clock(self.host.monotonic());
        let _ = writeln!(self.text.borrow_mut(), "{clock:>7}  {}{line}", "  ".repeat(depth));
    }

    fn flush(&self) {
        let Some(tries) = self.tries.borrow_mut().take() else { return };
        let Tries { first, last, depth, at, seen } = tries;
        let which = if first == last { format!("try {first}") } else { format!("tries {first} to {last}") };
        let _ = writeln!(self.text.borrow_mut(), "{at:>7}  {}{which}: {seen}", "  ".repeat(depth));
    }

    fn tried(&self, scope: &ScopeInfo, attempt: u32, seen: String) {
        let now = clock(self.host.monotonic());
        if let Some(tries) = self.tries.borrow_mut().as_mut()
            && tries.seen == seen
            && tries.last + 1 == attempt
        {
            tries.last = attempt;
            tries.at = now;
            return;
        }
        self.flush();
        let depth = scope.depth + 1;
        *self.tries.borrow_mut() = Some(Tries { first: attempt, last: attempt, depth, at: now, seen });
    }

    fn failed(&self, failure: &Failure, next: &str) {
        let depth = *self.depth.borrow();
        let diagnostic = &failure.diagnostic;
        let mut message = diagnostic.message.lines();
        let sources: &Sources = &failure.sources;
        let first = message.next().unwrap_or_default();
        let place = sources.place(diagnostic.span());
        self.say(depth, &format!("! {} {first} ({}, {})", diagnostic.code.id, failure.kind.name(), bare(&place)));
        let more = |line: &str| {
            let _ = writeln!(self.text.borrow_mut(), "{:>7}  {}  {line}", "", "  ".repeat(depth));
        };
        message.for_each(&more);
        for label in diagnostic.labels.iter().filter(|label| !label.text.is_empty()) {
            more(&format!("`{}`: {}", one_line(sources.text(label.span)), label.text));
        }
        failure.evidence.iter().for_each(|line| more(&format!("from {line}")));
        if let Some(because) = &failure.because {
            more(&format!("because {because}"));
        }
        if let Some(output) = failure.output.as_deref().filter(|output| !output.is_empty()) {
            more(&format!("wrote {output:?}"));
        }
        if failure.in_doubt {
            more("in doubt");
        }
        if let Some(help) = &diagnostic.help {
            more(&format!("help: {help}"));
        }
        more(&format!("next: {next}"));
    }

    fn ended(&self, report: &Report) {
        let Report { status, done, skipped, .. } = report;
        let mut line = format!("{}, exit {}: {done} done", status.name(), status.exit_code());
        if *skipped > 0 {
            let _ = write!(line, ", {skipped} skipped");
        }
        if let Some(reason) = &report.reason {
            let _ = write!(line, ": {reason}");
        }
        self.say(0, &line);
        let left: Vec<String> = report
            .left
            .iter()
            .map(|left| format!("{} ({}); by hand: {}", left.what, left.why, one_line(&left.commands)))
            .collect();
        let went_back = matches!(status, Status::RolledBack | Status::RollbackIncomplete);
        let stays = if went_back { report.stays.as_slice() } else { &[] };
        for (word, lines) in [
            ("accepted", report.accepted.as_slice()),
            ("taken back", &report.taken_back),
            ("left", &left),
            ("armed", &report.armed),
            ("no way back", &report.without_inverse),
            ("stays", stays),
            ("in doubt", &report.in_doubt),
        ] {
            for line in lines {
                self.plain(&format!("{:>7}  {word}: {line}\n", ""));
            }
        }
    }

    /// What differs between two listings of the files.
    pub(crate) fn files(&self, before: &[String], after: &[String]) {
        for line in before.iter().filter(|line| !after.contains(line)) {
            self.plain(&format!("file - {}\n", line.escape_debug()));
        }
        for line in after.iter().filter(|line| !before.contains(line)) {
            self.plain(&format!("file + {}\n", line.escape_debug()));
        }
    }

    /// Everything the world was asked for, with what went along.
    pub(crate) fn calls(&self, calls: &[Called]) {
        for call in calls {
            let mut line = format!("call {}", call.line().escape_debug());
            match call {
                Called::Command(process) => {
                    if let Some(dir) = &process.dir {
                        let _ = write!(line, " in {}", dir.display());
                    }
                    line += &crate::script::sorted_env(&process.env);
                    for hop in &process.on {
                        let _ = write!(line, " / {}", hop.target);
                        if let Some(dir) = &hop.dir {
                            let _ = write!(line, " in {}", dir.display());
                        }
                        line += &crate::script::sorted_env(&hop.env);
                    }
                    if let Some(stdin) = &process.stdin {
                        let _ = write!(line, " < {:?}", String::from_utf8_lossy(stdin));
                    }
                }
                Called::Http(request) => {
                    for (name, value) in &request.headers {
                        let _ = write!(line, " {name}: {value};");
                    }
                    if let Some(body) = &request.body {
                        let _ = write!(line, " {}", String::from_utf8_lossy(body));
                    }
                }
                // Its line says all of it.
                Called::Sql(_) | Called::Redis(_) | Called::Mail(_) => {}
            }
            self.plain(&format!("{line}\n"));
        }
    }

    /// The record of the run, but for what only reports read.
    pub(crate) fn journal(&self, entries: &[Entry]) {
        for entry in entries {
            if let Some(line) = journal_line(&entry.event) {
                self.plain(&format!("journal {line}\n"));
            }
        }
    }
}

fn journal_line(event: &Recorded) -> Option<String> {
    let armed = |list: &[rbk::journal::ArmedEntry]| {
        list.iter().fold(String::new(), |mut line, armed| {
            let captures: Vec<String> =
                armed.captures.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let _ = write!(line, "; arms {} \"{}\" [{}]", armed.compensation, armed.text, captures.join(", "));
            line
        })
    };
    let how = |ending: &Ending| match ending {
        Ending::Done => "done".to_owned(),
        Ending::Failed(error) => format!("failed: {}", error.message),
        Ending::Unknown(error) => format!("unknown: {}", error.message),
    };
    let failed = |failure: Option<&rbk::journal::FailureEntry>| {
        failure.map_or_else(|| "passed".to_owned(), |failure| failure.message.lines().next().unwrap_or("").to_owned())
    };
    Some(match event {
        Recorded::Intent { pos, path, attempt, summary, class, armed: list, .. } => {
            format!("{pos} intent, try {attempt} {} [{class}] {summary}{}", path.join(" / "), armed(list))
        }
        Recorded::Outcome { pos, ending, armed: list, .. } => format!("{pos} outcome {}{}", how(ending), armed(list)),
        Recorded::Read { pos, summary, ending, .. } => format!("{pos} read {summary}: {}", how(ending)),
        Recorded::Observed { pos, failure, .. } => format!("{pos} observed: {}", failed(failure.as_deref())),
        Recorded::Armed { pos, armed: list } => format!("{pos} armed{}", armed(list)),
        Recorded::Disarmed { pos, compensations, why } => {
            let which: Vec<String> = compensations.iter().map(ToString::to_string).collect();
            format!("{pos} disarmed [{}]: {why}", which.join(", "))
        }
        Recorded::CompensationBegan { compensation, .. } => format!("{compensation} compensation began"),
        Recorded::CompensationEnded { compensation, failure, .. } => {
            format!("{compensation} compensation {}", failure.as_deref().unwrap_or("done"))
        }
        Recorded::Answered { pos, question, answer, by, .. } => {
            format!("{pos} answered \"{question}\": {answer} by {by}")
        }
        Recorded::Decided { pos, verdict, by, .. } => format!("{pos} decided {verdict:?} by {by}"),
        Recorded::Noted { pos, text, .. } => format!("{pos} noted {text}"),
        Recorded::WaitBegan { pos, until } => format!("{pos} waits until {until}"),
        Recorded::DeadlinePassed { pos } => format!("{pos} deadline passed"),
        Recorded::Tripped { pos, failure } => format!("{pos} tripped: {}", failed(Some(failure))),
        Recorded::UndoBegan { pos } => format!("{pos} scope is taken back"),
        Recorded::RollbackBegan { compensations, .. } => format!("rollback of {compensations} begins"),
        Recorded::Resumed { by, how, forgets, .. } => format!("{how} by {by}, forgetting {}", forgets.len()),
        Recorded::ClockRead { pos, elapsed } => format!("{pos} clock shows {}", clock(*elapsed)),
        Recorded::Started(_)
        | Recorded::ScopeBegan { .. }
        | Recorded::ScopeEnded { .. }
        | Recorded::Asked { .. }
        | Recorded::Scratch { .. }
        | Recorded::Failed { .. }
        | Recorded::Steered { .. }
        | Recorded::SteeredEnded { .. }
        | Recorded::StepStopped { .. }
        | Recorded::StopAsked { .. }
        | Recorded::Ended(_) => return None,
    })
}

impl Observer for Transcript {
    fn observe(&self, event: &Event) {
        match event {
            Event::RunStarted { title, environment, total, .. } => {
                let steps = if *total == 1 { "step" } else { "steps" };
                let at = environment.as_deref().map(|name| format!(" · {name}")).unwrap_or_default();
                self.say(0, &format!("{title}{at}, {total} {steps}"));
            }
            Event::ScopeStarted(scope) => {
                *self.depth.borrow_mut() = scope.depth + 1;
                let effect = scope.effect.map(|effect| format!(" [{effect}]")).unwrap_or_default();
                self.say(scope.depth, &format!("{} \"{}\"{effect}", scope.kind, scope.title));
            }
            Event::ScopeEnded { scope, status, elapsed, detail } => {
                *self.depth.borrow_mut() = scope.depth;
                let how = match status {
                    ScopeStatus::Passed => "passed",
                    ScopeStatus::Skipped => "skipped",
                    ScopeStatus::Failed => "failed",
                    ScopeStatus::Accepted => "accepted",
                    ScopeStatus::Cancelled => "cancelled",
                    ScopeStatus::InDoubt => "in doubt",
                };
                let after = if elapsed.is_zero() { String::new() } else { format!(" after {}", clock(*elapsed)) };
                let detail = detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
                self.say(scope.depth, &format!("{} \"{}\" {how}{after}{detail}", scope.kind, scope.title));
            }
            Event::Progress { scope, attempt, seen, .. } => {
                self.tried(scope, *attempt, seen.clone().unwrap_or_else(|| "fine".to_owned()));
            }
            Event::EffectStarted { scope, show, effect, bound: _ } => {
                let polls = matches!(scope.kind, "check" | "monitor" | "guard" | "background");
                if polls && !self.asked.borrow_mut().insert((scope.id, show.clone())) {
                    return;
                }
                self.say(scope.depth + 1, &format!("{} [{effect}]", one_line(show)));
            }
            Event::Output { scope, text, .. } if self.output => {
                text.lines().for_each(|line| self.say(scope.depth + 2, &format!("| {line}")));
            }
            Event::Output { .. } => {}
            Event::Armed { text, .. } if self.plan => self.say(*self.depth.borrow() + 1, &format!("undo: {text}")),
            Event::Armed { .. } => {}
            Event::Failed { failure, next } => self.failed(failure, next),
            Event::Branch { text, depth } => self.say(depth + 1, &format!("? {text}")),
            Event::Note(text) => self.say(*self.depth.borrow(), &format!("note {text}")),
            Event::Warning(text) => self.say(*self.depth.borrow(), &format!("warning {text}")),
            Event::Asked { question } => self.say(*self.depth.borrow(), &format!("asked: {question}")),
            Event::Answered { answer, by, .. } => self.say(*self.depth.borrow(), &format!("{by} says: {answer}")),
            Event::RollbackStarted { compensations } => self.say(0, &format!("rollback of {compensations}")),
            Event::RunEnded(report) => self.ended(report),
        }
    }
}

/// `1:02`, `1:02.5`
fn clock(time: Duration) -> String {
    let (seconds, milliseconds) = (time.as_secs(), time.subsec_millis());
    let whole = format!("{}:{:02}", seconds / 60, seconds % 60);
    if milliseconds == 0 { whole } else { format!("{whole}.{milliseconds:03}").trim_end_matches('0').to_owned() }
}

/// Without the folder of the case.
fn bare(place: &str) -> &str {
    place.strip_prefix("/case/").unwrap_or(place)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

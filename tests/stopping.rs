//! Stopping, on a real terminal: Ctrl-C once, twice, in a rollback, at a question; SIGTERM; the terminal closed.
//! Each ends with the code and the words it should, leaves no process alive, and can be gone on with.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;
#[path = "ledger/terminal.rs"]
mod terminal;

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use ledger::World;
use rbk::journal::store::Standing;
use rustix::process::{Signal, kill_process};
use terminal::Terminal;

const CTRL_C: &str = "\u{3}";

/// `HEADER`, `POLICY` and `QUESTION` are put in.
const BOOK: &str = r#"runbook "Two steps" {
    HEADER
}
phase "Work" {
    step "First" {
        $ ./effect do first
    } undo {
        $ ./effect undo first
    }
    QUESTION
    step "Second" {
        $ ./effect do second
    } undo {
        take_back()
    } probe {
        let second = try $ grep -qxF "do second" ledger
        assert second.ok
    }
    check "holds" {
        assert HOLDS
    }
} on_fail POLICY

action take_back() changes {
    $ ./effect undo second
} probe {
    let seen = try $ grep -qxF "undo second" ledger
    assert seen.ok
}
"#;

/// An effect that hangs the first time that it is run, in several processes, one of which leaves its session.
fn hangs(effect: &str, how: &str) -> String {
    format!(
        "if [ \"$1 $2\" = \"{effect}\" ] && ! [ -e hung ]; then touch hung; setsid sleep 61 & {how} sleep 0.1; touch begun; sleep 60; sleep 60; fi"
    )
}

struct Case {
    world: World,
    terminal: Terminal,
}

/// How it ended.
struct Ended {
    world: World,
    shown: String,
    took: Duration,
}

impl Case {
    fn start(replace: &[(&str, &str)], pause: &str) -> Self {
        let mut book = BOOK.to_owned();
        for (what, with) in
            replace.iter().chain(&[("HEADER", ""), ("POLICY", "stop"), ("QUESTION", ""), ("HOLDS", "1 == 1")])
        {
            book = book.replace(what, with);
        }
        let world = World::new(&book, pause);
        let terminal = Terminal::start(world.rbk(&["run", "book.rbk"]));
        Self { world, terminal }
    }

    /// Until the effect that hangs has begun to.
    fn until_it_hangs(&self) {
        self.terminal.until("begun", || self.world.path().join("begun").exists());
    }

    fn ends(mut self, code: i32) -> Ended {
        let begun = Instant::now();
        let status = self.terminal.ended();
        let (took, shown) = (begun.elapsed(), self.terminal.shown());
        assert_eq!((status.code(), status.signal()), (Some(code), None), "{shown}");
        assert_eq!(self.world.alive(), Vec::<String>::new(), "{shown}");
        Ended { world: self.world, shown, took }
    }
}

impl Ended {
    #[track_caller]
    fn says(self, words: &str) -> Self {
        // The terminal breaks lines.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&self.shown).contains(&flat(words)), "no {words:?} in:\n{}", self.shown);
        self
    }

    #[track_caller]
    fn stands(self, status: &str) -> Self {
        let (_, standing) = self.world.record().unwrap();
        assert_eq!(standing, Standing::Ended(status.to_owned()), "{}", self.shown);
        self
    }

    #[track_caller]
    fn did(self, ledger: &[&str]) -> Self {
        assert_eq!(self.world.ledger(), ledger, "{}", self.shown);
        self
    }

    /// Goes on with it where no terminal is.
    #[track_caller]
    fn then(self, arguments: &[&str], code: i32) -> Self {
        let told = self.world.ended(arguments);
        assert_eq!(told.code, Some(code), "{}\nand then {arguments:?}: {}", self.shown, told.text);
        assert_eq!(self.world.alive(), Vec::<String>::new());
        Self { shown: told.text, ..self }
    }
}

const DONE: &[&str] = &["do first", "do second"];
const TAKEN_BACK: &[&str] = &["do first", "undo second", "undo first"];

#[test]
fn once_holds_the_run_and_it_can_be_resumed() {
    let mut case = Case::start(&[], &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    let ended = case.ends(1);
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    ended
        .says("stopping: what runs is being ended")
        .says("still armed")
        .says("in doubt")
        .says("rbk resume")
        .stands("interrupted")
        .did(&["do first"])
        .then(&["resume"], 0)
        .did(DONE)
        .then(&["resume"], 2);
}

#[test]
fn what_was_held_can_be_taken_back() {
    let mut case = Case::start(&[], &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    case.ends(1).did(&["do first"]).then(&["rollback"], 3).did(TAKEN_BACK).then(&["rollback"], 2);
}

#[test]
fn twice_ends_it_within_five_seconds_and_it_can_be_resumed() {
    let mut case = Case::start(&[], &hangs("do second", "trap '' TERM INT;"));
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    case.terminal.until_shown("stopping");
    case.terminal.types(CTRL_C);
    let ended = case.ends(130);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    ended.says("in doubt").says("rbk resume").stands("interrupted").did(&["do first"]).then(&["resume"], 0).did(DONE);
}

#[test]
fn on_interrupt_rollback_takes_it_back() {
    let replace = [("HEADER", "on_interrupt = \"rollback\"")];
    let mut case = Case::start(&replace, &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    case.ends(3).says("rolled back completely").stands("rolled back").did(TAKEN_BACK).then(&["resume"], 2);
}

#[test]
fn on_interrupt_hold_holds_whatever_the_policy_for_failures_is() {
    let replace = [("HEADER", "on_interrupt = \"hold\""), ("POLICY", "rollback")];
    let mut case = Case::start(&replace, &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    case.ends(1).stands("interrupted").did(&["do first"]).then(&["resume"], 0).did(DONE);
}

/// An effect hangs in the rollback.
const FAILS: &[(&str, &str)] = &[("POLICY", "rollback"), ("HOLDS", "1 == 2")];

#[test]
fn once_in_a_rollback_it_goes_on() {
    let pause = hangs("undo second", "").replace("sleep 60; sleep 60", "sleep 1").replace("setsid sleep 61 &", "");
    let mut case = Case::start(FAILS, &pause);
    case.until_it_hangs();
    case.terminal.types(CTRL_C);
    let wanted = ["do first", "do second", "undo second", "undo first"];
    case.ends(3).says("the rollback goes on").stands("rolled back").did(&wanted);
}

#[test]
fn twice_in_a_rollback_suspends_it_and_it_can_be_gone_on_with() {
    for again in ["rollback", "resume"] {
        let mut case = Case::start(FAILS, &hangs("undo second", ""));
        case.until_it_hangs();
        case.terminal.types(CTRL_C);
        case.terminal.until_shown("the rollback goes on");
        case.terminal.types(CTRL_C);
        let ended = case.ends(4);
        assert!(ended.took < Duration::from_secs(6), "{:?}", ended.took);
        let ended = ended.says("rbk rollback").says("./effect undo first").did(DONE);
        let ended = if again == "resume" { ended.then(&["resume"], 2).says("rbk rollback") } else { ended };
        ended.then(&["rollback"], 3).stands("rolled back").did(&["do first", "do second", "undo second", "undo first"]);
    }
}

#[test]
fn killed_in_the_rollback_that_an_interrupt_began_it_is_taken_back_all_the_same() {
    for again in ["resume", "rollback"] {
        let replace = [("HEADER", "on_interrupt = \"rollback\"")];
        let pause = format!(
            "{}; {}",
            hangs("do second", ""),
            hangs("undo second", "").replace("hung", "hung2").replace("begun", "begun2")
        );
        let mut case = Case::start(&replace, &pause);
        case.until_it_hangs();
        case.terminal.types(CTRL_C);
        case.terminal.until("in the rollback", || case.world.path().join("begun2").exists());
        kill_process(case.terminal.pid(), Signal::KILL).unwrap();
        assert_eq!(case.terminal.ended().signal(), Some(9));
        // What the killed one left running is ended.
        for pid in case.world.alive() {
            let pid = pid.split(' ').next().unwrap().parse().ok().and_then(rustix::process::Pid::from_raw).unwrap();
            let _ = kill_process(pid, Signal::KILL);
        }
        case.world.until_still();
        let ended = Ended { shown: case.terminal.shown(), took: Duration::ZERO, world: case.world };
        ended.then(&[again], 3).stands("rolled back").did(TAKEN_BACK);
    }
}

#[test]
fn at_a_question_it_is_held_and_asks_again() {
    let mut case = Case::start(&[("QUESTION", "confirm \"Go on?\"")], ":");
    case.terminal.until_shown("Go on?");
    case.terminal.types(CTRL_C);
    let ended = case.ends(1);
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    ended
        .says("rbk resume")
        .stands("interrupted")
        .did(&["do first"])
        .then(&["resume"], 5)
        .says("Go on?")
        .then(&["resume", "--yes"], 0)
        .did(DONE);
}

#[test]
fn at_a_question_on_interrupt_rollback_takes_it_back() {
    let replace = [("QUESTION", "confirm \"Go on?\""), ("HEADER", "on_interrupt = \"rollback\"")];
    let mut case = Case::start(&replace, ":");
    case.terminal.until_shown("Go on?");
    case.terminal.types(CTRL_C);
    case.ends(3).stands("rolled back").did(&["do first", "undo first"]);
}

#[test]
fn asked_to_terminate_at_a_question() {
    let case = Case::start(&[("QUESTION", "confirm \"Go on?\"")], ":");
    case.terminal.until_shown("Go on?");
    kill_process(case.terminal.pid(), Signal::TERM).unwrap();
    case.ends(1).stands("interrupted").did(&["do first"]).then(&["resume", "--yes"], 0).did(DONE);
}

#[test]
fn asked_to_terminate_twice() {
    let case = Case::start(&[], &hangs("do second", "trap '' TERM INT;"));
    case.until_it_hangs();
    kill_process(case.terminal.pid(), Signal::TERM).unwrap();
    case.terminal.until_shown("stopping");
    kill_process(case.terminal.pid(), Signal::TERM).unwrap();
    let ended = case.ends(143);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    ended.stands("interrupted").did(&["do first"]).then(&["resume"], 0).did(DONE);
}

#[test]
fn a_closed_terminal_holds_the_run() {
    let mut case = Case::start(&[], &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.close();
    case.ends(1).stands("interrupted").did(&["do first"]).then(&["resume"], 0).did(DONE);
}

#[test]
fn a_closed_terminal_takes_back_what_is_to_be_taken_back() {
    let mut case = Case::start(&[("HEADER", "on_interrupt = \"rollback\"")], &hangs("do second", ""));
    case.until_it_hangs();
    case.terminal.close();
    case.ends(3).stands("rolled back").did(TAKEN_BACK);
}

#[test]
fn a_terminal_closed_at_a_question_holds_the_run() {
    let mut case = Case::start(&[("QUESTION", "confirm \"Go on?\"")], ":");
    case.terminal.until_shown("Go on?");
    case.terminal.close();
    case.ends(1).stands("interrupted").did(&["do first"]).then(&["resume", "--yes"], 0).did(DONE);
}

#[test]
fn a_terminal_closed_in_a_rollback_does_not_end_it() {
    let pause = hangs("undo second", "").replace("sleep 60; sleep 60", "sleep 1").replace("setsid sleep 61 &", "");
    let mut case = Case::start(FAILS, &pause);
    case.until_it_hangs();
    case.terminal.close();
    case.ends(3).stands("rolled back").did(&["do first", "do second", "undo second", "undo first"]);
}

/// Live output over an open question: nobody waits for ever, and what is typed is the answer. There is more of it
/// than a pipe holds, so that most of it was read when the answer is typed.
#[test]
fn a_hundred_thousand_lines_over_a_question() {
    let book = r#"runbook "Noisy" {
}
phase "Work" {
    background "noise" {
        $ until [ -e asked ]; do sleep 0.01; done; seq 100000; touch quiet; exec sleep 60
    }
    confirm "Go on?"
    step "After" irreversible "a test" {
        $ ./effect do after
    }
}
"#;
    for telling in ["plain", "live"] {
        let world = World::new(book, ":");
        let arguments = ["run", "book.rbk", "--verbose", "--progress", telling];
        let mut terminal = Terminal::start(world.rbk(&arguments));
        terminal.until_shown("yes or no ›");
        std::fs::write(world.path().join("asked"), "").unwrap();
        terminal.until("quiet", || world.path().join("quiet").exists());
        terminal.types("yes\r");
        let status = terminal.ended();
        let shown = terminal.shown();
        assert_eq!(status.code(), Some(0), "{telling}: {shown}");
        assert_eq!(world.ledger(), ["do after"], "{telling}");
        assert_eq!(world.alive(), Vec::<String>::new(), "{telling}");
        let (entries, _) = world.record().unwrap();
        let answers = entries.iter().filter_map(|entry| match &entry.event {
            rbk::journal::Recorded::Answered { answer, .. } => Some(answer.as_str()),
            _ => None,
        });
        assert_eq!(answers.collect::<Vec<_>>(), ["yes"], "{telling}");
        // Between the prompt and what was typed at it stands nothing; the lines come when it is closed.
        let (_, behind) = shown.split_once("yes or no › ").unwrap();
        let (over, after) = behind.split_once("yes").unwrap();
        assert!(!over.contains('\n'), "{telling}: {over:?}");
        // How many lines waited depends on how fast they were read; each is shown, or counted as left out.
        let shown = after.lines().filter(|line| line.trim_end().ends_with(|last: char| last.is_ascii_digit())).count();
        let left_out = after
            .split_once(" lines before these")
            .map_or(0, |(before, _)| before.rsplit(' ').next().unwrap().parse().unwrap());
        assert!(shown + left_out > 80_000, "{telling}: {shown} shown, {left_out} left out");
    }
}

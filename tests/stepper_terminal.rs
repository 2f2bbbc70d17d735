//! The stepper on a real terminal: keys, output over an open prompt, Ctrl-C and Ctrl-D, resizing, dumb terminals,
//! and what `on_fail ask` opens.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "stepper/commands.rs"]
mod commands;
mod ledger;
#[path = "ledger/terminal.rs"]
mod terminal;
#[path = "stdlib/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the library, which use other parts of it")]
mod tools;
#[path = "stepper/transcript.rs"]
mod transcript;

use std::fs;

use ledger::World;
use rbk::journal::store::Standing;
use terminal::Terminal;

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

const BOOK: &str = r#"
param copies: int = 3

phase "Work" {
    step "First" {
        let seen = reads $ echo 41
        let answer = int(seen.stdout) + 1
        $ ./effect do first
    } undo {
        $ ./effect undo first
    }
    step "Second" {
        $ ./effect do second
    } undo {
        $ ./effect undo second
    }
}
"#;

struct Session {
    world: World,
    terminal: Terminal,
    asked: usize,
}

impl Session {
    fn of(book: &str, pause: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let world = World::new(book, pause);
        let mut command = world.rbk(arguments);
        command.envs(variables.iter().copied());
        let terminal = Terminal::start_with(command, variables.iter().all(|(name, _)| *name != "TERM"));
        let mut session = Self { world, terminal, asked: 0 };
        session.answered();
        session
    }

    fn step() -> Self {
        Self::of(BOOK, "", &["step", "book.rbk"], &[])
    }

    /// Waits for the next prompt.
    fn answered(&mut self) {
        self.asked += 1;
        self.terminal.until_prompt(self.asked);
    }

    /// A line, and the prompt after it.
    fn line(&mut self, line: &str) {
        self.terminal.types(&format!("{line}\r"));
        self.answered();
    }

    #[track_caller]
    fn shows(&self, words: &str) {
        self.terminal.until(words, || self.terminal.plain().contains(words));
    }

    /// Waits for a prompt behind some words. A block of several lines is drawn with its prompt again and again.
    #[track_caller]
    fn asks_behind(&self, words: &str) {
        let asks = || self.terminal.plain().rsplit_once(words).is_some_and(|(_, behind)| behind.contains("› "));
        self.terminal.until(&format!("a prompt behind {words}"), asks);
    }

    /// Asks to leave.
    fn quits(&mut self) {
        let before = self.terminal.shown().matches("r, p, l or n").count();
        self.terminal.types(CTRL_D);
        let asked = || self.terminal.shown().matches("r, p, l or n").count();
        self.terminal.until("asked how to leave", || asked() > before);
    }

    /// Leaves it as it stands.
    fn leaves(mut self) -> World {
        self.quits();
        self.terminal.types("l\r");
        self.terminal.ended();
        self.world
    }
}

#[test]
fn ctrl_c_clears_the_line_and_ctrl_d_asks() {
    let mut session = Session::step();
    session.terminal.types("n no, not yet");
    session.shows("not yet");
    session.terminal.types(CTRL_C);
    session.answered();
    session.quits();
    session.terminal.types("n\r");
    session.answered();
    assert_eq!(session.world.ledger(), Vec::<String>::new());
    let world = session.leaves();
    assert_eq!(world.record().unwrap().1, Standing::Ended("failed".into()));
}

#[test]
fn a_block_of_several_lines_is_edited_as_one() {
    let mut session = Session::step();
    session.terminal.types("for k in [1, 2] {\r");
    session.terminal.types("    note \"k is ${k}\"\r");
    // Up within the block, to the end of its first line, and a third number into the list.
    session.terminal.types(&format!("{UP}{UP}\u{5}\u{1b}[D\u{1b}[D\u{1b}[D, 3"));
    session.terminal.types("\u{1b}[B\u{1b}[B}\r");
    session.shows("note: k is 3");
    session.asks_behind("note: k is 3");
    session.terminal.types(UP);
    let comes_back = || session.terminal.plain().rsplit("k is 3").next().unwrap().contains("for k in [1, 2, 3] {");
    session.terminal.until("the block comes back", comes_back);
    session.terminal.types(CTRL_C);
    session.asks_behind("}");
    session.terminal.types("let pods = {\r    ready: 6,\r}\rp pods.ready + 11\r");
    session.shows("\n17");
    // Several commands in one paste are none.
    session.terminal.types("\u{1b}[200~n\nn\u{1b}[201~\r");
    session.asks_behind("stand alone, one a line");
    let world = session.leaves();
    assert_eq!(world.ledger(), Vec::<String>::new());
}

#[test]
fn what_is_typed_ahead_is_kept() {
    let mut session = Session::step();
    session.terminal.types("p 40 + 1\rp 40 + 2\rp 40 + 3\r");
    for wanted in ["41", "42", "43"] {
        session.answered();
        session.shows(wanted);
    }
    session.leaves();
}

#[test]
fn ctrl_c_during_a_step_stops_the_step_and_the_run_stands() {
    let pause = "if [ \"$1 $2\" = \"do first\" ] && ! [ -e hung ]; then touch hung; setsid sleep 61 & touch begun; sleep 60; fi";
    let mut session = Session::of(BOOK, pause, &["step", "book.rbk"], &[]);
    session.terminal.types("n\r");
    let world = session.world.path().to_owned();
    session.terminal.until("begun", || world.join("begun").exists());
    session.terminal.types(CTRL_C);
    session.answered();
    session.shows("FAILED");
    assert!(session.world.alive().iter().all(|line| !line.contains("sleep")), "{:?}", session.world.alive());
    session.line("r");
    session.shows("✓ Work · First");
    assert_eq!(session.world.ledger(), ["do first"]);
    let world = session.leaves();
    let shown = world.ended(&["show"]);
    assert!(shown.text.contains("the step was stopped by hand"), "{}", shown.text);
}

#[test]
fn a_typed_command_is_stopped_alone() {
    let mut session = Session::step();
    session.terminal.types("$ touch begun; sleep 60\r");
    let world = session.world.path().to_owned();
    session.terminal.until("begun", || world.join("begun").exists());
    session.terminal.types(CTRL_C);
    session.answered();
    session.line("p copies + 1");
    session.shows("4");
    session.leaves();
}

#[test]
fn completion_hints_and_history() {
    let mut session = Session::step();
    session.line("n");
    session.terminal.types("p ans\t");
    session.shows(": int = 42");
    session.terminal.types("\r");
    session.answered();
    session.shows("(from Work · First, line 7)");
    session.terminal.types("c Sec\t");
    session.terminal.until_shown("c Second");
    session.terminal.types(CTRL_C);
    session.answered();
    session.line("p copies * 100");
    session.shows("300");
    let before = session.terminal.shown().matches("300").count();
    session.terminal.types(&format!("{UP}\r"));
    session.answered();
    assert_eq!(session.terminal.shown().matches("300").count(), before + 1);
    let world = session.leaves();
    let folder = world.path().join("state/rbk/history");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    assert!(fs::read_to_string(file.path()).unwrap().contains("p copies * 100"));
}

#[test]
fn environments_are_completed() {
    let book =
        "env staging {\n    url = \"s\"\n}\nenv prod {\n    url = \"other\"\n}\nstep \"First\" {\n    $ true\n}\n";
    let mut session = Session::of(book, "", &["step", "book.rbk", "-e", "staging"], &[]);
    session.line("p environments.pr\t.u\t");
    session.shows("p environments.prod.url");
    session.shows("\"other\"");
    session.leaves();
}

#[test]
fn ten_thousand_lines_over_an_open_prompt() {
    let book = r#"
parallel {
    step "Quiet" {
        $ ./effect do quiet
    }
    step "Noisy" {
        $ touch begun; until [ -e go ]; do sleep 0.01; done; seq 1 10000; touch done
    }
}
"#;
    let mut session = Session::of(book, "", &["step", "book.rbk"], &[]);
    // The prompt of one branch is open while the other runs.
    session.line("k not now");
    session.terminal.types("n\r");
    let world = session.world.path().to_owned();
    session.terminal.until("begun", || world.join("begun").exists());
    fs::write(world.join("go"), "").unwrap();
    session.terminal.until("done", || world.join("done").exists());
    session.shows("│ 10000");
    session.answered();
    session.line("p 40 + 2");
    session.shows("42");
    session.terminal.types("n\r");
    assert_eq!(session.terminal.ended().code(), Some(0), "{}", session.terminal.shown());
}

#[test]
fn output_above_an_open_prompt_leaves_it_as_it_is() {
    let book = r#"
phase "Beside" {
    background "noise" {
        $ until [ -e go ]; do sleep 0.01; done; seq 1 10000; touch done; sleep 60
    }
    step "Only" {
        $ ./effect do it
    }
}
"#;
    let mut session = Session::of(book, "", &["step", "book.rbk"], &[]);
    session.terminal.types("p 40 +");
    let world = session.world.path().to_owned();
    fs::write(world.join("go"), "").unwrap();
    session.terminal.until("done", || world.join("done").exists());
    session.shows("10000");
    session.terminal.types(" 2\r");
    session.shows("42");
    session.terminal.types("n\r");
    session.shows("end › ");
    assert_eq!(session.world.ledger(), ["do it"]);
    session.terminal.types("n\r");
    assert_eq!(session.terminal.ended().code(), Some(0), "{}", session.terminal.shown());
}

#[test]
fn windows_are_resized_and_characters_are_wide() {
    let mut session = Session::step();
    session.terminal.types("let wide = \"漢字かな");
    session.shows("かな");
    session.terminal.resize(30, 60);
    session.terminal.types("混じり\"\r");
    session.answered();
    session.terminal.resize(40, 132);
    session.line("p wide.len");
    session.line("p wide");
    session.shows("漢字かな混じり");
    session.leaves();
}

#[test]
fn without_colours_and_on_a_dumb_terminal() {
    let mut plain = Session::of(BOOK, "", &["step", "book.rbk"], &[("NO_COLOR", "1")]);
    plain.line("p copies");
    assert!(!plain.terminal.shown().contains("\u{1b}[1m"), "{:?}", plain.terminal.shown());
    plain.leaves();
    let mut dumb = Session::of(BOOK, "", &["step", "book.rbk"], &[("TERM", "dumb")]);
    dumb.line("p copies + 1");
    dumb.shows("4");
    assert!(!dumb.terminal.shown().contains('\u{1b}'), "{:?}", dumb.terminal.shown());
    dumb.leaves();
}

#[test]
fn on_fail_ask_opens_the_stepper_at_the_step_that_failed() {
    let book = r#"
step "First" {
    $ ./effect do first
}
check "it holds" {
    let marked = try reads $ cat mark
    assert marked.ok
} on_fail ask
step "Second" {
    $ ./effect do second
}
"#;
    let mut session = Session::of(book, "", &["run", "book.rbk"], &[]);
    session.shows("it holds FAILED");
    session.line("n");
    session.shows("the runbook asks you");
    session.line("$ touch mark");
    session.terminal.types("r\r");
    assert_eq!(session.terminal.ended().code(), Some(0), "{}", session.terminal.shown());
    session.shows("✓ Second");
    assert_eq!(session.world.ledger(), ["do first", "do second"]);
}

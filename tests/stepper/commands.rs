//! Each command of the stepper, typed at a real terminal: what the screen shows of it, and what it did.

use std::fs;

use rbk::journal::store::Standing;

use crate::Session;
use crate::ledger::World;
use crate::terminal::Terminal;

const BOOK: &str = r#"
param copies: int = 3

phase "Look" {
    step "Read it" {
        let seen = reads $ echo 41
        let answer = int(seen.stdout) + 1
    }
}
phase "Work" {
    step "First" {
        let a = 1
        $ ./effect do first ${answer}
    } undo {
        $ ./effect undo first
    }
    step "Second" {
        $ ./effect do second
    } undo {
        $ ./effect undo second
    }
    check "it holds" {
        let marked = try reads $ cat mark
        assert marked.ok
    }
    step "Third" {
        $ ./effect do third
    }
}
"#;

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether these stand in a text, in this order.
fn in_order(text: &str, wanted: &[&str]) -> bool {
    let text = flat(text);
    let mut rest = text.as_str();
    wanted.iter().all(|words| {
        let found = rest.find(&flat(words));
        rest = found.map_or("", |at| &rest[at..]);
        found.is_some()
    })
}

impl Session {
    fn begins() -> Self {
        Self::of(BOOK, "", &["step", "book.rbk"], &[])
    }

    /// In another process, in the world that one left.
    fn resumes(world: World) -> Self {
        let terminal = Terminal::start(world.rbk(&["resume", "--step"]));
        let mut session = Self { world, terminal, asked: 0 };
        session.answered();
        session
    }

    /// Where the line begins that is written now.
    fn here(&self) -> usize {
        self.terminal.plain().rfind('\n').map_or(0, |at| at + 1)
    }

    #[track_caller]
    fn shows_since(&self, here: usize, wanted: &[&str]) {
        let since = || self.terminal.plain().get(here..).unwrap_or_default().to_owned();
        self.terminal.until(&format!("{wanted:?}"), || in_order(&since(), wanted));
    }

    /// A line, what is shown of it, and the prompt after it. Gives all that was shown.
    #[track_caller]
    fn does(&mut self, line: &str, wanted: &[&str]) -> String {
        let here = self.here();
        self.line(line);
        self.shows_since(here, wanted);
        self.terminal.plain().get(here..).unwrap_or_default().to_owned()
    }

    /// A line after which something is asked that is no command, and the answer to it.
    #[track_caller]
    fn answers(&mut self, line: &str, question: &str, answer: &str) {
        let here = self.here();
        self.terminal.types(&format!("{line}\r"));
        self.shows_since(here, &[question]);
        self.terminal.types(&format!("{answer}\r"));
    }

    #[track_caller]
    fn ends(&mut self, code: i32) {
        assert_eq!(self.terminal.ended().code(), Some(code), "{}", self.terminal.plain());
    }
}

#[test]
fn looking_changing_names_and_going_on() {
    let mut session = Session::begins();
    session.shows("▶ Look · Read it");
    session.does("p copies", &["p copies", "3 (parameter)"]);
    session.does("h", &["n do what comes next", "k REASON leave the step out", "q leave: asks whether"]);
    session.does("h undo", &["undo [N | all] take back the last change"]);
    session.does("help http.get", &["http.get(url"]);
    session.does("help nonsense", &["nothing called `nonsense`"]);
    session.does("display copies * 2", &["1. copies * 2 = 6"]);
    session.does(
        "n",
        &[
            "✓ Look · Read it",
            "answer = 42",
            "▶ Work · First",
            "[changes; undo ready]",
            "book.rbk:11",
            "1. copies * 2 = 6",
        ],
    );
    session.does("p answer", &["42 (from Look · Read it, line 7)"]);
    session.does("set answer = 50", &["answer = 50", "First ›"]);
    session.does("v", &["copies = 3 (parameter)", "answer = 50"]);
    session.does("w", &["before Work · First book.rbk:11", "nothing is armed"]);
    let around = session.does("l", &["▶ 11 step \"First\" {", "16 }"]);
    assert!(!around.contains("step \"Third\""), "{around}");
    let all = session.does("ll", &["2 param copies", "▶ 11 step \"First\"", "26 step \"Third\""]);
    assert!(all.len() > around.len());
    // Enter alone looks once more.
    session.does("", &["2 param copies", "▶ 11 step \"First\"", "26 step \"Third\""]);
    assert_eq!(session.world.ledger(), Vec::<String>::new());
    session.does("s", &["▶ let a = 1", "First, line 12 ›"]);
    session.does("n", &["▶ $ ./effect do first ${answer}", "1. copies * 2 = 6"]);
    session.does("p a", &["1 (from Work · First, line 12)"]);
    session.does("n", &["│ do first 50", "✓ Work · First", "▶ Work · Second"]);
    assert_eq!(session.world.ledger(), ["do first 50"]);
    session.does("w", &["before Work · Second", "armed, newest first:", "1. ./effect undo first"]);
    session.does("undisplay 1", &["Second ›"]);
    session.does("display", &["nothing is shown at each stop"]);
    session.does("b Third if answer == 50", &["2. before \"Third\" if answer == 50"]);
    session.does("b", &["2. before \"Third\" if answer == 50"]);
    session.does("c", &["✓ Work · Second", "`marked.ok` does not hold", "it holds FAILED ›"]);
    session.does("$ touch mark", &["✓ Work · it holds · $ touch mark", "it holds FAILED ›"]);
    session.does("let mine = copies + 1", &["it holds FAILED ›"]);
    session.does("p mine", &["4 (typed)"]);
    session.does("note it was the mark", &["note: it was the mark"]);
    session.does("r", &["✓ Work · it holds", "▶ Work · Third"]);
    session.does("unbreak 2", &["Third ›"]);
    session.does("b", &["there are no breakpoints"]);
    session.does("save out.rbk", &["written: out.rbk"]);
    let saved = fs::read_to_string(session.world.path().join("out.rbk")).unwrap();
    assert!(saved.contains("note \"it was the mark\"") && saved.contains("touch mark"), "{saved}");
    session.does("k not today", &["↷ Work · Third skipped not today", "end ›"]);
    session.terminal.types("q\r");
    session.ends(0);
    assert_eq!(session.world.ledger(), ["do first 50", "do second"]);
}

#[test]
fn leaving_in_each_way_and_coming_back() {
    let mut session = Session::begins();
    session.does("c Second", &["✓ Work · First", "▶ Work · Second"]);
    session.terminal.types("step \"Mine\" {\r$ ./effect do mine\r} undo {\r$ ./effect undo mine\r}\r");
    session.shows("✓ Work · Mine");
    session.answered();
    // Asked how to leave: no.
    session.answers("q", "r, p, l or n:", "n");
    session.answered();
    session.does("p 20 + 1", &["21"]);
    assert_eq!(session.world.ledger(), ["do first 42", "do mine"]);
    // Taken back: what was last.
    session.answers("undo", "1. ./effect undo mine and 1 change before stays armed type yes to run it:", "yes");
    session.shows("✓ taken back: ./effect undo mine");
    session.answered();
    session.does("p 20 + 2", &["22"]);
    assert_eq!(session.world.ledger(), ["do first 42", "do mine", "undo mine"]);
    // Paused by its command, and by the answer to a question.
    session.terminal.types("pause\r");
    session.ends(5);
    session.shows("rbk resume");
    let mut session = Session::resumes(session.world);
    session.shows("▶ Work · Second");
    session.does("p answer", &["42"]);
    session.answers("q", "r, p, l or n:", "p");
    session.ends(5);
    let mut session = Session::resumes(session.world);
    session.does("n", &["✓ Work · Second", "▶ Work · it holds"]);
    // Rolled back: not without a word.
    session.answers("q", "r, p, l or n:", "r");
    session.shows("type yes to run it:");
    session.terminal.types("no\r");
    session.shows("nothing was taken back");
    session.answered();
    session.does("p 20 + 3", &["23"]);
    let here = session.here();
    session.answers("q", "r, p, l or n:", "r");
    session.shows_since(here, &["1. ./effect undo second 2. ./effect undo first type yes to run it:"]);
    session.terminal.types("yes\r");
    session.ends(3);
    session.shows("rolled back completely");
    assert_eq!(
        session.world.ledger(),
        ["do first 42", "do mine", "undo mine", "do second", "undo second", "undo first"]
    );
    // Left as it stands.
    let mut session = Session::begins();
    session.does("c Second", &["✓ Work · First"]);
    session.answers("q", "r, p, l or n:", "l");
    session.ends(1);
    assert_eq!(session.world.record().unwrap().1, Standing::Ended("failed".into()));
    assert_eq!(session.world.ledger(), ["do first 42"]);
}

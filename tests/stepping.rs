//! Stepping through a run, by a script on standard input and on a real terminal: what each command does to the world,
//! what is on record of it, and that a run which was killed in the middle of a session has all its values again.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;
#[path = "ledger/terminal.rs"]
mod terminal;

use std::fs;
use std::process::Stdio;

use ledger::{Told, World};
use rbk::journal::store::Standing;
use rustix::process::{Signal, kill_process};
use terminal::Terminal;

const BOOK: &str = r#"
param copies: int = 3

env prod {
    region    = "eu"
    protected = true
}
env staging {
    region = "us"
}

phase "Look" {
    step "Read it" {
        let seen = reads $ echo 41
        let answer = int(seen.stdout) + 1
    }
}
phase "Work" {
    step "First" {
        $ ./effect do first ${answer}
    } undo {
        $ ./effect undo first
    }
    step "Second" {
        let a = 1
        $ ./effect do second
        let b = a + 1
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

/// Steps through it by a script.
fn by(world: &World, arguments: &[&str], script: &str) -> Told {
    let path = world.path().join("script");
    fs::write(&path, script).unwrap();
    let mut command = world.rbk(arguments);
    let status = command.stdin(Stdio::from(fs::File::open(&path).unwrap())).status().unwrap();
    Told { code: status.code(), text: world.said() }
}

fn stepped(script: &str) -> (World, Told) {
    let world = World::new(BOOK, "");
    let told = by(&world, &["step", "book.rbk", "-e", "staging"], script);
    (world, told)
}

#[track_caller]
fn says(told: &Told, words: &[&str]) {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = flat(&told.text);
    let mut rest = text.as_str();
    for words in words {
        let words = flat(words);
        let Some(at) = rest.find(&words) else { panic!("no {words:?} after what came before it in:\n{}", told.text) };
        rest = &rest[at + words.len()..];
    }
}

#[test]
fn each_step_waits_to_be_told() {
    let (world, told) = stepped("n\nn\nq\nl\n");
    says(
        &told,
        &[
            "▶ Look · Read it [reads]",
            "staging · Read it › n",
            "✓ Look · Read it",
            "answer = 42",
            "▶ Work · First [changes; undo ready]",
            "$ ./effect do first 42",
            "staging · First › n",
            "✓ Work · First",
            "staging · Second › q",
            "1 change to take back",
        ],
    );
    assert_eq!(world.ledger(), ["do first 42"]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert_eq!(world.record().unwrap().1, Standing::Ended("failed".into()));
}

#[test]
fn a_script_that_ends_before_the_run_pauses_it() {
    let (world, told) = stepped("n\n");
    says(&told, &["the script ends here, and the run does not: it pauses", "rbk resume"]);
    assert_eq!(told.code, Some(5), "{}", told.text);
    assert_eq!(world.ledger(), Vec::<String>::new());
}

#[test]
fn values_and_where_they_came_from() {
    let (_, told) = stepped("n\np answer\np answer * 2\nanswer + copies\nv\nw\nl\np nothing\ndisplay answer\nn\n");
    says(
        &told,
        &[
            "First › p answer 42",
            "p answer * 2 84",
            "answer + copies 45",
            "copies = 3 (parameter)",
            "answer = 42 (from Look · Read it, line 15)",
            "before Work · First book.rbk:19",
            "nothing is armed",
            "▶ 19",
            "nothing here is called `nothing`",
            "1. answer = 42",
            "✓ Work · First",
            "1. answer = 42",
        ],
    );
}

#[test]
fn going_on_stops_at_breakpoints_named_steps_and_failures() {
    let (world, told) = stepped("b sec if answer == 42\nb third if answer == 1\nb\nc\nc\nk it does not matter\nc\n\n");
    says(
        &told,
        &[
            "1. before \"Second\" if answer == 42",
            "2. before \"Third\" if answer == 1",
            "✓ Work · First",
            "▶ Work · Second",
            "Second › c",
            "marked.ok",
            "it holds FAILED › k it does not matter",
            "accepted by hand: it does not matter",
            "Third › c",
            "✓ Work · Third",
            "end ›",
        ],
    );
    assert_eq!(world.ledger(), ["do first 42", "do second", "do third"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    let (_, told) = stepped("c nowhere\nc First\n");
    says(&told, &["there is no step \"nowhere\"", "▶ Work · First"]);
}

#[test]
fn what_failed_runs_again_and_the_runbook_decides_otherwise() {
    let (world, told) = stepped("c it holds\nn\n$ touch mark\nr\nq\nl\n");
    says(
        &told,
        &[
            "it holds FAILED › $ touch mark",
            "✓ Work · it holds · $ touch mark",
            "FAILED › r",
            "✓ Work · it holds",
            "▶ Work · Third",
        ],
    );
    assert!(!world.ledger().contains(&"do third".to_owned()));
    let (_, told) = stepped("c\nn\n");
    says(&told, &["it holds FAILED › n", "next: the run stops here; 2 compensations armed", "Failed, and stopped"]);
    assert_eq!(told.code, Some(1), "{}", told.text);
}

#[test]
fn a_step_is_left_out_with_a_reason() {
    let (world, told) = stepped("k\nk read before\nc\nlet answer = 7\nn\nq\nl\n");
    says(
        &told,
        &[
            "say why: k REASON",
            "not bound now: seen, answer",
            "↷ Look · Read it skipped read before",
            "First › c",
            "it needs `answer`, whose step was left out: let answer = …",
            "First › let answer = 7",
            "✓ Work · First",
        ],
    );
    assert_eq!(world.ledger(), ["do first 7"]);
    says(&world.ended(&["show"]), &["left out the next step: read before"]);
}

#[test]
fn statements_run_are_on_record_and_taken_back() {
    let script = "n\nset answer = 5\nn\nstep \"By hand\" {\n$ ./effect do hand\n} undo {\n$ ./effect undo hand\n}\n\
                  let twice = answer * 2\nnote twice is \"ten\"\nundo\nno\nundo all\nyes\np twice\nq\nl\n";
    let (world, told) = stepped(script);
    says(
        &told,
        &[
            "✓ Work · First",
            "Second › step \"By hand\" {",
            "… $ ./effect do hand",
            "✓ Work · By hand",
            "note: twice is \"ten\"",
            "1. ./effect undo hand",
            "and 1 change before stays armed",
            "nothing was taken back",
            "1. ./effect undo hand",
            "2. ./effect undo first",
            "type yes to run it: yes",
            "✓ taken back: ./effect undo hand",
            "✓ taken back: ./effect undo first",
            "p twice 10",
        ],
    );
    assert_eq!(world.ledger(), ["do first 5", "do hand", "undo hand", "undo first"]);
    let shown = world.ended(&["show"]);
    says(
        &shown,
        &[
            "set answer = 5",
            "typed: step \"By hand\"",
            "typed: let twice",
            "twice is \"ten\"",
            "took back the last 2 changes",
        ],
    );
}

#[test]
fn in_a_protected_environment_its_name_is_typed() {
    let world = World::new(BOOK, "");
    let script = "prod\nn\nn\nundo\nyes\nundo\nprod\nq\nr\nprod\n";
    let told = by(&world, &["step", "book.rbk", "-e", "prod"], script);
    says(&told, &["type prod to run it: yes", "nothing was taken back", "type prod to run it: prod", "✓ taken back"]);
    assert_eq!(world.ledger(), ["do first 42", "undo first"]);
    assert_eq!(told.code, Some(3), "{}", told.text);
}

#[test]
fn into_a_step_statement_by_statement() {
    let (world, told) = stepped("c Second\ns\np a\nn\np a\nn\np a + 1\nn\nw\n");
    says(
        &told,
        &[
            "Second › s",
            "▶ let a = 1",
            "Second, line 25 › p a",
            "nothing here is called `a`",
            "▶ $ ./effect do second",
            "p a 1",
            "▶ let b = a + 1",
            "p a + 1 2",
            "✓ Work · Second",
            "before Work · it holds",
        ],
    );
    assert_eq!(world.ledger(), ["do first 42", "do second"]);
}

#[test]
fn what_is_wrong_is_told_and_nothing_happens() {
    let (world, told) = stepped(
        "n\nlet answer = 1\nset copies = 4\nlet copies = 4\np file.write(\"x\", \"y\")\nlet x = answer +\nnope()\nimage = 3\nundo\nr\nn\n",
    );
    says(
        &told,
        &[
            "`answer` is bound already",
            "type: set answer = …",
            "`copies` keeps its value for the whole run",
            "let other_copies = …",
            "`copies` is bound already, for the whole runbook",
            "let other_copies = …",
            "nope",
            "nothing here is called `image`",
            "nothing is armed",
        ],
    );
    assert_eq!(world.ledger(), ["do first 42"]);
}

#[test]
fn a_session_that_is_paused_or_killed_has_all_its_values_again() {
    for kills in [false, true] {
        let world = World::new(BOOK, "");
        let first = "n\nlet mine = { a: answer, b: [1, 2] }\nset answer = 9\nn\n$ ./effect do typed\nfail \"no\"\n";
        if kills {
            let mut terminal = Terminal::start(world.rbk(&["step", "book.rbk", "-e", "staging"]));
            for (at, line) in first.lines().enumerate() {
                terminal.until_prompt(at + 1);
                terminal.types(&format!("{line}\r"));
            }
            terminal.until_prompt(first.lines().count() + 1);
            kill_process(terminal.pid(), Signal::KILL).unwrap();
            terminal.ended();
        } else {
            by(&world, &["step", "book.rbk", "-e", "staging"], &format!("{first}pause\n"));
        }
        assert_eq!(world.ledger(), ["do first 9", "do typed"]);
        let told = by(&world, &["resume", "--step"], "p mine.b[1] + mine.a\np answer\nw\nn\nc\nk later\nc\nn\n");
        says(
            &told,
            &["▶ Work · Second", "p mine.b[1] + mine.a 44", "p answer 9", "1. ./effect undo first", "✓ Work · Second"],
        );
        assert_eq!(told.code, Some(0), "{}", told.text);
        assert_eq!(world.ledger(), ["do first 9", "do typed", "do second", "do third"]);
    }
}

#[test]
fn a_paused_session_goes_on_by_itself_or_is_taken_back() {
    let (world, _) = stepped("n\nn\n$ touch mark\nwait 10ms\npause\n");
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert!(!told.text.contains("accepted"), "{}", told.text);
    assert_eq!(world.ledger(), ["do first 42", "do second", "do third"]);
    let (world, _) = stepped("n\nn\nstep \"x\" {\n$ ./effect do x\n} undo {\n$ ./effect undo x\n}\npause\n");
    let told = world.ended(&["rollback"]);
    assert_eq!(told.code, Some(3), "{}", told.text);
    assert_eq!(world.ledger(), ["do first 42", "do x", "undo x", "undo first"]);
}

#[test]
fn a_session_paused_at_a_failure_stands_there_again() {
    let (world, told) = stepped("c\npause\n");
    assert_eq!(told.code, Some(5), "{}", told.text);
    let told = by(&world, &["resume", "--step"], "$ touch mark\nr\nc\nn\n");
    says(&told, &["it holds FAILED › $ touch mark", "FAILED › r", "✓ Work · it holds", "▶ Work · Third"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do first 42", "do second", "do third"]);
}

#[test]
fn without_a_runbook() {
    let world = World::new("", "");
    let script = "let x = 20\nfn twice(n) = n * 2\np twice(x) + 2\n$ ./effect do it\nuse std.git\nx\nn\n";
    let told = by(&world, &["repl"], script);
    says(&told, &["end › let x = 20", "p twice(x) + 2 42", "✓ $ ./effect do it", "end › x 20"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do it"]);
}

#[test]
fn a_session_becomes_a_runbook_that_lints_clean_and_does_the_same() {
    let script = "n\nset answer = 5\nn\nstep \"By hand\" {\n$ ./effect do hand ${answer}\n} undo {\n$ ./effect undo hand\n}\n\
                  step \"In vain\" {\n$ ./effect do vain\n} undo {\n$ ./effect undo vain\n}\nundo\nyes\n\
                  $ ./effect do plain\n$ false\nk it is done by hand\nnote marked by hand\n$ touch mark\nc\nsave out\nsave out.rbk\nsave out.rbk\nn\n";
    let (world, told) = stepped(script);
    assert_eq!(told.code, Some(0), "{}", told.text);
    says(&told, &["save out.rbk", "written: out.rbk", "out.rbk is there already"]);
    let saved = fs::read_to_string(world.path().join("out.rbk")).unwrap();
    let linted = world.ended(&["lint", "out.rbk"]);
    assert_eq!(linted.code, Some(0), "{}\n{saved}", linted.text);
    for words in [
        "var answer = int(seen.stdout) + 1",
        "answer = 5",
        "step \"By hand\"",
        "# tried, and taken back",
        "# tried, and failed: ",
        "# left out: it is done by hand",
        "note \"marked by hand\"",
        "step \"$ ./effect do plain\"",
    ] {
        assert!(saved.contains(words), "no {words:?} in:\n{saved}");
    }
    let done: Vec<String> = world.ledger().into_iter().filter(|line| !line.contains("vain")).collect();
    let fresh = World::new(&saved, "");
    let ran = fresh.ended(&["run", "book.rbk", "-e", "staging"]);
    assert_eq!(ran.code, Some(0), "{}\n{saved}", ran.text);
    assert_eq!(fresh.ledger(), done, "{saved}");
}

#[test]
fn a_step_that_was_taken_back_is_kept_as_a_comment() {
    let script = "n\nn\nundo\nyes\nk done by hand\n$ touch mark\nn\nn\nsave out.rbk\nn\n";
    let (world, told) = stepped(script);
    assert_eq!(told.code, Some(0), "{}", told.text);
    let saved = fs::read_to_string(world.path().join("out.rbk")).unwrap();
    assert!(saved.contains("# tried, and taken back\n    #     step \"First\" {"), "{saved}");
    assert!(saved.contains("\n    step \"Third\" {"), "{saved}");
    let fresh = World::new(&saved, "");
    assert_eq!(fresh.ended(&["run", "book.rbk", "-e", "staging"]).code, Some(0), "{saved}");
    assert_eq!(fresh.ledger(), ["do third"], "{saved}");
    // Done again, it stands.
    let (world, told) = stepped("n\nn\nundo\nyes\nr\nc\nk it holds\nn\nsave out.rbk\nn\n");
    assert_eq!(world.ledger(), ["do first 42", "undo first", "do first 42", "do second", "do third"], "{}", told.text);
    let saved = fs::read_to_string(world.path().join("out.rbk")).unwrap();
    assert!(saved.contains("\n    step \"First\" {") && !saved.contains("taken back"), "{saved}");
}

#[test]
fn a_session_without_a_runbook_becomes_one() {
    let world = World::new("", "");
    let told = by(&world, &["repl"], "let x = reads $ echo 7\n$ ./effect do ${x}\nsave out.rbk\nn\n");
    let saved = fs::read_to_string(world.path().join("out.rbk")).unwrap_or_default();
    let linted = world.ended(&["lint", "out.rbk"]);
    assert_eq!(linted.code, Some(0), "{}\n{}\n{saved}", told.text, linted.text);
    let ran = world.ended(&["run", "out.rbk"]);
    assert_eq!(ran.code, Some(0), "{}\n{saved}", ran.text);
    assert_eq!(world.ledger(), ["do 7", "do 7"]);
}

#[test]
fn help_on_commands_and_on_the_language() {
    let (_, told) = stepped("h\nh undo\nhelp http.get\nhelp nonsense\n");
    says(&told, &["n do what comes next", "undo [N | all]", "http.get(", "nothing called `nonsense`"]);
}

#[test]
fn what_is_typed_runs_whatever_the_flags_leave_out() {
    let world = World::new(BOOK, "");
    let arguments = ["run", "--step", "book.rbk", "-e", "staging", "--until", "First"];
    let told = by(&world, &arguments, "n\nn\nstep \"Mine\" {\n$ ./effect do mine\n}\nn\n");
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do first 42", "do mine"]);
}

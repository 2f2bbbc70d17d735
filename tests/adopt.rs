//! `rbk resume --adopt-edits`: what differs is told, what lies ahead may differ, what was executed may not.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;

use ledger::{Told, World};

const BOOK: &str = r#"runbook "Edited" {
}
action change(name: string) changes {
    $ ./effect do ${name}
} undo {
    $ ./effect undo ${name}
}
phase "Work" {
    step "First" {
        change("first")
    }
    step "Second" {
        $ ./effect do second
        $ ./effect flaky second
        $ false
    } undo {
        $ ./effect undo second
    }
    step "Third" {
        change("third")
    }
}
"#;

/// A run that failed at its third command of its second step.
fn failed() -> World {
    let world = World::new(BOOK, ":");
    std::fs::write(world.path().join("tried-second"), "").unwrap();
    assert_eq!(world.ended(&["run", "book.rbk"]).code, Some(1));
    assert_eq!(world.ledger(), ["do first", "do second", "flaky second"]);
    world
}

fn edited(world: &World, what: &str, with: &str) -> Told {
    let text = std::fs::read_to_string(world.path().join("book.rbk")).unwrap();
    assert!(text.contains(what), "{what} is not in {text}");
    std::fs::write(world.path().join("book.rbk"), text.replacen(what, with, 1)).unwrap();
    world.ended(&["resume", "--adopt-edits"])
}

#[test]
fn what_failed_and_what_lies_ahead_may_be_mended() {
    let world = failed();
    let told = edited(&world, "$ false", "$ ./effect do mended");
    assert_eq!(told.code, Some(0), "{}", told.text);
    for words in ["these edits are adopted:", "-        $ false", "+        $ ./effect do mended"] {
        assert!(told.text.contains(words), "{words}: {}", told.text);
    }
    assert_eq!(world.ledger(), ["do first", "do second", "flaky second", "do mended", "do third"]);
    assert!(world.ended(&["show", "@latest"]).text.contains("with edits"), "{}", world.said());
}

#[test]
fn what_was_adopted_stays_adopted() {
    let world = failed();
    let told = edited(&world, "$ false", "$ ./effect do mended\n        $ exit 3");
    assert_eq!(told.code, Some(1), "{}", told.text);
    // The file is gone, and the edit is on record.
    std::fs::write(world.path().join("book.rbk"), BOOK.replace("do first", "do other")).unwrap();
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("exited with 3"), "{}", told.text);
    assert_eq!(world.ledger(), ["do first", "do second", "flaky second", "do mended"]);
    // And once more, from there.
    std::fs::write(world.path().join("book.rbk"), BOOK.replace("$ false", "$ ./effect do mended")).unwrap();
    let told = world.ended(&["resume", "--adopt-edits"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do first", "do second", "flaky second", "do mended", "do third"]);
}

#[test]
fn what_was_executed_may_not_differ_and_nothing_happens_then() {
    for (what, with, told_of) in [
        ("change(\"first\")", "change(\"other\")", "`step \"First\"` (book.rbk:9)"),
        (
            "step \"First\"",
            "step \"Before\" {\n        change(\"before\")\n    }\n    step \"First\"",
            "`step \"First\"`",
        ),
        ("$ ./effect do second", "$ ./effect do other", "`$ ./effect do second` (book.rbk:13)"),
        ("$ ./effect flaky second", "$ true\n        $ ./effect flaky second", "`$ ./effect flaky second`"),
        ("$ ./effect undo second", "$ ./effect undo nothing", "`step \"Second\"` (book.rbk:12)"),
        ("$ ./effect undo ${name}", "$ true", "`action change(name: string) changes` (book.rbk:3)"),
        ("runbook \"Edited\"", "runbook \"Another\"", "`runbook \"Edited\"` (book.rbk:1)"),
        ("phase \"Work\"", "phase \"Play\"", "`phase \"Work\"` (book.rbk:8)"),
    ] {
        let world = failed();
        let told = edited(&world, what, with);
        assert_eq!(told.code, Some(2), "{what}: {}", told.text);
        assert!(told.text.contains("the edits cannot be adopted: "), "{what}: {}", told.text);
        assert!(told.text.contains(told_of), "{what}: {}", told.text);
        assert_eq!(world.ledger(), ["do first", "do second", "flaky second"]);
        // As it was begun it can still be taken back, all of it.
        assert_eq!(world.ended(&["rollback"]).code, Some(3), "{}", world.said());
        assert_eq!(world.ledger()[3..], ["undo second", "undo first"]);
    }
}

/// The action that failed did nothing: it may be mended, though the step with it has begun.
#[test]
fn an_action_that_failed_may_be_mended() {
    let book = BOOK.replace("$ false", "wrong()").replace("phase", "action wrong() changes {\n    $ false\n}\nphase");
    let world = World::new(&book.replace("$ ./effect do second\n        $ ./effect flaky second\n", ""), ":");
    assert_eq!(world.ended(&["run", "book.rbk"]).code, Some(1), "{}", world.said());
    let told = edited(&world, "$ false", "$ ./effect do right");
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do first", "do right", "do third"]);
}

/// Whoever approved did not see the edit: he is asked again, and what he says then counts.
#[test]
fn an_approval_that_was_given_before_the_edit_does_not_count() {
    let book = BOOK
        .replace("        $ false\n", "")
        .replace("    step \"Third\"", "    approve \"Go on?\"\n    step \"Third\"");
    let world = World::new(&book, ":");
    std::fs::write(world.path().join("tried-second"), "").unwrap();
    assert_eq!(world.ended(&["run", "book.rbk"]).code, Some(5), "{}", world.said());
    assert_eq!(world.ended(&["approve"]).code, Some(0), "{}", world.said());
    let told = edited(&world, "change(\"third\")", "change(\"other\")");
    assert_eq!(told.code, Some(5), "{}", told.text);
    assert_eq!(world.ended(&["approve"]).code, Some(0), "{}", world.said());
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(world.ledger(), ["do first", "do second", "flaky second", "do other"]);
}

#[test]
fn where_nothing_differs_that_is_said() {
    let world = failed();
    let told = world.ended(&["resume", "--adopt-edits"]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("nothing was edited since it was begun"), "{}", told.text);
}

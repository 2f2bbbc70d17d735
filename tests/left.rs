//! What goes on when rbk is killed with SIGKILL, and the command that it had started is not: nobody decides about
//! an effect, and nothing is taken back, while it is still under way.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;

use std::process::Child;
use std::time::{Duration, Instant};

use ledger::World;

const BOOK: &str = r#"runbook "Left running" {
}
phase "Work" {
    step "Slow" {
        $ ./effect do slow
    } undo {
        $ ./effect undo slow
    } probe {
        let slow = try $ grep -qxF "do slow" ledger
        assert slow.ok
    }
    step "Next" {
        $ ./effect do next
    } undo {
        $ ./effect undo next
    }
}
"#;

/// The effect takes as long as `pause` takes.
fn killed_in_the_middle(book: &str, pause: &str) -> World {
    let world = World::new(book, &format!("touch begun; {pause}"));
    let mut run = world.rbk(&["run", "book.rbk"]).spawn().unwrap();
    until(&mut run, || world.path().join("begun").exists(), &world);
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!world.alive().is_empty(), "its command outlives it");
    assert_eq!(world.ledger(), Vec::<String>::new());
    world
}

fn until(run: &mut Child, holds: impl Fn() -> bool, world: &World) {
    let begun = Instant::now();
    while !holds() {
        assert_eq!(run.try_wait().unwrap(), None, "{}", world.said());
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", world.said());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Hangs the first time only.
const HANGS: &str = "[ -e hung ] || { touch hung; sleep 60; }";

#[test]
fn what_ends_soon_is_waited_for_and_not_done_twice() {
    let world = killed_in_the_middle(BOOK, "[ -e slept ] || { touch slept; sleep 1; }");
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert!(told.text.contains("still running from before: process "), "{}", told.text);
    assert!(told.text.contains("it happened (its probe)"), "{}", told.text);
    assert_eq!(world.ledger(), ["do slow", "do next"]);
}

#[test]
fn a_rollback_ends_it_before_it_takes_anything_back() {
    let world = killed_in_the_middle(BOOK, HANGS);
    let told = world.ended(&["rollback"]);
    assert_eq!(told.code, Some(3), "{}", told.text);
    assert!(told.text.contains("still running from before, and ended now: process "), "{}", told.text);
    assert_eq!(world.alive(), Vec::<String>::new());
    assert_eq!(world.ledger(), ["undo slow"]);
}

#[test]
fn of_what_does_not_end_a_person_decides() {
    let world = killed_in_the_middle(BOOK, HANGS);
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(5), "{}", told.text);
    assert!(told.text.contains("This is still running from before: $ ./effect do slow"), "{}", told.text);
    assert!(told.text.contains("wait until it ends|end it"), "{}", told.text);
    // To pause ends nothing.
    assert!(!world.alive().is_empty());
    assert_eq!(world.ledger(), Vec::<String>::new());
    let told = world.ended(&["resume", "--answer", "This is still running from before: $ ./effect do slow=end it"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert!(told.text.contains("it did not happen, and is run (its probe)"), "{}", told.text);
    assert_eq!(world.alive(), Vec::<String>::new());
    assert_eq!(world.ledger(), ["do slow", "do next"]);
}

#[test]
fn what_lives_beside_the_run_is_started_anew() {
    let book = r#"runbook "Beside" {
}
phase "Work" {
    background "proxy" {
        $ echo $$ >> proxies; exec sleep 60
    } ready within 10s every 20ms {
        assert file.exists("proxies")
    }
    step "Slow" {
        $ ./effect do slow
    } undo {
        $ ./effect undo slow
    } probe {
        let slow = try $ grep -qxF "do slow" ledger
        assert slow.ok
    }
    step "Only one proxy" {
        $ ps -o stat= -p $(paste -sd, proxies) | grep -vc ^Z > count
    } undo {
        $ rm count
    }
}
"#;
    let world = killed_in_the_middle(book, "[ -e slept ] || { touch slept; sleep 1; }");
    let told = world.ended(&["resume"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(std::fs::read_to_string(world.path().join("proxies")).unwrap().lines().count(), 2);
    assert_eq!(std::fs::read_to_string(world.path().join("count")).unwrap().trim(), "1");
    assert_eq!(world.alive(), Vec::<String>::new());
}

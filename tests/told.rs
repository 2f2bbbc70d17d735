//! What people are told at the end of a run: each thing once, and by its own name.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::Write as _;
use std::process::Stdio;

use world::book::{Book, Told};

/// Steps through it by a script.
fn step(book: &Book, script: &str) -> Told {
    let mut command = book.command(&["step", "book.rbk"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = std::time::Instant::now();
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Told {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        took: begun.elapsed(),
    }
}

#[test]
fn a_failure_is_drawn_once_though_a_handler_runs_in_between() {
    let told = Book::new(
        "step \"one\" {\n    $ sh -c 'echo why >&2; exit 3'\n} on_fail {\n    note \"it is ${failure.message}\"\n}\n",
    )
    .run();
    told.is(1).says("next: its handler runs").says("as told above\n    next: the run stops here");
    assert_eq!(told.stderr.matches("book.rbk:2:").count(), 1, "{}", told.stderr);
    // Each try is a failure of its own.
    let told = Book::new("step \"one\" {\n    $ sh -c 'exit 3'\n} on_fail {\n    retry 2\n}\n").run();
    told.is(1);
    assert_eq!(told.stderr.matches("book.rbk:2:").count(), 3, "{}", told.stderr);
}

#[test]
fn what_another_wrote_is_not_shown_as_the_output_of_what_failed() {
    let told = Book::new(
        "phase \"P\" {\n    let seen = reads $ echo something else\n    step \"silent\" {\n        $ false\n    }\n}\n",
    )
    .run();
    told.is(1).says("exited with 1 and wrote nothing").never_says("output:").never_says("something else\n");
}

#[test]
fn who_leaves_a_run_is_not_told_that_it_failed() {
    let book = || Book::new("step \"one\" {\n    $ touch one\n}\nstep \"two\" {\n    $ touch two\n}\n");
    let left = book();
    step(&left, "n\nq\nl\n").is(1).says("Left as it stands: book").never_says("Failed").says("rbk resume");
    let paused = book();
    step(&paused, "n\npause\n").is(5);
    for book in [&left, &paused] {
        let report = book.rbk(&["report", "@latest"]);
        report.is(0).says("## What happened").never_says("## Evidence");
        assert!(!book.path("two").exists());
    }
    // A step that failed is what it ends with, whoever leaves then.
    let failed = Book::new("step \"one\" {\n    $ false\n}\n");
    step(&failed, "n\nq\nl\n").is(1).says("Failed, and stopped where it stood: book");
    failed.rbk(&["report", "@latest"]).is(0).says("## Evidence").says("exited with 1");
}

#[test]
fn what_is_known_only_in_the_run_is_refused_before_it() {
    let book = Book::new("let began = run.started\nstep \"one\" {\n    note \"${began}\"\n}\n");
    book.run()
        .is(2)
        .says("`run.started` is not there yet when a `let` of the top level is computed")
        .says("help: bind it");
}

#[test]
fn a_misspelt_protection_is_an_error() {
    let book = Book::new("env prod {\n    protcted = true\n}\nstep \"one\" {\n    $ touch done\n}\n");
    let told = book.rbk(&["run", "book.rbk", "-e", "prod"]);
    told.is(2).says("environment `prod` is not protected").says("did you mean `protected`?");
    assert!(!book.path("done").exists());
}

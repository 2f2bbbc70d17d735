//! Commands that write without end, without lines, without sense: rbk stays small, and says what there was.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use world::book::Book;
use world::{alive, marker};

/// How much more than for a small run rbk may need, in KiB.
const MORE: u64 = 64 * 1024;

struct Measured {
    code: Option<i32>,
    told: String,
    /// The most memory it ever had, in KiB.
    peak: u64,
    took: Duration,
}

/// Runs and looks at the process until it has ended.
fn measured(book: &Book, arguments: &[&str]) -> Measured {
    let told = fs::File::create(book.path("told")).unwrap();
    let mut command = book.command(arguments);
    command.stdout(told.try_clone().unwrap()).stderr(told).stdin(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let now = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    };
    let told = String::from_utf8_lossy(&fs::read(book.path("told")).unwrap()).into_owned();
    Measured { code: ended.code(), told, peak, took: begun.elapsed() }
}

fn step(command: &str) -> String {
    format!("step \"Write\" irreversible \"no\" {{\n    {command}\n}}\n")
}

fn small() -> u64 {
    measured(&Book::new(step("$ sleep 0.2")), &["run", "book.rbk"]).peak
}

#[test]
fn memory_does_not_grow_with_what_is_written() {
    let small = small();
    assert!(small > 1000, "{small} KiB");
    let noise = "head -c 20000000 /dev/urandom";
    for (what, telling, command, code, words) in [
        ("endless", "plain", "let out = $ timeout 1 yes\n    assert out.ok", 1, "exited with 124"),
        ("endless", "live", "let out = $ timeout 1 yes\n    assert out.ok", 1, "exited with 124"),
        ("endless", "json", "let out = $ timeout 1 yes\n    assert out.ok", 1, "exited with 124"),
        (
            "one line",
            "plain",
            "let out = $ bash -c \"head -c 100000000 /dev/zero | tr '\\0' x\"\n    assert out.stdout.len < 400000",
            0,
            "",
        ),
        ("no text", "json", &format!("let out = $ {noise}\n    assert out.ok"), 0, ""),
        ("no text, failed", "plain", &format!("$ bash -c '{noise} >&2; exit 7'"), 1, "exited with 7"),
    ] {
        let book = Book::new(step(command));
        let run = measured(&book, &["run", "book.rbk", "--progress", telling]);
        let head = run.told.chars().take(2000).collect::<String>();
        assert_eq!(run.code, Some(code), "{what}: {head}");
        assert!(run.told.contains(words) && !run.told.contains("a bug in rbk"), "{what}: {head}");
        assert!(run.peak < small + MORE, "{what}, {telling}: {} KiB, {small} KiB when small", run.peak);
        println!("{what}, {telling}: {} KiB, {small} KiB when small, {:?}", run.peak, run.took);
    }
}

#[test]
fn a_long_output_of_what_failed_can_be_read() {
    let book = Book::new(step("$ bash -c 'seq 200000; exit 9'"));
    let told = book.run();
    told.is(1).says("exited with 9").says("all that it wrote is in ");
    let path = told.stderr.split("all that it wrote is in ").nth(1).unwrap().lines().next().unwrap().trim().to_owned();
    let all = fs::read_to_string(&path).unwrap();
    assert_eq!(all.lines().count(), 200_000, "{path}");
    assert_eq!(all.lines().last(), Some("200000"));
    // What fits into memory needs no file.
    let book = Book::new(step("$ bash -c 'seq 1000; exit 9'"));
    book.run().is(1).never_says("all that it wrote");
    assert!(!book.path("state/rbk/runs").exists());
}

#[test]
fn what_is_left_behind_is_not_waited_for() {
    for command in ["sh -c 'sleep 60 & echo hi'", "{ sleep 60 & } ; echo hi", "setsid sh -c 'sleep 60; :' & echo hi"] {
        let marker = marker();
        let command = command.replace("sleep 60", &format!("exec -a {marker} sleep 60")).replace("sh -c", "bash -c");
        let book = Book::new(step(&format!("let out = $ {command}\n    assert out.stdout.trim() == \"hi\"")));
        let begun = Instant::now();
        let told = book.rbk(&["run", "book.rbk", "--verbose"]);
        let left: Vec<String> = alive(&marker);
        for line in &left {
            let pid = line.split(' ').next().unwrap().parse().unwrap();
            let _ = rustix::process::kill_process(
                rustix::process::Pid::from_raw(pid).unwrap(),
                rustix::process::Signal::KILL,
            );
        }
        told.is(0).says("still holds its output");
        assert!(begun.elapsed() < Duration::from_secs(4), "{command}: {:?}", begun.elapsed());
        // It was to live on: a daemon that a step starts.
        assert_eq!(left.len(), 1, "{command}: {left:?}");
    }
}

#[test]
fn a_deadline_leaves_nothing_alive() {
    for command in [
        "trap '' TERM; while :; do sleep 0.1; done # MARK",
        "bash -c 'trap \"\" TERM; (setsid bash -c \"exec -a MARK sleep 60\" &); exec -a MARK sleep 60'",
        "bash -c '( ( setsid bash -c \"trap \\\"\\\" TERM HUP; while :; do exec -a MARK sleep 60; done\" & ) & ) ; exec -a MARK sleep 60'",
        "(exec -a MARK sleep 60) & (exec -a MARK sleep 60) | cat",
    ] {
        let marker = marker();
        let command = command.replace("MARK", &marker);
        let book = Book::new(format!("step \"Hang\" timeout 500ms irreversible \"no\" {{\n    $ {command}\n}}\n"));
        let run = measured(&book, &["run", "book.rbk"]);
        assert_eq!(run.code, Some(1), "{}", run.told);
        assert!(run.told.contains("timeout of 500 ms"), "{}", run.told);
        assert_eq!(alive(&marker), Vec::<String>::new(), "{command}");
        assert!(run.took < Duration::from_secs(9), "{command}: {:?}", run.took);
    }
}

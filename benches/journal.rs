//! What the journal costs, beside what the disk costs: commits, and a record of a million entries.
//!
//! `cargo bench --bench journal`; `RBK_EVENTS=100000` for less. It measures the disk that holds the build folder.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs::File;
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rbk::catalog::Effect;
use rbk::journal::entry::{Ending, Entry, Position, Recorded};
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::Store;

const ROUNDS: u32 = 500;

fn main() {
    let folder = Path::new(option_env!("CARGO_TARGET_TMPDIR").unwrap_or("target"));
    std::fs::create_dir_all(folder).unwrap();
    let folder = tempfile::tempdir_in(folder).unwrap();
    disk(folder.path());
    commits(folder.path());
    let events = std::env::var("RBK_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    long_record(folder.path(), events);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The median, since other programs use the disk too.
fn median(rounds: u32, mut round: impl FnMut(u32)) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|number| {
            let begun = Instant::now();
            round(number);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn say(what: &str, value: impl std::fmt::Display) {
    println!("{what:<58} {value:>14}");
}

fn micro(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}

fn disk(folder: &Path) {
    let file = File::create(folder.join("fsync")).unwrap();
    file.write_all_at(&[0; 1 << 16], 0).unwrap();
    file.sync_all().unwrap();
    let place = median(ROUNDS, |number| {
        file.write_all_at(&number.to_le_bytes(), 128).unwrap();
        file.sync_data().unwrap();
    });
    say("the disk: fsync of 4 bytes in place", micro(place));
    let mut end = 1 << 16;
    let append = median(ROUNDS, |_| {
        file.write_all_at(&[1; 12_360], end).unwrap();
        end += 12_360;
        file.sync_data().unwrap();
    });
    say("the disk: fsync of 12 KiB appended", micro(append));
}

fn commits(folder: &Path) {
    block_on(async {
        let store = SqliteStore::make(&folder.join("commits.db")).unwrap();
        let record = store.begin(&started("commits"), &[]).await.unwrap();
        let mut times = Vec::new();
        for number in 0..ROUNDS {
            let begun = Instant::now();
            record.note(scope(number));
            record.write(intent(number)).await.unwrap();
            record.note(outcome(number));
            times.push(begun.elapsed());
        }
        times.sort();
        let one = times[times.len() / 2];
        say("a changing step: 3 entries, 1 commit", micro(one));
        say("  commits a second, one after the other", format!("{:.0}", 1.0 / one.as_secs_f64()));
        for width in [8, 64] {
            let begun = Instant::now();
            for round in 0..ROUNDS / 10 {
                let writes = (0..width).map(|branch| record.write(intent(round * width + branch)));
                for written in futures_util::future::join_all(writes).await {
                    written.unwrap();
                }
            }
            let each = begun.elapsed() / (ROUNDS / 10 * width);
            say(&format!("  {width} branches at once, a step"), micro(each));
        }
    });
}

fn long_record(folder: &Path, events: u32) {
    let path = folder.join("long.db");
    block_on(async {
        let store = SqliteStore::make(&path).unwrap();
        let record = store.begin(&started("long"), &[]).await.unwrap();
        let begun = Instant::now();
        for number in 0..events / 4 {
            record.note(scope(number));
            record.note(intent(number));
            record.note(outcome(number));
            record.note(ended(number));
            // As in a run, which waits for its effects: the writer is never far behind.
            if number % 1000 == 999 {
                record.write(intent(number)).await.unwrap();
            }
        }
        drop(record);
        say(&format!("{events} entries: to write"), format!("{:.1} s", begun.elapsed().as_secs_f64()));
        let size: u64 = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name().to_string_lossy() == "long.db")
            .map(|entry| entry.metadata().unwrap().len())
            .sum();
        say("  size on disk", format!("{} MiB", size >> 20));
        say("  bytes an entry", size / u64::from(events));
        let begun = Instant::now();
        assert_eq!(store.runs(20).await.unwrap().len(), 1);
        say("  to list the runs", micro(begun.elapsed()));
        forget_peak();
        let before = memory("VmRSS");
        let (begun, mut count) = (Instant::now(), 0_u64);
        let mut each = |_, _| {
            count += 1;
            true
        };
        store.entries("long", &mut each).await.unwrap();
        say("  to read and verify all", format!("{:.1} s", begun.elapsed().as_secs_f64()));
        assert!(count > u64::from(events));
        say("  memory for that, at its peak", format!("{} KiB", memory("VmHWM").saturating_sub(before)));
        let begun = Instant::now();
        drop(store.reopen("long").await.unwrap());
        say("  to take hold of it again", micro(begun.elapsed()));
    });
}

/// Of this process, in KiB: see proc(5).
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn entry(number: u32, event: Recorded) -> Entry {
    Entry { at: jiff::Timestamp::from_second(1_780_000_000 + i64::from(number)).unwrap(), event }
}

fn pos(at: u32) -> Position {
    Position { line: "0".into(), at }
}

fn started(run: &str) -> Entry {
    let started = serde_json::json!({
        "at": "2026-03-14T02:41:07Z", "event": "started", "run": run, "title": "Deploy", "file": "deploy.rbk",
        "environment": "prod", "actor": "ada", "host": "ops-1", "cwd": "/srv", "version": "0.1.0", "plan": "p",
        "params": [], "from": null, "until": null, "only": [], "on_fail": "stop", "yes": false, "approve": [],
        "answers": [], "lock": null,
    });
    serde_json::from_value(started).unwrap()
}

fn scope(number: u32) -> Entry {
    let (kind, title) = ("step".to_owned(), format!("Restart web-{number}"));
    let (place, effect) = ("deploy.rbk:12".to_owned(), Some(Effect::Changes));
    entry(number, Recorded::ScopeBegan { pos: pos(4 * number), depth: 1, kind, title, place, effect })
}

fn ended(number: u32) -> Entry {
    let elapsed = Duration::from_millis(1234);
    entry(number, Recorded::ScopeEnded { pos: pos(4 * number), status: "passed".into(), detail: None, elapsed })
}

fn intent(number: u32) -> Entry {
    entry(
        number,
        Recorded::Intent {
            pos: pos(4 * number + 1),
            path: vec!["Restart".into(), format!("Restart web-{number}").into()],
            attempt: 1,
            action: "$".into(),
            summary: format!("$ ssh web-{number} systemctl restart shop"),
            arguments: "a".repeat(64),
            class: Effect::Changes,
            key: format!("0199a3f4b2c11d0-{number}"),
            repeatable: false,
            armed: Vec::new(),
            before: None,
        },
    )
}

fn outcome(number: u32) -> Entry {
    entry(number, Recorded::Outcome { pos: pos(4 * number + 1), ending: Ending::Done, value: None, armed: Vec::new() })
}

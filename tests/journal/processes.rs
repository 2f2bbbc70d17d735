//! Several processes at one journal, and one that is killed.
//!
//! The other process is this test program again: it runs one of the ignored tests, told by the environment what
//! to do.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{Standing, Store, StoreError};

use super::story::{begin, block_on, intent, json, note, read, resumed, started};

const JOURNAL: &str = "RBK_TEST_JOURNAL";
const RUN: &str = "RBK_TEST_RUN";

/// Another process that does what an ignored test says.
struct Other(Child, BufReader<ChildStdout>);

impl Other {
    fn start(test: &str, journal: &Path, run: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", &format!("processes::{test}")])
            .env(JOURNAL, journal)
            .env(RUN, run)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    /// The next number that it says was acknowledged; `None` when it is gone.
    fn acknowledged(&mut self) -> Option<u32> {
        let mut line = String::new();
        while self.1.read_line(&mut line).unwrap() > 0 {
            if let Some(number) = line.trim().strip_prefix("durable ") {
                return Some(number.parse().unwrap());
            }
            line.clear();
        }
        None
    }

    fn kill(mut self) -> u32 {
        self.0.kill().unwrap();
        let mut last = 0;
        // What it said before it was gone.
        while let Some(number) = self.acknowledged() {
            last = number;
        }
        self.0.wait().unwrap();
        last
    }
}

fn place() -> Option<(PathBuf, String)> {
    Some((std::env::var_os(JOURNAL)?.into(), std::env::var(RUN).ok()?))
}

#[test]
#[ignore = "another process of the tests here"]
fn writes_until_it_is_killed() {
    let Some((journal, run)) = place() else { return };
    block_on(async {
        let store = SqliteStore::make(&journal).unwrap();
        let record = store.begin(&started(&run, Some("prod")), &[]).await.unwrap();
        for number in 1.. {
            record.note(note(number, "an outcome"));
            record.write(intent(number)).await.unwrap();
            // In one piece, since the other side may kill us at any moment.
            std::io::stdout().write_all(format!("durable {number}\n").as_bytes()).unwrap();
        }
    });
}

#[test]
#[ignore = "another process of the tests here"]
fn writes_a_hundred() {
    let Some((journal, run)) = place() else { return };
    block_on(async {
        let store = SqliteStore::make(&journal).unwrap();
        let record = begin(&store, &run).await;
        for number in 1..=100 {
            record.write(intent(number)).await.unwrap();
        }
        println!("durable 100");
    });
}

#[test]
fn what_was_acknowledged_outlives_kill() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.db");
    for (round, wanted) in [(1, 1), (2, 7), (3, 60)] {
        let run = format!("r{round}");
        let mut other = Other::start("writes_until_it_is_killed", &journal, &run);
        while other.acknowledged().unwrap() < wanted {}
        let store = SqliteStore::find(&journal).unwrap().unwrap();
        let Standing::Running(holder) = block_on(store.find(&run)).unwrap().standing else { panic!("nobody holds it") };
        assert!(holder.contains(&format!("process {} on ", other.0.id())), "{holder}");
        let last = other.kill();
        block_on(async {
            assert_eq!(store.find(&run).await.unwrap().standing, Standing::Broken);
            let entries = read(&store, &run).await.unwrap();
            let count = entries.len() as u32;
            assert!(count > 2 * last.max(wanted), "{count} entries, {last} acknowledged");
            for number in 1..=last {
                assert_eq!(entries[2 * number as usize], json(&intent(number)));
            }
            // Its lock stays with it until it has gone on to its end, or somebody takes it away.
            let refused = store.begin(&started("other", Some("prod")), &[]).await;
            assert!(
                matches!(refused, Err(StoreError::Locked(lock)) if lock.run == run && lock.standing == Standing::Broken)
            );
            let record = store.reopen(&run).await.unwrap();
            record.write(resumed()).await.unwrap();
            drop(record);
            assert_eq!(read(&store, &run).await.unwrap().len() as u32, count + 1);
            store.unlock("prod", "ada", "killed by a test").await.unwrap();
        });
    }
}

#[test]
fn several_processes_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.db");
    // All of them find that there is none, and make it.
    let others: Vec<Other> = (0..4).map(|n| Other::start("writes_a_hundred", &journal, &format!("r{n}"))).collect();
    for mut other in others {
        assert_eq!(other.acknowledged(), Some(100));
        assert!(other.0.wait().unwrap().success());
    }
    block_on(async {
        let store = SqliteStore::find(&journal).unwrap().unwrap();
        let runs = store.runs(10).await.unwrap();
        assert_eq!(runs.len(), 4);
        for run in runs {
            assert_eq!(run.standing, Standing::Broken);
            let expected: Vec<String> = (1..=100).map(|number| json(&intent(number))).collect();
            assert_eq!(read(&store, &run.run).await.unwrap()[1..], expected);
        }
    });
}

#[test]
fn what_nobody_waits_for_is_seen_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::make(&folder.path().join("journal.db")).unwrap();
    block_on(async {
        let record = begin(&store, "a").await;
        record.note(note(1, "half an hour of waiting begins"));
        let begun = std::time::Instant::now();
        while read(&store, "a").await.unwrap().len() < 2 {
            assert!(begun.elapsed().as_secs() < 10, "it never came");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(begun.elapsed().as_millis() > 500, "each note has a commit of its own");
        drop(record);
    });
}

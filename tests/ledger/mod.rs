//! A world outside of rbk in which effects leave a line: a folder with a ledger, and a program that appends to it.
//!
//! What was promised is checked against that ledger, and the record is asked only for what rbk itself says.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{Standing, Store};
use rbk::journal::{Entry, Recorded};
use tempfile::TempDir;

/// Appends its arguments to the ledger, as one line in one write. `PAUSE` is how long it takes before and after.
/// `keyed` appends nothing where a line with this key is there; `flaky` fails the first time, having done nothing.
const EFFECT: &str = r#"#!/bin/sh
what=$*
case $1 in
keyed)
    what="$1 $2 $RBK_IDEMPOTENCY_KEY"
    grep -qxF "$what" ledger && exit 0
    ;;
flaky)
    if ! [ -e "tried-$2" ]; then
        : >"tried-$2"
        exit 7
    fi
    ;;
esac
sleep PAUSE
echo "$what" >>ledger
sleep PAUSE
echo "$what"
"#;

/// A question about an effect in doubt begins so.
const IN_DOUBT: &str = "Nobody knows whether this happened: $ ";

/// See the module.
pub struct World {
    dir: TempDir,
}

/// How a process of rbk ended.
#[derive(Debug)]
pub struct Told {
    pub code: Option<i32>,
    pub text: String,
}

impl World {
    /// With a runbook `book.rbk` in it.
    pub fn new(book: &str, pause: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let effect = dir.path().join("effect");
        fs::write(&effect, EFFECT.replace("sleep PAUSE\n", &format!("{pause}\n"))).unwrap();
        fs::set_permissions(&effect, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("ledger"), "").unwrap();
        fs::write(dir.path().join("book.rbk"), book).unwrap();
        Self { dir }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn journal(&self) -> PathBuf {
        self.path().join("state/rbk/journal.db")
    }

    /// rbk in this world; what it says goes to a file.
    pub fn rbk(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rbk"));
        let said = fs::File::create(self.path().join("said")).unwrap();
        command.args(arguments).current_dir(self.path()).env("XDG_STATE_HOME", self.path().join("state"));
        for name in ["RBK_JOURNAL", "RBK_LOG", "RBK_ENV", "GITHUB_ACTIONS", "RBK_IDEMPOTENCY_KEY", "RBK_RUN_ID"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        command
    }

    /// What the last one said.
    pub fn said(&self) -> String {
        fs::read_to_string(self.path().join("said")).unwrap_or_default()
    }

    /// Runs it to its end.
    pub fn ended(&self, arguments: &[&str]) -> Told {
        let status = self.rbk(arguments).status().unwrap();
        Told { code: status.code(), text: self.said() }
    }

    /// The lines of the ledger, oldest first.
    pub fn ledger(&self) -> Vec<String> {
        fs::read_to_string(self.path().join("ledger")).unwrap().lines().map(str::to_owned).collect()
    }

    /// All processes that are alive in this world.
    pub fn alive(&self) -> Vec<String> {
        let here = self.path().canonicalize().unwrap();
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let within = |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&here));
        let line = |pid: u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            format!("{pid} {}", String::from_utf8_lossy(&line).replace('\0', " "))
        };
        pids.filter(within).map(line).collect()
    }

    /// Waits until nothing is, as an operator would before he looks.
    pub fn until_still(&self) {
        let begun = Instant::now();
        while !self.alive().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "still alive: {:?}", self.alive());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// All entries of the newest run, and where it stands; `None` if none began.
    pub fn record(&self) -> Option<(Vec<Entry>, Standing)> {
        let store = SqliteStore::find(&self.journal()).unwrap()?;
        block_on(async {
            let run = store.find("@latest").await.ok()?;
            let mut entries = Vec::new();
            store
                .entries(&run.run, &mut |_, entry| {
                    entries.push(entry);
                    true
                })
                .await
                .unwrap();
            Some((entries, run.standing))
        })
    }

    /// The answers that an operator gives who has looked at the ledger, about every effect that a question names.
    pub fn truth(&self) -> Vec<String> {
        let (entries, _) = self.record().unwrap();
        let ledger = self.ledger();
        let mut answers = Vec::new();
        for entry in &entries {
            let Recorded::Asked { question, .. } = &entry.event else { continue };
            let Some(command) = question.text.strip_prefix(IN_DOUBT) else { continue };
            let line = command.strip_prefix("./effect ").unwrap_or(command);
            let answer = if ledger.iter().any(|known| known == line) { "it happened" } else { "it did not happen" };
            let answer = format!("--answer={}={answer}", question.text);
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        answers
    }
}

/// The steps whose compensation failed at first: the last word of what it does.
fn left(entries: &[Entry]) -> Vec<String> {
    let mut left = Vec::new();
    for entry in entries {
        if let Recorded::CompensationEnded { failure: Some(_), commands: Some(commands), .. } = &entry.event {
            left.extend(commands.split_whitespace().next_back().map(str::to_owned));
        }
    }
    left
}

/// The effects of which the record says that they were about to begin: as the ledger would name them.
fn begun(entries: &[Entry]) -> Vec<String> {
    let summary = |entry: &Entry| match &entry.event {
        Recorded::Intent { summary, .. } => summary.strip_prefix("$ ./effect ").map(str::to_owned),
        _ => None,
    };
    entries.iter().filter_map(summary).collect()
}

/// Runs what waits for the journal.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// What the ledger must hold when all is over. `stages` are the steps in the order of the story; what may run
/// beside each other is in one stage.
pub struct Wanted<'a> {
    pub stages: &'a [&'a [&'a str]],
    /// Within a stage, what comes one after the other.
    pub chains: &'a [&'a [&'a str]],
}

impl Wanted<'_> {
    fn all(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().flat_map(|stage| stage.iter().copied())
    }

    /// In which stage a step is.
    fn stage(&self, name: &str) -> usize {
        self.stages.iter().position(|stage| stage.contains(&name)).unwrap_or_else(|| panic!("no step {name}"))
    }

    fn in_order<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let place = |chain: &&[&str], name| chain.iter().position(|other| *other == name);
        names.clone().map(|name| self.stage(name)).is_sorted()
            && self.chains.iter().all(|chain| names.clone().filter_map(|name| place(chain, name)).is_sorted())
    }

    /// Everything was done once, and nothing was taken back.
    ///
    /// # Errors
    /// What is not so.
    pub fn was_done(&self, ledger: &[String]) -> Result<(), String> {
        let (done, undone) = split(ledger);
        if !undone.is_empty() {
            return Err(format!("it went well, and was taken back: {undone:?}"));
        }
        for name in self.all() {
            once("done", name, &done)?;
        }
        if self.in_order(done.iter().copied()) {
            Ok(())
        } else {
            Err(format!("not in the order of the story: {done:?}"))
        }
    }

    /// Whatever was done was taken back once, newest first; but for what could not be taken back in its turn, and was
    /// left for somebody to come back to.
    ///
    /// # Errors
    /// What is not so.
    pub fn was_taken_back(&self, ledger: &[String], entries: &[Entry]) -> Result<(), String> {
        let (begun, left) = (begun(entries), left(entries));
        let (done, undone) = split(ledger);
        for name in &done {
            once("done", name, &done)?;
            once("taken back", name, &undone)?;
        }
        for name in &undone {
            once("taken back", name, &undone)?;
            let may_have_happened = begun.iter().any(|line| line.split(' ').nth(1) == Some(name));
            if !done.contains(name) && !may_have_happened {
                return Err(format!("{name} was taken back, and never began"));
            }
        }
        if !self.in_order(undone.iter().copied().rev().filter(|name| !left.iter().any(|left| left == name))) {
            return Err(format!("not newest first: {undone:?}"));
        }
        let last_done = ledger.iter().rposition(|line| !line.starts_with("undo "));
        let first_undone = ledger.iter().position(|line| line.starts_with("undo "));
        match (last_done, first_undone) {
            (Some(done), Some(undone)) if done > undone => Err("something was done after the rollback began".into()),
            _ => Ok(()),
        }
    }
}

/// The names of what was done, and of what was taken back.
fn split(ledger: &[String]) -> (Vec<&str>, Vec<&str>) {
    let name = |line: &'_ String| -> (bool, usize, usize) {
        let start = line.find(' ').map_or(0, |at| at + 1);
        let end = line[start..].find(' ').map_or(line.len(), |at| start + at);
        (line.starts_with("undo "), start, end)
    };
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    for line in ledger {
        let (back, start, end) = name(line);
        if back { &mut undone } else { &mut done }.push(&line[start..end]);
    }
    (done, undone)
}

fn once(what: &str, name: &str, among: &[&str]) -> Result<(), String> {
    match among.iter().filter(|other| **other == name).count() {
        1 => Ok(()),
        0 => Err(format!("{name} was never {what}")),
        n => Err(format!("{name} was {what} {n} times")),
    }
}

//! A byte flipped, an end cut off, anywhere: told, or without effect on what is read. And nothing is told of what
//! a crash leaves.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rbk::journal::entry::{Ending, Position};
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{LeftAnswer, LockInfo, RunSummary, Standing, Store, StoreError, StoredSource};

use super::story::{at, begin, block_on, ended, intent, note, outcome, read, source, started};

/// The files whose damage counts.
const FILES: [&str; 3] = ["journal.db", "journal.db-wal", "journal.db-heads"];

/// Everything that a journal tells.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    runs: Vec<RunKnown>,
    locks: Vec<LockInfo>,
}

#[derive(Clone, Debug, PartialEq)]
struct RunKnown {
    summary: String,
    entries: Vec<String>,
    sources: Vec<StoredSource>,
    answers: Vec<LeftAnswer>,
}

fn summary(run: &RunSummary) -> String {
    format!("{run:?}")
}

/// What is read of a run, each part on its own: `None` is "told to be damaged".
struct Heard {
    summary: Option<String>,
    entries: Option<Vec<String>>,
    sources: Option<Vec<StoredSource>>,
    answers: Option<Vec<LeftAnswer>>,
}

async fn told(store: &dyn Store) -> Told {
    let mut runs = Vec::new();
    for run in store.runs(100).await.unwrap() {
        runs.push(RunKnown {
            entries: read(store, &run.run).await.unwrap(),
            sources: store.sources(&run.run).await.unwrap(),
            answers: store.left_answers(&run.run).await.unwrap(),
            summary: summary(&run),
        });
    }
    Told { runs, locks: store.locks().await.unwrap() }
}

/// Opens a journal that may be damaged. Whatever it says without an error must be what was written.
async fn is_never_read_as_truth(path: &Path, truth: &Told) -> Result<bool, String> {
    let Ok(Some(store)) = SqliteStore::find(path) else { return Ok(true) };
    let mut complaints = 0;
    let must = |what: &str, is: bool| if is { Ok(()) } else { Err(format!("{what} is not what was written")) };
    match store.runs(100).await {
        Err(_) => complaints += 1,
        Ok(runs) => {
            must("the number of runs", runs.len() == truth.runs.len())?;
            for (run, known) in runs.iter().zip(&truth.runs) {
                match &run.standing {
                    Standing::Damaged(_) => complaints += 1,
                    _ => must("a summary", summary(run) == known.summary)?,
                }
            }
        }
    }
    for known in &truth.runs {
        let run = id_of(known);
        let mut heard = Heard { summary: None, entries: None, sources: None, answers: None };
        heard.summary = store.find(&run).await.ok().map(|run| summary(&run));
        // What was handed out before the damage was met must be true as well.
        let mut handed = Vec::new();
        let mut each = |_, entry| {
            handed.push(super::story::json(&entry));
            true
        };
        let read = store.entries(&run, &mut each).await;
        heard.entries = read.ok().map(|()| handed.clone());
        must("an entry before the damage", known.entries.starts_with(&handed))?;
        heard.sources = store.sources(&run).await.ok();
        heard.answers = store.left_answers(&run).await.ok();
        must("a summary", heard.summary.as_ref().is_none_or(|heard| *heard == known.summary))?;
        must("the entries", heard.entries.as_ref().is_none_or(|heard| *heard == known.entries))?;
        must("a source", heard.sources.as_ref().is_none_or(|heard| *heard == known.sources))?;
        // An answer that is gone is asked for again.
        must("an answer", heard.answers.as_ref().is_none_or(|heard| known.answers.starts_with(heard)))?;
        let silent = [heard.summary.is_some(), heard.entries.is_some(), heard.sources.is_some()];
        complaints += silent.iter().filter(|silent| !**silent).count();
    }
    match store.locks().await {
        Err(_) => complaints += 1,
        // What was released in the part that is gone may be held again: nobody is harmed by that.
        Ok(locks) => must("a lock", truth.locks.iter().all(|lock| locks.iter().any(|known| known.name == lock.name)))?,
    }
    // And whatever takes hold of it to write says no, or writes after the truth.
    let latest = id_of(&truth.runs[0]);
    match store.reopen(&latest).await {
        Err(_) => complaints += 1,
        Ok(record) => match record.write(note(900, "after")).await {
            Ok(()) => drop(record),
            Err(_) => complaints += 1,
        },
    }
    Ok(complaints > 0)
}

fn id_of(run: &RunKnown) -> String {
    run.summary.split('"').nth(1).unwrap().to_owned()
}

async fn tell_a_story(store: &dyn Store) {
    for (number, status) in [("a1", Some("succeeded")), ("a2", Some("paused")), ("a3", None)] {
        let lock = (number != "a1").then(|| format!("lock of {number}"));
        let sources = [source("deploy.rbk", &format!("# {number}\n").repeat(30)), source("lib.rbk", "fn x() = 1\n")];
        let record = store.begin(&started(number, lock.as_deref()), &sources).await.unwrap();
        for step in 1..=8 {
            record.write(intent(step)).await.unwrap();
            record.note(outcome(step, Ending::Done));
            record.note(note(step, &"a note ".repeat(step as usize * 20)));
        }
        if number == "a2" {
            let pos = Position { line: "0".into(), at: 3 };
            let (plan, answer, by) = ("p".into(), "yes".into(), "grace".into());
            let left = LeftAnswer { pos, plan, answer, by, at: at(1, note(1, "").event).at, evidence: Vec::new() };
            store.leave_answer("a2", left).await.unwrap();
        }
        if let Some(status) = status {
            record.write(ended(status)).await.unwrap();
        }
    }
}

/// As many as `PROPTEST_CASES` says.
fn cases() -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 300 }
}

/// In memory where that is possible: what is looked at here is bytes and not disks.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A journal as kill -9 leaves it: half of it in the database, half of it in the log.
fn killed() -> (tempfile::TempDir, Told) {
    let folder = quick_folder();
    let live = folder.path().join("live");
    let copy = folder.path().join("killed");
    std::fs::create_dir(&copy).unwrap();
    let told = block_on(async {
        // This one is closed as it should be: what it wrote is in the database.
        let store = SqliteStore::make(&live.join("journal.db")).unwrap();
        drop(begin(&store, "a0").await);
        // A connection that stays keeps the log from being written into it.
        let other = rusqlite::Connection::open(live.join("journal.db")).unwrap();
        other.query_row("SELECT count(*) FROM runs", (), |_| Ok(())).unwrap();
        tell_a_story(&store).await;
        for file in FILES {
            std::fs::copy(live.join(file), copy.join(file)).unwrap();
        }
        told(&SqliteStore::find(&copy.join("journal.db")).unwrap().unwrap()).await
    });
    assert_eq!(told.runs.len(), 4);
    assert_eq!(told.locks.len(), 2);
    std::fs::remove_dir_all(&live).unwrap();
    (folder, told)
}

struct Bench {
    _folder: tempfile::TempDir,
    pristine: Vec<(&'static str, Vec<u8>)>,
    at: PathBuf,
    told: Told,
}

impl Bench {
    fn new() -> Self {
        let (folder, told) = killed();
        let bytes = |file| std::fs::read(folder.path().join("killed").join(file)).unwrap();
        let pristine = FILES.map(|file| (file, bytes(file))).to_vec();
        let at = folder.path().join("damaged");
        Self { _folder: folder, pristine, at, told }
    }

    /// Puts everything back but for one file. Answers whether something was told.
    fn with(&self, damaged: &str, bytes: &[u8]) -> Result<bool, String> {
        let _ = std::fs::remove_dir_all(&self.at);
        std::fs::create_dir(&self.at).unwrap();
        for (file, pristine) in &self.pristine {
            std::fs::write(self.at.join(file), if *file == damaged { bytes } else { pristine }).unwrap();
        }
        block_on(is_never_read_as_truth(&self.at.join("journal.db"), &self.told))
    }

    fn bytes(&self, file: &str) -> &[u8] {
        &self.pristine.iter().find(|(name, _)| *name == file).unwrap().1
    }
}

#[test]
fn nothing_is_told_of_what_kill_leaves() {
    let bench = Bench::new();
    assert_eq!(bench.with("none", &[]), Ok(false));
}

#[test]
fn an_end_cut_off_is_told() {
    let bench = Bench::new();
    let log = bench.bytes("journal.db-wal").len();
    // Behind the last whole frame there is nothing of worth; everything before it was acknowledged.
    for cut in (0..log).step_by(1031).chain([log - 1, log - 24, log - 4096, log - 4120, 31, 32, 33]) {
        let what = bench.with("journal.db-wal", &bench.bytes("journal.db-wal")[..cut]);
        assert_eq!(what, Ok(true), "the log cut to {cut} of {log} bytes");
    }
    let database = bench.bytes("journal.db").len();
    for cut in (0..database).step_by(4096) {
        let what = bench.with("journal.db", &bench.bytes("journal.db")[..cut]);
        // The log holds newer versions of some pages.
        assert!(what.is_ok(), "the database cut to {cut} of {database} bytes: {what:?}");
    }
    assert_eq!(bench.with("journal.db", &[]), Ok(true));
}

#[test]
fn a_page_of_zeros_or_of_another_page_is_told() {
    let bench = Bench::new();
    for file in ["journal.db", "journal.db-wal"] {
        let whole = bench.bytes(file);
        for page in 0..whole.len() / 4096 {
            let mut bytes = whole.to_vec();
            bytes[page * 4096..(page + 1) * 4096].fill(0);
            let what = bench.with(file, &bytes);
            assert!(what.is_ok(), "{file}: page {page} of zeros: {what:?}");
            assert!(file == "journal.db" || what == Ok(true), "{file}: page {page} of zeros");
            let mut bytes = whole.to_vec();
            bytes.copy_within(0..4096, page * 4096);
            let what = bench.with(file, &bytes);
            assert!(what.is_ok(), "{file}: page {page} is page 0: {what:?}");
        }
    }
}

#[test]
fn a_run_that_is_gone_whole_is_missed() {
    // The database from before the last run began: everything in it is sound.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::make(&path).unwrap();
    block_on(async {
        drop(begin(&store, "a0").await);
        let log = folder.path().join("journal.db-wal");
        let before = [&path, &log].map(|file| std::fs::read(file).unwrap());
        drop(begin(&store, "a1").await);
        for (file, bytes) in [&path, &log].into_iter().zip(before) {
            std::fs::write(file, bytes).unwrap();
        }
        let runs = store.runs(10).await.unwrap();
        assert_eq!(runs[0].run, "a1");
        assert!(matches!(&runs[0].standing, Standing::Damaged(what) if what == "its summary is missing"), "{runs:?}");
        assert_eq!(runs[1].standing, Standing::Broken);
        for name in ["a1", "@latest"] {
            assert!(matches!(store.find(name).await, Err(StoreError::Damaged { .. })), "{name}");
        }
        // Nothing new begins over it, and what is whole can still go on.
        let begun = store.begin(&started("a2", None), &[]).await;
        assert!(matches!(begun, Err(StoreError::Damaged { run, .. }) if run == "a1"));
        drop(store.reopen("a0").await.unwrap());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_are_never_read_as_truth(
        file in prop::sample::select(&FILES[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
    ) {
        thread_local!(static BENCH: Bench = Bench::new());
        BENCH.with(|bench| {
            let mut bytes = bench.bytes(file).to_vec();
            for (at, with) in &flips {
                bytes[at.index(bench.bytes(file).len())] ^= with;
            }
            prop_assume!(bytes != bench.bytes(file));
            let what = bench.with(file, &bytes);
            prop_assert!(what.is_ok(), "{file}: {flips:?}: {what:?}");
            // Every byte of a log counts: it has no unused ones but in its header and beside its frames' numbers.
            if file == "journal.db-wal" {
                prop_assert_eq!(what, Ok(true), "{}: {:?}", file, flips);
            }
            Ok(())
        })?;
    }
}

/// A crash of the machine keeps what was made durable, and of the rest any part. At each step of a story the files
/// are looked at; then any state of the heads up to a step must go with the database of that step, and with one
/// whose last commit is torn; and the heads of a later step must not.
#[test]
fn a_crash_of_the_machine_is_no_damage() {
    let folder = quick_folder();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::make(&path).unwrap();
    let mut states: Vec<Vec<(&str, Vec<u8>)>> = Vec::new();
    let look = || FILES.map(|file| (file, std::fs::read(folder.path().join(file)).unwrap())).to_vec();
    block_on(async {
        let record = begin(&store, "a").await;
        states.push(look());
        for step in 1..=6 {
            record.write(intent(step)).await.unwrap();
            states.push(look());
        }
    });
    let at = folder.path().join("crashed");
    let entries = |database: &[u8], log: &[u8], heads: &[u8]| {
        let _ = std::fs::remove_dir_all(&at);
        std::fs::create_dir(&at).unwrap();
        for (file, bytes) in FILES.iter().zip([database, log, heads]) {
            std::fs::write(at.join(file), bytes).unwrap();
        }
        let store = SqliteStore::find(&at.join("journal.db")).unwrap().unwrap();
        block_on(read(&store, "a")).map(|entries| entries.len())
    };
    for (now, state) in states.iter().enumerate() {
        let [(_, database), (_, log), _] = &state[..] else { panic!() };
        for (then, earlier) in states.iter().enumerate() {
            let heads = &earlier[2].1;
            let read = entries(database, log, heads);
            match then <= now {
                true => assert_eq!(read.unwrap(), now + 1, "the heads of {then} with the database of {now}"),
                false => assert!(matches!(read, Err(StoreError::Damaged { .. })), "the heads of {then}, and {now}"),
            }
        }
        // The next commit was on its way, and came in part.
        let Some(next) = states.get(now + 1) else { continue };
        let [_, (_, longer), _] = &next[..] else { panic!() };
        for cut in (log.len()..longer.len()).step_by(997) {
            assert_eq!(entries(database, &longer[..cut], &state[2].1).unwrap(), now + 1);
            let mut torn = longer.clone();
            torn[cut..(cut + 512).min(longer.len())].fill(0);
            let read = entries(database, &torn, &state[2].1).unwrap();
            assert!(read == now + 1 || torn == *longer, "{read} of {now}");
        }
    }
}

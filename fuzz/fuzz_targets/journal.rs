//! A journal that was changed in any way is told to be damaged, or tells the truth; and never panics.
//!
//! The input says what is changed: a file, a place, and what to do there. An end that was cut off the database and
//! off its heads as well is the one thing that is not told: see `src/journal/sqlite/mod.rs`.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::Store;

const FILES: [&str; 3] = ["journal.db", "journal.db-wal", "journal.db-heads"];
const RUNS: [&str; 3] = ["a0", "a1", "a2"];

struct Pristine {
    files: Vec<Vec<u8>>,
    entries: Vec<Vec<String>>,
    place: PathBuf,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn entry(text: &str) -> rbk::journal::entry::Entry {
    serde_json::from_str(text).unwrap()
}

async fn read(store: &SqliteStore, run: &str) -> (Vec<String>, bool) {
    let mut entries = Vec::new();
    let mut each = |_, entry| {
        entries.push(serde_json::to_string(&entry).unwrap());
        true
    };
    let whole = store.entries(run, &mut each).await.is_ok();
    (entries, whole)
}

fn pristine() -> &'static Pristine {
    static PRISTINE: OnceLock<Pristine> = OnceLock::new();
    PRISTINE.get_or_init(|| {
        let place = std::env::temp_dir().join(format!("rbk-fuzz-journal-{}", std::process::id()));
        let live = place.join("live");
        std::fs::create_dir_all(&live).unwrap();
        std::fs::create_dir_all(place.join("changed")).unwrap();
        block_on(async {
            let store = SqliteStore::make(&live.join("journal.db")).unwrap();
            let mut held = Vec::new();
            for run in RUNS {
                let started = format!(
                    r#"{{"at":"2026-03-14T02:41:07Z","event":"started","run":"{run}","title":"t","file":"f","environment":null,
                    "actor":"a","host":"h","cwd":"/","version":"0","plan":"p","params":[],"from":null,"until":null,"only":[],
                    "on_fail":"stop","yes":false,"approve":[],"answers":[],"lock":"lock of {run}"}}"#
                );
                let record = store.begin(&entry(&started), &[]).await.unwrap();
                for number in 0..5 {
                    let note = format!(
                        r#"{{"at":"2026-03-14T02:41:07Z","event":"disarmed","pos":{{"line":"0","at":{number}}},"compensations":[],"why":"w"}}"#
                    );
                    record.write(entry(&note)).await.unwrap();
                }
                if run == "a0" {
                    drop(record);
                } else {
                    held.push(record);
                }
            }
            let files = FILES.map(|file| std::fs::read(live.join(file)).unwrap()).to_vec();
            let mut entries = Vec::new();
            for run in RUNS {
                entries.push(read(&store, run).await.0);
            }
            Pristine { files, entries, place }
        })
    })
}

fuzz_target!(|changes: Vec<(u8, u32, u8, u8)>| {
    let pristine = pristine();
    let mut files = pristine.files.clone();
    for (file, at, what, with) in changes {
        let bytes = &mut files[usize::from(file) % FILES.len()];
        if bytes.is_empty() {
            continue;
        }
        let at = at as usize % bytes.len();
        match what % 4 {
            0 => bytes[at] ^= with,
            1 => bytes[at] = with,
            2 => bytes.truncate(at),
            _ => {
                let end = (at + usize::from(with)).min(bytes.len());
                bytes[at..end].fill(0);
            }
        }
    }
    let changed = |file: usize| files[file] != pristine.files[file];
    let both = changed(2) && (changed(0) || changed(1));
    let place = pristine.place.join("changed");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir(&place).unwrap();
    for (file, bytes) in FILES.iter().zip(&files) {
        std::fs::write(place.join(file), bytes).unwrap();
    }
    let Ok(Some(store)) = SqliteStore::find(&place.join("journal.db")) else { return };
    block_on(async {
        let _ = store.runs(10).await;
        let _ = store.locks().await;
        for (run, truth) in RUNS.iter().zip(&pristine.entries) {
            let (entries, whole) = read(&store, run).await;
            assert!(truth.starts_with(&entries), "{run}: read what was not written");
            assert!(!whole || both || entries == *truth, "{run}: a cut end was not told");
            let _ = store.find(run).await;
            let _ = store.sources(run).await;
        }
    });
});

//! What every store must do, whatever keeps it. A new one is added at the end of this file.

use std::pin::Pin;
use std::rc::Rc;

use rbk::journal::entry::{Ending, ErrorEntry, Position};
use rbk::journal::memory_store::MemoryStore;
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{LeftAnswer, Standing, Store, StoreError};

use super::story::{begin, block_on, ended, intent, json, note, outcome, read, resumed, source, started};

/// Where the store of one test is.
trait Home {
    /// The store, as one process sees it; each call is another process.
    fn store(&self) -> Rc<dyn Store>;

    /// The holder of a run is taken for dead, though he is only frozen.
    fn take_away(&self, run: &str);
}

type Case<'h> = Pin<Box<dyn Future<Output = ()> + 'h>>;

fn what_is_written_is_read(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let sources = [source("deploy.rbk", "step \"a\" {\n}\n"), source("lib.rbk", "")];
        let begun = started("0199a3f", None);
        let record = store.begin(&begun, &sources).await.unwrap();
        assert_eq!(record.fence(), 1);
        let told = [intent(1), outcome(1, Ending::Done), note(2, "a \u{1b}[31m note\n\"quoted\" ✓"), intent(2)];
        record.write(told[0].clone()).await.unwrap();
        record.note(told[1].clone());
        record.note(told[2].clone());
        record.write(told[3].clone()).await.unwrap();
        let expected: Vec<String> = std::iter::once(&begun).chain(&told).map(json).collect();
        // While it goes on, by another process.
        assert_eq!(read(&*home.store(), "0199a3f").await.unwrap(), expected);
        assert_eq!(home.store().sources("0199a3f").await.unwrap(), sources);
        let failed = outcome(2, Ending::Failed(ErrorEntry { message: "no".into(), ..ErrorEntry::default() }));
        record.write(failed.clone()).await.unwrap();
        assert_eq!(read(&*home.store(), "0199a3f").await.unwrap().last(), Some(&json(&failed)));
    })
}

fn what_was_noted_is_there_at_the_end(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let record = begin(&*home.store(), "a").await;
        record.note(note(1, "one"));
        record.note(note(2, "two"));
        drop(record);
        assert_eq!(read(&*home.store(), "a").await.unwrap().len(), 3);
    })
}

fn reading_ends_when_told(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let record = begin(&*store, "a").await;
        for number in 1..=2000 {
            record.note(note(number, "text"));
        }
        record.write(intent(2001)).await.unwrap();
        let mut seen = 0;
        let mut each = |number, _| {
            seen = number;
            number < 700
        };
        store.entries("a", &mut each).await.unwrap();
        assert_eq!(seen, 700);
        assert_eq!(self::read(&*store, "a").await.unwrap().len(), 2002);
    })
}

fn runs_are_told_apart(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let (one, other) = (begin(&*store, "one").await, begin(&*store, "other").await);
        for number in 1..=5 {
            let (first, second) = tokio::join!(one.write(intent(number)), other.write(intent(10 * number)));
            first.unwrap();
            second.unwrap();
        }
        let entries = read(&*store, "one").await.unwrap();
        assert_eq!(entries[1..], (1..=5).map(|number| json(&intent(number))).collect::<Vec<_>>());
        assert_eq!(read(&*store, "other").await.unwrap()[5], json(&intent(50)));
    })
}

fn many_wait_at_once(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let record = begin(&*store, "a").await;
        let writes = (1..=100).map(|number| record.write(intent(number)));
        for written in futures_util::future::join_all(writes).await {
            written.unwrap();
        }
        let expected: Vec<String> = (1..=100).map(|number| json(&intent(number))).collect();
        assert_eq!(read(&*store, "a").await.unwrap()[1..], expected);
    })
}

fn one_holds_a_record(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let record = begin(&*home.store(), "a").await;
        let other = home.store();
        let Err(StoreError::Held { run, holder }) = other.reopen("a").await else { panic!("held twice") };
        assert_eq!(run, "a");
        assert!(holder.contains(&std::process::id().to_string()), "{holder}");
        assert!(matches!(other.find("a").await.unwrap().standing, Standing::Running(who) if who == holder));
        drop(record);
        assert_eq!(other.find("a").await.unwrap().standing, Standing::Broken);
        let record = other.reopen("a").await.unwrap();
        assert_eq!(record.fence(), 2);
        record.write(resumed()).await.unwrap();
        record.write(intent(1)).await.unwrap();
        assert_eq!(read(&*home.store(), "a").await.unwrap()[1..], [json(&resumed()), json(&intent(1))]);
    })
}

fn the_same_run_begins_once(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        drop(begin(&*home.store(), "a").await);
        assert!(home.store().begin(&started("a", None), &[]).await.is_err());
        assert!(home.store().begin(&intent(1), &[]).await.is_err());
        assert_eq!(home.store().runs(10).await.unwrap().len(), 1);
    })
}

fn a_frozen_holder_writes_no_more(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let frozen = store.begin(&started("a", Some("prod")), &[]).await.unwrap();
        frozen.write(intent(1)).await.unwrap();
        home.take_away("a");
        let next = home.store().reopen("a").await.unwrap();
        assert!(next.fence() > frozen.fence());
        next.write(resumed()).await.unwrap();
        let error = frozen.write(intent(2)).await.unwrap_err();
        assert!(error.reason.contains("took the record over"), "{error}");
        // Nor is what he noted ever taken along.
        frozen.note(note(3, "late"));
        drop(frozen);
        next.write(intent(4)).await.unwrap();
        let expected = [json(&intent(1)), json(&resumed()), json(&intent(4))];
        assert_eq!(read(&*store, "a").await.unwrap()[1..], expected);
        // The one who came after still holds it.
        assert!(matches!(home.store().reopen("a").await, Err(StoreError::Held { .. })));
    })
}

fn a_lock_is_for_one_run(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let first = store.begin(&started("first", Some("prod")), &[]).await.unwrap();
        let Err(StoreError::Locked(lock)) = home.store().begin(&started("second", Some("prod")), &[]).await else {
            panic!("both have it")
        };
        assert_eq!((&*lock.name, &*lock.run, &*lock.owner, &*lock.host), ("prod", "first", "ada", "web-1"));
        assert_eq!(lock.title, "Deploy first");
        assert_eq!(lock.since, started("first", None).at);
        assert!(matches!(lock.standing, Standing::Running(_)));
        // The one that was refused did not begin.
        assert_eq!(store.runs(10).await.unwrap().len(), 1);
        let other = home.store().begin(&started("third", Some("staging")), &[]).await.unwrap();
        let names = |locks: Vec<rbk::journal::store::LockInfo>| locks.into_iter().map(|lock| lock.name);
        assert!(names(store.locks().await.unwrap()).eq(["prod", "staging"]));
        first.write(ended("failed")).await.unwrap();
        assert!(names(store.locks().await.unwrap()).eq(["staging"]));
        home.store().begin(&started("fourth", Some("prod")), &[]).await.unwrap();
        drop((first, other));
    })
}

fn a_run_that_can_go_on_keeps_its_lock(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        for (run, status) in [("a", Some("paused")), ("b", Some("interrupted")), ("c", None)] {
            let record = store.begin(&started(run, Some(run)), &[]).await.unwrap();
            if let Some(status) = status {
                record.write(ended(status)).await.unwrap();
            }
            drop(record);
            let again = store.begin(&started(&format!("{run}2"), Some(run)), &[]).await;
            let Err(StoreError::Locked(lock)) = again else { panic!("{run}: the lock is free") };
            let standing = status.map_or(Standing::Broken, |status| Standing::Ended(status.into()));
            assert_eq!(lock.standing, standing);
            // It has it still, and gives it back at its end.
            let record = store.reopen(run).await.unwrap();
            record.write(resumed()).await.unwrap();
            record.write(ended("succeeded")).await.unwrap();
            drop(store.begin(&started(&format!("{run}3"), Some(run)), &[]).await.unwrap());
        }
    })
}

fn going_on_takes_the_lock_again(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let first = store.begin(&started("first", Some("prod")), &[]).await.unwrap();
        first.write(ended("failed")).await.unwrap();
        drop(first);
        let second = store.begin(&started("second", Some("prod")), &[]).await.unwrap();
        let Err(StoreError::Locked(lock)) = store.reopen("first").await else { panic!("both have it") };
        assert_eq!(lock.run, "second");
        second.write(ended("succeeded")).await.unwrap();
        drop(second);
        let first = store.reopen("first").await.unwrap();
        assert_eq!(store.locks().await.unwrap()[0].run, "first");
        drop(first);
    })
}

fn a_lock_is_released_by_hand(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let record = store.begin(&started("a", Some("prod")), &[]).await.unwrap();
        // Not from under one that is alive.
        assert!(matches!(store.unlock("prod", "grace", "stuck").await, Err(StoreError::Held { .. })));
        drop(record);
        let lock = store.unlock("prod", "grace", "its machine is gone").await.unwrap();
        assert_eq!((&*lock.run, lock.standing), ("a", Standing::Broken));
        assert!(store.locks().await.unwrap().is_empty());
        let error = store.unlock("prod", "grace", "again").await.unwrap_err();
        assert_eq!(error.to_string(), "nobody holds the lock `prod`");
        drop(store.begin(&started("b", Some("prod")), &[]).await.unwrap());
    })
}

fn runs_are_listed_newest_first(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        assert!(store.runs(10).await.unwrap().is_empty());
        for run in ["a1", "a2", "b1"] {
            let record = begin(&*store, run).await;
            record.write(intent(7)).await.unwrap();
            if run == "a2" {
                record.write(ended("rolled back")).await.unwrap();
            }
        }
        let runs = home.store().runs(2).await.unwrap();
        assert_eq!(runs.iter().map(|run| &*run.run).collect::<Vec<_>>(), ["b1", "a2"]);
        let ended = &runs[1];
        assert_eq!((&*ended.title, &*ended.file, &*ended.actor), ("Deploy a2", "deploy.rbk", "ada"));
        assert_eq!(ended.environment.as_deref(), Some("prod"));
        assert_eq!((ended.started, ended.entries), (started("a2", None).at, 3));
        assert_eq!(ended.last, super::story::ended("").at);
        assert_eq!(ended.standing, Standing::Ended("rolled back".into()));
        assert_eq!(runs[0].standing, Standing::Broken);
        assert_eq!(runs[0].last, intent(7).at);
    })
}

fn runs_are_found(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let message = |error: StoreError| error.to_string();
        assert_eq!(message(store.find("@latest").await.unwrap_err()), "there is no run in this journal yet");
        for run in ["0199a1", "0199a2", "0199b"] {
            drop(begin(&*store, run).await);
        }
        for (name, run) in [
            ("0199a1", "0199a1"),
            ("0199b", "0199b"),
            ("0199a2", "0199a2"),
            ("@latest", "0199b"),
            ("@-1", "0199a2"),
            ("@-2", "0199a1"),
        ] {
            assert_eq!(store.find(name).await.unwrap().run, run, "{name}");
        }
        assert_eq!(message(store.find("0199a").await.unwrap_err()), "2 runs begin with `0199a`: 0199a2, 0199a1");
        assert_eq!(message(store.find("7").await.unwrap_err()), "there is no run `7` in this journal");
        assert!(message(store.find("@-3").await.unwrap_err()).contains("it has 3 runs"));
        for unknown in ["0199", "x' OR 1=1 --", "%"] {
            assert!(matches!(
                store.reopen(unknown).await,
                Err(StoreError::NoSuchRun { .. } | StoreError::Unusable { .. })
            ));
            assert!(matches!(read(&*store, unknown).await, Err(StoreError::NoSuchRun { .. })));
            assert!(matches!(store.sources(unknown).await, Err(StoreError::NoSuchRun { .. })));
        }
    })
}

fn answers_wait_for_a_run(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let record = begin(&*store, "a").await;
        drop(begin(&*store, "b").await);
        assert!(store.left_answers("a").await.unwrap().is_empty());
        let answer = |text: &str| LeftAnswer {
            pos: Position { line: "0/12.3".into(), at: 4 },
            plan: "p".into(),
            answer: text.into(),
            by: "grace".into(),
            at: started("a", None).at,
            evidence: vec!["ticket 7".into()],
        };
        home.store().leave_answer("a", answer("no")).await.unwrap();
        home.store().leave_answer("a", answer("yes")).await.unwrap();
        // Nothing of the run itself is touched by that.
        record.write(intent(1)).await.unwrap();
        assert_eq!(store.left_answers("a").await.unwrap(), [answer("no"), answer("yes")]);
        assert!(store.left_answers("b").await.unwrap().is_empty());
        assert!(matches!(store.leave_answer("c", answer("x")).await, Err(StoreError::NoSuchRun { .. })));
    })
}

fn a_resumed_run_has_no_end_until_it_ends_again(home: &dyn Home) -> Case<'_> {
    Box::pin(async move {
        let store = home.store();
        let record = begin(&*store, "a").await;
        record.write(ended("paused")).await.unwrap();
        drop(record);
        // Held and left again, without a word: nothing has changed.
        drop(store.reopen("a").await.unwrap());
        assert_eq!(store.find("a").await.unwrap().standing, Standing::Ended("paused".into()));
        let record = store.reopen("a").await.unwrap();
        assert_eq!(record.fence(), 3);
        record.write(resumed()).await.unwrap();
        drop(record);
        assert_eq!(store.find("a").await.unwrap().standing, Standing::Broken);
    })
}

struct OnDisk(tempfile::TempDir);

impl Home for OnDisk {
    fn store(&self) -> Rc<dyn Store> {
        Rc::new(SqliteStore::make(&self.0.path().join("journal.db")).unwrap())
    }

    fn take_away(&self, run: &str) {
        std::fs::remove_file(self.0.path().join("journal.db-held").join(run)).unwrap();
    }
}

impl Home for MemoryStore {
    fn store(&self) -> Rc<dyn Store> {
        Rc::new(self.clone())
    }

    fn take_away(&self, run: &str) {
        MemoryStore::take_away(self, run);
    }
}

macro_rules! every_store {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $case() {
                super::block_on(super::$case(&super::OnDisk(tempfile::tempdir().unwrap())));
            })*
        }

        mod memory {
            $(#[test]
            fn $case() {
                super::block_on(super::$case(&super::MemoryStore::default()));
            })*
        }
    };
}

every_store!(
    what_is_written_is_read,
    what_was_noted_is_there_at_the_end,
    reading_ends_when_told,
    runs_are_told_apart,
    many_wait_at_once,
    one_holds_a_record,
    the_same_run_begins_once,
    a_frozen_holder_writes_no_more,
    a_lock_is_for_one_run,
    a_run_that_can_go_on_keeps_its_lock,
    going_on_takes_the_lock_again,
    a_lock_is_released_by_hand,
    runs_are_listed_newest_first,
    runs_are_found,
    answers_wait_for_a_run,
    a_resumed_run_has_no_end_until_it_ends_again,
);

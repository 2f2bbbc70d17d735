//! A disk that is full: no effect begins, and what is under way still gets its outcome.

use std::path::{Path, PathBuf};
use std::process::Command;

use rbk::journal::entry::{Ending, ErrorEntry, Position, Recorded};
use rbk::journal::sqlite::SqliteStore;
use rbk::journal::store::{Store, StoreError};

use super::story::{at, begin, block_on, ended, intent, intent_at, note, outcome, read, started};

/// A small disk of its own.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where nothing may be mounted.
    fn of(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "rbk-test"]).arg(folder.path());
        if !mount.output().is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: only root can mount a small disk");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all of the space that is left.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for size in [1 << 20, 4096] {
            while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a thread may still close a file.
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

/// More than one commit's room in the log.
fn much(number: u32) -> rbk::journal::entry::Entry {
    note(number, &"x".repeat(100_000))
}

#[test]
fn a_full_disk_stops_what_is_new_and_nothing_else() {
    let Some(disk) = Disk::of("24m") else { return };
    block_on(async {
        let path = disk.path().join("journal.db");
        let store = SqliteStore::make(&path).unwrap();
        let record = store.begin(&started("a", Some("prod")), &[]).await.unwrap();
        record.write(intent(1)).await.unwrap();
        let ballast = disk.fill();

        // The outcome of what is under way.
        record.note(much(1));
        let unknown = Ending::Unknown(ErrorEntry { message: "lost".into(), ..ErrorEntry::default() });
        record.write(outcome(1, unknown)).await.unwrap();
        // No effect begins.
        let error = record.write(intent(2)).await.unwrap_err();
        assert!(error.reason.contains("is full"), "{error}");
        // And no run.
        let begun = store.begin(&started("b", None), &[]).await;
        let Err(StoreError::Unusable { message, help }) = begun else { panic!("a run began on a full disk") };
        assert!(message.contains("in reserve") && help.unwrap().contains("free some space"), "{message}");

        // The way back: it begins, its effects with their intents and outcomes, its end.
        for number in 3..40 {
            let compensation = Position { line: "0".into(), at: number };
            let text = "$ take it back".to_owned();
            let began = Recorded::CompensationBegan { compensation: compensation.clone(), text, path: Vec::new() };
            record.write(at(3, began)).await.unwrap();
            record.write(intent_at(Position { line: format!("0/{number}u").into(), at: 1 })).await.unwrap();
            let over = Recorded::CompensationEnded { compensation, failure: None, commands: None, in_doubt: false };
            record.write(at(4, over)).await.unwrap();
        }
        assert!(record.write(intent(5)).await.is_err());

        // There is space again: what was refused may be tried again.
        std::fs::remove_file(ballast).unwrap();
        record.write(intent(6)).await.unwrap();
        record.write(ended("rolled back")).await.unwrap();
        drop(record);
        let entries = read(&store, "a").await.unwrap();
        assert!(entries[3].contains("unknown"), "{}", entries[3]);
        assert_eq!(entries.iter().filter(|entry| entry.contains("\"intent\"")).count(), 1 + 37 + 1);
        assert!(entries.last().unwrap().contains("rolled back"));
        assert!(store.locks().await.unwrap().is_empty());
        drop(store.begin(&started("c", Some("prod")), &[]).await.unwrap());
    });
}

#[test]
fn a_run_is_taken_back_on_a_disk_that_was_full_before() {
    let Some(disk) = Disk::of("24m") else { return };
    block_on(async {
        let store = SqliteStore::make(&disk.path().join("journal.db")).unwrap();
        let record = begin(&store, "a").await;
        record.write(intent(1)).await.unwrap();
        drop(record);
        // Whoever used the reserve was killed.
        std::fs::write(disk.path().join("journal.db-reserve"), "").unwrap();
        let ballast = disk.fill();
        // A little room is all that it takes.
        std::fs::OpenOptions::new().write(true).open(&ballast).unwrap().set_len(10 << 20).unwrap();
        disk.fill();
        let size = std::fs::metadata(&ballast).unwrap().len();
        std::fs::OpenOptions::new().write(true).open(&ballast).unwrap().set_len(size - (1 << 20)).unwrap();
        let record = store.reopen("a").await.unwrap();
        record.write(super::story::resumed()).await.unwrap();
        assert!(record.write(intent(2)).await.unwrap_err().reason.contains("is full"));
        record.write(ended("rolled back")).await.unwrap();
    });
}

#[test]
fn beyond_the_reserve_the_record_is_broken_and_stays_so() {
    let Some(disk) = Disk::of("24m") else { return };
    block_on(async {
        let store = SqliteStore::make(&disk.path().join("journal.db")).unwrap();
        let record = begin(&store, "a").await;
        record.write(intent(1)).await.unwrap();
        let ballast = disk.fill();
        for number in 0..400 {
            record.note(much(number));
        }
        let error = record.write(outcome(1, Ending::Failed(ErrorEntry::default()))).await.unwrap_err();
        std::fs::remove_file(ballast).unwrap();
        // Not tried again, though there is space now.
        let again = record.write(ended("failed")).await.unwrap_err();
        assert_eq!(again.reason, error.reason);
        drop(record);
        // What was acknowledged is whole, and whoever comes next goes on from there.
        let entries = read(&store, "a").await.unwrap();
        assert!(entries[1].contains("\"intent\""));
        let record = store.reopen("a").await.unwrap();
        record.write(ended("failed")).await.unwrap();
    });
}

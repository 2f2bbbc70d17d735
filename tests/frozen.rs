//! Two at one run: a holder that is frozen (SIGSTOP), and wakes when another has gone on with its run. And a journal
//! that cannot be written any more, in the middle of a run. Neither causes a further effect.

#![allow(clippy::unwrap_used, missing_docs)]

mod ledger;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use ledger::World;
use rbk::journal::store::Standing;
use rbk::journal::{Entry, Recorded};
use rustix::process::{Pid, Signal, kill_process};

const BOOK: &str = r#"runbook "Shop" {
    lock = "shop"
}
action change(name: string) changes {
    $ ./effect do ${name}
} undo {
    $ ./effect undo ${name}
} probe {
    let seen = try $ grep -qxF "do ${name}" ledger
    assert seen.ok
}
phase "Work" {
    step "First" {
        change("first")
    }
    step "Second" {
        change("second")
    }
    step "Third" {
        change("third")
    }
} on_fail rollback
finally {
    $ ./effect end finally
}
"#;

/// The second effect takes until somebody lets it go on.
const WAITS: &str = r#"if [ "$2" = second ]; then touch begun; until [ -e go ]; do sleep 0.01; done; fi"#;

struct Holder {
    world: World,
    child: Child,
}

impl Holder {
    /// In the middle of its second step, and frozen.
    fn frozen() -> Self {
        let world = World::new(BOOK, WAITS);
        let child = world.rbk(&["run", "book.rbk"]).spawn().unwrap();
        let holder = Self { world, child };
        holder.until(|| holder.world.path().join("begun").exists());
        holder.signal(Signal::STOP);
        holder
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn until(&self, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", self.world.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Wakes it and waits for its end. Its exit code, and what it said since it began.
    fn wakes(&mut self) -> (Option<i32>, String) {
        let before = self.world.said();
        self.signal(Signal::CONT);
        let status = self.child.wait().unwrap();
        (status.code(), format!("{before}{}", self.world.said()))
    }
}

#[test]
fn while_it_is_frozen_nobody_gets_its_run_or_its_lock() {
    let mut holder = Holder::frozen();
    let pid = format!("process {}", holder.child.id());
    let said = holder.world.said();
    for arguments in [&["run", "book.rbk"][..], &["resume"], &["rollback"], &["unlock", "shop", "--why", "it hangs"]] {
        let told = holder.world.ended(arguments);
        assert_eq!(told.code, Some(6), "{arguments:?}: {}", told.text);
        assert!(told.text.contains(&pid), "{arguments:?}: {}", told.text);
    }
    assert_eq!(holder.world.ledger(), ["do first"], "{said}");
    // It wakes, and goes on as if nothing had been.
    fs::write(holder.world.path().join("go"), "").unwrap();
    assert_eq!(holder.wakes().0, Some(0));
    assert_eq!(holder.world.ledger(), ["do first", "do second", "do third", "end finally"]);
}

/// Its hold is taken away by force: that is what the end of a lease comes to.
#[test]
fn when_it_wakes_after_another_went_on_with_its_run_it_does_nothing_more() {
    let mut holder = Holder::frozen();
    fs::write(holder.world.path().join("go"), "").unwrap();
    holder.until(|| holder.world.ledger().contains(&"do second".to_owned()));
    let held = holder.world.path().join("state/rbk/journal.db-held");
    for file in fs::read_dir(held).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    let told = holder.world.ended(&["resume"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
    let ledger = holder.world.ledger();
    assert_eq!(ledger, ["do first", "do second", "do third", "end finally"]);

    let (code, said) = holder.wakes();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another process took the record over"), "{said}");
    assert_eq!(holder.world.ledger(), ledger, "{said}");
    assert_eq!(holder.world.alive(), Vec::<String>::new());
    // And the record is as the other one left it.
    let (entries, standing) = holder.world.record().unwrap();
    assert_eq!(standing, Standing::Ended("succeeded".to_owned()));
    assert!(matches!(entries.last().unwrap().event, Recorded::Ended(_)));
}

/// Lets the `N`th `fsync` of a file of the journal fail, and each after it be seen. In C, since it stands in the
/// place of what the program calls in its C library.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int counted(int fd, const char *call) {
    static int count;
    char link[64], path[512], line[640];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    const char *at = getenv("RBK_TEST_FAULT"), *log = getenv("RBK_TEST_FAULT_LOG");
    if (length < 0 || !at || !log) return 0;
    path[length] = 0;
    if (!strstr(path, "/journal.db")) return 0;
    int failing = __sync_add_and_fetch(&count, 1) == atoi(at);
    int to = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int size = snprintf(line, sizeof line, "%s %s%s\n", call, strrchr(path, '/') + 1, failing ? " failed" : "");
    if (to >= 0) { if (write(to, line, size) != size) abort(); close(to); }
    return failing;
}

int fsync(int fd) {
    if (counted(fd, "sync")) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    if (counted(fd, "sync")) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"#;

/// The shim as a library; `None` where there is no C compiler.
fn shim(folder: &std::path::Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    fs::write(&source, SHIM).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    match cc.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(library)
        }
        Err(why) => {
            println!("skipped: no C compiler: {why}");
            None
        }
    }
}

/// How many effects may have begun: as many as there are intents on record.
fn intents(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.event, Recorded::Intent { .. })).count()
}

#[test]
fn when_the_disk_fails_no_further_effect_begins_and_nothing_is_synced_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = shim(folder.path()) else { return };
    let mut failed = 0;
    for at in 1.. {
        let world = World::new(BOOK, ":");
        let log = world.path().join("syncs");
        let mut run = world.rbk(&["run", "book.rbk"]);
        run.env("LD_PRELOAD", &library).env("RBK_TEST_FAULT", at.to_string()).env("RBK_TEST_FAULT_LOG", &log);
        let code = run.status().unwrap().code();
        let (said, ledger) = (world.said(), world.ledger());
        let syncs = fs::read_to_string(&log).unwrap_or_default();
        let Some((before, after)) = syncs.split_once(" failed\n") else {
            // There are no more of them.
            assert_eq!(code, Some(0), "{said}");
            assert_eq!(ledger.len(), 4, "{ledger:?}");
            break;
        };
        failed += 1;
        let broken = before.rsplit(' ').next().unwrap();
        // A journal that is only being made may be unmade.
        assert!(code == Some(2) || !after.contains(broken), "{broken} is synced again:\n{syncs}");
        let entries = world.record().map(|(entries, _)| entries).unwrap_or_default();
        assert!(ledger.len() <= intents(&entries), "{at}: {ledger:?} and {} intents: {said}", intents(&entries));
        match code {
            // It never began.
            Some(2) => assert_eq!(ledger, Vec::<String>::new(), "{said}"),
            // Nothing is taken back either: that would be a further effect.
            Some(1) => assert!(said.contains("the journal could not be written"), "{at}: {said}"),
            // Only what is written in the background after its end.
            Some(0) => {
                assert_eq!(ledger.len(), 4, "{at}: {said}");
                assert!(matches!(entries.last().unwrap().event, Recorded::Ended(_)), "{at}: {said}");
            }
            code => panic!("{at}: {code:?}: {said}"),
        }
        assert!(!ledger.iter().any(|line| line.starts_with("undo")), "{ledger:?}");
        // With the disk mended, it is gone on with.
        if code == Some(1) {
            let ended = matches!(entries.last().unwrap().event, Recorded::Ended(_));
            let told = world.ended(&["resume"]);
            // Its end may have come to the disk all the same: nobody could know.
            assert_eq!(told.code, Some(if ended { 2 } else { 0 }), "{at}: {said}\n{}", told.text);
            let done: Vec<String> = world.ledger().into_iter().filter(|line| line.starts_with("do ")).collect();
            assert_eq!(done, ["do first", "do second", "do third"], "{at}: {}", told.text);
        }
    }
    println!("{failed} syncs failed");
    assert!(failed > 8, "{failed}");
}

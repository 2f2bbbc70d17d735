//! Everything that descends from a process we started: found by its session, and by a mark in its
//! environment when it left that; ended, and reaped.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// Set in the environment of everything we start. It holds one name for each rbk around the
/// process, the innermost last: ending a step that runs rbk itself must find what that one started.
pub(super) const MARK: &str = "RBK_PROCESS";
const BETWEEN: u8 = b',';

const GONE: WaitIdOptions = WaitIdOptions::EXITED.union(WaitIdOptions::NOHANG);

/// Makes us the parent of orphaned descendants, so that they can be reaped.
pub(super) fn adopt_orphans() {
    // Without it survivors are still ended; only their zombies go to init instead of us.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// A name no other process has, not even in another container or before a restart: process ids come again.
pub(super) fn new_mark() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}{}", ours(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// How all our marks begin.
fn ours() -> &'static str {
    static OURS: OnceLock<String> = OnceLock::new();
    OURS.get_or_init(|| {
        use std::hash::{BuildHasher, RandomState};
        format!("{}-{:016x}-", std::process::id(), RandomState::new().hash_one(jiff::Timestamp::now().as_nanosecond()))
    })
}

/// Kills whatever we started, by group and by mark, until nothing of it is found.
pub(super) fn kill_all_started() {
    // Whoever holds the list may be the one who cannot go on.
    let known = STARTED.try_lock().map(|known| known.clone()).unwrap_or_default();
    for leader in known {
        let _ = kill_process_group(leader, Signal::KILL);
    }
    for _ in 0..LOOKS {
        let marked: Vec<Pid> = processes().filter(|pid| environment(*pid).is_some_and(|of| is_ours(&of))).collect();
        if marked.is_empty() {
            return;
        }
        for pid in marked {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// How often what may start others meanwhile is looked for.
const LOOKS: usize = 5;

fn is_ours(environment: &[u8]) -> bool {
    marks(environment).any(|mark| mark.starts_with(ours().as_bytes()))
}

/// The value of [`MARK`] for a process: its mark after those of the rbks around us.
pub(super) fn value_of(mark: &str) -> String {
    static OUTER: OnceLock<Option<String>> = OnceLock::new();
    match OUTER.get_or_init(|| std::env::var(MARK).ok()) {
        Some(outer) => format!("{outer}{}{mark}", char::from(BETWEEN)),
        None => mark.to_owned(),
    }
}

/// The processes that one started process has led to, itself included.
pub(super) struct Family<'a> {
    /// The process, which leads a session and a group of its own.
    pub(super) leader: Pid,
    pub(super) mark: &'a str,
}

/// One that has not ended.
struct Alive {
    pid: Pid,
    in_group: bool,
}

impl Family<'_> {
    /// Sends a signal to each of them once.
    pub(super) fn signal(&self, signal: Signal) {
        // Those outside of the group are looked for first: the signal may orphan or end them.
        let outside: Vec<Pid> = self.alive().iter().filter(|one| !one.in_group).map(|one| one.pid).collect();
        let _ = kill_process_group(self.leader, signal);
        for pid in outside {
            let _ = kill_process(pid, signal);
        }
    }

    /// How many have not ended.
    pub(super) fn count(&self) -> usize {
        self.alive().len()
    }

    fn alive(&self) -> Vec<Alive> {
        processes()
            .filter_map(|pid| {
                let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
                let (state, group, session) = parse_stat(&stat)?;
                // Nothing is left of a zombie to end; and one that ends may still be listed.
                let ours = !matches!(state, "Z" | "X") && (session == raw(self.leader) || self.marked(pid));
                ours.then_some(Alive { pid, in_group: group == raw(self.leader) })
            })
            .collect()
    }

    fn marked(&self, pid: Pid) -> bool {
        environment(pid).is_some_and(|environment| carries(&environment, self.mark))
    }
}

pub(super) fn processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
}

pub(super) fn environment(pid: Pid) -> Option<Vec<u8>> {
    std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()
}

pub(super) fn raw(pid: Pid) -> i32 {
    pid.as_raw_nonzero().get()
}

/// Whether the mark is among those in an environment as `/proc` shows it.
fn carries(environment: &[u8], mark: &str) -> bool {
    marks(environment).any(|one| one == mark.as_bytes())
}

fn marks(environment: &[u8]) -> impl Iterator<Item = &[u8]> {
    let entries = environment.split(|byte| *byte == 0);
    let values = entries.filter_map(|entry| entry.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="));
    values.flat_map(|marks| marks.split(|byte| *byte == BETWEEN))
}

/// State, group and session, of `/proc/PID/stat` (proc(5)). The name before them may hold anything.
pub(super) fn parse_stat(stat: &str) -> Option<(&str, i32, i32)> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    Some((state, group, session))
}

/// The session of a process, 0 where its leader lives outside of our PID namespace (as in a container that
/// was entered): a number that `getsid` of the crates takes for impossible.
fn session_of(process: &str) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    parse_stat(&stat).map(|(_, _, session)| session)
}

/// What we started and have not reaped. Held while something is started: else it could end, and be
/// taken for an orphan, before it is known.
static STARTED: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Starts a process and keeps its number, which `pid_of` reads from what was started.
pub(super) fn start<T, E>(start: impl FnOnce() -> Result<T, E>, pid_of: impl FnOnce(&T) -> Pid) -> Result<T, E> {
    let mut known = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let started = start()?;
    known.push(pid_of(&started));
    Ok(started)
}

/// Reaps a process we started, and what has ended of its group.
pub(super) fn reap(leader: Pid) {
    let mut known = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|pid| *pid != leader);
    while let Ok(Some(_)) = waitid(WaitId::Pgid(Some(leader)), GONE) {}
}

/// Reaps orphans that have become our children and have ended: those that left their group, and
/// those that outlived their leader.
///
/// A child of ours in our own session was started by other means, and is not touched.
pub(super) fn reap_orphans() {
    let known = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(ours) = session_of("self") else { return };
    // The first thread is the one that orphans are given to.
    let children = std::fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
    for pid in children.unwrap_or_default().split_ascii_whitespace() {
        let Some(pid) = pid.parse().ok().and_then(Pid::from_raw).filter(|pid| !known.contains(pid)) else { continue };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        if parse_stat(&stat).is_some_and(|(state, _, session)| state == "Z" && session != ours) {
            let _ = waitid(WaitId::Pid(pid), GONE);
        }
    }
}

/// The same, but not more often than once a second.
pub(super) fn reap_orphans_sometimes() {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_none_or(|last| last.elapsed() >= Duration::from_secs(1)) {
        *last = Some(Instant::now());
        drop(last);
        reap_orphans();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_compared_whole() {
        let environment = b"A=1\0RBK_PROCESS=12-ab-1,13-cd-10\0B=2\0";
        assert!(carries(environment, "12-ab-1") && carries(environment, "13-cd-10"));
        assert!(!carries(environment, "13-cd-1") && !carries(b"XRBK_PROCESS=1\0", "1") && !carries(b"", "1"));
    }

    #[test]
    fn names_with_brackets_do_not_confuse() {
        assert_eq!(parse_stat("7 (a) Z 1 (b)) S 1 42 43 0 -1"), Some(("S", 42, 43)));
        assert_eq!(parse_stat("7 (a"), None);
    }

    #[test]
    fn every_mark_is_new() {
        assert_ne!(new_mark(), new_mark());
    }
}

//! What an rbk that was killed left running: found by what it had put into the environment of its processes.
//!
//! Those processes are nobody's any more: their parent is gone, and nobody reads what they write. They are seen
//! through `/proc`, so those of another user are not, nor those in another PID namespace.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::survivors::{environment, parse_stat, processes, raw};
use crate::host::{Cancel, LeftRunning};

/// How long killed ones may take to be gone: one that waits for a dead disk never is.
const LAST: Duration = Duration::from_secs(2);
/// Between two looks; each time twice as long, up to the last.
const LOOK: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(160));
/// So much of a command line is told.
const SHOWN: usize = 200;

/// Those in whose environment `variable` is `value`: without us, and without those that we run in.
pub(super) fn running(variable: &str, value: &str) -> Vec<LeftRunning> {
    let around = around_us();
    let found = processes().filter(|pid| !around.contains(&raw(*pid)) && is_alive(*pid)).filter_map(|pid| {
        let environment = environment(pid)?;
        if value_of(&environment, variable)? != value.as_bytes() {
            return None;
        }
        let pid = u32::try_from(raw(pid)).ok()?;
        Some(LeftRunning { pid, command: command_line(pid) })
    });
    found.collect()
}

/// Ends those with exactly this value, until none is left. Returns how many would not go.
pub(super) async fn end(variable: &str, value: &str, grace: Duration, hurry: &Cancel) -> usize {
    let kill_at = Instant::now() + grace;
    let give_up = kill_at + LAST;
    let mut pause = LOOK.0;
    let mut asked = BTreeSet::new();
    loop {
        let alive = running(variable, value);
        let now = Instant::now();
        if alive.is_empty() || now >= give_up {
            return alive.len();
        }
        let kills = now >= kill_at || hurry.is_cancelled();
        for one in &alive {
            let Some(pid) = i32::try_from(one.pid).ok().and_then(Pid::from_raw) else { continue };
            if kills {
                let _ = kill_process(pid, Signal::KILL);
            } else if asked.insert(one.pid) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK.1);
    }
}

fn value_of<'a>(environment: &'a [u8], variable: &str) -> Option<&'a [u8]> {
    let mut entries = environment.split(|byte| *byte == 0);
    entries.find_map(|entry| entry.strip_prefix(variable.as_bytes())?.strip_prefix(b"="))
}

fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', " ");
    line.chars().take(SHOWN).collect()
}

/// Nothing is left of a zombie to wait for.
fn is_alive(pid: Pid) -> bool {
    stat(raw(pid)).is_some_and(|stat| parse_stat(&stat).is_some_and(|(state, ..)| !matches!(state, "Z" | "X")))
}

/// This process, and its ancestors: somebody may go on with a run in a shell that this run has opened.
fn around_us() -> BTreeSet<i32> {
    let mut around = BTreeSet::new();
    let mut next = i32::try_from(std::process::id()).ok();
    while let Some(pid) = next.filter(|pid| *pid > 0 && around.insert(*pid)) {
        next = stat(pid).as_deref().and_then(parent);
    }
    around
}

fn stat(pid: i32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// The parent, of `/proc/PID/stat` (proc(5)).
fn parent(stat: &str) -> Option<i32> {
    let (_, after) = stat.rsplit_once(')')?;
    after.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_compared_whole() {
        let environment = b"AKEY=no\0KEY=r-0:1\0KEY2=no\0";
        assert_eq!(value_of(environment, "KEY"), Some(b"r-0:1".as_slice()));
        assert_eq!(value_of(environment, "KE"), None);
    }

    #[test]
    fn found_by_its_variable_and_ended() {
        let value = format!("left-{}", std::process::id());
        let mut child = std::process::Command::new("sleep").arg("60").env("RBK_TEST_LEFT", &value).spawn().unwrap();
        let found = || running("RBK_TEST_LEFT", &value).len();
        // Until it has become another program it has our environment.
        while found() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(running("RBK_TEST_LEFT", &value)[0].command, "sleep 60");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let left = runtime.block_on(end("RBK_TEST_LEFT", &value, Duration::from_secs(5), &Cancel::new()));
        assert_eq!((left, found()), (0, 0));
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn those_around_us_are_ours() {
        let around = around_us();
        assert!(around.contains(&i32::try_from(std::process::id()).unwrap()));
        assert!(around.contains(&rustix::process::getppid().map_or(0, raw)));
    }
}

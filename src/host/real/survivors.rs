//! Processes that left their session: found by a mark in their environment, and ended.

use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// Set in the environment of everything we start, to a value of its own for each process.
pub(super) const MARK: &str = "RBK_PROCESS";

/// Makes us the parent of orphaned descendants, so that they can be reaped.
pub(super) fn adopt_orphans() {
    // Without it survivors are still ended; only their zombies go to init instead of us.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Ends every process that carries the mark. Returns how many would not go within two seconds.
pub(super) async fn end(mark: &str) -> usize {
    let needle = format!("{MARK}={mark}");
    for _ in 0..200 {
        let alive = marked(needle.as_bytes());
        if alive.is_empty() {
            return 0;
        }
        for pid in &alive {
            let _ = kill_process(*pid, Signal::KILL);
            let _ = waitid(WaitId::Pid(*pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    marked(needle.as_bytes()).len()
}

fn marked(needle: &[u8]) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            // The environment of a zombie is empty: nothing is left of it to end.
            std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|entry| entry == needle))
        })
        .filter_map(Pid::from_raw)
        .collect()
}

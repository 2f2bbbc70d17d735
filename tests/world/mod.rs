//! What the tests of the real world share.

#![allow(dead_code, unreachable_pub)]

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs on a runtime like that of `rbk`: one thread, which is this one.
pub fn run_local<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// A word that no other process has in its command line.
pub fn marker() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("rbk-marker-{}-{}-x", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The command lines that hold the marker, of all processes that are alive.
pub fn alive(marker: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid != std::process::id())
        .filter_map(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(marker).then(|| format!("{pid} {line}"))
        })
        .collect()
}

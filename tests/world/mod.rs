//! What the tests of the real world share.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod book;
pub mod docker;
pub mod server;
pub mod sshd;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rbk::catalog::{Action, Args, Call, Surroundings};
use rbk::host::Cancel;
use rbk::host::real::RealHost;
use rbk::value::Value;

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

/// What surrounds a call of an action, outside of any runbook.
pub struct Around {
    pub host: RealHost,
    pub cancel: Cancel,
    pub surroundings: Surroundings,
    pub key: Option<String>,
    pub grace: Duration,
}

impl Around {
    pub fn new() -> Self {
        Self {
            host: RealHost::new(),
            cancel: Cancel::new(),
            surroundings: Surroundings::default(),
            key: None,
            grace: Duration::from_millis(500),
        }
    }

    pub fn call<'a>(&'a self, args: &'a Args) -> Call<'a> {
        Call {
            args,
            host: &self.host,
            cancel: &self.cancel,
            surroundings: &self.surroundings,
            output: &|_, _| {},
            idempotency_key: self.key.as_deref(),
            time_left: None,
            context: Vec::new(),
            grace: self.grace,
            is_captured: true,
            withheld: Vec::new(),
            is_secret: false,
        }
    }
}

/// A native action by its name.
pub fn action(name: &str) -> &'static Action {
    rbk::actions::ALL.iter().find(|action| action.name == name).unwrap_or_else(|| panic!("no action {name}"))
}

/// Its arguments: those given, `null` for the others.
pub fn args(action: &'static Action, given: Vec<(&str, Value)>) -> Args {
    for (name, _) in &given {
        assert!(action.params.iter().any(|param| param.name == *name), "{} has no {name}", action.name);
    }
    let value = |name: &str| given.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, v)| v.clone());
    Args::new(action.params, action.params.iter().map(|param| value(param.name)).collect())
}

/// A field of a record, as text.
pub fn field(value: &Value, name: &str) -> String {
    match value {
        Value::Record(record) => record.get(name).unwrap_or_else(|| panic!("no {name} in {value:?}")).to_text().clone(),
        other => panic!("{other:?} is no record"),
    }
}

/// Everything beneath a folder: kind, mode, content or target, one line each, hidden things included.
pub fn listing(folder: &std::path::Path) -> Vec<String> {
    fn walk(base: &std::path::Path, folder: &std::path::Path, out: &mut Vec<String>) {
        use std::os::unix::fs::PermissionsExt;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let there = std::fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(base).unwrap().display();
            let mode = there.permissions().mode() & 0o7777;
            if there.is_symlink() {
                out.push(format!("{name} -> {}", std::fs::read_link(&path).unwrap().display()));
            } else if there.is_dir() {
                out.push(format!("{name}/ {mode:o}"));
                walk(base, &path, out);
            } else if there.is_file() {
                let content = std::fs::read(&path).unwrap();
                let start = String::from_utf8_lossy(&content[..content.len().min(40)]).into_owned();
                out.push(format!("{name} {mode:o} {} {start:?}", content.len()));
            } else {
                out.push(format!("{name} other"));
            }
        }
    }
    let mut out = Vec::new();
    walk(folder, folder, &mut out);
    out.sort();
    out
}

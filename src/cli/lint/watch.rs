//! `--watch`: lints again whenever a runbook or the settings change.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use notify::{Event, EventKind, RecursiveMode, Watcher, recommended_watcher};

use super::super::terminal;
use crate::host::Host;
use crate::host::real::RealHost;
use crate::session::settings::Settings;

/// An editor writes a file in several steps: what follows so soon is part of the same change.
const SETTLE: Duration = Duration::from_millis(80);

/// Runs `lint` at once and after each change, until the process is ended.
pub(super) fn forever(paths: &[PathBuf], lint: &dyn Fn()) -> u8 {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let host = RealHost::new();
    let (tell, changes) = channel();
    let watcher = recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| matters(&event)) {
            let _ = tell.send(());
        }
    });
    let watched = watcher.and_then(|mut watcher| {
        for path in paths {
            // A file is replaced by another when it is saved: its folder is what stays.
            let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            watcher.watch(folder, RecursiveMode::Recursive)?;
            // The settings may lie above all runbooks.
            let root = Settings::root_of(&host, folder);
            if !host.files().canonical(folder).is_ok_and(|folder| folder == root) {
                watcher.watch(&root, RecursiveMode::NonRecursive)?;
            }
        }
        Ok(watcher)
    });
    match watched {
        Ok(_watcher) => until_the_end(&changes, lint),
        Err(why) => {
            terminal::error(&format!("changes cannot be watched: {why}"), None);
            super::NOTHING_EXECUTED
        }
    }
}

fn until_the_end(changes: &Receiver<()>, lint: &dyn Fn()) -> u8 {
    loop {
        lint();
        terminal::say("watching for changes; Ctrl-C ends it\n");
        if changes.recv().is_err() {
            return 0;
        }
        while changes.recv_timeout(SETTLE).is_ok() {}
    }
}

/// Reading a file is no change of it; what else lies beside the runbooks does not matter.
fn matters(event: &Event) -> bool {
    let changes = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    let ours = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "rbk")
            || path.file_name().is_some_and(|name| name == crate::session::settings::FILE)
    };
    changes && event.paths.iter().any(ours)
}

//! The composition root: the only place where the run time and the actions meet.
//!
//! From a path to a [`Program`](crate::analysis::Program): the project's root, its files, the
//! standard library in the binary, the registry of actions. From a program to a run.

pub mod edits;
pub mod lint;
mod load;
mod needs;
pub mod recording;
pub mod settings;
mod stdlib;
mod window;

pub use load::{Opened, check_file, open, open_text, reopen, typing};
pub use needs::{Missing, missing_tools};
pub use stdlib::{find as std_module, names as std_modules};
pub use window::{Closed, closed_window};

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::catalog::Registry;
use crate::host::Host;
use crate::journal::Record;
use crate::runtime::dispatcher::Dispatcher;
use crate::runtime::outcome::Report;
use crate::runtime::person::Person;
use crate::runtime::{Elsewhere, Live, Plan, Start, run};

/// All native actions.
pub const fn registry() -> Registry {
    Registry::new(crate::actions::ALL)
}

/// The dispatcher of a real run.
pub fn live(
    host: &Rc<dyn Host>,
    record: &Rc<dyn Record>,
    person: &Rc<dyn Person>,
    elsewhere: &Rc<dyn Elsewhere>,
) -> Rc<dyn Dispatcher> {
    let (host, record, person) = (Rc::clone(host), Rc::clone(record), Rc::clone(person));
    Rc::new(Live::new(host, record, person, Rc::clone(elsewhere), crate::actions::shell::run))
}

/// The dispatcher of a plan; with `probe` it runs what only reads.
pub fn plan(probe: bool) -> Rc<dyn Dispatcher> {
    Rc::new(if probe { Plan::probing(crate::actions::shell::run) } else { Plan::new() })
}

/// A new run's id: its first part is the time, so that ids sort by it.
pub fn new_run_id(host: &dyn Host) -> Arc<str> {
    let milliseconds = host.now().as_millisecond();
    let salt = u64::from(std::process::id()) ^ u64::try_from(host.monotonic().as_nanos() & 0xffff_ffff).unwrap_or(0);
    format!("{milliseconds:011x}{:04x}", salt & 0xffff).into()
}

/// The folder at which the project around a folder begins.
pub fn project_root(host: &dyn Host, folder: &std::path::Path) -> PathBuf {
    load::root_above(host, folder)
}

/// The folder of a run: what is too long to be shown, and too much for the record, is in it. Beneath the XDG
/// state folder (freedesktop.org's Base Directory Specification); `None` if there is no home either.
pub fn run_folder(host: &dyn Host, run: &str) -> Option<PathBuf> {
    let absolute = |path: String| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let state = host.env_var("XDG_STATE_HOME").and_then(absolute);
    let state = state.or_else(|| Some(host.env_var("HOME").and_then(absolute)?.join(".local/state")))?;
    Some(state.join("rbk").join("runs").join(run))
}

/// Runs on a runtime of its own, on this thread, to the end.
///
/// # Errors
/// What the system says when it has no room for the runtime's own needs.
pub fn run_to_end(
    start: impl FnOnce() -> Start,
    beside: impl Future<Output = ()> + 'static,
) -> std::io::Result<Rc<Report>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let report = local.block_on(&runtime, async move {
        let beside = tokio::task::spawn_local(beside);
        let report = run(start()).await;
        beside.abort();
        report
    });
    drop(local);
    // A thread that still reads a terminal must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    Ok(report)
}

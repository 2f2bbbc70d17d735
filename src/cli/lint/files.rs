//! Many files at once: each is read, analysed and linted by one of as many threads as there are cores.

use super::{Job, shellcheck};
use crate::cli::parallel::in_parallel;
use crate::diag::Diagnostic;
use crate::host::real::RealHost;
use crate::lint::{Linted, ShellScript};
use crate::session::lint::{lint_file, shell_scripts};

/// Lints all files of a job, in their order; and why some could not be read.
pub(super) fn lint_all(job: &Job, host: &RealHost) -> (Vec<Linted>, Vec<String>) {
    let asks = job.files.iter().any(|file| job.asks_shellcheck(file)) && shellcheck::is_there(host);
    let others =
        if asks { shellcheck::ask(host, &in_parallel(job.files.len(), &|at| scripts(job, at))) } else { Vec::new() };
    let mut linted = Vec::new();
    let mut unreadable = Vec::new();
    for result in in_parallel(job.files.len(), &|at| one(job, at, others.get(at))) {
        match result {
            Ok(file) => linted.push(file),
            Err(why) => unreadable.push(why),
        }
    }
    (linted, unreadable)
}

/// What shellcheck is asked about a file.
fn scripts(job: &Job, at: usize) -> Vec<ShellScript> {
    let path = &job.files[at];
    if job.asks_shellcheck(path) { shell_scripts(&RealHost::new(), path) } else { Vec::new() }
}

fn one(job: &Job, at: usize, others: Option<&Vec<Diagnostic>>) -> Result<Linted, String> {
    let path = &job.files[at];
    let host = RealHost::new();
    lint_file(&host, path, &job.selection(path, &host), others.cloned().unwrap_or_default())
}

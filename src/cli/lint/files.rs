//! Many files at once: each is read, analysed and linted by one of as many threads as there are cores.

use super::{Job, shellcheck};
use crate::cli::parallel::in_parallel;
use crate::diag::Diagnostic;
use crate::host::real::RealHost;
use crate::lint::Linted;
use crate::session::lint::{lint_file, shell_scripts, within_project};

/// Lints all files of a job, in their order; and why some could not be read.
pub(super) fn lint_all(job: &Job, host: &RealHost) -> (Vec<Linted>, Vec<String>) {
    let others = if job.shellcheck && shellcheck::is_there(host) {
        let texts = in_parallel(job.files.len(), &|at| shell_scripts(&RealHost::new(), &job.files[at]));
        shellcheck::ask(host, &texts)
    } else {
        Vec::new()
    };
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

fn one(job: &Job, at: usize, others: Option<&Vec<Diagnostic>>) -> Result<Linted, String> {
    let path = &job.files[at];
    let host = RealHost::new();
    let selection = selection_for(job, path, &host);
    lint_file(&host, path, &selection, others.cloned().unwrap_or_default())
}

/// The rules for a file: what the settings leave out for it is left out.
pub(super) fn selection_for(job: &Job, path: &std::path::Path, host: &RealHost) -> crate::lint::Selection {
    let lint = &job.settings.lint;
    if lint.per_file.is_empty() {
        return job.selection.clone();
    }
    job.selection.without(&lint.ignored_for(&within_project(host, path, &job.settings.root)))
}

//! Many files at once: each is read, analysed and linted by one of as many threads as there are cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Job, shellcheck};
use crate::diag::Diagnostic;
use crate::host::real::RealHost;
use crate::lint::Linted;
use crate::session::lint::{lint_file, shell_scripts, within_project};

/// One thread starts as fast as a few files are linted.
const FILES_A_THREAD: usize = 8;

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

/// Calls `f` with each number below `count`, on several threads; the results in order.
fn in_parallel<T: Send>(count: usize, f: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(count.div_ceil(FILES_A_THREAD)).max(1);
    if threads == 1 {
        return (0..count).map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    own.push((at, f(at)));
                }
                if let Ok(mut done) = done.lock() {
                    done.append(&mut own);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_keep_their_order() {
        let squares = in_parallel(1000, &|at| at * at);
        assert_eq!(squares, (0..1000).map(|at| at * at).collect::<Vec<_>>());
        assert!(in_parallel(0, &|at| at).is_empty());
    }
}

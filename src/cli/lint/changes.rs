//! What `--fix` and `--add-ignores` write.

use super::{Job, NOTHING_EXECUTED, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::lint::{Linted, with_ignores};
use crate::session::lint::fix;

/// Writes the fixes of every file; how many there were.
///
/// # Errors
/// The exit code, everything having been said, when a file cannot be written.
pub(super) fn fix_all(job: &Job, host: &RealHost, linted: &mut [Linted], also_unsafe: bool) -> Result<usize, u8> {
    let mut count = 0;
    for file in linted.iter_mut().filter(|file| file.fixable(also_unsafe) > 0) {
        let selection = job.selection(&file.path, host);
        let fixed = fix(host, file.clone(), &selection, also_unsafe);
        if fixed.count > 0 {
            write(host, file, &fixed.text)?;
        }
        count += fixed.count;
        *file = fixed.linted;
    }
    Ok(count)
}

/// Writes a suppression above each finding; the exit code.
pub(super) fn add_ignores(host: &RealHost, linted: &[Linted], reason: &str) -> u8 {
    if reason.trim().is_empty() || reason.contains('\n') {
        let help = "--add-ignores \"known, ticket OPS-12\"";
        terminal::error("a suppression says in one line why it is there", Some(help));
        return NOTHING_EXECUTED;
    }
    let mut count = 0;
    for file in linted.iter().filter(|file| !file.found.is_empty()) {
        let (text, added) = with_ignores(file, reason.trim());
        if added > 0 {
            if let Err(code) = write(host, file, &text) {
                return code;
            }
            count += added;
        }
    }
    terminal::say(&format!("{count} suppressions written"));
    if linted.iter().any(Linted::is_broken) { NOTHING_EXECUTED } else { 0 }
}

fn write(host: &RealHost, file: &Linted, text: &str) -> Result<(), u8> {
    host.files().write_atomic(&file.path, text.as_bytes(), None).map_err(|why| {
        terminal::error(&format!("{} cannot be written: {why}", file.path.display()), None);
        NOTHING_EXECUTED
    })
}

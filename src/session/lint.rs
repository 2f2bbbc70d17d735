//! Lints files: reads and analyses each, asks the rules, applies fixes.

use std::path::{Path, PathBuf};

use super::{open, open_text};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::lint::{Linted, Selection, ShellScript, scripts};

/// Rounds of fixes: one may uncover another, and two may never agree.
const MAX_ROUNDS: usize = 16;

/// What came of fixing a file.
pub struct Fixed {
    /// The text with the fixes in it.
    pub text: String,
    /// How many were applied.
    pub count: usize,
    /// What is found in the new text.
    pub linted: Linted,
}

/// Lints a file. `others` is what another program said of it.
///
/// # Errors
/// In words, when it cannot be read.
pub fn lint_file(
    host: &dyn Host,
    path: &Path,
    selection: &Selection,
    others: Vec<Diagnostic>,
) -> Result<Linted, String> {
    Ok(Linted::new(path, &open(host, path)?.analysis, selection, others))
}

/// The commands of a file that a shell reads; none if it cannot be read: linting it says so.
pub fn shell_scripts(host: &dyn Host, path: &Path) -> Vec<ShellScript> {
    let text = host.files().read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or_else(Vec::new, |text| scripts(text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

/// Applies fixes until there are none left. A round that would break the runbook is not taken.
pub fn fix(host: &dyn Host, before: Linted, selection: &Selection, also_unsafe: bool) -> Fixed {
    let mut fixed = Fixed { text: before.source().text.to_string(), count: 0, linted: before };
    for _ in 0..MAX_ROUNDS {
        let Some((text, count)) = fixed.linted.fixed(also_unsafe) else { break };
        let path = fixed.linted.path.clone();
        let after = Linted::new(&path, &open_text(host, &path, &text).analysis, selection, Vec::new());
        if after.errors() > fixed.linted.errors() {
            break;
        }
        fixed = Fixed { text, count: fixed.count + count, linted: after };
    }
    fixed
}

/// The path of a file from its project's root, for patterns in the settings.
pub fn within_project(host: &dyn Host, path: &Path, root: &Path) -> PathBuf {
    let canonical = host.files().canonical(path).unwrap_or_else(|_| path.to_owned());
    canonical.strip_prefix(root).map_or_else(|_| path.to_owned(), Path::to_owned)
}

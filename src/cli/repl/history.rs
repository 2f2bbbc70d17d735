//! The lines that were typed in a project, for the arrow keys. Never one with a secret: what is kept passed the mask.

use std::cell::RefCell;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::host::Host;
use crate::mask;
use crate::session;

/// So many lines are kept; twice as many may be in the file.
const MOST: usize = 1_000;

/// Where the history of a project is.
#[derive(Clone, Debug)]
pub(in crate::cli) struct History {
    file: PathBuf,
    /// The line that was typed last: it is not kept twice.
    last: RefCell<String>,
}

impl History {
    /// Of the project around the working folder; `None` where there is no place for it.
    pub(super) fn of_project(host: &dyn Host) -> Option<Self> {
        let here = host.files().canonical(std::path::Path::new(".")).ok()?;
        let root = session::project_root(host, &here);
        let name = crate::value::hex(&Sha256::digest(root.to_string_lossy().as_bytes()));
        let folder = session::run_folder(host, "").and_then(|runs| Some(runs.parent()?.join("history")))?;
        Some(Self { file: folder.join(&name[..16]), last: RefCell::default() })
    }

    /// The lines, oldest first. A file that has become long is cut.
    pub(in crate::cli) fn lines(&self, host: &dyn Host) -> Vec<String> {
        let text = host.files().read(&self.file).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let mut lines: Vec<String> = text.unwrap_or_default().lines().map(typed).collect();
        let all = lines.len();
        lines.drain(..all.saturating_sub(MOST));
        self.last.replace(lines.last().cloned().unwrap_or_default());
        if all > 2 * MOST {
            let text: String = lines.iter().map(|line| written(line) + "\n").collect();
            let _ = host.files().write_atomic(&self.file, text.as_bytes(), Some(0o600));
        }
        lines
    }

    /// Keeps a line, unless it holds a secret. Tells whether it did; a history that cannot be written is none.
    ///
    /// It is appended, so that sessions beside each other keep the lines of both, and nobody waits for a disk.
    pub(super) fn keep(&self, line: &str) -> bool {
        let holds_secret = mask::of_process().is_some_and(|mask| matches!(mask.hide(line), std::borrow::Cow::Owned(_)));
        if holds_secret || line.trim().is_empty() || *self.last.borrow() == line {
            return false;
        }
        self.last.replace(line.to_owned());
        if let Some(folder) = self.file.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&self.file);
        let _ = file.and_then(|mut file| file.write_all((written(line) + "\n").as_bytes()));
        true
    }
}

/// As it stands in the file: a line, also what was typed in several.
fn written(typed: &str) -> String {
    typed.replace('\\', "\\\\").replace('\n', "\\n")
}

/// As it was typed.
fn typed(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_as_it_was() {
        for line in [r#"p "a\nb""#, r"$ printf 'a\\n'", "for n in [1] {\n    $ true\n}", r"\", r"$ echo a \"] {
            assert!(!written(line).contains('\n'));
            assert_eq!(typed(&written(line)), line);
        }
    }
}

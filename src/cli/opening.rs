//! A file given on the command line: read, analysed, and told what is wrong with it.

use std::path::Path;
use std::sync::Arc;

use super::{NOTHING_EXECUTED, terminal};
use crate::analysis::{Analysis, Program};
use crate::diag::{Diagnostic, render};
use crate::host::Host;
use crate::journal::StoredSource;
use crate::session;
use crate::session::settings::Wrong;

/// How many diagnostics are drawn.
const DRAWN: usize = 20;

/// The program of a file; what is wrong with it goes to standard error.
///
/// # Errors
/// The exit code, everything having been said.
pub(super) fn program(host: &dyn Host, file: &Path) -> Result<Arc<Program>, u8> {
    read(host, file).map(|(program, _)| program)
}

fn read(host: &dyn Host, file: &Path) -> Result<(Arc<Program>, Vec<StoredSource>), u8> {
    let opened = session::open(host, file).map_err(|why| {
        terminal::error(&why, None);
        NOTHING_EXECUTED
    })?;
    tell(&opened.analysis);
    opened.analysis.program.ok_or(NOTHING_EXECUTED).map(|program| (program, opened.sources))
}

/// The same, which must have something to run.
///
/// # Errors
/// The exit code, everything having been said.
pub(super) fn story(host: &dyn Host, file: &Path) -> Result<Arc<Program>, u8> {
    story_and_sources(host, file).map(|(program, _)| program)
}

/// The same with all that was read for it.
///
/// # Errors
/// The exit code, everything having been said.
pub(super) fn story_and_sources(host: &dyn Host, file: &Path) -> Result<(Arc<Program>, Vec<StoredSource>), u8> {
    let (program, sources) = read(host, file)?;
    if !program.has_story {
        let message = format!("{} has nothing to run: it declares things for other runbooks to use", file.display());
        terminal::error(&message, Some("bring it into a runbook with `use \"./…\"`"));
        return Err(NOTHING_EXECUTED);
    }
    Ok((program, sources))
}

/// A session without a runbook: one with nothing in it.
///
/// # Errors
/// The exit code; it has none.
pub(super) fn nothing(host: &dyn Host) -> Result<(Arc<Program>, Vec<StoredSource>), u8> {
    let opened = session::open_text(host, Path::new("session.rbk"), "");
    opened.analysis.program.ok_or(NOTHING_EXECUTED).map(|program| (program, opened.sources))
}

fn tell(analysis: &Analysis) {
    let diagnostics = &analysis.diagnostics;
    if diagnostics.is_empty() {
        return;
    }
    let style = terminal::stderr_style();
    for diagnostic in diagnostics.iter().take(DRAWN) {
        terminal::say(render(diagnostic, &analysis.sources, style).trim_end());
    }
    if diagnostics.len() > DRAWN {
        terminal::say(&format!("\nand {} more", diagnostics.len() - DRAWN));
    }
    terminal::say(&format!("\n{}", counted(diagnostics)));
}

/// `2 errors, 1 warning · rbk explain RBK0101 tells more`
fn counted(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let of = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let others = diagnostics.len() - errors;
    let count = match (errors, others) {
        (0, others) => of(others, "warning"),
        (errors, 0) => of(errors, "error"),
        (errors, others) => format!("{}, {}", of(errors, "error"), of(others, "warning")),
    };
    let worst = diagnostics.iter().find(|diagnostic| diagnostic.is_error()).or(diagnostics.first());
    let hint = worst.map_or_else(String::new, |worst| format!(" · rbk explain {} tells more", worst.code.id));
    let executed = if errors > 0 { " · nothing was executed" } else { "" };
    format!("{count}{executed}{hint}")
}

/// Tells what is wrong with a project's settings. Gives back the exit code.
pub(super) fn tell_settings(wrong: &Wrong) -> u8 {
    match wrong {
        Wrong::Unreadable(why) => terminal::error(why, None),
        Wrong::Found(found, sources) => {
            for one in found {
                terminal::say(render(one, sources, terminal::stderr_style()).trim_end());
            }
        }
    }
    NOTHING_EXECUTED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;
    use crate::source::{FileId, Span};

    #[test]
    fn the_last_line_counts_and_points_on() {
        let span = Span::new(FileId(0), 0, 0);
        let error = Diagnostic::error(&code::UNKNOWN_NAME, span, "", "");
        let warning = Diagnostic::warning(&code::RAW, span, "", "");
        assert_eq!(counted(std::slice::from_ref(&warning)), "1 warning · rbk explain RBK0205 tells more");
        assert_eq!(
            counted(&[warning, error.clone(), error]),
            "2 errors, 1 warning · nothing was executed · rbk explain RBK0101 tells more"
        );
    }
}

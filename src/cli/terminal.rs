//! What is on the other side: a terminal, a file, a build server. Who reads no longer is no reason to fail.

use std::io::{IsTerminal, Write};

use crate::diag::Style;

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;

/// A line, or several, for people.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Data.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A mistake in what was asked, and what to type instead.
pub(super) fn error(message: &str, help: Option<&str>) {
    let style = stderr_style();
    let word = crate::report::paint(style, crate::report::Ink::Bad, "error:");
    say(&format!("{word} {message}"));
    if let Some(help) = help {
        say(&format!("  help: {help}"));
    }
}

/// How to draw on standard error.
pub(super) fn stderr_style() -> Style {
    style(std::io::stderr().is_terminal(), rustix::termios::tcgetwinsize(std::io::stderr()).ok(), &variable)
}

/// How to draw on standard output.
pub(super) fn stdout_style() -> Style {
    style(std::io::stdout().is_terminal(), rustix::termios::tcgetwinsize(std::io::stdout()).ok(), &variable)
}

/// Whether somebody can be asked.
pub(super) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !is_set(&variable, "CI")
}

/// Whether lines can be redrawn.
pub(super) fn can_redraw() -> bool {
    std::io::stderr().is_terminal() && !is_set(&variable, "CI") && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Whether this runs as a GitHub action.
pub(super) fn is_github() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_set(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> bool {
    variable(name).is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// `NO_COLOR` (no-color.org), `CLICOLOR_FORCE` (bixense.com/clicolors), `TERM`, the locale.
fn style(
    is_terminal: bool,
    size: Option<rustix::termios::Winsize>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Style {
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    let colour = match () {
        () if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        () if is_set(variable, "CLICOLOR_FORCE") => true,
        () => is_terminal && !dumb,
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let ascii_locale = locale.is_some_and(|locale| locale == "C" || locale == "POSIX");
    let console = variable("TERM").is_some_and(|term| term == "linux");
    let unicode = !is_terminal || !(dumb || ascii_locale || console);
    let width = size.map(|size| usize::from(size.ws_col)).filter(|columns| is_terminal && *columns > 0);
    Style { colour, unicode, width: width.unwrap_or(COLUMNS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_terminal: bool, variables: &[(&str, &str)]) -> Style {
        style(is_terminal, None, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn conventions_are_honoured() {
        assert!(of(true, &[("TERM", "xterm")]).colour);
        assert!(!of(false, &[("TERM", "xterm")]).colour);
        assert!(!of(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]).colour);
        assert!(of(false, &[("CLICOLOR_FORCE", "1")]).colour);
        assert!(!of(true, &[("TERM", "dumb")]).colour);
        assert!(!of(true, &[("LANG", "C")]).unicode);
        assert!(of(true, &[("LANG", "en_GB.UTF-8")]).unicode);
        assert!(of(false, &[("LANG", "C")]).unicode);
    }
}

//! What is on the other side: a terminal, a file, a build server. Who reads no longer is no reason to fail.

use std::io::{IsTerminal, Write};

use crate::diag::Style;
use crate::mask;
use crate::report::sanitize;

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;

/// A line, or several, for people.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", hidden(text));
}

/// The same of what is hidden already, though other output may be locked.
pub(super) fn say_at_once(text: &str) {
    let _ = rustix::io::write(std::io::stderr(), format!("{text}\n").as_bytes());
}

/// Data.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().write_all(hidden(text).as_bytes());
}

/// On whatever thread, a text holds no secret of the run.
pub(super) fn hidden(text: &str) -> std::borrow::Cow<'_, str> {
    mask::of_process().map_or(std::borrow::Cow::Borrowed(text), |mask| mask.hide(text))
}

/// Standard error for lines that come whole.
pub(super) struct Masked;

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::stderr().write_all(hidden(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// A mistake in what was asked, and what to type instead.
pub(super) fn error(message: &str, help: Option<&str>) {
    let style = stderr_style();
    let word = crate::report::paint(style, crate::report::Ink::Bad, "error:");
    let shown = |text: &str| text.lines().map(|line| sanitize::line(line).into_owned()).collect::<Vec<_>>().join("\n");
    say(&format!("{word} {}", shown(message)));
    if let Some(help) = help {
        say(&format!("  help: {}", shown(help)));
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

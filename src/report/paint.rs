//! Colours and marks.

use crate::diag::Style;
use crate::runtime::event::ScopeStatus;

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// It is well.
    Good,
    /// It failed.
    Bad,
    /// Look at it.
    Warn,
    /// Less important than the rest.
    Dim,
    /// More important.
    Bold,
    /// It goes on.
    Busy,
}

/// Colours a text, if the style has colours.
pub fn paint(style: Style, ink: Ink, text: &str) -> String {
    if !style.colour {
        return text.to_owned();
    }
    let code = match ink {
        Ink::Good => "32",
        Ink::Bad => "31",
        Ink::Warn => "33",
        Ink::Dim => "2",
        Ink::Bold => "1",
        Ink::Busy => "36",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// The sign before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It failed, and the runbook goes on; or a warning.
    Accepted,
    /// It was not run.
    Skipped,
    /// It was stopped.
    Cancelled,
    /// Nobody knows.
    InDoubt,
    /// It is yet to come.
    Waiting,
}

impl Mark {
    /// Of how a scope ended.
    pub const fn of(status: ScopeStatus) -> Self {
        match status {
            ScopeStatus::Passed => Self::Done,
            ScopeStatus::Skipped => Self::Skipped,
            ScopeStatus::Failed => Self::Failed,
            ScopeStatus::Accepted => Self::Accepted,
            ScopeStatus::Cancelled => Self::Cancelled,
            ScopeStatus::InDoubt => Self::InDoubt,
        }
    }

    /// One column, coloured.
    pub fn draw(self, style: Style) -> String {
        let (unicode, plain, ink) = match self {
            Self::Done => ("✓", "+", Ink::Good),
            Self::Failed => ("✗", "x", Ink::Bad),
            Self::Accepted => ("△", "~", Ink::Warn),
            Self::Skipped => ("↷", "-", Ink::Dim),
            Self::Cancelled => ("■", "#", Ink::Warn),
            Self::InDoubt => ("!", "!", Ink::Warn),
            Self::Waiting => ("·", ".", Ink::Dim),
        };
        paint(style, ink, if style.unicode { unicode } else { plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_where_it_is_wanted() {
        let coloured = Style { colour: true, ..Style::default() };
        assert_eq!(paint(coloured, Ink::Good, "ok"), "\u{1b}[32mok\u{1b}[0m");
        assert_eq!(Mark::Done.draw(Style::default()), "✓");
        assert_eq!(Mark::Done.draw(Style { unicode: false, ..Style::default() }), "+");
    }
}

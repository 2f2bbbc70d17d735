//! A failure as people see it: the source with what was measured, where that came from, and what happens next.

use std::fmt::Write as _;

use super::paint::{Ink, paint};
use super::sanitize;
use super::tails::KEPT;
use crate::diag::{self, Style};
use crate::runtime::failure::Failure;

/// Draws a failure. `output` is what its scope wrote, if the failure itself does not say.
pub fn draw(failure: &Failure, next: &str, output: &[String], style: Style) -> String {
    let mut text = diag::render(&failure.diagnostic, &failure.sources, style).trim_matches('\n').to_owned();
    text.push('\n');
    for line in &failure.evidence {
        let arrow = if style.unicode { "↳" } else { "->" };
        let _ = writeln!(text, "    {} {}", paint(style, Ink::Dim, arrow), sanitize::line(line));
    }
    if let Some(because) = &failure.because {
        let _ = writeln!(text, "    because: {}", sanitize::line(because));
    }
    let own: Vec<String> = failure.output.iter().flat_map(|output| sanitize::lines(output).map(Into::into)).collect();
    let lines = if own.is_empty() { output } else { &own };
    if !lines.is_empty() {
        let _ = writeln!(text, "    output:");
    }
    let bar = paint(style, Ink::Dim, if style.unicode { "│" } else { "|" });
    for line in &lines[lines.len().saturating_sub(KEPT)..] {
        let _ = writeln!(text, "      {bar} {line}");
    }
    if failure.in_doubt {
        let mark = paint(style, Ink::Warn, "in doubt:");
        let _ = writeln!(text, "    {mark} nobody knows whether its effect happened; look before you go on");
    }
    let _ = write!(text, "    {} {}", paint(style, Ink::Bold, "next:"), sanitize::line(next));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::failure;

    #[test]
    fn tells_what_was_measured_and_what_happens_next() {
        let drawn = draw(&failure(), "rolling back, 2 compensations", &["made\u{1b}".into()], Style::default());
        assert!(drawn.contains("deploy.rbk:2:"), "{drawn}");
        assert!(drawn.contains("503"), "{drawn}");
        let after: Vec<&str> = drawn.lines().skip_while(|line| !line.contains('↳')).collect();
        assert_eq!(
            after,
            [
                "    ↳ answered 503 in 84 ms: {\"status\":\"starting\"}",
                "    because: never deploy onto a broken service",
                "    output:",
                "      │ made\u{1b}",
                "    next: rolling back, 2 compensations",
            ]
        );
    }

    #[test]
    fn its_own_output_goes_before_that_of_its_scope() {
        let mut failure = failure();
        failure.output = Some("\u{1b}[31mno such host".into());
        failure.in_doubt = true;
        let drawn = draw(&failure, "", &["other".into()], Style::default());
        assert!(drawn.contains("│ ␛[31mno such host"), "{drawn}");
        assert!(!drawn.contains("other"), "{drawn}");
        assert!(drawn.contains("in doubt: nobody knows"), "{drawn}");
    }
}

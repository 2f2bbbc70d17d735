//! The end of a run: what it came to, what was done, what was taken back, what is left, and what to type next.

use std::fmt::Write as _;

use super::paint::{Ink, Mark, paint};
use super::sanitize;
use crate::diag::Style;
use crate::runtime::failure::{FailureKind, spoken};
use crate::runtime::outcome::{Report, Status};

/// What is known of the run besides its report.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The runbook as it was named: `deploy.rbk`.
    pub file: String,
    /// The arguments that chose environment and parameters, quoted: ` -e prod -p image=app:2`.
    pub arguments: String,
    /// Only its checks were run.
    pub checks_only: bool,
    /// Somebody stepped through it.
    pub stepped: bool,
}

/// Draws the end.
pub fn draw(report: &Report, title: &str, asked: &Asked, style: Style) -> String {
    let mut text = headline(report, title, asked, style);
    let mut page = Page { text: &mut text, style };
    if let Some(reason) = &report.reason {
        page.item("why", reason);
    }
    if let Some(failure) = &report.failure {
        let message = failure.message().lines().next().unwrap_or_default();
        let path = failure.path.join(" / ");
        page.item("why", &if path.is_empty() { message.to_owned() } else { format!("{path} · {message}") });
    }
    page.item("done", &done(report, asked));
    page.list("taken back", Mark::Done, &report.taken_back);
    for left in &report.left {
        page.entry("left to do", Mark::Failed, &format!("{}: {}", left.what, left.why));
        page.commands(&left.commands);
    }
    page.list("still armed", Mark::Waiting, &report.armed);
    if !matches!(report.status, Status::Succeeded | Status::Finished) {
        page.list("no way back", Mark::InDoubt, &report.without_inverse);
    }
    if matches!(report.status, Status::RolledBack | Status::RollbackIncomplete) {
        page.list("stays", Mark::Accepted, &report.stays);
    }
    page.list("in doubt", Mark::InDoubt, &report.in_doubt);
    page.list("accepted", Mark::Accepted, &report.accepted);
    page.item("run", &format!("{} · {}", report.run, spoken(report.elapsed)));
    for (at, line) in next(report, asked).iter().enumerate() {
        page.item(if at == 0 { "next" } else { "" }, line);
    }
    text.truncate(text.trim_end().len());
    text
}

fn headline(report: &Report, title: &str, asked: &Asked, style: Style) -> String {
    let (mark, ink, words) = match report.status {
        Status::Succeeded if asked.checks_only => (Mark::Done, Ink::Good, "All checks passed"),
        Status::Failed if asked.checks_only => (Mark::Failed, Ink::Bad, "Not all checks passed"),
        Status::Succeeded if !report.accepted.is_empty() => (Mark::Accepted, Ink::Warn, "Done, with accepted failures"),
        Status::Succeeded => (Mark::Done, Ink::Good, "Done"),
        Status::Finished => (Mark::Done, Ink::Good, "Finished early"),
        Status::Failed if was_left(report) => (Mark::Cancelled, Ink::Warn, "Left as it stands"),
        Status::Failed => (Mark::Failed, Ink::Bad, "Failed, and stopped where it stood"),
        Status::RolledBack => (Mark::Failed, Ink::Bad, "Failed, and rolled back completely"),
        Status::RollbackIncomplete => (Mark::Failed, Ink::Bad, "Failed, and the rollback is incomplete: you must act"),
        Status::Paused => (Mark::InDoubt, Ink::Warn, "Stopped: it needs a person"),
        Status::Interrupted => (Mark::Cancelled, Ink::Warn, "Interrupted"),
    };
    format!(
        "\n{} {}: {}\n",
        mark.draw(style),
        paint(style, ink, words),
        paint(style, Ink::Bold, &sanitize::line(title))
    )
}

/// Nothing failed: whoever stepped through it went away.
fn was_left(report: &Report) -> bool {
    report.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Left)
}

fn done(report: &Report, asked: &Asked) -> String {
    let mut text = match (report.done, asked.checks_only) {
        (1, false) => "1 step".to_owned(),
        (n, false) => format!("{n} steps"),
        (1, true) => "1 check passed".to_owned(),
        (n, true) => format!("{n} checks passed"),
    };
    if report.skipped > 0 {
        let _ = write!(text, ", {} skipped", report.skipped);
    }
    text
}

fn next(report: &Report, asked: &Asked) -> Vec<String> {
    let mut lines = Vec::new();
    let Asked { file, arguments, checks_only, stepped } = asked;
    let check = format!("rbk check {file}{arguments}");
    let again = format!("rbk run {file}{arguments}");
    let run = &report.run;
    match report.status {
        Status::Succeeded | Status::Finished => return lines,
        Status::Failed if *checks_only => return vec![format!("{check}    # once that is mended")],
        Status::RolledBack if file.is_empty() => return lines,
        Status::RolledBack => return vec![format!("{again}    # once the cause is mended")],
        Status::Failed | Status::Interrupted | Status::Paused if report.armed.is_empty() => {}
        Status::Failed | Status::Interrupted | Status::Paused => {
            lines.push(format!("rbk rollback {run}    # takes back what is still armed"));
        }
        Status::RollbackIncomplete => {
            if !report.left.is_empty() {
                lines.push(format!("rbk rollback {run}    # tries what is left to do once more; or do it by hand"));
            }
            if !report.without_inverse.is_empty() {
                lines.push("see to what has no way back: it changed something, and nothing took it back".to_owned());
            }
        }
    }
    if report.status != Status::RollbackIncomplete {
        let again = if report.status == Status::Paused { "asks again" } else { "goes on where it stopped" };
        let step = if *stepped { "--step " } else { "" };
        lines.push(format!("rbk resume {step}{run}    # {again}"));
    }
    if !file.is_empty() {
        lines.push(format!("{check}    # where things stand"));
    }
    lines
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

struct Page<'a> {
    text: &'a mut String,
    style: Style,
}

impl Page<'_> {
    fn label(&self, label: &str) -> String {
        paint(self.style, Ink::Dim, &format!("{label:<12}"))
    }

    fn item(&mut self, label: &str, words: &str) {
        let _ = writeln!(self.text, "  {} {}", self.label(label), sanitize::line(words));
    }

    fn entry(&mut self, label: &str, mark: Mark, words: &str) {
        let _ = writeln!(self.text, "  {} {} {}", self.label(label), mark.draw(self.style), sanitize::line(words));
    }

    fn list(&mut self, label: &str, mark: Mark, entries: &[String]) {
        for (at, words) in entries.iter().enumerate() {
            self.entry(if at == 0 { label } else { "" }, mark, words);
        }
    }

    fn commands(&mut self, commands: &str) {
        for line in sanitize::lines(commands).filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(self.text, "  {:<12}     {line}", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{failure, report};
    use crate::runtime::outcome::Left;

    fn asked() -> Asked {
        Asked { file: "deploy.rbk".into(), arguments: " -e prod".into(), checks_only: false, stepped: false }
    }

    #[test]
    fn success_is_short() {
        assert_eq!(
            draw(&report(Status::Succeeded), "Deploy", &asked(), Style::default()),
            "\n✓ Done: Deploy\n  done         4 steps, 1 skipped\n  run          0199a3f · 2 min 3 s"
        );
    }

    #[test]
    fn an_incomplete_rollback_says_what_is_left() {
        let mut report = report(Status::RollbackIncomplete);
        report.failure = Some(failure());
        report.taken_back = vec!["Deploy / second: $ b".into(), "Deploy / first: $ a".into()];
        report.left = vec![Left {
            what: "Deploy / third: $ c".into(),
            why: "it ended with status 1".into(),
            commands: "$ c --undo\n$ d".into(),
        }];
        report.in_doubt = vec!["Deploy / third: POST https://x".into()];
        let expected = "
✗ Failed, and the rollback is incomplete: you must act: Deploy
  why          Deploy / answers · `status == 200` does not hold
  done         4 steps, 1 skipped
  taken back   ✓ Deploy / second: $ b
               ✓ Deploy / first: $ a
  left to do   ✗ Deploy / third: $ c: it ended with status 1
                   $ c --undo
                   $ d
  in doubt     ! Deploy / third: POST https://x
  run          0199a3f · 2 min 3 s
  next         rbk rollback 0199a3f    # tries what is left to do once more; or do it by hand
               rbk check deploy.rbk -e prod    # where things stand";
        assert_eq!(draw(&report, "Deploy", &asked(), Style::default()), expected);
    }

    #[test]
    fn a_stopped_run_names_what_is_armed_and_how_to_go_on() {
        let mut report = report(Status::Failed);
        report.failure = Some(failure());
        report.armed = vec!["$ kubectl rollout undo".into()];
        let drawn = draw(&report, "Deploy", &asked(), Style::default());
        assert!(drawn.contains("still armed  · $ kubectl rollout undo"), "{drawn}");
        assert!(drawn.contains("rbk rollback 0199a3f    # takes back what is still armed"), "{drawn}");
        assert!(drawn.contains("rbk resume 0199a3f    # goes on where it stopped"), "{drawn}");
    }

    #[test]
    fn one_that_somebody_left_did_not_fail() {
        let mut report = report(Status::Failed);
        report.failure = Some(failure());
        report.failure.as_mut().unwrap().kind = FailureKind::Left;
        let drawn = draw(&report, "Deploy", &asked(), Style::default());
        assert!(drawn.contains("Left as it stands: Deploy") && !drawn.contains("Failed"), "{drawn}");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("a=b"), "a=b");
        assert_eq!(quoted("it's on"), r"'it'\''s on'");
    }
}

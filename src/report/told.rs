//! What was told of failures: each is drawn whole once, however often it is spoken of until somebody decides about it.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::paint::{Ink, Mark, paint};
use super::{failure, sanitize};
use crate::diag::Style;
use crate::runtime::failure::Failure;

/// See the module.
#[derive(Default)]
pub(super) struct Told {
    drawn: HashSet<u64>,
    /// What the scope that failed wrote, nothing included, once it is over.
    wrote: Option<Vec<String>>,
}

impl Told {
    /// Something else begins, or the failure was accepted.
    pub(super) fn forget_output(&mut self) {
        self.wrote = None;
    }

    /// A scope failed. Those around it fail after it, and what they wrote has nothing to do with it.
    pub(super) fn failed(&mut self, output: Vec<String>) {
        self.wrote.get_or_insert(output);
    }

    /// What the innermost of them wrote.
    pub(super) fn output(&mut self) -> Vec<String> {
        self.wrote.take().unwrap_or_default()
    }

    /// Whether a failure is told for the first time.
    pub(super) fn is_new(&mut self, failure: &Failure) -> bool {
        self.drawn.insert(failure.id)
    }
}

/// One that was drawn before: by its sentence alone, with what happens next.
pub(super) fn draw_again(failure: &Failure, next: &str, style: Style) -> String {
    let mut text = format!("{} {}, as told above", Mark::Failed.draw(style), sanitize::line(failure.message()));
    let _ = write!(text, "\n    {} {}", paint(style, Ink::Bold, "next:"), sanitize::line(next));
    text
}

impl Told {
    /// As it is to be drawn now.
    pub(super) fn draw(&mut self, failure: &Failure, next: &str, output: &[String], style: Style) -> String {
        if self.is_new(failure) {
            failure::draw(failure, next, output, style)
        } else {
            draw_again(failure, next, style)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn a_failure_is_drawn_whole_once() {
        let (one, other) = (testing::failure(), testing::failure());
        let mut told = Told::default();
        let style = Style::default();
        let first = told.draw(&one, "its handler runs", &[], style);
        assert!(first.contains("deploy.rbk:2:") && first.ends_with("next: its handler runs"), "{first}");
        let again = told.draw(&one.clone(), "the run stops here", &[], style);
        assert_eq!(again, "✗ `status == 200` does not hold, as told above\n    next: the run stops here");
        assert!(told.draw(&other, "", &[], style).contains("deploy.rbk:2:"), "another one, of the same words");
    }

    #[test]
    fn only_the_innermost_scope_wrote_something_about_it() {
        let mut told = Told::default();
        told.failed(Vec::new());
        told.failed(vec!["of the phase around it".into()]);
        assert_eq!(told.output(), [""; 0]);
        told.forget_output();
        told.failed(vec!["why".into()]);
        assert_eq!(told.output(), ["why"]);
    }
}

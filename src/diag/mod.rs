//! One diagnostic type, the registry of codes, and how they are drawn.
//!
//! Every message the product prints about a source is a [`Diagnostic`]: a stable
//! code with a page of its own, a label on the span at fault, and where possible
//! text that can be typed in. Nothing outside this module knows miette.

pub mod code;
mod render;
mod suggest;

pub use code::Code;
pub use render::{Style, render};
pub use suggest::did_you_mean;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably a mistake; the runbook still runs.
    Warning,
    /// Nothing is executed.
    Error,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A few words; empty underlines only.
    pub text: String,
}

/// A change of the source that would mend the fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub replacement: String,
    /// It means the same to the run, or mends what could not have been meant. Others want to be read first.
    pub safe: bool,
}

/// Something to tell the author of a runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Which rule was broken; its page is `rbk explain`.
    pub code: &'static Code,
    /// Error unless said otherwise.
    pub severity: Severity,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The span at fault comes first.
    pub labels: Vec<Label>,
    /// What to type instead.
    pub help: Option<String>,
    /// The same as an edit, where it is certain.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at `span`; `at` is the label there.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>, at: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, text: at.into() }],
            help: None,
            fix: None,
        }
    }

    /// The same as a warning.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>, at: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message, at) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds the edit that mends it.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into(), safe: true });
        self
    }

    /// The same for an edit that its author should read before it is believed.
    #[must_use]
    pub fn unsafe_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into(), safe: false });
        self
    }

    /// The span at fault.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }

    /// Whether it keeps the runbook from running.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

//! What goes wrong when an expression is evaluated, with its place.

use crate::functions::AccessError;
use crate::source::Span;
use crate::value::ops::OpError;

/// An error at a place of the source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What is wrong, in words, lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The expression at fault.
    pub span: Span,
    /// What may be done about it.
    pub kind: EvalErrorKind,
}

/// What may be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// An ordinary one: `try` catches it.
    Wrong,
    /// A part that is not there: `??` catches it as well.
    Missing,
    /// Too much work or too deep: nothing catches it.
    Limit,
}

impl EvalError {
    /// An ordinary error.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span, kind: EvalErrorKind::Wrong }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn limit(span: Span, message: &str, help: &str) -> Self {
        Self { kind: EvalErrorKind::Limit, ..Self::new(span, message) }.help(help)
    }

    #[cold]
    pub(super) fn from_op(span: Span, error: OpError) -> Self {
        Self { help: error.help, ..Self::new(span, error.message) }
    }

    /// `name_span` is the place of the name, `whole` that of what it was looked for in, called `object`.
    #[cold]
    pub(super) fn from_access(error: AccessError, name_span: Span, whole: Span, object: Option<&str>) -> Self {
        let kind = if error.missing { EvalErrorKind::Missing } else { EvalErrorKind::Wrong };
        let (span, message) = match object {
            Some(object) if error.of_null => (whole, format!("`{object}` is null; {}", error.message)),
            _ if error.of_null => (whole, format!("this is null; {}", error.message)),
            _ => (name_span, error.message),
        };
        Self { message, help: error.help, span, kind }
    }

    /// A builtin's message: its second line is the advice.
    #[cold]
    pub(super) fn from_function(span: Span, message: &str) -> Self {
        match message.split_once('\n') {
            Some((message, help)) => Self::new(span, message).help(help),
            None => Self::new(span, message),
        }
    }
}

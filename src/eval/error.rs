//! What goes wrong when an expression is evaluated, with its place.

use crate::functions::AccessError;
use crate::source::Span;
use crate::value::ops::OpError;

/// An error at a place of the source: read its [`Fault`] as if it were one. Boxed, so that the result
/// of an expression stays as small as a value, which it usually is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError(Box<Fault>);

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, in words, lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The expression at fault.
    pub span: Span,
    /// What may be done about it.
    pub kind: EvalErrorKind,
}

impl std::ops::Deref for EvalError {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

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
        Self(Box::new(Fault { message: message.into(), help: None, span, kind: EvalErrorKind::Wrong }))
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The parts, to keep.
    pub fn into_fault(self) -> Fault {
        *self.0
    }

    #[cold]
    pub(super) fn limit(span: Span, message: &str, help: &str) -> Self {
        let mut error = Self::new(span, message).help(help);
        error.0.kind = EvalErrorKind::Limit;
        error
    }

    #[cold]
    pub(super) fn from_op(span: Span, error: OpError) -> Self {
        let kind = EvalErrorKind::Wrong;
        Self(Box::new(Fault { message: error.message, help: error.help, span, kind }))
    }

    /// `name_span` is the place of the name, `whole` that of what it was looked for in, called `object`.
    #[cold]
    pub(super) fn from_access(error: AccessError, name_span: Span, whole: Span, object: Option<&str>) -> Self {
        let kind = if error.missing { EvalErrorKind::Missing } else { EvalErrorKind::Wrong };
        let (span, message) = if error.of_null {
            let lacks = error.message.trim_start_matches("null ");
            let object = object.map_or("this".to_owned(), |object| format!("`{object}`"));
            (whole, format!("{object} is null: it {lacks}"))
        } else {
            (name_span, error.message)
        };
        Self(Box::new(Fault { message, help: error.help, span, kind }))
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

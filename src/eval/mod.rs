//! Expressions: synchronous and pure. Names are slots; evaluating one allocates nothing.
//!
//! [`Context::eval`] turns an expression into a value or an error with its place. What only a run will know
//! is [`crate::value::Value::Unknown`] and makes everything computed from it unknown; a secret makes it secret.

mod access;
mod budget;
mod context;
mod error;
mod explain;
pub mod expr;
mod frame;
mod globals;
mod template;
mod url;

pub use budget::{Budget, DEFAULT_STEPS};
pub use context::{Context, RunInfo};
pub use error::{EvalError, EvalErrorKind, Fault};
pub use explain::{Piece, explain, wanted};
pub use expr::{Expr, ExprKind};
pub use frame::Frame;
pub use globals::Globals;

#[cfg(test)]
mod tests;

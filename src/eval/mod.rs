//! Expressions: synchronous and pure. Names are slots; evaluating one allocates nothing.

pub mod expr;

pub use expr::{Expr, ExprKind};

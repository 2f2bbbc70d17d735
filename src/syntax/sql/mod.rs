//! The little of SQL that can be known without a database: where a text, a quoted name or a comment begins and
//! ends, what the first words say the statement does, and whether a value may stand where one is written.
//!
//! Values are bound, so nothing here keeps a statement from being changed by one. It is for messages that come
//! before production does, and for telling what reads from what writes.

mod class;
mod lexer;
mod places;

pub use class::{Class, Deed, class};
pub use lexer::{Dialect, Kind, Lexed, Token, lex};
pub use places::{Place, Problem, problems};

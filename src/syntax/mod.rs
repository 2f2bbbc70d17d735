//! From text to a typed tree. No name is resolved here.

mod parser;
pub mod tree;

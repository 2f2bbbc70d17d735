//! From text to a typed tree. No name is resolved here.

pub mod shell;
pub mod tree;

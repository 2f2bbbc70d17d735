//! Where in a shell command a value stands.

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// Outside quotes.
    Word,
}

//! Arguments that another interpreter reads.

use super::{SimpleCommand, Word};

/// stub
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignHole {
    /// h
    pub hole: usize,
}
/// stub
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// h
    Target,
}

pub(super) fn find(_commands: &[SimpleCommand]) -> Vec<ForeignHole> {
    let _ = Word::default();
    Vec::new()
}

//! What an action does to the world.

use std::fmt;

/// The classes of effect, each including those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Looks, and leaves the world as it was.
    Reads,
    /// Changes something that can be changed again.
    Changes,
    /// Loses something for good.
    Destroys,
}

impl Effect {
    /// Whether the world may differ afterwards.
    pub const fn is_changing(self) -> bool {
        !matches!(self, Self::Reads)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reads => "reads",
            Self::Changes => "changes",
            Self::Destroys => "destroys",
        })
    }
}

//! All native actions, by name.

use super::Action;

/// The actions a program may call.
#[derive(Clone, Copy, Debug)]
pub struct Registry {
    actions: &'static [&'static Action],
}

impl Registry {
    /// Over a table of actions.
    pub const fn new(actions: &'static [&'static Action]) -> Self {
        Self { actions }
    }

    /// `http.get`
    pub fn find(&self, name: &str) -> Option<&'static Action> {
        self.actions.iter().copied().find(|action| action.name == name)
    }

    /// All of them, as they are listed.
    pub fn iter(&self) -> impl Iterator<Item = &'static Action> + use<> {
        self.actions.iter().copied()
    }

    /// Whether `name` is the first word of some action: `http`.
    pub fn has_module(&self, name: &str) -> bool {
        self.actions.iter().any(|action| action.name.split_once('.').is_some_and(|(module, _)| module == name))
    }
}

//! A program with the values of its globals: the runbook itself, or one that it calls.

use std::rc::Rc;
use std::sync::Arc;

use crate::analysis::Program;
use crate::analysis::program::{NameInfo, UserAction, UserCheck};
use crate::eval::Globals;

/// What code runs in.
#[derive(Clone)]
pub struct Unit {
    /// The code.
    pub program: Arc<Program>,
    /// Parameters, secrets, environments, top-level `let`s.
    pub globals: Rc<Globals>,
    /// The chosen environment.
    pub environment: Option<Arc<str>>,
    /// Whether whoever runs against it must type its name first.
    pub protected: bool,
    /// Whether whoever runs against it cannot approve anything in that run.
    pub four_eyes: bool,
}

/// The code whose names a frame holds.
#[derive(Clone)]
pub(super) enum Code {
    Story(Arc<Program>),
    Action(Arc<UserAction>),
    Check(Arc<UserCheck>),
}

impl Code {
    pub(super) fn names(&self) -> &[NameInfo] {
        match self {
            Self::Story(program) => &program.frame,
            Self::Action(action) => &action.frame,
            Self::Check(check) => &check.frame,
        }
    }
}

/// How many slots a frame with these names needs.
pub(super) fn size(names: &[NameInfo]) -> u32 {
    u32::try_from(names.len()).unwrap_or(u32::MAX)
}

//! The durable record of a run, behind one trait.
//!
//! The runner writes an [`Entry`] before and after every changing effect and stops the run
//! when one cannot be written. The journal is not an observer: nothing is shown from here,
//! and nothing that is only shown is written here.

mod chain;
pub mod entry;
mod memory;
pub mod memory_store;
mod naming;
pub mod place;
pub mod sqlite;
pub mod store;

pub use memory::{Discard, Memory};

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Effect;
use crate::host::LocalFuture;

/// Numbers effects and compensations within a run, from one.
pub type Sequence = u64;

/// Where the record of a run goes.
pub trait Journal {
    /// Writes an entry. It is durable when this returns if [`Entry::must_be_durable`] says so;
    /// others may share the commit of the next that must.
    fn write<'a>(&'a self, entry: &'a Entry) -> LocalFuture<'a, Result<(), JournalError>>;
}

/// The record could not be written: no further effect may start.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal could not be written: {reason}")]
pub struct JournalError {
    /// The system's words.
    pub reason: String,
}

/// What is recorded, each with the time at which it happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: jiff::Timestamp,
    /// What.
    pub event: Recorded,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// A run began.
    Started {
        /// Its id.
        run: Arc<str>,
        /// Its title.
        title: String,
        /// The file.
        file: String,
        /// The environment's name.
        environment: Option<String>,
        /// Who started it.
        actor: String,
    },
    /// A changing effect is about to run, and what will take it back is armed.
    Intent {
        /// Its number.
        effect: Sequence,
        /// Where in the runbook: titles of the scopes around it, iterations included.
        path: Vec<Arc<str>>,
        /// From one.
        attempt: u32,
        /// The action's name; `$` for a command.
        action: Arc<str>,
        /// One line of what it does, secrets masked.
        summary: String,
        /// What it does to the world.
        class: Effect,
        /// Armed in the same breath.
        armed: Vec<ArmedEntry>,
    },
    /// How a changing effect ended.
    Outcome {
        /// Its number.
        effect: Sequence,
        /// How.
        ending: Ending,
        /// Armed by what it returned.
        armed: Vec<ArmedEntry>,
    },
    /// Compensations armed by a name that was bound later than any effect.
    Armed {
        /// Which.
        armed: Vec<ArmedEntry>,
    },
    /// Compensations that need not run any more.
    Disarmed {
        /// Their numbers.
        compensations: Vec<Sequence>,
        /// Why: a point of no return, a person, or that they ran.
        why: String,
    },
    /// A compensation is about to run.
    CompensationBegun {
        /// Its number.
        compensation: Sequence,
    },
    /// How it ended.
    CompensationEnded {
        /// Its number.
        compensation: Sequence,
        /// `None`: it did what it says.
        failure: Option<String>,
    },
    /// A person answered.
    Answered {
        /// What was asked.
        question: String,
        /// What was said.
        answer: String,
        /// By whom.
        by: String,
    },
    /// `note`
    Noted {
        /// The text.
        text: String,
    },
    /// The run is over.
    Ended {
        /// How: `succeeded`, `rolled back`, …
        status: Arc<str>,
        /// After how long.
        elapsed: Duration,
    },
}

/// A compensation that is armed.
#[derive(Clone, Debug)]
pub struct ArmedEntry {
    /// Its number.
    pub compensation: Sequence,
    /// One line of what it will do.
    pub text: String,
    /// The names it captured and their values as JSON, secrets masked.
    pub captures: Vec<(Arc<str>, String)>,
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It happened.
    Done,
    /// It failed.
    Failed(String),
    /// Nobody knows whether it happened.
    Unknown(String),
}

impl Entry {
    /// Whether the run may go on only when this is on the disk.
    pub const fn must_be_durable(&self) -> bool {
        match self.event {
            Recorded::Started { .. }
            | Recorded::Intent { .. }
            | Recorded::Armed { .. }
            | Recorded::CompensationBegun { .. }
            | Recorded::CompensationEnded { .. }
            | Recorded::Disarmed { .. }
            | Recorded::Answered { .. }
            | Recorded::Ended { .. } => true,
            Recorded::Outcome { ref ending, .. } => !matches!(ending, Ending::Done),
            Recorded::Noted { .. } => false,
        }
    }
}

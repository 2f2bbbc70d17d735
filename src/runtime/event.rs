//! What happens during a run, as one stream. Progress, plain lines, JSON and telemetry observe it;
//! none of them can stop a run. What must not be lost goes to the journal instead.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::failure::Failure;
use super::outcome::Report;
use crate::catalog::Effect;
use crate::host::Stream;

/// Numbers scopes within a run.
pub type ScopeId = u64;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// Its id.
        run: Arc<str>,
        /// Its title.
        title: String,
        /// The environment's name.
        environment: Option<String>,
        /// How many steps and checks are written in it; loops may make more of them.
        total: usize,
    },
    /// A phase, step, check, compensation … begins.
    ScopeStarted(Rc<ScopeInfo>),
    /// A try of a poll, or a sample of a monitor, is over.
    Progress {
        /// Which.
        scope: Rc<ScopeInfo>,
        /// From one.
        attempt: u32,
        /// What was seen last: `auth_status = "degraded" (want "operational")`.
        seen: Option<String>,
        /// Since it began.
        elapsed: Duration,
        /// When it will be over at the latest.
        limit: Option<Duration>,
    },
    /// An action or command is about to run.
    EffectStarted {
        /// In which scope.
        scope: Rc<ScopeInfo>,
        /// One line of what it does.
        show: String,
        /// What it does to the world.
        effect: Effect,
        /// Its result is bound to a name: what it writes is data.
        bound: bool,
    },
    /// What takes a change back stands ready.
    Armed {
        /// The scope that declares it, or in which the change is.
        scope: Rc<ScopeInfo>,
        /// One line of what it will do.
        text: String,
        /// It gives back what is borrowed, however its phase ends.
        restores: bool,
    },
    /// Something was written by what runs.
    Output {
        /// In which scope.
        scope: Rc<ScopeInfo>,
        /// By which stream.
        stream: Stream,
        /// The bytes as they came, bad UTF-8 replaced.
        text: String,
    },
    /// A scope is over.
    ScopeEnded {
        /// Which.
        scope: Rc<ScopeInfo>,
        /// How.
        status: ScopeStatus,
        /// After how long.
        elapsed: Duration,
        /// A few words: a value, the reason it was skipped.
        detail: Option<String>,
    },
    /// A failure, once it is decided what happens next.
    Failed {
        /// What failed.
        failure: Rc<Failure>,
        /// What happens next.
        next: String,
    },
    /// One way of a condition that only a run will decide.
    Branch {
        /// `if revision == "x"`, `otherwise`.
        text: String,
        /// How deep.
        depth: usize,
    },
    /// `note`
    Note(String),
    /// `warn`
    Warning(String),
    /// A person is asked.
    Asked {
        /// What.
        question: String,
    },
    /// A person has answered.
    Answered {
        /// What was asked.
        question: String,
        /// What was said.
        answer: String,
        /// By whom.
        by: String,
    },
    /// A rollback begins.
    RollbackStarted {
        /// How many compensations are armed.
        compensations: usize,
    },
    /// The run is over.
    RunEnded(Rc<Report>),
}

/// What is known of a scope when it begins.
#[derive(Debug)]
pub struct ScopeInfo {
    /// Its number.
    pub id: ScopeId,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// How many scopes are around it.
    pub depth: usize,
    /// `phase`, `step`, `check`, …
    pub kind: &'static str,
    /// Its title with values put in.
    pub title: String,
    /// The greatest effect of anything in it.
    pub effect: Option<Effect>,
    /// `deploy.rbk:31`
    pub place: String,
}

/// How a scope ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeStatus {
    /// It did what it says.
    Passed,
    /// It was not run.
    Skipped,
    /// It failed.
    Failed,
    /// It failed, and the runbook says to go on.
    Accepted,
    /// It was stopped because something else failed, or somebody asked.
    Cancelled,
    /// Nobody knows whether its last effect happened.
    InDoubt,
}

impl ScopeStatus {
    /// As the record has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Accepted => "accepted",
            Self::Cancelled => "cancelled",
            Self::InDoubt => "in doubt",
        }
    }
}

/// Sees every event. Must return soon.
pub trait Observer {
    /// Called in the order in which things happen.
    fn observe(&self, event: &Event);
}

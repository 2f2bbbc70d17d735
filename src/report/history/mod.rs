//! The story of a run, read out of its record: what `rbk show` and `rbk report` tell.
//!
//! One reading for all of them: the entries make a tree of what happened, and beside it what is armed, taken back,
//! left and in doubt.

mod build;
mod growth;
pub mod json;
pub mod junit;
pub mod markdown;
mod next;
pub mod summary;
pub mod tree;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::catalog::Effect;
use crate::journal::entry::{Ended, Ending, ErrorEntry, FailureEntry, Position, QuestionEntry, Started, Verdict};
use crate::journal::store::{RunSummary, Standing};

pub use build::Builder;
pub use next::next;

/// A run, as its record tells it.
#[derive(Debug)]
pub struct History {
    /// How it began.
    pub started: Started,
    /// When.
    pub begun: Timestamp,
    /// When the last entry was written.
    pub last: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// What happened, in order.
    pub story: Vec<Node>,
    /// Everything that was ever armed, in the order in which it was.
    pub compensations: Vec<Compensation>,
    /// Effects of which nobody knows whether they happened.
    pub doubts: Vec<Doubt>,
    /// Questions without an answer.
    pub open_questions: Vec<QuestionEntry>,
    /// How it ended, if it did.
    pub ended: Option<Ended>,
    /// How many steps and checks ended well, were skipped, failed.
    pub counts: Counts,
}

/// How the steps and checks ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Well.
    pub passed: usize,
    /// Were not run.
    pub skipped: usize,
    /// Not well.
    pub failed: usize,
}

/// Something that happened, and what happened within it.
#[derive(Debug)]
pub struct Node {
    /// When it began.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// Within it.
    pub children: Vec<Node>,
    /// How many of those within it ended well and are not told one by one.
    pub folded: usize,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A phase, a step, a check, …
    Scope(Scope),
    /// A changing effect.
    Effect(EffectTold),
    /// A person was asked.
    Question {
        /// What.
        question: QuestionEntry,
        /// What was said, if somebody said something.
        answer: Option<AnswerTold>,
    },
    /// Something failed.
    Failure {
        /// Why.
        failure: Box<FailureEntry>,
        /// What happened next.
        next: String,
    },
    /// A guard or a monitor tripped.
    Tripped(Box<FailureEntry>),
    /// `note`, `warn`
    Note {
        /// The text.
        text: String,
        /// `warn`
        warning: bool,
    },
    /// It waited.
    Wait {
        /// Until when.
        until: Timestamp,
    },
    /// A deadline passed.
    Deadline,
    /// Somebody went on with the run.
    Resumed {
        /// Who.
        by: String,
        /// `resume`, `rollback`
        how: String,
    },
    /// Somebody who steps through the run did something at a stop.
    Steered {
        /// Who; nobody is named who stopped a step by hand.
        by: Option<String>,
        /// In words: `typed: …`, `left out the next step: why`
        what: String,
    },
    /// Somebody asked it to stop.
    Stop {
        /// `SIGINT`
        what: String,
        /// How often by then.
        times: u32,
    },
    /// Compensations that need not run any more.
    Disarmed {
        /// How many.
        count: usize,
        /// Why.
        why: String,
    },
    /// A scope, or the run, is taken back.
    Rollback {
        /// Why; `None` for a scope.
        why: Option<Box<FailureEntry>>,
        /// How many compensations there were.
        count: Option<usize>,
    },
    /// A compensation ran.
    Compensation(Position, CompensationTold),
}

/// A scope.
#[derive(Debug)]
pub struct Scope {
    /// The number of the entry that it began with.
    pub entry: u64,
    /// `phase`, `step`, …
    pub kind: String,
    /// Its title.
    pub title: String,
    /// `deploy.rbk:12`
    pub place: String,
    /// What it does to the world.
    pub effect: Option<Effect>,
    /// `passed`, …; `None` while it runs, or when its end was not recorded.
    pub status: Option<String>,
    /// A few words.
    pub detail: Option<String>,
    /// How long it took.
    pub elapsed: Option<Duration>,
    /// Reading effects in it.
    pub reads: u64,
    /// The last of them that failed.
    pub failed_read: Option<String>,
}

/// A changing effect.
#[derive(Debug)]
pub struct EffectTold {
    /// Where.
    pub pos: Position,
    /// Titles of the scopes around it.
    pub path: Vec<Arc<str>>,
    /// One line of what it does.
    pub summary: String,
    /// What it does to the world.
    pub class: Effect,
    /// From one.
    pub attempt: u32,
    /// By what the other side knows a second try.
    pub key: String,
    /// How it ended, if that is known.
    pub ending: Option<Ending>,
    /// When.
    pub until: Option<Timestamp>,
    /// What was decided about it: the verdict, and by whom.
    pub decided: Option<(Verdict, String)>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct AnswerTold {
    /// What was said.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Pasted text, named files.
    pub evidence: Vec<String>,
}

/// A compensation that ran.
#[derive(Debug)]
pub struct CompensationTold {
    /// What it does.
    pub text: String,
    /// Titles of the scopes in which it was armed.
    pub path: Vec<Arc<str>>,
    /// When it ended, and why it failed if it did.
    pub ended: Option<(Timestamp, Option<String>)>,
}

/// What takes something back.
#[derive(Clone, Debug)]
pub struct Compensation {
    /// Its name in the record.
    pub pos: Position,
    /// What it does.
    pub text: String,
    /// Titles of the scopes in which it was armed.
    pub path: Vec<Arc<str>>,
    /// Names and values it captured.
    pub captures: Vec<(Arc<str>, String)>,
    /// What became of it.
    pub fate: Fate,
    /// What it takes back may not have happened.
    pub in_doubt: bool,
}

/// What became of a compensation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits.
    Armed,
    /// It began, and no end is on record.
    Running,
    /// It did what it says.
    Done,
    /// It did not.
    Failed {
        /// Why.
        why: String,
        /// What a person can type instead.
        commands: Option<String>,
    },
    /// It need not run.
    Disarmed(String),
}

/// An effect of which nobody knows whether it happened.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Titles of the scopes around it.
    pub path: Vec<Arc<str>>,
    /// What it does.
    pub summary: String,
    /// What was said; `None` if its outcome is not on record.
    pub error: Option<ErrorEntry>,
}

impl History {
    /// Reads a record: to be fed with its entries, in order.
    pub fn builder(summary: &RunSummary) -> Builder {
        Builder::new(summary)
    }

    /// Its status in a word or two.
    pub fn status(&self) -> &str {
        match &self.standing {
            Standing::Running(_) => "running",
            Standing::Broken => "broken off",
            Standing::Ended(status) => status,
            Standing::Damaged(_) => "damaged",
        }
    }

    /// How long it took, or has taken until now.
    pub fn elapsed(&self) -> Duration {
        match &self.ended {
            Some(ended) => ended.elapsed,
            None => since(self.begun, self.last),
        }
    }

    /// Compensations with this fate.
    pub fn with_fate(&self, is: impl Fn(&Fate) -> bool) -> Vec<&Compensation> {
        self.compensations.iter().filter(|one| is(&one.fate)).collect()
    }
}

/// From one time to another; nothing if a clock was set back in between.
fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// `Deploy / second step: $ b`
fn with_path(path: &[Arc<str>], text: &str) -> String {
    if path.is_empty() { text.to_owned() } else { format!("{}: {text}", path.join(" / ")) }
}

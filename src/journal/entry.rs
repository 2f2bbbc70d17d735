//! What is recorded of a run. The forms here are the file format: see [`FORMAT`].

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::approvers::Approvers;
use super::store::StoredSource;
use crate::catalog::Effect;

/// The version of these forms. A record of another one is refused and left as it was.
pub const FORMAT: u32 = 1;

/// A place in the story of a run, the same each time that the record is gone through again: the line of
/// execution, and the how-manieth thing on it that only the record can tell again.
///
/// Lines are named by where they leave their parent: `0` is the run's own, `0/12.3` the fourth parallel
/// branch of what stands at 12, `0/12h` a handler, `0/12u` a compensation, `0/12f` a `finally`, `0/12s` a stop at
/// which somebody steers, `0/12s/0t` the first thing that was typed there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line of execution.
    pub line: Arc<str>,
    /// From zero.
    pub at: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.at)
    }
}

/// What is recorded, each with the time at which it happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: jiff::Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Recorded,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Recorded {
    /// A run began.
    Started(Box<Started>),
    /// Somebody went on with it, or took it back, after it had stopped.
    Resumed {
        /// Who.
        by: String,
        /// `resume` or `rollback`
        how: String,
        /// Numbers of entries that do not count any more: what failed and is tried again.
        forgets: Vec<u64>,
        /// The runbook from here on, if edits were adopted: its main file first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sources: Vec<StoredSource>,
    },
    /// A phase, a step, a check and the like began.
    ScopeBegan {
        /// Where.
        pos: Position,
        /// How deep it is nested, from zero.
        depth: usize,
        /// `phase`, `step`, `check`, …
        kind: String,
        /// Its title, values put in.
        title: String,
        /// `deploy.rbk:12`
        place: String,
        /// What it does to the world, if it does anything.
        effect: Option<Effect>,
    },
    /// It ended.
    ScopeEnded {
        /// Where it began.
        pos: Position,
        /// `passed`, `skipped`, `failed`, `accepted`, `cancelled`, `in doubt`
        status: String,
        /// Why it was skipped, what was last seen.
        detail: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// A changing effect is about to run, and what will take it back is armed.
    Intent {
        /// Where.
        pos: Position,
        /// Titles of the scopes around it, iterations included.
        path: Vec<Arc<str>>,
        /// From one.
        attempt: u32,
        /// The action's name; `$` for a command.
        action: Arc<str>,
        /// One line of what it does, secrets masked.
        summary: String,
        /// SHA-256 of the arguments, in hex, secrets masked.
        arguments: String,
        /// What it does to the world.
        class: Effect,
        /// By what the other side knows a second try as such.
        key: String,
        /// Whether trying it again does no harm: it is keyed, or the same twice is the same once.
        repeatable: bool,
        /// Armed in the same breath.
        armed: Vec<ArmedEntry>,
        /// What the action's own inverse will put back.
        before: Option<Recall>,
    },
    /// How a changing effect ended.
    Outcome {
        /// Where its intent stands.
        pos: Position,
        /// How.
        ending: Ending,
        /// What it returned, if that is bound to a name.
        value: Option<Recall>,
        /// Armed by what it returned.
        armed: Vec<ArmedEntry>,
    },
    /// A reading effect whose result the rest may depend on.
    Read {
        /// Where.
        pos: Position,
        /// The action's name; `$` for a command.
        action: Arc<str>,
        /// One line of what it did.
        summary: String,
        /// How it ended.
        ending: Ending,
        /// What it returned.
        value: Option<Recall>,
    },
    /// A check or a monitor is over: what came of it, and the names that it bound.
    Observed {
        /// Where.
        pos: Position,
        /// Why it failed; `None` if it did not.
        failure: Option<Box<FailureEntry>>,
        /// Slots and their values.
        binds: Vec<(u32, Recall)>,
        /// `skip`, with its reason
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        skipped: Option<Option<String>>,
    },
    /// A person is being asked.
    Asked {
        /// Where.
        pos: Position,
        /// What.
        question: QuestionEntry,
    },
    /// A person answered.
    Answered {
        /// Where.
        pos: Position,
        /// What was asked.
        question: String,
        /// What was said.
        answer: String,
        /// By whom.
        by: String,
        /// Pasted text, named files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<String>,
        /// When it was left with the record, if it came from another terminal: none counts twice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left: Option<jiff::Timestamp>,
    },
    /// The operator decided about an effect of which nobody knew whether it happened.
    Decided {
        /// The effect.
        pos: Position,
        /// What is taken for true from here on.
        verdict: Verdict,
        /// `probe`, `key`, or a person.
        by: String,
        /// What a person said that it returned.
        value: Option<Recall>,
    },
    /// `wait` began.
    WaitBegan {
        /// Where.
        pos: Position,
        /// Until when.
        until: jiff::Timestamp,
    },
    /// The deadline of a scope passed.
    DeadlinePassed {
        /// Where.
        pos: Position,
    },
    /// A guard tripped.
    Tripped {
        /// Where the guard stands.
        pos: Position,
        /// Why.
        failure: Box<FailureEntry>,
    },
    /// The clock of the run was read (`run.elapsed`).
    ClockRead {
        /// Where.
        pos: Position,
        /// What it showed.
        elapsed: Duration,
    },
    /// The scratch folder of the run.
    Scratch {
        /// Its path.
        path: String,
    },
    /// Something failed: what a person was told.
    Failed {
        /// Why.
        failure: Box<FailureEntry>,
        /// What happened next.
        next: String,
    },
    /// Compensations armed by a name that was bound later than any effect.
    Armed {
        /// Where.
        pos: Position,
        /// Which.
        armed: Vec<ArmedEntry>,
    },
    /// Compensations that need not run any more.
    Disarmed {
        /// Where.
        pos: Position,
        /// Which.
        compensations: Vec<Position>,
        /// Why: a point of no return, or a person took it back.
        why: String,
    },
    /// A scope is being taken back, and will be begun anew if it is tried again.
    UndoBegan {
        /// Where the scope began.
        pos: Position,
    },
    /// The run is being taken back.
    RollbackBegan {
        /// Why.
        failure: Box<FailureEntry>,
        /// How many compensations are to run.
        compensations: usize,
    },
    /// A compensation is about to run.
    CompensationBegan {
        /// Which.
        compensation: Position,
        /// One line of what it does.
        text: String,
        /// Titles of the scopes in which it was armed.
        path: Vec<Arc<str>>,
    },
    /// How it ended.
    CompensationEnded {
        /// Which.
        compensation: Position,
        /// `None`: it did what it says.
        failure: Option<String>,
        /// Its source as commands that a person can type, if it failed.
        commands: Option<String>,
        /// The effect that it takes back may not have happened.
        in_doubt: bool,
    },
    /// `note`
    Noted {
        /// Where.
        pos: Position,
        /// The text.
        text: String,
        /// `warn`
        warning: bool,
    },
    /// Somebody who steps through the run did something at a stop.
    Steered {
        /// Where.
        pos: Position,
        /// Who.
        by: String,
        /// What.
        steer: Steer,
    },
    /// What was done there came to its end; the run stands at the same stop.
    SteeredEnded {
        /// Where it was done.
        pos: Position,
        /// Why it failed; `None` if it did not.
        failure: Option<String>,
    },
    /// A step was stopped by hand, and the run was not.
    StepStopped {
        /// Where.
        pos: Position,
    },
    /// A signal, or another request to stop.
    StopAsked {
        /// `SIGINT`
        what: String,
        /// How often by now.
        times: u32,
    },
    /// The run is over, or suspended.
    Ended(Box<Ended>),
}

/// What somebody does at a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Steer {
    /// Statements were typed, and run.
    Type {
        /// As typed.
        text: String,
    },
    /// A name got another value.
    Set {
        /// `name = value`
        text: String,
    },
    /// The step before, or the one that failed, runs again.
    Again,
    /// The newest of what is armed is taken back.
    Undo {
        /// How many.
        count: usize,
    },
    /// The next step is left out.
    Skip {
        /// Why.
        why: String,
    },
    /// The failure of a step is accepted.
    Accept {
        /// Why.
        why: String,
    },
    /// The run is left: to be gone on with, as it stands, or to be taken back.
    Leave {
        /// `pause`, `leave`, `roll back`, or the signal that ended it
        how: String,
    },
}

/// How a run began: all that going through it again needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Its id.
    pub run: Arc<str>,
    /// Its title.
    pub title: String,
    /// The file, as it was named.
    pub file: String,
    /// The environment's name.
    pub environment: Option<String>,
    /// Who started it.
    pub actor: String,
    /// The machine.
    pub host: String,
    /// The working directory.
    pub cwd: String,
    /// The version of rbk.
    pub version: String,
    /// SHA-256 over the sources, the environment and the parameters: what an approval is bound to.
    pub plan: String,
    /// Parameters as they were given, by name.
    pub params: Vec<(String, Recall)>,
    /// `--from`
    pub from: Option<String>,
    /// `--until`
    pub until: Option<String>,
    /// `--only`
    pub only: Vec<String>,
    /// `--on-fail`
    pub on_fail: String,
    /// `--yes`
    pub yes: bool,
    /// `--approve`
    pub approve: Vec<String>,
    /// `--answer`
    pub answers: Vec<String>,
    /// `--step`: each stop has a place in the story.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stepped: bool,
    /// The name that its header locks.
    pub lock: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// `succeeded`, `finished early`, `failed`, `rolled back`, `rollback incomplete`, `paused`, `interrupted`
    pub status: String,
    /// Why it failed.
    pub failure: Option<FailureEntry>,
    /// Why it ended early.
    pub reason: Option<String>,
    /// After how long, the time in which it was not running left out.
    pub elapsed: Duration,
    /// What is still armed, one line each, newest first.
    pub armed: Vec<String>,
    /// Steps that changed something and say no way back.
    pub without_inverse: Vec<String>,
    /// Effects that nobody knows the outcome of.
    pub in_doubt: Vec<String>,
}

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recall {
    /// The value, as `value::codec` writes it.
    Value(serde_json::Value),
    /// It was a secret, or held one, and is not on record.
    Withheld,
}

/// A compensation that is armed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ArmedEntry {
    /// Its name in this record.
    pub compensation: Position,
    /// One line of what it will do.
    pub text: String,
    /// The names it captured and their values for people, secrets masked.
    pub captures: Vec<(Arc<str>, String)>,
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It happened.
    Done,
    /// It failed.
    Failed(ErrorEntry),
    /// Nobody knows whether it happened.
    Unknown(ErrorEntry),
}

/// What an action said when it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEntry {
    /// In words.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What the other side said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// It was stopped from outside: a deadline, a sibling, a guard, a signal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// It was stopped before it could have had an effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_begun: bool,
}

/// What is taken for true of an effect in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It happened.
    Happened,
    /// It did not, and is run.
    DidNot,
    /// It runs again, whether it happened or not.
    Again,
}

/// A question as it is kept, for `rbk show` and `rbk approve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionEntry {
    /// `confirm`, `tick`, `manual`, `choose`, `text`, `secret`, `approve`, `type`, `decide`
    pub kind: String,
    /// The question.
    pub text: String,
    /// More to read before answering.
    pub details: Vec<String>,
    /// The answers to choose from; who may approve; the word to type.
    pub options: Vec<String>,
    /// Titles of the scopes around it.
    pub path: Vec<Arc<str>>,
    /// Until when an approval may be given.
    pub expires: Option<jiff::Timestamp>,
    /// Who may approve, if that is the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Approvers>,
}

/// A failure as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureEntry {
    /// `assert`, `action`, `timeout`, …
    pub kind: String,
    /// One sentence.
    pub message: String,
    /// `deploy.rbk:12:3`
    pub place: String,
    /// File, first byte, one past the last.
    pub span: (u32, u32, u32),
    /// What the labels say: the values that were measured.
    pub labels: Vec<(u32, u32, u32, String)>,
    /// What to do.
    pub help: Option<String>,
    /// Titles of the scopes around it.
    pub path: Vec<Arc<str>>,
    /// Where the measured values came from.
    pub evidence: Vec<String>,
    /// What the author says about it.
    pub because: Option<String>,
    /// What the other side wrote.
    pub output: Option<String>,
    /// Nobody knows whether the effect happened.
    pub in_doubt: bool,
    /// One line for progress.
    pub seen: Option<String>,
}

impl Recorded {
    /// Whether the run may go on only when this is on the disk. The others share the commit of the next that must.
    pub const fn must_be_durable(&self) -> bool {
        match self {
            Self::Started(_)
            | Self::Resumed { .. }
            | Self::Intent { .. }
            | Self::Asked { .. }
            | Self::Answered { .. }
            | Self::Decided { .. }
            | Self::WaitBegan { .. }
            | Self::Armed { .. }
            | Self::Disarmed { .. }
            | Self::UndoBegan { .. }
            | Self::RollbackBegan { .. }
            | Self::CompensationBegan { .. }
            | Self::CompensationEnded { .. }
            | Self::Steered { .. }
            | Self::Ended(_) => true,
            Self::Outcome { ending, .. } => !matches!(ending, Ending::Done),
            Self::ScopeBegan { .. }
            | Self::ScopeEnded { .. }
            | Self::Read { .. }
            | Self::Observed { .. }
            | Self::DeadlinePassed { .. }
            | Self::Tripped { .. }
            | Self::ClockRead { .. }
            | Self::Scratch { .. }
            | Self::Failed { .. }
            | Self::SteeredEnded { .. }
            | Self::StepStopped { .. }
            | Self::StopAsked { .. }
            | Self::Noted { .. } => false,
        }
    }
}

/// A field that is there, if only as `null`: without it, a `skip` that gives no reason is read back as none.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_without_a_reason_is_read_back_as_one() {
        for skipped in [None, Some(None), Some(Some("not today".to_owned()))] {
            let pos = Position { line: "0".into(), at: 7 };
            let event = Recorded::Observed { pos, failure: None, binds: Vec::new(), skipped: skipped.clone() };
            let text = serde_json::to_string(&Entry { at: jiff::Timestamp::UNIX_EPOCH, event }).unwrap();
            let Recorded::Observed { skipped: read, .. } = serde_json::from_str::<Entry>(&text).unwrap().event else {
                panic!("{text}")
            };
            assert_eq!(read, skipped, "{text}");
        }
    }
}

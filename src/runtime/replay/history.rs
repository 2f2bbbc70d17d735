//! What a record says that steers the story, line by line, and what it says has been done once and for all.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::forget;
use crate::journal::{Ending, Entry, Position, Recorded, Started, Steer};

/// An entry with its number: a record may hold a million, and is gone through more than once.
pub type Numbered = (u64, Rc<Entry>);

/// What going through a run again needs to know of it.
#[derive(Debug, Default)]
pub struct History {
    /// What each line met, in order.
    pub(super) lines: HashMap<Arc<str>, VecDeque<Step>>,
    /// What came of the intents that were met.
    pub(super) outcomes: HashMap<Position, Numbered>,
    /// The numbers of all entries of the story that are met, in order.
    pub(super) order: VecDeque<u64>,
    /// The same for each compensation of the rollback, and each `finally` at the end, by its line: they do not wait
    /// for each other.
    pub(super) later_order: HashMap<Arc<str>, VecDeque<u64>>,
    /// Compensations that did their work.
    pub(super) taken_back: HashSet<Position>,
    /// Scopes whose end is on record, and was a good one.
    pub(super) ended_well: HashSet<Position>,
    /// Scopes whose beginning is on record.
    pub(super) began: HashSet<Position>,
    /// Where the rollback begins, if one did.
    pub(super) rollback: Option<u64>,
    /// Who took it back and how it is called, if it was not the runbook itself.
    pub(super) by_hand: Option<String>,
    /// Where the scratch folder is.
    pub(super) scratch: Option<String>,
    /// What was given back when the run stopped, and is not borrowed any more.
    pub(super) given_back: Vec<String>,
    /// For how long it ran before.
    pub(super) elapsed: std::time::Duration,
    /// When the run began.
    pub(super) started: Option<jiff::Timestamp>,
}

/// Something that a line met.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: u32,
    /// When it is its turn.
    pub(super) number: u64,
    entry: Rc<Entry>,
    /// What came of an intent, and when that is its turn.
    pub(super) outcome: Option<Numbered>,
}

impl Step {
    /// What was met.
    pub(super) fn what(&self) -> &Recorded {
        &self.entry.event
    }

    /// What was met, to be gone on with.
    pub(super) fn into_what(self) -> Recorded {
        Rc::unwrap_or_clone(self.entry).event
    }

    fn came_of_it(&self) -> Option<&Recorded> {
        self.outcome.as_ref().map(|(_, entry)| &entry.event)
    }
}

impl History {
    /// The queue that entries of a line stand in.
    pub(super) fn order_of(&mut self, line: &str) -> &mut VecDeque<u64> {
        match forget::section_of(line).and_then(|section| self.later_order.get_mut(section)) {
            Some(order) => order,
            None => &mut self.order,
        }
    }

    /// Whether a line is that of something typed that came to its end: it stays as it is.
    pub(super) fn is_over(&self, line: &str) -> bool {
        forget::lines_around(line).any(|around| {
            let Some((parent, place)) = forget::typed_at(around) else { return false };
            let step = self.lines.get(parent).and_then(|steps| steps.iter().find(|step| step.at == place));
            step.is_some_and(|step| step.outcome.is_some())
        })
    }

    /// Whether somebody, and not the runbook itself, has the run taken back.
    pub const fn is_taken_back_by_hand(&self) -> bool {
        self.by_hand.is_some()
    }

    /// From all entries of a run, the forgotten ones included.
    pub fn new(entries: &[Numbered]) -> Self {
        let gone: HashSet<u64> = entries
            .iter()
            .filter_map(|(_, entry)| match &entry.event {
                Recorded::Resumed { forgets, .. } => Some(forgets.iter().copied()),
                _ => None,
            })
            .flatten()
            .collect();
        let mut history = Self { elapsed: elapsed(entries), ..Self::default() };
        history.started = entries.first().map(|(_, entry)| entry.at);
        let mut steps: BTreeMap<(Arc<str>, u32), Step> = BTreeMap::new();
        for (number, entry) in entries.iter().filter(|(number, _)| !gone.contains(number)) {
            history.add(*number, entry, &mut steps);
        }
        history.settle(steps, entries);
        history
    }

    fn add(&mut self, number: u64, entry: &Rc<Entry>, steps: &mut BTreeMap<(Arc<str>, u32), Step>) {
        let mut meets = |pos: &Position| {
            let step = Step { at: pos.at, number, entry: Rc::clone(entry), outcome: None };
            steps.insert((Arc::clone(&pos.line), pos.at), step);
        };
        match &entry.event {
            Recorded::Intent { pos, .. }
            | Recorded::Read { pos, .. }
            | Recorded::Observed { pos, .. }
            | Recorded::Answered { pos, .. }
            | Recorded::WaitBegan { pos, .. }
            | Recorded::DeadlinePassed { pos }
            | Recorded::Tripped { pos, .. }
            | Recorded::ClockRead { pos, .. }
            | Recorded::Armed { pos, .. }
            | Recorded::Disarmed { pos, .. }
            | Recorded::Steered { pos, .. }
            | Recorded::StepStopped { pos }
            | Recorded::Noted { pos, .. } => meets(pos),
            Recorded::Outcome { pos, .. } | Recorded::Decided { pos, .. } | Recorded::SteeredEnded { pos, .. } => {
                if let Some(step) = steps.get_mut(&(Arc::clone(&pos.line), pos.at)) {
                    step.outcome = Some((number, Rc::clone(entry)));
                }
            }
            Recorded::ScopeBegan { pos, .. } => drop(self.began.insert(pos.clone())),
            Recorded::ScopeEnded { pos, status, .. } => {
                if matches!(status.as_str(), "passed" | "skipped" | "accepted") {
                    self.ended_well.insert(pos.clone());
                }
            }
            Recorded::CompensationEnded { compensation, failure: None, .. } => {
                self.taken_back.insert(compensation.clone());
            }
            Recorded::RollbackBegan { .. } => self.rollback = Some(number),
            Recorded::Resumed { by, how, .. } if how == "rollback" => self.by_hand = Some(by.clone()),
            Recorded::Scratch { path } => self.scratch = Some(path.clone()),
            Recorded::Started(_)
            | Recorded::Resumed { .. }
            | Recorded::Asked { .. }
            | Recorded::Failed { .. }
            | Recorded::UndoBegan { .. }
            | Recorded::CompensationBegan { .. }
            | Recorded::CompensationEnded { .. }
            | Recorded::StopAsked { .. }
            | Recorded::Ended(_) => {}
        }
    }

    /// Leaves out what is never met again: lines of compensations that are done, of checks, of the end of the run.
    fn settle(&mut self, steps: BTreeMap<(Arc<str>, u32), Step>, entries: &[Numbered]) {
        let done: HashSet<String> = self.taken_back.iter().map(|pos| format!("{}/{}u", pos.line, pos.at)).collect();
        let (mut order, mut later_order) = (Vec::new(), HashMap::<Arc<str>, Vec<u64>>::new());
        for ((line, _), step) in steps {
            if forget::never_met(&line) || forget::lines_around(&line).any(|around| done.contains(around)) {
                continue;
            }
            let is_later = |section: &&str| {
                forget::is_of_the_end(section) || self.rollback.is_some_and(|rollback| step.number > rollback)
            };
            let order = match forget::section_of(&line).filter(is_later) {
                Some(section) => later_order.entry(section.into()).or_default(),
                None => &mut order,
            };
            order.push(step.number);
            order.extend(step.outcome.as_ref().map(|(number, _)| *number));
            self.lines.entry(line).or_default().push_back(step);
        }
        let kept = self.lines.values().flatten().filter(|step| is_kept(step));
        let last_kept = kept.map(|step| step.outcome.as_ref().map_or(step.number, |(number, _)| *number)).max();
        for (number, entry) in entries {
            if let Recorded::CompensationBegan { compensation, text, .. } = &entry.event
                && self.taken_back.contains(compensation)
                && last_kept.is_none_or(|last| *number > last)
                && self.rollback.is_none()
            {
                self.given_back.push(text.clone());
            }
        }
        let sorted = |mut order: Vec<u64>| {
            order.sort_unstable();
            order.into()
        };
        self.order = sorted(order);
        self.later_order = later_order.into_iter().map(|(line, order)| (line, sorted(order))).collect();
    }
}

/// What steers a line is worth keeping when what failed after it is tried again.
pub(super) fn is_kept(step: &Step) -> bool {
    match (step.what(), step.came_of_it()) {
        (Recorded::Intent { .. }, Some(Recorded::Outcome { ending: Ending::Done, .. })) => true,
        (Recorded::Intent { .. }, Some(Recorded::Decided { verdict, .. })) => {
            *verdict == crate::journal::Verdict::Happened
        }
        (Recorded::Observed { failure, .. }, _) => failure.is_none(),
        (Recorded::Answered { answer, .. }, _) => !matches!(answer.to_lowercase().as_str(), "no" | "n"),
        (Recorded::Armed { .. } | Recorded::Disarmed { .. }, _) => true,
        // What came to its end at a stop is history, whatever came of it.
        (Recorded::Steered { steer, .. }, ended) => match steer {
            Steer::Type { .. } | Steer::Set { .. } | Steer::Undo { .. } => ended.is_some(),
            Steer::Again | Steer::Skip { .. } | Steer::Accept { .. } => true,
            Steer::Leave { .. } => false,
        },
        _ => false,
    }
}

/// Whether nobody knows if the effect of a step happened.
pub(super) fn is_in_doubt(step: &Step) -> bool {
    match (step.what(), step.came_of_it()) {
        (Recorded::Intent { .. }, None) => true,
        (Recorded::Intent { .. }, Some(Recorded::Outcome { ending: Ending::Unknown(_), .. })) => true,
        (Recorded::Intent { .. }, Some(Recorded::Decided { verdict, .. })) => {
            *verdict != crate::journal::Verdict::Happened
        }
        _ => false,
    }
}

/// How long a run has run, the time in which it lay still left out.
fn elapsed(entries: &[Numbered]) -> std::time::Duration {
    let mut all = std::time::Duration::ZERO;
    let mut begun = None;
    let mut last = None;
    for (_, entry) in entries {
        if matches!(entry.event, Recorded::Started(_) | Recorded::Resumed { .. }) {
            if let (Some(begun), Some(last)) = (begun, last) {
                all += between(begun, last);
            }
            begun = Some(entry.at);
        }
        last = Some(entry.at);
    }
    if let (Some(begun), Some(last)) = (begun, last) {
        all += between(begun, last);
    }
    all
}

fn between(from: jiff::Timestamp, to: jiff::Timestamp) -> std::time::Duration {
    std::time::Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// How the run began, from its first entry.
pub fn started(entries: &[Numbered]) -> Option<&Started> {
    entries.iter().find_map(|(_, entry)| match &entry.event {
        Recorded::Started(started) => Some(&**started),
        _ => None,
    })
}

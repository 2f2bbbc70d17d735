//! What of a record does not count any more when a run that ended is gone on with.
//!
//! A run that failed, was held or paused is resumed where it stopped: what failed is tried again, and everything
//! that was done before stays done. So each line loses its end, from behind the last thing that was done for
//! good; an effect in doubt stays, since somebody has to decide about it. What ran because of the failure (its
//! handler, `finally`) goes whole. A line is left as it is where the story went on after it: what failed in it was
//! accepted, tolerated, or tried again with success.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::history::{History, Numbered, Step, is_in_doubt, is_kept};
use crate::journal::{Position, Recorded, Steer};

/// The line of what runs at the end of a run: its `finally`.
pub(in crate::runtime) const AT_THE_END: &str = "end";

/// Lines that are not gone through again: what checks, monitors, guards and background processes did.
pub(super) fn never_met(line: &str) -> bool {
    line.split('/').skip(1).any(|part| part.ends_with(['o', 'g', 'b']))
}

/// A line and those that it left, innermost first.
pub(super) fn lines_around(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let current = rest?;
        rest = current.rfind('/').map(|at| &current[..at]);
        Some(current)
    })
}

/// Where a line left its parent, and for what: `0/12.3` left `0` at 12 for a branch, `0/12h` for a handler.
fn departure(line: &str) -> Option<(&str, u32, char)> {
    let (parent, part) = line.rsplit_once('/')?;
    Some((parent, place_of(part), part.chars().find(|c| !c.is_ascii_digit()).unwrap_or('.')))
}

/// Where something was typed whose line this is.
pub(super) fn typed_at(line: &str) -> Option<(&str, u32)> {
    departure(line).filter(|(_, _, what)| *what == 't').map(|(parent, at, _)| (parent, at))
}

/// The place at which a line left another, from what its name has more than that one's.
pub(super) fn place_of(part: &str) -> u32 {
    let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    part[..digits].parse().unwrap_or(u32::MAX)
}

/// The entries of a run that ended which do not count any more when it is resumed.
pub fn for_resume(entries: &[Numbered]) -> Vec<u64> {
    let history = History::new(entries);
    let done = Marks::of(&history, is_kept);
    let counts = Marks::of(&history, |step| is_kept(step) || is_in_doubt(step));
    let mut gone = Gone::default();
    let open = |line: &&Arc<str>| !done.went_on_after(line) && !history.is_over(line);
    for (line, steps) in history.lines.iter().filter(|(line, _)| open(line)) {
        if let Some((_, _, 'h' | 'f' | 'e')) = departure(line) {
            gone.add(line, 0);
            continue;
        }
        let last = counts.last.get(line).copied();
        let story = steps.iter().filter(|step| !is_about_a_scope(step));
        if let Some(first) = story.map(|step| step.at).find(|at| last.is_none_or(|last| *at > last)) {
            gone.add(line, first);
        }
        // An effect whose failure left it in doubt is decided about.
        gone.add_doubt(steps);
        // A deadline or a guard has its place where its scope begins; when it spoke is told by its number.
        let last_number = steps.iter().filter(|step| is_kept(step)).map(|step| step.number).max();
        let spoke_last = |step: &&Step| is_about_a_scope(step) && last_number.is_none_or(|last| step.number > last);
        gone.entries.extend(steps.iter().filter(spoke_last).map(|step| step.number));
    }
    for (_, entry) in entries {
        // What `on_fail undo` took back is begun anew, unless the story went on after it.
        if let Recorded::UndoBegan { pos } = &entry.event
            && !done.beyond(&pos.line, pos.at)
            && !done.went_on_after(&pos.line)
        {
            gone.add(&pos.line, pos.at);
        }
    }
    numbers(entries, &gone)
}

/// The entries that do not count any more when a run is gone on with that was left at a stop: what came of leaving it.
/// The run leads to the very same stop. `None`: it was not left so.
pub fn for_left(entries: &[Numbered]) -> Option<Vec<u64>> {
    let since = entries.iter().rev().take_while(|(_, entry)| !matches!(entry.event, Recorded::Resumed { .. }));
    let left = since.into_iter().find_map(|(number, entry)| match &entry.event {
        Recorded::Steered { steer: Steer::Leave { .. }, .. } => Some(*number),
        _ => None,
    })?;
    let later = entries.iter().filter(|(number, entry)| *number >= left && position_of(&entry.event).is_some());
    Some(later.map(|(number, _)| *number).collect())
}

/// The entries that do not count any more when a run that ended is taken back: what ran at its end, and what
/// failed in compensations.
pub fn for_rollback(entries: &[Numbered]) -> Vec<u64> {
    let history = History::new(entries);
    let mut gone = Gone::default();
    for (line, steps) in &history.lines {
        let of_the_end = lines_around(line).any(is_of_the_end);
        let of_compensation = lines_around(line).any(|around| matches!(departure(around), Some((_, _, 'u'))));
        if of_the_end {
            gone.add(line, 0);
        } else if of_compensation {
            gone.add_failure(line, steps);
        }
    }
    numbers(entries, &gone)
}

/// Whether a run was about to be held when it was killed: it goes on like one that was.
pub fn was_stopping(entries: &[Numbered]) -> bool {
    let rolled_back = entries.iter().any(|(_, entry)| matches!(entry.event, Recorded::RollbackBegan { .. }));
    let since = entries.iter().rev().take_while(|(_, entry)| !matches!(entry.event, Recorded::Resumed { .. }));
    !rolled_back && since.into_iter().any(|(_, entry)| matches!(entry.event, Recorded::StopAsked { .. }))
}

/// The entries that do not count any more when a run goes on that was killed: of compensations that failed before
/// others ran, and are tried again.
pub fn for_broken(entries: &[Numbered]) -> Vec<u64> {
    let failed = failed_in_rollback(entries);
    if failed.is_empty() {
        return Vec::new();
    }
    let history = History::new(entries);
    let mut gone = Gone::default();
    for (line, steps) in &history.lines {
        if lines_around(line).any(|around| failed.contains(around)) {
            gone.add_failure(line, steps);
        }
    }
    numbers(entries, &gone)
}

/// The lines of compensations that failed while the run was taken back, and did not succeed since.
fn failed_in_rollback(entries: &[Numbered]) -> BTreeSet<String> {
    let mut rolls_back = false;
    let mut failed = BTreeSet::new();
    for (_, entry) in entries {
        match &entry.event {
            Recorded::RollbackBegan { .. } => rolls_back = true,
            Recorded::CompensationEnded { compensation: Position { line, at }, failure, .. } if rolls_back => {
                let line = format!("{line}/{at}u");
                if failure.is_some() {
                    failed.insert(line);
                } else {
                    failed.remove(&line);
                }
            }
            _ => {}
        }
    }
    failed
}

/// What a line belongs to, of that which comes after the story: the line of a compensation, or of a `finally` that
/// runs at the end.
pub(super) fn section_of(line: &str) -> Option<&str> {
    lines_around(line).filter(|around| is_of_the_end(around) || matches!(departure(around), Some((_, _, 'u')))).last()
}

/// Whether a line is that of what runs at the end of the run.
pub(super) fn is_of_the_end(line: &str) -> bool {
    line.rsplit('/').next().is_some_and(|part| part.starts_with(AT_THE_END))
}

/// From where on a line holds nothing that was done for good; `None` if it is worth keeping to its end.
fn end_of_what_counts(steps: &VecDeque<Step>) -> Option<u32> {
    let kept = steps.iter().rposition(|step| is_kept(step) || is_in_doubt(step));
    steps.get(kept.map_or(0, |at| at + 1)).map(|step| step.at)
}

fn is_about_a_scope(step: &Step) -> bool {
    matches!(step.what(), Recorded::DeadlinePassed { .. } | Recorded::Tripped { .. } | Recorded::StepStopped { .. })
}

/// The last place on each line at which something stands, in it or in a branch that left it there.
struct Marks {
    last: HashMap<Arc<str>, u32>,
}

impl Marks {
    fn of(history: &History, stands: impl Fn(&Step) -> bool) -> Self {
        let mut last: HashMap<Arc<str>, u32> = HashMap::new();
        for (line, steps) in &history.lines {
            let Some(step) = steps.iter().rev().find(|step| !is_about_a_scope(step) && stands(step)) else { continue };
            let mut mark = |line: &str, at: u32| {
                let known = last.entry(line.into()).or_insert(at);
                *known = (*known).max(at);
            };
            mark(line, step.at);
            let mut line = &**line;
            while let Some((parent, at, '.' | 's' | 't')) = departure(line) {
                mark(parent, at);
                line = parent;
            }
        }
        Self { last }
    }

    /// Whether something stands on a line after a place on it.
    fn beyond(&self, line: &str, at: u32) -> bool {
        self.last.get(line).is_some_and(|last| *last > at)
    }

    /// Whether the story went on after a line had ended.
    fn went_on_after(&self, line: &str) -> bool {
        let mut line = line;
        while let Some((parent, at, _)) = departure(line) {
            if self.beyond(parent, at) {
                return true;
            }
            line = parent;
        }
        false
    }
}

/// Ends of lines, and single entries, that do not count any more.
#[derive(Default)]
struct Gone {
    from: BTreeMap<String, u32>,
    entries: BTreeSet<u64>,
}

impl Gone {
    fn add(&mut self, line: &str, from: u32) {
        let known = self.from.entry(line.to_owned()).or_insert(from);
        *known = (*known).min(from);
    }

    /// What failed on the line of a compensation is tried again; an effect that it left in doubt is decided about.
    fn add_failure(&mut self, line: &str, steps: &VecDeque<Step>) {
        if let Some(from) = end_of_what_counts(steps) {
            self.add(line, from);
        }
        self.add_doubt(steps);
    }

    /// What came of the effect that a line ended with, if that is in doubt.
    fn add_doubt(&mut self, steps: &VecDeque<Step>) {
        let doubtful = steps.iter().rev().take_while(|step| !is_kept(step)).find(|step| is_in_doubt(step));
        self.entries.extend(doubtful.and_then(|step| step.outcome.as_ref()).map(|(number, _)| *number));
    }

    fn holds(&self, pos: &Position) -> bool {
        if self.from.get(&*pos.line).is_some_and(|from| pos.at >= *from) {
            return true;
        }
        let mut line = &*pos.line;
        while let Some((parent, at, _)) = departure(line) {
            if self.from.get(parent).is_some_and(|from| at >= *from) {
                return true;
            }
            line = parent;
        }
        false
    }
}

fn numbers(entries: &[Numbered], gone: &Gone) -> Vec<u64> {
    let mut out = gone.entries.clone();
    for (number, entry) in entries {
        let compensation = match &entry.event {
            Recorded::CompensationBegan { compensation, .. } | Recorded::CompensationEnded { compensation, .. } => {
                Some(compensation)
            }
            _ => None,
        };
        if position_of(&entry.event).or(compensation).is_some_and(|pos| gone.holds(pos)) {
            out.insert(*number);
        }
    }
    out.into_iter().collect()
}

/// Where in the story something happened, if it is a part of that.
fn position_of(event: &Recorded) -> Option<&Position> {
    match event {
        Recorded::Intent { pos, .. }
        | Recorded::Outcome { pos, .. }
        | Recorded::Decided { pos, .. }
        | Recorded::Read { pos, .. }
        | Recorded::Observed { pos, .. }
        | Recorded::Answered { pos, .. }
        | Recorded::WaitBegan { pos, .. }
        | Recorded::DeadlinePassed { pos }
        | Recorded::Tripped { pos, .. }
        | Recorded::ClockRead { pos, .. }
        | Recorded::Armed { pos, .. }
        | Recorded::Disarmed { pos, .. }
        | Recorded::UndoBegan { pos }
        | Recorded::ScopeBegan { pos, .. }
        | Recorded::ScopeEnded { pos, .. }
        | Recorded::Steered { pos, .. }
        | Recorded::SteeredEnded { pos, .. }
        | Recorded::StepStopped { pos }
        | Recorded::Noted { pos, .. } => Some(pos),
        Recorded::CompensationBegan { .. }
        | Recorded::CompensationEnded { .. }
        | Recorded::Started(_)
        | Recorded::Resumed { .. }
        | Recorded::Asked { .. }
        | Recorded::Scratch { .. }
        | Recorded::Failed { .. }
        | Recorded::RollbackBegan { .. }
        | Recorded::StopAsked { .. }
        | Recorded::Ended(_) => None,
    }
}

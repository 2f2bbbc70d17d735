//! From entries to a story.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::growth::{Growth, RUN};
use super::{
    AnswerTold, Compensation, CompensationTold, Counts, Doubt, EffectTold, Fate, History, Node, Scope, What, since,
};
use crate::journal::entry::{
    ArmedEntry, Ended, Ending, Entry, ErrorEntry, FailureEntry, Position, Recorded, Started, Steer, Verdict,
};
use crate::journal::store::{RunSummary, Standing};

/// The line of the run itself.
const FIRST_LINE: &str = "0";

/// Kinds of scope that are counted.
pub(super) const CASES: &[&str] = &["step", "check", "monitor", "checklist"];

/// Builds a [`History`], one entry at a time. What it keeps grows with what failed, is armed or stands open, and
/// not with how long the run was.
#[derive(Debug)]
pub struct Builder {
    started: Option<(Timestamp, Started)>,
    standing: Standing,
    last: Timestamp,
    tree: Growth,
    /// For each line of execution what is open on it, innermost last.
    open: HashMap<Arc<str>, Vec<usize>>,
    scopes: HashMap<Position, usize>,
    /// Scopes that ended badly: a run that is resumed enters them again.
    marred: HashMap<Position, usize>,
    effects: HashMap<Position, usize>,
    questions: HashMap<Position, usize>,
    running: HashMap<Position, usize>,
    compensations: Vec<Compensation>,
    by_name: HashMap<Position, usize>,
    ended: Option<Ended>,
    counts: Counts,
}

impl Builder {
    pub(super) fn new(summary: &RunSummary) -> Self {
        Self {
            started: None,
            standing: summary.standing.clone(),
            last: summary.started,
            tree: Growth::new(summary.started),
            open: HashMap::new(),
            scopes: HashMap::new(),
            marred: HashMap::new(),
            effects: HashMap::new(),
            questions: HashMap::new(),
            running: HashMap::new(),
            compensations: Vec::new(),
            by_name: HashMap::new(),
            ended: None,
            counts: Counts::default(),
        }
    }

    /// Takes the next entry, with its number.
    pub fn add(&mut self, number: u64, entry: Entry) {
        let at = entry.at;
        self.last = self.last.max(at);
        match entry.event {
            Recorded::Started(started) => self.started = Some((at, *started)),
            Recorded::Resumed { by, how, forgets, sources } => {
                self.ended = None;
                if how == "resume" {
                    self.enter_again(&forgets);
                }
                let parent = self.innermost(FIRST_LINE);
                let how = if sources.is_empty() { how } else { format!("{how}, with edits") };
                self.put(parent, at, What::Resumed { by, how });
            }
            Recorded::ScopeBegan { pos, depth: _, kind, title, place, effect } => {
                let scope = Scope {
                    entry: number,
                    kind,
                    title,
                    place,
                    effect,
                    status: None,
                    detail: None,
                    elapsed: None,
                    reads: 0,
                    failed_read: None,
                };
                self.scope_began(pos, at, scope);
            }
            Recorded::ScopeEnded { pos, status, detail, elapsed } => self.scope_ended(pos, status, detail, elapsed),
            Recorded::Intent { pos, path, attempt, action: _, summary, class, key, armed, .. } => {
                self.arm(armed, &path);
                let parent = self.innermost(&pos.line);
                let effect = EffectTold {
                    pos: pos.clone(),
                    path,
                    summary,
                    class,
                    attempt,
                    key,
                    ending: None,
                    until: None,
                    decided: None,
                };
                // Another try of one whose end nobody recorded settles it: this one counts.
                self.effect(&pos, |before| {
                    if before.ending.is_none() && before.decided.is_none() {
                        before.decided = Some((Verdict::Again, "the resume".into()));
                    }
                });
                let told = self.put(parent, at, What::Effect(effect));
                self.effects.insert(pos, told);
            }
            Recorded::Outcome { pos, ending, value: _, armed } => {
                let path = self.effect(&pos, |effect| {
                    effect.ending = Some(ending);
                    effect.until = Some(at);
                    effect.path.clone()
                });
                self.arm(armed, &path.unwrap_or_default());
            }
            Recorded::Read { pos, summary, ending, .. } => self.read(&pos, &summary, &ending),
            Recorded::Observed { .. } | Recorded::ClockRead { .. } | Recorded::Scratch { .. } => {}
            Recorded::Asked { pos, question } => {
                let parent = self.innermost(&pos.line);
                let number = self.put(parent, at, What::Question { question, answer: None });
                self.questions.insert(pos, number);
            }
            Recorded::Answered { pos, question, answer, by, evidence, left: _ } => {
                self.answered(pos, at, question, AnswerTold { text: answer, by, at, evidence });
            }
            Recorded::Decided { pos, verdict, by, value: _ } => {
                self.effect(&pos, |effect| {
                    effect.decided = Some((verdict, by));
                    // What comes of it now is not what was said before.
                    effect.ending = effect.ending.take().filter(|ending| !matches!(ending, Ending::Unknown(_)));
                });
            }
            Recorded::WaitBegan { pos, until } => self.tell(&pos, at, What::Wait { until }),
            Recorded::DeadlinePassed { pos } => self.tell(&pos, at, What::Deadline),
            Recorded::Tripped { pos, failure } => self.tell(&pos, at, What::Tripped(failure)),
            Recorded::Failed { failure, next } => self.failed(at, failure, next),
            Recorded::Armed { pos, armed } => {
                let path = self.titles(&pos.line);
                self.arm(armed, &path);
            }
            Recorded::Disarmed { pos, compensations, why } => {
                for name in &compensations {
                    self.decide_fate(name, |one| one.fate = Fate::Disarmed(why.clone()));
                }
                self.tell(&pos, at, What::Disarmed { count: compensations.len(), why });
            }
            Recorded::UndoBegan { pos } => self.tell(&pos, at, What::Rollback { why: None, count: None }),
            Recorded::RollbackBegan { failure, compensations } => {
                self.put(RUN, at, What::Rollback { why: Some(failure), count: Some(compensations) });
            }
            Recorded::CompensationBegan { compensation, text, path } => {
                self.compensation_began(at, compensation, text, path);
            }
            Recorded::CompensationEnded { compensation, failure, commands, in_doubt } => {
                self.compensation_ended(at, &compensation, failure, commands, in_doubt);
            }
            Recorded::Noted { pos, text, warning } => self.tell(&pos, at, What::Note { text, warning }),
            Recorded::Steered { pos, by, steer } => {
                if let Some(what) = in_words(&steer) {
                    self.tell(&pos, at, What::Steered { by: Some(by), what });
                }
            }
            Recorded::StepStopped { pos } => {
                self.tell(&pos, at, What::Steered { by: None, what: "the step was stopped by hand".to_owned() });
            }
            // That it failed is told by the failure itself.
            Recorded::SteeredEnded { .. } => {}
            Recorded::StopAsked { what, times } => {
                let parent = self.innermost(FIRST_LINE);
                self.put(parent, at, What::Stop { what, times });
            }
            Recorded::Ended(ended) => self.ended = Some(*ended),
        }
    }

    fn scope_began(&mut self, pos: Position, at: Timestamp, scope: Scope) {
        // One that was open when the run was broken off is entered again.
        if self.scopes.contains_key(&pos) {
            return;
        }
        let parent = self.innermost(&pos.line);
        let number = self.put(parent, at, What::Scope(scope));
        self.open.entry(Arc::clone(&pos.line)).or_default().push(number);
        self.scopes.insert(pos, number);
    }

    fn scope_ended(&mut self, pos: Position, status: String, detail: Option<String>, elapsed: Duration) {
        let again = self.marred.remove(&pos);
        let Some(number) = self.scopes.remove(&pos).or(again) else { return };
        self.close(&pos.line, number);
        let Some(What::Scope(scope)) = self.tree.what(number) else { return };
        scope.detail = detail;
        scope.elapsed = Some(elapsed);
        let ended_well = matches!(status.as_str(), "passed" | "skipped" | "accepted");
        let before = scope.status.replace(status.clone());
        let counts = CASES.contains(&scope.kind.as_str());
        if !ended_well {
            self.marred.insert(pos, number);
        }
        if !counts {
            return;
        }
        // The last end of a scope is the one that counts.
        if let Some(before) = before {
            *self.count(&before) -= 1;
        }
        *self.count(&status) += 1;
    }

    fn count(&mut self, status: &str) -> &mut usize {
        match status {
            "passed" => &mut self.counts.passed,
            "skipped" => &mut self.counts.skipped,
            _ => &mut self.counts.failed,
        }
    }

    /// What ended badly goes on, but for what is begun anew.
    fn enter_again(&mut self, forgets: &[u64]) {
        let mut again: Vec<(usize, Position)> =
            self.marred.iter().map(|(pos, number)| (*number, pos.clone())).collect();
        again.sort();
        for (number, pos) in again {
            let Some(What::Scope(scope)) = self.tree.what(number) else { continue };
            if forgets.contains(&scope.entry) {
                self.marred.remove(&pos);
                continue;
            }
            self.open.entry(Arc::clone(&pos.line)).or_default().push(number);
            self.scopes.insert(pos, number);
        }
    }

    fn read(&mut self, pos: &Position, summary: &str, ending: &Ending) {
        let number = self.innermost(&pos.line);
        if let Some(What::Scope(scope)) = self.tree.what(number) {
            scope.reads += 1;
            if let Ending::Failed(error) | Ending::Unknown(error) = ending {
                scope.failed_read = Some(format!("{summary}: {}", error.message));
            }
        }
    }

    fn answered(&mut self, pos: Position, at: Timestamp, asked: String, told: AnswerTold) {
        let number = self.questions.get(&pos).copied();
        if let Some(What::Question { answer, .. }) = number.and_then(|number| self.tree.what(number)) {
            *answer = Some(told);
            return;
        }
        // Answered beforehand, by a flag: nobody was asked.
        let path = self.titles(&pos.line);
        let question = crate::journal::entry::QuestionEntry {
            kind: String::new(),
            text: asked,
            details: Vec::new(),
            options: Vec::new(),
            path,
            expires: None,
            approvers: None,
        };
        self.tell(&pos, at, What::Question { question, answer: Some(told) });
    }

    /// Under the scope that failed, if it stands open.
    fn failed(&mut self, at: Timestamp, failure: Box<FailureEntry>, next: String) {
        let title = failure.path.last().cloned();
        let is_it = |number: &&usize| matches!((self.tree.get(**number), &title), (Some(What::Scope(scope)), Some(title)) if *scope.title == **title);
        let parent = self.scopes.values().filter(is_it).max().copied().unwrap_or(RUN);
        self.put(parent, at, What::Failure { failure, next });
    }

    fn compensation_began(&mut self, at: Timestamp, name: Position, text: String, path: Vec<Arc<str>>) {
        let told = CompensationTold { text: text.clone(), path: path.clone(), ended: None };
        let number = self.put(RUN, at, What::Compensation(name.clone(), told));
        if !self.by_name.contains_key(&name) {
            self.remember(Compensation {
                pos: name.clone(),
                text,
                path,
                captures: Vec::new(),
                fate: Fate::Armed,
                in_doubt: false,
            });
        }
        self.decide_fate(&name, |one| one.fate = Fate::Running);
        // What it does stands on a line of its own: see `Position`.
        self.open.insert(format!("{}/{}u", name.line, name.at).into(), vec![number]);
        self.running.insert(name, number);
    }

    fn compensation_ended(
        &mut self,
        at: Timestamp,
        name: &Position,
        failure: Option<String>,
        commands: Option<String>,
        in_doubt: bool,
    ) {
        self.open.remove(&*format!("{}/{}u", name.line, name.at));
        if let Some(number) = self.running.remove(name)
            && let Some(What::Compensation(_, told)) = self.tree.what(number)
        {
            told.ended = Some((at, failure.clone()));
        }
        self.decide_fate(name, |one| {
            one.in_doubt = in_doubt;
            one.fate = match failure {
                None => Fate::Done,
                Some(why) => Fate::Failed { why, commands },
            };
        });
    }

    fn arm(&mut self, armed: Vec<ArmedEntry>, path: &[Arc<str>]) {
        for ArmedEntry { compensation, text, captures } in armed {
            let (path, fate) = (path.to_vec(), Fate::Armed);
            self.remember(Compensation { pos: compensation, text, path, captures, fate, in_doubt: false });
        }
    }

    fn remember(&mut self, one: Compensation) {
        match self.by_name.get(&one.pos).and_then(|at| self.compensations.get_mut(*at)) {
            // Armed anew, by another try.
            Some(known) => *known = one,
            None => {
                self.by_name.insert(one.pos.clone(), self.compensations.len());
                self.compensations.push(one);
            }
        }
    }

    fn decide_fate(&mut self, name: &Position, fate: impl FnOnce(&mut Compensation)) {
        if let Some(one) = self.by_name.get(name).and_then(|at| self.compensations.get_mut(*at)) {
            fate(one);
        }
    }

    fn effect<T>(&mut self, pos: &Position, tell: impl FnOnce(&mut EffectTold) -> T) -> Option<T> {
        let number = *self.effects.get(pos)?;
        match self.tree.what(number) {
            Some(What::Effect(effect)) => Some(tell(effect)),
            _ => None,
        }
    }

    /// The innermost of what is open on a line, or on the one that it left.
    fn innermost(&self, line: &str) -> usize {
        let mut line = line;
        loop {
            if let Some(number) = self.open.get(line).and_then(|open| open.last()) {
                return *number;
            }
            match line.rsplit_once('/') {
                Some((outer, _)) => line = outer,
                None => return RUN,
            }
        }
    }

    /// The titles around what is open on a line.
    fn titles(&self, line: &str) -> Vec<Arc<str>> {
        let mut titles = Vec::new();
        let mut number = self.innermost(line);
        while number != RUN {
            if let Some(What::Scope(scope)) = self.tree.get(number) {
                titles.insert(0, scope.title.as_str().into());
            }
            number = self.tree.parent(number);
        }
        titles
    }

    fn close(&mut self, line: &Arc<str>, number: usize) {
        if let Some(open) = self.open.get_mut(line) {
            if let Some(at) = open.iter().position(|one| *one == number) {
                open.truncate(at);
            }
            if open.is_empty() {
                self.open.remove(line);
            }
        }
    }

    fn tell(&mut self, pos: &Position, at: Timestamp, what: What) {
        let parent = self.innermost(&pos.line);
        self.put(parent, at, what);
    }

    fn put(&mut self, parent: usize, at: Timestamp, what: What) -> usize {
        let number = self.tree.leaf(parent, at, what);
        for effect in self.tree.forgotten.drain(..) {
            self.effects.remove(&effect);
        }
        number
    }

    /// The story. `None` if the record does not begin with how the run was started.
    pub fn finish(mut self) -> Option<History> {
        let (begun, started) = self.started.take()?;
        let doubts = self.doubts();
        let open_questions = self.open_questions();
        let ended = self.ended.take();
        if ended.as_ref().is_some_and(|ended| ["succeeded", "finished early"].contains(&ended.status.as_str())) {
            let armed = self.compensations.iter_mut().filter(|one| one.fate == Fate::Armed);
            armed.for_each(|one| one.fate = Fate::Disarmed("the run ended well".into()));
        }
        let story = self.tree.children(RUN);
        Some(History {
            started,
            begun,
            last: self.last.max(begun),
            standing: self.standing,
            story,
            compensations: self.compensations,
            doubts,
            open_questions,
            ended,
            counts: self.counts,
        })
    }

    fn open_questions(&self) -> Vec<crate::journal::entry::QuestionEntry> {
        let mut numbers: Vec<usize> = self.questions.values().copied().collect();
        numbers.sort_unstable();
        let open = numbers.into_iter().filter_map(|number| match self.tree.get(number)? {
            What::Question { question, answer: None } => Some(question.clone()),
            _ => None,
        });
        open.collect()
    }

    /// Effects without an outcome, or with one that says so; unless somebody has decided, or it still runs.
    fn doubts(&self) -> Vec<Doubt> {
        let running = matches!(self.standing, Standing::Running(_));
        let mut found: Vec<(Timestamp, Doubt)> = Vec::new();
        for (at, what) in self.tree.all() {
            let What::Effect(effect) = what else { continue };
            let error: Option<ErrorEntry> = match (&effect.ending, &effect.decided) {
                (None, None) if !running => None,
                (Some(Ending::Unknown(error)), _) => Some(error.clone()),
                (None | Some(Ending::Done | Ending::Failed(_)), _) => continue,
            };
            found.push((at, Doubt { path: effect.path.clone(), summary: effect.summary.clone(), error }));
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, doubt)| doubt).collect()
    }
}

impl Node {
    /// How long it took, if that is known.
    pub fn took(&self) -> Option<Duration> {
        match &self.what {
            What::Scope(scope) => scope.elapsed,
            What::Effect(effect) => effect.until.map(|until| since(self.at, until)),
            What::Question { answer, .. } => {
                let waited = answer.as_ref().map(|answer| since(self.at, answer.at));
                waited.filter(|waited| !waited.is_zero())
            }
            What::Compensation(_, told) => told.ended.as_ref().map(|(until, _)| since(self.at, *until)),
            What::Failure { .. }
            | What::Tripped(_)
            | What::Note { .. }
            | What::Wait { .. }
            | What::Deadline
            | What::Resumed { .. }
            | What::Steered { .. }
            | What::Stop { .. }
            | What::Disarmed { .. }
            | What::Rollback { .. } => None,
        }
    }
}

/// What somebody did at a stop; `None` for what is told anyway.
fn in_words(steer: &Steer) -> Option<String> {
    Some(match steer {
        Steer::Type { text } if text.starts_with("note ") => return None,
        Steer::Type { text } => format!("typed: {text}"),
        Steer::Set { text } => format!("set {text}"),
        Steer::Again => "had the step run again".to_owned(),
        Steer::Undo { count: 1 } => "took back the last change".to_owned(),
        Steer::Undo { count } => format!("took back the last {count} changes"),
        Steer::Skip { why } => format!("left out the next step: {why}"),
        Steer::Accept { why } => format!("accepted the failure: {why}"),
        Steer::Leave { how } => format!("left the session: {how}"),
    })
}

//! From a run to its record, and from a record to a run that goes on.

use std::rc::Rc;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::edits;
use crate::analysis::Program;
use crate::analysis::typed::Typing;
use crate::host::{Host, LocalFuture};
use crate::journal::{
    Entry, LeftAnswer, Position, Recall, Record, Recorded, Started, Steer, Store, StoreError, StoredSource,
};
use crate::runtime::inputs::{Given, GivenValue, bind, setting};
use crate::runtime::person::{Answer, Question, QuestionKind};
use crate::runtime::replay::forget;
use crate::runtime::replay::history::{self, History, Numbered};
use crate::runtime::{Before, Elsewhere, Selection, Unit};
use crate::value::codec;

/// What was said on the command line beside the inputs.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The file, as it was named.
    pub file: String,
    /// `--on-fail`
    pub on_fail: String,
    /// `--yes`
    pub yes: bool,
    /// `--approve`
    pub approve: Vec<String>,
    /// `--answer`
    pub answers: Vec<String>,
    /// `--step`
    pub stepped: bool,
}

/// The first entry of a run: all that going through it again needs.
///
/// # Errors
/// In words, when the name of its lock cannot be computed.
pub fn first_entry(
    host: &dyn Host,
    unit: &Unit,
    run: &Arc<str>,
    selection: &Selection,
    asked: &Asked,
    sources: &[StoredSource],
) -> Result<Entry, String> {
    let program = &unit.program;
    let lock =
        program.header.lock.as_ref().map(|lock| setting(unit, lock)).transpose().map_err(|error| error.message)?;
    let params = program.params.iter().filter_map(|param| {
        let value = unit.globals.get(param.global)?;
        Some((param.name.to_string(), codec::encode(value).map_or(Recall::Withheld, Recall::Value)))
    });
    let params: Vec<(String, Recall)> = params.collect();
    let environment = unit.environment.as_deref().map(str::to_owned);
    let started = Started {
        run: Arc::clone(run),
        title: title_of(unit),
        file: asked.file.clone(),
        actor: host.actor(),
        host: host.machine(),
        cwd: host.files().canonical(std::path::Path::new(".")).unwrap_or_default().to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: plan_of(sources, environment.as_deref(), &params),
        environment,
        params,
        from: selection.from.clone(),
        until: selection.until.clone(),
        only: selection.only.clone(),
        on_fail: asked.on_fail.clone(),
        yes: asked.yes,
        approve: asked.approve.clone(),
        answers: asked.answers.clone(),
        stepped: asked.stepped,
        lock,
    };
    Ok(Entry { at: host.now(), event: Recorded::Started(Box::new(started)) })
}

/// The title of the header, or the file's stem.
pub fn title_of(unit: &Unit) -> String {
    let given = unit.program.header.title.as_ref().and_then(|title| setting(unit, title).ok());
    given.unwrap_or_else(|| {
        let name = &unit.program.sources.get(unit.program.main).name;
        std::path::Path::new(name).file_stem().map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned())
    })
}

/// What an approval is bound to: SHA-256, in hex, of what would be run.
fn plan_of(sources: &[StoredSource], environment: Option<&str>, params: &[(String, Recall)]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(text);
    };
    for source in sources {
        add(&source.path);
        add(&source.text);
    }
    add(environment.unwrap_or_default());
    for (name, value) in params {
        add(name);
        add(&serde_json::to_string(value).unwrap_or_default());
    }
    crate::value::hex(&hasher.finalize())
}

/// How a run is gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoOn {
    /// From where it stopped.
    Resume,
    /// What is armed is taken back.
    Rollback,
}

/// A run that can be gone on with: its record is held.
pub struct Reopened {
    /// Its program, as it was, with its inputs.
    pub unit: Unit,
    /// Its id.
    pub id: Arc<str>,
    /// How it began.
    pub started: Started,
    /// Its record.
    pub record: Rc<dyn Record>,
    /// What is on record of it.
    pub before: Before,
    /// What was edited in it and adopted now, as a diff.
    pub adopted: Option<String>,
    /// When edits were adopted last: answers that were left before it were for something else.
    pub edited: Option<jiff::Timestamp>,
    /// What reads that which was typed, if it is stepped through.
    pub typing: Option<Typing>,
}

/// A runbook as it is now, to be gone on with in place of what it was.
pub struct Edited {
    /// Its program.
    pub program: Arc<Program>,
    /// All that was read for it, the file itself first.
    pub sources: Vec<StoredSource>,
}

/// Takes hold of a run that nobody holds any more, and notes that it is gone on with.
///
/// # Errors
/// What stands in the way.
pub async fn go_on(
    store: &dyn Store,
    host: &dyn Host,
    run: &str,
    how: GoOn,
    edited: Option<Edited>,
) -> Result<Reopened, StoreError> {
    let record = store.reopen(run).await?;
    let mut entries = Vec::new();
    store
        .entries(run, &mut |number, entry| {
            entries.push((number, Rc::new(entry)));
            true
        })
        .await?;
    let started =
        history::started(&entries).cloned().ok_or_else(|| unusable("its record does not say how it began"))?;
    let (sources, edited_before) = match edited_last(&entries) {
        Some((at, sources)) => (sources, Some(at)),
        None => (store.sources(run).await?, None),
    };
    let program = match &edited {
        Some(edited) => Arc::clone(&edited.program),
        None => reread(&sources)?,
    };
    let unit = bind(&program, &given(&started)?)
        .map_err(|errors| unusable(errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; ")))?;
    let ended = entries.last().is_some_and(|(_, last)| matches!(last.event, Recorded::Ended(_)));
    let ended = ended || forget::was_stopping(&entries);
    let forgets = match how {
        GoOn::Resume if ended => forget::for_left(&entries).unwrap_or_else(|| forget::for_resume(&entries)),
        GoOn::Rollback if ended => forget::for_rollback(&entries),
        GoOn::Resume | GoOn::Rollback => forget::for_broken(&entries),
    };
    if edited.is_some() && entries.iter().any(|(_, entry)| was_typed(&entry.event)) {
        let why = "statements were typed into this run, and they were read by the runbook as it was";
        return Err(not_adopted(why.to_owned()));
    }
    let read = edited.as_ref().map_or(&sources, |edited| &edited.sources);
    let typing = if started.stepped { super::typing(read) } else { None };
    let adopted = match &edited {
        Some(edited) => edits::adopt(&sources, &edited.sources, &entries, &forgets).map_err(not_adopted)?,
        None => None,
    };
    let word = if how == GoOn::Rollback { "rollback" } else { "resume" };
    let sources = edited.filter(|_| adopted.is_some()).map_or_else(Vec::new, |edited| edited.sources);
    let resumed = Recorded::Resumed { by: host.actor(), how: word.to_owned(), forgets, sources };
    let entry = Entry { at: host.now(), event: resumed };
    record.write(entry.clone()).await.map_err(|error| unusable(error.to_string()))?;
    let number = entries.last().map_or(1, |(number, _)| number + 1);
    entries.push((number, Rc::new(entry)));
    let history = History::new(&entries);
    let takes_back = history.is_taken_back_by_hand();
    let before = Before { history, takes_back, starter: started.actor.clone() };
    let edited = if adopted.is_some() { entries.last().map(|(_, entry)| entry.at) } else { edited_before };
    Ok(Reopened { unit, id: Arc::clone(&started.run), started, record, before, adopted, edited, typing })
}

fn was_typed(event: &Recorded) -> bool {
    matches!(event, Recorded::Steered { steer: Steer::Type { .. } | Steer::Set { .. }, .. })
}

/// The runbook as it was edited last, and when that was adopted.
fn edited_last(entries: &[Numbered]) -> Option<(jiff::Timestamp, Vec<StoredSource>)> {
    entries.iter().rev().find_map(|(_, entry)| match &entry.event {
        Recorded::Resumed { sources, .. } if !sources.is_empty() => Some((entry.at, sources.clone())),
        _ => None,
    })
}

fn not_adopted(why: String) -> StoreError {
    let help = "take that edit back; without --adopt-edits the run goes on as it was begun".to_owned();
    StoreError::Unusable { message: format!("the edits cannot be adopted: {why}"), help: Some(help) }
}

/// The program that a run was begun with.
///
/// # Errors
/// This version of rbk no longer takes it.
fn reread(sources: &[StoredSource]) -> Result<Arc<Program>, StoreError> {
    let analysis = super::reopen(sources).map_err(unusable)?;
    analysis.program.clone().ok_or_else(|| {
        let first = analysis.diagnostics.first().map_or_else(String::new, |first| first.message.clone());
        unusable(format!("this version of rbk does not take the runbook as it was: {first}"))
    })
}

fn given(started: &Started) -> Result<Given, StoreError> {
    let mut given = Given { environment: started.environment.clone(), ..Given::default() };
    for (name, value) in &started.params {
        let value = match value {
            Recall::Value(tree) => codec::decode(tree.clone()),
            Recall::Withheld => None,
        };
        let value = value.ok_or_else(|| unusable(format!("the value of parameter `{name}` is not on record")))?;
        given.params.insert(name.clone(), GivenValue::Value(value));
    }
    Ok(given)
}

fn unusable(message: impl Into<String>) -> StoreError {
    StoreError::Unusable { message: message.into(), help: None }
}

/// Answers that were left with the record of a run.
pub struct LeftWithTheRecord {
    /// Where.
    pub store: Rc<dyn Store>,
    /// Of which run.
    pub run: Arc<str>,
    /// What it is now: answers that were given for another plan do not count.
    pub plan: String,
    /// Since when it is that: what was left before it was edited does not count either.
    pub since: Option<jiff::Timestamp>,
}

impl LeftWithTheRecord {
    async fn find(&self, question: &Question, at: &Position) -> Option<Answer> {
        let left = self.store.left_answers(&self.run).await.ok()?;
        let counts = |answer: &LeftAnswer| {
            answer.pos == *at
                && answer.plan == self.plan
                && self.since.is_none_or(|since| answer.at > since)
                && question.answer_by.is_none_or(|until| answer.at <= until)
        };
        let LeftAnswer { answer: text, by, at: given, evidence, .. } = left.into_iter().rev().find(counts)?;
        let answer = Answer { text, by, evidence, left: Some(given) };
        let refused = match &question.kind {
            QuestionKind::Secret => true,
            QuestionKind::Approve(approvers) => answer.is_yes() && approvers.refuse(&answer.by).is_some(),
            _ => false,
        };
        (!refused && !self.counted_before(&answer).await).then_some(answer)
    }

    /// Whether it was taken once, and is left over: a part of the story that was forgotten asks anew.
    async fn counted_before(&self, answer: &Answer) -> bool {
        let mut counted = false;
        let mut each = |_, entry: Entry| {
            counted |=
                matches!(&entry.event, Recorded::Answered { by, left, .. } if *by == answer.by && *left == answer.left);
            !counted
        };
        self.store.entries(&self.run, &mut each).await.is_err() || counted
    }
}

impl Elsewhere for LeftWithTheRecord {
    fn look<'a>(&'a self, question: &'a Question, at: &'a Position) -> LocalFuture<'a, Option<Answer>> {
        Box::pin(self.find(question, at))
    }
}

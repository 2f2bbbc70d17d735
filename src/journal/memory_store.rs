//! A store that lives as long as the process: for tests, and for runs that are to leave nothing.

use std::cell::RefCell;
use std::rc::Rc;

use super::entry::{Entry, Recorded, Started};
use super::naming::{self, Named};
use super::store::{JournalError, LeftAnswer, LockInfo, Record, RunSummary, Standing, Store, StoreError, StoredSource};
use crate::host::LocalFuture;

/// Keeps everything in memory. A clone is another view of the same.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    /// Oldest first.
    runs: Vec<Run>,
    locks: Vec<LockInfo>,
}

struct Run {
    started: Started,
    begun: jiff::Timestamp,
    entries: Vec<Entry>,
    sources: Vec<StoredSource>,
    answers: Vec<LeftAnswer>,
    status: Option<String>,
    fence: u64,
    is_held: bool,
}

impl Run {
    fn standing(&self) -> Standing {
        match &self.status {
            _ if self.is_held => Standing::Running(myself()),
            Some(status) => Standing::Ended(status.clone()),
            None => Standing::Broken,
        }
    }

    fn summary(&self) -> RunSummary {
        RunSummary {
            run: self.started.run.to_string(),
            title: self.started.title.clone(),
            file: self.started.file.clone(),
            environment: self.started.environment.clone(),
            actor: self.started.actor.clone(),
            started: self.begun,
            last: self.entries.last().map_or(self.begun, |entry| entry.at).max(self.begun),
            standing: self.standing(),
            entries: self.entries.len() as u64,
        }
    }
}

fn myself() -> String {
    format!("process {}", std::process::id())
}

impl MemoryStore {
    /// Ends a hold from outside, as if its holder had been frozen for so long that he counts as gone.
    pub fn take_away(&self, run: &str) {
        let _ = self.0.borrow_mut().run(run).map(|run| run.is_held = false);
    }

    fn done<'a, T: 'a>(result: Result<T, StoreError>) -> LocalFuture<'a, Result<T, StoreError>> {
        Box::pin(std::future::ready(result))
    }

    fn record(&self, run: &str, fence: u64) -> Rc<dyn Record> {
        Rc::new(MemoryRecord { store: self.clone(), run: run.to_owned(), fence })
    }
}

impl Kept {
    fn run(&mut self, id: &str) -> Result<&mut Run, StoreError> {
        self.runs.iter_mut().find(|run| *run.started.run == *id).ok_or_else(|| naming::unknown(id))
    }

    fn lock(&self, mut lock: LockInfo) -> LockInfo {
        if let Some(run) = self.runs.iter().find(|run| *run.started.run == *lock.run) {
            lock.standing = run.standing();
        }
        lock
    }

    fn take_lock(&mut self, started: &Started, since: jiff::Timestamp) -> Result<(), StoreError> {
        let Some(name) = &started.lock else { return Ok(()) };
        match self.locks.iter().find(|lock| lock.name == *name) {
            Some(lock) if *lock.run == *started.run => {}
            Some(lock) => return Err(StoreError::Locked(Box::new(self.lock(lock.clone())))),
            None => self.locks.push(LockInfo {
                name: name.clone(),
                run: started.run.to_string(),
                owner: started.actor.clone(),
                host: started.host.clone(),
                title: started.title.clone(),
                since,
                standing: Standing::Broken,
            }),
        }
        Ok(())
    }

    fn begin(&mut self, entry: &Entry, sources: &[StoredSource]) -> Result<String, StoreError> {
        let refused = |message: String| Err(StoreError::Unusable { message, help: None });
        let Recorded::Started(started) = &entry.event else {
            return refused("the record of a run begins with how it was started".into());
        };
        if self.run(&started.run).is_ok() {
            return refused(format!("there is a run {} in this journal already", started.run));
        }
        self.take_lock(started, entry.at)?;
        self.runs.push(Run {
            started: Started::clone(started),
            begun: entry.at,
            entries: vec![entry.clone()],
            sources: sources.to_vec(),
            answers: Vec::new(),
            status: None,
            fence: 1,
            is_held: true,
        });
        Ok(started.run.to_string())
    }

    fn reopen(&mut self, id: &str) -> Result<u64, StoreError> {
        let run = self.run(id)?;
        if run.is_held {
            return Err(StoreError::Held { run: id.to_owned(), holder: myself() });
        }
        let started = run.started.clone();
        self.take_lock(&started, jiff::Timestamp::now())?;
        let run = self.run(id)?;
        run.is_held = true;
        run.fence += 1;
        Ok(run.fence)
    }

    fn find(&self, name: &str) -> Result<RunSummary, StoreError> {
        let found = match Named::read(name)? {
            Named::Back(back) => {
                let found = self.runs.iter().rev().nth(back);
                found.ok_or_else(|| naming::too_far_back(back, self.runs.len()))?
            }
            Named::Prefix(prefix) => {
                let ids = self.runs.iter().rev().map(|run| &*run.started.run).filter(|id| id.starts_with(prefix));
                let id = naming::only_one(prefix, ids.collect())?;
                self.runs.iter().find(|run| *run.started.run == *id).ok_or_else(|| naming::unknown(id))?
            }
        };
        Ok(found.summary())
    }

    fn unlock(&mut self, name: &str) -> Result<LockInfo, StoreError> {
        let Some(at) = self.locks.iter().position(|lock| lock.name == name) else {
            return Err(StoreError::Unusable { message: format!("nobody holds the lock `{name}`"), help: None });
        };
        let lock = self.lock(self.locks[at].clone());
        if let Standing::Running(holder) = lock.standing {
            return Err(StoreError::Held { run: lock.run, holder });
        }
        self.locks.remove(at);
        Ok(lock)
    }

    fn write(&mut self, run: &str, fence: u64, entry: Entry) -> Result<(), JournalError> {
        let kept = self.run(run).map_err(|error| JournalError { reason: error.to_string() })?;
        if kept.fence != fence {
            let reason =
                format!("another process took the record over (its fence is {}, ours was {fence})", kept.fence);
            return Err(JournalError { reason });
        }
        match &entry.event {
            Recorded::Ended(ended) => {
                kept.status = Some(ended.status.clone());
                if !["paused", "interrupted"].contains(&&*ended.status) {
                    self.locks.retain(|lock| lock.run != run);
                }
            }
            Recorded::Resumed { .. } => kept.status = None,
            _ => {}
        }
        self.run(run).map_err(|error| JournalError { reason: error.to_string() })?.entries.push(entry);
        Ok(())
    }
}

impl Store for MemoryStore {
    fn begin<'a>(
        &'a self,
        started: &'a Entry,
        sources: &'a [StoredSource],
    ) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>> {
        let begun = self.0.borrow_mut().begin(started, sources);
        Self::done(begun.map(|run| self.record(&run, 1)))
    }

    fn reopen<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Rc<dyn Record>, StoreError>> {
        let fence = self.0.borrow_mut().reopen(run);
        Self::done(fence.map(|fence| self.record(run, fence)))
    }

    fn entries<'a>(
        &'a self,
        run: &'a str,
        each: &'a mut dyn FnMut(u64, Entry) -> bool,
    ) -> LocalFuture<'a, Result<(), StoreError>> {
        let entries = self.0.borrow_mut().run(run).map(|run| run.entries.clone());
        Self::done(entries.map(|entries| {
            let _ = (1..).zip(entries).all(|(number, entry)| each(number, entry));
        }))
    }

    fn sources<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<StoredSource>, StoreError>> {
        Self::done(self.0.borrow_mut().run(run).map(|run| run.sources.clone()))
    }

    fn runs(&self, at_most: usize) -> LocalFuture<'_, Result<Vec<RunSummary>, StoreError>> {
        Self::done(Ok(self.0.borrow().runs.iter().rev().take(at_most).map(Run::summary).collect()))
    }

    fn find<'a>(&'a self, name: &'a str) -> LocalFuture<'a, Result<RunSummary, StoreError>> {
        Self::done(self.0.borrow().find(name))
    }

    fn leave_answer<'a>(&'a self, run: &'a str, answer: LeftAnswer) -> LocalFuture<'a, Result<(), StoreError>> {
        Self::done(self.0.borrow_mut().run(run).map(|run| run.answers.push(answer)))
    }

    fn left_answers<'a>(&'a self, run: &'a str) -> LocalFuture<'a, Result<Vec<LeftAnswer>, StoreError>> {
        Self::done(self.0.borrow_mut().run(run).map(|run| run.answers.clone()))
    }

    fn locks(&self) -> LocalFuture<'_, Result<Vec<LockInfo>, StoreError>> {
        let kept = self.0.borrow();
        let mut locks: Vec<LockInfo> = kept.locks.iter().map(|lock| kept.lock(lock.clone())).collect();
        locks.sort_by(|one, other| one.name.cmp(&other.name));
        Self::done(Ok(locks))
    }

    fn unlock<'a>(&'a self, name: &'a str, _: &'a str, _: &'a str) -> LocalFuture<'a, Result<LockInfo, StoreError>> {
        Self::done(self.0.borrow_mut().unlock(name))
    }
}

/// Its record. What a note met is told by the next write: there is nothing that it could meet but a new fence,
/// which the next write meets as well.
struct MemoryRecord {
    store: MemoryStore,
    run: String,
    fence: u64,
}

impl Record for MemoryRecord {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        let written = self.store.0.borrow_mut().write(&self.run, self.fence, entry);
        Box::pin(std::future::ready(written))
    }

    fn note(&self, entry: Entry) {
        let _ = self.store.0.borrow_mut().write(&self.run, self.fence, entry);
    }

    fn fence(&self) -> u64 {
        self.fence
    }
}

impl Drop for MemoryRecord {
    fn drop(&mut self) {
        if let Ok(run) = self.store.0.borrow_mut().run(&self.run)
            && run.fence == self.fence
        {
            run.is_held = false;
        }
    }
}

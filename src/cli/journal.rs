//! The journal that a command means, and what it says no with.

use std::rc::Rc;
use std::sync::Arc;

use super::run::Recording;
use super::{NOTHING_EXECUTED, terminal};
use crate::journal::entry::{Entry, Recorded};
use crate::journal::place::{Place, VARIABLE};
use crate::journal::store::{RunSummary, Store, StoreError, StoredSource};
use crate::report::history::{Builder, History};
use crate::session::recording::LeftWithTheRecord;

/// Exit code: another run has the lock.
pub(super) const LOCKED: u8 = 6;

/// The option that names it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct JournalArgs {
    /// The journal, a file; else rbk/journal.db in the folder of states, mostly ~/.local/state.
    #[arg(long, value_name = "PATH", env = VARIABLE, hide_env_values = true)]
    journal: Option<String>,
}

impl JournalArgs {
    /// Where it is.
    pub(super) fn place(&self) -> Result<Place, u8> {
        Place::choose(self.journal.as_deref(), &|name| std::env::var(name).ok()).map_err(|error| refused(&error))
    }

    /// The journal that is there. `None`, and that was said, if there is none.
    pub(super) fn find(&self) -> Result<Option<Rc<dyn Store>>, u8> {
        let place = self.place()?;
        let found = place.find().map_err(|error| refused(&error))?;
        if found.is_none() {
            let where_it_is = place.file().map_or_else(|| ":memory:".into(), |path| path.display().to_string());
            terminal::say(&format!("there is no journal yet at {where_it_is}: nothing was run"));
        }
        Ok(found)
    }

    /// Begins the record of a new run.
    ///
    /// # Errors
    /// The exit code, everything having been said.
    pub(super) fn begin(&self, first: &Entry, sources: &[StoredSource]) -> Result<Recording, u8> {
        let Recorded::Started(started) = &first.event else { return Err(NOTHING_EXECUTED) };
        let store = self.place()?.make().map_err(|error| refused(&error))?;
        let record = wait_for(store.begin(first, sources))?;
        let (id, plan) = (Arc::clone(&started.run), started.plan.clone());
        let elsewhere = Rc::new(LeftWithTheRecord { store, run: Arc::clone(&id), plan, since: None });
        Ok(Recording { id, record, elsewhere, before: None })
    }

    /// The journal, and a run in it.
    ///
    /// # Errors
    /// The exit code, everything having been said.
    pub(super) fn run(&self, name: &str) -> Result<(Rc<dyn Store>, RunSummary), u8> {
        let store = self.find()?.ok_or(NOTHING_EXECUTED)?;
        let run = wait_for(store.find(name))?;
        Ok((store, run))
    }

    /// The journal, and a run in it, for a command that is about one.
    pub(super) fn with_run<T>(
        &self,
        name: &str,
        then: impl AsyncFnOnce(Rc<dyn Store>, RunSummary) -> Result<T, StoreError>,
    ) -> Result<T, u8> {
        let Some(store) = self.find()? else { return Err(NOTHING_EXECUTED) };
        wait_for(async move {
            let run = store.find(name).await?;
            then(store, run).await
        })
    }
}

/// Runs what waits for the journal.
pub(super) fn wait_for<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|why| super::run::no_room(&why))?;
    runtime.block_on(work).map_err(|error| refused(&error))
}

/// What a run came to, out of its record. Damage is told, and what was read before it is in the story.
pub(super) async fn history(
    store: &dyn Store,
    run: &RunSummary,
) -> Result<(Option<History>, Option<StoreError>), StoreError> {
    let mut builder: Builder = History::builder(run);
    let mut each = |number, entry: Entry| {
        builder.add(number, entry);
        true
    };
    let damage = match store.entries(&run.run, &mut each).await {
        Ok(()) => None,
        Err(error @ StoreError::Damaged { .. }) => Some(error),
        Err(error) => return Err(error),
    };
    Ok((builder.finish(), damage))
}

/// Says no. Answers with the exit code.
pub(super) fn refused(error: &StoreError) -> u8 {
    use crate::report::sanitize::line;
    match error {
        StoreError::Unusable { help, .. } | StoreError::NoSuchRun { help, .. } => {
            terminal::error(&line(&error.to_string()), help.as_deref());
        }
        StoreError::Damaged { run, .. } => {
            let help = format!(
                "it was left as it is. What is sound of it: rbk show {run}. \
                 New runs take another journal: --journal PATH, or move this one away with all the files beside it"
            );
            terminal::error(&line(&error.to_string()), Some(&help));
        }
        StoreError::Held { run, .. } => {
            let help = format!("look at it: rbk show {run}; it goes on there, or ends when that process does");
            terminal::error(&line(&error.to_string()), Some(&help));
            return LOCKED;
        }
        StoreError::Locked(lock) => {
            let told = crate::report::history::summary::locks(&[(**lock).clone()], terminal::stderr_style());
            terminal::error(&line(&error.to_string()), None);
            terminal::say(told.trim_end());
            let help =
                format!("wait for it, or look: rbk show {}; after a crash: rbk resume {0}, rbk rollback {0}", lock.run);
            terminal::say(&format!("  help: {help}"));
            return LOCKED;
        }
    }
    NOTHING_EXECUTED
}

//! `rbk locks` and `rbk unlock`: what runs have locked, and releasing it by hand.

use super::journal::{JournalArgs, wait_for};
use super::{NOTHING_EXECUTED, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::report::history::summary;
use crate::report::sanitize;

/// List the locks that runs have: who, since when, where that run stands.
#[derive(Debug, clap::Args)]
pub(super) struct LocksArgs {
    /// For programs.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

/// Release a lock by hand. Who and why are kept in the journal.
#[derive(Debug, clap::Args)]
pub(super) struct UnlockArgs {
    /// The lock's name: see rbk locks.
    name: String,

    /// Why it is safe: kept in the journal.
    #[arg(long, value_name = "REASON")]
    why: String,

    #[command(flatten)]
    journal: JournalArgs,
}

pub(super) fn locks(args: &LocksArgs) -> u8 {
    list(args).map_or_else(|code| code, |()| 0)
}

fn list(args: &LocksArgs) -> Result<(), u8> {
    let locks = match args.journal.find()? {
        Some(store) => wait_for(async { store.locks().await })?,
        None if args.json => Vec::new(),
        None => return Ok(()),
    };
    if args.json {
        terminal::print(&format!("{}\n", summary::locks_json(&locks)));
    } else if locks.is_empty() {
        terminal::say("no lock is held");
    } else {
        terminal::print(&summary::locks(&locks, terminal::stdout_style()));
    }
    Ok(())
}

pub(super) fn unlock(args: &UnlockArgs) -> u8 {
    release(args).unwrap_or_else(|code| code)
}

fn release(args: &UnlockArgs) -> Result<u8, u8> {
    if args.why.trim().is_empty() {
        terminal::error("a lock is released for a reason", Some("--why \"its machine is gone for good\""));
        return Err(NOTHING_EXECUTED);
    }
    let Some(store) = args.journal.find()? else { return Err(NOTHING_EXECUTED) };
    let by = RealHost::new().actor();
    let lock = wait_for(async { store.unlock(&args.name, &by, &args.why).await })?;
    let (name, run) = (sanitize::line(&lock.name), sanitize::line(&lock.run));
    terminal::say(&format!("released: {name}, which run {run} had ({})", summary::word(&lock.standing)));
    terminal::say(&format!("  what that run left: rbk show {run}"));
    Ok(0)
}

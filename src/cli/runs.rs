//! `rbk runs`: what was run.

use super::journal::{JournalArgs, wait_for};
use super::terminal;
use crate::report::history::summary;

/// List what was run, newest first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many.
    #[arg(short, value_name = "N", default_value_t = 20)]
    n: usize,

    /// For programs.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub(super) fn run(args: &Args) -> u8 {
    list(args).map_or_else(|code| code, |()| 0)
}

fn list(args: &Args) -> Result<(), u8> {
    let runs = match args.journal.find()? {
        Some(store) => wait_for(async { store.runs(args.n).await })?,
        None if args.json => Vec::new(),
        None => return Ok(()),
    };
    if args.json {
        terminal::print(&format!("{}\n", summary::list_json(&runs)));
    } else if runs.is_empty() {
        terminal::say("the journal is empty: nothing was run");
    } else {
        terminal::print(&summary::list(&runs, terminal::stdout_style()));
    }
    Ok(())
}

//! `rbk show`: the story of a run so far.

use super::journal::{self, JournalArgs};
use super::{NOTHING_EXECUTED, terminal};
use crate::report::history::{json, tree};

/// Tell what happened in a run: what was done and asked, what failed, what is armed, what to type next.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run: an id's beginning, `@latest`, or `@-2`.
    #[arg(default_value = "@latest")]
    run: String,

    /// For programs.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub(super) fn run(args: &Args) -> u8 {
    show(args).unwrap_or_else(|code| code)
}

fn show(args: &Args) -> Result<u8, u8> {
    let (history, damage) =
        args.journal.with_run(&args.run, async |store, run| journal::history(&*store, &run).await)?;
    if let Some(history) = history {
        let style = terminal::stdout_style();
        let text = if args.json { format!("{}\n", json::draw(&history)) } else { tree::draw(&history, style) };
        terminal::print(&text);
    }
    Ok(damage.map_or(0, |error| {
        journal::refused(&error);
        NOTHING_EXECUTED
    }))
}

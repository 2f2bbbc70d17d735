//! `rbk report`: a run as a page, for programs, or for a build server.

use super::journal::{self, JournalArgs};
use super::{NOTHING_EXECUTED, terminal};
use crate::report::history::{json, junit, markdown};

/// Print what happened in a run: the timeline of a post-mortem, or for programs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run: an id's beginning, `@latest`, or `@-2`.
    #[arg(default_value = "@latest")]
    run: String,

    /// As what.
    #[arg(long, value_enum, default_value = "md")]
    format: Format,

    #[command(flatten)]
    journal: JournalArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// rbk.run/1
    Json,
    /// a test case for each step and check
    Junit,
}

pub(super) fn run(args: &Args) -> u8 {
    report(args).unwrap_or_else(|code| code)
}

fn report(args: &Args) -> Result<u8, u8> {
    let (history, damage) =
        args.journal.with_run(&args.run, async |store, run| journal::history(&*store, &run).await)?;
    // A document that lacks its end would be taken for the whole.
    if let Some(error) = damage {
        return Err(journal::refused(&error));
    }
    let Some(history) = history else { return Err(NOTHING_EXECUTED) };
    terminal::print(&match args.format {
        Format::Md => markdown::draw(&history),
        Format::Json => format!("{:#}\n", json::draw(&history)),
        Format::Junit => junit::draw(&history),
    });
    Ok(0)
}

//! The command line: one file a subcommand, with its arguments and its function.

mod again;
mod approve;
mod bug;
mod check;
mod completions;
mod doc;
mod explain;
mod fmt;
mod inputs;
mod journal;
mod lint;
mod locks;
mod opening;
mod parallel;
mod paths;
mod person;
mod plan;
mod prompt;
mod repl;
mod report;
mod run;
mod runs;
mod show;
mod signals;
mod terminal;
mod wanted;

use std::process::ExitCode;

pub use bug::report_bugs;
use clap::{CommandFactory, Parser, Subcommand};
pub use repl::Scripted;

/// Nothing was executed: usage, configuration or source.
const NOTHING_EXECUTED: u8 = 2;

/// Runbooks that run: phases, checks, deadlines, and a rollback that undoes exactly what ran.
#[derive(Debug, Parser)]
#[command(name = "rbk", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Help on anything in the language, offline: rbk doc [NAME] · on a message: rbk explain CODE")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    /// Step through a runbook: the same as `rbk run --step`.
    Step(run::Args),
    Repl(repl::Args),
    Plan(plan::Args),
    Check(check::Args),
    Resume(again::Resume),
    Rollback(again::Rollback),
    Approve(approve::Args),
    Lint(lint::Args),
    Fmt(fmt::Args),
    Runs(runs::Args),
    Show(show::Args),
    Report(report::Args),
    Locks(locks::LocksArgs),
    Unlock(locks::UnlockArgs),
    Doc(doc::Args),
    Explain(explain::Args),
    Completions(completions::Args),
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    crate::mask::guard_process();
    // A dump would hold what the environment holds, whatever else is hidden. What is started inherits that.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
    let none = rustix::process::Rlimit { current: Some(0), maximum: limit.maximum };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    bug::report_bugs();
    log_if_asked();
    let code = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Step(args) => run::step(args),
        Command::Repl(args) => repl::run(args),
        Command::Plan(args) => plan::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Resume(args) => again::resume(&args),
        Command::Rollback(args) => again::rollback(&args),
        Command::Approve(args) => approve::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Locks(args) => locks::locks(&args),
        Command::Unlock(args) => locks::unlock(&args),
        Command::Doc(args) => doc::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    };
    ExitCode::from(code)
}

/// `RBK_LOG=debug`: rbk's own log, on standard error.
fn log_if_asked() {
    if let Ok(filter) = std::env::var("RBK_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| terminal::Masked).try_init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_made() {
        Cli::command().debug_assert();
    }
}

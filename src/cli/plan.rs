//! `rbk plan`: what would happen.

use std::path::PathBuf;
use std::rc::Rc;

use super::inputs::Inputs;
use super::{opening, run, signals, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::journal::Groups;
use crate::report::plan::PlanReport;
use crate::runtime::outcome::Status;
use crate::runtime::{Control, Selection, Start, Unhandled};
use crate::session;

/// It would change something, and `--detailed-exitcode` was given.
const WOULD_CHANGE: u8 = 8;

/// Tell what a runbook would do, step by step, executing nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook.
    file: PathBuf,

    #[command(flatten)]
    inputs: Inputs,

    /// Run what only reads, so that more is known.
    #[arg(long)]
    probe: bool,

    /// Exit with 8 if it would change something.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    plan(args).unwrap_or_else(|code| code)
}

fn plan(args: &Args) -> Result<u8, u8> {
    let host = Rc::new(RealHost::new());
    let program = opening::story(&*host, &args.file)?;
    let (unit, _) = args.inputs.bind(&program, &*host)?;
    let plan = Rc::new(PlanReport::new(Box::new(std::io::stdout()), terminal::stdout_style()));
    let control = Rc::new(Control::default());
    let insisted = signals::Insisted::default();
    let beside = signals::listen(Rc::clone(&control), Rc::clone(&host), Rc::clone(&plan) as _, insisted.clone());
    let start = || Start {
        unit,
        id: session::new_run_id(&*host),
        host: Rc::clone(&host) as Rc<dyn Host>,
        dispatcher: session::plan(args.probe),
        observer: Rc::clone(&plan) as _,
        control,
        selection: Selection::new(None, None, Vec::new(), false),
        on_fail: Unhandled::Stop,
        before: None,
        groups: Groups::default(),
        stepping: None,
    };
    let report = session::run_to_end(start, beside).map_err(|why| run::no_room(&why))?;
    Ok(match report.status {
        Status::Succeeded | Status::Finished if args.detailed_exitcode && plan.counts().would_change() => WOULD_CHANGE,
        status => insisted.exit_code(status),
    })
}

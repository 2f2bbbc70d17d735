//! `rbk check`: runs only the checks, which cannot change anything.

use std::path::PathBuf;
use std::rc::Rc;

use super::inputs::Inputs;
use super::opening;
use super::run::{Ready, Recording, TellingArgs, needs, to_the_end};
use crate::host::real::RealHost;
use crate::report::ending::{Asked, quoted};
use crate::report::outline::Outline;
use crate::runtime::{Selection, Unhandled};

/// Run only the checks of a runbook: they cannot change anything.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook.
    file: PathBuf,

    #[command(flatten)]
    inputs: Inputs,

    #[command(flatten)]
    telling: TellingArgs,
}

pub(super) fn run(args: &Args) -> u8 {
    prepare(args).map_or_else(|code| code, |ready| to_the_end(ready, &args.telling))
}

fn prepare(args: &Args) -> Result<Ready, u8> {
    let host = Rc::new(RealHost::new());
    let program = opening::story(&*host, &args.file)?;
    let (unit, arguments) = args.inputs.bind(&program, &*host)?;
    needs(&program, &host)?;
    let asked = Asked { file: quoted(&args.file.to_string_lossy()), arguments, checks_only: true, stepped: false };
    let selection = Selection::new(None, None, Vec::new(), true);
    let outline = Outline::of(&program);
    let groups = super::run::groups(&*host, &args.file)?;
    let (answers, on_fail, recording) = (Vec::new(), Unhandled::Stop, Recording::none(&*host));
    let stepping = super::run::Steps::None;
    Ok(Ready { host, unit, outline, asked, selection, answers, on_fail, recording, groups, stepping })
}

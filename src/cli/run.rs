//! `rbk run`: runs a runbook.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::inputs::Inputs;
use super::journal::JournalArgs;
use super::person::{Answers, TerminalPerson};
use super::{NOTHING_EXECUTED, opening, repl, signals, terminal, wanted};
use crate::analysis::Program;
use crate::analysis::typed::Typing;
use crate::host::Host;
use crate::host::real::RealHost;
use crate::journal::{Discard, Groups, Record, StoredSource};
use crate::report::Reporter;
use crate::report::ending::{Asked, quoted};
use crate::report::json::Json;
use crate::report::live::{Live, Terminal};
use crate::report::outline::Outline;
use crate::report::plain::{Plain, Telling};
use crate::runtime::person::Person;
use crate::runtime::steer::Stepping;
use crate::runtime::{Before, Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, Unit};
use crate::session;
use crate::session::recording;
use crate::session::settings::settings_for;

/// Run a runbook.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook.
    file: PathBuf,

    #[command(flatten)]
    inputs: Inputs,

    /// Begin with this step or phase: its title, or Phase/Step.
    #[arg(long, value_name = "STEP")]
    from: Option<String>,

    /// End after this one.
    #[arg(long, value_name = "STEP")]
    until: Option<String>,

    /// Run only this one; may be repeated.
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,

    /// Answer ordinary confirmations and checklists with yes; never approvals, manual steps or typed names.
    #[arg(short, long)]
    yes: bool,

    /// Say that this step was approved; may be repeated.
    #[arg(long, value_name = "STEP")]
    approve: Vec<String>,

    /// Answer a question beforehand; may be repeated.
    #[arg(long, value_name = "QUESTION=ANSWER")]
    answer: Vec<String>,

    /// Step through it, as `rbk step` does.
    #[arg(long)]
    pub(super) step: bool,

    /// What becomes of a failure for which the runbook has no policy.
    #[arg(long, value_enum, default_value = "stop")]
    on_fail: OnFail,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    telling: TellingArgs,
}

/// What becomes of a failure for which the runbook has no policy.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum OnFail {
    /// A person decides.
    Ask,
    /// Everything armed is taken back.
    Rollback,
    /// The run stops where it stands.
    Stop,
}

impl OnFail {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Rollback => "rollback",
            Self::Stop => "stop",
        }
    }

    pub(super) const fn unhandled(self) -> Unhandled {
        match self {
            Self::Ask => Unhandled::Ask,
            Self::Rollback => Unhandled::Rollback,
            Self::Stop => Unhandled::Stop,
        }
    }
}

/// How a run is told.
#[derive(Debug, Default, clap::Args)]
pub(super) struct TellingArgs {
    /// How progress is told; `json` is one event a line on standard output.
    #[arg(long, value_enum, default_value = "auto")]
    progress: Progress,

    /// Show what the commands write, as it comes.
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Progress {
    /// live on a terminal, plain elsewhere
    #[default]
    Auto,
    /// one line an event
    Plain,
    /// redrawn in place
    Live,
    /// for programs
    Json,
}

/// A run that is ready to begin.
pub(super) struct Ready {
    pub(super) host: Rc<RealHost>,
    pub(super) unit: Unit,
    pub(super) outline: Outline,
    pub(super) asked: Asked,
    pub(super) selection: Selection,
    pub(super) answers: Vec<Answers>,
    pub(super) on_fail: Unhandled,
    pub(super) recording: Recording,
    pub(super) groups: Groups,
    pub(super) stepping: Steps,
}

/// Whether a run is stepped through.
pub(super) enum Steps {
    /// It has no stops.
    None,
    /// It was begun so, and goes on by itself.
    Past(Rc<Typing>),
    /// Somebody steps through it.
    Now(Rc<Typing>),
    /// Somebody is asked about failures, where the runbook says so.
    Asked(Rc<Typing>),
}

/// Whether there is somebody to be asked about the failures of a run, and the run wants that.
pub(super) fn is_asked(program: &Program, on_fail: Unhandled, telling: &TellingArgs) -> bool {
    let wanted = on_fail == Unhandled::Ask || crate::runtime::steer::asks(program);
    wanted && terminal::is_interactive() && telling.progress != Progress::Json
}

/// Where what happens is recorded.
pub(super) struct Recording {
    pub(super) id: Arc<str>,
    pub(super) record: Rc<dyn Record>,
    pub(super) elsewhere: Rc<dyn Elsewhere>,
    pub(super) before: Option<Before>,
}

impl Recording {
    /// Nowhere: what only looks needs no record.
    pub(super) fn none(host: &dyn Host) -> Self {
        let elsewhere = Rc::new(NobodyElsewhere);
        Self { id: session::new_run_id(host), record: Rc::new(Discard), elsewhere, before: None }
    }
}

pub(super) fn run(args: &Args) -> u8 {
    prepare(args).map_or_else(|code| code, |ready| to_the_end(ready, &args.telling))
}

/// `rbk step`
pub(super) fn step(args: Args) -> u8 {
    run(&Args { step: true, ..args })
}

/// A session of the stepper, with a runbook or without one.
pub(super) fn session(file: Option<PathBuf>, inputs: Inputs, journal: JournalArgs) -> u8 {
    let args = Args {
        file: file.unwrap_or_default(),
        inputs,
        from: None,
        until: None,
        only: Vec::new(),
        yes: false,
        approve: Vec::new(),
        answer: Vec::new(),
        step: true,
        on_fail: OnFail::Stop,
        journal,
        telling: TellingArgs::default(),
    };
    run(&args)
}

/// The file, or nothing in its place.
fn read(args: &Args, host: &RealHost) -> Result<(Arc<Program>, Vec<StoredSource>), u8> {
    if args.file.as_os_str().is_empty() {
        return opening::nothing(host);
    }
    opening::story_and_sources(host, &args.file)
}

fn prepare(args: &Args) -> Result<Ready, u8> {
    let host = Rc::new(RealHost::new());
    let (program, sources) = read(args, &host)?;
    let outline = Outline::of(&program);
    let selection = Selection::new(args.from.clone(), args.until.clone(), args.only.clone(), false);
    let names = wanted::Names::of(&program, &outline);
    let wrong = names.check(selection.names(), &args.approve, &args.answer);
    if let Err((message, help)) = wrong {
        terminal::error(&message, help.as_deref());
        return Err(NOTHING_EXECUTED);
    }
    let (unit, arguments) = args.inputs.bind(&program, &*host)?;
    needs(&program, &host)?;
    window(&unit, &*host, &args.answer)?;
    let file = if args.file.as_os_str().is_empty() { String::new() } else { quoted(&args.file.to_string_lossy()) };
    let asked = Asked { file, arguments, checks_only: false, stepped: args.step };
    let answers = Answers { yes: args.yes, approved: args.approve.clone(), given: args.answer.clone(), by: None };
    let is_asked = !args.step && is_asked(&program, args.on_fail.unhandled(), &args.telling);
    let said = recording::Asked {
        file: args.file.to_string_lossy().into_owned(),
        on_fail: args.on_fail.name().to_owned(),
        yes: args.yes,
        approve: args.approve.clone(),
        answers: args.answer.clone(),
        stepped: args.step || is_asked,
    };
    let id: Arc<str> = session::new_run_id(&*host);
    let first = recording::first_entry(&*host, &unit, &id, &selection, &said, &sources).map_err(|why| {
        terminal::error(&why, None);
        NOTHING_EXECUTED
    })?;
    let recording = args.journal.begin(&first, &sources)?;
    let on_fail = args.on_fail.unhandled();
    let typing = if args.step || is_asked { session::typing(&sources) } else { None };
    let stepping = match typing.map(Rc::new) {
        None => Steps::None,
        Some(typing) if is_asked => Steps::Asked(typing),
        Some(typing) => Steps::Now(typing),
    };
    let groups = groups(&*host, &args.file)?;
    let answers = vec![answers];
    Ok(Ready { host, unit, outline, asked, selection, answers, on_fail, recording, groups, stepping })
}

/// Who is of which group, in the project of a file.
pub(super) fn groups(host: &dyn Host, file: &std::path::Path) -> Result<Groups, u8> {
    settings_for(host, file).map(|settings| settings.groups).map_err(|wrong| opening::tell_settings(&wrong))
}

/// The tools of the header must be there before anything runs.
pub(super) fn needs(program: &Program, host: &Rc<RealHost>) -> Result<(), u8> {
    if program.header.needs.is_empty() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| no_room(&why))?;
    let missing = tokio::task::LocalSet::new().block_on(&runtime, session::missing_tools(program, &**host));
    for tool in &missing {
        terminal::error(&tool.message, Some(&tool.help));
    }
    if missing.is_empty() { Ok(()) } else { Err(NOTHING_EXECUTED) }
}

/// A closed window keeps the run from beginning, unless `--answer window=open` says otherwise.
fn window(unit: &Unit, host: &dyn Host, answers: &[String]) -> Result<(), u8> {
    let Some(closed) = session::closed_window(unit, host.now()) else { return Ok(()) };
    let insisted = answers.iter().any(|answer| answer.eq_ignore_ascii_case(wanted::WINDOW_OPEN));
    if let Some(window) = closed.window.as_ref().filter(|_| insisted) {
        terminal::say(&format!("warning: outside of its window ({window}), as you said"));
        return Ok(());
    }
    let wait = format!("wait, or take the responsibility: --answer {}", wanted::WINDOW_OPEN);
    let help = closed.help.or_else(|| closed.window.is_some().then_some(wait));
    terminal::error(&closed.message, help.as_deref());
    Err(NOTHING_EXECUTED)
}

/// Runs it and tells it. Gives back the exit code.
pub(super) fn to_the_end(ready: Ready, telling: &TellingArgs) -> u8 {
    let Ready { host, unit, outline, asked, selection, answers, on_fail, recording, groups, stepping } = ready;
    let Recording { id, record, elsewhere, before } = recording;
    let world: Rc<dyn Host> = Rc::clone(&host) as _;
    let (session, reporter, every) = match &stepping {
        Steps::Now(_) => {
            let session = repl::Session::new(asked, outline, Rc::clone(&world));
            let reporter = Rc::clone(&session.reporter);
            (Some(session), reporter, None)
        }
        Steps::Asked(_) => {
            let (usual, every) = reporter(telling, &world, asked.clone(), outline.clone());
            let session = repl::Session::asked(usual, asked, outline, Rc::clone(&world));
            let reporter = Rc::clone(&session.reporter);
            (Some(session), reporter, every)
        }
        Steps::None | Steps::Past(_) => {
            let (reporter, every) = reporter(telling, &world, asked, outline);
            (None, reporter, every)
        }
    };
    let stepping = match stepping {
        Steps::None => None,
        Steps::Past(typing) => Some(Stepping { typing, steering: None }),
        Steps::Now(typing) | Steps::Asked(typing) => {
            Some(Stepping { typing, steering: session.as_ref().map(|session| Rc::clone(&session.steering)) })
        }
    };
    let control = Rc::new(Control::default());
    let insisted = signals::Insisted::default();
    if let Some(folder) = session::run_folder(&*world, &id) {
        host.spill_into(folder);
    }

    let beside = {
        let (control, reporter, insisted) = (Rc::clone(&control), Rc::clone(&reporter), insisted.clone());
        async move {
            tokio::join!(signals::listen(control, host, Rc::clone(&reporter), insisted), tick(&*reporter, every));
        }
    };
    let start = || {
        let person: Rc<dyn Person> = match &session {
            Some(session) => session.person(answers, world.actor()),
            None => Rc::new(TerminalPerson::new(answers, world.actor(), Rc::clone(&reporter))),
        };
        let dispatcher = session::live(&world, &record, &person, &elsewhere);
        let observer = reporter;
        Start { unit, id, host: world, dispatcher, observer, control, selection, on_fail, before, groups, stepping }
    };
    match session::run_to_end(start, beside) {
        Ok(report) => insisted.exit_code(report.status),
        Err(why) => no_room(&why),
    }
}

async fn tick(reporter: &dyn Reporter, every: Option<Duration>) {
    let Some(every) = every else { return };
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        reporter.tick();
    }
}

/// Who tells the run, and how often he wants to be reminded.
fn reporter(
    args: &TellingArgs,
    host: &Rc<dyn Host>,
    asked: Asked,
    outline: Outline,
) -> (Rc<dyn Reporter>, Option<Duration>) {
    let telling =
        Telling { style: terminal::stderr_style(), verbose: args.verbose, github: terminal::is_github(), asked };
    let live = args.progress == Progress::Live || args.progress == Progress::Auto && terminal::can_redraw();
    match args.progress {
        Progress::Json => (Rc::new(Json::new(Box::new(std::io::stdout()), jiff::Timestamp::now)), None),
        _ if live => {
            let live = Live::new(Terminal::default(), Rc::clone(host), telling, outline);
            (Rc::new(live), Some(Duration::from_millis(100)))
        }
        _ => {
            let plain = Plain::new(Box::new(std::io::stderr()), Rc::clone(host), telling);
            (Rc::new(plain), Some(Duration::from_secs(1)))
        }
    }
}

/// The system has no room for the run: nothing was executed.
pub(super) fn no_room(why: &std::io::Error) -> u8 {
    terminal::error(&format!("the system has no room for the run: {why}"), None);
    NOTHING_EXECUTED
}

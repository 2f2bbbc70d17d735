//! `rbk resume` and `rbk rollback`: a run that stopped is gone on with, or taken back.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::journal::{JournalArgs, LOCKED, wait_for};
use super::person::Answers;
use super::run::{OnFail, Ready, Recording, Steps, TellingArgs, groups, is_asked, needs, to_the_end};
use super::{NOTHING_EXECUTED, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::journal::store::{RunSummary, Standing};
use crate::report::ending::{Asked, quoted};
use crate::report::outline::Outline;
use crate::report::sanitize;
use crate::runtime::Selection;
use crate::session::recording::{Edited, GoOn, LeftWithTheRecord, Reopened, go_on};

/// What a killed rbk was about to start holds its record for a moment longer than itself.
const MOMENTS: u32 = 20;
const MOMENT: Duration = Duration::from_millis(10);

/// So many lines of a diff are shown.
const SHOWN: usize = 60;

/// Go on with a run that stopped: what it did is not done again.
#[derive(Debug, clap::Args)]
pub(super) struct Resume {
    /// The run: an id's beginning, `@latest`, or `@-2`.
    #[arg(default_value = "@latest")]
    run: String,

    /// Take the runbook as it is now, if what was begun is unchanged.
    #[arg(long)]
    adopt_edits: bool,

    /// Answer ordinary confirmations and checklists with yes; never approvals, manual steps or typed names.
    #[arg(short, long)]
    yes: bool,

    /// Say that this step was approved; may be repeated.
    #[arg(long, value_name = "STEP")]
    approve: Vec<String>,

    #[command(flatten)]
    common: Common,

    /// Step on, in a run that was begun with --step.
    #[arg(long)]
    step: bool,

    /// What becomes of a failure for which the runbook has no policy; as the run was started, if left out.
    #[arg(long, value_enum)]
    on_fail: Option<OnFail>,
}

/// Take back what a run changed: everything armed, newest first.
#[derive(Debug, clap::Args)]
pub(super) struct Rollback {
    /// The run: an id's beginning, `@latest`, or `@-2`.
    #[arg(default_value = "@latest")]
    run: String,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Answer a question beforehand; may be repeated.
    #[arg(long, value_name = "QUESTION=ANSWER")]
    answer: Vec<String>,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    telling: TellingArgs,
}

pub(super) fn resume(args: &Resume) -> u8 {
    let answers =
        Answers { yes: args.yes, approved: args.approve.clone(), given: args.common.answer.clone(), by: None };
    let on_fail = args.on_fail;
    let how = How { go_on: GoOn::Resume, adopts_edits: args.adopt_edits, steps: args.step };
    again(&args.run, how, answers, on_fail, &args.common).unwrap_or_else(|code| code)
}

pub(super) fn rollback(args: &Rollback) -> u8 {
    let answers = Answers { given: args.common.answer.clone(), ..Answers::default() };
    let how = How { go_on: GoOn::Rollback, adopts_edits: false, steps: false };
    again(&args.run, how, answers, None, &args.common).unwrap_or_else(|code| code)
}

/// How a run is gone on with.
#[derive(Clone, Copy)]
struct How {
    go_on: GoOn,
    adopts_edits: bool,
    steps: bool,
}

fn again(run: &str, how: How, answers: Answers, on_fail: Option<OnFail>, common: &Common) -> Result<u8, u8> {
    let How { go_on: how, adopts_edits, steps } = how;
    let go_on_by = how;
    let (store, mut summary) = common.journal.run(run)?;
    for _ in 0..MOMENTS {
        if !matches!(summary.standing, Standing::Running(_)) {
            break;
        }
        std::thread::sleep(MOMENT);
        summary = wait_for(store.find(&summary.run))?;
    }
    may_go_on(&summary, how)?;
    let host = Rc::new(RealHost::new());
    let edited = if adopts_edits { Some(edited(&*host, &*store, &summary)?) } else { None };
    let reopened = wait_for(go_on(&*store, &*host, &summary.run, how, edited))?;
    let Reopened { unit, id, started, record, before, adopted, edited, typing } = reopened;
    if adopts_edits {
        told(adopted.as_deref());
    }
    if let Err(why) = std::env::set_current_dir(&started.cwd) {
        terminal::error(&format!("the folder in which it was started cannot be entered: {}: {why}", started.cwd), None);
        return Err(NOTHING_EXECUTED);
    }
    if started.version != env!("CARGO_PKG_VERSION") {
        terminal::say(&format!("warning: rbk {} began this run", started.version));
    }
    needs(&unit.program, &host)?;
    let at_the_start = Answers {
        yes: how == GoOn::Resume && started.yes,
        approved: started.approve.clone(),
        given: started.answers.clone(),
        by: Some(started.actor.clone()),
    };
    let began_with = match started.on_fail.as_str() {
        "ask" => OnFail::Ask,
        "rollback" => OnFail::Rollback,
        _ => OnFail::Stop,
    };
    let stepping = match (started.stepped, steps) {
        (false, false) => Steps::None,
        (true, is_now) => {
            let typing = Rc::new(typing.ok_or(NOTHING_EXECUTED)?);
            let how = on_fail.unwrap_or(began_with).unhandled();
            let asks = go_on_by == GoOn::Resume && is_asked(&unit.program, how, &common.telling);
            match is_now {
                true => Steps::Now(typing),
                false if asks => Steps::Asked(typing),
                false => Steps::Past(typing),
            }
        }
        (false, true) => {
            let help = format!("without --step it goes on: rbk resume {id}");
            terminal::error(&format!("run {id} was not begun with --step, and has no stops"), Some(&help));
            return Err(NOTHING_EXECUTED);
        }
    };
    let groups = groups(&*host, std::path::Path::new(&started.file))?;
    let outline = Outline::of(&unit.program);
    let elsewhere = LeftWithTheRecord { store, run: Arc::clone(&id), plan: started.plan.clone(), since: edited };
    let asked =
        Asked { file: quoted(&started.file), arguments: String::new(), checks_only: false, stepped: started.stepped };
    let ready = Ready {
        host,
        unit,
        outline,
        asked,
        selection: Selection::new(started.from, started.until, started.only, false),
        answers: vec![answers, at_the_start],
        on_fail: on_fail.unwrap_or(began_with).unhandled(),
        groups,
        stepping,
        recording: Recording { id, record, elsewhere: Rc::new(elsewhere), before: Some(before) },
    };
    Ok(to_the_end(ready, &common.telling))
}

/// Whether a run stands where it can be gone on with.
fn may_go_on(summary: &RunSummary, how: GoOn) -> Result<(), u8> {
    let run = &summary.run;
    let (code, message, help) = match (&summary.standing, how) {
        (Standing::Broken, _) => return Ok(()),
        (Standing::Ended(status), GoOn::Resume) => match status.as_str() {
            "failed" | "paused" | "interrupted" => return Ok(()),
            "rollback incomplete" => (
                NOTHING_EXECUTED,
                format!("run {run} is being taken back: there is no way on from there"),
                format!("rbk rollback {run} goes on with that"),
            ),
            status => (
                NOTHING_EXECUTED,
                format!("run {run} is over: {status}"),
                format!("rbk run {} runs it anew", summary.file),
            ),
        },
        (Standing::Ended(status), GoOn::Rollback) => match status.as_str() {
            "failed" | "paused" | "interrupted" | "rollback incomplete" => return Ok(()),
            "rolled back" => (NOTHING_EXECUTED, format!("run {run} was taken back before"), String::new()),
            status => (
                NOTHING_EXECUTED,
                format!("run {run} ended well ({status}): nothing of it is armed any more"),
                "what it did is taken back by another runbook".to_owned(),
            ),
        },
        (Standing::Damaged(what), _) => (
            NOTHING_EXECUTED,
            format!("the record of run {run} is damaged: {what}"),
            "nothing of it is taken for true; keep a copy of the journal's files".to_owned(),
        ),
        (Standing::Running(holder), _) => (
            LOCKED,
            format!("run {run} is running: {holder}"),
            "wait until it ends, or stop it with Ctrl-C where it runs".to_owned(),
        ),
    };
    terminal::error(&message, Some(help.as_str()).filter(|help| !help.is_empty()));
    Err(code)
}

/// The runbook as it is now, its files called as they were.
fn edited(host: &dyn Host, store: &dyn crate::journal::Store, summary: &RunSummary) -> Result<Edited, u8> {
    let known = wait_for(store.sources(&summary.run))?;
    let Some(main) = known.first() else { return Err(NOTHING_EXECUTED) };
    let (_, mut sources) = super::opening::story_and_sources(host, std::path::Path::new(&main.path))?;
    for source in &mut sources {
        if let Some(known) = known.iter().find(|known| known.path == source.path) {
            source.name.clone_from(&known.name);
        }
    }
    let program = crate::session::reopen(&sources).ok().and_then(|analysis| analysis.program);
    program.map(|program| Edited { program, sources }).ok_or(NOTHING_EXECUTED)
}

/// Tells what is taken over.
fn told(adopted: Option<&str>) {
    let Some(difference) = adopted else {
        terminal::say("nothing was edited since it was begun");
        return;
    };
    terminal::say("these edits are adopted:");
    for line in sanitize::lines(difference).take(SHOWN) {
        terminal::say(&format!("  {line}"));
    }
    let more = difference.lines().count().saturating_sub(SHOWN);
    if more > 0 {
        terminal::say(&format!("  and {more} more lines"));
    }
}

//! `rbk approve`: an answer for a run that waits for one, from another terminal.

use super::journal::{JournalArgs, wait_for};
use super::{NOTHING_EXECUTED, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::journal::store::{RunSummary, Standing};
use crate::journal::{Entry, LeftAnswer, Position, QuestionEntry, Recorded, Started, Store};

/// Answer what a run is waiting for: approve it, unless something else is said.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run: an id's beginning, `@latest`, or `@-2`.
    #[arg(default_value = "@latest")]
    run: String,

    /// Say no.
    #[arg(long, conflicts_with = "answer")]
    deny: bool,

    /// Say this instead of yes.
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,

    /// Only this question or step, if it waits for more than one.
    #[arg(long, value_name = "STEP")]
    step: Option<String>,

    /// Go with the answer into the record: a link, a name, a text; may be repeated.
    #[arg(long, value_name = "TEXT")]
    evidence: Vec<String>,

    #[command(flatten)]
    journal: JournalArgs,
}

pub(super) fn run(args: &Args) -> u8 {
    approve(args).unwrap_or_else(|code| code)
}

fn approve(args: &Args) -> Result<u8, u8> {
    let (store, summary) = args.journal.run(&args.run)?;
    let (started, open) = open_questions(&*store, &summary)?;
    let named = |question: &QuestionEntry| {
        let step = args.step.as_deref();
        step.is_none_or(|step| {
            question.text.eq_ignore_ascii_case(step)
                || question.path.last().is_some_and(|last| last.eq_ignore_ascii_case(step))
        })
    };
    let mut wanted = open.into_iter().filter(|(_, question)| named(question));
    let Some((pos, question)) = wanted.next() else {
        terminal::error(
            &format!("run {} waits for no answer", summary.run),
            Some(&format!("rbk show {}", summary.run)),
        );
        return Err(NOTHING_EXECUTED);
    };
    if let Some((_, other)) = wanted.next() {
        let help = format!("say which: --step '{}' or --step '{}'", question.text, other.text);
        terminal::error(&format!("run {} waits for more than one answer", summary.run), Some(&help));
        return Err(NOTHING_EXECUTED);
    }
    let host = RealHost::new();
    let answer = LeftAnswer {
        pos,
        plan: started.plan,
        answer: said(args, &question)?,
        by: host.actor(),
        at: host.now(),
        evidence: args.evidence.clone(),
    };
    if let Some(expires) = question.expires.filter(|expires| answer.at > *expires) {
        terminal::error(&format!("it could be approved until {expires:.0}"), Some("rbk resume asks anew"));
        return Err(NOTHING_EXECUTED);
    }
    let approvers = question.approvers.filter(|_| !args.deny);
    if let Some(why) = approvers.and_then(|approvers| approvers.refuse(&answer.by)) {
        terminal::error(&why, Some(&format!("rbk show {} says what it waits for", summary.run)));
        return Err(NOTHING_EXECUTED);
    }
    let (by, text) = (answer.by.clone(), answer.answer.clone());
    wait_for(store.leave_answer(&summary.run, answer))?;
    terminal::say(&format!("\"{}\": {text}, by {by}", question.text));
    match summary.standing {
        Standing::Running(_) => terminal::say("the run finds it within a second"),
        Standing::Broken | Standing::Ended(_) | Standing::Damaged(_) => {
            terminal::say(&format!("next: rbk resume {}", summary.run));
        }
    }
    Ok(0)
}

/// What is answered, if that is an answer to the question.
fn said(args: &Args, question: &QuestionEntry) -> Result<String, u8> {
    let refuse = |message: &str, help: &str| {
        terminal::error(message, Some(help));
        Err(NOTHING_EXECUTED)
    };
    match (&args.answer, question.kind.as_str()) {
        (_, "secret") => refuse("it asks for a secret, which is not left lying about", "answer it where the run waits"),
        (None, _) if args.deny => Ok("no".to_owned()),
        (None, "confirm" | "tick" | "approve") => Ok("yes".to_owned()),
        (None, "manual") => Ok("done".to_owned()),
        (None, _) => {
            let of = question.options.join(" | ");
            refuse(&format!("\"{}\" wants more than a yes", question.text), &format!("--answer '{of}'"))
        }
        (Some(text), "choose") if !question.options.contains(text) => {
            refuse(&format!("\"{text}\" is none of the answers"), &format!("one of: {}", question.options.join(", ")))
        }
        (Some(text), _) => Ok(text.clone()),
    }
}

/// Questions that were asked and not answered, the latest last.
fn open_questions(store: &dyn Store, summary: &RunSummary) -> Result<(Started, Vec<(Position, QuestionEntry)>), u8> {
    let mut started = None;
    let mut open: Vec<(Position, QuestionEntry)> = Vec::new();
    let mut each = |_, entry: Entry| {
        match entry.event {
            Recorded::Started(first) => started = Some(*first),
            Recorded::Resumed { .. } => open.clear(),
            Recorded::Asked { pos, question } => {
                open.retain(|(known, _)| *known != pos);
                open.push((pos, question));
            }
            Recorded::Answered { pos, .. } => open.retain(|(known, _)| *known != pos),
            _ => {}
        }
        true
    };
    wait_for(store.entries(&summary.run, &mut each))?;
    started.map(|started| (started, open)).ok_or(NOTHING_EXECUTED)
}

//! Processes that run elsewhere: sent there, listened to, and ended there.
//!
//! At each place on the way an `sh` takes one line from its standard input ([`words`]), so that places nest: a
//! container of another machine, another user in it. The command is surrounded by words of our own, which tell that it
//! began and how it ended; so what failed on the way is told from what the command returned, whatever its status is.

mod client;
mod ending;
mod masters;
mod reasons;
mod words;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use self::masters::{NoSession, Session};
use self::words::{THERE, Unsendable};
use super::process;
use super::spill::Spills;
use super::survivors;
use super::talk::Far;
use crate::host::target::{Target, way};
use crate::host::{Cancel, Exit, LeftRunning, Process, ProcessError, Stream};

pub(super) use masters::Masters;

/// How long the far side may take to answer that something was ended, beyond the time that it gives it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);
/// How long the program that leads there may take to end when nothing is left there.
const LEAVES_WITHIN: Duration = Duration::from_secs(1);

/// What is needed besides the process.
pub(super) struct Means<'a> {
    pub(super) masters: &'a Masters,
    pub(super) hurry: &'a Cancel,
    pub(super) spills: &'a Spills,
}

pub(super) async fn run(
    means: &Means<'_>,
    process: &Process,
    output: &dyn Fn(Stream, &[u8]),
    cancel: &Cancel,
) -> Result<Exit, ProcessError> {
    let mark = survivors::new_mark();
    let stopped = || not_started(process, "it was stopped before it began".to_owned());
    if cancel.is_cancelled() {
        return Err(stopped());
    }
    let Some(connected) = unless_cancelled(cancel, connect(means, process)).await else { return Err(stopped()) };
    let session = connected?;
    let client = client(process, &mark, session.as_ref(), &Task::Command)
        .map_err(|Unsendable(why)| not_started(process, why))?;
    let local = Cancel::new();
    let (exit, far, unended) = {
        let work = pin!(process::run(&client, output, &local, means.hurry, means.spills));
        match select(work, pin!(cancel.cancelled())).await {
            Either::Left((ended, _)) => {
                let (exit, far) = ended?;
                (exit, far, None)
            }
            Either::Right(((), work)) => {
                let ending = pin!(end(means, process, THERE, &mark, process.grace));
                let (unended, ended) = match select(ending, work).await {
                    Either::Left((unended, work)) => {
                        // Its last words may be on their way when nothing of it is left there.
                        let patience = if unended.is_none() { LEAVES_WITHIN } else { Duration::ZERO };
                        let ended = match select(work, pin!(tokio::time::sleep(patience))).await {
                            Either::Left((ended, _)) => ended,
                            Either::Right(((), work)) => {
                                local.cancel();
                                work.await
                            }
                        };
                        (unended, ended)
                    }
                    Either::Right((ended, ending)) => (ending.await, ended),
                };
                let (mut exit, far) = ended?;
                exit.cancelled = true;
                // It may have begun there after it was looked for.
                let late = !has_begun(&far) && unended.is_none();
                let unended = if late { end(means, process, THERE, &mark, process.grace).await } else { unended };
                (exit, far, unended)
            }
        }
    };
    concluded(process, exit, &far, unended)
}

/// What became of it, by what the far side said.
fn concluded(process: &Process, mut exit: Exit, far: &Far, unended: Option<String>) -> Result<Exit, ProcessError> {
    let reached = far.words.iter().filter(|word| word.starts_with("at:")).count();
    let place = place(process);
    if far.said("no-folder").is_some() {
        let dir = process.on[..reached].last().and_then(|hop| hop.dir.as_ref());
        let dir = dir.map_or_else(String::new, |dir| dir.display().to_string());
        return Err(not_started(process, format!("the folder {dir} is not there ({place})")));
    }
    if far.said("no-pipefail").is_some() {
        return Err(ProcessError::NoBash { place });
    }
    let began = has_begun(far);
    if !began && !exit.cancelled {
        let Some(hop) = process.on.get(reached) else {
            return Err(not_started(process, format!("the shell there said: {} ({place})", far.noise.trim())));
        };
        return Err(reasons::not_reached(&hop.target, &way_to(process, reached + 1), &far.noise));
    }
    match far.said("end") {
        Some(status) => {
            let (status, plain_sh) = status.strip_suffix(":sh").map_or((status, false), |status| (status, true));
            exit.status = status.parse().unwrap_or(exit.status);
            exit.plain_sh = plain_sh;
        }
        None if exit.cancelled => {}
        None => {
            let said = far.noise.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("without a word");
            exit.lost = Some(format!("the connection was lost before it ended ({place}): {said}"));
        }
    }
    if exit.cancelled {
        exit.lost = unended;
    }
    Ok(exit)
}

fn has_begun(far: &Far) -> bool {
    far.words.iter().any(|word| word == "begin")
}

/// What is sent to the last place.
enum Task<'a> {
    /// The process itself.
    Command,
    /// A script of ours, to that many places from here.
    Script(usize, &'a str),
}

async fn connect(means: &Means<'_>, process: &Process) -> Result<Option<Session>, ProcessError> {
    let Some(Target::Ssh(ssh)) = process.on.first().map(|hop| &hop.target) else { return Ok(None) };
    match means.masters.session(ssh, process).await {
        Ok(session) => Ok(Some(session)),
        Err(NoSession::NotStarted(error)) => Err(error),
        Err(NoSession::Said(said)) => Err(reasons::not_reached(&process.on[0].target, &way_to(process, 1), &said)),
    }
}

/// The process on this machine that leads there.
fn client(process: &Process, mark: &str, session: Option<&Session>, task: &Task<'_>) -> Result<Process, Unsendable> {
    let places = match task {
        Task::Command => process.on.len(),
        Task::Script(places, _) => *places,
    };
    let control = session.map(Session::control);
    let mut input = String::new();
    for (at, hop) in process.on[..places].iter().enumerate() {
        let mut hop = hop.clone();
        if matches!(task, Task::Command) {
            hop.env.insert(THERE.to_owned(), mark.to_owned());
        }
        input.push_str(&match (process.on[..places].get(at + 1), task) {
            (Some(next), _) => words::passage(mark, at + 1, &hop, &client::argv(&next.target, None))?,
            (None, Task::Command) => words::work(mark, at + 1, &hop, process)?,
            (None, Task::Script(_, script)) => words::own_script(mark, at + 1, &hop, script)?,
        });
    }
    let mut stdin = input.into_bytes();
    if let (Task::Command, Some(own)) = (task, &process.stdin) {
        stdin.extend_from_slice(own);
    }
    let first = process.on.first().map(|hop| client::argv(&hop.target, control)).unwrap_or_default();
    Ok(Process {
        argv: first,
        dir: process.dir.clone(),
        env: process.env.clone(),
        withheld: process.withheld.clone(),
        stdin: Some(stdin.into()),
        grace: LEAVES_WITHIN,
        is_secret: process.is_secret,
        far: Some(mark.into()),
        ..Process::default()
    })
}

/// Ends on the far side what carries the mark, from the last place to the first. `Some`: why something may be left.
async fn end(means: &Means<'_>, process: &Process, variable: &str, value: &str, grace: Duration) -> Option<String> {
    let patient = end_everywhere(means, process, variable, value, grace);
    match select(pin!(patient), pin!(means.hurry.cancelled())).await {
        Either::Left((left, _)) => left,
        Either::Right(((), _)) => end_everywhere(means, process, variable, value, Duration::ZERO).await,
    }
}

/// Ends at the last place what an rbk that is gone left running there.
pub(super) async fn end_left_running(
    means: &Means<'_>,
    way: &Process,
    variable: &str,
    value: &str,
    grace: Duration,
) -> Option<String> {
    end(means, way, variable, value, grace).await
}

/// What an rbk that is gone left running at the last place.
pub(super) async fn left_running(
    means: &Means<'_>,
    way: &Process,
    variable: &str,
    value: &str,
) -> Result<Vec<LeftRunning>, String> {
    let script = ending::listing(variable, value);
    Ok(ending::listed(&ask(means, way, way.on.len(), &script, Duration::ZERO).await?))
}

async fn end_everywhere(
    means: &Means<'_>,
    process: &Process,
    variable: &str,
    value: &str,
    grace: Duration,
) -> Option<String> {
    let mut why = None;
    for places in (1..=process.on.len()).rev() {
        // Only what a place closer by still holds up is left then.
        let grace = if why.is_none() { grace } else { Duration::ZERO };
        match ask(means, process, places, &ending::script(variable, value, grace), grace)
            .await
            .map(|said| ending::left(&said))
        {
            Ok(Some(0)) if why.is_none() => return None,
            Ok(Some(0)) => {}
            Ok(Some(n)) => why = why.or_else(|| Some(format!("{n} of its processes could not be ended there"))),
            Ok(None) => {
                why = why.or_else(|| Some("there is no /proc or no grep there, by which it could be found".to_owned()));
            }
            Err(error) => why = why.or_else(|| Some(format!("it could not be ended there: {error}"))),
        }
    }
    why.map(|why| format!("it may still be running ({}): {why}", place(process)))
}

/// Runs a script of ours at the first so many places, and returns what it wrote.
async fn ask(
    means: &Means<'_>,
    process: &Process,
    places: usize,
    script: &str,
    patience: Duration,
) -> Result<String, String> {
    let mark = survivors::new_mark();
    let asked = async {
        let session = connect(means, process).await.map_err(|error| error.to_string())?;
        let task = Task::Script(places, script);
        let client = client(process, &mark, session.as_ref(), &task).map_err(|Unsendable(why)| why)?;
        let never = Cancel::new();
        let answer = process::run(&client, &|_, _| {}, &never, &never, means.spills).await;
        let (exit, far) = answer.map_err(|error| error.to_string())?;
        match far.said("end") {
            Some(_) => Ok(exit.stdout),
            None => Err(far.noise.lines().last().unwrap_or("no answer").trim().to_owned()),
        }
    };
    tokio::time::timeout(patience + ANSWERS_WITHIN, asked).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

async fn unless_cancelled<T>(cancel: &Cancel, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(cancel.cancelled())).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

fn place(process: &Process) -> String {
    way_to(process, process.on.len())
}

fn way_to(process: &Process, places: usize) -> String {
    way(process.on[..places].iter().map(|hop| &hop.target))
}

fn not_started(process: &Process, reason: String) -> ProcessError {
    ProcessError::NotStarted { program: process.argv.first().cloned().unwrap_or_default(), reason }
}

//! Commands: what stands behind a line that begins with `$`, and `sh(…)`.

use std::sync::Arc;
use std::time::Duration;

use super::args::{duration, later, no_evidence, optional_text, shown, text};
use crate::catalog::command::{CommandLine, CommandOptions, KEY_VARIABLE};
use crate::catalog::{Action, ActionError, Call, Certainty, Effect, Inverse, Param, Surroundings};
use crate::host::{Exit, Hop, LocalFuture, Process, ProcessError, Stream};
use crate::value::{Record, Value, display, units};

/// Stands before every script under bash, on its first line, so that bash counts lines as the script
/// does. Like `set -e` with `pipefail`, but for one thing: a writer whose reader closed early
/// (`yes | head -1`, SIGPIPE, 141) has not failed. `PIPESTATUS` is asked only then: `[[ … ]]` and
/// `(( … ))` do not set it. In a condition (`if`, `&&`, `||`) no trap runs, and the 141 is seen.
const BASH_PROLOGUE: &str = "set -Euo pipefail; trap 'rbk_s=($? \"${PIPESTATUS[@]}\"); \
    if [[ ${rbk_s[0]} != 141 ]]; then exit \"${rbk_s[0]}\"; fi; \
    for rbk_s in \"${rbk_s[@]}\"; do case $rbk_s in 0|141) ;; *) exit \"$rbk_s\" ;; esac; done' ERR; ";

/// Told where its output is: the run went on, and something is still there.
const HELD: &str = "rbk: a process that the command left behind still holds its output; it was not waited for\n";

/// The exit code of a process that wrote to a closed pipe.
const BROKEN_PIPE: i32 = 141;

pub(super) static SH: Action = Action {
    name: "sh",
    summary: "Run a command with options",
    details: "The same as a line that begins with `$`, for when it needs an input, other exit codes than 0, or a \
              deadline of its own. What the text interpolates is quoted for the place where it stands.",
    effect: Effect::Changes,
    params: &[
        Param { name: "command", ty: "command", default: None, doc: "The command line." },
        Param { name: "stdin", ty: "string?", default: Some("null"), doc: "What it reads; nothing if left out." },
        Param { name: "cwd", ty: "string?", default: Some("null"), doc: "The folder it runs in." },
        Param { name: "env", ty: "record?", default: Some("null"), doc: "Environment variables for it." },
        Param { name: "timeout", ty: "duration?", default: Some("null"), doc: "Its own deadline." },
        Param { name: "ok", ty: "list<int>", default: Some("[0]"), doc: "Exit codes that are no failure." },
    ],
    returns: "{ stdout: string, stderr: string, status: int, ok: bool, lines: list<string>, json: any, elapsed: duration }",
    examples: &["let sum = sh(\"wc -c\", stdin: \"hello\")"],
    show: |args| format!("$ {}", shown(args, "command")),
    run: |call| {
        later(async move {
            let line = CommandLine::Script(text(call.args, "command"));
            let ok = match call.args.get("ok") {
                Value::List(codes) => {
                    codes.iter().filter_map(|code| if let Value::Int(n) = code { Some(*n) } else { None }).collect()
                }
                _ => Vec::new(),
            };
            let options = CommandOptions {
                stdin: optional_text(call.args, "stdin"),
                ok,
                tried: false,
                timeout: duration(call.args, "timeout"),
            };
            run_in(&line, &options, call).await
        })
    },
    repeatable: |args| super::args::text(args, "command").contains(KEY_VARIABLE),
    inverse: Inverse::None("nobody knows what takes a command back: write an `undo { }`"),
    evidence: no_evidence,
};

/// Runs a command: the [`RunCommand`](crate::catalog::command::RunCommand) of real runs.
pub fn run<'a>(
    line: &'a CommandLine,
    options: &'a CommandOptions,
    call: &'a Call<'a>,
) -> LocalFuture<'a, Result<Value, ActionError>> {
    Box::pin(run_in(line, options, call))
}

async fn run_in(line: &CommandLine, options: &CommandOptions, call: &Call<'_>) -> Result<Value, ActionError> {
    let process = process(line, options, call)?;
    let own = call.cancel.child();
    let result = {
        let work = call.host.run_process(&process, call.output, &own);
        let mut work = std::pin::pin!(work);
        match options.timeout {
            None => (work.await, false),
            Some(limit) => tokio::select! {
                biased;
                exit = &mut work => (exit, false),
                () = call.host.sleep(limit, call.cancel) => {
                    own.cancel();
                    (work.await, true)
                }
            },
        }
    };
    match result {
        (Err(error), _) => Err(not_started(&error)),
        (Ok(exit), timed_out) => judged(exit, options, timed_out.then_some(options.timeout).flatten(), line, call),
    }
}

fn process(line: &CommandLine, options: &CommandOptions, call: &Call<'_>) -> Result<Process, ActionError> {
    let (argv, shell) = match line {
        CommandLine::Direct(argv) => (argv.clone(), false),
        CommandLine::Script(script) => (shell_for(script, call)?, true),
    };
    let around = call.surroundings;
    let mut env = around.env(around.vars.len());
    if let Value::Record(own) = call.args.get("env") {
        for (name, value) in own.iter() {
            env.insert(name.to_string(), display::exposed_text(value));
        }
    }
    if let Some(key) = call.idempotency_key {
        env.insert(KEY_VARIABLE.to_owned(), key.to_owned());
    }
    for (name, value) in &call.context {
        env.insert((*name).to_owned(), value.clone());
    }
    let (mut dir, mut on) = (around.dir.clone(), way(around)?);
    let innermost = on.last_mut().map_or(&mut dir, |hop| &mut hop.dir);
    if let Some(cwd) = optional_text(call.args, "cwd") {
        *innermost = Some(innermost.take().map_or_else(|| cwd.clone().into(), |dir| dir.join(&cwd)));
    }
    if let (Some(hop), Some(first)) = (on.last_mut(), around.places.first()) {
        // What leads there can be found by its key too, and has the variables that were set around it.
        hop.env = env;
        env = around.env(first.vars_around);
        env.extend(call.idempotency_key.map(|key| (KEY_VARIABLE.to_owned(), key.to_owned())));
    }
    let stdin = options.stdin.as_ref().map(|input| input.as_bytes().into());
    let script = match line {
        CommandLine::Direct(_) => None,
        CommandLine::Script(script) => Some(script.clone()),
    };
    let withheld = call.withheld.clone();
    let (grace, is_secret) = (call.grace, call.is_secret);
    Ok(Process { argv, shell, script, dir, env, withheld, stdin, grace, is_secret, on, ..Process::default() })
}

fn way(around: &Surroundings) -> Result<Vec<Hop>, ActionError> {
    around.hops().ok_or_else(|| ActionError::failed("only a run will know where this runs"))
}

fn shell_for(script: &str, call: &Call<'_>) -> Result<Vec<String>, ActionError> {
    let elsewhere = !call.surroundings.places.is_empty();
    if elsewhere || call.host.find_program("bash").is_some() {
        return Ok(vec!["bash".to_owned(), "-c".to_owned(), format!("{BASH_PROLOGUE}{script}")]);
    }
    if script.contains('|') {
        return Err(ActionError::failed("this command has a pipe, and there is no bash on this machine")
            .help("install bash: without its `pipefail` a failure in the middle of a pipe would go unseen"));
    }
    Ok(vec!["sh".to_owned(), "-euc".to_owned(), script.to_owned()])
}

fn not_started(error: &ProcessError) -> ActionError {
    let failed = ActionError { certainty: Certainty::NotBegun, ..ActionError::failed(error.to_string()) };
    match error {
        ProcessError::NotFound(program) => failed
            .help(format!("install {program}, or name it in `needs` so that it is looked for before anything runs")),
        ProcessError::NotStarted { .. } => failed,
        ProcessError::NotReached { help, .. } => ActionError { help: help.clone(), ..failed },
        ProcessError::NoBash { .. } => {
            failed.help("install bash there: without its `pipefail` a failure in the middle of a pipe would go unseen")
        }
    }
}

fn judged(
    exit: Exit,
    options: &CommandOptions,
    timed_out: Option<Duration>,
    line: &CommandLine,
    call: &Call<'_>,
) -> Result<Value, ActionError> {
    let status = match line {
        CommandLine::Script(_) if exit.status == BROKEN_PIPE && !exit.plain_sh => 0,
        _ => exit.status,
    };
    let ok = if options.ok.is_empty() { status == 0 } else { options.ok.contains(&i64::from(status)) };
    // What returns a secret may have written a part of it before it failed.
    let (said, all) = if exit.stderr.trim().is_empty() && !call.is_secret {
        (&exit.stdout, exit.all_stdout.as_ref())
    } else {
        (&exit.stderr, exit.all_stderr.as_ref().or(exit.all_stdout.as_ref()))
    };
    let said = tail(&crate::mask::current().hide(said));
    let all = all.map(|path| format!("all that it wrote is in {}", path.display()));
    let held = exit.output_held;
    if held && !exit.cancelled {
        (call.output)(Stream::Stderr, HELD.as_bytes());
    }
    let (cancelled, lost) = (exit.cancelled, exit.lost);
    let value = Value::Record(Arc::new(
        Record::new([
            ("stdout", Value::str(exit.stdout.as_str())),
            ("stderr", Value::str(exit.stderr.as_str())),
            ("status", Value::Int(i64::from(status))),
            ("ok", Value::Bool(ok)),
            ("elapsed", Value::Duration(i64::try_from(exit.elapsed.as_nanos()).unwrap_or(i64::MAX))),
        ])
        .with_text(exit.stdout.as_str()),
    ));
    if cancelled {
        let message = match timed_out {
            Some(limit) => format!(
                "it was stopped after {}",
                units::duration_text(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX))
            ),
            None if call.cancel.is_cancelled() => "it was stopped before it was done".to_owned(),
            None => "it was stopped".to_owned(),
        };
        let message = lost.map_or_else(|| message.clone(), |lost| format!("{message}; {lost}"));
        return Err(ActionError { value: Some(value), help: all, ..ActionError::in_doubt(message).output(said) });
    }
    if let Some(lost) = lost {
        return Err(ActionError { value: Some(value), help: all, ..ActionError::in_doubt(lost).output(said) });
    }
    if ok || options.tried {
        return Ok(value);
    }
    let message = message(status, &said);
    let mut failed = ActionError { value: Some(value), ..ActionError::failed(message).output(said.as_str()) };
    let help = match status {
        127 => Some("a program in it is not installed, or not on PATH".to_owned()),
        126 => Some("a program in it is not executable: chmod +x".to_owned()),
        _ if held => Some("a process it left behind still holds its output; rbk did not wait for that one".to_owned()),
        _ => super::advice::on(program_of(line), &said).map(str::to_owned),
    };
    let helps: Vec<String> = help.into_iter().chain(all).collect();
    failed.help = (!helps.is_empty()).then(|| helps.join("; "));
    Err(failed)
}

/// The program that a command starts; of a script nobody knows which one failed.
fn program_of(line: &CommandLine) -> Option<&str> {
    match line {
        CommandLine::Direct(argv) => argv.first().map(|path| path.rsplit('/').next().unwrap_or(path)),
        CommandLine::Script(_) => None,
    }
}

/// `exited with 3: <the last line it wrote>`
fn message(status: i32, said: &str) -> String {
    let how = match status {
        129..=192 => format!("was ended by {}", signal_name(status - 128)),
        _ => format!("exited with {status}"),
    };
    match said.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(last) => format!("{how}: {}", last.trim().chars().take(200).collect::<String>()),
        None => format!("{how} and wrote nothing"),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL (out of memory?)",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// The last lines of an output.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

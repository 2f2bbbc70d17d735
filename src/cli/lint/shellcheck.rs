//! shellcheck, where it is installed: asked about the scripts of all files in a few batches. It only reads.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::super::terminal;
use crate::diag::Diagnostic;
use crate::host::real::RealHost;
use crate::host::{Cancel, Exit, Host, Process};
use crate::lint::{ShellScript, shellcheck_finding};

/// Its program.
const PROGRAM: &str = "shellcheck";

/// Scripts a process: what it answers about so many fits into what is kept of its output.
const BATCH: usize = 60;

/// For one batch; it takes a few milliseconds a script.
const LIMIT: Duration = Duration::from_secs(60);

/// What it cannot know of a runbook: variables that rbk sets (2034, 2154), comparisons with what stands for a value
/// (2050, 2194), files that it should follow (1090, 1091).
const EXCLUDED: &str = "SC2034,SC2154,SC2050,SC2194,SC1090,SC1091";

/// Whether it can be asked.
pub(super) fn is_there(host: &RealHost) -> bool {
    host.find_program(PROGRAM).is_some()
}

/// What it says, for each of the files whose scripts these are. What goes wrong is told, and costs only its findings.
pub(super) fn ask(host: &RealHost, files: &[Vec<ShellScript>]) -> Vec<Vec<Diagnostic>> {
    let mut found: Vec<Vec<Diagnostic>> = files.iter().map(|_| Vec::new()).collect();
    let scripts: Vec<(usize, &ShellScript)> =
        files.iter().enumerate().flat_map(|(at, scripts)| scripts.iter().map(move |script| (at, script))).collect();
    if scripts.is_empty() {
        return found;
    }
    let result = host.files().scratch_dir().map_err(|why| why.to_string()).and_then(|folder| {
        let asked = scripts.chunks(BATCH).try_for_each(|batch| one_batch(host, &folder, batch, &mut found));
        let _ = host.files().remove(&folder);
        asked
    });
    if let Err(why) = result {
        terminal::error(&format!("{PROGRAM} could not be asked: {why}"), Some("--no-shellcheck leaves it out"));
    }
    found
}

fn one_batch(
    host: &RealHost,
    folder: &Path,
    batch: &[(usize, &ShellScript)],
    found: &mut [Vec<Diagnostic>],
) -> Result<(), String> {
    let name = |at: usize| folder.join(format!("{at}.sh"));
    let mut argv: Vec<String> =
        [PROGRAM, "--norc", "--format=json1", "--severity=warning", "--exclude", EXCLUDED].map(str::to_owned).to_vec();
    for (at, (_, script)) in batch.iter().enumerate() {
        host.files().write_atomic(&name(at), script.text.as_bytes(), Some(0o600)).map_err(|why| why.to_string())?;
        argv.push(name(at).to_string_lossy().into_owned());
    }
    let exit = run(host, &Process { argv, grace: Duration::from_millis(200), ..Process::default() })?;
    // 1: it found something.
    if exit.status > 1 {
        return Err(exit.stderr.lines().next().unwrap_or("it failed without a word").to_owned());
    }
    let answer: Value = serde_json::from_str(&exit.stdout).map_err(|_| "its answer cannot be read".to_owned())?;
    for comment in answer["comments"].as_array().into_iter().flatten() {
        let file = comment["file"].as_str().map(PathBuf::from);
        let at = file.and_then(|file| file.file_stem()?.to_str()?.parse::<usize>().ok());
        let Some((file, script)) = at.and_then(|at| batch.get(at)) else { continue };
        let number = |field: &str| comment[field].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let span = script.span((number("line"), number("column")), (number("endLine"), number("endColumn")));
        let message = comment["message"].as_str().unwrap_or_default();
        found[*file].push(shellcheck_finding(span, comment["code"].as_u64().unwrap_or(0), message));
    }
    Ok(())
}

fn run(host: &RealHost, process: &Process) -> Result<Exit, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| why.to_string())?;
    let cancel = Cancel::new();
    let never = Cancel::new();
    let exit = runtime.block_on(async {
        let mut work = host.run_process(process, &|_, _| {}, &cancel);
        tokio::select! {
            exit = &mut work => exit,
            () = host.sleep(LIMIT, &never) => {
                cancel.cancel();
                work.await
            }
        }
    });
    let exit = exit.map_err(|why| why.to_string())?;
    if exit.cancelled { Err(format!("it took more than {} s", LIMIT.as_secs())) } else { Ok(exit) }
}

//! `needs = ["gcloud >= 450"]`: tools looked up before anything runs.

use std::time::Duration;

use crate::analysis::Program;
use crate::analysis::program::Need;
use crate::functions;
use crate::host::{Cancel, Host, Process};

/// A tool that is not there, or too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// In words.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Looks every tool up, and asks those with a least version for theirs (`tool --version`).
pub async fn missing_tools(program: &Program, host: &dyn Host) -> Vec<Missing> {
    let mut missing = Vec::new();
    for need in &program.header.needs {
        let Need { tool, at_least, .. } = need;
        if host.find_program(tool).is_none() {
            missing.push(Missing {
                message: format!("`{tool}` is needed and is not on this machine"),
                help: format!("install {tool}, or look at PATH"),
            });
            continue;
        }
        let Some(wanted) = at_least else { continue };
        match version_of(tool, host).await {
            Some(found) if functions::is_version_at_least(&found, wanted) => {}
            Some(found) => missing.push(Missing {
                message: format!("`{tool}` {found} is too old: {wanted} or newer is needed"),
                help: format!("update {tool}"),
            }),
            None => missing.push(Missing {
                message: format!("`{tool} --version` did not say its version: {wanted} or newer is needed"),
                help: format!("look at what `{tool} --version` prints"),
            }),
        }
    }
    missing
}

/// The first thing that looks like a version in what `tool --version` prints.
async fn version_of(tool: &str, host: &dyn Host) -> Option<String> {
    let process = Process {
        argv: vec![tool.to_owned(), "--version".to_owned()],
        grace: Duration::from_millis(200),
        ..Process::default()
    };
    let cancel = Cancel::new();
    let never = Cancel::new();
    let exit = {
        let work = host.run_process(&process, &|_, _| {}, &cancel);
        let mut work = std::pin::pin!(work);
        tokio::select! {
            exit = &mut work => exit,
            () = host.sleep(Duration::from_secs(20), &never) => {
                cancel.cancel();
                work.await
            }
        }
    };
    let exit = exit.ok()?;
    let text = format!("{}\n{}", exit.stdout, exit.stderr);
    let version = regex::Regex::new(r"\d+(\.\d+)+|\b\d+\b").ok()?;
    version.find(&text).map(|found| found.as_str().to_owned())
}

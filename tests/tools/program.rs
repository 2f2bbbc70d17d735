//! A simulated world of tools: one program that plays gcloud, kubectl, docker, terraform and others, by the
//! name it is called with, over one folder.
//!
//!     cargo build --example tools
//!     target/debug/examples/tools setup /tmp/world           # /tmp/world/bin/kubectl, … and a state to begin with
//!     target/debug/examples/tools setup /tmp/world caas      # the same with the world of runbooks/caas
//!     export TOOLS_WORLD=/tmp/world PATH=/tmp/world/bin:$PATH
//!     kubectl get deployment web -o json
//!     target/debug/examples/tools serve /tmp/world 8099      # http://127.0.0.1:8099/SERVICE/health
//!
//! `state.json` in the folder is the world; `faults.json` says what goes wrong (see [`faults`]); `calls.log` has
//! one line of JSON for each call. An argument that the tool would not take is an error here, too, with the
//! tool's own exit code: a double that takes anything proves nothing.

// A double that cannot read its own world should say so by failing.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod aws;
mod beginning;
mod call;
mod docker;
mod faults;
mod gcloud;
mod gh;
mod helm;
mod helm_values;
mod kubectl;
mod packages;
mod prisma;
mod scripts;
mod serve;
mod sites;
mod small;
mod terraform;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::exit;

use call::{Call, Failure};
use serde_json::{Value, json};

/// A tool: what it is called, and how it is played.
type Play = fn(&mut Call) -> Result<(), Failure>;

const TOOLS: &[(&str, Play)] = &[
    ("alembic", packages::alembic),
    ("aws", aws::play),
    ("cloud-sql-proxy", |call| Err(scripts::cloud_sql_proxy(&call.words))),
    ("docker", docker::play),
    ("docker-compose", docker::play_compose),
    ("gcloud", gcloud::play),
    ("gh", gh::play),
    ("helm", helm::play),
    ("kubectl", kubectl::play),
    ("mongodump", scripts::mongodump),
    ("npm", packages::npm),
    ("npx", packages::runner),
    ("poetry", packages::runner),
    ("repository-script", scripts::play),
    ("snapshot", small::snapshot),
    ("systemctl", small::systemctl),
    ("terraform", terraform::play),
    ("uv", packages::runner),
];

fn main() {
    let mut words = std::env::args();
    let called = words.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words: Vec<String> = words.collect();
    match TOOLS.iter().find(|(tool, _)| *tool == name) {
        Some((_, play)) => exit(played(&name, *play, words)),
        None => own(&words),
    }
}

/// The program under its own name.
fn own(words: &[String]) {
    match words {
        [word, folder] if word == "setup" => setup(Path::new(folder), &beginning::state(), beginning::files()),
        [word, folder, system] if word == "setup" => {
            let state = sites::begin(system).unwrap_or_else(|| panic!("there is no system {system}"));
            setup(Path::new(folder), &state, sites::files(system));
        }
        [word, folder, port] if word == "serve" => serve::serve(Path::new(folder), port.parse().expect("a port")),
        _ => {
            eprintln!("tools setup FOLDER [SYSTEM] | tools serve FOLDER PORT");
            exit(2);
        }
    }
}

/// A world to begin with: every tool in `bin`, and a state.
fn setup(folder: &Path, state: &Value, files: Vec<(&str, String)>) {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let own = std::env::current_exe().unwrap();
    // Where the state has no S3, the command itself is to be asked, or none.
    for (tool, _) in TOOLS.iter().filter(|(tool, _)| *tool != "aws" || !state["s3"].is_null()) {
        let link = bin.join(tool);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&own, &link).unwrap();
    }
    write(folder, state);
    for (file, text) in files {
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
        if text.starts_with("#!") {
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }
    std::fs::write(folder.join("faults.json"), "[]").unwrap();
    let _ = std::fs::remove_file(folder.join("calls.log"));
}

/// Other calls of tools wait until this is dropped.
fn lock(folder: &Path) -> File {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock")).unwrap();
    file.lock().unwrap();
    file
}

fn read(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("state.json")).unwrap()).unwrap()
}

/// Whole or not at all: who looks without the lock must not see half of it.
fn write(folder: &Path, state: &Value) {
    let (new, file) = (folder.join("state.json.new"), folder.join("state.json"));
    std::fs::write(&new, serde_json::to_string_pretty(state).unwrap()).unwrap();
    std::fs::rename(new, file).unwrap();
}

fn note(folder: &Path, line: &Value) {
    let mut log = OpenOptions::new().create(true).append(true).open(folder.join("calls.log")).unwrap();
    writeln!(log, "{line}").unwrap();
}

fn played(tool: &str, play: Play, words: Vec<String>) -> i32 {
    let Some(folder) = std::env::var_os("TOOLS_WORLD").map(PathBuf::from) else {
        eprintln!("{tool}: this is a double, and TOOLS_WORLD names no folder");
        return 125;
    };
    let line = std::iter::once(tool).chain(words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    let held = lock(&folder);
    let fault = faults::take(&folder, tool, &line);
    note(&folder, &json!({ "tool": tool, "args": words, "fault": fault.as_ref().map(|fault| fault.word()) }));
    if let Some(fault) = fault.as_ref().filter(|fault| fault.is_before()) {
        drop(held);
        return fault.happen(tool);
    }
    drop(held);
    // It lives beside the others, which must not wait for it.
    if tool == "cloud-sql-proxy" && words != ["--version"] {
        let failure = scripts::cloud_sql_proxy(&words);
        eprintln!("{}", failure.message);
        return failure.status;
    }
    // What it reads may come from another tool of this world: no lock is held while it waits for that.
    let reads =
        |word: &String| word.ends_with('-') || tool == "docker" && ["-i", "--interactive"].contains(&word.as_str());
    let stdin = if words.iter().any(reads) {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).unwrap();
        text
    } else {
        String::new()
    };
    if words == ["--version"] && tool != "gcloud" {
        println!("{tool} version 100.9.4");
        return 0;
    }
    let held = lock(&folder);
    let before = read(&folder);
    let mut call = Call::new(words, stdin, before.clone(), &folder);
    let result = play(&mut call);
    if call.state != before {
        write(&folder, &call.state);
    }
    drop(held);
    if let Some(fault) = fault {
        return fault.happen(tool);
    }
    print!("{}", call.out);
    eprint!("{}", call.err);
    if let Some(port) = call.listens {
        std::io::stdout().flush().unwrap();
        return serve::listen(tool, port);
    }
    match result {
        Ok(()) => call.status,
        Err(failure) => {
            eprintln!("{}", failure.message);
            failure.status
        }
    }
}

//! The house keeps its floors.
//!
//! A file may import only from floors below its own. A door between two modules of one floor, or
//! up a floor, is written here with its reason, and one that nobody goes through any more fails
//! the test too.

// A test that cannot read its files has failed.
#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The modules from the ground up. `main` and `lib` are above all.
const FLOORS: &[&[&str]] = &[
    &["source", "diag", "mask"],
    &["syntax", "value", "host"],
    &["catalog"],
    &["eval", "functions"],
    &["analysis"],
    &["journal", "runtime", "actions", "lint", "fmt"],
    &["session", "ide", "report"],
    &["cli", "repl", "lsp"],
];

/// Doors within a floor: from, to, why.
const DOORS: &[(&str, &str, &str)] = &[
    ("diag", "source", "a diagnostic labels spans, and draws the lines they are in"),
    ("value", "syntax", "operations on values are named by the operators of the tree"),
    ("host", "value", "what a database answers has more types than text, and only its driver knows them"),
    ("eval", "functions", "an expression calls pure functions"),
    ("runtime", "journal", "intent and outcome are written before and after each effect"),
];

/// Where asynchronous code and the network may be named, besides `host`.
const RUNS: &[&str] = &["journal", "runtime", "actions", "session", "ide", "report", "cli", "repl", "lsp", "main"];

/// Files of more than 500 lines, each with the reason why it is not two.
const LONG: &[(&str, &str)] = &[
    ("src/syntax/tree.rs", "the types of one tree, read side by side with the grammar"),
    ("src/report/live.rs", "one screen, and the tests that look at it"),
    ("src/analysis/program.rs", "the types of one program, read side by side with the tree"),
    ("src/journal/entry.rs", "the forms of one record, which are its file format"),
    ("src/syntax/shell/tools.rs", "a table of what well-known programs change"),
    ("src/syntax/shell/foreign.rs", "a table of the programs that read arguments as code"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

struct File {
    path: String,
    module: String,
    text: String,
}

impl File {
    /// The lines that are code, numbered: no comments, and nothing from the unit tests on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.take_while(|(_, line)| *line != "#[cfg(test)]").map(|(at, line)| (at + 1, without_comment(line)))
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

fn without_comment(line: &str) -> &str {
    line.find("//").filter(|at| !line[..*at].contains('"')).map_or(line, |at| &line[..at])
}

fn files() -> Vec<File> {
    let mut paths = Vec::new();
    sources(Path::new("src"), &mut paths);
    let file = |path: PathBuf| {
        let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        File { module, text: std::fs::read_to_string(&path).unwrap(), path: path.to_str().unwrap().to_owned() }
    };
    paths.into_iter().map(file).collect()
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The modules of ours that a line names: `crate::x`, also as `use crate::{x::…, y}`.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(group) => {
                let mut depth = 0_i32;
                let mut start = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && depth == 0 && !c.is_whitespace() => {
                            found.push(word(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|name| floor(name).is_some());
    found
}

#[test]
fn every_module_is_on_a_floor() {
    let modules: BTreeSet<String> = files().into_iter().map(|file| file.module).collect();
    for module in modules.iter().filter(|module| !["main", "lib"].contains(&module.as_str())) {
        assert!(floor(module).is_some(), "src/{module} is on no floor: add it to FLOORS, and to src/README.md");
    }
}

#[test]
fn imports_run_down() {
    let mut wrong = String::new();
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|file| !file.is_test()) {
        let Some(own) = floor(&file.module) else { continue };
        // A `use crate::{…}` over several lines is read as one.
        let mut pending: Option<(usize, String)> = None;
        for (number, line) in file.code() {
            let (number, line) = match pending.take() {
                Some((first, before)) => (first, before + line),
                None => (number, line.to_owned()),
            };
            if line.contains("use crate::{") && !line.contains(';') {
                pending = Some((number, line));
                continue;
            }
            for other in named(&line) {
                if other == file.module || floor(&other).is_some_and(|other| other < own) {
                    continue;
                }
                match DOORS.iter().find(|(from, to, _)| *from == file.module && *to == other) {
                    Some(door) => drop(used.insert(*door)),
                    None => wrong += &format!("{}:{number}: {} must not know {other}\n", file.path, file.module),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let shut: Vec<_> = DOORS.iter().filter(|door| !used.contains(*door)).collect();
    assert!(shut.is_empty(), "doors that nobody goes through: {shut:?}");
}

#[test]
fn only_the_session_knows_both_runtime_and_actions() {
    for file in files().iter().filter(|file| !["session", "cli", "repl", "main", "lib"].contains(&file.module.as_str()))
    {
        let knows: BTreeSet<String> = file.code().flat_map(|(_, line)| named(line)).collect();
        let both = knows.contains("runtime") && knows.contains("actions");
        assert!(!both, "{} knows the run time and the actions", file.path);
    }
}

#[test]
fn the_world_is_reached_from_the_host_only() {
    let mut wrong = String::new();
    for file in files().iter().filter(|file| file.module != "host" && !file.is_test()) {
        let runs = RUNS.contains(&file.module.as_str());
        for (number, line) in file.code() {
            for word in ["tokio::", "reqwest::", "std::fs", "std::process::", "std::net::", "println!(", "eprintln!("] {
                let exempt = match word {
                    "tokio::" => runs,
                    // The id and the exit code of this process are no effect.
                    "std::process::" => {
                        line.contains("process::id()") || line.contains("process::ExitCode") || file.module == "cli"
                    }
                    // An address is a value; a connection is not.
                    "std::net::" => line.contains("std::net::Ip"),
                    // Programs that are started and files of its own: terminals, reports, the journal.
                    "std::fs" => {
                        ["cli", "repl", "lsp"].contains(&file.module.as_str())
                            || file.path.starts_with("src/journal/sqlite/")
                    }
                    _ => false,
                };
                if line.contains(word) && !exempt {
                    wrong +=
                        &format!("{}:{number}: {} in {}\n", file.path, word.trim_end_matches([':', '(']), file.module);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in files() {
        assert!(file.text.starts_with("//! "), "{} does not begin with `//!`", file.path);
    }
}

#[test]
fn files_are_short() {
    let mut long: BTreeSet<&str> = LONG.iter().map(|(path, _)| *path).collect();
    let mut wrong = String::new();
    for file in files() {
        let lines = file.text.lines().count();
        if lines > 500 && !long.remove(file.path.as_str()) {
            wrong += &format!("{} has {lines} lines: two files, or a reason in LONG\n", file.path);
        }
        if lines <= 500 && long.remove(file.path.as_str()) {
            wrong += &format!("{} has {lines} lines: no need to stand in LONG\n", file.path);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(long.is_empty(), "not there any more: {long:?}");
}

/// The lock file names where packages come from; nothing that a person writes does.
#[test]
fn no_registry_is_named() {
    let hosts = [["crates", "io"].join("."), ["npmjs", "org"].join("."), ["pypi", "org"].join(".")];
    let mut texts = Vec::new();
    for folder in ["src", "tests", "benches", "runbooks", "stdlib", "grammar", ".ci", "editors", "fuzz"] {
        texts_beneath(Path::new(folder), &mut texts);
    }
    texts.extend(["README.md", "Cargo.toml"].map(PathBuf::from));
    for path in texts {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for host in &hosts {
            assert!(!text.contains(host.as_str()), "{} names {host}", path.display());
        }
    }
}

fn texts_beneath(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap_or_default();
        if path.is_dir() && !["target", "node_modules"].contains(&name) {
            texts_beneath(&path, found);
        } else if path.is_file() && name != "Cargo.lock" {
            found.push(path);
        }
    }
}

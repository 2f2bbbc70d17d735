//! Golden cases of the analysis: each file in `tests/analysis/cases` says on the line a diagnostic
//! belongs to which one it expects, as `#~ RBK0101 part of the message`. Several on one line stand
//! one after the other. What is expected and not said fails, and so does what is said and not expected.

#![allow(clippy::unwrap_used, reason = "also the helpers of these tests may fail them")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use rbk::analysis::program::{Loaded, Loader};
use rbk::analysis::{Analysis, analyse};
use rbk::catalog::Registry;

/// Reads files beside each other, and stand-ins for the standard library.
struct Folder;

impl Loader for Folder {
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String> {
        let path = from.parent().unwrap_or(Path::new("")).join(path);
        let path = path.canonicalize().map_err(|_| format!("there is no file {}", path.display()))?;
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Loaded { name, path, text: text.into() })
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        static READ: LazyLock<Mutex<HashMap<String, &'static str>>> = LazyLock::new(Mutex::default);
        let mut read = READ.lock().unwrap();
        if let Some(text) = read.get(name) {
            return Some(text);
        }
        let path = format!("tests/analysis/{}.rbk", name.replace('.', "/"));
        let text: &'static str = std::fs::read_to_string(path).ok()?.leak();
        read.insert(name.to_owned(), text);
        Some(text)
    }

    fn std_names(&self) -> Vec<&'static str> {
        vec!["std.gcp.cloudrun", "std.prom", "std.slack"]
    }
}

/// Files beside each other, and the real standard library.
struct Shipped;

impl Loader for Shipped {
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String> {
        Folder.file(from, path)
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        rbk::session::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        rbk::session::std_modules()
    }
}

fn analysed(path: &Path, loader: &dyn Loader) -> Analysis {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let main = Loaded { name, path: path.canonicalize().unwrap(), text: text.into() };
    analyse(main, loader, Registry::new(rbk::actions::ALL))
}

#[derive(Debug, PartialEq)]
struct Expected {
    line: u32,
    code: String,
    message: String,
}

fn expected(text: &str) -> Vec<Expected> {
    let mut all = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        for mark in text.split("#~").skip(1) {
            let mark = mark.trim();
            let (code, message) = mark.split_once(' ').unwrap_or((mark, ""));
            all.push(Expected { line, code: code.to_owned(), message: message.trim().to_owned() });
        }
    }
    all
}

/// What differs between what a file expects and what is said about it.
fn differences(path: &Path) -> String {
    let analysis = analysed(path, &Folder);
    let own = analysis.diagnostics.iter().map(|diagnostic| {
        let span = diagnostic.span();
        let file = analysis.sources.get(span.file);
        (file.name.clone(), file.line_column(span.start).line, diagnostic)
    });
    let name = path.file_name().unwrap().to_string_lossy();
    let mut unmet = expected(&std::fs::read_to_string(path).unwrap());
    let mut out = String::new();
    for (file, line, diagnostic) in own {
        let met = unmet.iter().position(|expected| {
            file == *name
                && expected.line == line
                && diagnostic.code.id == expected.code
                && (diagnostic.message.contains(&expected.message)
                    || diagnostic.help.as_deref().is_some_and(|help| help.contains(&expected.message)))
        });
        match met {
            Some(at) => {
                unmet.remove(at);
            }
            None => {
                let help = diagnostic.help.as_deref().unwrap_or("-");
                let _ = writeln!(
                    out,
                    "  {file}:{line}: not expected: {} {} (help: {help})",
                    diagnostic.code.id, diagnostic.message
                );
            }
        }
    }
    for expected in unmet {
        let _ = writeln!(out, "  {name}:{}: not said: {} {}", expected.line, expected.code, expected.message);
    }
    let errors = analysis.diagnostics.iter().any(rbk::diag::Diagnostic::is_error);
    if errors == analysis.program.is_some() {
        let _ = writeln!(out, "  {name}: there is a program exactly if there is no error, and this is not so");
    }
    out
}

#[test]
fn every_case_is_as_expected() {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir("tests/analysis/cases").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rbk"));
    paths.sort();
    assert!(paths.len() > 20, "the cases were not found");
    let wrong: String = paths
        .iter()
        .filter_map(|path| {
            let wrong = differences(path);
            (!wrong.is_empty()).then(|| format!("{}\n{wrong}", path.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What ships with rbk analyses without an error.
#[test]
fn what_ships_is_clean() {
    let mut folders = vec![PathBuf::from("stdlib"), PathBuf::from("runbooks")];
    let mut wrong = String::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rbk") {
                continue;
            }
            let analysis = analysed(&path, &Shipped);
            for diagnostic in analysis.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
                let place = analysis.sources.place(diagnostic.span());
                let _ =
                    writeln!(wrong, "{place}: {} {} ({:?})", diagnostic.code.id, diagnostic.message, diagnostic.help);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

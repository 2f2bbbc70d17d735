//! What each code says, drawn as it is read at three in the morning: `tests/messages/NAME.rbk` gives it, and is told
//! as in `NAME.out`. `RBK_BLESS=1` rewrites that. And no message may only say what is wrong.

#![allow(clippy::unwrap_used)]

#[path = "world/desk.rs"]
mod desk;

use std::path::{Path, PathBuf};

use desk::Desk;
use rbk::analysis::analyse;
use rbk::analysis::program::{Loaded, Loader};
use rbk::diag::{Code, Diagnostic, Style, code, render};
use rbk::session;

/// Files beside each other.
struct Beside;

impl Loader for Beside {
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String> {
        if path.starts_with('/') {
            return Err(format!("{path} lies outside of the project"));
        }
        let wanted: PathBuf = from.parent().unwrap_or(Path::new("")).join(path).components().collect();
        let text = std::fs::read_to_string(&wanted).map_err(|_| format!("there is no file {path}"))?;
        Ok(Loaded { name: path.to_owned(), path: wanted, text: text.into() })
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        session::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        session::std_modules()
    }
}

/// What is said about a file, and how it is drawn.
fn told(path: &Path) -> (Vec<Diagnostic>, String) {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let main = Loaded { name: name.clone(), path: path.to_owned(), text: text.into() };
    let analysis = analyse(main, &Beside, session::registry());
    let style = Style::default();
    let drawn = analysis.diagnostics.iter().map(|found| render(found, &analysis.sources, style) + "\n").collect();
    (analysis.diagnostics, drawn)
}

fn runbooks(folder: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            runbooks(path.to_str().unwrap(), found);
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn each_code_is_told_as_it_was_read() {
    let mut found = Vec::new();
    runbooks("tests/messages", &mut found);
    let mut wrong = Vec::new();
    for path in found {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let code = code::find(name).unwrap_or_else(|| panic!("{name} is no code"));
        let (diagnostics, drawn) = told(&path);
        if !diagnostics.iter().any(|found| found.code.id == code.id) {
            wrong.push(format!("{} does not give {}:\n{drawn}", path.display(), code.id));
        }
        let out = path.with_extension("out");
        if std::env::var_os("RBK_BLESS").is_some() {
            std::fs::write(out, drawn).unwrap();
        } else if std::fs::read_to_string(&out).unwrap_or_default() != drawn {
            wrong.push(format!("{} is told as\n{drawn}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_code_is_given_by_a_case() {
    // Those of a run are in the output of the golden runs; what no text of a runbook gives is tested below.
    let mut outputs = String::new();
    for folder in std::fs::read_dir("tests/golden").unwrap().map(|entry| entry.unwrap().path()) {
        for file in folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "out") {
                outputs += &std::fs::read_to_string(file).unwrap();
            }
        }
    }
    let elsewhere = ["too-large", "not-utf8", "settings"];
    let missing: Vec<&str> = code::ALL
        .iter()
        .filter(|Code { id, name, .. }| {
            let is_told = Path::new("tests/messages").join(format!("{name}.out")).exists();
            !is_told && !outputs.contains(id) && !elsewhere.contains(name)
        })
        .map(|code| code.name)
        .collect();
    assert!(missing.is_empty(), "no case gives {}", missing.join(", "));
}

#[test]
fn what_no_text_gives_is_told_too() {
    let deep = format!("let a = {}1{}\n", "(".repeat(2000), ")".repeat(2000));
    let desk = Desk::new().put("deep.rbk", deep).put("latin.rbk", b"note \"caf\xe9\"\n");
    desk.rbk(&["lint", "deep.rbk"]).exits(2).out("RBK0002 too-large").out("help: ");
    desk.rbk(&["lint", "latin.rbk"]).exits(2).err("latin.rbk is not UTF-8 (byte 9): convert it");
    let desk = desk.put("rbk.toml", "[lint]\nignroe = []\nshellcheck = \"no\"\n").put("a.rbk", "note \"a\"\n");
    desk.rbk(&["lint", "a.rbk"]).exits(2).err("RBK0501 settings").err("did you mean `ignore`?").err("true or false");
}

/// Whether a message says what to type: a help, a fix, or a label that says what is expected or what to do.
fn teaches(found: &Diagnostic) -> bool {
    let label = found.labels.first().map_or("", |label| label.text.as_str());
    found.help.is_some()
        || found.fix.is_some()
        || ["expected ", "choose ", "write "].iter().any(|begin| label.starts_with(begin))
}

#[test]
fn no_message_only_says_what_is_wrong() {
    let mut found = Vec::new();
    for folder in ["tests/messages", "tests/analysis/cases", "tests/syntax/bad"] {
        runbooks(folder, &mut found);
    }
    let mut silent: Vec<String> = Vec::new();
    for path in found {
        for diagnostic in told(&path).0.iter().filter(|found| !teaches(found)) {
            silent.push(format!("{}: {} {}", path.display(), diagnostic.code.name, diagnostic.message));
        }
    }
    assert!(silent.is_empty(), "these say nothing of what to type:\n{}", silent.join("\n"));
}

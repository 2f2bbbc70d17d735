//! Golden cases of the front end: each `.rbk` file under `tests/syntax/` is parsed.
//!
//! A comment `#~ fragment` says that this line has a diagnostic whose message holds the
//! fragment; there must be as many diagnostics as such comments. (On a line that takes no
//! comment, such as a command, write `#~^` on the next line.) Where a sibling `.tree` file
//! stands, the outline of the tree must equal it. `RBK_BLESS=1` rewrites the `.tree` files.

// A test that cannot read its files should say so by failing.
#![allow(clippy::unwrap_used)]

#[path = "syntax/outline.rs"]
mod outline;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rbk::diag::{Style, render};
use rbk::source::{FileId, Sources, Span};
use rbk::syntax::parse;

fn cases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cases(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
}

/// Line and fragment of every `#~`.
fn expected(text: &str) -> Vec<(u32, String)> {
    let mut expected = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for mark in line.split("#~").skip(1) {
            let line = u32::try_from(index + 1).unwrap();
            match mark.strip_prefix('^') {
                Some(fragment) => expected.push((line - 1, fragment.trim().to_owned())),
                None => expected.push((line, mark.trim().to_owned())),
            }
        }
    }
    expected
}

fn check(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut sources = Sources::default();
    let id = sources.add(path.display().to_string(), text.clone());
    let parsed = parse(id, &text);
    let mut missing = expected(&text);
    let mut wrong = String::new();
    for diagnostic in &parsed.diagnostics {
        let line = sources.get(id).line_column(diagnostic.span().start).line;
        match missing.iter().position(|(at, fragment)| *at == line && diagnostic.message.contains(fragment.as_str())) {
            Some(index) => drop(missing.remove(index)),
            None => wrong += &render(diagnostic, &sources, Style::default()),
        }
    }
    for (line, fragment) in missing {
        let _ = writeln!(wrong, "{}:{line}: not reported: {fragment}", path.display());
    }
    let tree = path.with_extension("tree");
    let outline = outline::file(&parsed.file);
    if tree.exists() {
        if std::env::var_os("RBK_BLESS").is_some() {
            std::fs::write(&tree, &outline).unwrap();
        } else if std::fs::read_to_string(&tree).unwrap() != outline {
            let _ = write!(wrong, "{}: the tree is now\n{outline}", tree.display());
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[test]
fn every_case_reads_as_it_says() {
    let mut found = Vec::new();
    cases(Path::new("tests/syntax"), &mut found);
    found.sort();
    assert!(!found.is_empty());
    let wrong: Vec<String> = found.iter().filter_map(|path| check(path).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_the_pages_are_correct() {
    for code in rbk::diag::code::ALL {
        for example in code.page.split("```rbk\n").skip(1) {
            let text = example.split("```").next().unwrap();
            let parsed = parse(FileId(0), text);
            assert!(parsed.diagnostics.is_empty(), "{}: {:?}\n{text}", code.name, parsed.diagnostics);
        }
    }
}

#[test]
fn line_ends_of_windows_mean_the_same() {
    for case in ["runbook", "statements", "commands", "tests"] {
        let text = std::fs::read_to_string(format!("tests/syntax/good/{case}.rbk")).unwrap();
        let parsed = parse(FileId(0), &text);
        let windows = parse(FileId(0), &format!("\u{feff}{}", text.replace('\n', "\r\n")));
        assert!(windows.diagnostics.is_empty(), "{case}: {:?}", windows.diagnostics[0].message);
        assert_eq!(outline::file(&windows.file), outline::file(&parsed.file), "{case}");
    }
}

#[test]
fn spans_lie_in_the_text() {
    let text = "step \"é ${x}\" {\n    $ echo ${y} # ü\n}\n";
    let parsed = parse(FileId(0), text);
    let Span { start, end, .. } = parsed.file.body[0].span;
    assert_eq!(&text[start as usize..end as usize], text.trim_end());
}

//! The one layout. Golden cases: `tests/fmt/NAME.before.rbk` becomes `NAME.after.rbk`; `RBK_BLESS=1` rewrites
//! the latter. And what must hold of every text: formatting it again changes nothing, and it says the same.

// A test that cannot read its files has failed.
#![allow(clippy::unwrap_used)]

#[path = "fmt/generate.rs"]
mod generate;
#[path = "syntax/outline.rs"]
mod outline;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rbk::fmt::{format, line_ends};
use rbk::source::FileId;
use rbk::syntax::parse;

fn runbooks(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            runbooks(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
    found.sort();
}

fn formatted(text: &str) -> String {
    format(FileId(0), &line_ends(text)).text
}

/// What must hold of every text, and its formatted form.
fn check(text: &str) -> Result<String, String> {
    let before = line_ends(text);
    let formatted = format(FileId(0), &before);
    let again = format(FileId(0), &formatted.text);
    let shown = |what: &str| {
        Err(format!("{what}\n--- before\n{before}\n--- after\n{}\n--- again\n{}", formatted.text, again.text))
    };
    if again.text != formatted.text {
        return shown("formatting it again changes it");
    }
    if !formatted.is_faithful() {
        return shown("it says something else");
    }
    // A comment between a head and its block moves behind the brace; where that is taken, below it.
    let outline = |text: &str| outline::file(&parse(FileId(0), text).file).replace("# own: ", "# behind: ");
    let (was, is) = (outline(&before), outline(&formatted.text));
    if was != is {
        return shown(&format!("the outline differs\n--- was\n{was}\n--- is\n{is}"));
    }
    Ok(formatted.text)
}

#[test]
fn cases_come_out_as_they_should() {
    let mut found = Vec::new();
    runbooks(Path::new("tests/fmt"), &mut found);
    let mut wrong = Vec::new();
    for path in found {
        let name = path.to_str().unwrap();
        let Some(case) = name.strip_suffix(".before.rbk") else { continue };
        let after = PathBuf::from(format!("{case}.after.rbk"));
        match check(&std::fs::read_to_string(&path).unwrap()) {
            Err(why) => wrong.push(format!("{name}: {why}")),
            Ok(text) if std::env::var_os("RBK_BLESS").is_some() => std::fs::write(after, text).unwrap(),
            Ok(text) if std::fs::read_to_string(&after).unwrap_or_default() != text => {
                wrong.push(format!("{name} becomes\n{text}"));
            }
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_runbook_says_the_same_and_settles() {
    let mut found = Vec::new();
    for folder in ["runbooks", "stdlib", "tests", "benches"] {
        runbooks(Path::new(folder), &mut found);
    }
    let wrong: Vec<String> = found
        .iter()
        .filter_map(|path| {
            check(&std::fs::read_to_string(path).unwrap()).err().map(|why| format!("{}: {why}", path.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn ours_are_in_the_one_layout() {
    let mut found = Vec::new();
    runbooks(Path::new("runbooks"), &mut found);
    runbooks(Path::new("stdlib"), &mut found);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(formatted(&text), text, "{}", path.display());
    }
}

proptest! {
    // `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_says_the_same_and_settles(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let text = generate::program(&bytes);
        let found = parse(FileId(0), &text).diagnostics;
        prop_assert!(found.is_empty(), "the generator is wrong: {}\n{text}", found[0].message);
        if let Err(why) = check(&text) {
            return Err(TestCaseError::fail(why));
        }
    }
}

//! Every rule finds what its page says it finds, and nothing in the counter-example; what ships is clean.

// A test that cannot read its files has failed.
#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rbk::analysis::program::{Loaded, Loader};
use rbk::analysis::{Analysis, analyse};
use rbk::diag::{Style, code, render};
use rbk::host::real::RealHost;
use rbk::lint::{self, Linted, Rule, Selection};
use rbk::session;

/// Examples use the standard library, and no other file.
struct NoFiles;

impl Loader for NoFiles {
    fn file(&self, _: &Path, path: &str) -> Result<Loaded, String> {
        Err(format!("an example cannot use {path}"))
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        session::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        session::std_modules()
    }
}

fn analysed(name: &str, text: &str) -> Analysis {
    let main = Loaded { name: name.to_owned(), path: PathBuf::from(name), text: text.into() };
    analyse(main, &NoFiles, session::registry())
}

fn linted(name: &str, text: &str) -> Linted {
    Linted::new(Path::new(name), &analysed(name, text), &Selection::default(), Vec::new())
}

/// The names of what is found.
fn found(text: &str) -> Vec<&'static str> {
    linted("test.rbk", text).found.iter().map(|found| found.code.name).collect()
}

fn drawn(linted: &Linted) -> String {
    linted.found.iter().map(|found| render(found, &linted.sources, Style::default())).collect()
}

/// The blocks of a page that begin with this line, each with its first line's number.
fn examples(page: &str, fence: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line) {
            (None, line) if line == fence => open = Some((number + 2, String::new())),
            (Some(_), "```") => all.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "an example is not closed");
    all
}

/// What other programs say has no example here.
fn is_ours(rule: &Rule) -> bool {
    rule.code.name != "shellcheck"
}

#[test]
fn every_rule_finds_its_case() {
    let mut wrong = String::new();
    for rule in lint::rules().iter().filter(|rule| is_ours(rule)) {
        let name = rule.code.name;
        let bad = examples(rule.code.page, "```rbk bad");
        assert!(!bad.is_empty(), "{name}: its page shows nothing that is found");
        for (line, text) in bad {
            let linted = linted(&format!("{name}.md:{line}"), &text);
            if linted.is_broken() {
                wrong += &format!("{name}:{line}: the example is wrong in itself\n{}", drawn(&linted));
            }
            let names: BTreeSet<&str> = linted.found.iter().map(|found| found.code.name).collect();
            if names != BTreeSet::from([name]) {
                wrong += &format!("{name}:{line}: finds {names:?} in\n{text}{}\n", drawn(&linted));
            }
            for found in &linted.found {
                assert!(found.help.is_some(), "{name}: does not say what to type");
                if found.code == &rule.code && found.severity != rule.severity {
                    wrong += &format!("{name}: not the severity of the rule\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_is_silent_on_its_counter_case() {
    let mut wrong = String::new();
    for rule in lint::rules().iter().filter(|rule| is_ours(rule)) {
        let good = examples(rule.code.page, "```rbk good");
        assert!(!good.is_empty(), "{}: its page shows nothing that is not found", rule.code.name);
        for (line, text) in good {
            let linted = linted(&format!("{}.md:{line}", rule.code.name), &text);
            if !linted.found.is_empty() {
                wrong += &format!("{}:{line}:\n{}\n", rule.code.name, drawn(&linted));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_has_a_page_of_its_own() {
    let mut ids = BTreeSet::new();
    for Rule { code: one, .. } in lint::rules() {
        assert!(one.id.starts_with("RBK03") && ids.insert(one.id), "{}: {} is taken", one.name, one.id);
        assert!(code::find(one.name).is_none(), "{} is also a code of the analysis", one.name);
        let title = one.page.lines().next().unwrap_or_default();
        assert!(title.starts_with("# ") && !title.ends_with('.') && title.len() < 80, "{}: {title:?}", one.name);
        assert!(title[2..] != *one.name, "{}: the title is the name", one.name);
        assert!(one.page.lines().count() < 60, "{}: the page is too long to be read at night", one.name);
        for line in one.page.lines() {
            assert!(line.chars().count() <= 120, "{}: too long: {line}", one.name);
        }
    }
    let pages = std::fs::read_dir("src/lint/rules").unwrap().map(|entry| entry.unwrap().path());
    for page in pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let name = page.file_stem().unwrap().to_str().unwrap();
        assert!(lint::find(name).is_some(), "{} belongs to no rule", page.display());
    }
}

fn runbooks(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            runbooks(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
}

#[test]
fn what_ships_is_clean() {
    let mut paths = Vec::new();
    for folder in ["runbooks", "stdlib", "benches"] {
        runbooks(Path::new(folder), &mut paths);
    }
    assert!(paths.len() > 5, "the runbooks were not found");
    let host = RealHost::new();
    let mut wrong = String::new();
    for path in paths {
        let linted = session::lint::lint_file(&host, &path, &Selection::default(), Vec::new()).unwrap();
        wrong += &drawn(&linted);
    }
    for (line, text) in examples(&std::fs::read_to_string("README.md").unwrap(), "```rbk") {
        wrong += &drawn(&self::linted(&format!("README.md:{line}"), &text));
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// After every fix the text is right, and the same rule finds nothing there any more.
#[test]
fn fixes_mend() {
    let host = RealHost::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fixed.rbk");
    for rule in lint::rules() {
        for (line, text) in examples(rule.code.page, "```rbk bad") {
            std::fs::write(&path, &text).unwrap();
            let all = Selection::default();
            let before = session::lint::lint_file(&host, &path, &all, Vec::new()).unwrap();
            if before.fixable(true) == 0 {
                continue;
            }
            let count = before.found.len();
            let fixed = session::lint::fix(&host, before, &all, true);
            assert!(fixed.count > 0, "{}:{line}: the fix breaks the runbook", rule.code.name);
            assert!(!fixed.linted.is_broken(), "{}", drawn(&fixed.linted));
            assert!(fixed.linted.found.len() < count, "{}:{line}: nothing was mended:\n{}", rule.code.name, fixed.text);
            assert_eq!(fixed.linted.fixable(true), 0, "{}:{line}: not stable:\n{}", rule.code.name, fixed.text);
        }
    }
}

const SCALE: &str = "step \"Scale out\" {\n    $ kubectl scale deploy/shop --replicas=12\n}\n";

#[test]
fn suppressions_hold_where_they_stand() {
    let above = |comment: &str| found(&format!("{comment}\n{SCALE}"));
    assert_eq!(found(SCALE), ["no-way-back"]);
    assert!(above("# rbk: ignore[no-way-back] the nightly job does it").is_empty());
    assert!(above("# rbk: ignore[RBK0301] by its code\n# another comment\n").is_empty());
    assert!(above("# rbk: ignore[raw, no-way-back] only one of them").contains(&"unused-ignore"));
    assert_eq!(above("# rbk: ignore[no-way-back]"), ["ignore-without-reason"]);
    assert_eq!(above("# rbk: ignore[no-way-bak] misspelt"), ["unused-ignore", "no-way-back"]);
    assert_eq!(above("# rbk: ignore no-way-back"), ["unused-ignore", "no-way-back"]);
    assert_eq!(
        found(&format!("# rbk: ignore[no-way-back] too far up\nnote \"x\"\n{SCALE}")),
        ["unused-ignore", "no-way-back"]
    );
    let behind = SCALE.replacen('{', "{  # rbk: ignore[no-way-back] behind it", 1);
    assert!(found(&behind).is_empty());
    // An error of the analysis is none of a rule: it cannot be suppressed.
    assert!(found("# rbk: ignore[unknown-name] no\nnote \"${a}\"\n").contains(&"unknown-name"));
    // What the analysis warns of can.
    let raw = "param x: string\n# rbk: ignore[raw] the operator types a command\n";
    assert!(found(&format!("{raw}step \"a\" irreversible \"b\" {{ # c\n    $ ${{raw(x)}}\n}}")).contains(&"raw"));
}

#[test]
fn suppressions_of_what_stands_in_a_script_stand_above_it() {
    let script = "step \"a\" irreversible \"b\" {\n    $ \"\"\"\n    ./a\n    sleep 5\n    \"\"\"\n}\n";
    let linted = linted("test.rbk", script);
    assert_eq!(linted.found.iter().map(|found| found.code.name).collect::<Vec<_>>(), ["sleep-in-command"]);
    let (text, count) = lint::with_ignores(&linted, "the device needs it");
    assert_eq!(count, 1);
    assert!(text.contains("    # rbk: ignore[sleep-in-command] the device needs it\n    $ \"\"\"\n"), "{text}");
    assert!(found(&text).is_empty(), "{text}");
}

#[test]
fn broken_text_is_told_alone() {
    assert_eq!(found("step \"a\" {\n    $ ./deploy\n    let = 5\n}\n"), ["syntax"]);
    let names = found("step \"a\" {\n    $ ./deploy ${b}\n}\n");
    assert_eq!(names, ["hole-name"]);
}

//! What holds for the runbooks of every system, and the table that says where each section of a page lives.

use std::path::{Path, PathBuf};
use std::process::Command;

fn runbooks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks")
}

/// The rows of the table: section, file, what of it.
fn rows() -> Vec<[String; 3]> {
    let text = std::fs::read_to_string(runbooks().join("README.md")).unwrap();
    let cells = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        <[String; 3]>::try_from(cells).unwrap_or_else(|cells| panic!("three cells, not {cells:?}"))
    };
    text.lines().filter(|line| line.starts_with("| ") && line.contains(".rbk")).map(cells).collect()
}

/// `[deploy.rbk](casemgmt/deploy.rbk)`
fn link(cell: &str) -> &str {
    cell.split_once("](").and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_else(|| panic!("no link: {cell}"))
}

/// Each row names a file that is there, and in it titles that are written there.
#[test]
fn the_table_names_what_is_there() {
    let rows = rows();
    assert!(!rows.is_empty(), "the table is gone");
    for [section, file, titles] in rows {
        let text =
            std::fs::read_to_string(runbooks().join(link(&file))).unwrap_or_else(|_| panic!("{file} of {section}"));
        for title in titles.split('`').skip(1).step_by(2) {
            assert!(text.contains(title), "{file} has no {title:?}, which the table names for {section:?}");
        }
    }
}

/// No runbook is one that nobody finds.
#[test]
fn every_runbook_is_in_the_table() {
    let rows = rows();
    for folder in std::fs::read_dir(runbooks()).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !folder.is_dir() || ["quickstart", "small-job"].contains(&name.as_str()) {
            continue;
        }
        assert!(folder.join("README.md").exists(), "{name} has no README.md");
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let file = format!("{name}/{}", file.file_name().unwrap().to_string_lossy());
            let named = rows.iter().any(|row| link(&row[1]) == file);
            assert!(named || !file.ends_with(".rbk"), "{file} is in no row of runbooks/README.md");
        }
    }
}

/// Every runbook is planned in every environment, and nothing is executed: no tool is on PATH.
#[test]
fn every_runbook_can_be_planned() {
    let state = tempfile::tempdir().unwrap();
    for folder in ["caas", "liftlog", "casemgmt", "redcube", "bayit"].map(|name| runbooks().join(name)) {
        for file in std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if file.extension().is_none_or(|extension| extension != "rbk") || !text.contains("\nphase \"") {
                continue;
            }
            let own = |text: &str| -> Vec<String> {
                let names = text.lines().filter_map(|line| line.strip_prefix("env "));
                names.filter_map(|line| line.split([' ', '{']).next().map(str::to_owned)).collect()
            };
            let used = text.lines().filter_map(|line| line.strip_prefix("use \"./")?.split('"').next());
            let used = used.map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
            let environments: Vec<String> = own(&text).into_iter().chain(used.flat_map(|text| own(&text))).collect();
            let environments = match environments.is_empty() {
                true => vec![None],
                false => environments.into_iter().map(Some).collect(),
            };
            for environment in environments {
                let mut plan = Command::new(env!("CARGO_BIN_EXE_rbk"));
                plan.args(["plan", file.to_str().unwrap()]);
                plan.args(environment.as_ref().map(|name| ["-e", name]).into_iter().flatten());
                let inputs = file.with_extension("example.json");
                if inputs.exists() {
                    plan.arg("--param-file").arg(inputs);
                }
                let path = state.path();
                let ran = plan.env_clear().env("HOME", path).env("PATH", path).current_dir(path).output().unwrap();
                let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
                assert!(ran.status.success(), "{} in {environment:?}:\n{said}", file.display());
            }
        }
    }
}

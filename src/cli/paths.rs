//! The runbooks that paths on a command line mean: files as they are given, folders with all that is in them.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::types::TypesBuilder;

/// Every file that is given, and every `.rbk` file in the folders that are: sorted, without what `.gitignore` leaves
/// out, and without hidden folders. No path is the current folder.
///
/// # Errors
/// In words: a path that does not exist, or paths without a single runbook.
pub(super) fn runbooks(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut found = Vec::new();
    for path in paths {
        let about = path.metadata().map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
        if about.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("there is no runbook (*.rbk) in {}", shown.join(", ")));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let mut types = TypesBuilder::new();
    let types = types.add("rbk", "*.rbk").map(|()| types.select("rbk").build());
    let types = types.and_then(|built| built).map_err(|why| why.to_string())?;
    for entry in WalkBuilder::new(folder).types(types).require_git(false).build() {
        let entry = entry.map_err(|why| why.to_string())?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let path = entry.into_path();
            found.push(path.strip_prefix("./").map(Path::to_owned).unwrap_or(path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_as_given_and_folders_without_what_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b/c.rbk", "a.rbk", "b/notes.md", "out/d.rbk", ".hidden/e.rbk"] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        std::fs::write(at(".gitignore"), "out/\n").unwrap();
        assert_eq!(runbooks(&[folder.path().to_owned()]).unwrap(), [at("a.rbk"), at("b/c.rbk")]);
        // What is named is meant.
        let named = [at("b/notes.md"), at("out/d.rbk"), at("out/d.rbk")];
        assert_eq!(runbooks(&named).unwrap(), [at("b/notes.md"), at("out/d.rbk")]);
        assert!(runbooks(&[at("nothing")]).unwrap_err().contains("nothing cannot be read"));
        std::fs::remove_file(at("b/c.rbk")).unwrap();
        assert!(runbooks(&[at("b")]).unwrap_err().contains("no runbook (*.rbk) in"));
    }
}

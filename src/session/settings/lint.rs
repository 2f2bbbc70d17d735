//! `[lint]`

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::Reader;
use crate::lint::Selection;
use crate::source::Span;

/// What a project says about `rbk lint`.
#[derive(Clone, Debug, PartialEq)]
pub struct LintSettings {
    /// `select`: only these rules; all if it is empty.
    pub select: Vec<String>,
    /// `ignore`: all but these.
    pub ignore: Vec<String>,
    /// `[lint.per-file]`: patterns as in `.gitignore`, each with the rules that are left out for its files.
    pub per_file: Vec<(String, Vec<String>)>,
    /// `shellcheck`: whether it is asked, where it is installed.
    pub shellcheck: bool,
}

impl Default for LintSettings {
    fn default() -> Self {
        Self { select: Vec::new(), ignore: Vec::new(), per_file: Vec::new(), shellcheck: true }
    }
}

impl LintSettings {
    pub(super) fn read(reader: &mut Reader<'_, '_>) -> Self {
        reader.keys(&["select", "ignore", "per-file", "shellcheck"]);
        let mut settings = Self::default();
        let select = reader.texts("select");
        settings.select = rules(select, reader);
        let ignore = reader.texts("ignore");
        settings.ignore = rules(ignore, reader);
        if let Some(shellcheck) = reader.flag("shellcheck") {
            settings.shellcheck = shellcheck;
        }
        settings.per_file =
            reader.within("per-file").into_iter().map(|(pattern, names)| (pattern, rules(names, reader))).collect();
        settings
    }

    /// The rules that are left out for a file, whose path is relative to the project's root.
    pub fn ignored_for(&self, path: &std::path::Path) -> Vec<String> {
        let fits = |pattern: &str| {
            let mut builder = GitignoreBuilder::new("");
            let built = builder.add_line(None, pattern).and_then(|builder| builder.build());
            built.is_ok_and(|globs: Gitignore| globs.matched_path_or_any_parents(path, false).is_ignore())
        };
        let fitting = self.per_file.iter().filter(|(pattern, _)| path.is_relative() && fits(pattern));
        fitting.flat_map(|(_, rules)| rules.iter().cloned()).collect()
    }
}

/// Names of rules; tells of those that are none.
fn rules(names: Vec<(String, Span)>, reader: &mut Reader<'_, '_>) -> Vec<String> {
    for (name, span) in &names {
        if let Err(unknown) = Selection::new(std::slice::from_ref(name), &[]) {
            reader.wrong_at(*span, unknown.message(), unknown.help());
        }
    }
    names.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let per_file = vec![("old/".to_owned(), vec!["a".to_owned()]), ("*_test.rbk".to_owned(), vec!["b".to_owned()])];
        let settings = LintSettings { per_file, ..LintSettings::default() };
        assert_eq!(settings.ignored_for(Path::new("old/x_test.rbk")), ["a", "b"]);
        assert_eq!(settings.ignored_for(Path::new("new/x_test.rbk")), ["b"]);
        assert!(settings.ignored_for(Path::new("deploy.rbk")).is_empty());
    }
}

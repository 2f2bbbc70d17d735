//! `rbk.toml` at the project's root, or the file that `RBK_CONFIG` names.
//!
//! Each table has a reader of its own and says which keys it has: a key that nobody reads is an error, with what may
//! have been meant, since a setting that is misspelt would silently not hold.

mod groups;
mod lint;
mod reader;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use lint::LintSettings;
use reader::Reader;

use crate::diag::{Diagnostic, code};
use crate::host::Host;
use crate::journal::Groups;
use crate::source::{Sources, Span};

/// The file at a project's root.
pub const FILE: &str = "rbk.toml";

/// What a project has set, with defaults for the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Where they were read from; nothing if there is no such file.
    pub path: Option<PathBuf>,
    /// The project's root: what paths in the settings are relative to.
    pub root: PathBuf,
    /// `[lint]`
    pub lint: LintSettings,
    /// `[groups]`: who may approve where a runbook says `by ["@name"]`.
    pub groups: Groups,
}

/// Settings that cannot be read.
#[derive(Debug)]
pub enum Wrong {
    /// The file itself, in words.
    Unreadable(String),
    /// What is wrong in it, each with its place.
    Found(Vec<Diagnostic>, Arc<Sources>),
}

impl Settings {
    /// The root of the project that a folder lies in.
    pub fn root_of(host: &dyn Host, folder: &Path) -> PathBuf {
        let canonical = host.files().canonical(folder).unwrap_or_else(|_| folder.to_owned());
        super::load::root_above(host, &canonical)
    }
}

/// The settings that hold for a file: those of the project that it lies in.
///
/// # Errors
/// When there are some and they cannot be read.
pub fn settings_for(host: &dyn Host, file: &Path) -> Result<Settings, Wrong> {
    let canonical = host.files().canonical(file).unwrap_or_else(|_| file.to_owned());
    settings_of(host, super::load::root_of(host, &canonical))
}

/// The settings that hold beneath a project's root: those of `RBK_CONFIG`, or of its `rbk.toml`.
///
/// # Errors
/// When there are some and they cannot be read.
pub fn settings_of(host: &dyn Host, root: PathBuf) -> Result<Settings, Wrong> {
    let named = host.env_var("RBK_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = named.clone().unwrap_or_else(|| root.join(FILE));
    let bytes = match host.files().read(&path) {
        Ok(bytes) => bytes,
        Err(why) if named.is_some() || why.kind() != std::io::ErrorKind::NotFound => {
            return Err(Wrong::Unreadable(format!("{} cannot be read: {why}", path.display())));
        }
        Err(_) => return Ok(Settings { root, ..Settings::default() }),
    };
    let text = String::from_utf8(bytes).map_err(|_| Wrong::Unreadable(format!("{} is not UTF-8", path.display())))?;
    parse(&text, &path.to_string_lossy()).map(|settings| Settings { path: Some(path), root, ..settings })
}

/// Reads the text of a file of settings. `name` is how it is shown.
fn parse(text: &str, name: &str) -> Result<Settings, Wrong> {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    let table = match toml::de::DeTable::parse(text) {
        Ok(table) => table,
        Err(why) => {
            let at = why.span().unwrap_or(0..0);
            let span = Span::new(id, offset(at.start), offset(at.end.min(text.len())));
            let wrong = Diagnostic::error(&code::SETTINGS, span, why.message().to_owned(), "");
            return Err(Wrong::Found(vec![wrong], Arc::new(sources)));
        }
    };
    let mut wrong = Vec::new();
    let mut settings = Settings::default();
    let mut reader = Reader::new(table.get_ref(), "", id, &mut wrong);
    reader.keys(&["lint", "groups"]);
    if let Some(lint) = reader.table("lint") {
        settings.lint = LintSettings::read(&mut Reader::new(lint, "lint", id, &mut wrong));
    }
    settings.groups = groups::read(&mut Reader::new(table.get_ref(), "", id, &mut wrong));
    if wrong.is_empty() { Ok(settings) } else { Err(Wrong::Found(wrong, Arc::new(sources))) }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<(String, String)> {
        match parse(text, "rbk.toml") {
            Err(Wrong::Found(found, sources)) => found
                .iter()
                .map(|one| {
                    let help = one.help.clone().unwrap_or_default();
                    (format!("{}: {}", sources.place(one.span()), one.message), help)
                })
                .collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_written_holds() {
        let text = "[lint]\nselect = [\"RBK03\"]\nignore = [\"no-owner\"]\nshellcheck = false\n\
                    [lint.per-file]\n\"old/**\" = [\"no-way-back\"]\n";
        let lint = parse(text, "rbk.toml").unwrap().lint;
        assert_eq!((lint.select, lint.ignore), (vec!["RBK03".to_owned()], vec!["no-owner".to_owned()]));
        assert!(!lint.shellcheck);
        assert_eq!(lint.per_file[0].1, ["no-way-back"]);
        assert!(parse("", "rbk.toml").unwrap().lint.shellcheck);
    }

    #[test]
    fn what_nobody_reads_is_an_error() {
        let found = wrong("[lnt]\nselect = []\n");
        assert_eq!(found[0].0, "rbk.toml:1:2: there is no setting `lnt`");
        assert_eq!(found[0].1, "did you mean `lint`?");
        let found = wrong("[lint]\nselct = []\nignore = \"raw\"\nshellcheck = 1\n");
        assert_eq!(found[0].0, "rbk.toml:2:1: there is no setting `lint.selct`");
        assert!(found[1].0.contains("`lint.ignore` is a list of texts") && found[1].1.contains("ignore = [\"raw\"]"));
        assert!(found[2].0.contains("`lint.shellcheck` is true or false"));
        assert!(wrong("[lint]\nignore = [\"no-way-bak\"]\n")[0].1.contains("no-way-back"));
        assert!(wrong("[lint\n")[0].0.starts_with("rbk.toml:1:"));
    }
}

//! What is asked, of which files: each by the settings of its own project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Args, NOTHING_EXECUTED, terminal};
use crate::cli::opening;
use crate::host::Host;
use crate::lint::{Selection, UnknownRule};
use crate::session::lint::within_project;
use crate::session::settings::{Settings, settings_of};

/// See the module.
pub(super) struct Job {
    /// In the order in which they are told.
    pub(super) files: Vec<PathBuf>,
    projects: Vec<Project>,
    /// The project of each folder with files.
    folders: HashMap<PathBuf, usize>,
}

/// The files beneath one root.
struct Project {
    settings: Settings,
    selection: Selection,
    shellcheck: bool,
}

impl Job {
    /// Finds the settings that hold for each file.
    ///
    /// # Errors
    /// The exit code, everything having been said, when there are settings or rules that do not exist.
    pub(super) fn new(args: &Args, files: Vec<PathBuf>, host: &dyn Host) -> Result<Self, u8> {
        Selection::new(&args.select, &args.ignore).map_err(|unknown| tell_rule(&unknown))?;
        let mut job = Self { files, projects: Vec::new(), folders: HashMap::new() };
        for file in &job.files {
            let folder = folder_of(file);
            if job.folders.contains_key(folder) {
                continue;
            }
            let root = Settings::root_of(host, folder);
            let at = job.projects.iter().position(|project| project.settings.root == root);
            let at = match at {
                Some(at) => at,
                None => {
                    let settings = settings_of(host, root).map_err(|wrong| opening::tell_settings(&wrong))?;
                    job.projects.push(Project::new(args, settings)?);
                    job.projects.len() - 1
                }
            };
            job.folders.insert(folder.to_owned(), at);
        }
        Ok(job)
    }

    fn project(&self, file: &Path) -> Option<&Project> {
        self.folders.get(folder_of(file)).and_then(|at| self.projects.get(*at))
    }

    /// The rules for a file: what the settings leave out for it is left out.
    pub(super) fn selection(&self, file: &Path, host: &dyn Host) -> Selection {
        let Some(project) = self.project(file) else { return Selection::default() };
        let lint = &project.settings.lint;
        if lint.per_file.is_empty() {
            return project.selection.clone();
        }
        project.selection.without(&lint.ignored_for(&within_project(host, file, &project.settings.root)))
    }

    /// Whether shellcheck is asked about a file.
    pub(super) fn asks_shellcheck(&self, file: &Path) -> bool {
        self.project(file).is_some_and(|project| project.shellcheck)
    }
}

impl Project {
    fn new(args: &Args, settings: Settings) -> Result<Self, u8> {
        let select = if args.select.is_empty() { &settings.lint.select } else { &args.select };
        let ignore: Vec<String> = settings.lint.ignore.iter().chain(&args.ignore).cloned().collect();
        let selection = Selection::new(select, &ignore).map_err(|unknown| tell_rule(&unknown))?;
        let selection = selection.in_environment((args.env != "all").then_some(args.env.as_str()));
        let shellcheck = settings.lint.shellcheck && !args.no_shellcheck;
        Ok(Self { settings, selection, shellcheck })
    }
}

/// The folder of a file, as the file is named.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn tell_rule(unknown: &UnknownRule) -> u8 {
    terminal::error(&unknown.message(), Some(&unknown.help()));
    NOTHING_EXECUTED
}

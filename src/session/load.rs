//! Files: where a project begins, what a runbook may read, and how its text comes in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::analysis::program::{Loaded, Loader};
use crate::analysis::typed::Typing;
use crate::analysis::{Analysis, analyse};
use crate::host::Host;
use crate::journal::StoredSource;

/// What marks the root of a project.
const ROOT_MARKS: [&str; 2] = ["rbk.toml", ".git"];

/// A runbook that was read and analysed.
pub struct Opened {
    /// What the analysis says of it.
    pub analysis: Analysis,
    /// The file.
    pub path: PathBuf,
    /// All that was read for it, the file itself first: what a record keeps, and [`reopen`] reads.
    pub sources: Vec<StoredSource>,
}

/// Reads a runbook and everything it uses.
///
/// # Errors
/// In words, when the file itself cannot be read.
pub fn open(host: &dyn Host, path: &Path) -> Result<Opened, String> {
    let main = read(host, path, path.to_string_lossy().into_owned()).map_err(|why| match why {
        Unreadable::NotText(at) => {
            format!("{} is not UTF-8 (byte {at}): convert it, `rbk explain not-utf8`", path.display())
        }
        Unreadable::System(why) => format!("{} cannot be read: {why}", path.display()),
    })?;
    Ok(opened(host, path, main))
}

/// The same with another text in place of the file's own, as an edit would leave it.
pub fn open_text(host: &dyn Host, path: &Path, text: &str) -> Opened {
    let canonical = canonical(host, path).unwrap_or_else(|| path.to_owned());
    opened(host, path, Loaded { name: path.to_string_lossy().into_owned(), path: canonical, text: text.into() })
}

/// Of a file that need not be there yet.
fn canonical(host: &dyn Host, path: &Path) -> Option<PathBuf> {
    let files = host.files();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    files.canonical(path).ok().or_else(|| Some(files.canonical(folder).ok()?.join(path.file_name()?)))
}

fn opened(host: &dyn Host, path: &Path, main: Loaded) -> Opened {
    let loader = ProjectLoader { host, root: root_of(host, &main.path), read: Kept::default() };
    loader.read.keep(&main, &main.path);
    let analysis = analyse(main, &loader, super::registry());
    Opened { analysis, path: path.to_owned(), sources: loader.read.into_sources() }
}

/// Reads a runbook and everything it uses from what the record of a run keeps.
///
/// # Errors
/// In words, when the record keeps nothing.
pub fn reopen(sources: &[StoredSource]) -> Result<Analysis, String> {
    let main = sources.first().ok_or("the record keeps no runbook")?;
    let loaded = Loaded { name: main.name.clone(), path: PathBuf::from(&main.path), text: Arc::clone(&main.text) };
    Ok(analyse(loaded, &StoredLoader { sources: Cow::Borrowed(sources) }, super::registry()))
}

/// What reads the things that are typed into a run of a runbook, from what its record keeps. `None` if it cannot run.
pub fn typing(sources: &[StoredSource]) -> Option<Typing> {
    let main = sources.first()?;
    let loaded = Loaded { name: main.name.clone(), path: PathBuf::from(&main.path), text: Arc::clone(&main.text) };
    let loader = StoredLoader { sources: Cow::Owned(sources.to_vec()) };
    let analysis = analyse(loaded.clone(), &loader, super::registry());
    Typing::new(loaded, &analysis, Box::new(loader), super::registry())
}

/// What was read, under the paths by which it was asked for.
#[derive(Default)]
struct Kept {
    sources: RefCell<Vec<StoredSource>>,
    /// By the path with links resolved: by which it was asked for.
    asked: RefCell<HashMap<PathBuf, PathBuf>>,
}

impl Kept {
    fn keep(&self, loaded: &Loaded, asked: &Path) {
        let source = StoredSource {
            name: loaded.name.clone(),
            path: asked.to_string_lossy().into_owned(),
            text: Arc::clone(&loaded.text),
        };
        self.asked.borrow_mut().entry(loaded.path.clone()).or_insert_with(|| asked.to_owned());
        let mut sources = self.sources.borrow_mut();
        if !sources.contains(&source) {
            sources.push(source);
        }
    }

    /// How a file asks for another, said so that it can be asked again without the files.
    fn asked(&self, from: &Path, path: &str) -> PathBuf {
        let from = self.asked.borrow().get(from).cloned().unwrap_or_else(|| from.to_owned());
        beside(&from, path)
    }

    fn into_sources(self) -> Vec<StoredSource> {
        self.sources.into_inner()
    }
}

/// A path relative to a file, `.` and `..` taken out by their names alone.
fn beside(from: &Path, path: &str) -> PathBuf {
    let mut out = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// Reads what the record of a run keeps.
struct StoredLoader<'a> {
    sources: Cow<'a, [StoredSource]>,
}

impl Loader for StoredLoader<'_> {
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String> {
        let wanted = beside(from, path);
        let found = self.sources.iter().find(|source| Path::new(&source.path) == wanted);
        let source = found.ok_or_else(|| format!("the record of the run does not keep {path}"))?;
        Ok(Loaded { name: source.name.clone(), path: wanted, text: Arc::clone(&source.text) })
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        super::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        super::std_modules()
    }
}

/// Whether a path is a runbook's.
pub fn check_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rbk")
}

enum Unreadable {
    NotText(usize),
    System(std::io::Error),
}

fn read(host: &dyn Host, path: &Path, name: String) -> Result<Loaded, Unreadable> {
    let canonical = host.files().canonical(path).map_err(Unreadable::System)?;
    let bytes = host.files().read(&canonical).map_err(Unreadable::System)?;
    let text = String::from_utf8(bytes).map_err(|error| Unreadable::NotText(error.utf8_error().valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').map_or(text.as_str(), |text| text).into();
    Ok(Loaded { name, path: canonical, text })
}

/// The nearest folder above a file with a mark, or the file's own folder.
pub(super) fn root_of(host: &dyn Host, path: &Path) -> PathBuf {
    root_above(host, path.parent().unwrap_or(Path::new("/")))
}

/// The nearest folder with a mark from a folder upwards, or itself.
pub(super) fn root_above(host: &dyn Host, folder: &Path) -> PathBuf {
    let marked = |folder: &&Path| {
        ROOT_MARKS.iter().any(|mark| host.files().metadata(&folder.join(mark)).is_ok_and(|there| there.is_some()))
    };
    folder.ancestors().find(marked).unwrap_or(folder).to_owned()
}

struct ProjectLoader<'a> {
    host: &'a dyn Host,
    root: PathBuf,
    read: Kept,
}

impl Loader for ProjectLoader<'_> {
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String> {
        let wanted: PathBuf = from.parent().unwrap_or(Path::new("")).join(path).components().collect();
        let canonical = self.host.files().canonical(&wanted).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {}", wanted.display()),
            _ => format!("{} cannot be read: {error}", wanted.display()),
        })?;
        if !canonical.starts_with(&self.root) {
            return Err(format!(
                "{path} lies outside of the project ({}): a runbook uses only what is beneath its project's root",
                self.root.display()
            ));
        }
        let shown = canonical.strip_prefix(&self.root).unwrap_or(&canonical).to_string_lossy().into_owned();
        let loaded = read(self.host, &canonical, shown).map_err(|why| match why {
            Unreadable::NotText(at) => format!("{path} is not UTF-8 (byte {at})"),
            Unreadable::System(error) => format!("{path} cannot be read: {error}"),
        })?;
        self.read.keep(&loaded, &self.read.asked(from, path));
        Ok(loaded)
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        super::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        super::std_modules()
    }
}

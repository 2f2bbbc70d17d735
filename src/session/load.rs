//! Files: where a project begins, what a runbook may read, and how its text comes in.

use std::path::{Path, PathBuf};

use crate::analysis::program::{Loaded, Loader};
use crate::analysis::{Analysis, analyse};
use crate::host::Host;

/// What marks the root of a project.
const ROOT_MARKS: [&str; 2] = ["rbk.toml", ".git"];

/// A runbook that was read and analysed.
pub struct Opened {
    /// What the analysis says of it.
    pub analysis: Analysis,
    /// The file.
    pub path: PathBuf,
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
    let canonical = host.files().canonical(path).unwrap_or_else(|_| path.to_owned());
    opened(host, path, Loaded { name: path.to_string_lossy().into_owned(), path: canonical, text: text.into() })
}

fn opened(host: &dyn Host, path: &Path, main: Loaded) -> Opened {
    let loader = ProjectLoader { host, root: root_of(host, &main.path) };
    let analysis = analyse(main, &loader, super::registry());
    Opened { analysis, path: path.to_owned() }
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
    let folder = path.parent().unwrap_or(Path::new("/"));
    let marked = |folder: &&Path| {
        ROOT_MARKS.iter().any(|mark| host.files().metadata(&folder.join(mark)).is_ok_and(|there| there.is_some()))
    };
    folder.ancestors().find(marked).unwrap_or(folder).to_owned()
}

struct ProjectLoader<'a> {
    host: &'a dyn Host,
    root: PathBuf,
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
        read(self.host, &canonical, shown).map_err(|why| match why {
            Unreadable::NotText(at) => format!("{path} is not UTF-8 (byte {at})"),
            Unreadable::System(error) => format!("{path} cannot be read: {error}"),
        })
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        super::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        super::std_modules()
    }
}

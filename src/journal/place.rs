//! Where the journal is.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::memory_store::MemoryStore;
use super::sqlite::SqliteStore;
use super::store::{Store, StoreError};

/// The environment variable that names it.
pub const VARIABLE: &str = "RBK_JOURNAL";

/// Where the journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the memory of this process: nothing is left of it.
    Memory,
    /// A database on this machine.
    File(PathBuf),
}

impl Place {
    /// What `--journal` says, else `RBK_JOURNAL`, else the folder for the state of programs: see the XDG Base
    /// Directory Specification, 0.8.
    ///
    /// # Errors
    /// It is of a sort that this build does not keep, or there is no home.
    pub fn choose(asked: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        match asked.map(str::to_owned).or_else(|| set(VARIABLE)) {
            Some(text) => Self::read(&text),
            None => {
                // A relative path there counts as none, says the specification.
                let absolute = |name| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
                let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
                let state = state.ok_or_else(|| StoreError::Unusable {
                    message: "there is no place for the journal: neither HOME nor XDG_STATE_HOME is set".into(),
                    help: Some("--journal PATH says where it is to be".into()),
                })?;
                Ok(Self::File(state.join("rbk/journal.db")))
            }
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        if text == ":memory:" {
            return Ok(Self::Memory);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let message = match scheme {
                "postgres" | "postgresql" => "this build of rbk keeps no shared journal yet".to_owned(),
                _ => format!("a journal is no {scheme}://"),
            };
            return Err(StoreError::Unusable {
                message,
                help: Some("give the path of a file on this machine: --journal PATH".into()),
            });
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// Opens the journal there; makes it if there is none.
    ///
    /// # Errors
    /// It is no journal, one of another version, a damaged one, or cannot be made. It is left as it was.
    pub fn make(&self) -> Result<Rc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Memory => Rc::new(MemoryStore::default()),
            Self::File(path) => Rc::new(SqliteStore::make(path)?),
        })
    }

    /// Opens the journal there, if there is one.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub fn find(&self) -> Result<Option<Rc<dyn Store>>, StoreError> {
        Ok(match self {
            Self::Memory => None,
            Self::File(path) => SqliteStore::find(path)?.map(|store| Rc::new(store) as Rc<dyn Store>),
        })
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::File(path) => Some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(asked: Option<&str>, variables: &[(&str, &str)]) -> Result<Place, String> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Place::choose(asked, &variable).map_err(|error| error.to_string())
    }

    fn file(path: &str) -> Result<Place, String> {
        Ok(Place::File(path.into()))
    }

    #[test]
    fn the_option_then_the_variable_then_the_state_folder() {
        let all = [("RBK_JOURNAL", "/j.db"), ("XDG_STATE_HOME", "/state"), ("HOME", "/home/me")];
        assert_eq!(choose(Some("here.db"), &all), file("here.db"));
        assert_eq!(choose(None, &all), file("/j.db"));
        assert_eq!(choose(None, &all[1..]), file("/state/rbk/journal.db"));
        assert_eq!(choose(None, &all[2..]), file("/home/me/.local/state/rbk/journal.db"));
        let relative = [("XDG_STATE_HOME", "state"), all[2]];
        assert_eq!(choose(None, &relative), file("/home/me/.local/state/rbk/journal.db"));
        assert!(choose(None, &[]).unwrap_err().contains("HOME"));
        assert_eq!(choose(Some(":memory:"), &all), Ok(Place::Memory));
    }

    #[test]
    fn what_is_not_kept_is_refused() {
        let error = choose(Some("postgres://user:secret@db/x"), &[]).unwrap_err();
        assert_eq!(error, "this build of rbk keeps no shared journal yet");
        assert_eq!(choose(None, &[("RBK_JOURNAL", "redis://x")]).unwrap_err(), "a journal is no redis://");
    }
}

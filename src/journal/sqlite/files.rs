//! The files of a journal: the database, and what lies beside it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// `journal.db` and its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Files {
    database: PathBuf,
}

impl Files {
    pub(super) fn of(database: PathBuf) -> Self {
        Self { database }
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// The ends of the chains, outside of the database: see [`heads`](super::heads).
    pub(super) fn heads(&self) -> PathBuf {
        self.beside("-heads")
    }

    /// Bytes of the write-ahead log; none if there is no log.
    pub(super) fn log_length(&self) -> u64 {
        std::fs::metadata(self.beside("-wal")).map_or(0, |about| about.len())
    }

    /// Space for when the disk is full.
    pub(super) fn reserve(&self) -> PathBuf {
        self.beside("-reserve")
    }

    /// The folder with one file for each run that somebody holds.
    pub(super) fn holders(&self) -> PathBuf {
        self.beside("-held")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.database.as_os_str().to_owned();
        name.push(ending);
        name.into()
    }

    /// Makes the name of a new or an empty file durable.
    pub(super) fn sync_folder(&self) -> io::Result<()> {
        match self.database.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    /// The same files under the path that is left when links are resolved.
    pub(super) fn resolved(&self) -> io::Result<Self> {
        Ok(Self::of(std::fs::canonicalize(&self.database)?))
    }
}

/// A file that only its owner reads, made if it is not there.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// A folder for its owner alone, with those above it; one that is there stays as it is.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

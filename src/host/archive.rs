//! What is done with archives, and what is in them.

use std::path::PathBuf;

use super::FileKind;

/// How an archive is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// `.tar`
    Tar,
    /// `.tar.gz`
    TarGz,
    /// `.zip`
    Zip,
}

/// Something that is done with an archive.
#[derive(Clone, Debug)]
pub struct ArchiveWork {
    /// The archive.
    pub archive: PathBuf,
    /// How it is written.
    pub kind: ArchiveKind,
    /// What is done.
    pub deed: ArchiveDeed,
    /// More than this is an error, in bytes as they are unpacked.
    pub max_size: u64,
}

/// What is done with it.
#[derive(Clone, Debug)]
pub enum ArchiveDeed {
    /// It is made of a file, or of what is in a folder, whole or not at all.
    Pack(PathBuf),
    /// It is looked at.
    List,
    /// What is in it becomes this folder, which must not be there.
    Unpack {
        /// The folder.
        into: PathBuf,
        /// Where it grows until it is whole, on the same file system. What is left there is removed first.
        by_way_of: PathBuf,
        /// How many folders around each file are left out.
        strip: usize,
    },
}

/// Something in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Its path there.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// In bytes, unpacked.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
}

/// Why it was not done. Then nothing is changed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ArchiveError {
    /// In words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Ended by us, because of the cancellation.
    pub cancelled: bool,
}

impl ArchiveError {
    /// Without advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, cancelled: false }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

//! The file system.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::host::{FileInfo, FileKind, Files, MAX_READ};

pub(super) struct RealFiles;

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(folder_of(path))?.sync_all()
}

/// Gives a new file or folder the owner of the one it stands for. Only root can give things to others;
/// for everybody else it is theirs already, or cannot be helped.
fn keep_owner(path: &Path, old: &fs::Metadata) {
    let _ = std::os::unix::fs::lchown(path, Some(old.uid()), Some(old.gid()));
}

/// Opens a regular file, and nothing else.
fn opened(path: &Path) -> io::Result<(fs::File, fs::Metadata)> {
    // Opening a named pipe would wait for whoever writes to it, and opening a terminal could take it over.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let there = file.metadata()?;
    if there.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !there.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a device, a pipe or a socket, and no file"));
    }
    Ok((file, there))
}

impl Files for RealFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (file, there) = opened(path)?;
        let too_large = |size: u64| {
            io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {size} bytes; rbk reads {MAX_READ} at most"))
        };
        if there.len() > MAX_READ {
            return Err(too_large(there.len()));
        }
        let mut content = Vec::with_capacity(usize::try_from(there.len()).unwrap_or(0));
        // It may grow meanwhile, and files of the kernel's tell no size.
        io::Read::read_to_end(&mut io::Read::take(file, MAX_READ + 1), &mut content)?;
        if content.len() as u64 > MAX_READ { Err(too_large(content.len() as u64)) } else { Ok(content) }
    }

    fn read_through(&self, path: &Path, piece: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let (mut file, _) = opened(path)?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match io::Read::read(&mut file, &mut buffer)? {
                0 => return Ok(()),
                read => piece(&buffer[..read]),
            }
        }
    }

    fn write_atomic(&self, path: &Path, content: &[u8], mode: Option<u32>) -> io::Result<()> {
        // Through a link the file behind it is meant, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&path).ok();
        let mode = there.as_ref().map_or(mode.unwrap_or(0o644), |there| there.permissions().mode());
        let folder = folder_of(&path);
        // The system would name a file that nobody has asked for.
        let mut file = tempfile::Builder::new().prefix(".rbk-").tempfile_in(folder).map_err(|error| {
            if folder.is_dir() {
                return io::Error::from(error.kind());
            }
            io::Error::new(error.kind(), format!("{} is no folder", folder.display()))
        })?;
        io::Write::write_all(&mut file, content)?;
        if let Some(there) = &there {
            keep_owner(file.path(), there);
        }
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        sync_folder(&path)
    }

    fn switch_link(&self, link: &Path, target: &Path) -> io::Result<()> {
        if fs::symlink_metadata(link).is_ok_and(|there| !there.is_symlink()) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there, and no link"));
        }
        let name = link.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
        let beside = folder_of(link).join(format!(".{}.rbk-{}", name.to_string_lossy(), std::process::id()));
        let _ = fs::remove_file(&beside);
        symlink(target, &beside)?;
        fs::rename(&beside, link).inspect_err(|_| drop(fs::remove_file(&beside)))?;
        sync_folder(link)
    }

    fn read_link(&self, link: &Path) -> io::Result<Option<PathBuf>> {
        match fs::read_link(link) {
            Ok(target) => Ok(Some(target)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<FileInfo>> {
        let there = match fs::symlink_metadata(path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = match there.file_type() {
            kind if kind.is_file() => FileKind::File,
            kind if kind.is_dir() => FileKind::Dir,
            kind if kind.is_symlink() => FileKind::Link,
            _ => FileKind::Other,
        };
        let modified = jiff::Timestamp::new(there.mtime(), i32::try_from(there.mtime_nsec()).unwrap_or(0));
        Ok(Some(FileInfo {
            kind,
            size: there.len(),
            mode: there.mode() & 0o7777,
            modified: modified.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
    }

    fn create_dir(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        if path.is_dir() {
            return Ok(None);
        }
        let above = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let first = above.last().map(Path::to_owned);
        fs::create_dir_all(path)?;
        Ok(first)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let there = fs::symlink_metadata(from)?;
        if there.is_symlink() {
            symlink(fs::read_link(from)?, to)?;
            keep_owner(to, &there);
            return Ok(());
        }
        if there.is_file() {
            let is_new = fs::symlink_metadata(to).is_err();
            fs::copy(from, to)?;
            if is_new {
                keep_owner(to, &there);
                // A change of owner may take special bits of the mode away.
                fs::set_permissions(to, there.permissions())?;
            }
            return Ok(());
        }
        if !there.is_dir() {
            // Reading a named pipe would wait for whoever writes to it, for ever.
            return Err(io::Error::new(io::ErrorKind::Unsupported, "it is neither a file, a folder nor a link"));
        }
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            self.copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        keep_owner(to, &there);
        fs::set_permissions(to, there.permissions())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn scratch_dir(&self) -> io::Result<PathBuf> {
        let base = std::env::temp_dir();
        for _ in 0..100 {
            let nanoseconds = jiff::Timestamp::now().as_nanosecond();
            let path = base.join(format!("rbk-{}-{nanoseconds}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no free name for a scratch folder"))
    }
}

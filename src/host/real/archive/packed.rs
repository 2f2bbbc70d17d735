//! Making archives.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Bounds;
use crate::host::{ArchiveEntry, ArchiveError, ArchiveKind, ArchiveWork, FileKind};

/// Something to be put in.
struct Found {
    path: PathBuf,
    metadata: fs::Metadata,
    entry: ArchiveEntry,
}

/// Makes it beside its place, and puts it there.
pub(super) fn pack(work: &ArchiveWork, from: &Path, bounds: &mut Bounds) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    let no = |what: &str, path: &Path, error: &io::Error| {
        ArchiveError::new(format!("{} could not be {what}: {error}", path.display()))
    };
    let folder = work.archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    let metadata = fs::symlink_metadata(from).map_err(|error| no("read", from, &error))?;
    if metadata.is_dir() {
        gather(from, "", &mut found, bounds)?;
    } else {
        let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        found.push(of(from, name, metadata)?);
    }
    let file = tempfile::Builder::new().prefix(".rbk-").tempfile_in(folder);
    let mut file = file.map_err(|error| no("made", &work.archive, &io::Error::from(error.kind())))?;
    let own = file.path().canonicalize().ok();
    // The archive may lie in the folder of which it is made: not in itself, nor the one that was there before.
    let old = work.archive.canonicalize().ok();
    found.retain(|one| {
        let real = one.path.canonicalize().ok();
        real.is_none() || (real != own && real != old)
    });
    {
        let out = io::BufWriter::new(file.as_file_mut());
        match work.kind {
            ArchiveKind::Tar => drop(tarred(out, &mut found, bounds)?),
            ArchiveKind::TarGz => {
                let out =
                    tarred(flate2::write::GzEncoder::new(out, flate2::Compression::default()), &mut found, bounds)?;
                let flushed = out.finish().and_then(|mut out| out.flush());
                flushed.map_err(|error| no("written", &work.archive, &error))?;
            }
            ArchiveKind::Zip => zipped(out, &mut found, bounds)?,
        }
    }
    bounds.stopped()?;
    let mode = fs::metadata(&work.archive).map_or(0o644, |there| there.mode() & 0o7777);
    let finished = file
        .as_file()
        .set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
        .and_then(|()| file.as_file().sync_all())
        .and_then(|()| file.persist(&work.archive).map_err(|error| error.error));
    finished.map_err(|error| no("written", &work.archive, &error))?;
    Ok(found.into_iter().map(|one| one.entry).collect())
}

/// Everything in a folder, in the order of its names: the same folder makes the same archive.
fn gather(folder: &Path, within: &str, found: &mut Vec<Found>, bounds: &mut Bounds) -> Result<(), ArchiveError> {
    let no = |error: io::Error| ArchiveError::new(format!("{} could not be read: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(no)? {
        names.push(entry.map_err(no)?.file_name());
    }
    names.sort();
    for name in names {
        bounds.entry()?;
        let path = folder.join(&name);
        let name = name.to_str().ok_or_else(|| {
            ArchiveError::new(format!("the name of {} is not UTF-8, and cannot be in an archive", path.display()))
        })?;
        let inside = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
        let metadata = fs::symlink_metadata(&path).map_err(no)?;
        let is_dir = metadata.is_dir();
        found.push(of(&path, inside.clone(), metadata)?);
        if is_dir {
            gather(&path, &inside, found, bounds)?;
        }
    }
    Ok(())
}

fn of(path: &Path, inside: String, metadata: fs::Metadata) -> Result<Found, ArchiveError> {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_dir() => FileKind::Dir,
        kind if kind.is_symlink() => FileKind::Link,
        _ => {
            return Err(ArchiveError::new(format!("{} is a device, a pipe or a socket", path.display()))
                .help("an archive holds files, folders and links: remove it, or pack a part of the folder"));
        }
    };
    let size = if kind == FileKind::File { metadata.len() } else { 0 };
    let entry = ArchiveEntry { path: inside, kind, size, mode: metadata.mode() & 0o7777 };
    Ok(Found { path: path.to_owned(), metadata, entry })
}

fn unread(found: &Found, error: &io::Error) -> ArchiveError {
    ArchiveError::new(format!("{} could not be packed: {error}", found.path.display()))
}

/// A file that says what it holds, and no more than it had when its size was written.
fn exactly(found: &Found) -> Result<io::Take<fs::File>, ArchiveError> {
    let file = fs::File::open(&found.path).map_err(|error| unread(found, &error))?;
    Ok(io::Read::take(file, found.entry.size))
}

fn tarred<W: Write>(out: W, found: &mut [Found], bounds: &mut Bounds) -> Result<W, ArchiveError> {
    let mut builder = tar::Builder::new(out);
    for one in found {
        let mut header = tar::Header::new_gnu();
        header.set_metadata_in_mode(&one.metadata, tar::HeaderMode::Complete);
        header.set_mode(one.entry.mode);
        // Whose it is here means nothing elsewhere.
        header.set_uid(0);
        header.set_gid(0);
        let path = Path::new(&one.entry.path);
        match one.entry.kind {
            FileKind::Link => {
                let target = fs::read_link(&one.path).map_err(|error| unread(one, &error))?;
                header.set_size(0);
                builder.append_link(&mut header, path, target).map_err(|error| unread(one, &error))?;
            }
            FileKind::Dir => {
                header.set_size(0);
                builder.append_data(&mut header, path, io::empty()).map_err(|error| unread(one, &error))?;
            }
            FileKind::File | FileKind::Other => {
                header.set_size(one.entry.size);
                let mut counted = Counted { from: exactly(one)?, bounds, told: None };
                let written = builder.append_data(&mut header, path, &mut counted);
                if let Some(error) = counted.told {
                    return Err(error);
                }
                if counted.from.limit() > 0 {
                    return Err(ArchiveError::new(format!(
                        "{} became shorter while it was packed",
                        one.path.display()
                    ))
                    .help("something writes to it: stop that first, or pack a copy"));
                }
                written.map_err(|error| unread(one, &error))?;
            }
        }
    }
    builder
        .into_inner()
        .and_then(|mut out| out.flush().map(|()| out))
        .map_err(|error| ArchiveError::new(format!("the archive could not be written: {error}")))
}

/// Counts what is read, and stops where it must.
struct Counted<'b, R> {
    from: R,
    bounds: &'b mut Bounds,
    told: Option<ArchiveError>,
}

impl<R: io::Read> io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        let left = self.bounds.left.checked_sub(read as u64);
        if let Err(error) = self.bounds.stopped().and_then(|()| left.map(drop).ok_or_else(|| self.bounds.too_much())) {
            self.told = Some(error);
            return Err(io::Error::other("stopped"));
        }
        self.bounds.left = left.unwrap_or(0);
        Ok(read)
    }
}

fn zipped(out: impl Write + io::Seek, found: &mut [Found], bounds: &mut Bounds) -> Result<(), ArchiveError> {
    let mut writer = zip::ZipWriter::new(out);
    for one in found {
        let wrong = |error: zip::result::ZipError| {
            ArchiveError::new(format!("{} could not be packed: {error}", one.path.display()))
        };
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .large_file(one.entry.size > u64::from(u32::MAX) / 2)
            .unix_permissions(one.entry.mode);
        match one.entry.kind {
            FileKind::Dir => writer.add_directory(&one.entry.path, options).map_err(wrong)?,
            FileKind::Link => {
                let target = fs::read_link(&one.path).map_err(|error| unread(one, &error))?;
                writer.add_symlink(&one.entry.path, target.to_string_lossy(), options).map_err(wrong)?;
            }
            FileKind::File | FileKind::Other => {
                writer.start_file(&one.entry.path, options).map_err(wrong)?;
                bounds.copy(&mut exactly(one)?, &mut writer, &one.entry.path)?;
            }
        }
    }
    let finished =
        writer.finish().map_err(|error| ArchiveError::new(format!("the archive could not be written: {error}")));
    finished.and_then(|mut out| {
        out.flush().map_err(|error| ArchiveError::new(format!("the archive could not be written: {error}")))
    })
}

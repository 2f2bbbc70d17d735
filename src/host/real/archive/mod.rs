//! Archives by the tar, flate2 and zip crates. The work is done on a thread of its own, piece by piece, so that it can
//! be stopped; what is made grows beside its place and gets there in one moment.

mod packed;
mod unpacked;

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::host::{ArchiveDeed, ArchiveEntry, ArchiveError, ArchiveKind, ArchiveWork, Cancel, FileKind};

/// An archive with more in it is refused.
const MOST_ENTRIES: usize = 200_000;

/// Does it. On cancellation it has stopped before this returns, and nothing is left of it.
pub(super) async fn run(work: &ArchiveWork, cancel: &Cancel) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    let bounds =
        Bounds { stop: Arc::new(AtomicBool::new(false)), left: work.max_size, limit: work.max_size, entries: 0 };
    let (stop, own) = (Arc::clone(&bounds.stop), work.clone());
    let mut thread = tokio::task::spawn_blocking(move || on_thread(&own, bounds));
    let done = tokio::select! {
        biased;
        done = &mut thread => done,
        () = cancel.cancelled() => {
            stop.store(true, Ordering::Relaxed);
            thread.await
        }
    };
    done.unwrap_or_else(|_| Err(ArchiveError::new("the work with the archive broke off")))
}

fn on_thread(work: &ArchiveWork, mut bounds: Bounds) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    match &work.deed {
        ArchiveDeed::Pack(from) => packed::pack(work, from, &mut bounds),
        ArchiveDeed::List => list(work, &mut bounds),
        ArchiveDeed::Unpack { into, by_way_of, strip } => unpacked::unpack(work, into, by_way_of, *strip, &mut bounds),
    }
}

/// How much more is taken, and whether it is to be stopped.
struct Bounds {
    stop: Arc<AtomicBool>,
    left: u64,
    limit: u64,
    entries: usize,
}

impl Bounds {
    fn entry(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            return Err(ArchiveError::new(format!("there is more in it than {MOST_ENTRIES} files")));
        }
        self.stopped()
    }

    fn stopped(&self) -> Result<(), ArchiveError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(ArchiveError { cancelled: true, ..ArchiveError::new("stopped before it was done") });
        }
        Ok(())
    }

    /// Copies all of it, if it is not too much; gives how much it was.
    fn copy(&mut self, from: &mut dyn Read, to: &mut dyn Write, name: &str) -> Result<u64, ArchiveError> {
        let mut buffer = vec![0; 64 * 1024];
        let mut copied = 0;
        loop {
            self.stopped()?;
            let read = from.read(&mut buffer).map_err(|error| broken(name, &error))?;
            if read == 0 {
                return Ok(copied);
            }
            copied += read as u64;
            self.left = self.left.checked_sub(read as u64).ok_or_else(|| self.too_much())?;
            to.write_all(&buffer[..read])
                .map_err(|error| ArchiveError::new(format!("{name} could not be written: {error}")))?;
        }
    }

    fn too_much(&self) -> ArchiveError {
        let limit = crate::value::units::size_text(i64::try_from(self.limit).unwrap_or(i64::MAX));
        ArchiveError::new(format!("there is more than {limit} in it"))
            .help("if that is right, allow more: max_size: 10GiB")
    }
}

fn broken(name: &str, error: &io::Error) -> ArchiveError {
    ArchiveError::new(format!("{name} could not be read: {error}"))
        .help("is the archive whole? Compare its checksum: file.sha256(path)")
}

fn opened(path: &Path) -> Result<std::fs::File, ArchiveError> {
    let no = |error: io::Error| ArchiveError::new(format!("{} could not be opened: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(no)?;
    if file.metadata().map_err(no)?.is_file() {
        Ok(file)
    } else {
        Err(ArchiveError::new(format!("{} is no file", path.display())))
    }
}

/// An archive as it is read: each thing in it in turn, with what it holds.
trait Visitor {
    fn visit(
        &mut self,
        entry: ArchiveEntry,
        leads_to: Option<String>,
        content: &mut dyn Read,
        bounds: &mut Bounds,
    ) -> Result<(), ArchiveError>;
}

/// Reads an archive from its beginning to its end.
fn walk(work: &ArchiveWork, visitor: &mut dyn Visitor, bounds: &mut Bounds) -> Result<(), ArchiveError> {
    let file = io::BufReader::new(opened(&work.archive)?);
    match work.kind {
        ArchiveKind::Tar => walk_tar(file, work, visitor, bounds),
        ArchiveKind::TarGz => walk_tar(flate2::bufread::MultiGzDecoder::new(file), work, visitor, bounds),
        ArchiveKind::Zip => walk_zip(file, work, visitor, bounds),
    }
}

fn walk_tar(
    from: impl Read,
    work: &ArchiveWork,
    visitor: &mut dyn Visitor,
    bounds: &mut Bounds,
) -> Result<(), ArchiveError> {
    let shown = work.archive.display().to_string();
    let wrong = |error: io::Error| {
        ArchiveError::new(format!("{shown} is no whole archive of its kind: {error}"))
            .help("is it what its name says? `$ file …` tells; compare its checksum: file.sha256(path)")
    };
    let mut archive = tar::Archive::new(from);
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let leads_to = entry.link_name_bytes().map(|target| String::from_utf8_lossy(&target).into_owned());
        let kind = match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => FileKind::File,
            // A second name of a file that came before.
            tar::EntryType::Link => FileKind::File,
            tar::EntryType::Directory => FileKind::Dir,
            tar::EntryType::Symlink => FileKind::Link,
            tar::EntryType::XGlobalHeader | tar::EntryType::XHeader => continue,
            _ => FileKind::Other,
        };
        bounds.entry()?;
        let mode = entry.header().mode().unwrap_or(0o644) & 0o7777;
        visitor.visit(ArchiveEntry { path, kind, size: entry.size(), mode }, leads_to, &mut entry, bounds)?;
    }
    Ok(())
}

fn walk_zip(
    from: io::BufReader<std::fs::File>,
    work: &ArchiveWork,
    visitor: &mut dyn Visitor,
    bounds: &mut Bounds,
) -> Result<(), ArchiveError> {
    let shown = work.archive.display().to_string();
    let wrong = |error: zip::result::ZipError| {
        ArchiveError::new(format!("{shown} is no whole archive of its kind: {error}"))
            .help("is it what its name says? `$ file …` tells; compare its checksum: file.sha256(path)")
    };
    let mut archive = zip::ZipArchive::new(from).map_err(wrong)?;
    for at in 0..archive.len() {
        bounds.entry()?;
        let mut entry = archive.by_index(at).map_err(wrong)?;
        let path = entry.name().map_err(wrong)?.into_owned();
        let kind = match () {
            () if entry.is_dir() => FileKind::Dir,
            () if entry.is_symlink() => FileKind::Link,
            () => FileKind::File,
        };
        let mode = entry.unix_mode().unwrap_or(if kind == FileKind::Dir { 0o755 } else { 0o644 }) & 0o7777;
        let mut leads_to = None;
        if kind == FileKind::Link {
            let mut target = Vec::new();
            entry.by_ref().take(4096).read_to_end(&mut target).map_err(|error| broken(&path, &error))?;
            leads_to = Some(String::from_utf8_lossy(&target).into_owned());
        }
        let size = entry.size();
        visitor.visit(ArchiveEntry { path, kind, size, mode }, leads_to, &mut entry, bounds)?;
    }
    Ok(())
}

/// What is in it.
struct Listing(Vec<ArchiveEntry>);

impl Visitor for Listing {
    fn visit(
        &mut self,
        entry: ArchiveEntry,
        _: Option<String>,
        content: &mut dyn Read,
        bounds: &mut Bounds,
    ) -> Result<(), ArchiveError> {
        // A compressed one must be read to come to what is behind.
        bounds.copy(content, &mut io::sink(), &entry.path)?;
        let path = entry.path.trim_start_matches("./").trim_end_matches('/').to_owned();
        if !path.is_empty() {
            self.0.push(ArchiveEntry { path, ..entry });
        }
        Ok(())
    }
}

fn list(work: &ArchiveWork, bounds: &mut Bounds) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    let mut listing = Listing(Vec::new());
    walk(work, &mut listing, bounds)?;
    Ok(listing.0)
}

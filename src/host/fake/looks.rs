//! Certificates, name servers and archives of a scripted world.

use std::path::Path;

use crate::host::{ArchiveDeed, ArchiveEntry, ArchiveError, ArchiveWork, DnsAnswer, FileKind, Files, TlsShown};

/// What is seen by whoever looks, whatever it looks at.
#[derive(Default)]
pub(super) struct Looks {
    pub(super) certificate: Option<TlsShown>,
    pub(super) names: Option<DnsAnswer>,
}

/// Every archive holds one file, `index.html`.
pub(super) fn archive(work: &ArchiveWork, files: &dyn Files) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    let no = |path: &Path, error: std::io::Error| ArchiveError::new(format!("{}: {error}", path.display()));
    match &work.deed {
        ArchiveDeed::Pack(from) => {
            files.metadata(from).map_err(|error| no(from, error))?;
            files.write_atomic(&work.archive, b"archive", None).map_err(|error| no(&work.archive, error))?;
        }
        ArchiveDeed::List => drop(files.read(&work.archive).map_err(|error| no(&work.archive, error))?),
        ArchiveDeed::Unpack { into, .. } => {
            files.read(&work.archive).map_err(|error| no(&work.archive, error))?;
            files.create_dir(into).map_err(|error| no(into, error))?;
            files.write_atomic(&into.join("index.html"), b"text\n", None).map_err(|error| no(into, error))?;
        }
    }
    Ok(vec![ArchiveEntry { path: "index.html".to_owned(), kind: FileKind::File, size: 5, mode: 0o644 }])
}

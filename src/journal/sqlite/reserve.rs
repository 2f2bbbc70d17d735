//! Space that is kept for the day on which the disk is full: what is under way then still gets its outcome on
//! record, and so does a rollback.

use std::io;

use super::files::{Files, private_file};

/// A commit takes some 16 KiB of the write-ahead log: enough for several hundred.
pub(super) const SIZE: u64 = 8 << 20;

/// Fills the reserve, if it is not full.
///
/// # Errors
/// The disk has no room for it.
pub(super) fn fill(files: &Files) -> io::Result<()> {
    let file = private_file(&files.reserve())?;
    if file.metadata()?.len() == SIZE {
        return Ok(());
    }
    let filled = match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, SIZE) {
        // Not every file system can: then it is written.
        Err(rustix::io::Errno::OPNOTSUPP) => write_zeros(&file),
        done => done.map_err(Into::into),
    };
    if filled.is_err() {
        let _ = file.set_len(0);
    }
    filled
}

fn write_zeros(mut file: &std::fs::File) -> io::Result<()> {
    let block = vec![0; 1 << 16];
    for _ in 0..SIZE / block.len() as u64 {
        io::Write::write_all(&mut file, &block)?;
    }
    file.sync_all()
}

/// Gives the space back to the disk. Answers whether there was any.
pub(super) fn release(files: &Files) -> io::Result<bool> {
    let file = private_file(&files.reserve())?;
    let kept = file.metadata()?.len() > 0;
    file.set_len(0)?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filled_and_released() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path().join("j.db"));
        fill(&files).unwrap();
        fill(&files).unwrap();
        let taken = std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(files.reserve()).unwrap()) * 512;
        assert!(taken >= SIZE, "{taken}");
        assert!(release(&files).unwrap());
        assert!(!release(&files).unwrap());
    }
}

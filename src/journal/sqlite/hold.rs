//! Who holds a record: a file locked by the kernel (`flock`), with who it is in it. The lock ends with the
//! process, however that ends; what is left of the file then says nothing.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::files::{Files, private_file, private_folder};

/// Somebody who only looks whether it is held locks it for a moment: asked again so often before it counts.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(5);

/// That this process holds the record of a run.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    file: File,
}

/// What came of trying to hold.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is ours.
    Ours(Hold),
    /// It is this one's.
    Theirs(String),
}

impl Hold {
    /// Takes hold, or says who has it.
    pub(super) fn take(files: &Files, run: &str) -> io::Result<Taken> {
        private_folder(&files.holders())?;
        let path = files.holders().join(run);
        for attempt in 0.. {
            let mut file = private_file(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    if !is_at(&file, &path) {
                        continue;
                    }
                    file.set_len(0)?;
                    file.write_all(myself().as_bytes())?;
                    return Ok(Taken::Ours(Self { path, file }));
                }
                Err(rustix::io::Errno::WOULDBLOCK) if attempt >= TRIES => return Ok(Taken::Theirs(said(&mut file)?)),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(BETWEEN),
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // While it is still locked: see `take`. Not the file of somebody who took the record away from us.
        if is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether this is the file that has the name: one that was removed while it was waited for holds nothing.
fn is_at(file: &File, path: &Path) -> bool {
    let number = |about: std::fs::Metadata| (about.dev(), about.ino());
    let (named, open) = (std::fs::metadata(path).map(number), file.metadata().map(number));
    matches!((named, open), (Ok(named), Ok(open)) if named == open)
}

/// Who holds a run, if somebody does.
pub(super) fn holder(files: &Files, run: &str) -> io::Result<Option<String>> {
    let mut file = match File::open(files.holders().join(run)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(said(&mut file)?)),
        Err(error) => Err(error.into()),
    }
}

fn said(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut text = Vec::new();
    file.take(512).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Ok(if text.is_empty() { "a process that did not say its name yet".into() } else { text })
}

/// `process 4711 on web-1 since 2026-11-25 10:00:03Z`
fn myself() -> String {
    let host = rustix::system::uname();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    format!("process {} on {} since {now}", std::process::id(), host.nodename().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path().join("j.db"));
        assert_eq!(holder(&files, "1").unwrap(), None);
        let Taken::Ours(hold) = Hold::take(&files, "1").unwrap() else { panic!() };
        let me = format!("process {} on ", std::process::id());
        assert!(holder(&files, "1").unwrap().unwrap().starts_with(&me));
        assert!(matches!(Hold::take(&files, "1").unwrap(), Taken::Theirs(who) if who.starts_with(&me)));
        assert!(matches!(Hold::take(&files, "2").unwrap(), Taken::Ours(_)));
        drop(hold);
        assert_eq!(holder(&files, "1").unwrap(), None);
        assert!(matches!(Hold::take(&files, "1").unwrap(), Taken::Ours(_)));
    }

    #[test]
    fn a_file_that_nobody_locks_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path().join("j.db"));
        std::fs::create_dir(files.holders()).unwrap();
        std::fs::write(files.holders().join("1"), "process 1 on old").unwrap();
        assert_eq!(holder(&files, "1").unwrap(), None);
        assert!(matches!(Hold::take(&files, "1").unwrap(), Taken::Ours(_)));
    }
}

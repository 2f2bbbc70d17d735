//! All of a long output, in a file: in memory only its beginning and its end are kept.

use std::cell::{Cell, RefCell};
use std::fs::{DirBuilder, DirEntry, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::host::Stream;
use crate::mask;

/// Of one output so many bytes are written …
const MOST_OF_ONE: u64 = 64 * 1024 * 1024;
/// … and of all outputs of a run.
const MOST: u64 = 256 * 1024 * 1024;

/// So long after the last of them was written the files of a run are kept.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where the files of a run are.
#[derive(Default)]
pub(super) struct Spills {
    folder: RefCell<Option<PathBuf>>,
    count: Cell<u32>,
    written: Cell<u64>,
}

impl Spills {
    /// From here on long outputs go to files in this folder, which is made when the first does.
    pub(super) fn write_into(&self, folder: PathBuf) {
        self.folder.replace(Some(folder));
    }

    /// A file for an output of a program. `None` where there is no folder, or no room: an output in memory is
    /// worth more than a run that fails for want of a file.
    pub(super) fn begin(&self, program: &str, stream: Stream) -> Option<Spill> {
        let folder = self.folder.borrow().clone()?;
        if self.written.get() >= MOST {
            return None;
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        if self.count.get() == 0
            && let Some(runs) = folder.parent()
        {
            remove_old(runs, SystemTime::now());
        }
        let program = program.rsplit('/').next().unwrap_or_default();
        let name: String =
            program.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(40).collect();
        let stream_name = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        loop {
            let count = self.count.get() + 1;
            self.count.set(count);
            let path = folder.join(format!("{count:03}-{name}.{stream_name}"));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    return Some(Spill {
                        file: Some(file),
                        path,
                        written: 0,
                        mask: mask::Stream::new(mask::current()),
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && count < 10_000 => {}
                Err(_) => return None,
            }
        }
    }
}

/// Removes the outputs of runs that wrote none for a month, and nothing else; what cannot be removed stays.
fn remove_old(runs: &Path, now: SystemTime) {
    for run in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let files = std::fs::read_dir(run.path()).into_iter().flatten().flatten();
        let ours: Vec<_> = files.filter(|file| file.file_name().to_str().is_some_and(is_output)).collect();
        let is_old = |file: &DirEntry| {
            let written = file.metadata().and_then(|known| known.modified());
            written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > KEPT_FOR))
        };
        if !ours.is_empty() && ours.iter().all(is_old) {
            for file in ours {
                let _ = std::fs::remove_file(file.path());
            }
            // One that holds something else stays.
            let _ = std::fs::remove_dir(run.path());
        }
    }
}

/// `001-kubectl.stdout`
fn is_output(name: &str) -> bool {
    let numbered = name.split_once('-').is_some_and(|(number, _)| number.len() >= 3 && number.parse::<u32>().is_ok());
    numbered && (name.ends_with(".stdout") || name.ends_with(".stderr"))
}

/// One output's file.
pub(super) struct Spill {
    /// `None` once it is full, or the disk is.
    file: Option<File>,
    path: PathBuf,
    written: u64,
    mask: mask::Stream,
}

impl Spill {
    pub(super) fn push(&mut self, spills: &Spills, bytes: &[u8]) {
        let Self { file, written, mask, .. } = self;
        mask.push(bytes, |shown| write(file, written, spills, shown));
    }

    /// Where it is.
    pub(super) fn end(mut self, spills: &Spills) -> PathBuf {
        let Self { file, written, mask, .. } = &mut self;
        mask.end(|shown| write(file, written, spills, shown));
        self.path
    }
}

fn write(file: &mut Option<File>, written: &mut u64, spills: &Spills, bytes: &[u8]) {
    let Some(open) = file else { return };
    let length = bytes.len() as u64;
    let is_full = *written + length > MOST_OF_ONE || spills.written.get() + length > MOST;
    if is_full {
        let _ = open.write_all("\n… the rest was not kept …\n".as_bytes());
    } else if open.write_all(bytes).is_ok() {
        *written += length;
        spills.written.set(spills.written.get() + length);
        return;
    }
    *file = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_do_not_reach_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let spills = Spills::default();
        assert!(spills.begin("x", Stream::Stdout).is_none());
        spills.write_into(dir.path().join("runs/1"));
        mask::current().learn("hunter2");
        let mut spill = spills.begin("/bin/../b\u{1b}ash", Stream::Stderr).unwrap();
        spill.push(&spills, b"a hun");
        spill.push(&spills, b"ter2 b hun");
        let path = spill.end(&spills);
        assert_eq!(path, dir.path().join("runs/1/001-bash.stderr"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a ••• b hun");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Spills::default();
        again.write_into(dir.path().join("runs/1"));
        assert!(again.begin("bash", Stream::Stderr).unwrap().end(&again).ends_with("002-bash.stderr"));
    }

    #[test]
    fn outputs_of_a_month_ago_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, days: u64| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(days * 24 * 3600)).unwrap();
            path
        };
        let (old, again) = (file("old/001-bash.stdout", 31), file("old/002-bash.stderr", 40));
        let (going_on, since) = (file("resumed/001-bash.stdout", 31), file("resumed/002-bash.stdout", 29));
        let (beside, notes) = (file("own/001-bash.stdout", 31), file("own/notes", 90));
        let foreign = file("foreign/a-b.stdout", 90);
        let spills = Spills::default();
        spills.write_into(dir.path().join("new"));
        let new = spills.begin("ls", Stream::Stdout).unwrap().end(&spills);
        for gone in [&old, &again, &beside] {
            assert!(!gone.exists(), "{gone:?}");
        }
        assert!(!old.parent().unwrap().exists());
        for kept in [&going_on, &since, &notes, &foreign, &new] {
            assert!(kept.exists(), "{kept:?}");
        }
    }

    #[test]
    fn a_file_has_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let spills = Spills::default();
        spills.write_into(dir.path().to_owned());
        let mut spill = spills.begin("yes", Stream::Stdout).unwrap();
        let piece = vec![b'y'; 1024 * 1024];
        for _ in 0..70 {
            spill.push(&spills, &piece);
        }
        let size = std::fs::metadata(spill.end(&spills)).unwrap().len();
        assert!((MOST_OF_ONE..MOST_OF_ONE + 100).contains(&size), "{size}");
    }
}

//! Unpacking archives, whoever made them. What is in one goes into a new folder and nowhere else:
//!
//! - a path is names alone, none of them `..`, and none of the folders on it is a link;
//! - a link leads to a place in the folder: `..` stands at its beginning only, and no more often than there are
//!   folders around it, which are folders and not links. So each step stays within, whichever links it passes;
//! - devices, pipes and sockets are refused, and bits that lend somebody's rights are left out.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use super::{Bounds, Visitor, walk};
use crate::host::{ArchiveEntry, ArchiveError, ArchiveWork, FileKind};

/// Lets it grow beside its place, and puts it there.
pub(super) fn unpack(
    work: &ArchiveWork,
    into: &Path,
    by_way_of: &Path,
    strip: usize,
    bounds: &mut Bounds,
) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    let no = |what: &str, path: &Path, error: io::Error| {
        ArchiveError::new(format!("{} could not be {what}: {error}", path.display()))
    };
    if fs::symlink_metadata(into).is_ok() {
        return Err(ArchiveError::new(format!("{} is there already", into.display()))
            .help("unpack into a new folder, and switch a link to it: file.link(…)"));
    }
    // What a run that was killed has left there.
    clear(by_way_of);
    fs::create_dir_all(by_way_of).map_err(|error| no("made", by_way_of, error))?;
    let mut growing = Growing { root: by_way_of, strip, modes: Vec::new(), found: Vec::new() };
    let done = walk(work, &mut growing, bounds)
        .and_then(|()| growing.finish())
        .and_then(|()| bounds.stopped())
        .and_then(|()| fs::rename(by_way_of, into).map_err(|error| no("put in its place", into, error)));
    match done {
        Ok(()) if growing.found.is_empty() => {
            clear(into);
            let shown = work.archive.display();
            Err(if strip == 0 {
                ArchiveError::new(format!("there is nothing in {shown}"))
            } else {
                ArchiveError::new(format!("nothing in {shown} lies so deep that it is left after strip: {strip}"))
                    .help("see what is in it: archive.list(path)")
            })
        }
        Ok(()) => Ok(growing.found),
        Err(error) => {
            clear(by_way_of);
            Err(error)
        }
    }
}

/// Removes a folder with all in it, also what its mode would protect from its owner.
fn clear(folder: &Path) {
    if fs::remove_dir_all(folder).is_err() {
        open_up(folder);
        let _ = fs::remove_dir_all(folder);
    }
}

fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

struct Growing<'r> {
    root: &'r Path,
    strip: usize,
    /// Of folders, which must let us write into them until the end.
    modes: Vec<(PathBuf, u32)>,
    found: Vec<ArchiveEntry>,
}

fn hostile(entry: &ArchiveEntry, why: &str) -> ArchiveError {
    ArchiveError::new(format!("nothing was unpacked: {:?} in the archive {why}", entry.path))
        .help("somebody made it so, by accident or on purpose: do not use it before you know who")
}

impl Growing<'_> {
    /// Where an entry goes, without the folders that are left out; `None` if nothing is left.
    fn place(&self, entry: &ArchiveEntry, path: &str) -> Result<Option<PathBuf>, ArchiveError> {
        let mut names = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => {
                    return Err(hostile(entry, "has a path from the root"));
                }
                Component::ParentDir => return Err(hostile(entry, "has a path with `..`")),
            }
        }
        if path.contains('\0') {
            return Err(hostile(entry, "has a path that is none"));
        }
        let names = names.get(self.strip..).unwrap_or_default();
        Ok((!names.is_empty()).then(|| names.iter().collect()))
    }

    /// Makes the folders around a path, if they are not there. None of them may be a link.
    fn around(&self, entry: &ArchiveEntry, inside: &Path) -> Result<(), ArchiveError> {
        let mut at = self.root.to_owned();
        for part in inside.parent().into_iter().flat_map(Path::components) {
            at.push(part);
            match fs::symlink_metadata(&at) {
                Ok(there) if there.is_dir() => {}
                Ok(_) => return Err(hostile(entry, "goes through something that is no folder")),
                Err(_) => fs::create_dir(&at).map_err(|error| unwritten(entry, &error))?,
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ArchiveError> {
        // The inner ones first: an outer one may forbid to look into it.
        self.modes.sort_by(|(a, _), (b, _)| b.cmp(a));
        for (path, mode) in &self.modes {
            let set = fs::set_permissions(path, fs::Permissions::from_mode(*mode));
            set.map_err(|error| {
                ArchiveError::new(format!("the mode of {} could not be set: {error}", path.display()))
            })?;
        }
        Ok(())
    }
}

fn unwritten(entry: &ArchiveEntry, error: &io::Error) -> ArchiveError {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return hostile(entry, "is in it twice");
    }
    ArchiveError::new(format!("{} could not be unpacked: {error}", entry.path))
}

impl Visitor for Growing<'_> {
    fn visit(
        &mut self,
        entry: ArchiveEntry,
        leads_to: Option<String>,
        content: &mut dyn Read,
        bounds: &mut Bounds,
    ) -> Result<(), ArchiveError> {
        let Some(inside) = self.place(&entry, &entry.path)? else { return Ok(()) };
        self.around(&entry, &inside)?;
        let path = self.root.join(&inside);
        // Nobody's rights are lent by what comes from elsewhere.
        let mode = entry.mode & 0o777;
        match (entry.kind, leads_to) {
            (FileKind::Dir, _) => {
                match fs::create_dir(&path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        let is_folder = fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir());
                        if !is_folder {
                            return Err(hostile(&entry, "is in it twice"));
                        }
                    }
                    made => made.map_err(|error| unwritten(&entry, &error))?,
                }
                self.modes.push((path, mode));
            }
            (FileKind::Link, Some(target)) => {
                if !stays_within(&inside, &target) {
                    return Err(hostile(&entry, &format!("is a link out of the folder, to {target:?}")));
                }
                symlink(&target, &path).map_err(|error| unwritten(&entry, &error))?;
            }
            // A second name of a file that came before.
            (FileKind::File, Some(target)) => {
                let first = self.place(&entry, &target)?.map(|inside| self.root.join(inside));
                let first = first.filter(|path| fs::symlink_metadata(path).is_ok_and(|there| there.is_file()));
                let first =
                    first.ok_or_else(|| hostile(&entry, "is another name of a file that did not come before"))?;
                fs::hard_link(first, &path).map_err(|error| unwritten(&entry, &error))?;
            }
            (FileKind::File, None) => {
                let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
                let mut file = file.map_err(|error| unwritten(&entry, &error))?;
                bounds.copy(content, &mut file, &entry.path)?;
                let set = file.set_permissions(fs::Permissions::from_mode(mode));
                set.map_err(|error| unwritten(&entry, &error))?;
            }
            (FileKind::Link | FileKind::Other, _) => {
                return Err(hostile(&entry, "is neither a file, a folder nor a link"));
            }
        }
        let shown = inside.to_string_lossy().into_owned();
        self.found.push(ArchiveEntry { path: shown, mode, ..entry });
        Ok(())
    }
}

/// Whether a link at this path leads to a place in the folder.
fn stays_within(inside: &Path, target: &str) -> bool {
    let around = inside.parent().map_or(0, |folder| folder.components().count());
    let (mut up, mut down) = (0, false);
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir if !down => up += 1,
            Component::Normal(_) => down = true,
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    up <= around && !target.is_empty()
}

#[cfg(test)]
mod tests {
    use super::stays_within;
    use std::path::Path;

    #[test]
    fn a_link_leads_to_a_place_in_the_folder() {
        for (at, target) in [("a", "b"), ("a/b/c", "../x"), ("a/b/c", "../../x/y"), ("a/b", "./c"), ("a/b", "..")] {
            assert!(stays_within(Path::new(at), target), "{at} -> {target}");
        }
        // The last one: if `x` led to `.`, it would be outside.
        for (at, target) in [("a", ".."), ("a", "/etc"), ("a/b", "../../x"), ("a", ""), ("a/b", "x/../..")] {
            assert!(!stays_within(Path::new(at), target), "{at} -> {target}");
        }
    }
}

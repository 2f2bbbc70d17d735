//! A file system in memory. Paths are absolute; a relative one begins at `/`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::host::{FileInfo, FileKind, Files};

/// Links followed before a path counts as a circle, as on Linux.
const MOST_LINKS: usize = 40;

#[derive(Clone, Debug)]
enum Node {
    File(Arc<[u8]>, u32),
    Dir(u32),
    Link(PathBuf),
}

/// See the module.
pub struct FakeFiles {
    nodes: RefCell<BTreeMap<PathBuf, Node>>,
    now: jiff::Timestamp,
    scratches: Cell<u32>,
    full: Cell<bool>,
}

impl FakeFiles {
    pub(super) fn new(now: jiff::Timestamp) -> Self {
        let folders = ["/", "/tmp", "/etc"].map(|path| (PathBuf::from(path), Node::Dir(0o755)));
        Self { nodes: RefCell::new(folders.into()), now, scratches: Cell::new(0), full: Cell::new(false) }
    }

    /// Lays a file out, with the folders above it.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.lexical(Path::new(path));
        let mut nodes = self.nodes.borrow_mut();
        for above in path.ancestors().skip(1) {
            nodes.entry(above.to_owned()).or_insert(Node::Dir(0o755));
        }
        nodes.insert(path, Node::File(content.as_ref().into(), 0o644));
    }

    /// The text of a file, `None` if there is none.
    pub fn text(&self, path: &str) -> Option<String> {
        self.read(Path::new(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// From now on nothing can be written: the disk is full.
    pub fn fill(&self) {
        self.full.set(true);
    }

    /// Every path with what is there, one line each, for comparing before and after.
    pub fn listing(&self) -> Vec<String> {
        let nodes = self.nodes.borrow();
        let line = |(path, node): (&PathBuf, &Node)| match node {
            Node::File(content, mode) => format!("{} {mode:o} {}", path.display(), String::from_utf8_lossy(content)),
            Node::Dir(mode) => format!("{}/ {mode:o}", path.display()),
            Node::Link(target) => format!("{} -> {}", path.display(), target.display()),
        };
        nodes.iter().map(line).collect()
    }

    /// Without `.` and `..`, links not looked at.
    #[allow(clippy::unused_self)]
    fn lexical(&self, path: &Path) -> PathBuf {
        let mut out = PathBuf::from("/");
        for part in path.components() {
            match part {
                Component::Normal(name) => out.push(name),
                Component::ParentDir => {
                    out.pop();
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        out
    }

    /// With the links of the folders above it followed, and its own if `last`.
    fn resolved(&self, path: &Path, last: bool) -> io::Result<PathBuf> {
        let mut path = self.lexical(path);
        for _ in 0..MOST_LINKS {
            let Some((at, target)) = self.first_link(&path, last) else { return Ok(path) };
            let rest = path.strip_prefix(&at).map(Path::to_owned).unwrap_or_default();
            let base = at.parent().unwrap_or(Path::new("/"));
            path = self.lexical(&base.join(target).join(rest));
        }
        Err(io::Error::other("too many links"))
    }

    fn first_link(&self, path: &Path, last: bool) -> Option<(PathBuf, PathBuf)> {
        let nodes = self.nodes.borrow();
        let mut above: Vec<&Path> = path.ancestors().skip(usize::from(!last)).collect();
        above.reverse();
        above.into_iter().find_map(|at| match nodes.get(at) {
            Some(Node::Link(target)) => Some((at.to_owned(), target.clone())),
            _ => None,
        })
    }

    fn node(&self, path: &Path) -> Option<Node> {
        self.nodes.borrow().get(path).cloned()
    }

    /// The folder of what will be written must be there, and the disk not full.
    fn writable(&self, path: &Path) -> io::Result<()> {
        if self.full.get() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        match path.parent().and_then(|parent| self.node(parent)) {
            Some(Node::Dir(_)) => Ok(()),
            Some(_) => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }

    /// It and everything beneath it, with the paths below it.
    fn tree(&self, path: &Path) -> Vec<(PathBuf, Node)> {
        let nodes = self.nodes.borrow();
        let within = nodes.iter().filter_map(|(at, node)| Some((at.strip_prefix(path).ok()?.to_owned(), node.clone())));
        within.collect()
    }

    fn plant(&self, path: &Path, tree: Vec<(PathBuf, Node)>) {
        let mut nodes = self.nodes.borrow_mut();
        for (below, node) in tree {
            let at = if below.as_os_str().is_empty() { path.to_owned() } else { path.join(below) };
            nodes.insert(at, node);
        }
    }
}

impl Files for FakeFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.node(&self.resolved(path, true)?) {
            Some(Node::File(content, _)) => Ok(content.to_vec()),
            Some(_) => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }

    fn write_atomic(&self, path: &Path, content: &[u8], mode: Option<u32>) -> io::Result<()> {
        let path = self.resolved(path, true)?;
        self.writable(&path)?;
        let mode = match self.node(&path) {
            Some(Node::File(_, mode)) => mode,
            Some(_) => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
            None => mode.unwrap_or(0o644),
        };
        self.nodes.borrow_mut().insert(path, Node::File(content.into(), mode));
        Ok(())
    }

    fn switch_link(&self, link: &Path, target: &Path) -> io::Result<()> {
        let link = self.resolved(link, false)?;
        self.writable(&link)?;
        match self.node(&link) {
            None | Some(Node::Link(_)) => {
                self.nodes.borrow_mut().insert(link, Node::Link(target.to_owned()));
                Ok(())
            }
            Some(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there, and no link")),
        }
    }

    fn read_link(&self, link: &Path) -> io::Result<Option<PathBuf>> {
        match self.node(&self.resolved(link, false)?) {
            Some(Node::Link(target)) => Ok(Some(target)),
            Some(_) => Err(io::Error::from(io::ErrorKind::InvalidInput)),
            None => Ok(None),
        }
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<FileInfo>> {
        let info = |kind, size, mode| FileInfo { kind, size, mode, modified: self.now };
        Ok(self.node(&self.resolved(path, false)?).map(|node| match node {
            Node::File(content, mode) => info(FileKind::File, content.len() as u64, mode),
            Node::Dir(mode) => info(FileKind::Dir, 0, mode),
            Node::Link(target) => info(FileKind::Link, target.as_os_str().len() as u64, 0o777),
        }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let path = self.resolved(path, false)?;
        if self.node(&path).is_none() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        self.nodes.borrow_mut().retain(|at, _| !at.starts_with(&path));
        Ok(())
    }

    fn create_dir(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let path = self.resolved(path, true)?;
        let mut first = None;
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.reverse();
        for folder in above {
            match self.node(folder) {
                Some(Node::Dir(_)) => {}
                Some(_) => return Err(io::Error::from(io::ErrorKind::NotADirectory)),
                None => {
                    self.writable(folder)?;
                    self.nodes.borrow_mut().insert(folder.to_owned(), Node::Dir(0o755));
                    first.get_or_insert_with(|| folder.to_owned());
                }
            }
        }
        Ok(first)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let from = self.resolved(from, false)?;
        let tree = self.tree(&from);
        let Some((_, root)) = tree.first() else { return Err(io::Error::from(io::ErrorKind::NotFound)) };
        // Bytes go through a link at the destination, as they do on a real file system.
        let to = self.resolved(to, matches!(root, Node::File(..)))?;
        self.writable(&to)?;
        match (root, self.node(&to)) {
            (_, None) | (Node::Dir(_), Some(Node::Dir(_))) | (Node::File(..), Some(Node::File(..))) => {}
            _ => return Err(io::Error::from(io::ErrorKind::AlreadyExists)),
        }
        self.plant(&to, tree);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.resolved(from, false)?, self.resolved(to, false)?);
        let tree = self.tree(&from);
        if tree.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        self.writable(&to)?;
        match (&tree[0].1, self.node(&to)) {
            (Node::Dir(_), Some(Node::Dir(_))) if self.tree(&to).len() > 1 => {
                return Err(io::Error::from(io::ErrorKind::DirectoryNotEmpty));
            }
            (Node::Dir(_), None | Some(Node::Dir(_))) => {}
            (Node::Dir(_), Some(_)) => return Err(io::Error::from(io::ErrorKind::NotADirectory)),
            (_, Some(Node::Dir(_))) => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
            (_, _) => {}
        }
        self.nodes.borrow_mut().retain(|at, _| !at.starts_with(&from));
        self.plant(&to, tree);
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = self.resolved(path, true)?;
        match self.node(&path) {
            Some(Node::Dir(_)) => {}
            Some(_) => return Err(io::Error::from(io::ErrorKind::NotADirectory)),
            None => return Err(io::Error::from(io::ErrorKind::NotFound)),
        }
        let nodes = self.nodes.borrow();
        let inside = nodes.keys().filter(|at| at.parent() == Some(&path));
        Ok(inside.filter_map(|at| Some(at.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.resolved(path, true)?;
        self.node(&path).map(|_| path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn scratch_dir(&self) -> io::Result<PathBuf> {
        self.scratches.set(self.scratches.get() + 1);
        let path = PathBuf::from(format!("/tmp/scratch-{}", self.scratches.get()));
        self.nodes.borrow_mut().insert(path.clone(), Node::Dir(0o700));
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> FakeFiles {
        FakeFiles::new(jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn links_are_followed_and_switched() {
        let files = files();
        files.put("/srv/releases/v1/app", "one");
        files.put("/srv/releases/v2/app", "two");
        let current = Path::new("/srv/current");
        files.switch_link(current, Path::new("releases/v1")).unwrap();
        assert_eq!(files.text("/srv/current/app").unwrap(), "one");
        files.switch_link(current, Path::new("releases/v2")).unwrap();
        assert_eq!(files.text("srv/current/app").unwrap(), "two");
        assert!(files.switch_link(Path::new("/srv/releases"), current).is_err());
        files.switch_link(Path::new("/a"), Path::new("b")).unwrap();
        files.switch_link(Path::new("/b"), Path::new("a")).unwrap();
        assert!(files.read(Path::new("/a")).is_err());
    }

    #[test]
    fn folders_are_made_listed_moved_and_removed() {
        let files = files();
        assert_eq!(files.create_dir(Path::new("/x/y/z")).unwrap().unwrap(), Path::new("/x"));
        assert_eq!(files.create_dir(Path::new("/x/y")).unwrap(), None);
        files.put("/x/y/f", "1");
        assert_eq!(files.list(Path::new("/x/y")).unwrap(), ["f", "z"]);
        files.copy(Path::new("/x"), Path::new("/w")).unwrap();
        files.rename(Path::new("/x"), Path::new("/v")).unwrap();
        assert_eq!(files.text("/v/y/f"), files.text("/w/y/f"));
        files.remove(Path::new("/v")).unwrap();
        assert!(files.metadata(Path::new("/v/y")).unwrap().is_none());
        assert!(files.write_atomic(Path::new("/nowhere/f"), b"", None).is_err());
    }
}

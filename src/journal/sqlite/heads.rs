//! The ends of the chains, kept outside of the database.
//!
//! One slot for each run, found by the run's number in the database, of two halves that are written in turn: a
//! crash in the middle of writing one leaves the other. Each names its run and carries a hash over itself.
//!
//! The order is what makes it exact, see [the store](super): a half is written *after* the commit it tells of,
//! and made durable *before* anybody is told that his entry is. So the database is never behind its heads,
//! unless something was lost; and what is ahead of them was never acknowledged.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::super::chain::{Link, seal};
use super::files::{Files, private_file};

const SLOT: usize = 2 * HALF;
const HALF: usize = 128;
/// The first slot says what the file is.
const MAGIC: &[u8; 16] = b"rbk heads 1\n\0\0\0\0";
/// Bytes of a run's id.
pub(super) const LONGEST_ID: usize = 47;

/// The file.
#[derive(Debug)]
pub(super) struct Heads(File);

/// Where the chain of a run ended when it was last made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) run: String,
    pub(super) entries: u64,
    pub(super) link: Link,
}

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing was ever acknowledged.
    Empty,
    /// The newer of its halves, and which one that is.
    Known(Head, usize),
    /// Both halves were written, and neither is whole.
    Unreadable,
}

/// What is known of the file.
#[derive(Debug)]
pub(super) enum Found {
    Heads(Heads),
    /// It is not there, or empty.
    Missing,
    /// It is something else.
    Foreign,
}

impl Heads {
    /// Opens the file; without `make` it must be there.
    pub(super) fn open(files: &Files, make: bool) -> io::Result<Found> {
        let file = if make {
            private_file(&files.heads())?
        } else {
            match File::options().read(true).write(true).open(files.heads()) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
                // To read is enough for those who only look.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(files.heads())?,
                Err(error) => return Err(error),
            }
        };
        let length = file.metadata()?.len();
        if length == 0 {
            return Ok(if make { Found::Heads(Self(file)) } else { Found::Missing });
        }
        let mut magic = [0; MAGIC.len()];
        match file.read_exact_at(&mut magic, 0) {
            Ok(()) if magic == *MAGIC => Ok(Found::Heads(Self(file))),
            Ok(()) => Ok(Found::Foreign),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Found::Foreign),
            Err(error) => Err(error),
        }
    }

    /// The file, to lock it while a journal is set up.
    pub(super) fn file(&self) -> &File {
        &self.0
    }

    /// Writes what the file is.
    pub(super) fn begin(&self) -> io::Result<()> {
        let mut slot = [0; SLOT];
        slot[..MAGIC.len()].copy_from_slice(MAGIC);
        self.0.write_all_at(&slot, 0)?;
        self.0.sync_all()
    }

    /// The number of the last run of which a head is known.
    pub(super) fn last(&self) -> io::Result<i64> {
        let mut last = i64::try_from(self.0.metadata()?.len().div_ceil(SLOT as u64)).unwrap_or(i64::MAX) - 1;
        // A run that did not come to its first commit leaves an empty slot.
        while last > 0 && self.read(last)? == Slot::Empty {
            last -= 1;
        }
        Ok(last.max(0))
    }

    /// What is known of the end of a run.
    pub(super) fn read(&self, id: i64) -> io::Result<Slot> {
        let mut bytes = [0; SLOT];
        let Some(offset) = offset(id) else { return Ok(Slot::Empty) };
        let mut read = 0;
        while read < bytes.len() {
            match self.0.read_at(&mut bytes[read..], offset + read as u64)? {
                0 => break,
                n => read += n,
            }
        }
        let halves = [&bytes[..HALF], &bytes[HALF..]].map(|half| decode(half, id));
        let written = [&bytes[..HALF], &bytes[HALF..]].map(|half| half.iter().any(|byte| *byte != 0));
        Ok(match halves {
            [Some(first), Some(second)] if second.entries > first.entries => Slot::Known(second, 1),
            [Some(first), _] => Slot::Known(first, 0),
            [None, Some(second)] => Slot::Known(second, 1),
            [None, None] if written == [true, true] => Slot::Unreadable,
            // The first write of all was cut short: nobody was told that it was done.
            [None, None] => Slot::Empty,
        })
    }

    /// Takes the room of a slot, so that a full disk is met before the run begins and not after.
    pub(super) fn make_room(&self, id: i64) -> io::Result<()> {
        let Some(offset) = offset(id) else { return Err(io::ErrorKind::InvalidInput.into()) };
        let (length, end) = (self.0.metadata()?.len(), offset + SLOT as u64);
        if length < end {
            let missing = usize::try_from(end - length).map_err(io::Error::other)?;
            self.0.write_all_at(&vec![0; missing], length)?;
        }
        Ok(())
    }

    /// Writes one half of a slot.
    fn write(&self, id: i64, half: usize, head: &Head) -> io::Result<()> {
        let Some(offset) = offset(id) else { return Err(io::ErrorKind::InvalidInput.into()) };
        self.0.write_all_at(&encode(head, id), offset + (half * HALF) as u64)
    }
}

/// The slot of one run, for the one who holds it.
#[derive(Debug)]
pub(super) struct HeadSlot {
    heads: Heads,
    id: i64,
    next: usize,
}

impl HeadSlot {
    pub(super) fn new(heads: Heads, id: i64) -> io::Result<Self> {
        let next = match heads.read(id)? {
            Slot::Known(_, half) => 1 - half,
            Slot::Empty | Slot::Unreadable => 0,
        };
        Ok(Self { heads, id, next })
    }

    /// Writes the head, durably.
    pub(super) fn write(&mut self, head: &Head) -> io::Result<()> {
        self.write_soon(head)?;
        self.heads.0.sync_data()
    }

    /// Writes the head without waiting for the disk: of a run that did not do anything yet, it may be lost.
    pub(super) fn write_soon(&mut self, head: &Head) -> io::Result<()> {
        self.heads.write(self.id, self.next, head)?;
        self.next = 1 - self.next;
        Ok(())
    }
}

fn offset(id: i64) -> Option<u64> {
    u64::try_from(id).ok().filter(|id| *id > 0)?.checked_mul(SLOT as u64)
}

// run 0..48 (its length first) · entries 48..56 · link 56..88 · hash over these and the slot's number 88..120
fn encode(head: &Head, id: i64) -> [u8; HALF] {
    let mut half = [0; HALF];
    let run = &head.run.as_bytes()[..head.run.len().min(LONGEST_ID)];
    half[0] = u8::try_from(run.len()).unwrap_or(0);
    half[1..=run.len()].copy_from_slice(run);
    half[48..56].copy_from_slice(&head.entries.to_le_bytes());
    half[56..88].copy_from_slice(&head.link.0);
    let check = seal(&[&half[..88], &id.to_le_bytes()]);
    half[88..120].copy_from_slice(&check);
    half
}

fn decode(half: &[u8], id: i64) -> Option<Head> {
    let array = |from: usize| half.get(from..from + 32)?.try_into().ok();
    let check: [u8; 32] = array(88)?;
    if seal(&[&half[..88], &id.to_le_bytes()]) != check || half[120..].iter().any(|byte| *byte != 0) {
        return None;
    }
    let run = String::from_utf8(half.get(1..=usize::from(half[0]))?.to_vec()).ok()?;
    Some(Head { run, entries: u64::from_le_bytes(half[48..56].try_into().ok()?), link: Link(array(56)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads() -> (tempfile::TempDir, Files, Heads) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path().join("j.db"));
        let Found::Heads(heads) = Heads::open(&files, true).unwrap() else { panic!() };
        heads.begin().unwrap();
        (folder, files, heads)
    }

    fn head(entries: u64) -> Head {
        Head { run: "0199a3f".into(), entries, link: Link([7; 32]) }
    }

    fn reopened(files: &Files) -> Heads {
        let Found::Heads(heads) = Heads::open(files, false).unwrap() else { panic!() };
        heads
    }

    #[test]
    fn the_newer_half_counts() {
        let (_folder, files, heads) = heads();
        assert_eq!(heads.read(1).unwrap(), Slot::Empty);
        heads.make_room(3).unwrap();
        assert_eq!(heads.last().unwrap(), 0);
        let mut slot = HeadSlot::new(heads, 3).unwrap();
        for entries in 1..=5 {
            slot.write(&head(entries)).unwrap();
            assert_eq!(reopened(&files).read(3).unwrap(), Slot::Known(head(entries), (entries as usize + 1) % 2));
        }
        let heads = reopened(&files);
        assert_eq!(heads.last().unwrap(), 3);
        assert_eq!(heads.read(2).unwrap(), Slot::Empty);
        assert_eq!(HeadSlot::new(heads, 3).unwrap().next, 1);
    }

    #[test]
    fn a_torn_half_leaves_the_other() {
        let (_folder, files, heads) = heads();
        heads.write(1, 0, &head(1)).unwrap();
        heads.write(1, 1, &head(2)).unwrap();
        heads.0.write_all_at(b"torn", (SLOT + HALF) as u64 + 50).unwrap();
        assert_eq!(reopened(&files).read(1).unwrap(), Slot::Known(head(1), 0));
        heads.0.write_all_at(b"torn", SLOT as u64 + 50).unwrap();
        assert_eq!(reopened(&files).read(1).unwrap(), Slot::Unreadable);
    }

    #[test]
    fn a_slot_of_another_run_is_none() {
        let (_folder, _, heads) = heads();
        let copy = encode(&head(1), 2);
        heads.0.write_all_at(&copy, SLOT as u64).unwrap();
        assert_eq!(heads.read(1).unwrap(), Slot::Empty);
        assert_eq!(heads.read(-1).unwrap(), Slot::Empty);
        assert_eq!(heads.read(i64::MAX).unwrap(), Slot::Empty);
    }

    #[test]
    fn something_else_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path().join("j.db"));
        assert!(matches!(Heads::open(&files, false).unwrap(), Found::Missing));
        std::fs::write(files.heads(), "shopping list").unwrap();
        assert!(matches!(Heads::open(&files, true).unwrap(), Found::Foreign));
    }
}

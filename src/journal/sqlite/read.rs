//! Reading: entries in order, each verified; the list of runs; sources.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;

use super::super::chain::Link;
use super::super::entry::Entry;
use super::super::naming::{self, Named};
use super::super::store::{RunSummary, StoreError, StoredSource};
use super::files::Files;
use super::heads::{Found, Heads, Slot};
use super::open::{self, is_damage};
use super::rows::{self, RunRow};
use super::trouble::{io_trouble, sql_trouble, unusable};

/// Levels of JSON in an entry. A value has at most a hundred, each of which is written as at most two.
const DEEPEST: usize = 256;

/// Hands out a run's entries until `each` answers `false`.
pub(super) fn entries(files: &Files, run: &str, each: &mut dyn FnMut(u64, Entry) -> bool) -> Result<(), StoreError> {
    let connection = open::reader(files)?;
    let row = row(&connection, run, files)?;
    // Before the transaction in which the entries are read: the database is never behind its heads.
    let slot = slot(files, row.id)?;
    let read = |error: rusqlite::Error| sql_trouble("the journal cannot be read", files.database(), &error);
    let snapshot = connection.unchecked_transaction().map_err(read)?;
    let row = rows::by_id(&snapshot, row.id, files)?;
    row.check_end(&slot)?;
    let (above, to) = rows::places(row.id);
    let mut sql = snapshot
        .prepare("SELECT place, body, hash FROM entries WHERE place > ?1 AND place <= ?2 ORDER BY place")
        .map_err(read)?;
    let mut found = sql.query([above, to]).map_err(read)?;
    let mut chain = Verifier { row: &row, slot, above, number: 0, link: Link::START };
    loop {
        match found.next() {
            Ok(Some(found)) => {
                let entry = chain.next(found, files)?;
                if !each(chain.number, entry) {
                    return Ok(());
                }
            }
            Ok(None) => return chain.end(),
            Err(error) if is_damage(&error) => {
                return Err(row.damaged(chain.number + 1, &format!("it cannot be read: {error}")));
            }
            Err(error) => return Err(read(error)),
        }
    }
}

/// Goes along a chain.
struct Verifier<'r> {
    row: &'r RunRow,
    slot: Slot,
    above: i64,
    /// Of the entry that was handed out last.
    number: u64,
    link: Link,
}

impl Verifier<'_> {
    fn next(&mut self, found: &Row<'_>, files: &Files) -> Result<Entry, StoreError> {
        let number = self.number + 1;
        let wrong = |what: &str| self.row.damaged(number, what);
        let unread = |error: rusqlite::Error| {
            if is_damage(&error) {
                return wrong(&format!("it cannot be read: {error}"));
            }
            sql_trouble("the journal cannot be read", files.database(), &error)
        };
        let place: i64 = found.get(0).map_err(unread)?;
        if u64::try_from(place - self.above) != Ok(number) {
            return Err(wrong("it is missing"));
        }
        if number > self.row.count() {
            return Err(wrong("it is more than was written"));
        }
        let body = found.get_ref(1).map_err(unread)?;
        let body = body.as_bytes().map_err(|_| wrong("it is not what was written"))?;
        let hash: [u8; 32] = found.get(2).map_err(unread)?;
        let link = self.link.then(&self.row.run, number, body);
        if link.0 != hash {
            return Err(wrong("it is not what was written"));
        }
        if let Slot::Known(head, _) = &self.slot
            && head.entries == number
            && head.link != link
        {
            return Err(wrong("it, or one before it, is not what was written"));
        }
        self.number = number;
        self.link = link;
        decode(body).map_err(|error| {
            let message =
                format!("entry {number} of run {} is in a form that this rbk does not know: {error}", self.row.run);
            unusable(message, Some("use the rbk that wrote it: `rbk --version` there tells which"))
        })
    }

    fn end(&self) -> Result<(), StoreError> {
        if self.number < self.row.count() {
            return Err(self.row.damaged(self.number + 1, "it is missing"));
        }
        if self.link != self.row.head {
            return Err(self.row.damaged(self.number, "it is not the one that was written last"));
        }
        Ok(())
    }
}

/// An entry out of its JSON.
pub(super) fn decode(body: &[u8]) -> Result<Entry, String> {
    if depth(body) > DEEPEST {
        return Err("it is nested too deep".into());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    json.disable_recursion_limit();
    let entry = Entry::deserialize(&mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(entry)
}

fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A run by its whole id; told if its end is not where it was.
pub(super) fn row(connection: &Connection, run: &str, files: &Files) -> Result<RunRow, StoreError> {
    match rows::by_run(connection, run, files) {
        Err(StoreError::NoSuchRun { .. }) => {
            // The index may have lost it.
            let ids = all_ids(connection, files)?;
            match ids.iter().find(|(_, known)| known == run) {
                Some((id, _)) => rows::by_id(connection, *id, files),
                None => Err(naming::unknown(run)),
            }
        }
        found => found,
    }
}

/// What the heads know of a run.
pub(super) fn slot(files: &Files, id: i64) -> Result<Slot, StoreError> {
    slot_in(&heads(files)?, files, id)
}

fn slot_in(heads: &Heads, files: &Files, id: i64) -> Result<Slot, StoreError> {
    heads.read(id).map_err(|error| io_trouble("the journal cannot be read", &files.heads(), &error))
}

pub(super) fn heads(files: &Files) -> Result<Heads, StoreError> {
    match Heads::open(files, false) {
        Ok(Found::Heads(heads)) => Ok(heads),
        Ok(Found::Missing | Found::Foreign) => {
            Err(unusable(format!("{} is gone, or something else", files.heads().display()), None))
        }
        Err(error) => Err(io_trouble("the journal cannot be read", &files.heads(), &error)),
    }
}

/// How many runs there are, by the database and by the heads.
pub(super) fn newest_id(connection: &Connection, files: &Files) -> Result<i64, StoreError> {
    let heads = heads(files)?;
    let known = heads.last().map_err(|error| io_trouble("the journal cannot be read", &files.heads(), &error))?;
    let newest = connection.query_row("SELECT coalesce(max(id), 0) FROM runs", (), |row| row.get::<_, i64>(0));
    let newest = newest.map_err(|error| sql_trouble("the journal cannot be read", files.database(), &error))?;
    Ok(newest.max(known))
}

/// A run and whether it is what was written.
pub(super) fn verified(connection: &Connection, id: i64, heads: &Heads, files: &Files) -> Result<RunRow, StoreError> {
    let slot = slot_in(heads, files, id)?;
    let row = rows::by_id(connection, id, files)?;
    row.check_end(&slot)?;
    Ok(row)
}

/// The newest runs first. One that is damaged is in the list, as that.
pub(super) fn runs(files: &Files, at_most: usize) -> Result<Vec<RunSummary>, StoreError> {
    let connection = open::reader(files)?;
    let heads = heads(files)?;
    let newest = newest_id(&connection, files)?;
    let oldest = newest.saturating_sub(i64::try_from(at_most).unwrap_or(i64::MAX)).max(0);
    let mut list = Vec::new();
    for id in (oldest + 1..=newest).rev() {
        match verified(&connection, id, &heads, files).and_then(|row| row.summary(files)) {
            Ok(summary) => list.push(summary),
            Err(error) => list.push(rows::damaged_summary(&error).ok_or(error)?),
        }
    }
    Ok(list)
}

pub(super) fn find(files: &Files, name: &str) -> Result<RunSummary, StoreError> {
    let connection = open::reader(files)?;
    let id = match Named::read(name)? {
        Named::Back(back) => {
            let newest = newest_id(&connection, files)?;
            let far = || naming::too_far_back(back, usize::try_from(newest).unwrap_or(0));
            let back = i64::try_from(back).map_err(|_| far())?;
            Some(newest.saturating_sub(back)).filter(|id| *id > 0).ok_or_else(far)?
        }
        Named::Prefix(prefix) => {
            let ids = all_ids(&connection, files)?;
            let fitting: Vec<&str> = ids.iter().map(|(_, run)| &**run).filter(|run| run.starts_with(prefix)).collect();
            let run = naming::only_one(prefix, fitting)?.to_owned();
            ids.into_iter().find(|(_, known)| *known == run).map_or(0, |(id, _)| id)
        }
    };
    verified(&connection, id, &heads(files)?, files)?.summary(files)
}

/// All runs, newest first: their numbers and ids. Ids that only the heads know are among them.
fn all_ids(connection: &Connection, files: &Files) -> Result<Vec<(i64, String)>, StoreError> {
    let read = || -> rusqlite::Result<Vec<(i64, String)>> {
        let mut sql = connection.prepare("SELECT id, run FROM runs NOT INDEXED ORDER BY id DESC")?;
        let rows = sql.query_map((), |row| {
            let name = row.get_ref(1)?.as_bytes().map(String::from_utf8_lossy)?;
            Ok((row.get(0)?, name.into_owned()))
        })?;
        rows.collect()
    };
    let mut ids = read().map_err(|error| sql_trouble("the journal cannot be read", files.database(), &error))?;
    let newest = ids.first().map_or(0, |(id, _)| *id);
    let heads = heads(files)?;
    let known = heads.last().map_err(|error| io_trouble("the journal cannot be read", &files.heads(), &error))?;
    for id in newest + 1..=known {
        if let Ok(Slot::Known(head, _)) = heads.read(id) {
            ids.insert(0, (id, head.run));
        }
    }
    Ok(ids)
}

/// The sources that a run was begun with.
pub(super) fn sources(files: &Files, run: &str) -> Result<Vec<StoredSource>, StoreError> {
    let connection = open::reader(files)?;
    let row = row(&connection, run, files)?;
    let about = row.about()?;
    let mut sources = Vec::new();
    for source in about.sources {
        let wrong = || row.damaged(1, &format!("its source {} is not what was kept", source.name));
        let text = connection
            .prepare_cached("SELECT text FROM sources WHERE digest = ?1")
            .and_then(|mut sql| sql.query_row([from_hex(&source.digest)], |row| row.get::<_, Vec<u8>>(0)).optional());
        let text = match text {
            Ok(Some(text)) if to_hex(&digest(&text)) == source.digest => text,
            Ok(_) => return Err(wrong()),
            Err(error) if is_damage(&error) => return Err(wrong()),
            Err(error) => return Err(sql_trouble("the journal cannot be read", files.database(), &error)),
        };
        let text = String::from_utf8(text).map_err(|_| wrong())?;
        sources.push(StoredSource { name: source.name, path: source.path, text: text.into() });
    }
    Ok(sources)
}

pub(super) fn digest(text: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(text).into()
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Vec<u8> {
    let pair = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    (0..text.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let head = r#"{"at":"2026-01-01T00:00:00Z","event":"decided","pos":{"line":"0","at":1},"verdict":"happened","by":"me","#;
        format!("{head}\"value\":{{\"value\":{value}}}}}")
    }

    #[test]
    fn a_value_as_deep_as_it_may_be_is_read() {
        decode(nested(200).as_bytes()).unwrap();
        // Bounded before it is read: each level takes stack.
        assert!(decode(nested(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn brackets_in_texts_are_none() {
        assert_eq!(depth(br#"{"a":"[[[\"[","b":[1]}"#), 2);
    }

    #[test]
    fn hex() {
        assert_eq!(from_hex(&to_hex(&[0, 127, 255])), [0, 127, 255]);
    }
}

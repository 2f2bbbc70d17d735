//! What stood where a file action changes something: kept, put back, cleared away.

use std::path::{Path, PathBuf};

use super::args::{file_error, later, path, shown};
use crate::catalog::{ActionError, Args, Call};
use crate::host::{FileKind, Files, LocalFuture};
use crate::value::Value;

/// A free name beside a path for what is moved out of its way. Every capture has one of its own:
/// what is written twice is taken back twice.
pub(super) fn hidden(files: &dyn Files, path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let named = |count: u32| path.with_file_name(format!(".{name}.before-rbk-{}-{count}", std::process::id()));
    let free = (1..10_000).map(named).find(|path| files.metadata(path).is_ok_and(|there| there.is_none()));
    free.unwrap_or_else(|| named(0))
}

/// A text file up to this size is kept in memory; anything else as a copy beside it.
const KEPT_IN_MEMORY: u64 = 1024 * 1024;

/// What `capture` tells `restore`: the path that counts, and where its hidden copy lies.
pub(super) fn kept(path: &Path, hidden: &Path) -> Value {
    let text = |path: &Path| Value::str(path.to_string_lossy().into_owned());
    Value::record([("path", text(path)), ("copy", text(hidden))])
}

pub(super) fn kept_at(kept: &Value) -> Option<(PathBuf, PathBuf)> {
    let path = |name| match kept {
        Value::Record(record) => match record.get(name) {
            Some(Value::Str(path)) => Some(PathBuf::from(&**path)),
            _ => None,
        },
        _ => None,
    };
    Some((path("path")?, path("copy")?))
}

/// What is kept where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// A small text in memory: enough where the action changes the content only.
    TextInMemory,
    /// A hidden copy, which has the mode and the owner too.
    Copy,
}

/// Keeps what is at a path, or behind it if it is a link: its text, or where a hidden copy lies.
pub(super) fn aside<'a>(
    call: &'a Call<'a>,
    name: &'static str,
    keep: Keep,
) -> LocalFuture<'a, Result<Value, ActionError>> {
    later(async move {
        let given = path(call, name);
        let files = call.host.files();
        // What is written through a link changes what it points at. One that points nowhere counts itself.
        let path = files.canonical(&given).unwrap_or(given);
        let at = ("path", Value::str(path.to_string_lossy().into_owned()));
        let Some(there) = files.metadata(&path).map_err(|error| file_error("looked at", &path, &error))? else {
            return Ok(Value::record([at, ("absent", Value::Bool(true))]));
        };
        if keep == Keep::TextInMemory && there.kind == FileKind::File && there.size <= KEPT_IN_MEMORY {
            let content = files.read(&path).map_err(|error| file_error("read", &path, &error))?;
            if let Ok(text) = String::from_utf8(content) {
                return Ok(Value::record([at, ("mode", Value::Int(there.mode.into())), ("text", Value::from(text))]));
            }
        }
        let hidden = hidden(files, &path);
        files.copy(&path, &hidden).map_err(|error| {
            let _ = files.remove(&hidden);
            file_error("kept", &path, &error)
        })?;
        Ok(kept(&path, &hidden))
    })
}

/// Puts back what was kept.
pub(super) fn put_back<'a>(call: &'a Call<'a>, kept: &'a Value) -> LocalFuture<'a, Result<(), ActionError>> {
    later(async move {
        let files = call.host.files();
        if let Some((path, hidden)) = kept_at(kept) {
            return swap_back(files, &path, &hidden).map_err(|error| file_error("put back", &path, &error));
        }
        let Value::Record(kept) = kept else { return Ok(()) };
        let Some(Value::Str(path)) = kept.get("path") else { return Ok(()) };
        let path = PathBuf::from(&**path);
        let mode = match kept.get("mode") {
            Some(Value::Int(mode)) => u32::try_from(*mode).ok(),
            _ => None,
        };
        let done = match kept.get("text") {
            Some(Value::Str(text)) => files.write_atomic(&path, text.as_bytes(), mode),
            _ => match files.metadata(&path) {
                Ok(None) => Ok(()),
                Ok(Some(_)) => files.remove(&path),
                Err(error) => Err(error),
            },
        };
        done.map_err(|error| file_error("put back", &path, &error))
    })
}

/// Moves a hidden copy over what is at a path now. One that was cut short may be done again from wherever it was.
pub(super) fn swap_back(files: &dyn Files, path: &Path, hidden: &Path) -> std::io::Result<()> {
    let name = hidden.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let going = hidden.with_file_name(format!("{name}-after"));
    let (there, old) = (files.metadata(path)?, files.metadata(hidden)?);
    match (&there, &old) {
        // An earlier try has put it back already: what is there now is what was there before.
        (Some(_), None) => {}
        (None, None) => {
            let message = format!("the copy that was kept of it, {}, is gone", hidden.display());
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, message));
        }
        (there, Some(old)) => {
            // A rename over a file takes one moment; a folder must go out of the way first.
            if let Some(there) = there
                && (there.kind == FileKind::Dir || old.kind == FileKind::Dir)
            {
                if files.metadata(&going)?.is_some() {
                    files.remove(&going)?;
                }
                files.rename(path, &going)?;
            }
            files.rename(hidden, path)?;
        }
    }
    if files.metadata(&going)?.is_some() {
        files.remove(&going)?;
    }
    Ok(())
}

/// Clears the hidden copy away.
pub(super) fn discard<'a>(call: &'a Call<'a>, kept: &'a Value) -> LocalFuture<'a, ()> {
    later(async move {
        if let Some((_, hidden)) = kept_at(kept) {
            // Left behind it is a hidden file, and no harm: not worth failing a run that is done.
            let _ = call.host.files().remove(&hidden);
        }
    })
}

pub(super) fn show_back(args: &Args, kept: &Value) -> String {
    back(&shown(args, "path"), kept)
}

pub(super) fn back(path: &str, kept: &Value) -> String {
    match kept {
        Value::Record(kept) if kept.get("absent").is_some() => format!("remove {path}"),
        _ => format!("put the old {path} back"),
    }
}

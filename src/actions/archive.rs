//! Archives: packed, looked at, unpacked. Both changes happen as a whole or not at all.

use std::path::{Path, PathBuf};

use super::args::{file_error, int, later, path, shown};
use super::kept::{Keep, aside, back, discard, hidden, put_back};
use crate::catalog::{Action, ActionError, Args, Call, Effect, Inverse, Param};
use crate::host::{ArchiveDeed, ArchiveEntry, ArchiveKind, ArchiveWork, FileKind};
use crate::value::Value;

const MAX_SIZE: Param = Param {
    name: "max_size",
    ty: "size",
    default: Some("2GiB"),
    doc: "More than this, as it is unpacked, is a failure.",
};
const ENTRIES: &str = "list<{ path: string, kind: string, size: size, mode: string }>";

pub(super) static CREATE: Action = Action {
    name: "archive.create",
    summary: "Pack a file, or what is in a folder, into an archive",
    details: "What its name ends in says what it becomes: `.tar.gz`, `.tgz`, `.tar` or `.zip`. Paths in it begin in the \
              folder, without the folder's own name; links stay links, and modes stay. The same folder makes the same \
              order. It replaces what is there in one moment, when it is whole. Gives what is in it. Taken back: what \
              was there before is back, or nothing is.",
    effect: Effect::Changes,
    params: &[
        Param { name: "from", ty: "string", default: None, doc: "The file or folder." },
        Param { name: "to", ty: "string", default: None, doc: "The archive." },
        MAX_SIZE,
    ],
    returns: ENTRIES,
    examples: &["archive.create(\"/srv/app/releases/v1\", \"/tmp/v1.tar.gz\")"],
    show: |args| format!("pack {} into {}", shown(args, "from"), shown(args, "to")),
    run: |call| later(async move { work(call, "to", ArchiveDeed::Pack(path(call, "from"))).await }),
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| aside(call, "to", Keep::Copy),
        restore: put_back,
        show: |args, kept| back(&shown(args, "to"), kept),
        discard,
    },
    evidence: count,
};

pub(super) static LIST: Action = Action {
    name: "archive.list",
    summary: "What is in an archive",
    details: "In its order. `kind` is `file`, `folder`, `link` or `other`, `mode` as chmod takes it: `0755`.",
    effect: Effect::Reads,
    params: &[
        Param { name: "path", ty: "string", default: None, doc: "The archive: `.tar.gz`, `.tgz`, `.tar` or `.zip`." },
        MAX_SIZE,
    ],
    returns: ENTRIES,
    examples: &[
        "let entries = archive.list(\"/tmp/v2.tar.gz\")\n    assert entries.any(one => one.path == \"index.html\")",
    ],
    show: |args| format!("list {}", shown(args, "path")),
    run: |call| later(async move { work(call, "path", ArchiveDeed::List).await }),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: count,
};

pub(super) static EXTRACT: Action = Action {
    name: "archive.extract",
    summary: "Unpack an archive into a new folder",
    details: "The folder must not be there; it appears in one moment, when all is in it. Nothing gets out of it: an \
              archive with a path that leads elsewhere, a link out of the folder or a device is refused, and so is one \
              that unpacks to more than `max_size`. Files belong to who runs rbk; bits that lend somebody's rights \
              (setuid) are left out. Gives what was unpacked. Taken back: the folder is gone, and those above it that \
              were made for it.",
    effect: Effect::Changes,
    params: &[
        Param { name: "path", ty: "string", default: None, doc: "The archive: `.tar.gz`, `.tgz`, `.tar` or `.zip`." },
        Param { name: "into", ty: "string", default: None, doc: "The folder." },
        Param {
            name: "strip",
            ty: "int",
            default: Some("0"),
            doc: "How many folders around each file are left out: 1 where all is in one folder.",
        },
        MAX_SIZE,
    ],
    returns: ENTRIES,
    examples: &["archive.extract(\"/tmp/v2.tar.gz\", \"/srv/app/releases/v2\")"],
    show: |args| format!("unpack {} into {}", shown(args, "path"), shown(args, "into")),
    run: |call| {
        later(async move {
            let into = path(call, "into");
            let strip = int(call.args, "strip").unwrap_or(0);
            let strip = usize::try_from(strip).map_err(|_| ActionError::failed("strip is 0 or more"))?;
            if let Some(folder) = into.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                call.host.files().create_dir(folder).map_err(|error| file_error("made", folder, &error))?;
            }
            let by_way_of = by_way_of(call, &into);
            work(call, "path", ArchiveDeed::Unpack { into, by_way_of, strip }).await
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |call| {
            later(async move {
                let into = path(call, "into");
                let files = call.host.files();
                if files.metadata(&into).map_err(|error| file_error("looked at", &into, &error))?.is_some() {
                    // It will be refused, and what is there is not ours.
                    return Ok(Value::Null);
                }
                let missing =
                    |folder: &&Path| !folder.as_os_str().is_empty() && files.metadata(folder).ok().flatten().is_none();
                let first = into.ancestors().take_while(missing).last().unwrap_or(&into);
                let text = |path: &Path| Value::str(path.to_string_lossy().into_owned());
                Ok(Value::list([text(first), text(&by_way_of(call, &into))]))
            })
        },
        restore: |call, kept| {
            later(async move {
                let Value::List(paths) = kept else { return Ok(()) };
                let files = call.host.files();
                for path in paths.iter().map(|path| PathBuf::from(path.to_text())) {
                    if files.metadata(&path).ok().flatten().is_some() {
                        files.remove(&path).map_err(|error| file_error("removed", &path, &error))?;
                    }
                }
                Ok(())
            })
        },
        show: |args, kept| match kept {
            Value::List(_) => format!("remove the folder {}", shown(args, "into")),
            _ => format!("leave {}, which was there", shown(args, "into")),
        },
        discard: |_, _| later(async {}),
    },
    evidence: count,
};

/// Where a folder grows until it is whole. The name that `capture` has chosen is still free when the action runs.
fn by_way_of(call: &Call<'_>, into: &Path) -> PathBuf {
    hidden(call.host.files(), into)
}

fn count(value: &Value) -> Option<String> {
    match value {
        Value::List(entries) => Some(format!("{} files and folders in it", entries.len())),
        _ => None,
    }
}

async fn work(call: &Call<'_>, archive: &str, deed: ArchiveDeed) -> Result<Value, ActionError> {
    let max_size = match call.args.get("max_size") {
        Value::Size(bytes) => u64::try_from(*bytes).unwrap_or(0),
        _ => 2 << 30,
    };
    let work = ArchiveWork { archive: path(call, archive), kind: kind(call.args, archive)?, deed, max_size };
    let done = call.host.archive(&work, call.cancel).await;
    // What is made is made at its end, in one moment: whatever went wrong, it did not happen.
    let entries = done.map_err(|error| ActionError { help: error.help, ..ActionError::failed(error.message) })?;
    Ok(Value::list(entries.into_iter().map(told)))
}

fn kind(args: &Args, archive: &str) -> Result<ArchiveKind, ActionError> {
    let name = super::args::text(args, archive).to_ascii_lowercase();
    let ends = |ending: &str| name.ends_with(ending);
    match () {
        () if ends(".tar.gz") || ends(".tgz") => Ok(ArchiveKind::TarGz),
        () if ends(".tar") => Ok(ArchiveKind::Tar),
        () if ends(".zip") => Ok(ArchiveKind::Zip),
        () => Err(super::args::not_begun(format!(
            "the name of {} does not say what kind of archive it is",
            shown(args, archive)
        ))
        .help("let it end in .tar.gz, .tgz, .tar or .zip; for others there is $ tar --auto-compress …")),
    }
}

fn told(entry: ArchiveEntry) -> Value {
    let kind = match entry.kind {
        FileKind::File => "file",
        FileKind::Dir => "folder",
        FileKind::Link => "link",
        FileKind::Other => "other",
    };
    Value::record([
        ("path", Value::from(entry.path)),
        ("kind", Value::from(kind)),
        ("size", Value::Size(i64::try_from(entry.size).unwrap_or(i64::MAX))),
        ("mode", Value::from(format!("{:04o}", entry.mode))),
    ])
}

//! Files and folders. What is overwritten or removed is read, or moved aside, first: it can be put back exactly.

use std::path::{Path, PathBuf};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::args::{file_error, later, no_evidence, not_begun, path, shown, text};
use super::kept::{Keep, aside, back, discard, hidden, kept, kept_at, put_back, show_back, swap_back};
use crate::catalog::{Action, ActionError, Call, Effect, Inverse, Param};
use crate::host::FileKind;
use crate::value::Value;

const PATH: Param =
    Param { name: "path", ty: "string", default: None, doc: "The file; relative to the `on dir(…)` around it." };
const CONTENT: Param = Param { name: "content", ty: "string", default: None, doc: "The text." };
const FROM: Param = Param { name: "from", ty: "string", default: None, doc: "What is there." };
const TO: Param = Param { name: "to", ty: "string", default: None, doc: "Where it goes." };

pub(super) static READ: Action = Action {
    name: "file.read",
    summary: "Read a text file",
    details: "The file must be UTF-8. `.lines` and `.json` read the text further.",
    effect: Effect::Reads,
    params: &[PATH],
    returns: "string",
    examples: &["let motd = file.read(\"/etc/motd\")"],
    show: |args| format!("read {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let bytes = call.host.files().read(&path).map_err(|error| file_error("read", &path, &error))?;
            let text = String::from_utf8(bytes);
            text.map(Value::from).map_err(|_| ActionError::failed(format!("{} is not text in UTF-8", path.display())))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("read {}", value.inspect())),
};

pub(super) static SHA256: Action = Action {
    name: "file.sha256",
    summary: "The SHA-256 of a file, in hex",
    details: "To see that a download is what its publisher signed, or that two files are the same. The file may be of \
              any size.",
    effect: Effect::Reads,
    params: &[PATH],
    returns: "string",
    examples: &["let digest = file.sha256(\"/srv/app/current/app.tar\")"],
    show: |args| format!("compute the SHA-256 of {}", shown(args, "path")),
    run: |call| later(async move { digest::<Sha256>(call) }),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static CHECKSUM: Action = Action {
    name: "file.checksum",
    summary: "A checksum of a file, in hex",
    details: "By the algorithm under which it was published. MD5 and SHA-1 tell of accidents only: whoever wants to can \
              make another file with the same. The file may be of any size.",
    effect: Effect::Reads,
    params: &[
        PATH,
        Param { name: "algorithm", ty: "string", default: None, doc: "`sha256`, `sha512`, `sha1` or `md5`." },
    ],
    returns: "string",
    examples: &["let digest = file.checksum(\"/srv/app/current/app.tar\", \"sha512\")"],
    show: |args| format!("compute the {} of {}", shown(args, "algorithm"), shown(args, "path")),
    run: |call| {
        later(async move {
            match text(call.args, "algorithm").to_lowercase().replace('-', "").as_str() {
                "sha256" => digest::<Sha256>(call),
                "sha512" => digest::<Sha512>(call),
                "sha1" => digest::<Sha1>(call),
                "md5" => digest::<Md5>(call),
                _ => Err(not_begun(format!("there is no algorithm {}", shown(call.args, "algorithm")))
                    .help("sha256, sha512, sha1, md5")),
            }
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

fn digest<D: Digest>(call: &Call<'_>) -> Result<Value, ActionError> {
    let path = path(call, "path");
    let mut digest = D::new();
    let read = call.host.files().read_through(&path, &mut |piece| digest.update(piece));
    read.map_err(|error| file_error("read", &path, &error))?;
    Ok(Value::from(crate::value::hex(&digest.finalize())))
}

pub(super) static EXISTS: Action = Action {
    name: "file.exists",
    summary: "Whether there is something at a path",
    details: "A link counts even if what it points at is gone.",
    effect: Effect::Reads,
    params: &[PATH],
    returns: "bool",
    examples: &["let done = file.exists(\"/srv/app/current\")"],
    show: |args| format!("look for {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let there = call.host.files().metadata(&path).map_err(|error| file_error("looked at", &path, &error))?;
            Ok(Value::Bool(there.is_some()))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static LIST: Action = Action {
    name: "file.list",
    summary: "The names in a folder, sorted",
    details: "Hidden ones included; `.` and `..` not.",
    effect: Effect::Reads,
    params: &[PATH],
    returns: "list<string>",
    examples: &["let releases = file.list(\"/srv/app/releases\")"],
    show: |args| format!("list {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let names = call.host.files().list(&path).map_err(|error| file_error("listed", &path, &error))?;
            Ok(Value::list(names.into_iter().map(Value::from)))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static WRITE: Action = Action {
    name: "file.write",
    summary: "Write a text file, whole or not at all",
    details: "The file is replaced in one moment and keeps its mode. Taken back: what was there before is back, or \
              the file is gone if there was none.",
    effect: Effect::Changes,
    params: &[
        PATH,
        CONTENT,
        Param {
            name: "mode",
            ty: "int?",
            default: Some("null"),
            doc: "Permissions of a new file, as a decimal number; 420 (0644) if left out.",
        },
    ],
    returns: "null",
    examples: &["file.write(\"/tmp/rbk-example.conf\", \"workers = 4\")"],
    show: |args| format!("write {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let mode = super::args::int(call.args, "mode").and_then(|mode| u32::try_from(mode).ok());
            let content = text(call.args, "content");
            let written = call.host.files().write_atomic(&path, content.as_bytes(), mode);
            written.map_err(|error| file_error("written", &path, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| aside(call, "path", Keep::TextInMemory),
        restore: put_back,
        show: show_back,
        discard,
    },
    evidence: no_evidence,
};

pub(super) static APPEND: Action = Action {
    name: "file.append",
    summary: "Add text at the end of a file",
    details: "The file is made if it is not there. Taken back: it is as it was before.",
    effect: Effect::Changes,
    params: &[PATH, CONTENT],
    returns: "null",
    examples: &["file.append(\"/tmp/rbk-example.log\", \"deployed\")"],
    show: |args| format!("append to {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let files = call.host.files();
            let mut content = match files.metadata(&path).map_err(|error| file_error("looked at", &path, &error))? {
                Some(_) => files.read(&path).map_err(|error| file_error("read", &path, &error))?,
                None => Vec::new(),
            };
            content.extend_from_slice(text(call.args, "content").as_bytes());
            files.write_atomic(&path, &content, None).map_err(|error| file_error("written", &path, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |call| aside(call, "path", Keep::TextInMemory),
        restore: put_back,
        show: show_back,
        discard,
    },
    evidence: no_evidence,
};

pub(super) static COPY: Action = Action {
    name: "file.copy",
    summary: "Copy a file, or a folder with everything in it",
    details: "Taken back: what was at the destination before is back, or it is gone if there was nothing.",
    effect: Effect::Changes,
    params: &[FROM, TO],
    returns: "null",
    examples: &["file.copy(\"site/v2\", \"/tmp/rbk-example/v2\")"],
    show: |args| format!("copy {} to {}", shown(args, "from"), shown(args, "to")),
    run: |call| {
        later(async move {
            let (from, to) = (path(call, "from"), path(call, "to"));
            call.host.files().copy(&from, &to).map_err(|error| file_error("copied", &from, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |call| aside(call, "to", Keep::Copy),
        restore: put_back,
        show: |args, kept| back(&shown(args, "to"), kept),
        discard,
    },
    evidence: no_evidence,
};

pub(super) static MOVE: Action = Action {
    name: "file.move",
    summary: "Rename a file or a folder",
    details: "Within one file system, in one moment; nothing may be at the destination. Taken back: it has its old name.",
    effect: Effect::Changes,
    params: &[FROM, TO],
    returns: "null",
    examples: &["file.move(\"/tmp/rbk-a\", \"/tmp/rbk-b\")"],
    show: |args| format!("move {} to {}", shown(args, "from"), shown(args, "to")),
    run: |call| {
        later(async move {
            let (from, to) = (path(call, "from"), path(call, "to"));
            let files = call.host.files();
            if files.metadata(&to).map_err(|error| file_error("looked at", &to, &error))?.is_some() {
                return Err(ActionError::failed(format!("{} is there already", to.display()))
                    .help("remove it first, or choose another name"));
            }
            files.rename(&from, &to).map_err(|error| file_error("moved", &from, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        // Whether there will be something to move back: what was at the destination before is not ours.
        capture: |call| {
            later(async move {
                let (from, to) = (path(call, "from"), path(call, "to"));
                let is_there = |path: &Path| match call.host.files().metadata(path) {
                    Ok(there) => Ok(there.is_some()),
                    Err(error) => Err(file_error("looked at", path, &error)),
                };
                Ok(Value::Bool(is_there(&from)? && !is_there(&to)?))
            })
        },
        restore: |call, moves| {
            later(async move {
                let (from, to) = (path(call, "from"), path(call, "to"));
                let files = call.host.files();
                if !matches!(moves, Value::Bool(true)) || files.metadata(&to).ok().flatten().is_none() {
                    return Ok(());
                }
                if files.metadata(&from).ok().flatten().is_some() {
                    return Err(ActionError::failed(format!("there is something at {} again", from.display()))
                        .help(format!("look at both, then: mv {} {}", to.display(), from.display())));
                }
                files.rename(&to, &from).map_err(|error| file_error("moved back", &to, &error))
            })
        },
        show: |args, _| format!("move {} back to {}", shown(args, "to"), shown(args, "from")),
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

pub(super) static REMOVE: Action = Action {
    name: "file.remove",
    summary: "Remove a file, a link, or a folder with everything in it",
    details: "It is moved aside within its folder, under a hidden name, so that it can be put back whole; when \
              nothing is there that is no failure. Taken back: it is where it was. In a step with an `undo` of its own \
              it is gone for good.",
    effect: Effect::Changes,
    params: &[PATH],
    returns: "null",
    examples: &["file.remove(\"/tmp/rbk-example.conf\")"],
    show: |args| format!("remove {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let files = call.host.files();
            if files.metadata(&path).map_err(|error| file_error("looked at", &path, &error))?.is_some() {
                let removed = if call.is_captured {
                    // The name that `capture` has chosen: nothing has taken it since.
                    files.rename(&path, &hidden(files, &path))
                } else {
                    files.remove(&path)
                };
                removed.map_err(|error| file_error("removed", &path, &error))?;
            }
            Ok(Value::Null)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| {
            later(async move {
                let path = path(call, "path");
                let files = call.host.files();
                let there = files.metadata(&path).map_err(|error| file_error("looked at", &path, &error))?;
                Ok(there.map_or(Value::Null, |_| kept(&path, &hidden(files, &path))))
            })
        },
        restore: |call, kept| {
            later(async move {
                let Some((path, hidden)) = kept_at(kept) else { return Ok(()) };
                let files = call.host.files();
                if files.metadata(&hidden).ok().flatten().is_none() {
                    return Ok(());
                }
                swap_back(files, &path, &hidden).map_err(|error| file_error("put back", &path, &error))
            })
        },
        show: |args, _| format!("put {} back", shown(args, "path")),
        discard,
    },
    evidence: no_evidence,
};

pub(super) static MKDIR: Action = Action {
    name: "file.mkdir",
    summary: "Make a folder, and those above it",
    details: "When it is there that is no failure. Taken back: the folders that were made are gone, with what is in them.",
    effect: Effect::Changes,
    params: &[PATH],
    returns: "null",
    examples: &["file.mkdir(\"/tmp/rbk-example/releases\")"],
    show: |args| format!("make the folder {}", shown(args, "path")),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            call.host.files().create_dir(&path).map_err(|error| file_error("made", &path, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| {
            later(async move {
                let path = path(call, "path");
                let files = call.host.files();
                let missing =
                    |folder: &&Path| !folder.as_os_str().is_empty() && files.metadata(folder).ok().flatten().is_none();
                let first = path.ancestors().take_while(missing).last();
                Ok(first.map_or(Value::Null, |first| Value::str(first.to_string_lossy().into_owned())))
            })
        },
        restore: |call, first| {
            later(async move {
                let Value::Str(first) = first else { return Ok(()) };
                let first = PathBuf::from(&**first);
                let files = call.host.files();
                if files.metadata(&first).ok().flatten().is_none() {
                    return Ok(());
                }
                files.remove(&first).map_err(|error| file_error("removed", &first, &error))
            })
        },
        show: |args, first| match first {
            Value::Str(first) => format!("remove the folder {first}"),
            _ => format!("leave the folder {}, which was there", shown(args, "path")),
        },
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

pub(super) static LINK: Action = Action {
    name: "file.link",
    summary: "Point a symbolic link at something, in one moment",
    details: "A link that is there is switched without a moment in which there is none: how `current` moves to a new \
              release. Taken back: it points where it pointed, or is gone if it was not there.",
    effect: Effect::Changes,
    params: &[
        Param { name: "link", ty: "string", default: None, doc: "The link." },
        Param {
            name: "target",
            ty: "string",
            default: None,
            doc: "What it points at, as it is written into the link.",
        },
    ],
    returns: "null",
    examples: &["file.link(\"/tmp/rbk-current\", \"releases/v2\")"],
    show: |args| format!("point {} at {}", shown(args, "link"), shown(args, "target")),
    run: |call| {
        later(async move {
            let link = path(call, "link");
            let target = PathBuf::from(text(call.args, "target"));
            call.host.files().switch_link(&link, &target).map_err(|error| file_error("switched", &link, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| {
            later(async move {
                let link = path(call, "link");
                let files = call.host.files();
                let there = files.metadata(&link).map_err(|error| file_error("looked at", &link, &error))?;
                if there.is_some_and(|there| there.kind != FileKind::Link) {
                    return Err(ActionError::failed(format!("{} is there, and is no link", link.display()))
                        .help("move it away first, or choose another name"));
                }
                let target = files.read_link(&link).map_err(|error| file_error("read", &link, &error))?;
                Ok(target.map_or(Value::Null, |target| Value::str(target.to_string_lossy().into_owned())))
            })
        },
        restore: |call, target| {
            later(async move {
                let link = path(call, "link");
                let files = call.host.files();
                match target {
                    Value::Str(target) => files.switch_link(&link, Path::new(&**target)),
                    _ if files.read_link(&link).ok().flatten().is_some() => files.remove(&link),
                    _ => Ok(()),
                }
                .map_err(|error| file_error("switched back", &link, &error))
            })
        },
        show: |args, target| match target {
            Value::Str(target) => format!("point {} back at {target}", shown(args, "link")),
            _ => format!("remove the link {}", shown(args, "link")),
        },
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

//! Archives: real ones, by this and by the system's own programs; and hostile ones.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rbk::catalog::{ActionError, Inverse};
use rbk::value::Value;

use world::book::Book;
use world::server::program;
use world::{Around, action, args, listing, run_local};

fn call(name: &str, given: Vec<(&str, Value)>) -> Result<Value, ActionError> {
    let action = action(name);
    let args = args(action, given);
    let around = Around::new();
    run_local((action.run)(&around.call(&args)))
}

fn text(path: &Path) -> Value {
    Value::from(path.to_str().unwrap())
}

fn told(error: &ActionError) -> String {
    format!("{}\nhelp: {}", error.message, error.help.as_deref().unwrap_or_default())
}

/// A folder with everything that an archive may hold.
fn site(at: &Path) {
    fs::create_dir_all(at.join("css/deep")).unwrap();
    fs::write(at.join("index.html"), "<h1>čšž</h1>\n").unwrap();
    fs::write(at.join("css/site.css"), "x".repeat(100_000)).unwrap();
    fs::write(at.join("css/deep/ünïcode name.txt"), "").unwrap();
    fs::write(at.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(at.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    fs::set_permissions(at.join("empty"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(at.join("x".repeat(150)), "a long name").unwrap();
    symlink("css/site.css", at.join("link")).unwrap();
    symlink("../index.html", at.join("css/up")).unwrap();
    symlink("nowhere", at.join("dangling")).unwrap();
}

#[test]
fn what_is_packed_is_unpacked_again() {
    let dir = tempfile::tempdir().unwrap();
    let (from, path) = (dir.path().join("site"), |name: &str| dir.path().join(name));
    fs::create_dir(&from).unwrap();
    site(&from);
    for kind in ["tar.gz", "tgz", "tar", "zip"] {
        let archive = path(&format!("site.{kind}"));
        let made = call("archive.create", vec![("from", text(&from)), ("to", text(&archive))]).unwrap();
        let seen = call("archive.list", vec![("path", text(&archive))]).unwrap();
        assert_eq!(paths(&made), paths(&seen), "{kind}");
        let into = path(&format!("new/{kind}"));
        let out = call("archive.extract", vec![("path", text(&archive)), ("into", text(&into))]).unwrap();
        assert_eq!(paths(&out), paths(&seen), "{kind}");
        assert_eq!(listing(&into), listing(&from), "{kind}");
        // The same folder makes the same archive.
        let bytes = fs::read(&archive).unwrap();
        call("archive.create", vec![("from", text(&from)), ("to", text(&archive))]).unwrap();
        assert_eq!(bytes, fs::read(&archive).unwrap(), "{kind}");
    }
    // Nothing is left beside.
    let left: Vec<_> = fs::read_dir(path("new"))
        .unwrap()
        .chain(fs::read_dir(dir.path()).unwrap())
        .map(|one| one.unwrap().file_name())
        .collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with('.')), "{left:?}");
}

fn paths(entries: &Value) -> Vec<String> {
    let Value::List(entries) = entries else { panic!() };
    let of = |one: &Value| {
        format!("{} {} {}", world::field(one, "path"), world::field(one, "kind"), world::field(one, "mode"))
    };
    entries.iter().map(of).collect()
}

#[test]
fn the_systems_own_programs_agree() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("site")).unwrap();
    site(&path("site"));
    let tar = |args: &[&str]| {
        let done = Command::new("tar").args(args).current_dir(dir.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    tar(&["czf", "theirs.tar.gz", "site"]);
    call(
        "archive.extract",
        vec![("path", text(&path("theirs.tar.gz"))), ("into", text(&path("out"))), ("strip", Value::Int(1))],
    )
    .unwrap();
    assert_eq!(listing(&path("out")), listing(&path("site")));
    call("archive.create", vec![("from", text(&path("site"))), ("to", text(&path("ours.tgz")))]).unwrap();
    fs::create_dir(path("back")).unwrap();
    tar(&["xzf", "ours.tgz", "-C", "back"]);
    assert_eq!(listing(&path("back")), listing(&path("site")));
    // Python has both directions of zip, but knows no links.
    if let Some(python) = program(&["python3"], &[]) {
        call("archive.create", vec![("from", text(&path("site/css/deep"))), ("to", text(&path("ours.zip")))]).unwrap();
        let run = |args: &[&str]| {
            assert!(Command::new(&python).args(args).current_dir(dir.path()).status().unwrap().success())
        };
        run(&["-m", "zipfile", "-e", "ours.zip", "unzipped"]);
        assert!(path("unzipped/ünïcode name.txt").is_file());
        run(&["-m", "zipfile", "-c", "theirs.zip", "site/index.html", "site/css/site.css"]);
        call("archive.extract", vec![("path", text(&path("theirs.zip"))), ("into", text(&path("unzip2")))]).unwrap();
        assert_eq!(fs::read(path("unzip2/index.html")).unwrap(), fs::read(path("site/index.html")).unwrap());
    }
    // A second name of a file.
    fs::hard_link(path("site/index.html"), path("site/second.html")).unwrap();
    tar(&["czf", "links.tar.gz", "-C", "site", "."]);
    call("archive.extract", vec![("path", text(&path("links.tar.gz"))), ("into", text(&path("linked")))]).unwrap();
    assert_eq!(fs::read(path("linked/second.html")).unwrap(), fs::read(path("site/index.html")).unwrap());
}

/// An archive of these entries: path, kind, where a link leads; the crate itself would refuse to write some.
fn tarball(entries: &[(&str, u8, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, kind, target) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header.set_mode(0o4755);
        let content = if *kind == b'0' { &b"evil"[..] } else { b"" };
        header.set_size(content.len() as u64);
        header.as_mut_bytes()[156] = *kind;
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

#[test]
fn nothing_gets_out_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("evil.tar");
    let before = |dir: &Path| listing(dir).into_iter().filter(|line| !line.starts_with("evil.tar")).collect::<Vec<_>>();
    fs::write(dir.path().join("outside"), "safe").unwrap();
    let untouched = before(dir.path());
    for (entries, why) in [
        (&[("../outside", b'0', "")][..], "has a path with `..`"),
        (&[("a/../../outside", b'0', "")], "has a path with `..`"),
        (&[("/tmp/rbk-evil", b'0', "")], "has a path from the root"),
        (&[("link", b'2', "/etc"), ("link/passwd", b'0', "")], "is a link out of the folder, to \"/etc\""),
        (&[("link", b'2', ".."), ("link/outside", b'0', "")], "is a link out of the folder"),
        (
            &[("sub/x", b'2', "."), ("sub/y", b'2', "x/../.."), ("sub/y/outside", b'0', "")],
            "is a link out of the folder",
        ),
        (
            &[("dir", b'5', ""), ("link", b'2', "dir"), ("link/file", b'0', "")],
            "goes through something that is no folder",
        ),
        (&[("hard", b'1', "../outside")], "has a path with `..`"),
        (&[("hard", b'1', "/etc/passwd")], "has a path from the root"),
        (&[("hard", b'1', "missing")], "is another name of a file that did not come before"),
        (&[("link", b'2', "missing"), ("hard", b'1', "link")], "did not come before"),
        (&[("link", b'2', "file"), ("link", b'0', "")], "is in it twice"),
        (&[("file", b'0', ""), ("file", b'5', "")], "is in it twice"),
        (&[("pipe", b'6', "")], "is neither a file, a folder nor a link"),
        (&[("disk", b'3', "")], "is neither a file, a folder nor a link"),
    ] {
        fs::write(&archive, tarball(entries)).unwrap();
        let given = vec![("path", text(&archive)), ("into", text(&dir.path().join("into")))];
        let error = call("archive.extract", given).unwrap_err();
        assert!(
            error.message.contains(why) && error.message.starts_with("nothing was unpacked: "),
            "{entries:?}: {error}"
        );
        assert_eq!(before(dir.path()), untouched, "{entries:?}");
    }
    assert!(!Path::new("/tmp/rbk-evil").exists());
    // Rights are not lent: setuid is left out.
    fs::write(&archive, tarball(&[("tool", b'0', "")])).unwrap();
    call("archive.extract", vec![("path", text(&archive)), ("into", text(&dir.path().join("into")))]).unwrap();
    assert_eq!(fs::metadata(dir.path().join("into/tool")).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn a_zip_with_a_way_out_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("evil.zip");
    for (name, link) in [("../outside", None), ("/etc/evil", None), ("link", Some("../..")), ("link", Some("/etc"))] {
        let mut writer = zip::ZipWriter::new(fs::File::create(&archive).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        match link {
            None => {
                writer.start_file(name, options).unwrap();
                writer.write_all(b"evil").unwrap();
            }
            Some(target) => writer.add_symlink(name, target, options).unwrap(),
        }
        writer.finish().unwrap();
        let given = vec![("path", text(&archive)), ("into", text(&dir.path().join("into")))];
        let error = call("archive.extract", given).unwrap_err();
        assert!(error.message.starts_with("nothing was unpacked: "), "{name}: {error}");
        assert_eq!(listing(dir.path()).len(), 1, "{name}");
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("zeros"), vec![0; 20 << 20]).unwrap();
    for kind in ["tar.gz", "zip"] {
        let archive = path(&format!("bomb.{kind}"));
        call("archive.create", vec![("from", text(&path("zeros"))), ("to", text(&archive))]).unwrap();
        assert!(fs::metadata(&archive).unwrap().len() < 100_000);
        for name in ["archive.extract", "archive.list"] {
            let mut given = vec![("path", text(&archive)), ("max_size", Value::Size(1 << 20))];
            if name == "archive.extract" {
                given.push(("into", text(&path("into"))));
            }
            let error = told(&call(name, given).unwrap_err());
            assert!(error.starts_with("there is more than 1MiB in it\nhelp: if that is right, allow more"), "{error}");
        }
        assert!(!path("into").exists());
        let small = vec![
            ("from", text(&path("zeros"))),
            ("to", text(&path("small.tar.gz"))),
            ("max_size", Value::Size(1 << 20)),
        ];
        assert!(told(&call("archive.create", small).unwrap_err()).starts_with("there is more than 1MiB in it"));
        assert!(!path("small.tar.gz").exists());
    }
    // A sparse file of which the archive holds a few bytes.
    let made = Command::new("sh")
        .args(["-c", "truncate -s 10G sparse && tar cSf sparse.tar sparse && rm sparse"])
        .current_dir(dir.path())
        .status();
    assert!(made.unwrap().success());
    let begun = Instant::now();
    let given =
        vec![("path", text(&path("sparse.tar"))), ("into", text(&path("into"))), ("max_size", Value::Size(1 << 20))];
    assert!(told(&call("archive.extract", given).unwrap_err()).starts_with("there is more than 1MiB in it"));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let hidden = listing(dir.path()).into_iter().filter(|line| line.starts_with('.')).count();
    assert_eq!(hidden, 0);
}

#[test]
fn what_is_no_archive_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("text.tar.gz"), "no archive").unwrap();
    fs::write(path("text.zip"), "no archive").unwrap();
    fs::create_dir(path("folder.tar")).unwrap();
    fs::create_dir(path("site")).unwrap();
    site(&path("site"));
    call("archive.create", vec![("from", text(&path("site"))), ("to", text(&path("whole.tar.gz")))]).unwrap();
    let whole = fs::read(path("whole.tar.gz")).unwrap();
    fs::write(path("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    for (name, wanted) in [
        ("text.tar.gz", "text.tar.gz is no whole archive of its kind: "),
        ("text.zip", "text.zip is no whole archive of its kind: "),
        ("cut.tar.gz", "help: is "),
        ("none.tar.gz", "none.tar.gz could not be opened: No such file"),
        ("folder.tar", "folder.tar is no file"),
        ("site.rar", "site.rar does not say what kind of archive it is\nhelp: let it end in .tar.gz"),
    ] {
        for action in ["archive.list", "archive.extract"] {
            let mut given = vec![("path", text(&path(name)))];
            if action == "archive.extract" {
                given.push(("into", text(&path("into"))));
            }
            let error = told(&call(action, given).unwrap_err());
            assert!(error.contains(wanted), "{name}: {error}");
            assert!(!path("into").exists());
        }
    }
    let into = |name: &str, strip: i64| {
        told(
            &call(
                "archive.extract",
                vec![("path", text(&path("whole.tar.gz"))), ("into", text(&path(name))), ("strip", Value::Int(strip))],
            )
            .unwrap_err(),
        )
    };
    assert!(into("site", 0).contains("site is there already\nhelp: unpack into a new folder"));
    assert!(into("new", 9).contains("lies so deep that it is left after strip: 9"));
    let pipe = rustix::fs::mknodat(rustix::fs::CWD, path("site/pipe"), rustix::fs::FileType::Fifo, 0o644.into(), 0);
    if pipe.is_ok() {
        let error = told(
            &call("archive.create", vec![("from", text(&path("site"))), ("to", text(&path("p.zip")))]).unwrap_err(),
        );
        assert!(error.contains("pipe is a device, a pipe or a socket"), "{error}");
    }
}

/// Does it and takes it back: what is beneath the folder is as before.
fn there_and_back(dir: &Path, name: &str, given: Vec<(&str, Value)>) {
    let before = listing(dir);
    let action = action(name);
    let args = args(action, given);
    let around = Around::new();
    let call = around.call(&args);
    let Inverse::Captured { capture, restore, .. } = &action.inverse else { panic!() };
    run_local(async {
        let kept = capture(&call).await.unwrap();
        let kept = rbk::value::codec::decode(rbk::value::codec::encode(&kept).unwrap()).unwrap();
        (action.run)(&call).await.unwrap();
        assert_ne!(listing(dir), before, "{name} did nothing");
        restore(&call, &kept).await.unwrap();
    });
    assert_eq!(listing(dir), before, "{name}");
}

#[test]
fn what_is_done_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("site")).unwrap();
    site(&path("site"));
    fs::write(path("old.zip"), "an old archive").unwrap();
    there_and_back(
        dir.path(),
        "archive.create",
        vec![("from", text(&path("site"))), ("to", text(&path("new.tar.gz")))],
    );
    there_and_back(dir.path(), "archive.create", vec![("from", text(&path("site"))), ("to", text(&path("old.zip")))]);
    call("archive.create", vec![("from", text(&path("site"))), ("to", text(&path("site.tar.gz")))]).unwrap();
    let archive = || ("path", text(&path("site.tar.gz")));
    there_and_back(dir.path(), "archive.extract", vec![archive(), ("into", text(&path("out")))]);
    there_and_back(dir.path(), "archive.extract", vec![archive(), ("into", text(&path("releases/v1/site")))]);
}

#[test]
fn a_release_is_unpacked_switched_to_and_taken_back() {
    let book = Book::new(
        "step \"Unpack\" {\n    archive.extract(\"v2.tar.gz\", \"releases/v2\")\n}\nstep \"Switch\" {\n    file.link(\"current\", \"releases/v2\")\n}\n\
         check \"it is sound\" {\n    assert file.read(\"current/version\").trim() == \"v3\"\n} on_fail rollback\n",
    );
    fs::create_dir_all(book.path("releases/v1")).unwrap();
    fs::create_dir_all(book.path("build")).unwrap();
    fs::write(book.path("build/version"), "v2\n").unwrap();
    symlink("releases/v1", book.path("current")).unwrap();
    call("archive.create", vec![("from", text(&book.path("build"))), ("to", text(&book.path("v2.tar.gz")))]).unwrap();
    let before = listing(book.dir.path());
    book.run().is(3).says("remove the folder releases/v2").says("\"v2\"");
    let after: Vec<_> = listing(book.dir.path()).into_iter().filter(|line| !line.starts_with("state")).collect();
    assert_eq!(after, before);
}

#[test]
fn one_that_takes_too_long_is_stopped_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("sparse.tar");
    let made = Command::new("sh")
        .args(["-c", "truncate -s 200G sparse && tar cSf sparse.tar sparse && rm sparse"])
        .current_dir(dir.path())
        .status();
    assert!(made.unwrap().success());
    let action = action("archive.list");
    let args = args(action, vec![("path", text(&archive)), ("max_size", Value::Size(i64::MAX))]);
    let around = Around::new();
    let call = around.call(&args);
    let begun = Instant::now();
    let error = run_local(async {
        let stop = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            around.cancel.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = (action.run)(&call) => done.unwrap_err(),
            () = stop => unreachable!(),
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(error.message.contains("stopped before it was done"), "{error}");
}

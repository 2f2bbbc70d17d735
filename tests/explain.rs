//! Every code has a page that helps: a title, an example, and nothing in it that is not rbk.
//!
//! The same holds for what a newcomer reads first: the runbooks of this repository and of its
//! benchmarks, and the examples in README.md.

// A test that cannot read its files has failed.
#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::path::{Path, PathBuf};

use rbk::analysis::analyse;
use rbk::analysis::program::{Loaded, Loader};
use rbk::diag::{Code, Style, code, render};
use rbk::session;

/// What stands between "```rbk" and "```", with the line it begins in.
fn examples(markdown: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in markdown.lines().enumerate() {
        match (&mut open, line) {
            (None, "```rbk") => open = Some((number + 2, String::new())),
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "an example is not closed");
    found
}

/// Examples use the standard library, and no other file.
struct NoFiles;

impl Loader for NoFiles {
    fn file(&self, _: &Path, path: &str) -> Result<Loaded, String> {
        Err(format!("an example cannot use {path}"))
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        session::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        session::std_modules()
    }
}

/// What is wrong with a text, warnings included; empty if nothing is.
fn faults(name: &str, text: &str) -> String {
    let main = Loaded { name: name.to_owned(), path: PathBuf::from(name), text: text.into() };
    let analysis = analyse(main, &NoFiles, session::registry());
    analysis.diagnostics.iter().map(|diagnostic| render(diagnostic, &analysis.sources, Style::default())).collect()
}

/// The codes of what is wrong with a text.
fn codes(text: &str) -> Vec<&'static str> {
    let main = Loaded { name: "test".to_owned(), path: PathBuf::from("test"), text: text.into() };
    analyse(main, &NoFiles, session::registry()).diagnostics.iter().map(|diagnostic| diagnostic.code.name).collect()
}

fn in_markdown(name: &str, markdown: &str) -> String {
    examples(markdown).iter().map(|(line, text)| faults(&format!("{name}:{line}"), text)).collect()
}

fn runbooks(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            runbooks(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
}

#[test]
fn every_code_has_a_page() {
    for Code { id, name, page } in code::ALL {
        let mut lines = page.lines();
        let title = lines.next().unwrap_or_default();
        assert!(title.starts_with("# "), "{id} {name}: the first line is the title, `# …`");
        assert!(!title.ends_with('.') && title.len() < 80, "{id} {name}: {title:?} is no title");
        assert!(title[2..] != **name, "{id} {name}: the title is the name");
        assert!(page.lines().count() > 2, "{id} {name}: the page says nothing");
        assert!(page.lines().count() < 32, "{id} {name}: the page is too long to be read at night");
        for line in page.lines() {
            assert!(line.chars().count() <= 120, "{id} {name}: too long: {line}");
        }
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    for entry in std::fs::read_dir("src/diag/codes").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(code::find(&name).is_some(), "{} belongs to no code", path.display());
    }
}

#[test]
fn examples_of_the_pages_are_right() {
    let wrong: String = code::ALL.iter().map(|code| in_markdown(code.name, code.page)).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn examples_of_the_readme_are_right() {
    let wrong = in_markdown("README.md", &std::fs::read_to_string("README.md").unwrap());
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn runbooks_are_right() {
    let mut found = Vec::new();
    for folder in ["runbooks", "benches", "stdlib"] {
        runbooks(Path::new(folder), &mut found);
    }
    assert!(!found.is_empty());
    // Unlike an example they may use the files beside them.
    let host = rbk::host::real::RealHost::new();
    let faults = |path: &PathBuf| {
        let analysis = session::open(&host, path).unwrap().analysis;
        let found = analysis.diagnostics.iter();
        found.map(|diagnostic| render(diagnostic, &analysis.sources, Style::default())).collect::<String>()
    };
    let wrong: String = found.iter().map(faults).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the pages say is refused.
#[test]
fn what_the_pages_refuse_is_refused() {
    let cases = [
        ("unknown-name", "step \"a\" {\n    for host in [\"a\"] {\n        let seen = host\n    }\n    note seen\n}"),
        ("duplicate-name", "step \"a\" {\n    let version = 1\n}\nstep \"b\" {\n    let version = 2\n}"),
        ("duplicate-name", "param run: string"),
        (
            "possibly-unbound",
            "param on: bool\nstep \"a\" when on {\n    let at = now()\n}\nstep \"b\" {\n    wait at - at\n}",
        ),
        ("not-assignable", "step \"a\" {\n    let tries = 0\n    tries = tries + 1\n}"),
        ("unknown-member", "check \"a\" {\n    let answer = http.get(\"http://a\")\n    assert answer.code == 200\n}"),
        ("wrong-type", "step \"a\" {\n    wait 30\n}"),
        ("wrong-type", "step \"a\" {\n    if 1 {\n        note \"b\"\n    }\n}"),
        ("wrong-argument", "check \"a\" {\n    let answer = http.get(\"http://a\", timout: 5s)\n}"),
        ("misplaced", "let info = http.get(\"http://localhost/info\")"),
        ("effect", "check \"up\" {\n    $ systemctl restart api\n}"),
        ("effect", "action a() {\n    $ true\n}"),
        ("needs-step", "phase \"a\" {\n    $ systemctl stop api\n}"),
        ("bind-it-first", "param on: bool\ncheck \"a\" {\n    assert on and http.get(\"http://a\").status == 200\n}"),
        (
            "missing-in-environment",
            "env staging {\n    url = \"http://a\"\n}\nenv prod {\n    host = \"b\"\n}\ncheck \"a\" {\n    assert http.get(env.url).ok\n}",
        ),
        ("environment", "step \"a\" {\n    note env.name\n}"),
        ("environment", "env a extends b {\n    x = 1\n}"),
        ("no-module", "use std.nothing"),
        ("header", "runbook \"a\" {\n    time_out = 20m\n}\nstep \"b\" {\n    note \"c\"\n}"),
        ("modifier", "step \"a\" within 2m every 5s {\n    $ systemctl restart api\n}"),
        (
            "secret-exposed",
            "secret password from env_var(\"P\")\nstep \"a\" {\n    $ ./migrate --password ${password}\n}",
        ),
        (
            "late-compensation",
            "action create() changes -> string {\n    let made = $ ./create\n    return made.stdout\n}\n\
             step \"a\" {\n    let id = create()\n} undo {\n    $ ./remove ${id}\n}",
        ),
        ("command", "step \"a\" {\n    $ echo $(abc\n}"),
        ("hole-name", "step \"a\" {\n    $ echo ${HOMES}\n}"),
        (
            "foreign-interpreter",
            "param x: string\nstep \"a\" {\n    $ psql -c \"DELETE FROM users WHERE name = '${x}'\"\n}",
        ),
        ("lost-setting", "step \"a\" {\n    $ cd infra/network\n}"),
        ("lost-setting", "step \"a\" {\n    $ export A=b\n}"),
        ("raw", "param x: string\nstep \"a\" {\n    $ ${raw(x)}\n}"),
        ("not-a-literal", "param path: string\nstep \"a\" {\n    let line = \"wc -c \" + path\n    sh(line)\n}"),
    ];
    let mut wrong = String::new();
    for (code, text) in cases {
        let found = codes(text);
        if !found.contains(&code) {
            wrong += &format!("not {code} but {found:?}:\n{text}\n\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

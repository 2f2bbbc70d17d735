//! What somebody may write into a runbook, or put where one is looked for, to harm whoever reads it: an error, soon,
//! and nothing was executed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use world::book::{Book, Told};

/// A second, where the build is optimised; the machine may be busy.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 15 } else { 2 });

/// In front of every source: the sign that something was executed.
const HEAD: &str = "step \"Harm\" irreversible \"no\" {\n    $ touch executed\n}\n";

#[track_caller]
fn refused(book: &Book, told: &Told, what: &str) {
    let head: String = told.stderr.chars().take(600).collect();
    assert_eq!(told.code, Some(2), "{what}: {head}");
    assert!(told.took < SOON, "{what}: {:?}", told.took);
    assert!(!told.stderr.trim().is_empty(), "{what} is refused without a word");
    assert!(told.stderr.len() < 64 * 1024, "{what}: {} bytes of error", told.stderr.len());
    assert!(!book.path("executed").exists(), "{what} executed something");
}

fn all_commands(book: &Book, what: &str) {
    for command in ["run", "plan", "check"] {
        let told = book.rbk(&[command, "book.rbk"]);
        refused(book, &told, &format!("{command} {what}"));
    }
}

#[test]
fn deep_and_long_sources() {
    for (open, times) in [
        ("(", 100_000),
        ("[", 100_000),
        ("{", 100_000),
        ("not ", 100_000),
        ("-", 100_000),
        ("try ", 100_000),
        ("x => ", 100_000),
        ("if a {", 100_000),
        ("\"${", 100_000),
        ("$ $(", 100_000),
        ("phase \"x\" {\n", 50_000),
        ("a ?? (", 100_000),
        ("f(a: ", 100_000),
        ("`", 1_000_000),
        ("list<", 100_000),
        ("((((((((((", 200_000),
    ] {
        let book = Book::new(format!("{HEAD}let x = {}", open.repeat(times)));
        all_commands(&book, &format!("{times} × {open:?}"));
    }
    for (what, text) in [
        ("a long name", "a".repeat(5_000_000)),
        ("a long string", format!("let x = \"{}\"", "a".repeat(5_000_000))),
        ("many lines", "let x = 1\n".repeat(600_000)),
        ("nothing but comments", "# x\n".repeat(2_000_000)),
    ] {
        all_commands(&Book::new(format!("{HEAD}{text}")), what);
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (what, bytes) in [
        ("NUL", b"note \"a\0b\"\0".to_vec()),
        ("no UTF-8", b"note \"\xff\xfe\"\n".to_vec()),
        ("a binary", fs::read("/bin/true").unwrap()),
        ("NULs alone", vec![0; 100_000]),
    ] {
        all_commands(&Book::new([HEAD.as_bytes(), &bytes].concat()), what);
    }
}

#[test]
fn files_that_are_no_files() {
    let book = Book::new("");
    fs::remove_file(book.path("book.rbk")).unwrap();
    let made = |what: &str| match what {
        "a folder" => fs::create_dir(book.path("book.rbk")).unwrap(),
        "a pipe" => assert!(Command::new("mkfifo").arg(book.path("book.rbk")).status().unwrap().success()),
        "a link to itself" => symlink("book.rbk", book.path("book.rbk")).unwrap(),
        "a link to /dev/zero" => symlink("/dev/zero", book.path("book.rbk")).unwrap(),
        "1 GB" => fs::File::create(book.path("book.rbk")).unwrap().set_len(1 << 30).unwrap(),
        _ => {}
    };
    for what in ["nothing", "a folder", "a pipe", "a link to itself", "a link to /dev/zero", "1 GB"] {
        made(what);
        all_commands(&book, what);
        let _ = fs::remove_file(book.path("book.rbk")).or_else(|_| fs::remove_dir(book.path("book.rbk")));
    }
    for path in ["/dev/zero", "/dev/null/x", "/proc/self/mem", "", "a\u{1b}[31m"] {
        let told = book.rbk(&["run", path]);
        refused(&book, &told, path);
        told.never_says("\u{1b}");
    }
}

#[test]
fn imports_that_lead_elsewhere() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("out.rbk"), "fn harm() = 1\n").unwrap();
    let out = outside.path().join("out.rbk");
    for (what, path) in [
        ("upwards", "../../../../../../etc/passwd"),
        ("absolute", out.to_str().unwrap()),
        ("a link outside", "./link.rbk"),
        ("a folder that is a link outside", "./folder/out.rbk"),
        ("a link to itself", "./loop.rbk"),
        ("two links in a circle", "./one.rbk"),
        ("a pipe", "./pipe.rbk"),
        ("a device", "./zero.rbk"),
        ("1 GB", "./large.rbk"),
        ("a file that uses this one", "./back.rbk"),
        ("itself", "./book.rbk"),
        ("NUL", "./a\\u{0}b.rbk"),
        ("escapes", "./\\u{1b}[31mred.rbk"),
        ("a very long name", "./LONG"),
    ] {
        for text in [format!("use \"{path}\" as other\n"), format!("call \"{path}\"\n")] {
            let text = text.replace("LONG", &"x".repeat(100_000));
            let book = Book::new(format!("{HEAD}{text}"));
            symlink(&out, book.path("link.rbk")).unwrap();
            symlink(outside.path(), book.path("folder")).unwrap();
            symlink("loop.rbk", book.path("loop.rbk")).unwrap();
            symlink("two.rbk", book.path("one.rbk")).unwrap();
            symlink("one.rbk", book.path("two.rbk")).unwrap();
            symlink("/dev/zero", book.path("zero.rbk")).unwrap();
            assert!(Command::new("mkfifo").arg(book.path("pipe.rbk")).status().unwrap().success());
            fs::File::create(book.path("large.rbk")).unwrap().set_len(1 << 30).unwrap();
            fs::write(book.path("back.rbk"), "use \"./book.rbk\" as it\ncall \"./book.rbk\"\n").unwrap();
            let told = book.run();
            refused(&book, &told, &format!("{what}: {text:.60}"));
            told.never_says("\u{1b}").never_says("root:");
        }
    }
}

/// What a terminal would obey.
fn escapes(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202e}' | '\u{2066}'))
        .collect()
}

const NASTY: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{202e}\u{2066}\r\u{1b}[31m";

#[test]
fn escapes_in_the_source_are_shown() {
    let sources = [
        format!(
            "step \"Title {NASTY}\" irreversible \"{NASTY}\" {{\n    $ echo '{NASTY}'\n    note \"{NASTY}\"\n    warn \"{NASTY}\"\n    assert \"{NASTY}\" == \"\" because \"{NASTY}\"\n}}\n"
        ),
        format!("## {NASTY}\nparam x{NASTY}: string\n"),
        format!("# {NASTY}\nnote \"{NASTY}\" {NASTY} error here\n"),
        format!("runbook \"{NASTY}\" {{\n    owner = \"{NASTY}\"\n}}\nfail \"{NASTY}\"\n"),
        format!("checklist \"{NASTY}\" {{\n    \"{NASTY}\"\n}}\nconfirm \"{NASTY}\"\n"),
    ];
    for text in &sources {
        let book = Book::new(text);
        for arguments in [
            &["run", "book.rbk", "--verbose"][..],
            &["run", "book.rbk", "--progress", "live"],
            &["run", "book.rbk", "--progress", "json"],
            &["run", "book.rbk", "--yes", "--answer", NASTY],
            &["plan", "book.rbk"],
            &["check", "book.rbk"],
            &["doc", "book.rbk"],
            &["run", "book.rbk", "--from", NASTY],
            &["run", NASTY],
        ] {
            let told = book.rbk(arguments);
            assert!(matches!(told.code, Some(0..=5)), "{arguments:?}: {:?} {}", told.code, told.stderr);
            let found = escapes(&told.stdout).into_iter().chain(escapes(&told.stderr)).collect::<Vec<_>>();
            // A live telling moves its own cursor.
            let found: Vec<_> =
                found.into_iter().filter(|c| !(arguments.contains(&"live") && *c == '\u{1b}')).collect();
            assert!(found.is_empty(), "{arguments:?}: {found:?} in {:?}\n{:?}", told.stdout, told.stderr);
        }
    }
}

#[test]
fn escapes_in_what_commands_and_servers_say_are_shown() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let body = format!("{{\"state\": \"x\"}} {NASTY}");
            let head = format!(
                "HTTP/1.1 500 Bad\r\nx-a: \u{9b}1m\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    let book = Book::new(format!(
        r#"
check "server" {{
    let answer = http.get("http://127.0.0.1:{port}/")
    note "${{answer}} ${{answer.headers}}"
    assert answer.status == 200
}} on_fail continue
check "text" {{
    assert http.get("http://127.0.0.1:{port}/").body == "x"
}} on_fail continue
step "post" irreversible "no" {{
    http.post("http://127.0.0.1:{port}/", body: "x")
}} on_fail continue
step "command" irreversible "no" {{
    let out = $ cat nasty
    note "${{out}}"
    warn "${{out}}"
    $ bash -c 'cat nasty >&2; exit 3'
}}
"#
    ));
    fs::write(book.path("nasty"), NASTY).unwrap();
    for telling in ["plain", "json"] {
        let told = book.rbk(&["run", "book.rbk", "--verbose", "--progress", telling]);
        told.is(1);
        let found: Vec<char> = escapes(&told.stdout).into_iter().chain(escapes(&told.stderr)).collect();
        assert!(found.is_empty(), "{telling}: {found:?} in {:?}\n{:?}", told.stdout, told.stderr);
    }
}

/// Evaluated, not only read: each ends by itself, with a failure or a result, in bounded time and memory.
#[test]
fn expansion_and_evaluation_are_bounded() {
    let deep = "[".repeat(100_000);
    for (what, body) in [
        ("a text that doubles", "var s = \"x\"\n    for i in range(0, 100) {\n        s = s + s\n    }"),
        ("a text in a text", "var s = \"x\"\n    for i in range(0, 100) {\n        s = \"${s}${s}\"\n    }"),
        ("a list that doubles", "var l = [1]\n    for i in range(0, 100) {\n        l = l + l\n    }"),
        (
            "a list in a list",
            "var l = [1]\n    for i in range(0, 100000) {\n        l = [l, l]\n    }\n    note \"${l}\"",
        ),
        ("a long range", "let l = range(0, 9000000000000000000)"),
        ("a long repeat", "let s = \"abc\".repeat(9000000000)"),
        ("a wide pad", "let s = \"abc\".pad_left(9000000000)"),
        ("a recursion", "let x = f(1)"),
        ("two that recur", "let x = g(1)"),
        ("one that recurs twice", "let x = h(60)"),
        ("a regex bomb", "assert \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" matches \"^((a+)+)+(b|c(a{1000}){1000})$\""),
        ("a large regex", "assert \"a\" matches \"(((a{1000}){1000}){1000}){1000}\""),
        ("a huge number", "let x = 9223372036854775807 + 1"),
        ("the least number", "let x = (-9223372036854775807 - 1) / -1\n    let y = abs(-9223372036854775807 - 1)"),
        ("a product", "let x = 9223372036854775807 * 9223372036854775807"),
        ("no divisor", "let x = 1 / 0\n    let y = 1 mod 0"),
        ("a huge duration", "let x = 100000d * 100000000"),
        ("a time far away", "let t = time(\"2026-01-01T00:00:00Z\") + 90000d * 1000"),
        ("a deep text of JSON", "let x = (file.read(\"deep\")).json"),
        ("a filter without end", "let x = jq({}, \"def f: f; f\")"),
        ("a filter that gives much", "let x = jq({}, \"[range(1000000000000)]\")"),
        ("a filter that repeats", "let x = jq({}, \"[repeat(1)]\")"),
        ("a huge exponent", "let x = 1e308 * 1e308\n    assert x < 1"),
        ("NUL in a command", "let x = \"{\\\"a\\\": \\\"x\\\\u0000y\\\"}\".json\n    $ touch ${x.a}"),
        ("NUL in a path", "let x = \"{\\\"a\\\": \\\"x\\\\u0000y\\\"}\".json\n    file.write(x.a, \"z\")"),
        (
            "NUL in a variable",
            "let x = \"{\\\"a\\\": \\\"x\\\\u0000y\\\"}\".json\n    with A = x.a {\n        $ true\n    }",
        ),
        ("a device", "let x = file.read(\"/dev/zero\")"),
        ("a pipe", "let x = file.read(\"pipe\")"),
        ("a large file", "let x = file.read(\"large\")"),
        ("a pipe that is copied", "file.copy(\"pipe\", \"copy\")"),
        ("a device that is copied", "file.copy(\"/dev/zero\", \"copy\")"),
    ] {
        let book = Book::new(format!(
            "fn f(x) = f(x + 1)\nfn g(x) = k(x) + 1\nfn k(x) = g(x) + 1\nfn h(n) = if n < 1 {{ 1 }} else {{ h(n - 1) + h(n - 1) }}\nstep \"Compute\" irreversible \"no\" {{\n    {body}\n}}\n"
        ));
        fs::write(book.path("deep"), &deep).unwrap();
        fs::File::create(book.path("large")).unwrap().set_len(1 << 30).unwrap();
        assert!(Command::new("mkfifo").arg(book.path("pipe")).status().unwrap().success());
        let limited = format!("ulimit -v 4000000; exec timeout 60 {} run book.rbk", env!("CARGO_BIN_EXE_rbk"));
        let mut command = Command::new("bash");
        command.args(["-c", &limited]).current_dir(book.dir.path()).stdin(std::process::Stdio::null());
        let told = world::book::told(command);
        let head: String = told.stderr.chars().take(1500).collect();
        assert!(matches!(told.code, Some(1 | 2)), "{what}: {:?} {head}", told.code);
        assert!(told.took < SOON * 2, "{what}: {:?}", told.took);
        assert!(!head.contains("a bug in rbk"), "{what}: {head}");
        println!("{what}: {:?}: {}", told.took, head.lines().find(|line| line.contains('×')).unwrap_or("?"));
    }
}

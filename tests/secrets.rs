//! A secret goes into the real `rbk` in every way there is; whatever comes out is searched for it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use world::book::{Book, Told, told};

/// With everything in it that some encoding writes differently.
const SECRET: &str = "S3nt/in+el 'q\" <&> \\é$x";

/// As programs write it: nothing of this may be seen.
fn forms() -> Vec<String> {
    let script = r#"
import base64, json, shlex, sys, urllib.parse, html
s = sys.argv[1]; b = s.encode()
out = [s, json.dumps(s)[1:-1], json.dumps(s, ensure_ascii=False)[1:-1], shlex.quote(s), html.escape(s), b.hex(), b.hex().upper(),
       urllib.parse.quote(s), urllib.parse.quote(s, safe=''), urllib.parse.quote_plus(s), repr(s)[1:-1]]
for k in range(3):
    for e in (base64.b64encode, base64.urlsafe_b64encode):
        t = e(b'x' * k + b).decode()
        out.append(t[(k * 8 + 5) // 6 : (k + len(b)) * 8 // 6])
print(json.dumps(sorted(set(out))))
"#;
    let output = Command::new("python3").args(["-c", script, SECRET]).output().unwrap();
    serde_json::from_slice(&output.stdout).expect("python3 writes the secret in its forms")
}

#[track_caller]
fn is_clean(text: &str, forms: &[String], whence: &str) {
    for form in forms {
        assert!(!text.contains(form.as_str()), "{whence} shows {form:?}:\n{text}");
    }
    // Halves too: what is cut must have been hidden before.
    for half in ["S3nt/in", "S3nt\\/in", "S3nt%2Fin", "UzNudC9p", "in+el 'q"] {
        assert!(!text.contains(half), "{whence} shows {half:?}:\n{text}");
    }
}

#[track_caller]
fn nothing_shows(book: &Book, told: &Told, forms: &[String]) {
    is_clean(&told.stdout, forms, "stdout");
    is_clean(&told.stderr, forms, "stderr");
    files(&book.path("state"), &mut |path, text| is_clean(text, forms, &path.display().to_string()));
}

/// Everything that rbk itself has written down.
fn files(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, look);
        } else {
            look(&path, &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

/// Every way in which a run is told.
const TELLINGS: &[&[&str]] = &[
    &["run", "book.rbk", "--progress", "plain", "--verbose"],
    &["run", "book.rbk", "--progress", "json"],
    &["run", "book.rbk", "--progress", "live", "--verbose"],
];

fn in_every_telling(text: &str, code: i32, expected: &str, script: &str) {
    let forms = forms();
    for arguments in TELLINGS {
        for log in [None, Some("trace")] {
            let book = Book::new(text);
            std::fs::write(book.path("script.py"), script).unwrap();
            let mut command = book.command(arguments);
            command.env("TOKEN", SECRET).env("RUST_BACKTRACE", "1");
            if let Some(log) = log {
                command.env("RBK_LOG", log);
            }
            let told = told(command);
            told.is(code).says(expected).says("•••");
            nothing_shows(&book, &told, &forms);
        }
    }
}

#[test]
fn a_command_that_writes_it_in_every_form() {
    // Each form in one piece, then byte by byte with a pause that cuts it there, on both outputs; then it fails.
    let script = r#"
import base64, json, os, shlex, sys, time, urllib.parse, html
s = os.environ["T"]; b = s.encode()
forms = [s, json.dumps(s), json.dumps(s, ensure_ascii=False), shlex.quote(s), html.escape(s), b.hex(),
         urllib.parse.quote(s), urllib.parse.quote(s, safe=""), urllib.parse.quote_plus(s), repr(s)]
forms += [e(b"x" * k + b).decode() for k in range(3) for e in (base64.b64encode, base64.urlsafe_b64encode)]
for out in (1, 2):
    for form in forms:
        raw = ("line " + form + " end\n").encode()
        os.write(out, raw)
        for at in range(len(raw)):
            os.write(out, raw[at:at + 1])
            if at % 7 == 0: time.sleep(0.0002)
for at in range(len(b)):
    os.write(2, b"cut " + b[:at]); time.sleep(0.002); os.write(2, b[at:] + b" end\n")
print("last words: " + s, file=sys.stderr)
sys.exit(3)
"#;
    let text = r#"
secret token from env_var("TOKEN")
step "Tell" irreversible "no" {
    with T = token {
        $ python3 script.py
    }
}
"#;
    in_every_telling(text, 1, "exited with 3", script);
}

#[test]
fn messages_that_quote_and_cut() {
    // The value of an output is compared, is too long for its message, and holds the secret at the cut.
    let mut text = String::from(
        "secret token from env_var(\"TOKEN\")\nstep \"Read\" irreversible \"no\" {\n    with T = token {\n        let out = $ printenv T\n        let long = $ bash -c 'printf %075d 0; printenv T'\n        let err = try $ bash -c 'printf %0190d 0 >&2; printenv T >&2; exit 4'\n    }\n}\n",
    );
    for (at, condition) in [
        "out.stdout == \"x\"",
        "long.stdout == \"x\"",
        "long.lines == []",
        "token == \"x\"",
        "\"a ${token} b\" == \"x\"",
        "out.json == 1",
        "int(out.stdout) == 1",
        "{ a: [token, out.stdout], b: json([token]) } == { a: [\"\"], b: \"\" }",
        "err.stderr == \"x\"",
        "base64(token) == \"x\"",
        "\"${out}\".upper() == \"x\"",
        "out.stdout matches \"^[0-9]+$\"",
        "time(out.stdout) == now()",
        "out.stdout[0] == token",
    ]
    .iter()
    .enumerate()
    {
        let name = if condition.contains("now()") { "let n = now()\n    " } else { "" };
        let condition = condition.replace("now()", "n");
        let _ = writeln!(
            text,
            "check \"c{at}\" {{\n    {name}assert {condition} because \"it is ${{token}} and ${{out}}\"\n}} on_fail continue"
        );
    }
    text.push_str("step \"Why\" irreversible \"no\" {\n    note \"token is ${token}, out is ${out}\"\n    warn \"${out.stdout}\"\n    fail \"it was ${out.stdout} and ${token}\"\n}\n");
    in_every_telling(&text, 1, "Why", "");
}

#[test]
fn a_rollback_that_fails_tells_no_secret_in_what_is_left() {
    let text = r#"
secret token from env_var("TOKEN")
step "One" {
    with T = token {
        let out = $ printenv T
    }
    with T = token {
        $ true
    }
} undo {
    $ bash -c 'echo "$1" >&2; exit 9' -- ${out}
}
step "Title ${out}" {
    $ true
} undo {
    file.read("/nowhere/${out}")
}
step "Three" irreversible "it was ${out}" {
    $ true
}
phase "End" {
    fail "${out}"
} on_fail rollback
"#;
    in_every_telling(text, 4, "One", "");
}

#[test]
fn a_long_output_is_spilled_without_it() {
    let text = r#"
secret token from env_var("TOKEN")
step "Flood" irreversible "no" {
    with T = token {
        $ python3 script.py
    }
}
"#;
    let forms = forms();
    let book = Book::new(text);
    let script = "import os, sys\nfor n in range(30000): print('%07d' % n, os.environ['T'])\nsys.exit(5)\n";
    std::fs::write(book.path("script.py"), script).unwrap();
    let mut command = book.command(&["run", "book.rbk"]);
    command.env("TOKEN", SECRET);
    let told = told(command);
    told.is(1).says("exited with 5").says("all that it wrote is in ");
    nothing_shows(&book, &told, &forms);
    let mut spilled = Vec::new();
    files(&book.path("state"), &mut |path, text| spilled.push((path.to_owned(), text.to_owned())));
    let (path, all) = spilled.iter().find(|(path, _)| path.extension().is_some_and(|name| name == "stdout")).unwrap();
    told.says(&path.display().to_string());
    assert_eq!(all.lines().count(), 30000);
    assert_eq!(all.lines().nth(12345), Some("0012345 •••"));
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_that_is_too_short_is_refused_with_the_reason() {
    for (value, why) in [("12345", "shorter than 6 bytes"), ("", "is empty"), (" \n", "is empty")] {
        let book = Book::new(
            "secret pin from env_var(\"PIN\")\nstep \"Use\" irreversible \"no\" {\n    with P = pin {\n        $ touch used\n    }\n}\n",
        );
        let mut command = book.command(&["run", "book.rbk"]);
        command.env("PIN", value);
        told(command).is(1).says("secret `pin`").says(why).never_says("12345");
        assert!(!book.path("used").exists());
    }
    let book = Book::new(
        "step \"Mint\" irreversible \"no\" {\n    let secret pin = $ echo 4711\n    with P = pin {\n        $ touch used\n    }\n}\n",
    );
    book.run().is(1).says("this secret is shorter than 6 bytes");
    assert!(!book.path("used").exists());
}

#[test]
fn it_never_stands_in_the_arguments_of_a_process() {
    let head = "secret token from env_var(\"TOKEN\")\n";
    for body in [
        "$ touch used ${token}",
        "$ touch used; echo ${token} | cat",
        "$ touch used \"x-${token}\"",
        "with T = token {\n        $ curl -H \"Authorization: $T\" http://127.0.0.1:9/\n    }",
        "with T = token {\n        $ touch used \"$T\"\n    }",
        "with T = \"Bearer ${token}\" {\n        $ touch used; cat <<< hi; touch \"${T}\"\n    }"
            .replace("${T}", "$T")
            .as_str(),
        "let parts = [token]\n    $ touch used ${parts}",
        "let parts = { a: token }\n    $ touch used ${parts}",
        "sh(\"touch used ${token}\")",
        "let words = token.split(\"/\")\n    $ touch used ${words}",
    ] {
        let book = Book::new(format!("{head}step \"Use\" irreversible \"no\" {{\n    {body}\n}}\n"));
        let mut command = book.command(&["run", "book.rbk"]);
        command.env("TOKEN", SECRET);
        let told = told(command);
        assert!(matches!(told.code, Some(1 | 2)), "{body}: {}", told.stderr);
        assert!(!book.path("used").exists(), "{body}: {}", told.stderr);
        told.says("user of the machine");
        is_clean(&told.stderr, &forms(), body);
    }
}

#[test]
fn a_process_gets_the_secrets_it_is_given_and_no_others() {
    let text = r#"
secret token from env_var("TOKEN")
secret other from env_var("OTHER")
step "Look" irreversible "no" {
    $ sh -c 'printenv TOKEN OTHER KEPT > plain; true'
    $ printenv TOKEN | cat > piped || true
    with OTHER = other {
        $ sh -c 'printenv TOKEN OTHER > given; true'
    }
    with T = token {
        $ sh -c 'printf %s "$T" > exact'
    }
}
"#;
    let book = Book::new(text);
    let mut command = book.command(&["run", "book.rbk"]);
    command.env("TOKEN", SECRET).env("OTHER", "other-secret").env("KEPT", "kept");
    told(command).is(0);
    assert_eq!(book.lines("plain"), ["kept"]);
    assert!(book.lines("piped").is_empty());
    assert_eq!(book.lines("given"), ["other-secret"]);
    assert_eq!(std::fs::read_to_string(book.path("exact")).unwrap(), SECRET);
}

#[test]
fn every_source_taints() {
    let text = r#"
secret from_env from env_var("TOKEN")
secret from_file from file("key.pem")
secret from_command from command("cat key2")
fn twice(x) = "${x}${x}"
step "All" irreversible "no" {
    let secret minted = $ cat key3
    note "${from_env} ${from_file} ${from_command} ${minted} ${twice(from_file)} ${[from_file].join("")}"
    with A = from_file, B = from_command, C = minted.stdout, D = from_command.upper() {
        $ sh -c 'cat key.pem; head -n 3 key.pem | tail -n 1; echo $B $C $D; false'
    }
}
"#;
    let book = Book::new(text);
    let key = "-----BEGIN X-----\nline-one-aaaa\nline-two-bbbb\n-----END X-----\n";
    std::fs::write(book.path("key.pem"), key).unwrap();
    std::fs::write(book.path("key2"), "second-key\n").unwrap();
    std::fs::write(book.path("key3"), "third-key-33\n").unwrap();
    let mut command = book.command(&["run", "book.rbk", "--verbose"]);
    command.env("TOKEN", SECRET);
    let told = told(command);
    told.is(1).says("exited with 1");
    for part in ["line-one", "line-two", "BEGIN X", "second-key", "SECOND-KEY", "third-key", "S3nt"] {
        told.never_says(part);
    }
}

#[test]
fn no_core_dump_holds_it() {
    let text = r#"
secret token from env_var("TOKEN")
step "Look" irreversible "no" {
    with T = token {
        $ sh -c 'ulimit -c > limit; ls -ld /proc/$PPID/environ | cut -d" " -f3 > owner; grep -c . /proc/$PPID/status > readable'
    }
}
"#;
    let book = Book::new(text);
    let mut command = book.command(&["run", "book.rbk"]);
    command.env("TOKEN", SECRET);
    told(command).is(0);
    assert_eq!(book.lines("limit"), ["0"]);
    // Where a process may not be dumped its files belong to root: to be told apart only by another user.
    assert_eq!(book.lines("owner"), ["root"]);
}

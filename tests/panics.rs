//! What a bug in rbk itself leaves behind: words, no processes, no secret. The test starts itself again, with an
//! observer that panics.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rbk::host::Host;
use rbk::host::real::RealHost;
use rbk::journal::{Discard, Groups, Record};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::inputs::{Given, bind};
use rbk::runtime::person::{Nobody, Person};
use rbk::runtime::{Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled};
use rbk::session;
use world::book::Book;
use world::{alive, marker};

const SECRET: &str = "p4nic/secret word";

struct Clumsy;

impl Observer for Clumsy {
    fn observe(&self, event: &Event) {
        if let Event::Output { text, .. } = event
            && text.contains("ready")
        {
            panic!("no room for {} in base64 {}", SECRET, rbk::functions::to_base64(SECRET.as_bytes()));
        }
    }
}

/// Not a test by itself: what the tests start.
#[test]
#[ignore = "started by the other tests"]
fn child() {
    rbk::mask::guard_process();
    rbk::cli::report_bugs();
    let host = Rc::new(RealHost::new());
    let opened = session::open(&*host, std::path::Path::new("book.rbk")).unwrap();
    let unit = bind(&opened.analysis.program.unwrap(), &Given::default()).unwrap();
    let world: Rc<dyn Host> = host;
    let person: Rc<dyn Person> = Rc::new(Nobody);
    let record: Rc<dyn Record> = Rc::new(Discard);
    let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
    let dispatcher = session::live(&world, &record, &person, &elsewhere);
    let start = || Start {
        unit,
        id: "run-1".into(),
        host: world,
        dispatcher,
        observer: Rc::new(Clumsy),
        control: Rc::new(Control::default()),
        selection: Selection::new(None, None, Vec::new(), false),
        on_fail: Unhandled::Stop,
        before: None,
        groups: Groups::default(),
        stepping: None,
    };
    session::run_to_end(start, async {}).unwrap();
}

fn panicking(backtrace: &str) -> (Option<i32>, String, String) {
    let marker = marker();
    let text = format!(
        r#"
secret token from env_var("TOKEN")
step "One" {{
    $ touch one
}} undo {{
    $ rm one
}}
step "Two" {{
    with T = token {{
        $ : {marker}; (setsid sh -c ': {marker}; sleep 60; :' &) ; sh -c ': {marker}; sleep 60; :' & echo "$T" ready; sleep 60
    }}
}} undo {{
    $ rm -f two
}}
"#
    );
    let book = Book::new(text);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--ignored", "--nocapture"]).current_dir(book.dir.path());
    command.env("TOKEN", SECRET).env("RUST_BACKTRACE", backtrace).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let begun = Instant::now();
    while !alive(&marker).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "alive: {:?}", alive(&marker));
        std::thread::sleep(Duration::from_millis(10));
    }
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_bug_is_told_in_words_and_leaves_no_process() {
    let (code, stdout, stderr) = panicking("0");
    assert_eq!(code, Some(70), "{stdout}\n{stderr}");
    for words in [
        "this is a bug in rbk",
        "no room for •••",
        "Nothing was taken back",
        "· rm -f two",
        "· rm one",
        "tests/panics.rs:",
    ] {
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
    }
    let (two, one) = (stderr.find("rm -f two"), stderr.find("rm one"));
    assert!(two < one, "{stderr}");
    assert!(stderr.lines().count() < 15, "{stderr}");
}

#[test]
fn not_even_a_backtrace_holds_the_secret() {
    let (code, stdout, stderr) = panicking("1");
    assert_eq!(code, Some(70), "{stdout}\n{stderr}");
    assert!(stderr.lines().count() > 15, "{stderr}");
    for form in [SECRET, "p4nic/", "cDRuaWMv", "p4nic%2F"] {
        assert!(!stderr.contains(form) && !stdout.contains(form), "{form}: {stdout}\n{stderr}");
    }
}

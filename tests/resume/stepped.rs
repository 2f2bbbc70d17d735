//! A stepped session, killed before each entry of its record and gone on with by whoever knows what is on record: the same
//! values, the same armed, and nothing done twice.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use rbk::cli::Scripted;
use rbk::host::Host;
use rbk::host::fake::{CommandReply, FakeHost};
use rbk::journal::{Entry, Groups, JournalError, Record, Recorded};
use rbk::runtime::inputs::{Given, bind};
use rbk::runtime::outcome::Report;
use rbk::runtime::person::Person;
use rbk::runtime::replay::history::History;
use rbk::runtime::steer::Stepping;
use rbk::runtime::{Before, Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run};
use rbk::session;

use super::{Knowing, Mortal, script};

const BOOK: &str = r#"
step "Look" {
    let seen = reads $ count pods
    let answer = int(seen.stdout) + 1
}
step "First" {
    $ do first ${answer}
} undo {
    $ undo first ${answer}
}
step "Second" {
    $ do second
}
check "it holds" {
    let marked = try reads $ cat mark
    assert marked.ok
}
step "Third" {
    $ do third
} undo {
    $ undo third
}
"#;

/// What is typed, each with what it takes to have it done. The last ones look.
const SESSION: &[&str] = &[
    "n\n",
    "set answer = 5\n",
    "n\n",
    "let mine = { a: answer, b: [1, 2] }\n",
    "note tried by hand\n",
    "step \"By hand\" {\n$ do hand ${mine.b[1]}\n} undo {\n$ undo hand\n}\n",
    "$ do plain\n",
    "k it is done already\n",
    "n\n",
    "note the mark is missing\n",
    "k the mark is set\n",
    "n\n",
    "undo\nyes\n",
    "r\n",
    "step \"In vain\" {\n$ do vain\n} undo {\n$ undo vain\n}\n",
    "undo\nyes\n",
    "p mine\n",
    "p answer + mine.b[0]\n",
    "w\n",
    "n\n",
];

/// What was said, and so how far the script was read.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// How many lines of the script were read.
    fn lines(&self) -> usize {
        let is_prompt = |line: &&str| line.contains(" › ") || line.starts_with("… ") || line.starts_with("type ");
        self.text().lines().filter(is_prompt).count()
    }

    /// What the last looks showed: the values, and what is armed.
    fn looks(&self) -> Option<String> {
        let text = self.text();
        let armed = text.rfind("armed, newest first:")?;
        let values = text.rfind("› p mine")?;
        let until = armed + text[armed..].find(" › ")?;
        // But for the time.
        let lines = text[values..until].lines().filter(|line| !line.contains("run run-1"));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// Notes at each entry how far the script was read.
struct Noting {
    record: Rc<Mortal>,
    said: Said,
    read: RefCell<Vec<usize>>,
}

impl Record for Noting {
    fn write(&self, entry: Entry) -> rbk::host::LocalFuture<'_, Result<(), JournalError>> {
        self.read.borrow_mut().push(self.said.lines());
        self.record.write(entry)
    }
    fn note(&self, entry: Entry) {
        self.read.borrow_mut().push(self.said.lines());
        self.record.note(entry);
    }
    fn fence(&self) -> u64 {
        1
    }
}

fn world() -> FakeHost {
    let host = FakeHost::new();
    host.fake_files().put("/case/book.rbk", BOOK);
    host.on_command("count pods", CommandReply::ok("41"));
    host.on_command("cat mark", CommandReply::failed(1, "no such file"));
    for done in ["do *", "undo *"] {
        host.on_command(done, CommandReply::ok(""));
    }
    host
}

/// Steps through it from one of the things that are typed on. `None`: it was killed.
async fn steps(host: &FakeHost, record: &Rc<Mortal>, from: usize, said: &Said) -> (Option<Rc<Report>>, Vec<usize>) {
    let world: Rc<dyn Host> = Rc::new(host.clone());
    let opened = session::open(&*world, Path::new("/case/book.rbk")).unwrap();
    let program = opened.analysis.program.unwrap();
    let unit = bind(&program, &Given::default()).unwrap();
    let noting = Rc::new(Noting { record: Rc::clone(record), said: said.clone(), read: RefCell::default() });
    let as_record: Rc<dyn Record> = Rc::clone(&noting) as _;
    let person: Rc<dyn Person> = Rc::new(Knowing {
        scripted: script::read("", &FakeHost::new()).unwrap().person(),
        world: host.clone(),
        record: Rc::clone(record),
        returned: Rc::default(),
        about: RefCell::default(),
    });
    let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
    let stepper = Scripted::new(SESSION[from..].concat(), said.clone(), &program, Rc::clone(&world));
    let begun = !record.durable.borrow().is_empty();
    let history = History::new(&record.numbered());
    let start = Start {
        unit,
        id: "run-1".into(),
        host: Rc::clone(&world),
        dispatcher: session::live(&world, &as_record, &person, &elsewhere),
        observer: stepper.reporter,
        control: Rc::new(Control::default()),
        selection: Selection::new(None, None, Vec::new(), false),
        on_fail: Unhandled::Stop,
        before: begun.then_some(Before { history, takes_back: false, starter: "tester".to_owned() }),
        groups: Groups::default(),
        stepping: Some(Stepping {
            typing: Rc::new(session::typing(&opened.sources).unwrap()),
            steering: Some(stepper.steering),
        }),
    };
    let report = tokio::select! {
        biased;
        report = run(start) => Some(report),
        () = record.killed.notified() => None,
    };
    let read = noting.read.borrow().clone();
    (report, read)
}

/// Which of the things that are typed was under way when so many lines were read.
fn under_way(read: usize) -> usize {
    let mut lines = 0;
    let ends = SESSION.iter().map(|typed| {
        lines += typed.lines().count();
        lines
    });
    ends.take_while(|end| *end < read).count()
}

fn in_its_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// What changed the world.
fn changes(host: &FakeHost) -> Vec<String> {
    host.lines().into_iter().filter(|line| line.contains("do ")).collect()
}

#[test]
fn a_session_killed_anywhere_has_all_its_values_again() {
    let (host, said) = (world(), Said::default());
    let record = Mortal::new(Vec::new(), usize::MAX);
    let (report, read) = in_its_time(steps(&host, &record, 0, &said));
    let status = report.unwrap().status;
    assert_eq!(status.exit_code(), 0, "{}", said.text());
    let (wanted, looks) = (changes(&host), said.looks().unwrap_or_else(|| panic!("{}", said.text())));
    assert_eq!(
        wanted,
        [
            "$ do first 5",
            "$ do hand 2",
            "$ do plain",
            "$ do third",
            "$ undo third",
            "$ do third",
            "$ do vain",
            "$ undo vain"
        ],
        "{}",
        said.text()
    );
    let entries = record.durable.borrow().clone();
    let kinds = |wanted: fn(&Recorded) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(kinds(|event| matches!(event, Recorded::Steered { .. })), 12, "{}", said.text());
    let mut compared = 0;
    for room in 0..entries.len() {
        let (host, record) = (world(), Mortal::new(Vec::new(), room));
        let (killed, _) = in_its_time(steps(&host, &record, 0, &Said::default()));
        assert!(killed.is_none(), "before entry {room}: it was not killed");
        let durable = record.durable.borrow().len();
        let lost = under_way(read[durable]);
        // Of what was under way something is on record: it comes to its end by itself.
        let has_begun = durable > 0 && read[durable - 1] > 0 && under_way(read[durable - 1]) == lost;
        let from = if has_begun { lost + 1 } else { lost };
        let again = Said::default();
        let record = Mortal::new(record.durable.borrow().clone(), usize::MAX);
        let (report, _) = in_its_time(steps(&host, &record, from, &again));
        let about = || {
            format!("killed before entry {room} of {}, {:?} on:\n{}", entries.len(), SESSION.get(from), again.text())
        };
        assert_eq!(report.map(|report| report.status), Some(status), "{}", about());
        assert_eq!(changes(&host), wanted, "{}", about());
        if from <= SESSION.len() - 4 {
            assert_eq!(again.looks().as_ref(), Some(&looks), "{}", about());
            compared += 1;
        }
    }
    println!("{} kills, {compared} of them with the values compared", entries.len());
    assert!(compared + 8 > entries.len(), "{compared} of {}", entries.len());
}

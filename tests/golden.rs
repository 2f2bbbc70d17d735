//! Golden cases of the run time: each `.rbk` file under `tests/golden/` is analysed and run in a
//! scripted world under a virtual clock; what is told of the run must equal the `.out` beside it.
//!
//! The lines of a case that begin with `#@` are read by `golden/script.rs`. A scripted answer
//! that the run does not use up is a fault of the case. `RBK_BLESS=1` rewrites the `.out` files;
//! `RBK_CASE=word` runs only the cases whose path holds the word.

// A test that cannot read its files should say so by failing.
#![allow(clippy::unwrap_used, clippy::format_push_string)]

#[path = "golden/script.rs"]
mod script;
#[path = "golden/transcript.rs"]
mod transcript;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rbk::diag::{Style, render};
use rbk::host::Host;
use rbk::host::fake::FakeHost;
use rbk::journal::{Groups, Memory, Record};
use rbk::runtime::inputs::bind;
use rbk::runtime::person::Person;
use rbk::runtime::{Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run};
use rbk::session;
use transcript::Transcript;

/// Where the case and its folder `parts` lie in the scripted world.
const HOME: &str = "/case";

fn cases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "parts") {
                cases(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rbk") {
            found.push(path);
        }
    }
}

async fn transcript_of(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let host = FakeHost::new();
    // The clock of the world begins when it is first looked at.
    host.monotonic();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    host.fake_files().put(&format!("{HOME}/{name}"), &text);
    if let Ok(parts) = std::fs::read_dir(path.parent().unwrap().join("parts")) {
        for part in parts {
            let part = part.map_err(|error| error.to_string())?.path();
            let name = part.file_name().unwrap().to_string_lossy().into_owned();
            host.fake_files().put(&format!("{HOME}/parts/{name}"), std::fs::read(&part).unwrap());
        }
    }
    let mut script = script::read(&text, &host)?;
    let before = host.fake_files().listing();
    let told = Rc::new(Transcript::new(&host, script.show.iter().any(|show| show == "output"), script.plan));
    run_case(&name, &host, &mut script, &told).await?;
    let unused = script.unused();
    if !unused.is_empty() {
        return Err(format!("{}\n\n{}", unused.join("\n"), told.text()));
    }
    if script.show.iter().any(|show| show == "files") {
        told.files(&before, &host.fake_files().listing());
    }
    if script.show.iter().any(|show| show == "calls") {
        told.calls(&host.calls());
    }
    Ok(told.text())
}

async fn run_case(
    name: &str,
    fake: &FakeHost,
    script: &mut script::Script,
    told: &Rc<Transcript>,
) -> Result<(), String> {
    let host: Rc<dyn Host> = Rc::new(fake.clone());
    let opened = session::open(host.as_ref(), Path::new(&format!("{HOME}/{name}")))?;
    for diagnostic in &opened.analysis.diagnostics {
        told.plain(&render(diagnostic, &opened.analysis.sources, Style::default()));
    }
    let Some(program) = opened.analysis.program.clone() else { return Err(told.text()) };
    let unit = match bind(&program, &script.given) {
        Ok(unit) => unit,
        Err(errors) => {
            for error in errors {
                let help = error.help.map(|help| format!(" — {help}")).unwrap_or_default();
                told.plain(&format!("input: {}{help}\n", error.message));
            }
            return Ok(());
        }
    };
    let memory = Rc::new(Memory::default());
    let record: Rc<dyn Record> = Rc::new(script::Filling {
        journal: Rc::clone(&memory),
        room: Cell::new(script.journal_fails_after.unwrap_or(usize::MAX)),
    });
    let person: Rc<dyn Person> = Rc::new(script.person());
    let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
    let dispatcher = match script.plan {
        true => session::plan(script.probe),
        false => session::live(&host, &record, &person, &elsewhere),
    };
    let control = Rc::new(Control::default());
    for stop in script.stops.clone() {
        let (control, told) = (Rc::clone(&control), Rc::clone(told));
        tokio::task::spawn_local(async move {
            tokio::time::sleep(stop).await;
            let stopping = control.stop();
            told.say(0, &format!("^C {stopping:?}"));
        });
    }
    let start = Start {
        unit,
        id: "run-1".into(),
        host: Rc::clone(&host),
        dispatcher,
        observer: Rc::clone(told) as Rc<dyn rbk::runtime::event::Observer>,
        control,
        selection: Selection::new(script.from.clone(), script.until.clone(), script.only.clone(), script.checks_only),
        on_fail: match script.on_fail.as_deref() {
            Some("rollback") => Unhandled::Rollback,
            Some("ask") => Unhandled::Ask,
            _ => Unhandled::Stop,
        },
        before: None,
        groups: Groups::default(),
        stepping: None,
    };
    let report = run(start).await;
    if report.status.name() == "succeeded" && !report.armed.is_empty() {
        return Err("a run that succeeded is still armed".to_owned());
    }
    if script.show.iter().any(|show| show == "journal") {
        told.journal(&memory.entries());
    }
    Ok(())
}

fn check(path: &Path) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let local = tokio::task::LocalSet::new();
    let hour = std::time::Duration::from_secs(1_000_000);
    let told = local
        .block_on(&runtime, async { tokio::time::timeout(hour, transcript_of(path)).await })
        .map_err(|_| format!("{}: it never ends", path.display()))?
        .map_err(|why| format!("{}: {why}", path.display()))?;
    let expected = path.with_extension("out");
    if std::env::var_os("RBK_BLESS").is_some() {
        std::fs::write(&expected, told).unwrap();
        return Ok(());
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted == told {
        return Ok(());
    }
    let mut wrong = format!("{}:\n", path.display());
    let (old, new): (Vec<_>, Vec<_>) = (wanted.lines().collect(), told.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    for line in &old[same..] {
        wrong += &format!("- {line}\n");
    }
    for line in &new[same..] {
        wrong += &format!("+ {line}\n");
    }
    Err(wrong)
}

#[test]
fn every_case_tells_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found = Vec::new();
    cases(&folder, &mut found);
    found.sort();
    if let Ok(word) = std::env::var("RBK_CASE") {
        found.retain(|path| path.to_string_lossy().contains(&word));
    }
    assert!(!found.is_empty(), "there are no cases");
    let wrong: Vec<String> = found.iter().filter_map(|path| check(path).err()).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n\n{}", wrong.len(), found.len(), wrong.join("\n"));
}

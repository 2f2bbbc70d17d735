//! Runs a runbook in a scripted world, where nothing is real.

use std::path::Path;
use std::rc::Rc;

use rbk::diag::{Style, render};
use rbk::host::Host;
use rbk::host::fake::FakeHost;
use rbk::journal::{Discard, Groups, Record};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::inputs::{Given, bind};
use rbk::runtime::outcome::Status;
use rbk::runtime::person::{Answer, Person, Question};
use rbk::runtime::{Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run as run_it};
use rbk::session;

struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event) {}
}

/// Nobody is there.
struct Nobody;

impl Person for Nobody {
    fn ask<'a>(&'a self, _: &'a Question, _: &'a rbk::host::Cancel) -> rbk::host::LocalFuture<'a, Option<Answer>> {
        Box::pin(std::future::ready(None))
    }
}

/// Runs `/case/case.rbk`; what went wrong, in words.
pub(crate) fn run(fake: FakeHost) -> Option<String> {
    let host: Rc<dyn Host> = Rc::new(fake);
    let opened = session::open(host.as_ref(), Path::new("/case/case.rbk")).unwrap();
    let wrong: Vec<String> = opened
        .analysis
        .diagnostics
        .iter()
        .map(|diagnostic| render(diagnostic, &opened.analysis.sources, Style::default()))
        .collect();
    let Some(program) = opened.analysis.program.filter(|_| wrong.is_empty()) else { return Some(wrong.join("\n")) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let report = tokio::task::LocalSet::new().block_on(&runtime, async {
        let record: Rc<dyn Record> = Rc::new(Discard);
        let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
        let person: Rc<dyn Person> = Rc::new(Nobody);
        run_it(Start {
            unit: bind(&program, &Given::default()).unwrap(),
            id: "example".into(),
            host: Rc::clone(&host),
            dispatcher: session::live(&host, &record, &person, &elsewhere),
            observer: Rc::new(Silent),
            control: Rc::new(Control::default()),
            selection: Selection::default(),
            on_fail: Unhandled::Stop,
            before: None,
            groups: Groups::default(),
            stepping: None,
        })
        .await
    });
    let why = report.failure.as_ref().map(|failure| failure.message().to_owned()).unwrap_or_default();
    (report.status != Status::Succeeded).then(|| format!("{}: {why}", report.status.name()))
}

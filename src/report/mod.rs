//! How a run is told: consumers of its stream of events. None of them can stop a run, and what
//! they cannot write they leave out.

pub mod ending;
pub mod failure;
pub mod findings;
mod held;
pub mod history;
pub mod human_time;
pub mod json;
pub mod live;
pub mod outline;
mod paint;
pub mod plain;
pub mod plan;
pub mod sanitize;
mod tails;
mod told;

use crate::runtime::event::Observer;

pub use paint::{Ink, Mark, paint};

/// An observer with a clock, that can make room for a prompt.
pub trait Reporter: Observer {
    /// To be called a few times a second while a run goes on.
    fn tick(&self) {}

    /// A prompt opens: nothing is to be drawn over it.
    fn hold(&self) {}

    /// The prompt is closed.
    fn go_on(&self) {}

    /// A line that is no event: that a signal came.
    fn remark(&self, line: &str) {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
    }
}

/// Where lines go. A reader that is gone is no reason to end a run.
pub type Out = std::cell::RefCell<Box<dyn std::io::Write>>;

/// A line for people: whatever it was made of, it holds no secret.
fn write_line(out: &Out, line: &str) {
    write_as_it_is(out, &crate::mask::current().hide(line));
}

fn write_as_it_is(out: &Out, line: &str) {
    let mut out = out.borrow_mut();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod testing {
    //! Events made by hand.

    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::Duration;

    use crate::catalog::Effect;
    use crate::runtime::event::{Event, ScopeId, ScopeInfo, ScopeStatus};
    use crate::runtime::failure::{Failure, FailureKind};
    use crate::runtime::outcome::{Report, Status};
    use crate::source::{Sources, Span};

    /// A writer whose text can be read.
    #[derive(Clone, Default)]
    pub(super) struct Page(Rc<RefCell<Vec<u8>>>);

    impl Page {
        pub(super) fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.borrow()).into_owned()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    pub(super) fn scope(id: ScopeId, parent: Option<ScopeId>, kind: &'static str, title: &str) -> Rc<ScopeInfo> {
        let depth = usize::from(parent.is_some());
        let effect = Some(Effect::Changes);
        Rc::new(ScopeInfo { id, parent, depth, kind, title: title.into(), effect, place: format!("deploy.rbk:{id}") })
    }

    pub(super) fn started() -> Event {
        Event::RunStarted {
            run: Arc::from("0199a3f"),
            title: "Deploy the backend".into(),
            environment: Some("prod".into()),
            total: 3,
        }
    }

    pub(super) fn ended(scope: &Rc<ScopeInfo>, status: ScopeStatus, milliseconds: u64, detail: Option<&str>) -> Event {
        Event::ScopeEnded {
            scope: Rc::clone(scope),
            status,
            elapsed: Duration::from_millis(milliseconds),
            detail: detail.map(Into::into),
        }
    }

    pub(super) fn failure() -> Failure {
        let mut sources = Sources::default();
        let file = sources.add("deploy.rbk", "check \"answers\" {\n    assert status == 200\n}\n");
        let sources = Arc::new(sources);
        let message = "`status == 200` does not hold";
        let mut failure = Failure::new(FailureKind::Assert, &sources, Span::new(file, 29, 35), message);
        failure.diagnostic.labels[0].text = "503".into();
        failure.evidence.push("answered 503 in 84 ms: {\"status\":\"starting\"}".into());
        failure.because = Some("never deploy onto a broken service".into());
        failure.path = vec!["Deploy".into(), "answers".into()];
        *failure
    }

    pub(super) fn report(status: Status) -> Report {
        Report {
            run: Arc::from("0199a3f"),
            status,
            failure: None,
            reason: None,
            elapsed: Duration::from_secs(123),
            done: 4,
            skipped: 1,
            accepted: Vec::new(),
            taken_back: Vec::new(),
            left: Vec::new(),
            armed: Vec::new(),
            without_inverse: Vec::new(),
            stays: Vec::new(),
            in_doubt: Vec::new(),
        }
    }
}

//! Ctrl-C and its like: first the run is stopped in order, then at once.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::terminal;
use crate::host::real::RealHost;
use crate::report::Reporter;
use crate::runtime::outcome::Status;
use crate::runtime::{Control, Stopping};

/// How long the end at once may take.
const LAST: Duration = Duration::from_secs(5);

/// The signal by which somebody insisted, having asked before.
#[derive(Clone, Default)]
pub(super) struct Insisted(Rc<Cell<Option<u8>>>);

impl Insisted {
    /// The exit code: one that was ended at once says by which signal, unless its rollback says more.
    pub(super) fn exit_code(&self, status: Status) -> u8 {
        match (status, self.0.get()) {
            (Status::Interrupted, Some(number)) => 128 + number,
            (status, _) => status.exit_code(),
        }
    }
}

/// Listens as long as it is polled.
pub(super) async fn listen(control: Rc<Control>, host: Rc<RealHost>, reporter: Rc<dyn Reporter>, insisted: Insisted) {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return;
    };
    loop {
        let number = next(&mut interrupt, &mut terminate, &mut hang_up).await;
        match control.stop_by(name_of(number)) {
            Stopping::Gracefully => reporter
                .remark("stopping: what runs is being ended, then it is told what is left; once more to end at once"),
            Stopping::Step => reporter.remark("stopping this step; the run stands"),
            Stopping::Stands => reporter.remark("the run stands; q leaves it"),
            Stopping::RollbackGoesOn => {
                reporter.remark("the rollback goes on, so that nothing is left half-way; once more to end it here");
            }
            Stopping::AtOnce => {
                reporter.remark("ending at once");
                insisted.0.set(Some(number));
                host.hurry();
                end_soon(number);
            }
        }
    }
}

fn name_of(number: u8) -> &'static str {
    match number {
        2 => "SIGINT",
        15 => "SIGTERM",
        _ => "SIGHUP",
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal, hang_up: &mut Signal) -> u8 {
    tokio::select! {
        _ = interrupt.recv() => 2,
        _ = terminate.recv() => 15,
        _ = hang_up.recv() => 1,
    }
}

/// Ends the process even if something holds up the thread of the run.
fn end_soon(number: u8) {
    let _ = std::thread::Builder::new().name("last".to_owned()).spawn(move || {
        std::thread::sleep(LAST);
        super::prompt::give_the_terminal_back();
        terminal::say("rbk: ended before everything had come to its end; look at what was running");
        std::process::exit(128 + i32::from(number));
    });
}

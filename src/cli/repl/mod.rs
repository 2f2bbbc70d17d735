//! The stepper: working through a runbook step by step, at a terminal or by a script on standard input.

mod assist;
mod breaks;
mod command;
mod console;
mod handover;
mod history;
mod language;
mod leave;
mod save;
mod show;
mod stepper;
mod tell;
mod typist;

use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::inputs::Inputs;
use super::journal::JournalArgs;
use super::person::{Answers, TerminalPerson};
use super::run;
use crate::analysis::Program;
use crate::host::Host;
use crate::report::Reporter;
use crate::report::ending::Asked;
use crate::report::outline::Outline;
use crate::runtime::person::Person;
use crate::runtime::steer::Steering;
pub(super) use assist::Assist;
pub(super) use typist::Typist;

/// Step through a runbook, or work without one: type statements, and have them on record.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook; without one a session begins with nothing in it.
    file: Option<PathBuf>,

    #[command(flatten)]
    inputs: Inputs,

    #[command(flatten)]
    journal: JournalArgs,
}

/// A stepper that follows a script, for a run that somebody starts in a world of his own.
pub struct Scripted {
    /// Who tells the run.
    pub reporter: Rc<dyn Reporter>,
    /// Who steps.
    pub steering: Rc<dyn Steering>,
}

impl Scripted {
    /// Steps through a program by the lines of a script; all that is said goes to `said`, each line behind its prompt.
    pub fn new(
        script: String,
        said: impl Write + Clone + Send + 'static,
        program: &Arc<Program>,
        host: Rc<dyn Host>,
    ) -> Self {
        let console = Rc::new(console::Console::of_script(script, said));
        let Session { reporter, steering, .. } = Session::at(console, Asked::default(), Outline::of(program), host);
        Self { reporter, steering }
    }
}

pub(super) fn run(args: Args) -> u8 {
    run::session(args.file, args.inputs, args.journal)
}

/// Everything that a run needs to be stepped through.
pub(super) struct Session {
    /// Who tells it.
    pub(super) reporter: Rc<dyn Reporter>,
    /// Who steps.
    pub(super) steering: Rc<dyn Steering>,
    console: Rc<console::Console>,
}

impl Session {
    /// At the terminal, or by the script on standard input.
    pub(super) fn new(asked: Asked, outline: Outline, host: Rc<dyn Host>) -> Self {
        Self::at(Rc::new(console::Console::new()), asked, outline, host)
    }

    fn at(console: Rc<console::Console>, asked: Asked, outline: Outline, host: Rc<dyn Host>) -> Self {
        let telling = Rc::new(tell::Telling::new(Rc::clone(&console), asked));
        let steering = Rc::new(stepper::Stepper::new(Rc::clone(&console), Rc::clone(&telling), outline, host));
        Self { reporter: telling, steering, console }
    }

    /// At the terminal, once the runbook asks about a failure; until then it is told as usual.
    pub(super) fn asked(usual: Rc<dyn Reporter>, asked: Asked, outline: Outline, host: Rc<dyn Host>) -> Self {
        let console = Rc::new(console::Console::new());
        let telling = Rc::new(tell::Telling::new(Rc::clone(&console), asked));
        let handover = Rc::new(handover::Handover::new(usual, Rc::clone(&telling)));
        let stepper = stepper::Stepper::new(Rc::clone(&console), telling, outline, host);
        let steering = Rc::new(stepper.only_asked(Rc::clone(&handover)));
        Self { reporter: handover, steering, console }
    }

    /// Whoever answers the questions of the runbook: the same who steps through it.
    pub(super) fn person(&self, answers: Vec<Answers>, actor: String) -> Rc<dyn Person> {
        let lines = self.console.lines();
        Rc::new(TerminalPerson::beside(answers, actor, Rc::clone(&self.reporter), lines))
    }
}

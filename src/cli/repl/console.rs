//! What the stepper says, and what it is told. All that it says goes through one thread, in order: above the prompt
//! while one is open, and at once otherwise; so a noisy process never holds up the run, nor breaks a prompt.

use std::io::Write;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use super::super::prompt::{Assisted, Lines, Printer, Script, Typed};
use super::super::terminal;
use crate::diag::Style;
use crate::host::Cancel;

/// How long is waited for what was said to be on the screen.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many lines are put above a prompt in one go.
const AT_ONCE: usize = 500;

enum Out {
    Line(String),
    Data(String),
    Prompt(bool),
    Printer(Printer),
    Flush(Sender<()>),
}

/// See the module.
pub(in crate::cli) struct Console {
    out: Sender<Out>,
    lines: Rc<Lines>,
    style: Style,
    is_script: bool,
    /// Where it is drawn as on the terminal, that tells how wide it is.
    has_window: bool,
}

impl Console {
    /// On the terminal, or on standard input and output if there is none.
    pub(in crate::cli) fn new() -> Self {
        let (out, is_script) = (screen(Screen::new(std::io::stderr(), std::io::stdout())), !terminal::is_interactive());
        let printers = out.clone();
        let lines = if is_script {
            Lines::of_script(Script::piped())
        } else {
            Lines::below(move |printer| drop(printers.send(Out::Printer(printer))))
        };
        Self { out, lines: Rc::new(lines), style: terminal::stderr_style(), is_script, has_window: true }
    }

    /// By a script of its own, and all that is said goes there.
    pub(in crate::cli) fn of_script(script: String, said: impl Write + Clone + Send + 'static) -> Self {
        let mut rest = script;
        let next = move |line: &mut String| {
            let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            line.extend(rest.drain(..end));
            Ok(line.len())
        };
        let mut shown = said.clone();
        let shows = move |line: &str| drop(writeln!(shown, "{}", terminal::hidden(line)));
        let lines = Lines::of_script(Script { next: Box::new(next), shows: Box::new(shows) });
        let out = screen(Screen::new(said.clone(), said));
        Self { out, lines: Rc::new(lines), style: Style::default(), is_script: true, has_window: false }
    }

    /// Who else reads what is typed.
    pub(in crate::cli) fn lines(&self) -> Rc<Lines> {
        Rc::clone(&self.lines)
    }

    /// Whether what is typed comes from a script.
    pub(in crate::cli) fn is_script(&self) -> bool {
        self.is_script
    }

    /// How to draw.
    pub(in crate::cli) fn style(&self) -> Style {
        // Windows are resized.
        let width = if self.has_window { terminal::stderr_style().width } else { self.style.width };
        Style { width, ..self.style }
    }

    /// A text for people.
    pub(in crate::cli) fn say(&self, text: &str) {
        let _ = self.out.send(Out::Line(terminal::hidden(text).into_owned()));
    }

    /// A value.
    pub(in crate::cli) fn data(&self, text: &str) {
        let _ = self.out.send(Out::Data(terminal::hidden(text).into_owned()));
    }

    /// Waits until all that was said is on the screen.
    pub(in crate::cli) fn flush(&self) {
        let (done, is_done) = mpsc::channel();
        if self.out.send(Out::Flush(done)).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }

    /// Asks for a line. `None`: cancelled.
    pub(in crate::cli) async fn ask(&self, prompt: &str, cancel: &Cancel) -> Option<Typed> {
        self.ask_assisted(prompt, None, cancel).await
    }

    /// The same with what helps to type it.
    pub(in crate::cli) async fn ask_assisted(
        &self,
        prompt: &str,
        assist: Option<Assisted>,
        cancel: &Cancel,
    ) -> Option<Typed> {
        self.flush();
        let _ = self.out.send(Out::Prompt(true));
        let typed = self.lines.read_assisted(prompt, false, assist, cancel).await;
        let _ = self.out.send(Out::Prompt(false));
        typed
    }
}

fn screen(screen: Screen) -> Sender<Out> {
    let (out, said) = mpsc::channel();
    let _ = std::thread::Builder::new().name("screen".to_owned()).spawn(move || screen.shows(&said));
    out
}

/// The thread that writes.
struct Screen {
    people: Box<dyn Write + Send>,
    data: Box<dyn Write + Send>,
    printer: Option<Printer>,
    is_open: bool,
}

impl Screen {
    fn new(people: impl Write + Send + 'static, data: impl Write + Send + 'static) -> Self {
        Self { people: Box::new(people), data: Box::new(data), printer: None, is_open: false }
    }

    fn shows(mut self, said: &Receiver<Out>) {
        let mut next = said.recv().ok();
        while let Some(out) = next.take() {
            match out {
                Out::Line(line) => next = self.lines(line, said),
                Out::Data(text) => {
                    let _ = self.data.write_all(format!("{text}\n").as_bytes());
                    let _ = self.data.flush();
                }
                Out::Prompt(is_open) => self.is_open = is_open,
                Out::Printer(printer) => self.printer = Some(printer),
                Out::Flush(done) => drop(done.send(())),
            }
            if next.is_none() {
                next = said.recv().ok();
            }
        }
    }

    /// Shows lines as long as there are some: a prompt is drawn anew once for all of them. Gives what comes after.
    fn lines(&mut self, first: String, said: &Receiver<Out>) -> Option<Out> {
        let mut text = first + "\n";
        let mut next = None;
        for _ in 0..AT_ONCE {
            match said.try_recv() {
                Ok(Out::Line(line)) => text.extend([line.as_str(), "\n"]),
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        match &mut self.printer {
            Some(printer) if self.is_open => drop(printer.print(text)),
            _ => drop(self.people.write_all(text.as_bytes())),
        }
        next
    }
}

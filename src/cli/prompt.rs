//! Lines typed on the terminal, or read from a script. They are read on a thread of their own, since nothing can stop
//! a read.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, mpsc};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Behavior, CompletionType, Config, Editor, ExternalPrinter};
use tokio::sync::oneshot;

use super::repl::{Assist, Typist};
use super::terminal;
use crate::host::Cancel;

/// What came of asking for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line, without its end.
    Text(String),
    /// Ctrl-C
    Interrupted,
    /// Ctrl-D, or the terminal is gone.
    Ended,
}

/// Asks for a line and waits for it, on this thread.
pub(super) fn now(prompt: &str) -> Typed {
    line(&mut None, prompt, None)
}

type LineEditor = Editor<Typist, DefaultHistory>;

fn new_editor() -> Option<LineEditor> {
    let config = Config::builder()
        .behavior(Behavior::PreferTerm)
        .auto_add_history(false)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = LineEditor::with_config(config).ok()?;
    editor.set_helper(Some(Typist::default()));
    Some(editor)
}

fn line(editor: &mut Option<LineEditor>, prompt: &str, assist: Option<Assisted>) -> Typed {
    if editor.is_none() {
        *editor = new_editor();
    }
    let Some(editor) = editor else { return Typed::Ended };
    let Assisted { assist, history } = assist.unwrap_or_default();
    editor.helper_mut().into_iter().for_each(|typist| typist.assist.clone_from(&assist));
    for line in history {
        let _ = editor.add_history_entry(line);
    }
    match editor.readline(prompt) {
        Ok(text) => Typed::Text(text),
        Err(ReadlineError::Interrupted) => Typed::Interrupted,
        Err(_) => Typed::Ended,
    }
}

/// The terminal as it was before what is typed was hidden.
static SHOWN: Mutex<Option<Termios>> = Mutex::new(None);

/// Before the process ends in the middle of things: what is typed is shown again.
pub(super) fn give_the_terminal_back() {
    if let Ok(before) = SHOWN.try_lock()
        && let Some(shown) = &*before
    {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, shown);
    }
}

/// A line that is not shown while it is typed. Ctrl-C stays the terminal's and arrives as a signal.
fn hidden(prompt: &str) -> Typed {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), prompt.as_bytes());
    let Ok(shown) = tcgetattr(std::io::stdin()) else { return Typed::Ended };
    let mut silent = shown.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    if let Ok(mut before) = SHOWN.lock() {
        *before = Some(shown.clone());
    }
    if tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).is_err() {
        return Typed::Ended;
    }
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text);
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &shown);
    if let Ok(mut before) = SHOWN.lock() {
        *before = None;
    }
    match read {
        Ok(n) if n > 0 => Typed::Text(text.trim_end_matches(['\n', '\r']).to_owned()),
        _ => Typed::Ended,
    }
}

/// What a prompt offers to whoever types.
#[derive(Clone, Default)]
pub(super) struct Assisted {
    /// Completion, hints, colours.
    pub(super) assist: Option<Arc<Assist>>,
    /// Lines for the arrow keys that are not known yet, oldest first.
    pub(super) history: Vec<String>,
}

struct Request {
    prompt: String,
    hidden: bool,
    assist: Option<Assisted>,
    reply: oneshot::Sender<Typed>,
}

/// A prompt nobody waits for any more: its thread still reads, and its line goes to the next one.
struct Abandoned {
    reply: oneshot::Receiver<Typed>,
    modes: Option<Termios>,
    hidden: bool,
}

/// What prints above a prompt that is open.
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

type TakesPrinter = Box<dyn FnOnce(Printer) + Send>;

/// The thread that reads, begun with the first question.
#[derive(Default)]
pub(super) struct Lines {
    requests: RefCell<Option<mpsc::Sender<Request>>>,
    abandoned: RefCell<Option<Abandoned>>,
    printer: RefCell<Option<TakesPrinter>>,
    script: RefCell<Option<Script>>,
}

type ReadsLine = Box<dyn FnMut(&mut String) -> std::io::Result<usize> + Send>;

/// Lines that somebody wrote down, in place of whoever types.
pub(super) struct Script {
    /// Reads one more with its end; nothing at the end of all.
    pub(super) next: ReadsLine,
    /// Shows each behind its prompt, so that what is said reads like a session.
    pub(super) shows: Box<dyn FnMut(&str) + Send>,
}

impl Script {
    /// On standard input.
    pub(super) fn piped() -> Self {
        Self { next: Box::new(|line| std::io::stdin().read_line(line)), shows: Box::new(terminal::say) }
    }
}

impl Lines {
    /// On a terminal, with something that takes what prints above its prompts.
    pub(super) fn below(printer: impl FnOnce(Printer) + Send + 'static) -> Self {
        Self { printer: RefCell::new(Some(Box::new(printer))), ..Self::default() }
    }

    /// The lines of a script, as they are.
    pub(super) fn of_script(script: Script) -> Self {
        Self { script: RefCell::new(Some(script)), ..Self::default() }
    }

    /// Asks for a line. `None`: cancelled, with the terminal as it was before.
    pub(super) async fn read(&self, prompt: &str, hidden: bool, cancel: &Cancel) -> Option<Typed> {
        self.read_assisted(prompt, hidden, None, cancel).await
    }

    /// The same with what helps to type it.
    pub(super) async fn read_assisted(
        &self,
        prompt: &str,
        hidden: bool,
        assist: Option<Assisted>,
        cancel: &Cancel,
    ) -> Option<Typed> {
        let before = tcgetattr(std::io::stdin()).ok();
        let mut reply = match self.take_up(prompt, hidden) {
            Some(reply) => reply,
            None => self.request(prompt, hidden, assist),
        };
        tokio::select! {
            typed = &mut reply => Some(typed.unwrap_or(Typed::Ended)),
            () = cancel.cancelled() => {
                let modes = tcgetattr(std::io::stdin()).ok();
                if let Some(before) = before {
                    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
                }
                terminal::say("");
                *self.abandoned.borrow_mut() = Some(Abandoned { reply, modes, hidden });
                None
            }
        }
    }

    /// The thread that an abandoned prompt left reading, for this one.
    fn take_up(&self, prompt: &str, hidden: bool) -> Option<oneshot::Receiver<Typed>> {
        let mut abandoned = self.abandoned.take()?;
        if abandoned.reply.try_recv() != Err(oneshot::error::TryRecvError::Empty) {
            return None;
        }
        // What is typed for one sort would be shown, or not, as the other sort is.
        if abandoned.hidden != hidden {
            let (nothing, ended) = oneshot::channel();
            drop(nothing);
            *self.abandoned.borrow_mut() = Some(abandoned);
            return Some(ended);
        }
        let _ = std::io::Write::write_all(&mut std::io::stderr(), prompt.as_bytes());
        if let Some(modes) = &abandoned.modes {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
        }
        Some(abandoned.reply)
    }

    fn request(&self, prompt: &str, hidden: bool, assist: Option<Assisted>) -> oneshot::Receiver<Typed> {
        let (reply, answer) = oneshot::channel();
        let mut requests = self.requests.borrow_mut();
        let sender = requests.get_or_insert_with(|| match self.script.take() {
            Some(script) => begin_script(script),
            None => begin(self.printer.take()),
        });
        // Should the thread be gone, the reply is dropped, and the answer is `Ended`.
        let _ = sender.send(Request { prompt: prompt.to_owned(), hidden, assist, reply });
        answer
    }
}

fn begin(printer: Option<TakesPrinter>) -> mpsc::Sender<Request> {
    let (sender, requests) = mpsc::channel::<Request>();
    let _ = std::thread::Builder::new().name("prompt".to_owned()).spawn(move || {
        let mut editor = new_editor();
        if let Some(takes) = printer
            && let Some(printer) = editor.as_mut().and_then(|editor| editor.create_external_printer().ok())
        {
            takes(Box::new(printer));
        }
        for Request { prompt, hidden: is_hidden, assist, reply } in requests {
            let typed = if is_hidden { hidden(&prompt) } else { line(&mut editor, &prompt, assist) };
            let _ = reply.send(typed);
        }
    });
    sender
}

fn begin_script(mut script: Script) -> mpsc::Sender<Request> {
    let (sender, requests) = mpsc::channel::<Request>();
    let _ = std::thread::Builder::new().name("script".to_owned()).spawn(move || {
        for Request { prompt, hidden, assist: _, reply } in requests {
            let mut text = String::new();
            let typed = match (script.next)(&mut text) {
                Ok(n) if n > 0 => {
                    let text = text.trim_end_matches(['\n', '\r']);
                    (script.shows)(&format!("{prompt}{}", if hidden { "" } else { text }));
                    Typed::Text(text.to_owned())
                }
                _ => Typed::Ended,
            };
            let _ = reply.send(typed);
        }
    });
    sender
}

//! The person on the terminal, and those who answered beforehand with flags.

use std::rc::Rc;
use std::sync::Arc;

use super::prompt::{Lines, Typed};
use super::terminal;
use crate::host::{Cancel, LocalFuture};
use crate::report::{Ink, Reporter, paint, sanitize};
use crate::runtime::is_named;
use crate::runtime::person::{Answer, Person, Question, QuestionKind};

/// Answers given on the command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    /// `--yes`: ordinary confirmations and boxes to tick.
    pub(super) yes: bool,
    /// `--approve STEP`
    pub(super) approved: Vec<String>,
    /// `--answer 'question=answer'`
    pub(super) given: Vec<String>,
    /// Who said so, if that is not who is here now.
    pub(super) by: Option<String>,
}

impl Answers {
    /// What they say to a question. A secret is never taken from the command line.
    fn to(&self, question: &Question) -> Option<String> {
        if let QuestionKind::Secret = question.kind {
            return None;
        }
        let title = question.path.last().map(ToString::to_string);
        let whole = (question.path.len() > 1).then(|| question.path.join("/"));
        let names: Vec<&str> =
            [Some(question.text.as_str()), title.as_deref(), whole.as_deref()].into_iter().flatten().collect();
        let given = self.given.iter().find_map(|given| names.iter().find_map(|name| answer_to(name, given)));
        if let Some(answer) = given {
            return fitting(&question.kind, answer);
        }
        match &question.kind {
            QuestionKind::Confirm | QuestionKind::Tick => self.yes.then(|| "yes".to_owned()),
            QuestionKind::Approve(_) => {
                self.approved.iter().any(|name| is_named(&question.path, name)).then(|| "yes".to_owned())
            }
            QuestionKind::Manual
            | QuestionKind::Choose(_)
            | QuestionKind::Text { .. }
            | QuestionKind::Secret
            | QuestionKind::Type { .. } => None,
        }
    }
}

/// `prod` of `Which one?=prod`. The name may hold a `=` itself.
pub(super) fn answer_to<'g>(name: &str, given: &'g str) -> Option<&'g str> {
    let (before, after) = given.split_at_checked(name.len())?;
    before.eq_ignore_ascii_case(name).then(|| after.strip_prefix('='))?
}

/// An option as it is written in the runbook, whatever its case. What is no option is no answer.
fn fitting(kind: &QuestionKind, answer: &str) -> Option<String> {
    let QuestionKind::Choose(options) = kind else { return Some(answer.to_owned()) };
    let option = options.iter().find(|option| option.eq_ignore_ascii_case(answer));
    if option.is_none() {
        terminal::say(&format!("--answer: \"{answer}\" is none of: {}", options.join(", ")));
    }
    option.cloned()
}

/// How long a signal takes at most to be heard.
const HEARD: std::time::Duration = std::time::Duration::from_millis(300);

/// See the module.
pub(super) struct TerminalPerson {
    answers: Vec<Answers>,
    actor: String,
    interactive: bool,
    reporter: Rc<dyn Reporter>,
    lines: Rc<Lines>,
    /// One question at a time.
    turn: tokio::sync::Mutex<()>,
}

impl TerminalPerson {
    /// Somebody called `actor`, who is only asked what the flags leave open.
    pub(super) fn new(answers: Vec<Answers>, actor: String, reporter: Rc<dyn Reporter>) -> Self {
        let interactive = terminal::is_interactive();
        Self { interactive, ..Self::beside(answers, actor, reporter, Rc::default()) }
    }

    /// The same beside somebody who reads the same lines.
    pub(super) fn beside(answers: Vec<Answers>, actor: String, reporter: Rc<dyn Reporter>, lines: Rc<Lines>) -> Self {
        Self { answers, actor, interactive: true, reporter, lines, turn: tokio::sync::Mutex::default() }
    }

    async fn on_the_terminal(&self, question: &Question, cancel: &Cancel) -> Option<String> {
        let _turn = self.turn.lock().await;
        if cancel.is_cancelled() {
            return None;
        }
        self.reporter.hold();
        say(question);
        let answer = self.until_it_fits(&question.kind, cancel).await;
        self.reporter.go_on();
        answer
    }

    /// What was said with flags, by whoever may say it.
    fn said_before(&self, question: &Question) -> Option<Answer> {
        let said = self.answers.iter().find_map(|answers| {
            let by = answers.by.as_ref().unwrap_or(&self.actor);
            answers.to(question).map(|text| Answer::here(text, by.as_str()))
        })?;
        let refused = self.refuse(question, &said.by).filter(|_| said.is_yes());
        if let Some(why) = &refused {
            terminal::say(&format!("\"{}\": {why}", sanitize::line(&question.text)));
        }
        refused.is_none().then_some(said)
    }

    fn refuse(&self, question: &Question, who: &str) -> Option<String> {
        match &question.kind {
            QuestionKind::Approve(approvers) => approvers.refuse(who),
            _ => None,
        }
    }

    /// Shows a question that somebody else must answer, from elsewhere.
    async fn for_somebody_else(&self, question: &Question, why: &str, cancel: &Cancel) {
        let _turn = self.turn.lock().await;
        if cancel.is_cancelled() {
            return;
        }
        self.reporter.hold();
        say(question);
        terminal::say(&format!("  {}", sanitize::line(why)));
        terminal::say("  waiting for it: rbk approve, from another terminal (Ctrl-C stops here)");
        cancel.cancelled().await;
        self.reporter.go_on();
    }

    async fn until_it_fits(&self, kind: &QuestionKind, cancel: &Cancel) -> Option<String> {
        loop {
            let hidden = matches!(kind, QuestionKind::Secret);
            let typed = match self.lines.read(&prompt(kind), hidden, cancel).await? {
                Typed::Text(text) => text,
                Typed::Interrupted => {
                    // The same as Ctrl-C anywhere else: the signal's listener decides what it means now.
                    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
                    if tokio::time::timeout(HEARD, cancel.cancelled()).await.is_ok() {
                        return None;
                    }
                    continue;
                }
                Typed::Ended => {
                    // If the terminal is gone, a signal says so, and that is more than that nobody answers.
                    let _ = tokio::time::timeout(HEARD, cancel.cancelled()).await;
                    return None;
                }
            };
            match read(kind, &typed) {
                Ok(answer) => return Some(answer),
                Err(again) => terminal::say(&format!("  {again}")),
            }
        }
    }
}

impl Person for TerminalPerson {
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        Box::pin(async move {
            if let Some(answer) = self.said_before(question) {
                return Some(answer);
            }
            if !self.interactive {
                return None;
            }
            match self.refuse(question, &self.actor) {
                Some(why) => {
                    self.for_somebody_else(question, &why, cancel).await;
                    None
                }
                None => Some(Answer::here(self.on_the_terminal(question, cancel).await?, self.actor.as_str())),
            }
        })
    }
}

fn say(question: &Question) {
    let style = terminal::stderr_style();
    let word = match &question.kind {
        QuestionKind::Confirm | QuestionKind::Choose(_) | QuestionKind::Text { .. } | QuestionKind::Secret => "?",
        QuestionKind::Tick => "to tick:",
        QuestionKind::Manual => "by hand:",
        QuestionKind::Approve(_) => "to approve:",
        QuestionKind::Type { .. } => "careful:",
    };
    let text = sanitize::line(&question.text);
    let place: Vec<&Arc<str>> = question.path.iter().filter(|title| ***title != *question.text).collect();
    let place = place.iter().map(|title| &***title).collect::<Vec<&str>>().join(" / ");
    let place =
        if place.is_empty() { place } else { paint(style, Ink::Dim, &format!("  ({})", sanitize::line(&place))) };
    terminal::say(&format!("{} {}{place}", paint(style, Ink::Warn, word), paint(style, Ink::Bold, &text)));
    for line in question.details.iter().flat_map(|detail| sanitize::lines(detail)) {
        terminal::say(&format!("    {line}"));
    }
    if let QuestionKind::Choose(options) = &question.kind {
        for (number, option) in (1..).zip(options) {
            terminal::say(&format!("  {number}. {}", sanitize::line(option)));
        }
    }
}

fn prompt(kind: &QuestionKind) -> String {
    match kind {
        QuestionKind::Confirm | QuestionKind::Tick | QuestionKind::Approve(_) => "yes or no › ".to_owned(),
        QuestionKind::Manual => "done or no › ".to_owned(),
        QuestionKind::Choose(options) => format!("1 to {} › ", options.len()),
        QuestionKind::Text { default: Some(default) } => format!("[{}] › ", sanitize::line(default)),
        QuestionKind::Text { default: None } => "› ".to_owned(),
        QuestionKind::Secret => "(not shown) › ".to_owned(),
        QuestionKind::Type { word } => format!("type {word} to go on, or no › "),
    }
}

/// What was typed as an answer.
///
/// # Errors
/// What to type instead.
fn read(kind: &QuestionKind, typed: &str) -> Result<String, String> {
    let word = typed.trim();
    let lower = word.to_lowercase();
    match kind {
        QuestionKind::Confirm | QuestionKind::Tick | QuestionKind::Approve(_) => match lower.as_str() {
            "y" | "yes" => Ok("yes".to_owned()),
            "n" | "no" => Ok("no".to_owned()),
            _ => Err("yes, or no: which stops here".to_owned()),
        },
        QuestionKind::Manual => match lower.as_str() {
            "d" | "done" | "y" | "yes" => Ok("done".to_owned()),
            "n" | "no" => Ok("no".to_owned()),
            _ => Err("done once it is done, or no: which stops here".to_owned()),
        },
        QuestionKind::Choose(options) => {
            let by_number = word.parse::<usize>().ok().and_then(|n| options.get(n.checked_sub(1)?));
            let by_text = options.iter().find(|option| option.eq_ignore_ascii_case(word));
            by_text.or(by_number).cloned().ok_or_else(|| "the number of one of these, or the answer itself".to_owned())
        }
        QuestionKind::Text { default } => match default {
            Some(default) if word.is_empty() => Ok(default.clone()),
            _ => Ok(word.to_owned()),
        },
        QuestionKind::Secret => Ok(typed.to_owned()),
        QuestionKind::Type { word: wanted } if word == wanted => Ok(wanted.clone()),
        QuestionKind::Type { .. } if ["n", "no"].contains(&lower.as_str()) => Ok("no".to_owned()),
        QuestionKind::Type { word: wanted } => Err(format!("{wanted}, word for word; or no, which stops here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Approvers;

    fn question(kind: QuestionKind, text: &str) -> Question {
        Question {
            kind,
            text: text.into(),
            details: Vec::new(),
            path: vec!["Before".into(), "Ready".into()],
            answer_by: None,
        }
    }

    #[test]
    fn yes_answers_only_what_is_ordinary() {
        let answers = Answers { yes: true, ..Answers::default() };
        assert_eq!(answers.to(&question(QuestionKind::Confirm, "Go?")).as_deref(), Some("yes"));
        assert_eq!(answers.to(&question(QuestionKind::Tick, "Reviewed")).as_deref(), Some("yes"));
        for kind in [
            QuestionKind::Manual,
            QuestionKind::Approve(Approvers::default()),
            QuestionKind::Type { word: "prod".into() },
            QuestionKind::Secret,
            QuestionKind::Text { default: Some("x".into()) },
        ] {
            assert_eq!(answers.to(&question(kind, "Go?")), None);
        }
    }

    #[test]
    fn answers_by_text_or_title() {
        let answers = Answers {
            given: vec!["a = b?=yes".into(), "before/ready=Roll back".into()],
            approved: vec!["Ready".into()],
            yes: false,
            by: None,
        };
        assert_eq!(answers.to(&question(QuestionKind::Text { default: None }, "a = b?")).as_deref(), Some("yes"));
        let choose = QuestionKind::Choose(vec!["roll back".into(), "go on".into()]);
        assert_eq!(answers.to(&question(choose, "What now?")).as_deref(), Some("roll back"));
        let other = QuestionKind::Choose(vec!["stop".into()]);
        assert_eq!(answers.to(&question(other, "What now?")), None);
        let none = Answers { given: Vec::new(), ..answers };
        let approve = QuestionKind::Approve(Approvers::default());
        assert_eq!(none.to(&question(approve, "Deploy it")).as_deref(), Some("yes"));
    }

    #[test]
    fn what_was_typed() {
        let options = QuestionKind::Choose(vec!["stop".into(), "2".into()]);
        assert_eq!(read(&options, "1").as_deref(), Ok("stop"));
        assert_eq!(read(&options, " 2 ").as_deref(), Ok("2"));
        assert!(read(&options, "3").is_err());
        assert_eq!(read(&QuestionKind::Confirm, "Y").as_deref(), Ok("yes"));
        assert!(read(&QuestionKind::Confirm, "").is_err());
        let word = QuestionKind::Type { word: "prod".into() };
        assert_eq!(read(&word, "prod").as_deref(), Ok("prod"));
        assert_eq!(read(&word, "no").as_deref(), Ok("no"));
        assert!(read(&word, "Prod").is_err());
    }
}

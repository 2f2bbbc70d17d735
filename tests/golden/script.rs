//! What the comments at the top of a case say: the inputs, the world, the people.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use rbk::host::fake::{CommandReply, FakeHost, HttpReply};
use rbk::host::{Cancel, LocalFuture};
use rbk::journal::{Entry, JournalError, Memory, Record, Recorded};
use rbk::runtime::inputs::{Given, GivenValue};
use rbk::runtime::person::{Answer, Person, Question};
use rbk::value::units;

/// A case, without its runbook.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) given: Given,
    pub(crate) plan: bool,
    pub(crate) probe: bool,
    pub(crate) checks_only: bool,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) only: Vec<String>,
    pub(crate) on_fail: Option<String>,
    /// When somebody presses Ctrl-C.
    pub(crate) stops: Vec<Duration>,
    /// What is shown beside the events: `journal`, `output`, `files`, `calls`.
    pub(crate) show: Vec<String>,
    /// After how many entries the journal can be written no more.
    pub(crate) journal_fails_after: Option<usize>,
    people: Vec<Reply>,
    /// What must have been used when the run is over: (directive, how often, at least).
    uses: Vec<(String, Rc<Cell<usize>>, usize)>,
}

struct Reply {
    question: String,
    answer: Answer,
    after: Duration,
    used: Rc<Cell<usize>>,
}

enum Turn {
    Command(CommandReply),
    Http(HttpReply),
}

/// Lines that begin with `#@`, with what they ask for already laid out in `host`.
pub(crate) fn read(text: &str, host: &FakeHost) -> Result<Script, String> {
    let mut script = Script::default();
    let mut sequence: Option<(String, Vec<Turn>)> = None;
    for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("#@")) {
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        if word == "then" {
            let (of, turns) = sequence.as_mut().ok_or("`then` follows `command` or `http`")?;
            turns.extend(if of.starts_with("http") { http_turns(rest)? } else { command_turns(rest)? });
            continue;
        }
        script.lay_out(sequence.take(), host);
        match word {
            "command" | "http" => {
                let (pattern, reply) = rest.split_once(" -> ").ok_or(format!("no ` -> ` in: {line}"))?;
                let turns = if word == "http" { http_turns(reply)? } else { command_turns(reply)? };
                sequence = Some((format!("{word} {pattern}"), turns));
            }
            "answer" => script.answer(rest, 1)?,
            // One that comes when nobody waits for it any more.
            "late" => script.answer(rest, 0)?,
            _ => script.setting(word, rest, host)?,
        }
    }
    script.lay_out(sequence.take(), host);
    Ok(script)
}

impl Script {
    fn setting(&mut self, word: &str, rest: &str, host: &FakeHost) -> Result<(), String> {
        let pair =
            || rest.split_once('=').map(|(k, v)| (k.trim(), v.trim())).ok_or(format!("no `=` in: {word} {rest}"));
        match word {
            "env" => self.given.environment = Some(rest.to_owned()),
            "param" => {
                let (name, value) = pair()?;
                self.given.params.insert(name.to_owned(), GivenValue::Text(value.to_owned()));
            }
            "var" => pair().map(|(name, value)| host.set_var(name, value))?,
            "file" => {
                let (path, content) = pair()?;
                host.fake_files().put(path, unquoted(content)?);
            }
            "port" => {
                let (name, port) = rest.rsplit_once(':').ok_or("port HOST:NUMBER")?;
                host.open_port(name, port.parse().map_err(|_| "port HOST:NUMBER")?);
            }
            "uninstalled" => host.uninstall(rest),
            "plan" => self.plan = true,
            "probe" => (self.plan, self.probe) = (true, true),
            "checks" => self.checks_only = true,
            "from" => self.from = Some(rest.to_owned()),
            "until" => self.until = Some(rest.to_owned()),
            "only" => self.only.push(rest.to_owned()),
            "on_fail" => self.on_fail = Some(rest.to_owned()),
            "stop" => self.stops.push(duration(rest)?),
            "journal" => {
                let count = rest.strip_prefix("fails after ").and_then(|count| count.parse().ok());
                self.journal_fails_after = Some(count.ok_or("journal fails after N")?);
            }
            "show" => self.show.push(rest.to_owned()),
            _ => return Err(format!("unknown directive: {word} {rest}")),
        }
        Ok(())
    }

    /// `"Question" = yes [by NAME] [after D]`
    fn answer(&mut self, rest: &str, wanted: usize) -> Result<(), String> {
        let (question, said) = rest
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\" = "))
            .ok_or(format!("answer \"Question\" = TEXT [by NAME] [after D]: {rest}"))?;
        let (said, after) = match said.rsplit_once(" after ") {
            Some((said, after)) => (said, duration(after)?),
            None => (said, Duration::ZERO),
        };
        let (text, by) = said.rsplit_once(" by ").unwrap_or((said, "ada"));
        let used = Rc::new(Cell::new(0));
        self.uses.push((format!("answer {rest}"), Rc::clone(&used), wanted));
        let answer = Answer::here(text, by);
        self.people.push(Reply { question: question.to_owned(), answer, after, used });
        Ok(())
    }

    fn lay_out(&mut self, sequence: Option<(String, Vec<Turn>)>, host: &FakeHost) {
        let Some((directive, turns)) = sequence else { return };
        let used = Rc::new(Cell::new(0));
        self.uses.push((directive.clone(), Rc::clone(&used), turns.len()));
        let next = move |of: usize| {
            let at = used.get();
            used.set(at + 1);
            at.min(of - 1)
        };
        let (word, pattern) = directive.split_once(' ').unwrap_or_default();
        let (mut commands, mut answers) = (Vec::new(), Vec::new());
        for turn in turns {
            match turn {
                Turn::Command(reply) => commands.push(reply),
                Turn::Http(reply) => answers.push(reply),
            }
        }
        if word == "command" {
            host.on_command_with(pattern, move |_| commands[next(commands.len())].clone());
        } else {
            let (method, url) = pattern.split_once(' ').unwrap_or(("*", pattern));
            host.on_http_with(method, url, move |_| answers[next(answers.len())].clone());
        }
    }

    /// What no part of the run made use of.
    pub(crate) fn unused(&self) -> Vec<String> {
        let short = self.uses.iter().filter(|(_, used, wanted)| used.get() < *wanted);
        short.map(|(directive, used, wanted)| format!("{directive}: used {} of {wanted} times", used.get())).collect()
    }

    /// Who answers.
    pub(crate) fn person(&mut self) -> Scripted {
        Scripted { replies: RefCell::new(std::mem::take(&mut self.people)) }
    }
}

/// People who say what the case says, and nothing else.
pub(crate) struct Scripted {
    replies: RefCell<Vec<Reply>>,
}

impl Person for Scripted {
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        let mut replies = self.replies.borrow_mut();
        let found = replies.iter().position(|reply| reply.question == question.text);
        let reply = found.map(|at| replies.remove(at));
        Box::pin(async move {
            let reply = reply?;
            if !reply.after.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(reply.after) => {}
                    () = cancel.cancelled() => return None,
                }
            }
            reply.used.set(1);
            Some(reply.answer)
        })
    }
}

/// A journal on a disk that is full after so many entries.
pub(crate) struct Filling {
    pub(crate) journal: Rc<Memory>,
    pub(crate) room: Cell<usize>,
}

impl Record for Filling {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        match self.room.get().checked_sub(1) {
            Some(left) => {
                self.room.set(left);
                self.journal.write(entry)
            }
            None => Box::pin(std::future::ready(Err(JournalError { reason: "the disk is full".to_owned() }))),
        }
    }

    fn note(&self, entry: Entry) {
        // Only what an effect came to counts: where steps begin and end is not what the case is about.
        if matches!(entry.event, Recorded::Outcome { .. }) {
            let Some(left) = self.room.get().checked_sub(1) else { return };
            self.room.set(left);
        }
        self.journal.note(entry);
    }

    fn fence(&self) -> u64 {
        1
    }
}

/// `[N times] [after D]`, and the rest.
fn lead(text: &str) -> Result<(usize, Duration, &str), String> {
    let (mut times, mut after, mut rest) = (1, Duration::ZERO, text.trim());
    if let Some((count, more)) = rest.split_once(" times ")
        && let Ok(count) = count.parse()
    {
        (times, rest) = (count, more.trim());
    }
    if let Some(more) = rest.strip_prefix("after ") {
        let (time, more) = more.split_once(' ').unwrap_or((more, ""));
        (after, rest) = (duration(time)?, more.trim());
    }
    Ok((times, after, rest))
}

/// `ok ["out"]`, `exit N ["err"]`, `hangs`, `hangs stubbornly`
fn command_turns(text: &str) -> Result<Vec<Turn>, String> {
    let (times, after, rest) = lead(text)?;
    let (word, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let reply = match word {
        "ok" => CommandReply::ok(unquoted(more)?),
        "exit" => {
            let (status, stderr) = more.split_once(' ').unwrap_or((more, ""));
            CommandReply::failed(status.parse().map_err(|_| format!("no exit code: {text}"))?, unquoted(stderr)?)
        }
        "hangs" if more == "stubbornly" => CommandReply::hangs().ignoring_term(),
        "hangs" => CommandReply::hangs(),
        _ => return Err(format!("no reply of a command: {text}")),
    };
    let reply = reply.after(after);
    Ok((0..times).map(|_| Turn::Command(reply.clone())).collect())
}

/// `STATUS [BODY]`, `refused`, `breaks off`, `hangs`
fn http_turns(text: &str) -> Result<Vec<Turn>, String> {
    let (times, after, rest) = lead(text)?;
    let reply = match rest {
        "refused" => HttpReply::refused(),
        "breaks off" => HttpReply::breaks_off(),
        "hangs" => HttpReply::hangs(),
        _ => {
            let (status, body) = rest.split_once(' ').unwrap_or((rest, ""));
            let status = status.parse().map_err(|_| format!("no status: {text}"))?;
            match (body.strip_prefix("to "), body.strip_prefix("lines ")) {
                (Some(location), _) => HttpReply::new(status, "").header("location", location),
                (None, Some(lines)) => HttpReply::new(status, unquoted(lines)?),
                (None, None) => HttpReply::new(status, body),
            }
        }
    };
    let reply = reply.after(after);
    Ok((0..times).map(|_| Turn::Http(reply.clone())).collect())
}

/// A text between quotes with the escapes of JSON; nothing is the empty text.
fn unquoted(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let nanoseconds = units::parse_duration(text.trim()).ok_or(format!("no duration: {text}"))?;
    Ok(Duration::from_nanos(u64::try_from(nanoseconds).map_err(|error| error.to_string())?))
}

/// How the facts of a case stand in its transcript.
pub(crate) fn sorted_env(env: &BTreeMap<String, String>) -> String {
    let ours = env.iter().filter(|(name, _)| !name.starts_with("RBK_"));
    ours.flat_map(|(name, value)| [" ", name.as_str(), "=", value.as_str()]).collect()
}

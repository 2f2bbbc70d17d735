//! The steps that only people can do. The clocks of all deadlines stand still while one is asked.

use std::sync::Arc;

use super::block::attempt;
use super::branch::Branch;
use super::dispatcher::Asked;
use super::event::Event;
use super::failure::FailureKind;
use super::flow::Flow;
use super::person::{Answer, Question, QuestionKind};
use crate::analysis::program::{Act, Block, Scope};
use crate::catalog::Args;
use crate::eval::Expr;
use crate::journal::{Approvers, Position, QuestionEntry, Recorded};
use crate::source::Span;
use crate::value::{Type, Value};

/// The action that is answered by a person.
pub(super) const ASK: &str = "ask";

impl Branch {
    /// Asks, and records the answer. `Ok(None)`: a plan, which nobody answers.
    pub(super) async fn ask(&mut self, question: &Question, span: Span) -> Result<Option<Answer>, Flow> {
        let question = &Question {
            kind: question.kind.clone(),
            text: self.run.mask.hide(&question.text).into_owned(),
            details: question.details.iter().map(|line| self.run.mask.hide(line).into_owned()).collect(),
            path: question.path.clone(),
            answer_by: question.answer_by,
        };
        if question.kind == QuestionKind::Secret {
            // What was typed is not on record: it is asked for each time.
            let observing = self.observe();
            let answer = self.ask_now(question, &self.position(), span).await;
            self.observed(observing);
            return answer;
        }
        let pos = self.position();
        match self.recall(&pos, span).await? {
            Some(Recorded::Answered { answer, by, evidence, left, .. }) => {
                return Ok(Some(Answer { text: answer, by, evidence, left }));
            }
            Some(_) => return Err(self.diverged(span, "something else than an answer")),
            None => {}
        }
        let asked = Recorded::Asked { pos: pos.clone(), question: self.question_entry(question) };
        match self.record(asked, span).await {
            Flow::Next => self.ask_now(question, &pos, span).await,
            flow => Err(flow),
        }
    }

    fn question_entry(&self, question: &Question) -> QuestionEntry {
        let (kind, options) = match &question.kind {
            QuestionKind::Confirm => ("confirm", Vec::new()),
            QuestionKind::Tick => ("tick", Vec::new()),
            QuestionKind::Manual => ("manual", Vec::new()),
            QuestionKind::Choose(options) => ("choose", options.clone()),
            QuestionKind::Text { .. } => ("text", Vec::new()),
            QuestionKind::Secret => ("secret", Vec::new()),
            QuestionKind::Approve(approvers) => ("approve", approvers.named.clone()),
            QuestionKind::Type { word } => ("type", vec![word.clone()]),
        };
        QuestionEntry {
            kind: kind.to_owned(),
            text: question.text.clone(),
            details: question.details.clone(),
            options,
            path: question.path.clone(),
            expires: question.answer_by,
            approvers: match &question.kind {
                QuestionKind::Approve(approvers) => Some(approvers.clone()),
                _ => None,
            },
        }
    }

    async fn ask_now(&mut self, question: &Question, pos: &Position, span: Span) -> Result<Option<Answer>, Flow> {
        self.emit(&Event::Asked { question: question.text.clone() });
        let asked = {
            let _still = self.deadline.as_ref().map(|deadline| deadline.stand_still(&self.run.host));
            self.run.dispatcher.ask(question, pos, &self.cancel).await
        };
        if self.cancel.is_cancelled() {
            return Err(self.cancelled(span));
        }
        match asked {
            Asked::Answered(answer) => {
                if let QuestionKind::Approve(approvers) = &question.kind
                    && let Some(why) = approvers.refuse(&answer.by).filter(|_| answer.is_yes())
                {
                    return Err(Flow::Fail(self.failure(FailureKind::Refused, span, why)));
                }
                let Answer { text, by, evidence, left } = match question.kind {
                    QuestionKind::Secret => Answer { text: "•••".to_owned(), ..answer.clone() },
                    _ => answer.clone(),
                };
                self.emit(&Event::Answered { question: question.text.clone(), answer: text.clone(), by: by.clone() });
                let question = question.text.clone();
                let event = Recorded::Answered { pos: pos.clone(), question, answer: text, by, evidence, left };
                match self.record(event, span).await {
                    Flow::Next => Ok(Some(answer)),
                    flow => Err(flow),
                }
            }
            Asked::Nobody => {
                let message = format!("nobody is here to answer: {}", question.text);
                let mut failure = self.failure(FailureKind::Unanswered, span, message);
                failure.diagnostic.help = Some(how_to_answer(question, &self.run.id));
                Err(Flow::Pause(failure))
            }
            Asked::Unknown => Ok(None),
        }
    }

    fn question(&self, kind: QuestionKind, text: String, details: Vec<String>) -> Question {
        Question { kind, text, details, path: self.path.clone(), answer_by: self.answer_by }
    }

    fn refused(&self, span: Span, answer: &Answer, what: &str) -> Flow {
        Flow::Fail(self.failure(FailureKind::Refused, span, format!("{} said no: {what}", answer.by)))
    }

    pub(super) async fn confirm(&mut self, scope: &Scope) -> Flow {
        let text = attempt!(self.text(&scope.title));
        let question = self.question(QuestionKind::Confirm, text.clone(), Vec::new());
        match self.ask(&question, scope.span).await {
            Ok(Some(answer)) if !answer.is_yes() => self.refused(scope.span, &answer, &text),
            Ok(_) => Flow::Next,
            Err(flow) => flow,
        }
    }

    pub(super) async fn checklist(&mut self, items: &[Expr]) -> Flow {
        for item in items {
            let text = attempt!(self.text(item));
            let question = self.question(QuestionKind::Tick, text.clone(), Vec::new());
            match self.ask(&question, item.span).await {
                Ok(Some(answer)) if !answer.is_yes() => return self.refused(item.span, &answer, &text),
                Ok(_) => {}
                Err(flow) => return flow,
            }
        }
        Flow::Next
    }

    pub(super) async fn manual(&mut self, scope: &Scope, how: Option<&Expr>, body: &Block) -> Flow {
        match self.block(body).await {
            Flow::Next => {}
            flow => return flow,
        }
        let mut details = Vec::new();
        if let Some(how) = how {
            details.push(attempt!(self.text(how)));
        }
        let text = attempt!(self.text(&scope.title));
        // What a person does by hand changes the world as any effect does.
        self.touch();
        let question = self.question(QuestionKind::Manual, text.clone(), details);
        match self.ask(&question, scope.span).await {
            Ok(Some(answer)) if !answer.is_yes() => self.refused(scope.span, &answer, &text),
            Ok(_) => Flow::Next,
            Err(flow) => flow,
        }
    }

    pub(super) async fn choose(&mut self, scope: &Scope, branches: &[(Arc<str>, Block)]) -> Flow {
        let text = attempt!(self.text(&scope.title));
        let options: Vec<String> = branches.iter().map(|(option, _)| option.to_string()).collect();
        let question = self.question(QuestionKind::Choose(options), text, Vec::new());
        match self.ask(&question, scope.span).await {
            Ok(Some(answer)) => match branches.iter().find(|(option, _)| **option == *answer.text) {
                Some((_, body)) => self.block(body).await,
                None => {
                    let message = format!("\"{}\" is none of the answers to \"{}\"", answer.text, scope.name);
                    Flow::Fail(self.failure(FailureKind::Refused, scope.span, message))
                }
            },
            Ok(None) => self.every_way(branches).await,
            Err(flow) => flow,
        }
    }

    /// All branches of a choice that only a run will make.
    async fn every_way(&mut self, branches: &[(Arc<str>, Block)]) -> Flow {
        let before = self.frame().clone();
        let mut after = Vec::new();
        for (option, body) in branches {
            self.emit(&Event::Branch { text: format!("if the answer is \"{option}\""), depth: self.scope.depth });
            *self.frame() = before.clone();
            match self.block(body).await {
                flow if flow.is_a_way_out() => {}
                Flow::Fail(failure) => return Flow::Fail(failure),
                _ => after.push(self.frame().clone()),
            }
        }
        for other in &after {
            self.frame().join_unknown(other);
        }
        Flow::Next
    }

    pub(super) async fn approve(&mut self, scope: &Scope, count: Option<&Expr>, by: Option<&Expr>) -> Flow {
        let what = attempt!(self.text(&scope.title));
        let count = match count {
            Some(count) => attempt!(self.count(count)),
            None => 1,
        };
        let by = match by {
            Some(by) => match attempt!(self.eval(by)) {
                Value::List(names) => names.iter().map(Value::to_text).collect(),
                other => vec![other.to_text()],
            },
            None => Vec::new(),
        };
        let limit = match &scope.modifiers.within {
            Some(within) => Some(attempt!(self.duration(within))),
            None => None,
        };
        let Some(limit) = limit else {
            return self.approvals(scope, &what, count, &by).await;
        };
        // The clocks around it stand still while it waits; its own is the person's time, and does not.
        let around = self.deadline.clone();
        let span = jiff::SignedDuration::try_from(limit).ok();
        self.answer_by = span.and_then(|span| self.host().now().checked_add(span).ok());
        let (flow, over) = self
            .under_deadline(limit, async |branch| {
                branch.deadline = around;
                branch.approvals(scope, &what, count, &by).await
            })
            .await;
        self.answer_by = None;
        if over && !matches!(flow, Flow::Next) {
            let message = format!("nobody approved \"{what}\" within {}", super::failure::spoken(limit));
            return Flow::Fail(self.failure(FailureKind::Refused, scope.span, message));
        }
        flow
    }

    async fn approvals(&mut self, scope: &Scope, what: &str, count: usize, by: &[String]) -> Flow {
        let mut given: Vec<String> = Vec::new();
        while given.len() < count.max(1) {
            let mut approvers = Approvers::new(by.to_vec(), &self.run.groups);
            if self.unit.four_eyes {
                approvers.bar(&self.run.actor, "started the run");
            }
            for who in &given {
                approvers.bar(who, "approved it already");
            }
            let mut details = approvers.details();
            if count > 1 {
                details.push(format!("{} of {count} given", given.len()));
            }
            let question = self.question(QuestionKind::Approve(approvers), what.to_owned(), details);
            match self.ask(&question, scope.span).await {
                Ok(Some(answer)) if !answer.is_yes() => return self.refused(scope.span, &answer, what),
                Ok(Some(answer)) => given.push(answer.by),
                Ok(None) => return Flow::Next,
                Err(flow) => return flow,
            }
        }
        Flow::Next
    }

    /// `ask("…", options: […])` as a value.
    pub(super) async fn ask_for_value(&mut self, act: &Act, args: &Args) -> Flow {
        let kind = match args.get("options") {
            Value::List(options) if !options.is_empty() => {
                QuestionKind::Choose(options.iter().map(Value::to_text).collect())
            }
            _ if act.secret => QuestionKind::Secret,
            _ => QuestionKind::Text {
                default: match args.get("default") {
                    Value::Null => None,
                    value => Some(value.to_text()),
                },
            },
        };
        let question = self.question(kind, args.get("question").to_text(), Vec::new());
        let value = match self.ask(&question, act.span).await {
            Ok(Some(answer)) => attempt!(self.tainted(Value::str(answer.text), act)),
            Ok(None) => Value::Unknown(Type::String).tainted(act.secret),
            Err(flow) => return flow,
        };
        if let Some(slot) = act.slot {
            self.set(slot, value);
        }
        Flow::Next
    }

    /// In a protected environment, the environment's name typed out before something dangerous.
    pub(super) async fn type_to_go_on(&mut self, what: &str, span: Span) -> Flow {
        let Some(word) = self.unit.environment.clone().filter(|_| self.unit.protected) else { return Flow::Next };
        let kind = QuestionKind::Type { word: word.to_string() };
        let question = self.question(kind, what.to_owned(), Vec::new());
        match self.ask(&question, span).await {
            Ok(Some(answer)) if answer.text != *word => {
                let message = format!("{} typed \"{}\" and not \"{word}\": {what}", answer.by, answer.text);
                Flow::Fail(self.failure(FailureKind::Refused, span, message))
            }
            Ok(_) => Flow::Next,
            Err(flow) => flow,
        }
    }
}

/// The flag that answers a question without a terminal.
fn how_to_answer(question: &Question, run: &str) -> String {
    let named = question.path.last().map_or(question.text.as_str(), AsRef::as_ref);
    let answered = |answer: &str| format!("--answer {}", super::wording::word(&format!("{}={answer}", question.text)));
    match &question.kind {
        QuestionKind::Confirm | QuestionKind::Tick => {
            format!("run it on a terminal, or answer with --yes, or {}", answered("yes"))
        }
        QuestionKind::Manual => {
            format!("run it on a terminal, or once it is done say {}", answered("done"))
        }
        QuestionKind::Choose(options) => {
            format!("run it on a terminal, or say {}", answered(&options.join("|")))
        }
        QuestionKind::Secret => "run it on a terminal, or declare the secret `from env_var(…)`".to_owned(),
        QuestionKind::Text { .. } => format!("run it on a terminal, or say {}", answered("…")),
        QuestionKind::Approve(approvers) if approvers.barred.is_empty() && approvers.people.is_none() => {
            format!("run it on a terminal, or, if it was approved, say --approve '{named}'")
        }
        QuestionKind::Approve(_) => format!("whoever may approve it says: rbk approve {run}"),
        QuestionKind::Type { word } => format!("run it on a terminal, or say {}", answered(word)),
    }
}

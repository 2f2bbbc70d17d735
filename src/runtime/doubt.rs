//! What the record tells of an effect, and what is done about one of which it tells only that it began.

use std::rc::Rc;

use super::act::Performance;
use super::branch::Branch;
use super::dispatcher::Performed;
use super::event::Event;
use super::failure::FailureKind;
use super::flow::Flow;
use super::person::{Question, QuestionKind};
use super::replay::values;
use crate::analysis::program::{Act, Block};
use crate::catalog::{Args, Certainty, Effect};
use crate::journal::{Ending, Position, Recall, Recorded, Verdict};
use crate::value::{Record, Value, json};

/// The answers about an effect in doubt.
const HAPPENED: &str = "it happened";
const DID_NOT: &str = "it did not happen";
const AGAIN: &str = "run it again";

/// What is taken for true of an effect in doubt, and who says so.
struct Decision {
    verdict: Verdict,
    by: String,
    value: Option<Recall>,
}

impl Branch {
    /// What a read returned before. `None`: a secret, which is not on record, and is read again.
    pub(super) fn recalled_read(&mut self, known: Recorded, summary: &str, act: &Act) -> Option<Flow> {
        let Recorded::Read { ending, value, .. } = known else {
            return Some(self.diverged(act.span, "something else than a read"));
        };
        if value == Some(Recall::Withheld) {
            return None;
        }
        Some(self.recalled_ending(&ending, value.as_ref(), summary, act))
    }

    fn recalled_ending(&mut self, ending: &Ending, value: Option<&Recall>, summary: &str, act: &Act) -> Flow {
        let (result, cancelled) = match ending {
            Ending::Done => (Ok(value.and_then(values::recalled).unwrap_or(Value::Null)), false),
            Ending::Failed(entry) => (Err(values::error(entry, Certainty::Failed, value)), entry.cancelled),
            Ending::Unknown(entry) => (Err(values::error(entry, Certainty::InDoubt, value)), entry.cancelled),
        };
        if matches!(ending, Ending::Unknown(_)) {
            self.mark_in_doubt(summary);
        }
        self.ended(result, summary, act, cancelled)
    }

    /// What came of a changing effect before; if nobody knows, it is decided now.
    pub(super) async fn recalled_effect(
        &mut self,
        known: Recorded,
        pos: &Position,
        performance: &Performance<'_>,
        act: &Act,
    ) -> Flow {
        let Recorded::Intent { arguments, summary: recorded, repeatable, .. } = known else {
            return self.diverged(act.span, "something else than a change");
        };
        if arguments != performance.digest {
            return self.diverged(act.span, &format!("`{recorded}`, and the story now has `{}`", performance.summary));
        }
        let run = Rc::clone(&self.run);
        let outcome = match run.replay.meet_outcome(pos).await {
            Ok(outcome) => outcome,
            Err(what) => return self.diverged(act.span, &what),
        };
        let flow = match outcome {
            Some(Recorded::Outcome { ending: Ending::Done, value: Some(Recall::Withheld), .. }) => {
                let observing = self.observe_at(pos);
                let flow = self.ask_for_withheld(&performance.summary, act).await;
                self.observed(observing);
                flow
            }
            Some(Recorded::Outcome { ending, value, .. }) => {
                self.recalled_ending(&ending, value.as_ref(), &performance.summary, act)
            }
            Some(Recorded::Decided { verdict: Verdict::Happened, value, .. }) => {
                self.recalled_ending(&Ending::Done, value.as_ref(), &performance.summary, act)
            }
            Some(_) | None => self.in_doubt(pos, performance, act, repeatable).await,
        };
        if matches!(flow, Flow::Next) {
            // Armed on record already, with the outcome.
            let _ = self.arm_ready(true);
        }
        flow
    }

    /// The result was a secret, which is never written down: whoever resumes has to give it again.
    pub(super) async fn ask_for_withheld(&mut self, summary: &str, act: &Act) -> Flow {
        let text = format!("What did `{summary}` return? It was a secret, and is not on record.");
        let question = Question {
            kind: QuestionKind::Secret,
            text,
            details: Vec::new(),
            path: self.path.clone(),
            answer_by: None,
        };
        match self.ask(&question, act.span).await {
            Ok(Some(answer)) => self.ended(Ok(read(&answer.text)), summary, act, false),
            Ok(None) => Flow::Next,
            Err(flow) => flow,
        }
    }

    /// Nobody knows whether it happened: its probe, its key, or a person decides.
    async fn in_doubt(&mut self, pos: &Position, performance: &Performance<'_>, act: &Act, repeatable: bool) -> Flow {
        match self.go_live(act.span).await {
            Ok(()) => {}
            Err(flow @ Flow::Rollback(_)) => {
                self.end_what_is_left(performance).await;
                self.mark_in_doubt(&performance.summary);
                return flow;
            }
            Err(flow) => return flow,
        }
        let observing = self.observe_at(pos);
        let decision = match self.until_nothing_is_left(performance, act).await {
            Ok(()) => self.decide_about(performance, act, repeatable).await,
            Err(flow) => Err(flow),
        };
        self.observed(observing);
        let decision = match decision {
            Ok(decision) => decision,
            Err(flow) => return flow,
        };
        let Decision { verdict, by, value } = decision;
        let told = match verdict {
            Verdict::Happened => "it happened",
            Verdict::DidNot => "it did not happen, and is run",
            Verdict::Again => "it is run again",
        };
        self.emit(&Event::Note(format!("in doubt: {}: {told} ({by})", performance.summary)));
        let decided = Recorded::Decided { pos: pos.clone(), verdict, by, value: value.clone() };
        match self.record(decided, act.span).await {
            Flow::Next => {}
            flow => return flow,
        }
        if verdict == Verdict::Happened {
            return self.recalled_ending(&Ending::Done, value.as_ref(), &performance.summary, act);
        }
        let scope = Rc::clone(&self.scope);
        let (show, bound) = (performance.summary.clone(), act.slot.is_some());
        self.emit(&Event::EffectStarted { scope, show, effect: act.effect, bound });
        self.perform_and_conclude(performance, pos, act).await
    }

    async fn decide_about(
        &mut self,
        performance: &Performance<'_>,
        act: &Act,
        repeatable: bool,
    ) -> Result<Decision, Flow> {
        let mut seen = None;
        if let Some(probe) = self.probes.last().cloned() {
            match self.probe(&probe).await {
                Probed::Happened(value) => {
                    let value = value.or_else(|| plain_result(performance)).map(|value| values::kept(&value));
                    return Ok(Decision { verdict: Verdict::Happened, by: "its probe".to_owned(), value });
                }
                Probed::DidNot => {
                    return Ok(Decision { verdict: Verdict::DidNot, by: "its probe".to_owned(), value: None });
                }
                Probed::CannotTell(said) => seen = Some(format!("its probe could not tell: {said}")),
                Probed::Leave(flow) => return Err(flow),
            }
        }
        if repeatable && act.effect != Effect::Destroys {
            let by = "the same twice is the same once".to_owned();
            return Ok(Decision { verdict: Verdict::Again, by, value: None });
        }
        self.operator_decides(performance, act, seen).await
    }

    async fn operator_decides(
        &mut self,
        performance: &Performance<'_>,
        act: &Act,
        seen: Option<String>,
    ) -> Result<Decision, Flow> {
        let mut details = vec!["the run ended while it was under way: look at the target before you answer".to_owned()];
        details.extend(seen);
        let question = Question {
            kind: QuestionKind::Choose([HAPPENED, DID_NOT, AGAIN].map(str::to_owned).to_vec()),
            text: format!("Nobody knows whether this happened: {}", performance.summary),
            details,
            path: self.path.clone(),
            answer_by: None,
        };
        let Some(answer) = self.ask(&question, act.span).await? else {
            return Ok(Decision { verdict: Verdict::DidNot, by: String::new(), value: None });
        };
        let (verdict, value) = match answer.text.as_str() {
            HAPPENED => (Verdict::Happened, self.what_it_returned(performance, act).await?),
            DID_NOT => (Verdict::DidNot, None),
            AGAIN => (Verdict::Again, None),
            other => {
                let message = format!("\"{other}\" is none of the answers: {HAPPENED}, {DID_NOT}, {AGAIN}");
                return Err(Flow::Fail(self.failure(FailureKind::Refused, act.span, message)));
            }
        };
        Ok(Decision { verdict, by: answer.by, value })
    }

    async fn what_it_returned(&mut self, performance: &Performance<'_>, act: &Act) -> Result<Option<Recall>, Flow> {
        let plain = plain_result(performance);
        let name = act.slot.and_then(|slot| self.name_info(slot)).map(|info| info.name.to_string());
        let Some(name) = name.filter(|name| !name.starts_with('$')) else {
            return Ok(plain.as_ref().map(values::kept));
        };
        let question = Question {
            kind: QuestionKind::Text { default: Some(String::new()) },
            text: format!("What did it return? `{name}` is used further on."),
            details: vec!["as text or JSON; nothing if you do not know".to_owned()],
            path: self.path.clone(),
            answer_by: None,
        };
        let answer = self.ask(&question, act.span).await?;
        let said = answer.map(|answer| answer.text).filter(|text| !text.is_empty());
        Ok(match (said, plain) {
            (Some(text), Some(Value::Record(result))) => Some(values::kept(&written(&result, &text))),
            (Some(text), _) => Some(values::kept(&read(&text))),
            (None, plain) => plain.as_ref().map(values::kept),
        })
    }

    /// Asks the target, under no record: what it answers is decided upon at once.
    async fn probe(&mut self, probe: &Block) -> Probed {
        let observing = self.observe();
        let flow = self.block(probe).await;
        self.observed(observing);
        match flow {
            Flow::Next => Probed::Happened(None),
            Flow::Return(value) => Probed::Happened(Some(value)),
            Flow::Fail(failure) => match failure.kind {
                FailureKind::Assert | FailureKind::Fail => Probed::DidNot,
                FailureKind::Cancelled | FailureKind::Journal => Probed::Leave(Flow::Fail(failure)),
                _ => Probed::CannotTell(failure.message().to_owned()),
            },
            flow => Probed::Leave(flow),
        }
    }
}

/// Whether a secret that was read would be another one if it were read again: a token of chance.
pub(super) fn is_another_again(what: &Performed<'_>, args: &Args, known: &Recorded) -> bool {
    let withheld = matches!(known, Recorded::Read { value: Some(Recall::Withheld), ending: Ending::Done, .. });
    withheld && matches!(what, Performed::Native(action) if !(action.repeatable)(args))
}

/// What a probe found out.
enum Probed {
    Happened(Option<Value>),
    DidNot,
    CannotTell(String),
    Leave(Flow),
}

/// What a command that happened returned, as far as that can be said without its output.
fn plain_result(performance: &Performance<'_>) -> Option<Value> {
    performance.is_command().then(|| {
        let fields = [
            ("stdout", Value::str("")),
            ("stderr", Value::str("")),
            ("status", Value::Int(0)),
            ("ok", Value::Bool(true)),
            ("elapsed", Value::Duration(0)),
        ];
        Value::Record(std::sync::Arc::new(Record::new(fields).with_text("")))
    })
}

/// The result of a command with what it wrote, as a person remembers it.
fn written(result: &Record, text: &str) -> Value {
    let fields: Vec<_> = result
        .iter()
        .map(|(name, value)| {
            let value = if &**name == "stdout" { Value::str(text) } else { value.clone() };
            (name.clone(), value)
        })
        .collect();
    Value::Record(std::sync::Arc::new(Record::new(fields).with_text(text)))
}

/// What a person typed: JSON if it is that, a text otherwise.
fn read(text: &str) -> Value {
    serde_json::from_str(text).map_or_else(|_| Value::str(text), json::from_json)
}

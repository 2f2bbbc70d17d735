//! Secrets, read when a statement that uses one is about to run.

use std::path::Path;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::dispatcher::Performed;
use super::failure::FailureKind;
use super::flow::Flow;
use super::person::{Question, QuestionKind};
use super::run::Run;
use crate::analysis::Program;
use crate::analysis::program::SecretSource;
use crate::catalog::command::CommandOptions;
use crate::catalog::{Args, Call, Surroundings};
use crate::eval::Expr;
use crate::eval::expr::ExprKind;
use crate::mask::{Mask, SHORTEST};
use crate::value::{Secret, Type, Value, display};

impl Branch {
    pub(super) async fn need_secret(&mut self, index: u32) -> Flow {
        let program = std::sync::Arc::clone(&self.unit.program);
        let secret = &program.secrets[index as usize];
        if self.unit.globals.get(secret.global).is_some() {
            return Flow::Next;
        }
        if !self.run.dispatcher.time_passes() {
            self.unit.globals.set(secret.global, Value::Unknown(Type::String.secret()));
            return Flow::Next;
        }
        let text = match &secret.source {
            SecretSource::EnvVar(name) => {
                let name = attempt!(self.text(name));
                self.run.withhold_one(&name);
                self.host().env_var(&name).ok_or_else(|| format!("the environment variable {name} is not set"))
            }
            SecretSource::File(path) => {
                let path = attempt!(self.text(path));
                let read = self.host().files().read(Path::new(&path));
                read.map_err(|error| format!("{path} could not be read: {error}"))
                    .and_then(|bytes| String::from_utf8(bytes).map_err(|_| format!("{path} is not text")))
            }
            SecretSource::Command(template) => match attempt!(self.command_line(template)) {
                Some(line) => self.secret_of_command(&line).await,
                None => Err("its command is not known".to_owned()),
            },
            SecretSource::Prompt(question) => {
                let text = attempt!(self.text(question));
                let question = Question {
                    kind: QuestionKind::Secret,
                    text,
                    details: Vec::new(),
                    path: self.path.clone(),
                    answer_by: None,
                };
                match self.ask(&question, secret.span).await {
                    Ok(answer) => Ok(answer.map_or_else(String::new, |answer| answer.text)),
                    Err(flow) => return flow,
                }
            }
        };
        match text {
            Ok(text) => {
                let value = Value::str(text.trim_end_matches(['\n', '\r']));
                if let Err(why) = self.run.learn_secret(&value) {
                    let message = format!("secret `{}` {}", secret.name, why.message);
                    let mut failure = self.failure(FailureKind::Action, secret.span, message);
                    failure.diagnostic.help = Some(why.help);
                    return Flow::Fail(failure);
                }
                self.unit.globals.set(secret.global, Value::Secret(Secret::new(value)));
                Flow::Next
            }
            Err(why) => {
                let message = format!("secret `{}` could not be read: {why}", secret.name);
                let mut failure = self.failure(FailureKind::Action, secret.span, message);
                if let SecretSource::EnvVar(_) = &secret.source {
                    failure.diagnostic.help = Some("set it in the environment in which rbk is started".to_owned());
                }
                Flow::Fail(failure)
            }
        }
    }

    async fn secret_of_command(&mut self, line: &crate::catalog::command::CommandLine) -> Result<String, String> {
        let args = Args::new(&[], Vec::new());
        let options = CommandOptions::default();
        // It is declared at the top: where its first use stands says nothing about where it is read.
        let surroundings = Surroundings::default();
        let cancel = self.cancel.clone();
        let call = Call {
            args: &args,
            host: self.run.host.as_ref(),
            cancel: &cancel,
            surroundings: &surroundings,
            output: &|_, _| {},
            idempotency_key: None,
            time_left: self.time_left(),
            context: Vec::new(),
            grace: Duration::from_secs(5),
            is_captured: false,
            withheld: self.run.withheld.borrow().clone(),
            is_secret: true,
        };
        let result = self.run.dispatcher.perform(&Performed::Command(line, &options), &call).await;
        result.map(|value| value.to_text()).map_err(|error| error.message)
    }
}

/// Why a value cannot be a secret.
pub(super) struct TooShort {
    pub(super) message: String,
    pub(super) help: String,
}

impl Run {
    /// A secret, to be hidden from here on.
    ///
    /// # Errors
    /// It is too short to be hidden: the mask would hide that much of every innocent text too.
    pub(super) fn learn_secret(&self, value: &Value) -> Result<(), TooShort> {
        self.host.keep_memory_private();
        let text = display::exposed_text(value);
        let is_whole = !matches!(value, Value::List(_) | Value::Record(_)) || value.as_text().is_some();
        if is_whole && text.trim().len() < SHORTEST {
            let message = match text.trim().len() {
                0 => "is empty".to_owned(),
                _ => format!(
                    "is shorter than {SHORTEST} bytes: rbk could not hide it without hiding the same characters everywhere"
                ),
            };
            let help = format!("use one of at least {SHORTEST} bytes; what need not be hidden is no `secret`");
            return Err(TooShort { message, help });
        }
        learn_all(&self.mask, value);
        Ok(())
    }

    /// What is handed to the world may be a part of a secret, or made of one: it is hidden as well.
    pub(super) fn learn(&self, value: &Value) {
        match value {
            Value::Secret(secret) => learn_all(&self.mask, secret.expose()),
            Value::List(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Record(record) => record.iter().for_each(|(_, field)| self.learn(field)),
            _ => {}
        }
    }

    /// Keeps the variables from which secrets are read from every process that is started: they get what `with` gives.
    pub(super) fn withhold(&self, program: &Program) {
        for secret in &program.secrets {
            if let SecretSource::EnvVar(Expr { kind: ExprKind::Const(name), .. }) = &secret.source {
                self.withhold_one(&name.to_text());
            }
        }
        program.called.iter().for_each(|called| self.withhold(called));
    }

    fn withhold_one(&self, name: &str) {
        let mut withheld = self.withheld.borrow_mut();
        if !withheld.iter().any(|known| known == name) {
            withheld.push(name.to_owned());
        }
    }
}

/// Texts and numbers, those in lists and records too, each by itself.
fn learn_all(mask: &Mask, value: &Value) {
    match value {
        Value::Str(_) | Value::Int(_) => mask.learn(&display::exposed_text(value)),
        Value::List(items) => items.iter().for_each(|item| learn_all(mask, item)),
        Value::Record(record) => {
            if let Some(text) = value.as_text() {
                mask.learn(text);
            }
            record.iter().for_each(|(_, field)| learn_all(mask, field));
        }
        Value::Secret(secret) => learn_all(mask, secret.expose()),
        Value::Null
        | Value::Bool(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Percent(_)
        | Value::Instant(_)
        | Value::Unknown(_) => {}
    }
}

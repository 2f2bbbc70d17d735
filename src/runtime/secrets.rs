//! Secrets, read when a statement that uses one is about to run.

use std::path::Path;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::dispatcher::Performed;
use super::failure::FailureKind;
use super::flow::Flow;
use super::person::{Question, QuestionKind};
use crate::analysis::program::SecretSource;
use crate::catalog::command::CommandOptions;
use crate::catalog::{Args, Call};
use crate::value::{Secret, Type, Value};

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
                let question =
                    Question { kind: QuestionKind::Secret, text, details: Vec::new(), path: self.path.clone() };
                match self.ask(&question, secret.span).await {
                    Ok(answer) => Ok(answer.map_or_else(String::new, |answer| answer.text)),
                    Err(flow) => return flow,
                }
            }
        };
        match text {
            Ok(text) => {
                let value = Value::Secret(Secret::new(Value::str(text.trim_end_matches(['\n', '\r']))));
                self.run.mask.learn(&value);
                self.unit.globals.set(secret.global, value);
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
        let surroundings = std::rc::Rc::clone(&self.surroundings);
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
        };
        let result = self.run.dispatcher.perform(&Performed::Command(line, &options), &call).await;
        result.map(|value| value.to_text()).map_err(|error| error.message)
    }
}

//! The command line of a `$` command: the values of the run, put into its words.

use super::branch::Branch;
use super::failure::{Failure, FailureKind};
use crate::analysis::program::{CommandForm, CommandTemplate, WordTemplate};
use crate::catalog::command::CommandLine;
use crate::eval::Expr;
use crate::eval::expr::Part;
use crate::value::Value;

impl Branch {
    /// The command with its values put in; `None` if only a run will know one of them.
    pub(super) fn command_line(&mut self, template: &CommandTemplate) -> Result<Option<CommandLine>, Box<Failure>> {
        match &template.form {
            CommandForm::Direct(words) => {
                let mut argv = Vec::with_capacity(words.len());
                for word in words {
                    match word {
                        WordTemplate::Text(text) => argv.push(text.to_string()),
                        WordTemplate::Joined(parts) => {
                            let mut text = String::new();
                            for part in parts {
                                match part {
                                    Part::Text(piece) => text.push_str(piece),
                                    Part::Hole(expr) => match self.eval(expr)? {
                                        Value::Unknown(_) => return Ok(None),
                                        value => text.push_str(&self.shown(&value, expr)?),
                                    },
                                }
                            }
                            argv.push(text);
                        }
                        WordTemplate::Spread(expr) => match self.eval(expr)? {
                            Value::Unknown(_) => return Ok(None),
                            Value::List(items) => {
                                for item in items.iter() {
                                    argv.push(self.shown(item, expr)?);
                                }
                            }
                            value => argv.push(self.shown(&value, expr)?),
                        },
                    }
                }
                Ok(Some(CommandLine::Direct(argv)))
            }
            CommandForm::Script(script) => Ok(match self.eval(script)? {
                Value::Unknown(_) => None,
                script => Some(CommandLine::Script(script.to_text())),
            }),
        }
    }

    /// A value as text for a command line, which every user of the machine can read.
    fn shown(&self, value: &Value, expr: &Expr) -> Result<String, Box<Failure>> {
        if value.holds_secret() {
            let message = "a secret cannot stand in a command's arguments: any user of the machine can read those";
            let mut failure = self.failure(FailureKind::Expression, expr.span, message);
            failure.diagnostic.help = Some("give it by `with NAME = secret { … }` or `stdin:`".to_owned());
            return Err(failure);
        }
        Ok(value.to_text())
    }
}

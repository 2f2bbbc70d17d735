//! Parameters and environment: from flags, a file, environment variables, and, on a terminal, by asking.

use std::path::PathBuf;

use super::prompt::{self, Typed};
use super::{NOTHING_EXECUTED, terminal};
use crate::analysis::Program;
use crate::host::Host;
use crate::report::ending::quoted;
use crate::runtime::Unit;
use crate::runtime::inputs::{Given, GivenValue, InputError, bind, missing};
use crate::value::json;

/// What a runbook is started with.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Inputs {
    /// The environment.
    #[arg(short, long, value_name = "NAME", env = "RBK_ENV")]
    env: Option<String>,

    /// A parameter. One given so goes before an environment variable `RBK_PARAM_name`, and that before --param-file.
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    param: Vec<(String, String)>,

    /// Parameters as a JSON object.
    #[arg(long, value_name = "FILE")]
    param_file: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

impl Inputs {
    /// Binds everything; what is missing is asked for. Gives also the same arguments for another
    /// command: ` -e prod -p image=app:2`.
    ///
    /// # Errors
    /// The exit code, everything having been said.
    pub(super) fn bind(&self, program: &std::sync::Arc<Program>, host: &dyn Host) -> Result<(Unit, String), u8> {
        let mut given = self.gather(program, host).map_err(|error| tell(&[error]))?;
        let before = given.clone();
        if terminal::is_interactive() {
            ask_for_missing(program, &mut given)?;
        }
        let unit = bind(program, &given).map_err(|errors| tell(&errors))?;
        Ok((unit, self.as_arguments(&before, &given)))
    }

    fn gather(&self, program: &Program, host: &dyn Host) -> Result<Given, InputError> {
        let mut given = Given { environment: self.env.clone(), ..Given::default() };
        if let Some(file) = &self.param_file {
            let wrong = |why: String| InputError {
                message: format!("{}: {why}", file.display()),
                help: Some("it must be a JSON object: { \"name\": value, … }".to_owned()),
            };
            let bytes = host.files().read(file).map_err(|why| wrong(why.to_string()))?;
            let read: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(&bytes).map_err(|why| wrong(why.to_string()))?;
            for (name, value) in read {
                let value = match value {
                    // A text may stand for any type: "15m".
                    serde_json::Value::String(text) => GivenValue::Text(text),
                    value => GivenValue::Value(json::from_json(value)),
                };
                given.params.insert(name, value);
            }
        }
        for param in &program.params {
            if let Some(text) = host.env_var(&format!("RBK_PARAM_{}", param.name)) {
                given.params.insert(param.name.to_string(), GivenValue::Text(text));
            }
        }
        for (name, value) in &self.param {
            let twice = self.param.iter().filter(|(other, _)| other == name).count() > 1;
            if twice {
                return Err(InputError { message: format!("parameter `{name}` is given twice"), help: None });
            }
            given.params.insert(name.clone(), GivenValue::Text(value.clone()));
        }
        Ok(given)
    }

    /// What was given with flags and what was answered.
    fn as_arguments(&self, before: &Given, given: &Given) -> String {
        let mut text = String::new();
        let mut add = |flag: &str, value: &str| text.extend([" ", flag, " ", &quoted(value)]);
        if let Some(env) = &given.environment {
            add("-e", env);
        }
        for (name, value) in &self.param {
            add("-p", &format!("{name}={value}"));
        }
        for (name, value) in given.params.iter().filter(|(name, _)| !before.params.contains_key(*name)) {
            if let GivenValue::Text(value) = value {
                add("-p", &format!("{name}={value}"));
            }
        }
        if let Some(file) = &self.param_file {
            add("--param-file", &file.to_string_lossy());
        }
        text
    }
}

fn tell(errors: &[InputError]) -> u8 {
    for error in errors {
        terminal::error(&error.message, error.help.as_deref());
    }
    NOTHING_EXECUTED
}

fn ask_for_missing(program: &Program, given: &mut Given) -> Result<(), u8> {
    if given.environment.is_none() && program.environments.len() > 1 {
        let names: Vec<&str> = program.environments.iter().map(|environment| &*environment.name).collect();
        terminal::say(&format!("Which environment? {}", names.join(", ")));
        given.environment = Some(answer("env")?);
    }
    let wanted: Vec<_> = missing(program, given)
        .into_iter()
        .map(|param| {
            (param.name.to_string(), format!("{} ({})", param.doc.as_deref().unwrap_or(&param.name), param.ty))
        })
        .collect();
    for (name, about) in wanted {
        terminal::say(&about);
        let value = answer(&name)?;
        given.params.insert(name, GivenValue::Text(value));
    }
    Ok(())
}

fn answer(name: &str) -> Result<String, u8> {
    match prompt::now(&format!("{name} › ")) {
        Typed::Text(text) => Ok(text.trim().to_owned()),
        Typed::Interrupted => Err(130),
        Typed::Ended => Err(NOTHING_EXECUTED),
    }
}

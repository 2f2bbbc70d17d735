//! From what was given on the command line or by a caller to the globals of a program.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::unit::{Unit, size};
use crate::analysis::Program;
use crate::analysis::program::{Environment, NameInfo, Param};
use crate::eval::expr::RunField;
use crate::eval::{Context, Expr, Frame, Globals, RunInfo};
use crate::value::{Value, convert};

/// What a run is started with.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The chosen environment.
    pub environment: Option<String>,
    /// Parameters by name.
    pub params: BTreeMap<String, GivenValue>,
}

/// A parameter as it was given.
#[derive(Clone, Debug)]
pub enum GivenValue {
    /// A text, still to be read as the parameter's type.
    Text(String),
    /// A value.
    Value(Value),
}

/// Something wrong with what was given: nothing was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// In words.
    pub message: String,
    /// What to type instead.
    pub help: Option<String>,
}

impl InputError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

/// Before a run there is no `run`.
struct NoRun;

impl RunInfo for NoRun {
    fn field(&self, _: RunField) -> Value {
        Value::Null
    }
}

/// The parameters without a default that were not given.
pub fn missing<'p>(program: &'p Program, given: &Given) -> Vec<&'p Param> {
    program.params.iter().filter(|param| param.default.is_none() && !given.params.contains_key(&*param.name)).collect()
}

/// Computes the globals of a program.
///
/// # Errors
/// All that is wrong with what was given, at once.
pub fn bind(program: &Arc<Program>, given: &Given) -> Result<Unit, Vec<InputError>> {
    let globals = Globals::new(program.globals.len());
    let mut errors = Vec::new();
    let chosen = match choose_environment(program, given.environment.as_deref()) {
        Ok(chosen) => chosen,
        Err(error) => return Err(vec![error]),
    };
    if let Some(places) = program.env_globals {
        let mut all = Vec::new();
        for (at, environment) in program.environments.iter().enumerate() {
            match environment_record(program, &globals, at) {
                Ok(record) => {
                    if chosen == Some(at) {
                        globals.set(places.env, record.clone());
                    }
                    all.push((Arc::clone(&environment.name), record));
                }
                Err(error) => errors.push(error),
            }
        }
        globals.set(places.all, Value::record(all));
    }
    for name in given.params.keys() {
        if !program.params.iter().any(|param| *param.name == **name) {
            let known = program.params.iter().map(|param| &*param.name);
            let help = match crate::diag::did_you_mean(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if program.params.is_empty() => "it takes no parameters".to_owned(),
                None => format!(
                    "it takes: {}",
                    program.params.iter().map(|param| &*param.name).collect::<Vec<_>>().join(", ")
                ),
            };
            errors.push(InputError::new(format!("this runbook has no parameter `{name}`"), help));
        }
    }
    for param in &program.params {
        match parameter(program, &globals, param, given) {
            Ok(value) => drop(globals.set(param.global, value)),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (global, expr) in &program.lets {
        match compute(program, &globals, expr) {
            Ok(value) => drop(globals.set(*global, value)),
            Err(error) => return Err(vec![error]),
        }
    }
    let environment = chosen.map(|at| Arc::clone(&program.environments[at].name));
    let flag = |key| chosen.map_or(Ok(false), |at| environment_flag(program, &globals, at, key));
    let (protected, four_eyes) = match (flag(Environment::PROTECTED), flag(Environment::FOUR_EYES)) {
        (Ok(protected), Ok(four_eyes)) => (protected, four_eyes),
        (Err(error), _) | (_, Err(error)) => return Err(vec![error]),
    };
    Ok(Unit { program: Arc::clone(program), globals: Rc::new(globals), environment, protected, four_eyes })
}

/// The globals of a program that declares more than an older one whose globals are known.
pub(super) fn carried_over(program: &Program, older: &Program, known: &Globals) -> Globals {
    let globals = Globals::new(program.globals.len());
    for (at, info) in (0..).zip(&program.globals) {
        let is_it = |(_, other): &(u32, &NameInfo)| other.name == info.name && other.span == info.span;
        if let Some(value) = (0..).zip(&older.globals).find(is_it).and_then(|(at, _)| known.get(at)) {
            globals.set(at, value.clone());
        }
    }
    for (global, expr) in &program.lets {
        if globals.get(*global).is_none()
            && let Ok(value) = compute(program, &globals, expr)
        {
            globals.set(*global, value);
        }
    }
    globals
}

fn choose_environment(program: &Program, name: Option<&str>) -> Result<Option<usize>, InputError> {
    let names = || program.environments.iter().map(|environment| &*environment.name).collect::<Vec<_>>();
    match name {
        None if program.environments.is_empty() => Ok(None),
        None if program.environments.len() == 1 => Ok(Some(0)),
        None => {
            Err(InputError::new("no environment was chosen", format!("say which: --env {}", names().join(" | --env "))))
        }
        Some(name) => match program.environments.iter().position(|environment| *environment.name == *name) {
            Some(at) => Ok(Some(at)),
            None if program.environments.is_empty() => Err(InputError::new(
                format!("there is no environment `{name}`"),
                "this runbook has none: leave out --env",
            )),
            None => {
                let help = match crate::diag::did_you_mean(name, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has: {}", names().join(", ")),
                };
                Err(InputError::new(format!("there is no environment `{name}`"), help))
            }
        },
    }
}

fn environment_record(program: &Program, globals: &Globals, at: usize) -> Result<Value, InputError> {
    let environment = &program.environments[at];
    let mut fields = vec![(Arc::from("name"), Value::Str(Arc::clone(&environment.name)))];
    for (key, expr) in &environment.entries {
        fields.push((Arc::clone(key), compute(program, globals, expr)?));
    }
    Ok(Value::record(fields))
}

fn environment_flag(program: &Program, globals: &Globals, at: usize, key: &str) -> Result<bool, InputError> {
    let given = program.environments[at].entries.iter().find(|(known, _)| **known == *key);
    given.map_or(Ok(false), |(_, expr)| Ok(matches!(compute(program, globals, expr)?, Value::Bool(true))))
}

fn parameter(program: &Program, globals: &Globals, param: &Param, given: &Given) -> Result<Value, InputError> {
    let name = &param.name;
    let value = match given.params.get(&**name) {
        Some(GivenValue::Text(text)) => {
            convert::parse_as(text, &param.ty).map_err(|why| not_taken(name, why, &param.ty))?
        }
        Some(GivenValue::Value(value)) => {
            convert::coerce(value.clone(), &param.ty).map_err(|why| not_taken(name, why, &param.ty))?
        }
        None => match &param.default {
            Some(default) => compute(program, globals, default)?,
            None => {
                let about = param.doc.as_deref().map_or_else(String::new, |doc| format!(" ({doc})"));
                let message = format!("parameter `{name}` is missing{about}");
                return Err(InputError::new(message, format!("-p {name}=…, of type {}", param.ty)));
            }
        },
    };
    if let Some(pattern) = &param.matching {
        let text = value.to_text();
        let whole = regex::Regex::new(&format!("^(?:{pattern})$"));
        if whole.is_ok_and(|whole| !whole.is_match(&text)) {
            let message = format!("parameter `{name}`: {} does not match \"{pattern}\"", value.inspect());
            return Err(InputError { message, help: param.doc.as_deref().map(str::to_owned) });
        }
    }
    if let Some(choices) = &param.one_of
        && let Value::List(choices) = compute(program, globals, choices)?
        && !choices.iter().any(|choice| choice.same(&value))
    {
        let list: Vec<String> = choices.iter().map(Value::to_text).collect();
        let message = format!("parameter `{name}`: {} is not one of the choices", value.inspect());
        return Err(InputError::new(message, format!("one of: {}", list.join(", "))));
    }
    Ok(value)
}

fn not_taken(name: &str, why: crate::value::ops::OpError, ty: &crate::value::Type) -> InputError {
    let help = why.help.unwrap_or_else(|| format!("it is of type {ty}"));
    InputError::new(format!("parameter `{name}`: {}", why.message), help)
}

fn compute(program: &Program, globals: &Globals, expr: &Expr) -> Result<Value, InputError> {
    // Names of lambdas are slots of whatever frame is there.
    let mut frame = Frame::new(size(&program.frame));
    let mut context = Context::new(&mut frame, globals, &program.functions, &NoRun);
    context.eval(expr).map_err(|error| {
        let fault = error.into_fault();
        InputError { message: format!("{}: {}", program.sources.place(fault.span), fault.message), help: fault.help }
    })
}

/// A setting of the header as text, once the inputs are bound.
///
/// # Errors
/// When it cannot be computed.
pub fn setting(unit: &Unit, expr: &Expr) -> Result<String, InputError> {
    compute(&unit.program, &unit.globals, expr).map(|value| value.to_text())
}

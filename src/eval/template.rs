//! `"… ${x} …"`

use super::context::{Context, literal_length};
use super::error::EvalError;
use super::expr::{Part, ScriptPart};
use crate::source::Span;
use crate::syntax::shell;
use crate::value::display;
use crate::value::limits::MAX_TEXT;
use crate::value::{Statement, Type, Value};

/// The text with every hole filled. It is as secret, and as unknown, as what it holds.
pub(super) fn text(context: &mut Context<'_>, parts: &[Part], span: Span) -> Result<Value, EvalError> {
    let mut out = String::with_capacity(literal_length(parts));
    let (mut tainted, mut unknown) = (false, false);
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Hole(hole) => context.with_hole(hole, |value| {
                tainted |= value.holds_secret();
                unknown |= value.holds_unknown();
                display::write_text(&mut out, value, true);
            })?,
        }
        if out.len() > MAX_TEXT {
            return Err(EvalError::new(span, "the string would be larger than 64MiB"));
        }
    }
    Ok(if unknown { Value::Unknown(Type::String) } else { Value::from(out) }.tainted(tainted))
}

/// The same for people.
pub(super) fn shown(context: &mut Context<'_>, parts: &[Part]) -> Result<String, EvalError> {
    let mut out = String::with_capacity(literal_length(parts));
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Hole(hole) => context.with_hole(hole, |value| display::write_text(&mut out, value, false))?,
        }
    }
    Ok(out)
}

/// A statement: its text and its values, which stay apart.
pub(super) fn sql(context: &mut Context<'_>, parts: &[Part]) -> Result<Value, EvalError> {
    let mut statement = Statement { pieces: Vec::new(), values: Vec::new() };
    let mut piece = String::new();
    for part in parts {
        match part {
            Part::Text(text) => piece.push_str(text),
            Part::Hole(hole) => {
                statement.values.push(context.eval(hole)?);
                statement.pieces.push(std::mem::take(&mut piece).into());
            }
        }
    }
    statement.pieces.push(piece.into());
    Ok(statement.into_value())
}

/// A script in which every value is quoted for its place. A secret has no place in it: other users can read it there.
pub(super) fn script(context: &mut Context<'_>, parts: &[ScriptPart]) -> Result<Value, EvalError> {
    let mut text = String::new();
    for part in parts {
        let (place, expr) = match part {
            ScriptPart::Text(piece) => {
                text.push_str(piece);
                continue;
            }
            ScriptPart::Hole(place, expr) => (Some(place), expr),
            ScriptPart::Raw(expr) => (None, expr),
        };
        let value = context.eval(expr)?;
        if value.holds_unknown() {
            return Ok(Value::Unknown(Type::String));
        }
        if value.holds_secret() {
            let message = "a secret cannot stand in a command: any user of the machine can read it there";
            let help = "give it by `with NAME = secret { … }` or `stdin:`";
            return Err(EvalError::new(expr.span, message).help(help));
        }
        let Some(place) = place else {
            text.push_str(&value.to_text());
            continue;
        };
        let quoted = match &value {
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Value::to_text).collect();
                shell::quote(place, shell::Arg::Many(&items))
            }
            value => shell::quote(place, shell::Arg::One(&value.to_text())),
        };
        text.push_str(&quoted.map_err(|error| EvalError::new(expr.span, error.to_string()))?);
    }
    Ok(Value::from(text))
}

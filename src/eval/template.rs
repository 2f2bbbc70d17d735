//! `"… ${x} …"`

use super::context::{Context, literal_length};
use super::error::EvalError;
use super::expr::Part;
use crate::source::Span;
use crate::value::display;
use crate::value::limits::MAX_TEXT;
use crate::value::{Type, Value};

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

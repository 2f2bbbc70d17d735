//! Steps by their names: breakpoints, and where `c` goes on to.

use std::sync::Arc;

use crate::diag::did_you_mean;
use crate::report::outline::Outline;
use crate::runtime::Title;

/// A place to stop at.
#[derive(Clone, Debug)]
pub(super) struct Break {
    pub(super) number: usize,
    /// The step's title as it is written; every step if none is named.
    pub(super) step: Option<Arc<str>>,
    pub(super) condition: Option<String>,
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}. before ", self.number)?;
        match &self.step {
            Some(step) => write!(f, "\"{step}\"")?,
            None => write!(f, "each step")?,
        }
        self.condition.as_ref().map_or(Ok(()), |condition| write!(f, " if {condition}"))
    }
}

/// The step of a runbook that a text names: its title, `Phase/Title`, or a part of a title that is in no other.
///
/// # Errors
/// There is none, or more than one: what to type instead.
pub(super) fn find(outline: &Outline, text: &str) -> Result<Arc<str>, String> {
    let text = text.trim().trim_matches('"');
    let steps: Vec<_> = outline.items.iter().filter(|item| item.kind != "phase").collect();
    if let Some(exact) = steps.iter().find(|item| Title::written(&item.name).is_named(&item.around, text)) {
        return Ok(Arc::clone(&exact.name));
    }
    let wanted = text.to_lowercase();
    let parts: Vec<_> = steps.iter().filter(|item| item.name.to_lowercase().contains(&wanted)).collect();
    match parts.as_slice() {
        [one] => Ok(Arc::clone(&one.name)),
        [] => {
            let hint = match did_you_mean(text, steps.iter().map(|item| &*item.name)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if steps.is_empty() => "this runbook has no steps".to_owned(),
                None => {
                    let all: Vec<&str> = steps.iter().map(|item| &*item.name).collect();
                    format!("there is: {}", all.join(" · "))
                }
            };
            Err(format!("there is no step \"{text}\"; {hint}"))
        }
        several => {
            let names: Vec<String> = several.iter().map(|item| format!("\"{}\"", item.name)).collect();
            Err(format!("\"{text}\" is in several titles: {}; type more of one", names.join(", ")))
        }
    }
}

/// `STEP if EXPR`
pub(super) fn split(text: &str) -> (Option<&str>, Option<&str>) {
    let text = text.trim();
    if let Some(condition) = text.strip_prefix("if ") {
        return (None, Some(condition.trim()));
    }
    match text.split_once(" if ") {
        Some((step, condition)) => (Some(step.trim()), Some(condition.trim())),
        None => (Some(text), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_stands_behind_if() {
        assert_eq!(split("verify"), (Some("verify"), None));
        assert_eq!(split("verify if rate > 5%"), (Some("verify"), Some("rate > 5%")));
        assert_eq!(split("if rate > 5%"), (None, Some("rate > 5%")));
    }
}

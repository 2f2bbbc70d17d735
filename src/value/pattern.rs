//! Regular expressions, compiled once.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use super::ops::OpError;

/// More patterns than a runbook has; beyond it all are forgotten and compiled again.
const KEPT: usize = 256;

thread_local! {
    static COMPILED: RefCell<HashMap<Box<str>, Regex>> = RefCell::new(HashMap::new());
}

/// The compiled form of a pattern. The message does not repeat it: it may be a secret.
pub fn regex(pattern: &str) -> Result<Regex, OpError> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(regex) = compiled.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(pattern).map_err(|error| invalid(&error))?;
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(pattern.into(), regex.clone());
        Ok(regex)
    })
}

fn invalid(error: &regex::Error) -> OpError {
    let why = match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The last line says what is wrong; those before it draw the pattern.
        other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    };
    OpError::new(format!("this is no regular expression: {why}"))
        .help("`.`, `(`, `[`, `*`, `+`, `?`, `{`, `|`, `^` and `$` are special: put `\\` before one that is meant as it stands")
}

#[cfg(test)]
mod tests {
    use super::regex;

    #[test]
    fn compiles_and_explains() {
        assert!(regex("^a+$").unwrap().is_match("aaa"));
        assert!(regex("^a+$").unwrap().is_match("a"));
        assert_eq!(regex("(x").unwrap_err().message, "this is no regular expression: unclosed group");
    }
}

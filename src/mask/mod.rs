//! The wall between secrets and everything that leaves rbk as text.
//!
//! Secrets are tainted values and do not reach a text by themselves: that is the first wall. A process or a
//! server may write one back all the same, an author may derive one from another, a message may quote one. So
//! everything that leaves passes here as well, and each secret is looked for in every form in which programs
//! commonly write a text down: as it is, each line of it, in base64 (whatever stands before it), percent-encoded,
//! as a JSON, shell, HTML or debug string, in hex.
//!
//! There is one [`Mask`] for a run. It is a handle, cheap to clone; the run time teaches it each secret when it is
//! read, and each part of one when that is handed to the world. [`current`] is the one of this thread, on which
//! the run and its reports are. Whoever lets text out asks it:
//!
//! - text that is whole: [`Mask::hide`]. *Before* it is shortened: half a secret is not recognised any more;
//! - values for programs (JSON): [`Mask::hide_json`], string by string, so that the structure holds;
//! - bytes that come in pieces: a [`Stream`], which holds back what may be the beginning of a secret;
//! - bytes of which the middle was left out: [`Mask::beginning_at_the_end`] and [`Mask::end_at_the_beginning`];
//! - a panic or a log line, on whatever thread: [`of_process`].

mod forms;
mod known;
mod stream;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use known::Known;
pub use stream::Stream;

/// What stands in a secret's place.
pub const MASK: &str = "•••";

/// A shorter text, in bytes, cannot be looked for: it would be found in innocent text everywhere.
pub const SHORTEST: usize = 6;

/// The secrets that a run has seen. See the module.
#[derive(Clone, Default)]
pub struct Mask(Arc<RwLock<Known>>);

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

thread_local! {
    static CURRENT: Mask = Mask::default();
}

/// The mask of what runs on this thread.
pub fn current() -> Mask {
    CURRENT.with(Clone::clone)
}

static OF_PROCESS: OnceLock<Mask> = OnceLock::new();

/// Makes the mask of this thread the one by which panics and logs of all threads are hidden.
pub fn guard_process() {
    let _ = OF_PROCESS.set(current());
}

/// The mask of the process, if it has one.
pub fn of_process() -> Option<&'static Mask> {
    OF_PROCESS.get()
}

impl Mask {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on this text is hidden: whole, and each line of it. What is shorter than [`SHORTEST`] is not.
    pub fn learn(&self, secret: &str) {
        if self.known().has(secret) {
            return;
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).learn(secret);
    }

    /// Forgets everything: another run begins.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.known().is_empty()
    }

    /// The text without secrets.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        if known.is_empty() || known.next_in(text.as_bytes()).is_none() {
            return Cow::Borrowed(text);
        }
        let mut hidden = Vec::with_capacity(text.len());
        known.pass(text.as_bytes(), true, &mut |bytes| hidden.extend_from_slice(bytes));
        // What was found began and ended between characters, since every form is a text.
        Cow::Owned(String::from_utf8(hidden).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()))
    }

    /// The same for a text that is given away.
    pub fn hidden(&self, text: String) -> String {
        match self.hide(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden,
        }
    }

    /// Where nothing must be waited for: `None` if somebody holds the secrets just now.
    pub fn try_hide(&self, text: &str) -> Option<String> {
        let known = self.0.try_read().ok()?;
        let mut hidden = Vec::with_capacity(text.len());
        known.pass(text.as_bytes(), true, &mut |bytes| hidden.extend_from_slice(bytes));
        Some(String::from_utf8_lossy(&hidden).into_owned())
    }

    /// Hides what the strings of a tree hold, names of fields included. Numbers are no text.
    pub fn hide_json(&self, tree: &mut serde_json::Value) {
        if !self.is_empty() {
            self.hide_tree(tree);
        }
    }

    fn hide_tree(&self, tree: &mut serde_json::Value) {
        match tree {
            serde_json::Value::String(text) => {
                if let Cow::Owned(hidden) = self.hide(text) {
                    *text = hidden;
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.hide_tree(item)),
            serde_json::Value::Object(fields) => {
                if fields.keys().any(|name| matches!(self.hide(name), Cow::Owned(_))) {
                    let old = std::mem::take(fields);
                    fields.extend(old.into_iter().map(|(name, value)| (self.hidden(name), value)));
                }
                fields.values_mut().for_each(|value| self.hide_tree(value));
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }

    /// How many bytes at the end of a text may be the beginning of a secret that goes on behind it.
    pub fn beginning_at_the_end(&self, text: &[u8]) -> usize {
        text.len() - self.known().hold(text, 0)
    }

    /// How many bytes at the beginning of a text may be the end of a secret that began before it.
    pub fn end_at_the_beginning(&self, text: &[u8]) -> usize {
        self.known().rest(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let mask = Mask::default();
        secrets.iter().for_each(|secret| mask.learn(secret));
        mask
    }

    #[test]
    fn hides_what_it_knows() {
        let mask = mask(&["hunter2", "hunter2-long", "ab"]);
        assert_eq!(mask.hide("x hunter2-long hunter2 ab"), "x ••• ••• ab");
        assert!(matches!(mask.hide("nothing"), Cow::Borrowed(_)));
        mask.forget();
        assert_eq!(mask.hide("hunter2"), "hunter2");
    }

    #[test]
    fn hides_each_line() {
        let mask = mask(&["-----BEGIN KEY-----\n  abcdefgh\nxy\n"]);
        assert_eq!(mask.hide("got abcdefgh; xy"), "got •••; xy");
        assert_eq!(mask.hide("-----BEGIN KEY-----\n  abcdefgh\nxy"), "•••");
    }

    #[test]
    fn json_keeps_its_structure() {
        let mask = mask(&["123456"]);
        let mut tree = serde_json::json!({ "n": 123_456, "a123456": ["x 123456"] });
        mask.hide_json(&mut tree);
        assert_eq!(tree.to_string(), r#"{"n":123456,"a•••":["x •••"]}"#);
    }

    #[test]
    fn knows_the_halves_of_a_secret() {
        let mask = mask(&["hunter2"]);
        assert_eq!(mask.beginning_at_the_end(b"say hunt"), 4);
        assert_eq!(mask.beginning_at_the_end(b"say: ?"), 0);
        assert_eq!(mask.end_at_the_beginning(b"nter2 it is"), 5);
        assert_eq!(mask.end_at_the_beginning(b"\n it is"), 0);
    }

    #[test]
    fn shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", mask(&["hunter2"])), "•••");
    }
}

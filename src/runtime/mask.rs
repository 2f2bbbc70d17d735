//! The wall between secrets and everything that is shown or recorded as text.
//!
//! Secrets are tainted values and do not reach a text by themselves. A process or a server may
//! write one back all the same: what it writes passes here first.

use std::cell::RefCell;

use crate::value::{Value, display};

/// What stands in a secret's place.
const MASK: &str = "•••";

/// Anything shorter would mask innocent text everywhere.
const SHORTEST: usize = 4;

/// The secrets that a run has seen.
#[derive(Default)]
pub(super) struct Mask {
    texts: RefCell<Vec<String>>,
}

impl Mask {
    /// From here on this is hidden, whole and line by line.
    pub(super) fn learn(&self, secret: &Value) {
        let text = display::exposed_text(secret);
        let mut texts = self.texts.borrow_mut();
        for part in std::iter::once(text.as_str()).chain(text.lines()).map(str::trim) {
            if part.len() >= SHORTEST && !texts.iter().any(|known| known == part) {
                texts.push(part.to_owned());
            }
        }
        // The longest first: one secret may be a part of another.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// The text without them.
    pub(super) fn hide(&self, text: String) -> String {
        let texts = self.texts.borrow();
        texts
            .iter()
            .fold(text, |shown, secret| if shown.contains(secret) { shown.replace(secret, MASK) } else { shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_it_knows() {
        let mask = Mask::default();
        mask.learn(&Value::from("hunter2"));
        mask.learn(&Value::from("hunter2-long"));
        mask.learn(&Value::from("ab"));
        assert_eq!(mask.hide("x hunter2-long hunter2 ab".to_owned()), "x ••• ••• ab");
    }
}

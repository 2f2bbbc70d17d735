//! The values of a program's own names: parameters, secrets, environments, top-level `let`s.

use std::sync::OnceLock;

use super::expr::GlobalId;
use super::frame::NULL;
use crate::value::Value;

/// One place for each; set once, since nothing of it changes while a program runs.
#[derive(Debug, Default)]
pub struct Globals {
    values: Vec<OnceLock<Value>>,
}

impl Globals {
    /// So many places with nothing in them.
    pub fn new(size: usize) -> Self {
        Self { values: std::iter::repeat_with(OnceLock::new).take(size).collect() }
    }

    /// Sets a value. Tells whether it could: not if it has one, nor if there is no such place.
    pub fn set(&self, id: GlobalId, value: Value) -> bool {
        self.values.get(id as usize).is_some_and(|place| place.set(value).is_ok())
    }

    /// A value; `None` while it is not set.
    pub fn get(&self, id: GlobalId) -> Option<&Value> {
        self.values.get(id as usize)?.get()
    }

    /// A value, `null` while it is not set.
    pub fn read(&self, id: GlobalId) -> &Value {
        self.get(id).unwrap_or(&NULL)
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_set_once() {
        let globals = Globals::new(1);
        assert!(globals.get(0).is_none());
        assert!(globals.set(0, Value::Int(1)));
        assert!(!globals.set(0, Value::Int(2)));
        assert!(!globals.set(1, Value::Null));
        assert!(matches!(globals.read(0), Value::Int(1)));
    }
}

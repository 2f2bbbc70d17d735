//! The values of the names in scope.

use super::expr::SlotId;
use crate::value::{Type, Value};

/// One place for each name of a scope that has a frame: a run, an action, a function.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    slots: Vec<Option<Value>>,
}

/// What an unbound name reads as.
pub(super) static NULL: Value = Value::Null;

impl Frame {
    /// A frame with nothing bound.
    pub fn new(size: u32) -> Self {
        Self { slots: vec![None; size as usize] }
    }

    /// The value of a slot; `None` while unbound.
    pub fn get(&self, slot: SlotId) -> Option<&Value> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The value of a slot, `null` while unbound.
    pub fn read(&self, slot: SlotId) -> &Value {
        match self.slots.get(slot as usize) {
            Some(Some(value)) => value,
            _ => &NULL,
        }
    }

    /// Binds a slot, or binds it anew. The frame grows where the lowering counted too few.
    pub fn set(&mut self, slot: SlotId, value: Value) {
        let at = slot as usize;
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        self.slots[at] = Some(value);
    }

    /// `set` for the commonest value: over another whole number it only writes the number.
    pub(super) fn set_int(&mut self, slot: SlotId, n: i64) {
        match self.slots.get_mut(slot as usize) {
            Some(Some(Value::Int(old))) => *old = n,
            _ => self.set(slot, Value::Int(n)),
        }
    }

    /// Unbinds a slot.
    pub fn clear(&mut self, slot: SlotId) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = None;
        }
    }

    /// How many slots it has.
    pub fn size(&self) -> usize {
        self.slots.len()
    }

    /// What the given slots hold now, for a compensation that must see them so later.
    pub fn snapshot(&self, slots: impl IntoIterator<Item = SlotId>) -> Vec<(SlotId, Value)> {
        slots.into_iter().filter_map(|slot| Some((slot, self.get(slot)?.clone()))).collect()
    }

    /// Puts back what a snapshot holds.
    pub fn restore(&mut self, snapshot: impl IntoIterator<Item = (SlotId, Value)>) {
        for (slot, value) in snapshot {
            self.set(slot, value);
        }
    }

    /// After two ways of which only a run will know which it takes: what they leave different is unknown.
    pub fn join_unknown(&mut self, other: &Frame) {
        for slot in 0..self.slots.len().max(other.slots.len()) {
            let id = SlotId::try_from(slot).unwrap_or(SlotId::MAX);
            let agree = match (self.get(id), other.get(id)) {
                (None, None) => true,
                (Some(mine), Some(theirs)) => mine.same(theirs),
                _ => false,
            };
            if !agree {
                self.set(id, Value::Unknown(Type::Any));
            }
        }
    }

    /// The bound slots in order.
    pub fn iter(&self) -> impl Iterator<Item = (SlotId, &Value)> {
        (0..).zip(&self.slots).filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_and_forgets() {
        let mut frame = Frame::new(2);
        assert!(frame.get(0).is_none());
        assert!(matches!(frame.read(7), Value::Null));
        frame.set(1, Value::Int(5));
        let snapshot = frame.snapshot([0, 1]);
        frame.set(1, Value::Int(6));
        frame.restore(snapshot);
        assert!(matches!(frame.read(1), Value::Int(5)));
        frame.clear(1);
        assert_eq!(frame.iter().count(), 0);
        frame.set(9, Value::Null);
        assert_eq!(frame.size(), 10);
    }
}

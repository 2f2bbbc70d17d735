//! Names: where they are bound, whether they surely are, and what they stand for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::program::{NameInfo, Source};
use crate::eval::expr::{GlobalId, SlotId};
use crate::source::Span;
use crate::value::Type;

/// What was bound at some point.
pub(super) type Mark = HashMap<Arc<str>, Binding>;

/// What a name of the top level stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Global(GlobalId),
    Action(u32),
    Check(u32),
    Function(u32),
    /// The name of a `use`: its things are called `name.thing`.
    Module(usize),
}

/// A name that a statement bound.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) slot: SlotId,
    pub(super) ty: Type,
    pub(super) span: Span,
    /// `var`
    pub(super) mutable: bool,
    /// Why it may be unbound.
    pub(super) maybe: Option<Maybe>,
    /// How many parallel branches are around it.
    pub(super) parallel: usize,
}

/// Why a name may be unbound where it is used.
#[derive(Clone, Debug)]
pub(super) struct Maybe {
    pub(super) why: String,
    /// The condition under which it is bound, as written.
    pub(super) condition: Option<Arc<str>>,
}

/// The names of one lexical scope of a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) bound: HashMap<Arc<str>, Binding>,
    /// Slots by name, also of names that are not bound now: two branches of an `if` bind the same slot.
    slots: HashMap<Arc<str>, SlotId>,
}

/// The frame of what is being lowered: the story, an action, a check.
#[derive(Debug, Default)]
pub(super) struct FrameNames {
    pub(super) infos: Vec<NameInfo>,
    pub(super) scopes: Vec<Scope>,
    /// Names known not to be null here.
    pub(super) narrowed: Vec<HashSet<Arc<str>>>,
    /// Conditions that hold here, as written.
    pub(super) conditions: Vec<Arc<str>>,
    /// Names that were bound in a scope that is over, and where.
    pub(super) gone: HashMap<Arc<str>, (Span, &'static str)>,
    pub(super) parallel: usize,
}

impl FrameNames {
    pub(super) fn new() -> Self {
        Self { scopes: vec![Scope::default()], ..Self::default() }
    }

    /// A slot that has no name in the runbook.
    pub(super) fn temporary(&mut self, ty: Type, span: Span, from: Option<Source>) -> SlotId {
        self.slot(Arc::from("$"), ty, span, from)
    }

    fn slot(&mut self, name: Arc<str>, ty: Type, span: Span, from: Option<Source>) -> SlotId {
        let slot = SlotId::try_from(self.infos.len()).unwrap_or(SlotId::MAX);
        self.infos.push(NameInfo { name, ty, span, from });
        slot
    }

    /// Binds a name in the innermost scope. `Err`: it is bound there already, at this place.
    pub(super) fn bind(&mut self, name: &Arc<str>, ty: Type, span: Span, mutable: bool) -> Result<SlotId, Span> {
        let known = self.scopes.last().and_then(|scope| scope.bound.get(name));
        if let Some(known) = known
            && known.maybe.is_none()
        {
            return Err(known.span);
        }
        // A name that may be bound already gets a new place: a compensation must not take the old value for the new.
        let stale = known.map(|known| known.slot);
        let reused = self.scopes.last().and_then(|scope| scope.slots.get(name)).copied();
        let reused = reused.filter(|slot| stale != Some(*slot));
        let slot = match reused {
            Some(slot) => {
                let info = &mut self.infos[slot as usize];
                info.ty = info.ty.join(&ty);
                slot
            }
            None => self.slot(Arc::clone(name), ty.clone(), span, None),
        };
        let parallel = self.parallel;
        if let Some(scope) = self.scopes.last_mut() {
            scope.slots.insert(Arc::clone(name), slot);
            scope.bound.insert(Arc::clone(name), Binding { slot, ty, span, mutable, maybe: None, parallel });
        }
        Ok(slot)
    }

    pub(super) fn set_source(&mut self, slot: SlotId, from: Source) {
        if let Some(info) = self.infos.get_mut(slot as usize) {
            info.from = Some(from);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Binding> {
        self.scopes.iter().rev().find_map(|scope| scope.bound.get(name))
    }

    pub(super) fn find_mut(&mut self, name: &str) -> Option<&mut Binding> {
        self.scopes.iter_mut().rev().find_map(|scope| scope.bound.get_mut(name))
    }

    pub(super) fn push(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Ends a scope whose names nobody sees any more. `what` was it.
    pub(super) fn pop(&mut self, what: &'static str) {
        if let Some(scope) = self.scopes.pop() {
            for (name, binding) in scope.bound {
                self.gone.insert(name, (binding.span, what));
            }
        }
    }

    /// What is bound in the innermost scope now: to be compared with later.
    pub(super) fn mark(&self) -> HashMap<Arc<str>, Binding> {
        self.scopes.last().map(|scope| scope.bound.clone()).unwrap_or_default()
    }

    /// Puts back what was bound at a mark.
    pub(super) fn reset(&mut self, mark: HashMap<Arc<str>, Binding>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound = mark;
        }
    }

    /// What was bound since a mark is not surely bound.
    pub(super) fn doubt_since(&mut self, mark: &HashMap<Arc<str>, Binding>, maybe: &Maybe) {
        let Some(scope) = self.scopes.last_mut() else { return };
        for (name, binding) in &mut scope.bound {
            let before = mark.get(name);
            if before.is_none_or(|before| before.maybe.is_some()) && binding.maybe.is_none() {
                binding.maybe = Some(maybe.clone());
            }
        }
    }

    /// The slots of what was bound since a mark.
    pub(super) fn slots_since(&self, mark: &HashMap<Arc<str>, Binding>) -> Vec<SlotId> {
        let Some(scope) = self.scopes.last() else { return Vec::new() };
        let mut slots: Vec<SlotId> =
            scope.bound.iter().filter(|(name, _)| !mark.contains_key(*name)).map(|(_, binding)| binding.slot).collect();
        slots.sort_unstable();
        slots
    }

    /// After several ways from one mark: what every way bound is bound, what some bound is in doubt.
    pub(super) fn join(&mut self, mark: HashMap<Arc<str>, Binding>, ways: Vec<Mark>, why: &Maybe) {
        let mut joined = mark.clone();
        let count = ways.len();
        let mut seen: HashMap<Arc<str>, (usize, Binding)> = HashMap::new();
        for way in ways {
            for (name, binding) in way {
                let fresh = mark.get(&name).is_none_or(|before| before.maybe.is_some());
                if !fresh {
                    continue;
                }
                let sure = usize::from(binding.maybe.is_none());
                match seen.get_mut(&name) {
                    Some((times, known)) => {
                        *times += usize::from(sure == 1 && known.slot == binding.slot);
                        known.ty = known.ty.join(&binding.ty);
                    }
                    None => {
                        seen.insert(name, (sure, binding));
                    }
                }
            }
        }
        for (name, (times, mut binding)) in seen {
            binding.maybe = match (times == count, binding.maybe) {
                (true, _) => None,
                (false, Some(maybe)) => Some(maybe),
                (false, None) => Some(why.clone()),
            };
            joined.insert(name, binding);
        }
        self.reset(joined);
    }

    /// Every name that can be seen.
    pub(super) fn visible(&self) -> impl Iterator<Item = &Arc<str>> {
        self.scopes.iter().flat_map(|scope| scope.bound.keys())
    }
}

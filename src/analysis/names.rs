//! Names: where they are bound, whether they surely are, and what they stand for.

use std::sync::Arc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::program::{NameInfo, Source};
use crate::eval::expr::{GlobalId, SlotId};
use crate::source::Span;
use crate::value::Type;

/// A point in the log of names, to be compared with or to go back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(usize);

/// Names that one way through the code bound, as they are at its end.
pub(super) type Way = Vec<(Arc<str>, Binding)>;

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
    /// Where its part of the log begins.
    log: usize,
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
    /// The first `skip` of the innermost step, check or iteration: what is bound behind it is in doubt after it.
    pub(super) skipped: Option<Mark>,
    /// Every change of the innermost scopes: a name, and what it was before. A copy of all names at each branch
    /// would cost the square of their number.
    log: Vec<(Arc<str>, Option<Binding>)>,
}

impl FrameNames {
    pub(super) fn new() -> Self {
        Self { scopes: vec![Scope::default()], ..Self::default() }
    }

    /// The names of a frame in the middle of a run: those that are bound, of which some are known not to be null.
    /// All of them can be assigned, if `mutable`. A name among the `unbound` gets the place that it has, so that what
    /// follows finds it there.
    pub(super) fn live(infos: Vec<NameInfo>, bound: &[(SlotId, bool)], unbound: &[SlotId], mutable: bool) -> Self {
        let mut names = Self { infos, ..Self::new() };
        for slot in unbound {
            if let (Some(info), Some(scope)) = (names.infos.get(*slot as usize), names.scopes.last_mut()) {
                scope.slots.insert(Arc::clone(&info.name), *slot);
            }
        }
        for (slot, present) in bound {
            let Some(info) = names.infos.get(*slot as usize) else { continue };
            let ty = if *present { info.ty.required() } else { info.ty.clone() };
            let (name, span) = (Arc::clone(&info.name), info.span);
            let binding = Binding { slot: *slot, ty, span, mutable, maybe: None, parallel: 0 };
            if let Some(scope) = names.scopes.last_mut() {
                scope.slots.insert(Arc::clone(&name), *slot);
                scope.bound.insert(name, binding);
            }
        }
        names
    }

    /// A slot that has no name in the runbook.
    pub(super) fn temporary(&mut self, ty: Type, span: Span, from: Option<Source>) -> SlotId {
        self.slot(Arc::from("$"), ty, span, from)
    }

    fn slot(&mut self, name: Arc<str>, ty: Type, span: Span, from: Option<Source>) -> SlotId {
        let slot = SlotId::try_from(self.infos.len()).unwrap_or(SlotId::MAX);
        self.infos.push(NameInfo { name, ty, span, from, of_function: false });
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
        }
        self.set(name, Binding { slot, ty, span, mutable, maybe: None, parallel });
        Ok(slot)
    }

    /// Binds the parameter of a function. Two may have one name: the first is the one that counts.
    pub(super) fn bind_parameter(&mut self, name: &Arc<str>, ty: Type, span: Span) -> Option<SlotId> {
        let slot = self.bind(name, ty, span, false).ok()?;
        if let Some(info) = self.infos.get_mut(slot as usize) {
            info.of_function = true;
        }
        Some(slot)
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

    fn set(&mut self, name: &Arc<str>, binding: Binding) {
        let Some(scope) = self.scopes.last_mut() else { return };
        let before = scope.bound.insert(Arc::clone(name), binding);
        self.log.push((Arc::clone(name), before));
    }

    pub(super) fn push(&mut self) {
        self.scopes.push(Scope { log: self.log.len(), ..Scope::default() });
    }

    /// Ends a scope whose names nobody sees any more. `what` was it.
    pub(super) fn pop(&mut self, what: &'static str) {
        if let Some(scope) = self.scopes.pop() {
            self.log.truncate(scope.log);
            for (name, binding) in scope.bound {
                self.gone.insert(name, (binding.span, what));
            }
        }
    }

    /// This point.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// The beginning of the frame.
    pub(super) const fn start() -> Mark {
        Mark(0)
    }

    /// Forgets what was bound in the innermost scope since a mark.
    pub(super) fn reset(&mut self, mark: Mark) {
        let Some(scope) = self.scopes.last_mut() else { return };
        while self.log.len() > mark.0.max(scope.log) {
            let Some((name, before)) = self.log.pop() else { break };
            match before {
                Some(binding) => scope.bound.insert(name, binding),
                None => scope.bound.remove(&name),
            };
        }
        self.skipped = self.skipped.map(|skipped| skipped.min(mark));
    }

    /// What was bound in the innermost scope since a mark: each name once, what it was before, what it is now.
    fn changed(&self, mark: Mark) -> Vec<(&Arc<str>, Option<&Binding>, &Binding)> {
        let Some(scope) = self.scopes.last() else { return Vec::new() };
        let mut seen = HashSet::default();
        let entries = self.log.get(mark.0.max(scope.log)..).unwrap_or_default().iter();
        entries
            .filter(|(name, _)| seen.insert(name))
            .filter_map(|(name, before)| Some((name, before.as_ref(), scope.bound.get(name)?)))
            .collect()
    }

    /// What was bound since a mark.
    pub(super) fn since(&self, mark: Mark) -> Way {
        self.changed(mark).into_iter().map(|(name, _, now)| (Arc::clone(name), now.clone())).collect()
    }

    /// What was bound since a mark is not surely bound.
    pub(super) fn doubt_since(&mut self, mark: Mark, maybe: &Maybe) {
        let in_doubt = |binding: &Binding| binding.maybe.is_some();
        let doubted: Way = self
            .changed(mark)
            .into_iter()
            .filter(|(_, before, now)| before.is_none_or(in_doubt) && !in_doubt(now))
            .map(|(name, _, now)| (Arc::clone(name), Binding { maybe: Some(maybe.clone()), ..now.clone() }))
            .collect();
        for (name, binding) in doubted {
            self.set(&name, binding);
        }
    }

    /// The slots of what was bound since a mark.
    pub(super) fn slots_since(&self, mark: Mark) -> Vec<SlotId> {
        let bound = self.changed(mark).into_iter();
        let mut slots: Vec<SlotId> = bound
            .filter(|(_, before, now)| before.is_none_or(|before| before.slot != now.slot))
            .map(|(_, _, now)| now.slot)
            .collect();
        slots.sort_unstable();
        slots
    }

    /// After several ways from one mark, to which the names were reset: what every way bound is bound, what only
    /// some bound is in doubt.
    pub(super) fn join(&mut self, ways: Vec<Way>, why: &Maybe) {
        let count = ways.len();
        let mut order = Vec::new();
        let mut seen: HashMap<Arc<str>, (usize, Binding)> = HashMap::default();
        for (name, binding) in ways.into_iter().flatten() {
            let sure = usize::from(binding.maybe.is_none());
            match seen.get_mut(&name) {
                Some((times, known)) => {
                    *times += usize::from(sure == 1 && known.slot == binding.slot);
                    known.ty = known.ty.join(&binding.ty);
                }
                None => {
                    order.push(Arc::clone(&name));
                    seen.insert(name, (sure, binding));
                }
            }
        }
        for name in order {
            let Some((times, mut binding)) = seen.remove(&name) else { continue };
            binding.maybe = match (times == count, binding.maybe) {
                (true, _) => None,
                (false, Some(maybe)) => Some(maybe),
                (false, None) => Some(why.clone()),
            };
            self.set(&name, binding);
        }
    }

    /// Every name that can be seen.
    pub(super) fn visible(&self) -> impl Iterator<Item = &Arc<str>> {
        self.scopes.iter().flat_map(|scope| scope.bound.keys())
    }
}

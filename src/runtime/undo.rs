//! What is armed: how each change that was made can be taken back.
//!
//! Each branch of a run has a list of its own, in the order in which things were armed. The
//! lists of parallel branches hang in their parent's as one node, so that a rollback can be
//! as parallel as the run was.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::background::Running;
use super::event::ScopeInfo;
use super::unit::{Code, Unit};
use crate::analysis::program::{Compensation, CompensationKind};
use crate::catalog::{Action, Args, Surroundings};
use crate::eval::Frame;
use crate::eval::expr::SlotId;
use crate::journal::{ArmedEntry, Position};
use crate::source::Span;
use crate::value::Value;

/// Orders what is armed within a run.
pub(super) type Order = u64;

/// A compensation with everything it needs to run long after.
pub(super) struct Armed {
    pub(super) order: Order,
    /// Its name in the record.
    pub(super) id: Position,
    pub(super) work: Work,
    /// One line of what it does.
    pub(super) text: String,
    /// Titles of the scopes it was armed in.
    pub(super) path: Vec<Arc<str>>,
    pub(super) surroundings: Rc<Surroundings>,
    pub(super) unit: Unit,
    /// Whose names its frame holds.
    pub(super) code: Code,
    /// Background processes of its phase, which it may need.
    pub(super) backgrounds: Vec<Rc<Running>>,
    /// The effect it takes back may not have happened.
    pub(super) in_doubt: Cell<bool>,
    /// Armed by what a change returned: another try returns something else.
    pub(super) late: bool,
}

/// What a compensation does.
pub(super) enum Work {
    /// A block of the runbook, in a frame that holds only what it captured.
    Block { compensation: Arc<Compensation>, captured: Vec<(SlotId, Value)>, frame_size: u32 },
    /// The inverse of a native action.
    Native { action: &'static Action, args: Args, captured: Value, span: Span },
}

impl Armed {
    pub(super) fn is_restore(&self) -> bool {
        matches!(&self.work, Work::Block { compensation, .. } if compensation.kind == CompensationKind::Restore)
    }

    /// A frame with what was captured.
    pub(super) fn frame(&self) -> Frame {
        match &self.work {
            Work::Block { captured, frame_size, .. } => {
                let mut frame = Frame::new(*frame_size);
                for (slot, value) in captured {
                    frame.set(*slot, value.clone());
                }
                frame
            }
            Work::Native { .. } => Frame::new(0),
        }
    }

    /// Whether running both would do the same thing twice.
    pub(super) fn does_the_same_as(&self, other: &Armed) -> bool {
        let same_work = match (&self.work, &other.work) {
            (
                Work::Block { compensation: a, captured: left, .. },
                Work::Block { compensation: b, captured: right, .. },
            ) => Arc::ptr_eq(a, b) && left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.1.same(&b.1)),
            _ => false,
        };
        same_work && self.surroundings == other.surroundings
    }
}

/// The value of a name that a compensation captured, or of a global.
pub(super) fn named(name: &str, code: &Code, captured: &[(SlotId, Value)], unit: &Unit) -> Option<Value> {
    let own =
        captured.iter().find(|(slot, _)| code.names().get(*slot as usize).is_some_and(|info| *info.name == *name));
    if let Some((_, value)) = own {
        return Some(value.clone());
    }
    let global = unit.program.globals.iter().position(|info| *info.name == *name)?;
    unit.globals.get(u32::try_from(global).ok()?).cloned()
}

/// As the record has it.
pub(super) fn entry(armed: &Armed) -> ArmedEntry {
    let captures = match &armed.work {
        Work::Block { captured, .. } => captured
            .iter()
            .map(|(slot, value)| {
                let name = armed
                    .code
                    .names()
                    .get(*slot as usize)
                    .map_or_else(|| Arc::from("value"), |info| Arc::clone(&info.name));
                (name, value.inspect())
            })
            .collect(),
        Work::Native { captured, .. } => vec![(Arc::from("before"), captured.inspect())],
    };
    ArmedEntry { compensation: armed.id.clone(), text: armed.text.clone(), captures }
}

/// Something in a list: one compensation, or the lists of parallel branches.
#[derive(Clone)]
pub(super) enum Node {
    One(Rc<Armed>),
    Parallel(Order, Vec<UndoList>),
}

impl Node {
    fn order(&self) -> Order {
        match self {
            Self::One(armed) => armed.order,
            Self::Parallel(order, _) => *order,
        }
    }
}

/// What one branch armed, oldest first.
#[derive(Clone, Default)]
pub(super) struct UndoList(Rc<RefCell<Vec<Node>>>);

impl UndoList {
    /// Adds in order; an equal one that is there already keeps its place.
    pub(super) fn arm(&self, armed: Rc<Armed>) {
        let mut nodes = self.0.borrow_mut();
        let known = nodes.iter().rev().take(64).any(|node| match node {
            Node::One(other) => armed.does_the_same_as(other),
            Node::Parallel(..) => false,
        });
        if known {
            return;
        }
        let at = nodes.partition_point(|node| node.order() < armed.order);
        nodes.insert(at, Node::One(armed));
    }

    /// Hangs the lists of parallel branches in.
    pub(super) fn fork(&self, order: Order, branches: Vec<UndoList>) {
        self.0.borrow_mut().push(Node::Parallel(order, branches));
    }

    /// Tells a node of parallel branches which lists they arm in.
    pub(super) fn set_branches(&self, order: Order, branches: &[UndoList]) {
        for node in self.0.borrow_mut().iter_mut() {
            if let Node::Parallel(of, lists) = node
                && *of == order
            {
                *lists = branches.to_vec();
            }
        }
    }

    /// Takes out what was armed at `since` or later, restores included.
    pub(super) fn take_since(&self, since: Order) -> Vec<Node> {
        let mut nodes = self.0.borrow_mut();
        let at = nodes.partition_point(|node| node.order() < since);
        nodes.split_off(at)
    }

    /// Takes out these.
    pub(super) fn forget(&self, gone: &[Node]) {
        let is_gone =
            |armed: &Rc<Armed>| gone.iter().any(|node| matches!(node, Node::One(one) if Rc::ptr_eq(one, armed)));
        self.remove(0, &mut |armed| is_gone(armed));
    }

    /// Takes out the `restore`s armed at `since` or later, newest first.
    pub(super) fn take_restores(&self, since: Order) -> Vec<Rc<Armed>> {
        let mut out = Vec::new();
        self.remove(since, &mut |armed| {
            let restore = armed.is_restore();
            if restore {
                out.push(Rc::clone(armed));
            }
            restore
        });
        out.sort_by_key(|armed| std::cmp::Reverse(armed.order));
        out
    }

    /// Removes all but `restore`s armed at `since` or later. Returns what was removed.
    pub(super) fn disarm(&self, since: Order) -> Vec<Rc<Armed>> {
        let mut out = Vec::new();
        self.remove(since, &mut |armed| {
            let gone = !armed.is_restore();
            if gone {
                out.push(Rc::clone(armed));
            }
            gone
        });
        out
    }

    fn remove(&self, since: Order, wanted: &mut dyn FnMut(&Rc<Armed>) -> bool) {
        self.0.borrow_mut().retain(|node| match node {
            Node::One(armed) => armed.order < since || !wanted(armed),
            Node::Parallel(_, lists) => {
                for list in lists {
                    list.remove(since, wanted);
                }
                lists.iter().any(|list| !list.is_empty())
            }
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The words for everything armed, newest first, leaving out what somebody writes just now.
    pub(super) fn texts_if_readable(&self) -> Vec<String> {
        let Ok(nodes) = self.0.try_borrow() else { return Vec::new() };
        let texts = nodes.iter().rev().flat_map(|node| match node {
            Node::One(armed) => vec![armed.text.clone()],
            Node::Parallel(_, lists) => lists.iter().rev().flat_map(Self::texts_if_readable).collect(),
        });
        texts.collect()
    }

    /// Everything armed, newest first; parallel branches one after the other.
    pub(super) fn newest_first(&self) -> Vec<Rc<Armed>> {
        let mut out = Vec::new();
        flatten(&self.0.borrow(), &mut out);
        out.reverse();
        out
    }
}

/// All compensations in these nodes, oldest first.
pub(super) fn flatten(nodes: &[Node], out: &mut Vec<Rc<Armed>>) {
    for node in nodes {
        match node {
            Node::One(armed) => out.push(Rc::clone(armed)),
            Node::Parallel(_, lists) => lists.iter().for_each(|list| flatten(&list.0.borrow(), out)),
        }
    }
}

/// The nodes of a list, oldest first.
pub(super) fn nodes(list: &UndoList) -> Vec<Node> {
    list.0.borrow().clone()
}

/// A compensation that is declared, and not armed because nothing has changed, or a name that
/// it uses is not bound.
pub(super) struct Pending {
    pub(super) compensation: Arc<Compensation>,
    /// Where it will be armed.
    pub(super) list: UndoList,
    /// Its place in that list, if it can be armed before its scope's first effect.
    pub(super) order: Order,
    /// Which of the branch's frames its names are in.
    pub(super) frame: usize,
    pub(super) path: Vec<Arc<str>>,
    pub(super) surroundings: Rc<Surroundings>,
    pub(super) unit: Unit,
    /// Where it is declared.
    pub(super) scope: Rc<ScopeInfo>,
    pub(super) armed: RefCell<Option<Rc<Armed>>>,
    /// Something changed in its scope.
    pub(super) touched: Cell<bool>,
}

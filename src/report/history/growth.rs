//! The tree of a story while it grows.

use jiff::Timestamp;

use super::{Node, What};
use crate::journal::entry::{Ending, Position};

/// Of so many things beside each other, those that ended well are no longer told one by one.
const MANY: usize = 400;

/// So many are looked at for one that can go.
const LOOKED_AT: usize = 16;

/// Levels of the tree.
const DEEPEST: usize = 100;

/// The run itself, in which everything is.
pub(super) const RUN: usize = 0;

/// Nodes by numbers, which are given again.
#[derive(Debug)]
pub(super) struct Growth {
    nodes: Vec<Option<Growing>>,
    free: Vec<usize>,
    /// Effects that are not in it any more.
    pub(super) forgotten: Vec<Position>,
}

#[derive(Debug)]
struct Growing {
    parent: usize,
    depth: usize,
    at: Timestamp,
    what: Option<What>,
    children: Vec<usize>,
    folded: usize,
    /// Where to look next for a child that can be folded.
    looked: usize,
}

impl Growth {
    /// A run that begins.
    pub(super) fn new(at: Timestamp) -> Self {
        let run = Growing { parent: RUN, depth: 0, at, what: None, children: Vec::new(), folded: 0, looked: 0 };
        Self { nodes: vec![Some(run)], free: Vec::new(), forgotten: Vec::new() }
    }

    /// What is there.
    pub(super) fn get(&self, number: usize) -> Option<&What> {
        self.nodes.get(number)?.as_ref()?.what.as_ref()
    }

    /// What it is in.
    pub(super) fn parent(&self, number: usize) -> usize {
        self.nodes.get(number).and_then(Option::as_ref).map_or(RUN, |node| node.parent)
    }

    /// Everything, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Timestamp, &What)> {
        self.nodes.iter().flatten().filter_map(|node| Some((node.at, node.what.as_ref()?)))
    }

    /// The same, to be changed.
    pub(super) fn what(&mut self, number: usize) -> Option<&mut What> {
        self.nodes.get_mut(number)?.as_mut()?.what.as_mut()
    }

    /// Puts something into something. Answers with its number.
    pub(super) fn leaf(&mut self, parent: usize, at: Timestamp, what: What) -> usize {
        // Deeper than any runbook nests, it goes beside and not within: what reads the tree goes down in it.
        let above = |number: usize| self.nodes.get(number).and_then(Option::as_ref);
        let parent = match above(parent) {
            Some(node) if node.depth >= DEEPEST => node.parent,
            _ => parent,
        };
        let depth = above(parent).map_or(0, |node| node.depth) + 1;
        let node = Growing { parent, depth, at, what: Some(what), children: Vec::new(), folded: 0, looked: 0 };
        let number = match self.free.pop() {
            Some(number) => {
                self.nodes[number] = Some(node);
                number
            }
            None => {
                self.nodes.push(Some(node));
                self.nodes.len() - 1
            }
        };
        if let Some(Some(parent)) = self.nodes.get_mut(parent) {
            parent.children.push(number);
        }
        self.fold(parent);
        number
    }

    /// Of many, the oldest that ended well makes room.
    fn fold(&mut self, parent: usize) {
        let Some(Some(node)) = self.nodes.get(parent) else { return };
        if node.children.len() <= MANY {
            return;
        }
        // A few at a time: of many that stand open, none can go yet.
        let from = if node.looked < node.children.len() { node.looked } else { 0 };
        let some = node.children.iter().enumerate().skip(from).take(LOOKED_AT);
        let plain = some.clone().find(|(_, child)| self.is_plain(**child)).map(|(at, _)| at);
        let next = from + some.len();
        let Some(Some(node)) = self.nodes.get_mut(parent) else { return };
        match plain {
            Some(at) => {
                node.folded += 1;
                node.looked = at;
                let gone = node.children.remove(at);
                self.forget(gone);
            }
            None => node.looked = next,
        }
    }

    fn is_plain(&self, number: usize) -> bool {
        let Some(Some(node)) = self.nodes.get(number) else { return false };
        let own = match &node.what {
            Some(What::Scope(scope)) => matches!(scope.status.as_deref(), Some("passed" | "skipped")),
            Some(What::Effect(effect)) => matches!(effect.ending, Some(Ending::Done)),
            Some(What::Note { warning, .. }) => !warning,
            Some(What::Wait { .. }) => true,
            _ => false,
        };
        own && node.children.iter().all(|child| self.is_plain(*child))
    }

    fn forget(&mut self, number: usize) {
        if let Some(node) = self.nodes.get_mut(number).and_then(Option::take) {
            if let Some(What::Effect(effect)) = &node.what {
                self.forgotten.push(effect.pos.clone());
            }
            node.children.into_iter().for_each(|child| self.forget(child));
            self.free.push(number);
        }
    }

    /// Takes out what is in something.
    pub(super) fn children(&mut self, number: usize) -> Vec<Node> {
        let Some(Some(node)) = self.nodes.get_mut(number) else { return Vec::new() };
        let children = std::mem::take(&mut node.children);
        children.into_iter().filter_map(|child| self.node(child)).collect()
    }

    fn node(&mut self, number: usize) -> Option<Node> {
        let children = self.children(number);
        let node = self.nodes.get_mut(number)?.take()?;
        Some(Node { at: node.at, what: node.what?, children, folded: node.folded })
    }
}

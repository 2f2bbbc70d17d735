//! A runbook's phases and steps as they are written: how many there are in each, and what would take them back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analysis::Program;
use crate::analysis::program::{Act, Block, Callee, Scope, Stmt, StmtKind};
use crate::analysis::within;
use crate::catalog::{Effect, Inverse};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// In the order in which they are written.
    pub items: Vec<Item>,
    by_place: HashMap<String, usize>,
}

/// A phase, step, check or the like.
#[derive(Clone, Debug)]
pub struct Item {
    /// How many are around it.
    pub depth: usize,
    /// `phase`, `step`, …
    pub kind: &'static str,
    /// Its title as written.
    pub name: Arc<str>,
    /// Titles of the items around it as written, outermost first.
    pub around: Vec<Arc<str>>,
    /// The greatest effect of anything in it.
    pub effect: Option<Effect>,
    /// How many items stand directly in it.
    pub children: usize,
    /// What would be armed by it, a line each.
    pub taken_back_by: Vec<String>,
}

impl Outline {
    /// Of a runbook.
    pub fn of(program: &Program) -> Self {
        let mut walk = Walk { program, outline: Self::default(), around: Vec::new() };
        walk.block(&program.body);
        walk.outline
    }

    /// The item written at `deploy.rbk:31`.
    pub fn at(&self, place: &str) -> Option<&Item> {
        self.by_place.get(place).map(|index| &self.items[*index])
    }
}

struct Walk<'p> {
    program: &'p Program,
    outline: Outline,
    /// Items around the current statement.
    around: Vec<usize>,
}

impl Walk<'_> {
    fn block(&mut self, block: &Block) {
        block.body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => self.scope(scope),
            StmtKind::Act(act) => self.act(act),
            // It begins what goes on beside the story.
            StmtKind::Background(_) => {}
            kind => within::blocks(kind).into_iter().for_each(|block| self.block(block)),
        }
    }

    fn scope(&mut self, scope: &Scope) {
        let index = self.outline.items.len();
        let around = self.around.iter().map(|at| Arc::clone(&self.outline.items[*at].name)).collect();
        let clauses = [(&scope.clauses.undo, "undo"), (&scope.clauses.restore, "restore")];
        let taken_back_by = clauses
            .into_iter()
            .filter_map(|(clause, word)| clause.as_ref().map(|clause| format!("{word}: {}", clause.text)))
            .collect();
        if let Some(around) = self.around.last() {
            self.outline.items[*around].children += 1;
        }
        self.outline.items.push(Item {
            depth: self.around.len(),
            kind: scope.kind.word(),
            name: Arc::clone(&scope.name),
            around,
            effect: scope.effect,
            children: 0,
            taken_back_by,
        });
        self.outline.by_place.insert(self.program.sources.place_line(scope.span), index);
        self.around.push(index);
        for block in within::body(scope) {
            self.block(block);
        }
        self.around.pop();
    }

    /// What an action brings of its own to take it back; a step's `undo` replaces it.
    fn act(&mut self, act: &Act) {
        let text = match &act.callee {
            Callee::Native(action, _) => match action.inverse {
                Inverse::Captured { .. } => format!("undo: what `{}` finds is put back", action.name),
                Inverse::NotNeeded | Inverse::None(_) => return,
            },
            Callee::User(index, _) => match self.program.actions.get(*index as usize) {
                Some(action) => match &action.undo {
                    Some(undo) => format!("undo: {}", undo.text),
                    None => return self.block(&action.body),
                },
                None => return,
            },
            Callee::Command(_) => return,
        };
        let Some(around) = self.around.last() else { return };
        let item = &mut self.outline.items[*around];
        let replaced = item.taken_back_by.iter().any(|line| line.starts_with("undo: ") && item.kind == "step");
        if !item.taken_back_by.contains(&text) && !replaced {
            item.taken_back_by.push(text);
        }
    }
}

//! From the nodes of the grammar to the tree, one file a subject.
//!
//! The grammar fails nowhere: what is missing or too much stands in the pairs as a marker
//! or as junk, and becomes a diagnostic here.

mod clause;
mod command;
mod control;
mod declaration;
mod expr;
mod head;
mod literal;
mod people;
mod recover;
mod scope;
mod statement;
mod test;
#[cfg(test)]
mod testing;
mod types;
mod value;
mod words;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::parser::{Node, Pairs, Rule};
use super::tree::{Comment, Expr, ExprKind, File, Ident, TypeExpr};
use crate::diag::{Diagnostic, code};
use crate::source::{FileId, Span};

/// How deep a tree may become: later passes walk it by recursion.
const MAX_DEPTH: usize = 400;

/// Builds the tree of one text.
pub(super) struct Builder<'i> {
    id: FileId,
    text: &'i str,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// Every name that was met.
    names: RefCell<FxHashSet<Arc<str>>>,
    /// Where the last of them (by its place, not by time) begins.
    latest: Cell<Option<u32>>,
    comments: RefCell<Vec<Comment>>,
    /// An upper bound of the depth of the node under construction.
    depth: Cell<usize>,
    /// Blocks whose closing brace does not stand below their head.
    suspects: RefCell<Vec<Span>>,
    /// How many round, square or curly brackets of expressions are open.
    brackets: Cell<u32>,
}

impl<'i> Builder<'i> {
    pub(super) fn new(id: FileId, text: &'i str) -> Self {
        Self {
            id,
            text,
            diagnostics: RefCell::default(),
            names: RefCell::default(),
            latest: Cell::new(None),
            comments: RefCell::default(),
            depth: Cell::new(0),
            suspects: RefCell::default(),
            brackets: Cell::new(0),
        }
    }

    /// Builds from the pairs of `Rule::file`.
    pub(super) fn file(&self, mut pairs: Pairs<'i>) -> File {
        let body = pairs.next().map(|file| self.body(file.inside()).0).unwrap_or_default();
        let mut comments = self.comments.take();
        comments.sort_by_key(|comment| comment.span.start);
        File { id: self.id, body, comments }
    }

    /// Builds from the pairs of `Rule::expr_text`.
    pub(super) fn expr_text(&self, mut pairs: Pairs<'i>) -> Expr {
        let mut expr = error_expr(self.at(0, self.text.len()));
        let Some(text) = pairs.next() else { return expr };
        for node in self.kids(&text) {
            match node.as_rule() {
                Rule::expr => expr = self.expr(&node),
                Rule::missing => {
                    self.report(Diagnostic::error(&code::SYNTAX, self.span(&node), "an expression is missing", ""));
                }
                Rule::rest => self.report(self.leftover(&node)),
                _ => {}
            }
        }
        expr
    }

    /// Builds from the pairs of `Rule::type_text`.
    pub(super) fn type_text(&self, mut pairs: Pairs<'i>) -> Option<TypeExpr> {
        let text = pairs.next()?;
        let ty = self.kids(&text).find(|node| node.as_rule() == Rule::r#type)?;
        Some(self.type_expr(&ty))
    }

    /// What was found to be wrong, in the order of the text, one a line.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        recover::one_a_line(self.diagnostics.into_inner(), self.text)
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.latest.set(self.latest.get().max(Some(diagnostic.span().start)));
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Reports what is known better than by the diagnostic that was given at the same place.
    fn report_instead(&self, diagnostic: Diagnostic) {
        let mut all = self.diagnostics.borrow_mut();
        if let Some(index) = all.iter().rposition(|other| other.span() == diagnostic.span()) {
            all[index] = diagnostic;
            return;
        }
        drop(all);
        self.report(diagnostic);
    }

    /// Whether anything was reported at or after a place.
    fn reported_since(&self, start: u32) -> bool {
        self.latest.get().is_some_and(|latest| latest >= start)
    }

    fn at(&self, start: usize, end: usize) -> Span {
        // A text is at most 4 MiB long.
        Span::new(self.id, offset(start), offset(end))
    }

    fn span(&self, node: &Node<'i>) -> Span {
        self.at(node.start(), node.end())
    }

    /// The span without the blanks that a rule took at its end.
    fn trimmed(&self, node: &Node<'i>) -> Span {
        self.at(node.start(), node.start() + node.as_str().trim_end().len())
    }

    fn source(&self, span: Span) -> &'i str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The inner nodes; comments among them are kept and skipped.
    fn kids(&self, node: &Node<'i>) -> Kids<'_, 'i> {
        Kids { pairs: node.inside(), builder: self }
    }

    fn ident(&self, node: &Node<'i>) -> Ident {
        Ident { name: self.named(node.as_str()), span: self.span(node) }
    }

    /// A name, of which there is one text however often it is written.
    fn named(&self, name: &str) -> Arc<str> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(name);
        names.insert(Arc::clone(&new));
        new
    }

    /// Runs `build` one level deeper, or gives `None` if that is too deep.
    fn deeper<T>(&self, by: usize, build: impl FnOnce() -> T) -> Option<T> {
        let depth = self.depth.get();
        if depth + by > MAX_DEPTH {
            return None;
        }
        self.depth.set(depth + by);
        let result = build();
        self.depth.set(depth);
        Some(result)
    }

    /// Runs `build` inside one more bracket.
    fn bracketed<T>(&self, build: impl FnOnce() -> T) -> T {
        let brackets = self.brackets.replace(self.brackets.get() + 1);
        let result = build();
        self.brackets.set(brackets);
        result
    }

    fn too_deep(&self, span: Span) {
        let head = self.at(span.start as usize, self.end_of_line(span.start as usize).min(span.end as usize));
        self.report(
            Diagnostic::error(&code::TOO_LARGE, head, "this is nested too deeply or chained too long", "begins here")
                .help("give its parts names with `let`"),
        );
    }

    fn keep_comment(&self, node: &Node<'i>) {
        let comment = self.comment(node);
        self.comments.borrow_mut().push(comment);
    }

    fn comment(&self, node: &Node<'i>) -> Comment {
        let hash = node.start() - 1;
        let text = node.as_str().trim_end();
        let (is_doc, text_after) = text.strip_prefix('#').map_or((false, text), |rest| (true, rest));
        let before = &self.text[..hash];
        let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
        Comment {
            text: Arc::from(text_after.strip_prefix(' ').unwrap_or(text_after)),
            is_doc,
            owns_line: line.trim_start_matches('\u{feff}').trim().is_empty(),
            span: self.at(hash, node.start() + text.len()),
        }
    }

    fn end_of_line(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |at| from + at)
    }
}

/// Stands for a name that is missing.
fn no_ident(span: Span) -> Ident {
    Ident { name: Arc::from(""), span }
}

/// Stands for an expression that is missing or cannot be read.
fn error_expr(span: Span) -> Expr {
    Expr { kind: ExprKind::Error, span }
}

pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The inner nodes of a node, without comments.
struct Kids<'b, 'i> {
    pairs: Pairs<'i>,
    builder: &'b Builder<'i>,
}

impl<'i> Kids<'_, 'i> {
    /// The next node if it is a `rule`.
    fn accept(&mut self, rule: Rule) -> Option<Node<'i>> {
        if self.peek()? == rule { self.pairs.next() } else { None }
    }

    /// The next node if there is one and it is none of `rules`.
    fn next_unless(&mut self, rules: &[Rule]) -> Option<Node<'i>> {
        if rules.contains(&self.peek()?) { None } else { self.pairs.next() }
    }

    /// Whether the next node is a `rule`, which is then gone.
    fn skips(&mut self, rule: Rule) -> bool {
        self.accept(rule).is_some()
    }

    fn peek(&mut self) -> Option<Rule> {
        loop {
            let node = self.pairs.peek()?;
            if node.as_rule() != Rule::comment {
                return Some(node.as_rule());
            }
            self.builder.keep_comment(&node);
            self.pairs.next();
        }
    }
}

impl<'i> Iterator for Kids<'_, 'i> {
    type Item = Node<'i>;

    fn next(&mut self) -> Option<Node<'i>> {
        loop {
            let node = self.pairs.next()?;
            if node.as_rule() != Rule::comment {
                return Some(node);
            }
            self.builder.keep_comment(&node);
        }
    }
}

/// What a builder leaves unread may still hold comments.
impl Drop for Kids<'_, '_> {
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

//! The lines of a file or block, and which builder reads which of them.

use std::sync::Arc;

use super::declaration::Doc;
use super::{Builder, Node};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{Stmt, StmtKind};

/// `##` lines that wait for their declaration.
#[derive(Default)]
struct Docs {
    lines: Vec<Arc<str>>,
    end: usize,
}

impl Docs {
    /// The lines, if they stand directly above `start`.
    fn take(&mut self, text: &str, start: usize) -> Doc {
        if self.lines.is_empty() {
            return None;
        }
        let lines = std::mem::take(&mut self.lines);
        let between = &text[self.end..start];
        let adjacent = between.trim().is_empty() && between.matches('\n').count() == 1;
        adjacent.then(|| Arc::from(lines.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("\n")))
    }
}

impl<'i> Builder<'i> {
    /// The statements of a file or block, and where it ends if nothing closes it.
    pub(super) fn body(&self, nodes: super::Pairs<'i>) -> (Vec<Stmt>, Option<Span>) {
        let mut unclosed = None;
        let mut body: Vec<Stmt> = Vec::with_capacity(nodes.len());
        let mut docs = Docs::default();
        for node in nodes {
            match node.as_rule() {
                Rule::comment => self.note_comment(&node, &mut docs),
                Rule::EOI => {}
                Rule::unclosed => unclosed = Some(self.span(&node)),
                Rule::stray_close => self.stray_close(self.span(&node)),
                Rule::inline_command => body.push(self.inline_command(&node)),
                Rule::trailing => self.attach_trailing(&mut body, &node),
                _ => {
                    let doc = docs.take(self.text, node.start());
                    body.push(self.statement(&node, doc));
                }
            }
        }
        (body, unclosed)
    }

    fn note_comment(&self, node: &Node<'i>, docs: &mut Docs) {
        let comment = self.comment(node);
        if comment.is_doc && comment.owns_line {
            let start = comment.span.start as usize;
            if !docs.lines.is_empty() && self.text[docs.end..start].matches('\n').count() != 1 {
                docs.lines.clear();
            }
            docs.lines.push(comment.text.clone());
            docs.end = comment.span.end as usize;
        }
        self.comments.borrow_mut().push(comment);
    }

    /// The rest of a line belongs to the statement before it, or is a bad line of its own.
    fn attach_trailing(&self, body: &mut Vec<Stmt>, node: &Node<'i>) {
        let span = self.trimmed(node);
        let previous = body.pop_if(|last| {
            let between = &self.text[last.span.end as usize..span.start as usize];
            between.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
        });
        let start = previous.as_ref().map_or(span, |stmt| stmt.span);
        let kind = self.trailing(node, previous.map(|stmt| (stmt.kind, stmt.span)));
        body.push(Stmt { kind, span: start.to(span) });
    }

    fn stray_close(&self, span: Span) {
        self.report(
            Diagnostic::error(&code::UNCLOSED, span, "this `}` closes nothing", "")
                .help("take it away, or look for the `{` that is missing above it"),
        );
    }

    pub(super) fn statement(&self, node: &Node<'i>, doc: Doc) -> Stmt {
        let span = self.trimmed(node);
        let kind = match node.as_rule() {
            Rule::runbook => self.header(node),
            Rule::r#use => self.use_decl(node),
            Rule::param => self.param(node, doc),
            Rule::secret => self.secret(node, doc),
            Rule::env => self.env(node, doc),
            Rule::action => self.action(node, doc),
            Rule::check_decl => self.check_decl(node, doc),
            Rule::r#fn => self.fn_decl(node, doc),
            Rule::test => self.test(node),
            Rule::scope => self.scope(node),
            Rule::check_use => self.check_use(node),
            Rule::background => self.background(node),
            Rule::finally => StmtKind::Finally(self.block_or(&mut self.kids(node), node)),
            Rule::checklist => self.checklist(node),
            Rule::confirm => self.confirm(node),
            Rule::manual => self.manual(node),
            Rule::choose => self.choose(node),
            Rule::approve => self.approve(node),
            Rule::r#if => self.if_stmt(node),
            Rule::r#for => self.for_stmt(node),
            Rule::parallel => self.parallel(node),
            Rule::on => self.on(node),
            Rule::with => self.with(node),
            Rule::call => self.call(node),
            Rule::r#let => StmtKind::Let(Box::new(self.let_stmt(node))),
            Rule::var => StmtKind::Var(Box::new(self.let_stmt(node))),
            Rule::assign => self.assign(node),
            Rule::value => self.value(node),
            Rule::assert => self.assert(node),
            Rule::fail_when => self.fail_when(node),
            Rule::word_statement => self.word_statement(node),
            Rule::ender => Self::ender(node),
            Rule::stray_clause => self.stray_clause(node),
            _ => StmtKind::Error,
        };
        Stmt { kind, span }
    }
}

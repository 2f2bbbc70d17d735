//! What stands at the top of a file, and types.

use super::gap::{self, Signs};
use super::items::Kind;
use super::printer::{Entry, Printer, STEP};
use crate::syntax::tree::{
    ActionDecl, CheckDecl, EffectWord, EnvDecl, FnDecl, FnParam, Header, Param, SecretDecl, TypeExpr, TypeExprKind,
    Use, UseSource,
};

impl Printer<'_> {
    pub(super) fn header(&mut self, item: &Header) {
        self.sign("runbook");
        self.blank();
        self.string(&item.title);
        self.braces(&item.entries, Signs::Separators);
    }

    pub(super) fn use_decl(&mut self, item: &Use) {
        self.sign("use");
        self.blank();
        match &item.source {
            UseSource::Std(path) => self.leaf(path.span),
            UseSource::File(file) => self.string(file),
        }
        if let Some(alias) = &item.alias {
            self.blank();
            self.sign("as");
            self.blank();
            self.ident(alias);
        }
    }

    pub(super) fn param(&mut self, item: &Param) {
        self.sign("param");
        self.blank();
        self.ident(&item.name);
        self.typed(&item.ty);
        loop {
            let word = self.next_word();
            match (word, &item.default, &item.matching, &item.one_of) {
                ("", Some(value), ..) if self.ahead().starts_with('=') => {
                    self.blank();
                    self.sign("=");
                    self.blank();
                    self.expr(value);
                }
                ("matching", _, Some(pattern), _) => {
                    self.blank();
                    self.sign(word);
                    self.blank();
                    self.string(pattern);
                }
                ("one_of", _, _, Some(list)) => {
                    self.blank();
                    self.sign(word);
                    self.blank();
                    self.expr(list);
                }
                _ => return,
            }
        }
    }

    pub(super) fn secret(&mut self, item: &SecretDecl) {
        self.sign("secret");
        self.blank();
        self.ident(&item.name);
        self.blank();
        self.sign("from");
        self.blank();
        self.ident(&item.source);
        self.args(&item.args);
    }

    pub(super) fn env(&mut self, item: &EnvDecl) {
        self.sign("env");
        self.blank();
        self.ident(&item.name);
        if let Some(other) = &item.extends {
            self.blank();
            self.sign("extends");
            self.blank();
            self.ident(other);
        }
        self.braces(&item.entries, Signs::Separators);
    }

    pub(super) fn action(&mut self, item: &ActionDecl) {
        self.sign("action");
        self.blank();
        self.ident(&item.name);
        self.params(&item.params);
        loop {
            match (self.next_word(), &item.returns) {
                (word, _) if item.effect.is_some_and(|(effect, _)| written(effect) == word) => {
                    self.blank();
                    self.sign(word);
                }
                ("", Some(ty)) if self.ahead().starts_with("->") => {
                    self.blank();
                    self.sign("->");
                    self.blank();
                    self.type_expr(ty);
                }
                _ => break,
            }
        }
        self.block(&item.body);
        self.clauses(&item.clauses);
    }

    pub(super) fn check_decl(&mut self, item: &CheckDecl) {
        self.sign("check");
        self.blank();
        self.ident(&item.name);
        self.params(&item.params);
        self.block(&item.body);
    }

    pub(super) fn fn_decl(&mut self, item: &FnDecl) {
        self.sign("fn");
        self.blank();
        self.ident(&item.name);
        self.params(&item.params);
        self.blank();
        self.sign("=");
        if !gap::read(self.text, self.at, Signs::None).newline {
            self.blank();
            return self.expr(&item.body);
        }
        self.group(Kind::Loose, |p| {
            p.indent_by(STEP);
            p.line_or_break(" ");
            p.expr(&item.body);
            p.dedent();
        });
    }

    fn params(&mut self, params: &[FnParam]) {
        // Blanks before the bracket mean nothing.
        self.settle();
        self.brackets(("(", ")"), "", params, |p, param| {
            p.ident(&param.name);
            if let Some(ty) = &param.ty {
                p.typed(ty);
            }
            if let Some(value) = &param.default {
                p.blank();
                p.sign("=");
                p.blank();
                p.expr(value);
            }
        });
    }

    // -- types

    /// `: type`
    pub(super) fn typed(&mut self, ty: &TypeExpr) {
        self.sign(":");
        self.blank();
        self.type_expr(ty);
    }

    fn type_expr(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => self.sign(name),
            TypeExprKind::List(inner) => {
                self.sign("list");
                self.sign("<");
                self.type_expr(inner);
                self.sign(">");
            }
            TypeExprKind::Record(fields) => self.brackets(("{", "}"), " ", fields, |p, (name, ty)| {
                p.ident(name);
                p.typed(ty);
            }),
            TypeExprKind::Optional(inner) => {
                self.type_expr(inner);
                self.sign("?");
            }
        }
    }
}

fn written(effect: EffectWord) -> &'static str {
    match effect {
        EffectWord::Reads => "reads",
        EffectWord::Changes => "changes",
        EffectWord::Destroys => "destroys",
    }
}

impl Entry for crate::syntax::tree::Entry {
    fn start(&self) -> usize {
        self.span.start as usize
    }

    fn print(&self, printer: &mut Printer<'_>) {
        self.print_inline(printer);
        printer.flush();
    }

    fn print_inline(&self, printer: &mut Printer<'_>) {
        printer.ident(&self.key);
        printer.blank();
        printer.mark(true);
        printer.sign("=");
        printer.blank();
        printer.expr(&self.value);
    }
}

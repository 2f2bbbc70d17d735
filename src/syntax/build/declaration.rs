//! What stands at the top of a file: header, modules, parameters, environments, actions.

use std::sync::Arc;

use super::{Builder, Kids, Node, no_ident};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{
    ActionDecl, CheckDecl, EffectWord, Entry, EnvDecl, FnDecl, FnParam, Header, Ident, Param, Path, SecretDecl,
    StmtKind, Use, UseSource,
};

/// The `##` lines above a declaration.
pub(super) type Doc = Option<Arc<str>>;

impl<'i> Builder<'i> {
    pub(super) fn header(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, self.word_span(node));
        StmtKind::Header(Header { title, entries: self.entries(&mut kids, node) })
    }

    /// `{ key = value … }` of a header or an environment.
    fn entries(&self, kids: &mut Kids<'_, 'i>, node: &Node<'i>) -> Vec<Entry> {
        self.junk_before(kids, node);
        self.listed(kids, Rule::entries, node, |inner| {
            let mut entries = Vec::new();
            for part in self.kids(inner) {
                match part.as_rule() {
                    Rule::entry => entries.extend(self.entry(&part)),
                    Rule::unclosed => self.unclosed_block(self.span(inner), self.span(&part)),
                    _ => self.report(self.bad_setting(&part)),
                }
            }
            entries
        })
    }

    fn bad_setting(&self, node: &Node<'i>) -> Diagnostic {
        let span = self.trimmed(node);
        let key = self.source(span).trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let follows_another = !self.text[..span.start as usize].trim_end_matches([' ', '\t']).ends_with('\n');
        if follows_another && key.len() < self.source(span).len() && key.trim_start().starts_with('=') {
            return Diagnostic::error(&code::SYNTAX, span, "each setting has a line of its own", "a second one")
                .help("begin a new line before it, or put `;` between them")
                .fix(Span { end: span.start, ..span }, "; ");
        }
        self.bad_entry(node, "a setting is written `key = value`", "owner = \"@platform\"")
    }

    fn entry(&self, node: &Node<'i>) -> Option<Entry> {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let key = self.ident(&kids.next()?);
        if let Some(separator) = kids.accept(Rule::wrong_separator) {
            let at = self.span(&separator);
            self.report(
                Diagnostic::error(
                    &code::SYNTAX,
                    at,
                    format!("a setting is written `{} = …`", key.name),
                    "expected `=`",
                )
                .help("write `=`")
                .fix(at, " ="),
            );
        }
        let value = self.expr_or(&mut kids, span.end, "the value of this setting is missing");
        Some(Entry { key, value, span })
    }

    pub(super) fn use_decl(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let source = if let Some(path) = kids.accept(Rule::path) {
            UseSource::Std(self.path(&path))
        } else {
            let file = self.string_or(&mut kids, span, |at| {
                Diagnostic::error(&code::SYNTAX, self.visible(at), "`use` says which module", "expected a module")
                    .help("for example `use std.slack` or `use \"./shared.rbk\"`")
            });
            if file.parts.is_empty() {
                UseSource::Std(Path { segments: vec![no_ident(file.span)], span: file.span })
            } else {
                if file.as_plain().is_none() {
                    self.report(Diagnostic::error(
                        &code::SYNTAX,
                        file.span,
                        "the file of a module is fixed text, without `${…}`",
                        "",
                    ));
                }
                UseSource::File(file)
            }
        };
        let alias = match kids.next() {
            Some(alias) if alias.as_rule() == Rule::alias => self.kids(&alias).next().map(|name| self.ident(&name)),
            Some(marker) => {
                self.missing(self.span(&marker), "`as` is followed by a name");
                None
            }
            None => None,
        };
        StmtKind::Use(Use { source, alias })
    }

    pub(super) fn param(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(&mut kids, span, "the name of the parameter is missing, as in `param image: string`");
        let ty = self.type_or(&mut kids, name.span.end);
        let mut param = Param { name, ty, default: None, matching: None, one_of: None, doc };
        for part in kids {
            match part.as_rule() {
                Rule::param_default => {
                    let value = self.inner_value(&part, "the default is missing behind `=`");
                    self.once(&mut param.default, &part, value);
                }
                Rule::param_matching => {
                    let pattern = self.string_or(&mut self.kids(&part), self.trimmed(&part), |at| {
                        Diagnostic::error(
                            &code::SYNTAX,
                            self.visible(at),
                            "`matching` is followed by a regular expression",
                            "expected text",
                        )
                        .help("for example `matching \"^v[0-9]+$\"`")
                    });
                    self.once(&mut param.matching, &part, pattern);
                }
                Rule::param_one_of => {
                    let list =
                        self.inner_value(&part, "`one_of` is followed by a list, as in `one_of [\"eu\", \"us\"]`");
                    self.once(&mut param.one_of, &part, list);
                }
                _ => {}
            }
        }
        StmtKind::Param(Box::new(param))
    }

    pub(super) fn secret(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(&mut kids, span, "the name of the secret is missing");
        let (source, args) = if let Some(from) = kids.accept(Rule::from) {
            self.secret_source(&from)
        } else {
            let at = kids.accept(Rule::missing).map_or(span, |marker| self.span(&marker));
            self.report(
                    Diagnostic::error(&code::SYNTAX, self.visible(at), "a secret says where it comes from", "expected `from …`")
                        .help(format!("for example `secret {} from env_var(\"NAME\")`, `file(\"path\")`, `command(\"…\")` or `prompt(\"…\")`", name.name)),
                );
            (no_ident(at), Vec::new())
        };
        StmtKind::Secret(Box::new(SecretDecl { name, source, args, doc }))
    }

    fn secret_source(&self, node: &Node<'i>) -> (Ident, Vec<crate::syntax::tree::Arg>) {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let message = "`from` is followed by `env_var(…)`, `file(…)`, `command(…)` or `prompt(…)`";
        let source = self.ident_or(&mut kids, span, message);
        let args = if let Some(args) = kids.accept(Rule::args) {
            self.args(&args)
        } else {
            if !source.name.is_empty() {
                self.missing(Span { start: span.end, ..span }, message);
            }
            Vec::new()
        };
        (source, args)
    }

    pub(super) fn env(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let span = self.word_span(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(&mut kids, span, "the name of the environment is missing, as in `env staging { … }`");
        let extends = kids.accept(Rule::extends).map(|part| {
            let at = self.trimmed(&part);
            self.ident_or(&mut self.kids(&part), at, "`extends` is followed by the name of another environment")
        });
        StmtKind::Env(Box::new(EnvDecl { name, extends, entries: self.entries(&mut kids, node), doc }))
    }

    pub(super) fn action(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let word = self.word_span(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(
            &mut kids,
            word,
            "the name of the action is missing, as in `action drain(node: string) changes { … }`",
        );
        let params = self.params_or(&mut kids, &name);
        let (mut effect, mut returns) = (None, None);
        while let Some(rule) = kids.peek()
            && matches!(rule, Rule::effect | Rule::returns)
            && let Some(part) = kids.next()
        {
            if rule == Rule::effect {
                let value = match part.as_str() {
                    "reads" => EffectWord::Reads,
                    "changes" => EffectWord::Changes,
                    _ => EffectWord::Destroys,
                };
                self.once(&mut effect, &part, (value, self.span(&part)));
            } else {
                let ty = self.type_or(&mut self.kids(&part), self.trimmed(&part).end);
                self.once(&mut returns, &part, ty);
            }
        }
        let body = self.block_or(&mut kids, node);
        let clauses = self.clauses(&mut kids);
        StmtKind::Action(Box::new(ActionDecl { name, params, effect, returns, body, clauses, doc }))
    }

    fn params_or(&self, kids: &mut Kids<'_, 'i>, name: &Ident) -> Vec<FnParam> {
        if let Some(params) = kids.accept(Rule::params) {
            return self.params(&params);
        }
        let at = kids.accept(Rule::missing).map_or(name.span, |marker| self.span(&marker));
        if !name.name.is_empty() {
            self.report(
                Diagnostic::error(&code::SYNTAX, self.visible(at), "the parameters are missing", "expected `(`")
                    .help(format!("write `{}()` if there are none", name.name)),
            );
        }
        Vec::new()
    }

    pub(super) fn check_decl(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let mut kids = self.kids(node);
        let name = self.ident_or(&mut kids, self.word_span(node), "the name of the check is missing");
        let params = self.params_or(&mut kids, &name);
        let body = self.block_or(&mut kids, node);
        StmtKind::CheckDecl(Box::new(CheckDecl { name, params, body, doc }))
    }

    pub(super) fn fn_decl(&self, node: &Node<'i>, doc: Doc) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(
            &mut kids,
            self.word_span(node),
            "the name of the function is missing, as in `fn half(x) = x / 2`",
        );
        let params = self.params_or(&mut kids, &name);
        if let Some(returns) = kids.accept(Rule::returns) {
            let at = self.trimmed(&returns);
            self.report(
                Diagnostic::error(
                    &code::SYNTAX,
                    at,
                    "the type of a function's value is found by itself",
                    "not written",
                )
                .help("leave it out")
                .fix(at, ""),
            );
        }
        let body = self.expr_or(&mut kids, span.end, "a function is one expression, as in `fn half(x) = x / 2`");
        StmtKind::Fn(Box::new(FnDecl { name, params, body, doc }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, mended, one};
    use crate::syntax::tree::{EffectWord, StmtKind};

    #[test]
    fn takes_the_help_above_it() {
        let doc = |text: &str| match one(text) {
            StmtKind::Param(param) => param.doc,
            other => panic!("{other:?}"),
        };
        assert_eq!(doc("## One.\n## Two.\nparam a: string").as_deref(), Some("One.\nTwo."));
        assert_eq!(doc("## The file.\n\nparam a: string"), None);
        assert_eq!(doc("# no help\nparam a: string"), None);
    }

    #[test]
    fn reads_an_action() {
        let text = "action f(a: list<string>, b: { c: int }? = null) changes -> { ok: bool } { g() } undo { h() }";
        let StmtKind::Action(action) = one(text) else { panic!() };
        assert_eq!(action.effect.map(|(word, _)| word), Some(EffectWord::Changes));
        assert!(action.returns.is_some() && action.clauses.undo.is_some() && action.params[1].default.is_some());
        assert!(matches!(one("action f() { g() }"), StmtKind::Action(action) if action.effect.is_none()));
    }

    #[test]
    fn mends_settings() {
        assert_eq!(mended("env a { b: 1 }"), "env a { b = 1 }");
        assert_eq!(fault("env a { b = \"x\" c = 2 }").message, "each setting has a line of its own");
        assert_eq!(mended("env a { b = \"x\" c = 2 }"), "env a { b = \"x\" ; c = 2 }");
        assert_eq!(fault("env a {\n    b = 1\n    c d\n    e = 2\n}").message, "a setting is written `key = value`");
    }

    #[test]
    fn says_what_is_missing() {
        assert_eq!(fault("param a").message, "a type is missing");
        assert_eq!(fault("secret a").message, "a secret says where it comes from");
        assert_eq!(fault("use").message, "`use` says which module");
        assert_eq!(fault("action f { g() }").message, "the parameters are missing");
        assert_eq!(fault("fn f(x) { x }").message, "a function is one expression, as in `fn half(x) = x / 2`");
    }
}

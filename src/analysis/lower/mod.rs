//! Lowering: statements and expressions of one frame, checked on the way.

mod assign;
mod call;
mod clause;
mod command;
mod expr;
mod known;
mod modifiers;
mod people;
mod scope;
mod sql;
mod stmt;
mod story;
mod unknown;

use std::fmt::Display;
use std::sync::Arc;

use super::declare::Declared;
use super::names::FrameNames;
use super::program::{Block, Stmt};
use crate::catalog::Effect;
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::source::Span;
use crate::syntax::tree;
use crate::value::Type;

/// What the code being lowered is for: decides what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// A phase or the top level: reads only; what changes something stands in a step.
    Story,
    /// A step, or what an effect of one leads to: it may change things.
    Step,
    /// A check, monitor, guard and their like, by their word: it must not change anything.
    Observing(&'static str),
    /// An action declared so.
    Action(Effect),
    /// `undo`, `restore`, `finally`, a handler, a background process: it may change things.
    Reaction(&'static str),
}

/// Where in the code we are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) doing: Doing,
    pub(super) in_loop: bool,
    pub(super) in_handler: bool,
    pub(super) in_action: bool,
    /// In a monitor or guard: how many signs it has so far.
    pub(super) sampling: bool,
    /// Inside a step, check, monitor or person's step.
    pub(super) in_step: bool,
}

/// Lowers the code of one frame.
pub(super) struct Lower<'d, 'a, 'n> {
    pub(super) declared: &'d mut Declared<'a>,
    pub(super) module: usize,
    pub(super) names: &'n mut FrameNames,
    pub(super) place: Place,
    /// Statements to be run before the one being lowered.
    pub(super) before: Vec<Stmt>,
    /// Why no action can be called here: what the expression stands in.
    pub(super) no_calls: Option<&'static str>,
    /// Nothing but computing is possible here, not even reading a secret.
    pub(super) pure_only: Option<&'static str>,
    /// A name that may be unbound is fine here: something stands in for it.
    pub(super) guarded: bool,
    /// Slots that were read.
    pub(super) uses: Vec<SlotId>,
    /// The greatest effect so far.
    pub(super) effect: Option<Effect>,
    pub(super) signs: usize,
    /// The text being lowered is only read by people: what is null may be shown as such.
    pub(super) for_people: bool,
    /// `finally` lines that the scope around them has taken up.
    pub(super) taken: Vec<Span>,
    /// What the action being lowered returns.
    pub(super) returns: Type,
    /// What is lowered is computed before the run: only globals that come before it have a value.
    pub(super) early: bool,
}

impl<'d, 'a, 'n> Lower<'d, 'a, 'n> {
    pub(super) fn new(declared: &'d mut Declared<'a>, module: usize, names: &'n mut FrameNames) -> Self {
        let place = Place {
            doing: Doing::Story,
            in_loop: false,
            in_handler: false,
            in_action: false,
            sampling: false,
            in_step: false,
        };
        Self {
            declared,
            module,
            names,
            place,
            before: Vec::new(),
            no_calls: None,
            pure_only: None,
            guarded: false,
            uses: Vec::new(),
            effect: None,
            signs: 0,
            for_people: false,
            taken: Vec::new(),
            returns: Type::Any,
            early: false,
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.declared.report(diagnostic);
    }

    /// Runs `f` somewhere else in the code.
    pub(super) fn at<T>(&mut self, place: Place, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.place, place);
        let result = f(self);
        self.place = outer;
        result
    }

    /// An expression that only computes.
    pub(super) fn pure(&mut self, expr: &tree::Expr, what: &'static str) -> (Expr, Type) {
        let outer = self.pure_only.replace(what);
        let result = self.expr(expr);
        self.pure_only = outer;
        result
    }

    /// Reports a value of the wrong type.
    pub(super) fn must_fit(&mut self, given: &Type, wanted: &Type, span: Span, what: impl std::fmt::Display) {
        if given.fits(wanted) {
            return;
        }
        let message = format!("{what} must be {}, and this is {}", a(wanted), a(given));
        let mut diagnostic = Diagnostic::error(&code::WRONG_TYPE, span, message, format!("{given}"));
        diagnostic.help = self.conversion(given, wanted, span);
        self.report(diagnostic);
    }

    /// What to write so that a value becomes what is wanted.
    fn conversion(&self, given: &Type, wanted: &Type, span: Span) -> Option<String> {
        let text = self.declared.sources.text(span);
        let text = if text.len() <= 40 && !text.contains('\n') { text } else { "…" };
        let bare = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match (given.required(), wanted.required()) {
            (Type::Int | Type::Float, Type::Duration) if bare => {
                Some(format!("say the unit: {text}s, {text}m or {text}h"))
            }
            (Type::Int | Type::Float, Type::Duration) => Some(format!("say the unit: seconds({text})")),
            (Type::Int | Type::Float, Type::Size) if bare => Some(format!("say the unit: {text}MiB or {text}GB")),
            (Type::Int | Type::Float, Type::Size) => Some(format!("say the unit: bytes({text})")),
            (Type::Int | Type::Float, Type::Percent) if bare => Some(format!("write {text}%")),
            (_, Type::String) => Some("put it into a text: \"${…}\"".to_owned()),
            (Type::String, Type::Bool) if quoted.is_some() => {
                Some("write `true` or `false`, without quotes".to_owned())
            }
            (_, Type::Bool) => Some(format!("say what is asked: `{text} == …`, `{text} > …`")),
            (Type::String, wanted) => match quoted {
                Some(inner) if inner.starts_with(|c: char| c.is_ascii_digit()) => {
                    Some(format!("leave out the quotes: {inner}"))
                }
                None if matches!(wanted, Type::Int | Type::Float) => {
                    Some(format!("read the number in it: {wanted}({text})"))
                }
                _ => example(&wanted),
            },
            (Type::Int, Type::List(_)) => Some(format!("to count write range(1, {text}), for one value [{text}]")),
            (_, wanted) => example(&wanted),
        }
    }

    /// Remembers that something of this class happens here, and reports it where it must not.
    pub(super) fn happens(&mut self, effect: Effect, what: impl Display, span: Span) {
        self.effect = Some(self.effect.map_or(effect, |known| known.max(effect)));
        if !effect.is_changing() {
            return;
        }
        match self.place.doing {
            Doing::Step | Doing::Reaction(_) => {}
            Doing::Action(declared) if effect <= declared => {}
            Doing::Action(declared) => {
                let message = format!("{what} {effect}, and the action is declared `{declared}`");
                let help = format!("declare the action `{effect}`, or take this out of it");
                self.report(Diagnostic::error(&code::EFFECT, span, message, format!("{effect}")).help(help));
            }
            Doing::Observing(word) => {
                let message = format!("{what} {effect} something, and a {word} only looks");
                let help = format!("move it into a step before the {word}");
                self.report(Diagnostic::error(&code::EFFECT, span, message, format!("this {effect}")).help(help));
            }
            Doing::Story => {
                let message = format!("{what} {effect} something, and stands outside of a step");
                let help = "wrap it: step \"what it does\" { … }, so that it is recorded and can be taken back";
                self.report(Diagnostic::error(&code::NEEDS_STEP, span, message, format!("this {effect}")).help(help));
            }
        }
    }

    /// Reports a value that may be null where null has no meaning. Its type without the null.
    pub(super) fn present(&mut self, ty: Type, span: Span) -> Type {
        if !matches!(ty, Type::Optional(_)) {
            return ty;
        }
        let source = self.source(span);
        let source = if source.len() <= 40 { source.as_str() } else { "x" };
        let help = format!("say what it is then: `{source} ?? …`, or ask first: `if {source} != null {{ … }}`");
        let message = "this may be null, and null has no meaning here";
        self.report(Diagnostic::error(&code::UNBOUND, span, message, format!("{ty}")).help(help));
        ty.required()
    }

    /// A block in a place of its own, with its own statements before each statement.
    pub(super) fn block(&mut self, block: &tree::Block) -> Block {
        self.statements(&block.body)
    }

    /// The same for statements that share a branch.
    pub(super) fn statements(&mut self, statements: &[tree::Stmt]) -> Block {
        let outer = std::mem::take(&mut self.before);
        let mut body = Vec::new();
        self.names.narrowed.push(rustc_hash::FxHashSet::default());
        for stmt in statements {
            self.statement(stmt, &mut body);
        }
        self.names.narrowed.pop();
        self.before = outer;
        Block { pure: super::pure::is_pure(&body), body }
    }

    /// A block that must not change anything.
    pub(super) fn observing(&mut self, block: &tree::Block, word: &'static str) -> Block {
        let place = Place { doing: Doing::Observing(word), in_step: true, ..self.place };
        self.at(place, |lower| lower.block(block))
    }

    /// The text of a span on one line.
    pub(super) fn source(&self, span: Span) -> String {
        let text = self.declared.sources.text(span);
        let mut words = text.split_ascii_whitespace();
        let mut line = String::with_capacity(text.len());
        line.push_str(words.next().unwrap_or_default());
        for word in words {
            line.push(' ');
            line.push_str(word);
        }
        line
    }

    /// A text that a person reads, with what it interpolates.
    pub(super) fn title(&mut self, literal: &tree::StrLit) -> Expr {
        self.for_people = true;
        let text = self.string(literal).0;
        self.for_people = false;
        text
    }

    /// The title as written.
    pub(super) fn title_text(&self, literal: &tree::StrLit) -> Arc<str> {
        written(&literal.parts, |span| self.declared.sources.text(span).to_owned())
    }
}

/// A literal or command as written, without its quotes, holes as `${…}`.
pub(super) fn written(parts: &[tree::StrPart], source: impl Fn(Span) -> String) -> Arc<str> {
    if let [tree::StrPart::Text(text, _)] = parts {
        return Arc::clone(text);
    }
    let mut whole = String::new();
    for part in parts {
        match part {
            tree::StrPart::Text(text, _) => whole.push_str(text),
            tree::StrPart::Hole(_, span) => whole.push_str(&source(*span)),
        }
    }
    whole.into()
}

/// How a value of a type is written.
fn example(ty: &Type) -> Option<String> {
    let example = match ty {
        Type::Bool => "true",
        Type::Int => "3",
        Type::Float => "0.5",
        Type::Duration => "5m",
        Type::Size => "512MiB",
        Type::Percent => "5%",
        Type::Instant => "time(\"2026-01-20T10:00:00Z\")",
        Type::List(_) => "[a, b]",
        Type::Record(_) => "{ key: value }",
        Type::Any
        | Type::Null
        | Type::String
        | Type::Command
        | Type::Sql
        | Type::Url
        | Type::Optional(_)
        | Type::Secret(_) => return None,
    };
    Some(format!("for example `{example}`"))
}

/// A type with its article.
pub(super) fn a(ty: &Type) -> String {
    match ty {
        Type::Any => "any value".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Int | Type::Instant => format!("an {ty}"),
        Type::Optional(inner) => format!("{}, or null", a(inner)),
        Type::Record(_) => "a record".to_owned(),
        Type::Float
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::String
        | Type::Command
        | Type::Sql
        | Type::Url
        | Type::List(_)
        | Type::Secret(_) => format!("a {ty}"),
    }
}

/// Whether a diagnostic may only follow from a line that could not be read: a name it would have bound.
pub(super) fn follows_from_broken_lines(diagnostic: &Diagnostic) -> bool {
    let codes = [&code::UNKNOWN_NAME, &code::UNBOUND, &code::MISSING_IN_ENVIRONMENT, &code::ENVIRONMENT];
    // A slip of the fingers is one whatever else is wrong.
    let slip = diagnostic.help.as_deref().is_some_and(|help| help.starts_with("did you mean"));
    codes.contains(&diagnostic.code) && !slip
}

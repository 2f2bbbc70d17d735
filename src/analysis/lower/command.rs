//! Commands: where each value lands, what reads it there, and what the command is known to do.

use std::sync::Arc;

use super::super::program::{Act, Callee, CommandForm, CommandTemplate, Source, WordTemplate};
use super::super::types::command_result;
use super::unknown::Meant;
use super::{Doing, Lower, a};
use crate::catalog::Effect;
use crate::diag::{Diagnostic, code};
use crate::eval::expr::{Part, ScriptPart};
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::command_text;
use crate::syntax::shell::{self, Context, Fragment, Place, Script};
use crate::syntax::tree::{self, StrPart};
use crate::value::{Type, Value};

/// A hole, lowered.
struct Hole {
    expr: Expr,
    ty: Type,
    raw: bool,
    span: Span,
}

impl Lower<'_, '_, '_> {
    /// A `$` command as a call that binds a slot, or none.
    pub(super) fn command(&mut self, command: &tree::Command) -> Act {
        let reads = command.reads || matches!(self.place.doing, Doing::Observing(_));
        let effect = match self.place.doing {
            Doing::Action(Effect::Reads) => Effect::Reads,
            _ if reads => Effect::Reads,
            _ => Effect::Changes,
        };
        if effect.is_changing() {
            self.happens(effect, "a command", command.span);
        } else {
            self.happens(Effect::Reads, "a command", command.span);
        }
        let template = self.template(&command.parts, command.tried, command.span, !effect.is_changing());
        Act { callee: Callee::Command(Box::new(template)), slot: None, effect, secret: false, span: command.span }
    }

    /// The command of `secret x from command("…")`.
    pub(crate) fn command_of(&mut self, value: &tree::Expr) -> CommandTemplate {
        match &value.kind {
            tree::ExprKind::Str(literal) => self.template(&literal.parts, false, value.span, true),
            _ => {
                let message = "a command is written out here, so that it can be checked";
                self.report(Diagnostic::error(&code::NOT_A_LITERAL, value.span, message, ""));
                CommandTemplate { form: CommandForm::Direct(Vec::new()), tried: false, text: Arc::from("") }
            }
        }
    }

    /// The value of a parameter of type `command`: a literal, quoted by its places, or `raw(…)`.
    pub(super) fn command_argument(&mut self, value: &tree::Expr) -> Expr {
        match &value.kind {
            tree::ExprKind::Str(literal) => {
                let observing = matches!(self.place.doing, Doing::Observing(_));
                let (holes, script) = self.lexed(&literal.parts, value.span, observing);
                let parts = script_parts(&literal.parts, holes, &script);
                Expr { kind: ExprKind::Script(parts), span: value.span }
            }
            tree::ExprKind::Call { callee, args } if is_raw(callee) && args.len() == 1 => {
                self.warn_raw(value.span);
                let (lowered, ty) = self.expr(&args[0].value);
                self.must_fit(&ty, &Type::String, args[0].value.span, "a command");
                lowered
            }
            _ => {
                let message = "a command is given as a literal, so that what it interpolates can be quoted";
                let help = "write the text here, with ${…} for values; raw(…) takes any text as it is";
                self.report(Diagnostic::error(&code::NOT_A_LITERAL, value.span, message, "").help(help));
                Expr::null(value.span)
            }
        }
    }

    fn template(&mut self, parts: &[StrPart], tried: bool, span: Span, observing: bool) -> CommandTemplate {
        let text = super::written(parts, |span| self.source(span));
        let (holes, script) = self.lexed(parts, span, observing);
        let has_raw = holes.iter().any(|hole| hole.raw);
        let form = match script.direct() {
            Some(words) if !has_raw && !words.is_empty() => {
                let mut holes: Vec<Option<Hole>> = holes.into_iter().map(Some).collect();
                CommandForm::Direct(words.iter().map(|word| direct_word(word, &mut holes)).collect())
            }
            _ => CommandForm::Script(Expr { kind: ExprKind::Script(script_parts(parts, holes, &script)), span }),
        };
        CommandTemplate { form, tried, text }
    }

    /// Lowers the holes, lexes the text, and reports what is wrong with either.
    fn lexed(&mut self, parts: &[StrPart], span: Span, observing: bool) -> (Vec<Hole>, Arc<Script>) {
        let mut holes = Vec::new();
        for part in parts {
            if let StrPart::Hole(expr, span) = part {
                holes.push(self.hole(expr, *span));
            }
        }
        let read = self.declared.scripts.entry(span).or_insert_with(|| Arc::new(command_text::lex(parts)));
        let script = Arc::clone(read);
        let place = |at: shell::At| command_text::place(parts, at, span);
        let mut wrong = false;
        for problem in &script.problems {
            wrong = true;
            let diagnostic = Diagnostic::error(&code::COMMAND, place(problem.at), problem.message.clone(), "");
            self.report(diagnostic.help(problem.help.clone()));
        }
        for foreign in &script.foreign {
            wrong = true;
            let hole = &holes[foreign.hole];
            if hole.raw {
                continue;
            }
            let message =
                format!("{} reads this argument as code, and a value in it would become code", foreign.interpreter);
            let mut advice: Vec<&str> = foreign.remedies.iter().map(|remedy| remedy.advice()).collect();
            if advice.is_empty() {
                advice.push(shell::Remedy::Environment.advice());
            }
            let label = format!("{} would read this", foreign.interpreter);
            self.report(Diagnostic::error(&code::FOREIGN, hole.span, message, label).help(advice.join(", or ")));
        }
        if let Some(lost) = shell::lost_setting(&script) {
            self.lost(&lost, &place);
        }
        self.known_changes(&script, observing, &place);
        if !wrong {
            for (at, hole) in holes.iter().enumerate() {
                self.fits_place(hole, &script.contexts[at], parts.len() == 1);
            }
        }
        self.secret_variables(&script, &place);
        (holes, script)
    }

    fn hole(&mut self, expr: &tree::Expr, span: Span) -> Hole {
        if let tree::ExprKind::Call { callee, args } = &expr.kind
            && is_raw(callee)
            && let [arg] = args.as_slice()
        {
            self.warn_raw(span);
            let (lowered, ty) = self.expr(&arg.value);
            return Hole { expr: lowered, ty, raw: true, span };
        }
        if let tree::ExprKind::Name(name) = &expr.kind
            && matches!(self.meaning_of(name, expr.span), super::expr::Meaning::Unknown)
        {
            let message = format!("`${{{name}}}` names nothing of this runbook");
            let unknown = Diagnostic::error(&code::HOLE_NAME, span, message, "");
            let shell = format!("write `${name}` for the shell's variable, or `$${{{name}}}` for a literal `${{`");
            self.report(match self.meant(name, span) {
                Some(Meant::Elsewhere(found)) => unknown.label(found.at, found.label).help(found.help),
                Some(Meant::Near(near)) => unknown.help(format!("did you mean `${{{near}}}`? otherwise {shell}")),
                None => unknown.help(shell),
            });
            return Hole { expr: Expr::null(span), ty: Type::Any, raw: false, span };
        }
        let (lowered, ty) = self.expr(expr);
        Hole { expr: lowered, ty, raw: false, span }
    }

    /// Looks a name up without using it.
    pub(super) fn meaning_of(&mut self, name: &Arc<str>, span: Span) -> super::expr::Meaning {
        if self.names.find(name).is_some() {
            return super::expr::Meaning::Run;
        }
        let before = self.before.len();
        let meaning = self.meaning(name, span);
        self.before.truncate(before);
        meaning
    }

    pub(super) fn warn_raw(&mut self, span: Span) {
        let message = "`raw(…)` puts a text into the command as it is: it can become code";
        let help = "leave out `raw` unless the text is a command itself";
        self.report(Diagnostic::warning(&code::RAW, span, message, "not quoted").help(help));
    }

    fn lost(&mut self, lost: &shell::LostSetting, place: &dyn Fn(shell::At) -> Span) {
        let (at, message, help) = match lost {
            shell::LostSetting::Directory { at, folder } => {
                let folder = folder.as_deref().unwrap_or("…");
                let help = format!("write: on dir(\"{folder}\") {{ … }}");
                (*at, "each command has a shell of its own: this `cd` is gone when it ends", help)
            }
            shell::LostSetting::Variable { at, name } => {
                let name = name.as_deref().unwrap_or("NAME");
                let help = format!("write: with {name} = \"…\" {{ … }}");
                (*at, "each command has a shell of its own: this variable is gone when it ends", help)
            }
        };
        self.report(Diagnostic::error(&code::LOST_SETTING, place(at), message, "").help(help));
    }

    fn known_changes(&mut self, script: &Script, observing: bool, place: &dyn Fn(shell::At) -> Span) {
        if !observing {
            return;
        }
        for command in &script.commands {
            let Some(change) = shell::changes(command) else { continue };
            let (message, help) = match self.place.doing {
                Doing::Observing(word) => (
                    format!("`{change}` changes something, and a {word} only looks"),
                    format!("move it into a step before the {word}"),
                ),
                _ => (
                    format!("`{change}` changes something, and this says that it only reads"),
                    "leave out `reads`, and put it into a step".to_owned(),
                ),
            };
            let span = place(command.at);
            self.report(Diagnostic::error(&code::EFFECT, span, message, "this changes something").help(help));
        }
    }

    fn fits_place(&mut self, hole: &Hole, context: &Context, whole: bool) {
        if hole.raw {
            return;
        }
        let (message, help) = match &hole.ty {
            ty if ty.is_secret() && context.place != Place::Comment => (
                "a secret in a command can be read by every user of the machine".to_owned(),
                "give it by an environment variable: with NAME = secret { $ … }, or by sh(…, stdin: secret)".to_owned(),
            ),
            Type::List(_) if !context.takes_list() && !whole => (
                "a list is several words, and only one fits here".to_owned(),
                "join it: ${xs.join(\",\")}, or let it stand alone between blanks".to_owned(),
            ),
            Type::Record(record) if !record.open && !record.is_text() => {
                ("a record is no word".to_owned(), "name the field, or write it as JSON: ${json(x)}".to_owned())
            }
            Type::Optional(_) => {
                (format!("this may be null: it is {}", a(&hole.ty)), "say what it is then: ${x ?? \"…\"}".to_owned())
            }
            _ => return,
        };
        let code = if hole.ty.is_secret() { &code::SECRET_EXPOSED } else { &code::WRONG_TYPE };
        self.report(Diagnostic::error(code, hole.span, message, format!("{}", hole.ty)).help(help));
    }

    /// A secret that comes into arguments through a variable of the shell.
    fn secret_variables(&mut self, script: &Script, place: &dyn Fn(shell::At) -> Span) {
        for command in &script.commands {
            // What the shell does itself starts no process whose arguments could be read.
            let own = command.words.first().and_then(shell::Word::literal);
            if matches!(own, Some("echo" | "printf" | "[" | "test" | "[[" | "export" | "read")) {
                continue;
            }
            for word in command.words.iter().skip(1) {
                let exposed =
                    word.variables().find(|name| self.declared.secret_vars.iter().any(|secret| **secret == **name));
                if let Some(name) = exposed {
                    let message = format!("`${name}` is a secret, and here every user of the machine can read it");
                    let help = "let the program read the variable itself, or give it on its standard input: printf %s \"$NAME\" | …";
                    let span = place(word.at);
                    self.report(
                        Diagnostic::error(&code::SECRET_EXPOSED, span, message, "in the arguments of a process")
                            .help(help),
                    );
                }
            }
        }
    }

    /// What is known of a name that is bound to a command's result.
    pub(super) fn command_type() -> (Type, Source) {
        (command_result(), Source::Command)
    }
}

pub(super) fn is_raw(callee: &tree::Expr) -> bool {
    matches!(&callee.kind, tree::ExprKind::Name(name) if &**name == "raw")
}

fn direct_word(word: &shell::Word, holes: &mut [Option<Hole>]) -> WordTemplate {
    let mut take = |at: usize| holes.get_mut(at).and_then(Option::take).map(|hole| hole.expr);
    if let [Fragment::Hole(at)] = word.fragments.as_slice()
        && !word.quoted
        && let Some(expr) = take(*at)
    {
        return WordTemplate::Spread(expr);
    }
    if let Some(text) = word.literal() {
        return WordTemplate::Text(text.into());
    }
    let parts = word.fragments.iter().filter_map(|fragment| match fragment {
        Fragment::Text(text) => Some(Part::Text(text.as_str().into())),
        Fragment::Hole(at) => take(*at).map(Part::Hole),
        Fragment::Shell(_) => None,
    });
    WordTemplate::Joined(parts.collect())
}

fn script_parts(parts: &[StrPart], holes: Vec<Hole>, script: &Script) -> Vec<ScriptPart> {
    let mut holes = holes.into_iter().zip(&script.contexts);
    parts
        .iter()
        .map(|part| match part {
            StrPart::Text(text, _) => ScriptPart::Text(Arc::clone(text)),
            StrPart::Hole(_, span) => match holes.next() {
                Some((hole, _)) if hole.raw => ScriptPart::Raw(hole.expr),
                Some((hole, context)) => ScriptPart::Hole(context.clone(), hole.expr),
                None => ScriptPart::Raw(Expr { kind: ExprKind::Const(Value::str("")), span: *span }),
            },
        })
        .collect()
}

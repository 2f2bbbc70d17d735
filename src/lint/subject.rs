//! What a rule sees of a file: its tree laid out flat, its commands as the shell reads them, and the program.

use std::cell::OnceCell;
use std::sync::Arc;

use regex::Regex;
use rustc_hash::FxHashMap as HashMap;

use super::deeds::{Deed, deeds};
use super::walk::{self, Role, Visitor};
use crate::analysis::Program;
use crate::analysis::program::Environment;
use crate::source::{SourceFile, Span};
use crate::syntax::command_text;
use crate::syntax::shell::{At, Script, SimpleCommand};
use crate::syntax::tree::{Command, Expr, ExprKind, File, Header, Modifiers, Rhs, Stmt, StmtKind, StrLit, StrPart};

/// A file to be looked at.
pub(crate) struct Subject<'a> {
    /// Its tree.
    pub(crate) file: &'a File,
    /// Its text.
    pub(crate) source: &'a SourceFile,
    /// What the analysis made of it; nothing if there is an error.
    pub(crate) program: Option<&'a Program>,
    /// The only environment that is looked at, if it is one.
    pub(crate) environment: Option<&'a str>,
    /// Every statement, outer ones first.
    pub(crate) sites: Vec<Site<'a>>,
    /// Every command: those of `secret … from command("…")` and `sh("…")` too.
    pub(crate) commands: Vec<CommandSite<'a>>,
    /// Every expression, outer ones first.
    pub(crate) exprs: Vec<(&'a Expr, usize)>,
    /// Every text, commands left out.
    pub(crate) texts: Vec<(&'a StrLit, usize)>,
    header: Option<(&'a Header, &'a Stmt)>,
    lets: HashMap<&'a str, &'a Expr>,
    deeds: OnceCell<Vec<Deed>>,
}

/// A statement and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// The statement.
    pub(crate) stmt: &'a Stmt,
    /// The statement around it.
    pub(crate) parent: Option<usize>,
    /// In which block of that it stands.
    pub(crate) role: Role,
}

/// A command and where it stands.
pub(crate) struct CommandSite<'a> {
    /// The statement that it is a part of.
    pub(crate) site: usize,
    /// Its text and holes.
    pub(crate) parts: &'a [StrPart],
    /// The command as written, if it is one and no literal.
    pub(crate) written: Option<&'a Command>,
    /// All of it.
    pub(crate) span: Span,
    /// As the shell reads it.
    pub(crate) script: Arc<Script>,
}

impl CommandSite<'_> {
    /// Where something in it stands in the file.
    pub(crate) fn place(&self, at: At) -> Span {
        command_text::place(self.parts, at, self.span)
    }

    /// From the first character of one of its commands to the last of its words.
    pub(crate) fn span_of(&self, command: &SimpleCommand) -> Span {
        let start = self.place(command.at);
        let end = command.words.last().map_or(start, |word| self.place(word.at));
        if end.end >= start.start && end.file == start.file { start.to(end) } else { start }
    }

    /// Its text, holes left out.
    pub(crate) fn text(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                StrPart::Text(text, _) => &**text,
                StrPart::Hole(..) => "",
            })
            .collect()
    }

    /// Whether one of its commands reads a file or a pipe instead of standing input: then nothing is asked.
    pub(crate) fn has_input(command: &SimpleCommand) -> bool {
        command.input_from.is_some() || command.redirects.iter().any(|redirect| redirect.operator.starts_with('<'))
    }
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        file: &'a File,
        source: &'a SourceFile,
        program: Option<&'a Program>,
        environment: Option<&'a str>,
        scripts: Option<&'a HashMap<Span, Arc<Script>>>,
    ) -> Self {
        let mut collector = Collector {
            open: Vec::new(),
            scripts,
            subject: Subject {
                file,
                source,
                program,
                environment,
                sites: Vec::new(),
                commands: Vec::new(),
                exprs: Vec::new(),
                texts: Vec::new(),
                header: header(file),
                lets: lets(file),
                deeds: OnceCell::new(),
            },
        };
        walk::file(file, &mut collector);
        let mut subject = collector.subject;
        subject.commands.sort_by_key(|command| command.span.start);
        subject
    }

    /// The statements around a site, the innermost first, each with the block of it in which the site stands.
    pub(crate) fn around(&self, site: usize) -> impl Iterator<Item = (&'a Stmt, Role)> + '_ {
        let mut at = site;
        std::iter::from_fn(move || {
            let role = self.sites[at].role;
            at = self.sites[at].parent?;
            Some((self.sites[at].stmt, role))
        })
    }

    /// The site itself, and the statements around it.
    pub(crate) fn from(&self, site: usize) -> impl Iterator<Item = &'a Stmt> + '_ {
        std::iter::once(self.sites[site].stmt).chain(self.around(site).map(|(stmt, _)| stmt))
    }

    /// Whether a site is part of what reacts: a compensation, `finally`, a handler.
    pub(crate) fn reacts(&self, site: usize) -> bool {
        let reacts = |role| matches!(role, Role::Undo | Role::Restore | Role::Finally | Role::Handler | Role::Probe);
        reacts(self.sites[site].role) || self.around(site).any(|(_, role)| reacts(role))
    }

    /// The header, if there is one.
    pub(crate) fn header(&self) -> Option<(&'a Header, &'a Stmt)> {
        self.header
    }

    /// The value of a `let` of the top level.
    pub(crate) fn top_let(&self, name: &str) -> Option<&'a Expr> {
        self.lets.get(name).copied()
    }

    /// What it does, in order.
    pub(crate) fn deeds(&self) -> &[Deed] {
        self.deeds.get_or_init(|| deeds(self))
    }

    /// A setting of the header.
    pub(crate) fn header_entry(&self, key: &str) -> Option<&'a Expr> {
        let (header, _) = self.header()?;
        header.entries.iter().find(|entry| &*entry.key.name == key).map(|entry| &entry.value)
    }

    /// Whether it does something, rather than being used by others.
    pub(crate) fn is_runbook(&self) -> bool {
        self.header().is_some() || self.program.is_some_and(|program| program.has_story)
    }

    /// The first environment in which it counts.
    pub(crate) fn production(&self) -> Option<&'a Environment> {
        let asked = |env: &&Environment| self.environment.is_none_or(|name| *env.name == *name);
        self.program?.environments.iter().filter(asked).find(|env| is_production(env))
    }

    /// Whether a text of the file may match: asked of all of it at once, where no escape hides what a text says.
    pub(crate) fn may_match(&self, pattern: Option<&Regex>) -> bool {
        let text = &*self.source.text;
        text.contains('\\') || pattern.is_some_and(|pattern| pattern.is_match(text))
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.source.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The command of exactly this span.
    pub(crate) fn command_at(&self, span: Span) -> Option<&CommandSite<'a>> {
        let first = self.commands.partition_point(|command| command.span.start < span.start);
        self.commands[first..]
            .iter()
            .take_while(|command| command.span.start == span.start)
            .find(|one| one.span == span)
    }

    /// Every simple command with the command it is a part of.
    pub(crate) fn simple_commands(&self) -> impl Iterator<Item = (&CommandSite<'a>, &SimpleCommand)> {
        self.commands.iter().flat_map(|site| site.script.commands.iter().map(move |command| (site, command)))
    }
}

fn header(file: &File) -> Option<(&Header, &Stmt)> {
    file.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Header(header) => Some((header, stmt)),
        _ => None,
    })
}

fn lets(file: &File) -> HashMap<&str, &Expr> {
    let lets = file.body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Let(binding) => match &binding.value {
            Rhs::Expr(value) => Some((&*binding.name.name, value)),
            Rhs::Command(_) | Rhs::Check(_) | Rhs::For(_) => None,
        },
        _ => None,
    });
    lets.collect()
}

/// Whether an environment is one in which it counts.
pub(crate) fn is_production(env: &Environment) -> bool {
    let name = env.name.to_lowercase();
    env.protected
        || ["prod", "prd", "live"].iter().any(|word| name.split(['-', '_']).any(|part| part.starts_with(word)))
}

/// The modifiers of a statement that can have some.
pub(crate) fn modifiers(stmt: &Stmt) -> Option<&Modifiers> {
    match &stmt.kind {
        StmtKind::Scope(scope) => Some(&scope.modifiers),
        StmtKind::CheckUse(used) => Some(&used.modifiers),
        StmtKind::Background(background) => Some(&background.modifiers),
        StmtKind::Checklist(list) => Some(&list.modifiers),
        StmtKind::Confirm(confirm) => Some(&confirm.modifiers),
        StmtKind::Manual(manual) => Some(&manual.modifiers),
        StmtKind::Choose(choose) => Some(&choose.modifiers),
        StmtKind::Approve(approve) => Some(&approve.modifiers),
        StmtKind::Call(call) => Some(&call.modifiers),
        _ => None,
    }
}

/// `a.b.c` of names.
pub(crate) fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Member { object, name, .. } => {
            let mut path = path(object)?;
            path.push('.');
            path.push_str(&name.name);
            Some(path)
        }
        _ => None,
    }
}

struct Collector<'a> {
    open: Vec<usize>,
    /// Commands that were read already.
    scripts: Option<&'a HashMap<Span, Arc<Script>>>,
    subject: Subject<'a>,
}

impl<'a> Collector<'a> {
    fn here(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    fn read(&self, parts: &[StrPart], span: Span) -> Arc<Script> {
        let known = self.scripts.and_then(|scripts| scripts.get(&span));
        known.map_or_else(|| Arc::new(command_text::lex(parts)), Arc::clone)
    }

    fn add_literal(&mut self, value: &'a Expr) {
        if let ExprKind::Str(literal) = &value.kind {
            let command = CommandSite {
                site: self.here(),
                parts: &literal.parts,
                written: None,
                span: value.span,
                script: self.read(&literal.parts, value.span),
            };
            self.subject.commands.push(command);
        }
    }
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn enter(&mut self, stmt: &'a Stmt, role: Role) {
        let parent = self.open.last().copied();
        self.open.push(self.subject.sites.len());
        self.subject.sites.push(Site { stmt, parent, role });
        if let StmtKind::Secret(secret) = &stmt.kind
            && &*secret.source.name == "command"
            && let Some(arg) = secret.args.first()
        {
            self.add_literal(&arg.value);
        }
    }

    fn leave(&mut self) {
        self.open.pop();
    }

    fn expr(&mut self, expr: &'a Expr) {
        let here = self.here();
        self.subject.exprs.push((expr, here));
        if let ExprKind::Call { callee, args } = &expr.kind
            && matches!(&callee.kind, ExprKind::Name(name) if &**name == "sh")
            && let Some(arg) = args.first()
        {
            self.add_literal(&arg.value);
        }
    }

    fn text(&mut self, text: &'a StrLit) {
        let here = self.here();
        self.subject.texts.push((text, here));
    }

    fn command(&mut self, command: &'a Command) {
        let site = self.here();
        let script = self.read(&command.parts, command.span);
        let written = Some(command);
        self.subject.commands.push(CommandSite { site, parts: &command.parts, written, span: command.span, script });
    }
}

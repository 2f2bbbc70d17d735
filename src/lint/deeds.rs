//! What a runbook does, as words that can be compared: `systemctl stop web`, `systemd.stop("web")`.

use super::subject::{CommandSite, Subject, path};
use super::walk::Role;
use crate::source::Span;
use crate::syntax::shell::{Fragment, Word};
use crate::syntax::tree::{ExprKind, StmtKind, StrPart};

/// One command, or one call of an action.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// The statement that it is a part of.
    pub(crate) site: usize,
    /// Where it stands.
    pub(crate) span: Span,
    /// Its words, values as they are written.
    pub(crate) words: Vec<String>,
}

/// What is undone by what. Each holds in both directions.
const PAIRS: &[(&str, &str)] = &[
    ("add", "del"),
    ("add", "remove"),
    ("apply", "delete"),
    ("attach", "detach"),
    ("close", "open"),
    ("cordon", "uncordon"),
    ("create", "delete"),
    ("deny", "allow"),
    ("disable", "enable"),
    ("down", "up"),
    ("freeze", "unfreeze"),
    ("install", "uninstall"),
    ("lock", "unlock"),
    ("mkdir", "rm"),
    ("mkdir", "rmdir"),
    ("mount", "umount"),
    ("mute", "unmute"),
    ("off", "on"),
    ("pause", "resume"),
    ("pause", "unpause"),
    ("silence", "unsilence"),
    ("start", "stop"),
    ("suspend", "resume"),
    ("touch", "rm"),
];

/// Verbs of what is only for a time.
const BORROWED: &[&str] = &[
    "close", "cordon", "deny", "disable", "down", "freeze", "lock", "mute", "off", "pause", "silence", "stop",
    "suspend",
];

/// All deeds of a file, in order.
pub(crate) fn deeds(subject: &Subject<'_>) -> Vec<Deed> {
    let mut found = Vec::new();
    for (site, command) in subject.simple_commands() {
        let words = command.innermost().iter().map(|word| written(subject, site, word)).collect();
        found.push(Deed { site: site.site, span: site.span_of(command), words });
    }
    for (expr, site) in &subject.exprs {
        let ExprKind::Call { callee, args } = &expr.kind else { continue };
        let Some(name) = path(callee).filter(|name| name.contains('.')) else { continue };
        let words = name.split('.').map(str::to_owned);
        let args = args.iter().map(|arg| subject.text(arg.value.span).to_owned());
        found.push(Deed { site: *site, span: expr.span, words: words.chain(args).collect() });
    }
    found.sort_by_key(|deed| deed.span.start);
    found
}

/// A word with its values as they are written.
pub(crate) fn written(subject: &Subject<'_>, command: &CommandSite<'_>, word: &Word) -> String {
    let holes: Vec<Span> = command
        .parts
        .iter()
        .filter_map(|part| match part {
            StrPart::Hole(_, span) => Some(*span),
            StrPart::Text(..) => None,
        })
        .collect();
    let texts = word.fragments.iter().map(|fragment| match fragment {
        Fragment::Text(text) => text.clone(),
        Fragment::Hole(at) => holes.get(*at).map_or_else(String::new, |span| subject.text(*span).to_owned()),
        Fragment::Shell(expansion) => format!("${}", expansion.variables.join("$")),
    });
    texts.collect()
}

impl Deed {
    /// Whether it takes back what another one did: the same words but for one, which is its opposite.
    pub(crate) fn takes_back(&self, other: &Deed) -> bool {
        if self.words.len() != other.words.len() || self.words.len() < 2 {
            return false;
        }
        let mut differing = self.words.iter().zip(&other.words).filter(|(a, b)| a != b);
        let Some((own, others)) = differing.next() else { return false };
        differing.next().is_none() && (are_opposites(own, others) || same_setting(own, others))
    }

    /// Whether it is of the kind that is done for a time only: paused, stopped, scaled to nothing.
    pub(crate) fn is_borrowed(&self) -> bool {
        self.words.iter().skip(1).any(|word| BORROWED.contains(&word.as_str()) || word == "--replicas=0")
    }
}

fn are_opposites(a: &str, b: &str) -> bool {
    PAIRS.iter().any(|(one, other)| (a == *one && b == *other) || (a == *other && b == *one))
}

/// `--replicas=0` and `--replicas=3`
fn same_setting(a: &str, b: &str) -> bool {
    let name = |text: &str| text.split_once('=').filter(|_| text.starts_with("--")).map(|(name, _)| name.to_owned());
    name(a).is_some() && name(a) == name(b)
}

impl Subject<'_> {
    /// The step or action around a site, and in which of its blocks the site stands.
    pub(crate) fn unit(&self, site: usize) -> Option<(usize, Role)> {
        let mut at = site;
        loop {
            let role = self.sites[at].role;
            at = self.sites[at].parent?;
            let is_unit = match &self.sites[at].stmt.kind {
                StmtKind::Scope(scope) => scope.kind == crate::syntax::tree::ScopeKind::Step,
                StmtKind::Action(_) => true,
                _ => false,
            };
            if is_unit {
                return Some((at, role));
            }
        }
    }

    /// Whether a unit is an action, and not a step.
    pub(crate) fn is_action(&self, unit: usize) -> bool {
        matches!(self.sites[unit].stmt.kind, StmtKind::Action(_))
    }

    /// Whether a scope around a site gives back what was borrowed there, however it ends.
    pub(crate) fn is_restored(&self, site: usize) -> bool {
        self.around(site)
            .any(|(stmt, _)| matches!(&stmt.kind, StmtKind::Scope(scope) if scope.clauses.restore.is_some()))
    }
}

/// Whether a command is known to change something, or at least not known to only look.
pub(crate) fn may_change(command: &crate::syntax::shell::SimpleCommand) -> bool {
    !super::words::only_looks(command)
}

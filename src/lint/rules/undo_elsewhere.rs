//! A compensation that runs somewhere else than what it takes back.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::lint::deeds::may_change;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject};
use crate::lint::walk::Role;
use crate::lint::words::program;
use crate::syntax::tree::{ScopeKind, StmtKind};

rule!("RBK0303" "undo-elsewhere" Error, check);

/// A command of a step or action, and what surrounds it there.
struct Placed<'s, 'a> {
    command: &'s CommandSite<'a>,
    /// `ssh("web-1")`, `dir("infra")`, as written, the innermost first.
    on: Vec<&'a str>,
    /// Variables that a `with` sets.
    vars: Vec<&'a str>,
}

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut units: BTreeMap<usize, (Vec<Placed<'_, '_>>, Vec<Placed<'_, '_>>)> = BTreeMap::new();
    for command in &subject.commands {
        let Some((unit, role, placed)) = place(subject, command) else { continue };
        let (forth, back) = units.entry(unit).or_default();
        match role {
            Role::Undo | Role::Restore => back.push(placed),
            Role::Body if command.script.commands.iter().any(may_change) => forth.push(placed),
            _ => {}
        }
    }
    for (forth, back) in units.values() {
        found.extend(back.iter().filter_map(|back| elsewhere(back, forth).or_else(|| without(back, forth))));
    }
}

fn elsewhere(back: &Placed<'_, '_>, forth: &[Placed<'_, '_>]) -> Option<Diagnostic> {
    let first = forth.first()?;
    if forth.iter().any(|other| other.on != first.on) {
        return None;
    }
    let on = first.on.iter().find(|place| !back.on.contains(*place))?;
    // In another folder or container of its own choice it may well be meant; with nothing of it around, it is not.
    if !back.on.is_empty() && !leads_away(on) {
        return None;
    }
    let message = format!("this takes back outside of `on {on}` what was done there");
    let help = format!("put it there too: on {on} {{ … }}");
    let finding = RULE.at(back.command.span, message, "runs elsewhere").label(forth[0].command.span, "done here");
    Some(finding.help(help))
}

/// Whether a place is on another machine or in a container: what runs elsewhere cannot take back what was done there.
fn leads_away(place: &str) -> bool {
    !place.trim_start().starts_with("dir")
}

/// The same program, once with a variable that tells it where, and once without.
fn without(back: &Placed<'_, '_>, forth: &[Placed<'_, '_>]) -> Option<Diagnostic> {
    let name = |placed: &Placed<'_, '_>| {
        placed.command.script.commands.first().and_then(program).map(|(name, _)| name.to_owned())
    };
    let own = name(back)?;
    let same: Vec<_> = forth.iter().filter(|other| name(other).as_deref() == Some(&own)).collect();
    let first = same.first()?;
    let everywhere = |var: &&str| same.iter().all(|other| other.vars.contains(var));
    let missing = first.vars.iter().find(|var| !back.vars.contains(*var) && everywhere(var))?;
    let message = format!("`{own}` runs here without `{missing}`, which it had for what this takes back");
    let help = format!("put it into the same `with`: with {missing} = … {{ … }}");
    let finding = RULE.at(back.command.span, message, format!("without `{missing}`"));
    Some(finding.label(first.command.span, "with it").help(help))
}

/// The step or action that a command stands in, and in which of its blocks.
fn place<'s, 'a>(
    subject: &'s Subject<'a>,
    command: &'s CommandSite<'a>,
) -> Option<(usize, Role, Placed<'s, 'a>)> {
    let mut at = command.site;
    let mut on = Vec::new();
    let mut vars = Vec::new();
    loop {
        let role = subject.sites[at].role;
        at = subject.sites[at].parent?;
        match &subject.sites[at].stmt.kind {
            StmtKind::On(around) => on.push(subject.text(around.target.span)),
            StmtKind::With(with) => vars.extend(with.vars.iter().map(|(name, _)| &*name.name)),
            StmtKind::Scope(scope) if scope.kind != ScopeKind::Step => {}
            StmtKind::Scope(_) | StmtKind::Action(_) => {
                return Some((at, role, Placed { command, on, vars }));
            }
            _ => {}
        }
    }
}

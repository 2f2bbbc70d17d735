//! A poll whose deadline leaves no room for a second try, or not even for one.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, modifiers};
use crate::lint::times::duration;
use crate::syntax::tree::{ExprKind, ScopeKind, StmtKind};
use crate::value::units::duration_text;

rule!("RBK0309" "too-few-tries" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for site in &subject.sites {
        let Some(modifiers) = modifiers(site.stmt) else { continue };
        let watches = matches!(&site.stmt.kind, StmtKind::Scope(scope) if scope.kind == ScopeKind::Monitor);
        let (word, limit) = match (&modifiers.within, &modifiers.duration) {
            (Some(within), _) => ("within", within),
            (None, Some(lasting)) if watches => ("for", lasting),
            _ => continue,
        };
        let Some(every) = &modifiers.every else { continue };
        if let (Some(whole), Some(pause)) = (duration(subject, limit), duration(subject, every))
            && pause >= whole
        {
            let (whole, pause) = (duration_text(whole), duration_text(pause));
            let message = format!("this looks once and no more: after {pause} the {whole} are over");
            let help = format!("look more often, or for longer: {word} 2m every 5s");
            found.push(RULE.at(every.span, message, "as long as all of it").label(limit.span, "all of it").help(help));
        }
    }
    longer_tries(subject, found);
}

/// A single try that may take longer than all tries together.
fn longer_tries(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (expr, site) in &subject.exprs {
        let own = match &expr.kind {
            ExprKind::Call { args, .. } => {
                let named = |arg: &&crate::syntax::tree::Arg| arg.name.as_ref().is_some_and(|name| &*name.name == "timeout");
                args.iter().find(named).map(|arg| &arg.value)
            }
            ExprKind::Duration(_) if matches!(subject.sites[*site].stmt.kind, StmtKind::Wait(_)) => Some(*expr),
            _ => None,
        };
        let Some(own) = own else { continue };
        let within = subject.around(*site).find_map(|(stmt, _)| modifiers(stmt)?.within.as_ref());
        let Some((within, own_time)) = within.zip(duration(subject, own)) else { continue };
        let Some(whole) = duration(subject, within).filter(|whole| own_time >= *whole) else { continue };
        let (whole, one) = (duration_text(whole), duration_text(own_time));
        let message = format!("one try may take {one}, and there are {whole} for all of them");
        let help = format!("give one try a part of it, for example a third, or more time to all: within {one}");
        found.push(RULE.at(own.span, message, "for one try").label(within.span, "for all of them").help(help));
    }
}

//! A point of no return while something is still borrowed that only an `undo` would give back.

use crate::diag::Diagnostic;
use crate::lint::deeds::Deed;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::walk::Role;
use crate::syntax::tree::StmtKind;

rule!("RBK0306" "pending-at-no-return" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let points: Vec<usize> = (0..subject.sites.len())
        .filter(|at| matches!(subject.sites[*at].stmt.kind, StmtKind::PointOfNoReturn(_)))
        .collect();
    if points.is_empty() {
        return;
    }
    let all = subject.deeds();
    for point in points {
        found.extend(all.iter().find_map(|deed| pending(subject, all, deed, point)));
    }
}

fn pending(subject: &Subject<'_>, all: &[Deed], deed: &Deed, point: usize) -> Option<Diagnostic> {
    let (_, role) = subject.unit(deed.site)?;
    if role != Role::Body || deed.site > point || !deed.is_borrowed() || subject.is_restored(deed.site) {
        return None;
    }
    let backs: Vec<&Deed> = all.iter().filter(|other| other.takes_back(deed)).collect();
    let before = backs.iter().any(|back| !subject.reacts(back.site) && back.site > deed.site && back.site < point);
    // Undone by nobody: then it was meant to stay so.
    let undo = backs.iter().find(|back| subject.reacts(back.site))?;
    let after = backs.iter().find(|back| !subject.reacts(back.site) && back.site > point)?;
    if before {
        return None;
    }
    let words = deed.words.join(" ");
    let message = format!("past this point nothing gives back `{words}`: its `undo` is disarmed here");
    let help = "give it back by `restore { … }` instead of `undo { … }`: a point of no return leaves that armed";
    let finding = RULE.at(subject.sites[point].stmt.span, message, "disarms what came \
        before").label(deed.span, "still borrowed");
    Some(finding.label(undo.span, "not run any more").label(after.span, "only if all goes well").help(help))
}

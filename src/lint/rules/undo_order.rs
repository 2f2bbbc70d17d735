//! A compensation that goes in the order in which things were done, and not backwards.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::lint::deeds::Deed;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::walk::Role;

rule!("RBK0304" "undo-order" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut units: BTreeMap<usize, (Vec<&Deed>, Vec<&Deed>)> = BTreeMap::new();
    for deed in subject.deeds() {
        match subject.unit(deed.site) {
            Some((unit, Role::Body)) => units.entry(unit).or_default().0.push(deed),
            Some((unit, Role::Undo)) => units.entry(unit).or_default().1.push(deed),
            _ => {}
        }
    }
    found.extend(units.values().filter_map(|(forth, back)| order(forth, back)));
}

fn order(forth: &[&Deed], back: &[&Deed]) -> Option<Diagnostic> {
    let mut matched: Vec<(usize, &Deed)> = Vec::new();
    for deed in back {
        let done = forth.iter().enumerate().position(|(at, done)| {
            deed.takes_back(done) && !matched.iter().any(|(taken, _)| *taken == at)
        });
        matched.extend(done.map(|at| (at, *deed)));
    }
    let wrong = matched.windows(2).find(|pair| pair[0].0 < pair[1].0)?;
    let (first, second) = (&wrong[0], &wrong[1]);
    let message = "this takes back in the order in which it was done, and not backwards";
    let help = format!("take back first what was done last: put `{}` before it", second.1.words.join(" "));
    let finding = RULE.at(first.1.span, message, "taken back first").label(forth[first.0].span, "and done first");
    Some(finding.label(second.1.span, "belongs before it").help(help))
}

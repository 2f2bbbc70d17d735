//! Something done for a time only, and undone by a later statement that may never be reached.

use crate::diag::Diagnostic;
use crate::lint::deeds::Deed;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::walk::Role;

rule!("RBK0305" "not-restored" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let all = subject.deeds();
    let mut given_back: Vec<&Deed> = Vec::new();
    for (at, deed) in all.iter().enumerate() {
        let Some((unit, Role::Body)) = subject.unit(deed.site) else { continue };
        // What gives back is not borrowed itself.
        if !deed.is_borrowed() || subject.is_restored(deed.site) || given_back.iter().any(|back| std::ptr::eq(*back, deed)) {
            continue;
        }
        let taken_back = |other: &Deed| other.takes_back(deed);
        let by_its_undo = all.iter().any(|other| {
            taken_back(other) && subject.reacts(other.site) && subject.unit(other.site).is_none_or(|(at, _)| at == unit)
        });
        if by_its_undo {
            continue;
        }
        // Two actions of a library do not follow one another.
        let follows = |other: &Deed| {
            let theirs = subject.unit(other.site).map(|(at, _)| at);
            theirs == Some(unit) || !(subject.is_action(unit) || theirs.is_some_and(|at| subject.is_action(at)))
        };
        let back = all[at + 1..].iter().find(|other| taken_back(other) && follows(other) && !subject.reacts(other.site));
        let Some(back) = back else { continue };
        given_back.push(back);
        let words = deed.words.join(" ");
        let message = format!("`{words}` is given back only if all between goes well");
        let help = format!("give it back in the step itself, which happens however the phase ends: }} restore {{ {} \
            }}", subject.text(back.span));
        let finding = RULE.at(deed.span, message, "borrowed here");
        found.push(finding.label(back.span, "given back here, unless something fails before").help(help));
    }
}

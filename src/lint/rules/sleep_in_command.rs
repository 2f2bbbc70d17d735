//! `sleep` in a command: nobody sees that it waits, and nobody knows what for.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject};
use crate::lint::words::program;
use crate::syntax::shell::Word;

rule!("RBK0328" "sleep-in-command" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (site, command) in subject.simple_commands() {
        let Some(("sleep", words)) = program(command) else { continue };
        let help = "to wait for something write `check \"…\" within 2m every 5s { … }`, only for time `wait 30s`";
        let finding = RULE.at(site.span_of(command), "this command only waits", "nobody sees what it waits for");
        let finding = finding.help(help);
        found.push(match whole(site, words) {
            Some(duration) => finding.fix(site.span, format!("wait {duration}")),
            None => finding,
        });
    }
}

/// The duration, if there is nothing in the command but this `sleep`.
fn whole(site: &CommandSite<'_>, words: &[Word]) -> Option<String> {
    let written = site.written?;
    let alone = !written.tried && site.script.direct().is_some() && site.script.commands[0].words.len() == 2;
    let [duration] = words else { return None };
    let text = duration.literal().filter(|_| alone)?;
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" => "s",
        "s" | "m" | "h" | "d" => unit,
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{unit}"))
}

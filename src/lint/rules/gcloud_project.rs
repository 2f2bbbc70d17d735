//! `gcloud` without a project: it takes the one that the operator set last.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::{has_option, program};
use crate::source::Span;
use crate::syntax::shell::positionals;
use crate::syntax::tree::StmtKind;

rule!("RBK0334" "gcloud-project" Warning, check);

/// Groups of commands that belong to no project.
const WITHOUT: &[&str] =
    &["auth", "config", "version", "info", "components", "projects", "organizations", "help", "topic"];
const VARIABLES: &[&str] = &["CLOUDSDK_CORE_PROJECT", "CLOUDSDK_ACTIVE_CONFIG_NAME", "CLOUDSDK_CONFIG"];

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(env) = subject.production() else { return };
    let mut missing: Vec<Span> = Vec::new();
    for (site, command) in subject.simple_commands() {
        let Some((name @ ("gcloud" | "gsutil" | "bq"), words)) = program(command) else { continue };
        let verbs: Vec<&str> = positionals(words, &[]).iter().filter_map(|word| word.literal()).take(3).collect();
        if verbs.starts_with(&["config", "set", "project"]) || verbs.starts_with(&["config", "configurations", "activate"]) {
            return;
        }
        let with = subject.around(site.site).any(|(stmt, _)| match &stmt.kind {
            StmtKind::With(with) => with.vars.iter().any(|(name, _)| VARIABLES.contains(&&*name.name)),
            _ => false,
        });
        let named = has_option(words, &["--project", "--project_id", "-p", "--configuration"]);
        let needs = name == "gcloud" && !verbs.first().is_none_or(|group| WITHOUT.contains(group));
        if needs && !with && !named {
            missing.push(site.span_of(command));
        }
    }
    let Some(span) = missing.first() else { return };
    let more = match missing.len() {
        1 => String::new(),
        n => format!(", like {} more here", n - 1),
    };
    let message = format!("this `gcloud` names no project{more}: in {} it takes the one that the operator set \
        last", env.name);
    let help = "let the environment say it: gcloud --project ${env.project} …; or for all of them: with \
        CLOUDSDK_CORE_PROJECT = env.project { … }";
    found.push(RULE.at(*span, message, "in which project?").help(help));
}

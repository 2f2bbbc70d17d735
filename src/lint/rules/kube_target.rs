//! `kubectl` that goes wherever the machine of whoever runs it points.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::{has_option, program};
use crate::source::Span;
use crate::syntax::shell::{SimpleCommand, Word, positionals};
use crate::syntax::tree::StmtKind;

rule!("RBK0333" "kube-target" Warning, check);

const VALUES: &[&str] = &["-n", "--namespace", "--context", "--kubeconfig", "--cluster", "-o", "-l", "-f", "--selector"];
/// Things that belong to no namespace.
const OF_THE_CLUSTER: &[&str] =
    &["node", "nodes", "no", "namespace", "namespaces", "ns", "pv", "clusterrole", "crd", "storageclass"];
const OF_THE_CLUSTER_VERBS: &[&str] =
    &["config", "version", "cluster-info", "api-resources", "cordon", "uncordon", "drain", "explain", "top", "certificate"];

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(env) = subject.production() else { return };
    let is_kube = |command: &SimpleCommand| program(command).is_some_and(|(name, _)| matches!(name, "kubectl" | "oc"));
    // One command that says where to go holds for the others.
    let chooses = subject.simple_commands().any(|(_, command)| chooses_context(command));
    let mut missing: Vec<(Span, bool, bool)> = Vec::new();
    for (site, command) in subject.simple_commands().filter(|(_, command)| is_kube(command)) {
        let Some((_, words)) = program(command) else { continue };
        let verbs = positionals(words, VALUES);
        let verbs: Vec<&str> = verbs.iter().take(3).map(|word| word.literal().unwrap_or_default()).collect();
        if matches!(verbs.first(), None | Some(&("config" | "version" | "explain"))) {
            continue;
        }
        let set = |names: &[&str]| {
            subject.around(site.site).any(|(stmt, _)| match &stmt.kind {
                StmtKind::With(with) => with.vars.iter().any(|(name, _)| names.contains(&&*name.name)),
                _ => false,
            })
        };
        let named = has_option(words, &["--context", "--kubeconfig", "--cluster", "-s", "--server"]);
        let context = chooses || named || set(&["KUBECONFIG"]);
        let namespace = is_of_cluster(&verbs) || names_space(words);
        if !context || !namespace {
            missing.push((site.span_of(command), context, namespace));
        }
    }
    let Some((span, context, namespace)) = missing.first().copied() else { return };
    let what = match (context, namespace) {
        (false, false) => "neither context nor namespace",
        (false, true) => "no context",
        (true, _) => "no namespace",
    };
    let more = match missing.len() {
        1 => String::new(),
        n => format!(", like {} more here", n - 1),
    };
    let message = format!("this `kubectl` names {what}{more}: in {} it goes wherever the operator's machine \
        points", env.name);
    let help = "let the environment say it: kubectl --context ${env.context} -n ${env.namespace} …; or for all of \
        them: with KUBECONFIG = env.kubeconfig { … }";
    found.push(RULE.at(span, message, what).help(help));
}

fn chooses_context(command: &SimpleCommand) -> bool {
    let Some((name, words)) = program(command) else { return false };
    let verbs: Vec<&str> = positionals(words, &[]).iter().filter_map(|word| word.literal()).take(4).collect();
    match name {
        "kubectl" | "oc" => verbs.starts_with(&["config", "use-context"]),
        "gcloud" => verbs.contains(&"get-credentials"),
        "aws" => verbs.starts_with(&["eks", "update-kubeconfig"]),
        "az" => verbs.contains(&"get-credentials"),
        _ => false,
    }
}

fn is_of_cluster(verbs: &[&str]) -> bool {
    verbs.first().is_some_and(|verb| OF_THE_CLUSTER_VERBS.contains(verb))
        || verbs.get(1).is_some_and(|thing| OF_THE_CLUSTER.contains(&thing.split('/').next().unwrap_or(thing)))
}

fn names_space(words: &[Word]) -> bool {
    has_option(words, &["-n", "--namespace", "-A", "--all-namespaces"])
        || words.iter().any(|word| word.prefix().starts_with("-n") && !word.prefix().starts_with("--"))
}

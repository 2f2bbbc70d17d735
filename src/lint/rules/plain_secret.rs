//! A secret that comes in as a plain value.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::sounds_secret;
use crate::syntax::tree::{ExprKind, StmtKind, TypeExprKind};

rule!("RBK0317" "plain-secret" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for stmt in &subject.file.body {
        let StmtKind::Param(param) = &stmt.kind else { continue };
        let is_text = matches!(&param.ty.kind, TypeExprKind::Name(name) if &**name == "string");
        if is_text && sounds_secret(&param.name.name) {
            let name = &param.name.name;
            let message = format!("`{name}` looks like a secret, and a parameter is shown, recorded and typed on \
                the command line");
            let help = format!("write: secret {name} from env_var(\"{}\"), or from \
                prompt(\"{name}\")", name.to_uppercase());
            found.push(RULE.at(param.name.span, message, "a plain parameter").help(help));
        }
    }
    for (expr, site) in &subject.exprs {
        let ExprKind::Call { callee, args } = &expr.kind else { continue };
        let (ExprKind::Name(called), Some(arg)) = (&callee.kind, args.first()) else { continue };
        let ExprKind::Str(text) = &arg.value.kind else { continue };
        let is_secret = match &subject.sites[*site].stmt.kind {
            StmtKind::Secret(_) => true,
            StmtKind::Let(binding) => binding.secret,
            _ => false,
        };
        let Some(name) = text.as_plain().filter(|name| &**called == "env_var" && sounds_secret(name)) else { continue };
        if !is_secret {
            let message = format!("`{name}` looks like a secret, and is read as a plain value");
            let help = format!("declare it at the top level: secret {} from env_var(\"{name}\")", name.to_lowercase());
            found.push(RULE.at(expr.span, message, "nothing masks it").help(help));
        }
    }
}
